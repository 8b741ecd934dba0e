//! What firmware would tell Linux about the machine: ACPI tables, of the reduced kind that needs no firmware (ACPI 6.5,
//! section 3.11.1): CPUs, interrupts, serial ports, virtio devices, and how to switch off.
//!
//! ```text
//! RSDP → XSDT → FADT → DSDT   devices, in the byte code AML
//!             ↘ MADT          CPUs and interrupt controllers
//! ```

use acpi_tables::aml::{
    Device, EISAName, IO, Interrupt, Memory32Fixed, Name, ONE, Package, Path, ResourceTemplate, ZERO,
};
use acpi_tables::fadt::{FADTBuilder, Flags};
use acpi_tables::gas::{AccessSize, AddressSpace, GAS};
use acpi_tables::madt::{EnabledStatus, IoApic, LocalInterruptController, MADT, ProcessorLocalApic};
use acpi_tables::rsdp::Rsdp;
use acpi_tables::sdt::Sdt;
use acpi_tables::xsdt::XSDT;
use acpi_tables::{Aml, AmlSink};

use super::layout::{
    ACPI, ACPI_END, COM_PORTS, IO_APIC, LOCAL_APIC, RESET, SLEEP_CONTROL, SLEEP_STATUS, VIRTIO, VIRTIO_BYTES,
    VIRTIO_INTERRUPT,
};
use crate::error::{Error, Result};
use crate::said;
use crate::vm::guest_memory::GuestMemory;

const OEM: [u8; 6] = *b"ISOLAB";
const TABLE: [u8; 8] = *b"ISOLABVM";
const REVISION: u32 = 1;
/// Written to the reset register.
pub const RESET_VALUE: u8 = 1;
/// The sleep type of S5, "soft off", as `_S5_` below names it; Linux writes it shifted by two, with the enable bit 5.
const SOFT_OFF: u8 = 5;
pub const SLEEP_CONTROL_OFF: u8 = SOFT_OFF << 2 | 1 << 5;

/// What is beside CPUs and interrupt controllers.
#[derive(Debug, Clone, Default)]
pub struct Board {
    pub cpus: u8,
    /// First port and interrupt of each serial port.
    pub serial: Vec<(u16, u32)>,
    /// So many virtio-mmio devices: device n at page n of [`VIRTIO`], with the nth interrupt from [`VIRTIO_INTERRUPT`].
    pub virtio: u8,
}

/// Writes all tables. The RSDP lies at [`ACPI`].
///
/// # Errors
/// When there are more devices than there is room.
pub fn write(board: &Board, memory: &GuestMemory) -> Result<()> {
    let no_room = || {
        Error::new(
            said!("write the ACPI tables", "ACPI 표를 쓸 수 없습니다"),
            said!("there are too many devices", "장치가 너무 많음"),
        )
    };
    let mut at = ACPI + 64; // behind the RSDP, which comes last
    let mut put = |table: &dyn Aml| {
        let (mut bytes, place) = (Vec::new(), at);
        table.to_aml_bytes(&mut bytes);
        at = (place + bytes.len() as u64).next_multiple_of(16);
        if at > ACPI_END {
            return Err(no_room());
        }
        memory.write(place, &bytes).map(|()| place).ok_or_else(no_room)
    };
    let dsdt = put(&dsdt(board))?;
    let fadt = put(&fadt(dsdt))?;
    let madt = put(&madt(board.cpus))?;
    let mut xsdt = XSDT::new(OEM, TABLE, REVISION);
    xsdt.add_entry(fadt);
    xsdt.add_entry(madt);
    let xsdt = put(&xsdt)?;
    let mut rsdp = Vec::new();
    Rsdp::new(OEM, xsdt).to_aml_bytes(&mut rsdp);
    memory.write(ACPI, &rsdp).ok_or_else(no_room)
}

fn fadt(dsdt: u64) -> impl Aml {
    let port = |port: u16| GAS::new(AddressSpace::SystemIo, 8, 0, AccessSize::ByteAccess, u64::from(port));
    let mut fadt = FADTBuilder::new(OEM, TABLE, REVISION)
        .dsdt_64(dsdt)
        .flag(Flags::HwReducedAcpi)
        .flag(Flags::ResetRegSup)
        .flag(Flags::Headless);
    (fadt.reset_reg, fadt.reset_value) = (port(RESET), RESET_VALUE);
    (fadt.sleep_control_reg, fadt.sleep_status_reg) = (port(SLEEP_CONTROL), port(SLEEP_STATUS));
    fadt.iapc_boot_arch = (NO_VGA | NO_RTC).into(); // and no keyboard controller, which is another bit's absence
    fadt.finalize()
}

/// IA-PC boot architecture flags (ACPI 6.5, table 5.10).
const NO_VGA: u16 = 1 << 2;
const NO_RTC: u16 = 1 << 5;

