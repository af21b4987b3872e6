// A whole host of FusePay in C: it opens an engine, offers one biller, pays three
// bills and shows what became of each.
//
//     make run            (see the Makefile for how it is compiled)
//
// The biller is a function of this program. It takes the first bill, declines the
// second, and gives no answer to the third, although it took the money; the engine
// reverses the second by itself and asks about the third. A real adapter would call
// out: docs/provider-guide.md of FusePay says what it must know.
//
// Time is injected, so that the program ends at once: a host that sells something
// leaves `clock`, `entropy_seed` and `worker` alone, and a thread of the engine does
// what `run_until_idle` does here.
#include <fusepay.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Every call may fail. This host ends then; yours would answer whoever asked.
static void must(int32_t status, fusepay_error **error) {
    if (status != FUSEPAY_OK) {
        const char *message = fusepay_error_message(*error);
        fprintf(stderr, "%s: %s\n", fusepay_code_name(status), message);
        fusepay_error_free(error);
        exit(1);
    }
}

// Money is integers of minor units; this is how people read it.
static void print_money(int64_t minor, const char *currency) {
    fusepay_money money = {.minor = minor, .currency = ""};
    strncpy(money.currency, currency, sizeof money.currency - 1);
    fusepay_text text = FUSEPAY_INIT(fusepay_text);
    fusepay_error *error = NULL;
    must(fusepay_money_text(money, &text, &error), &error);
    printf(" %13s", text.text);
    fusepay_clear(&text);
}

// --- The biller: how many bills it was sent. -------------------------------------

typedef struct biller {
    int sent;
} biller;

static uint32_t biller_pay(void *user_data, const fusepay_pay_request *request, fusepay_reply *reply) {
    biller *self = (biller *)user_data;
    self->sent++;
    printf("  biller is sent    ");
    print_money(request->amount.minor, request->amount.currency);
    printf(" for %s\n", request->customer_reference);
    switch (self->sent) {
    case 1:
        fusepay_reply_token(reply, "1111-2222-3333");
        fusepay_reply_provider_reference(reply, "PC-1");
        return FUSEPAY_OUTCOME_KIND_PAID;
    case 2:
        fusepay_reply_code(reply, "NO_METER");
        fusepay_reply_reason(reply, "no such meter");
        return FUSEPAY_OUTCOME_KIND_DECLINED;
    default:
        // It may have been paid: a time-out is never "not sent".
        fusepay_reply_reason(reply, "no answer within 30 s");
        return FUSEPAY_OUTCOME_KIND_UNKNOWN;
    }
}

static uint32_t biller_query(void *user_data, const fusepay_query_request *request, fusepay_reply *reply) {
    (void)user_data;
    printf("  biller is asked of");
    print_money(request->amount.minor, request->amount.currency);
    printf("\n");
    fusepay_reply_token(reply, "7777-8888-9999");
    fusepay_reply_provider_reference(reply, "PC-3");
    return FUSEPAY_OUTCOME_KIND_PAID;
}

// --- The rest of the host. -------------------------------------------------------

// Is told of every event after its commit, at least once. 0: it was taken.
static int32_t on_event(void *user_data, const fusepay_event *event) {
    (void)user_data;
    printf("  event %" PRIu64 ": %s\n", event->sequence, fusepay_event_name(event->name));
    return 0;
}

// 2026-03-01T12:00:00Z, until somebody turns the hands.
#define START_MS INT64_C(1772366400000)
static int64_t now_ms = START_MS;

static int64_t wall_ms(void *user_data) {
    (void)user_data;
    return now_ms;
}

static uint64_t monotonic_ms(void *user_data) {
    (void)user_data;
    return (uint64_t)(now_ms - START_MS);
}

