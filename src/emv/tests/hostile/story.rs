//! One charge, told for whoever looks for the reason of a failure. Test cards only.

use std::fmt::Write;

use crate::{oracle::hex, play::Seen, scene::Scene};

pub fn tell(scene: &Scene<'_>, seen: &Seen) -> String {
    let mut story = format!(
        "card {}, {:?}, {:?}, pad {:?}, host {:?}, terminal {:?}\n",
        scene.profile.name,
        scene.interface,
        scene.charge,
        scene.pad,
        scene.host,
        scene.terminal.kind
    );
    for exchange in &seen.exchanges {
        let (command, delivered) = (hex(&exchange.command), hex(&exchange.delivered));
        writeln!(story, "> {command}\n< {delivered}").expect("a string takes everything");
        if exchange.is_damaged() {
            let genuine = hex(&exchange.genuine);
            writeln!(story, "  was {genuine}").expect("a string takes everything");
        }
    }
    write!(story, "{:#?}", seen.outcome).expect("a string takes everything");
    story
}