fn madt(cpus: u8) -> MADT {
    let mut madt = MADT::new(OEM, TABLE, REVISION, LocalInterruptController::Address(LOCAL_APIC));
    madt.add_structure(IoApic::new(0, IO_APIC, 0));
    (0..cpus).for_each(|id| madt.add_structure(ProcessorLocalApic::new(id, id, EnabledStatus::Enabled)));
    madt
}

fn dsdt(board: &Board) -> Sdt {
    let mut code = Vec::new();
    for (number, &(port, interrupt)) in board.serial.iter().enumerate() {
        serial(number as u8, port, interrupt, &mut code);
    }
    (0..board.virtio).for_each(|number| virtio(number, &mut code));
    Name::new(Path::new("_S5_"), &Package::new(vec![&SOFT_OFF, &ZERO])).to_aml_bytes(&mut code);
    let mut table = Sdt::new(*b"DSDT", 36, 2, OEM, TABLE, REVISION);
    table.append_slice(&code);
    table
}

/// A 16550 with its interrupt: without a line here a PC's old interrupt controller would have it, which is not there.
fn serial(number: u8, port: u16, interrupt: u32, code: &mut dyn AmlSink) {
    Device::new(
        Path::new(&format!("_SB_.COM{}", number + 1)),
        vec![
            &Name::new(Path::new("_HID"), &EISAName::new("PNP0501")),
            &Name::new(Path::new("_UID"), &number),
            &Name::new(
                Path::new("_CRS"),
                &ResourceTemplate::new(vec![
                    &Interrupt::new(true, true, false, false, interrupt),
                    &IO::new(port, port, 1, COM_PORTS as u8),
                ]),
            ),
        ],
    )
    .to_aml_bytes(code);
}

/// A virtio-mmio device, by the name that Linux' driver knows (drivers/virtio/virtio_mmio.c).
fn virtio(number: u8, code: &mut dyn AmlSink) {
    let address = (VIRTIO + u64::from(number) * VIRTIO_BYTES) as u32;
    Device::new(
        Path::new(&format!("_SB_.V{number:03}")),
        vec![
            &Name::new(Path::new("_HID"), &"LNRO0005"),
            &Name::new(Path::new("_UID"), &number),
            &Name::new(Path::new("_CCA"), &ONE),
            &Name::new(
                Path::new("_CRS"),
                &ResourceTemplate::new(vec![
                    &Memory32Fixed::new(true, address, VIRTIO_BYTES as u32),
                    &Interrupt::new(true, true, false, false, VIRTIO_INTERRUPT + u32::from(number)),
                ]),
            ),
        ],
    )
    .to_aml_bytes(code);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::linux::layout::{COM1, COM1_INTERRUPT};

    fn tables(board: &Board) -> (GuestMemory, Vec<Vec<u8>>) {
        let memory = GuestMemory::map(&[(0, 2 << 20)], false).unwrap();
        write(board, &memory).unwrap();
        let bytes = |at: u64, length: usize| {
            let mut bytes = vec![0; length];
            memory.read(at, &mut bytes).unwrap();
            bytes
        };
        let table = |at: u64| {
            bytes(
                at,
                memory.read_u64(at).unwrap().to_le_bytes()[4..8].iter().rev().fold(0, |n, b| n << 8 | usize::from(*b)),
            )
        };
        let rsdp = bytes(ACPI, 36);
        let xsdt = table(u64::from_le_bytes(rsdp[24..32].try_into().unwrap()));
        let entries = xsdt[36..].chunks(8).map(|at| table(u64::from_le_bytes(at.try_into().unwrap())));
        let mut all: Vec<Vec<u8>> = entries.collect();
        let dsdt = table(u64::from_le_bytes(all[0][140..148].try_into().unwrap()));
        all.extend([dsdt, xsdt, rsdp]);
        (memory, all)
    }

    #[test]
    fn every_table_is_reached_from_the_first_and_sums_to_zero() {
        let board = Board { cpus: 4, serial: vec![(COM1, COM1_INTERRUPT)], virtio: 2 };
        let (_, all) = tables(&board);
        let names: Vec<&[u8]> = all.iter().map(|table| &table[..4]).collect();
        assert_eq!(names, [b"FACP", b"APIC", b"DSDT", b"XSDT", b"RSD "]);
        for table in &all {
            assert_eq!(table.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)), 0, "{:?}", &table[..4]);
        }
        let flags = u32::from_le_bytes(all[0][112..116].try_into().unwrap());
        assert_ne!(flags & 1 << 20, 0, "hardware-reduced");
        assert_eq!(all[1].windows(2).filter(|two| *two == [0, 8]).count(), 4, "a local APIC for each CPU");
        let text = String::from_utf8_lossy(&all[2]);
        assert_eq!((text.matches("LNRO0005").count(), text.matches("COM1").count()), (2, 1));
    }
}
