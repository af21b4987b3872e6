// `engine.bill` and `engine.reversal`: catalogue, payments, and what gives money
// back.
#include "scenario.h"

#include <stdio.h>
#include <string.h>

#define REFRESH_DEADLINE_MS 1000
// More than the library takes, which is its to refuse.
#define PROVIDERS_MAX 16

static const char *biller_code(const line *l) { return text_or(l, "biller", "POWER"); }

static const char *item_code(const line *l) { return text_or(l, "item", "PREPAID"); }

static const char *provider_code(const line *l) { return text_or(l, "provider", "scripted"); }

// Divides a list by commas, for a request; the number of its texts.
static size_t divide(arena *memory, const char *list, const char **texts, size_t most) {
    size_t count = 0;
    for (size_t length = 0; count < most; list += length + 1) {
        length = strcspn(list, ",");
        texts[count++] = keep_bytes(memory, list, length);
        if (list[length] == '\0') break;
    }
    return count;
}

static int32_t read_item(stage *s, const line *l, fusepay_fee *fee, fusepay_bill_item_entry *item) {
    bool validates = false, is_enabled = true;
    *fee = FUSEPAY_INIT(fusepay_fee);
    *item = FUSEPAY_INIT(fusepay_bill_item_entry);
    item->code = item_code(l);
    item->name = "An item";
    item->minimum_minor = 1;
    item->maximum_minor = 1000000000;
    item->fee = fee;
    TRY(read_currency(s, l, &item->currency));
    TRY(read_int64(s, l, "minimum_minor", &item->minimum_minor));
    TRY(read_int64(s, l, "maximum_minor", &item->maximum_minor));
    TRY(read_int64(s, l, "fee_minor", &fee->fixed_minor));
    TRY(read_uint32(s, l, "fee_per_mille", &fee->per_mille));
    TRY(read_flag(s, l, "validates_customer", &validates));
    TRY(read_flag(s, l, "item_enabled", &is_enabled));
    item->validates_customer = validates ? 1 : 0;
    item->is_disabled = is_enabled ? 0 : 1;
    return FUSEPAY_OK;
}

static int32_t load_catalogue(stage *s, const line *l) {
    fusepay_fee fee;
    fusepay_bill_item_entry item;
    bool is_enabled = true;
    const char *providers[PROVIDERS_MAX];
    fusepay_biller_entry biller = FUSEPAY_INIT(fusepay_biller_entry);
    TRY(read_item(s, l, &fee, &item));
    TRY(read_flag(s, l, "biller_enabled", &is_enabled));
    biller.code = biller_code(l);
    biller.name = text_or(l, "name", "The power company");
    biller.category = text_or(l, "category", "ELECTRICITY");
    biller.providers = providers;
    biller.provider_count = divide(&s->step_memory, text_or(l, "providers", "scripted"), providers, PROVIDERS_MAX);
    biller.items = &item;
    biller.item_count = 1;
    biller.is_disabled = is_enabled ? 0 : 1;
    TRY(fusepay_bill_load_catalogue(s->engine, &biller, 1, &s->error));
    return done(s);
}

static int32_t billers(stage *s, const line *l) {
    uint32_t limit = 0;
    fusepay_biller_array found = FUSEPAY_INIT(fusepay_biller_array);
    TRY(read_limit(s, l, &limit));
    TRY(fusepay_bill_billers(s->engine, text(l, "category"), NULL, limit, &found, &s->error));
    return ANSWER_LIST(s, l, &BILLER, found);
}

static int32_t items(stage *s, const line *l) {
    fusepay_bill_item_array found = FUSEPAY_INIT(fusepay_bill_item_array);
    TRY(fusepay_bill_items(s->engine, biller_code(l), &found, &s->error));
    return ANSWER_LIST(s, l, &ITEM, found);
}

static int32_t validate_customer(stage *s, const line *l) {
    fusepay_customer customer = FUSEPAY_INIT(fusepay_customer);
    TRY(fusepay_bill_validate_customer(s->engine, biller_code(l), item_code(l), text(l, "customer"), &customer,
                                       &s->error));
    return answer(s, l, &CUSTOMER, &customer);
}

