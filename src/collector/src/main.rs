//! `collector`: serves tills, or makes the certificates that tills and collector need.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use sealpoint_collector::args::{Arguments, Serve};
use sealpoint_collector::commands::{self, Said};
use sealpoint_collector::program::{Collector, StartError};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// A reconciliation that did not match.
const EXIT_UNMATCHED: u8 = 1;
/// Something that the operator can put right.
const EXIT_OPERATOR: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match (arguments.command, arguments.serve) {
        (Some(command), _) => match commands::run(command) {
            Ok(Said::Done(said)) => {
                println!("{said}");
                Ok(())
            }
            Ok(Said::Unmatched(said)) => {
                println!("{said}");
                return ExitCode::from(EXIT_UNMATCHED);
            }
            Err(error) => Err(error),
        },
        (None, Some(mut serve)) => {
            serve.sink = arguments.sink.plan();
            run_collector(&serve)
        }
        // clap shows the help before it comes to this.
        (None, None) => Ok(()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(EXIT_OPERATOR)
        }
    }
}

fn run_collector(serve: &Serve) -> Result<(), StartError> {
    let filter =
        EnvFilter::try_from_env("SEALPOINT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(StartError::Runtime)?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Runtime)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Runtime)?;
        let collector = Collector::start(serve).await?;
        tracing::info!(address = %collector.address(), "listening for tills");
        if let Some(pages) = collector.pages() {
            tracing::info!(address = %pages, "pages on http");
        }
        collector
            .serve(async {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                tracing::info!("finishing what is in flight");
            })
            .await;
        tracing::info!("ended");
        Ok(())
    })
}
