//! Start to first painted frame, seen from outside: on a display in memory whose pixels are a file.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::bench::{Table, memory, millis};
use crate::demo::Surroundings;
use crate::interrupt;
use crate::process::{Process, Recipe};

/// The display: number, size and depth.
const SCREEN: &str = "1920x1080x24";
/// How often to look at its pixels.
const LOOK: Duration = Duration::from_millis(4);
/// A window takes at most this long.
const LONGEST: Duration = Duration::from_secs(60);
/// Two colours are a blank window on an empty display; more are a painted one.
const COLOURS: usize = 8;
/// Every so many pixels are looked at.
const STRIDE: usize = 97;
/// How many warm starts are measured.
const STARTS: usize = 5;

/// Measures a cold start, if the kernel lets go of its caches for us, and warm ones.
///
/// # Errors
/// If the display or the till does not start.
pub fn measure(programs: &Path, around: &Surroundings, table: &mut Table) -> Result<(), String> {
    let logs = around.state().logs();
    let pixels = logs.join("Xvfb_screen0");
    let port_file = logs.join("display");
    // The display says its number on the file that it inherits as standard output.
    let number = fs::File::create(&port_file).map_err(|error| error.to_string())?;
    let mut recipe = Recipe::server("Xvfb", "Xvfb".into(), logs).with([
        "-displayfd",
        "1",
        "-screen",
        "0",
        SCREEN,
        "-nolisten",
        "tcp",
        "-fbdir",
        &logs.display().to_string(),
    ]);
    recipe.output = Some(number.into());
    let mut display = Process::start(recipe)?;
    let number = display.wait_for_file(&port_file)?;

    if fs::write("/proc/sys/vm/drop_caches", "3").is_ok() {
        let took = start(programs, around, &number, &pixels, None)?;
        table.row("start to first painted frame, cold", &millis(took));
    }
    let mut warm = Vec::new();
    for nth in 1..=STARTS {
        let into = (nth == STARTS).then_some(&mut *table);
        warm.push(start(programs, around, &number, &pixels, into)?);
    }
    warm.sort_unstable();
    let median = warm.get(STARTS / 2).copied().unwrap_or_default();
    table.row("start to first painted frame, warm, p50", &millis(median));
    Ok(())
}

/// One start, and the memory of the window's processes if asked.
fn start(
    programs: &Path,
    around: &Surroundings,
    display: &str,
    pixels: &Path,
    memory: Option<&mut Table>,
) -> Result<Duration, String> {
    let state = around.state();
    let mut recipe = Recipe::server("till", programs.join("till"), state.logs())
        .with(["--state", &state.till().display().to_string()]);
    recipe.display = Some(format!(":{display}"));
    let began = Instant::now();
    let mut till = Process::start(recipe)?;
    while !is_painted(pixels) {
        if till.has_ended() {
            return Err(till.last_words());
        }
        if interrupt::has_come() || began.elapsed() > LONGEST {
            return Err("No window was painted. The till's log says more.".to_owned());
        }
        thread::sleep(LOOK);
    }
    let took = began.elapsed();
    if let Some(table) = memory {
        // The card process and the uplink have said hello by then.
        thread::sleep(Duration::from_secs(1));
        memory::measure("till, with its window", till.pid(), table)?;
    }
    till.stop();
    while is_painted(pixels) && !interrupt::has_come() {
        thread::sleep(LOOK);
    }
    Ok(took)
}

/// Whether the display shows more than a blank window. The file is an X window dump (XWD) whose
/// pixels of four bytes follow a head that is small beside them.
fn is_painted(pixels: &Path) -> bool {
    let Ok(dump) = fs::read(pixels) else {
        return false;
    };
    let colours: BTreeSet<&[u8]> = dump.chunks_exact(4).skip(4096).step_by(STRIDE).collect();
    colours.len() >= COLOURS
}
