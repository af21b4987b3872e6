//! Plays a scenario line by line: steps, repetitions, expectations.

use crate::scenario::line::{Line, Words, lines};
use crate::scenario::record::Record;
use crate::scenario::stage::Stage;
use crate::scenario::stop::Stop;
use crate::scenario::verbs::verbs;

/// The most names of a scenario, and records of one step.
const NAMES_MAX: usize = 256;
const PRINTED_MAX: usize = 256;

/// Why a scenario failed, and in which line of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The line, from 1.
    pub line: usize,
    /// What was expected, and what came.
    pub why: String,
}

/// Plays a scenario to its end; answers the transcript.
///
/// # Errors
/// The first line that can't be executed, or does not keep its expectation.
pub fn play(text: &str) -> Result<String, Failure> {
    let lines = lines(text).map_err(|(line, why)| Failure { line, why })?;
    let mut stage = Stage::new().map_err(|cause| Failure { line: 0, why: cause.to_string() })?;
    let mut script = Script::default();
    for line in &lines {
        script.take(&mut stage, line).map_err(|why| Failure { line: line.number, why })?;
    }
    let end = lines.last().map_or(0, |line| line.number);
    let ends_well = matches!(lines.last(), Some(line) if line.verb == "ledger_digest");
    if let Some(code) = script.refusal {
        return Err(Failure { line: end, why: format!("expected no error, got {code}") });
    }
    if !ends_well {
        return Err(Failure { line: end, why: "a scenario ends with `oracle` and `ledger_digest`".to_owned() });
    }
    stage.close().map_err(|error| Failure { line: end, why: format!("closing answered {}", error.code()) })?;
    Ok(stage.transcript().to_owned())
}

/// Where a scenario stands.
#[derive(Default)]
struct Script {
    /// How often the next step is made; 0 stands for once.
    repeat: u32,
    /// The code of an error that no expectation has named yet.
    refusal: Option<String>,
}

impl Script {
    fn take(&mut self, stage: &mut Stage, line: &Line) -> Result<(), String> {
        if line.verb == "expect" {
            return self.expect(stage, line);
        }
        if let Some(code) = self.refusal.take() {
            return Err(format!("expected no error before this step, got {code}"));
        }
        if line.verb == "repeat" {
            let words = Words::resolve(line, "times", &stage.names)?;
            self.repeat = words.number("times").map_err(|_| "`times` is no number".to_owned())?;
            return Ok(());
        }
        stage.echo(&line.text);
        for _ in 0..std::mem::take(&mut self.repeat).max(1) {
            stage.begin_again();
            self.step(stage, line)?;
            check_bounds(stage)?;
        }
        Ok(())
    }

    fn step(&mut self, stage: &mut Stage, line: &Line) -> Result<(), String> {
        let verb = verbs().find(|verb| verb.name == line.verb);
        let verb = verb.ok_or_else(|| format!("there is no verb `{}`", line.verb))?;
        let words = Words::resolve(line, verb.words, &stage.names)?;
        match (verb.run)(stage, &words) {
            Ok(()) => Ok(()),
            Err(Stop::Script(why)) => Err(why),
            Err(Stop::Engine(error)) => {
                self.refusal = Some(error.code().to_string());
                stage.print(
                    Record::new("error")
                        .plain("code", error.code())
                        .maybe("field", error.field_name())
                        .flag("retryable", error.is_retryable())
                        .maybe("retry_after_ms", error.retry_after_ms()),
                );
                Ok(())
            }
        }
    }

    /// Holds the words of an expectation against what the last step printed.
    fn expect(&mut self, stage: &Stage, line: &Line) -> Result<(), String> {
        let place = line.words.iter().find(|word| word.key == "at").map_or("1", |word| word.value.as_str());
        let place: usize = place.parse().map_err(|_| "`at` is the number of a printed line".to_owned())?;
        let record = place.checked_sub(1).and_then(|index| stage.printed().get(index));
        let record = record.ok_or_else(|| format!("the last step has printed no line {place}"))?;
        for word in line.words.iter().filter(|word| word.key != "at") {
            let found = record.field(&word.key);
            if found != Some(word.value.as_str()) {
                return Err(format!(
                    "expected {}={}, got {}; the line was: {record}",
                    word.key,
                    word.value,
                    found.map_or("no such field".to_owned(), |value| format!("{}={value}", word.key)),
                ));
            }
            if word.key == "code" {
                self.refusal = None;
            }
        }
        Ok(())
    }
}

/// Refuses what a runner with arrays of a fixed size could not hold.
fn check_bounds(stage: &Stage) -> Result<(), String> {
    if stage.names.len() > NAMES_MAX {
        return Err(format!("a scenario has at most {NAMES_MAX} names"));
    }
    if stage.printed().len() > PRINTED_MAX {
        return Err(format!("a step prints at most {PRINTED_MAX} records"));
    }
    Ok(())
}
