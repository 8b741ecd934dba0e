//! Every subcommand and option, in one place; `-h` is a line each, `--help` the page.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args as ClapArgs, Parser, Subcommand, ValueEnum};

use super::guide::args::Guide;
use super::kernel::args::Kernel;
use crate::bench::plan::SOME_BLOCKS;
use crate::environments::process;
use crate::error::{Error, Result};
use crate::lang::Lang;
use crate::said;
use crate::units::{parse_bytes, parse_time};

/// What does it cost to isolate a program: as a process, a container or a virtual machine? Measure it on your own machine.
#[derive(Debug, Parser)]
#[command(name = "isolab", version = version(), max_term_width = 80, disable_help_subcommand = true)]
pub(super) struct Args {
    /// Language of what is printed and drawn, en or ko; JSON, CSV and help are English [default: as LANG says]
    #[arg(long, global = true, value_parser = super::language::parse, value_name = "LANG")]
    pub lang: Option<Lang>,
    #[command(subcommand)]
    pub command: Command,
}

/// Run one command in one environment.
#[derive(Debug, Parser)]
#[command(name = "isolab run", bin_name = "isolab run", max_term_width = 98)]
pub(super) struct RunAlone {
    /// Language of what isolab itself says, en or ko [default: as LANG says]
    #[arg(long, value_parser = super::language::parse, value_name = "LANG")]
    pub lang: Option<Lang>,
    #[command(flatten)]
    pub run: Run,
}

fn version() -> &'static str {
    concat!(env!("CARGO_PKG_VERSION"), " (", env!("ISOLAB_COMMIT"), ", ", env!("ISOLAB_PROFILE"), ")")
}

/// A number; whether so many blocks make sense is the plan's to say.
fn parse_blocks(text: &str) -> Result<u32> {
    text.parse().map_err(|_| {
        Error::usage(
            said!("run {text} blocks", "블록 {text}개를 실행할 수 없습니다"),
            said!("it is no whole number", "정수가 아님"),
        )
        .try_this(SOME_BLOCKS)
    })
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Measure: every environment, every experiment, or the ones that you name.
    Bench(Bench),
    /// Run one command in one environment.
    Run(Run),
    /// Run the probe by hand, as a plain process.
    Probe(Probe),
    /// List environments, knobs, experiments and their keys.
    List(List),
    /// Compare two results files.
    Compare(Compare),
    /// Write a report of a results file: HTML and Markdown; exit code 1 if the file was changed by hand.
    Report(Report),
    /// Draw the charts of results files.
    Chart(Chart),
    /// The kernels that a Linux guest can boot: list them, add one, choose one.
    Kernel(Kernel),
    /// Say what this machine can do, and the remedy for what it cannot.
    Doctor(Doctor),
    /// Rebuild a results file from its raw samples.
    Recover(Recover),
    /// Remove what killed runs left behind.
    Clean(Clean),
    /// Print a script that completes isolab's words in your shell.
    Completions(Completions),
    /// Print the manual page, or write one per subcommand.
    Man(Manual),
    /// Learn by predicting, measuring and checking: chapters with tasks.
    Guide(Guide),
}

