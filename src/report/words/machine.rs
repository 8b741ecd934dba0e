//! Environment and configuration; method.

use super::{Words, w};

pub(crate) const ENVIRONMENT: Words = w("Environment and configuration", "환경과 구성");
pub(crate) const MACHINE: Words = w(
    "The machine, as isolab read it just before the first sample. Nothing here was typed by hand.",
    "첫 표본 직전에 isolab이 읽은 기계 정보입니다. 손으로 적은 것은 없습니다.",
);
pub(crate) const FACT: Words = w("fact", "항목");
pub(crate) const VALUE: Words = w("value", "값");
pub(crate) const CPU_MODEL: Words = w("CPU model", "CPU 모델");
pub(crate) const CORES: Words = w("cores", "코어");
pub(crate) const CORES_VALUE: Words =
    w("{0} physical, {1} logical, {2} usable by isolab", "물리 {0}, 논리 {1}, isolab이 쓸 수 있는 것 {2}");
pub(crate) const CACHES: Words = w("caches of CPU 0", "CPU 0의 캐시");
pub(crate) const RAM: Words = w("RAM", "메모리(RAM)");
pub(crate) const SWAP: Words = w("swap", "스왑");
pub(crate) const DISTRIBUTION: Words = w("distribution", "배포판");
pub(crate) const KERNEL: Words = w("host kernel", "호스트 커널");
pub(crate) const KVM_BACKEND: Words = w("KVM backend", "KVM 백엔드");
pub(crate) const VIRTUALISED_BY: Words = w("virtualised by", "이 기계를 가상화한 하이퍼바이저");
pub(crate) const IN_CONTAINER: Words = w("inside a container", "컨테이너 안인가");
pub(crate) const WSL2: Words = w("WSL2", "WSL2");
pub(crate) const CGROUP_VERSION: Words = w("cgroups", "컨트롤 그룹");
pub(crate) const GOVERNOR: Words = w("frequency governor", "주파수 조절기(governor)");
pub(crate) const THP: Words = w("transparent huge pages", "투명한 큰 페이지(THP)");
pub(crate) const MITIGATIONS: Words = w("mitigations of CPU faults", "CPU 결함 완화책");
pub(crate) const ASLR: Words = w("address space randomisation (ASLR)", "주소 공간 무작위 배치(ASLR)");
pub(crate) const RCU: Words = w("RCU grace periods", "RCU 유예 기간");
pub(crate) const TICK: Words = w("timer tick (HZ)", "타이머 틱(HZ)");
pub(crate) const TURBO: Words = w("turbo frequencies", "터보 주파수");
pub(crate) const ISOLATED_CPUS: Words = w("CPUs kept free", "비워 둔 CPU");
pub(crate) const KSM: Words = w("samepage merging (KSM)", "같은 페이지 병합(KSM)");
pub(crate) const HEAT: Words = w("CPU temperature before the run", "실행 전 CPU 온도");
pub(crate) const COPIED_MOUNTS: Words =
    w("mounts that a new mount namespace copies", "새 마운트 네임스페이스가 복사하는 마운트 수");
