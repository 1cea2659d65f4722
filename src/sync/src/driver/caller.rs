//! One connection to the collector, kept alive between requests.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST, RETRY_AFTER};
use hyper::{HeaderMap, Method, Response};
use hyper_util::rt::TokioIo;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::{Config, dial, pack, tls};
use crate::machine::{self, Channel, Exchange, Request};

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
    /// The collector said that it takes requests in gzip.
    takes_gzip: bool,
}

struct Held {
    sender: SendRequest<Full<Bytes>>,
    connection: JoinHandle<hyper::Result<()>>,
    used: Instant,
}

/// A request's body as it travels.
struct Body {
    gzip: bool,
    bytes: Bytes,
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
        Self {
            config,
            held: None,
            takes_gzip: false,
        }
    }

    /// Makes the request, packed if the collector takes that.
    pub(super) async fn exchange(&mut self, request: Request) -> Exchange {
        let deadline = Instant::now() + Duration::from_millis(request.timeout_ms);
        let worth_it = self.takes_gzip && request.channel == Channel::Records;
        let packed = worth_it.then(|| pack::pack(&request.body)).flatten();
        let was_packed = packed.is_some();
        let exchange = self.try_once(&request, packed, deadline).await;
        match exchange {
            // Another collector behind the same address does not take it, and took nothing.
            Exchange::Answered { code: 415, .. } if was_packed => {
                self.takes_gzip = false;
                self.try_once(&request, None, deadline).await
            }
            other => other,
        }
    }

    /// Over the connection that is held or a new one.
    async fn try_once(
        &mut self,
        request: &Request,
        packed: Option<Vec<u8>>,
        deadline: Instant,
    ) -> Exchange {
        let body = Body {
            gzip: packed.is_some(),
            bytes: Bytes::from(packed.unwrap_or_else(|| request.body.clone())),
        };
        if let Some(held) = self.reusable() {
            match self.send(held, request, &body, deadline).await {
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
        match self.send(held, request, &body, deadline).await {
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
        let tls = tls::client_config(&self.config).map_err(|e| e.to_string())?;
        let (host, port) = target.address();
        let tcp = dial::dial(host, port)
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
        body: &Body,
        deadline: Instant,
    ) -> Result<Exchange, Broken> {
        let http = match self.http_request(request, body) {
            Ok(http) => http,
            Err(why) => return Err(Broken::Unused(why)),
        };
        match timeout_at(deadline, held.sender.try_send_request(http)).await {
            Ok(Ok(response)) => {
                if let Some(takes) = pack::takes_gzip(response.headers()) {
                    self.takes_gzip = takes;
                }
                match timeout_at(deadline, read_answer(response)).await {
                    Ok(Ok(exchange)) => {
                        held.used = Instant::now();
                        self.held = Some(held);
                        Ok(exchange)
                    }
                    Ok(Err(why)) => Err(Broken::Used(why)),
                    Err(_) => Err(Broken::Used(too_slow(request))),
                }
            }
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

    fn http_request(
        &self,
        request: &Request,
        body: &Body,
    ) -> Result<hyper::Request<Full<Bytes>>, String> {
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
        if body.gzip {
            http = http.header(CONTENT_ENCODING, "gzip");
        }
        http.body(Full::new(body.bytes.clone()))
            .map_err(|error| format!("The request cannot be made ({error}). Check --collector."))
    }
}

async fn read_answer(response: Response<Incoming>) -> Result<Exchange, String> {
    let code = response.status().as_u16();
    let retry_after_s = retry_after_s(response.headers());
    match Limited::new(response.into_body(), MAX_ANSWER)
        .collect()
        .await
    {
        Ok(body) => Ok(Exchange::Answered {
            code,
            retry_after_s,
            body: body.to_bytes().to_vec(),
        }),
        Err(_) => Err(
            "The collector's answer broke off or is too large. Check the collector's \
                       log."
                .to_owned(),
        ),
    }
}

/// `Retry-After` in seconds; as a date it is not used.
fn retry_after_s(headers: &HeaderMap) -> Option<u32> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
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