static int32_t quote(stage *s, const line *l) {
    fusepay_quote_request request = FUSEPAY_INIT(fusepay_quote_request);
    TRY(read_id(s, l, "user", request.user_id.bytes));
    TRY(read_money(s, l, &request.amount));
    request.biller = biller_code(l);
    request.item = item_code(l);
    request.customer_reference = text(l, "customer");
    fusepay_quote made = FUSEPAY_INIT(fusepay_quote);
    TRY(fusepay_bill_quote(s->engine, &request, &made, &s->error));
    return answer(s, l, &QUOTE, &made);
}

int32_t read_payment(stage *s, const line *l, payment_words *out) {
    fusepay_pay_bill *request = &out->request;
    *request = FUSEPAY_INIT(fusepay_pay_bill);
    TRY(read_id(s, l, "wallet", request->wallet_id.bytes));
    TRY(read_money(s, l, &request->amount));
    TRY(read_id(s, l, "quote", out->quote_id.bytes));
    TRY(read_moment(s, l, "requested_at_ms", &out->requested_at_ms));
    TRY(read_int64(s, l, "expected_version", &out->expected_version));
    request->biller = biller_code(l);
    request->item = item_code(l);
    request->customer_reference = text(l, "customer");
    request->metadata = text(l, "metadata");
    request->idempotency_key = text(l, "key");
    request->quote_id = PRESENT(l, "quote", out->quote_id);
    request->requested_at_ms = PRESENT(l, "requested_at_ms", out->requested_at_ms);
    request->expected_version = PRESENT(l, "expected_version", out->expected_version);
    return FUSEPAY_OK;
}

static int32_t pay(stage *s, const line *l) {
    payment_words given;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    TRY(read_payment(s, l, &given));
    TRY(fusepay_bill_pay(s->engine, &given.request, &payment, &s->error));
    return answer(s, l, &PAYMENT, &payment);
}

static int32_t find(stage *s, const line *l) {
    fusepay_payment_id id;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    TRY(read_id(s, l, "payment", id.bytes));
    TRY(fusepay_bill_find(s->engine, &id, &payment, &s->error));
    return answer(s, l, &PAYMENT, &payment);
}

static int32_t refresh(stage *s, const line *l) {
    fusepay_payment_id id;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    TRY(read_id(s, l, "payment", id.bytes));
    TRY(fusepay_bill_refresh(s->engine, &id, REFRESH_DEADLINE_MS, &payment, &s->error));
    return answer(s, l, &PAYMENT, &payment);
}

static int32_t list(stage *s, const line *l) {
    fusepay_wallet_id id;
    uint32_t limit = 0;
    fusepay_payment_array payments = FUSEPAY_INIT(fusepay_payment_array);
    TRY(read_id(s, l, "wallet", id.bytes));
    TRY(read_limit(s, l, &limit));
    TRY(fusepay_bill_list(s->engine, &id, NULL, limit, &payments, &s->error));
    return ANSWER_LIST(s, l, &PAYMENT, payments);
}

static int32_t list_by_status(stage *s, const line *l) {
    uint32_t status = 0, limit = 0;
    fusepay_payment_array payments = FUSEPAY_INIT(fusepay_payment_array);
    TRY(read_name(s, l, "status", fusepay_payment_status_name, &status));
    TRY(read_limit(s, l, &limit));
    TRY(fusepay_bill_list_by_status(s->engine, status, NULL, limit, &payments, &s->error));
    return ANSWER_LIST(s, l, &PAYMENT, payments);
}

static int32_t tokens(stage *s, const line *l) {
    fusepay_payment_id id;
    fusepay_text_array found = FUSEPAY_INIT(fusepay_text_array);
    TRY(read_id(s, l, "payment", id.bytes));
    TRY(fusepay_bill_tokens(s->engine, &id, &found, &s->error));
    record_number(s, "list", "count", (int64_t)found.length);
    for (size_t i = 0; i < found.length; i++) {
        record_begin(s, "token");
        put_text(s, "text", found.items[i]);
        record_end(s);
    }
    fusepay_clear(&found);
    return FUSEPAY_OK;
}

