//! The claims of the guide, seen from outside: their data name what this version has, and `guide claims` tells each verdict.

use crate::common::{World, bench, code, run};
use isolab::guide::claims;

fn environments() -> Vec<&'static str> {
    isolab::environments::ALL.iter().map(|e| e.about().id).collect()
}

fn experiments() -> Vec<&'static str> {
    isolab::experiments::ALL.iter().map(|e| e.about().id).collect()
}

fn everything_that_a_claim_names_is_here_or_planned() {
    let planned = isolab::planned::is_measured_later;
    for claim in claims::all() {
        let wrong = claim.experiments.iter().find(|x| !planned(x) && !experiments().contains(&x.as_str()));
        assert_eq!(wrong, None, "{}", claim.id);
        let wrong = claim.arms.iter().find(|a| !planned(a) && !environments().contains(&a.as_str()));
        assert_eq!(wrong, None, "{}", claim.id);
        for term in claim.terms.values() {
            let experiment = isolab::experiments::ALL.iter().find(|e| e.about().id == term.experiment).unwrap();
            let metrics: Vec<&str> = experiment.about().metrics.iter().map(|m| m.id).collect();
            let wanted = [Some(&term.metric), term.or.as_ref()].into_iter().flatten();
            let objects = term.kind == claims::rule::Kind::Objects;
            assert!(objects || wanted.into_iter().all(|m| metrics.contains(&m.as_str())), "{}: {term:?}", claim.id);
        }
    }
}

fn a_real_run_gives_a_verdict_with_its_numbers() {
    let world = World::new();
    let measured = bench(|| {
        world.isolab(["bench", "-e", "process,container", "-x", "boot,cpu", "--blocks", "8", "-o", "run.json"])
    });
    measured.ends_with(code::OK);
    let told = run(&mut world.isolab(["guide", "claims", "run.json", "--lang", "en"]));
    told.says("52 claims of the seed notes on run.json").says("C34 N").says("needs life: later");
    let json = run(&mut world.isolab(["guide", "claims", "run.json", "--claim", "C22", "--json"]));
    let value: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let claim = &value["claims"][0];
    if claim["verdict"] == "N" {
        crate::common::skip("a_real_run_gives_a_verdict_with_its_numbers", claim["why"].as_str().unwrap());
        json.ends_with(code::NOTHING_RAN);
        return;
    }
    json.ends_with(code::OK);
    let number = &claim["numbers"][0];
    assert!(number["median"].as_f64().unwrap() > 0.0 && number["unit"] == "ratio", "{claim}");
    assert!(number["cells"][0]["sha256"].as_str().unwrap().len() == 64, "{claim}");
    assert_eq!(value["files"][0]["sha256"].as_str().unwrap().len(), 64);
    let korean = run(&mut world.isolab(["guide", "claims", "run.json", "--claim", "C22", "--lang", "ko"]));
    korean.ends_with(code::OK).says("일반적인 프로세스 실행과 차이가 거의 없다");
}

fn bad_files_and_claims_are_told() {
    let world = World::new();
    std::fs::write(world.path().join("other.json"), "{}").unwrap();
    run(&mut world.isolab(["guide", "claims"])).refuses(code::USAGE, "read the results file", "", "isolab bench");
    run(&mut world.isolab(["guide", "claims", "other.json"])).refuses(code::USAGE, "read the results file", "", "");
    run(&mut world.isolab(["guide", "claims", "other.json", "--claim", "C99"])).refuses(
        code::USAGE,
        "find the claim",
        "none of that name",
        "C01 to C52",
    );
}

crate::runner::tests!(
    everything_that_a_claim_names_is_here_or_planned,
    a_real_run_gives_a_verdict_with_its_numbers,
    bad_files_and_claims_are_told
);
