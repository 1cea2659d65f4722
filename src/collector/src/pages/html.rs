//! The overview page: text and style, no script.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sealpoint_sale::Money;

use crate::store::{AlarmView, AttestedView, DayView, SaleView, TerminalView, WorkItem};

const STYLE: &str = include_str!("style.css");
/// Seconds between two looks.
const REFRESH: u32 = 2;

/// What the overview shows.
pub(super) struct Overview {
    pub(super) terminals: Vec<TerminalView>,
    pub(super) attested: Vec<AttestedView>,
    pub(super) work: Vec<WorkItem>,
    pub(super) alarms: Vec<AlarmView>,
    pub(super) days: Vec<DayView>,
    pub(super) sales: Vec<SaleView>,
}

pub(super) fn overview(shown: &Overview, now: Timestamp) -> String {
    let mut page = Page::default();
    page.put(format_args!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"refresh\" content=\"{REFRESH}\">\n\
         <title>Sealpoint collector</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header><h1>Collector</h1><p class=\"aside\">as of {}, refreshed every {REFRESH} s</p>\
         <p class=\"aside\"><a href=\"/openapi.json\">OpenAPI document</a> \
         <a href=\"/metrics\">metrics</a></p></header>\n<main>\n",
        time(now)
    ));
    page.terminals(&shown.terminals);
    page.attested(&shown.attested, now.as_millisecond());
    page.work(&shown.work);
    page.alarms(&shown.alarms);
    page.days(&shown.days);
    page.sales(&shown.sales);
    page.put(format_args!("</main>\n</body>\n</html>\n"));
    page.0
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn put(&mut self, content: std::fmt::Arguments<'_>) {
        self.0
            .write_fmt(content)
            .expect("a String takes everything");
    }

    fn terminals(&mut self, terminals: &[TerminalView]) {
        self.put(format_args!("<h2>Tills</h2>\n"));
        if terminals.is_empty() {
            self.put(format_args!(
                "<p class=\"aside\">No till has sent a sale yet.</p>\n"
            ));
            return;
        }
        self.put(format_args!("<div class=\"cards\">\n"));
        for view in terminals {
            let sums = &view.summary;
            let amount = |minor| amount(minor, &view.currency);
            self.put(format_args!(
                "<section class=\"card\"><h3>{}</h3><p class=\"total\">{}</p>\
                 <dl><dt>cash</dt><dd>{}</dd><dt>card</dt><dd>{}</dd><dt>sales</dt><dd>{}</dd>\
                 <dt>voided</dt><dd>{}</dd><dt>complete up to record</dt><dd>{}</dd></dl>\
                 </section>\n",
                escape(sums.terminal.as_str()),
                amount(sums.total_minor),
                amount(sums.cash_minor),
                amount(sums.card_minor),
                sums.sales,
                sums.voided,
                sums.contiguous_seq,
            ));
        }
        self.put(format_args!("</div>\n"));
    }

    fn attested(&mut self, tills: &[AttestedView], now_ms: i64) {
        if tills.is_empty() {
            return;
        }
        self.put(format_args!(
            "<h2>What tills run</h2>\n<div class=\"table\"><table><thead><tr><th>till</th>\
             <th>verdict</th><th>image</th><th>said</th><th>why</th></tr></thead><tbody>\n"
        ));
        for till in tills {
            let verdict = till.standing(now_ms);
            let (class, mark) = if verdict == "trusted" {
                ("good", '\u{2713}')
            } else {
                ("bad", '\u{26a0}')
            };
            self.put(format_args!(
                "<tr><td>{}</td><td class=\"{class}\">{mark} {}</td><td>{}</td><td>{}</td>\
                 <td class=\"what\">{}</td></tr>\n",
                escape(&till.terminal),
                escape(&verdict.replace('_', " ")),
                escape(till.image.as_deref().unwrap_or("-")),
                at(till.verdict_ms),
                escape(&till.why),
            ));
        }
        self.put(format_args!("</tbody></table></div>\n"));
    }

    fn work(&mut self, items: &[WorkItem]) {
        if items.is_empty() {
            return;
        }
        self.put(format_args!(
            "<h2>Work for a person</h2>\n<div class=\"table\"><table><thead><tr>\
             <th class=\"number\">no.</th><th>since</th><th>till</th><th>about</th>\
             <th>what is to be done</th><th class=\"number\">amount</th></tr></thead><tbody>\n"
        ));
        for item in items {
            let amount = match (item.amount_minor, &item.currency) {
                (Some(minor), Some(currency)) => amount(minor, currency),
                _ => String::new(),
            };
            self.put(format_args!(
                "<tr><td class=\"number\">{}</td><td>{}</td><td>{}</td><td>{}</td>\
                 <td class=\"what bad\">\u{26a0} {}</td><td class=\"number\">{amount}</td></tr>\n",
                item.number,
                at(item.opened_ms),
                escape(&item.terminal),
                escape(&item.subject),
                escape(&item.what),
            ));
        }
        self.put(format_args!("</tbody></table></div>\n"));
    }

    fn days(&mut self, days: &[DayView]) {
        if days.is_empty() {
            return;
        }
        self.put(format_args!(
            "<h2>Reconciliation</h2>\n<div class=\"table\"><table><thead><tr><th>day</th>\
             <th class=\"number\">matched</th><th class=\"number\">not matched</th><th>made</th>\
             </tr></thead><tbody>\n"
        ));
        for day in days {
            let (class, mark) = if day.unmatched == 0 {
                ("good", '\u{2713}')
            } else {
                ("bad", '\u{26a0}')
            };
            self.put(format_args!(
                "<tr><td><a href=\"/reconciliation/{0}\">{0}</a></td><td class=\"number\">{1}</td>\
                 <td class=\"number {class}\">{mark} {2}</td><td>{3}</td></tr>\n",
                escape(&day.day),
                day.matched,
                day.unmatched,
                at(day.made_ms),
            ));
        }
        self.put(format_args!("</tbody></table></div>\n"));
    }

    fn alarms(&mut self, alarms: &[AlarmView]) {
        self.put(format_args!("<h2>Alarms</h2>\n"));
        if alarms.is_empty() {
            self.put(format_args!("<p class=\"good\">\u{2713} No alarms.</p>\n"));
            return;
        }
        self.put(format_args!(
            "<div class=\"table\"><table><thead><tr><th>last</th><th>till</th><th>about</th>\
             <th>what happened</th><th class=\"number\">times</th></tr></thead><tbody>\n"
        ));
        for alarm in alarms {
            self.put(format_args!(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"what bad\">\u{26a0} {}</td>\
                 <td class=\"number\">{}</td></tr>\n",
                at(alarm.last_ms),
                escape(&alarm.terminal),
                escape(&alarm.subject),
                escape(&alarm.what),
                alarm.times,
            ));
        }
        self.put(format_args!("</tbody></table></div>\n"));
    }

    fn sales(&mut self, sales: &[SaleView]) {
        self.put(format_args!("<h2>Last sales</h2>\n"));
        if sales.is_empty() {
            self.put(format_args!("<p class=\"aside\">None yet.</p>\n"));
            return;
        }
        self.put(format_args!(
            "<div class=\"table\"><table><thead><tr><th>sold</th><th>till</th>\
             <th class=\"number\">receipt</th><th></th><th class=\"number\">cash</th>\
             <th class=\"number\">card</th><th class=\"number\">total</th></tr></thead><tbody>\n"
        ));
        for sale in sales {
            let amount = |minor| amount(minor, &sale.currency);
            let kind = if sale.kind == "voided_sale" {
                "voided"
            } else {
                "paid"
            };
            self.put(format_args!(
                "<tr><td>{}</td><td>{}</td><td class=\"number\">{}</td><td>{kind}</td>\
                 <td class=\"number\">{}</td><td class=\"number\">{}</td>\
                 <td class=\"number\">{}</td></tr>\n",
                at(sale.at_ms),
                escape(&sale.terminal),
                sale.receipt_no,
                amount(sale.cash_minor),
                amount(sale.card_minor),
                amount(sale.total_minor),
            ));
        }
        self.put(format_args!("</tbody></table></div>\n"));
    }
}

/// An amount with its currency; a currency that is not known shows plain minor units.
fn amount(minor: i64, currency: &str) -> String {
    match currency.parse() {
        Ok(known) => format!("{} {}", Money::new(minor, known), escape(currency)),
        Err(_) => format!("{minor} minor units"),
    }
}

fn at(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| "at no known time".to_owned(), time)
}

/// Date and time in this machine's time zone.
fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}
