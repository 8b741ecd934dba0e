//! From options to a plan: which arms, which experiments, how many blocks, in which order. Pure: nothing is measured or
//! looked up here, so all of it is tested without a machine.

use std::ffi::OsString;
use std::time::Duration;

use crate::environments::Arm;
use crate::error::{Error, Result};
use crate::experiments::{self, CellPlan, Experiment, Sets};
use crate::id::ArmId;
use crate::lang::Said;
use crate::results::bounds::MOST_CELLS;
use crate::said;

/// What `isolab bench` was asked for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub arms: Option<String>,
    pub experiments: Option<String>,
    pub sets: Sets,
    pub thorough: bool,
    pub blocks: Option<u32>,
    pub time: Option<Duration>,
    pub seed: Option<u64>,
    pub sequential: bool,
    pub command: Option<Vec<OsString>>,
    /// The arm that the others are compared with; None: the first.
    pub base: Option<String>,
}

/// The time that a quick run may take, and a thorough one's estimate.
pub const QUICK: Duration = Duration::from_secs(54);
pub const THOROUGH: Duration = Duration::from_secs(12 * 60);
/// Of a quick run's 60 s, the rest is starting up, summarising and drawing.
pub const MOST_BLOCKS: u32 = 100_000;
/// Advice for those who ask for none, or for too many.
pub const SOME_BLOCKS: Said = Said::fixed(
    "--blocks 30; an interval needs 6, a good one 20",
    "--blocks 30. 신뢰구간에는 6개, 좋은 것에는 20개가 필요합니다",
);

/// One experiment of a plan.
#[derive(Clone)]
pub struct Part {
    pub experiment: &'static dyn Experiment,
    pub cells: Vec<CellPlan>,
    pub blocks: u32,
    /// Stop before the next block when this much time is used; None: blocks alone decide.
    pub time: Option<Duration>,
}

#[derive(Clone)]
pub struct Plan {
    pub mode: &'static str,
    pub seed: u64,
    pub sequential: bool,
    pub arms: Vec<Arm>,
    pub parts: Vec<Part>,
    /// Id of the arm that the others are compared with; None: the first of each experiment.
    pub base: Option<ArmId>,
    /// Cells that the sets leave out, in words.
    pub left_out: Vec<Said>,
}

/// The arms of a run that names none.
pub const DEFAULT_ARMS: &str = "process,container,container-rootless,vm-bare";

impl Plan {
    /// `root`: without it `container` means `container-rootless`. `seed` is used when the options give none.
    pub fn make(options: &Options, root: bool, seed: u64) -> Result<Plan> {
        let mut experiments = experiments::parse_list(options.experiments.as_deref())?;
        if options.command.is_some() {
            experiments = only_with_commands(experiments, options.experiments.is_some())?;
        }
        experiments::check_sets(&experiments, &options.sets)?;
        let mut arms = Arm::parse_list(&for_this_user(options.arms.as_deref().unwrap_or(DEFAULT_ARMS), root))?;
        add_twin(&mut arms);
        let blocks = checked_blocks(options.blocks)?;
        let total = options.time.unwrap_or(if options.thorough { THOROUGH } else { QUICK });
        let shares: u32 = experiments.iter().map(|e| e.about().quick_percent).sum();
        let parts = experiments
            .iter()
            .map(|experiment| {
                let about = experiment.about();
                let mut cells = experiment.cells(&with_more(*experiment, &arms)?, &options.sets)?;
                cells.iter_mut().for_each(|c| c.command.clone_from(&options.command));
                let share = total * about.quick_percent / shares.max(1);
                let most = if options.time.is_some() {
                    MOST_BLOCKS
                } else {
                    about.quick_blocks * if options.thorough { 10 } else { 1 }
                };
                let time = if blocks.is_some() && options.time.is_none() { None } else { Some(share) };
                Ok(Part { experiment: *experiment, cells, blocks: blocks.unwrap_or(most), time })
            })
            .collect::<Result<Vec<Part>>>()?;
        let mode = match (options.thorough, blocks.is_some() || options.time.is_some()) {
            (_, true) => "custom",
            (true, false) => "thorough",
            (false, false) => "quick",
        };
        not_too_large(&parts)?;
        let left_out = experiments.iter().flat_map(|e| e.left_out(&arms, &options.sets)).collect();
        let arms = every_arm(&parts, arms);
        let base = options.base.as_deref().map(|base| chosen_base(&for_this_user(base, root), &arms)).transpose()?;
        Ok(Plan {
            mode,
            seed: options.seed.unwrap_or(seed),
            sequential: options.sequential,
            arms,
            parts,
            base,
            left_out,
        })
    }

