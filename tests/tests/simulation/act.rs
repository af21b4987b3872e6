//! What a host, an operator, the biller and time do in a step.

use crate::biller::CUSTOMERS;
use crate::life::{Life, Verdict};
use crate::op::{Op, PASSWORD};
use crate::step::{Act, Step};
use fusepay_core::{
    Code, Currency, Error, HistoryFilter, HoldId, Limit, LimitWindow, Login, Payment, PaymentId, PaymentStatus, Result,
    ReviewVerdict, Secret, UserId, WalletId, WalletStatus,
};
use std::time::Duration;

const HOUR: i64 = 3_600_000;

fn pick<T>(from: &[T], number: u64) -> Option<&T> {
    from.get(usize::try_from(number % (from.len() as u64).max(1)).unwrap_or(0))
}

impl Life {
    fn payment(&self, number: u64, fits: impl Fn(&Payment) -> bool) -> Option<Payment> {
        let fitting: Vec<&Payment> = self.model.payments.values().filter(|payment| fits(payment)).collect();
        pick(&fitting, number).map(|payment| (*payment).clone())
    }

    /// The operation of a step, if there is anything it could be about.
    fn op(&self, number: usize, step: &Step) -> Option<Op> {
        let none = (WalletId::from_bytes([0; 16]), UserId::from_bytes([0; 16]));
        let (wallet, user) = pick(&self.model.wallets, step.a).copied().unwrap_or(none);
        let (other, _) = pick(&self.model.wallets, step.a / 7 + 1 + step.b).copied().unwrap_or(none);
        let mut op = Op {
            act: step.act,
            key: format!("k{number}"),
            user,
            wallet,
            other,
            minor: 1 + i64::try_from(step.b % 100_000).unwrap_or(0),
            customer: String::new(),
            target: String::new(),
            variant: step.c,
        };
        match step.act {
            Act::Fund | Act::TopUp => op.minor *= 10,
            Act::Transfer | Act::Batch if wallet == other => return None,
            Act::Capture | Act::Release => {
                let (hold, owner) = pick(&self.model.holds, step.c)?;
                (op.target, op.wallet) = (hold.to_string(), *owner);
                op.minor = 1 + op.minor / 3;
                if op.other == *owner {
                    return None;
                }
            }
            Act::Pay | Act::Quote => {
                let kind = pick(CUSTOMERS, step.c)?;
                op.customer = format!("{kind}-{number}-{}", step.c / 64 % 1_000);
            }
            Act::Refund => {
                let payment = self.payment(step.c, |payment| payment.status == PaymentStatus::Completed)?;
                op.target = payment.id.to_string();
                op.minor = 1 + payment.amount.minor() / 3;
            }
            Act::Settle => {
                let is_open =
                    |payment: &Payment| payment.claim_minor > 0 && !self.model.settled.contains_key(&payment.id);
                op.target = self.payment(step.c, is_open)?.id.to_string();
            }
            Act::Suspense => {
                let payment = self.payment(step.c, |payment| payment.suspense_minor > 0)?;
                let own: Vec<_> = self.model.wallets.iter().filter(|(_, user)| *user == payment.user_id).collect();
                (op.target, op.other) = (payment.id.to_string(), pick(&own, step.b)?.0);
            }
            _ => {}
        }
        Some(op)
    }

    /// Does what the step says; answers the error it met, if any.
    pub(crate) fn act(&mut self, number: usize, step: &Step) -> Result<()> {
        match step.act {
            Act::Register
            | Act::Fund
            | Act::Withdraw
            | Act::Credit
            | Act::Debit
            | Act::Transfer
            | Act::Batch
            | Act::Hold
            | Act::Capture
            | Act::Release
            | Act::Pay
            | Act::Quote
            | Act::Refund
            | Act::Settle
            | Act::Suspense
            | Act::TopUp => match self.op(number, step) {
                Some(op) => self.perform(op),
                None => Ok(()),
            },
            Act::PayAgain | Act::PayOtherwise => self.repeat(step),
            Act::Wallet | Act::Status | Act::CreditLimit | Act::Limit => self.keep_wallets(step),
            Act::Refresh | Act::Reverse | Act::Resolve | Act::DeadLetter => self.operate(step),
            Act::History | Act::Look | Act::Session | Act::Password | Act::Events | Act::Backup => self.read(step),
            Act::Webhook | Act::Forgery | Act::TakeBack => self.tell(step),
            Act::Run => self.run(),
            Act::Pass => {
                let millis = match step.a % 4 {
                    0 => step.b % 1_000,
                    1 | 2 => step.b % 30_000,
                    _ => step.b % 600_000,
                };
                self.pass(millis);
                self.run()
            }
            Act::Jump => {
                let jump = match step.a % 4 {
                    0 => -HOUR,
                    1 => 30 * 24 * HOUR,
                    _ => i64::try_from(step.b % 120_000).unwrap_or(0) - 60_000,
                };
                let wall = fusepay_core::Clock::wall(self.clock.as_ref());
                self.clock.set_wall(wall.plus(jump));
                Ok(())
            }
            // One that is killed while it opens is seen to be killed.
            Act::Reopen => match self.reopen(step.a.is_multiple_of(3)) {
                Err(why) if !self.disk.is_killed() => Err(Error::new(Code::InvariantBroken, why)),
                _ => Ok(()),
            },
            Act::Restore => self.engine().declare_restored().map(drop),
        }
    }

