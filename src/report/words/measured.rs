//! Sentences, tables of results, the comparison.

use super::{Words, w};

// The verdict sentences.
pub(crate) const LEAD_CREATE_TO_READY: Words =
    w("Start, first system call to ready record", "시작, 첫 시스템 콜에서 준비 기록까지");
pub(crate) const LEAD_COMMAND_TO_READY: Words =
    w("Start, fresh isolab process to ready record", "시작, 새 isolab 프로세스에서 준비 기록까지");
pub(crate) const LEAD_PER_INSTANCE: Words =
    w("One more instance, private + kernel memory", "인스턴스 하나 더, 전용 + 커널 메모리");
pub(crate) const LEAD_PRIVATE: Words = w(
    "One more instance, private memory alone (no memory cgroup to measure the kernel's part: needs root)",
    "인스턴스 하나 더, 전용 메모리만(커널 몫을 잴 메모리 컨트롤 그룹이 없음. 루트 권한이 필요합니다)",
);
pub(crate) const LEAD_DAEMON: Words = w(
    "An engine's daemons, which serve all its instances (no part of one more)",
    "엔진의 데몬, 모든 인스턴스가 함께 씀(하나 더의 비용이 아님)",
);
pub(crate) const LEAD_GETPPID: Words = w(
    "One system call, getppid (in a bare VM our guest kernel answers, not Linux)",
    "시스템 콜 하나, getppid(운영체제 없는 가상머신에서는 리눅스가 아니라 직접 만든 게스트 커널이 답함)",
);
pub(crate) const LEAD_SPIN: Words = w("Plain computation, the control", "단순 계산, 대조군");
pub(crate) const LEAD_STARTS: Words = w("Starts per second", "초당 시작 횟수");
pub(crate) const LEAD_WHOLE: Words =
    w("Whole command, first system call to its end", "명령 전체, 첫 시스템 콜에서 끝까지");
pub(crate) const LEAD_CONFIGURED: Words =
    w("Guest RAM, configured against touched ({0})", "게스트 RAM, 설정한 크기와 건드린 크기({0})");
pub(crate) const CONFIGURED_TOUCHED: Words = w("{0} with {1} touched costs {2}", "{0} 설정, {1} 건드림 {2}");
pub(crate) const LEAD_OBJECTS: Words =
    w("One instance, beside its process", "인스턴스 하나가 프로세스 말고 더 만드는 것");
pub(crate) const NOTHING: Words = w("nothing", "없음");
pub(crate) const ONE_PROCESS: Words = w("{0} process more", "프로세스 {0}개 더");
pub(crate) const PROCESSES: Words = w("{0} processes more", "프로세스 {0}개 더");
pub(crate) const ONE_NAMESPACE: Words = w("{0} namespace", "네임스페이스 {0}개");
pub(crate) const NAMESPACES: Words = w("{0} namespaces", "네임스페이스 {0}개");
pub(crate) const ONE_MOUNT: Words = w("{0} mount", "마운트 {0}개");
pub(crate) const MOUNTS: Words = w("{0} mounts", "마운트 {0}개");
pub(crate) const ONE_CGROUP: Words = w("{0} cgroup", "컨트롤 그룹 {0}개");
pub(crate) const CGROUPS: Words = w("{0} cgroups", "컨트롤 그룹 {0}개");
pub(crate) const ONE_KVM_OBJECT: Words = w("{0} KVM object", "KVM 객체 {0}개");
pub(crate) const KVM_OBJECTS: Words = w("{0} KVM objects", "KVM 객체 {0}개");
pub(crate) const ONE_KERNEL: Words = w("{0} kernel", "커널 {0}개");
pub(crate) const KERNELS: Words = w("{0} kernels", "커널 {0}개");
pub(crate) const NO_DIFFERENCE_ARMS: Words =
    w("no difference detectable ({0} arms, floor {1})", "차이를 검출하지 못했습니다(대상 {0}개, 잡음 한계 {1})");
pub(crate) const TOO_NOISY: Words =
    w("this run was too noisy to tell (floor {0} %)", "이 실행은 잡음이 너무 커서 판단할 수 없습니다(잡음 한계 {0} %)");
