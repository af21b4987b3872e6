//! Every word that leaves the engine: error codes, states, transaction types,
//! roles, job kinds and event names, each with a stable number, a stable name
//! and one sentence of meaning.
//!
//! This is the only table of them. The C header, the Python module and the
//! pages under `docs/` are generated from it (`cargo xtask codegen`), and
//! `tests/golden/vocabulary.txt` may only gain lines: a number or a name that
//! was released is never changed or used again.

/// One word of the vocabulary, as generators and documentation see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Word {
    /// Stable number, as stored in the database and seen over the C boundary.
    pub number: u16,
    /// Stable name, as seen in JSON, logs and Python.
    pub name: &'static str,
    /// One sentence saying what the word means.
    pub meaning: &'static str,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $number:literal, $text:literal, $meaning:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name { $(#[doc = $meaning] $variant = $number,)+ }

        impl $name {
            /// Every word of this list, in the order of the table.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];
            /// The table itself, for generators.
            pub const WORDS: &'static [Word] = &[$(Word { number: $number, name: $text, meaning: $meaning },)+];

            /// The stable number.
            #[must_use]
            pub const fn number(self) -> u16 {
                match self { $($name::$variant => $number,)+ }
            }

            /// The stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }

            /// One sentence saying what the word means.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $($name::$variant => $meaning,)+ }
            }

            /// The word with this number, if there is one.
            #[must_use]
            pub const fn from_number(number: u16) -> Option<Self> {
                match number { $($number => Some($name::$variant),)+ _ => None }
            }

            /// The word with exactly this name, if there is one.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some($name::$variant),)+ _ => None }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::from_name(&name).ok_or_else(|| serde::de::Error::custom("not a word of this list"))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

words! {
    /// What a host should do about an error.
    ErrorKind {
        Refused = 1, "refused", "a rule said no; change the request";
        Busy = 2, "busy", "nothing happened; make the same call later";
        InDoubt = 3, "in_doubt", "it may have happened; repeat with the same idempotency key until the answer is definite";
        Misuse = 4, "misuse", "the calling code is wrong; fix it";
        Fault = 5, "fault", "the engine or its storage is broken; call someone";
    }
}

macro_rules! codes {
    ($($variant:ident = $number:literal, $kind:ident, $text:literal, $meaning:literal;)+) => {
        words! {
            /// Every error the engine can answer with, on every surface.
            Code { $($variant = $number, $text, $meaning;)+ }
        }

        impl Code {
            /// What a host should do about it.
            #[must_use]
            pub const fn kind(self) -> ErrorKind {
                match self { $(Code::$variant => ErrorKind::$kind,)+ }
            }
        }
    };
}

