//! The hypervisor around us: its name, what gave it away, and how it lends KVM to its guests.
//!
//! The product before the mechanism: firmware strings (DMI) name a product, CPUID's leaf 0x4000_0000 the interface that
//! the guest's kernel is offered. VirtualBox and Amazon show KVM's interface, and KVM can show Hyper-V's.

use super::machine::Machine;
use super::row::Row;

/// One product that a machine can run under.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    /// Signs in the firmware's strings; any one is enough.
    dmi: &'static [&'static str],
    /// How it introduces itself by CPUID.
    cpuid: &'static [&'static str],
    pub(super) sentence: &'static str,
    /// How to let this machine use KVM, line by line; "$ " begins a command.
    nesting: &'static [&'static str],
}

/// The product, and the signs that were seen.
pub(super) struct Around {
    product: Option<&'static Product>,
    /// What the fingerprint of the host calls it, where the table has no better name.
    host_name: String,
    signs: Vec<String>,
}

impl Around {
    pub(super) fn name(&self) -> &str {
        self.product.map_or(&self.host_name, |p| p.name)
    }

    pub(super) fn nesting(&self) -> Vec<String> {
        let unknown = &["turn on nested virtualization in the hypervisor around this machine"][..];
        self.product.map_or(unknown, |p| p.nesting).iter().map(|line| (*line).to_owned()).collect()
    }

    pub(super) fn product(&self) -> Option<&'static Product> {
        self.product
    }

    pub(super) fn signs(&self) -> String {
        self.signs.join("; ")
    }
}

/// None: on the machine itself.
pub(super) fn around(m: &Machine) -> Option<Around> {
    let host_name = m.host.virtualised_by.clone()?;
    let dmi = ["sys_vendor", "product_name", "bios_vendor", "chassis_asset_tag"];
    let dmi: Vec<String> =
        dmi.iter().map(|f| m.text(&format!("/sys/class/dmi/id/{f}"))).filter(|t| !t.is_empty()).collect();
    let firmware = dmi.join(", ");
    let cpuid = m.cpuid.as_deref().unwrap_or_default();
    let by_firmware = PRODUCTS.iter().find(|p| p.dmi.iter().any(|sign| firmware.contains(sign)));
    let by_cpuid = || PRODUCTS.iter().find(|p| p.cpuid.contains(&cpuid));
    let by_name = || PRODUCTS.iter().find(|p| p.name == host_name);
    let mut signs = Vec::new();
    signs.extend((!firmware.is_empty()).then(|| format!("DMI {firmware}")));
    signs.extend((!cpuid.is_empty()).then(|| format!("CPUID \"{cpuid}\"")));
    if signs.is_empty() {
        signs.push("the CPU's hypervisor flag".into());
    }
    Some(Around { product: by_firmware.or_else(by_cpuid).or_else(by_name), host_name, signs })
}

pub(super) fn hypervisor(m: &Machine) -> Row {
    const WHAT: &str = "hypervisor";
    let Some(around) = around(m) else {
        return Row::ok("hypervisor", WHAT, "none around us: on the machine itself");
    };
    if is_first_xen_domain(m) {
        return Row::limited(
            "hypervisor",
            WHAT,
            "under Xen, as its first domain (dom0), which drives the machine for the others",
        );
    }
    let seen =
        format!("under {} ({}): it may take the CPU away in the middle of a sample", around.name(), around.signs());
    Row::limited("hypervisor", WHAT, seen)
}

/// Feature 11 of Xen's list, XENFEAT_dom0 (xen/include/public/features.h).
fn is_first_xen_domain(m: &Machine) -> bool {
    let features = u64::from_str_radix(&m.text("/sys/hypervisor/properties/features"), 16);
    features.is_ok_and(|set| set & 1 << 11 != 0) || m.text("/proc/xen/capabilities").contains("control_d")
}

const LIBVIRT: &[&str] = &[
    "on the host around it, as root: nested=1 for kvm_intel or kvm_amd, then for this guest",
    "<cpu mode='host-passthrough'/> (libvirt), or -cpu host (QEMU)",
];

