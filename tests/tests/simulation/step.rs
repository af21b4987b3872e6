//! The steps of a life: data drawn before it begins, so that a step can be left
//! out without changing the others.

use fusepay_tests::disk::FaultKind;
use fusepay_tests::numbers::Numbers;

/// What happens in a step. The numbers of the step say to whom and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Register,
    Wallet,
    Fund,
    Withdraw,
    Credit,
    Debit,
    Transfer,
    Batch,
    Hold,
    Capture,
    Release,
    Quote,
    Pay,
    PayAgain,
    PayOtherwise,
    Refresh,
    Refund,
    Reverse,
    Resolve,
    Settle,
    Suspense,
    Status,
    CreditLimit,
    Limit,
    TopUp,
    History,
    Look,
    Session,
    Password,
    Events,
    DeadLetter,
    Backup,
    Webhook,
    Forgery,
    TakeBack,
    Run,
    Pass,
    Jump,
    Reopen,
    Restore,
}

/// How often each happens. An open costs as much as a hundred other steps.
const ACTS: &[(Act, u64)] = &[
    (Act::Register, 4),
    (Act::Wallet, 4),
    (Act::Fund, 20),
    (Act::Withdraw, 4),
    (Act::Credit, 8),
    (Act::Debit, 8),
    (Act::Transfer, 12),
    (Act::Batch, 4),
    (Act::Hold, 8),
    (Act::Capture, 8),
    (Act::Release, 4),
    (Act::Quote, 4),
    (Act::Pay, 72),
    (Act::PayAgain, 12),
    (Act::PayOtherwise, 4),
    (Act::Refresh, 8),
    (Act::Refund, 8),
    (Act::Reverse, 8),
    (Act::Resolve, 8),
    (Act::Settle, 4),
    (Act::Suspense, 4),
    (Act::Status, 4),
    (Act::CreditLimit, 4),
    (Act::Limit, 4),
    (Act::TopUp, 4),
    (Act::History, 4),
    (Act::Look, 4),
    (Act::Session, 4),
    (Act::Password, 4),
    (Act::Events, 4),
    (Act::DeadLetter, 4),
    (Act::Backup, 1),
    (Act::Webhook, 24),
    (Act::Forgery, 4),
    (Act::TakeBack, 4),
    (Act::Run, 56),
    (Act::Pass, 72),
    (Act::Jump, 4),
    (Act::Reopen, 1),
    (Act::Restore, 4),
];

/// Faults that a disk admits. A short read is a lie: SQLite takes the rest of
/// the page for zeros, as it is at the end of a file, and nobody can know.
const FAULTS: [FaultKind; 5] = [FaultKind::Io, FaultKind::Full, FaultKind::Sync, FaultKind::SyncLoses, FaultKind::Lock];

/// What goes wrong meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The process ends at this I/O call; with a power cut, if there is a seed.
    Kill { call: u64, power: Option<u64> },
    /// The disk fails from this I/O call on, once or until the step is over.
    Fault { kind: FaultKind, call: u64, is_lasting: bool },
    /// The process ends inside the next call of the biller, before or after it
    /// has done what it does.
    DieInCall { is_done: bool, power: Option<u64> },
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) act: Act,
    pub(crate) a: u64,
    pub(crate) b: u64,
    pub(crate) c: u64,
    pub(crate) trouble: Option<Trouble>,
}

impl Step {
    fn draw(numbers: &mut Numbers) -> Step {
        let sum: u64 = ACTS.iter().map(|(_, weight)| weight).sum();
        let mut at = numbers.below(sum);
        let mut act = Act::Run;
        for (kind, weight) in ACTS {
            if at < *weight {
                act = *kind;
                break;
            }
            at -= weight;
        }
        let (a, b, c) = (numbers.draw() >> 8, numbers.draw() >> 8, numbers.draw() >> 8);
        Step { act, a, b, c, trouble: Trouble::draw(numbers) }
    }
}

impl Trouble {
    fn draw(numbers: &mut Numbers) -> Option<Trouble> {
        let chance = numbers.below(1_000);
        let (near, far, any) = (1 + numbers.below(12), 1 + numbers.below(60), numbers.draw() >> 8);
        let power = (any.is_multiple_of(2)).then_some(any);
        match chance {
            0..5 => Some(Trouble::Kill { call: if any.is_multiple_of(3) { far } else { near }, power }),
            5..8 => Some(Trouble::DieInCall { is_done: any % 4 < 2, power }),
            8..15 => {
                let kind = FAULTS[usize::try_from(any % FAULTS.len() as u64).unwrap_or(0)];
                Some(Trouble::Fault { kind, call: near, is_lasting: any % 7 < 3 })
            }
            _ => None,
        }
    }
}

/// The steps of a seed's life.
pub(crate) fn steps(seed: u64, count: usize) -> Vec<Step> {
    let mut numbers = Numbers::new(seed);
    (0..count).map(|_| Step::draw(&mut numbers)).collect()
}
