//! I5, I7 and I8: payments against their postings, the accounts they wait in,
//! and their jobs. One payment at a time is held in memory.

use crate::engine::verify::VerifyReport;
use crate::engine::verify::ledger::Books;
use crate::error::Result;
use crate::ledger::account::{AccountKind, AccountRef};
use crate::store::tx::ReadTx;
use crate::store::verify::{self as rows, FlowRow, PaymentRow};
use crate::vocabulary::{JobKind, PaymentStatus, TransactionType};
use std::collections::BTreeMap;

/// What payments have waiting in each system account, by its name.
#[derive(Default)]
pub(crate) struct Waiting {
    clearing: BTreeMap<String, i128>,
    suspense: BTreeMap<String, i128>,
    claims: BTreeMap<String, i128>,
}

impl Waiting {
    /// Reads every payment and its postings; judges each.
    pub(crate) fn read(&mut self, tx: &ReadTx<'_>, report: &mut VerifyReport) -> Result<()> {
        rows::each_payment(tx, |payment| {
            report.payments = report.payments.saturating_add(1);
            self.add(&payment);
            judge_job(&payment, report);
            judge_flows(&payment, &rows::flows(tx, payment.id)?, report);
            Ok(())
        })
    }

    fn add(&mut self, payment: &PaymentRow) {
        let currency = payment.currency;
        if is_unconcluded(payment.status) {
            let name = AccountRef::Clearing(payment.provider.clone()).name(currency);
            *self.clearing.entry(name).or_default() += total(payment);
        }
        if payment.suspense_minor != 0 {
            *self.suspense.entry(AccountRef::Suspense.name(currency)).or_default() +=
                i128::from(payment.suspense_minor);
        }
        if payment.claim_minor != 0 && !payment.is_claim_settled {
            *self.claims.entry(AccountRef::Claims.name(currency)).or_default() -= i128::from(payment.claim_minor);
        }
    }

    /// I7: compares what waits with the accounts it should wait in.
    pub(crate) fn judge(self, books: &Books, report: &mut VerifyReport) {
        for (kind, expected) in [
            (AccountKind::Clearing, self.clearing),
            (AccountKind::Suspense, self.suspense),
            (AccountKind::Claims, self.claims),
        ] {
            let found = books.balances(kind);
            let names: std::collections::BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
            for name in names {
                let of = |sums: &BTreeMap<String, i128>| sums.get(name).copied().unwrap_or_default();
                report.demand(of(&expected) == of(&found), "I7", name, || {
                    format!("its balance is {}; payments account for {}", of(&found), of(&expected))
                });
            }
        }
    }
}

/// I8 for jobs: each is about something.
pub(crate) fn judge_jobs(tx: &ReadTx<'_>, report: &mut VerifyReport) -> Result<()> {
    report.jobs = rows::job_count(tx)?.unsigned_abs();
    for job in rows::jobs_astray(tx)? {
        report.add("I8", format!("job {job}"), "it is about a payment or hold that does not exist");
    }
    Ok(())
}

fn is_unconcluded(status: PaymentStatus) -> bool {
    match status {
        PaymentStatus::Pending
        | PaymentStatus::Processing
        | PaymentStatus::Unknown
        | PaymentStatus::Failed
        | PaymentStatus::NeedsReview => true,
        PaymentStatus::Completed | PaymentStatus::Reversed => false,
    }
}

fn total(payment: &PaymentRow) -> i128 {
    i128::from(payment.amount_minor) + i128::from(payment.fee_minor)
}

/// I8 for one payment.
fn judge_job(payment: &PaymentRow, report: &mut VerifyReport) {
    let (live, kind) = (payment.jobs_live, payment.live_kind);
    let is_seen_to = match payment.status {
        PaymentStatus::Pending | PaymentStatus::Processing | PaymentStatus::Unknown => {
            live == 1 && matches!(kind, Some(JobKind::BillPayment | JobKind::Requery))
        }
        PaymentStatus::Failed => {
            live == 1 && kind == Some(JobKind::Reversal) || live == 0 && payment.reversals_dead > 0
        }
        PaymentStatus::Completed | PaymentStatus::Reversed | PaymentStatus::NeedsReview => live == 0,
    };
    report.demand(is_seen_to, "I8", &format!("payment {}", payment.id), || {
        let kind = kind.map_or("", JobKind::name);
        format!(
            "it is {} and has {live} live jobs ({kind}) and {} dead reversals",
            payment.status, payment.reversals_dead
        )
    });
}

/// What the postings of one payment add up to.
#[derive(Default)]
struct Flows {
    nets: BTreeMap<AccountKind, i128>,
    by_type: BTreeMap<u16, i128>,
    /// Debits by their posting: amount, what refunds returned of it, and how
    /// often it was given back.
    debits: BTreeMap<i64, (i128, i128, u32)>,
}

impl Flows {
    fn net(&self, kind: AccountKind) -> i128 {
        self.nets.get(&kind).copied().unwrap_or_default()
    }

    fn sum(&self, kind: TransactionType) -> i128 {
        self.by_type.get(&kind.number()).copied().unwrap_or_default()
    }

