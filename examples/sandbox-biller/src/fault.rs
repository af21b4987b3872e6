//! What can go wrong, by name, and which request it goes wrong for.

use sha2::{Digest, Sha256};
use std::collections::HashMap;

macro_rules! faults {
    ($($variant:ident = $name:literal, $meaning:literal;)+) => {
        /// What the biller does with one payment. A customer reference that ends
        /// in `-<name>` or starts with `<name>-` chooses it, whatever the plan says.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Fault { $(#[doc = $meaning] $variant,)+ }

        impl Fault {
            /// Every fault, with its name and its meaning.
            pub const ALL: &'static [(Fault, &'static str, &'static str)] =
                &[$((Fault::$variant, $name, $meaning),)+];

            /// Its name on the wire, on the command line and in customer references.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Fault::$variant => $name,)+ }
            }
        }
    };
}

faults! {
    Deliver = "deliver", "Pays and says so.";
    Decline = "decline", "Refuses with code 016; nothing is paid.";
    LowBalance = "low-balance", "Refuses with code 018; nothing is paid.";
    ErrorUnpaid = "error-unpaid", "Answers 500 and forgets the request; nothing is paid.";
    ErrorPaid = "error-paid", "Pays, then answers 500.";
    Html = "html", "Answers 502 with an HTML page and forgets the request; nothing is paid.";
    HangUnpaid = "hang-unpaid", "Never answers and forgets the request; nothing is paid.";
    HangPaid = "hang-paid", "Pays, then never answers.";
    DropUnpaid = "drop-unpaid", "Closes the connection and forgets the request; nothing is paid.";
    DropPaid = "drop-paid", "Pays, then closes the connection without a byte.";
    Late = "late", "Pays at once, answers late.";
    Pending = "pending", "Says pending for some polls, then pays.";
    PendingFailed = "pending-failed", "Says pending for some polls, then fails; nothing is paid.";
    OtherAmount = "other-amount", "Pays one naira less than asked, and says so.";
    OtherCustomer = "other-customer", "Pays for another customer than asked, and says so.";
    WebhooksFive = "webhooks-five", "Pays, and sends its webhook five times.";
    WebhookFirst = "webhook-first", "Pays, and answers only when its webhook has been delivered.";
    WebhookForged = "webhook-forged", "Fails after some polls, while a webhook with a forged signature says delivered.";
    Truncated = "truncated", "Pays, and answers with half of its JSON.";
    Empty = "empty", "Pays, and answers with an empty body.";
    UnknownCode = "unknown-code", "Pays, and answers with a code nobody documented.";
    SystemError = "system-error", "Answers 083 and forgets the request; nothing is paid.";
    NotFoundOnce = "not-found-once", "Pays and drops the connection; the first requery says not found.";
    RequeryError = "requery-error", "Pays and drops the connection; some requeries answer 500.";
}

impl Fault {
    /// The fault of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Fault> {
        Fault::ALL.iter().find(|(_, known, _)| *known == name).map(|(fault, _, _)| *fault)
    }

    /// The fault a customer reference asks for. The longest name wins.
    #[must_use]
    pub fn of_customer(customer: &str) -> Option<Fault> {
        let asks = |name: &str| {
            customer.strip_suffix(name).is_some_and(|rest| rest.ends_with('-'))
                || customer.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
        };
        Fault::ALL.iter().filter(|(_, name, _)| asks(name)).max_by_key(|(_, name, _)| name.len()).map(|(f, _, _)| *f)
    }
}

/// How often each fault happens, in percent of the payments; the rest is delivered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan(Vec<(Fault, u8)>);

impl Plan {
    /// A plan from faults and their percentages; `None` when they add up to more than 100.
    #[must_use]
    pub fn new(shares: Vec<(Fault, u8)>) -> Option<Plan> {
        let sum: u32 = shares.iter().map(|(_, share)| u32::from(*share)).sum();
        (sum <= 100).then_some(Plan(shares))
    }

