// A simulated engine with one payer, who has money, and one biller, who does as
// it is told.
#ifndef WORLD_H
#define WORLD_H

#include "simulated.h"

static const char world_password[] = "seven blue lamps by the river";

// What the biller answers, and what it was asked.
typedef struct biller {
    // What `pay` returns, and the details it sets before; NULL for none.
    uint32_t pay_answer;
    void (*pay_details)(fusepay_reply *reply);
    // What `query` returns, and the details it sets before; NULL for none.
    uint32_t query_answer;
    void (*query_details)(fusepay_reply *reply);
    // What the other callbacks return, and their details.
    int32_t status;
    void (*details)(fusepay_reply *reply);
    // How often it was asked, and told that the library is done with it.
    int pays;
    int queries;
    int destroyed;
    // What the last calls said.
    char request_id[65];
    char provider_reference[32];
    uint32_t attempt;
    // The last reply, kept against the rules.
    fusepay_reply *kept;
} biller;

static uint32_t biller_pay(void *user_data, const fusepay_pay_request *request, fusepay_reply *reply) {
    biller *self = (biller *)user_data;
    self->pays++;
    self->attempt = request->attempt;
    self->kept = reply;
    snprintf(self->request_id, sizeof self->request_id, "%s", request->request_id);
    if (self->pay_details != NULL) {
        self->pay_details(reply);
    }
    return self->pay_answer;
}

static uint32_t biller_query(void *user_data, const fusepay_query_request *request, fusepay_reply *reply) {
    biller *self = (biller *)user_data;
    self->queries++;
    CHECK_TEXT(self->request_id, request->request_id);
    const char *reference = request->provider_reference;
    snprintf(self->provider_reference, sizeof self->provider_reference, "%s", reference == NULL ? "" : reference);
    if (self->query_details != NULL) {
        self->query_details(reply);
    }
    return self->query_answer;
}

static void biller_destroy(void *user_data) { ((biller *)user_data)->destroyed++; }

static inline fusepay_provider biller_provider(biller *self) {
    fusepay_provider provider = FUSEPAY_INIT(fusepay_provider);
    provider.user_data = self;
    provider.destroy = biller_destroy;
    provider.pay = biller_pay;
    provider.query = biller_query;
    return provider;
}

// A biller that pays at once.
static inline biller biller_that_pays(void) {
    biller self;
    memset(&self, 0, sizeof self);
    self.pay_answer = FUSEPAY_OUTCOME_KIND_PAID;
    self.query_answer = FUSEPAY_OUTCOME_KIND_PAID;
    return self;
}

// An engine, its payer and their wallet.
typedef struct world {
    fusepay_engine *engine;
    fusepay_user_id user_id;
    fusepay_wallet_id wallet_id;
    char access_token[2048];
} world;

static inline fusepay_money naira(int64_t minor) {
    fusepay_money money = {minor, "NGN"};
    return money;
}

// Loads the biller POWER with its item PREPAID: 100 to 1,000,000 kobo, a fee of 50.
static inline void world_load_catalogue(fusepay_engine *engine) {
    fusepay_error *error = NULL;
    fusepay_fee fee = FUSEPAY_INIT(fusepay_fee);
    fee.fixed_minor = 50;
    fusepay_bill_item_entry item = FUSEPAY_INIT(fusepay_bill_item_entry);
    item.code = "PREPAID";
    item.name = "Prepaid units";
    item.currency = "NGN";
    item.minimum_minor = 100;
    item.maximum_minor = 1000000;
    item.fee = &fee;
    const char *provider = "power";
    fusepay_biller_entry entry = FUSEPAY_INIT(fusepay_biller_entry);
    entry.code = "POWER";
    entry.name = "Power Company";
    entry.category = "ELECTRICITY";
    entry.providers = &provider;
    entry.provider_count = 1;
    entry.items = &item;
    entry.item_count = 1;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_load_catalogue(engine, &entry, 1, &error));
}

