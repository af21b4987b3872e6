//! A biller whose book lies in files, one per request id, each fact appended in
//! one write before the answer is given: what it truly did outlives any kill.

use fusepay_core::{Answer, Capabilities, PaidReceipt, PayOutcome, PayRequest, Provider, QueryOutcome, QueryRequest};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a customer's payments go through: the first word of the reference.
pub(crate) const CUSTOMERS: &[&str] = &["paid", "lost", "refused", "unsent", "pending", "never", "late"];
/// Waits in its call until the parent says so, and pays then: only in a process
/// that will be stopped meanwhile.
pub(crate) const STOPPED: &str = "stopped";
/// Pays or not, and never answers: only in a process that will be killed.
pub(crate) const HANGING: &[&str] = &["hangpaid", "hangunpaid"];

/// The fact that it was asked, and when.
const ASKED: &str = "ASKED ";

pub(crate) struct FileBiller {
    book: PathBuf,
    /// Whether the hanging customers hang here.
    hangs: bool,
}

impl FileBiller {
    pub(crate) fn new(dir: &Path) -> Self {
        let book = dir.join("book");
        std::fs::create_dir_all(&book).unwrap();
        FileBiller { book, hangs: false }
    }

    /// The biller of a process that will be killed.
    pub(crate) fn mortal(dir: &Path) -> Self {
        FileBiller { hangs: true, ..FileBiller::new(dir) }
    }

    /// When anybody first asked about a request id, by the clock that all
    /// processes share.
    pub(crate) fn first_asked(&self, request_id: &str) -> Option<SystemTime> {
        let facts = self.facts(request_id);
        let nanos = facts.iter().find_map(|fact| fact.strip_prefix(ASKED))?;
        Some(UNIX_EPOCH + Duration::from_nanos(nanos.parse().unwrap()))
    }

    fn write(&self, request_id: &str, fact: &str) {
        let path = self.book.join(request_id);
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(format!("{fact}\n").as_bytes()).unwrap();
    }

    /// Every fact about a request id, oldest first.
    pub(crate) fn facts(&self, request_id: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.book.join(request_id)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The whole book: how often it paid, by request id.
    pub(crate) fn payments(&self) -> BTreeMap<String, usize> {
        let entries = std::fs::read_dir(&self.book).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.map(|id| (id.clone(), count(&self.facts(&id), "PAID"))).collect()
    }

    /// Lets the call of this request go on.
    pub(crate) fn wake(&self, request_id: &str) {
        self.write(request_id, "WAKE");
    }

    fn pay_it(&self, request: &PayRequest) -> PayOutcome {
        self.write(&request.request_id, "PAID");
        PayOutcome::Paid(receipt(request.amount.minor()))
    }
}

fn count(facts: &[String], fact: &str) -> usize {
    facts.iter().filter(|line| *line == fact).count()
}

fn receipt(minor: i64) -> PaidReceipt {
    PaidReceipt::new("file").with_amount_minor(minor)
}

fn lost() -> PayOutcome {
    PayOutcome::Unknown { cause: "timed out".to_owned() }
}

fn hang() -> ! {
    loop {
        std::thread::park();
    }
}

impl Provider for FileBiller {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default().with_not_found(Duration::from_millis(60), 3).with_concurrent_calls_max(16)
    }

    fn pay(&self, request: &PayRequest) -> Answer<PayOutcome> {
        let id = &request.request_id;
        let customer = request.customer_reference.split('-').next().unwrap();
        if customer == "unsent" && request.attempt == 1 {
            return PayOutcome::NotSent { cause: "connection refused".to_owned() }.into();
        }
        self.write(id, &format!("SEND {customer}"));
        match customer {
            "hangpaid" | "hangunpaid" if self.hangs => {
                if customer == "hangpaid" {
                    self.write(id, "PAID");
                }
                crate::child::say("HANG", id);
                hang()
            }
            STOPPED if self.hangs => {
                crate::child::say("HANG", id);
                while count(&self.facts(id), "WAKE") == 0 {
                    std::thread::sleep(Duration::from_millis(1));
                }
                self.pay_it(request).into()
            }
            "lost" => {
                self.write(id, "PAID");
                lost().into()
            }
            "refused" => PayOutcome::Declined { code: "NO".to_owned(), reason: "refused".to_owned() }.into(),
            "pending" => PayOutcome::Pending { poll_after_ms: Some(20) }.into(),
            "never" | "late" => lost().into(),
            _ => self.pay_it(request).into(),
        }
    }

    fn query(&self, request: &QueryRequest) -> Answer<QueryOutcome> {
        let id = &request.request_id;
        let facts = self.facts(id);
        if !facts.iter().any(|fact| fact.starts_with(ASKED)) {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            self.write(id, &format!("{ASKED}{}", now.as_nanos()));
        }
        if count(&facts, "PAID") > 0 {
            return QueryOutcome::Paid(receipt(request.amount.minor())).into();
        }
        let Some(customer) = facts.iter().find_map(|fact| fact.strip_prefix("SEND ")) else {
            return QueryOutcome::NotFound.into();
        };
        match customer {
            "refused" => QueryOutcome::Failed { code: "NO".to_owned(), reason: "refused".to_owned() }.into(),
            "pending" => {
                self.write(id, "PAID");
                QueryOutcome::Paid(receipt(request.amount.minor())).into()
            }
            "late" => {
                // Not there when it looked, and paid before anybody looks again.
                self.write(id, "PAID");
                QueryOutcome::NotFound.into()
            }
            _ => QueryOutcome::NotFound.into(),
        }
    }
}
