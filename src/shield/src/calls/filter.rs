//! From a list of calls to programs for the kernel (seccomp(2), "SECCOMP_SET_MODE_FILTER").
//!
//! A program knows two answers, so every error that a list gives takes one of its own. The kernel
//! asks them all and takes the hardest answer: the last program, which ends the process, lets
//! through what an earlier one refuses.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

use super::{Argument, Calls, Is, Otherwise};

/// The machine that this was built for.
#[cfg(target_arch = "x86_64")]
const MACHINE: TargetArch = TargetArch::x86_64;
/// The machine that this was built for.
#[cfg(target_arch = "aarch64")]
const MACHINE: TargetArch = TargetArch::aarch64;

/// What is allowed or refused: by number of the call, any of these rules; always if there is none.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Why the kernel does not judge this process's system calls.
#[derive(Debug, thiserror::Error)]
pub enum CannotFilter {
    /// The list makes no program.
    #[error("the list of system calls makes no filter ({0}); report this with the version")]
    List(#[from] BackendError),
    /// The kernel did not take it.
    #[error(
        "the kernel takes no filter of system calls ({0}); use a kernel with CONFIG_SECCOMP_FILTER"
    )]
    Kernel(#[from] seccompiler::Error),
}

impl Calls {
    /// Has the kernel judge every thread of this process from now on. Nothing takes that back.
    pub(crate) fn enforce(&self) -> Result<(), CannotFilter> {
        let own = std::process::id();
        for program in self.programs(own)? {
            seccompiler::apply_filter_all_threads(&program)?;
        }
        Ok(())
    }

    /// The programs for a process with that id, in the order in which they must be installed.
    pub(crate) fn programs(&self, own: u32) -> Result<Vec<BpfProgram>, BackendError> {
        let mut programs = Vec::new();
        for (errno, rules) in self.refusals(own)? {
            programs.push(program(rules, SeccompAction::Allow, refusal(errno))?);
        }
        let otherwise = match self.otherwise {
            Otherwise::End => SeccompAction::KillProcess,
            Otherwise::Fail(errno) => refusal(errno),
        };
        programs.push(program(
            self.allowed(own)?,
            otherwise,
            SeccompAction::Allow,
        )?);
        Ok(programs)
    }

    /// What is refused with an error, by error.
    fn refusals(&self, own: u32) -> Result<BTreeMap<i32, Rules>, BackendError> {
        let mut by_errno: BTreeMap<i32, Rules> = BTreeMap::new();
        for answered in self.answered {
            let rules = by_errno.entry(answered.errno).or_default();
            let rules = rules.entry(answered.call.number).or_default();
            if !answered.when.is_empty() {
                rules.push(rule(answered.when, own)?);
            }
        }
        Ok(by_errno)
    }

    /// What is allowed, and what an earlier program refuses.
    fn allowed(&self, own: u32) -> Result<Rules, BackendError> {
        let mut rules = Rules::new();
        for judged in self.judged() {
            let any = rules.entry(judged.call.number).or_default();
            for arguments in judged.when {
                any.push(rule(arguments, own)?);
            }
        }
        for answered in self.answered {
            if answered.when.is_empty() {
                rules.insert(answered.call.number, Vec::new());
            } else {
                let any = rules.entry(answered.call.number).or_default();
                any.push(rule(answered.when, own)?);
            }
        }
        for call in self.free() {
            rules.insert(call.number, Vec::new());
        }
        Ok(rules)
    }
}

fn program(
    rules: Rules,
    otherwise: SeccompAction,
    on_match: SeccompAction,
) -> Result<BpfProgram, BackendError> {
    SeccompFilter::new(rules, otherwise, on_match, MACHINE)?.try_into()
}

fn refusal(errno: i32) -> SeccompAction {
    SeccompAction::Errno(errno.unsigned_abs())
}

fn rule(arguments: &[Argument], own: u32) -> Result<SeccompRule, BackendError> {
    let conditions = arguments
        .iter()
        .map(|argument| condition(*argument, own))
        .collect::<Result<_, _>>()?;
    SeccompRule::new(conditions)
}

fn condition(argument: Argument, own: u32) -> Result<SeccompCondition, BackendError> {
    use SeccompCmpArgLen::{Dword, Qword};
    let (length, operation, value) = match argument.is {
        Is::Equal(value) => (Dword, SeccompCmpOp::Eq, value.into()),
        Is::Masked { mask, value } => (Dword, SeccompCmpOp::MaskedEq(mask.into()), value.into()),
        Is::OwnProcess => (Dword, SeccompCmpOp::Eq, own.into()),
        Is::Null => (Qword, SeccompCmpOp::Eq, 0),
    };
    SeccompCondition::new(argument.index, length, operation, value)
}
