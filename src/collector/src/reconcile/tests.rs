//! Every way in which till log, batch and ledger can agree or not.

use jiff::civil::date;
use uuid::Uuid;

use super::*;

const DAY: Date = date(2026, 11, 23);

fn attempt(number: u128) -> AttemptId {
    AttemptId::new(Uuid::from_u128(number))
}

fn sold(number: u128, amount_minor: i64) -> Sold {
    Sold {
        attempt: attempt(number),
        terminal: "T1".to_owned(),
        receipt_no: 1,
        amount_minor,
        currency: "EUR".to_owned(),
        day: Some(DAY),
    }
}

fn captured(number: u128, amount_minor: i64) -> Captured {
    Captured {
        attempt: attempt(number),
        terminal: "T1".to_owned(),
        amount_minor,
        currency: "EUR".to_owned(),
    }
}

fn entry(number: u128, state: &str) -> Entry {
    Entry {
        attempt: attempt(number),
        terminal: "T1".to_owned(),
        state: state.to_owned(),
        amount_minor: 100,
        currency: "EUR".to_owned(),
        day: Some(DAY),
    }
}

fn kinds(report: &Report) -> Vec<Kind> {
    report.unmatched.iter().map(|one| one.kind).collect()
}

#[test]
fn what_all_three_agree_on_is_matched() {
    let report = reconcile(
        DAY,
        &[sold(1, 100), sold(2, 50)],
        &[captured(1, 100), captured(2, 50)],
        &[
            entry(1, "ANSWERED"),
            entry(2, "ANSWERED"),
            entry(3, "REVERSED"),
        ],
    );
    assert_eq!((report.matched, kinds(&report)), (2, vec![]));
    let totals = Totals {
        sold_minor: 150,
        captured_minor: 150,
    };
    assert_eq!(report.totals["EUR"], totals);
}

#[test]
fn each_way_not_to_match_has_its_kind() {
    let mut other_currency = captured(9, 100);
    other_currency.currency = "GBP".to_owned();
    let report = reconcile(
        DAY,
        &[
            sold(2, 100),
            sold(3, 100),
            sold(5, 100),
            sold(6, 100),
            sold(6, 100),
            sold(7, 100),
            sold(9, 100),
        ],
        &[
            captured(1, 100),
            captured(3, 99),
            captured(4, 100),
            captured(5, 100),
            captured(5, 100),
            captured(6, 100),
            captured(7, 100),
            other_currency,
        ],
        &[
            entry(1, "ANSWERED"),
            entry(2, "ANSWERED"),
            entry(3, "ANSWERED"),
            entry(4, "REVERSED"),
            entry(5, "ANSWERED"),
            entry(6, "ANSWERED"),
            entry(8, "UNKNOWN"),
            entry(9, "ANSWERED"),
        ],
    );
    let found: Vec<_> = report
        .unmatched
        .iter()
        .map(|one| (one.attempt, one.kind))
        .collect();
    assert_eq!(report.matched, 0);
    assert_eq!(
        found,
        [
            (attempt(5), Kind::CapturedTwice),
            (attempt(4), Kind::ReversedButCaptured),
            (attempt(1), Kind::CapturedWithoutSale),
            (attempt(3), Kind::AmountDiffers),
            (attempt(9), Kind::AmountDiffers),
            (attempt(6), Kind::SoldTwice),
            (attempt(2), Kind::SoldNotCaptured),
            (attempt(7), Kind::NotInLedger),
            (attempt(8), Kind::Unresolved),
        ]
    );
}

#[test]
fn a_reversal_that_the_acquirer_did_not_see_is_told_from_a_sale_that_was_lost() {
    let report = reconcile(DAY, &[], &[captured(1, 100)], &[entry(1, "REVERSAL_DUE")]);
    assert_eq!(kinds(&report), [Kind::ReversedButCaptured]);
}

#[test]
fn a_neighbouring_day_counts_only_where_the_batch_has_it() {
    let before = date(2026, 11, 22);
    let mut late = sold(1, 100);
    late.day = Some(before);
    let mut earlier = entry(1, "ANSWERED");
    earlier.day = Some(before);
    let alone = reconcile(DAY, &[late.clone()], &[], &[earlier.clone()]);
    assert_eq!((alone.matched, kinds(&alone)), (0, vec![]));
    let settled = reconcile(DAY, &[late], &[captured(1, 100)], &[earlier]);
    assert_eq!((settled.matched, kinds(&settled)), (1, vec![]));
}

#[test]
fn a_batch_is_csv_or_json_and_a_bad_line_is_named() {
    let csv = format!(
        "attempt,terminal,stan,local_time,amount_minor,currency,kind,captured_at_ms\n\
         {},T1,7,1123120000,100,EUR,authorisation,1\n",
        attempt(1)
    );
    assert_eq!(read(csv.as_bytes()).expect("a batch"), [captured(1, 100)]);
    let json = format!(
        "[{{\"attempt\":\"{}\",\"terminal\":\"T1\",\"amount_minor\":100,\"currency\":\"EUR\"}}]",
        attempt(1)
    );
    assert_eq!(read(json.as_bytes()).expect("a batch"), [captured(1, 100)]);
    let wrong = csv.replace(",100,", ",ten,");
    let told = read(wrong.as_bytes()).expect_err("no amount");
    assert!(told.to_string().contains("at line 2"), "{told}");
    assert!(read(&b"terminal\nT1\n"[..]).is_err());
}
