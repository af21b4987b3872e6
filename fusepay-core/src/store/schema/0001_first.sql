-- FusePay schema 1. Immutable once released: changes are new files.
-- Amounts are minor units (…_minor), times are milliseconds UTC (…_ms), states
-- are numbers of vocabulary.rs. Invariants (I1…I9) are those of engine/verify.rs.

-- Facts about this file. Written by open, recovery and backup.
CREATE TABLE instance (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per engine that opened the file; alive while it holds the lock byte
-- of its number. Written by open and close, read by orphan recovery.
CREATE TABLE incarnation (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  owner         TEXT NOT NULL,
  opened_at_ms  INTEGER NOT NULL,
  closed_at_ms  INTEGER
) STRICT;
CREATE INDEX incarnation_open ON incarnation (id) WHERE closed_at_ms IS NULL;

-- Users. Written by auth.
CREATE TABLE user (
  id                BLOB PRIMARY KEY CHECK (length(id) = 16),
  email             TEXT NOT NULL CONSTRAINT user_email_unique UNIQUE,
  first_name        TEXT NOT NULL,
  last_name         TEXT NOT NULL,
  -- The names in lower case, for prefix search.
  first_name_folded TEXT NOT NULL,
  last_name_folded  TEXT NOT NULL,
  role              INTEGER NOT NULL CHECK (role BETWEEN 1 AND 4),
  status            INTEGER NOT NULL CHECK (status BETWEEN 1 AND 2),
  password_hash     TEXT NOT NULL,
  -- Rises with every cause that ends all sessions.
  auth_generation   INTEGER NOT NULL CHECK (auth_generation >= 1),
  version           INTEGER NOT NULL CHECK (version >= 1),
  created_at_ms     INTEGER NOT NULL,
  updated_at_ms     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX user_by_role ON user (role, status);
CREATE INDEX user_by_creation ON user (created_at_ms, id);

-- Log-ins. The refresh token is derived, never stored (auth/refresh.rs).
-- Written by auth. Dead ones go at the next log-in of their user.
CREATE TABLE session (
  id                  BLOB PRIMARY KEY CHECK (length(id) = 16),
  user_id             BLOB NOT NULL REFERENCES user (id),
  auth_generation     INTEGER NOT NULL,
  refresh_salt        BLOB NOT NULL CHECK (length(refresh_salt) = 32),
  refresh_counter     INTEGER NOT NULL CHECK (refresh_counter >= 1),
  device              TEXT NOT NULL,
  created_at_ms       INTEGER NOT NULL,
  rotated_at_ms       INTEGER NOT NULL,
  revoked_at_ms       INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_user ON session (user_id, created_at_ms, id);

-- Guesses per purpose and subject (a hash of the name tried), as in
-- auth/lockout.rs. Times on the engine's own timeline. Written by auth.
CREATE TABLE login_attempt (
  purpose         INTEGER NOT NULL,
  subject_hash    BLOB NOT NULL CHECK (length(subject_hash) = 32),
  failures        INTEGER NOT NULL CHECK (failures >= 0),
  reserved        INTEGER NOT NULL CHECK (reserved >= 0),
  reserved_at_ms  INTEGER,
  locked_until_ms INTEGER,
  updated_at_ms   INTEGER NOT NULL,
  PRIMARY KEY (purpose, subject_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX login_attempt_by_age ON login_attempt (updated_at_ms);

-- Ledger accounts: one per wallet, and per currency the system accounts.
-- balance = credits - debits of its postings (I2). Written by book.
CREATE TABLE account (
  id                 INTEGER PRIMARY KEY,
  name               TEXT NOT NULL CONSTRAINT account_name_unique UNIQUE,
  kind               INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 7),
  currency           TEXT NOT NULL CHECK (length(currency) = 3),
  balance_minor      INTEGER NOT NULL DEFAULT 0,
  held_minor         INTEGER NOT NULL DEFAULT 0 CHECK (held_minor >= 0),
  credit_limit_minor INTEGER NOT NULL DEFAULT 0 CHECK (credit_limit_minor >= 0),
  posting_sequence   INTEGER NOT NULL DEFAULT 0,
  version            INTEGER NOT NULL DEFAULT 1,
  -- I4: a wallet never spends what it has not; clearing and suspense never
  -- owe; funding and claims are never owed.
  CONSTRAINT account_floor CHECK (
    (kind <> 1 OR balance_minor - held_minor >= -credit_limit_minor) AND
    (kind NOT IN (3, 6) OR balance_minor >= 0) AND
    (kind NOT IN (2, 7) OR balance_minor <= 0))
) STRICT;

-- Wallets. Written by wallet; its money is in the account.
CREATE TABLE wallet (
  id             BLOB PRIMARY KEY CHECK (length(id) = 16),
  user_id        BLOB NOT NULL REFERENCES user (id),
  account_id     INTEGER NOT NULL CONSTRAINT wallet_account_unique UNIQUE REFERENCES account (id),
  currency       TEXT NOT NULL,
  label          TEXT NOT NULL,
  status         INTEGER NOT NULL CHECK (status BETWEEN 1 AND 4),
  created_at_ms  INTEGER NOT NULL,
  updated_at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX wallet_by_user ON wallet (user_id, created_at_ms, id);

-- Limits of one wallet. Written by wallet.
CREATE TABLE wallet_limit (
  wallet_id         BLOB NOT NULL REFERENCES wallet (id),
  window            INTEGER NOT NULL CHECK (window BETWEEN 1 AND 3),
  category          TEXT NOT NULL,
  amount_max_minor  INTEGER,
  count_max         INTEGER,
  PRIMARY KEY (wallet_id, window, category)
) STRICT, WITHOUT ROWID;

-- Every movement of money: debit account -> credit account (I1: the sum is
-- zero by construction). Never updated, never deleted. Written by book.
CREATE TABLE posting (
  id                  INTEGER PRIMARY KEY,
  transaction_id      BLOB NOT NULL CHECK (length(transaction_id) = 16),
  type                INTEGER NOT NULL,
  debit_account       INTEGER NOT NULL REFERENCES account (id),
  credit_account      INTEGER NOT NULL REFERENCES account (id),
  amount_minor        INTEGER NOT NULL CHECK (amount_minor > 0),
  currency            TEXT NOT NULL CHECK (length(currency) = 3),
  debit_sequence      INTEGER,
  debit_balance_minor INTEGER,
  credit_sequence     INTEGER,
  credit_balance_minor INTEGER,
  payment_id          BLOB,
  hold_id             BLOB,
  reversal_of         INTEGER REFERENCES posting (id),
  refund_of           INTEGER REFERENCES posting (id),
  category            TEXT,
  external_reference  TEXT,
  description         TEXT,
  metadata            TEXT,
  created_at_ms       INTEGER NOT NULL,
  CHECK (debit_account <> credit_account)
) STRICT;
CREATE UNIQUE INDEX posting_transaction ON posting (transaction_id);
-- I5: exactly one reversal credit per reversed posting.
CREATE UNIQUE INDEX posting_reversal_once ON posting (reversal_of) WHERE reversal_of IS NOT NULL;
CREATE INDEX posting_refund ON posting (refund_of) WHERE refund_of IS NOT NULL;
CREATE INDEX posting_payment ON posting (payment_id) WHERE payment_id IS NOT NULL;
CREATE UNIQUE INDEX posting_external_once ON posting (type, external_reference) WHERE external_reference IS NOT NULL;
-- I3: a wallet's sequence has no gap and no double.
CREATE UNIQUE INDEX posting_debit_entry ON posting (debit_account, debit_sequence) WHERE debit_sequence IS NOT NULL;
CREATE UNIQUE INDEX posting_credit_entry ON posting (credit_account, credit_sequence) WHERE credit_sequence IS NOT NULL;

CREATE TRIGGER posting_is_never_updated BEFORE UPDATE ON posting
BEGIN SELECT RAISE(ABORT, 'postings are never updated'); END;
CREATE TRIGGER posting_is_never_deleted BEFORE DELETE ON posting
BEGIN SELECT RAISE(ABORT, 'postings are never deleted'); END;

-- Reservations. held_minor of the account = sum of what active holds have left (I6).
CREATE TABLE hold (
  id              BLOB PRIMARY KEY CHECK (length(id) = 16),
  wallet_id       BLOB NOT NULL REFERENCES wallet (id),
  amount_minor    INTEGER NOT NULL CHECK (amount_minor > 0),
  captured_minor  INTEGER NOT NULL CHECK (captured_minor BETWEEN 0 AND amount_minor),
  status          INTEGER NOT NULL CHECK (status BETWEEN 1 AND 4),
  description     TEXT,
  created_at_ms   INTEGER NOT NULL,
  expires_at_ms   INTEGER NOT NULL,
  resolved_at_ms  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_by_wallet ON hold (wallet_id, status);

-- The catalogue. Written by bill.
CREATE TABLE biller (
  code       TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  category   TEXT NOT NULL,
  providers  TEXT NOT NULL,
  enabled    INTEGER NOT NULL CHECK (enabled IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX biller_by_category ON biller (category, code);

CREATE TABLE bill_item (
  biller              TEXT NOT NULL REFERENCES biller (code),
  code                TEXT NOT NULL,
  name                TEXT NOT NULL,
  currency            TEXT NOT NULL,
  minimum_minor       INTEGER NOT NULL CHECK (minimum_minor >= 1),
  maximum_minor       INTEGER NOT NULL,
  fee_fixed_minor     INTEGER NOT NULL CHECK (fee_fixed_minor >= 0),
  fee_per_mille       INTEGER NOT NULL CHECK (fee_per_mille BETWEEN 0 AND 1000),
  fee_minimum_minor   INTEGER NOT NULL CHECK (fee_minimum_minor >= 0),
  fee_maximum_minor   INTEGER,
  validates_customer  INTEGER NOT NULL CHECK (validates_customer IN (0, 1)),
  enabled             INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  PRIMARY KEY (biller, code),
  CHECK (maximum_minor >= minimum_minor)
) STRICT, WITHOUT ROWID;

-- Prices given out, good until they expire. A quote pays once.
CREATE TABLE quote (
  id                  BLOB PRIMARY KEY CHECK (length(id) = 16),
  user_id             BLOB NOT NULL REFERENCES user (id),
  biller              TEXT NOT NULL,
  item                TEXT NOT NULL,
  customer_reference  TEXT NOT NULL,
  customer_name       TEXT,
  amount_minor        INTEGER NOT NULL CHECK (amount_minor > 0),
  fee_minor           INTEGER NOT NULL CHECK (fee_minor >= 0),
  currency            TEXT NOT NULL,
  created_at_ms       INTEGER NOT NULL,
  expires_at_ms       INTEGER NOT NULL,
  payment_id          BLOB
) STRICT, WITHOUT ROWID;

-- Bill payments. clearing = sum of amount + fee of the open ones (I7).
CREATE TABLE payment (
  id                  BLOB PRIMARY KEY CHECK (length(id) = 16),
  user_id             BLOB NOT NULL,
  wallet_id           BLOB NOT NULL REFERENCES wallet (id),
  biller              TEXT NOT NULL,
  item                TEXT NOT NULL,
  category            TEXT NOT NULL,
  provider            TEXT NOT NULL,
  customer_reference  TEXT NOT NULL,
  amount_minor        INTEGER NOT NULL CHECK (amount_minor > 0),
  fee_minor           INTEGER NOT NULL CHECK (fee_minor >= 0),
  currency            TEXT NOT NULL,
  request_id          TEXT NOT NULL,
  status              INTEGER NOT NULL CHECK (status BETWEEN 1 AND 7),
  version             INTEGER NOT NULL,
  refunded_minor      INTEGER NOT NULL DEFAULT 0 CHECK (refunded_minor BETWEEN 0 AND amount_minor + fee_minor),
  sends               INTEGER NOT NULL DEFAULT 0,
  not_found_streak    INTEGER NOT NULL DEFAULT 0,
  sent_at_ms          INTEGER,
  provider_reference  TEXT,
  receipt             TEXT,
  tokens              BLOB,
  failure_code        TEXT,
  failure_reason      TEXT,
  review_reason       INTEGER,
  claim_minor         INTEGER NOT NULL DEFAULT 0 CHECK (claim_minor >= 0),
  claim_settled       INTEGER NOT NULL DEFAULT 0 CHECK (claim_settled IN (0, 1)),
  suspense_minor      INTEGER NOT NULL DEFAULT 0 CHECK (suspense_minor >= 0),
  metadata            TEXT NOT NULL,
  created_at_ms       INTEGER NOT NULL,
  updated_at_ms       INTEGER NOT NULL,
  completed_at_ms     INTEGER,
  requery_asked_at_ms INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX payment_request ON payment (provider, request_id);
CREATE INDEX payment_by_wallet ON payment (wallet_id, id);
CREATE INDEX payment_open ON payment (status, id) WHERE status NOT IN (4, 6);
CREATE INDEX payment_claim ON payment (id) WHERE claim_minor > 0 AND claim_settled = 0;
CREATE INDEX payment_suspense ON payment (id) WHERE suspense_minor > 0;

-- The pairs of bill/payment.rs TRANSITIONS, loaded from there at open.
CREATE TABLE payment_transition (
  before INTEGER NOT NULL,
  after  INTEGER NOT NULL,
  PRIMARY KEY (before, after)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER payment_follows_its_machine BEFORE UPDATE OF status ON payment
WHEN NEW.status <> OLD.status AND NOT EXISTS (
  SELECT 1 FROM payment_transition WHERE before = OLD.status AND after = NEW.status)
BEGIN SELECT RAISE(ABORT, 'illegal payment transition'); END;
CREATE TRIGGER payment_is_never_deleted BEFORE DELETE ON payment
BEGIN SELECT RAISE(ABORT, 'payments are never deleted'); END;

-- Every contact with a provider about a payment, committed before the call.
CREATE TABLE attempt (
  id              INTEGER PRIMARY KEY,
  payment_id      BLOB NOT NULL REFERENCES payment (id),
  kind            INTEGER NOT NULL,
  incarnation     INTEGER NOT NULL,
  outcome         INTEGER NOT NULL,
  detail          TEXT,
  evidence_hash   BLOB,
  evidence_text   TEXT,
  started_at_ms   INTEGER NOT NULL,
  started_due_ms  INTEGER NOT NULL,
  finished_at_ms  INTEGER,
  finished_due_ms INTEGER
) STRICT;
CREATE INDEX attempt_by_payment ON attempt (payment_id, id);
CREATE INDEX attempt_in_flight ON attempt (incarnation) WHERE finished_at_ms IS NULL;

-- What was decided about a payment and why, in order: read by explain.
CREATE TABLE payment_step (
  id          INTEGER PRIMARY KEY,
  payment_id  BLOB NOT NULL REFERENCES payment (id),
  at_ms       INTEGER NOT NULL,
  before      INTEGER NOT NULL,
  after       INTEGER NOT NULL,
  attempt_id  INTEGER,
  decision    TEXT NOT NULL
) STRICT;
CREATE INDEX payment_step_by_payment ON payment_step (payment_id, id);

-- Work to do. Due times are on the engine's timeline; scheduled_ms is the
-- moment the delay was counted from, so that an open after a clock that went
-- back can count it again. A finished job is deleted.
CREATE TABLE job (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  kind             INTEGER NOT NULL,
  status           INTEGER NOT NULL CHECK (status BETWEEN 1 AND 3),
  subject          BLOB NOT NULL CHECK (length(subject) = 16),
  provider         TEXT,
  runs             INTEGER NOT NULL DEFAULT 0,
  crashes          INTEGER NOT NULL DEFAULT 0,
  scheduled_ms     INTEGER NOT NULL,
  due_ms           INTEGER NOT NULL,
  lease_token      INTEGER,
  lease_incarnation INTEGER,
  lease_until_ms   INTEGER,
  last_error       TEXT,
  created_at_ms    INTEGER NOT NULL,
  died_at_ms       INTEGER
) STRICT;
CREATE INDEX job_due ON job (due_ms, id) WHERE status = 1;
CREATE INDEX job_leased ON job (lease_incarnation) WHERE status = 2;
CREATE INDEX job_dead ON job (id) WHERE status = 3;
-- I8: one live job per subject.
CREATE UNIQUE INDEX job_live ON job (subject) WHERE status <> 3;
CREATE INDEX job_dead_subject ON job (subject) WHERE status = 3;

-- Same key, same answer, for ever. Written by once.
CREATE TABLE idempotency (
  principal      BLOB NOT NULL,
  operation      INTEGER NOT NULL,
  key            TEXT NOT NULL,
  fingerprint    BLOB NOT NULL,
  refusal_code   INTEGER,
  answer         TEXT NOT NULL,
  created_at_ms  INTEGER NOT NULL,
  PRIMARY KEY (principal, operation, key)
) STRICT, WITHOUT ROWID;

-- Outbox: gapless, in commit order (I9).
CREATE TABLE event (
  sequence    INTEGER PRIMARY KEY,
  name        INTEGER NOT NULL,
  at_ms       INTEGER NOT NULL,
  user_id     BLOB,
  wallet_id   BLOB,
  payment_id  BLOB,
  transaction_id BLOB,
  hold_id     BLOB,
  job_id      INTEGER,
  payload     TEXT NOT NULL
) STRICT;

CREATE TABLE event_cursor (
  subscriber  TEXT PRIMARY KEY,
  sequence    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Audit chain: gapless, each link covers the one before (I9).
CREATE TABLE audit (
  sequence       INTEGER PRIMARY KEY,
  at_ms          INTEGER NOT NULL,
  actor          TEXT NOT NULL,
  action         TEXT NOT NULL,
  subject        TEXT NOT NULL,
  success        INTEGER NOT NULL CHECK (success IN (0, 1)),
  origin         TEXT NOT NULL,
  payload        TEXT NOT NULL,
  hash           BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TRIGGER audit_is_never_updated BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit links are never updated'); END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit links are never deleted'); END;