    /// At most; zero when blocks alone decide.
    pub fn total_time(&self) -> Duration {
        self.parts.iter().filter_map(|p| p.time).sum()
    }

    /// What one experiment does, round after round: warm-ups first, then blocks. In blocks every round has every cell,
    /// shuffled anew; sequential: one cell after the other, each through all of its blocks.
    pub fn rounds(&self, part: usize) -> Box<dyn Iterator<Item = Round> + '_> {
        let it = &self.parts[part];
        let warmups = it.experiment.about().warmup_blocks;
        let numbers = move || (0..warmups).map(|_| None).chain((0..it.blocks).map(Some));
        if self.sequential {
            Box::new(
                (0..it.cells.len())
                    .flat_map(move |cell| numbers().map(move |block| Round { block, places: vec![cell] })),
            )
        } else {
            let rounds = numbers().enumerate();
            Box::new(rounds.map(move |(i, block)| Round { block, places: self.shuffled(part, i as u32) }))
        }
    }

    // ANCHOR: block-shuffle
    fn shuffled(&self, part: usize, round: u32) -> Vec<usize> {
        let cells = self.parts[part].cells.len();
        let mut order: Vec<usize> = (0..cells).collect();
        let stream = u128::from(self.seed) ^ ((u128::from(round) + 1) << 64) ^ ((part as u128) << 112);
        let mut random = oorandom::Rand64::new(stream);
        for i in (1..cells).rev() {
            order.swap(i, random.rand_range(0..i as u64 + 1) as usize);
        }
        order
    }
    // ANCHOR_END: block-shuffle
}

fn chosen_base(base: &str, arms: &[Arm]) -> Result<ArmId> {
    let id = Arm::parse(base)?.id();
    if arms.iter().any(|arm| arm.id() == id) {
        return Ok(id);
    }
    let ids: Vec<String> = arms.iter().map(Arm::to_string).collect();
    Err(Error::usage(
        said!("compare with the base {base:?}", "{base:?}을(를) 기준으로 비교할 수 없습니다"),
        said!("it is none of the arms of this run", "이 실행의 대상이 아님"),
    )
    .try_this(said!(
        "one of {ids}, or name it with -e",
        "{ids} 가운데 하나를 쓰거나 -e로 적으십시오",
        ids = ids.join(", ")
    )))
}

/// One round of an experiment: which cells, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// None: a warm-up.
    pub block: Option<u32>,
    pub places: Vec<usize>,
}

/// An A/A arm in every run: the first arm again, unless some arm stands twice already.
fn add_twin(arms: &mut Vec<Arm>) {
    if arms.iter().all(|a| a.copy == 1) {
        let twin = Arm { copy: 2, ..arms[0].clone() };
        arms.insert(1, twin);
    }
}

fn with_more(experiment: &dyn Experiment, arms: &[Arm]) -> Result<Vec<Arm>> {
    let mut all = arms.to_vec();
    for id in experiment.more_arms(arms) {
        all.push(Arm::parse(&id)?);
    }
    Ok(all)
}

fn every_arm(parts: &[Part], mut arms: Vec<Arm>) -> Vec<Arm> {
    for cell in parts.iter().flat_map(|p| &p.cells) {
        if !arms.iter().any(|a| a.id() == cell.arm.id()) {
            arms.push(cell.arm.clone());
        }
    }
    arms
}

/// Without root, `container` is `container-rootless`, and recorded as that; asked for twice, it stands once.
pub fn for_this_user(list: &str, root: bool) -> String {
    if root {
        return list.to_owned();
    }
    let mut named: Vec<ArmId> = Vec::new();
    for arm in list.split(',').map(ArmId::from) {
        let new = Arm::without_root(&arm);
        if new == arm || !list.split(',').any(|other| other == new) {
            named.push(new);
        }
    }
    named.join(",")
}

fn only_with_commands(chosen: Vec<&'static dyn Experiment>, named: bool) -> Result<Vec<&'static dyn Experiment>> {
    let (able, unable): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|e| e.takes_command());
    match unable.first() {
        Some(e) if named => Err(Error::usage(
            said!("measure your own command in {id}", "{id}에서는 자기 명령을 측정할 수 없습니다", id = e.about().id),
            said!("that experiment needs isolab's probe", "그 실험에는 isolab의 프로브가 필요함"),
        )
        .try_this(said!("-x boot, or leave the command out", "-x boot를 쓰거나 명령을 빼십시오"))),
        _ => Ok(able),
    }
}

