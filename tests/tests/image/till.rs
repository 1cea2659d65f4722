//! A till in a machine, and its retailer: what each test begins with.
//!
//! The first boot is made once for an image: the machine takes up its site, makes its keys, enrols
//! and sells. What is left of it is the machine that the other tests copy and do something to.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use sealpoint_tests::built::target;

use crate::machine::{Chord, Extra, Machine, Reader, Screen, State, Tools};
use crate::office::{Office, machines};

/// What the till is in the shop's network: an address that nobody has to ask for.
pub const NETWORK: &str = "address = \"10.0.2.15/24\"\ngateway = \"10.0.2.2\"";
/// An item of the demo's catalogue, by its barcode.
const ITEM: &str = "2900000012189\n";
/// Rows at the top of the screen, where the clock and the link are.
pub const BAR_ROWS: usize = 56;
/// The till's window has at least so many colours; a console, or firmware, has fewer.
const COLOURS: usize = 40;
/// Two pictures are of the same screen if fewer than this many of a thousand dots differ.
pub const ALIKE: usize = 15;

/// A till that is on, and its retailer.
pub struct Till {
    /// The machine.
    pub machine: Machine,
    /// The retailer.
    pub office: Office,
    folder: PathBuf,
    started: Instant,
}

impl Till {
    /// A machine from the factory, told its site, switched on for the first time.
    pub fn first_boot() -> Self {
        let (tools, image) = (Tools::find(), image());
        let folder = golden();
        let _ = fs::remove_file(folder.join("image.id"));
        let state = State::new(&tools, &folder, &image);
        let mut office = Office::found(&machines().join("golden-office"));
        office.open();
        office.write_site(&state.disk(), 1, NETWORK, "");
        Self::switch_on(&state, office, "first-boot", &Extra::default())
    }

    /// Sells for the first time, and leaves the machine as the one that the other tests copy.
    pub fn becomes_golden(mut self) {
        let first = self.machine.until("the till's window", |machine| {
            let screen = machine.screen();
            looks_like_a_window(&screen).then_some(screen)
        });
        self.until_enrolled();
        let ready = self.until_still(first);
        println!("first boot to the till: {:.0?}", self.started.elapsed());
        self.machine.keep_picture("ready");
        fs::write(self.folder.join("ready.ppm"), ready.ppm()).expect("a folder of this test");
        assert_eq!(self.sold(), 0, "a new till has sold nothing");
        self.sells();
        let sold = self.machine.screen();
        self.until_still(sold);
        self.machine.keep_picture("sold");
        let Self {
            machine,
            office,
            folder,
            ..
        } = self;
        machine.unplug();
        drop(office);
        fs::write(folder.join("image.id"), identity(&image())).expect("a folder of this test");
    }

    /// A copy of the machine after its first sale, off.
    pub fn copy(name: &str) -> (State, Office) {
        if fs::read_to_string(golden().join("image.id")).ok() != Some(identity(&image())) {
            Self::first_boot().becomes_golden();
        }
        let state = State::at(&Tools::find(), &golden()).copy(&machines().join(name));
        let office = Office::copy(
            &machines().join("golden-office"),
            &machines().join(format!("{name}-office")),
        );
        (state, office)
    }

    /// A copy of the machine after its first sale, switched on.
    pub fn start(name: &str, extra: &Extra) -> Self {
        let (state, mut office) = Self::copy(name);
        office.open();
        Self::switch_on(&state, office, name, extra)
    }

    /// The same with a card reader, in which is no card.
    pub fn start_with_reader(name: &str) -> (Self, Reader) {
        let (state, mut office) = Self::copy(name);
        office.open();
        let socket = state.folder().join("reader.sock");
        let extra = Extra {
            words: Reader::words(&socket),
        };
        let till = Self::switch_on(&state, office, name, &extra);
        (till, Reader::plug_in(&socket))
    }

    /// Switches a machine on.
    pub fn switch_on(state: &State, office: Office, name: &str, extra: &Extra) -> Self {
        let started = Instant::now();
        Self {
            machine: Machine::start(state, &evidence(name), extra),
            office,
            folder: state.folder().to_path_buf(),
            started,
        }
    }

    /// Pulls the plug; the retailer goes on.
    pub fn off(self) -> Office {
        self.machine.unplug();
        self.office
    }

    /// Waits until the till is as it was when it was ready for its first customer.
    pub fn until_ready(&mut self) -> Screen {
        let ready = fs::read(golden().join("ready.ppm")).expect("the first boot left it");
        let ready = Screen::read(&ready).expect("a picture");
        let screen = self
            .machine
            .until("the till's window as it was", |machine| {
                let screen = machine.screen();
                (screen.differs_per_mille(&ready, BAR_ROWS) < ALIKE).then_some(screen)
            });
        println!("boot to the till: {:.0?}", self.started.elapsed());
        screen
    }

