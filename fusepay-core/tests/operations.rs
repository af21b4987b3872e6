//! Goal: what an operator lives on. Verification finds every kind of damage and
//! nothing in a healthy file; the audit trail shows every change; a backup is
//! whole, private and knows that it is a copy; statistics and digest say what
//! the ledger says. Method: a house with a payment in every state, driven by
//! hand; damage is done by raw SQL while no engine has the file open.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail by panicking")]
#![allow(clippy::wildcard_enum_match_arm, reason = "whatever else it is fails the test")]

use fusepay_core::*;
use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const START: UnixMillis = UnixMillis(1_760_000_000_000);

/// A provider that answers what it was told to, and remembers who called. When
/// told nothing it pays, and knows nothing when asked.
#[derive(Default)]
struct Scripted {
    pays: Mutex<VecDeque<PayOutcome>>,
    queries: Mutex<VecDeque<QueryOutcome>>,
    calls: Mutex<Vec<&'static str>>,
}

impl Provider for Scripted {
    fn pay(&self, request: &PayRequest) -> Answer<PayOutcome> {
        self.calls.lock().unwrap().push("pay");
        let told = self.pays.lock().unwrap().pop_front();
        told.unwrap_or_else(|| PayOutcome::Paid(PaidReceipt::new(format!("p-{}", request.request_id)))).into()
    }

    fn query(&self, _request: &QueryRequest) -> Answer<QueryOutcome> {
        self.calls.lock().unwrap().push("query");
        let told = self.queries.lock().unwrap().pop_front();
        told.unwrap_or(QueryOutcome::Unknown { cause: "not told".to_owned() }).into()
    }

    /// A webhook's body is `paid REQUEST_ID` or `reversed REQUEST_ID`.
    fn verify_webhook(&self, webhook: &Webhook) -> Result<Vec<WebhookNotice>> {
        let body = String::from_utf8(webhook.body.clone()).unwrap();
        let (word, id) = body.split_once(' ').unwrap();
        let outcome = match word {
            "paid" => QueryOutcome::Paid(PaidReceipt::new("late")),
            _ => QueryOutcome::ProviderReversed { reason: "the biller gave it back".to_owned() },
        };
        Ok(vec![WebhookNotice::new(id, outcome)])
    }
}

struct House {
    engine: FusePay,
    clock: Arc<ManualClock>,
    provider: Arc<Scripted>,
    path: PathBuf,
    _directory: tempfile::TempDir,
}

fn ngn(minor: i64) -> Money {
    Money::new(minor, Currency::NGN)
}

fn open(path: &Path, seed: u64, clock: &Arc<ManualClock>, provider: &Arc<Scripted>) -> Result<FusePay> {
    let key = Secret::new((0..32u8).map(|i| i.wrapping_mul(37).wrapping_add(1)).collect::<Vec<_>>());
    FusePay::open(
        Config::new(path, KeyRing::hs256("k1", key).unwrap())
            .with_simulation(Arc::clone(clock) as Arc<dyn Clock>, Arc::new(SeededEntropy::new(seed)))
            .with_worker(WorkerMode::Manual)
            .with_hash_cost(HashCost::insecure_for_tests())
            .with_audit_key(Secret::new(vec![9; 32]))
            .with_provider("alpha", Arc::clone(provider) as Arc<dyn Provider>),
    )
}

fn house(seed: u64) -> House {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pay.db");
    let (clock, provider) = (Arc::new(ManualClock::new(START)), Arc::new(Scripted::default()));
    let engine = open(&path, seed, &clock, &provider).unwrap();
    let biller = Biller::new("power", "Power Co", Category::new("ELECTRICITY").unwrap(), "alpha");
    let item = BillItem::new("units", "Units", ngn(100), 1_000_000).with_fee(FeePolicy::fixed(100));
    engine.bill().load_catalogue(&[(biller, vec![item])]).unwrap();
    House { engine, clock, provider, path, _directory: directory }
}

impl House {
    fn user(&self, email: &str) -> WalletId {
        let request = Registration::new(email, "Ada", "Obi", "seven blue lamps by the river");
        let wallet = self.engine.auth().register(&request).unwrap().wallet;
        self.engine.wallet().fund(&MoneyRequest::new(wallet.id, ngn(1_000_000))).unwrap();
        wallet.id
    }

    /// Debits and queues; the provider will answer this.
    fn order(&self, wallet: WalletId, minor: i64, answer: Option<PayOutcome>) -> Payment {
        self.provider.pays.lock().unwrap().extend(answer);
        self.engine.bill().pay(&PayBill::new(wallet, "power", "units", "meter-1", ngn(minor))).unwrap()
    }

