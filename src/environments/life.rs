//! One life of an instance, for whoever drives one: a worker, `isolab run`, a test.

use std::time::Instant;

use super::{Event, Handle, Instance, Outcome, Prepared, Reply, Verb};
use crate::error::{Error, Result};
use crate::lang::{Lang, Said};
use crate::model::{Exit, Part, Record};
use crate::probe::abi;
use crate::said;
use crate::timeline::Timeline;

/// An instance that was created and started, with what came from it so far. Dropping it destroys the instance.
pub struct Life {
    instance: Box<dyn Instance>,
    clock: Timeline,
    records: Vec<Record>,
}

/// All that a whole life gave.
#[derive(Debug)]
pub struct Ended {
    pub outcome: Outcome,
    pub clock: Timeline,
    pub records: Vec<Record>,
}

impl Life {
    /// create, start.
    ///
    /// # Errors
    /// When either fails; nothing is left then.
    pub fn begin(prepared: &dyn Prepared) -> Result<Life> {
        let (mut clock, records) = (Timeline::new(), Vec::with_capacity(8));
        let mut instance = prepared.create(&mut clock)?;
        instance.start(&mut clock)?;
        Ok(Life { instance, clock, records })
    }

    /// Until it says that it is ready.
    ///
    /// # Errors
    /// When it ends first, or `deadline` comes.
    pub fn until_ready(&mut self, deadline: Instant) -> Result<Record> {
        loop {
            match self.next(deadline)? {
                Event::Record(record) if record.kind == abi::READY => return Ok(record),
                Event::Record(_) => {}
                Event::Exited(exit) => {
                    let how = exit.in_words();
                    let (en, ko) = (how.of(Lang::En), how.of(Lang::Ko));
                    let cause = said!("it ended first: {en}", "먼저 끝남: {ko}");
                    return Err(Error::new(
                        said!("wait until the program is ready", "프로그램이 준비되기를 기다릴 수 없습니다"),
                        cause,
                    ));
                }
                Event::TimedOut => return Err(too_long(&self.last_words())),
            }
        }
    }

    /// Until it ends.
    ///
    /// # Errors
    /// When `deadline` comes first, or its end cannot be seen.
    pub fn until_exit(&mut self, deadline: Instant) -> Result<Exit> {
        loop {
            match self.next(deadline)? {
                Event::Exited(exit) => return Ok(exit),
                Event::Record(_) => {}
                Event::TimedOut => return Err(too_long(&self.last_words())),
            }
        }
    }

    /// The next thing that happens; records are kept.
    ///
    /// # Errors
    /// When it cannot be seen what happens.
    pub fn next(&mut self, deadline: Instant) -> Result<Event> {
        let event = self.instance.wait(deadline, &mut self.clock)?;
        if let Event::Record(record) = event {
            self.records.push(record);
        }
        Ok(event)
    }

    pub fn control(&mut self, verb: Verb) -> Result<Reply> {
        self.instance.control(verb)
    }

    pub fn footprint(&self) -> Result<Vec<Part>> {
        self.instance.footprint()
    }

    pub fn last_words(&self) -> Vec<String> {
        self.instance.last_words()
    }

    pub fn clock(&self) -> &Timeline {
        &self.clock
    }

    /// Ends what still runs, and removes everything.
    ///
    /// # Errors
    /// When something is left.
    pub fn end(mut self) -> Result<Ended> {
        let outcome = self.instance.destroy(&mut self.clock)?;
        Ok(Ended { outcome, clock: self.clock, records: self.records })
    }

    /// Leaves it running without us.
    ///
    /// # Errors
    /// Where that cannot be; it is destroyed then.
    pub fn detach(self) -> Result<(Handle, Timeline)> {
        Ok((self.instance.detach()?, self.clock))
    }
}

fn too_long(last_words: &[String]) -> Error {
    Error::new(
        said!("wait for the program", "프로그램을 기다릴 수 없습니다"),
        with_last_words(said!("it did not end before the deadline", "기한까지 끝나지 않음"), last_words),
    )
    .try_this(said!(
        "--timeout SECONDS, or look at it with isolab run",
        "--timeout SECONDS를 쓰거나 isolab run으로 살펴보십시오"
    ))
}

/// A cause, and below it what the instance said last.
pub fn with_last_words(cause: Said, lines: &[String]) -> Said {
    if lines.is_empty() {
        return cause;
    }
    let lines = lines.join("\n  ");
    Said::compose(&[&cause], |lang| {
        let head = lang.choose("the last lines of its console:", "콘솔의 마지막 줄:");
        format!("{}; {head}\n  {lines}", cause.of(lang))
    })
}
