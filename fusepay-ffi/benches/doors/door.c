// The C host of the benchmark; rust.rs and door.py do the same.
#include <fusepay.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void must(int32_t status, fusepay_error *error) {
    if (status != FUSEPAY_OK) {
        fprintf(stderr, "%s: %s\n", fusepay_code_name(status), fusepay_error_message(error));
        exit(1);
    }
}

static uint32_t silent_pay(void *data, const fusepay_pay_request *request, fusepay_reply *reply) {
    (void)data, (void)request, (void)reply;
    return FUSEPAY_OUTCOME_KIND_PENDING;
}

static uint32_t silent_query(void *data, const fusepay_query_request *request, fusepay_reply *reply) {
    (void)data, (void)request, (void)reply;
    return FUSEPAY_OUTCOME_KIND_PENDING;
}

static double now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static fusepay_engine *open_engine(const char *path) {
    fusepay_error *error = NULL;
    fusepay_key key = FUSEPAY_INIT(fusepay_key);
    key.id = "bench";
    key.secret = (const uint8_t *)"K9#r2!mQ7@xT4$wZ8%bN5^vL3&cP6*hJ";
    key.secret_length = 32;
    fusepay_provider provider = FUSEPAY_INIT(fusepay_provider);
    provider.pay = silent_pay;
    provider.query = silent_query;
    fusepay_provider_entry entry = FUSEPAY_INIT(fusepay_provider_entry);
    entry.code = "p";
    entry.provider = &provider;
    fusepay_config config = FUSEPAY_INIT(fusepay_config);
    config.path = path;
    config.keys = &key;
    config.key_count = 1;
    config.worker = FUSEPAY_WORKER_MANUAL;
    config.providers = &entry;
    config.provider_count = 1;
    fusepay_engine *engine = NULL;
    must(fusepay_engine_open(&config, &engine, &error), error);
    return engine;
}

static fusepay_wallet_id furnish(fusepay_engine *engine) {
    fusepay_error *error = NULL;
    fusepay_registration registration = FUSEPAY_INIT(fusepay_registration);
    registration.email = "bench@example.com";
    registration.first_name = "Ada";
    registration.last_name = "Bench";
    registration.password = (const uint8_t *)"seven blue lamps by the river";
    registration.password_length = strlen("seven blue lamps by the river");
    fusepay_registered registered = FUSEPAY_INIT(fusepay_registered);
    must(fusepay_auth_register(engine, &registration, &registered, &error), error);
    const fusepay_wallet_id wallet = registered.wallet->id;
    fusepay_clear(&registered);

    fusepay_money_request money = FUSEPAY_INIT(fusepay_money_request);
    money.wallet_id = wallet;
    money.amount = (fusepay_money){INT64_C(1) << 60, "NGN"};
    fusepay_transaction funded = FUSEPAY_INIT(fusepay_transaction);
    must(fusepay_wallet_fund(engine, &money, &funded, &error), error);
    fusepay_clear(&funded);

    fusepay_bill_item_entry item = FUSEPAY_INIT(fusepay_bill_item_entry);
    item.code = "prepaid";
    item.name = "Prepaid";
    item.currency = "NGN";
    item.minimum_minor = 1;
    item.maximum_minor = 1000000;
    const char *const providers[] = {"p"};
    fusepay_biller_entry biller = FUSEPAY_INIT(fusepay_biller_entry);
    biller.code = "disco";
    biller.name = "Disco";
    biller.category = "ELECTRICITY";
    biller.providers = providers;
    biller.provider_count = 1;
    biller.items = &item;
    biller.item_count = 1;
    must(fusepay_bill_load_catalogue(engine, &biller, 1, &error), error);
    return wallet;
}

int main(int count, char **words) {
    if (count != 4) {
        return 2;
    }
    const long payments = atol(words[2]);
    const long reads = atol(words[3]);
    fusepay_error *error = NULL;
    fusepay_engine *engine = open_engine(words[1]);
    const fusepay_wallet_id wallet_id = furnish(engine);

    double start = now_ns();
    for (long number = 0; number < payments; ++number) {
        char key[32];
        snprintf(key, sizeof key, "order-%ld", number);
        fusepay_pay_bill bill = FUSEPAY_INIT(fusepay_pay_bill);
        bill.wallet_id = wallet_id;
        bill.biller = "disco";
        bill.item = "prepaid";
        bill.customer_reference = "meter 1";
        bill.amount = (fusepay_money){100, "NGN"};
        bill.idempotency_key = key;
        fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
        must(fusepay_bill_pay(engine, &bill, &payment, &error), error);
        fusepay_clear(&payment);
    }
    const double pay = (now_ns() - start) / (double)payments;

    start = now_ns();
    int64_t sum = 0;
    for (long number = 0; number < reads; ++number) {
        fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
        must(fusepay_wallet_find(engine, &wallet_id, &wallet, &error), error);
        sum ^= wallet.balance_minor;
        fusepay_clear(&wallet);
    }
    const double read = (now_ns() - start) / (double)reads;
    must(fusepay_engine_close(&engine, 1000, &error), error);
    printf("%f %f\n", pay, read);
    return sum < 0;
}
