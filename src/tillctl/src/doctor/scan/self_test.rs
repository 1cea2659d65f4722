//! Shows that the search finds: a made-up number is planted in every form, in a file and in the memory
//! of a child, and looked for as the others are. A search that cannot find proves nothing.

use std::{
    collections::{BTreeSet, hash_map::RandomState},
    env,
    fs::{File, OpenOptions, remove_file},
    hash::{BuildHasher, Hasher},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use sealpoint_secret::{Pan, SecretBytes};
use zeroize::Zeroizing;

use super::{
    args::SCAN,
    cards::Wanted,
    memory,
    report::SelfTest,
    search::{Found, PIECE, Search},
};
use crate::{exit::Exit, fault::Fault};

/// Leading digits that no card has: ISO/IEC 7812-1 gives them to nobody.
const NOBODYS: u64 = 9_999_990_000_000_000;
/// Numbers that follow them.
const LAST_DIGITS: u64 = 10_000_000_000;
/// Bytes between two plants.
const GAP: [u8; 8] = [0; 8];
/// What is planted in a child, at most.
const MAX_PLANTS: usize = 4 * PIECE;
/// What the child says once it holds everything.
const HELD: &[u8] = b"held\n";

/// A number that no card has, another one in each run.
pub fn made_up() -> Result<Wanted, Fault> {
    let random = RandomState::new().build_hasher().finish() % LAST_DIGITS;
    let digits = Zeroizing::new((NOBODYS + random).to_string());
    Pan::from_digits(digits.as_bytes())
        .map(Wanted::Card)
        .map_err(|_| Fault::misused("A number to plant cannot be made up."))
}

/// Plants the wanted thing with that index and looks for it.
pub fn run(search: &Search, what: usize) -> SelfTest {
    let mine = |needle: &&super::forms::Needle| needle.what == what;
    let mut test = SelfTest {
        planted: search.needles().iter().filter(mine).count(),
        ..SelfTest::default()
    };
    let mut plants = Zeroizing::new(Vec::with_capacity(MAX_PLANTS));
    // The first lies across the border of two pieces.
    plants.resize(PIECE - 3, b'.');
    for needle in search.needles().iter().filter(mine) {
        plants.extend_from_slice(&needle.example());
        plants.extend_from_slice(&GAP);
    }
    test.found_in_file = in_file(search, &plants, what).unwrap_or(0);
    match in_memory(search, &plants, what) {
        Ok(found) => test.found_in_memory = found,
        Err(why) => {
            test.memory_obstacle = Some(format!(
                "The memory of a child of this program cannot be searched ({why}), so no memory can \
                 be. Run as root."
            ));
        }
    }
    test
}

/// Counts which needles of one thing are found.
struct Tally<'a> {
    search: &'a Search,
    what: usize,
    seen: BTreeSet<usize>,
}

impl<'a> Tally<'a> {
    fn new(search: &'a Search, what: usize) -> Self {
        Self {
            search,
            what,
            seen: BTreeSet::new(),
        }
    }

    fn note(&mut self, hit: &Found) {
        let index = hit.needle.filter(|index| {
            let needle = self.search.needles().get(*index);
            needle.is_some_and(|needle| needle.what == self.what)
        });
        self.seen.extend(index);
    }
}

fn in_file(search: &Search, plants: &[u8], what: usize) -> io::Result<usize> {
    let planted = Planted::write(plants)?;
    let mut tally = Tally::new(search, what);
    search.read(File::open(&planted.path)?, false, &mut |hit| {
        tally.note(&hit);
    })?;
    Ok(tally.seen.len())
}

/// A file that is gone when dropped.
struct Planted {
    path: PathBuf,
}

impl Planted {
    fn write(plants: &[u8]) -> io::Result<Self> {
        let path = env::temp_dir().join(format!("tillctl-self-test-{}", std::process::id()));
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        let planted = Self { path };
        file.write_all(plants)?;
        Ok(planted)
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        // Nobody is left to tell; the number is nobody's.
        let _gone = remove_file(&self.path);
    }
}

fn in_memory(search: &Search, plants: &[u8], what: usize) -> io::Result<usize> {
    let child = Command::new(env::current_exe()?)
        .args(["doctor", SCAN, "--hold"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut holder = Holder(child);
    let pid = holder.0.id();
    let mut input = holder.0.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    input.write_all(&(plants.len() as u64).to_be_bytes())?;
    input.write_all(plants)?;
    let mut output = holder.0.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut said = [0; HELD.len()];
    output.read_exact(&mut said)?;
    let mut tally = Tally::new(search, what);
    memory::pass(search, pid, &mut |_, hit| tally.note(&hit))?;
    Ok(tally.seen.len())
}

/// A child that ends when it is dropped.
struct Holder(Child);

impl Drop for Holder {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _killed = self.0.kill();
        let _waited = self.0.wait();
    }
}

/// What the child does: holds what it is given until its input ends.
pub fn hold() -> Result<Exit, Fault> {
    let mut input = io::stdin().lock();
    let broken = |_| Fault::misused("The search that this program was to help has ended.");
    let mut length = [0; 8];
    input.read_exact(&mut length).map_err(broken)?;
    let length = usize::try_from(u64::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > MAX_PLANTS {
        return Err(Fault::misused("There is too much to hold."));
    }
    let mut held = SecretBytes::with_bound(length);
    held.fill(|room| input.read_exact(room).map(|()| length))
        .map_err(broken)?;
    let mut output = io::stdout();
    output
        .write_all(HELD)
        .and_then(|()| output.flush())
        .map_err(broken)?;
    // Until the search lets go.
    let _end = input.read(&mut [0]);
    Ok(if held.is_empty() {
        Exit::Misused
    } else {
        Exit::Approved
    })
}
