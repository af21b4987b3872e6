// The scenario's own verbs: its header, clock, billers and end.
#include "scenario.h"

#include <stdio.h>
#include <string.h>

static int32_t read_fee(stage *s, const line *l, const char *fixed, const char *per_mille, fusepay_fee *out) {
    *out = FUSEPAY_INIT(fusepay_fee);
    TRY(read_int64(s, l, fixed, &out->fixed_minor));
    return read_uint32(s, l, per_mille, &out->per_mille);
}

static int32_t simulated(stage *s, const line *l) {
    settings *set = &s->settings;
    const char *currency = NULL;
    if (s->is_simulated) return broken(s, "`simulated` stands once, at the beginning");
    TRY(read_currency(s, l, &currency));
    set->currency = keep_text(&s->memory, currency);
    TRY(read_uint64(s, l, "seed", &set->seed));
    TRY(read_int64(s, l, "start_ms", &set->start_ms));
    if (set->start_ms < 0) return broken(s, "`start_ms` is below zero");
    TRY(read_fee(s, l, "transfer_fee_minor", "transfer_fee_per_mille", &set->transfer_fee));
    TRY(read_fee(s, l, "withdrawal_fee_minor", "withdrawal_fee_per_mille", &set->withdrawal_fee));
    s->clock.wall_ms = set->start_ms;
    s->is_simulated = true;
    return done(s);
}

static int32_t provider(stage *s, const line *l) {
    biller **end = &s->billers;
    biller *b = keep(&s->memory, sizeof *b);
    b->stage = s;
    b->code = keep_text(&s->memory, text(l, "code"));
    b->can_query = true;
    TRY(read_int64(s, l, "idempotent_ms", &b->idempotent_ms));
    TRY(read_flag(s, l, "can_query", &b->can_query));
    TRY(read_int64(s, l, "grace_ms", &b->grace_ms));
    TRY(read_uint32(s, l, "not_found_times", &b->not_found_times));
    TRY(read_flag(s, l, "refuses_repetition", &b->refuses_repetition));
    TRY(read_int64(s, l, "prepaid_minor", &b->prepaid_minor));
    b->has_grace = text(l, "grace_ms") != NULL;
    b->is_prepaid = text(l, "prepaid_minor") != NULL;
    while (*end != NULL) end = &(*end)->next;
    *end = b;
    return done(s);
}

static int32_t open_engine(stage *s, const line *l) {
    (void)l;
    TRY(stage_open(s, false));
    return done(s);
}

static int32_t reopen(stage *s, const line *l) {
    bool is_restored = false;
    TRY(read_flag(s, l, "restored", &is_restored));
    TRY(stage_close(s));
    TRY(stage_open(s, is_restored));
    return done(s);
}

static int32_t advance(stage *s, const line *l) {
    uint64_t passed_ms = 0;
    TRY(read_uint64(s, l, "ms", &passed_ms));
    clock_advance(&s->clock, passed_ms);
    return done(s);
}

static int32_t set_wall(stage *s, const line *l) {
    int64_t now_ms = 0;
    TRY(read_moment(s, l, "ms", &now_ms));
    s->clock.wall_ms = now_ms;
    return done(s);
}

static int32_t drain(stage *s, const line *l) {
    (void)l;
    int64_t now_ms = 0;
    TRY(stage_drain(s));
    TRY(fusepay_engine_due_now(s->engine, &now_ms, &s->error));
    record_number(s, "drained", "at_ms", now_ms - s->settings.start_ms);
    return FUSEPAY_OK;
}

// The biller of a step.
static biller *biller_of(stage *s, const line *l) {
    const char *code = text_or(l, "provider", "scripted");
    biller *b = s->billers;
    while (b != NULL && strcmp(b->code, code) != 0) b = b->next;
    if (b == NULL) broken(s, "there is no biller %s", code);
    return b;
}

static int32_t script_biller(stage *s, const line *l) {
    biller *b = biller_of(s, l);
    if (b == NULL) return BROKEN;
    if (!script_is_known(text_or(l, "pay", ""), text_or(l, "query", ""), text(l, "always"), text(l, "validate"))) {
        return broken(s, "a step of the script is unknown");
    }
    biller_script(b, l);
    return done(s);
}

