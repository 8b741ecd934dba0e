//! `guide predict N`: asks, or takes `--answer ID=VALUE`, or lines from a pipe. All answers are there, or none is stored.

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal};

use super::args::Predict;
use super::{Reader, exit};
use crate::cli::out::Out;
use crate::error::{Context, Error, Result};
use crate::guide::answers;
use crate::guide::chapters::Question;
use crate::guide::predictions::{Entry, Log};
use crate::lang::Said;
use crate::said;

pub(super) fn run(reader: &Reader, args: &Predict, out: &mut Out) -> Result<u8> {
    let chapter = args.chapter;
    let page = reader.page(chapter, out)?.page;
    let questions = reader.content.data(chapter)?.questions;
    if questions.is_empty() {
        return Err(Error::usage(
            said!("predict in chapter {chapter}", "{chapter}장에서 예측할 수 없습니다"),
            said!("this chapter asks nothing", "이 장에는 예측 질문이 없음"),
        )
        .try_this(Said::verbatim(format!("{} guide show {chapter}", reader.called))));
    }
    if let Some(stored) = reader.log()?.of(chapter) {
        show(reader, &questions, stored, out)?;
        return Err(Error::usage(
            said!("store a prediction for chapter {chapter}", "{chapter}장의 예측을 저장할 수 없습니다"),
            said!(
                "it has one, from {when}; a prediction is locked once it is stored",
                "{when}에 저장한 예측이 있음. 저장한 예측은 바꿀 수 없음",
                when = stored.when()
            ),
        )
        .try_this(Said::verbatim(format!("{} guide show {chapter}", reader.called))));
    }
    out.text(reader.say(&format!("{chapter}. {}", page.title), "", ""))?;
    let answers =
        if args.answers.is_empty() { ask(reader, &questions, out)? } else { given(&args.answers, &questions)? };
    let Some(answers) = answers else {
        out.note(reader.lang.choose("Nothing was stored.", "저장하지 않았습니다."));
        return Ok(exit::FAILED);
    };
    let entry = Log::store(reader.state()?, chapter, answers)?;
    show(reader, &questions, &entry, out)?;
    let words = reader.lang.choose(
        "Locked. It is never graded; it only has to be older than the run. Read on:",
        "잠겼습니다. 예측은 채점하지 않으며, 실행보다 먼저이기만 하면 됩니다. 계속 읽기:",
    );
    out.text(format!("{}  {}\n", reader.say(words, "", ""), reader.command(&format!("show {chapter}"))))?;
    Ok(exit::OK)
}

fn show(reader: &Reader, questions: &[Question], entry: &Entry, out: &mut Out) -> Result<()> {
    let lang = reader.lang;
    let head = lang.choose(format!("Your prediction, {}:", entry.when()), format!("저장된 예측, {}:", entry.when()));
    out.text(reader.say(&head, "", ""))?;
    for (id, answer) in &entry.answers {
        let question = questions.iter().find(|q| q.id == *id);
        let text = question.map_or(id.as_str(), |q| q.text.of(lang));
        let unit = question.filter(|q| !q.unit.is_empty()).map_or(String::new(), |q| format!(" {}", q.unit));
        out.text(reader.say(&format!("{text} {}{unit}", reader.paint.bold(answer)), "  ", "    "))?;
    }
    Ok(())
}

type Answers = BTreeMap<String, String>;

/// `--answer ID=VALUE` for each question.
fn given(typed: &[String], questions: &[Question]) -> Result<Option<Answers>> {
    let mut answers = Answers::new();
    for text in typed {
        let ids = || questions.iter().map(|q| q.id.as_str()).collect::<Vec<_>>().join(", ");
        let Some((id, value)) = text.split_once('=') else {
            return Err(Error::usage(
                said!("read --answer {text}", "--answer {text}을(를) 읽을 수 없습니다"),
                said!("it is written ID=VALUE", "ID=VALUE로 적어야 함"),
            )
            .try_this(said!("questions: {ids}", "질문: {ids}", ids = ids())));
        };
        let Some(question) = questions.iter().find(|q| q.id == id) else {
            return Err(Error::usage(
                said!("read --answer {text}", "--answer {text}을(를) 읽을 수 없습니다"),
                said!("there is no question {id:?}", "질문 {id:?}이(가) 없음"),
            )
            .try_this(said!("questions: {ids}", "질문: {ids}", ids = ids())));
        };
        let answer = answers::parse(question, value)?;
        if answers.insert(id.to_owned(), answer).is_some() {
            return Err(Error::usage(
                said!("read --answer {text}", "--answer {text}을(를) 읽을 수 없습니다"),
                said!("it is answered twice", "답이 두 번 있음"),
            ));
        }
    }
    match questions.iter().find(|q| !answers.contains_key(&q.id)) {
        None => Ok(Some(answers)),
        Some(open) => Err(Error::usage(
            said!("store the prediction", "예측을 저장할 수 없습니다"),
            said!("the question {id:?} is not answered", "질문 {id:?}에 답이 없음", id = open.id),
        )
        .try_this(Said::compose(&[&said!("", "")], |lang| {
            format!("--answer {}=…   ({})", open.id, answers::wanted(open, lang))
        }))),
    }
}

/// Asks in the terminal, or reads a line per question from a pipe. None: the reader does not want to store it.
fn ask(reader: &Reader, questions: &[Question], out: &mut Out) -> Result<Option<Answers>> {
    let stdin = std::io::stdin();
    let terminal = stdin.is_terminal();
    let mut lines = stdin.lock().lines();
    let mut answers = Answers::new();
    for question in questions {
        out.line("")?;
        out.text(reader.say(question.text.of(reader.lang), "", ""))?;
        out.text(reader.say(&format!("({})", answers::wanted(question, reader.lang)), "  ", "  "))?;
        loop {
            out.text("> ")?;
            let Some(line) = lines.next() else {
                out.line("")?;
                return Err(Error::usage(
                    said!("store the prediction", "예측을 저장할 수 없습니다"),
                    said!("the question {id:?} is not answered", "질문 {id:?}에 답이 없음", id = question.id),
                )
                .try_this(said!(
                    "nothing was stored; answer each question, one line each",
                    "저장한 것이 없습니다. 질문마다 한 줄씩 답하십시오"
                )));
            };
            let line = line.doing(|| said!("read your answer", "답을 읽을 수 없습니다"))?;
            match answers::parse(question, &line) {
                Ok(answer) => {
                    answers.insert(question.id.clone(), answer);
                    break;
                }
                Err(wrong) if terminal => out.text(reader.say(wrong.cause.of(reader.lang), "  ", "  "))?,
                Err(wrong) => return Err(wrong),
            }
        }
    }
    if !terminal {
        out.line("")?;
        return Ok(Some(answers));
    }
    out.text(reader.lang.choose(
        "\nStore and lock? It can't be changed later. [y/N] ",
        "\n저장하고 잠글까요? 나중에 바꿀 수 없습니다. [y/N] ",
    ))?;
    let word = lines.next().and_then(Result::ok).unwrap_or_default();
    Ok(answers::is_yes(&word).then_some(answers))
}
