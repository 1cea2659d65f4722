//! Runs a program on a kernel that lacks something, for the tests: its calls fail as they would
//! there.
//!
//! usage: without landlock|seccomp PROGRAM [ARGUMENT...]

use std::{env, os::unix::process::CommandExt, process::Command};

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

fn main() -> Result<(), String> {
    let mut arguments = env::args_os().skip(1);
    let what = arguments.next().unwrap_or_default();
    let program = arguments.next().unwrap_or_default();
    // seccomp(2) itself is denied to the program but not to us, who come from elsewhere: its flag of
    // all threads is what we do without.
    let all_threads = SeccompCondition::new(
        1,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::Eq,
        libc::SECCOMP_FILTER_FLAG_TSYNC,
    )
    .and_then(|condition| SeccompRule::new(vec![condition]))
    .map_err(|error| error.to_string())?;
    let (rules, errno) = match what.to_str() {
        Some("landlock") => (
            vec![(libc::SYS_landlock_create_ruleset, vec![])],
            libc::ENOSYS,
        ),
        Some("seccomp") => (vec![(libc::SYS_seccomp, vec![all_threads])], libc::EINVAL),
        _ => return Err("what it shall do without: landlock or seccomp".to_owned()),
    };
    let machine = env::consts::ARCH.try_into();
    let filter: BpfProgram = machine
        .and_then(|machine| {
            SeccompFilter::new(
                rules.into_iter().collect(),
                SeccompAction::Allow,
                SeccompAction::Errno(errno.unsigned_abs()),
                machine,
            )
        })
        .and_then(TryInto::try_into)
        .map_err(|error| error.to_string())?;
    seccompiler::apply_filter(&filter).map_err(|error| error.to_string())?;
    Err(Command::new(program).args(arguments).exec().to_string())
}
