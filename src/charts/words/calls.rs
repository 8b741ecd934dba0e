//! Words of the charts of system calls and of plain computation: `cost`, `cpu`.

use super::Word;

#[rustfmt::skip]
words! {
    // ---- cost
    COST_TITLE: "System calls: what does one call cost?", "시스템 콜: 한 번 부르는 데 얼마나 듭니까?";
    COST_SUBTITLE: "Time of one call, the median over blocks with its 95 % interval. Each call has a logarithmic axis of its own: compare within one call only. The line from the floor to a dot is the factor.", "한 번 부르는 시간으로, 블록에 대한 중앙값과 95 % 신뢰구간입니다. 시스템 콜마다 로그 축이 따로 있으니 같은 시스템 콜끼리만 비교하십시오. 바닥에서 점까지의 선이 몇 배인지를 나타냅니다.";
    COST_AXIS: "time of one call", "한 번 부르는 시간";
    COST_ON_THE_HOST: "answered by the host's kernel", "호스트 커널이 답함";
    COST_IN_A_GUEST: "answered in a guest, or left for the hypervisor", "게스트 안에서 답하거나 하이퍼바이저로 나감";
    COST_FLOOR: "floor: the same call in the plain process", "바닥: 같은 시스템 콜을 그냥 프로세스에서";
    COST_FLOOR_ALT: "Floor, the plain process: {floor}.", "바닥, 그냥 프로세스: {floor}.";
    COST_NO_FLOOR: "The plain process was not measured in this run, so no floor is drawn.", "이 실행에서는 그냥 프로세스를 측정하지 않아 바닥을 그리지 않았습니다.";
    COST_GUEST: "A call that our guest kernel answers is a floor, not what Linux costs: it has no accounting, no mitigation and no stack switch.", "우리 게스트 커널이 답하는 시스템 콜은 리눅스의 비용이 아니라 최소한의 값입니다. 회계도, 취약점 완화도, 스택 전환도 없습니다.";
    COST_NOT_OFFERED: "this environment does not offer the call", "이 환경에는 이 시스템 콜이 없습니다";
    CALL_GETPPID: "a call that does nothing", "아무 일도 하지 않는 시스템 콜";
    CALL_READ: "1 byte of /dev/zero", "/dev/zero에서 1바이트 읽기";
    CALL_WRITE: "1 byte to /dev/null", "/dev/null에 1바이트 쓰기";
    CALL_EXIT: "out of the guest, to the hypervisor and back; virtual machines only", "게스트에서 하이퍼바이저로 나갔다가 돌아오기, 가상머신만";

    // ---- cpu
    CPU_TITLE: "Plain computation: does isolation slow it?", "단순 계산: 격리하면 느려집니까?";
    CPU_SUBTITLE: "Time of one unit of integer work, the median over blocks with its 95 % interval. This is the control: no system call is in it, so the bars should be alike.", "정수 계산 한 단위의 시간으로, 블록에 대한 중앙값과 95 % 신뢰구간입니다. 시스템 콜이 없는 대조 실험이므로 막대의 길이가 서로 같아야 합니다.";
    CPU_AXIS: "time of one unit of work", "계산 한 단위의 시간";
    CPU_AGAINST: "Against {base}, paired within blocks: {list}.", "{base} 대비, 같은 블록끼리 짝지음: {list}.";
    CPU_NO_DIFFERENCE: "no difference detectable: {arms}", "차이를 검출하지 못한 대상: {arms}";
}
