//! Title, banners, limits, what was skipped, repeating it, provenance, raw data, and the words of the page itself.

use super::{Words, w};

pub(crate) const TITLE: Words = w(
    "isolab: what does it cost to isolate a program? Run of {0}",
    "isolab: 프로그램을 격리하는 비용은 얼마인가? {0}의 실행",
);
pub(crate) const VERDICT: Words = w("Verdict", "결론");
pub(crate) const EDITED: Words = w(
    "This results file was changed after it was saved, or written by another version (isolab {0}; this is {1}). What no longer follows from its samples: {2}. The summaries below were computed again from the samples in the file; whether those are what was measured, nobody can tell.",
    "이 결과 파일은 저장한 뒤 바뀌었거나 다른 버전(isolab {0}, 지금은 {1})이 쓴 것입니다. 표본과 맞지 않는 것: {2}. 아래 요약은 파일에 있는 표본에서 다시 계산한 것입니다. 그 표본이 실제로 잰 것인지는 아무도 알 수 없습니다.",
);
pub(crate) const MISMATCH: Words = w("{0} {1}: expected {2}, found {3}", "{0} {1}: 기대 {2}, 실제 {3}");
pub(crate) const AND_MORE: Words = w("and {0} more", "그 밖에 {0}개 더");
pub(crate) const NOT_FOR_PUBLICATION: Words = w("Not for publication: {0}.", "공개용 수치가 아닙니다: {0}.");
pub(crate) const TWO_BACKENDS: Words = w(
    "This run has virtual machines on different KVM backends ({0}). Numbers of two backends are never compared with each other.",
    "이 실행에는 서로 다른 KVM 백엔드({0})의 가상머신이 있습니다. 두 백엔드의 숫자는 서로 비교하지 않습니다.",
);
pub(crate) const NOT_COMPLETE: Words = w(
    "The run did not end by itself ({0}): some blocks are missing.",
    "실행이 스스로 끝나지 않았습니다({0}). 빠진 블록이 있습니다.",
);

