//! What is written down before the first sample: who measures what, with which program, on which machine.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use super::plan::Plan;
use crate::environments::Arm;
use crate::error::{Context, Error, Result};
use crate::experiments::{self, Question};
use crate::id::{ArmId, RunId};
use crate::lang::Said;
use crate::model::{Build, Kind};
use crate::results::hash::{sha256, sha256_of_file};
use crate::results::schema::{ArmInfo, ExperimentInfo, Header, MetricInfo, Plan as PlanInfo, Timer};
use crate::results::sudo_user;
use crate::said;
use crate::sys::clock::{measure_tsc_khz, monotonic_ns};

/// How this run was called; known to the command line only.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    pub argv: Vec<String>,
    pub called_as: String,
    pub prediction_sha256: Option<String>,
    pub build: Build,
}

/// Reason and remedy of arms that run with less than asked for, by arm.
pub type Limited = BTreeMap<ArmId, (Said, Said)>;

pub struct HeaderInput<'a> {
    pub id: &'a RunId,
    pub called: Invocation,
    pub cpu: Option<usize>,
    pub settle_ms: u64,
    pub timer: Timer,
    pub root: bool,
    pub backend: Option<String>,
}

pub fn header(plan: &Plan, setting: HeaderInput, limited: &Limited) -> Result<Header> {
    Ok(Header {
        host: host(&setting),
        id: setting.id.to_owned(),
        started: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        argv: setting.called.argv,
        called_as: setting.called.called_as,
        version: env!("CARGO_PKG_VERSION").into(),
        commit: setting.called.build.commit.into(),
        profile: setting.called.build.profile.into(),
        binary_sha256: sha256_of_file(Path::new("/proc/self/exe"))
            .doing(|| said!("read isolab's own binary", "isolab 자신의 바이너리를 읽을 수 없습니다"))?,
        probe_sha256: sha256(&[crate::probe::ELF]),
        prediction_sha256: setting.called.prediction_sha256,
        plan: PlanInfo {
            mode: plan.mode.into(),
            seed: plan.seed,
            order: if plan.sequential { "sequential" } else { "blocks" }.into(),
            cpu: setting.cpu,
            warmup_blocks: plan
                .parts
                .iter()
                .map(|p| p.experiment.about())
                .map(|q| (q.id.into(), q.warmup_blocks))
                .collect(),
            settle_ms: setting.settle_ms,
            experiments: plan.parts.iter().map(|p| p.experiment.about().id.to_owned()).collect(),
            cells: plan.parts.iter().flat_map(|p| p.cells.iter().map(|c| c.id(p.experiment.about().id))).collect(),
            command: plan.parts.iter().flat_map(|p| &p.cells).find_map(|c| Some(text(c.command.as_ref()?))),
            base: plan.base.clone(),
        },
        arms: plan.arms.iter().map(|arm| arm_info(arm, setting.backend.as_deref(), limited.get(&arm.id()))).collect(),
        metrics: plan.parts.iter().flat_map(|p| metrics(p.experiment.about())).collect(),
        experiments: experiments::ALL
            .iter()
            .map(|x| x.about())
            .map(|x| ExperimentInfo::new(x.id, &x.question))
            .collect(),
        root: setting.root,
        timer: setting.timer,
    })
}

/// Files have text: what is no UTF-8 in a word stands there as U+FFFD.
pub fn text(words: &[OsString]) -> Vec<String> {
    words.iter().map(|word| word.to_string_lossy().into_owned()).collect()
}

/// The fingerprint; a machine where the random id cannot be kept gets one for this run.
fn host(setting: &HeaderInput) -> crate::host::Host {
    let id = crate::host::callers_state_dir().and_then(|dir| own_id(&dir));
    let mut host = crate::host::Host::read(Path::new("/"), id.unwrap_or_else(|_| format!("once-{}", setting.id)));
    host.kvm_backend = setting.backend.clone().unwrap_or_default();
    host.tools = crate::host::tool_versions();
    host.tools.insert("rustc".into(), setting.called.build.rustc.into());
    host
}

/// Under sudo that keeps HOME, what is made in the caller's home is made with his rights.
fn own_id(state: &Path) -> Result<String> {
    sudo_user::make_folder(state)?;
    let mut id = Err(Error::new(
        said!("keep the host id", "호스트 id를 보관할 수 없습니다"),
        said!("it was not asked for", "요청하지 않음"),
    ));
    let kept = sudo_user::for_caller(&state.join("host-id"), || {
        id = crate::host::host_id(state);
        Ok(())
    });
    kept.doing(|| said!("keep the host id", "호스트 id를 보관할 수 없습니다")).and(id)
}

fn arm_info(arm: &Arm, backend: Option<&str>, limited: Option<&(Said, Said)>) -> ArmInfo {
    let about = arm.env.about();
    let knobs: Vec<&str> = arm.knobs.iter().collect();
    let knobs = if knobs.is_empty() { String::new() } else { format!(" ({})", knobs.join(" ")) };
    let again = if arm.copy > 1 { Said::fixed(", once more", ", 한 번 더") } else { Said::english("") };
    let name =
        Said::compose(&[&about.name, &again], |lang| format!("{}{knobs}{}", about.name.of(lang), again.of(lang)));
    ArmInfo {
        id: arm.id(),
        environment: about.id.into(),
        name_ko: name.korean().map(str::to_owned),
        name: name.to_string(),
        channel: about.channel.name().into(),
        kind: Some(about.kind),
        answered_by: Some(about.answered_by),
        reach: Some(arm.env.reach(&arm.knobs)),
        guest_kernel: arm.env.guest_kernel(&arm.knobs),
        t0: about.t0.to_string(),
        t0_ko: about.t0.korean().map(str::to_owned),
        backend: backend.filter(|_| about.kind == Kind::Machine).map(str::to_owned),
        limited: limited.map(|(reason, _)| reason.to_string()),
        limited_fix: limited.map(|(_, fix)| fix.to_string()),
        limited_ko: limited.and_then(|(reason, _)| reason.korean().map(str::to_owned)),
        limited_fix_ko: limited.and_then(|(_, fix)| fix.korean().map(str::to_owned)),
    }
}

fn metrics(about: &'static Question) -> impl Iterator<Item = MetricInfo> {
    about.metrics.iter().map(|m| MetricInfo {
        experiment: about.id.into(),
        id: m.id.into(),
        unit: m.unit,
        title: Some(m.title.to_string()),
        title_ko: m.title.korean().map(str::to_owned),
        definition: m.definition.to_string(),
        definition_ko: m.definition.korean().map(str::to_owned),
        better: m.better.name().into(),
        headline: m.headline,
        per_batch: m.per_batch,
    })
}

/// Resolution and cost of the clock, and the TSC's rate, over 60 ms.
pub fn timer() -> Timer {
    const READINGS: usize = 2000;
    let mut stamps = Vec::with_capacity(READINGS);
    let began = monotonic_ns();
    for _ in 0..READINGS {
        stamps.push(monotonic_ns());
    }
    let cost_ns = (monotonic_ns() - began) as f64 / READINGS as f64;
    let resolution_ns = stamps.windows(2).map(|w| w[1] - w[0]).filter(|d| *d > 0).min().unwrap_or(1);
    Timer { resolution_ns, cost_ns, tsc_khz: measure_tsc_khz(60_000_000) }
}
