//! The pages of the guide hold what they promise: form, length, code that is quoted, and a Korean twin that says the same.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use isolab::guide::chapters::{self, Data};
use isolab::guide::outcome::Kind;
use isolab::guide::pages::{self, Block, Page, Section};
use isolab::lang::Lang;
use isolab::results::hash::sha256;

const FOLDER: &str = "lab-guides";
const MOST_MINUTES: u32 = 45;
const MOST_WORDS_OF_CONCEPT: usize = 200;

struct Chapter {
    /// "02-start-time"
    topic: String,
    english: Page,
    korean: Page,
    data: Data,
}

impl Chapter {
    /// "ch02"
    fn folder(&self) -> String {
        format!("ch{:02}", self.english.chapter)
    }
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(FOLDER).join(path)).unwrap_or_else(|cause| panic!("{path}: {cause}"))
}

/// Every chapter that has an English page; a page of the wrong form, or without its twin, stops the test.
fn all() -> Vec<Chapter> {
    let names = std::fs::read_dir(FOLDER).unwrap().flatten().filter_map(|e| e.file_name().into_string().ok());
    let mut topics: Vec<String> = names
        .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
        .filter(|topic| topic.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    topics.sort();
    assert!(topics.len() >= 5, "{topics:?}");
    let page = |name: String, lang| pages::parse(&read(&name), &name, lang).unwrap_or_else(|error| panic!("{error}"));
    let chapter = |topic: String| Chapter {
        english: page(format!("{topic}.md"), Lang::En),
        korean: page(format!("ko/{topic}.md"), Lang::Ko),
        data: chapters::parse(&read(&format!("{topic}.toml")), &topic).unwrap_or_else(|error| panic!("{error}")),
        topic,
    };
    topics.into_iter().map(chapter).collect()
}

/// A section without its fenced blocks.
fn prose(section: &Section) -> String {
    let mut open = false;
    let mut kept = Vec::new();
    for line in section.body.lines() {
        let fence = line.trim_start().starts_with("```");
        open ^= fence;
        if !open && !fence {
            kept.push(line);
        }
    }
    kept.join("\n")
}

fn a_page_is_done_in_its_time() {
    for chapter in all() {
        let minutes = chapter.english.minutes;
        assert!(minutes <= MOST_MINUTES, "{}: {minutes} minutes", chapter.topic);
        assert_eq!(chapter.korean.minutes, minutes, "{}", chapter.topic);
        assert_eq!(chapter.data.minutes, Some(minutes), "{}.toml", chapter.topic);
        assert_eq!((chapter.data.chapter, chapter.korean.chapter), (chapter.english.chapter, chapter.english.chapter));
        assert!(chapter.topic.starts_with(&format!("{:02}-", chapter.english.chapter)), "{}", chapter.topic);
    }
}

fn a_concept_is_short_and_has_one_picture() {
    for chapter in all() {
        let concept = &chapter.english.sections[3];
        let words = prose(concept).split_whitespace().count();
        assert!(words <= MOST_WORDS_OF_CONCEPT, "{}: {words} words", chapter.topic);
        let pictures = pages::blocks(&concept.body).into_iter().filter(|b| b.info == "text").count();
        assert_eq!(pictures, 1, "{}", chapter.topic);
    }
}

/// In a terminal of 80 columns with a margin nothing that is printed as it stands may wrap.
fn what_is_drawn_fits_a_terminal() {
    for chapter in all() {
        let blocks = [chapter.english.blocks(), chapter.korean.blocks()].concat();
        for block in blocks.iter().filter(|b| b.info == "text") {
            for line in &block.lines {
                let wide = isolab::guide::terminal::wide(line);
                assert!(wide <= 80, "{}: {wide} columns: {line}", chapter.topic);
            }
        }
    }
}

fn every_command_is_isolabs() {
    for chapter in all() {
        assert!(!chapter.english.commands().is_empty(), "{}", chapter.topic);
        let later = chapter.english.blocks().into_iter().filter(|b| b.info == "sh later").flat_map(|b| b.lines);
        for line in chapter.english.commands().into_iter().chain(later) {
            assert!(line.starts_with("isolab "), "{}: {line}", chapter.topic);
        }
        for block in chapter.english.blocks() {
            let known =
                ["sh", "sh later", "text"].contains(&block.info.as_str()) || block.info.starts_with("rust src/");
            assert!(known, "{}: a block of {:?}", chapter.topic, block.info);
        }
    }
}

fn every_command_line_is_understood() {
    for chapter in all() {
        for line in chapter.english.commands() {
            let words: Vec<&str> = line.split_whitespace().collect();
            isolab::cli::parses(&words).unwrap_or_else(|error| panic!("{}: {line}\n{error}", chapter.topic));
        }
    }
}

/// Those that are named in the front matter are those that are drawn, and each exists.
fn every_chart_exists() {
    for chapter in all() {
        let is_chart = |words: &Vec<String>| words.get(1).is_some_and(|word| word == "chart");
        let lines = chapter.english.commands().into_iter();
        let words = lines.map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<String>>());
        let drawn: BTreeSet<String> = words.filter(is_chart).filter_map(|words| words.get(2).cloned()).collect();
        for id in &drawn {
            assert!(isolab::charts::ALL.iter().any(|chart| chart.id == id), "{}: no chart {id}", chapter.topic);
        }
        assert_eq!(drawn, chapter.english.charts.iter().cloned().collect(), "{}: charts", chapter.topic);
    }
}

