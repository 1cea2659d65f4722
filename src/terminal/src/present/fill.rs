//! From the till's view to the window's globals.

use sealpoint_screens::{
    Ask, CardPrompt, DemoView, Link, Notice, Question as Asked, Reader, Scheme, Screen, Severity,
    StatusView, Theme, TillView, TillWindow, Words,
};
use sealpoint_till::view::{Pane, Question, Theme as Colours};
use sealpoint_till::{Level, View};
use sealpoint_wire::lane::CardPrompt as Prompt;
use sealpoint_wire::{LinkState, ReaderState};
use slint::{ComponentHandle, SharedString};

use super::amounts::{Style, age, day, time_of_day};
use super::rows;

/// Sets everything that the window shows.
pub fn fill(window: &TillWindow, view: &View) {
    let point = window.global::<Words>().get_decimal_point();
    let style = Style {
        currency: view.currency,
        decimal_point: point.as_str(),
    };
    status(window, view, style);
    window.global::<Theme>().set_scheme(match view.theme {
        Colours::Light => Scheme::Light,
        Colours::Dark => Scheme::Dark,
        Colours::Contrast => Scheme::Contrast,
    });
    rows::fill(window, view, style);
    basket(window, view, style);
    money(window, view, style);
    sayings(window, view, style);
    possible(window, view);
    let demo = window.global::<DemoView>();
    demo.set_on(view.demo.is_some());
    demo.set_inserted(
        view.demo
            .as_ref()
            .is_some_and(|demo| demo.inserted.is_some()),
    );
    window.global::<TillView>().set_screen(match view.pane {
        Pane::Ring => Screen::Ringing,
        Pane::Tender => Screen::Tendering,
        Pane::Card => Screen::Card,
        Pane::Paid => Screen::Change,
        Pane::Receipt => Screen::Receipt,
        Pane::Parked => Screen::Parked,
        Pane::Question => Screen::Question,
        Pane::Help => Screen::Help,
        Pane::Blocked => Screen::Blocked,
    });
}

fn status(window: &TillWindow, view: &View, style: Style<'_>) {
    let bar = window.global::<StatusView>();
    bar.set_store(view.store.as_str().into());
    bar.set_till(view.terminal.as_str().into());
    bar.set_cashier(view.cashier.as_str().into());
    bar.set_mark(view.mark.as_str().into());
    bar.set_clock(time_of_day(&view.clock).into());
    bar.set_link(match view.link {
        LinkState::NotSetUp => Link::NotSetUp,
        LinkState::Connecting => Link::Connecting,
        LinkState::Up => Link::Online,
        LinkState::Down { .. } | LinkState::Quarantined { .. } => Link::Offline,
    });
    bar.set_reader(match view.reader {
        ReaderState::Missing { .. } => Reader::Missing,
        ReaderState::Ready { .. } => Reader::Ready,
        ReaderState::CardIn { .. } => Reader::CardIn,
    });
    bar.set_queue_count(small(view.queue.count));
    bar.set_queue_amount(style.money(view.queue.at_risk_minor).into());
    bar.set_queue_age(view.queue.oldest_ms.map(age).unwrap_or_default().into());
    bar.set_held_count(small(view.queue.held));
    let offline = view.offline.map_or(0, |offline| offline.taken_count);
    bar.set_unconfirmed_count(small(offline.into()));
    bar.set_work_count(small(view.work_items.into()));
    bar.set_warning_count(small(view.warnings.len() as u64));
    bar.set_reversal_count(small(view.reversals_due.into()));
}

fn basket(window: &TillWindow, view: &View, style: Style<'_>) {
    let till = window.global::<TillView>();
    let last = view
        .basket
        .lines
        .iter()
        .find(|line| Some(line.no) == view.basket.last);
    till.set_hero(
        last.map(|line| rows::line(line, view, style))
            .unwrap_or_default(),
    );
    till.set_total(style.money(view.basket.total_minor).into());
    till.set_item_count(small(view.basket.items.into()));
    till.set_entry(view.entry.as_str().into());
    if view.shelf.searching {
        till.set_entry(view.shelf.query.as_str().into());
    }
    till.set_searching(view.shelf.searching);
    till.set_pending_quantity(view.multiplier.as_deref().unwrap_or_default().into());
    till.set_all_categories(view.shelf.category.is_none());
    till.set_highlighted(small(view.shelf.highlighted as u64));
    till.set_page(small(view.shelf.page as u64));
    till.set_page_count(small(view.shelf.pages as u64));
}

