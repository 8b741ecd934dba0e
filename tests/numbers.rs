//! Numbers that no clock gives. A results file may hold them all the same: they are drawn and told in bounded time, or refused
//! by name; no axis goes on for ever and nothing panics.
use std::time::{Duration, Instant};

use crate::common::{World, code};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

/// Puts a value for each sample into every column of every cell; null where there is none.
fn with_values(run: &Value, value: impl Fn(usize) -> Value) -> Value {
    let mut run = run.clone();
    for cell in run["cells"].as_array_mut().unwrap() {
        let Some(columns) = cell["columns"]["values"].as_object_mut() else { continue };
        for column in columns.values_mut() {
            let many = column.as_array().unwrap().len();
            *column = (0..many).map(&value).collect();
        }
    }
    run
}

/// Every row that was computed tells this number too, as a file that was made by hand could.
fn with_rows(mut run: Value, number: &Value) -> Value {
    for row in run["summaries"].as_array_mut().unwrap() {
        for field in ["median", "low", "high"] {
            row[field] = number.clone();
        }
    }
    run
}

fn is_told_or_refused(world: &World, what: &str, run: &Value) {
    world.file("odd.json", run.to_string());
    for words in [
        &["report", "odd.json"][..],
        &["report", "odd.json", "--md"],
        &["chart", "odd.json", "--format", "svg", "--into", "charts"],
        &["compare", "odd.json", "results/latest"],
    ] {
        let began = Instant::now();
        let answer = world.run(words);
        assert!(began.elapsed() < PATIENCE, "{what}: {words:?} took {:?}", began.elapsed());
        assert!(!answer.err.contains("panicked"), "{what}: {words:?}: {}", answer.err);
        assert!(answer.out.len() < 1 << 20, "{what}: {words:?} says {} bytes", answer.out.len());
        assert!(answer.code == code::OK || !answer.err.is_empty(), "{what}: {words:?}: {answer}");
        for odd in ["NaN", "inf"] {
            let words_of_it = answer.out.split(|c: char| !c.is_alphanumeric()).any(|word| word == odd);
            assert!(!words_of_it, "{what}: {words:?} tells {odd}: {}", answer.out);
        }
    }
    for entry in std::fs::read_dir(world.join("charts")).into_iter().flatten().flatten() {
        let bytes = entry.metadata().unwrap().len();
        assert!(bytes < 4 << 20, "{what}: {} has {bytes} bytes", entry.path().display());
    }
    let _ = std::fs::remove_dir_all(world.join("charts"));
}

type Make<'a> = Box<dyn Fn(usize) -> Value + 'a>;

fn odd_numbers_are_told_or_refused_in_bounded_time() {
    let world = World::new();
    world.bench(&["-e", "fake,fake:ready=2000", "-x", "boot", "--blocks", "25"]).ends_with(code::OK);
    let run = world.saved();
    let mut random = oorandom::Rand64::new(7);
    let spread: Vec<f64> = (0..1000).map(|_| 10f64.powf(random.rand_float() * 17.9)).collect();
    let cases: Vec<(&str, Make<'_>)> = vec![
        ("all equal", Box::new(|_| json!(1000.0))),
        ("all zero", Box::new(|_| json!(0.0))),
        ("all minus zero", Box::new(|_| json!(-0.0))),
        ("the smallest there are", Box::new(|_| json!(5e-324))),
        ("the smallest and a millisecond", Box::new(|i| json!(if i % 2 == 0 { 5e-324 } else { 1e6 }))),
        ("negative", Box::new(|i| json!(-1000.0 - i as f64))),
        ("both signs", Box::new(|i| json!(if i % 2 == 0 { -1e6 } else { 1e6 }))),
        ("too large", Box::new(|_| json!(1.7e308))),
        ("one too large", Box::new(|i| json!(if i == 3 { 1.7e308 } else { 1e6 }))),
        ("as large as may be", Box::new(|_| json!(9.9e17))),
        ("seventeen orders of magnitude", Box::new(|i| json!(spread[i % spread.len()]))),
        ("one value", Box::new(|i| if i == 0 { json!(1e6) } else { Value::Null })),
        ("none", Box::new(|_| Value::Null)),
    ];
    for (what, value) in &cases {
        let odd = with_values(&run, value);
        is_told_or_refused(&world, what, &odd);
        is_told_or_refused(&world, &format!("{what}, and in every row"), &with_rows(odd, &value(0)));
    }
    let words = run.to_string().replacen("\"seed\":", "\"seed\":1e999,\"seed_\":", 1);
    world.file("odd.json", words);
    assert_ne!(world.run(["report", "odd.json"]).code, code::OK, "no number of JSON is infinite");
}

crate::runner::tests!(odd_numbers_are_told_or_refused_in_bounded_time);
