//! What the scripted environments say of themselves.

use crate::environments::{About, Clocks, KnobAbout};
use crate::lang::Said;
use crate::model::{AnsweredBy, Channel, Kind};

const SPREAD: KnobAbout = KnobAbout {
    form: "spread=PERCENT",
    sentence: Said::fixed(
        "Up to that much is added, by the sample's nonce.",
        "표본의 논스에 따라 그만큼까지 더합니다.",
    ),
};

const FAULT: KnobAbout = KnobAbout {
    form: "fault=KIND",
    sentence: Said::fixed(
        "hang, crash, fail, liar, unavailable, slow or leak.",
        "hang, crash, fail, liar, unavailable, slow, leak 가운데 하나입니다.",
    ),
};

pub(super) static PLAIN: About = About {
    id: "fake",
    name: Said::fixed("scripted environment, nothing runs", "각본대로 흉내 내는 환경, 실제 실행 없음"),
    sentence: Said::fixed(
        "Answers with times from its knobs, for tests.",
        "노브에 적힌 시간을 그대로 답하는, 시험용 환경입니다.",
    ),
    kind: Kind::Other,
    answered_by: AnsweredBy::Nobody,
    clocks: Clocks::Both,
    knobs: &[
        KnobAbout {
            form: "ready=US",
            sentence: Said::fixed(
                "create→ready in microseconds; 1000 without it.",
                "create→ready를 마이크로초로 적습니다. 없으면 1000입니다.",
            ),
        },
        SPREAD,
        FAULT,
    ],
    channel: Channel::Fd,
    t0: Said::fixed("a moment that the script begins with", "각본이 시작하는 순간"),
};

pub(super) static ENGINE: About = About {
    id: "fake-engine",
    name: Said::fixed("scripted engine, nothing runs", "각본대로 흉내 내는 엔진, 실제 실행 없음"),
    sentence: Said::fixed(
        "Answers as an engine would, with times from its knobs, for tests.",
        "노브에 적힌 시간을 엔진처럼 답하는, 시험용 환경입니다.",
    ),
    kind: Kind::Engine,
    answered_by: AnsweredBy::Nobody,
    clocks: Clocks::CommandOnly,
    knobs: &[
        KnobAbout {
            form: "ready=US",
            sentence: Said::fixed(
                "command→ready in microseconds; 1000 without it.",
                "command→ready를 마이크로초로 적습니다. 없으면 1000입니다.",
            ),
        },
        SPREAD,
        FAULT,
        KnobAbout {
            form: "memory=SIZE",
            sentence: Said::fixed(
                "Private memory of one instance; 0 without it.",
                "인스턴스 하나의 전용 메모리입니다. 없으면 0입니다.",
            ),
        },
        KnobAbout {
            form: "daemon=SIZE",
            sentence: Said::fixed(
                "Memory of a daemon that serves all instances; 64M without it.",
                "모든 인스턴스가 함께 쓰는 데몬의 메모리입니다. 없으면 64M입니다.",
            ),
        },
    ],
    channel: Channel::Fd,
    t0: Said::fixed(
        "a moment that the script begins with, as if its own command were started then",
        "각본이 시작하는 순간. 그때 자기 명령이 시작된 것으로 봅니다",
    ),
};
