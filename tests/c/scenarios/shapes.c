// Which fields of each record of the library a transcript shows, in which order,
// and what `as=` binds of it. The order is FORMAT.md's.
#include "shape.h"

#include <stdio.h>
#include <string.h>

// A field of RECORD, which each table below defines anew.
#define FIELD(key, form, member) {key, form, offsetof(RECORD, member), NAME_USER, NULL, NULL, NULL}
#define NAMED(key, form, member, kind) {key, form, offsetof(RECORD, member), kind, NULL, NULL, NULL}
#define BOUND(key, form, member, kind, suffix) {key, form, offsetof(RECORD, member), kind, suffix, NULL, NULL}
#define NAME_FIELD(key, form, member, word_of) {key, form, offsetof(RECORD, member), NAME_USER, NULL, word_of, NULL}
#define CUSTOM_FIELD(key, custom) {key, CUSTOM, 0, NAME_USER, NULL, NULL, custom}
#define SHAPE(word, fields) {word, fields, COUNT_OF(fields)}

#define RECORD fusepay_transaction
static const field transaction_fields[] = {
    BOUND("id", ID, id, NAME_TRANSACTION, ""),
    NAMED("wallet", ID, wallet_id, NAME_WALLET),
    FIELD("sequence", INT64, sequence),
    NAME_FIELD("type", WORD, kind, fusepay_transaction_type_name),
    NAME_FIELD("status", WORD, status, fusepay_transaction_status_name),
    FIELD("amount_minor", INT64, amount_minor),
    FIELD("currency", LETTERS, currency),
    FIELD("balance_minor", INT64, balance_minor),
    NAMED("counterparty", MAYBE_ID, counterparty, NAME_WALLET),
    NAMED("payment", MAYBE_ID, payment_id, NAME_PAYMENT),
    NAMED("hold", MAYBE_ID, hold_id, NAME_HOLD),
    NAMED("reverses", MAYBE_ID, reverses, NAME_TRANSACTION),
    NAMED("reversed_by", MAYBE_ID, reversed_by, NAME_TRANSACTION),
    FIELD("external_reference", TEXT, external_reference),
    FIELD("description", TEXT, description),
    FIELD("failure_reason", TEXT, failure_reason),
    FIELD("created_ms", MOMENT, created_at_ms),
};
const shape TRANSACTION = SHAPE("transaction", transaction_fields);

#undef RECORD
#define RECORD fusepay_wallet
static const field wallet_fields[] = {
    BOUND("id", ID, id, NAME_WALLET, ""),
    NAMED("user", ID, user_id, NAME_USER),
    FIELD("currency", LETTERS, currency),
    FIELD("label", TEXT, label),
    NAME_FIELD("status", WORD, status, fusepay_wallet_status_name),
    FIELD("balance_minor", INT64, balance_minor),
    FIELD("held_minor", INT64, held_minor),
    FIELD("available_minor", INT64, available_minor),
    FIELD("credit_limit_minor", INT64, credit_limit_minor),
    FIELD("version", INT64, version),
};
const shape WALLET = SHAPE("wallet", wallet_fields);

#undef RECORD
#define RECORD fusepay_hold
static const field hold_fields[] = {
    BOUND("id", ID, id, NAME_HOLD, ""),
    NAMED("wallet", ID, wallet_id, NAME_WALLET),
    FIELD("currency", LETTERS, currency),
    FIELD("amount_minor", INT64, amount_minor),
    FIELD("captured_minor", INT64, captured_minor),
    NAME_FIELD("status", WORD, status, fusepay_hold_status_name),
    FIELD("description", TEXT, description),
    FIELD("expires_ms", MOMENT, expires_at_ms),
    FIELD("resolved_ms", MAYBE_MOMENT, resolved_at_ms),
};
const shape HOLD = SHAPE("hold", hold_fields);

