//! The baseline: what a careful hand writes with rusqlite alone. The same
//! schema, pragmas and rows, one transaction per call on one connection.

use rusqlite::{Connection, named_params};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

const SCHEMA: &str = include_str!("../../src/store/schema/0001_first.sql");

/// One connection, for however many callers.
pub(crate) struct Naive(Mutex<State>);

struct State {
    connection: Connection,
    number: i64,
}

impl Naive {
    pub(crate) fn open(path: &Path) -> Self {
        let connection = Connection::open(path).expect("a database");
        connection.set_prepared_statement_cache_capacity(64);
        for (name, value) in
            [("journal_mode", "WAL"), ("synchronous", "FULL"), ("foreign_keys", "OFF"), ("secure_delete", "ON")]
        {
            connection.pragma_update(None, name, value).expect(name);
        }
        connection.pragma_update(None, "wal_autocheckpoint", 4000).expect("wal_autocheckpoint");
        connection.execute_batch(SCHEMA).expect("the schema");
        let pairs = "INSERT INTO payment_transition (before, after) VALUES (1, 2)";
        connection.execute_batch(pairs).expect("transitions");
        for (id, kind, name, balance) in
            [(1, 1, "wallet:1", 1i64 << 60), (2, 1, "wallet:2", 0), (3, 3, "clearing:p:NGN", 0)]
        {
            connection
                .execute(
                    "INSERT INTO account (id, name, kind, currency, balance_minor) VALUES (?1, ?2, ?3, 'NGN', ?4)",
                    rusqlite::params![id, name, kind, balance],
                )
                .expect("an account");
        }
        connection
            .execute_batch(
                "INSERT INTO wallet (id, user_id, account_id, currency, label, status, created_at_ms, updated_at_ms)
                 VALUES (zeroblob(16), zeroblob(16), 1, 'NGN', '', 1, 0, 0)",
            )
            .expect("a wallet");
        // On from here: the wallet's user is nobody's business.
        connection.pragma_update(None, "foreign_keys", "ON").expect("foreign_keys");
        Naive(Mutex::new(State { connection, number: 0 }))
    }

    /// The rows of one payment without a fee, in a transaction of its own.
    pub(crate) fn pay(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.number += 1;
        state.begin();
        state.movement(7, 1, 3);
        state.payment();
        state.records("bill.payment.initiated");
        state.commit();
    }

    /// The rows of this many transfers, in one transaction.
    pub(crate) fn transfer(&self, count: u32) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.begin();
        for _ in 0..count {
            state.number += 1;
            state.movement(5, 1, 2);
            state.event(25);
        }
        state.key_and_audit("wallet.transferred");
        state.commit();
    }
}

impl State {
    fn run(&self, sql: &str, params: &[(&str, &dyn rusqlite::ToSql)]) {
        self.connection.prepare_cached(sql).and_then(|mut s| s.execute(params)).expect(sql);
    }

    fn begin(&self) {
        self.run("BEGIN IMMEDIATE", &[]);
    }

    fn commit(&self) {
        self.run("COMMIT", &[]);
    }

    fn id(&self) -> [u8; 16] {
        let mut id = [0; 16];
        id[8..].copy_from_slice(&self.number.to_be_bytes());
        id
    }

    fn movement(&self, kind: i64, debit: i64, credit: i64) {
        for (account, delta) in [(debit, -1), (credit, 1)] {
            let found: i64 = self
                .connection
                .prepare_cached("SELECT balance_minor FROM account WHERE id = ?1")
                .and_then(|mut s| s.query_row([account], |row| row.get(0)))
                .expect("an account");
            assert!(found + delta >= 0);
            self.run(
                "UPDATE account SET balance_minor = balance_minor + :delta, posting_sequence = posting_sequence + 1,
                 version = version + 1 WHERE id = :id",
                named_params! { ":delta": delta, ":id": account },
            );
        }
        self.run(
            "INSERT INTO posting (transaction_id, type, debit_account, credit_account, amount_minor, currency,
             debit_sequence, debit_balance_minor, created_at_ms, payment_id)
             VALUES (:id, :kind, :debit, :credit, 1, 'NGN', :number, 0, 0, :id)",
            named_params! { ":id": self.id(), ":kind": kind, ":debit": debit, ":credit": credit, ":number": self.number },
        );
    }

    /// Request ids are hashes, so they fall all over their index.
    fn payment(&self) {
        self.run(
            "INSERT INTO payment (id, user_id, wallet_id, biller, item, category, provider, customer_reference,
             amount_minor, fee_minor, currency, request_id, status, version, metadata, created_at_ms, updated_at_ms)
             VALUES (:id, zeroblob(16), zeroblob(16), 'disco', 'prepaid', 'ELECTRICITY', 'p', '45700000001', 1, 0, 'NGN',
             :request, 1, 1, '{}', 0, 0)",
            named_params! { ":id": self.id(), ":request": format!("{:016x}-{:016x}", self.number.wrapping_mul(-7_046_029_254_386_353_131), self.number) },
        );
        self.run(
            "INSERT INTO job (kind, status, subject, provider, scheduled_ms, due_ms, created_at_ms)
             VALUES (1, 1, :id, 'p', 0, 0, 0)",
            named_params! { ":id": self.id() },
        );
    }

    fn records(&self, action: &str) {
        self.event(40);
        self.key_and_audit(action);
    }

    fn event(&self, name: i64) {
        self.run(
            "INSERT INTO event (name, at_ms, wallet_id, payload) VALUES (:name, 0, zeroblob(16), :payload)",
            named_params! { ":name": name, ":payload": PAYLOAD },
        );
    }

    fn key_and_audit(&self, action: &str) {
        self.run(
            "INSERT INTO idempotency (principal, operation, key, fingerprint, answer, created_at_ms)
             VALUES (zeroblob(16), 9, :key, zeroblob(90), :answer, 0)",
            named_params! { ":key": format!("key-{}", self.number), ":answer": ANSWER },
        );
        self.run(
            "INSERT INTO audit (at_ms, actor, action, subject, success, origin, payload, hash)
             VALUES (0, 'host', :action, :subject, 1, 'embedded', :payload, zeroblob(32))",
            named_params! { ":action": action, ":subject": format!("{:036}", self.number), ":payload": PAYLOAD },
        );
    }
}

/// As long as an event of a payment is.
const PAYLOAD: &str = r#"{"status":"PENDING","reference":"BILL_00000000000000000000000000000000","amount_minor":1,"fee_minor":0,"currency":"NGN"}"#;
/// As long as an answer that is remembered.
const ANSWER: &str = r#"{"id":"00000000-0000-0000-0000-000000000000","user_id":"00000000-0000-0000-0000-000000000000","wallet_id":"00000000-0000-0000-0000-000000000000","biller":"disco","item":"prepaid","category":"ELECTRICITY","provider":"p","customer_reference":"45700000001","amount":{"minor":1,"currency":"NGN"},"fee":{"minor":0,"currency":"NGN"},"status":"PENDING","version":1,"request_id":"00000000-0000-0000-0000-000000000000","refunded_minor":0,"metadata":"{}","created_at":0,"updated_at":0}"#;