pub(crate) const TOOLS: Words = w("versions", "버전");
pub(crate) const LOAD: Words = w("load before the run (1, 5, 15 min)", "실행 전 부하(1, 5, 15분)");
pub(crate) const USER: Words = w("run by", "실행한 사용자");
pub(crate) const AS_ROOT: Words = w("root", "루트");
pub(crate) const NOT_ROOT: Words = w("an ordinary user", "일반 사용자");
pub(crate) const TOOL: Words = w("tool", "도구");
pub(crate) const PROGRAM: Words = w("program in every arm", "모든 대상의 프로그램");
pub(crate) const THE_PROBE: Words = w(
    "isolab's own probe, the same bytes everywhere (SHA-256 {0}…)",
    "isolab의 프로브. 어디서나 같은 바이트(SHA-256 {0}…)",
);
pub(crate) const NOT_TOLD: Words = w("not told by this machine", "이 기계가 알려 주지 않음");
pub(crate) const NOT_OFFERED: Words = w("not offered", "제공되지 않음");
pub(crate) const NONE: Words = w("none", "없음");
/// How a results file names a setting of the kernel, so that it can be told in the reader's language.
pub(crate) const SETTINGS: [Words; 10] = [
    NOT_OFFERED,
    NONE,
    w("off", "꺼짐"),
    w("on", "켜짐"),
    w("partial", "일부"),
    w("full", "전체"),
    w("default", "기본"),
    w("expedited", "앞당김(expedited)"),
    w("normal", "보통(normal)"),
    w("unmerged", "병합을 되돌림(unmerged)"),
];
pub(crate) const NONE_SEEN: Words = w("none seen", "보이지 않음");
pub(crate) const YES: Words = w("yes", "예");
pub(crate) const NO: Words = w("no", "아니요");
pub(crate) const RAN_IN_VM: Words = w(
    "This machine is itself a virtual machine ({0}). Processes and containers of this run were inside it too, so “container” here means a container in a VM, and a VM here is nested: say so wherever you use a number.",
    "이 기계 자체가 가상머신입니다({0}). 이 실행의 프로세스와 컨테이너도 그 안에 있었습니다. 따라서 여기서 컨테이너는 가상머신 안의 컨테이너이고, 여기서 가상머신은 중첩된 것입니다. 숫자를 쓸 때마다 이를 밝히십시오.",
);
pub(crate) const RAN_IN_CONTAINER: Words = w(
    "isolab itself ran inside a container ({0}): every arm carries what that container costs and forbids.",
    "isolab 자체가 컨테이너 안에서 돌았습니다({0}). 모든 대상이 그 컨테이너의 비용과 제한을 함께 집니다.",
);
pub(crate) const RAN_IN_CONTAINER_IN_VM: Words = w(
    "isolab itself ran inside a container ({0}) on a machine that is a virtual machine ({1}): every arm carries both, and a VM here is nested.",
    "isolab 자체가 가상머신({1})인 기계의 컨테이너({0}) 안에서 돌았습니다. 모든 대상이 둘 다 지며, 여기서 가상머신은 중첩된 것입니다.",
);
pub(crate) const RAN_ON_METAL: Words = w(
    "No hypervisor below this machine and no container around isolab was seen.",
    "이 기계 아래의 하이퍼바이저도, isolab을 둘러싼 컨테이너도 보이지 않았습니다.",
);
pub(crate) const ARMS: Words = w("What was compared, and with which limits", "무엇을 어떤 제한으로 비교했는가");
pub(crate) const ARMS_CAPTION: Words = w(
    "The arms: what each may use and by which way. t0 is where the clock of create→ready starts.",
    "대상: 각각 무엇을 어떤 경로로 쓸 수 있는가. t0은 생성→준비의 시계가 시작하는 곳입니다.",
);
pub(crate) const CPU: Words = w("CPU", "CPU 제한");
pub(crate) const MEMORY: Words = w("memory", "메모리");
pub(crate) const FILES: Words = w("files", "파일");
pub(crate) const NETWORK: Words = w("network", "네트워크");
pub(crate) const WHOSE_KERNEL: Words = w("kernel", "커널");
pub(crate) const BACKEND: Words = w("KVM backend", "KVM 백엔드");
pub(crate) const NO_KVM: Words = w("no KVM in it", "KVM을 쓰지 않음");
pub(crate) const T0: Words = w("t0", "t0");
pub(crate) const LESS_THAN_ASKED: Words = w("less than asked for", "요청보다 덜 갖춘 것");
pub(crate) const NO_CPU_LIMIT: Words = w("no limit", "제한 없음");
pub(crate) const ONE_CPU: Words = w("one: kept on CPU {0}", "하나: CPU {0}에 고정");
pub(crate) const ONE_VCPU: Words = w("one virtual CPU", "가상 CPU 하나");
pub(crate) const NO_MEMORY_LIMIT: Words = w("no limit", "제한 없음");
pub(crate) const GUEST_RAM: Words = w("{0} of guest RAM", "게스트 RAM {0}");
pub(crate) const HOST_FILES: Words = w("the host's files", "호스트의 파일");
pub(crate) const OWN_ROOT: Words =
    w("a root folder of its own on the host's disk, no image", "호스트 디스크 위의 자기 루트 폴더, 이미지 없음");
pub(crate) const ROOT_IN_GUEST_RAM: Words =
    w("a root of its own in guest RAM (initramfs), no disk", "게스트 RAM 속의 자기 루트(initramfs), 디스크 없음");
