// The scripted biller: does as it is told, and keeps a book of what it truly did.
// An example of a provider made of callbacks. In the manual worker mode they are
// called by the thread that plays the scenario, and so need no lock.
#include "scenario.h"

#include <stdio.h>
#include <string.h>

// A callback that fails: no outcome, and no status that a host knows how to take.
#define RAISED FUSEPAY_ERR_PANICKED
// Not in the contract at all.
#define GARBAGE 999

typedef struct step {
    struct step *next;
    const char *text; // a step's name, with `:` and an argument where it takes one
} step;

// What the biller does for one customer.
typedef struct script {
    struct script *next;
    const char *customer;
    step *pay;
    step *query;
    const char *always;
    const char *validate;
} script;

// What the steps of a send need. Those of a query have no customer.
typedef struct call {
    biller *biller;
    entry *entry;
    int64_t amount_minor;
    const char *customer;
    const char *argument; // after the colon; NULL when there is none
    fusepay_reply *reply;
} call;

// A step of a script; a name with a colon demands an argument.
typedef struct known_step {
    const char *name;
    uint32_t (*make)(const call *c);
} known_step;

// The book.

entry *biller_find(const biller *b, const char *request) {
    entry *e = b->book;
    while (e != NULL && strcmp(e->request, request) != 0) e = e->next;
    return e;
}

entry *biller_entry(biller *b, const char *request) {
    uint32_t number = 1;
    entry **end = &b->book;
    for (; *end != NULL; end = &(*end)->next, number++) {
        if (strcmp((*end)->request, request) == 0) return *end;
    }
    entry *e = keep(&b->stage->memory, sizeof *e);
    e->request = keep_text(&b->stage->memory, request);
    e->customer = "";
    e->number = number;
    *end = e;
    return e;
}

void biller_take(entry *e, int64_t minor) {
    e->paid_times += 1;
    e->paid_minor = minor;
    e->was_paid = true;
    e->is_pending = false;
}

bool biller_holds_money(const entry *e) { return e->paid_times > e->reversed_times; }

// Answers. The details of an outcome are set on the reply; the outcome is returned.

static uint32_t answer_paid(const entry *e, const char *customer, fusepay_reply *reply) {
    char text[64];
    snprintf(text, sizeof text, "REF-%u", (unsigned)e->number);
    fusepay_reply_provider_reference(reply, text);
    snprintf(text, sizeof text, "TOKEN-%u", (unsigned)e->number);
    fusepay_reply_token(reply, text);
    snprintf(text, sizeof text, "receipt %u", (unsigned)e->number);
    fusepay_reply_receipt(reply, text);
    if (e->was_paid) fusepay_reply_amount_minor(reply, e->paid_minor);
    if (customer != NULL) fusepay_reply_customer_reference(reply, customer);
    return FUSEPAY_OUTCOME_KIND_PAID;
}

static uint32_t answer_because(const char *reason, uint32_t outcome, fusepay_reply *reply) {
    fusepay_reply_reason(reply, reason);
    return outcome;
}

static uint32_t answer_failed(fusepay_reply *reply) {
    fusepay_reply_code(reply, "FAILED");
    return answer_because("scripted failure", FUSEPAY_OUTCOME_KIND_FAILED, reply);
}

static uint32_t answer_reversed(fusepay_reply *reply) {
    return answer_because("scripted provider reversal", FUSEPAY_OUTCOME_KIND_PROVIDER_REVERSED, reply);
}

static uint32_t answer_pending(const call *c) {
    int64_t poll_after_ms = 0;
    if (c->argument != NULL && parse_int64(c->argument, &poll_after_ms) && poll_after_ms >= 0) {
        fusepay_reply_poll_after_ms(c->reply, (uint64_t)poll_after_ms);
    }
    return FUSEPAY_OUTCOME_KIND_PENDING;
}

// The steps of a send.

static uint32_t pay_amount(const call *c, int64_t minor, const char *customer) {
    if (c->biller->refuses_repetition && biller_holds_money(c->entry)) return FUSEPAY_OUTCOME_KIND_DUPLICATE;
    biller_take(c->entry, minor);
    return answer_paid(c->entry, customer, c->reply);
}

static uint32_t pay_paid(const call *c) { return pay_amount(c, c->amount_minor, c->customer); }

static uint32_t pay_timeout(const call *c) {
    return answer_because("timed out", FUSEPAY_OUTCOME_KIND_UNKNOWN, c->reply);
}

static uint32_t pay_paid_then_timeout(const call *c) {
    pay_paid(c);
    return pay_timeout(c);
}

static uint32_t pay_raise(const call *c) {
    (void)c;
    return RAISED;
}