    /// Whether the screen shows a till now.
    pub fn shows_a_till(&mut self) -> bool {
        let ready = fs::read(golden().join("ready.ppm")).expect("the first boot left it");
        let ready = Screen::read(&ready).expect("a picture");
        self.machine.screen().differs_per_mille(&ready, BAR_ROWS) < 100
    }

    /// Sells one item for cash with the keyboard, and waits until the collector has it.
    pub fn sells(&mut self) {
        let before = self.sold();
        self.rings_up();
        self.machine.press(&Chord::of(&["f12"]));
        self.until_sold(before + 1);
    }

    /// The same where the keyboard may not be there yet: what was typed is typed again until the screen
    /// shows that something came of it.
    pub fn sells_with_patience(&mut self) {
        let before = self.machine.screen();
        self.machine
            .until("a keyboard that the till hears", |machine| {
                machine.type_in(ITEM);
                (machine.screen().differs_per_mille(&before, BAR_ROWS) > ALIKE).then_some(())
            });
        // What it heard first may be half a number, which it says.
        self.machine.press(&Chord::of(&["esc"]));
        self.sells();
    }

    /// Puts one item into the basket, as a scanner that is a keyboard would.
    pub fn rings_up(&mut self) {
        self.machine.type_in(ITEM);
    }

    /// Waits until the collector has so many sales of it.
    pub fn until_sold(&mut self, sales: u64) {
        let office = &self.office;
        self.machine.until("the sale at the collector", |_| {
            (sold(office) == sales).then_some(())
        });
    }

    /// When it was switched on, milliseconds since the Unix epoch.
    pub fn since_ms(&self) -> u64 {
        let since = SystemTime::now() - self.started.elapsed();
        let since = since.duration_since(SystemTime::UNIX_EPOCH);
        u64::try_from(since.expect("after 1970").as_millis()).expect("some centuries")
    }

    /// How many sales the collector has of it.
    pub fn sold(&self) -> u64 {
        sold(&self.office)
    }

    fn until_enrolled(&mut self) {
        let office = &self.office;
        self.machine
            .until("the till's enrolment at the collector", |_| {
                let tills = office.tills();
                let list = tills["tills"].as_array()?;
                (!list.is_empty()).then_some(())
            });
    }

    /// Waits until the window has stood as it is for some time: what was loaded is loaded.
    pub fn until_still(&mut self, first: Screen) -> Screen {
        const STILL: Duration = Duration::from_secs(8);
        let (mut last, mut since) = (first, Instant::now());
        self.machine.until("a window that stands still", |machine| {
            let screen = machine.screen();
            if screen.differs_per_mille(&last, BAR_ROWS) > 1 {
                (last, since) = (screen, Instant::now());
                return None;
            }
            (since.elapsed() > STILL).then_some(screen)
        })
    }

    /// Waits until the window is clearly another one.
    pub fn until_other_than(&mut self, before: &Screen) {
        const OTHER_PER_MILLE: usize = 50;
        self.machine.until("another window", |machine| {
            let other = machine.screen().differs_per_mille(before, BAR_ROWS);
            (other > OTHER_PER_MILLE).then_some(())
        });
    }
}

/// Whether this may be a till's window, and is no console's text or firmware's.
pub fn looks_like_a_window(screen: &Screen) -> bool {
    screen.colours() >= COLOURS && screen.black_per_mille() < 500
}

fn sold(office: &Office) -> u64 {
    let till = office.till();
    till.and_then(|till| till["sales"].as_u64()).unwrap_or(0)
}

/// Where what a test saw is kept.
pub fn evidence(name: &str) -> PathBuf {
    target().join("image/evidence").join(name)
}

fn golden() -> PathBuf {
    machines().join("golden")
}

/// The image under test: the one that `SEALPOINT_IMAGE` names, or the newest that was built.
pub fn image() -> PathBuf {
    let folder = target().join("image/out");
    if let Ok(name) = std::env::var("SEALPOINT_IMAGE") {
        return folder.join(format!("{name}.raw"));
    }
    let files = fs::read_dir(&folder).into_iter().flatten().flatten();
    files
        .map(|file| file.path())
        .filter(|path| is_image(path))
        .max_by_key(|path| fs::metadata(path).and_then(|about| about.modified()).ok())
        .unwrap_or_else(|| {
            panic!(
                "there is no image in {}: run `cargo xtask image` first",
                folder.display()
            )
        })
}

fn is_image(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| {
        name.starts_with("sealpoint_") && name.ends_with(".raw") && name.matches('.').count() <= 3
    })
}

/// What tells one build of an image from another.
fn identity(image: &Path) -> String {
    let about = fs::metadata(image).expect("the image is there");
    format!("{} {} {}", image.display(), about.size(), about.mtime())
}
