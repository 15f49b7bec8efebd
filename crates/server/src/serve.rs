//! Serves connections from a listener until it is told to stop; then lets what was begun end.

use crate::http::Server;
use crate::tls::Tls;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::io::{ErrorKind, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;

/// How long nobody is let in when the system has no descriptor left, in milliseconds.
const REST_MS: u64 = 50;

/// What a connection is served with.
struct Talk {
    builder: http1::Builder,
    service: TowerToHyperService<Router>,
    watcher: Watcher,
}

impl Talk {
    async fn over(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let connection = self.builder.serve_connection(TokioIo::new(stream), self.service);
        if let Err(error) = self.watcher.watch(connection).await {
            tracing::debug!(%error, "connection");
        }
    }
}

impl Server {
    /// Serves until `stop` comes, then lets no more connections in, ends those that are idle, and waits for the others as
    /// long as the limits say.
    ///
    /// # Errors
    /// When the listener is not one any more.
    pub async fn serve(&self, listener: TcpListener, stop: impl Future<Output = ()>) -> Result<()> {
        let limits = self.app.limits().clone();
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(Duration::from_millis(limits.head_ms));
        builder.max_buf_size(limits.head_bytes.max(8 << 10)).half_close(false);
        let service = TowerToHyperService::new(self.router());
        let (places, graceful) = (Arc::new(Semaphore::new(limits.connections)), GracefulShutdown::new());
        let mut stop = std::pin::pin!(stop);
        loop {
            // Whoever comes when all places are taken waits in the system's queue.
            let place = tokio::select! {
                place = Arc::clone(&places).acquire_owned() => place.map_err(std::io::Error::other)?,
                () = &mut stop => break,
            };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = &mut stop => break,
            };
            let (stream, _) = match accepted {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == ErrorKind::InvalidInput => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "accept");
                    tokio::time::sleep(Duration::from_millis(REST_MS)).await;
                    continue;
                }
            };
            // An answer is one write; waiting for more to send with it only delays it.
            let _ = stream.set_nodelay(true);
            // Who does not read the answer does not keep the place.
            let mut stream = TimeoutStream::new(stream);
            stream.set_write_timeout(Some(Duration::from_millis(limits.write_ms)));
            let stream = Box::pin(stream);
            let talk =
                Talk { builder: builder.clone(), service: service.clone(), watcher: graceful.watcher() };
            let tls = self.app.config().tls.clone();
            let patience = Duration::from_millis(limits.head_ms);
            tokio::spawn(async move {
                match tls {
                    None => talk.over(stream).await,
                    // In a task of its own, so that one who is slow holds nobody up.
                    Some(Tls(acceptor)) => {
                        match tokio::time::timeout(patience, acceptor.accept(stream)).await {
                            Ok(Ok(stream)) => talk.over(stream).await,
                            Ok(Err(error)) => tracing::debug!(%error, "handshake"),
                            Err(_) => tracing::debug!("handshake too slow"),
                        }
                    }
                }
                drop(place);
            });
        }
        drop(listener);
        self.stopping();
        tracing::info!("stopping");
        let most = Duration::from_millis(limits.drain_ms);
        if tokio::time::timeout(most, graceful.shutdown()).await.is_err() {
            tracing::warn!("connections were ended that had not come to their end");
        }
        Ok(())
    }
}
