//! An acquirer that wants to be spoken to in its own way.

use std::fs;

use sealpoint_acquirer::Mti;
use sealpoint_wire::api::AuthoriseAnswer;
use sealpoint_wire::{AdviceKind, HostDecision};

use crate::fake_acquirer::{FakeAcquirer, Mood};
use crate::hosts::{open_with, word};
use crate::process::{Shop, run};
use crate::shapes::{advise, authorise, reverse};

#[tokio::test]
async fn an_acquirer_of_1993_is_asked_advised_and_told_to_undo() {
    let profile = "edition = 1993\nnumbers = \"bcd\"\ntpdu = \"6000010002\"\n\
                   merchant = \"SHOP 17\"\nacquiring_institution = \"123456\"\nreference = true";
    let acquirer = FakeAcquirer::speaking(profile).await;
    let (_shop, _collector, client) = open_with(&acquirer, profile).await;
    let answered = client.post("/v1/authorisations", &authorise(1)).await;
    let answer = answered.json::<AuthoriseAnswer>().answer;
    assert_eq!(answer.decision, HostDecision::Approved);
    assert_eq!(client.post("/v1/reversals", &reverse(1)).await.code, 200);
    let told = advise(2, AdviceKind::OfflineApproved);
    assert_eq!(client.post("/v1/advices", &told).await.code, 200);
    acquirer.is(Mood::Declines);
    let answered = client.post("/v1/authorisations", &authorise(3)).await;
    let answer = answered.json::<AuthoriseAnswer>().answer;
    assert_eq!(answer.response_code, "51");
    assert_eq!(
        acquirer.heard(),
        [
            Mti::Authorisation,
            Mti::ReversalAdvice,
            Mti::Advice,
            Mti::Authorisation
        ]
    );
}

#[tokio::test]
async fn an_acquirer_that_speaks_otherwise_is_not_believed() {
    let acquirer = FakeAcquirer::start().await;
    let (_shop, _collector, client) = open_with(&acquirer, "edition = 1993").await;
    let answer = client.post("/v1/authorisations", &authorise(1)).await;
    assert_eq!(answer.error(), word(503, "not_sent"));
}

#[test]
fn a_profile_that_cannot_be_stops_the_start_with_its_reason() {
    let shop = Shop::new();
    let file = shop.text("acquirer.toml");
    let mut arguments = shop.serve_arguments();
    arguments.extend(["--acquirer", "127.0.0.1:1", "--acquirer-profile", &file].map(str::to_owned));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let said = || {
        let ended = run(&arguments);
        assert_eq!(ended.status.code(), Some(2), "{ended:?}");
        String::from_utf8(ended.stderr).expect("text")
    };
    assert!(said().contains("Check --acquirer-profile"));
    fs::write(&file, "edition = 2003").expect("written");
    assert!(said().contains("edition = 2003"));
}
