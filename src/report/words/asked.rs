//! Discussion, coursework, rules.

use super::{Words, w};

pub(crate) const DISCUSSION: Words = w("Discussion", "토의");
pub(crate) const DISCUSSION_TEXT: Words = w(
    "Questions for your own text. isolab measured what differs, not why: a cause is a result only when a run with and without it shows it.",
    "여러분의 글을 위한 질문입니다. isolab은 무엇이 다른지를 쟀을 뿐, 왜 다른지는 재지 않았습니다. 원인은 그것이 있는 실행과 없는 실행이 보여 줄 때만 결과가 됩니다.",
);
pub(crate) const ASK_PREDICTION: Words = w(
    "What did you predict before the run, and where were you wrong by more than the interval?",
    "실행 전에 무엇을 예측했습니까? 신뢰구간보다 크게 틀린 곳은 어디입니까?",
);
pub(crate) const ASK_STAGES: Words = w(
    "Which stage takes the largest part of each arm's start? Which knob takes that stage away, and what does it then cost?",
    "각 대상의 시작에서 어느 단계가 가장 큽니까? 어떤 설정이 그 단계를 없애며, 그때 비용은 얼마입니까?",
);
pub(crate) const ASK_KNOBS: Words = w(
    "What does each knob change against the same environment without it? Is the difference larger than the noise floor?",
    "각 설정은 설정하지 않은 같은 환경에 견주어 무엇을 바꿉니까? 그 차이는 잡음 한계보다 큽니까?",
);
pub(crate) const ASK_MEMORY: Words = w(
    "Does the host pay for the guest RAM that was configured, or for the pages that the guest touched?",
    "호스트가 부담하는 것은 설정한 게스트 RAM입니까, 게스트가 건드린 페이지입니까?",
);
pub(crate) const ASK_SYSCALL: Words = w(
    "Who answers a system call in each arm: the host's kernel, or another one? What does that make of the comparison?",
    "각 대상에서 시스템 콜에 답하는 것은 호스트의 커널입니까, 다른 커널입니까? 그렇다면 이 비교는 무엇을 뜻합니까?",
);
pub(crate) const ASK_CONTROL: Words = w(
    "The control computes without the kernel. What would a difference there say about this run?",
    "대조군은 커널 없이 계산만 합니다. 거기서 차이가 난다면 이 실행에 대해 무엇을 말해 줍니까?",
);
pub(crate) const ASK_LIMITS: Words = w(
    "Which limits and ways were not equal between the arms (see the environment)? How would you make them equal?",
    "대상 사이에 같지 않은 제한과 경로는 무엇입니까(‘환경과 구성’ 참고)? 어떻게 하면 같게 만들 수 있습니까?",
);
pub(crate) const ASK_DRIFT: Words = w(
    "This run drifted, or its samples resemble their neighbours. Which of your conclusions survive that?",
    "이 실행은 도중에 변했거나 표본이 이웃을 닮았습니다. 그래도 남는 결론은 무엇입니까?",
);
pub(crate) const ASK_SKIPPED: Words = w(
    "What was skipped, and which of your sentences would need it?",
    "무엇을 건너뛰었습니까? 여러분의 문장 가운데 그것이 필요한 것은 무엇입니까?",
);
pub(crate) const ASK_CAUSE: Words = w(
    "Choose one difference. Which run, with which single change, would show its cause? What result would refute you?",
    "차이 하나를 고르십시오. 무엇 하나만 바꾼 어떤 실행이 그 원인을 보여 줍니까? 어떤 결과가 나오면 여러분이 틀린 것입니까?",
);
pub(crate) const ASK_ELSEWHERE: Words = w(
    "Which of these ratios do you expect on another machine, and which not?",
    "이 비율 가운데 다른 기계에서도 그대로일 것은 무엇이고, 아닐 것은 무엇입니까?",
);

