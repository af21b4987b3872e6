//! The oracle: what must hold whatever happened, with the biller's own book as
//! the judge of who was paid.

use crate::book::BookEntry;
use crate::provider::ScriptedProvider;
use fusepay_core::{FusePay, JobStatus, Payment, PaymentStatus, WalletId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The size of a page when everything is listed.
const PAGE: u32 = 500;

/// Compares an engine with the books of its scripted billers.
///
/// It demands what [`FusePay::verify`] demands and, of every payment the engine
/// has and every entry of the books:
/// - the biller paid at most once, and the right amount when it is completed;
/// - the biller has the money if and only if the payment is completed, a claim,
///   in flight or under review;
/// - an open payment has a live job or is under review, a concluded one has none;
/// - a wallet's money adds up, and is never below its credit limit.
#[derive(Default)]
#[must_use]
pub struct Oracle {
    providers: BTreeMap<String, Arc<ScriptedProvider>>,
    wallets: BTreeSet<WalletId>,
    is_lenient: bool,
}

impl Oracle {
    /// An oracle that knows no biller yet.
    pub fn new() -> Self {
        Oracle::default()
    }

    /// Adds a biller with the code it is registered under.
    pub fn with_provider(mut self, code: impl Into<String>, provider: Arc<ScriptedProvider>) -> Self {
        self.providers.insert(code.into(), provider);
        self
    }

    /// Adds a wallet to look at; those of payments are looked at anyway.
    pub fn with_wallet(mut self, wallet: WalletId) -> Self {
        self.wallets.insert(wallet);
        self
    }

    /// Lets a biller have money of a payment that the engine has given back and
    /// has not been told about yet.
    pub fn with_untold_late_success(mut self) -> Self {
        self.is_lenient = true;
        self
    }

    /// Everything that does not hold, in sentences; nothing when all is well.
    #[must_use]
    pub fn check(&self, engine: &FusePay) -> Vec<String> {
        let mut complaints = Vec::new();
        check_file(engine, &mut complaints);
        let payments = match all_payments(engine) {
            Ok(payments) => payments,
            Err(error) => return vec![format!("payments can't be listed: {error}")],
        };
        for payment in &payments {
            self.check_truth(payment, &mut complaints);
            check_job(engine, payment, &mut complaints);
        }
        self.check_orphans(&payments, &mut complaints);
        let of_payments = payments.iter().map(|payment| payment.wallet_id);
        let wallets: BTreeSet<WalletId> = of_payments.chain(self.wallets.iter().copied()).collect();
        wallets.into_iter().for_each(|wallet| check_wallet(engine, wallet, &mut complaints));
        complaints
    }

    fn check_truth(&self, payment: &Payment, complaints: &mut Vec<String>) {
        let Some(provider) = self.providers.get(&payment.provider) else { return };
        let entry = provider.entry(&payment.request_id);
        let mut complain =
            |what: String| complaints.push(format!("payment {} ({}): {what}", payment.id, payment.status));
        if entry.paid_times > 1 {
            complain(format!("the biller paid {} times", entry.paid_times));
        }
        let holds = entry.holds_money();
        match payment.status {
            PaymentStatus::Completed => check_completed(payment, &entry, &mut complain),
            PaymentStatus::Reversed if holds && payment.claim_minor == 0 && !self.is_lenient => {
                complain("the biller has the money, and there is no claim".to_owned());
            }
            PaymentStatus::Failed if holds && !self.is_lenient => {
                complain("the biller has the money of a failed payment".to_owned());
            }
            PaymentStatus::Pending if holds => complain("the biller has money that was never sent".to_owned()),
            PaymentStatus::Pending
            | PaymentStatus::Processing
            | PaymentStatus::Unknown
            | PaymentStatus::Failed
            | PaymentStatus::Reversed
            | PaymentStatus::NeedsReview => {}
            _ => complain("a status the oracle does not know".to_owned()),
        }
        let returned = payment.suspense_minor.max(0);
        let whole = payment.amount.minor().saturating_add(payment.fee.minor());
        if payment.refunded_minor < 0 || payment.refunded_minor > whole || returned > whole {
            complain("more was given back than was taken".to_owned());
        }
    }

    /// A biller must not have been paid for what no payment of the engine names.
    fn check_orphans(&self, payments: &[Payment], complaints: &mut Vec<String>) {
        for (code, provider) in &self.providers {
            for (request_id, entry) in provider.book() {
                let owners = payments.iter().filter(|p| p.provider == *code && p.request_id == request_id).count();
                if owners != 1 && entry.sends > 0 {
                    complaints.push(format!("{code} was sent {request_id}, which {owners} payments have"));
                }
            }
        }
    }
}

/// Everything the engine itself knows must hold: sums, balances, sequences.
fn check_file(engine: &FusePay, complaints: &mut Vec<String>) {
    match engine.verify() {
        Ok(report) => {
            let violations = report.violations.iter();
            complaints.extend(violations.map(|v| format!("{} of {}: {}", v.invariant, v.subject, v.detail)));
            if !report.is_sound && report.violations.is_empty() {
                complaints.push("the file is not sound, and nobody says why".to_owned());
            }
        }
        Err(error) => complaints.push(format!("the file can't be verified: {error}")),
    }
}

fn check_completed(payment: &Payment, entry: &BookEntry, complain: &mut impl FnMut(String)) {
    if !entry.holds_money() {
        complain("the biller does not have the money".to_owned());
    }
    if entry.paid.is_some_and(|paid| paid != payment.amount) {
        complain(format!("the biller has {:?}, not {}", entry.paid, payment.amount));
    }
}

fn all_payments(engine: &FusePay) -> fusepay_core::Result<Vec<Payment>> {
    let mut payments = Vec::new();
    for status in PaymentStatus::ALL {
        let mut after = None;
        loop {
            let page = engine.bill().list_by_status(*status, after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            payments.extend(page);
        }
    }
    Ok(payments)
}

fn check_job(engine: &FusePay, payment: &Payment, complaints: &mut Vec<String>) {
    let mut complain = |what: &str| complaints.push(format!("payment {} ({}): {what}", payment.id, payment.status));
    let has_job = match engine.bill().explain(payment.id) {
        Ok(explanation) => explanation.next_job.is_some_and(|job| job.status != JobStatus::Dead),
        Err(error) => return complain(&format!("can't be explained: {error}")),
    };
    let is_open = matches!(payment.status, PaymentStatus::Pending | PaymentStatus::Processing | PaymentStatus::Unknown);
    let is_failed = payment.status == PaymentStatus::Failed;
    match (is_open, is_failed, has_job) {
        (true, _, false) => complain("nothing will go on with it"),
        (_, true, false) if !has_dead_letter(engine, payment) => complain("nobody owes its money"),
        (false, false, true) => complain("a job is left over"),
        (true | false, true | false, true | false) => {}
    }
}

fn has_dead_letter(engine: &FusePay, payment: &Payment) -> bool {
    let dead = engine.queue().dead_letters(None, PAGE).unwrap_or_default();
    dead.iter().any(|job| job.subject == *payment.id.as_bytes())
}

fn check_wallet(engine: &FusePay, id: WalletId, complaints: &mut Vec<String>) {
    let wallet = match engine.wallet().find(id) {
        Ok(wallet) => wallet,
        Err(error) => return complaints.push(format!("wallet {id} can't be found: {error}")),
    };
    let sum = i128::from(wallet.balance_minor) - i128::from(wallet.held_minor) + i128::from(wallet.credit_limit_minor);
    if sum != i128::from(wallet.available_minor) || sum < 0 || wallet.held_minor < 0 {
        complaints.push(format!("wallet {id} does not add up: {wallet:?}"));
    }
}

#[cfg(test)]
mod tests {
    use crate::{PayStep, QueryStep, World, ngn};

    fn complaints(world: &World) -> Vec<String> {
        crate::Oracle::new()
            .with_provider(crate::PROVIDER, std::sync::Arc::clone(world.provider()))
            .check(world.engine())
    }

    #[test]
    fn a_biller_that_pays_after_the_reversal_is_seen_until_it_is_told() {
        let world = World::open();
        let wallet = world.funded_wallet(50_000);
        world.provider().script("meter", [PayStep::Declined], []);
        let id = world.pay(wallet, "meter", 10_000);
        world.drain();
        assert_eq!(complaints(&world), Vec::<String>::new());
        world.provider().pay_now(&world.peek(id).request_id, ngn(10_000));
        assert_eq!(complaints(&world).len(), 1);
        world.tell(id, fusepay_core::QueryOutcome::Paid(fusepay_core::PaidReceipt::new("late")));
        assert_eq!(complaints(&world), Vec::<String>::new());
    }

    #[test]
    fn a_double_payment_another_amount_and_a_missing_one_are_seen() {
        let world = World::open();
        let wallet = world.funded_wallet(50_000);
        let ids = ["a", "b", "c"].map(|customer| world.pay(wallet, customer, 1_000));
        world.drain();
        let [double, other, missing] = ids.map(|id| world.peek(id).request_id);
        world.provider().pay_now(&double, ngn(1_000));
        world.provider().take_back(&other);
        world.provider().pay_now(&other, ngn(999));
        world.provider().take_back(&missing);
        assert_eq!(complaints(&world).len(), 4, "{:?}", complaints(&world));
    }

    #[test]
    fn a_payment_nobody_knows_of_is_seen() {
        let world = World::open();
        let wallet = world.funded_wallet(50_000);
        world.provider().script("meter", [PayStep::TimeoutBeforePaying], [QueryStep::Failed]);
        let id = world.pay(wallet, "meter", 1_000);
        world.drain();
        world.provider().pay_now(&world.peek(id).request_id, ngn(1_000));
        let lenient = crate::Oracle::new()
            .with_provider(crate::PROVIDER, std::sync::Arc::clone(world.provider()))
            .with_untold_late_success();
        assert_eq!(lenient.check(world.engine()), Vec::<String>::new());
        assert_eq!(complaints(&world).len(), 1);
    }
}
