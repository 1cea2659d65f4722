//! One connection to the collector, kept alive between requests.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::{Config, tls};
use crate::machine::{self, Exchange, Request};

/// At most this many bytes of an answer are taken; a full batch's acknowledgements need 30 KiB.
const MAX_ANSWER: usize = 1024 * 1024;
/// TCP and TLS handshake together may take this long.
const CONNECT: Duration = Duration::from_secs(5);
/// A connection that was idle for longer is not used again. The collector closes idle connections
/// later than this, so a request does not meet a closing connection and get lost for nothing.
const IDLE: Duration = Duration::from_secs(20);
/// How long a broken connection has to say why it broke.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Makes requests, one at a time.
pub(super) struct Caller {
    config: Arc<Config>,
    held: Option<Held>,
}

struct Held {
    sender: SendRequest<Full<Bytes>>,
    connection: JoinHandle<hyper::Result<()>>,
    used: Instant,
}

/// Why an attempt to use a connection failed.
enum Broken {
    /// The connection was gone before the request was put on it.
    Unused(String),
    /// The request, or a part of it, may have left.
    Used(String),
}

impl Caller {
    pub(super) fn new(config: Arc<Config>) -> Self {
        Self { config, held: None }
    }

    /// Makes the request, over the connection that is held or a new one.
    pub(super) async fn exchange(&mut self, request: Request) -> Exchange {
        let deadline = Instant::now() + Duration::from_millis(request.timeout_ms);
        if let Some(held) = self.reusable() {
            match self.send(held, &request, deadline).await {
                Ok(exchange) => return exchange,
                Err(Broken::Used(why)) => return Exchange::Lost { why },
                // Nothing left on the old connection: a new one is as good as the first.
                Err(Broken::Unused(_)) => {}
            }
        }
        let limit = deadline.min(Instant::now() + CONNECT);
        let held = match timeout_at(limit, self.connect()).await {
            Ok(Ok(held)) => held,
            Ok(Err(why)) => return Exchange::NotSent { why },
            Err(_) => {
                let why = "The collector does not answer. Check the network and its address.";
                return Exchange::NotSent {
                    why: why.to_owned(),
                };
            }
        };
        match self.send(held, &request, deadline).await {
            Ok(exchange) => exchange,
            Err(Broken::Used(why)) => Exchange::Lost { why },
            Err(Broken::Unused(why)) => Exchange::NotSent { why },
        }
    }

    fn reusable(&mut self) -> Option<Held> {
        let held = self.held.take()?;
        (held.used.elapsed() < IDLE && held.sender.is_ready()).then_some(held)
    }

    async fn connect(&self) -> Result<Held, String> {
        let target = self.config.target.as_ref().map_err(ToString::to_string)?;
        let tls = tls::client_config(&self.config.credentials).map_err(|e| e.to_string())?;
        let tcp = TcpStream::connect(target.address())
            .await
            .map_err(|e| tls::describe(&e))?;
        tcp.set_nodelay(true).map_err(|e| tls::describe(&e))?;
        let stream = TlsConnector::from(tls)
            .connect(target.name(), tcp)
            .await
            .map_err(|e| tls::describe(&e))?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|e| tls::describe(&e))?;
        let connection = tokio::spawn(connection);
        Ok(Held {
            sender,
            connection,
            used: Instant::now(),
        })
    }

    async fn send(
        &mut self,
        mut held: Held,
        request: &Request,
        deadline: Instant,
    ) -> Result<Exchange, Broken> {
        let http = match self.http_request(request) {
            Ok(http) => http,
            Err(why) => return Err(Broken::Unused(why)),
        };
        match timeout_at(deadline, held.sender.try_send_request(http)).await {
            Ok(Ok(response)) => match timeout_at(deadline, read_answer(response)).await {
                Ok(Ok(exchange)) => {
                    held.used = Instant::now();
                    self.held = Some(held);
                    Ok(exchange)
                }
                Ok(Err(why)) => Err(Broken::Used(why)),
                Err(_) => Err(Broken::Used(too_slow(request))),
            },
            Ok(Err(mut error)) => {
                // hyper gives the request back only if it did not begin to write it.
                let unused = error.take_message().is_some();
                let why = last_words(held, error.into_error()).await;
                Err(if unused {
                    Broken::Unused(why)
                } else {
                    Broken::Used(why)
                })
            }
            Err(_) => Err(Broken::Used(too_slow(request))),
        }
    }

    fn http_request(&self, request: &Request) -> Result<hyper::Request<Full<Bytes>>, String> {
        let target = self.config.target.as_ref().map_err(ToString::to_string)?;
        let method = match request.method {
            machine::Method::Get => Method::GET,
            machine::Method::Post => Method::POST,
        };
        let mut http = hyper::Request::builder()
            .method(method)
            .uri(request.path)
            .header(HOST, target.header());
        if !request.body.is_empty() {
            http = http.header(CONTENT_TYPE, "application/json");
        }
        http.body(Full::new(Bytes::from(request.body.clone())))
            .map_err(|error| format!("The request cannot be made ({error}). Check --collector."))
    }
}

async fn read_answer(response: Response<Incoming>) -> Result<Exchange, String> {
    let code = response.status().as_u16();
    match Limited::new(response.into_body(), MAX_ANSWER)
        .collect()
        .await
    {
        Ok(body) => Ok(Exchange::Answered {
            code,
            body: body.to_bytes().to_vec(),
        }),
        Err(_) => Err(
            "The collector's answer broke off or is too large. Check the collector's \
                       log."
                .to_owned(),
        ),
    }
}

/// Why the connection broke: its own task knows better than the request, which was only cancelled.
async fn last_words(held: Held, error: hyper::Error) -> String {
    drop(held.sender);
    match timeout(LAST_WORDS, held.connection).await {
        Ok(Ok(Err(own))) => tls::describe(&own),
        Ok(Ok(Ok(()))) => tls::describe(&io::Error::from(io::ErrorKind::ConnectionReset)),
        _ => tls::describe(&error),
    }
}

fn too_slow(request: &Request) -> String {
    format!(
        "The collector did not answer within {} s. Check the network and the collector's log.",
        request.timeout_ms / 1000
    )
}
