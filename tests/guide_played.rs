//! The chapters, done exactly as their pages are printed: every command of the page in its order, the desk where it says, the
//! cards as it asks for them. That must give full marks, and later benches must take nothing away.
//!
//! Measured for real only when asked for (`cargo test --test all guide_played -- --ignored`): minutes. Else each `isolab bench`
//! line leaves a reference machine's run under the name that the line gives.
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::common::guide::{own_run, rustc};
use crate::common::{Answer, World, code};
use isolab::guide::chapters::Data;
use isolab::guide::content::Content;
use isolab::guide::pages::Page;
use isolab::guide::work;
use isolab::lang::Lang;
use isolab::results::read;

struct Player {
    world: World,
    page: Page,
    data: Data,
    /// Benches are run, not looked up.
    real: bool,
    benches: std::cell::Cell<u32>,
}

impl Player {
    fn of(chapter: u32, real: bool) -> Player {
        let content = Content::embedded();
        let (page, data) = (content.page(chapter, Lang::En).unwrap().page, content.data(chapter).unwrap());
        Player { world: World::new(), page, data, real, benches: 0.into() }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.isolab(args);
        command.env("RUSTC", rustc()).env_remove("LANG").env_remove("LC_ALL").env_remove("LC_MESSAGES");
        command
    }

    /// A line as it is printed, with answers for the line that asks.
    fn type_in(&self, line: &str) {
        let args: Vec<&str> = line.split_whitespace().skip(1).collect();
        match args[..] {
            ["bench", ..] if self.real => drop(self.world.bench(&args[1..]).ends_with(code::OK)),
            ["bench", ..] => self.look_up(&args),
            ["guide", "predict", _] => drop(self.predict(&args).ends_with(code::OK).says("Locked.")),
            ["guide", "check", ..] => drop(crate::common::run(&mut self.command(&args))), // the cards come after it
            ["chart" | "run" | "doctor", ..] if self.real => {
                let answer = crate::common::run(&mut self.command(&args));
                assert!([code::OK, code::FAILED, 3].contains(&answer.code), "{line}: {answer}");
            }
            ["chart" | "run" | "doctor", ..] => {}
            _ => panic!("the page prints {line:?}, which this test does not know"),
        }
    }

