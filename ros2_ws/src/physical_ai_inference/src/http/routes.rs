use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use physical_ai_llm::Tokenizer;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

use super::answer::Answer;
use super::client::{HttpClient, Update};
use super::options::Asked;
use super::{ApiError, Order, body, chat, completions, embeddings, stream};
use crate::engine_thread::Ask;
use crate::goals::Fresh;
use crate::refusal::Refusal;

/// The node's spin thread is waited for so long before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the routes know of the node.
pub struct Front {
    model: String,
    tokenizer: Arc<Tokenizer>,
    /// When it was loaded, seconds of Unix time.
    created: u64,
    post: Post,
}

/// Hands an order to the spin thread; false if it takes no more.
pub type Post = Box<dyn Fn(Order) -> bool + Send + Sync>;

type Shared = State<Arc<Front>>;
type Answered = Result<Response, ApiError>;

/// All routes.
pub fn router(front: Front) -> Router {
    let unknown = |method: Method, uri: Uri| async move {
        let message = format!("there is no {method} {}", uri.path());
        ApiError::new(StatusCode::NOT_FOUND, "unknown_route", message)
    };
    let wrong_method = |method: Method, uri: Uri| async move {
        let message = format!("{} does not take {method}", uri.path());
        ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", message)
    };
    Router::new()
        .route("/v1/chat/completions", post(answer_chat))
        .route("/v1/completions", post(answer_completion))
        .route("/v1/embeddings", post(answer_embeddings))
        .route("/v1/models", get(list_models))
        .route("/v1/models/{*model}", get(show_model))
        .route("/health", get(show_health))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .with_state(Arc::new(front))
}

async fn answer_chat(State(front): Shared, request: Request) -> Answered {
    let body = body::read(request).await?;
    front.check_model(&body)?;
    front.generate(chat::read(&body, random())?, true).await
}

async fn answer_completion(State(front): Shared, request: Request) -> Answered {
    let body = body::read(request).await?;
    front.check_model(&body)?;
    let asked = completions::read(&body, random())?;
    front.generate(asked, false).await
}

async fn answer_embeddings(State(front): Shared, request: Request) -> Answered {
    let body = body::read(request).await?;
    front.check_model(&body)?;
    let asked = embeddings::read(&body)?;
    let mut updates = front.order(Ask::Embed(asked.texts), asked.deadline)?;
    let mut rows = Vec::new();
    loop {
        match next(&mut updates).await {
            Update::Fresh(_) => {}
            Update::Rows(all) => rows = all,
            Update::Done { usage, .. } => {
                let answer = embeddings::answer(&front.model, &rows, asked.encoding, usage);
                return Ok(body::json(StatusCode::OK, &answer));
            }
            Update::Failed(error) => return Err(error),
        }
    }
}

async fn list_models(State(front): Shared) -> Response {
    let list = json!({"object": "list", "data": [front.describe()]});
    body::json(StatusCode::OK, &list)
}

async fn show_model(State(front): Shared, Path(model): Path<String>) -> Answered {
    front.check_model(&json!({"model": model}))?;
    Ok(body::json(StatusCode::OK, &front.describe()))
}

async fn show_health(State(front): Shared) -> Answered {
    let (sender, health) = oneshot::channel();
    if !(front.post)(Order::Tell(sender)) {
        return Err(ApiError::busy());
    }
    let unavailable =
        |code, message: &str| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, code, message);
    let health = tokio::time::timeout(PATIENCE, health)
        .await
        .map_err(|_| unavailable("stuck", "the worker does not answer"))?
        .map_err(|_| ApiError::stopping())?;
    if !health.is_active {
        return Err(ApiError::inactive());
    }
    if !health.is_alive {
        let message = Refusal::engine_has_ended().reason;
        return Err(unavailable("engine_ended", &message));
    }
    let all = json!({"status": "ok", "running": health.running, "waiting": health.waiting});
    Ok(body::json(StatusCode::OK, &all))
}