static uint32_t pay_paid_then_raise(const call *c) {
    pay_paid(c);
    return RAISED;
}

static uint32_t pay_declined(const call *c) {
    c->entry->is_refused = true;
    fusepay_reply_code(c->reply, "DECLINED");
    return answer_because("scripted refusal", FUSEPAY_OUTCOME_KIND_DECLINED, c->reply);
}

static uint32_t pay_not_sent(const call *c) {
    return answer_because("connection refused", FUSEPAY_OUTCOME_KIND_NOT_SENT, c->reply);
}

static uint32_t pay_duplicate(const call *c) {
    (void)c;
    return FUSEPAY_OUTCOME_KIND_DUPLICATE;
}

static uint32_t pay_pending(const call *c) {
    c->entry->is_pending = true;
    return answer_pending(c);
}

static uint32_t pay_garbage(const call *c) {
    (void)c;
    return GARBAGE;
}

static uint32_t pay_wrong_amount(const call *c) {
    int64_t minor = c->amount_minor;
    parse_int64(c->argument, &minor);
    return pay_amount(c, minor, c->customer);
}

static uint32_t pay_wrong_customer(const call *c) { return pay_amount(c, c->amount_minor, c->argument); }

// Calls the engine from inside a call of the engine.
static bool sees_it_processing(const fusepay_engine *engine) {
    bool is_processing = false;
    fusepay_payment_array listed = FUSEPAY_INIT(fusepay_payment_array);
    fusepay_payment found = FUSEPAY_INIT(fusepay_payment);
    if (fusepay_bill_list_by_status(engine, FUSEPAY_PAYMENT_STATUS_PROCESSING, NULL, 1, &listed, NULL) == FUSEPAY_OK &&
        listed.length == 1 && fusepay_bill_find(engine, &listed.items[0]->id, &found, NULL) == FUSEPAY_OK) {
        is_processing = found.status == FUSEPAY_PAYMENT_STATUS_PROCESSING;
    }
    fusepay_clear(&found);
    fusepay_clear(&listed);
    return is_processing;
}

static uint32_t pay_reenter(const call *c) {
    return sees_it_processing(c->biller->stage->engine) ? pay_paid(c) : RAISED;
}

// Delivers its own webhook before it answers.
static uint32_t pay_told(const call *c) {
    uint32_t outcome = pay_paid(c);
    char body[LINE_BYTES_MAX];
    snprintf(body, sizeof body, "PAID %s -", c->entry->request);
    fusepay_header header;
    fusepay_webhook webhook;
    biller_webhook("valid", body, &header, &webhook);
    fusepay_webhook_receipt receipt = FUSEPAY_INIT(fusepay_webhook_receipt);
    int32_t status = fusepay_bill_receive_webhook(c->biller->stage->engine, c->biller->code, &webhook, &receipt, NULL);
    return status == FUSEPAY_OK && receipt.matched == 1 ? outcome : RAISED;
}

static const known_step PAY_STEPS[] = {
    {"paid", pay_paid},
    {"paid_then_timeout", pay_paid_then_timeout},
    {"paid_then_raise", pay_paid_then_raise},
    {"declined", pay_declined},
    {"not_sent", pay_not_sent},
    {"duplicate", pay_duplicate},
    {"pending", pay_pending},
    {"pending:", pay_pending},
    {"timeout", pay_timeout},
    {"garbage", pay_garbage},
    {"wrong_amount:", pay_wrong_amount},
    {"wrong_customer:", pay_wrong_customer},
    {"reenter", pay_reenter},
    {"told", pay_told},
    {"raise", pay_raise},
    {NULL, NULL},
};

// The steps of a query.

static uint32_t query_truth(const call *c) {
    const entry *e = c->entry;
    if (biller_holds_money(e)) return answer_paid(e, NULL, c->reply);
    if (e->reversed_times > 0) return answer_reversed(c->reply);
    if (e->is_refused) return answer_failed(c->reply);
    return e->is_pending ? FUSEPAY_OUTCOME_KIND_PENDING : FUSEPAY_OUTCOME_KIND_NOT_FOUND;
}

static uint32_t query_paid(const call *c) {
    if (!biller_holds_money(c->entry)) biller_take(c->entry, c->amount_minor);
    return answer_paid(c->entry, NULL, c->reply);
}

static uint32_t query_not_found(const call *c) {
    (void)c;
    return FUSEPAY_OUTCOME_KIND_NOT_FOUND;
}

static uint32_t query_failed(const call *c) {
    c->entry->is_refused = true;
    c->entry->is_pending = false;
    return answer_failed(c->reply);
}

static uint32_t query_unknown(const call *c) {
    return answer_because("no usable answer", FUSEPAY_OUTCOME_KIND_UNKNOWN, c->reply);
}