#undef RECORD
#define RECORD fusepay_payment
static const field payment_fields[] = {
    BOUND("id", ID, id, NAME_PAYMENT, ""),
    NAMED("wallet", ID, wallet_id, NAME_WALLET),
    FIELD("biller", PLAIN, biller),
    FIELD("item", PLAIN, item),
    FIELD("provider", PLAIN, provider),
    FIELD("customer", TEXT, customer_reference),
    FIELD("amount_minor", INT64, amount.minor),
    FIELD("currency", LETTERS, amount.currency),
    FIELD("fee_minor", INT64, fee.minor),
    NAME_FIELD("status", WORD, status, fusepay_payment_status_name),
    FIELD("version", INT64, version),
    BOUND("request", TEXT_ID, request_id, NAME_REQUEST, ".request"),
    FIELD("refunded_minor", INT64, refunded_minor),
    FIELD("provider_reference", TEXT, provider_reference),
    FIELD("receipt", TEXT, receipt),
    FIELD("failure_code", TEXT, failure_code),
    FIELD("failure_reason", TEXT, failure_reason),
    NAME_FIELD("review_reason", MAYBE_WORD, review_reason, fusepay_review_reason_name),
    FIELD("claim_minor", INT64, claim_minor),
    FIELD("suspense_minor", INT64, suspense_minor),
    FIELD("completed_ms", MAYBE_MOMENT, completed_at_ms),
};
const shape PAYMENT = SHAPE("payment", payment_fields);

#undef RECORD
#define RECORD fusepay_user
static const field user_fields[] = {
    BOUND("id", ID, id, NAME_USER, ""),
    FIELD("email", TEXT, email),
    FIELD("first_name", TEXT, first_name),
    FIELD("last_name", TEXT, last_name),
    NAME_FIELD("role", WORD, role, fusepay_role_name),
    NAME_FIELD("status", WORD, status, fusepay_user_status_name),
    FIELD("version", INT64, version),
};
const shape USER = SHAPE("user", user_fields);

#undef RECORD
#define RECORD fusepay_tokens
static const field tokens_fields[] = {
    NAMED("user", ID, user_id, NAME_USER),
    BOUND("session", ID, session_id, NAME_SESSION, ".session"),
    BOUND("access", TEXT_ID, access, NAME_TOKEN, ".access"),
    BOUND("refresh", TEXT_ID, refresh, NAME_TOKEN, ".refresh"),
    FIELD("access_expires_ms", MOMENT, access_expires_at_ms),
};
const shape TOKENS = SHAPE("tokens", tokens_fields);

#undef RECORD
#define RECORD fusepay_principal
static const field principal_fields[] = {
    NAMED("user", ID, user_id, NAME_USER),
    NAMED("session", ID, session_id, NAME_SESSION),
    NAME_FIELD("role", WORD, role, fusepay_role_name),
};
const shape PRINCIPAL = SHAPE("principal", principal_fields);

#undef RECORD
#define RECORD fusepay_session_record
static const field session_fields[] = {
    BOUND("id", ID, id, NAME_SESSION, ""),
    NAMED("user", ID, user_id, NAME_USER),
    FIELD("device", TEXT, device),
    FIELD("created_ms", MOMENT, created_at_ms),
    FIELD("refreshed_ms", MOMENT, refreshed_at_ms),
};
const shape SESSION = SHAPE("session", session_fields);

#undef RECORD
#define RECORD fusepay_quote
static const field quote_fields[] = {
    BOUND("id", ID, id, NAME_QUOTE, ""),
    NAMED("user", ID, user_id, NAME_USER),
    FIELD("biller", PLAIN, biller),
    FIELD("item", PLAIN, item),
    FIELD("customer", TEXT, customer_reference),
    FIELD("customer_name", TEXT, customer_name),
    FIELD("amount_minor", INT64, amount.minor),
    FIELD("currency", LETTERS, amount.currency),
    FIELD("fee_minor", INT64, fee.minor),
    FIELD("expires_ms", MOMENT, expires_at_ms),
    NAMED("payment", MAYBE_ID, payment_id, NAME_PAYMENT),
};
const shape QUOTE = SHAPE("quote", quote_fields);