static int32_t pay_biller(stage *s, const line *l) {
    biller *b = biller_of(s, l);
    int64_t minor = 0;
    if (b == NULL) return BROKEN;
    TRY(read_int64(s, l, "minor", &minor));
    entry *e = biller_entry(b, text(l, "request"));
    biller_take(e, minor);
    show(s, &BOOK, e);
    return FUSEPAY_OK;
}

static int32_t take_back(stage *s, const line *l) {
    biller *b = biller_of(s, l);
    if (b == NULL) return BROKEN;
    entry *e = biller_entry(b, text(l, "request"));
    e->reversed_times += 1;
    show(s, &BOOK, e);
    return FUSEPAY_OK;
}

static int32_t book(stage *s, const line *l) {
    biller *b = biller_of(s, l);
    if (b == NULL) return BROKEN;
    show(s, &BOOK, biller_entry(b, text(l, "request")));
    return FUSEPAY_OK;
}

static int32_t oracle(stage *s, const line *l) {
    bool is_lenient = false;
    TRY(read_flag(s, l, "lenient", &is_lenient));
    return consult_oracle(s, is_lenient);
}

static int32_t run_due(stage *s, const line *l) {
    fusepay_run_report report = FUSEPAY_INIT(fusepay_run_report);
    TRY(fusepay_engine_run_due(s->engine, &report, &s->error));
    return answer(s, l, &RAN, &report);
}

static int32_t verify(stage *s, const line *l) {
    fusepay_verify_report report = FUSEPAY_INIT(fusepay_verify_report);
    TRY(fusepay_engine_verify(s->engine, &report, &s->error));
    return answer(s, l, &VERIFIED, &report);
}

static int32_t stats(stage *s, const line *l) {
    (void)l;
    fusepay_stats found = FUSEPAY_INIT(fusepay_stats);
    TRY(fusepay_engine_stats(s->engine, &found, &s->error));
    record_begin(s, "stats");
    put_number(s, "dead_letters", (int64_t)found.dead_letters);
    put_number(s, "event_head", (int64_t)found.event_head);
    put_number(s, "payments", (int64_t)found.payments_length);
    put_number(s, "balances", (int64_t)found.balances_length);
    record_end(s);
    show_all(s, &PAYMENT_COUNT, found.payments_length, found.payments);
    show_all(s, &BALANCE, found.balances_length, found.balances);
    fusepay_clear(&found);
    return FUSEPAY_OK;
}

static int32_t ledger_digest(stage *s, const line *l) {
    (void)l;
    fusepay_text digest = FUSEPAY_INIT(fusepay_text);
    TRY(fusepay_engine_ledger_digest(s->engine, &digest, &s->error));
    record_begin(s, "digest");
    put_plain(s, "sha256", digest.text);
    record_end(s);
    fusepay_clear(&digest);
    return FUSEPAY_OK;
}

const verb STAGE_VERBS[] = {
    {"simulated",
     "seed start_ms currency? transfer_fee_minor? transfer_fee_per_mille? withdrawal_fee_minor? "
     "withdrawal_fee_per_mille?",
     simulated},
    {"provider", "code idempotent_ms? can_query? grace_ms? not_found_times? refuses_repetition? prepaid_minor?",
     provider},
    {"open", "", open_engine},
    {"reopen", "restored?", reopen},
    {"clock.advance", "ms", advance},
    {"clock.set_wall", "ms", set_wall},
    {"drain", "", drain},
    {"biller.script", "provider? customer pay? query? always? validate?", script_biller},
    {"biller.pay", "provider? request minor", pay_biller},
    {"biller.take_back", "provider? request", take_back},
    {"biller.book", "provider? request", book},
    {"oracle", "lenient?", oracle},
    {"run_due", "", run_due},
    {"verify", "", verify},
    {"stats", "", stats},
    {"ledger_digest", "", ledger_digest},
    {NULL, NULL, NULL},
};
