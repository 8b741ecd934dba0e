//! One environment more, for a test (`--features one-more-environment`): what it takes is this file and its line in [`super::ALL`].
//! It is a machine that answers from a script.

use super::fake::Fake;
use super::{About, Clocks, KnobAbout};
use crate::lang::Said;
use crate::model::{AnsweredBy, Channel, Kind};

pub(super) const ONE_MORE: Fake = Fake::of(&ABOUT);

static ABOUT: About = About {
    id: "one-more",
    name: Said::fixed("one machine more, nothing runs", "하나 더한 가상머신, 실제 실행 없음"),
    sentence: Said::fixed("Shows what adding an environment takes.", "환경 하나를 더하는 데 무엇이 드는지 보입니다."),
    kind: Kind::Machine,
    answered_by: AnsweredBy::OwnGuestKernel,
    clocks: Clocks::Both,
    knobs: &[KnobAbout {
        form: "ready=US",
        sentence: Said::fixed(
            "create→ready in microseconds; 1000 without it.",
            "create→ready를 마이크로초로 적습니다. 없으면 1000입니다.",
        ),
    }],
    channel: Channel::Fd,
    t0: Said::fixed("the moment at which one more begins", "하나 더가 시작하는 순간"),
};