fn money(window: &TillWindow, view: &View, style: Style<'_>) {
    let till = window.global::<TillView>();
    till.set_amount_due(style.money(view.due_minor).into());
    let obstacle = view.card_unavailable.as_ref();
    till.set_card_unavailable(obstacle.map(|why| notice(why, style)).unwrap_or_default());
    let down = matches!(view.link, LinkState::Down { .. });
    let offline = view
        .offline
        .filter(|offline| down && offline.left_count > 0);
    till.set_offline_per_sale(
        offline
            .map(|offline| style.money(offline.per_sale_minor).into())
            .unwrap_or_default(),
    );
    till.set_offline_left(
        offline
            .map(|offline| style.money(offline.left_minor).into())
            .unwrap_or_default(),
    );
    till.set_offline_time(
        offline
            .and_then(|offline| offline.left_ms)
            .map(|left| age(left).into())
            .unwrap_or_default(),
    );
    if let Some(card) = &view.card {
        till.set_card_amount(style.money(card.amount_minor).into());
        till.set_card_label(card.label.as_str().into());
        till.set_card_may_cancel(card.can_cancel);
        till.set_card_seconds_left(small(u64::from(card.left_ms.div_ceil(1000))));
        till.set_card_seconds_total(small(u64::from(card.wait_ms.div_ceil(1000))));
        till.set_card_prompt(match card.prompt {
            Prompt::InsertCard => CardPrompt::Insert,
            Prompt::PresentCard => CardPrompt::Present,
            Prompt::UseContacts => CardPrompt::UseContacts,
            Prompt::PresentAgain => CardPrompt::PresentAgain,
            Prompt::SeePhone => CardPrompt::SeeDevice,
            Prompt::ChooseApplication => CardPrompt::Choose,
            Prompt::EnterPin => CardPrompt::EnterPin,
            Prompt::EnterPinAgain => CardPrompt::EnterPinAgain,
            Prompt::LastPinTry => CardPrompt::LastPinTry,
            Prompt::Reading => CardPrompt::Reading,
            Prompt::Authorising => CardPrompt::Authorising,
            Prompt::RemoveCard => CardPrompt::Remove,
        });
    }
    if let Some(paid) = &view.paid {
        till.set_paid(style.money(paid.total_minor).into());
        till.set_change_due(some_money(paid.change_minor, style));
    }
    if let Some(receipt) = &view.receipt {
        till.set_receipt_title(slint::format!("{}", receipt.receipt_no));
    }
}

fn sayings(window: &TillWindow, view: &View, style: Style<'_>) {
    let till = window.global::<TillView>();
    till.set_notice(
        view.notice
            .as_ref()
            .map(|said| notice(said, style))
            .unwrap_or_default(),
    );
    if let Some(question) = &view.question {
        till.set_question(asked(question, style));
    }
}

fn notice(said: &sealpoint_till::Notice, style: Style<'_>) -> Notice {
    let argument = |index: usize| -> SharedString {
        said.args
            .get(index)
            .map(|text| style.argument(text))
            .unwrap_or_default()
            .into()
    };
    Notice {
        severity: match said.level {
            Level::Success => Severity::Success,
            Level::Info => Severity::Info,
            Level::Warning => Severity::Warning,
            Level::Error => Severity::Error,
        },
        code: code(said).into(),
        a: argument(0),
        b: argument(1),
        c: argument(2),
        text: said.text.as_str().into(),
        times: small(said.times.into()),
    }
}

/// The code as the view's JSON has it, which is how `notices.slint` knows it.
fn code(said: &sealpoint_till::Notice) -> String {
    let json = serde_json::to_value(said.code).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}

fn asked(question: &Question, style: Style<'_>) -> Asked {
    match question {
        Question::Age {
            min_age,
            born_on_or_before,
            items,
        } => Asked {
            ask: Ask::Age,
            min_age: i32::from(*min_age),
            born: day(born_on_or_before).into(),
            items: items.join(", ").into(),
            ..Asked::default()
        },
        Question::VoidSale {
            total_minor,
            cash_back_minor,
            card_back_minor,
        } => Asked {
            ask: Ask::VoidSale,
            amount: style.money(*total_minor).into(),
            cash_back: some_money(*cash_back_minor, style),
            card_back: some_money(*card_back_minor, style),
            ..Asked::default()
        },
        Question::ChargeTwice {
            amount_minor,
            label,
            ago_ms,
        } => Asked {
            ask: Ask::ChargeTwice,
            amount: style.money(*amount_minor).into(),
            card: label.as_str().into(),
            ago: age(*ago_ms).into(),
            ..Asked::default()
        },
        Question::PartApproval {
            asked_minor,
            approved_minor,
            left_minor,
        } => Asked {
            ask: Ask::PartApproval,
            amount: style.money(*asked_minor).into(),
            approved: style.money(*approved_minor).into(),
            left: style.money(*left_minor).into(),
            ..Asked::default()
        },
    }
}

/// An amount, or nothing if there is none.
fn some_money(amount_minor: i64, style: Style<'_>) -> SharedString {
    if amount_minor == 0 {
        SharedString::new()
    } else {
        style.money(amount_minor).into()
    }
}

/// Which functions can do something now, so that the others look like it.
fn possible(window: &TillWindow, view: &View) {
    let till = window.global::<TillView>();
    let lines = view.basket.lines.iter().any(|line| !line.voided);
    let started = lines || !view.tenders.is_empty();
    let free = view.card.is_none() && !matches!(view.pane, Pane::Question | Pane::Blocked);
    till.set_may_quantity(view.pane == Pane::Ring);
    till.set_may_void_line(free && lines);
    till.set_may_void_sale(free && started);
    till.set_may_park(free && lines && view.tenders.is_empty());
    till.set_may_recall(free && !lines && !view.parked.is_empty());
    till.set_may_cash(free && started);
    till.set_may_card(free && started && view.card_unavailable.is_none());
    till.set_has_last_receipt(free && view.totals.sales > 0);
}

/// A count for the screen, which has no use for more than a few digits.
pub fn small(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