#undef RECORD
#define RECORD fusepay_job
static const field job_fields[] = {
    BOUND("id", NUMBER_ID, id, NAME_JOB, ""),
    NAME_FIELD("kind", WORD, kind, fusepay_job_kind_name),
    NAME_FIELD("status", WORD, status, fusepay_job_status_name),
    FIELD("provider", PLAIN, provider),
    FIELD("runs", UINT32, runs),
    FIELD("crashes", UINT32, crashes),
    FIELD("due_ms", MOMENT, due_at_ms),
};
const shape JOB = SHAPE("job", job_fields);

#undef RECORD
#define RECORD fusepay_job_count
static const field job_count_fields[] = {
    NAME_FIELD("kind", WORD, kind, fusepay_job_kind_name),
    NAME_FIELD("status", WORD, status, fusepay_job_status_name),
    FIELD("count", INT64, count),
    FIELD("oldest_due_ms", MAYBE_MOMENT, oldest_due_ms),
};
const shape JOB_COUNT = SHAPE("jobs", job_count_fields);

#undef RECORD
#define RECORD fusepay_event
static const field event_fields[] = {
    FIELD("sequence", UINT64, sequence),
    NAME_FIELD("name", WORD, name, fusepay_event_name),
    NAMED("user", MAYBE_ID, user_id, NAME_USER),
    NAMED("wallet", MAYBE_ID, wallet_id, NAME_WALLET),
    NAMED("payment", MAYBE_ID, payment_id, NAME_PAYMENT),
    NAMED("transaction", MAYBE_ID, transaction_id, NAME_TRANSACTION),
    NAMED("hold", MAYBE_ID, hold_id, NAME_HOLD),
    FIELD("at_ms", MOMENT, at_ms),
};
const shape EVENT = SHAPE("event", event_fields);

#undef RECORD
#define RECORD fusepay_limit
static const field limit_fields[] = {
    NAME_FIELD("window", WORD, window, fusepay_limit_window_name),
    FIELD("category", PLAIN, category),
    FIELD("amount_max_minor", MAYBE_INT64, amount_max_minor),
    FIELD("count_max", MAYBE_UINT32, count_max),
};
const shape LIMIT = SHAPE("limit", limit_fields);

static void put_providers(stage *s, const char *key, const void *record) {
    const fusepay_biller *biller = record;
    char joined[LINE_BYTES_MAX] = "";
    for (size_t i = 0; i < biller->provider_count; i++) {
        size_t length = strlen(joined);
        snprintf(joined + length, sizeof joined - length, "%s%s", i == 0 ? "" : ",", biller->providers[i]);
    }
    put_plain(s, key, joined);
}

#undef RECORD
#define RECORD fusepay_biller
static const field biller_fields[] = {
    FIELD("code", PLAIN, code),
    FIELD("name", TEXT, name),
    FIELD("category", PLAIN, category),
    CUSTOM_FIELD("providers", put_providers),
    FIELD("enabled", FLAG, enabled),
};
const shape BILLER = SHAPE("biller", biller_fields);

static void put_fixed_fee(stage *s, const char *key, const void *record) {
    put_number(s, key, ((const fusepay_bill_item *)record)->fee->fixed_minor);
}

static void put_per_mille(stage *s, const char *key, const void *record) {
    put_number(s, key, ((const fusepay_bill_item *)record)->fee->per_mille);
}

#undef RECORD
#define RECORD fusepay_bill_item
static const field item_fields[] = {
    FIELD("code", PLAIN, code),
    FIELD("name", TEXT, name),
    FIELD("currency", LETTERS, currency),
    FIELD("minimum_minor", INT64, minimum_minor),
    FIELD("maximum_minor", INT64, maximum_minor),
    CUSTOM_FIELD("fee_fixed_minor", put_fixed_fee),
    CUSTOM_FIELD("fee_per_mille", put_per_mille),
    FIELD("validates_customer", FLAG, validates_customer),
    FIELD("enabled", FLAG, enabled),
};
const shape ITEM = SHAPE("item", item_fields);

#undef RECORD
#define RECORD fusepay_customer
static const field customer_fields[] = {FIELD("name", TEXT, name)};
const shape CUSTOMER = SHAPE("customer", customer_fields);

