//! `engine.wallet`: wallets, money, holds, limits.

use crate::scenario::line::Words;
use crate::scenario::record::Record;
use crate::scenario::stage::Stage;
use crate::scenario::stop::Answer;
use crate::scenario::verbs::Verb;
use fusepay_core::{
    CaptureRequest, Category, FusePay, HoldRequest, HoldStatus, Limit, LimitWindow, Metadata, MoneyRequest, Remainder,
    Transaction, TransferRequest, WalletStatus,
};
use std::time::Duration;

const MONEY_WORDS: &str =
    "wallet amount? minor? currency? key? external_reference? description? metadata? expected_version? as?";
pub(super) const TRANSFER_WORDS: &str =
    "from to amount? minor? currency? key? description? metadata? expected_version? as?";

pub(super) const VERBS: &[Verb] = &[
    Verb { name: "wallet.create", words: "user currency? label? as?", prints: "wallet", run: create },
    Verb { name: "wallet.find", words: "wallet as?", prints: "wallet", run: find },
    Verb { name: "wallet.list", words: "user as?", prints: "list wallet*", run: list },
    Verb { name: "wallet.fund", words: MONEY_WORDS, prints: "transaction", run: fund },
    Verb { name: "wallet.withdraw", words: MONEY_WORDS, prints: "transaction", run: withdraw },
    Verb { name: "wallet.credit", words: MONEY_WORDS, prints: "transaction", run: credit },
    Verb { name: "wallet.debit", words: MONEY_WORDS, prints: "transaction", run: debit },
    Verb { name: "wallet.transfer", words: TRANSFER_WORDS, prints: "transaction", run: transfer },
    Verb {
        name: "wallet.authorise",
        words: "wallet amount? minor? currency? life_ms description? key? as?",
        prints: "hold",
        run: authorise,
    },
    Verb {
        name: "wallet.capture",
        words: "hold amount? minor? currency? to? keep? description? key? as?",
        prints: "transaction",
        run: capture,
    },
    Verb { name: "wallet.release", words: "hold key?", prints: "hold", run: release },
    Verb { name: "wallet.find_hold", words: "hold", prints: "hold", run: find_hold },
    Verb { name: "wallet.holds", words: "wallet status limit? as?", prints: "list hold*", run: holds },
    Verb { name: "wallet.set_status", words: "wallet status", prints: "wallet", run: set_status },
    Verb { name: "wallet.set_credit_limit", words: "wallet minor", prints: "wallet", run: set_credit_limit },
    Verb {
        name: "wallet.set_limit",
        words: "wallet window category? amount_max_minor? count_max?",
        prints: "done",
        run: set_limit,
    },
    Verb { name: "wallet.remove_limit", words: "wallet window category?", prints: "removed", run: remove_limit },
    Verb { name: "wallet.limits", words: "wallet", prints: "list limit*", run: limits },
];

fn create(stage: &mut Stage, words: &Words) -> Answer<()> {
    let label = words.text_or("label", "");
    let wallet = stage.engine()?.wallet().create(words.id("user")?, words.currency()?, label)?;
    stage.answer(words, &wallet);
    Ok(())
}

fn find(stage: &mut Stage, words: &Words) -> Answer<()> {
    let wallet = stage.engine()?.wallet().find(words.id("wallet")?)?;
    stage.answer(words, &wallet);
    Ok(())
}

fn list(stage: &mut Stage, words: &Words) -> Answer<()> {
    let wallets = stage.engine()?.wallet().list(words.id("user")?)?;
    stage.answer_list(words, &wallets);
    Ok(())
}

/// The metadata of a request; an empty object when the word is missing.
pub(super) fn metadata(words: &Words) -> Answer<Metadata> {
    Ok(words.optional("metadata").map(Metadata::parse).transpose()?.unwrap_or_else(Metadata::empty))
}

fn money_request(words: &Words) -> Answer<MoneyRequest> {
    let mut request = MoneyRequest::new(words.id("wallet")?, words.money()?).with_metadata(metadata(words)?);
    request.external_reference = words.optional("external_reference").map(str::to_owned);
    request.description = words.optional("description").map(str::to_owned);
    request.idempotency_key = words.optional("key").map(str::to_owned);
    request.expected_version = words.optional_number("expected_version")?;
    Ok(request)
}

fn money(
    stage: &mut Stage,
    words: &Words,
    call: impl Fn(&FusePay, &MoneyRequest) -> fusepay_core::Result<Transaction>,
) -> Answer<()> {
    let line = call(stage.engine()?.as_ref(), &money_request(words)?)?;
    stage.answer(words, &line);
    Ok(())
}