#[derive(Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "a flag of the command line is a bool")]
pub(super) struct Bench {
    /// Environments with knobs, separated by commas: process,container:-net,vm-bare:ram=1G
    #[arg(short = 'e', long = "environments", value_name = "ARMS")]
    pub arms: Option<String>,
    /// Experiments, separated by commas [default: all]
    #[arg(short = 'x', long = "experiments", value_name = "LIST")]
    pub experiments: Option<String>,
    /// Up to 60 s (the default)
    #[arg(long, conflicts_with = "thorough")]
    pub quick: bool,
    /// Ten times as many blocks; says first how long it takes
    #[arg(long)]
    pub thorough: bool,
    /// The arm that the others are compared with [default: the first; containers always against virtual machines too]
    #[arg(long, value_name = "ARM")]
    pub base: Option<String>,
    /// So many blocks of every experiment; each block runs every arm once
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = parse_blocks)]
    pub blocks: Option<u32>,
    /// So much time in all: 30s, 5m
    #[arg(long, value_parser = parse_time, allow_hyphen_values = true)]
    pub time: Option<Duration>,
    /// Vary a key of an experiment: --set configured=64M,1G
    #[arg(long = "set", value_name = "KEY=LIST")]
    pub sets: Vec<String>,
    /// memory: how many instances are measured together [default: 1,4,16,32]
    #[arg(long, value_name = "LIST", allow_negative_numbers = true)]
    pub n: Option<String>,
    /// boot: so many starts at once; gives starts per second
    #[arg(long, value_name = "LIST", allow_negative_numbers = true)]
    pub concurrency: Option<String>,
    /// The order of arms is drawn from it; stored with the results
    #[arg(long)]
    pub seed: Option<u64>,
    /// blocks: every arm once per block, in random order; sequential: one arm after the other, to see what that does
    #[arg(long, value_enum, default_value_t = Order::Blocks)]
    pub order: Order,
    /// The CPU that workers stay on, or none [default: the last one; none with --concurrency]
    #[arg(long, value_name = "CPU|none", allow_negative_numbers = true)]
    pub pin: Option<String>,
    /// The least wait after each sample
    #[arg(long, default_value = "5ms", value_parser = parse_time, allow_hyphen_values = true, value_name = "TIME")]
    pub settle: Duration,
    /// For one sample; then it is ended and counted as failed
    #[arg(long, default_value = "20s", value_parser = parse_time, allow_hyphen_values = true, value_name = "TIME")]
    pub timeout: Duration,
    /// When another bench measures on this machine, wait until it has ended
    #[arg(long)]
    pub wait: bool,
    /// Save the results file here too
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Where runs are kept
    #[arg(long, default_value = "results", value_name = "DIR")]
    pub results: PathBuf,
    /// Print JSON: one object per cell and metric
    #[arg(long, conflicts_with = "md")]
    pub json: bool,
    /// Print a Markdown block to paste
    #[arg(long)]
    pub md: bool,
    /// Your own command, measured in every arm that can run it, with the host's files read-only; in a container behind a
    /// small PID 1, so that it meets the same signals in every arm (container:-init leaves it out)
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Order {
    Blocks,
    Sequential,
}