/// The lines between `// ANCHOR: name` and `// ANCHOR_END: name`, their common indentation removed.
fn anchored(path: &str, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|cause| panic!("{path}: {cause}"));
    let is = |mark: &str, line: &&str| line.trim() == format!("// {mark}: {name}");
    let inside: Vec<&str> = text
        .lines()
        .skip_while(|line| !is("ANCHOR", line))
        .skip(1)
        .take_while(|line| !is("ANCHOR_END", line))
        .collect();
    assert!(!inside.is_empty(), "{path} has no anchor {name}");
    let indent = inside.iter().filter(|l| !l.trim().is_empty()).map(|l| l.len() - l.trim_start().len()).min();
    inside.iter().map(|line| line.get(indent.unwrap_or(0)..).unwrap_or("").to_owned()).collect()
}

fn quoted_code_is_the_code() {
    let mut quoted = 0;
    for chapter in all() {
        for Block { info, lines } in chapter.english.blocks() {
            let Some(place) = info.strip_prefix("rust ") else { continue };
            let (path, name) = place.split_once('#').unwrap_or_else(|| panic!("{info}: no anchor"));
            assert_eq!(lines, anchored(path, name), "{} quotes {place}, which has changed", chapter.topic);
            quoted += 1;
        }
    }
    assert!(quoted >= 5, "{quoted}");
}

/// What stands between single backquotes.
fn code_spans(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Numbers that have a unit, and all that have a decimal point or a separator of thousands.
fn measured_numbers(text: &str) -> BTreeSet<String> {
    const UNITS: &[&str] = &["ns", "µs", "ms", "KiB", "MiB", "GiB", "%", "×"];
    let clean: String = text.chars().map(|c| if "()[]{}*`|;:=/\"".contains(c) { ' ' } else { c }).collect();
    let words: Vec<&str> = clean.split_whitespace().collect();
    let mut found = BTreeSet::new();
    for (place, word) in words.iter().enumerate() {
        let number: String = word.trim_start_matches(['−', '+', '±']).chars().take_while(|c| is_digit(*c)).collect();
        let number = number.trim_end_matches(['.', ',']).to_owned();
        let unit = |next: &&&str| UNITS.iter().any(|unit| next.starts_with(unit));
        let has_unit = words.get(place + 1).as_ref().is_some_and(unit);
        if number.starts_with(|c: char| c.is_ascii_digit()) && (has_unit || number.contains(['.', ','])) {
            found.insert(number);
        }
    }
    found
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || c == '.' || c == ','
}

/// "C10", "S0:60": claims, and places in the study notes.
fn ids(text: &str) -> BTreeSet<String> {
    let is_id = |word: &str| {
        let mut chars = word.chars();
        let first = chars.next();
        (first == Some('C') || first == Some('S')) && word.len() >= 3 && chars.all(|c| c.is_ascii_digit() || c == ':')
    };
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != ':');
    words.map(|word| word.trim_end_matches(':')).filter(|word| is_id(word)).map(str::to_owned).collect()
}

