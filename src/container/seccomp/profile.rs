//! A profile as the OCI runtime specification has it (`config-linux.md`, "Seccomp"), and what it says of each call.
//!
//! Of a call's rules the first with arguments that are met decides, else the first without arguments, else the default. (libseccomp
//! lets a rule without arguments hide all others of its call.) As in runc, conditions for one argument in one rule are
//! alternatives, a name that no table has is skipped, and a call that is newer than all that are named gets ENOSYS where the
//! default is not to allow: programs take that for an older kernel.

use serde::{Deserialize, Serialize};

use super::compiler::bpf::{ALLOW, FAIL, KILL_PROCESS};
use super::compiler::{
    Abi, Call, Clause, Comparison, Condition, ENOSYS, EPERM, Policy, Rule as Known, Treatment, X32_OWN,
};
use crate::error::{Error, Result};
use crate::lang::Said;
use crate::said;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Profile {
    pub default_action: Action,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_errno_ret: Option<u32>,
    /// Beside our own: "SCMP_ARCH_X86" and "SCMP_ARCH_X32". Whoever uses another is killed.
    #[serde(default)]
    pub architectures: Vec<String>,
    #[serde(default)]
    pub flags: Vec<String>,
    #[serde(default)]
    pub syscalls: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    pub names: Vec<String>,
    pub action: Action,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errno_ret: Option<u32>,
    #[serde(default)]
    pub args: Vec<Arg>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Arg {
    pub index: u32,
    pub value: u64,
    /// Of a masked comparison: `value` is the mask then.
    #[serde(default)]
    pub value_two: u64,
    pub op: Op,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    #[serde(rename = "SCMP_ACT_KILL", alias = "SCMP_ACT_KILL_THREAD")]
    KillThread,
    #[serde(rename = "SCMP_ACT_KILL_PROCESS")]
    KillProcess,
    #[serde(rename = "SCMP_ACT_TRAP")]
    Trap,
    #[serde(rename = "SCMP_ACT_ERRNO")]
    Errno,
    #[serde(rename = "SCMP_ACT_TRACE")]
    Trace,
    #[serde(rename = "SCMP_ACT_ALLOW")]
    Allow,
    #[serde(rename = "SCMP_ACT_LOG")]
    Log,
    #[serde(rename = "SCMP_ACT_NOTIFY")]
    Notify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    #[serde(rename = "SCMP_CMP_NE")]
    NotEqual,
    #[serde(rename = "SCMP_CMP_LT")]
    Less,
    #[serde(rename = "SCMP_CMP_LE")]
    LessOrEqual,
    #[serde(rename = "SCMP_CMP_EQ")]
    Equal,
    #[serde(rename = "SCMP_CMP_GE")]
    GreaterOrEqual,
    #[serde(rename = "SCMP_CMP_GT")]
    Greater,
    #[serde(rename = "SCMP_CMP_MASKED_EQ")]
    MaskedEqual,
}

/// What else of a system call's world the specification names: nobody calls like that here.
const OF_OTHERS: &[&str] = &[
    "ARM",
    "AARCH64",
    "MIPS",
    "MIPS64",
    "MIPS64N32",
    "MIPSEL",
    "MIPSEL64",
    "MIPSEL64N32",
    "PPC",
    "PPC64",
    "PPC64LE",
    "S390",
    "S390X",
    "PARISC",
    "PARISC64",
    "RISCV64",
    "LOONGARCH64",
    "M68K",
    "SH",
    "SHEB",
];

impl Profile {
    /// Of every number, and the flags of seccomp(2).
    ///
    /// # Errors
    /// A field that cannot be honoured, by its name.
    pub(super) fn compile(&self, calls: &[Call]) -> Result<(Policy, u32)> {
        let default = answer(("defaultAction", self.default_action), ("defaultErrnoRet", self.default_errno_ret))?;
        let rules = self.syscalls.iter().map(Compiled::new).collect::<Result<Vec<_>>>()?;
        let [i386, x32] = self.architectures()?;
        let newest = |abi: Abi| {
            let named = calls.iter().filter(|call| rules.iter().any(|rule| rule.names(call.name)));
            let numbers = named.filter_map(|call| call.numbers[abi as usize]).map(u32::from);
            numbers.filter(|number| *number < X32_OWN.start).max().map_or(0, |number| number + 1)
        };
        let newest = [Some(newest(Abi::X86_64)), i386.then(|| newest(Abi::I386)), x32.then_some(X32_OWN.end)];
        let is_permissive = matches!(self.default_action, Action::Allow | Action::Log);
        let newer = Treatment::always(if is_permissive { default } else { FAIL | ENOSYS });
        let treat = |call: &Call| treatment(call, &rules, default);
        Ok((Policy::new(calls, newest, newer, treat), self.flags()?))
    }

    fn architectures(&self) -> Result<[bool; 2]> {
        for name in &self.architectures {
            let short = name.strip_prefix("SCMP_ARCH_").unwrap_or("");
            if !["X86_64", "X86", "X32"].contains(&short) && !OF_OTHERS.contains(&short) {
                let cause = said!("there is no such architecture", "그런 아키텍처가 없음");
                return Err(refused("architectures[]", name, cause));
            }
        }
        Ok(["SCMP_ARCH_X86", "SCMP_ARCH_X32"].map(|wanted| self.architectures.iter().any(|name| name == wanted)))
    }

    /// linux/seccomp.h. A container begins with one thread: there are no others to synchronise.
    fn flags(&self) -> Result<u32> {
        self.flags.iter().try_fold(0, |flags, flag| match flag.as_str() {
            "SECCOMP_FILTER_FLAG_TSYNC" => Ok(flags),
            "SECCOMP_FILTER_FLAG_LOG" => Ok(flags | 1 << 1),
            "SECCOMP_FILTER_FLAG_SPEC_ALLOW" => Ok(flags | 1 << 2),
            "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" => Err(refused("flags[]", flag, no_listener())),
            _ => Err(refused("flags[]", flag, said!("there is no such flag", "그런 플래그가 없음"))),
        })
    }
}

fn refused(field: &str, value: &str, cause: Said) -> Error {
    Error::usage(
        said!(
            "make a container with process.seccomp.{field} = {value:?}",
            "process.seccomp.{field} = {value:?}(으)로 컨테이너를 만들 수 없습니다"
        ),
        cause,
    )
}

fn no_listener() -> Said {
    said!("in this version nobody listens for what a filter notifies", "이 버전에는 필터의 알림을 받는 쪽이 없음")
}

/// A rule's clauses; without arguments one that is always met.
struct Compiled<'a> {
    rule: &'a Rule,
    answer: u32,
    alternatives: Vec<Vec<Condition>>,
}