codes! {
    InvalidArgument = 100, Misuse, "INVALID_ARGUMENT", "a parameter is malformed or out of range; the error names it";
    InvalidAmount = 101, Misuse, "INVALID_AMOUNT", "an amount is zero, negative, malformed, too precise for its currency, or too large";
    InvalidCurrency = 102, Misuse, "INVALID_CURRENCY", "not an ISO 4217 currency with minor units";
    InvalidId = 103, Misuse, "INVALID_ID", "an identifier is malformed";
    TooLong = 104, Misuse, "TOO_LONG", "a parameter is longer than its bound";
    InvalidMetadata = 105, Misuse, "INVALID_METADATA", "metadata is not a JSON object within the bounds of size and depth";
    InvalidCursor = 106, Misuse, "INVALID_CURSOR", "a page cursor was not made by this engine for this listing";
    InvalidConfig = 107, Misuse, "INVALID_CONFIG", "the configuration is unsafe or contradicts itself; the engine does not start";
    InvalidEmail = 108, Misuse, "INVALID_EMAIL", "not an e-mail address this engine accepts";
    WeakPassword = 109, Misuse, "WEAK_PASSWORD", "the password is too short, too long, or known to be common";
    Closed = 120, Misuse, "CLOSED", "the engine has been closed";
    Forked = 121, Misuse, "FORKED", "the engine was opened in a parent process; a child must open its own";
    AlreadyOpen = 122, Misuse, "ALREADY_OPEN", "this process already has an engine open on this file";
    Reentrant = 123, Misuse, "REENTRANT", "the engine was called from inside one of its own transactions";
    InvalidHandle = 124, Misuse, "INVALID_HANDLE", "a handle is null, stale, foreign or already closed";
    UnsafeFile = 125, Misuse, "UNSAFE_FILE", "the database path is a link, a special file, or readable or writable by others";
    UnsupportedFileSystem = 126, Misuse, "UNSUPPORTED_FILE_SYSTEM", "the database lies on a network file system, where no lock can be trusted";
    NotManual = 127, Misuse, "NOT_MANUAL", "this call needs the manual worker mode";

    NotFound = 200, Refused, "NOT_FOUND", "there is no such object, or it is not the caller's";
    Forbidden = 201, Refused, "FORBIDDEN", "the caller's role does not allow this";
    IdempotencyKeyReused = 202, Refused, "IDEMPOTENCY_KEY_REUSED", "this key was used with other parameters; the error names the first that differs";
    Conflict = 203, Busy, "CONFLICT", "the object is not at the version the caller expected; read it again";
    ExternalReferenceUsed = 204, Refused, "EXTERNAL_REFERENCE_USED", "this external reference has already been booked";
    NotAllowed = 205, Refused, "NOT_ALLOWED", "the object's present state does not allow this";

    InvalidCredentials = 300, Refused, "INVALID_CREDENTIALS", "the e-mail and password do not match an account that may log in now";
    EmailTaken = 301, Refused, "EMAIL_TAKEN", "an account with this e-mail address exists";
    InvalidToken = 302, Refused, "INVALID_TOKEN", "the token is malformed, forged, expired or revoked";
    LastAdmin = 303, Refused, "LAST_ADMIN", "the last active admin cannot be demoted or deactivated";
    HashingBusy = 304, Busy, "HASHING_BUSY", "too many passwords are being checked at once";
    PinRequired = 305, Refused, "PIN_REQUIRED", "this payment needs the user's payment PIN";
    InvalidPin = 306, Refused, "INVALID_PIN", "the payment PIN is wrong or locked";

    InsufficientFunds = 400, Refused, "INSUFFICIENT_FUNDS", "the wallet's available balance does not cover this";
    CurrencyMismatch = 401, Refused, "CURRENCY_MISMATCH", "two sides of the operation are in different currencies";
    WalletFrozen = 402, Refused, "WALLET_FROZEN", "the wallet is frozen for this kind of movement";
    WalletClosed = 403, Refused, "WALLET_CLOSED", "the wallet is closed";
    LimitExceeded = 404, Refused, "LIMIT_EXCEEDED", "a limit on amount or count would be exceeded; the error names it";
    AmountOverflow = 405, Refused, "AMOUNT_OVERFLOW", "a balance would leave the range of a 64-bit integer";
    HoldResolved = 406, Refused, "HOLD_RESOLVED", "the hold has been captured, released or has expired";
    CaptureAboveHold = 407, Refused, "CAPTURE_ABOVE_HOLD", "more would be captured than the hold has left";
    WalletNotEmpty = 408, Refused, "WALLET_NOT_EMPTY", "only a wallet with no money, holds or open payments can be closed";
    SameWallet = 409, Refused, "SAME_WALLET", "a transfer needs two different wallets";

    BillerUnavailable = 500, Refused, "BILLER_UNAVAILABLE", "the biller or item does not exist, is switched off, or has no provider";
    AmountOutOfRange = 501, Refused, "AMOUNT_OUT_OF_RANGE", "the item's fixed price, minimum or maximum does not allow this amount";
    CustomerRejected = 502, Refused, "CUSTOMER_REJECTED", "the biller does not know this customer reference";
    QuoteExpired = 503, Refused, "QUOTE_EXPIRED", "the quote is past its expiry; ask for a new one";
    QuoteUsed = 504, Refused, "QUOTE_USED", "the quote has paid for something already";
    NotReversible = 505, Refused, "NOT_REVERSIBLE", "without conclusive evidence that it failed, a payment is not reversed";
    RefundAbovePaid = 506, Refused, "REFUND_ABOVE_PAID", "refunds would add up to more than was paid";
    ProviderUnavailable = 507, Busy, "PROVIDER_UNAVAILABLE", "the provider did not answer, or its circuit breaker is open";
    WebhookRejected = 508, Refused, "WEBHOOK_REJECTED", "the provider's adapter could not verify this webhook";
    UnsupportedByProvider = 509, Refused, "UNSUPPORTED_BY_PROVIDER", "the provider does not offer this";

    JobNotDead = 600, Refused, "JOB_NOT_DEAD", "only a dead letter can be retried or resolved";
    LeaseLost = 601, Busy, "LEASE_LOST", "another worker has taken this job over";

    Busy = 900, Busy, "BUSY", "the deadline passed before the work began; nothing happened";
    InDoubt = 901, InDoubt, "IN_DOUBT", "the commit may or may not be durable; reopen and repeat with the same key";
    Poisoned = 902, Fault, "POISONED", "an earlier commit is in doubt; close and reopen the engine";
    StorageFault = 903, Fault, "STORAGE_FAULT", "the storage reported an error; nothing was written";
    StorageFull = 904, Fault, "STORAGE_FULL", "the disk or a quota is full; nothing was written";
    Corrupt = 905, Fault, "CORRUPT", "the database file is damaged or is not FusePay's";
    SchemaTooNew = 906, Fault, "SCHEMA_TOO_NEW", "the file was written by a newer FusePay";
    InvariantBroken = 907, Fault, "INVARIANT_BROKEN", "a money invariant would be violated; nothing was written";
    Panicked = 908, Fault, "PANICKED", "a bug was caught; nothing was written";
    OutOfMemory = 909, Fault, "OUT_OF_MEMORY", "memory ran out; nothing was written";
    NoEntropy = 910, Fault, "NO_ENTROPY", "the source of randomness failed";
    ReadOnly = 911, Fault, "READ_ONLY", "the database or its directory cannot be written";
}