#[derive(Debug, ClapArgs)]
#[command(group = ArgGroup::new("shown").multiple(true).args(["timeline", "inventory"]))]
#[expect(clippy::struct_excessive_bools, reason = "a flag of the command line is a bool")]
pub(super) struct Run {
    /// The environment, with knobs: process, container:-net, vm-bare:ram=64M
    #[arg(long = "as", value_name = "ENV", default_value = process::ID)]
    pub arm: String,
    /// The folder that becomes its /; `/` shows the host's own files, read-only [default: the probe's own]
    ///
    /// With `/`, what is written to /tmp is gone with the container, /run is empty, and the host's sockets and FIFOs in other
    /// folders can be reached. Any other folder can be written to: a program can leave setuid files in it (and as root,
    /// before Linux 5.19, device files), so keep it where other users cannot reach it (chmod 700). Where it has no /tmp that the
    /// program may write to, there is one of 256 MiB as long as it runs.
    ///
    /// Of vm-linux the files are copied into its RAM, and what is written there is gone with it; `/` would be too much.
    #[arg(long, alias = "initramfs", value_name = "DIR")]
    pub rootfs: Option<PathBuf>,
    /// The kernel that vm-linux boots: a name of `kernel list`, or the path of a file [default: the chosen one]
    #[arg(long, value_name = "KERNEL")]
    pub kernel: Option<OsString>,
    /// The RAM of a virtual machine: 512M [default: 128M of vm-linux, 8M of vm-bare]
    #[arg(long, value_name = "SIZE")]
    pub ram: Option<String>,
    /// What you type is its input, even where its output does not go to your terminal
    #[arg(short, long)]
    pub interactive: bool,
    /// Give it a terminal of its own; as without -t where you sit at one. Alone, without -i, nothing can be typed into it
    #[arg(short, long)]
    pub tty: bool,
    /// Give a Linux guest this file as a disk, /dev/vda, the next one /dev/vdb; :ro if it may only read. It has a virtio source of
    /// random bytes then, too
    #[arg(long = "disk", value_name = "FILE[:ro]")]
    pub disks: Vec<OsString>,
    /// Put a small init before the program, which reaps orphans and forwards signals
    #[arg(long)]
    pub init: bool,
    /// Set an environment variable
    #[arg(short = 'e', long = "env", value_name = "NAME=VALUE")]
    pub env: Vec<OsString>,
    /// Limit of memory: 64M
    #[arg(long, value_parser = parse_bytes, allow_hyphen_values = true, value_name = "SIZE")]
    pub memory: Option<u64>,
    /// Limit of processes
    #[arg(long, value_name = "N")]
    pub pids: Option<u64>,
    /// Limit of CPU, in CPUs: 0.5; of vm-linux the number of its CPUs
    #[arg(long, value_name = "CPUS", allow_negative_numbers = true)]
    pub cpus: Option<f64>,
    /// Draw the stages of its life as text bars when it has ended
    #[arg(long)]
    pub timeline: bool,
    /// List which objects came into being
    #[arg(long)]
    pub inventory: bool,
    /// Both as JSON, on the last line of stdout
    #[arg(long, requires = "shown")]
    pub json: bool,
    /// End it after this time
    #[arg(long, value_parser = parse_time, allow_hyphen_values = true, value_name = "TIME")]
    pub timeout: Option<Duration>,
    /// The command; without one, the probe says hello
    #[arg(trailing_var_arg = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Probe {
    /// noop, hold, syscalls CALLS BATCHES N, touch PAGES, spin UNITS BATCHES, count TO
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    pub args: Vec<OsString>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct List {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Compare {
    /// A results file, or the folder of a run
    pub a: PathBuf,
    /// Another
    pub b: PathBuf,
    /// Each host's ratios to this arm, instead of to the first
    #[arg(long, value_name = "ARM")]
    pub base: Option<String>,
    /// Print absolute differences even when the two hosts differ
    #[arg(long)]
    pub force: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Report {
    /// A results file, or the folder of a run
    #[arg(default_value = super::latest::DEFAULT)]
    pub file: PathBuf,
    /// Where report.html, report.md (report.ko.… in Korean) and their charts are written; made where it is missing
    /// [default: beside the results file]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["json", "md"])]
    pub into: Option<PathBuf>,
    /// The arm that the others are compared with [default: the first, or as the run was planned]
    #[arg(long, value_name = "ARM")]
    pub base: Option<String>,
    /// Print JSON instead: an array with one object per cell and metric
    #[arg(long, conflicts_with = "md")]
    pub json: bool,
    /// Print a short Markdown block to paste instead
    #[arg(long)]
    pub md: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Chart {
    /// A chart, or the beginning of several [default: all that the files have data for]; then results files or folders of
    /// runs [default: results/latest]
    #[arg(value_name = "NAME] [FILE")]
    pub words: Vec<OsString>,
    /// svg, png or both [default: both]
    #[arg(long, value_name = "LIST")]
    pub format: Option<String>,
    /// Pixels, 480 to 2400 [default: 1000]
    #[arg(long, value_name = "PIXELS", allow_negative_numbers = true)]
    pub width: Option<i64>,
    /// Dots per inch of the PNG, 48 to 600; the SVG counts as 96 [default: 192]
    #[arg(long, value_name = "DPI", allow_negative_numbers = true)]
    pub dpi: Option<i64>,
    /// light, dark, or slide with large letters [default: light]
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
    /// Leave the title out, for a text with a caption of its own
    #[arg(long)]
    pub no_title: bool,
    /// SVG: letters as shapes, which look alike in every word processor
    #[arg(long)]
    pub outlines: bool,
    /// Where the charts are written; made where it is missing [default: beside the first results file]
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,
    /// Print JSON: the files that were written, each with what it shows in words
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Svg,
    #[cfg(feature = "png")]
    Png,
}

impl Format {
    /// What this build can save.
    pub(super) const ALL: &'static [Format] = &[
        Format::Svg,
        #[cfg(feature = "png")]
        Format::Png,
    ];

    pub(super) fn ending(self) -> &'static str {
        match self {
            Format::Svg => "svg",
            #[cfg(feature = "png")]
            Format::Png => "png",
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(super) struct Doctor {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Recover {
    /// The folder of a run that did not end by itself
    pub dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Clean {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Completions {
    /// For bash: isolab completions bash > ~/.local/share/bash-completion/completions/isolab
    pub shell: clap_complete::Shell,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Manual {
    /// Where the pages are written, as ~/.local/share/man/man1 [default: isolab's own page, to stdout]
    pub dir: Option<PathBuf>,
}