    fn predict(&self, args: &[&str]) -> Answer {
        let lines: String =
            self.data.questions.iter().map(|q| crate::common::guide::answer(q.kind, &q.options) + "\n").collect();
        let mut command = self.command(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), lines.as_bytes()).unwrap();
        child.wait_with_output().unwrap().into()
    }

    /// A reference run as the result of this line: younger than the prediction, and of an id of its own.
    fn look_up(&self, args: &[&str]) {
        let after = |flag: &str| args.iter().position(|a| *a == flag).map(|i| args[i + 1]);
        let file = if after("--order") == Some("sequential") { "sequential.json" } else { "run.json" };
        let number = self.benches.get() + 1;
        self.benches.set(number);
        let started = format!("2026-11-28T10:00:{number:02}Z");
        let run = own_run(&self.world, file, &format!("played-{number}"), &started);
        let name = after("-o").map_or_else(|| format!("results/{number}/run.json"), str::to_owned);
        std::fs::create_dir_all(self.world.join(&name).parent().unwrap()).unwrap();
        self.world.file(&name, serde_json::to_vec(&run).unwrap());
    }

    /// The path that a section of the page names, on the desk.
    fn work_dir(&self, section: usize, file: &str) -> PathBuf {
        let name = format!("lab-guides/work/{}/{file}", work::name(self.page.chapter));
        let body = &self.page.sections[section - 1].body;
        assert!(body.contains(&name), "section {section} does not name {name}");
        self.world.join(name)
    }

    /// Section 11: the desk is put there as the page says, and the task is solved.
    fn make(&self) {
        let chapter = self.page.chapter;
        let reset = format!("isolab guide reset {chapter}");
        assert!(self.page.sections[10].body.contains(&reset), "section 11 does not say how the desk gets there");
        crate::common::run(&mut self.command(&["guide", "reset", &chapter.to_string()])).ends_with(code::OK);
        let solution = Path::new("lab-guides/solutions").join(work::name(chapter)).join(work::WORK);
        std::fs::copy(solution, self.work_dir(11, work::WORK)).unwrap();
    }

    /// Section 13: the cards, from the file that section 7 measured (of several, the one that the card's section names).
    fn fill_cards(&self) {
        let files: Vec<&str> = self.page.sections[6].body.split_whitespace().filter(|w| w.contains(".json")).collect();
        let named = files.iter().find(|f| self.page.sections[12].body.contains(**f)).or(files.first()).unwrap();
        let run = read::load(&self.world.join(named)).unwrap();
        let floor = if self.data.chapter == 0 { self.floor_of(named) } else { String::new() };
        let text = crate::common::cards::filled(&self.data, &[((*named).to_owned(), &run)], &floor);
        std::fs::write(self.work_dir(13, work::CARD), text).unwrap();
    }

    /// The noise floor as the chart shows it.
    fn floor_of(&self, file: &str) -> String {
        crate::common::run(&mut self.command(&["chart", "aa", file])).ends_with(code::OK);
        let chart = Path::new(file).with_extension("aa.svg");
        let svg = std::fs::read_to_string(self.world.join(chart)).unwrap();
        let (_, rest) = svg.split_once("noise floor ").unwrap();
        rest.split_once('%').unwrap().0.trim().to_owned() + " %"
    }

    fn has_full_marks(&self, doing: &str) -> Answer {
        let chapter = self.page.chapter.to_string();
        let answer = crate::common::run(&mut self.command(&["guide", "check", &chapter]));
        assert_eq!(answer.code, code::OK, "{doing}: {answer}");
        answer.says("10 of 10 points");
        answer
    }

    /// From the first section to the last; then three more benches.
    fn play(&self, more: &[&str]) {
        for section in &self.page.sections {
            let blocks = isolab::guide::pages::blocks(&section.body);
            blocks.iter().filter(|b| b.info == "sh").flat_map(|b| &b.lines).filter(|l| !l.is_empty()).for_each(
                |line| {
                    if !line.contains("--rootfs /") || self.real {
                        self.type_in(line);
                    }
                },
            );
            match section.number {
                11 => self.make(),
                13 => self.fill_cards(),
                _ => {}
            }
        }
        let evidence = files(&self.has_full_marks("as printed"));
        assert!(!evidence.is_empty());
        self.keeps_full_marks_without_its_progress();
        for line in more {
            self.type_in(line);
            let answer = self.has_full_marks(line);
            assert_eq!(files(&answer), evidence, "{line}: the same files are the evidence: {answer}");
            if !self.real {
                answer.says("gave full marks").says("newer runs take nothing away"); // this one holds all that is needed
            }
        }
        if !self.real {
            self.keeps_full_marks_without_its_progress(); // a looked-up run has blocks enough, whatever the line says
        }
    }

    fn keeps_full_marks_without_its_progress(&self) {
        std::fs::write(self.world.join("home/.local/state/isolab/guide.json"), "{").unwrap();
        self.has_full_marks("after the progress was lost").says("guide.json.damaged");
    }
}

/// The files that a check read, as it names them.
fn files(answer: &Answer) -> String {
    let text = answer.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let named = text.split("Your own data: ").nth(1).unwrap_or_default();
    let end = [", the newest that", ", which gave"].iter().filter_map(|reason| named.find(reason)).min();
    named[..end.unwrap_or(0)].to_owned()
}

const MORE: &[&str] = &[
    "isolab bench -e process,process -x boot --blocks 8",
    "isolab bench -e process,container,vm-bare -x boot --blocks 8 -o again.json",
    "isolab bench --blocks 6",
];

fn every_chapter_done_as_printed_gets_full_marks() {
    for (chapter, _) in Content::embedded().chapters() {
        Player::of(chapter, false).play(&MORE[..1]);
    }
}

fn chapters_0_and_2_measured_as_printed_keep_full_marks() {
    for chapter in [0, 2] {
        Player::of(chapter, true).play(MORE);
    }
}

fn the_other_chapters_measured_as_printed_get_full_marks() {
    for chapter in [1, 6, 7] {
        Player::of(chapter, true).play(&[]);
    }
}

crate::runner::tests!(every_chapter_done_as_printed_gets_full_marks; chapters_0_and_2_measured_as_printed_keep_full_marks = "measures for real; a minute", the_other_chapters_measured_as_printed_get_full_marks = "measures for real; minutes");