    fn pay(&self, wallet: WalletId, minor: i64, answer: Option<PayOutcome>) -> Payment {
        let payment = self.order(wallet, minor, answer);
        self.engine.run_due().unwrap();
        self.engine.bill().find(payment.id).unwrap()
    }

    fn wait(&self, millis: u64) {
        self.clock.advance(millis);
        self.engine.run_due().unwrap();
    }

    fn webhook(&self, word: &str, payment: &Payment) {
        let webhook = Webhook::new(Vec::new(), format!("{word} {}", payment.request_id).into_bytes());
        assert_eq!(self.engine.bill().receive_webhook("alpha", &webhook).unwrap().matched, 1);
    }

    fn status(&self, payment: &Payment) -> PaymentStatus {
        self.engine.bill().find(payment.id).unwrap().status
    }

    fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.provider.calls.lock().unwrap())
    }

    /// Closes the engine, lets `work` have the file, and opens it again.
    fn with_file<R>(&mut self, work: impl FnOnce(&rusqlite::Connection) -> R) -> R {
        self.engine.close(Duration::from_secs(5)).unwrap();
        let connection = rusqlite::Connection::open(&self.path).unwrap();
        let result = work(&connection);
        connection.close().unwrap();
        self.engine = open(&self.path, 99, &self.clock, &self.provider).unwrap();
        result
    }
}

fn declined() -> Option<PayOutcome> {
    Some(PayOutcome::Declined { code: "16".to_owned(), reason: "no such meter".to_owned() })
}

/// A house with a payment in every state, refunds, a claim, money in suspense,
/// transfers and holds. Everything that happens by itself has happened.
fn busy_house(seed: u64) -> House {
    let house = house(seed);
    let (ada, ben) = (house.user("ada@example.com"), house.user("ben@example.com"));
    let (wallets, reversals) = (house.engine.wallet(), house.engine.reversal());
    wallets.transfer(&TransferRequest::new(ada, ben, ngn(5_000))).unwrap();
    wallets.withdraw(&MoneyRequest::new(ben, ngn(700))).unwrap();
    wallets.set_credit_limit(ben, 10_000).unwrap();
    house.engine.bill().top_up_float("alpha", ngn(50_000), "bank-1").unwrap();

    let refunded = house.pay(ada, 10_000, None);
    for (source, minor) in [(RefundSource::Host, 1_000), (RefundSource::Biller, 500)] {
        reversals.refund(&RefundRequest::new(refunded.id, ngn(minor), source, "half a service")).unwrap();
    }
    let taken_back = house.pay(ada, 20_000, None);
    reversals.refund(&RefundRequest::new(taken_back.id, ngn(300), RefundSource::Host, "sorry")).unwrap();
    house.webhook("reversed", &taken_back);

    let (late, stuck) = (house.pay(ada, 30_000, declined()), house.pay(ben, 40_000, declined()));
    wallets.set_status(ben, WalletStatus::Frozen).unwrap();
    house.wait(5_000);
    house.webhook("paid", &late);
    wallets.set_status(ben, WalletStatus::Active).unwrap();

    let wrong = PaidReceipt::new("p").with_amount_minor(1);
    let review = house.pay(ada, 6_000, Some(PayOutcome::Paid(wrong)));
    let failed = house.pay(ada, 7_000, declined());
    let unknown = house.pay(ada, 8_000, Some(PayOutcome::Unknown { cause: "time-out".to_owned() }));
    let processing = house.pay(ada, 9_000, Some(PayOutcome::Pending { poll_after_ms: Some(60_000) }));

    let day = Duration::from_secs(86_400);
    let kept = wallets.authorise(&HoldRequest::new(ada, ngn(2_000), day)).unwrap();
    let capture = CaptureRequest::new(kept.id, ngn(600)).with_destination(ben).with_remainder(Remainder::Keep);
    wallets.capture(&capture).unwrap();
    let released = wallets.authorise(&HoldRequest::new(ada, ngn(900), day)).unwrap();
    wallets.release(released.id, None).unwrap();
    let pending = house.order(ada, 1_100, None);

    use PaymentStatus::{Completed, Failed, NeedsReview, Pending, Processing, Reversed, Unknown};
    for (payment, status) in [
        (refunded, Completed),
        (taken_back, Reversed),
        (late, Reversed),
        (stuck, Reversed),
        (review, NeedsReview),
        (failed, Failed),
        (unknown, Unknown),
        (processing, Processing),
        (pending, Pending),
    ] {
        assert_eq!(house.status(&payment), status, "{} {}", payment.amount, payment.id);
    }
    house.calls();
    house
}

/// What was found beside ROWS, which sees a change of any row: each invariant
/// has to see its own.
fn invariants(report: &VerifyReport) -> BTreeSet<&'static str> {
    let found = report.violations.iter().map(|violation| violation.invariant);
    found.filter(|invariant| *invariant != "ROWS").collect()
}

