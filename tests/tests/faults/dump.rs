//! What a file says: every row of every table, and where its money and its
//! payments stand.

use crate::stage::Scene;
use fusepay_core::{JobKind, JobStatus, PaymentStatus};
use rusqlite::types::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Every row, table by table.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Dump(BTreeMap<String, Vec<String>>);

/// Which engines were here is not about what any call did.
const LEFT_OUT: [&str; 2] = ["instance", "incarnation"];

impl Dump {
    pub(crate) fn of(path: &Path) -> Dump {
        let file = rusqlite::Connection::open(path).unwrap();
        let mut names = file.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
        let names = names.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap);
        let ours = names.filter(|name| !name.starts_with("sqlite_") && !LEFT_OUT.contains(&name.as_str()));
        Dump(ours.map(|name| (name.clone(), rows(&file, &name))).collect())
    }

    /// How many rows each table has: what two runs with other ids have alike.
    pub(crate) fn shape(&self) -> Vec<(&str, usize)> {
        self.0.iter().map(|(name, rows)| (name.as_str(), rows.len())).collect()
    }

    /// Where it differs from another.
    pub(crate) fn difference(&self, other: &Dump) -> String {
        let mut lines = Vec::new();
        for (name, rows) in &self.0 {
            let others = &other.0[name];
            lines.extend(rows.iter().filter(|row| !others.contains(row)).map(|row| format!("+ {name} {row}")));
            lines.extend(others.iter().filter(|row| !rows.contains(row)).map(|row| format!("- {name} {row}")));
        }
        lines.join("\n    ")
    }
}

fn rows(file: &rusqlite::Connection, table: &str) -> Vec<String> {
    let mut all = file.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns = all.column_count();
    let row_text = |row: &rusqlite::Row<'_>| {
        let cells = (0..columns).map(|column| row.get::<_, Value>(column).map(|value| format!("{value:?}")));
        cells.collect::<rusqlite::Result<Vec<_>>>().map(|cells| cells.join(" "))
    };
    all.query_map([], row_text).unwrap().map(Result::unwrap).collect()
}

/// Runs of each live job, by its kind and subject.
pub(crate) fn runs(scene: &Scene<'_>) -> BTreeMap<(JobKind, String), u32> {
    let mut runs = BTreeMap::new();
    for status in PaymentStatus::ALL {
        for payment in scene.engine.bill().list_by_status(*status, None, 100).unwrap() {
            let job = scene.engine.bill().explain(payment.id).unwrap().next_job;
            if let Some(job) = job.filter(|job| job.status != JobStatus::Dead) {
                runs.insert((job.kind, payment.id.to_string()), job.runs);
            }
        }
    }
    runs
}

/// Where everything stands once the queue has come to rest: the states of the
/// payments, the balances, and what the biller was sent and has.
pub(crate) fn standing(scene: &Scene<'_>) -> String {
    let mut lines = Vec::new();
    for status in PaymentStatus::ALL {
        for payment in scene.engine.bill().list_by_status(*status, None, 100).unwrap() {
            let entry = scene.provider.entry(&payment.request_id);
            lines.push(format!(
                "{} {} {status} refunded {} claim {} suspense {}: sent {} paid {}",
                payment.id,
                payment.customer_reference,
                payment.refunded_minor,
                payment.claim_minor,
                payment.suspense_minor,
                entry.sends,
                entry.paid_times
            ));
        }
    }
    for wallet in [scene.cast.main, scene.cast.second, scene.cast.bystander] {
        let found = scene.engine.wallet().find(wallet).unwrap();
        lines.push(format!("{wallet} {} {}", found.balance_minor, found.held_minor));
    }
    lines.sort();
    lines.join("\n")
}