/// What nobody could read back, or wait for.
fn not_too_large(parts: &[Part]) -> Result<()> {
    let cells: usize = parts.iter().map(|part| part.cells.len()).sum();
    if cells <= MOST_CELLS {
        return Ok(());
    }
    Err(Error::usage(
        said!("measure {cells} cells", "셀 {cells}개를 측정할 수 없습니다"),
        said!("a run has up to {MOST_CELLS}", "한 실행에는 {MOST_CELLS}개까지임"),
    )
    .try_this(said!("fewer values in --set, or fewer arms", "--set의 값이나 대상을 줄이십시오")))
}

fn checked_blocks(blocks: Option<u32>) -> Result<Option<u32>> {
    match blocks {
        Some(n) if n == 0 || n > MOST_BLOCKS => Err(Error::usage(
            said!("run {n} blocks", "블록 {n}개를 실행할 수 없습니다"),
            said!("it must be from 1 to {MOST_BLOCKS}", "1부터 {MOST_BLOCKS}까지여야 함"),
        )
        .try_this(SOME_BLOCKS)),
        other => Ok(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(arms: &str, change: impl FnOnce(&mut Options)) -> Result<Plan> {
        let mut options = Options { arms: Some(arms.into()), experiments: Some("boot".into()), ..Options::default() };
        change(&mut options);
        Plan::make(&options, true, 7)
    }

    #[test]
    fn a_run_always_has_an_arm_twice() {
        let ids = |p: Plan| p.arms.iter().map(Arm::id).collect::<Vec<_>>();
        assert_eq!(ids(plan("fake", |_| ()).unwrap()), ["fake", "fake#2"]);
        assert_eq!(ids(plan("fake,fake:ready=5", |_| ()).unwrap()), ["fake", "fake#2", "fake:ready=5"]);
        assert_eq!(ids(plan("fake:ready=5,fake,fake", |_| ()).unwrap()), ["fake:ready=5", "fake", "fake#2"]);
    }

    #[test]
    fn the_base_is_one_of_the_arms() {
        let base = |base: &str| plan("fake,fake:ready=5", |o| o.base = Some(base.into())).map(|p| p.base);
        assert_eq!(base("fake:ready=5").unwrap().as_deref(), Some("fake:ready=5"));
        let error = base("process").unwrap_err();
        assert!(error.try_this.contains("fake:ready=5"), "{error}");
        assert!(base("nothing").is_err());
    }

    #[test]
    fn every_block_has_every_cell_once_and_the_seed_decides_the_order() {
        let order = |seed| {
            let p = plan("fake,fake:ready=5,fake:ready=6", |o| {
                o.blocks = Some(20);
                o.seed = Some(seed);
            });
            p.unwrap().rounds(0).collect::<Vec<_>>()
        };
        let rounds = order(1);
        for round in &rounds {
            let mut places = round.places.clone();
            places.sort_unstable();
            assert_eq!(places, [0, 1, 2, 3]);
        }
        assert_eq!(rounds.iter().filter(|r| r.block.is_some()).count(), 20);
        assert_eq!(rounds, order(1));
        assert_ne!(rounds, order(2));
        assert!(rounds.windows(2).any(|w| w[0].places != w[1].places), "shuffled anew for each block");
    }

    #[test]
    fn sequential_takes_one_arm_after_the_other() {
        let p = plan("fake,fake", |o| {
            o.blocks = Some(3);
            o.sequential = true;
        });
        let cells: Vec<usize> = p.unwrap().rounds(0).filter(|r| r.block.is_some()).map(|r| r.places[0]).collect();
        assert_eq!(cells, [0, 0, 0, 1, 1, 1]);
    }

    #[test]
    fn without_root_container_means_rootless() {
        assert_eq!(for_this_user("process,container:-net", false), "process,container-rootless:-net");
        assert_eq!(for_this_user("container,container-rootless", false), "container-rootless");
        assert_eq!(for_this_user("container", true), "container");
    }

    #[test]
    fn absurd_numbers_are_refused() {
        assert!(plan("fake", |o| o.blocks = Some(0)).is_err());
        assert!(plan("", |_| ()).is_err());
        assert!(plan("fake", |o| drop(o.sets.insert("nonsense".into(), vec![]))).is_err());
    }
}