pub(crate) const LIMITS: Words = w("Limits of these numbers", "이 숫자들의 한계");
pub(crate) const WARNING: Words = w("warning", "경고");
pub(crate) const MEANS: Words = w("what it means", "뜻");
pub(crate) const UNFIT_COLUMN: Words = w("unfit for publication", "공개 부적합");
pub(crate) const WARNINGS_CAPTION: Words = w("Warnings of this run.", "이 실행의 경고입니다.");
pub(crate) const NO_WARNINGS: Words = w("This run has no warnings.", "이 실행에는 경고가 없습니다.");
pub(crate) const SEE_RUN_JSON: Words = w("no further explanation in this version", "이 버전에는 더 자세한 설명이 없음");
/// By the code of the warning.
pub(crate) const WARNINGS: &[(&str, Words)] = &[
    (
        "quick",
        w(
            "few blocks: intervals are wide; good for a look, not for a result",
            "블록이 적어 신뢰구간이 넓음. 훑어보기에는 좋으나 결과로는 부족함",
        ),
    ),
    (
        "sequential",
        w(
            "the order was not randomised: time and arm can't be told apart",
            "순서를 섞지 않아 시간의 영향과 대상의 영향을 가를 수 없음",
        ),
    ),
    (
        "profile",
        w(
            "isolab itself was slow: a debug build measures its own slowness too",
            "isolab 자체가 느린 디버그 빌드여서 그 느림도 함께 쟀음",
        ),
    ),
    (
        "one-cpu",
        w(
            "harness and arms took the one CPU from each other: taskset or a cpuset may have taken the others",
            "측정기와 대상이 CPU 하나를 서로 빼앗았음. taskset이나 cpuset이 다른 CPU를 막았을 수 있음",
        ),
    ),
    ("load", w("other programs took CPU time from the arms", "다른 프로그램이 대상의 CPU 시간을 가져갔음")),
    (
        "software-kvm",
        w(
            "guest kernel code is emulated: VM numbers say nothing about hardware virtualisation",
            "게스트 커널 코드를 흉내 내므로, 가상머신의 숫자는 하드웨어 가상화에 대해 말해 주지 않음",
        ),
    ),
    (
        "few-blocks",
        w(
            "intervals of few blocks are wide and rest on single samples",
            "블록이 적으면 신뢰구간이 넓고 표본 하나하나에 좌우됨",
        ),
    ),
    (
        "drift",
        w(
            "the machine changed while we measured; pairing within blocks protects comparisons, not absolute values",
            "재는 동안 기계 상태가 변했음. 블록 안의 짝짓기는 비교를 지켜 주지만 절댓값은 지켜 주지 않음",
        ),
    ),
    (
        "autocorrelation",
        w(
            "neighbouring samples are alike, so there is less information than n says",
            "이웃한 표본이 서로 닮아 n이 말하는 것보다 정보가 적음",
        ),
    ),
    ("carry-over", w("what ran before slows what runs next", "앞에서 돈 것이 다음에 도는 것을 느리게 함")),
    ("failures", w("some samples failed; the others stand", "실패한 표본이 있음. 나머지는 유효함")),
    ("no-values", w("a cell has samples, but no value of its metrics", "표본은 있으나 지표의 값이 없는 칸이 있음")),
    (
        "short-batch",
        w(
            "a batch was so short that reading the timer is part of the number",
            "묶음이 너무 짧아 시계를 읽는 시간이 값에 들어 있음",
        ),
    ),
    ("leak", w("something of an instance was left behind on the machine", "인스턴스의 무언가가 기계에 남았음")),
    (
        "left-running",
        w(
            "the program left processes running, which were killed after its end",
            "프로그램이 끝난 뒤에도 남아 있던 프로세스를 강제로 종료함",
        ),
    ),
    (
        "kernel-log",
        w(
            "the host's kernel told something while this run or another program ran; KVM tells of registers that a guest's kernel tries",
            "이 실행이나 다른 프로그램이 도는 동안 호스트 커널이 남긴 기록임. KVM은 게스트 커널이 시험 삼아 접근한 레지스터도 기록함",
        ),
    ),
    ("lost-samples", w("the file was rebuilt without them", "이 표본들 없이 결과 파일을 다시 만들었음")),
    ("changed", w("the samples are not those that were saved", "표본이 저장된 것과 다름")),
];
pub(crate) const METRIC: Words = w("metric", "지표");
pub(crate) const ARM_TWICE: Words = w("arm that stands twice", "두 번 들어간 대상");
pub(crate) const FLOOR: Words = w("noise floor", "잡음 한계(noise floor)");
pub(crate) const FLOORS_CAPTION: Words = w(
    "The smallest relative difference that this run could have told from none.",
    "이 실행이 ‘차이 없음’과 구별할 수 있었던 가장 작은 상대 차이입니다.",
);
pub(crate) const NO_FLOOR: Words = w(
    "No arm stands twice in this run with enough blocks, so its noise floor is not known: small differences may be noise.",
    "이 실행에는 블록이 충분하면서 두 번 들어간 대상이 없어 잡음 한계를 모릅니다. 작은 차이는 잡음일 수 있습니다.",
);
pub(crate) const NO_KVM_IN_RUN: Words =
    w("No virtual machine was measured in this run.", "이 실행에서는 가상머신을 재지 않았습니다.");
pub(crate) const ONE_BACKEND: Words = w(
    "Every virtual machine of this run was on one KVM backend: {0}. The label belongs to each of its numbers.",
    "이 실행의 가상머신은 모두 한 KVM 백엔드에서 돌았습니다: {0}. 숫자를 적을 때마다 이 이름을 함께 적으십시오.",
);

pub(crate) const SKIPPED_TITLE: Words = w("What was skipped, and why", "건너뛴 것과 그 이유");
pub(crate) const SKIPPED_CAPTION: Words = w("Cells without a measurement.", "재지 못한 칸입니다.");
pub(crate) const CELL: Words = w("cell", "칸");
pub(crate) const STATUS: Words = w("status", "상태");
pub(crate) const REASON: Words = w("reason", "이유");
pub(crate) const REMEDY: Words = w("remedy", "해결 방법");
pub(crate) const FAILED: Words = w("failed", "실패");
pub(crate) const SKIPPED: Words = w("skipped", "건너뜀");
pub(crate) const NO_REASON: Words = w("no reason in the file", "파일에 이유가 없음");
pub(crate) const NO_REMEDY: Words = w("none known", "알려진 방법 없음");
pub(crate) const NOTHING_SKIPPED: Words =
    w("Nothing was skipped, and nothing failed.", "건너뛴 것도 실패한 것도 없습니다.");

pub(crate) const REPEAT: Words = w("How to repeat it", "다시 해 보는 방법");
pub(crate) const REPEAT_TEXT: Words = w(
    "The command that made this run, with isolab {0} (commit {1}) and the same order of arms:",
    "이 실행을 만든 명령입니다. isolab {0}(커밋 {1})과 같은 대상 순서를 씁니다:",
);
pub(crate) const REPEAT_AFTER: Words = w(
    "On another machine expect other nanoseconds: `isolab compare` puts each machine's own ratios side by side.",
    "다른 기계에서는 나노초가 달라집니다. `isolab compare`는 각 기계의 비율을 나란히 보여 줍니다.",
);

