//! Which configured sizes and touched amounts go together, and what `--set` leaves out: nobody should look for it in the
//! results.

use crate::environments::Arm;
use crate::error::Result;
use crate::experiments::Sets;
use crate::lang::Said;
use crate::said;
use crate::units::parse_bytes;

/// What a guest needs beside what its program touches: 4 MiB below the program, the program, its stack.
pub(super) const HEADROOM_BYTES: u64 = 5 << 20;

pub(super) fn asks_for_sizes(sets: &Sets) -> bool {
    sets.contains_key("configured") || sets.contains_key("touch")
}

/// A machine whose memory no knob decides.
pub(super) fn has_free_size(arm: &Arm) -> bool {
    arm.env.about().has_knob("ram") && arm.knobs.value("ram").is_none()
}

pub(super) fn fits(touch: &str, configured: &str) -> Result<bool> {
    Ok(parse_bytes(touch)? + HEADROOM_BYTES <= parse_bytes(configured)?)
}

/// `values`: of a key, as given or by default.
pub(super) fn left_out(arms: &[Arm], sets: &Sets, values: &dyn Fn(&str) -> Vec<String>) -> Vec<Said> {
    if !asks_for_sizes(sets) {
        return Vec::new();
    }
    let mut told = Vec::new();
    for arm in arms.iter().filter(|arm| arm.copy == 1 && !has_free_size(arm) && !sets.contains_key("n")) {
        told.push(said!(
            "memory/{arm} is left out: it has no configured size that --set could vary (--n measures it too)",
            "memory/{arm}은(는) 뺍니다. --set으로 바꿀 설정 크기가 없습니다(--n을 주면 함께 잽니다)"
        ));
    }
    let sizes = values("configured");
    for (configured, touch) in sizes.iter().flat_map(|c| values("touch").into_iter().map(move |t| (c, t))) {
        if arms.iter().any(has_free_size) && matches!(fits(&touch, configured), Ok(false)) {
            told.push(said!(
                "configured={configured} with touch={touch} is left out: so small a guest has not that much to touch",
                "configured={configured}, touch={touch} 조합은 뺍니다. 그만큼 손댈 메모리가 게스트에 없습니다"
            ));
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_usual_sizes_each_arm_has_those_that_it_can_have() {
        use crate::experiments::Experiment;
        let arms = Arm::parse_list("vm-bare,vm-linux").unwrap();
        let configured = |sets: &Sets| -> crate::error::Result<Vec<String>> {
            let cells = super::super::Memory.cells(&arms, sets)?;
            Ok(cells.iter().filter_map(|c| Some(format!("{} {}", c.arm, c.case.get("configured")?))).collect())
        };
        let mut usual = configured(&Sets::new()).unwrap();
        usual.dedup();
        assert_eq!(usual, ["vm-bare 16M", "vm-bare 128M", "vm-bare 1G", "vm-linux 128M", "vm-linux 1G"]);
        let error = configured(&[("configured".to_owned(), vec!["16M".to_owned()])].into()).unwrap_err();
        assert!(error.cause.contains("no Linux"), "what was asked for is refused: {error}");
    }

    #[test]
    fn every_hole_that_a_set_makes_is_named() {
        let arms = Arm::parse_list("process,process,vm-bare,vm-bare:ram=64M").unwrap();
        let told = |arms: &[Arm], sets: &Sets| left_out(arms, sets, &|key| sets.get(key).cloned().unwrap_or_default());
        let sets = |pairs: &[(&str, &str)]| -> Sets {
            let values = |list: &str| list.split(',').map(str::to_owned).collect();
            pairs.iter().map(|(key, list)| ((*key).to_owned(), values(list))).collect()
        };
        assert!(told(&arms, &Sets::new()).is_empty(), "nothing was asked for");
        let holes = told(&arms, &sets(&[("configured", "64M,1G"), ("touch", "1M,64M")]));
        let text = Said::joined(&holes, " | ").to_string();
        assert_eq!(holes.len(), 3, "{text}");
        for named in ["memory/process is", "memory/vm-bare:ram=64M is", "configured=64M with touch=64M"] {
            assert!(text.contains(named), "{text}");
        }
        assert!(holes.iter().all(|hole| hole.korean().is_some()));
        assert_eq!(told(&arms, &sets(&[("configured", "1G"), ("touch", "1M"), ("n", "1,2")])).len(), 0);
    }
}