// What coursework asks for.
pub(crate) const COURSEWORK: Words = w("What coursework usually asks for", "과제가 흔히 요구하는 것");
pub(crate) const COURSEWORK_CAPTION: Words = w(
    "Each usual metric of a VM-against-container report: measured in this run, or not, with the reason.",
    "가상머신과 컨테이너를 비교하는 보고서의 흔한 지표마다, 이 실행에서 쟀는지, 아니라면 그 이유입니다.",
);
pub(crate) const CW_METRIC: Words = w("usual metric", "흔한 지표");
pub(crate) const CW_MEASURED: Words = w("in this run", "이 실행에서");
pub(crate) const CW_WHERE: Words = w("how, or why not", "어떻게, 또는 왜 아닌지");
pub(crate) const CW_YES: Words = w("measured: {0}", "쟀음: {0}");
pub(crate) const CW_NOT_MEASURED: Words = w("not measured", "재지 않음");
pub(crate) const CW_SKIPPED: Words =
    w("planned, but every cell was skipped or failed: {0}", "계획했으나 모든 칸을 건너뛰었거나 실패함: {0}");
pub(crate) const CW_NOT_ASKED: Words =
    w("not asked of this run; {0} measures it", "이 실행에 요청하지 않음. {0}(으)로 잴 수 있음");
pub(crate) const CW_CPU_1: Words = w("CPU speed, one thread", "CPU 속도, 스레드 하나");
pub(crate) const CW_CPU_HOW: Words =
    w("as time for a fixed amount of computation, the control", "정해진 계산량에 걸리는 시간으로. 대조군");
pub(crate) const CW_CPU_N: Words = w("CPU events/s at 2, 4, 8 threads", "스레드 2, 4, 8개에서의 CPU 이벤트/초");
pub(crate) const CW_ONE_THREAD: Words = w(
    "the program has one thread, and the bare VM one virtual CPU, in this version",
    "이 버전에서 프로그램은 스레드가 하나이고, 운영체제 없는 가상머신은 가상 CPU가 하나임",
);
pub(crate) const CW_MEMORY_SPEED: Words = w("memory bandwidth, MiB/s", "메모리 대역폭, MiB/s");
pub(crate) const CW_NO_MEMORY_SPEED: Words =
    w("no workload of this version streams memory", "이 버전에는 메모리를 훑는 작업이 없음");
pub(crate) const CW_MEMORY_USED: Words = w("memory used", "메모리 사용량");
pub(crate) const CW_MEMORY_HOW: Words = w(
    "as the cost of one more instance (a slope, so that what is shared is not counted again), and as host memory against configured and touched guest RAM",
    "인스턴스 하나가 늘 때의 비용으로(기울기이므로 나누어 쓰는 것을 거듭 세지 않음), 그리고 설정한 게스트 RAM과 건드린 게스트 RAM에 대한 호스트 메모리로",
);
pub(crate) const CW_DISK_SEQUENTIAL: Words = w("sequential read and write, MiB/s", "순차 읽기·쓰기, MiB/s");
pub(crate) const CW_DISK_RANDOM: Words = w("random read and write, IOPS and latency", "임의 읽기·쓰기, IOPS와 지연");
pub(crate) const CW_NO_DISK: Words = w(
    "the bare VM has no disk in this version, so there would be nothing to compare",
    "이 버전에서 운영체제 없는 가상머신은 디스크가 없어 비교할 것이 없음",
);
pub(crate) const CW_NETWORK: Words =
    w("network throughput with 1 and 4 streams, retransmits", "스트림 1개와 4개의 네트워크 처리량, 재전송");
pub(crate) const CW_NO_NETWORK: Words = w(
    "no arm but the process has a way out to a network in this version",
    "이 버전에서 프로세스 말고는 바깥 네트워크로 나가는 대상이 없음",
);
pub(crate) const CW_REQUESTS: Words =
    w("requests/s, mean, p95 and p99 latency, failed requests", "요청/초, 평균·p95·p99 지연, 실패한 요청");