    pub(crate) fn run(&mut self) -> Result<()> {
        self.engine().run_due().map(drop)
    }

    /// The same key again: the same answer, or, with another body, a refusal.
    fn repeat(&mut self, step: &Step) -> Result<()> {
        let Some((op, id)) = pick(&self.model.acknowledged, step.a).cloned() else { return Ok(()) };
        if !op.has_key() || op.act == Act::Quote {
            return Ok(());
        }
        let mut asked = op.clone();
        if step.act == Act::PayOtherwise {
            if matches!(op.act, Act::Release) {
                return Ok(());
            }
            asked.minor += 1;
        }
        let broken = |what: String| Err(Error::new(Code::InvariantBroken, what));
        match (step.act, asked.perform(&self.engine())) {
            (Act::PayAgain, Ok(again)) if again == id => Ok(()),
            (Act::PayOtherwise, Err(error)) if error.code().kind() == fusepay_core::ErrorKind::Refused => Ok(()),
            (Act::PayAgain, Err(error)) if error.code().kind() == fusepay_core::ErrorKind::Refused => {
                broken(format!("refused when repeated: {error:?}: {op:?}"))
            }
            (_, Err(error)) => Err(error),
            (_, Ok(other)) => broken(format!("answered {id}, then {other}: {asked:?}")),
        }
    }

    fn keep_wallets(&mut self, step: &Step) -> Result<()> {
        let Some((wallet, user)) = pick(&self.model.wallets, step.a).copied() else { return Ok(()) };
        let engine = self.engine();
        match step.act {
            Act::Wallet => {
                if self.model.wallets.len() < 12 {
                    let made = engine.wallet().create(user, Currency::NGN, "another")?;
                    self.model.adopt_wallet(made.id, user);
                }
                Ok(())
            }
            Act::Status => {
                let status = match step.b % 8 {
                    0 => WalletStatus::DebitsFrozen,
                    1 => WalletStatus::Frozen,
                    // Its money has to go first; so it happens to poor wallets.
                    2 => WalletStatus::Closed,
                    _ => WalletStatus::Active,
                };
                engine.wallet().set_status(wallet, status).map(drop)
            }
            Act::CreditLimit => {
                let limit = i64::try_from(step.b % 50_000).unwrap_or(0);
                engine.wallet().set_credit_limit(wallet, limit).map(drop)
            }
            _ => {
                let window = pick(LimitWindow::ALL, step.b).copied().unwrap_or(LimitWindow::Day);
                if step.c.is_multiple_of(2) {
                    return engine.wallet().remove_limit(wallet, window, None).map(drop);
                }
                let limit = Limit::new(window).with_amount_max(1 + i64::try_from(step.c % 900_000).unwrap_or(0));
                engine.wallet().set_limit(wallet, &limit)
            }
        }
    }

    fn operate(&mut self, step: &Step) -> Result<()> {
        let engine = self.engine();
        match step.act {
            Act::Refresh => match self.payment(step.a, |payment| !payment.status.is_final()) {
                Some(payment) if step.b.is_multiple_of(2) => engine.bill().find(payment.id).map(drop),
                Some(payment) => engine.bill().refresh(payment.id, Duration::from_secs(1)).map(drop),
                None => Ok(()),
            },
            Act::Reverse => match self.payment(step.a, |_| true) {
                Some(payment) => engine.reversal().reverse(payment.id).map(drop),
                None => Ok(()),
            },
            Act::Resolve => {
                let is_waiting = |payment: &Payment| payment.status == PaymentStatus::NeedsReview;
                match self.payment(step.a, is_waiting) {
                    Some(payment) => self.resolve(payment.id, &payment.request_id),
                    None => Ok(()),
                }
            }
            _ => {
                let dead = engine.queue().dead_letters(None, 100)?;
                match pick(&dead, step.a) {
                    Some(job) => engine.queue().retry(job.id).map(drop),
                    None => Ok(()),
                }
            }
        }
    }

    /// An operator asks the biller, who tells the truth, and waits while it can
    /// still change.
    pub(crate) fn resolve(&mut self, id: PaymentId, request_id: &str) -> Result<()> {
        let verdict = self.biller.change(request_id, |entry| match () {
            () if entry.has_money() => Some(ReviewVerdict::Paid(entry.receipt())),
            () if entry.pays_at.is_none() && !entry.may_pay_unasked() => {
                entry.is_denied_to_operator = true;
                Some(ReviewVerdict::NotPaid)
            }
            () => None,
        });
        match verdict {
            Some(verdict) => self.engine().reversal().resolve_review(id, &verdict, "the biller's word").map(drop),
            None => Ok(()),
        }
    }