    fn gather(payment: &PaymentRow, rows: &[FlowRow], subject: &str, report: &mut VerifyReport) -> Self {
        let mut flows = Flows::default();
        for row in rows {
            let amount = i128::from(row.amount_minor);
            *flows.nets.entry(row.from).or_default() -= amount;
            *flows.nets.entry(row.to).or_default() += amount;
            *flows.by_type.entry(row.kind.number()).or_default() += amount;
            report.demand(row.currency == payment.currency, "I5", subject, || {
                format!("posting {} is in {}, the payment in {}", row.posting, row.currency, payment.currency)
            });
            if matches!(row.kind, TransactionType::BillPayment | TransactionType::Fee) {
                flows.debits.insert(row.posting, (amount, 0, 0));
                report.demand(row.debit_account == payment.account, "I5", subject, || {
                    format!("posting {} debits account {}, not its wallet's", row.posting, row.debit_account)
                });
            }
            flows.give_back(payment, row, subject, report);
        }
        flows
    }

    /// I5: each debit is given back once, whole but for what was refunded of it.
    fn give_back(&mut self, payment: &PaymentRow, row: &FlowRow, subject: &str, report: &mut VerifyReport) {
        let amount = i128::from(row.amount_minor);
        if let Some(refunded) = row.refund_of {
            match self.debits.get_mut(&refunded) {
                Some(debit) => debit.1 += amount,
                None => report.add("I5", subject, format!("posting {} refunds none of its debits", row.posting)),
            }
        }
        let is_reversal = matches!(row.kind, TransactionType::Reversal | TransactionType::Suspense);
        let Some(reversed) = row.reversal_of else {
            report.demand(!is_reversal, "I5", subject, || format!("posting {} gives back nothing named", row.posting));
            return;
        };
        report.demand(payment.status == PaymentStatus::Reversed, "I5", subject, || {
            format!("posting {} gives money back of a payment that is {}", row.posting, payment.status)
        });
        let Some(debit) = self.debits.get_mut(&reversed) else {
            report.add("I5", subject, format!("posting {} gives back none of its debits", row.posting));
            return;
        };
        debit.2 = debit.2.saturating_add(1);
        let (left, times) = (debit.0 - debit.1, debit.2);
        report.demand(times == 1 && amount == left, "I5", subject, || {
            format!(
                "posting {} gives {amount} back of posting {reversed}, which had {left} left, for the {times}. time",
                row.posting
            )
        });
    }
}

/// I5 for one payment.
fn judge_flows(payment: &PaymentRow, rows: &[FlowRow], report: &mut VerifyReport) {
    let subject = format!("payment {}", payment.id);
    let flows = Flows::gather(payment, rows, &subject, report);
    let mut demand = |what: &str, found: i128, expected: i128| {
        report.demand(found == expected, "I5", &subject, || {
            format!("it is {}: {what} should be {expected} and is {found}", payment.status)
        });
    };
    let (amount, fee) = (i128::from(payment.amount_minor), i128::from(payment.fee_minor));
    let (refunded, suspense) = (i128::from(payment.refunded_minor), i128::from(payment.suspense_minor));
    let claim = i128::from(payment.claim_minor);
    let settled = if payment.is_claim_settled { claim } else { 0 };
    let (wallet, clearing) = match payment.status {
        PaymentStatus::Pending
        | PaymentStatus::Processing
        | PaymentStatus::Unknown
        | PaymentStatus::Failed
        | PaymentStatus::NeedsReview => (-(amount + fee), amount + fee),
        PaymentStatus::Completed => (refunded - amount - fee, 0),
        PaymentStatus::Reversed => (-suspense, 0),
    };
    demand("the debit of its amount", flows.sum(TransactionType::BillPayment), amount);
    demand("the debit of its fee", flows.sum(TransactionType::Fee), fee);
    demand("what the user got back minus what was taken", flows.net(AccountKind::Wallet), wallet);
    demand("what lies in clearing for it", flows.net(AccountKind::Clearing), clearing);
    demand("what lies in suspense for it", flows.net(AccountKind::Suspense), suspense);
    demand("what was refunded", flows.sum(TransactionType::Refund), refunded);
    demand("its late success", flows.sum(TransactionType::LateSuccess), claim);
    demand("what was settled of its claim", flows.sum(TransactionType::ClaimSettlement), settled);
    demand("what it is owed in claims", flows.net(AccountKind::Claims), settled - claim);
    let may = |is_allowed: bool, minor: i128| is_allowed || minor == 0;
    let is_reversed = payment.status == PaymentStatus::Reversed;
    report.demand(may(is_reversed, suspense) && may(is_reversed, claim), "I5", &subject, || {
        format!("it is {}, yet it has {suspense} in suspense and a claim of {claim}", payment.status)
    });
    let may_refund = is_reversed || payment.status == PaymentStatus::Completed;
    report.demand(may(may_refund, refunded) && (0..=amount + fee).contains(&refunded), "I5", &subject, || {
        format!("it is {}, yet {refunded} of {} was refunded", payment.status, amount + fee)
    });
}