static fusepay_engine *open_engine(const char *path, biller *company) {
    fusepay_key key = FUSEPAY_INIT(fusepay_key);
    key.id = "2026-03";
    // Yours comes from a secret store: 32 random bytes or more.
    key.secret = (const uint8_t *)"an example, which is no secret at all";
    key.secret_length = strlen((const char *)key.secret);

    fusepay_provider provider = FUSEPAY_INIT(fusepay_provider);
    provider.user_data = company;
    provider.pay = biller_pay;
    provider.query = biller_query;
    fusepay_provider_entry entry = FUSEPAY_INIT(fusepay_provider_entry);
    entry.code = "example";
    entry.provider = &provider;

    fusepay_clock clock = FUSEPAY_INIT(fusepay_clock);
    clock.wall_ms = wall_ms;
    clock.monotonic_ms = monotonic_ms;
    const uint64_t seed = 1;

    fusepay_config config = FUSEPAY_INIT(fusepay_config);
    config.path = path;
    config.keys = &key;
    config.key_count = 1;
    config.providers = &entry;
    config.provider_count = 1;
    config.clock = &clock;
    config.entropy_seed = &seed;
    config.worker = FUSEPAY_WORKER_MANUAL;

    fusepay_engine *engine = NULL;
    fusepay_error *error = NULL;
    must(fusepay_engine_open(&config, &engine, &error), &error);
    return engine;
}

static void load_catalogue(const fusepay_engine *engine) {
    fusepay_bill_item_entry item = FUSEPAY_INIT(fusepay_bill_item_entry);
    item.code = "PREPAID";
    item.name = "Prepaid units";
    item.currency = "NGN";
    item.minimum_minor = 10000;
    item.maximum_minor = 5000000;
    const char *const providers[] = {"example"};
    fusepay_biller_entry ikeja = FUSEPAY_INIT(fusepay_biller_entry);
    ikeja.code = "IKEJA";
    ikeja.name = "Ikeja Electric";
    ikeja.category = "ELECTRICITY";
    ikeja.providers = providers;
    ikeja.provider_count = 1;
    ikeja.items = &item;
    ikeja.item_count = 1;
    fusepay_error *error = NULL;
    must(fusepay_bill_load_catalogue(engine, &ikeja, 1, &error), &error);
}

// A new user and the first wallet, with ₦10,000.00 that came in from a bank.
static fusepay_wallet_id register_ada(const fusepay_engine *engine) {
    static const char password[] = "correct horse battery staple";
    fusepay_registration request = FUSEPAY_INIT(fusepay_registration);
    request.email = "ada@example.com";
    request.first_name = "Ada";
    request.last_name = "Obi";
    request.password = (const uint8_t *)password;
    request.password_length = strlen(password);
    fusepay_registered ada = FUSEPAY_INIT(fusepay_registered);
    fusepay_error *error = NULL;
    must(fusepay_auth_register(engine, &request, &ada, &error), &error);

    fusepay_money_request money = FUSEPAY_INIT(fusepay_money_request);
    money.wallet_id = ada.wallet->id;
    must(fusepay_money_parse("10000.00", "NGN", &money.amount, &error), &error);
    money.external_reference = "bank-transfer-4711"; // Is booked once, however often it is told.
    fusepay_transaction line = FUSEPAY_INIT(fusepay_transaction);
    must(fusepay_wallet_fund(engine, &money, &line, &error), &error);

    const fusepay_wallet_id wallet_id = money.wallet_id;
    fusepay_clear(&line);
    fusepay_clear(&ada); // Its tokens are wiped.
    return wallet_id;
}

static fusepay_payment_id pay(const fusepay_engine *engine, fusepay_wallet_id wallet_id, const char *meter,
                              int64_t amount_minor, const char *key) {
    fusepay_pay_bill bill = FUSEPAY_INIT(fusepay_pay_bill);
    bill.wallet_id = wallet_id;
    bill.biller = "IKEJA";
    bill.item = "PREPAID";
    bill.customer_reference = meter;
    bill.amount = (fusepay_money){.minor = amount_minor, .currency = "NGN"};
    bill.idempotency_key = key; // The call may be repeated with it: the bill is paid once.
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    fusepay_error *error = NULL;
    must(fusepay_bill_pay(engine, &bill, &payment, &error), &error);
    const fusepay_payment_id id = payment.id;
    fusepay_clear(&payment);
    return id;
}

