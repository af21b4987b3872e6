// What must hold at the end of every scenario, with the billers' own books as the
// judges of who was paid.
#include "scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct complaint {
    struct complaint *next;
    char text[256];
} complaint;

typedef struct oracle {
    stage *stage;
    bool is_lenient;
    int64_t payments;
    int64_t complaints;
    complaint *first;
    complaint **end;
} oracle;

static void complain(oracle *o, const char *format, ...) {
    complaint *made = keep(&o->stage->step_memory, sizeof *made);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(made->text, sizeof made->text, format, arguments);
    va_end(arguments);
    *o->end = made;
    o->end = &made->next;
    o->complaints += 1;
}

static biller *find_biller(const stage *s, const char *code) {
    biller *b = s->billers;
    while (b != NULL && strcmp(b->code, code) != 0) b = b->next;
    return b;
}

// What is wrong with where the money is; NULL when nothing is.
static const char *judge_money(const oracle *o, const fusepay_payment *p, const entry *e) {
    bool holds = biller_holds_money(e);
    switch (p->status) {
        case FUSEPAY_PAYMENT_STATUS_COMPLETED:
            if (!holds) return "the biller does not have the money";
            return e->paid_minor == p->amount.minor ? NULL : "the biller has another amount";
        case FUSEPAY_PAYMENT_STATUS_REVERSED:
            return holds && p->claim_minor == 0 && !o->is_lenient ? "the biller has the money without a claim" : NULL;
        case FUSEPAY_PAYMENT_STATUS_FAILED:
            return holds && !o->is_lenient ? "the biller has the money of a failed payment" : NULL;
        case FUSEPAY_PAYMENT_STATUS_PENDING: return holds ? "the biller has money that was never sent" : NULL;
        default: return NULL;
    }
}

// What is wrong with what will happen next; NULL when nothing is.
static const char *judge_job(const fusepay_payment *p, const fusepay_job *job) {
    bool has_job = job != NULL && job->status != FUSEPAY_JOB_STATUS_DEAD;
    switch (p->status) {
        case FUSEPAY_PAYMENT_STATUS_PENDING:
        case FUSEPAY_PAYMENT_STATUS_PROCESSING:
        case FUSEPAY_PAYMENT_STATUS_UNKNOWN: return has_job ? NULL : "nothing will go on with it";
        case FUSEPAY_PAYMENT_STATUS_COMPLETED:
        case FUSEPAY_PAYMENT_STATUS_REVERSED:
        case FUSEPAY_PAYMENT_STATUS_NEEDS_REVIEW: return has_job ? "a job is left over" : NULL;
        default: return NULL;
    }
}

static int32_t check_payment(oracle *o, const fusepay_payment *p) {
    static const entry NOTHING = {0};
    stage *s = o->stage;
    const char *status = fusepay_payment_status_name(p->status);
    const biller *b = find_biller(s, p->provider);
    entry *found = b == NULL ? NULL : biller_find(b, p->request_id);
    const entry *e = found == NULL ? &NOTHING : found;
    if (found != NULL) found->owners += 1;

    if (e->paid_times > 1) complain(o, "%s: the biller was paid more than once", status);
    const char *wrong = judge_money(o, p, e);
    if (wrong != NULL) complain(o, "%s: %s", status, wrong);
    int64_t whole_minor = add_saturating(p->amount.minor, p->fee.minor);
    if (p->refunded_minor < 0 || p->refunded_minor > whole_minor || p->suspense_minor < 0 ||
        p->suspense_minor > whole_minor) {
        complain(o, "%s: more was given back than was taken", status);
    }

    fusepay_explanation explanation = FUSEPAY_INIT(fusepay_explanation);
    TRY(fusepay_bill_explain(s->engine, &p->id, &explanation, &s->error));
    wrong = judge_job(p, explanation.next_job);
    if (wrong != NULL) complain(o, "%s: %s", status, wrong);
    fusepay_clear(&explanation);
    return FUSEPAY_OK;
}

// Checks every payment of one status, page by page. The page that is filled next
// gives the former one back.
static int32_t check_payments(oracle *o, uint32_t status) {
    stage *s = o->stage;
    fusepay_payment_array page = FUSEPAY_INIT(fusepay_payment_array);
    fusepay_payment_id last;
    TRY(fusepay_bill_list_by_status(s->engine, status, NULL, 500, &page, &s->error));
    int32_t result = FUSEPAY_OK;
    while (result == FUSEPAY_OK && page.length > 0) {
        for (size_t i = 0; i < page.length && result == FUSEPAY_OK; i++) result = check_payment(o, page.items[i]);
        o->payments += (int64_t)page.length;
        last = page.items[page.length - 1]->id;
        if (result == FUSEPAY_OK) {
            result = fusepay_bill_list_by_status(s->engine, status, &last, 500, &page, &s->error);
        }
    }
    fusepay_clear(&page);
    return result;
}

static void check_books(oracle *o) {
    for (const biller *b = o->stage->billers; b != NULL; b = b->next) {
        for (const entry *e = b->book; e != NULL; e = e->next) {
            if (e->sends == 0 || e->owners == 1) continue;
            complain(o, "%s was sent entry %u by nobody", b->code, (unsigned)e->number);
        }
    }
}

static void forget_owners(stage *s) {
    for (biller *b = s->billers; b != NULL; b = b->next) {
        for (entry *e = b->book; e != NULL; e = e->next) e->owners = 0;
    }
}

int32_t consult_oracle(stage *s, bool is_lenient) {
    oracle o = {s, is_lenient, 0, 0, NULL, NULL};
    o.end = &o.first;
    fusepay_verify_report report = FUSEPAY_INIT(fusepay_verify_report);
    TRY(fusepay_engine_verify(s->engine, &report, &s->error));
    if (!report.is_sound) complain(&o, "verify finds %llu violations", (unsigned long long)report.violation_count);
    fusepay_clear(&report);
    forget_owners(s);
    for (uint32_t status = FUSEPAY_PAYMENT_STATUS_PENDING; status <= FUSEPAY_PAYMENT_STATUS_NEEDS_REVIEW; status++) {
        TRY(check_payments(&o, status));
    }
    check_books(&o);

    record_begin(s, "oracle");
    put_number(s, "complaints", o.complaints);
    put_number(s, "payments", o.payments);
    record_end(s);
    for (const complaint *c = o.first; c != NULL; c = c->next) {
        record_begin(s, "complaint");
        put_text(s, "text", c->text);
        record_end(s);
    }
    return o.complaints == 0 ? FUSEPAY_OK : broken(s, "the oracle complains: %s", o.first->text);
}
