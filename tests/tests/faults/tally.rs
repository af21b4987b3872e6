//! What a sweep did, in numbers.

use crate::case::Failure;
use fusepay_core::Code;
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) operations: u64,
    pub(crate) calls: u64,
    pub(crate) cases: u64,
    /// Planned faults that never met a call.
    pub(crate) missed: u64,
    pub(crate) reopened: u64,
    outcomes: BTreeMap<&'static str, u64>,
    back_max: Duration,
    pub(crate) violations: Vec<String>,
}

impl Tally {
    pub(crate) fn missed(&mut self) {
        self.missed += 1;
    }

    pub(crate) fn outcome(&mut self, _failure: Failure, code: Option<Code>) {
        self.cases += 1;
        *self.outcomes.entry(code.map_or("done", Code::name)).or_default() += 1;
    }

    pub(crate) fn reopened(&mut self) {
        self.reopened += 1;
    }

    pub(crate) fn back(&mut self, after: Duration) {
        self.back_max = self.back_max.max(after);
    }

    pub(crate) fn violation(&mut self, what: String) {
        self.violations.push(what);
    }

    pub(crate) fn add(&mut self, other: Tally) {
        self.operations += other.operations;
        self.calls += other.calls;
        self.cases += other.cases;
        self.missed += other.missed;
        self.reopened += other.reopened;
        for (name, count) in other.outcomes {
            *self.outcomes.entry(name).or_default() += count;
        }
        self.back_max = self.back_max.max(other.back_max);
        self.violations.extend(other.violations);
    }

    pub(crate) fn print(&self, title: &str) {
        println!("{title}: {} operations with {} I/O calls", self.operations, self.calls);
        println!("  faults injected {}, of which met no call {}", self.cases, self.missed);
        for (name, count) in &self.outcomes {
            println!("  {name:<16} {count}");
        }
        println!("  opened again after a doubt: {}", self.reopened);
        println!("  service back after the fault's end, at most: {:?}", self.back_max);
        println!("  violations: {}", self.violations.len());
    }

    pub(crate) fn assert_clean(&self) {
        let shown: Vec<_> = self.violations.iter().take(4000).map(String::as_str).collect();
        assert!(self.violations.is_empty(), "{} violations:\n{}", self.violations.len(), shown.join("\n"));
    }
}
