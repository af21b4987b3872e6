// A user with a wallet, and a power company whose answers the program chooses.
#ifndef CUSTOMER_H
#define CUSTOMER_H

#include "simulated.h"

#define CUSTOMER_PASSWORD "seven blue lamps by the river"

// Who was registered; `registered` owns the tokens' texts.
typedef struct customer {
    fusepay_registered registered;
    fusepay_user_id user_id;
    fusepay_wallet_id wallet_id;
} customer;

static inline customer customer_register(fusepay_engine *engine, const char *email) {
    fusepay_registration request = FUSEPAY_INIT(fusepay_registration);
    request.email = email;
    request.first_name = "Ada";
    request.last_name = "Obi";
    request.password = (const uint8_t *)CUSTOMER_PASSWORD;
    request.password_length = strlen(CUSTOMER_PASSWORD);
    customer made;
    made.registered = FUSEPAY_INIT(fusepay_registered);
    fusepay_error *error = NULL;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_auth_register(engine, &request, &made.registered, &error));
    made.user_id = made.registered.user->id;
    made.wallet_id = made.registered.wallet->id;
    return made;
}

static inline fusepay_session *customer_session(fusepay_engine *engine, const customer *of) {
    fusepay_session *session = NULL;
    fusepay_error *error = NULL;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_session_open(engine, of->registered.tokens->access, &session, &error));
    return session;
}

static inline fusepay_money naira(int64_t minor) {
    fusepay_money money = {minor, "NGN"};
    return money;
}

static inline int32_t customer_move(int32_t (*move)(const fusepay_engine *, const fusepay_money_request *,
                                                    fusepay_transaction *, fusepay_error **),
                                    fusepay_engine *engine, fusepay_wallet_id wallet_id, int64_t minor) {
    fusepay_money_request request = FUSEPAY_INIT(fusepay_money_request);
    request.wallet_id = wallet_id;
    request.amount = naira(minor);
    fusepay_transaction line = FUSEPAY_INIT(fusepay_transaction);
    int32_t status = move(engine, &request, &line, NULL);
    fusepay_clear(&line);
    return status;
}

// Credits so many kobo.
static inline void customer_credit(fusepay_engine *engine, fusepay_wallet_id wallet_id, int64_t minor) {
    CHECK(customer_move(fusepay_wallet_credit, engine, wallet_id, minor) == FUSEPAY_OK);
}

static inline int64_t customer_balance(fusepay_engine *engine, fusepay_wallet_id wallet_id) {
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    fusepay_error *error = NULL;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_wallet_find(engine, &wallet_id, &wallet, &error));
    int64_t balance = wallet.balance_minor;
    fusepay_clear(&wallet);
    return balance;
}

// An engine whose queue and subscribers have threads of their own, on the clock of
// the operating system.
static inline fusepay_engine *background_open(const char *path) {
    fusepay_key key = FUSEPAY_INIT(fusepay_key);
    key.id = "first";
    key.secret = (const uint8_t *)"a key of the tests, 32 bytes long";
    key.secret_length = 32;
    fusepay_hash_cost cost = FUSEPAY_INIT(fusepay_hash_cost);
    cost.memory_kib = 7168;
    cost.passes = 5;
    cost.lanes = 1;
    fusepay_config config = FUSEPAY_INIT(fusepay_config);
    config.path = path;
    config.keys = &key;
    config.key_count = 1;
    config.hash_cost = &cost;
    fusepay_engine *engine = NULL;
    fusepay_error *error = NULL;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_open(&config, &engine, &error));
    return engine;
}

// What the power company answers next, and how often it was asked to pay.
typedef struct power_company {
    uint32_t pay_outcome;
    uint32_t query_outcome;
    int pays;
} power_company;

static inline uint32_t power_pay(void *user_data, const fusepay_pay_request *request, fusepay_reply *reply) {
    (void)request;
    power_company *company = user_data;
    company->pays++;
    if (company->pay_outcome == FUSEPAY_OUTCOME_KIND_PAID) {
        fusepay_reply_token(reply, "1234-5678-secret-units");
    }
    return company->pay_outcome;
}

static inline uint32_t power_query(void *user_data, const fusepay_query_request *request, fusepay_reply *reply) {
    (void)request;
    (void)reply;
    return ((power_company *)user_data)->query_outcome;
}

// An engine with the power company behind the biller IKEJA.
static inline fusepay_engine *power_open(const char *path, power_company *company) {
    fusepay_provider provider = FUSEPAY_INIT(fusepay_provider);
    provider.user_data = company;
    provider.pay = power_pay;
    provider.query = power_query;
    fusepay_provider_entry entry = FUSEPAY_INIT(fusepay_provider_entry);
    entry.code = "power";
    entry.provider = &provider;
    fusepay_engine *engine = simulated_open_with(path, &entry, 1);

    fusepay_bill_item_entry item = FUSEPAY_INIT(fusepay_bill_item_entry);
    item.code = "PREPAID";
    item.name = "Prepaid units";
    item.currency = "NGN";
    item.minimum_minor = 1;
    item.maximum_minor = 5000000;
    const char *providers[] = {"power"};
    fusepay_biller_entry biller = FUSEPAY_INIT(fusepay_biller_entry);
    biller.code = "IKEJA";
    biller.name = "Ikeja Electric";
    biller.category = "ELECTRICITY";
    biller.providers = providers;
    biller.provider_count = 1;
    biller.items = &item;
    biller.item_count = 1;
    fusepay_error *error = NULL;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_load_catalogue(engine, &biller, 1, &error));
    return engine;
}

static inline fusepay_payment_id power_buy(fusepay_engine *engine, fusepay_wallet_id wallet_id, int64_t minor) {
    fusepay_pay_bill request = FUSEPAY_INIT(fusepay_pay_bill);
    request.wallet_id = wallet_id;
    request.biller = "IKEJA";
    request.item = "PREPAID";
    request.customer_reference = "meter 0123";
    request.amount = naira(minor);
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    fusepay_error *error = NULL;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_pay(engine, &request, &payment, &error));
    fusepay_payment_id bought = payment.id;
    fusepay_clear(&payment);
    return bought;
}

static inline void run_due(fusepay_engine *engine) {
    fusepay_error *error = NULL;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_run_due(engine, NULL, &error));
}

// Lets so much time pass, and runs what fell due.
static inline void advance(fusepay_engine *engine, int64_t ms) {
    simulated_elapsed_ms += ms;
    run_due(engine);
}

#endif