words! {
    /// The states of a bill payment; the transitions stand in `bill/payment.rs`.
    PaymentStatus {
        Pending = 1, "PENDING", "debited and queued; nothing is in flight";
        Processing = 2, "PROCESSING", "an attempt is in flight, or the provider said pending";
        Unknown = 3, "UNKNOWN", "sent, and the outcome is not known; being queried";
        Completed = 4, "COMPLETED", "the provider confirmed it";
        Failed = 5, "FAILED", "conclusively not paid; the reversal is queued";
        Reversed = 6, "REVERSED", "the money is back in the wallet, or in suspense for its owner";
        NeedsReview = 7, "NEEDS_REVIEW", "evidence ran out or contradicts itself; an operator decides, the money stays in clearing";
    }
}

impl PaymentStatus {
    /// Whether nothing more will happen by itself.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, PaymentStatus::Completed | PaymentStatus::Reversed)
    }
}

words! {
    /// What kind of money event a transaction is.
    TransactionType {
        WalletFunding = 1, "WALLET_FUNDING", "money came in from outside";
        WalletWithdrawal = 2, "WALLET_WITHDRAWAL", "money left to the outside";
        Credit = 3, "CREDIT", "an operator or the host credited the wallet";
        Debit = 4, "DEBIT", "an operator or the host debited the wallet";
        Transfer = 5, "TRANSFER", "money moved between two wallets";
        HoldCapture = 6, "HOLD_CAPTURE", "held money was taken";
        BillPayment = 7, "BILL_PAYMENT", "the amount of a bill";
        Fee = 8, "FEE", "the fee of an operation, as a movement of its own";
        Reversal = 9, "REVERSAL", "money of a failed payment came back";
        Refund = 10, "REFUND", "money of a completed payment was returned by request";
        SuspenseRelease = 11, "SUSPENSE_RELEASE", "money that waited in suspense reached a wallet";
        Settlement = 20, "SETTLEMENT", "clearing to the provider's float: the biller has been paid";
        FeeSettlement = 21, "FEE_SETTLEMENT", "clearing to fees: the fee has been earned";
        Suspense = 22, "SUSPENSE", "a reversal whose wallet cannot be credited now";
        LateSuccess = 23, "LATE_SUCCESS", "claims to float: the provider paid after the reversal";
        FloatTopUp = 24, "FLOAT_TOP_UP", "prepaid money sent to the provider";
        ClaimSettlement = 25, "CLAIM_SETTLEMENT", "a claim was recovered or written off";
    }
}

