//! One request over a connection of its own: for what is asked seldom, or with another certificate.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, RANGE};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use rustls_pki_types::CertificateDer;
use sealpoint_tls::identity::Pair;
use sealpoint_wire::updates::MAX_PIECE;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::{Config, dial, tls};

/// Connection, question and answer together may take this long.
const PATIENCE: Duration = Duration::from_secs(15);
/// The same for a piece of a file, over a slow line.
const PIECE_PATIENCE: Duration = Duration::from_secs(60);
/// At most this many bytes of an answer are taken; a certificate with its CA needs 3 KiB.
const MAX_ANSWER: usize = 64 * 1024;

/// A question.
pub(super) struct Question<'a> {
    /// GET or POST.
    pub method: Method,
    /// Path and query.
    pub path: &'a str,
    /// JSON, empty for a GET.
    pub body: Vec<u8>,
    /// What to show in place of the certificate in force.
    pub pair: Option<Pair>,
    /// The first and the last byte of a file that is asked for by pieces.
    pub piece: Option<(u64, u64)>,
}

impl<'a> Question<'a> {
    /// A GET with the certificate in force.
    pub(super) fn get(path: &'a str) -> Self {
        Self {
            method: Method::GET,
            path,
            body: Vec::new(),
            pair: None,
            piece: None,
        }
    }

    /// A POST with the certificate in force.
    pub(super) fn post(path: &'a str, body: Vec<u8>) -> Self {
        Self {
            method: Method::POST,
            body,
            ..Self::get(path)
        }
    }

    /// A GET of these bytes of a file.
    pub(super) fn piece(path: &'a str, from: u64, to: u64) -> Self {
        Self {
            piece: Some((from, to)),
            ..Self::get(path)
        }
    }
}

/// A whole answer.
pub(super) struct Answer {
    /// HTTP code.
    pub code: u16,
    /// Its body.
    pub body: Vec<u8>,
    /// The certificate of the collector, checked against this till's CA.
    pub collector: CertificateDer<'static>,
    /// How long the answer took, once the connection stood.
    pub took: Duration,
}

impl Answer {
    /// The body as that type, if the collector answered with success.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, String> {
        if self.code != 200 {
            return Err(format!("the collector answered {}", self.code));
        }
        serde_json::from_slice(&self.body)
            .map_err(|_| "the collector's answer is not understood".to_owned())
    }
}

/// Asks. Every failure is one sentence for the log.
pub(super) async fn ask(config: &Config, question: Question<'_>) -> Result<Answer, String> {
    let patience = match question.piece {
        Some(_) => PIECE_PATIENCE,
        None => PATIENCE,
    };
    timeout(patience, exchange(config, question))
        .await
        .unwrap_or_else(|_| Err("The collector does not answer. Check the network.".to_owned()))
}

async fn exchange(config: &Config, question: Question<'_>) -> Result<Answer, String> {
    let target = config.target.as_ref().map_err(ToString::to_string)?;
    let tls = match question.pair {
        Some(pair) => tls::client_config_of(config, pair),
        None => tls::client_config(config),
    }
    .map_err(|error| error.to_string())?;
    let (host, port) = target.address();
    let tcp = dial::dial(host, port)
        .await
        .map_err(|error| tls::describe(&error))?;
    let stream = TlsConnector::from(tls)
        .connect(target.name(), tcp)
        .await
        .map_err(|error| tls::describe(&error))?;
    let collector = stream
        .get_ref()
        .1
        .peer_certificates()
        .and_then(<[_]>::first)
        .map(|shown| shown.clone().into_owned())
        .ok_or("The collector shows no certificate.")?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| tls::describe(&error))?;
    let connection = tokio::spawn(connection);
    let mut request = Request::builder()
        .method(question.method)
        .uri(question.path)
        .header(HOST, target.header());
    if !question.body.is_empty() {
        request = request.header(CONTENT_TYPE, "application/json");
    }
    let mut most = MAX_ANSWER;
    if let Some((from, to)) = question.piece {
        request = request.header(RANGE, format!("bytes={from}-{to}"));
        let len = to.saturating_sub(from).saturating_add(1).min(MAX_PIECE);
        most = most.max(usize::try_from(len).unwrap_or(MAX_ANSWER));
    }
    let request = request
        .body(Full::new(Bytes::from(question.body)))
        .map_err(|error| format!("The request cannot be made ({error})."))?;
    let asked = Instant::now();
    let response = match sender.send_request(request).await {
        Ok(response) => response,
        Err(error) => {
            drop(sender);
            // The connection's own task knows better why it broke.
            return Err(match connection.await {
                Ok(Err(own)) => tls::describe(&own),
                _ => tls::describe(&error),
            });
        }
    };
    let code = response.status().as_u16();
    let body = Limited::new(response.into_body(), most)
        .collect()
        .await
        .map_err(|_| "The collector's answer broke off or is too large.".to_owned())?;
    Ok(Answer {
        code,
        body: body.to_bytes().to_vec(),
        collector,
        took: asked.elapsed(),
    })
}
