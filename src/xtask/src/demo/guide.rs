//! What a newcomer may try.

use crate::demo::surroundings::Surroundings;
use crate::say;

const TRY: &str = "    The till is open. Things to try:

      ring up      click tiles; or type a name (\"butter\"), then Enter. F1 lists every key
      cash         F12 takes exact cash; F10 shows the amount due and the usual notes
      card         F11, then insert a card from the demo panel: approved, declined, removed too soon
      age          sell a beer: the till asks before it takes money
      park         F9 puts the basket aside, F9 on an empty basket takes it back
      no network   type `collector stop` here, sell on, watch the queue grow;
                   `collector start`, and watch it drain

    Here you can type:  collector stop | collector start | totals | quit
";

/// Prints it.
pub fn print(surroundings: &Surroundings) {
    say::heading("The demo runs");
    say::line(TRY);
    let state = surroundings.state();
    say::note(&format!("collector's page  {}", surroundings.pages()));
    say::note(&format!(
        "receipts          {}",
        state.till().join("receipts").display()
    ));
    say::note(&format!("logs              {}", state.logs().display()));
}
