//! A charge whose answer does not come, in each way in which that happens.

use sealpoint_wire::{AuthoriseResult, Fate, FromUplink, HostAnswer};

use crate::collector::{Heard, Place, Reply};
use crate::shapes::{approval, attempt, authorise, authorised, fate, well};
use crate::till::Till;

async fn charge(till: &mut Till, number: u8) -> AuthoriseResult {
    till.tell(&authorise(number)).await;
    till.until(|message| match message {
        FromUplink::Authorised {
            attempt: asked,
            result,
        } if *asked == attempt(number) => Some(result.clone()),
        _ => None,
    })
    .await
}

/// How a charge ends whose authorisation and inquiry are answered so, and how often each was asked.
async fn charged(
    authorisation: fn() -> Reply,
    inquiry: fn() -> Reply,
) -> (AuthoriseResult, [usize; 2]) {
    let place = Place::new();
    let script = move |heard: &Heard| match heard.path.as_str() {
        "/v1/authorisations" => authorisation(),
        "/v1/inquiries" => inquiry(),
        _ => well(heard),
    };
    let collector = place.start(script).await;
    let mut till = Till::new(&place, &collector.address.to_string());
    till.until_up().await;
    let result = charge(&mut till, 1).await;
    till.leave().await;
    let asked = ["/v1/authorisations", "/v1/inquiries"].map(|path| collector.heard(path).len());
    (result, asked)
}

fn honoured() -> HostAnswer {
    approval(1)
}

#[tokio::test]
async fn an_answer_that_broke_off_is_asked_for_and_honoured() {
    for lost in [|| Reply::HangUp, || Reply::HalfAnAnswer] {
        let answered = || {
            let answer = honoured();
            fate(1, Fate::Answered { answer })
        };
        let (result, asked) = charged(lost, answered).await;
        let answer = honoured();
        assert_eq!(result, AuthoriseResult::Answered { answer });
        assert_eq!(asked, [1, 1], "authorised once, inquired once");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_no_answer() {
    let endless = || Reply::Answer(200, "", vec![b' '; 2 * 1024 * 1024]);
    let (result, asked) = charged(endless, || fate(1, Fate::Reversed)).await;
    assert!(
        matches!(result, AuthoriseResult::Unknown { .. }),
        "{result:?}"
    );
    assert_eq!(asked, [1, 1]);
}

#[tokio::test]
async fn what_the_collector_never_saw_needs_no_reversal() {
    let (result, _) = charged(|| Reply::HangUp, || fate(1, Fate::NeverSeen)).await;
    assert!(
        matches!(result, AuthoriseResult::NotSent { .. }),
        "{result:?}"
    );
}

#[tokio::test]
async fn a_promise_that_nobody_was_asked_is_believed() {
    let promise = || Reply::refusal(503, "", "not_sent");
    let (result, asked) = charged(promise, || Reply::HangUp).await;
    assert!(
        matches!(result, AuthoriseResult::NotSent { .. }),
        "{result:?}"
    );
    assert_eq!(asked, [1, 0]);
}

#[tokio::test]
async fn a_card_is_charged_over_a_connection_of_its_own_which_serves_the_next_one_too() {
    let place = Place::new();
    let collector = place
        .start(|heard| match heard.path.as_str() {
            "/v1/authorisations" => {
                let asked: sealpoint_wire::AuthoriseRequest = heard.json();
                authorised(asked.attempt.as_bytes()[15])
            }
            _ => well(heard),
        })
        .await;
    let mut till = Till::new(&place, &collector.address.to_string());
    till.until_up().await;
    for number in 1..=3 {
        let result = charge(&mut till, number).await;
        assert!(
            matches!(result, AuthoriseResult::Answered { .. }),
            "{result:?}"
        );
    }
    let over = |path: &str| -> Vec<usize> {
        let mut over: Vec<_> = collector.heard(path).iter().map(|h| h.connection).collect();
        over.dedup();
        over
    };
    assert_eq!(over("/v1/authorisations").len(), 1);
    assert_ne!(over("/v1/authorisations"), over("/v1/health"));
    till.leave().await;
}
