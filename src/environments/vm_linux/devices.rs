//! The guest's virtio devices, which come with its disks, and the drivers that its kernel needs for them.

use crate::error::{Error, Kind, Result};
use crate::kernels::Kernel;
use crate::kernels::modules::{self, Module};
use crate::model::Disk;
use crate::said;
use crate::shell::called_as;
use crate::vm::virtio::Virtio;
use crate::vm::virtio::block::{Access, Block};
use crate::vm::virtio::rng::Rng;

const DISKS: [&str; 2] = ["virtio_mmio", "virtio_blk"];
const RANDOM: &str = "virtio_rng";

/// The disks in order, and a source of random bytes behind them.
pub(super) fn open(disks: &[Disk]) -> Result<Vec<Box<dyn Virtio>>> {
    let mut devices: Vec<Box<dyn Virtio>> = Vec::new();
    for Disk { path, read_only } in disks {
        let access = if *read_only { Access::ReadOnly } else { Access::ReadWrite };
        devices.push(Box::new(Block::open(path, access)?));
    }
    if !disks.is_empty() {
        devices.push(Box::new(Rng::new()?));
    }
    Ok(devices)
}

/// Distributions build them as modules, which belong to one kernel.
pub(super) fn drivers(disks: &[Disk], kernel: &Kernel) -> Result<Vec<Module>> {
    if disks.is_empty() {
        return Ok(Vec::new());
    }
    let Some(dir) = &kernel.modules else {
        let name = &kernel.name;
        let doing = said!("give the guest a disk", "게스트에 디스크를 줄 수 없습니다");
        let cause = said!("the modules of the kernel {name} are not here", "커널 {name}의 모듈이 없음");
        return Err(Error::new(doing, cause).kind(Kind::Usage).try_this(said!(
            "a kernel with its modules: {isolab} kernel fetch, or {isolab} kernel add FILE --modules DIR",
            "모듈이 함께 있는 커널을 쓰십시오: {isolab} kernel fetch 또는 {isolab} kernel add FILE --modules DIR",
            isolab = called_as()
        )));
    };
    let [transport, block] = DISKS;
    modules::load(dir, &[transport, block, RANDOM]).or_else(|_| modules::load(dir, &DISKS))
}
