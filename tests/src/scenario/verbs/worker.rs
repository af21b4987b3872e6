//! `engine.events`, `engine.queue` and `engine.audit`: what others learn, what
//! runs by itself, and what is kept of it.

use crate::scenario::line::Words;
use crate::scenario::record::Record;
use crate::scenario::shown::single;
use crate::scenario::stage::Stage;
use crate::scenario::stop::Answer;
use crate::scenario::verbs::Verb;
use fusepay_core::JobId;

pub(super) const VERBS: &[Verb] = &[
    Verb { name: "events.read", words: "after? limit?", prints: "list event*", run: read },
    Verb { name: "events.head", words: "", prints: "head", run: head },
    Verb { name: "events.cursor", words: "subscriber", prints: "cursor", run: cursor },
    Verb { name: "events.acknowledge", words: "subscriber sequence", prints: "done", run: acknowledge },
    Verb { name: "events.rewind", words: "subscriber sequence", prints: "done", run: rewind },
    Verb { name: "queue.find", words: "job", prints: "job", run: find },
    Verb { name: "queue.counts", words: "", prints: "list jobs*", run: counts },
    Verb { name: "queue.dead_letters", words: "limit? as?", prints: "list job*", run: dead_letters },
    Verb { name: "queue.retry", words: "job", prints: "job", run: retry },
    Verb { name: "queue.resolve", words: "job reason", prints: "done", run: resolve },
    Verb { name: "audit.verify", words: "", prints: "audit", run: verify },
];

fn read(stage: &mut Stage, words: &Words) -> Answer<()> {
    let after = words.optional_number("after")?.unwrap_or(0);
    let events = stage.engine()?.events().read(after, words.limit()?)?;
    stage.answer_list(words, &events);
    Ok(())
}

fn head(stage: &mut Stage, _: &Words) -> Answer<()> {
    let head = stage.engine()?.events().head()?;
    stage.print(single("head", "sequence", head));
    Ok(())
}

fn cursor(stage: &mut Stage, words: &Words) -> Answer<()> {
    let cursor = stage.engine()?.events().cursor(words.text("subscriber")?)?;
    stage.print(Record::new("cursor").maybe("sequence", cursor));
    Ok(())
}

fn acknowledge(stage: &mut Stage, words: &Words) -> Answer<()> {
    stage.engine()?.events().acknowledge(words.text("subscriber")?, words.number("sequence")?)?;
    stage.done();
    Ok(())
}

fn rewind(stage: &mut Stage, words: &Words) -> Answer<()> {
    stage.engine()?.events().rewind(words.text("subscriber")?, words.number("sequence")?)?;
    stage.done();
    Ok(())
}

fn find(stage: &mut Stage, words: &Words) -> Answer<()> {
    let job = stage.engine()?.queue().find(JobId(words.number("job")?))?;
    stage.show(&job);
    Ok(())
}

fn counts(stage: &mut Stage, words: &Words) -> Answer<()> {
    let counts = stage.engine()?.queue().counts()?;
    stage.answer_list(words, &counts);
    Ok(())
}

fn dead_letters(stage: &mut Stage, words: &Words) -> Answer<()> {
    let jobs = stage.engine()?.queue().dead_letters(None, words.limit()?)?;
    stage.answer_list(words, &jobs);
    Ok(())
}

fn retry(stage: &mut Stage, words: &Words) -> Answer<()> {
    let job = stage.engine()?.queue().retry(JobId(words.number("job")?))?;
    stage.show(&job);
    Ok(())
}

fn resolve(stage: &mut Stage, words: &Words) -> Answer<()> {
    stage.engine()?.queue().resolve(JobId(words.number("job")?), words.text("reason")?)?;
    stage.done();
    Ok(())
}

fn verify(stage: &mut Stage, _: &Words) -> Answer<()> {
    let report = stage.engine()?.audit().verify(None)?;
    let record = Record::new("audit")
        .flag("sound", report.is_sound)
        .plain("entries", report.entries)
        .maybe("first_bad", report.first_bad);
    stage.print(record);
    Ok(())
}
