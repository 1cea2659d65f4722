//! The renewal of the till's certificate, at two thirds of its life or later: also once it has
//! expired, as long as the collector still renews it. Its steps are in [`sealpoint_tls::identity`].

use hyper::Method;
use sealpoint_tls::certificate::Certificate;
use sealpoint_tls::identity::{Files, NextKey};
use sealpoint_wire::enrol::{CertificateAnswer, RenewRequest, StandingAnswer};
use sealpoint_wire::{Bytes, WIRE_VERSION};

use super::Config;
use super::once::{Question, ask};

/// Renews the certificate if it is time; what fails is tried again with the next look.
pub(super) async fn look(config: &Config, now_ms: i64) {
    let files = config.credentials.files();
    match is_due(&files, now_ms) {
        Ok(false) => {}
        Ok(true) => match renew(config, &files).await {
            Ok(serial) => tracing::info!(serial, "the certificate is renewed"),
            Err(why) => tracing::warn!(why, "the certificate is not renewed yet"),
        },
        Err(why) => tracing::debug!(why, "there is no certificate to renew"),
    }
}

fn is_due(files: &Files, now_ms: i64) -> Result<bool, String> {
    let pair = files.pair().map_err(|error| error.to_string())?;
    let own = pair.chain.first().ok_or("there is none")?;
    let own = Certificate::read(own).map_err(|error| error.to_string())?;
    Ok(now_ms >= own.renew_at_ms())
}

/// Gets a certificate for a new key, tries both, and puts them in force.
async fn renew(config: &Config, files: &Files) -> Result<String, String> {
    let mut next = NextKey::take_up(files).map_err(|error| error.to_string())?;
    if next.pair().map_err(|error| error.to_string())?.is_none() {
        let request = next.request().map_err(|error| error.to_string())?;
        let request = RenewRequest {
            version: WIRE_VERSION,
            request: Bytes::try_from(request).map_err(|error| error.to_string())?,
        };
        let question = Question {
            method: Method::POST,
            path: "/v1/renewals",
            body: serde_json::to_vec(&request).map_err(|error| error.to_string())?,
            pair: None,
            piece: None,
        };
        let answer: CertificateAnswer = ask(config, question).await?.read()?;
        next.accept(&answer.certificate)
            .map_err(|error| error.to_string())?;
    }
    let Some(pair) = next.pair().map_err(|error| error.to_string())? else {
        return Err("there is no certificate".to_owned());
    };
    let serial = pair
        .chain
        .first()
        .and_then(|own| Certificate::read(own).ok())
        .map_or_else(String::new, |own| own.serial.to_string());
    let question = Question {
        pair: Some(pair),
        ..Question::get("/v1/standing")
    };
    match ask(config, question).await {
        Ok(answer) if answer.code == 200 => {
            let standing: StandingAnswer = answer.read()?;
            if let Some(why) = standing.quarantined {
                next.discard().map_err(|error| error.to_string())?;
                return Err(why);
            }
            next.adopt().map_err(|error| error.to_string())?;
            Ok(serial)
        }
        // The collector is in trouble, or gone: the new pair is tried again later.
        Ok(answer) => Err(format!("the collector answered {}", answer.code)),
        Err(why) => Err(why),
    }
}