impl Compiled<'_> {
    fn new(rule: &Rule) -> Result<Compiled<'_>> {
        if rule.names.is_empty() || rule.names.iter().any(String::is_empty) {
            return Err(refused("syscalls[].names", "", said!("it names no system call", "시스템 콜을 적지 않음")));
        }
        let answer = answer(("syscalls[].action", rule.action), ("syscalls[].errnoRet", rule.errno_ret))?;
        let conditions = rule.args.iter().map(condition).collect::<Result<Vec<_>>>()?;
        let is_repeated =
            |one: &Condition| conditions.iter().filter(|other| other.argument == one.argument).count() > 1;
        let alternatives = if conditions.iter().any(is_repeated) {
            conditions.into_iter().map(|condition| vec![condition]).collect()
        } else {
            vec![conditions]
        };
        Ok(Compiled { rule, answer, alternatives })
    }

    fn names(&self, call: &str) -> bool {
        self.rule.names.iter().any(|name| name == call)
    }
}

fn treatment(call: &Call, rules: &[Compiled], default: u32) -> Option<Treatment> {
    let mut treatment = Treatment::always(default);
    let mut otherwise = None;
    let mut is_named = false;
    for rule in rules.iter().filter(|rule| rule.names(call.name)) {
        is_named = true;
        if rule.rule.args.is_empty() {
            otherwise = otherwise.or(Some(rule.answer));
            continue;
        }
        let possible = rule.alternatives.iter().filter(|conditions| conditions.iter().all(may_be_met));
        treatment
            .clauses
            .extend(possible.map(|conditions| Clause { conditions: conditions.clone(), answer: rule.answer }));
    }
    treatment.otherwise = otherwise.unwrap_or(default);
    while treatment.clauses.last().is_some_and(|clause| clause.answer == treatment.otherwise) {
        treatment.clauses.pop(); // it changes nothing
    }
    (is_named || call.rule != Known::Gone).then_some(treatment)
}

/// What the mask leaves has no other bits.
fn may_be_met(condition: &Condition) -> bool {
    condition.value & !condition.mask == 0
}

fn condition(arg: &Arg) -> Result<Condition> {
    if arg.index > 5 {
        let cause = said!("a system call has six arguments, 0 to 5", "시스템 콜의 인자는 0부터 5까지 여섯 개임");
        return Err(refused("syscalls[].args[].index", &arg.index.to_string(), cause));
    }
    let (comparison, mask, value) = match arg.op {
        Op::MaskedEqual => (Comparison::Equal, arg.value, arg.value_two),
        Op::Equal => (Comparison::Equal, u64::MAX, arg.value),
        Op::NotEqual => (Comparison::NotEqual, u64::MAX, arg.value),
        Op::Less => (Comparison::Less, u64::MAX, arg.value),
        Op::LessOrEqual => (Comparison::LessOrEqual, u64::MAX, arg.value),
        Op::GreaterOrEqual => (Comparison::GreaterOrEqual, u64::MAX, arg.value),
        Op::Greater => (Comparison::Greater, u64::MAX, arg.value),
    };
    Ok(Condition { argument: arg.index, comparison, mask, value })
}

/// SECCOMP_RET_* with its data (linux/seccomp.h).
fn answer((field, action): (&str, Action), (of_errno, errno): (&str, Option<u32>)) -> Result<u32> {
    const LARGEST: u32 = 4095; // MAX_ERRNO: the kernel would give that in place of a larger one
    let takes_errno = matches!(action, Action::Errno | Action::Trace);
    if let Some(errno) = errno.filter(|errno| !takes_errno || *errno > LARGEST) {
        let cause = if takes_errno {
            said!("it is above {LARGEST}", "{LARGEST}보다 큼")
        } else {
            said!("only SCMP_ACT_ERRNO and SCMP_ACT_TRACE have one", "SCMP_ACT_ERRNO와 SCMP_ACT_TRACE에만 쓸 수 있음")
        };
        return Err(refused(of_errno, &errno.to_string(), cause));
    }
    let errno = errno.unwrap_or(EPERM);
    Ok(match action {
        Action::KillProcess => KILL_PROCESS,
        Action::KillThread => 0,
        Action::Trap => 0x0003_0000,
        Action::Errno => FAIL | errno,
        Action::Trace => 0x7ff0_0000 | errno,
        Action::Log => 0x7ffc_0000,
        Action::Allow => ALLOW,
        Action::Notify => return Err(refused(field, "SCMP_ACT_NOTIFY", no_listener())),
    })
}