#[test]
fn a_healthy_file_is_sound_at_every_step() {
    let mut house = busy_house(1);
    let report = house.engine.verify().unwrap();
    assert_eq!(report.violations, []);
    assert!(report.is_sound);
    assert_eq!((report.payments, report.holds, report.violation_count), (9, 2, 0));
    assert_eq!(report.audit_head, house.engine.audit().head().unwrap());
    assert_eq!(report.audit_entries, report.audit_head.sequence);
    // Reopened, and after everything that is still due has run.
    house.with_file(|_| ());
    assert_eq!(house.engine.verify().unwrap().violations, []);
    for _ in 0..40 {
        house.wait(60_000);
        assert_eq!(house.engine.verify().unwrap().violations, []);
    }
}

#[test]
fn suspense_released_and_claims_settled_leave_the_file_sound() {
    let house = busy_house(1);
    let reversals = house.engine.reversal();
    let stuck = reversals.open_suspense(10).unwrap();
    let claims = reversals.open_claims(10).unwrap();
    assert_eq!((stuck.len(), claims.len()), (1, 1));
    reversals.release_suspense(stuck[0].id, None).unwrap();
    reversals.settle_claim(claims[0].id, ClaimSettlement::WrittenOff, "too small to argue").unwrap();
    assert_eq!(house.engine.verify().unwrap().violations, []);
}