#undef RECORD
#define RECORD fusepay_attempt
static const field attempt_fields[] = {
    NAME_FIELD("kind", WORD, kind, fusepay_attempt_kind_name),
    NAME_FIELD("outcome", WORD, outcome, fusepay_outcome_kind_name),
    FIELD("started_ms", MOMENT, started_at_ms),
    FIELD("finished_ms", MAYBE_MOMENT, finished_at_ms),
};
const shape ATTEMPT = SHAPE("attempt", attempt_fields);

#undef RECORD
#define RECORD fusepay_payment_step
static const field decision_fields[] = {
    NAME_FIELD("before", WORD, before, fusepay_payment_status_name),
    NAME_FIELD("after", WORD, after, fusepay_payment_status_name),
    FIELD("at_ms", MOMENT, at_ms),
};
const shape DECISION = SHAPE("decision", decision_fields);

#undef RECORD
#define RECORD fusepay_money
static const field money_fields[] = {FIELD("minor", INT64, minor), FIELD("currency", LETTERS, currency)};
const shape MONEY = SHAPE("money", money_fields);

#undef RECORD
#define RECORD fusepay_webhook_receipt
static const field webhook_fields[] = {FIELD("matched", UINT32, matched), FIELD("unknown", UINT32, unknown)};
const shape WEBHOOK = SHAPE("webhook", webhook_fields);

#undef RECORD
#define RECORD fusepay_run_report
static const field ran_fields[] = {
    FIELD("claimed", UINT32, claimed),
    FIELD("calls", UINT32, calls),
    FIELD("next_due_ms", MAYBE_MOMENT, next_due_ms),
};
const shape RAN = SHAPE("ran", ran_fields);

#undef RECORD
#define RECORD fusepay_payment_count
static const field payment_count_fields[] = {
    NAME_FIELD("status", WORD, status, fusepay_payment_status_name),
    FIELD("count", UINT64, count),
};
const shape PAYMENT_COUNT = SHAPE("payments", payment_count_fields);

#undef RECORD
#define RECORD fusepay_system_balance
static const field balance_fields[] = {
    FIELD("account", PLAIN, account),
    FIELD("provider", PLAIN, provider),
    FIELD("currency", LETTERS, currency),
    FIELD("balance_minor", INT64, balance_minor),
};
const shape BALANCE = SHAPE("balance", balance_fields);

#undef RECORD
#define RECORD fusepay_verify_report
static const field verified_fields[] = {
    FIELD("sound", FLAG, is_sound),
    FIELD("violations", UINT64, violation_count),
    FIELD("postings", UINT64, postings),
    FIELD("payments", UINT64, payments),
};
const shape VERIFIED = SHAPE("verified", verified_fields);

#undef RECORD
#define RECORD fusepay_audit_report
static const field audit_fields[] = {
    FIELD("sound", FLAG, is_sound),
    FIELD("entries", UINT64, entries),
    FIELD("first_bad", MAYBE_UINT64, first_bad),
};
const shape AUDIT = SHAPE("audit", audit_fields);

static void put_paid_minor(stage *s, const char *key, const void *record) {
    const entry *e = record;
    if (e->was_paid) {
        put_number(s, key, e->paid_minor);
    } else {
        put_plain(s, key, NULL);
    }
}

static void put_holds_money(stage *s, const char *key, const void *record) {
    put_flag(s, key, biller_holds_money(record));
}

#undef RECORD
#define RECORD entry
static const field book_fields[] = {
    NAMED("request", TEXT_ID, request, NAME_REQUEST),
    FIELD("number", UINT32, number),
    FIELD("customer", TEXT, customer),
    FIELD("sends", UINT32, sends),
    FIELD("queries", UINT32, queries),
    FIELD("paid_times", UINT32, paid_times),
    FIELD("reversed_times", UINT32, reversed_times),
    CUSTOM_FIELD("paid_minor", put_paid_minor),
    CUSTOM_FIELD("holds_money", put_holds_money),
};
const shape BOOK = SHAPE("book", book_fields);
