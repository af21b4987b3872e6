//! Histories.

use super::{Operation, reads, show};
use fusepay_core::{HistoryFilter, TransactionType, UnixMillis};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        reads("history.find", |s| show(s.engine.history().find(s.cast.funded))),
        reads("history.find_by_reference", |s| show(s.engine.history().find_by_reference(&s.cast.reference))),
        reads("history.find_by_external_reference", |s| {
            show(s.engine.history().find_by_external_reference(TransactionType::WalletFunding, "bank-1"))
        }),
        reads("history.page", |s| show(s.engine.history().page(s.cast.main, &HistoryFilter::default(), None, 10))),
        reads("history.page_of_user", |s| {
            show(s.engine.history().page_of_user(s.cast.ada, &HistoryFilter::default(), None, 10))
        }),
        reads("history.statement", |s| {
            show(s.engine.history().statement(s.cast.main, UnixMillis(0), s.cast.at.plus(1)))
        }),
        reads("history.balance_at", |s| show(s.engine.history().balance_at(s.cast.main, s.cast.at))),
    ]
}
