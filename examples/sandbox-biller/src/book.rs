//! The biller's own truth: what it really did with every request id. The
//! engine's claims are checked against this, never the other way round.

use crate::fault::Fault;
use crate::kobo;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Write;

/// Where a payment stands at the biller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The request came and was forgotten: a requery answers not found.
    Lost,
    /// Accepted, not finished.
    Pending,
    /// Paid.
    Delivered,
    /// Not paid, and it will not be.
    Failed,
    /// Paid, then taken back.
    Reversed,
}

impl Status {
    /// The word for it on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Status::Lost => "lost",
            Status::Pending => "pending",
            Status::Delivered => "delivered",
            Status::Failed => "failed",
            Status::Reversed => "reversed",
        }
    }
}

/// One request id, and what was really done for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The payer's id for it.
    pub request_id: String,
    /// The service paid for.
    pub service: String,
    /// The customer that was asked for.
    pub customer: String,
    /// The customer that was served; differs only by [`Fault::OtherCustomer`].
    pub customer_served: String,
    /// What was asked for, in kobo.
    pub amount_minor: i64,
    /// What was paid, in kobo, in all; 0 while nothing was.
    pub paid_minor: i64,
    /// How many times it was paid. More than 1 would be the biller's own fault.
    pub times_paid: u32,
    /// Whether it was taken back.
    pub reversed: bool,
    /// How many times `/api/pay` was called with this id.
    pub attempts: u32,
    /// How many times `/api/requery` was called with this id.
    pub requeries: u32,
    /// Where it stands.
    pub status: Status,
    /// What was played on it.
    pub fault: Fault,
    /// The biller's own number.
    pub transaction_id: String,
    /// What the customer bought, for services that sell tokens.
    pub token: Option<String>,
    pub(crate) polls_left: u32,
    pub(crate) hidden_left: u32,
    pub(crate) errors_left: u32,
}

impl Entry {
    /// Whether it was paid, even if it was taken back later.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.times_paid > 0
    }

    /// The entry as JSON, amounts as naira text.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "request_id": self.request_id,
            "service": self.service,
            "customer": self.customer,
            "customer_served": self.customer_served,
            "amount": kobo::text(self.amount_minor),
            "amount_paid": kobo::text(self.paid_minor),
            "paid": self.is_paid(),
            "times_paid": self.times_paid,
            "reversed": self.reversed,
            "attempts": self.attempts,
            "requeries": self.requeries,
            "status": self.status.word(),
            "fault": self.fault.name(),
            "transaction_id": self.transaction_id,
        })
    }
}

/// Every entry, in the order of arrival, and the prepaid balance they were paid from.
#[derive(Debug)]
pub(crate) struct Book {
    entries: Vec<Entry>,
    places: HashMap<String, usize>,
    balance_minor: i64,
    file: Option<std::fs::File>,
    lines: u64,
}

impl Book {
    /// An empty book; with a file, every change is appended to it as a JSON line.
    pub(crate) fn open(balance_minor: i64, path: Option<&std::path::Path>) -> std::io::Result<Book> {
        let append = |path| std::fs::OpenOptions::new().create(true).append(true).open(path);
        let file = path.map(append).transpose()?;
        Ok(Book { entries: Vec::new(), places: HashMap::new(), balance_minor, file, lines: 0 })
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn balance_minor(&self) -> i64 {
        self.balance_minor
    }

    pub(crate) fn entry(&self, request_id: &str) -> Option<&Entry> {
        self.places.get(request_id).and_then(|place| self.entries.get(*place))
    }

    pub(crate) fn entry_mut(&mut self, request_id: &str) -> Option<&mut Entry> {
        self.places.get(request_id).and_then(|place| self.entries.get_mut(*place))
    }

    /// Writes a new entry, in the place of a lost one of the same id.
    pub(crate) fn receive(&mut self, entry: Entry) {
        let request_id = entry.request_id.clone();
        match self.entry_mut(&request_id) {
            Some(lost) => *lost = entry,
            None => {
                self.places.insert(request_id.clone(), self.entries.len());
                self.entries.push(entry);
            }
        }
        self.append("received", &request_id);
    }

    /// Pays, once: takes the money from the balance and says delivered.
    pub(crate) fn pay(&mut self, request_id: &str) {
        let Some(entry) = self.entry_mut(request_id) else { return };
        let less = if entry.fault == Fault::OtherAmount { 100 } else { 0 };
        let paid_minor = entry.amount_minor - less;
        entry.paid_minor += paid_minor;
        entry.times_paid += 1;
        entry.status = Status::Delivered;
        self.balance_minor -= paid_minor;
        self.append("paid", request_id);
    }

    /// Ends it unpaid.
    pub(crate) fn fail(&mut self, request_id: &str) {
        let Some(entry) = self.entry_mut(request_id) else { return };
        entry.status = Status::Failed;
        self.append("failed", request_id);
    }

    /// Forgets it, as far as a requery can see.
    pub(crate) fn lose(&mut self, request_id: &str) {
        let Some(entry) = self.entry_mut(request_id) else { return };
        entry.status = Status::Lost;
        self.append("lost", request_id);
    }

    /// Takes a payment back; false when there is none to take back.
    pub(crate) fn reverse(&mut self, request_id: &str) -> bool {
        let Some(entry) = self.entry_mut(request_id) else { return false };
        if entry.status != Status::Delivered {
            return false;
        }
        entry.status = Status::Reversed;
        entry.reversed = true;
        self.balance_minor += self.entry(request_id).map_or(0, |entry| entry.paid_minor);
        self.append("reversed", request_id);
        true
    }

    /// A book that cannot be written is worth nothing as a witness, but a
    /// sandbox that dies of a full disk would be a second fault: say it and go on.
    fn append(&mut self, event: &str, request_id: &str) {
        self.lines += 1;
        let Some(entry) = self.entry(request_id).map(Entry::to_json) else { return };
        let line = json!({ "line": self.lines, "event": event, "entry": entry });
        if let Some(file) = &mut self.file
            && let Err(cause) = writeln!(file, "{line}")
        {
            eprintln!("the book's file has a gap at line {}: {cause}", self.lines);
        }
    }
}