pub(crate) const CW_LOAD: Words = w("load tests (wrk 1×10 … 4×200)", "부하 시험(wrk 1×10 … 4×200)");
pub(crate) const CW_NO_SERVER: Words = w("no server workload in this version", "이 버전에는 서버 작업이 없음");
pub(crate) const CW_START_ENVIRONMENT: Words = w("start of the environment", "환경의 시작 시간");
pub(crate) const CW_START_HOW: Words = w(
    "until the program inside has said that it is ready, not until a daemon has answered",
    "데몬이 답할 때까지가 아니라, 안의 프로그램이 준비되었다고 말할 때까지",
);
pub(crate) const CW_START_APPLICATION: Words =
    w("start until the application is ready, from the command", "명령부터 응용 프로그램이 준비될 때까지");
pub(crate) const CW_READY_HOW: Words = w(
    "from the spawn of a fresh isolab process; never in one table with create→ready",
    "새 isolab 프로세스를 띄운 때부터. 생성→준비와 한 표에 섞지 않음",
);
pub(crate) const CW_STARTS_PER_SECOND: Words = w("starts per second under load", "부하에서의 초당 시작 횟수");
pub(crate) const CW_STARTS_HOW: Words =
    w("counted over the wall time, with that many at once", "그만큼을 동시에 돌리며 실제 시간에 대해 셈");
pub(crate) const CW_SYSCALL: Words = w("cost of a system call", "시스템 콜의 비용");
pub(crate) const CW_SYSCALL_HOW: Words = w("in batches inside the program", "프로그램 안에서 묶음으로");
pub(crate) const CW_IMAGE_SIZE: Words = w("image size", "이미지 크기");
pub(crate) const CW_NO_IMAGE: Words = w("no arm has an image in this version", "이 버전에는 이미지를 쓰는 대상이 없음");
pub(crate) const CW_OVER_TIME: Words = w("memory and CPU over time", "시간에 따른 메모리와 CPU");
pub(crate) const CW_NO_OVER_TIME: Words =
    w("instances live for milliseconds; there is no load to follow", "인스턴스는 몇 밀리초만 살며, 따라갈 부하가 없음");
pub(crate) const CW_QUALITATIVE: Words =
    w("qualitative: kernel, isolation, portability", "정성 비교: 커널, 격리, 이식성");
pub(crate) const CW_QUALITATIVE_HOW: Words = w(
    "kernel and isolation as counted objects; portability is not a measurement",
    "커널과 격리는 센 객체로. 이식성은 측정이 아님",
);

// SC'15.
pub(crate) const RULES_TITLE: Words = w("Rules of good measuring that this run breaks", "이 실행이 어긴 측정 규칙");
pub(crate) const RULES_TEXT: Words = w(
    "By the numbers of Hoefler & Belli, “Scientific Benchmarking of Parallel Computing Systems” (SC'15), each computed from the run.",
    "Hoefler와 Belli의 “Scientific Benchmarking of Parallel Computing Systems”(SC'15)의 번호를 따르며, 모두 실행에서 계산한 것입니다.",
);
pub(crate) const NO_RULE_BROKEN: Words = w(
    "None of the twelve rules of Hoefler & Belli (SC'15) that a file can tell is broken.",
    "Hoefler와 Belli(SC'15)의 열두 규칙 가운데 파일로 알 수 있는 것은 어긴 것이 없습니다.",
);
pub(crate) const RULES_CAPTION: Words =
    w("Broken rules, and what in this run breaks them.", "어긴 규칙과, 이 실행에서 그것을 어긴 부분입니다.");
