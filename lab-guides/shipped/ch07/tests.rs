//! Tests of chapter 7's task: files of three kinds of machine.
#![allow(unreachable_pub, clippy::pedantic, reason = "a task is a small world of its own")]

#[path = "task.rs"]
mod task;
#[path = "../../work/ch07/work.rs"]
#[rustfmt::skip]
mod work;

use task::{Account, Cgroup, Files, Kernel, Parts};

/// The isolab process that started it, recorded: its own 4.8 MB are mostly the file of the program.
const PARENT: &str = "Name:\tisolab\nVmSize:\t   10424 kB\nVmRSS:\t    4804 kB\nRssAnon:\t     172 kB\n\
                      RssFile:\t    4628 kB\nRssShmem:\t       4 kB\n";

/// The monitor of a bare VM with 8 MiB of RAM, recorded on Linux 6.18.
const MONITOR: &str = "\
00200000-7ffd71397000 ---p 00000000 00:00 0                              [rollup]
Rss:                4752 kB
Pss:                2980 kB
Pss_Dirty:           216 kB
Pss_Anon:            212 kB
Pss_File:           2768 kB
Shared_Clean:       1900 kB
Shared_Dirty:          0 kB
Private_Clean:      2636 kB
Private_Dirty:       216 kB
Referenced:         4752 kB
Anonymous:           212 kB
Swap:                  0 kB
";

/// memory.stat of a cgroup v2 on a kernel that tells everything.
const V2: &str = "\
anon 217088
file 0
kernel 937984
kernel_stack 32768
pagetables 65536
sec_pagetables 118784
percpu 4480
sock 0
vmalloc 12288
slab_reclaimable 98304
slab_unreclaimable 606208
slab 704512
pgfault 1402
";

/// The same on Linux 5.15: no line `kernel`, no line `sec_pagetables`.
const OLD_V2: &str = "\
anon 217088
file 0
kernel_stack 32768
pagetables 65536
percpu 4480
slab_reclaimable 98304
slab_unreclaimable 606208
slab 704512
";

const KIB: u64 = 1024;

fn account(cgroup: Cgroup<'_>) -> Account {
    work::account(&Files { parents_status: PARENT, smaps_rollup: MONITOR, cgroup })
}

#[test]
fn what_goes_with_the_instance_is_private() {
    let found = account(Cgroup::None).private;
    assert_ne!(found, 4804, "this is the VmRSS of the parent: the instance is another process, and /proc counts in kB");
    assert_ne!(found, 4804 * KIB, "this is the VmRSS of the parent: the instance is another process");
    assert_ne!(found, 4752 * KIB, "Rss counts a page that ten processes share ten times");
    assert_ne!(found, 2636 + 216, "\"kB\" in /proc is 1024 bytes");
    assert_eq!(found, (2636 + 216) * KIB, "private is Private_Clean + Private_Dirty of the instance, in bytes");
}

#[test]
fn what_others_use_too_is_shared_proportionally() {
    assert_eq!(account(Cgroup::None).shared, (2980 - 2636 - 216) * KIB, "shared is Pss without the private part");
    let alone = "Pss: 40 kB\nPrivate_Clean: 20 kB\nPrivate_Dirty: 24 kB\n"; // rounding may make Pss the smaller one
    let files = Files { parents_status: PARENT, smaps_rollup: alone, cgroup: Cgroup::None };
    assert_eq!(work::account(&files).shared, 0, "nothing is shared; a size is never negative");
}

#[test]
fn cgroup_v2_splits_the_kernels_memory() {
    let expected = Parts {
        stacks: Some(32_768),
        page_tables: Some(65_536),
        second_page_tables: Some(118_784),
        slab: Some(704_512),
        sum: 937_984,
    };
    assert_eq!(
        account(Cgroup::V2 { memory_stat: V2 }).kernel,
        Kernel::Split(expected),
        "\nmemory.stat counts bytes already. Look for whole names: `slab` is not `slab_reclaimable`, and `pagetables` is \
         not `sec_pagetables`. The sum is the line `kernel`, which holds more than these parts."
    );
}

#[test]
fn a_line_in_any_place_is_found() {
    let turned: String = V2.lines().rev().map(|line| format!("{line}\n")).collect();
    assert_eq!(account(Cgroup::V2 { memory_stat: &turned }), account(Cgroup::V2 { memory_stat: V2 }));
}

#[test]
fn what_an_old_kernel_does_not_tell_is_not_zero() {
    let expected = Parts {
        stacks: Some(32_768),
        page_tables: Some(65_536),
        second_page_tables: None,
        slab: Some(704_512),
        sum: 32_768 + 65_536 + 704_512,
    };
    assert_eq!(
        account(Cgroup::V2 { memory_stat: OLD_V2 }).kernel,
        Kernel::Split(expected),
        "\nNo line `sec_pagetables`: None, not Some(0). No line `kernel`: the sum of the parts that are told."
    );
}

#[test]
fn cgroup_v1_gives_one_number() {
    assert_eq!(account(Cgroup::V1 { kmem_usage: "651264\n" }).kernel, Kernel::NotSplit(651_264));
}

#[test]
fn without_a_cgroup_nothing_was_measured() {
    assert_eq!(
        account(Cgroup::None).kernel,
        Kernel::NotMeasured,
        "\nNot measured is not 0: a sum with it is no total."
    );
}