static uint32_t query_reversed(const call *c) {
    if (biller_holds_money(c->entry)) c->entry->reversed_times += 1;
    return answer_reversed(c->reply);
}

static const known_step QUERY_STEPS[] = {
    {"truth", query_truth},
    {"paid", query_paid},
    {"not_found", query_not_found},
    {"pending", answer_pending},
    {"pending:", answer_pending},
    {"failed", query_failed},
    {"unknown", query_unknown},
    {"reversed", query_reversed},
    {"raise", pay_raise},
    {NULL, NULL},
};

// Scripts.

// The step of a text of this length; NULL when there is none. Its argument, if
// it takes one, begins after its name.
static const known_step *find_step(const known_step *known, const char *text, size_t length) {
    const char *colon = memchr(text, ':', length);
    size_t size = colon == NULL ? length : (size_t)(colon - text) + 1;
    for (; known->name != NULL; known++) {
        if (strlen(known->name) == size && strncmp(known->name, text, size) == 0) return known;
    }
    return NULL;
}

static uint32_t make_step(const known_step *known, const char *text, call *c) {
    const known_step *found = find_step(known, text, strlen(text));
    if (found == NULL) return RAISED; // scripts are checked when they are given
    size_t size = strlen(found->name);
    c->argument = found->name[size - 1] == ':' ? text + size : NULL;
    return found->make(c);
}

// Whether every step of a list divided by commas is known; nothing is between
// commas that stand together.
static bool are_known(const known_step *known, const char *list) {
    for (size_t length; *list != '\0'; list += length + (list[length] == ',')) {
        length = strcspn(list, ",");
        if (length > 0 && find_step(known, list, length) == NULL) return false;
    }
    return true;
}

bool script_is_known(const char *pay, const char *query, const char *always, const char *validate) {
    return are_known(PAY_STEPS, pay) && are_known(QUERY_STEPS, query) &&
           (always == NULL || find_step(QUERY_STEPS, always, strlen(always)) != NULL) &&
           (validate == NULL || strcmp(validate, "rejected") == 0 || strcmp(validate, "raise") == 0);
}

static void append_steps(arena *memory, step **end, const char *list) {
    while (*end != NULL) end = &(*end)->next;
    for (size_t length; *list != '\0'; list += length + (list[length] == ',')) {
        length = strcspn(list, ",");
        if (length == 0) continue;
        *end = keep(memory, sizeof **end);
        (*end)->text = keep_bytes(memory, list, length);
        end = &(*end)->next;
    }
}

// The next step of a queue, which it leaves; or another when the queue is empty.
static const char *take_step(step **queue, const char *otherwise) {
    step *first = *queue;
    if (first == NULL) return otherwise;
    *queue = first->next;
    return first->text;
}

static script *find_script(biller *b, const char *customer) {
    script *found = b->scripts;
    while (found != NULL && strcmp(found->customer, customer) != 0) found = found->next;
    return found;
}

void biller_script(biller *b, const line *l) {
    arena *memory = &b->stage->memory;
    script *found = find_script(b, text(l, "customer"));
    if (found == NULL) {
        found = keep(memory, sizeof *found);
        found->customer = keep_text(memory, text(l, "customer"));
        found->next = b->scripts;
        b->scripts = found;
    }
    append_steps(memory, &found->pay, text_or(l, "pay", ""));
    append_steps(memory, &found->query, text_or(l, "query", ""));
    if (text(l, "always") != NULL) found->always = keep_text(memory, text(l, "always"));
    if (text(l, "validate") != NULL) found->validate = keep_text(memory, text(l, "validate"));
}

// The callbacks.

static uint32_t on_pay(void *user_data, const fusepay_pay_request *request, fusepay_reply *reply) {
    biller *b = user_data;
    entry *e = biller_entry(b, request->request_id);
    e->customer = keep_text(&b->stage->memory, request->customer_reference);
    e->sends += 1;
    script *found = find_script(b, e->customer);
    call c = {b, e, request->amount.minor, e->customer, NULL, reply};
    fusepay_reply_evidence(reply, (const uint8_t *)"scripted", 8, "scripted");
    return make_step(PAY_STEPS, found == NULL ? "paid" : take_step(&found->pay, "paid"), &c);
}

static uint32_t on_query(void *user_data, const fusepay_query_request *request, fusepay_reply *reply) {
    biller *b = user_data;
    entry *e = biller_entry(b, request->request_id);
    e->queries += 1;
    script *found = find_script(b, e->customer);
    const char *always = found == NULL || found->always == NULL ? "truth" : found->always;
    call c = {b, e, request->amount.minor, NULL, NULL, reply};
    fusepay_reply_evidence(reply, (const uint8_t *)"scripted", 8, "scripted");
    return make_step(QUERY_STEPS, found == NULL ? always : take_step(&found->query, always), &c);
}