pub(crate) const TOO_FEW: Words = w("too few blocks", "블록이 너무 적음");
pub(crate) const UNKNOWN: Words = w("unknown", "알 수 없음");
pub(crate) const OF_ARM: Words = w("against {1} {0}", "{1} 대비 {0}");
pub(crate) const OF_ARM_PAIRS: Words = w("against `{1}`: {0}; {2:pair}", "`{1}` 대비 {0}, {2}쌍");
pub(crate) const PAIRED_RATIO: Words = w("paired ×{0}", "짝지은 비 ×{0}");
pub(crate) const SO_MANY_PAIRS: Words = w("; {0:pair}", ", {0}쌍");
pub(crate) const LEAD_AGAINST_MACHINE: Words =
    w("Container against VM, {0} against {1}", "컨테이너 대 가상머신, {1} 대비 {0}");
pub(crate) const NOTHING_MEASURED: Words = w(
    "Nothing was measured in this run: every cell was skipped or failed. The reasons and the remedies stand below “What was skipped, and why”.",
    "이 실행에서는 아무것도 재지 못했습니다. 모든 칸을 건너뛰었거나 실패했습니다. 이유와 해결 방법은 아래 ‘건너뛴 것과 그 이유’에 있습니다.",
);
pub(crate) const HOW_TO_READ_SENTENCES: Words = w(
    "Each value is a median over blocks, in square brackets its 95 % interval, with n the number of blocks. × is the median of the ratio within blocks, with its own interval. “No difference detectable” means: not clear of equal, or not larger than the noise floor, which two equal arms of this run showed. What exactly starts and stops each clock stands above each table.",
    "각 값은 블록에 대한 중앙값이고, 대괄호 안은 95 % 신뢰구간, n은 블록 수입니다. ×는 블록 안에서 구한 비의 중앙값이며 자체 신뢰구간이 있습니다. ‘차이를 검출하지 못함’은 같다는 값을 벗어나지 못했거나, 이 실행에서 똑같은 두 대상이 보인 잡음 한계보다 크지 않다는 뜻입니다. 시계가 정확히 언제 시작하고 멈추는지는 각 표 위에 있습니다.",
);

// Results.
pub(crate) const RESULTS: Words = w("Results", "결과");
pub(crate) const HOW_TO_READ_TABLES: Words = w(
    "One table has one metric and one definition; one row has one arm with one set of values. The median comes first, because times have a long right tail. No sample was dropped: “far from the rest” counts Tukey's classes (beyond 1.5 interquartile ranges; in brackets beyond 3).",
    "표 하나에는 지표 하나와 정의 하나, 행 하나에는 값 한 벌의 대상 하나만 있습니다. 시간은 오른쪽 꼬리가 길기 때문에 중앙값이 먼저 나옵니다. 버린 표본은 없습니다. ‘멀리 떨어진 값’은 튜키의 분류로 센 것입니다(사분위 범위의 1.5배 밖, 괄호 안은 3배 밖).",
);
pub(crate) const SWIPE: Words =
    w("The chart is wider than this screen: scroll it sideways.", "차트가 화면보다 넓습니다. 옆으로 밀어 보십시오.");
pub(crate) const CHART: Words = w("Chart `{0}`", "차트 `{0}`");
pub(crate) const THE_RUN_ITSELF: Words = w("The run itself", "실행 자체");
pub(crate) const OTHER_METRICS: Words = w("Other metrics of this experiment", "이 실험의 다른 지표");
pub(crate) const WHAT_IS_COUNTED: Words = w("What is counted", "무엇을 세는가");
pub(crate) const OF_ONE_SIZE: Words = w(
    "The same part of one virtual machine of this size: an amount, not a slope. Lower is better.",
    "이 크기의 가상머신 하나에서 같은 몫입니다. 기울기가 아니라 양입니다. 작을수록 좋습니다.",
);
pub(crate) const COUNTS_CAPTION: Words = w(
    "Objects that one instance brings into being: the median count over n blocks, with its range where blocks differ; without a range every block gave the same count.",
    "인스턴스 하나가 만들어 내는 객체입니다. n개 블록의 중앙값이며, 블록마다 다르면 범위를 함께 적습니다. 범위가 없으면 모든 블록에서 같은 수였습니다.",
);
pub(crate) const ARM: Words = w("arm", "대상");
pub(crate) const N: Words = w("n", "n");
pub(crate) const MEDIAN: Words = w("median", "중앙값");
pub(crate) const INTERVAL_95: Words = w("95 % interval", "95 % 신뢰구간");
pub(crate) const MEAN: Words = w("mean", "평균");
pub(crate) const HARMONIC_MEAN: Words = w("harmonic mean", "조화 평균");
pub(crate) const STD: Words = w("std", "표준편차");
pub(crate) const MIN: Words = w("min", "최솟값");
pub(crate) const MAX: Words = w("max", "최댓값");
pub(crate) const P99: Words = w("p99", "p99");
pub(crate) const FAR: Words = w("far from the rest", "멀리 떨어진 값");
pub(crate) const NO_MEAN: Words = w("none: ratios are not averaged", "없음(비는 평균하지 않음)");
pub(crate) const ONE_VALUE: Words = w("one value", "값이 하나");
pub(crate) const NOT_MEASURED: Words = w("not measured", "재지 않음");
pub(crate) const LOWER_IS_BETTER: Words = w("Lower is better.", "작을수록 좋습니다.");
pub(crate) const HIGHER_IS_BETTER: Words = w("Higher is better.", "클수록 좋습니다.");
pub(crate) const NEITHER_IS_BETTER: Words =
    w("Neither lower nor higher is better.", "크고 작음에 좋고 나쁨이 없습니다.");

