//! The scenario's own verbs: its header, clock, billers and end.

use crate::scenario::biller::{BillerTraits, PAY_STEPS, QUERY_STEPS, is_step};
use crate::scenario::line::Words;
use crate::scenario::oracle;
use crate::scenario::shown::single;
use crate::scenario::stage::Stage;
use crate::scenario::stop::{Answer, Stop};
use crate::scenario::verbs::Verb;
use fusepay_core::Capabilities;
use std::time::Duration;

pub(super) const VERBS: &[Verb] = &[
    Verb {
        name: "simulated",
        words: "seed start_ms currency? transfer_fee_minor? transfer_fee_per_mille? withdrawal_fee_minor? \
                withdrawal_fee_per_mille?",
        prints: "done",
        run: simulated,
    },
    Verb {
        name: "provider",
        words: "code idempotent_ms? can_query? grace_ms? not_found_times? refuses_repetition? prepaid_minor?",
        prints: "done",
        run: provider,
    },
    Verb { name: "open", words: "", prints: "done", run: open },
    Verb { name: "reopen", words: "restored?", prints: "done", run: reopen },
    Verb { name: "clock.advance", words: "ms", prints: "done", run: advance },
    Verb { name: "clock.set_wall", words: "ms", prints: "done", run: set_wall },
    Verb { name: "drain", words: "", prints: "drained", run: drain },
    Verb {
        name: "biller.script",
        words: "provider? customer pay? query? always? validate?",
        prints: "done",
        run: script,
    },
    Verb { name: "biller.pay", words: "provider? request minor", prints: "book", run: biller_pay },
    Verb { name: "biller.take_back", words: "provider? request", prints: "book", run: take_back },
    Verb { name: "biller.book", words: "provider? request", prints: "book", run: book },
    Verb { name: "oracle", words: "lenient?", prints: "oracle", run: consult },
    Verb { name: "run_due", words: "", prints: "ran", run: run_due },
    Verb { name: "verify", words: "", prints: "verified", run: verify },
    Verb { name: "stats", words: "", prints: "stats payments* balance*", run: stats },
    Verb { name: "ledger_digest", words: "", prints: "digest", run: digest },
];

fn simulated(stage: &mut Stage, words: &Words) -> Answer<()> {
    stage.simulate(words)?;
    stage.done();
    Ok(())
}

fn provider(stage: &mut Stage, words: &Words) -> Answer<()> {
    let default = Capabilities::default();
    let grace = words.optional_number("grace_ms")?.map_or(default.not_found_grace, Duration::from_millis);
    let times = words.optional_number("not_found_times")?.unwrap_or(default.not_found_times);
    let mut capabilities = default.with_can_query(words.flag_or("can_query", true)?).with_not_found(grace, times);
    if let Some(ms) = words.optional_number("idempotent_ms")? {
        capabilities = capabilities.with_idempotent_submit(Duration::from_millis(ms));
    }
    let mut traits = BillerTraits::default();
    words.text("code")?.clone_into(&mut traits.code);
    traits.capabilities = capabilities;
    traits.refuses_repetition = words.flag_or("refuses_repetition", false)?;
    traits.prepaid_minor = words.optional_number("prepaid_minor")?;
    stage.add_biller(traits);
    stage.done();
    Ok(())
}

fn open(stage: &mut Stage, _: &Words) -> Answer<()> {
    stage.open(false)?;
    stage.done();
    Ok(())
}

fn reopen(stage: &mut Stage, words: &Words) -> Answer<()> {
    let is_restored = words.flag_or("restored", false)?;
    stage.close()?;
    stage.open(is_restored)?;
    stage.done();
    Ok(())
}

fn advance(stage: &mut Stage, words: &Words) -> Answer<()> {
    stage.clock()?.advance(words.number("ms")?);
    stage.done();
    Ok(())
}

fn set_wall(stage: &mut Stage, words: &Words) -> Answer<()> {
    let now = stage.moment(words.number("ms")?);
    stage.clock()?.set_wall(now);
    stage.done();
    Ok(())
}

fn drain(stage: &mut Stage, _: &Words) -> Answer<()> {
    stage.drain()?;
    let now = stage.engine()?.due_now();
    let record = crate::scenario::record::Record::new("drained").moment("at_ms", stage.view(), now);
    stage.print(record);
    Ok(())
}

fn script(stage: &mut Stage, words: &Words) -> Answer<()> {
    let (pay, query) = (words.text_or("pay", ""), words.text_or("query", ""));
    let (always, validate) = (words.optional("always"), words.optional("validate"));
    let known = pay.split(',').filter(|step| !step.is_empty()).all(|step| is_step(PAY_STEPS, step))
        && query.split(',').chain(always).filter(|step| !step.is_empty()).all(|step| is_step(QUERY_STEPS, step))
        && validate.is_none_or(|step| ["rejected", "raise"].contains(&step));
    if !known {
        return Err(Stop::Script("a step of the script is unknown".to_owned()));
    }
    stage.biller(words)?.script(words.text("customer")?, pay, query, always, validate);
    stage.done();
    Ok(())
}

fn biller_pay(stage: &mut Stage, words: &Words) -> Answer<()> {
    stage.biller(words)?.pay_now(words.text("request")?, words.number("minor")?);
    book(stage, words)
}

fn take_back(stage: &mut Stage, words: &Words) -> Answer<()> {
    stage.biller(words)?.take_back(words.text("request")?);
    book(stage, words)
}

fn book(stage: &mut Stage, words: &Words) -> Answer<()> {
    let entry = stage.biller(words)?.entry(words.text("request")?);
    let record = entry.record(stage.view());
    stage.print(record);
    Ok(())
}

fn consult(stage: &mut Stage, words: &Words) -> Answer<()> {
    let complaints = oracle::consult(stage, words.flag_or("lenient", false)?)?;
    if complaints == 0 {
        return Ok(());
    }
    let lines: Vec<String> = stage.printed().iter().map(ToString::to_string).collect();
    Err(Stop::Script(format!("the oracle complains: {}", lines.join("; "))))
}

fn run_due(stage: &mut Stage, _: &Words) -> Answer<()> {
    let report = stage.engine()?.run_due()?;
    stage.show(&report);
    Ok(())
}

fn verify(stage: &mut Stage, _: &Words) -> Answer<()> {
    let report = stage.engine()?.verify()?;
    let record = crate::scenario::record::Record::new("verified")
        .flag("sound", report.is_sound)
        .plain("violations", report.violation_count)
        .plain("postings", report.postings)
        .plain("payments", report.payments);
    stage.print(record);
    Ok(())
}

fn stats(stage: &mut Stage, _: &Words) -> Answer<()> {
    let stats = stage.engine()?.stats()?;
    let record = crate::scenario::record::Record::new("stats")
        .plain("dead_letters", stats.dead_letters)
        .plain("event_head", stats.event_head)
        .plain("payments", stats.payments.len())
        .plain("balances", stats.balances.len());
    stage.print(record);
    stats.payments.iter().for_each(|count| stage.show(count));
    stats.balances.iter().for_each(|balance| stage.show(balance));
    Ok(())
}

fn digest(stage: &mut Stage, _: &Words) -> Answer<()> {
    let digest = stage.engine()?.ledger_digest()?;
    stage.print(single("digest", "sha256", digest));
    Ok(())
}
