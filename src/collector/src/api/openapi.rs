//! The OpenAPI document, made from the routes and the wire's types.

use axum::Json;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::SecurityScheme;
use utoipa::{Modify, OpenApi};

use super::{
    advices, attestation, enrol, health, hosts, inquiries, records, standing, summary, time,
    updates,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sealpoint collector",
        description = "What tills ask of their collector. HTTPS with TLS 1.3; every request needs \
                       a client certificate of the retailer's CA, whose common name is the terminal \
                       that the request speaks for. Every answer that is no success is an ApiError.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    paths(
        records::push,
        hosts::authorise,
        hosts::reverse,
        advices::advise,
        inquiries::inquire,
        summary::summary,
        enrol::enrol,
        enrol::renew,
        standing::standing,
        time::time,
        attestation::challenge,
        attestation::evidence,
        updates::ask,
        updates::file,
        health::health,
        health::ready,
        document
    ),
    tags(
        (name = "records", description = "What tills record, each once"),
        (name = "attempts", description = "Tries to charge a card"),
        (name = "tills", description = "Who a till is, and how it stands"),
        (name = "collector", description = "The collector itself")
    ),
    security(("client_certificate" = [])),
    modifiers(&ClientCertificate)
)]
struct Api;

struct ClientCertificate;

impl Modify for ClientCertificate {
    fn modify(&self, document: &mut Document) {
        let scheme = SecurityScheme::MutualTls {
            description: Some("A certificate that an enrolment or a renewal gave".to_owned()),
            extensions: None,
            deprecated: None,
        };
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("client_certificate", scheme);
    }
}

/// The document itself.
#[must_use]
pub fn openapi() -> Document {
    Api::openapi()
}

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "collector",
    responses((status = 200, description = "OpenAPI", content_type = "application/json")),
)]
pub(crate) async fn document() -> Json<Document> {
    Json(openapi())
}
