//! `engine.history`: transactions, pages, statements, balances of the past.

use crate::scenario::line::Words;
use crate::scenario::names::Kind;
use crate::scenario::record::Record;
use crate::scenario::shown::Shown;
use crate::scenario::stage::Stage;
use crate::scenario::stop::Answer;
use crate::scenario::verbs::Verb;
use fusepay_core::{HistoryFilter, HistoryPage, TransactionStatus, TransactionType};

pub(super) const FILTER_WORDS: &str = "wallet from_ms? until_ms? type? status? metadata_contains? cursor? limit? as?";

pub(super) const VERBS: &[Verb] = &[
    Verb { name: "history.find", words: "transaction as?", prints: "list transaction*", run: find },
    Verb {
        name: "history.find_by_external_reference",
        words: "type external_reference as?",
        prints: "list transaction*",
        run: find_by_external_reference,
    },
    Verb { name: "history.page", words: FILTER_WORDS, prints: "page transaction*", run: page },
    Verb {
        name: "history.page_of_user",
        words: "user type? cursor? limit? as?",
        prints: "page transaction*",
        run: page_of_user,
    },
    Verb {
        name: "history.statement",
        words: "wallet from_ms until_ms",
        prints: "statement transaction*",
        run: statement,
    },
    Verb { name: "history.balance_at", words: "wallet at_ms", prints: "money", run: balance_at },
];

fn find(stage: &mut Stage, words: &Words) -> Answer<()> {
    let lines = stage.engine()?.history().find(words.id("transaction")?)?;
    stage.answer_list(words, &lines);
    Ok(())
}

fn find_by_external_reference(stage: &mut Stage, words: &Words) -> Answer<()> {
    let kind = words.word("type", TransactionType::from_name)?;
    let reference = words.text("external_reference")?;
    let lines = stage.engine()?.history().find_by_external_reference(kind, reference)?;
    stage.answer_list(words, &lines);
    Ok(())
}

/// Which lines a step wants.
pub(super) fn filter(stage: &Stage, words: &Words) -> Answer<HistoryFilter> {
    let mut filter = HistoryFilter::new();
    filter.from = words.optional_number("from_ms")?.map(|ms| stage.moment(ms));
    filter.until = words.optional_number("until_ms")?.map(|ms| stage.moment(ms));
    filter.kind = words.optional_word("type", TransactionType::from_name)?;
    filter.status = words.optional_word("status", TransactionStatus::from_name)?;
    filter.metadata_contains = words.optional("metadata_contains").map(str::to_owned);
    Ok(filter)
}

/// Prints a page; binds its lines as a list's, and its cursor to `.next`.
pub(super) fn answer_page(stage: &mut Stage, words: &Words, page: &HistoryPage) {
    if let Some(name) = words.optional("as") {
        for (index, line) in page.lines.iter().enumerate() {
            line.bind(&format!("{name}.{}", index + 1), &mut stage.names);
        }
        if let Some(cursor) = &page.next_cursor {
            stage.names.bind(&format!("{name}.next"), Kind::Cursor, cursor);
        }
    }
    let record = Record::new("page").plain("count", page.lines.len()).flag("has_next", page.next_cursor.is_some());
    stage.print(record);
    page.lines.iter().for_each(|line| stage.show(line));
}

fn page(stage: &mut Stage, words: &Words) -> Answer<()> {
    let filter = filter(stage, words)?;
    let page =
        stage.engine()?.history().page(words.id("wallet")?, &filter, words.optional("cursor"), words.limit()?)?;
    answer_page(stage, words, &page);
    Ok(())
}

fn page_of_user(stage: &mut Stage, words: &Words) -> Answer<()> {
    let (filter, cursor) = (filter(stage, words)?, words.optional("cursor"));
    let page = stage.engine()?.history().page_of_user(words.id("user")?, &filter, cursor, words.limit()?)?;
    answer_page(stage, words, &page);
    Ok(())
}

fn statement(stage: &mut Stage, words: &Words) -> Answer<()> {
    let (from, until) = (stage.moment(words.number("from_ms")?), stage.moment(words.number("until_ms")?));
    let statement = stage.engine()?.history().statement(words.id("wallet")?, from, until)?;
    let record = Record::new("statement")
        .plain("currency", statement.currency)
        .plain("opening_minor", statement.opening_minor)
        .plain("closing_minor", statement.closing_minor)
        .plain("count", statement.lines.len());
    stage.print(record);
    statement.lines.iter().for_each(|line| stage.show(line));
    Ok(())
}

fn balance_at(stage: &mut Stage, words: &Words) -> Answer<()> {
    let at = stage.moment(words.number("at_ms")?);
    let money = stage.engine()?.history().balance_at(words.id("wallet")?, at)?;
    stage.show(&money);
    Ok(())
}
