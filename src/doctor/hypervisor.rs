//! The hypervisor around us: its name, what gave it away, and how it lends KVM to its guests.
//!
//! The product before the mechanism: firmware strings (DMI) name a product, CPUID's leaf 0x4000_0000 the interface that
//! the guest's kernel is offered. VirtualBox and Amazon show KVM's interface, and KVM can show Hyper-V's.

use super::machine::Machine;
use super::row::Row;
use crate::lang::Said;
use crate::said;

/// One product that a machine can run under.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    /// Signs in the firmware's strings; any one is enough.
    dmi: &'static [&'static str],
    /// How it introduces itself by CPUID.
    cpuid: &'static [&'static str],
    pub(super) sentence: Said,
    /// How to let this machine use KVM, line by line; "$ " begins a command.
    nesting: &'static [Said],
}

/// The product, and the signs that were seen.
pub(super) struct Hypervisor {
    product: Option<&'static Product>,
    /// What the fingerprint of the host calls it, where the table has no better name.
    host_name: String,
    signs: Vec<String>,
}

impl Hypervisor {
    pub(super) fn name(&self) -> &str {
        self.product.map_or(&self.host_name, |p| p.name)
    }

    pub(super) fn nesting(&self) -> Vec<Said> {
        const UNKNOWN: &[Said] = &[Said::fixed(
            "turn on nested virtualization in the hypervisor around this machine",
            "이 기계를 둘러싼 하이퍼바이저에서 중첩 가상화를 켜십시오",
        )];
        self.product.map_or(UNKNOWN, |p| p.nesting).to_vec()
    }

    pub(super) fn product(&self) -> Option<&'static Product> {
        self.product
    }

    pub(super) fn signs(&self) -> String {
        self.signs.join("; ")
    }
}

/// None: on the machine itself.
pub(super) fn around(m: &Machine) -> Option<Hypervisor> {
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
    Some(Hypervisor { product: by_firmware.or_else(by_cpuid).or_else(by_name), host_name, signs })
}

pub(super) fn hypervisor(m: &Machine) -> Row {
    const WHAT: Said = Said::fixed("hypervisor", "하이퍼바이저");
    let Some(around) = around(m) else {
        return Row::ok(
            "hypervisor",
            WHAT,
            said!("none around us: on the machine itself", "둘러싼 것이 없음: 실제 기계 위"),
        );
    };
    if is_first_xen_domain(m) {
        return Row::limited(
            "hypervisor",
            WHAT,
            said!(
                "under Xen, as its first domain (dom0), which drives the machine for the others",
                "Xen 위의 첫 도메인(dom0): 다른 도메인을 대신하여 기계를 다룸"
            ),
        );
    }
    let (name, signs) = (around.name(), around.signs());
    let seen = said!(
        "under {name} ({signs}): it may take the CPU away in the middle of a sample",
        "{name}({signs}) 위: 표본을 재는 도중에 CPU를 가져갈 수 있음"
    );
    Row::limited("hypervisor", WHAT, seen)
}

/// Feature 11 of Xen's list, XENFEAT_dom0 (xen/include/public/features.h).
fn is_first_xen_domain(m: &Machine) -> bool {
    let features = u64::from_str_radix(&m.text("/sys/hypervisor/properties/features"), 16);
    features.is_ok_and(|set| set & 1 << 11 != 0) || m.text("/proc/xen/capabilities").contains("control_d")
}

const LIBVIRT: &[Said] = &[
    Said::fixed(
        "on the host around it, as root: nested=1 for kvm_intel or kvm_amd, then for this guest",
        "바깥 호스트에서 루트로: kvm_intel이나 kvm_amd에 nested=1, 그리고 이 게스트에",
    ),
    Said::fixed(
        "<cpu mode='host-passthrough'/> (libvirt), or -cpu host (QEMU)",
        "<cpu mode='host-passthrough'/>(libvirt) 또는 -cpu host(QEMU)",
    ),
];