impl TransactionType {
    /// The prefix of this type's references, such as `BILL_…`.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            TransactionType::WalletFunding => "FUND",
            TransactionType::WalletWithdrawal => "WDRL",
            TransactionType::Credit => "CRED",
            TransactionType::Debit => "DEBT",
            TransactionType::Transfer => "TRSF",
            TransactionType::HoldCapture => "CAPT",
            TransactionType::BillPayment => "BILL",
            TransactionType::Fee => "FEE",
            TransactionType::Reversal => "REV",
            TransactionType::Refund => "RFND",
            TransactionType::SuspenseRelease => "RELS",
            TransactionType::Settlement => "SETL",
            TransactionType::FeeSettlement => "FSET",
            TransactionType::Suspense => "SUSP",
            TransactionType::LateSuccess => "LATE",
            TransactionType::FloatTopUp => "TOPUP",
            TransactionType::ClaimSettlement => "CLAIM",
        }
    }
}

words! {
    /// The status of a transaction as its owner sees it.
    TransactionStatus {
        Pending = 1, "PENDING", "waiting for its first attempt";
        Processing = 2, "PROCESSING", "under way, or its outcome is being found out";
        Completed = 3, "COMPLETED", "done";
        Failed = 4, "FAILED", "not done; the money is on its way back";
        Reversed = 5, "REVERSED", "not done; the money is back";
    }
}

words! {
    /// Whether a wallet may be used.
    WalletStatus {
        Active = 1, "ACTIVE", "money may come and go";
        DebitsFrozen = 2, "DEBITS_FROZEN", "money may come but not go";
        Frozen = 3, "FROZEN", "money may neither come nor go";
        Closed = 4, "CLOSED", "empty, and for ever unused";
    }
}

words! {
    /// The states of a hold.
    HoldStatus {
        Active = 1, "ACTIVE", "part of the balance is reserved";
        Captured = 2, "CAPTURED", "taken, in whole or in part; the rest was released";
        Released = 3, "RELEASED", "given back by request";
        Expired = 4, "EXPIRED", "given back because its time ran out";
    }
}

words! {
    /// What a job does.
    JobKind {
        BillPayment = 1, "process-bill-payment", "sends a payment to its provider";
        Requery = 2, "requery", "asks the provider what became of a payment";
        Reversal = 3, "process-reversal", "gives the money of a failed payment back";
        HoldExpiry = 4, "hold-expiry", "releases a hold whose time ran out";
    }
}

words! {
    /// The states of a job. A job that is done is gone: its trace is in the payment's steps.
    JobStatus {
        Ready = 1, "READY", "waits for its due time";
        Running = 2, "RUNNING", "leased by a worker";
        Dead = 3, "DEAD", "a dead letter: its runs are spent, an operator decides";
    }
}

words! {
    /// What a user may do.
    Role {
        User = 1, "user", "uses their own wallets";
        Operator = 2, "operator", "looks up users and payments, refunds, resolves reviews";
        Auditor = 3, "auditor", "reads everything, changes nothing";
        Admin = 4, "admin", "everything an operator may, and roles";
        System = 5, "system", "the engine itself; never a user's";
    }
}

words! {
    /// Whether a user may log in.
    UserStatus {
        Active = 1, "ACTIVE", "may log in";
        Deactivated = 2, "DEACTIVATED", "may not log in; wallets and history stay";
    }
}

words! {
    /// What kind of contact with a provider an attempt was.
    AttemptKind {
        Submit = 1, "SUBMIT", "the payment was sent";
        Query = 2, "QUERY", "the provider was asked what became of it";
        Webhook = 3, "WEBHOOK", "the provider told us unasked";
        Operator = 4, "OPERATOR", "an operator brought evidence";
    }
}

words! {
    /// What an attempt found out.
    OutcomeKind {
        InFlight = 0, "IN_FLIGHT", "the call has not returned, or nobody lived to record its answer";
        Paid = 1, "PAID", "the biller has the money";
        Declined = 2, "DECLINED", "it reached the biller, which refused";
        NotSent = 3, "NOT_SENT", "it provably never reached the biller";
        Duplicate = 4, "DUPLICATE", "the biller has this request id already: means query";
        Pending = 5, "PENDING", "the biller is still at it";
        Unknown = 6, "UNKNOWN", "nobody can say";
        Failed = 7, "FAILED", "a query answered that it failed";
        ProviderReversed = 8, "PROVIDER_REVERSED", "it was paid, and the biller took it back";
        NotFound = 9, "NOT_FOUND", "a query answered that the biller has never seen it";
    }
}