/// Does this damage to a busy house; verification must find it under exactly
/// these invariants.
#[track_caller]
fn check_found(damage: &str, expected: &[&'static str]) {
    let mut house = busy_house(1);
    house.with_file(|file| {
        // The triggers would refuse: they are taken away and put back.
        let mut statement = file.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let triggers: Vec<(String, String)> = rows.map(|row| row.unwrap()).collect();
        drop(statement);
        triggers.iter().for_each(|(name, _)| file.execute_batch(&format!("DROP TRIGGER {name}")).unwrap());
        file.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;").unwrap();
        file.execute_batch(damage).unwrap();
        let changed: i64 = file.query_row("SELECT total_changes()", [], |row| row.get(0)).unwrap();
        assert!(changed > 0, "no damage done: {damage}");
        triggers.iter().for_each(|(_, sql)| file.execute_batch(sql).unwrap());
    });
    let report = house.engine.verify().unwrap();
    assert!(!report.is_sound);
    assert_eq!(invariants(&report), expected.iter().copied().collect(), "{damage}\n{:#?}", report.violations);
    assert!(report.violations.iter().all(|found| !found.subject.is_empty() && !found.detail.is_empty()));
}

#[test]
fn changed_balances_are_found() {
    check_found("UPDATE account SET balance_minor = balance_minor + 1 WHERE id = 1", &["I1", "I2"]);
    check_found("UPDATE account SET balance_minor = balance_minor + 1 WHERE kind = 3", &["I1", "I2", "I7"]);
    check_found("UPDATE account SET balance_minor = 5 WHERE kind = 7", &["FILE", "I1", "I2", "I4", "I7"]);
    check_found("UPDATE account SET balance_minor = 9223372036854775807 WHERE kind IN (4, 5)", &["I1", "I2"]);
    check_found("UPDATE account SET held_minor = held_minor + 1 WHERE id = 1", &["I6"]);
    check_found("UPDATE account SET posting_sequence = posting_sequence + 1 WHERE id = 1", &["I3"]);
}

#[test]
fn changed_postings_are_found() {
    check_found("UPDATE posting SET amount_minor = amount_minor + 1 WHERE id = 1", &["I2", "I3"]);
    check_found("UPDATE posting SET credit_balance_minor = credit_balance_minor - 1 WHERE id = 1", &["I3"]);
    check_found("UPDATE posting SET currency = 'USD' WHERE id = 1", &["I1"]);
    check_found("UPDATE posting SET amount_minor = -amount_minor WHERE id = 1", &["FILE", "I1", "I2", "I3"]);
    check_found("DELETE FROM posting WHERE type = 5", &["I2", "I3"]);
    check_found(
        "INSERT INTO posting (transaction_id, type, debit_account, credit_account, amount_minor, currency, created_at_ms)
         SELECT randomblob(16), 3, (SELECT id FROM account WHERE kind = 2), (SELECT min(id) FROM account WHERE kind = 1),
         777, 'NGN', 0",
        &["I2", "I3"],
    );
    check_found("UPDATE posting SET debit_account = 4242 WHERE type = 2", &["FILE", "I2", "I3"]);
}

#[test]
fn changed_payments_are_found() {
    check_found("UPDATE payment SET status = 4 WHERE status = 5", &["I5", "I7", "I8"]);
    check_found("UPDATE payment SET status = 7 WHERE status = 4", &["I5", "I7"]);
    check_found("UPDATE payment SET status = 4 WHERE status = 6 AND suspense_minor > 0", &["I5"]);
    check_found("UPDATE payment SET refunded_minor = refunded_minor + 1 WHERE status = 4", &["I5"]);
    check_found("UPDATE payment SET suspense_minor = 1 WHERE suspense_minor > 0", &["I5", "I7"]);
    check_found("UPDATE payment SET claim_settled = 1 WHERE claim_minor > 0", &["I5", "I7"]);
    check_found("UPDATE payment SET fee_minor = fee_minor + 1 WHERE status = 1", &["I5", "I7"]);
    check_found("UPDATE posting SET payment_id = zeroblob(16) WHERE type = 20", &["I5"]);
}

#[test]
fn reversals_that_are_not_once_and_whole_are_found() {
    check_found("UPDATE posting SET reversal_of = NULL WHERE type = 22", &["I5"]);
    check_found(
        "UPDATE posting SET reversal_of = (SELECT min(id) FROM posting WHERE type = 7) WHERE type = 9 AND amount_minor = 30000",
        &["I5"],
    );
    // A second credit for a fee, with balances and entries adjusted as a thief would.
    check_found(
        "DROP INDEX posting_reversal_once;
         CREATE TEMP TABLE r AS SELECT * FROM posting WHERE type = 9 ORDER BY id DESC LIMIT 1;
         INSERT INTO posting (transaction_id, type, debit_account, credit_account, amount_minor, currency, credit_sequence,
           credit_balance_minor, payment_id, reversal_of, created_at_ms)
         SELECT randomblob(16), 9, (SELECT id FROM account WHERE kind = 2), credit_account, amount_minor, currency,
           (SELECT posting_sequence + 1 FROM account WHERE id = credit_account),
           (SELECT balance_minor + amount_minor FROM account WHERE id = credit_account), payment_id, reversal_of, 0 FROM r;
         UPDATE account SET balance_minor = balance_minor + (SELECT amount_minor FROM r),
           posting_sequence = posting_sequence + 1 WHERE id = (SELECT credit_account FROM r);
         UPDATE account SET balance_minor = balance_minor - (SELECT amount_minor FROM r),
           posting_sequence = posting_sequence + 1 WHERE kind = 2;
         CREATE INDEX posting_reversal_once ON posting (reversal_of) WHERE reversal_of IS NOT NULL",
        &["I5", "SCHEMA"],
    );
}

#[test]
fn changed_holds_and_jobs_are_found() {
    check_found("UPDATE hold SET captured_minor = captured_minor - 1 WHERE captured_minor > 0", &["I6"]);
    check_found("UPDATE hold SET status = 3 WHERE status = 1", &["I6", "I8"]);
    check_found("DELETE FROM job WHERE kind = 4", &["I8"]);
    check_found("DELETE FROM job WHERE kind = 1", &["I8"]);
    check_found("DELETE FROM job WHERE kind = 3", &["I8"]);
    check_found("UPDATE job SET kind = 3 WHERE kind = 1", &["I8"]);
    check_found(
        "UPDATE job SET subject = zeroblob(16) WHERE kind = 2 AND id = (SELECT max(id) FROM job WHERE kind = 2)",
        &["I8"],
    );
    check_found(
        "INSERT INTO job (kind, status, subject, scheduled_ms, due_ms, created_at_ms)
         SELECT 2, 1, id, 0, 0, 0 FROM payment WHERE status = 4",
        &["I8"],
    );
}

#[test]
fn broken_chains_and_a_strange_schema_are_found() {
    check_found("DELETE FROM event WHERE sequence = 3", &["I9"]);
    check_found("DELETE FROM event WHERE sequence = 1", &["I9"]);
    check_found("INSERT INTO event_cursor VALUES ('mail', 9999)", &["I9"]);
    check_found("DELETE FROM audit WHERE sequence = 2", &["I9"]);
    check_found("UPDATE audit SET subject = 'me' WHERE sequence = 4", &["I9"]);
    check_found("DELETE FROM user WHERE email LIKE 'ben%'", &["FILE"]);
    check_found("UPDATE payment SET metadata = '{}'; DROP INDEX payment_claim", &["SCHEMA"]);
    check_found("UPDATE payment SET metadata = '{}'; CREATE TABLE spy AS SELECT * FROM user", &["SCHEMA"]);
}

#[test]
fn what_rows_say_beside_their_money_is_found_by_the_table() {
    for (damage, table) in [
        ("UPDATE account SET credit_limit_minor = 900 WHERE kind = 1", "account"),
        ("UPDATE payment SET customer_reference = 'another'", "payment"),
        ("UPDATE payment_step SET decision = 'another'", "payment_step"),
        ("UPDATE event SET payload = '{}' WHERE sequence = 3", "event"),
        ("UPDATE user SET email = 'another' WHERE email LIKE 'ben%'", "user"),
        ("UPDATE bill_item SET fee_fixed_minor = 7", "bill_item"),
        ("UPDATE idempotency SET answer = 'another'", "idempotency"),
        ("DELETE FROM idempotency", "idempotency"),
    ] {
        let mut house = busy_house(1);
        house.with_file(|file| assert!(file.execute(damage, []).unwrap() > 0, "{damage}"));
        let report = house.engine.verify().unwrap();
        let found: Vec<(&str, &str)> = report.violations.iter().map(|v| (v.invariant, v.subject.as_str())).collect();
        assert_eq!(found, [("ROWS", format!("table {table}").as_str())], "{damage}");
    }
}

#[test]
fn long_lists_of_violations_are_counted_and_cut() {
    let mut house = house(1);
    for index in 0..120 {
        house.user(&format!("u{index}@example.com"));
    }
    house.with_file(|file| file.execute_batch("UPDATE account SET held_minor = 7 WHERE kind = 1").unwrap());
    let report = house.engine.verify().unwrap();
    assert_eq!((report.violations.len(), report.violation_count, report.is_sound), (100, 121, false));
    let first = &report.violations[0];
    assert!(first.subject.starts_with("wallet:"), "{first:?}");
    assert_eq!(first.detail, "it holds 7; its active holds have 0 left");
}

#[test]
fn postings_payments_and_audit_refuse_raw_changes() {
    let mut house = busy_house(1);
    house.with_file(|file| {
        for (statement, refusal) in [
            ("UPDATE posting SET amount_minor = 1", "postings are never updated"),
            ("DELETE FROM posting WHERE id = 1", "postings are never deleted"),
            ("UPDATE audit SET success = 0", "audit links are never updated"),
            ("DELETE FROM audit WHERE sequence = 1", "audit links are never deleted"),
            ("DELETE FROM payment", "payments are never deleted"),
            ("UPDATE payment SET status = 4 WHERE status = 6", "illegal payment transition"),
        ] {
            let error = file.execute(statement, []).unwrap_err().to_string();
            assert!(error.contains(refusal), "{statement}: {error}");
        }
    });
    assert!(house.engine.verify().unwrap().is_sound);
}

#[test]
fn the_audit_trail_is_read_in_order_and_names_who_did_what() {
    let house = busy_house(1);
    let head = house.engine.audit().head().unwrap();
    let mut all: Vec<AuditRecord> = Vec::new();
    while let Some(page) = Some(house.engine.audit().read(all.last().map_or(0, |last| last.sequence), 7).unwrap())
        .filter(|page| !page.is_empty())
    {
        all.extend(page);
    }
    let sequences: Vec<u64> = all.iter().map(|record| record.sequence).collect();
    assert_eq!(sequences, (1..=head.sequence).collect::<Vec<_>>());
    let reversed = all.iter().find(|record| record.action == "bill.payment.reversed").unwrap();
    assert!(reversed.success && reversed.actor == "system" && reversed.at >= START, "{reversed:?}");
    assert!(all.iter().any(|record| record.action == "bill.payment.initiated" && record.actor == "host"));
    let page_of_none = house.engine.audit().read(0, 0).map_err(|error| error.code());
    assert_eq!(page_of_none, Err(Code::InvalidArgument));
    let report = house.engine.audit().verify(Some(&head)).unwrap();
    assert_eq!((report.is_sound, report.entries, report.first_bad), (true, head.sequence, None));
}

/// What following the chain says after this was done to the audit table.
fn audit_after(damage: &str) -> (AuditReport, AuditReport) {
    let mut house = busy_house(1);
    let head = house.engine.audit().head().unwrap();
    house.with_file(|file| {
        file.execute_batch("DROP TRIGGER audit_is_never_updated; DROP TRIGGER audit_is_never_deleted").unwrap();
        file.execute_batch(damage).unwrap();
    });
    let audit = house.engine.audit();
    (audit.verify(None).unwrap(), audit.verify(Some(&head)).unwrap())
}

#[test]
fn every_changed_column_of_an_audit_entry_names_its_sequence() {
    for change in [
        "at_ms = at_ms + 1",
        "actor = 'system'",
        "actor = 'nobody'",
        "action = 'wallet.funded '",
        "subject = subject || 'x'",
        "success = 1 - success",
        "origin = ''",
        "payload = '{\"amount_minor\":1}'",
        "payload = CAST(x'80' AS TEXT)",
        "hash = zeroblob(32)",
    ] {
        let (report, _) = audit_after(&format!("UPDATE audit SET {change} WHERE sequence = 5"));
        assert_eq!((report.is_sound, report.first_bad, report.entries), (false, Some(5), 4), "{change}");
        assert!(report.detail.is_some());
    }
}

#[test]
fn removed_and_swapped_audit_entries_are_found() {
    for (damage, first_bad) in [
        ("DELETE FROM audit WHERE sequence = 1", 1),
        ("DELETE FROM audit WHERE sequence = 6", 6),
        (
            "UPDATE audit SET sequence = -1 WHERE sequence = 3; UPDATE audit SET sequence = 3 WHERE sequence = 4;
             UPDATE audit SET sequence = 4 WHERE sequence = -1",
            3,
        ),
        // One is taken out and the gap is closed.
        (
            "DELETE FROM audit WHERE sequence = 7; UPDATE audit SET sequence = sequence + 1000 WHERE sequence > 7;
             UPDATE audit SET sequence = sequence - 1001 WHERE sequence > 1000",
            7,
        ),
    ] {
        assert_eq!(audit_after(damage).0.first_bad, Some(first_bad), "{damage}");
    }
}

#[test]
fn a_flipped_byte_in_the_file_names_its_audit_entry() {
    let mut house = busy_house(1);
    let hash: Vec<u8> = house
        .with_file(|file| file.query_row("SELECT hash FROM audit WHERE sequence = 9", [], |row| row.get(0)).unwrap());
    house.engine.close(Duration::from_secs(5)).unwrap();
    let mut bytes = std::fs::read(&house.path).unwrap();
    let at = bytes.windows(hash.len()).position(|window| window == hash).unwrap();
    bytes[at + 31] ^= 0x10;
    std::fs::write(&house.path, bytes).unwrap();
    house.engine = open(&house.path, 5, &house.clock, &house.provider).unwrap();
    assert_eq!(house.engine.audit().verify(None).unwrap().first_bad, Some(9));
    let report = house.engine.verify().unwrap();
    assert_eq!(report.violations[0].subject, "audit 9");
}

#[test]
fn a_trail_cut_off_at_its_end_is_found_with_the_exported_head() {
    let (without, with) = audit_after("DELETE FROM audit WHERE sequence > 10");
    assert_eq!((without.is_sound, without.entries), (true, 10));
    assert_eq!((with.is_sound, with.first_bad), (false, Some(11)));

    // Also when the engine has written on since: the entry at the head is another.
    let mut house = busy_house(1);
    let head = house.engine.audit().head().unwrap();
    house.with_file(|file| {
        file.execute_batch("DROP TRIGGER audit_is_never_deleted; DELETE FROM audit WHERE sequence > 10").unwrap();
    });
    while house.engine.audit().head().unwrap().sequence <= head.sequence {
        house.engine.bill().load_catalogue(&[]).unwrap();
    }
    let audit = house.engine.audit();
    assert!(audit.verify(None).unwrap().is_sound);
    assert_eq!(audit.verify(Some(&head)).unwrap().first_bad, Some(head.sequence));
    assert_eq!(head.to_string().parse::<AuditHead>().unwrap(), head);
}

#[test]
fn another_audit_key_does_not_verify() {
    let house = busy_house(1);
    house.engine.close(Duration::from_secs(5)).unwrap();
    let key = Secret::new((0..32u8).map(|i| i.wrapping_mul(37).wrapping_add(1)).collect::<Vec<_>>());
    let config = Config::new(&house.path, KeyRing::hs256("k1", key).unwrap()).with_worker(WorkerMode::Manual);
    let engine = FusePay::open(config.with_audit_key(Secret::new(vec![8; 32]))).unwrap();
    assert_eq!(engine.audit().verify(None).unwrap().first_bad, Some(1));
}

fn names(directory: &Path) -> BTreeSet<String> {
    std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_backup_under_writes_is_whole_and_private_and_verifies() {
    let house = busy_house(1);
    let wallet = house.user("writer@example.com");
    let target = tempfile::tempdir().unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    house.engine.wallet().fund(&MoneyRequest::new(wallet, ngn(1))).unwrap();
                }
            });
        }
        for index in 0..4 {
            house.engine.backup(&target.path().join(format!("copy-{index}.db"))).unwrap();
        }
        stop.store(true, Ordering::Relaxed);
    });
    let expected: BTreeSet<String> = (0..4).map(|index| format!("copy-{index}.db")).collect();
    assert_eq!(names(target.path()), expected, "one file per copy, and nothing else");
    for name in &expected {
        let path = target.path().join(name);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        let provider = Arc::new(Scripted::default());
        let copy = open(&path, 7, &house.clock, &provider).unwrap();
        let report = copy.verify().unwrap();
        assert_eq!(report.violations, []);
        assert_eq!(report.payments, 9);
        let last = copy.audit().read(copy.audit().head().unwrap().sequence.saturating_sub(400), 500).unwrap();
        assert!(last.iter().any(|record| record.action == "engine.backup" && record.subject == *name));
    }
    assert_eq!(house.engine.verify().unwrap().violations, []);
}

