//! The operations that move money or change states, as data: whoever was not
//! answered repeats one until the answer is definite.

use crate::step::Act;
use fusepay_core::{
    CaptureRequest, ClaimSettlement, FusePay, HoldId, HoldRequest, MoneyRequest, PayBill, PaymentId, QuoteRequest,
    RefundRequest, RefundSource, Registration, Remainder, Result, TransferRequest, UserId, WalletId,
};
use fusepay_testkit::ngn;
use std::str::FromStr;
use std::time::Duration;

pub(crate) const PASSWORD: &str = "a password of the simulation";

#[derive(Debug, Clone)]
pub(crate) struct Op {
    pub(crate) act: Act,
    pub(crate) key: String,
    pub(crate) user: UserId,
    pub(crate) wallet: WalletId,
    pub(crate) other: WalletId,
    pub(crate) minor: i64,
    /// The customer of a payment.
    pub(crate) customer: String,
    /// The hold or payment it is about, as text; empty for none.
    pub(crate) target: String,
    /// Decides between variants of the act.
    pub(crate) variant: u64,
}

impl Op {
    pub(crate) fn payment(&self) -> PaymentId {
        PaymentId::from_str(&self.target).unwrap()
    }

    pub(crate) fn hold(&self) -> HoldId {
        HoldId::from_str(&self.target).unwrap()
    }

    pub(crate) fn email(&self) -> String {
        format!("{}@simulation.example", self.key)
    }

    pub(crate) fn is_refund_of_biller(&self) -> bool {
        self.variant.is_multiple_of(5)
    }

    pub(crate) fn is_recovered(&self) -> bool {
        self.variant.is_multiple_of(2)
    }

    /// Calls the engine; answers the id of what came of it.
    pub(crate) fn perform(&self, engine: &FusePay) -> Result<String> {
        let wallets = engine.wallet();
        let (amount, key) = (ngn(self.minor), self.key.as_str());
        let money = || MoneyRequest::new(self.wallet, amount).with_external_reference(key).with_idempotency_key(key);
        let transfer = |minor| TransferRequest::new(self.wallet, self.other, ngn(minor));
        match self.act {
            Act::Register => {
                let request = Registration::new(self.email(), "One", "Of Many", PASSWORD);
                engine.auth().register(&request).map(|registered| registered.user.id.to_string())
            }
            Act::Fund => wallets.fund(&money()).map(|line| line.id.to_string()),
            Act::Withdraw => wallets.withdraw(&money()).map(|line| line.id.to_string()),
            Act::Credit => wallets.credit(&money()).map(|line| line.id.to_string()),
            Act::Debit => wallets.debit(&money()).map(|line| line.id.to_string()),
            Act::Transfer => {
                wallets.transfer(&transfer(self.minor).with_idempotency_key(key)).map(|line| line.id.to_string())
            }
            Act::Batch => {
                let requests = [transfer(self.minor), transfer(1)];
                let lines = wallets.transfer_batch(&requests, Some(key))?;
                Ok(lines.iter().map(|line| line.id.to_string()).collect::<Vec<_>>().join(" "))
            }
            Act::Hold => {
                let life = Duration::from_secs(1 + self.variant % 3_600);
                let request = HoldRequest::new(self.wallet, amount, life).with_idempotency_key(key);
                wallets.authorise(&request).map(|hold| hold.id.to_string())
            }
            Act::Capture => {
                let remainder = if self.variant.is_multiple_of(2) { Remainder::Keep } else { Remainder::Release };
                let request = CaptureRequest::new(self.hold(), amount).with_destination(self.other);
                let request = request.with_remainder(remainder).with_idempotency_key(key);
                wallets.capture(&request).map(|line| line.id.to_string())
            }
            Act::Release => wallets.release(self.hold(), Some(key)).map(|hold| hold.id.to_string()),
            Act::Pay => {
                let bill = PayBill::new(self.wallet, "POWER", "PREPAID", &self.customer, amount);
                engine.bill().pay(&bill.with_idempotency_key(key)).map(|payment| payment.id.to_string())
            }
            Act::Quote => {
                let request = QuoteRequest::new(self.user, "POWER", "PREPAID", &self.customer, amount);
                let quote = engine.bill().quote(&request)?;
                let bill = PayBill::from_quote(self.wallet, &quote).with_idempotency_key(key);
                engine.bill().pay(&bill).map(|payment| payment.id.to_string())
            }
            Act::Refund => {
                let source = if self.is_refund_of_biller() { RefundSource::Biller } else { RefundSource::Host };
                let request = RefundRequest::new(self.payment(), amount, source, "asked for");
                engine.reversal().refund(&request.with_idempotency_key(key)).map(|payment| payment.id.to_string())
            }
            Act::Settle => {
                let settlement = if self.is_recovered() {
                    ClaimSettlement::RecoveredFromProvider
                } else {
                    ClaimSettlement::WrittenOff
                };
                let settled = engine.reversal().settle_claim(self.payment(), settlement, "it is settled");
                settled.map(|payment| payment.id.to_string())
            }
            Act::Suspense => {
                let released = engine.reversal().release_suspense(self.payment(), Some(self.other));
                released.map(|payment| payment.id.to_string())
            }
            Act::TopUp => engine.bill().top_up_float("sim", amount, key).map(|()| String::new()),
            other => panic!("{other:?} is no operation of a host"),
        }
    }

    /// Whether repeating it answers the same again.
    pub(crate) fn has_key(&self) -> bool {
        !matches!(self.act, Act::Register | Act::Settle | Act::Suspense | Act::TopUp)
    }
}