pub(crate) const NO_FILES: Words = w("none: no disk", "없음(디스크 없음)");
pub(crate) const HOST_NETWORK: Words = w("the host's", "호스트의 네트워크");
pub(crate) const OWN_NETWORK: Words = w("a namespace of its own, loopback only", "자기 네임스페이스, 루프백만");
pub(crate) const OWN_NETWORK_DOWN: Words = w("a namespace of its own, nothing up", "자기 네임스페이스, 켜진 장치 없음");
pub(crate) const GUEST_NETWORK_DOWN: Words = w("the guest's own, nothing up", "게스트 자신의 네트워크, 켜진 장치 없음");
pub(crate) const NO_NETWORK: Words = w("none: no device", "없음(장치 없음)");
pub(crate) const HOST_KERNEL: Words = w("the host's", "호스트의 커널");
pub(crate) const OWN_KERNEL: Words = w(
    "its own small guest kernel, not Linux, on one virtual CPU",
    "가상 CPU 하나 위의 작은 자체 게스트 커널(리눅스가 아님)",
);
pub(crate) const GUEST_LINUX: Words = w("a Linux of its own, in the guest", "게스트 안의 자체 리눅스");
pub(crate) const THIS_GUEST_LINUX: Words = w("a Linux of its own, in the guest: {0}", "게스트 안의 자체 리눅스: {0}");
pub(crate) const NOT_KNOWN_HERE: Words = w("not known to this version", "이 버전이 모르는 환경");
pub(crate) const ONE_ARM_NOTHING_TO_COMPARE: Words = w(
    "Fewer than two arms were measured: there are no limits to compare.",
    "잰 대상이 둘보다 적어 비교할 제한이 없습니다.",
);
pub(crate) const EQUAL_FOR_ALL: Words = w("{0}: equal for all arms ({1}).", "{0}: 모든 대상이 같습니다({1}).");
pub(crate) const NOT_EQUAL: Words = w(
    "{0}: NOT equal: {1}. A difference between these arms contains this difference.",
    "{0}: 같지 않습니다. {1}. 이 대상들 사이의 차이에는 이 차이도 들어 있습니다.",
);
pub(crate) const CPU_LIMITS: Words = w("Limits of CPU", "CPU 제한");
pub(crate) const MEMORY_LIMITS: Words = w("Limits of memory", "메모리 제한");
pub(crate) const FILE_PATHS: Words = w("Way to files", "파일 경로");
pub(crate) const NETWORK_PATHS: Words = w("Way to the network", "네트워크 경로");
pub(crate) const KERNELS_USED: Words = w("Kernel that answers", "답하는 커널");

// Method.
pub(crate) const METHOD: Words = w("Method", "방법");
pub(crate) const ONE_WORKER_EACH: Words = w(
    "Every sample is one whole life of one instance, made by a fresh process of its own, which runs the same small program in every arm and must prove that it did the work.",
    "표본 하나는 인스턴스 하나의 일생 전체입니다. 매번 새 프로세스가 만들고, 모든 대상에서 같은 작은 프로그램을 돌리며, 일을 했다는 증거를 내야 합니다.",
);
pub(crate) const IN_BLOCKS: Words = w(
    "Randomised complete blocks: each block runs every arm once, in an order drawn from seed {0}; arms are paired within blocks, so that a drifting machine favours none.",
    "무작위 완전 블록: 블록마다 모든 대상을 한 번씩, 시드 {0}에서 뽑은 순서로 돌립니다. 대상은 블록 안에서 짝지으므로 기계 상태가 변해도 어느 쪽에도 유리하지 않습니다.",
);
pub(crate) const SEQUENTIAL: Words = w(
    "Sequential: one arm after the other (seed {0}). What drifted is charged to the arm that ran then.",
    "순차: 대상을 하나씩 차례로 돌렸습니다(시드 {0}). 그사이 변한 것은 그때 돌던 대상의 몫이 됩니다.",
);
pub(crate) const BLOCKS_PER_EXPERIMENT: Words = w("Blocks per experiment: {0}.", "실험별 블록 수: {0}.");
pub(crate) const WARM_UP: Words = w(
    "Warm-up blocks, measured and thrown away: {0}. At least {1} ms of settling after each sample.",
    "재고 버린 준비 블록: {0}. 표본마다 적어도 {1} ms 동안 가라앉기를 기다립니다.",
);
pub(crate) const PINNED: Words = w("Every worker was kept on CPU {0}.", "모든 작업 프로세스를 CPU {0}에 고정했습니다.");
pub(crate) const NOT_PINNED: Words =
    w("Workers were not kept on one CPU.", "작업 프로세스를 한 CPU에 고정하지 않았습니다.");
pub(crate) const CLOCK: Words = w(
    "The host's CLOCK_MONOTONIC stamps everything: smallest step {0} ns, {1} ns a reading, measured at the start; nothing was subtracted.",
    "모든 시각은 호스트의 CLOCK_MONOTONIC입니다. 시작할 때 잰 값으로, 가장 작은 걸음 {0} ns, 한 번 읽는 데 {1} ns입니다. 빼 준 값은 없습니다.",
);
pub(crate) const INTERVAL_METHOD: Words = w(
    "95 % intervals of medians are interpolated order statistics over blocks (Hettmansperger & Sheather 1986): no normal distribution is assumed, and fewer than 6 blocks have none.",
    "중앙값의 95 % 신뢰구간은 블록에 대한 순서 통계량을 보간한 것입니다(Hettmansperger & Sheather 1986). 정규 분포를 가정하지 않으며, 블록이 6개보다 적으면 구간이 없습니다.",
);
pub(crate) const FLOOR_METHOD: Words = w(
    "Noise floor: one arm stands twice in every block; the farther end of the interval of their relative difference is what this run could not have told from nothing.",
    "잡음 한계: 블록마다 같은 대상을 두 번 넣습니다. 둘의 상대 차이 신뢰구간에서 더 먼 끝이, 이 실행이 없는 것과 구별할 수 없었던 크기입니다.",
);
pub(crate) const NOTHING_DROPPED: Words =
    w("No sample was dropped, whatever its value.", "값이 어떻든 버린 표본은 없습니다.");
