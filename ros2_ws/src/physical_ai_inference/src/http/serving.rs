use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// Connections that are open at once; more wait to be accepted. A crowd of clients must not take the
/// files away that the rest of the process needs.
const MOST_CONNECTIONS: usize = 512;
/// After an error of the listener: no file is left, most likely.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections and serves them until `stopped`, and then those that are being answered.
///
/// A connection whose next request has not begun and shown its whole head after `head_timeout` is closed, so
/// that those who say nothing do not keep others out.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    head_timeout: Duration,
    mut stopped: watch::Receiver<()>,
) {
    let permits = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let open = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(head_timeout);
    loop {
        let next = async {
            // The semaphore is never closed.
            let permit = Arc::clone(&permits).acquire_owned().await.ok();
            (accept(&listener).await, permit)
        };
        let (stream, permit) = tokio::select! {
            next = next => next,
            // The value never changes: what ends this is that the sender is gone.
            _ = stopped.changed() => break,
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = open.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("a connection has ended: {error}");
            }
            drop(permit);
        });
    }
    open.shutdown().await;
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Tokens are small and must not wait for each other; a socket that cannot is only slower.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(error) => {
                tracing::debug!("a connection cannot be accepted: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