static int32_t explain(stage *s, const line *l) {
    fusepay_payment_id id;
    const char *as = text(l, "as");
    fusepay_explanation found = FUSEPAY_INIT(fusepay_explanation);
    TRY(read_id(s, l, "payment", id.bytes));
    TRY(fusepay_bill_explain(s->engine, &id, &found, &s->error));
    if (as != NULL) bind_record(s, &PAYMENT, found.payment, as);
    if (as != NULL && found.next_job != NULL) {
        char job[LINE_BYTES_MAX + 8];
        snprintf(job, sizeof job, "%s.job", as);
        bind_record(s, &JOB, found.next_job, job);
    }
    show(s, &PAYMENT, found.payment);
    record_number(s, "list", "count", (int64_t)found.steps_length);
    show_all(s, &DECISION, found.steps_length, found.steps);
    record_number(s, "list", "count", (int64_t)found.attempts_length);
    show_all(s, &ATTEMPT, found.attempts_length, found.attempts);
    if (found.next_job != NULL) show(s, &JOB, found.next_job);
    fusepay_clear(&found);
    return FUSEPAY_OK;
}

static int32_t receive_webhook(stage *s, const line *l) {
    const char *outcome = text(l, "outcome"), *request = text(l, "request");
    const char *minor = strcmp(outcome, "PAID") == 0 ? text_or(l, "minor", "-") : NULL;
    char body[3 * LINE_BYTES_MAX];
    snprintf(body, sizeof body, "%s %s%s%s", outcome, request, minor == NULL ? "" : " ", minor == NULL ? "" : minor);
    fusepay_header header;
    fusepay_webhook webhook;
    biller_webhook(text_or(l, "signature", "valid"), body, &header, &webhook);
    fusepay_webhook_receipt receipt = FUSEPAY_INIT(fusepay_webhook_receipt);
    TRY(fusepay_bill_receive_webhook(s->engine, provider_code(l), &webhook, &receipt, &s->error));
    return answer(s, l, &WEBHOOK, &receipt);
}

static int32_t float_balance(stage *s, const line *l) {
    fusepay_money balance;
    TRY(fusepay_bill_float_balance(s->engine, provider_code(l), &balance, &s->error));
    show(s, &MONEY, &balance);
    return FUSEPAY_OK;
}

static int32_t top_up_float(stage *s, const line *l) {
    fusepay_money amount;
    TRY(read_money(s, l, &amount));
    TRY(fusepay_bill_top_up_float(s->engine, provider_code(l), amount, text(l, "external_reference"), &s->error));
    return done(s);
}

static int32_t reverse(stage *s, const line *l) {
    fusepay_payment_id id;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    TRY(read_id(s, l, "payment", id.bytes));
    TRY(fusepay_reversal_reverse(s->engine, &id, &payment, &s->error));
    return answer(s, l, &PAYMENT, &payment);
}

// A word of the format that is not one of the vocabulary, and what it stands for.
typedef struct choice {
    const char *name;
    uint32_t number;
} choice;

static const choice SOURCES[] = {{"host", FUSEPAY_REFUND_SOURCE_HOST}, {"biller", FUSEPAY_REFUND_SOURCE_BILLER}};
static const choice VERDICTS[] = {{"paid", FUSEPAY_REVIEW_VERDICT_PAID}, {"not_paid", FUSEPAY_REVIEW_VERDICT_NOT_PAID}};
static const choice SETTLEMENTS[] = {{"recovered", FUSEPAY_CLAIM_SETTLEMENT_RECOVERED_FROM_PROVIDER},
                                     {"written_off", FUSEPAY_CLAIM_SETTLEMENT_WRITTEN_OFF}};

static int32_t read_choice(stage *s, const char *given, const choice choices[2], uint32_t *out) {
    for (size_t i = 0; i < 2; i++) {
        if (strcmp(choices[i].name, given) != 0) continue;
        *out = choices[i].number;
        return FUSEPAY_OK;
    }
    return broken(s, "`%s` is neither %s nor %s", given, choices[0].name, choices[1].name);
}

int32_t read_refund(stage *s, const line *l, fusepay_refund_request *out) {
    *out = FUSEPAY_INIT(fusepay_refund_request);
    TRY(read_id(s, l, "payment", out->payment_id.bytes));
    TRY(read_money(s, l, &out->amount));
    TRY(read_choice(s, text_or(l, "source", "host"), SOURCES, &out->source));
    out->reason = text_or(l, "reason", "scripted refund");
    out->idempotency_key = text(l, "key");
    return FUSEPAY_OK;
}