// Registers a further payer with 1,000,000 kobo.
static inline void world_register(world *world, const char *email) {
    fusepay_error *error = NULL;
    fusepay_registration registration = FUSEPAY_INIT(fusepay_registration);
    registration.email = email;
    registration.first_name = "Ada";
    registration.last_name = "Obi";
    registration.password = (const uint8_t *)world_password;
    registration.password_length = strlen(world_password);
    fusepay_registered registered = FUSEPAY_INIT(fusepay_registered);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_auth_register(world->engine, &registration, &registered, &error));
    world->user_id = registered.user->id;
    world->wallet_id = registered.wallet->id;
    snprintf(world->access_token, sizeof world->access_token, "%s", registered.tokens->access);
    fusepay_clear(&registered);
    fusepay_money_request deposit = FUSEPAY_INIT(fusepay_money_request);
    deposit.wallet_id = world->wallet_id;
    deposit.amount = naira(1000000);
    fusepay_transaction transaction = FUSEPAY_INIT(fusepay_transaction);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_wallet_fund(world->engine, &deposit, &transaction, &error));
    fusepay_clear(&transaction);
}

// Opens a world whose biller is reached by this provider.
static inline world world_open(const char *path, const fusepay_provider *provider) {
    fusepay_provider_entry entry = FUSEPAY_INIT(fusepay_provider_entry);
    entry.code = "power";
    entry.provider = provider;
    world world;
    world.engine = simulated_open_with(path, &entry, 1);
    world_load_catalogue(world.engine);
    world_register(&world, "ada@example.com");
    return world;
}

static inline void world_close(world *world) {
    fusepay_error *error = NULL;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_close(&world->engine, 1000, &error));
    CHECK(world->engine == NULL);
}

// A bill of 10,000 kobo for a meter.
static inline fusepay_pay_bill world_bill(const world *world, const char *meter) {
    fusepay_pay_bill bill = FUSEPAY_INIT(fusepay_pay_bill);
    bill.wallet_id = world->wallet_id;
    bill.biller = "POWER";
    bill.item = "PREPAID";
    bill.customer_reference = meter;
    bill.amount = naira(10000);
    return bill;
}

// Debits and queues a bill; the biller is not asked yet.
static inline fusepay_payment_id world_pay(const world *world, const char *meter) {
    fusepay_error *error = NULL;
    fusepay_pay_bill bill = world_bill(world, meter);
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_pay(world->engine, &bill, &payment, &error));
    CHECK(payment.status == FUSEPAY_PAYMENT_STATUS_PENDING);
    fusepay_payment_id id = payment.id;
    fusepay_clear(&payment);
    return id;
}

// Does what is due now, once.
static inline void world_step(const world *world) {
    fusepay_error *error = NULL;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_run_due(world->engine, NULL, &error));
}

// Lets the queue run until nothing is left in it.
static inline void world_drain(const world *world) {
    fusepay_error *error = NULL;
    fusepay_run_report report = FUSEPAY_INIT(fusepay_run_report);
    for (int step = 0; step < 500; step++) {
        CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_run_due(world->engine, &report, &error));
        if (report.next_due_ms == NULL) {
            fusepay_clear(&report);
            return;
        }
        int64_t now_ms = 0;
        CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_due_now(world->engine, &now_ms, &error));
        simulated_elapsed_ms += *report.next_due_ms > now_ms ? *report.next_due_ms - now_ms : 1;
    }
    CHECK(!"the queue came to an end");
}

// Where a payment stands.
static inline uint32_t world_status(const world *world, fusepay_payment_id id) {
    fusepay_error *error = NULL;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_find(world->engine, &id, &payment, &error));
    uint32_t status = payment.status;
    fusepay_clear(&payment);
    return status;
}

// Nothing in the file is wrong.
static inline void world_verify(const world *world) {
    fusepay_error *error = NULL;
    fusepay_verify_report report = FUSEPAY_INIT(fusepay_verify_report);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_verify(world->engine, &report, &error));
    CHECK(report.is_sound);
    fusepay_clear(&report);
}

#endif
