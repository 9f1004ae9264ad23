//! An OpenAI-compatible HTTP endpoint, on a thread of its own.
//!
//! It reads and writes HTTP and nothing else: what is asked becomes the goal that the `generate` action
//! would bring, goes to the node's spin thread, and from there the same way to the same engine.

mod answer;
mod api_error;
mod body;
mod chat;
mod client;
mod completions;
mod connections;
mod embeddings;
mod fields;
mod options;
mod order;
mod response_format;
mod routes;
mod stream;
#[cfg(test)]
mod tests;

use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::sync::watch;

use connections::Connections;

pub use api_error::ApiError;
pub use order::{Health, Order};
pub use routes::Front;

/// Answers that are on their way when the worker stops get so long to leave.
const GRACE: Duration = Duration::from_millis(300);
/// The thread is waited for so long at the end.
const PATIENCE: Duration = Duration::from_secs(1);

/// A running endpoint; dropping it ends it.
pub struct HttpServer {
    address: SocketAddr,
    stop: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl HttpServer {
    /// Listens on an address and starts the thread.
    ///
    /// # Errors
    /// A reason that names the address.
    pub fn start(address: SocketAddr, front: Front) -> Result<Self, String> {
        let fail = |e: std::io::Error| {
            format!(
                "http_port {} on http_address {} cannot be served: {e}",
                address.port(),
                address.ip()
            )
        };
        let listener = TcpListener::bind(address).map_err(fail)?;
        listener.set_nonblocking(true).map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(fail)?;
        let listener = {
            let _context = runtime.enter();
            tokio::net::TcpListener::from_std(listener).map_err(fail)?
        };
        let (stop, stopped) = watch::channel(());
        let serve = move || {
            runtime.block_on(serve(listener, front, stopped));
            // Dropping the runtime ends the connections that are left.
        };
        let thread = std::thread::Builder::new().name("http".to_owned());
        let thread = thread.spawn(serve).map_err(fail)?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(listener: tokio::net::TcpListener, front: Front, stopped: watch::Receiver<()>) {
    let stop = |mut stopped: watch::Receiver<()>| async move {
        // The value never changes: what ends this is that the sender is gone.
        let _ = stopped.changed().await;
    };
    let late = stop(stopped.clone());
    let serving = axum::serve(Connections::new(listener), routes::router(front))
        .with_graceful_shutdown(stop(stopped))
        .into_future();
    let grace = async {
        late.await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = serving => if let Err(error) = ended {
            tracing::error!("the HTTP endpoint has ended: {error}");
        },
        () = grace => tracing::debug!("connections are still open; they end with the worker"),
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.stop = None;
        let Some(thread) = self.thread.take() else {
            return;
        };
        let end = Instant::now() + PATIENCE;
        while !thread.is_finished() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
        if thread.is_finished() && thread.join().is_err() {
            tracing::error!("the thread of the HTTP endpoint has panicked");
        }
    }
}
