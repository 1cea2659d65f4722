//! The tables `[[application]]`.

use super::{
    contactless,
    error::ProfileError,
    section::{Entry, Section},
};
use crate::{
    aid::Aid,
    dol,
    store::Store,
    tag,
    terminal::{ActionCodes, Application, RandomSelection, TerminalData},
    verification::Tvr,
};

pub(super) const KEYS: [&str; 12] = [
    "aid",
    "name",
    "partial",
    "version",
    "floor_limit_minor",
    "random",
    "tac_denial",
    "tac_online",
    "tac_default",
    "default_ddol",
    "default_tdol",
    "contactless",
];
pub(super) const RANDOM_KEYS: [&str; 3] =
    ["threshold_minor", "target_percent", "max_target_percent"];

/// Applications that a profile may have.
const MAX_APPLICATIONS: usize = 32;
/// Largest share of random selection, percent (Book 3 §10.6.2).
const MAX_PERCENT: u8 = 99;
/// Bytes of a DOL: as many as one data element.
const DOL: core::ops::RangeInclusive<usize> = 2..=252;
/// Tag and whole length of the unpredictable number, as a DOL asks for it.
const WHOLE_UNPREDICTABLE: [u8; 3] = [0x9F, 0x37, 0x04];

const TABLES: &str = "write 1 to 32 tables [[application]]";
const TAC: &str = "write 10 hexadecimal digits: the TVR bits that lead there";
const MINOR: &str = "write an amount in minor units, 0 to 4294967295";
const DDOL: &str =
    "write a list of tags and lengths that asks for the unpredictable number: 9F3704";
const TDOL: &str = "write a list of tags and lengths, such as 9F02065F2A029A039C0195059F3704";
const RANDOM: &str =
    "write { threshold_minor = 5000, target_percent = 20, max_target_percent = 50 }";

/// All applications of a terminal that is otherwise read.
pub(super) fn read_all(
    top: &Section<'_>,
    terminal: &TerminalData,
) -> Result<Vec<Application>, ProfileError> {
    let list = top.entry("application", TABLES)?;
    let tables = top.tables("application", MAX_APPLICATIONS, &KEYS, TABLES)?;
    list.check(!tables.is_empty(), "is empty", TABLES)?;
    let mut applications: Vec<Application> = Vec::with_capacity(tables.len());
    for table in tables {
        let application = read(&table, terminal)?;
        let known = applications.iter().any(|one| one.aid == application.aid);
        table
            .entry("aid", AID)?
            .check(!known, "is there already", "write each AID once")?;
        applications.push(application);
    }
    Ok(applications)
}

const AID: &str = "write 10 to 32 hexadecimal digits";

fn read(table: &Section<'_>, terminal: &TerminalData) -> Result<Application, ProfileError> {
    let aid_entry = table.entry("aid", AID)?;
    let aid = Aid::from_slice(&aid_entry.hex_bytes(5..=16)?)
        .map_err(|_| aid_entry.wrong("is too short or too long", AID))?;
    let name = table.entry("name", "write 1 to 16 printable ASCII characters")?;
    let partial = table.entry("partial", "write true or false")?;
    let version = table.entry("version", "write 4 hexadecimal digits")?;
    let floor_limit_minor = table
        .entry("floor_limit_minor", MINOR)?
        .number(0..=u32::MAX)?;
    let actions = ActionCodes {
        denial: action_code(table, "tac_denial")?,
        online: action_code(table, "tac_online")?,
        default: action_code(table, "tac_default")?,
    };
    let random = table.optional("random", RANDOM);
    let contactless = table.optional("contactless", "write a table [application.contactless]");
    Ok(Application {
        name: name.printable(1..=16)?.to_owned(),
        partial: partial.flag()?,
        version: version.hex()?,
        floor_limit_minor,
        random: random.map_or(Ok(RandomSelection::default()), |entry| {
            read_random(&entry, floor_limit_minor)
        })?,
        actions,
        default_ddol: table
            .optional("default_ddol", DDOL)
            .map_or(Ok(Vec::new()), |entry| read_ddol(&entry))?,
        default_tdol: table
            .optional("default_tdol", TDOL)
            .map_or(Ok(Vec::new()), |entry| read_dol(&entry, TDOL))?,
        contactless: contactless
            .map(|entry| contactless::read(&entry, &aid, terminal))
            .transpose()?,
        aid,
    })
}

/// Five bytes of TVR bits. A bit that no TVR has is kept and changes nothing.
fn action_code(table: &Section<'_>, name: &str) -> Result<Tvr, ProfileError> {
    Ok(Tvr::from_bytes(table.entry(name, TAC)?.hex()?))
}

/// Random selection (Book 3 §10.6.2).
fn read_random(entry: &Entry<'_>, floor_limit_minor: u32) -> Result<RandomSelection, ProfileError> {
    let table = entry.table(&RANDOM_KEYS)?;
    let percent = "write a share in percent, 0 to 99";
    let threshold = table.entry("threshold_minor", MINOR)?;
    let target = table.entry("target_percent", percent)?;
    let most = table.entry("max_target_percent", percent)?;
    let random = RandomSelection {
        threshold_minor: threshold.number(0..=u32::MAX)?,
        target_percent: target.number(0..=MAX_PERCENT)?,
        max_target_percent: most.number(0..=MAX_PERCENT)?,
    };
    threshold.check(
        random.threshold_minor < floor_limit_minor,
        "is not below the floor limit, so nothing would be selected by it",
        "write less than `floor_limit_minor`, or take `random` away",
    )?;
    most.check(
        random.max_target_percent >= random.target_percent,
        "is less than the share of small amounts",
        "write `target_percent` or more",
    )?;
    Ok(random)
}

/// The default DDOL must ask for the whole unpredictable number (Book 2 §6.5.1).
fn read_ddol(entry: &Entry<'_>) -> Result<Vec<u8>, ProfileError> {
    let list = read_dol(entry, DDOL)?;
    let whole = dol::asks_for(&list, tag::UNPREDICTABLE)
        && list
            .windows(WHOLE_UNPREDICTABLE.len())
            .any(|part| part == WHOLE_UNPREDICTABLE);
    entry.check(
        whole,
        "does not ask for the four bytes of the unpredictable number",
        DDOL,
    )?;
    Ok(list)
}

fn read_dol(entry: &Entry<'_>, form: &str) -> Result<Vec<u8>, ProfileError> {
    let list = entry.hex_bytes(DOL)?;
    match dol::build(&list, &Store::default()) {
        Ok(_) => Ok(list),
        Err(error) => Err(entry.wrong(&format!("is no data object list: {error}"), form)),
    }
}
