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
mod embeddings;
mod fields;
mod options;
mod order;
mod response_format;
mod routes;
mod serving;
mod stream;
#[cfg(test)]
mod tests;

use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::sync::watch;

pub use api_error::ApiError;
pub use order::{Health, Order};
pub use routes::Front;

/// Answers that are on their way when the worker stops get so long to leave.
const GRACE: Duration = Duration::from_millis(300);
/// Longest wait for the head of a connection's next request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
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
        Self::start_with(address, front, HEAD_TIMEOUT)
    }

    fn start_with(
        address: SocketAddr,
        front: Front,
        head_timeout: Duration,
    ) -> Result<Self, String> {
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
            runtime.block_on(serve(listener, front, head_timeout, stopped));
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

async fn serve(
    listener: tokio::net::TcpListener,
    front: Front,
    head_timeout: Duration,
    stopped: watch::Receiver<()>,
) {
    let mut late = stopped.clone();
    let grace = async {
        let _ = late.changed().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        () = serving::serve(listener, routes::router(front), head_timeout, stopped) => {}
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
