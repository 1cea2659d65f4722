//! `lane`: the card process of a till.

mod lock_down;

use std::{
    env,
    io::Write,
    process::{self, ExitCode},
};

use sealpoint_lane::{
    Args, Lane, ReaderChoice, SetUp,
    args::{Asked, USAGE},
    last_act::wiped_or,
    logging,
    reader::{Bounded, CALL_TIMEOUT, PcscReader, Reader},
    till::{self, Till},
};
use sealpoint_shield::{EXIT_REFUSED, clean, report};

/// Exit code for a command line or a start that cannot be right.
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    let args = match Asked::parse(env::args_os().skip(1)) {
        Ok(Asked::Run(args)) => args,
        Ok(Asked::Help) => return said(&mut std::io::stdout(), USAGE, ExitCode::SUCCESS),
        Err(error) => return misused(&error.to_string()),
    };
    let cleaned = match clean::begin_with(lock_down::environment(args.production), clean::SMALL) {
        Ok(cleaned) => cleaned,
        Err(error) => return misused(&error.to_string()),
    };
    logging::start();
    let posture = match lock_down::lane(&args, cleaned) {
        Ok(posture) => posture,
        Err(refused) => {
            report(refused.posture());
            tracing::error!("{refused}");
            let why = refused.to_string();
            if let Err(error) = till::refuse(&why, refused.posture().clone()) {
                tracing::warn!(%error, "the till was not told");
            }
            return ExitCode::from(EXIT_REFUSED);
        }
    };
    report(&posture);
    // From here on there are threads.
    let till = match Till::on_stdin() {
        Ok(till) => till,
        Err(_) => {
            return misused(
                "Standard input is not the till's socket. Start `till`; it starts its lane itself.",
            );
        }
    };
    let serve = || lane(args, till).protected(posture).run();
    match wiped_or(serve, end) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// How the process ends by a defect.
#[expect(
    clippy::disallowed_methods,
    reason = "everything was dropped, and so wiped, before this is called"
)]
fn end<T>() -> T {
    process::abort()
}

fn lane(args: Args, till: Till) -> Lane {
    let reader: Box<dyn Reader> = match args.reader {
        ReaderChoice::Pcsc(name) => Box::new(Bounded::new(PcscReader::new(name), CALL_TIMEOUT)),
        #[cfg(feature = "demo")]
        ReaderChoice::Virtual(socket) => {
            Box::new(sealpoint_lane::reader::VirtualReader::new(socket))
        }
    };
    Lane::new(
        till,
        reader,
        SetUp::new(&args.keys, args.profile).in_production(args.production),
        args.terminal,
    )
}

fn misused(sentence: &str) -> ExitCode {
    said(
        &mut std::io::stderr(),
        &format!("lane: {sentence}"),
        ExitCode::from(MISUSED),
    )
}

fn said(to: &mut dyn Write, text: &str, code: ExitCode) -> ExitCode {
    // Nobody is left to tell if this fails.
    let _told = writeln!(to, "{text}");
    code
}