#[test]
fn a_backup_never_overwrites_or_follows() {
    let house = busy_house(1);
    let target = tempfile::tempdir().unwrap();
    let path = target.path().join("copy.db");
    house.engine.backup(&path).unwrap();
    let before = std::fs::read(&path).unwrap();
    let refused = |path: &Path| house.engine.backup(path).map_err(|error| error.code());
    assert_eq!(refused(&path), Err(Code::NotAllowed));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(refused(&house.path), Err(Code::NotAllowed));
    assert_eq!(refused(Path::new("")), Err(Code::InvalidArgument));
    assert_eq!(refused(&target.path().join("missing").join("copy.db")), Err(Code::InvalidArgument));
    let stale = target.path().join("other.db-wal");
    std::fs::write(&stale, b"a log of another database").unwrap();
    assert_eq!(refused(&target.path().join("other.db")), Err(Code::NotAllowed));
    #[cfg(unix)]
    {
        let link = target.path().join("link.db");
        std::os::unix::fs::symlink(target.path().join("elsewhere.db"), &link).unwrap();
        assert_eq!(refused(&link), Err(Code::NotAllowed));
        assert!(!target.path().join("elsewhere.db").exists());
    }
    assert!(names(target.path()).iter().all(|name| !name.contains("partial")));
}