fn fund(stage: &mut Stage, words: &Words) -> Answer<()> {
    money(stage, words, |engine, request| engine.wallet().fund(request))
}

fn withdraw(stage: &mut Stage, words: &Words) -> Answer<()> {
    money(stage, words, |engine, request| engine.wallet().withdraw(request))
}

fn credit(stage: &mut Stage, words: &Words) -> Answer<()> {
    money(stage, words, |engine, request| engine.wallet().credit(request))
}

fn debit(stage: &mut Stage, words: &Words) -> Answer<()> {
    money(stage, words, |engine, request| engine.wallet().debit(request))
}

/// The transfer a step asks for.
pub(super) fn transfer_request(words: &Words) -> Answer<TransferRequest> {
    let mut request =
        TransferRequest::new(words.id("from")?, words.id("to")?, words.money()?).with_metadata(metadata(words)?);
    request.description = words.optional("description").map(str::to_owned);
    request.idempotency_key = words.optional("key").map(str::to_owned);
    request.expected_version = words.optional_number("expected_version")?;
    Ok(request)
}

fn transfer(stage: &mut Stage, words: &Words) -> Answer<()> {
    let line = stage.engine()?.wallet().transfer(&transfer_request(words)?)?;
    stage.answer(words, &line);
    Ok(())
}

fn authorise(stage: &mut Stage, words: &Words) -> Answer<()> {
    let life = Duration::from_millis(words.number("life_ms")?);
    let mut request = HoldRequest::new(words.id("wallet")?, words.money()?, life);
    request.description = words.optional("description").map(str::to_owned);
    request.idempotency_key = words.optional("key").map(str::to_owned);
    let hold = stage.engine()?.wallet().authorise(&request)?;
    stage.answer(words, &hold);
    Ok(())
}

fn capture(stage: &mut Stage, words: &Words) -> Answer<()> {
    let mut request = CaptureRequest::new(words.id("hold")?, words.money()?);
    request.to = words.optional_id("to")?;
    request.remainder = if words.flag_or("keep", false)? { Remainder::Keep } else { Remainder::Release };
    request.description = words.optional("description").map(str::to_owned);
    request.idempotency_key = words.optional("key").map(str::to_owned);
    let line = stage.engine()?.wallet().capture(&request)?;
    stage.answer(words, &line);
    Ok(())
}

fn release(stage: &mut Stage, words: &Words) -> Answer<()> {
    let hold = stage.engine()?.wallet().release(words.id("hold")?, words.optional("key"))?;
    stage.show(&hold);
    Ok(())
}

fn find_hold(stage: &mut Stage, words: &Words) -> Answer<()> {
    let hold = stage.engine()?.wallet().find_hold(words.id("hold")?)?;
    stage.show(&hold);
    Ok(())
}

fn holds(stage: &mut Stage, words: &Words) -> Answer<()> {
    let status = words.word("status", HoldStatus::from_name)?;
    let holds = stage.engine()?.wallet().holds(words.id("wallet")?, status, words.limit()?)?;
    stage.answer_list(words, &holds);
    Ok(())
}

fn set_status(stage: &mut Stage, words: &Words) -> Answer<()> {
    let status = words.word("status", WalletStatus::from_name)?;
    let wallet = stage.engine()?.wallet().set_status(words.id("wallet")?, status)?;
    stage.show(&wallet);
    Ok(())
}

fn set_credit_limit(stage: &mut Stage, words: &Words) -> Answer<()> {
    let wallet = stage.engine()?.wallet().set_credit_limit(words.id("wallet")?, words.number("minor")?)?;
    stage.show(&wallet);
    Ok(())
}

fn set_limit(stage: &mut Stage, words: &Words) -> Answer<()> {
    let mut limit = Limit::new(words.word("window", LimitWindow::from_name)?);
    limit.category = words.optional("category").map(Category::new).transpose()?;
    limit.amount_max_minor = words.optional_number("amount_max_minor")?;
    limit.count_max = words.optional_number("count_max")?;
    stage.engine()?.wallet().set_limit(words.id("wallet")?, &limit)?;
    stage.done();
    Ok(())
}

fn remove_limit(stage: &mut Stage, words: &Words) -> Answer<()> {
    let window = words.word("window", LimitWindow::from_name)?;
    let was_there = stage.engine()?.wallet().remove_limit(words.id("wallet")?, window, words.optional("category"))?;
    stage.print(Record::new("removed").flag("was_there", was_there));
    Ok(())
}

fn limits(stage: &mut Stage, words: &Words) -> Answer<()> {
    let limits = stage.engine()?.wallet().limits(words.id("wallet")?)?;
    stage.answer_list(words, &limits);
    Ok(())
}
