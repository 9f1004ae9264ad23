use std::sync::Arc;
use std::time::{Duration, Instant};

use physical_ai_domain::Resources;
use physical_ai_llm::{Engine, LanguageModel, Tokenizer};
use physical_ai_ros::msg::physical_ai_msgs::action::Generate;
use physical_ai_ros::msg::physical_ai_msgs::srv::{Embed, ModelInfo, Tokenize};
use physical_ai_ros::{
    ActionServer, Application, CancelDecision, ClockKind, Context, Diagnostic, Error, GoalDecision,
    GoalHandle, GoalId, Level, ServerOptions, WorkerLink, time_from_msg,
};

use crate::action_client::ActionClient;
use crate::embed_client::EmbedClient;
use crate::engine_thread::{Ask, EngineThread, Job, Snapshot};
use crate::goals::{Client, Goals, stopping};
use crate::http::{ApiError, Front, Health, HttpServer, Order};
use crate::model_info;
use crate::parameters::InferenceParameters;
use crate::refusal::{Code, Refusal};
use crate::request_reader::RequestReader;

/// Longest text that is split into tokens on the spin thread, bytes.
const MOST_TEXT_BYTES: usize = 1 << 18;
/// News is fetched at least so often, should the word that there is some get lost.
const FETCH_PERIOD: Duration = Duration::from_millis(50);
const LOAD_PERIOD: Duration = Duration::from_millis(200);
const RATE_PERIOD_S: f64 = 1.0;

/// An engine and the goals that it works on.
pub struct InferenceNode {
    /// Dropped first, so that clients hear of the end before the engine's last pass is over.
    goals: Goals,
    _http: Option<HttpServer>,
    engine: EngineThread,
    link: WorkerLink,
    tokenizer: Arc<Tokenizer>,
    info: ModelInfo::Response,
    max_sequences: usize,
    max_waiting: usize,
    /// Tokens that were counted when the rate was taken last.
    counted: u64,
    tokens_per_s: f64,
}

fn start_engine(
    context: &Context<InferenceNode>,
    p: &InferenceParameters,
    model: &LanguageModel,
) -> Result<EngineThread, Error> {
    let device = p.device().map_err(Error::application)?;
    let ready = model_info::load(model, device, p.threads(), p.cache_bytes())
        .map_err(Error::application)?;
    let engine = Engine::try_new(ready, Arc::clone(&model.tokenizer), p.engine())
        .map_err(Error::application)?;
    let reader =
        RequestReader::try_new(model, p.default_max_tokens()).map_err(Error::application)?;
    let sender = context.sender();
    let wake = move || {
        let fetch = |app: &mut InferenceNode, _: &mut Context<InferenceNode>| app.fetch_news();
        sender.post(fetch).is_ok()
    };
    EngineThread::start(engine, reader, Box::new(wake))
        .map_err(|e| Error::application(format!("no thread for the engine: {e}")))
}

/// Serves HTTP if the parameters say so.
fn start_http(
    context: &Context<InferenceNode>,
    p: &InferenceParameters,
    model: &LanguageModel,
) -> Result<Option<HttpServer>, Error> {
    let Some(address) = p.http().map_err(Error::application)? else {
        return Ok(None);
    };
    let sender = context.sender();
    let post = move |order| {
        let obey = |app: &mut InferenceNode, context: &mut Context<InferenceNode>| {
            app.obey(context, order);
        };
        sender.post(obey).is_ok()
    };
    let front = Front::new(&model.name, &model.tokenizer, Box::new(post));
    let server = HttpServer::start(address, front).map_err(Error::application)?;
    tracing::info!(address = %server.address(), "HTTP is served");
    Ok(Some(server))
}

fn serve(context: &mut Context<InferenceNode>, result_timeout: Duration) -> Result<(), Error> {
    let name = context.node_name().to_owned();
    ActionServer::<InferenceNode, Generate::Action> {
        // A refusal by the protocol carries no reason, so every goal is taken and answered.
        on_goal: Box::new(|_, _, _, _| GoalDecision::Accept),
        on_accepted: Box::new(InferenceNode::generate),
        on_cancel: Box::new(InferenceNode::cancel),
        options: ServerOptions { result_timeout },
    }
    .serve(context, &format!("{name}/generate"))?;
    context.service_deferred::<Embed::Service>(
        &format!("{name}/embed"),
        |app: &mut InferenceNode, context, request: Embed::Request, responder| {
            let client = Box::new(EmbedClient::new(responder));
            app.take(context, client, Ask::Embed(request.texts), None);
        },
    )?;
    context.service::<Tokenize::Service>(
        &format!("{name}/tokenize"),
        |app: &mut InferenceNode, _, request: Tokenize::Request| app.tokenize(&request),
    )?;
    context.service::<ModelInfo::Service>(
        &format!("{name}/model_info"),
        |app: &mut InferenceNode, _, _| app.info.clone(),
    )?;
    Ok(())
}