/// Products before mechanisms, the particular before the general: the first that fits is told.
pub(super) const PRODUCTS: &[Product] = &[
    Product {
        id: "virtualbox",
        name: "VirtualBox",
        dmi: &["innotek", "VirtualBox"],
        cpuid: &["VBoxVBoxVBox"],
        sentence: "Oracle's hosted (type 2) hypervisor: an application with a kernel module of its own on an ordinary system.",
        nesting: &[
            "with this machine switched off, on the host around it:",
            "$ VBoxManage modifyvm NAME --nested-hw-virt on",
        ],
    },
    Product {
        id: "vmware",
        name: "VMware",
        dmi: &["VMware", "VMW"],
        cpuid: &["VMwareVMware"],
        sentence: "Workstation or Fusion (hosted, type 2) or ESXi (bare metal, type 1): all three introduce themselves alike, \
                   so it cannot be told from inside which one it is.",
        nesting: &[
            "in the machine's settings, Processors: Virtualize Intel VT-x/EPT or AMD-V/RVI; or in its .vmx file:",
            "vhv.enable = \"TRUE\"",
        ],
    },
    Product {
        id: "parallels",
        name: "Parallels",
        dmi: &["Parallels"],
        cpuid: &["lrpepyh  vr", "prl hyperv"],
        sentence: "A hosted hypervisor for macOS: the host is no Linux, so isolab can only be its guest.",
        nesting: &["on a Mac with an Intel CPU, with this machine switched off:", "$ prlctl set NAME --nested-virt on"],
    },
    Product {
        id: "ec2",
        name: "Amazon EC2",
        dmi: &["Amazon EC2"],
        cpuid: &[],
        sentence: "A machine in Amazon's cloud; its Nitro hypervisor is made from KVM, with the devices in hardware.",
        nesting: &["choose an instance type whose name ends in .metal, or one that offers nested virtualization"],
    },
    Product {
        id: "gce",
        name: "Google Compute Engine",
        dmi: &["Google"],
        cpuid: &[],
        sentence: "A machine in Google's cloud, under a KVM without QEMU.",
        nesting: &["make it anew:", "$ gcloud compute instances create NAME --enable-nested-virtualization"],
    },
    Product {
        id: "azure",
        name: "Azure",
        dmi: &["7783-7084-3265-9085-8269-3286-77"],
        cpuid: &[],
        sentence: "A machine in Microsoft's cloud, under Hyper-V.",
        nesting: &["choose a size that offers nested virtualization, as the D and E series from version 3 on do"],
    },
    Product {
        id: "hyper-v",
        name: "Hyper-V",
        dmi: &["Microsoft Corporation, Virtual Machine"],
        cpuid: &["Microsoft Hv"],
        sentence: "Microsoft's bare-metal (type 1) hypervisor; Windows itself runs above it, and so does WSL2.",
        nesting: &[
            "with this machine switched off, in PowerShell as administrator:",
            "$ Set-VMProcessor -VMName NAME -ExposeVirtualizationExtensions $true",
        ],
    },
    Product {
        id: "xen",
        name: "Xen",
        dmi: &["Xen"],
        cpuid: &["XenVMMXenVMM"],
        sentence: "A bare-metal (type 1) hypervisor: a first domain (dom0) drives the machine for the others (domU).",
        nesting: &["an HVM guest with nestedhvm=1 in its configuration; under PV there is none"],
    },
    Product {
        id: "bhyve",
        name: "bhyve",
        dmi: &["BHYVE"],
        cpuid: &["bhyve bhyve"],
        sentence: "FreeBSD's hypervisor.",
        nesting: &["bhyve lends no virtualization to its guests; use another machine"],
    },
    Product {
        id: "qemu-tcg",
        name: "QEMU without KVM",
        dmi: &[],
        cpuid: &["TCGTCGTCGTCG"],
        sentence: "QEMU translates every instruction of this machine: times say nothing about a real one.",
        nesting: &["-cpu max gives this machine an emulated AMD-V: right for tests, slow"],
    },
    Product {
        id: "kvm",
        name: "KVM",
        dmi: &["QEMU", "KVM", "OpenStack"],
        cpuid: &["KVMKVMKVM", "Linux KVM Hv"],
        sentence: "The Linux kernel's hypervisor, with QEMU, Firecracker or another program as the monitor of each machine.",
        nesting: LIBVIRT,
    },
];