fn fact(path: &Path, name: &str) -> Option<String> {
    let file = rusqlite::Connection::open(path).unwrap();
    file.query_row("SELECT value FROM instance WHERE name = ?1", [name], |row| row.get(0)).ok()
}

#[test]
fn a_copy_queries_what_the_original_may_have_sent() {
    let house = house(1);
    let wallet = house.user("ada@example.com");
    let payment = house.order(wallet, 5_000, None);
    let target = tempfile::tempdir().unwrap();
    let path = target.path().join("copy.db");
    house.engine.backup(&path).unwrap();
    assert_eq!(fact(&path, "copy").as_deref(), Some("yes"));

    // The original sends it.
    house.engine.run_due().unwrap();
    assert_eq!((house.status(&payment), house.calls()), (PaymentStatus::Completed, vec!["pay"]));

    // The copy has the same payment, still to be sent: it asks first.
    let provider = Arc::new(Scripted::default());
    let copy = open(&path, 2, &house.clock, &provider).unwrap();
    assert_eq!(copy.bill().find(payment.id).unwrap().status, PaymentStatus::Unknown);
    assert_eq!(copy.verify().unwrap().violations, []);
    provider.queries.lock().unwrap().push_back(QueryOutcome::Paid(PaidReceipt::new("known")));
    copy.run_due().unwrap();
    assert_eq!(*provider.calls.lock().unwrap(), ["query"]);
    assert_eq!(copy.bill().find(payment.id).unwrap().status, PaymentStatus::Completed);
    assert_eq!(copy.verify().unwrap().violations, []);
    assert_eq!(copy.ledger_digest().unwrap(), house.engine.ledger_digest().unwrap());

    // The mark counts once.
    copy.close(Duration::from_secs(5)).unwrap();
    assert_eq!((fact(&path, "copy").as_deref(), fact(&path, "epoch").as_deref()), (Some("no"), Some("2")));
    open(&path, 3, &house.clock, &provider).unwrap().close(Duration::from_secs(5)).unwrap();
    assert_eq!(fact(&path, "epoch").as_deref(), Some("2"));
}

