//! Words of the charts of starts: `boot-stages`, `boot-ecdf`, `run-order`.

use super::Word;

#[rustfmt::skip]
words! {
    // ---- boot-stages
    BOOT_TITLE: "Start time: how long until the program runs?", "시작 시간: 프로그램이 돌기까지 얼마나 걸립니까?";
    BOOT_TITLE_EXIT: "Whole command: how long until it has ended?", "명령 전체: 끝날 때까지 얼마나 걸립니까?";
    BOOT_SUBTITLE: "From create to ready, in stages. The stages are those of the starts around the median (the middle fifth), so they add up to the median of the whole.", "생성에서 준비까지를 단계별로 나눕니다. 단계는 중앙값 둘레의 시작(가운데 5분의 1)에서 구했으므로, 모두 더하면 전체의 중앙값과 같습니다.";
    BOOT_SUBTITLE_EXIT: "From create to the end of the command, in stages. The stages are those of the runs around the median (the middle fifth), so they add up to the median of the whole.", "생성에서 명령이 끝날 때까지를 단계별로 나눕니다. 단계는 중앙값 둘레의 실행(가운데 5분의 1)에서 구했으므로, 모두 더하면 전체의 중앙값과 같습니다.";
    BOOT_AXIS: "time from create to ready", "생성에서 준비까지의 시간";
    BOOT_AXIS_EXIT: "time from create to the end of the command", "생성에서 명령이 끝날 때까지의 시간";
    BOOT_WHOLE: "median of the whole, 95 % interval", "전체의 중앙값, 95 % 신뢰구간";
    STAGE_CREATE: "create", "생성";
    STAGE_ISOLATE: "isolate", "격리";
    STAGE_LOAD: "load", "적재";
    STAGE_ENTER: "enter", "진입";
    STAGE_BOOT: "boot", "부팅";
    STAGE_READY: "ready", "준비";
    STAGE_EXIT: "exit", "종료";
    STAGE_REAP: "reap", "회수";

    // ---- boot-ecdf
    ECDF_TITLE: "Start time: every start of every arm", "시작 시간: 모든 대상의 모든 시작";
    ECDF_TITLE_EXIT: "Whole command: every run on every arm", "명령 전체: 모든 대상의 모든 실행";
    ECDF_SUBTITLE: "At each height: the share of starts that took no longer than that. A steep line is steady; a long tail to the right is rare slow starts. Logarithmic time.", "높이는 그 시간 안에 끝난 시작의 비율입니다. 가파른 선은 고른 시작, 오른쪽 긴 꼬리는 드문 느린 시작입니다. 시간 축은 로그입니다.";
    ECDF_SHARE: "share of starts (%)", "시작의 비율(%)";
    ECDF_ENTRY: "{name}: {value} {interval}, n = {n}", "{name}: {value} {interval}, n = {n}";
    ECDF_MARKS: "The mark on a line is its median, with its 95 % interval where there are enough blocks.", "선 위의 표시는 중앙값이고, 블록이 충분하면 95 % 신뢰구간이 함께 있습니다.";
    ECDF_THINNED: "Steps smaller than half a pixel are drawn together; every number is from all samples.", "반 픽셀보다 작은 계단은 합쳐 그렸습니다. 모든 수치는 전체 표본에서 나왔습니다.";
    ECDF_ALT_FEW: "{name} ({arm}): half of the starts within {median} {interval}, n = {n}.", "{name}({arm}): 시작의 절반은 {median} {interval} 안에 끝납니다. n = {n}.";
    ECDF_ALT: "{name} ({arm}): 5 % of starts within {p5}, half within {median} {interval}, 95 % within {p95}, n = {n}.", "{name}({arm}): 시작의 5 %는 {p5}, 절반은 {median} {interval}, 95 %는 {p95} 안에 끝납니다. n = {n}.";
    NOT_MEASURED_ALT: "{name} ({arm}): not measured, {reason}.", "{name}({arm}): 측정하지 않음, {reason}.";

    // ---- run-order
    ORDER_TITLE: "In the order of measuring: did the machine drift?", "측정한 순서: 기계가 드리프트했습니까?";
    ORDER_SUBTITLE: "Every start, at the time when it was measured. Each arm has its own logarithmic scale. The two bars are the medians of the first and of the last third.", "모든 시작을 측정한 시각에 놓았습니다. 대상마다 로그 눈금이 따로 있습니다. 두 막대는 첫 3분의 1과 마지막 3분의 1의 중앙값입니다.";
    ORDER_VALUE: "start time, logarithmic", "시작 시간, 로그 눈금";
    ORDER_VALUE_EXIT: "time until the command has ended, logarithmic", "명령이 끝날 때까지의 시간, 로그 눈금";
    ORDER_AXIS: "time since the first sample of the run", "첫 표본부터 지난 시간";
    ORDER_SAMPLE: "one start", "시작 한 번";
    ORDER_THIRDS: "median of the first and of the last third", "첫 3분의 1과 마지막 3분의 1의 중앙값";
    ORDER_COLUMN: "lowest to highest of the starts in two pixels, and their median", "두 픽셀 안의 시작들의 최솟값~최댓값과 그 중앙값";
    ORDER_CHANGE: "{first} → {last}: {change}", "{first} → {last}: {change}";
    ORDER_FEW: "too few samples to tell drift", "드리프트를 말하기에는 표본이 너무 적습니다";
    ORDER_DRIFTS: "drifts", "드리프트 있음";
    ORDER_STEADY: "no drift that matters", "문제될 드리프트 없음";
    ORDER_CHANCE: "within chance", "우연의 범위 안";
    ORDER_ALIKE: "neighbours are alike (r = {r})", "이웃 표본끼리 닮음(r = {r})";
    ORDER_FAILED: "{failed} failed", "{failed}개 실패";
    ORDER_RULE: "Drift is flagged from 5 % on, when it is beyond chance (Mann–Whitney, 1 %).", "드리프트는 5 % 이상이고 우연의 범위를 넘을 때(Mann–Whitney, 1 %) 표시합니다.";

    // ---- boot-rate
    RATE_TITLE: "Starts per second: how many, with so many at once?", "초당 시작 수: 여러 개를 동시에 시작하면 얼마나 됩니까?";
    RATE_SUBTITLE: "Whole lives of fresh workers per second; the longer the bar, the more. The number at once is how many are kept running side by side.", "새 작업 프로세스의 일생이 1초에 끝나는 수입니다. 막대가 길수록 많습니다. 동시 수는 나란히 돌게 두는 개수입니다.";
    RATE_AXIS: "starts per second", "초당 시작 수";
    RATE_GROUP: "{n} at once", "동시에 {n}개";
}
