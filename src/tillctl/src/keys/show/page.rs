//! The page for people: 80 columns, what is wrong first.

use std::fmt::Write;

use sealpoint_wire::{Currency, OfflinePolicy, status::KeySource};

use super::{Shown, keys::KeyShown};

/// Columns of a page.
const COLUMNS: usize = 80;

pub(super) fn write(shown: &Shown) -> String {
    let mut page = Page::default();
    match &shown.cannot_charge {
        Some(why) => page.wrapped("", why),
        None => page.line(&format!(
            "Cards can be charged, as far as keys go; they are sealed by {}.",
            shown.sealing
        )),
    }
    for warning in &shown.warnings {
        page.wrapped("! ", warning);
    }
    page.line("");
    page.line(&format!("Folder       {}", shown.folder));
    match &shown.root {
        Some(root) => {
            page.line(&format!("Root key     {}", root.id));
            page.line(&format!("             fingerprint {}", root.fingerprint));
        }
        None => page.line("Root key     none"),
    }
    match &shown.manifest {
        Some(manifest) => page.line(&format!(
            "Manifest     version {} of {}",
            manifest.version, manifest.issued
        )),
        None => page.line("Manifest     none that counts"),
    }
    if let Some(next) = shown.manifest.as_ref().and_then(|it| it.next_root.as_ref()) {
        page.line(&format!("Next root    {next}"));
    }
    match shown.manifest.as_ref().map(|it| it.offline.as_ref()) {
        Some(Some(policy)) => page.offline(policy),
        Some(None) => page.line("Offline      never: each charge needs its issuer"),
        None => {}
    }
    page.line(&format!(
        "Storage key  {}",
        match shown.storage_key {
            Some(KeySource::Credential) => "the system's credential",
            Some(KeySource::File) => "a file in the folder",
            None => "none",
        }
    ));
    if let Some(list) = &shown.hot_list {
        page.line(&format!(
            "Hot list     version {} of {}, {} cards",
            list.version, list.issued, list.cards
        ));
    }
    page.line("");
    if shown.keys.is_empty() {
        page.line("No keys.");
    }
    for key in &shown.keys {
        page.key(key, &shown.today);
    }
    page.0
}

/// An amount that is not negative, with its currency.
fn amount(minor: i64, currency: Currency) -> String {
    let width = usize::from(currency.exponent());
    let digits = format!("{minor:0>least$}", least = width + 1);
    match digits.split_at_checked(digits.len().saturating_sub(width)) {
        Some((whole, part)) if !part.is_empty() => format!("{whole}.{part} {}", currency.alpha()),
        _ => format!("{digits} {}", currency.alpha()),
    }
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn key(&mut self, key: &KeyShown, today: &str) {
        self.line(&format!(
            "{:<32} {:<20} {}",
            key.id,
            key.kind,
            key.state.replace('_', " ")
        ));
        if let (Some(from), Some(until)) = (&key.valid_from, &key.valid_until) {
            self.line(&format!(
                "  valid from {from} until {until} (today {today})"
            ));
        }
        if let Some(why) = &key.revoked {
            self.wrapped("  revoked: ", why);
        }
        if let Some(value) = &key.check_value {
            let place = if key.loaded { "loaded" } else { "not loaded" };
            self.line(&format!("  check value {value}, {place}"));
        }
        if let (Some(id), Some(counter), Some(remaining)) =
            (&key.initial_key_id, key.counter, key.remaining)
        {
            self.line(&format!(
                "  initial key {id}, counter {counter}, {remaining} left"
            ));
        }
    }

    /// What may be charged without the issuer.
    fn offline(&mut self, policy: &OfflinePolicy) {
        let money = |minor| amount(minor, policy.currency);
        self.line(&format!(
            "Offline      up to {} a charge, {} the till",
            money(policy.per_sale_minor),
            money(policy.per_till_minor)
        ));
        self.line(&format!(
            "             a card and day {}, {} charges",
            money(policy.per_card_day_minor),
            policy.per_card_day_count
        ));
        self.line(&format!(
            "             at most {} charges for at most {} hours",
            policy.max_records, policy.max_hours
        ));
        self.line(match policy.deferred {
            true => "             also where the card wants its issuer",
            false => "             where the card itself approves",
        });
    }

    /// A text in lines of at most [`COLUMNS`], the later ones indented under the first.
    fn wrapped(&mut self, before: &str, text: &str) {
        let mut line = before.to_owned();
        for word in text.split_whitespace() {
            if line.chars().count() + word.chars().count() > COLUMNS && line.trim() != "" {
                self.line(line.trim_end());
                line = "  ".to_owned();
            }
            line.push_str(word);
            line.push(' ');
        }
        self.line(line.trim_end());
    }

    fn line(&mut self, text: &str) {
        // Writing to a string cannot fail.
        let _written = writeln!(self.0, "{text}");
    }
}