// Does what is due, and turns the clock to what is due next, until nothing is.
static void run_until_idle(const fusepay_engine *engine) {
    fusepay_run_report report = FUSEPAY_INIT(fusepay_run_report);
    fusepay_error *error = NULL;
    do {
        must(fusepay_engine_run_due(engine, &report, &error), &error);
        if (report.next_due_ms != NULL && *report.next_due_ms > now_ms) {
            now_ms = *report.next_due_ms;
        }
    } while (report.next_due_ms != NULL || report.claimed > 0);
    fusepay_clear(&report);
}

static void show_payment(const fusepay_engine *engine, fusepay_payment_id id) {
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    fusepay_text_array tokens = FUSEPAY_INIT(fusepay_text_array);
    fusepay_error *error = NULL;
    must(fusepay_bill_find(engine, &id, &payment, &error), &error);
    must(fusepay_bill_tokens(engine, &id, &tokens, &error), &error);
    printf("  %s: %s", payment.customer_reference, fusepay_payment_status_name(payment.status));
    if (payment.failure_reason != NULL) {
        printf(", %s", payment.failure_reason);
    }
    for (size_t i = 0; i < tokens.length; i++) {
        printf(", token %s", tokens.items[i]);
    }
    printf("\n");
    fusepay_clear(&tokens);
    fusepay_clear(&payment);
}

static void show_history(const fusepay_engine *engine, fusepay_wallet_id wallet_id) {
    fusepay_transaction_page page = FUSEPAY_INIT(fusepay_transaction_page);
    fusepay_error *error = NULL;
    do { // The cursor of a page asks for the next one; NULL, of the empty page, for the first.
        must(fusepay_history_page(engine, &wallet_id, NULL, page.next_cursor, 3, &page, &error), &error);
        for (size_t i = 0; i < page.length; i++) {
            const fusepay_transaction *line = page.items[i];
            printf("  %-14s", fusepay_transaction_type_name(line->kind));
            print_money(line->amount_minor, line->currency);
            print_money(line->balance_minor, line->currency);
            printf("\n");
        }
    } while (page.next_cursor != NULL);
    fusepay_clear(&page);
}

int main(int count, char **arguments) {
    biller company = {0};
    fusepay_error *error = NULL;
    fusepay_engine *engine = open_engine(count > 1 ? arguments[1] : "host.db", &company);
    load_catalogue(engine);
    const fusepay_wallet_id wallet_id = register_ada(engine);

    fusepay_subscriber subscriber = FUSEPAY_INIT(fusepay_subscriber);
    subscriber.notify = on_event;
    fusepay_subscription *subscription = NULL;
    must(fusepay_events_subscribe(engine, "screen", FUSEPAY_START_AT_NOW, &subscriber, &subscription, &error), &error);

    printf("Three bills are paid.\n");
    const fusepay_payment_id bills[] = {
        pay(engine, wallet_id, "meter-1", 250000, "order-1"),
        pay(engine, wallet_id, "meter-2", 100000, "order-2"),
        pay(engine, wallet_id, "meter-3", 70000, "order-3"),
    };
    run_until_idle(engine);

    printf("What became of them:\n");
    for (size_t i = 0; i < 3; i++) {
        show_payment(engine, bills[i]);
    }
    printf("The wallet's history, newest first:\n");
    show_history(engine, wallet_id);

    fusepay_verify_report report = FUSEPAY_INIT(fusepay_verify_report);
    must(fusepay_engine_verify(engine, &report, &error), &error);
    printf("The file is %s.\n", report.is_sound ? "sound" : "NOT SOUND");
    const int status = report.is_sound ? 0 : 1;
    fusepay_clear(&report);

    fusepay_subscription_close(&subscription);
    must(fusepay_engine_close(&engine, 5000, &error), &error);
    return status;
}
