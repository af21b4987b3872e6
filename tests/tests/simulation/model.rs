//! What a host knows it did: every operation it was answered for, and the
//! balances that follow from them and from what its payments came to.

use crate::op::Op;
use crate::step::Act;
use fusepay_core::{HoldId, Payment, PaymentId, PaymentStatus, UserId, WalletId};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

/// What a payment costs on top, in minor units.
pub(crate) const FEE_MINOR: i64 = 100;

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) users: Vec<(UserId, String)>,
    pub(crate) wallets: Vec<(WalletId, UserId)>,
    /// What each wallet would have without its payments.
    plain: BTreeMap<WalletId, i64>,
    pub(crate) holds: Vec<(HoldId, WalletId)>,
    /// Payments that were acknowledged, with what was asked.
    pub(crate) asked: BTreeMap<PaymentId, Op>,
    refunded: BTreeMap<PaymentId, i64>,
    /// As they were seen last.
    pub(crate) payments: BTreeMap<PaymentId, Payment>,
    pub(crate) released: BTreeMap<PaymentId, WalletId>,
    pub(crate) settled: BTreeMap<PaymentId, bool>,
    /// What refunds took out of our float, by payment.
    refunded_by_biller: BTreeMap<PaymentId, i64>,
    pub(crate) top_ups_minor: i64,
    /// Payments whose reversal has been judged.
    pub(crate) judged: BTreeSet<PaymentId>,
    pub(crate) acknowledged: Vec<(Op, String)>,
}

impl Model {
    /// Notes an operation that was answered well for the first time.
    pub(crate) fn apply(&mut self, op: &Op, id: &str) {
        let minor = op.minor;
        let mut book = |wallet: WalletId, minor: i64| *self.plain.entry(wallet).or_default() += minor;
        match op.act {
            Act::Fund | Act::Credit => book(op.wallet, minor),
            Act::Withdraw | Act::Debit => book(op.wallet, -minor),
            Act::Transfer => {
                book(op.wallet, -minor);
                book(op.other, minor);
            }
            Act::Batch => {
                book(op.wallet, -minor - 1);
                book(op.other, minor + 1);
            }
            Act::Hold => self.holds.push((HoldId::from_str(id).unwrap(), op.wallet)),
            Act::Capture => {
                book(op.wallet, -minor);
                book(op.other, minor);
            }
            Act::Pay | Act::Quote => drop(self.asked.insert(PaymentId::from_str(id).unwrap(), op.clone())),
            Act::Refund => {
                let id = op.payment();
                let amount = self.asked.get(&id).map_or(0, |asked| asked.minor);
                let refunded = self.refunded.entry(id).or_default();
                // The amount goes back before the fee, and the fee is not the biller's.
                let of_amount = minor.min((amount - *refunded).max(0));
                *refunded += minor;
                if op.is_refund_of_biller() {
                    *self.refunded_by_biller.entry(id).or_default() += of_amount;
                }
            }
            Act::Suspense => drop(self.released.insert(op.payment(), op.other)),
            Act::Settle => drop(self.settled.insert(op.payment(), op.is_recovered())),
            Act::TopUp => self.top_ups_minor += minor,
            _ => {}
        }
        self.acknowledged.push((op.clone(), id.to_owned()));
    }

    pub(crate) fn adopt_user(&mut self, user: UserId, email: String) {
        if !self.users.iter().any(|(known, _)| *known == user) {
            self.users.push((user, email));
        }
    }

    pub(crate) fn adopt_wallet(&mut self, wallet: WalletId, user: UserId) {
        if !self.wallets.iter().any(|(known, _)| *known == wallet) {
            self.wallets.push((wallet, user));
        }
    }

    /// What the wallet must have.
    pub(crate) fn balance(&self, wallet: WalletId) -> i64 {
        let plain = self.plain.get(&wallet).copied().unwrap_or_default();
        let own = self.payments.values().filter(|payment| payment.wallet_id == wallet);
        let spent: i64 = own.filter(|payment| !self.is_returned(payment)).map(kept_back).sum();
        let released = self.released.iter().filter(|(_, to)| **to == wallet);
        let gained: i64 = released.filter_map(|(id, _)| self.payments.get(id)).map(kept_back).sum();
        plain - spent + gained
    }

    /// Whether the wallet that paid has everything back.
    fn is_returned(&self, payment: &Payment) -> bool {
        let has_left_suspense = payment.suspense_minor == 0 && !self.released.contains_key(&payment.id);
        payment.status == PaymentStatus::Reversed && has_left_suspense
    }

    pub(crate) fn refunded(&self, id: PaymentId) -> i64 {
        self.refunded.get(&id).copied().unwrap_or_default()
    }

    pub(crate) fn refunded_by_biller(&self, id: PaymentId) -> i64 {
        self.refunded_by_biller.get(&id).copied().unwrap_or_default()
    }
}

/// What a payment took and refunds have not given back.
fn kept_back(payment: &Payment) -> i64 {
    payment.amount.minor() + payment.fee.minor() - payment.refunded_minor
}
