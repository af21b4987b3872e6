//! `engine.session(token)`: the same operations by a user's own token.

use crate::scenario::line::Words;
use crate::scenario::stage::Stage;
use crate::scenario::stop::Answer;
use crate::scenario::verbs::Verb;
use crate::scenario::verbs::bill::{pay_request, refund_request};
use crate::scenario::verbs::history::{answer_page, filter};
use crate::scenario::verbs::wallet::transfer_request;
use fusepay_core::{Role, WalletStatus};

pub(super) const VERBS: &[Verb] = &[
    Verb { name: "session.principal", words: "token", prints: "principal", run: principal },
    Verb { name: "session.profile", words: "token", prints: "user", run: profile },
    Verb { name: "session.wallet.list", words: "token as?", prints: "list wallet*", run: list_wallets },
    Verb { name: "session.wallet.create", words: "token currency? label? as?", prints: "wallet", run: create_wallet },
    Verb { name: "session.wallet.find", words: "token wallet", prints: "wallet", run: find_wallet },
    Verb {
        name: "session.wallet.transfer",
        words: "token from to amount? minor? currency? key? description? metadata? expected_version? as?",
        prints: "transaction",
        run: transfer,
    },
    Verb {
        name: "session.bill.pay",
        words: "token wallet biller? item? customer amount? minor? currency? quote? key? metadata? requested_at_ms? \
                expected_version? as?",
        prints: "payment",
        run: pay,
    },
    Verb { name: "session.bill.find", words: "token payment", prints: "payment", run: find_payment },
    Verb { name: "session.bill.list", words: "token wallet limit? as?", prints: "list payment*", run: list_payments },
    Verb {
        name: "session.history.page",
        words: "token wallet from_ms? until_ms? type? status? metadata_contains? cursor? limit? as?",
        prints: "page transaction*",
        run: page,
    },
    Verb {
        name: "session.history.find",
        words: "token transaction as?",
        prints: "list transaction*",
        run: find_transaction,
    },
    Verb { name: "session.operator.find_user", words: "token user", prints: "user", run: operator_find_user },
    Verb { name: "session.operator.set_role", words: "token user role", prints: "user", run: operator_set_role },
    Verb { name: "session.operator.find_wallet", words: "token wallet", prints: "wallet", run: operator_find_wallet },
    Verb {
        name: "session.operator.set_wallet_status",
        words: "token wallet status",
        prints: "wallet",
        run: operator_set_wallet_status,
    },
    Verb {
        name: "session.operator.refund",
        words: "token payment amount? minor? currency? source? reason? key?",
        prints: "payment",
        run: operator_refund,
    },
];

fn principal(stage: &mut Stage, words: &Words) -> Answer<()> {
    let principal = stage.session(words)?.principal()?;
    stage.show(&principal);
    Ok(())
}

fn profile(stage: &mut Stage, words: &Words) -> Answer<()> {
    let user = stage.session(words)?.profile()?;
    stage.show(&user);
    Ok(())
}

fn list_wallets(stage: &mut Stage, words: &Words) -> Answer<()> {
    let wallets = stage.session(words)?.wallet().list()?;
    stage.answer_list(words, &wallets);
    Ok(())
}

fn create_wallet(stage: &mut Stage, words: &Words) -> Answer<()> {
    let wallet = stage.session(words)?.wallet().create(words.currency()?, words.text_or("label", ""))?;
    stage.answer(words, &wallet);
    Ok(())
}

fn find_wallet(stage: &mut Stage, words: &Words) -> Answer<()> {
    let wallet = stage.session(words)?.wallet().find(words.id("wallet")?)?;
    stage.show(&wallet);
    Ok(())
}

fn transfer(stage: &mut Stage, words: &Words) -> Answer<()> {
    let line = stage.session(words)?.wallet().transfer(&transfer_request(words)?)?;
    stage.answer(words, &line);
    Ok(())
}

fn pay(stage: &mut Stage, words: &Words) -> Answer<()> {
    let payment = stage.session(words)?.bill().pay(&pay_request(stage, words)?)?;
    stage.answer(words, &payment);
    Ok(())
}

fn find_payment(stage: &mut Stage, words: &Words) -> Answer<()> {
    let payment = stage.session(words)?.bill().find(words.id("payment")?)?;
    stage.show(&payment);
    Ok(())
}

fn list_payments(stage: &mut Stage, words: &Words) -> Answer<()> {
    let payments = stage.session(words)?.bill().list(words.id("wallet")?, None, words.limit()?)?;
    stage.answer_list(words, &payments);
    Ok(())
}

fn page(stage: &mut Stage, words: &Words) -> Answer<()> {
    let (filter, cursor) = (filter(stage, words)?, words.optional("cursor"));
    let page = stage.session(words)?.history().page(words.id("wallet")?, &filter, cursor, words.limit()?)?;
    answer_page(stage, words, &page);
    Ok(())
}

fn find_transaction(stage: &mut Stage, words: &Words) -> Answer<()> {
    let lines = stage.session(words)?.history().find(words.id("transaction")?)?;
    stage.answer_list(words, &lines);
    Ok(())
}

fn operator_find_user(stage: &mut Stage, words: &Words) -> Answer<()> {
    let user = stage.session(words)?.operator()?.find_user(words.id("user")?)?;
    stage.show(&user);
    Ok(())
}

fn operator_set_role(stage: &mut Stage, words: &Words) -> Answer<()> {
    let role = words.word("role", Role::from_name)?;
    let user = stage.session(words)?.operator()?.set_role(words.id("user")?, role)?;
    stage.show(&user);
    Ok(())
}

fn operator_find_wallet(stage: &mut Stage, words: &Words) -> Answer<()> {
    let wallet = stage.session(words)?.operator()?.find_wallet(words.id("wallet")?)?;
    stage.show(&wallet);
    Ok(())
}

fn operator_set_wallet_status(stage: &mut Stage, words: &Words) -> Answer<()> {
    let status = words.word("status", WalletStatus::from_name)?;
    let wallet = stage.session(words)?.operator()?.set_wallet_status(words.id("wallet")?, status)?;
    stage.show(&wallet);
    Ok(())
}

fn operator_refund(stage: &mut Stage, words: &Words) -> Answer<()> {
    let payment = stage.session(words)?.operator()?.refund(&refund_request(words)?)?;
    stage.show(&payment);
    Ok(())
}
