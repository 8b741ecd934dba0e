//! isolab: what does it cost to isolate a program, as a process, a container or a virtual machine?
//!
//! # One run, from argv to chart
//!
//! 1. [`cli`] parses argv; `isolab bench` becomes `bench::plan::Options`.
//! 2. [`bench::plan`] makes a plan of them (pure): arms ([`environments`]) × questions ([`experiments`]), in randomised
//!    blocks, with one arm standing twice so that the noise of the run is known. [`bench::runner`] runs it.
//! 3. For each sample [`bench::workers`] spawns a fresh worker: this same binary, which makes *one* instance and ends. The
//!    harness itself never opens `/dev/kvm` and never clones a namespace.
//! 4. The worker asks its environment to prepare, create, start, wait, destroy. [`container`] is our runtime, [`vm`] our
//!    hypervisor; neither knows that it is measured. [`kernels`] finds what a Linux guest boots. Unsafe code is in [`sys`], in
//!    three files of [`vm`], and in what runs inside: the probe, and the init of a Linux guest.
//! 5. What runs inside is always the same static program, [`probe`]. It says when it is ready, works, and proves it.
//! 6. Marks on the host's clock become a [`timeline`]; the worker reports it as one line of JSON, with the proof.
//! 7. [`results`] appends the sample to `samples.jsonl`, and at the end writes `run.json`: every raw sample, and what
//!    [`stats`] computes from them.
//! 8. From that file alone, on any machine: tables, [`charts`], the [`report`], `compare`, `recover`, and the [`guide`]: pages
//!    to read, a prediction to lock, checks of what a reader concluded.
//!
//! # Who may use whom
//!
//! ```text
//! cli → bench (plan, runner) → experiments → bench (workers) → environments → { container, vm } → sys
//!       bench (runner) → results → stats    cli → guide → report → charts → results    host: the machine's fingerprint
//! { cli, environments } → kernels → { vm, results, host }
//! cli → doctor → { bench (workers), environments, container, vm, host }
//! ```
//!
//! Four crates: `base.rs`, `views.rs` and `lab.rs` list the rooms of the lower three, this file those of the program. The
//! compiler holds the arrows between them.
//!
//! `error`, `timeline`, `model`, `units`, `lang`, `shell`, `any_path`, `gzip`, `id`, `proc_stat`, `planned` and the probe's `abi` are leaves that all may use. `tests/architecture.rs` holds
//! the tree to this, and to the sizes of files and functions.
//!
//! # Adding something
//!
//! An environment, an experiment or a chart is one new file, and one line in its folder's `mod.rs`; a row of [`doctor`] is a
//! function and a line, and a recording in `tests/machines/` that shows it. A chapter is a page, its twin, its questions and
//! its task in `lab-guides/`: `src/crates/views/build.rs` finds them.
#![deny(unsafe_code)]

pub mod cli;
pub mod doctor;

/// Told by build.rs.
pub const BUILD: isolab_base::model::Build = isolab_base::model::Build {
    commit: env!("ISOLAB_COMMIT"),
    profile: env!("ISOLAB_PROFILE"),
    rustc: env!("ISOLAB_RUSTC"),
};

pub use isolab_base::*;
pub use isolab_lab::*;
pub use isolab_views::*;