words! {
    /// Why a payment waits for an operator.
    ReviewReason {
        RequeryBudgetSpent = 1, "REQUERY_BUDGET_SPENT", "the provider never gave a conclusive answer";
        BillJobDead = 2, "BILL_JOB_DEAD", "the job that sends it is a dead letter";
        AmountMismatch = 3, "AMOUNT_MISMATCH", "the provider paid another amount";
        CustomerMismatch = 4, "CUSTOMER_MISMATCH", "the provider paid for another customer";
        ContradictingEvidence = 5, "CONTRADICTING_EVIDENCE", "one source says paid and another says failed";
        PaidBeforeReversal = 6, "PAID_BEFORE_REVERSAL", "evidence of payment came between failure and reversal";
        AttemptMayStillSend = 7, "ATTEMPT_MAY_STILL_SEND", "the biller has not seen it, but a worker may still send it";
    }
}

words! {
    /// The span a limit counts over. Days and months are UTC calendar ones.
    LimitWindow {
        Transaction = 1, "TRANSACTION", "one movement";
        Day = 2, "DAY", "a UTC calendar day";
        Month = 3, "MONTH", "a UTC calendar month";
    }
}

words! {
    /// The names of events in the outbox.
    EventName {
        UserRegistered = 1, "auth.user.registered", "a user and a first wallet came into being";
        UserLoggedIn = 2, "auth.user.logged_in", "a session began";
        UserLoggedOut = 3, "auth.user.logged_out", "one session or all of them ended";
        UserUpdated = 4, "auth.user.updated", "a profile changed";
        PasswordChanged = 5, "auth.password.changed", "a password changed; all sessions ended";
        UserDeactivated = 6, "auth.user.deactivated", "a user may no longer log in";
        UserReactivated = 7, "auth.user.reactivated", "a user may log in again";
        RoleChanged = 8, "auth.role.changed", "a user's role changed";
        LoginFailed = 9, "auth.login.failed", "a log-in was refused";
        TokenReused = 10, "auth.token.reused", "a spent refresh token came back; its family was revoked";
        WalletCreated = 20, "wallet.created", "a wallet came into being";
        WalletFunded = 21, "wallet.funded", "money came in from outside";
        WalletWithdrawn = 22, "wallet.withdrawn", "money left to the outside";
        WalletCredited = 23, "wallet.credited", "money arrived";
        WalletDebited = 24, "wallet.debited", "money left";
        WalletTransferred = 25, "wallet.transferred", "money moved between two wallets";
        WalletStatusChanged = 26, "wallet.status_changed", "a wallet was frozen, thawed or closed";
        WalletLimitChanged = 27, "wallet.limit_changed", "a limit or the credit limit of a wallet changed";
        HoldAuthorised = 28, "wallet.hold.authorised", "part of a balance was reserved";
        HoldCaptured = 29, "wallet.hold.captured", "held money was taken";
        HoldReleased = 30, "wallet.hold.released", "held money was given back";
        HoldExpired = 31, "wallet.hold.expired", "a hold's time ran out";
        PaymentInitiated = 40, "bill.payment.initiated", "a bill payment was debited and queued";
        PaymentSuccess = 41, "bill.payment.success", "the provider confirmed a payment";
        PaymentFailed = 42, "bill.payment.failed", "a payment conclusively failed";
        PaymentUnknown = 43, "bill.payment.unknown", "a payment was sent and its outcome is not known";
        PaymentReversed = 44, "bill.payment.reversed", "a payment's money is back";
        PaymentLateSuccess = 45, "bill.payment.late_success", "the provider paid after the reversal: a claim";
        PaymentNeedsReview = 46, "bill.payment.needs_review", "a payment waits for an operator";
        PaymentRefunded = 47, "bill.payment.refunded", "part or all of a completed payment was returned";
        TransactionFailed = 48, "transaction.failed", "a transaction failed; the original's name for it";
        SuspenseReleased = 49, "bill.suspense.released", "money in suspense reached its owner";
        ClaimSettled = 50, "bill.claim.settled", "a claim was recovered or written off";
        CatalogueChanged = 51, "bill.catalogue.changed", "billers or items were loaded or switched";
        FloatToppedUp = 52, "bill.float.topped_up", "prepaid money was sent to a provider";
        JobDead = 60, "job.dead", "a job became a dead letter";
        JobRetried = 61, "job.retried", "a dead letter was put back in the queue";
        JobResolved = 62, "job.resolved", "a dead letter was closed by an operator";
    }
}