impl Application for InferenceNode {
    type Parameters = InferenceParameters;
    const DESCRIPTION: &'static str =
        "Generates text with a language model, many requests at once.";

    fn configure(context: &mut Context<Self>, p: &InferenceParameters) -> Result<Self, Error> {
        let model = model_info::open(&p.model_file).map_err(Error::application)?;
        let info = model_info::describe(&model, p.cache_bytes());
        let engine = start_engine(context, p, &model)?;
        let http = start_http(context, p, &model)?;
        serve(context, Duration::from_secs_f64(p.result_timeout_s))?;
        context.timer(FETCH_PERIOD, ClockKind::Steady, |app, _| app.fetch_news());
        context.timer(LOAD_PERIOD, ClockKind::Steady, |app, _| app.refresh_load());
        let rate_period = Duration::from_secs_f64(RATE_PERIOD_S);
        context.timer(rate_period, ClockKind::Steady, |app, _| app.take_rate());
        tracing::info!(
            model = %info.name,
            quantization = %info.quantization,
            context_tokens = info.context_tokens,
            threads = p.threads(),
            "model loaded"
        );
        let limits = p.engine();
        Ok(Self {
            goals: Goals::default(),
            _http: http,
            engine,
            link: WorkerLink::try_new(context, "inference", |app: &mut Self| &mut app.link)?,
            tokenizer: model.tokenizer,
            info,
            max_sequences: limits.max_sequences,
            max_waiting: limits.max_waiting,
            counted: 0,
            tokens_per_s: 0.0,
        })
    }

    fn shutdown(&mut self, _context: &mut Context<Self>) {
        self.goals.abandon(&stopping());
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let model = Diagnostic::new("model", Level::Ok, self.info.name.clone())
            .with("quantization", &self.info.quantization)
            .with("context_tokens", self.info.context_tokens)
            .with("vocabulary", self.info.vocabulary)
            .with("memory_bytes", self.info.memory_bytes)
            .with("version", self.info.version);
        vec![model, self.judge_engine(&self.engine.snapshot())]
    }
}

impl InferenceNode {
    fn generate(
        &mut self,
        context: &mut Context<Self>,
        goal: Generate::Goal,
        handle: GoalHandle<Generate::Action>,
    ) {
        let deadline = time_from_msg(&goal.deadline);
        let left_s = deadline.seconds_since(context.now());
        let deadline_s = (!deadline.is_zero()).then(|| self.engine.now_s() + left_s);
        let client = Box::new(ActionClient::new(handle));
        self.take(context, client, Ask::Generate(Box::new(goal)), deadline_s);
    }

    /// Does what came over HTTP.
    fn obey(&mut self, context: &Context<Self>, order: Order) {
        match order {
            Order::Tell(answer) => {
                let metrics = self.engine.snapshot().metrics;
                let health = Health {
                    is_active: context.is_active(),
                    is_alive: self.engine.is_alive(),
                    running: metrics.running,
                    waiting: metrics.waiting,
                };
                if answer.send(health).is_err() {
                    tracing::debug!("whoever asked how the worker is has gone");
                }
            }
            Order::Serve { client, .. } if !context.is_active() => {
                client.fail(ApiError::inactive());
            }
            Order::Serve {
                ask,
                deadline,
                client,
            } => {
                let left_s = deadline.map(|end| end.saturating_duration_since(Instant::now()));
                let deadline_s = left_s.map(|left| self.engine.now_s() + left.as_secs_f64());
                self.take(context, Box::new(client), ask, deadline_s);
            }
        }
    }