static int32_t refund(stage *s, const line *l) {
    fusepay_refund_request request;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    TRY(read_refund(s, l, &request));
    TRY(fusepay_reversal_refund(s->engine, &request, &payment, &s->error));
    return answer(s, l, &PAYMENT, &payment);
}

static int32_t resolve_review(stage *s, const line *l) {
    fusepay_payment_id id;
    fusepay_paid_receipt receipt = FUSEPAY_INIT(fusepay_paid_receipt);
    fusepay_review_verdict verdict = FUSEPAY_INIT(fusepay_review_verdict);
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    TRY(read_id(s, l, "payment", id.bytes));
    TRY(read_choice(s, text(l, "verdict"), VERDICTS, &verdict.verdict));
    receipt.provider_reference = text_or(l, "reference", "REF-0");
    verdict.receipt = verdict.verdict == FUSEPAY_REVIEW_VERDICT_PAID ? &receipt : NULL;
    TRY(fusepay_reversal_resolve_review(s->engine, &id, &verdict, text(l, "reason"), &payment, &s->error));
    return answer(s, l, &PAYMENT, &payment);
}

static int32_t open_claims(stage *s, const line *l) {
    uint32_t limit = 0;
    fusepay_payment_array payments = FUSEPAY_INIT(fusepay_payment_array);
    TRY(read_limit(s, l, &limit));
    TRY(fusepay_reversal_open_claims(s->engine, limit, &payments, &s->error));
    return ANSWER_LIST(s, l, &PAYMENT, payments);
}

static int32_t settle_claim(stage *s, const line *l) {
    fusepay_payment_id id;
    uint32_t settlement = 0;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    TRY(read_id(s, l, "payment", id.bytes));
    TRY(read_choice(s, text(l, "settlement"), SETTLEMENTS, &settlement));
    TRY(fusepay_reversal_settle_claim(s->engine, &id, settlement, text(l, "reason"), &payment, &s->error));
    return answer(s, l, &PAYMENT, &payment);
}

static int32_t open_suspense(stage *s, const line *l) {
    uint32_t limit = 0;
    fusepay_payment_array payments = FUSEPAY_INIT(fusepay_payment_array);
    TRY(read_limit(s, l, &limit));
    TRY(fusepay_reversal_open_suspense(s->engine, limit, &payments, &s->error));
    return ANSWER_LIST(s, l, &PAYMENT, payments);
}

static int32_t release_suspense(stage *s, const line *l) {
    fusepay_payment_id id;
    fusepay_wallet_id to;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    TRY(read_id(s, l, "payment", id.bytes));
    TRY(read_id(s, l, "to", to.bytes));
    TRY(fusepay_reversal_release_suspense(s->engine, &id, PRESENT(l, "to", to), &payment, &s->error));
    return answer(s, l, &PAYMENT, &payment);
}

const verb BILL_VERBS[] = {
    {"bill.load_catalogue",
     "biller? name? category? providers? item? currency? minimum_minor? maximum_minor? fee_minor? fee_per_mille? "
     "validates_customer? biller_enabled? item_enabled?",
     load_catalogue},
    {"bill.billers", "category? limit?", billers},
    {"bill.items", "biller?", items},
    {"bill.validate_customer", "biller? item? customer", validate_customer},
    {"bill.quote", "user biller? item? customer amount? minor? currency? as?", quote},
    {"bill.pay", PAY_WORDS, pay},
    {"bill.find", "payment as?", find},
    {"bill.refresh", "payment", refresh},
    {"bill.list", "wallet limit? as?", list},
    {"bill.list_by_status", "status limit? as?", list_by_status},
    {"bill.tokens", "payment", tokens},
    {"bill.explain", "payment as?", explain},
    {"bill.receive_webhook", "provider? request outcome minor? signature?", receive_webhook},
    {"bill.float_balance", "provider?", float_balance},
    {"bill.top_up_float", "provider? amount? minor? currency? external_reference", top_up_float},
    {"reversal.reverse", "payment", reverse},
    {"reversal.refund", REFUND_WORDS, refund},
    {"reversal.resolve_review", "payment verdict reference? reason", resolve_review},
    {"reversal.open_claims", "limit?", open_claims},
    {"reversal.settle_claim", "payment settlement reason", settle_claim},
    {"reversal.open_suspense", "limit?", open_suspense},
    {"reversal.release_suspense", "payment to?", release_suspense},
    {NULL, NULL, NULL},
};