    fn read(&mut self, step: &Step) -> Result<()> {
        let engine = self.engine();
        let Some((wallet, user)) = pick(&self.model.wallets, step.a).copied() else { return Ok(()) };
        match step.act {
            Act::History => {
                let limit = u32::try_from(1 + step.b % 40).unwrap_or(1);
                let page = engine.history().page(wallet, &HistoryFilter::default(), None, limit)?;
                if let Some(cursor) = &page.next_cursor {
                    engine.history().page(wallet, &HistoryFilter::default(), Some(cursor), limit)?;
                }
                engine.history().page_of_user(user, &HistoryFilter::default(), None, limit)?;
                let now = engine.due_now();
                engine.history().statement(wallet, now.plus(-HOUR), now)?;
                engine.history().balance_at(wallet, now).map(drop)
            }
            Act::Look => {
                engine.stats()?;
                engine.queue().counts()?;
                engine.ledger_digest()?;
                engine.wallet().limits(wallet)?;
                engine.reversal().open_claims(10)?;
                engine.reversal().open_suspense(10)?;
                engine.bill().validate_customer("POWER", "PREPAID", "a meter")?;
                match self.payment(step.b, |_| true) {
                    Some(payment) => {
                        engine.history().find_by_reference(&payment.reference())?;
                        engine.bill().explain(payment.id).map(drop)
                    }
                    None => engine.bill().billers(None, None, 10).map(drop),
                }
            }
            Act::Session | Act::Password => {
                let Some((_, email)) = pick(&self.model.users, step.a).cloned() else { return Ok(()) };
                let tokens = engine.auth().login(&Login::new(email, PASSWORD))?;
                let session = engine.session(&tokens.access)?;
                session.wallet().list()?;
                let tokens = engine.auth().refresh(&tokens.refresh)?;
                if step.act == Act::Password {
                    let (old, new) = (Secret::from("a wrong password"), Secret::from("never taken over"));
                    return match engine.auth().change_password(&tokens.access, &old, &new) {
                        Err(error) if error.code() == Code::InvalidCredentials => Ok(()),
                        other => other.map(drop),
                    };
                }
                engine.auth().logout(&tokens.access)
            }
            Act::Events => {
                let head = engine.events().head()?;
                engine.events().acknowledge("a reader", head.min(1 + step.b % head.max(1)))?;
                engine.audit().read(0, 50).map(drop)
            }
            _ => self.back_up(step),
        }
    }

    /// A copy is whole, and is what the engine is.
    fn back_up(&mut self, step: &Step) -> Result<()> {
        let engine = self.engine();
        let path = self.dir.path().join("copy.db");
        drop(std::fs::remove_file(&path));
        engine.backup(&path)?;
        let is_opened = step.b.is_multiple_of(16) && step.trouble.is_none();
        if is_opened && let Err(why) = self.judge_copy(&path) {
            return Err(Error::new(Code::InvariantBroken, why));
        }
        Ok(())
    }

    fn judge_copy(&self, path: &std::path::Path) -> Verdict {
        let copy = self.open_copy(path).map_err(|error| format!("a copy does not open: {error:?}"))?;
        let report = copy.verify().map_err(|error| format!("a copy can't be verified: {error:?}"))?;
        if !report.is_sound {
            return Err(format!("a copy is not sound: {report:?}"));
        }
        for (wallet, _) in &self.model.wallets {
            let found = copy.wallet().find(*wallet).map(|wallet| wallet.balance_minor);
            let found = found.map_err(|error| format!("{wallet} is not in the copy: {error:?}"))?;
            if found != self.model.balance(*wallet) {
                return Err(format!("{wallet} has {found} in the copy, not {}", self.model.balance(*wallet)));
            }
        }
        drop(copy);
        for suffix in ["", "-wal", "-shm", "-lock"] {
            drop(std::fs::remove_file(format!("{}{suffix}", path.display())));
        }
        Ok(())
    }

    fn tell(&mut self, step: &Step) -> Result<()> {
        let Some((request_id, entry)) = self.biller.nth(step.a) else { return Ok(()) };
        let engine = self.engine();
        match step.act {
            Act::Forgery => match engine.bill().receive_webhook("sim", &self.biller.forgery(&request_id)) {
                Err(error) if error.code() == Code::WebhookRejected => Ok(()),
                Ok(_) => Err(Error::new(Code::InvariantBroken, "a forged webhook was believed")),
                Err(error) => Err(error),
            },
            Act::TakeBack => {
                let is_completed =
                    |payment: &Payment| payment.request_id == request_id && payment.status == PaymentStatus::Completed;
                if entry.customer.starts_with("back") && self.payment(0, is_completed).is_some() {
                    self.biller.change(&request_id, |entry| entry.is_taken_back = true);
                }
                Ok(())
            }
            _ => {
                for _ in 0..=step.b % 3 {
                    engine.bill().receive_webhook("sim", &self.biller.webhook(&request_id))?;
                }
                Ok(())
            }
        }
    }

    /// The holds a host knows, for the judge.
    pub(crate) fn holds(&self) -> &[(HoldId, WalletId)] {
        &self.model.holds
    }
}
