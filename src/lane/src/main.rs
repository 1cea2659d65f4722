//! `lane`: the card process of a till.

use std::{env, io::Write, process::ExitCode};

use sealpoint_lane::{
    Args, Lane, ReaderChoice, SetUp,
    args::{Asked, USAGE},
    logging,
    reader::{Bounded, CALL_TIMEOUT, PcscReader, Reader},
    till::Till,
};

/// Exit code for a command line or a start that cannot be right.
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    let args = match Asked::parse(env::args_os().skip(1)) {
        Ok(Asked::Run(args)) => args,
        Ok(Asked::Help) => return said(&mut std::io::stdout(), USAGE, ExitCode::SUCCESS),
        Err(error) => return misused(&error.to_string()),
    };
    let till = match Till::on_stdin() {
        Ok(till) => till,
        Err(_) => {
            return misused(
                "Standard input is not the till's socket. Start `till`; it starts its lane itself.",
            );
        }
    };
    logging::start();
    match lane(args, till).run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
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
        SetUp::new(&args.keys, args.profile),
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