words! {
    /// The operations that take an idempotency key: part of a key's scope and of a request id.
    Operation {
        Fund = 1, "FUND", "money comes in from outside";
        Withdraw = 2, "WITHDRAW", "money leaves to the outside";
        Credit = 3, "CREDIT", "the host credits a wallet";
        Debit = 4, "DEBIT", "the host debits a wallet";
        Transfer = 5, "TRANSFER", "money moves between two wallets";
        AuthoriseHold = 6, "AUTHORISE_HOLD", "part of a balance is reserved";
        CaptureHold = 7, "CAPTURE_HOLD", "held money is taken, in whole or in part";
        ReleaseHold = 8, "RELEASE_HOLD", "held money is given back";
        Pay = 9, "PAY", "a bill is paid";
        Refund = 10, "REFUND", "money of a completed payment is returned by request";
        FloatTopUp = 11, "FLOAT_TOP_UP", "prepaid money is sent to a provider";
        SettleClaim = 12, "SETTLE_CLAIM", "a claim is recovered or written off";
        ReleaseSuspense = 13, "RELEASE_SUSPENSE", "money in suspense is sent to a wallet";
        Register = 14, "REGISTER", "a user and a first wallet come into being";
        TransferBatch = 15, "TRANSFER_BATCH", "several transfers, all or none";
        Reverse = 16, "REVERSE", "a failed payment is reversed by request";
        ResolveReview = 17, "RESOLVE_REVIEW", "an operator decides a payment in review";
    }
}

words! {
    /// The states of a provider's circuit breaker.
    BreakerState {
        Closed = 1, "CLOSED", "calls pass";
        Open = 2, "OPEN", "no call passes until a time has gone by";
        HalfOpen = 3, "HALF_OPEN", "a few calls pass, to find out whether the provider is back";
    }
}

words! {
    /// How much is logged: this level and the ones above it.
    LogLevel {
        Error = 1, "ERROR", "what somebody must look at";
        Warn = 2, "WARN", "what is odd but was dealt with";
        Info = 3, "INFO", "what happened";
        Debug = 4, "DEBUG", "why it happened";
        Trace = 5, "TRACE", "every step";
    }
}

words! {
    /// When a log file is closed and a new one begun. Times are UTC.
    LogRotation {
        Daily = 1, "DAILY", "at midnight";
        Hourly = 2, "HOURLY", "every hour";
    }
}

/// Every list of words with its name, for generators and documentation.
pub const LISTS: &[(&str, &[Word])] = &[
    ("ErrorKind", ErrorKind::WORDS),
    ("Code", Code::WORDS),
    ("PaymentStatus", PaymentStatus::WORDS),
    ("TransactionType", TransactionType::WORDS),
    ("TransactionStatus", TransactionStatus::WORDS),
    ("WalletStatus", WalletStatus::WORDS),
    ("HoldStatus", HoldStatus::WORDS),
    ("JobKind", JobKind::WORDS),
    ("JobStatus", JobStatus::WORDS),
    ("Role", Role::WORDS),
    ("UserStatus", UserStatus::WORDS),
    ("AttemptKind", AttemptKind::WORDS),
    ("OutcomeKind", OutcomeKind::WORDS),
    ("ReviewReason", ReviewReason::WORDS),
    ("LimitWindow", LimitWindow::WORDS),
    ("EventName", EventName::WORDS),
    ("Operation", Operation::WORDS),
    ("BreakerState", BreakerState::WORDS),
    ("LogLevel", LogLevel::WORDS),
    ("LogRotation", LogRotation::WORDS),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn numbers_and_names_are_unique_in_their_list() {
        for (list, words) in LISTS {
            let numbers: HashSet<_> = words.iter().map(|w| w.number).collect();
            let names: HashSet<_> = words.iter().map(|w| w.name).collect();
            assert_eq!(numbers.len(), words.len(), "numbers of {list}");
            assert_eq!(names.len(), words.len(), "names of {list}");
        }
    }

    #[test]
    fn a_word_survives_the_way_through_its_number_and_name() {
        for code in Code::ALL {
            assert_eq!(Code::from_number(code.number()), Some(*code));
            assert_eq!(Code::from_name(code.name()), Some(*code));
        }
        assert_eq!(Code::from_number(0), None);
        assert_eq!(PaymentStatus::from_name("pending"), None);
    }
}
