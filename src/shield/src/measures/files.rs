//! Walls around files, TCP ports, signals and nameless sockets (landlock(7)).
//!
//! What Landlock does not know stays what the user's rights and the list of system calls make it:
//! looking whether a file is there and how large it is, UDP, Unix sockets by name.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, NetPort,
    PathBeneath, PathFd, RestrictionStatus, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
    RulesetStatus, Scope,
};
use sealpoint_wire::posture::{Achieved, Measure, Reach};

use super::achieved;
use crate::plan::Plan;

/// The newest rights that were tried; older kernels enforce what they know of them.
const KNOWN: ABI = ABI::V7;
/// From here on truncating is a right (Linux 6.2).
const TRUNCATING: i32 = 3;
/// From here on TCP ports are (Linux 6.7).
const PORTS: i32 = 4;
/// Names of paths that were not there, in a detail.
const MAX_NAMED: usize = 3;

/// What the kernel put up.
pub(crate) struct Walls {
    /// The version of Landlock that it knows, 0 without.
    version: i32,
    /// Paths that were left out, since nothing was there.
    absent: Vec<PathBuf>,
    /// Why there are none, if so.
    trouble: Option<String>,
}

/// Keeps the calling thread, and all that it starts, to the plan's files and ports from now on.
pub(crate) fn wall_in(plan: &Plan) -> Walls {
    let mut absent = Vec::new();
    let (version, trouble) = match enforce(plan, &mut absent) {
        Ok(status) => (version(&status), None),
        Err(error) => (0, Some(error.to_string())),
    };
    Walls {
        version,
        absent,
        trouble,
    }
}

impl Walls {
    /// How far files are walled off.
    pub(crate) fn files(&self) -> Achieved {
        let (reach, detail) = match self.version {
            0 => (Reach::Nothing, self.why_none()),
            version @ 1..TRUNCATING => (
                Reach::Part,
                format!(
                    "Landlock {version} keeps it to its files, but lets it empty others that its \
                     user may write. Use a kernel from 6.7 on."
                ),
            ),
            version => (
                Reach::Full,
                format!(
                    "Landlock {version} keeps it to its files{}.",
                    self.left_out()
                ),
            ),
        };
        achieved(Measure::Files, reach, detail)
    }

    /// How far the network is walled off, if `calls_are_judged` says that no socket can be made
    /// which the list of system calls does not have.
    pub(crate) fn network(&self, ports: &[u16], calls_are_judged: bool) -> Achieved {
        let listed = match ports {
            [] => "no TCP port".to_owned(),
            some => format!("TCP port {some:?}"),
        };
        let (reach, detail) = match (self.version >= PORTS, calls_are_judged) {
            (true, true) => (
                Reach::Full,
                format!(
                    "Landlock {} lets it connect to {listed}; its list of system calls has the \
                     sockets that it may make.",
                    self.version
                ),
            ),
            (false, true) => (
                Reach::Part,
                format!(
                    "The list of system calls has the sockets that it may make, but its ports are \
                     not limited. {}",
                    self.why_none()
                ),
            ),
            (true, false) => (
                Reach::Part,
                "TCP ports are limited, but other sockets are not. Use a kernel with \
                 CONFIG_SECCOMP_FILTER."
                    .to_owned(),
            ),
            (false, false) => (Reach::Nothing, self.why_none()),
        };
        achieved(Measure::Network, reach, detail)
    }

    fn why_none(&self) -> String {
        const WHAT_TO_DO: &str = "Use a kernel from 6.7 on with CONFIG_SECURITY_LANDLOCK, and name \
                                  `landlock` in `lsm=` on its command line if that is there";
        match &self.trouble {
            None => format!("This kernel has no Landlock that limits this. {WHAT_TO_DO}."),
            Some(why) => format!("Landlock failed ({why}). {WHAT_TO_DO}."),
        }
    }

    fn left_out(&self) -> String {
        if self.absent.is_empty() {
            return String::new();
        }
        let named: Vec<String> = self
            .absent
            .iter()
            .take(MAX_NAMED)
            .map(|path| path.display().to_string())
            .collect();
        let more = self.absent.len().saturating_sub(MAX_NAMED);
        let more = if more == 0 {
            String::new()
        } else {
            format!(" and {more} more")
        };
        format!("; not there and so left out: {}{more}", named.join(", "))
    }
}

fn enforce(plan: &Plan, absent: &mut Vec<PathBuf>) -> Result<RestrictionStatus, RulesetError> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(AccessNet::from_all(KNOWN))?;
    if plan.alone {
        rules = rules.scope(Scope::from_all(KNOWN))?;
    }
    let mut rules = rules.create()?.no_new_privs(true);
    for (paths, rights) in [
        (&plan.read, reading()),
        (&plan.write, writing()),
        (&plan.execute, reading() | AccessFs::Execute),
    ] {
        for path in paths {
            match PathFd::new(path) {
                Ok(opened) => {
                    let rule = PathBeneath::new(opened, fitting(path, rights));
                    rules = rules.add_rule(rule)?;
                }
                Err(_) => absent.push(path.clone()),
            }
        }
    }
    for port in &plan.tcp_connect {
        rules = rules.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
    }
    rules.restrict_self()
}

fn reading() -> BitFlags<AccessFs> {
    AccessFs::ReadFile | AccessFs::ReadDir
}

/// Files come and go and change; folders, links, pipes, sockets and devices are never made. What is
/// a device already may be spoken to.
fn writing() -> BitFlags<AccessFs> {
    reading()
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::RemoveFile
        | AccessFs::IoctlDev
}

/// A file has fewer rights than a folder.
fn fitting(path: &Path, rights: BitFlags<AccessFs>) -> BitFlags<AccessFs> {
    if path.is_dir() {
        rights
    } else {
        rights & AccessFs::from_file(KNOWN)
    }
}

/// The version of Landlock that holds, 0 if none does.
fn version(status: &RestrictionStatus) -> i32 {
    match (&status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) => 0,
        (_, LandlockStatus::Available { effective_abi, .. }) => effective_abi as i32,
        _ => 0,
    }
}