#[test]
fn a_restored_file_that_is_declared_queries_first() {
    let house = house(1);
    let wallet = house.user("ada@example.com");
    let payment = house.order(wallet, 5_000, None);
    assert_eq!(house.engine.declare_restored().unwrap(), 1);
    assert_eq!(house.status(&payment), PaymentStatus::Unknown);
    assert_eq!(house.engine.verify().unwrap().violations, []);
    house.engine.run_due().unwrap();
    assert_eq!(house.calls(), ["query"]);
    assert_eq!(house.engine.declare_restored().unwrap(), 0);
    let restored = house.engine.audit().read(0, 500).unwrap();
    assert_eq!(restored.iter().filter(|record| record.action == "engine.restored").count(), 2);
}

#[test]
fn statistics_say_where_everything_stands() {
    let house = busy_house(1);
    let stats = house.engine.stats().unwrap();
    let payments: Vec<_> = stats.payments.iter().map(|row| (row.status.name(), row.count)).collect();
    let expected = [
        ("PENDING", 1),
        ("PROCESSING", 1),
        ("UNKNOWN", 1),
        ("COMPLETED", 1),
        ("FAILED", 1),
        ("REVERSED", 3),
        ("NEEDS_REVIEW", 1),
    ];
    assert_eq!(payments, expected);
    let balance = |account: &str, provider: Option<&str>| {
        let found = stats.balances.iter().find(|row| row.account == account && row.provider.as_deref() == provider);
        found.map(|row| (row.balance_minor, row.currency))
    };
    let clearing = 6_000 + 7_000 + 8_000 + 9_000 + 1_100 + 5 * 100;
    assert_eq!(balance("clearing", Some("alpha")), Some((clearing, Currency::NGN)));
    assert_eq!(balance("suspense", None), Some((40_100, Currency::NGN)));
    assert_eq!(balance("claims", None), Some((-30_000, Currency::NGN)));
    assert_eq!(balance("fees", None), Some((100, Currency::NGN)));
    // Topped up 50,000; paid 10,000 less 500 the biller returned; the host's
    // advance of 300 came back out of it; 30,000 late.
    assert_eq!(balance("float", Some("alpha")), Some((-50_000 + 9_500 + 30_000, Currency::NGN)));
    // Two wallets funded, and the host's two refunds, less what was withdrawn
    // and topped up, and less the advance that came back.
    assert_eq!(balance("funding", None), Some((-2_000_000 - 1_000 - 300 + 700 + 50_000 + 300, Currency::NGN)));
    let in_system: i64 = stats.balances.iter().map(|row| row.balance_minor).sum();
    assert!(in_system < 0, "the wallets have what the other accounts owe");
    let jobs: i64 = stats.jobs.iter().map(|row| row.count).sum();
    assert_eq!((jobs, stats.dead_letters), (5, 0));
    assert!(stats.jobs.iter().all(|row| row.oldest_due.is_some()));
    let alpha = &stats.providers[0];
    assert_eq!((alpha.provider.as_str(), alpha.breaker), ("alpha", BreakerState::Closed));
    assert_eq!((alpha.submits_in_flight, alpha.queries_in_flight), (0, 0));
    assert_eq!(stats.audit_head, house.engine.audit().head().unwrap());
    assert!(stats.event_head > 0 && stats.commits > 0 && stats.commit_members >= stats.commits);
    assert!(stats.database_bytes + stats.wal_bytes > 4_096);
}