impl Front {
    /// Of a model by its name.
    pub fn new(model: &str, tokenizer: &Arc<Tokenizer>, post: Post) -> Self {
        Self {
            model: model.to_owned(),
            tokenizer: Arc::clone(tokenizer),
            created: unix_time_s(),
            post,
        }
    }

    /// A client that names another model than the one that is served does not mean this worker.
    fn check_model(&self, body: &Value) -> Result<(), ApiError> {
        match &body["model"] {
            Value::Null => Ok(()),
            Value::String(model) if *model == self.model => Ok(()),
            other => {
                let problem = format!("this worker serves {:?}, see /v1/models", self.model);
                let wrong = ApiError::invalid("model", other, &problem);
                Err(match other {
                    Value::String(_) => ApiError {
                        status: StatusCode::NOT_FOUND,
                        code: "model_not_found",
                        ..wrong
                    },
                    _ => wrong,
                })
            }
        }
    }

    fn describe(&self) -> Value {
        let created = self.created;
        json!({"id": self.model, "object": "model", "created": created, "owned_by": "physical_ai"})
    }

    /// Sends an order; what comes of it comes out of what is returned.
    fn order(
        &self,
        ask: Ask,
        deadline: Option<std::time::Instant>,
    ) -> Result<UnboundedReceiver<Update>, ApiError> {
        let (client, updates) = HttpClient::channel();
        let order = Order::Serve {
            ask,
            deadline,
            client,
        };
        if (self.post)(order) {
            Ok(updates)
        } else {
            Err(ApiError::busy())
        }
    }

    async fn generate(&self, asked: Asked, is_chat: bool) -> Answered {
        let kind = if is_chat { "chatcmpl" } else { "cmpl" };
        let answer = Answer {
            is_chat,
            id: format!("{kind}-{:016x}", random()),
            model: self.model.clone(),
            created: unix_time_s(),
            include_usage: asked.include_usage,
            top_logprobs: asked.top_logprobs,
            tokenizer: Arc::clone(&self.tokenizer),
        };
        let mut updates = self.order(Ask::Generate(Box::new(asked.goal)), asked.deadline)?;
        if !asked.stream {
            return collect(&answer, updates).await;
        }
        // What is refused is refused with a status, not within a stream that has begun well.
        match next(&mut updates).await {
            Update::Failed(error) => Err(error),
            first => {
                let body = stream::body(answer, first, updates);
                Ok(events(body))
            }
        }
    }
}

/// Waits for the end and answers at once.
async fn collect(answer: &Answer, mut updates: UnboundedReceiver<Update>) -> Answered {
    let mut all = Fresh::default();
    loop {
        match next(&mut updates).await {
            Update::Fresh(fresh) => {
                all.text.push_str(&fresh.text);
                all.tokens.extend(fresh.tokens);
            }
            Update::Rows(_) => {}
            Update::Done {
                finish_reason,
                usage,
            } => {
                let whole = answer.whole(&all.text, &all.tokens, finish_reason, usage);
                return Ok(body::json(StatusCode::OK, &whole));
            }
            Update::Failed(error) => return Err(error),
        }
    }
}

async fn next(updates: &mut UnboundedReceiver<Update>) -> Update {
    let update = updates.recv().await;
    update.unwrap_or_else(|| Update::Failed(ApiError::stopping()))
}

fn events(body: Body) -> Response {
    let mut response = body::respond(StatusCode::OK, "text/event-stream", body);
    let no_cache = axum::http::HeaderValue::from_static("no-cache");
    let headers = response.headers_mut();
    headers.insert(axum::http::header::CACHE_CONTROL, no_cache);
    response
}

fn unix_time_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// A number that nobody guesses: the keys of each hasher are random.
fn random() -> u64 {
    RandomState::new().hash_one(unix_time_s())
}