    /// Hands to the engine what a client asks for.
    fn take(
        &mut self,
        context: &Context<Self>,
        client: Box<dyn Client>,
        ask: Ask,
        deadline_s: Option<f64>,
    ) {
        let id = self.goals.take(client);
        if let Err(refusal) = self.admit(context) {
            return self.goals.refuse(id, &refusal);
        }
        let job = Job {
            id,
            ask,
            deadline_s,
        };
        if !self.engine.submit(job) {
            self.goals.refuse(id, &Refusal::engine_has_ended());
        }
    }

    /// Whether one more goal, which is among the goals already, may go to the engine.
    fn admit(&self, context: &Context<Self>) -> Result<(), Refusal> {
        let overloaded = |reason: String| Err(Refusal::new(Code::Overloaded, reason));
        if !context.is_active() {
            return overloaded("the worker is not active: activate it".to_owned());
        }
        // The engine itself knows better who waits; this bounds what is read before it gets there.
        let limit = 2 * (self.max_sequences + self.max_waiting);
        if self.goals.len() > limit {
            return overloaded(format!(
                "{} requests run or wait already, at most {limit} may: try again later",
                self.goals.len() - 1
            ));
        }
        Ok(())
    }

    fn cancel(&mut self, _context: &mut Context<Self>, goal: GoalId) -> CancelDecision {
        match self.goals.cancel(goal) {
            Some(id) => {
                self.engine.cancel(id);
                CancelDecision::Accept
            }
            None => CancelDecision::Reject,
        }
    }

    fn fetch_news(&mut self) {
        // Before the news is taken: what a thread said last is then among it.
        let alive = self.engine.is_alive();
        self.goals.tell(self.engine.take_news());
        for id in self.goals.cancel_abandoned() {
            self.engine.cancel(id);
        }
        if !alive && self.goals.len() > 0 {
            tracing::error!("the engine has ended, {} goals with it", self.goals.len());
            self.goals.abandon(&Refusal::engine_has_ended());
        }
    }

    fn tokenize(&self, request: &Tokenize::Request) -> Tokenize::Response {
        let bytes = request.text.len();
        let tokens = if bytes > MOST_TEXT_BYTES {
            Err(Refusal::invalid(format!(
                "text has {bytes} bytes: at most {MOST_TEXT_BYTES} are allowed"
            )))
        } else {
            let encoded = self.tokenizer.encode(&request.text, false, request.special);
            encoded.map_err(Refusal::from)
        };
        match tokens {
            Ok(tokens) => Tokenize::Response {
                tokens,
                ..Default::default()
            },
            Err(refusal) => Tokenize::Response {
                error_code: refusal.code as u16,
                error_msg: refusal.reason,
                ..Default::default()
            },
        }
    }

    fn refresh_load(&mut self) {
        let (max, running) = (self.max_sequences, self.engine.snapshot().metrics.running);
        let sequences = |count: usize| Resources::from([("sequences".to_owned(), count as f64)]);
        self.link.set_load(
            running as f64 / max as f64,
            sequences(max),
            sequences(max.saturating_sub(running)),
        );
    }

    fn take_rate(&mut self) {
        let tokens = self.engine.snapshot().tokens;
        self.tokens_per_s = tokens.saturating_sub(self.counted) as f64 / RATE_PERIOD_S;
        self.counted = tokens;
    }

    fn judge_engine(&self, snapshot: &Snapshot) -> Diagnostic {
        let m = &snapshot.metrics;
        let (level, message) = if !self.engine.is_alive() {
            (Level::Error, Refusal::engine_has_ended().reason)
        } else if self.max_waiting > 0 && m.waiting >= self.max_waiting {
            (Level::Warn, format!("queue full: {} wait", m.waiting))
        } else {
            let text = format!("{} running, {} waiting", m.running, m.waiting);
            (Level::Ok, text)
        };
        let first_token_s = m.first_token_p50_s.map(|s| format!("{s:.4}"));
        Diagnostic::new("engine", level, message)
            .with("running", m.running)
            .with("waiting", m.waiting)
            .with("tokens_per_s", format!("{:.1}", self.tokens_per_s))
            .with("first_token_p50_s", first_token_s.unwrap_or_default())
            .with("cache_pages", m.pages_total)
            .with("cache_pages_used", m.pages_used)
            .with("cache_pages_kept", m.pages_cached)
            .with("prefix_hits", m.prefix_hits)
            .with("cached_tokens", m.cached_tokens)
            .with("finished", m.finished)
            .with("refused", m.refused)
            .with("preempted", m.preempted)
    }
}