#[test]
fn the_digest_depends_on_what_happened_and_not_on_ids_or_times() {
    let (one, two) = (busy_house(1), busy_house(2));
    let digest = one.engine.ledger_digest().unwrap();
    assert_eq!(digest.len(), 64);
    assert_eq!(two.engine.ledger_digest().unwrap(), digest);
    two.clock.advance(1);
    assert_eq!(two.engine.ledger_digest().unwrap(), digest);
    two.user("new@example.com");
    assert_ne!(two.engine.ledger_digest().unwrap(), digest);
}

/// The encoding once more, written independently from its description.
#[test]
fn the_digest_is_what_its_description_says() {
    use sha2::{Digest, Sha256};
    let mut house = busy_house(1);
    let digest = house.engine.ledger_digest().unwrap();
    let text = house.with_file(|file| {
        let name = "CASE WHEN a.kind = 1 THEN printf('wallet:%010d', (SELECT count(*) FROM account b
            WHERE b.kind = 1 AND b.id <= a.id)) ELSE a.name END";
        let lines = |sql: &str| -> Vec<String> {
            let mut statement = file.prepare(sql).unwrap();
            statement.query_map([], |row| row.get(0)).unwrap().map(|row| row.unwrap()).collect()
        };
        let mut accounts = lines(&format!(
            "SELECT 'account ' || {name} || ' ' || currency || ' ' || balance_minor || ' ' || held_minor FROM account a"
        ));
        accounts.sort_unstable();
        let mut statement = file
            .prepare(&format!(
                "SELECT p.type, p.amount_minor, (SELECT {name} FROM account a WHERE a.id = p.debit_account),
                 (SELECT {name} FROM account a WHERE a.id = p.credit_account), y.status
                 FROM posting p LEFT JOIN payment y ON y.id = p.payment_id ORDER BY p.id"
            ))
            .unwrap();
        let postings = statement
            .query_map([], |row| {
                let kind = TransactionType::from_number(row.get(0)?).unwrap();
                let status = row.get::<_, Option<u16>>(4)?.map(|number| PaymentStatus::from_number(number).unwrap());
                let (amount, debit, credit): (i64, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
                let status = status.map_or("-", PaymentStatus::name);
                Ok(format!("posting {} {amount} {debit} {credit} {status}", kind.name()))
            })
            .unwrap();
        let head = std::iter::once("fusepay.ledger 1".to_owned());
        head.chain(accounts).chain(postings.map(|row| row.unwrap())).map(|line| line + "\n").collect::<String>()
    });
    let expected: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, expected, "{text}");
}