/// Products before mechanisms, the particular before the general: the first that fits is told.
pub(super) const PRODUCTS: &[Product] = &[
    Product {
        id: "virtualbox",
        name: "VirtualBox",
        dmi: &["innotek", "VirtualBox"],
        cpuid: &["VBoxVBoxVBox"],
        sentence: Said::fixed(
            "Oracle's hosted (type 2) hypervisor: an application with a kernel module of its own on an ordinary system.",
            "오라클의 호스트형(타입 2) 하이퍼바이저로, 일반 운영체제 위에서 자체 커널 모듈과 함께 도는 응용 프로그램입니다.",
        ),
        nesting: &[
            Said::fixed(
                "with this machine switched off, on the host around it:",
                "이 기계를 끈 상태로 바깥 호스트에서:",
            ),
            Said::english("$ VBoxManage modifyvm NAME --nested-hw-virt on"),
        ],
    },
    Product {
        id: "vmware",
        name: "VMware",
        dmi: &["VMware", "VMW"],
        cpuid: &["VMwareVMware"],
        sentence: Said::fixed(
            "Workstation or Fusion (hosted, type 2) or ESXi (bare metal, type 1): all three introduce themselves alike, so it cannot be told from inside which one it is.",
            "Workstation이나 Fusion(호스트형, 타입 2) 또는 ESXi(베어메탈, 타입 1)입니다. 셋 모두 자신을 똑같이 소개하므로 안에서는 어느 것인지 알 수 없습니다.",
        ),
        nesting: &[
            Said::fixed(
                "in the machine's settings, Processors: Virtualize Intel VT-x/EPT or AMD-V/RVI; or in its .vmx file:",
                "기계 설정의 프로세서에서 Intel VT-x/EPT 또는 AMD-V/RVI 가상화를 켜거나 .vmx 파일에:",
            ),
            Said::english("vhv.enable = \"TRUE\""),
        ],
    },
    Product {
        id: "parallels",
        name: "Parallels",
        dmi: &["Parallels"],
        cpuid: &["lrpepyh  vr", "prl hyperv"],
        sentence: Said::fixed(
            "A hosted hypervisor for macOS: the host is no Linux, so isolab can only be its guest.",
            "macOS용 호스트형 하이퍼바이저입니다. 호스트가 리눅스가 아니므로 isolab은 그 게스트로만 돌 수 있습니다.",
        ),
        nesting: &[
            Said::fixed(
                "on a Mac with an Intel CPU, with this machine switched off:",
                "인텔 CPU를 쓰는 맥에서, 이 기계를 끈 상태로:",
            ),
            Said::english("$ prlctl set NAME --nested-virt on"),
        ],
    },
    Product {
        id: "ec2",
        name: "Amazon EC2",
        dmi: &["Amazon EC2"],
        cpuid: &[],
        sentence: Said::fixed(
            "A machine in Amazon's cloud; its Nitro hypervisor is made from KVM, with the devices in hardware.",
            "아마존 클라우드의 기계입니다. Nitro 하이퍼바이저는 KVM으로 만들었고 장치는 하드웨어로 되어 있습니다.",
        ),
        nesting: &[Said::fixed(
            "choose an instance type whose name ends in .metal, or one that offers nested virtualization",
            "이름이 .metal로 끝나거나 중첩 가상화를 제공하는 인스턴스 유형을 고르십시오",
        )],
    },
    Product {
        id: "gce",
        name: "Google Compute Engine",
        dmi: &["Google"],
        cpuid: &[],
        sentence: Said::fixed(
            "A machine in Google's cloud, under a KVM without QEMU.",
            "구글 클라우드의 기계로, QEMU 없는 KVM 위에서 돕니다.",
        ),
        nesting: &[
            Said::fixed("make it anew:", "새로 만드십시오:"),
            Said::english("$ gcloud compute instances create NAME --enable-nested-virtualization"),
        ],
    },
    Product {
        id: "azure",
        name: "Azure",
        dmi: &["7783-7084-3265-9085-8269-3286-77"],
        cpuid: &[],
        sentence: Said::fixed(
            "A machine in Microsoft's cloud, under Hyper-V.",
            "마이크로소프트 클라우드의 기계로, Hyper-V 위에서 돕니다.",
        ),
        nesting: &[Said::fixed(
            "choose a size that offers nested virtualization, as the D and E series from version 3 on do",
            "중첩 가상화를 제공하는 크기를 고르십시오. 버전 3부터의 D와 E 시리즈가 그렇습니다",
        )],
    },
    Product {
        id: "hyper-v",
        name: "Hyper-V",
        dmi: &["Microsoft Corporation, Virtual Machine"],
        cpuid: &["Microsoft Hv"],
        sentence: Said::fixed(
            "Microsoft's bare-metal (type 1) hypervisor; Windows itself runs above it, and so does WSL2.",
            "마이크로소프트의 베어메탈(타입 1) 하이퍼바이저입니다. 윈도 자신도 WSL2도 그 위에서 돕니다.",
        ),
        nesting: &[
            Said::fixed(
                "with this machine switched off, in PowerShell as administrator:",
                "이 기계를 끈 상태로 관리자 PowerShell에서:",
            ),
            Said::english("$ Set-VMProcessor -VMName NAME -ExposeVirtualizationExtensions $true"),
        ],
    },
    Product {
        id: "xen",
        name: "Xen",
        dmi: &["Xen"],
        cpuid: &["XenVMMXenVMM"],
        sentence: Said::fixed(
            "A bare-metal (type 1) hypervisor: a first domain (dom0) drives the machine for the others (domU).",
            "베어메탈(타입 1) 하이퍼바이저로, 첫 도메인(dom0)이 다른 도메인(domU)을 대신하여 기계를 다룹니다.",
        ),
        nesting: &[Said::fixed(
            "an HVM guest with nestedhvm=1 in its configuration; under PV there is none",
            "설정에 nestedhvm=1이 있는 HVM 게스트여야 합니다. PV에서는 되지 않습니다",
        )],
    },
    Product {
        id: "bhyve",
        name: "bhyve",
        dmi: &["BHYVE"],
        cpuid: &["bhyve bhyve"],
        sentence: Said::fixed("FreeBSD's hypervisor.", "FreeBSD의 하이퍼바이저입니다."),
        nesting: &[Said::fixed(
            "bhyve lends no virtualization to its guests; use another machine",
            "bhyve는 게스트에 가상화를 빌려주지 않습니다. 다른 기계를 쓰십시오",
        )],
    },
    Product {
        id: "qemu-tcg",
        name: "QEMU without KVM",
        dmi: &[],
        cpuid: &["TCGTCGTCGTCG"],
        sentence: Said::fixed(
            "QEMU translates every instruction of this machine: times say nothing about a real one.",
            "QEMU가 이 기계의 모든 명령을 번역합니다. 시간은 실제 기계에 대해 아무것도 알려 주지 않습니다.",
        ),
        nesting: &[Said::fixed(
            "-cpu max gives this machine an emulated AMD-V: right for tests, slow",
            "-cpu max를 주면 에뮬레이션된 AMD-V가 생깁니다. 시험에는 알맞으나 느립니다",
        )],
    },
    Product {
        id: "kvm",
        name: "KVM",
        dmi: &["QEMU", "KVM", "OpenStack"],
        cpuid: &["KVMKVMKVM", "Linux KVM Hv"],
        sentence: Said::fixed(
            "The Linux kernel's hypervisor, with QEMU, Firecracker or another program as the monitor of each machine.",
            "리눅스 커널의 하이퍼바이저입니다. QEMU, Firecracker 같은 프로그램이 기계마다 모니터가 됩니다.",
        ),
        nesting: LIBVIRT,
    },
];