static int32_t on_validate_customer(void *user_data, const fusepay_customer_request *request, fusepay_reply *reply) {
    const script *found = find_script(user_data, request->customer_reference);
    if (found != NULL && found->validate != NULL) {
        return strcmp(found->validate, "rejected") == 0 ? FUSEPAY_ERR_CUSTOMER_REJECTED : RAISED;
    }
    char name[LINE_BYTES_MAX];
    snprintf(name, sizeof name, "Customer %s", request->customer_reference);
    return fusepay_reply_customer(reply, name, NULL, NULL);
}

static int32_t on_float_balance(void *user_data, fusepay_money *balance) {
    const biller *b = user_data;
    if (!b->is_prepaid) return FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER;
    *balance = (fusepay_money){b->prepaid_minor, "NGN"};
    for (const entry *e = b->book; e != NULL; e = e->next) {
        if (biller_holds_money(e)) balance->minor -= e->paid_minor;
    }
    return FUSEPAY_OK;
}

// Cuts the text before the next divider off; NULL when nothing is left.
static char *cut(char **rest, char divider) {
    char *first = *rest;
    if (first == NULL) return NULL;
    *rest = strchr(first, divider);
    if (*rest != NULL) *(*rest)++ = '\0';
    return first;
}

// Takes in one line of a webhook; false when it says nothing we know.
static bool take_notice(biller *b, char *line, fusepay_reply *reply) {
    const char *word = cut(&line, ' '), *request = cut(&line, ' ');
    uint32_t outcome = FUSEPAY_OUTCOME_KIND_PENDING;
    if (request == NULL) return false;
    if (strcmp(word, "PAID") == 0) {
        const char *amount = cut(&line, ' ');
        int64_t minor = 0;
        if (amount == NULL) return false;
        outcome = answer_paid(biller_entry(b, request), NULL, reply);
        if (strcmp(amount, "-") != 0) {
            if (!parse_int64(amount, &minor)) return false;
            fusepay_reply_amount_minor(reply, minor);
        }
    } else if (strcmp(word, "FAILED") == 0) {
        outcome = answer_failed(reply);
    } else if (strcmp(word, "REVERSED") == 0) {
        outcome = answer_reversed(reply);
    } else if (strcmp(word, "PENDING") != 0) {
        return false;
    }
    return fusepay_reply_notice(reply, request, outcome, NULL) == FUSEPAY_OK;
}

static int32_t on_verify_webhook(void *user_data, const fusepay_webhook *webhook, fusepay_reply *reply) {
    biller *b = user_data;
    bool is_signed = false;
    for (size_t i = 0; i < webhook->header_count; i++) {
        const fusepay_header *header = &webhook->headers[i];
        is_signed = is_signed || (strcmp(header->name, "x-signature") == 0 && strcmp(header->value, "valid") == 0);
    }
    if (!is_signed) return FUSEPAY_ERR_WEBHOOK_REJECTED;
    char *rest = keep_bytes(&b->stage->memory, (const char *)webhook->body, webhook->body_length);
    while (rest != NULL) {
        if (!take_notice(b, cut(&rest, '\n'), reply)) return FUSEPAY_ERR_WEBHOOK_REJECTED;
    }
    return FUSEPAY_OK;
}

// Fills a provider in; `user_data` outlives the engine, so nothing is to destroy.
void biller_provider(biller *b, fusepay_capabilities *capabilities, fusepay_provider *provider) {
    *capabilities = FUSEPAY_INIT(fusepay_capabilities);
    capabilities->idempotent_submit_ms = b->idempotent_ms;
    capabilities->not_found_grace_ms = b->has_grace ? &b->grace_ms : NULL;
    capabilities->not_found_times = b->not_found_times;
    capabilities->cannot_query = b->can_query ? 0 : 1;
    *provider = FUSEPAY_INIT(fusepay_provider);
    provider->user_data = b;
    provider->capabilities = capabilities;
    provider->pay = on_pay;
    provider->query = on_query;
    provider->validate_customer = on_validate_customer;
    provider->float_balance = on_float_balance;
    provider->verify_webhook = on_verify_webhook;
}

void biller_webhook(const char *signature, const char *body, fusepay_header *header, fusepay_webhook *webhook) {
    *header = (fusepay_header){"x-signature", signature};
    *webhook = FUSEPAY_INIT(fusepay_webhook);
    webhook->headers = header;
    webhook->header_count = 1;
    webhook->body = (const uint8_t *)body;
    webhook->body_length = strlen(body);
}