// The comparison.
pub(crate) const COMPARISON: Words = w("Final comparison", "최종 비교");
pub(crate) const HOW_TO_READ_COMPARISON: Words = w(
    "(b − a) / a is computed from the two medians that stand beside it (before rounding): + means that b is larger. Whether larger is better stands above each table. The paired difference is the median of b/a − 1 within blocks with its 95 % interval; the verdict rests on it and on the noise floor. Where the two disagree by more than the interval, the verdict says so: the machine was noisy. “Smallest seen” is the smallest difference that this run would have found in 4 of 5 repetitions: 2.8 standard errors of the paired ratio (Bloom, Evaluation Review 19, 1995), taken from half its interval, and never less than the noise floor. An arm with knobs is also compared with the same environment without them, and each container with each virtual machine.",
    "(b − a) / a는 옆에 있는 두 중앙값에서(반올림 전 값으로) 계산합니다. +는 b가 더 크다는 뜻입니다. 큰 쪽이 좋은지는 각 표 위에 있습니다. 짝지은 차이는 블록 안에서 구한 b/a − 1의 중앙값과 95 % 신뢰구간이며, 판정은 이 값과 잡음 한계를 따릅니다. 두 값의 차이가 신뢰구간보다 크면 판정에 적습니다. 기계에 잡음이 많았다는 뜻입니다. ‘볼 수 있는 최소 차이’는 이 실행을 다섯 번 되풀이할 때 네 번은 찾아낼 가장 작은 차이입니다. 짝지은 비의 표준 오차의 2.8배이고(Bloom, Evaluation Review 19, 1995), 신뢰구간의 절반에서 구하며, 잡음 한계보다 작아지지 않습니다. 설정을 바꾼 대상은 바꾸지 않은 같은 환경과도, 컨테이너는 가상머신과도 비교합니다.",
);
pub(crate) const NOTHING_TO_COMPARE: Words = w(
    "There is nothing to compare: it takes at least two measured arms of one experiment.",
    "비교할 것이 없습니다. 한 실험에서 잰 대상이 둘 이상 있어야 합니다.",
);
pub(crate) const COMPARED_B: Words = w("b: the arm", "b: 대상");
pub(crate) const BASE_A: Words = w("a: the base", "a: 기준");
pub(crate) const MEDIAN_A: Words = w("median of a", "a의 중앙값");
pub(crate) const MEDIAN_B: Words = w("median of b", "b의 중앙값");
pub(crate) const RELATIVE: Words = w("(b − a) / a", "상대 차이 (b − a) / a");
pub(crate) const PAIRED: Words = w("paired in blocks [95 %]", "블록 안 짝지은 차이 [95 %]");
pub(crate) const PAIRS: Words = w("pairs", "쌍");
pub(crate) const VERDICT_COLUMN: Words = w("verdict", "판정");
pub(crate) const NOT_COMPARABLE: Words = w("not comparable", "비교할 수 없음");
pub(crate) const B_IS_BETTER: Words = w("b is better", "b가 더 좋음");
pub(crate) const B_IS_WORSE: Words = w("b is worse", "b가 더 나쁨");
pub(crate) const LITTLE: Words = w(
    "Check by Little's law: with c starts at once, each whole life takes c / throughput on average. That gives {0}.",
    "리틀의 법칙으로 확인: 동시에 c개를 시작하면 일생 하나는 평균 c / 처리량만큼 걸립니다. 계산하면 {0}입니다.",
);