pub(crate) const RULES_KEPT: Words = w(
    "Rules 3, 4 and 6 can't be broken with this report: rates have a harmonic mean, ratios are never averaged, and no interval assumes a normal distribution. Rule 10 asks how parallel times are put together: starts at once are counted over the wall time of all of them.",
    "규칙 3, 4, 6은 이 보고서로는 어길 수 없습니다. 비율에는 조화 평균을 쓰고, 비는 평균하지 않으며, 어떤 구간도 정규 분포를 가정하지 않습니다. 규칙 10은 병렬 시간을 어떻게 합쳤는지 묻습니다. 동시에 시작한 것은 모두의 실제 시간에 대해 셉니다.",
);
pub(crate) const RULE: Words = w("rule", "규칙");
pub(crate) const RULE_SAYS: Words = w("what it asks for", "규칙이 요구하는 것");
pub(crate) const RULE_BROKEN_BY: Words = w("what breaks it here", "여기서 어긴 것");
pub(crate) const RULES: &[(u32, Words)] = &[
    (
        1,
        w(
            "Give the base case in absolute numbers, never a ratio alone.",
            "기준을 절댓값으로 밝히고, 비만 적지 않는다.",
        ),
    ),
    (2, w("Give the reason when only a subset was run.", "일부만 실행했으면 이유를 밝힌다.")),
    (
        5,
        w(
            "Say whether values are deterministic; if not, give intervals.",
            "값이 결정적인지 밝히고, 아니면 신뢰구간을 준다.",
        ),
    ),
    (7, w("Compare in a statistically sound way.", "통계적으로 올바르게 비교한다.")),
    (
        8,
        w(
            "Ask whether the median is the right figure; bad cases need percentiles.",
            "중앙값이 알맞은지 묻는다. 나쁜 경우에는 백분위수가 필요하다.",
        ),
    ),
    (9, w("Document all factors, their levels and the set-up.", "모든 요인과 수준, 실험 구성을 기록한다.")),
    (11, w("Show a bound that the result can be held against.", "결과를 견줄 한계를 보인다.")),
    (12, w("Plot as much as is needed to interpret the results.", "결과를 해석하는 데 필요한 만큼 그린다.")),
];
pub(crate) const BROKEN_BASE: Words = w("The base was not measured: {0}.", "기준을 재지 못했습니다: {0}.");
pub(crate) const BROKEN_SUBSET: Words = w(
    "The run left out {0}, and the file does not say why: say it in your text.",
    "{0}을(를) 빼고 실행했는데 파일에는 이유가 없습니다. 글에서 밝히십시오.",
);
pub(crate) const BROKEN_NO_REASON: Words = w("A cell was skipped without a reason.", "이유 없이 건너뛴 칸이 있습니다.");
pub(crate) const BROKEN_INTERVAL: Words = w(
    "Values without an interval: {0}. The fewest blocks are {1}, it takes {2}.",
    "값 {0}개에 신뢰구간이 없습니다. 가장 적은 블록 수는 {1}이며 {2}개가 필요합니다.",
);
pub(crate) const BROKEN_SEQUENTIAL: Words = w("Arms ran one after the other.", "대상을 하나씩 차례로 돌렸습니다.");
pub(crate) const BROKEN_NO_TWIN: Words = w(
    "No arm stands twice with enough blocks, so the noise floor is not known.",
    "블록이 충분하면서 두 번 들어간 대상이 없어 잡음 한계를 모릅니다.",
);
pub(crate) const BROKEN_FEW_PAIRS: Words = w(
    "Some arms have too few pairs for an interval of their difference.",
    "차이의 신뢰구간을 내기에 짝이 너무 적은 대상이 있습니다.",
);
pub(crate) const BROKEN_TAIL: Words = w(
    "No p99 of start times: n is {0} at the least, it takes {1}.",
    "시작 시간의 p99가 없습니다. n은 적게는 {0}이며 {1}이 필요합니다.",
);
pub(crate) const BROKEN_FACTORS: Words = w("Not known here: {0}.", "여기서 알 수 없는 것: {0}.");
pub(crate) const FACTOR_CORES: Words = w("physical cores", "물리 코어");
pub(crate) const FACTOR_PIN: Words = w("the CPU of each worker (not pinned)", "작업 프로세스의 CPU(고정하지 않음)");
pub(crate) const BROKEN_BOUND: Words = w(
    "No lower bound of the start was measured in this run for {0} (`cargo bench --bench against_floors` has raw ones).",
    "이 실행은 {0}의 시작 시간 하한을 재지 않았습니다(날것의 하한은 `cargo bench --bench against_floors`에 있습니다).",
);
pub(crate) const BROKEN_PLOT: Words =
    w("No chart could be drawn of this run.", "이 실행으로 그릴 수 있는 차트가 없습니다.");
