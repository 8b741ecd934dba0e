//! The final table, and the smallest difference.

use super::{Words, w};

pub(crate) const FINAL_TABLE: Words = w("Final table: VM, container, process", "최종 표: 가상머신, 컨테이너, 프로세스");
pub(crate) const HOW_TO_READ_FINAL_TABLE: Words = w(
    "The difference is (VM − container) / VM, the median over blocks in which both ran (paired): + means that the container needs less. 38 % faster is 0.62 of the time. The verdict rests on the interval of the paired difference and on the noise floor. A percentile is told only where ten samples lie beyond it, n(1 − q) ≥ 10: for p95 n must be 200. “VM” and “container” are those that stand above the table, and no others.",
    "차이는 (가상머신 − 컨테이너) / 가상머신이며, 둘이 함께 돈 블록에서 구한 값의 중앙값입니다(짝지은 비교). +는 컨테이너가 덜 든다는 뜻입니다. 38 % 빠름은 걸린 시간이 0.62배라는 뜻입니다. 판정은 짝지은 차이의 신뢰구간과 잡음 한계를 따릅니다. 백분위수는 그 바깥에 표본이 10개 이상일 때만(n(1 − q) ≥ 10), p95라면 n이 200 이상일 때만 적습니다. ‘가상머신’과 ‘컨테이너’는 표 위에 적은 것만을 뜻합니다.",
);
pub(crate) const NO_FINAL_TABLE: Words = w(
    "Neither a container nor a virtual machine was measured in this run.",
    "이 실행에서는 컨테이너도 가상머신도 재지 않았습니다.",
);
pub(crate) const FINAL_TABLE_CAPTION: Words = w("VM: {0}. Container: {1}.", "가상머신: {0}. 컨테이너: {1}.");
pub(crate) const VM_COLUMN: Words = w("VM", "가상머신");
pub(crate) const CONTAINER_COLUMN: Words = w("container", "컨테이너");
pub(crate) const PROCESS_COLUMN: Words = w("process", "프로세스");
pub(crate) const DIFFERENCE_COLUMN: Words = w("(VM − container) / VM", "(가상머신 − 컨테이너) / 가상머신");
pub(crate) const BETTER_COLUMN: Words = w("better", "더 좋은 쪽");
pub(crate) const BETTER_TOLD: Words = w("{0} (container {1})", "{0}(컨테이너가 {1})");
pub(crate) const P95: Words = w("p95", "p95");
pub(crate) const TOO_FEW_BEYOND: Words = w("needs n ≥ {0}", "n ≥ {0} 필요");
pub(crate) const NO_P95: Words =
    w("No p95 is told of {0}: fewer than {1} samples.", "p95를 적지 않은 지표: {0}(표본이 {1}개보다 적음).");
pub(crate) const WITH_KNOBS: Words = w("The same with knobs", "설정을 바꾼 대상의 같은 표");
pub(crate) const NOT_TESTED: Words = w("not tested", "검정하지 않음");
pub(crate) const SMALLEST: Words = w("smallest seen", "볼 수 있는 최소 차이");
