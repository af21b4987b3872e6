//! The money operations of the storm, each a line of text, so that whoever hears
//! of one can repeat it with its idempotency key.

use crate::biller::{CUSTOMERS, HANGING};
use fusepay_core::{
    CaptureRequest, FusePay, HoldId, HoldRequest, MoneyRequest, PayBill, PaymentId, RefundRequest, RefundSource,
    Registration, Remainder, Result, TransferRequest, WalletId,
};
use fusepay_testkit::ngn;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Op {
    pub(crate) key: String,
    pub(crate) kind: String,
    pub(crate) wallet: WalletId,
    pub(crate) other: WalletId,
    pub(crate) minor: i64,
    /// The customer, the hold or the payment it is about; `-` for none.
    pub(crate) target: String,
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Op { key, kind, wallet, other, minor, target } = self;
        write!(f, "{key} {kind} {wallet} {other} {minor} {target}")
    }
}

/// What an operation may be about.
pub(crate) struct Known<'k> {
    pub(crate) wallets: &'k [WalletId],
    pub(crate) holds: &'k [String],
    pub(crate) payments: &'k [String],
}

impl Op {
    /// The next operation of a storm.
    pub(crate) fn next(key: String, numbers: &mut Numbers, known: &Known<'_>) -> Op {
        let kinds = [
            "pay", "pay", "pay", "pay", "transfer", "transfer", "fund", "credit", "debit", "withdraw", "hold",
            "capture", "release", "refund", "register",
        ];
        let mut kind = *numbers.pick(&kinds);
        let from = if kind == "refund" { known.payments } else { known.holds };
        if matches!(kind, "capture" | "release" | "refund") && from.is_empty() {
            kind = "hold";
        }
        let target = match kind {
            "capture" | "release" | "refund" => numbers.pick(from).clone(),
            // Rare: each keeps a thread until the kill.
            "pay" if numbers.below(12) == 0 => format!("{}-{key}", numbers.pick(HANGING)),
            "pay" => format!("{}-{key}", numbers.pick(CUSTOMERS)),
            _ => "-".to_owned(),
        };
        let first = usize::try_from(numbers.below(known.wallets.len() as u64)).unwrap();
        Op {
            key,
            kind: kind.to_owned(),
            wallet: known.wallets[first],
            other: known.wallets[(first + 1) % known.wallets.len()],
            minor: 1 + i64::try_from(numbers.below(400)).unwrap(),
            target,
        }
    }

    /// A small operation of this kind, about this target.
    pub(crate) fn about(kind: &str, key: &str, wallet: WalletId, target: &str) -> Op {
        Op { key: key.to_owned(), kind: kind.to_owned(), wallet, other: wallet, minor: 7, target: target.to_owned() }
    }

    pub(crate) fn parse(line: &str) -> Op {
        let words: Vec<&str> = line.split(' ').collect();
        let [key, kind, wallet, other, minor, target] = words[..] else { panic!("not an operation: {line}") };
        Op {
            key: key.to_owned(),
            kind: kind.to_owned(),
            wallet: WalletId::from_str(wallet).unwrap(),
            other: WalletId::from_str(other).unwrap(),
            minor: minor.parse().unwrap(),
            target: target.to_owned(),
        }
    }

    /// Calls the engine; answers the id of what came of it.
    pub(crate) fn perform(&self, engine: &FusePay) -> Result<String> {
        let wallets = engine.wallet();
        let (amount, key) = (ngn(self.minor), self.key.as_str());
        let money = || MoneyRequest::new(self.wallet, amount).with_external_reference(key).with_idempotency_key(key);
        match self.kind.as_str() {
            "fund" => wallets.fund(&money()).map(|line| line.id.to_string()),
            "credit" => wallets.credit(&money()).map(|line| line.id.to_string()),
            "debit" => wallets.debit(&money()).map(|line| line.id.to_string()),
            "withdraw" => wallets.withdraw(&money()).map(|line| line.id.to_string()),
            "transfer" => {
                let request = TransferRequest::new(self.wallet, self.other, amount).with_idempotency_key(key);
                wallets.transfer(&request).map(|line| line.id.to_string())
            }
            "hold" => {
                let request = HoldRequest::new(self.wallet, amount, Duration::from_secs(3_600));
                wallets.authorise(&request.with_idempotency_key(key)).map(|hold| hold.id.to_string())
            }
            "capture" => {
                let request = CaptureRequest::new(HoldId::from_str(&self.target).unwrap(), amount);
                let request = request.with_destination(self.other).with_remainder(Remainder::Keep);
                wallets.capture(&request.with_idempotency_key(key)).map(|line| line.id.to_string())
            }
            "release" => {
                let hold = HoldId::from_str(&self.target).unwrap();
                wallets.release(hold, Some(key)).map(|hold| hold.id.to_string())
            }
            "pay" => {
                let bill = PayBill::new(self.wallet, "POWER", "PREPAID", &self.target, amount);
                engine.bill().pay(&bill.with_idempotency_key(key)).map(|payment| payment.id.to_string())
            }
            "refund" => {
                let payment = PaymentId::from_str(&self.target).unwrap();
                let request = RefundRequest::new(payment, amount, RefundSource::Host, "asked for");
                engine.reversal().refund(&request.with_idempotency_key(key)).map(|payment| payment.id.to_string())
            }
            "register" => {
                let request =
                    Registration::new(format!("{key}@kills.example"), "One", "Of Many", "a password of the many");
                engine.auth().register(&request).map(|registered| registered.wallet.id.to_string())
            }
            other => panic!("no such operation: {other}"),
        }
    }

    /// Whether its effect can be asked for again by its key.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.kind != "register"
    }
}

/// Numbers that follow from a seed (SplitMix64).
pub(crate) struct Numbers(pub u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let index = usize::try_from(self.below(from.len() as u64)).unwrap();
        &from[index]
    }
}