    /// A plan by name: `reliable`, `mixed` (everything a requery can settle) or
    /// `hostile` (also what needs a person).
    #[must_use]
    pub fn named(name: &str) -> Option<Plan> {
        match name {
            "reliable" => Some(Plan::default()),
            "mixed" => Some(Plan(MIXED.to_vec())),
            "hostile" => Some(Plan([MIXED, HOSTILE].concat())),
            _ => None,
        }
    }

    /// The fault for this request: a function of the seed and the request id
    /// alone, so that threads and retries do not change it.
    #[must_use]
    pub fn pick(&self, seed: u64, request_id: &str) -> Fault {
        let mut roll = number(seed, &["plan", request_id]) % 100;
        for (fault, share) in &self.0 {
            match roll.checked_sub(u64::from(*share)) {
                Some(rest) => roll = rest,
                None => return *fault,
            }
        }
        Fault::Deliver
    }
}

/// The plan, its seed and the customers that are treated apart from it.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) plan: Plan,
    pub(crate) seed: u64,
    pub(crate) customers: HashMap<String, Fault>,
}

impl Faults {
    /// A customer set by hand, else the customer's own wish, else the plan.
    pub(crate) fn pick(&self, customer: &str, request_id: &str) -> Fault {
        let wish = || Fault::of_customer(customer);
        self.customers.get(customer).copied().or_else(wish).unwrap_or_else(|| self.plan.pick(self.seed, request_id))
    }
}

/// A number that depends on the seed and the words alone.
pub(crate) fn number(seed: u64, words: &[&str]) -> u64 {
    let mut hash = Sha256::new_with_prefix(seed.to_be_bytes());
    for word in words {
        hash.update(word.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

const MIXED: &[(Fault, u8)] = &[
    (Fault::Decline, 9),
    (Fault::ErrorUnpaid, 4),
    (Fault::ErrorPaid, 5),
    (Fault::Html, 3),
    (Fault::HangUnpaid, 3),
    (Fault::HangPaid, 4),
    (Fault::DropUnpaid, 3),
    (Fault::DropPaid, 6),
    (Fault::Late, 4),
    (Fault::Pending, 8),
    (Fault::PendingFailed, 4),
    (Fault::WebhooksFive, 4),
    (Fault::WebhookFirst, 4),
    (Fault::Truncated, 3),
    (Fault::Empty, 3),
    (Fault::NotFoundOnce, 4),
    (Fault::RequeryError, 4),
];

const HOSTILE: &[(Fault, u8)] =
    &[(Fault::OtherAmount, 4), (Fault::OtherCustomer, 2), (Fault::WebhookForged, 4), (Fault::UnknownCode, 3)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_reference_names_its_fault() {
        assert_eq!(Fault::of_customer("45700000001-decline"), Some(Fault::Decline));
        assert_eq!(Fault::of_customer("hang-paid-080"), Some(Fault::HangPaid));
        assert_eq!(Fault::of_customer("080-pending-failed"), Some(Fault::PendingFailed));
        assert_eq!(Fault::of_customer("45700000001"), None);
        assert_eq!(Fault::of_customer("decline"), None);
    }

    #[test]
    fn every_name_is_found_again() {
        for (fault, name, _) in Fault::ALL {
            assert_eq!(Fault::from_name(name), Some(*fault));
        }
    }

    #[test]
    fn a_plan_depends_on_seed_and_request_alone_and_reaches_every_share() {
        let plan = Plan::named("hostile").unwrap();
        let of = |seed| (0..2000).map(|n| plan.pick(seed, &format!("r{n}"))).collect::<Vec<_>>();
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
        for (fault, share) in &plan.0 {
            let hits = of(7).iter().filter(|picked| *picked == fault).count();
            assert!(hits.abs_diff(usize::from(*share) * 20) < 40, "{} {hits}", fault.name());
        }
    }

    #[test]
    fn shares_above_a_hundred_are_refused() {
        assert_eq!(Plan::new(vec![(Fault::Late, 60), (Fault::Empty, 41)]), None);
    }
}
