//! One connection, from its beginning to its end.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use tracing::debug;

use crate::http::connections::silence::{Answering, Heard, Phase, Silence};
use crate::http::connections::{Acceptor, Limits};

/// Most bytes of a head: GHL's and browsers' have a few thousand. A longer one is refused with 431. Bodies are read in
/// pieces of this size.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The caller or its last answer ended it, or it broke.
    Closed,
    /// A request's head did not come.
    LateHead,
    /// No request came for long.
    Idle,
}

impl End {
    /// Its name in metrics.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::LateHead => "late_head",
            Self::Idle => "idle",
        }
    }
}

/// Serves requests until the connection ends, is silent for too long, or has to make room.
pub(super) async fn serve(
    stream: TcpStream,
    routes: Router,
    acceptor: &Acceptor,
    limits: Limits,
) -> End {
    let silence = Silence::begin(limits);
    let routes = TowerToHyperService::new(routes);
    let answers = silence.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let answering = answers.answering();
        let answer = routes.call(request);
        async move { answer.await.map(|answer| whole(answer, answering)) }
    });
    let io = TokioIo::new(Heard {
        stream,
        silence: silence.clone(),
    });
    // Hyper's own limit does not tell an idle connection from a head that does not come.
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(io, service);
    let mut connection = pin!(connection);
    let mut sleep = pin!(sleep_until(Instant::now() + limits.head));
    let mut is_ending = false;
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    debug!(%error, "a connection broke");
                }
                return End::Closed;
            }
            // After the connection was polled, so that it sees what just came.
            phase = poll_fn(|cx| silence.poll_too_long(sleep.as_mut(), cx)) => {
                return if matches!(phase, Phase::Head(_)) { End::LateHead } else { End::Idle };
            }
            () = acceptor.stop.cancelled(), if !is_ending => {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
            () = acceptor.crowded.notified(), if !is_ending => {
                if matches!(silence.phase(), Phase::Idle(_)) {
                    is_ending = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

fn whole(answer: Response<Body>, answering: Answering) -> Response<AnswerBody> {
    answer.map(|body| AnswerBody {
        body,
        _answering: answering,
    })
}

/// A body that says with its end that the answer is whole.
struct AnswerBody {
    body: Body,
    _answering: Answering,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::sync::{Notify, Semaphore};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::runtime::counters::Counters;

    const NEVER: Duration = Duration::from_hours(1);
    const QUICK: Duration = Duration::from_millis(50);
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

    fn acceptor() -> Acceptor {
        Acceptor {
            permits: Arc::new(Semaphore::new(9)),
            crowded: Arc::new(Notify::new()),
            full_logged_at: Arc::default(),
            counters: Counters::default(),
            stop: CancellationToken::new(),
        }
    }

    /// A caller's end of a connection that is served within `limits`, and why it ends.
    async fn connect(
        acceptor: &Acceptor,
        limits: Limits,
    ) -> (TcpStream, tokio::task::JoinHandle<End>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let caller = TcpStream::connect(listener.local_addr().unwrap()).await;
        let (stream, _) = listener.accept().await.unwrap();
        let routes = Router::new().route("/", get(async || "ok"));
        let acceptor = acceptor.clone();
        let served = tokio::spawn(async move { serve(stream, routes, &acceptor, limits).await });
        (caller.unwrap(), served)
    }

    async fn answer(caller: &mut TcpStream) {
        let mut answer = [0; 512];
        let read = caller.read(&mut answer).await.unwrap();
        assert!(answer[..read].ends_with(b"ok"));
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_ends_the_connection_and_a_handler_has_its_time() {
        let limits = Limits {
            head: QUICK,
            idle: NEVER,
        };
        let (mut caller, served) = connect(&acceptor(), limits).await;
        caller.write_all(REQUEST).await.unwrap();
        answer(&mut caller).await;
        tokio::time::sleep(QUICK * 2).await;
        assert!(!served.is_finished(), "an idle one may stay");
        caller.write_all(b"GET").await.unwrap();
        assert_eq!(served.await.unwrap(), End::LateHead);
        let (_silent, served) = connect(&acceptor(), limits).await;
        assert_eq!(served.await.unwrap(), End::LateHead);
    }

    #[tokio::test]
    async fn an_idle_connection_ends_after_its_time_or_to_make_room() {
        let limits = Limits {
            head: NEVER,
            idle: QUICK,
        };
        let (mut caller, served) = connect(&acceptor(), limits).await;
        caller.write_all(REQUEST).await.unwrap();
        assert_eq!(served.await.unwrap(), End::Idle);
        let acceptor = acceptor();
        let (mut caller, served) = connect(
            &acceptor,
            Limits {
                idle: NEVER,
                ..limits
            },
        )
        .await;
        caller.write_all(REQUEST).await.unwrap();
        answer(&mut caller).await;
        while !served.is_finished() {
            acceptor.crowded.notify_waiters();
            tokio::task::yield_now().await;
        }
        assert_eq!(served.await.unwrap(), End::Closed);
    }

    #[tokio::test]
    async fn a_stop_ends_a_connection_after_its_answer() {
        let limits = Limits {
            head: NEVER,
            idle: NEVER,
        };
        let acceptor = acceptor();
        let (mut caller, served) = connect(&acceptor, limits).await;
        caller.write_all(REQUEST).await.unwrap();
        answer(&mut caller).await;
        acceptor.stop.cancel();
        assert_eq!(served.await.unwrap(), End::Closed);
    }
}