pub(crate) const PROVENANCE: Words = w("Provenance", "출처");
pub(crate) const PROVENANCE_TEXT: Words = w(
    "Where every number comes from. Two reports with the same hashes are of the same run; figures without these have no source.",
    "모든 숫자의 출처입니다. 해시가 같은 두 보고서는 같은 실행의 것입니다. 이것이 없는 그림에는 출처가 없습니다.",
);
pub(crate) const PROVENANCE_CAPTION: Words = w("Identity of the run.", "실행의 신원입니다.");
pub(crate) const RESULTS_FILE: Words = w("results file", "결과 파일");
pub(crate) const RUN_ID: Words = w("run", "실행 번호");
pub(crate) const HOST_ID: Words = w("machine (random id)", "기계(무작위 번호)");
pub(crate) const STARTED: Words = w("started", "시작");
pub(crate) const ENDED: Words = w("ended, wall time", "끝난 방식, 걸린 시간");
pub(crate) const COMMIT: Words = w("commit", "커밋");
pub(crate) const BINARY: Words = w("SHA-256 of the binary", "실행 파일의 SHA-256");
pub(crate) const PROBE: Words = w("SHA-256 of the program that ran inside", "안에서 돈 프로그램의 SHA-256");
pub(crate) const PREDICTION: Words = w("SHA-256 of the prediction", "예측의 SHA-256");
pub(crate) const NO_PREDICTION: Words = w("none was stored before this run", "이 실행 전에 저장한 예측 없음");
pub(crate) const SEED: Words = w("seed", "시드");
pub(crate) const LAST_HASH: Words = w("hash of all samples (end of the chain)", "모든 표본의 해시(사슬의 끝)");
pub(crate) const HASHES: Words = w("Hash of each cell", "칸마다의 해시");
pub(crate) const HASHES_CAPTION: Words = w(
    "SHA-256 over the hash before and the cell's samples; the first builds on the header.",
    "앞의 해시와 그 칸의 표본에 대한 SHA-256입니다. 첫 해시는 머리글 위에 쌓습니다.",
);
pub(crate) const HASH: Words = w("hash", "해시");

pub(crate) const RAW: Words = w("Raw data", "원자료");
pub(crate) const RAW_FOLD: Words = w("Open the samples", "표본 펼치기");
pub(crate) const RAW_ALL: Words = w(
    "Every sample of every metric, in the order in which it was taken, rounded; `run.json` and `samples.csv` have them in full.",
    "모든 지표의 모든 표본을 잰 순서대로, 반올림하여 담았습니다. 온전한 값은 `run.json`과 `samples.csv`에 있습니다.",
);
pub(crate) const RAW_HEADLINES: Words = w(
    "There are too many samples for one page: these are the headline metrics, rounded. All of them are in `run.json` and `samples.csv`.",
    "표본이 너무 많아 주요 지표만 반올림하여 담았습니다. 모두는 `run.json`과 `samples.csv`에 있습니다.",
);
pub(crate) const RAW_FIRST: Words = w(
    "There are too many samples for one page: this is the first metric of each experiment, rounded. All of them are in `run.json` and `samples.csv`.",
    "표본이 너무 많아 실험마다 첫 지표만 반올림하여 담았습니다. 모두는 `run.json`과 `samples.csv`에 있습니다.",
);
pub(crate) const RAW_NONE: Words = w(
    "There are too many samples for one page: they are in `run.json` and `samples.csv`.",
    "표본이 너무 많아 담지 못했습니다. `run.json`과 `samples.csv`에 있습니다.",
);
pub(crate) const RAW_COLUMN: Words = w("{0}, in {1}, n = {2}", "{0}, 단위 {1}, n = {2}");

// The page itself.
pub(crate) const CONTENTS: Words = w("Contents", "차례");
pub(crate) const TO_CONTENT: Words = w("To the verdict", "결론으로 가기");
pub(crate) const SORT: Words = w("A click on a column's title sorts the table.", "열 제목을 누르면 표가 정렬됩니다.");
pub(crate) const BANNER: Words = w("Read this first", "먼저 읽으십시오");
pub(crate) const FOOT: Words =
    w("Written by isolab {0} from the results file alone.", "isolab {0}이(가) 결과 파일만으로 썼습니다.");