/// What a page and its twin must both say, section by section.
type Saying = fn(&str) -> BTreeSet<String>;
const SAYINGS: [(&str, Saying); 4] =
    [("code spans", code_spans), ("numbers", measured_numbers), ("claims and places", ids), ("quotes", quotes)];

/// What stands between 「 and 」.
fn quotes(text: &str) -> BTreeSet<String> {
    text.split('「').skip(1).filter_map(|rest| rest.split_once('」')).map(|(quote, _)| quote.to_owned()).collect()
}

/// Every number in a drawing or an output, sorted.
fn all_numbers(block: &pages::Block) -> Vec<String> {
    let text = block.lines.join("\n");
    let mut found: Vec<String> = text
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .filter(|n| n.contains(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
        .collect();
    found.sort();
    found
}

/// Commands and code are the same; what is drawn or printed is in the reader's language, with the same numbers.
fn same_blocks(topic: &str, english: &Page, korean: &Page) {
    let (ours, twins) = (english.blocks(), korean.blocks());
    assert_eq!(ours.len(), twins.len(), "{topic}: code blocks");
    for (ours, twin) in ours.iter().zip(&twins) {
        assert_eq!(ours.info, twin.info, "{topic}");
        if ours.info == "text" {
            assert_eq!(all_numbers(ours), all_numbers(twin), "{topic}: {:#?}", twin.lines);
        } else {
            assert_eq!(ours, twin, "{topic}");
        }
    }
}

fn the_korean_page_says_the_same() {
    let mut wrong = Vec::new();
    for Chapter { topic, english, korean, .. } in all() {
        same_blocks(&topic, &english, &korean);
        assert_eq!((&english.claims, &english.charts), (&korean.claims, &korean.charts), "{topic}");
        for (ours, twin) in english.sections.iter().zip(&korean.sections) {
            let place = format!("{topic}, section {}", ours.number);
            let (ours, twin) = (prose(ours), prose(twin));
            for (what, of) in SAYINGS {
                let (ours, twin) = (of(&ours), of(&twin));
                if ours != twin {
                    let only_ours: Vec<_> = ours.difference(&twin).collect();
                    let only_twin: Vec<_> = twin.difference(&ours).collect();
                    wrong.push(format!("{place}, {what}: only in English {only_ours:?}, only in Korean {only_twin:?}"));
                }
            }
            let count = |text: &str| ["|", "- "].map(|first| text.lines().filter(|l| l.starts_with(first)).count());
            if count(&ours) != count(&twin) {
                wrong.push(format!("{place}: rows and points {:?} and {:?}", count(&ours), count(&twin)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn the_korean_page_follows_this_english_page() {
    for Chapter { topic, korean, .. } in all() {
        let hash = sha256(&[read(&format!("{topic}.md")).as_bytes()]);
        assert_eq!(
            korean.follows.as_deref(),
            Some(hash.as_str()),
            "ko/{topic}.md is a translation of an older page: bring it up to date, then write the new hash into `follows`"
        );
    }
}

fn a_korean_page_is_korean() {
    for Chapter { topic, korean, .. } in all() {
        for section in &korean.sections[..14] {
            let text = prose(section);
            let hangul = text.chars().filter(|c| ('가'..='힣').contains(c)).count();
            assert!(hangul * 5 > text.chars().filter(|c| c.is_alphabetic()).count(), "{topic}, {}", section.title);
        }
    }
}

fn the_checks_weigh_ten_points() {
    for Chapter { topic, data, .. } in all() {
        let points = |kind: Kind| data.checks.iter().filter(|c| c.kind == kind).map(|c| c.points).sum::<u32>();
        let found = [Kind::Prediction, Kind::Run, Kind::Relation, Kind::Work, Kind::Card].map(points);
        assert_eq!(found, [1, 1, 1, 4, 3], "{topic}: prediction, run, relations, work, cards");
        for check in data.checks.iter().filter(|c| c.later.is_some()) {
            assert_eq!(check.points, 0, "{}: what comes later costs nothing", check.id);
        }
    }
}

fn every_check_helps_in_three_steps_and_explains() {
    for Chapter { topic, data, english, .. } in all() {
        let prefix = format!("ch{:02}-", english.chapter);
        for check in &data.checks {
            assert!(check.id.starts_with(&prefix), "{topic}: {}", check.id);
            for lang in [Lang::En, Lang::Ko] {
                let hints = check.hints.of(lang);
                assert_eq!(hints.len(), 3, "{}: hints", check.id);
                assert!(hints.iter().all(|h| !h.is_empty()), "{}: an empty hint", check.id);
                assert!(!check.explanation.of(lang).is_empty(), "{}: no explanation", check.id);
            }
        }
        assert!(!data.questions.is_empty() && !data.needs.cells.is_empty(), "{topic}");
        for question in &data.questions {
            assert!(question.text.en != question.text.ko, "{topic}: the question {} has one language", question.id);
        }
    }
}

/// The cards of a chapter are those of its page, its data and its card.toml; what is later has none to fill in.
fn cards_and_pages_agree() {
    for chapter in all() {
        let Chapter { topic, english, data, .. } = &chapter;
        let cards: Vec<_> = data.checks.iter().filter(|c| c.kind == Kind::Card).collect();
        let named: BTreeSet<String> = cards.iter().filter_map(|c| c.claim.clone()).collect();
        let on_page = ids(&prose(&english.sections[12]));
        assert!(named.is_subset(&on_page), "{topic}: {named:?} and {on_page:?}");
        assert!(on_page.is_subset(&english.claims.iter().cloned().collect()), "{topic}: {on_page:?}");
        let text = read(&format!("shipped/{}/card.toml", chapter.folder()));
        let table: toml::Table = toml::from_str(&text).unwrap();
        let wanted: BTreeSet<String> =
            cards.iter().filter(|c| c.later.is_none()).map(|c| c.claim.clone().unwrap_or("floor".into())).collect();
        assert_eq!(table.keys().cloned().collect::<BTreeSet<_>>(), wanted, "{topic}: card.toml");
        for (id, card) in &table {
            let blank = card.as_table().unwrap().values().all(|v| v.as_str() == Some(""));
            assert!(blank, "{topic}: the card {id} is filled in as shipped");
        }
    }
}

/// A row "| C10 | 「…」 | …" quotes what the claims say that it quotes.
fn claims_are_quoted_as_they_are() {
    let claims: toml::Table = toml::from_str(&std::fs::read_to_string("src/guide/claims.toml").unwrap()).unwrap();
    let claims = claims["claim"].as_array().unwrap();
    let mut rows = 0;
    for Chapter { topic, english, .. } in all() {
        for row in english.sections[12].body.lines().filter(|line| line.starts_with("| C")) {
            let id = row.split('|').nth(1).unwrap().trim();
            let claim = claims.iter().find(|c| c["id"].as_str() == Some(id)).unwrap_or_else(|| panic!("{topic}: {id}"));
            let quote = claim["quote"].as_str().unwrap().to_owned();
            assert_eq!(quotes(row), BTreeSet::from([quote]), "{topic}: {id}");
            rows += 1;
        }
    }
    assert!(rows >= 10, "{rows}");
}

/// The desk is the reader's and git's to ignore; everything else is in the tree once.
fn the_tree_has_no_file_twice() {
    let out = Command::new("git").args(["ls-files", "-s", "-z"]).output();
    let Some(out) = out.ok().filter(|out| out.status.success() && !out.stdout.is_empty()) else {
        return isolab::testing::skip(format_args!("the_tree_has_no_file_twice: this is no checkout of git"));
    };
    let text = String::from_utf8(out.stdout).unwrap();
    let mut seen = std::collections::BTreeMap::new();
    for (about, path) in text.split('\0').filter_map(|row| row.split_once('\t')) {
        assert!(!path.starts_with("lab-guides/work/"), "{path}: the desk is not in the tree");
        let hash = about.split(' ').nth(1).unwrap();
        if let Some(first) = seen.insert(hash.to_owned(), path.to_owned()) {
            panic!("{first} and {path} are the same file");
        }
    }
}

crate::runner::tests!(
    a_page_is_done_in_its_time,
    a_concept_is_short_and_has_one_picture,
    what_is_drawn_fits_a_terminal,
    every_command_is_isolabs,
    every_command_line_is_understood,
    every_chart_exists,
    quoted_code_is_the_code,
    the_korean_page_says_the_same,
    the_korean_page_follows_this_english_page,
    a_korean_page_is_korean,
    the_checks_weigh_ten_points,
    every_check_helps_in_three_steps_and_explains,
    cards_and_pages_agree,
    claims_are_quoted_as_they_are,
    the_tree_has_no_file_twice
);
