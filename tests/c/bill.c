// Goal: every operation on bills, of the host and of a user's session, answers
// what it says and refuses what is wrong. Method: one payer and one biller under
// a clock the program sets; each call with a checked result and a wrong argument.
#include "world.h"

#include <stddef.h>

static const fusepay_payment_id nobody_s = {{0}};

static void catalogue(const world *world) {
    fusepay_error *error = NULL;
    fusepay_biller_array billers = FUSEPAY_INIT(fusepay_biller_array);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_billers(world->engine, NULL, NULL, 500, &billers, &error));
    CHECK(billers.length == 1);
    CHECK_TEXT("POWER", billers.items[0]->code);
    CHECK_TEXT("Power Company", billers.items[0]->name);
    CHECK_TEXT("ELECTRICITY", billers.items[0]->category);
    CHECK(billers.items[0]->enabled && billers.items[0]->provider_count == 1);
    CHECK_TEXT("power", billers.items[0]->providers[0]);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_billers(world->engine, "ELECTRICITY", "POWER", 1, &billers, &error));
    CHECK(billers.length == 0 && billers.items == NULL);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_bill_billers(world->engine, NULL, NULL, 0, &billers, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_bill_billers(world->engine, "no category", NULL, 1, &billers, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_bill_billers(world->engine, NULL, "\xff", 1, &billers, &error));
    CHECK_FIELD("after", error);
    fusepay_clear(&billers);

    fusepay_bill_item_array items = FUSEPAY_INIT(fusepay_bill_item_array);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_items(world->engine, "POWER", &items, &error));
    CHECK(items.length == 1);
    const fusepay_bill_item *item = items.items[0];
    CHECK_TEXT("PREPAID", item->code);
    CHECK_TEXT("Prepaid units", item->name);
    CHECK(strcmp(item->currency, "NGN") == 0);
    CHECK(item->minimum_minor == 100 && item->maximum_minor == 1000000);
    CHECK(item->fee->fixed_minor == 50 && item->fee->per_mille == 0 && item->fee->maximum_minor == NULL);
    CHECK(item->enabled && !item->validates_customer);
    // What was read can be loaded again as it stands.
    fusepay_bill_item_entry same = FUSEPAY_INIT(fusepay_bill_item_entry);
    same.code = item->code;
    same.name = item->name;
    same.currency = item->currency;
    same.minimum_minor = item->minimum_minor;
    same.maximum_minor = item->maximum_minor;
    same.fee = item->fee;
    const char *providers[2] = {"power", NULL};
    fusepay_biller_entry entry = FUSEPAY_INIT(fusepay_biller_entry);
    entry.code = "POWER";
    entry.name = "Power Company";
    entry.category = "ELECTRICITY";
    entry.providers = providers;
    entry.provider_count = 1;
    entry.items = &same;
    entry.item_count = 1;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_load_catalogue(world->engine, &entry, 1, &error));
    entry.provider_count = 2;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_bill_load_catalogue(world->engine, &entry, 1, &error));
    CHECK_FIELD("providers", error);
    entry.provider_count = 1;
    same.currency = "naira";
    CHECK_CODE(FUSEPAY_ERR_INVALID_CURRENCY, error, fusepay_bill_load_catalogue(world->engine, &entry, 1, &error));
    same.currency = "NGN";
    same.is_disabled = 2;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_bill_load_catalogue(world->engine, &entry, 1, &error));
    CHECK_FIELD("is_disabled", error);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_bill_load_catalogue(world->engine, NULL, 1, &error));
    fusepay_clear(&items);
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error, fusepay_bill_items(world->engine, "WATER", &items, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_bill_items(world->engine, NULL, &items, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_HANDLE, error, fusepay_bill_items(NULL, "POWER", &items, &error));
    fusepay_error_free(&error);
}

static void quotes(const world *world) {
    fusepay_error *error = NULL;
    fusepay_quote_request request = FUSEPAY_INIT(fusepay_quote_request);
    request.user_id = world->user_id;
    request.biller = "POWER";
    request.item = "PREPAID";
    request.customer_reference = "meter";
    request.amount = naira(2000);
    fusepay_quote quote = FUSEPAY_INIT(fusepay_quote);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_quote(world->engine, &request, &quote, &error));
    CHECK(quote.amount.minor == 2000 && quote.fee.minor == 50 && quote.payment_id == NULL);
    CHECK(memcmp(&quote.user_id, &world->user_id, sizeof quote.user_id) == 0);
    CHECK(quote.customer_name == NULL && quote.expires_at_ms - quote.created_at_ms == 15 * 60 * 1000);
    fusepay_pay_bill bill = FUSEPAY_INIT(fusepay_pay_bill);
    bill.wallet_id = world->wallet_id;
    bill.biller = quote.biller;
    bill.item = quote.item;
    bill.customer_reference = quote.customer_reference;
    bill.amount = naira(2001);
    bill.quote_id = &quote.id;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_bill_pay(world->engine, &bill, &payment, &error));
    CHECK_FIELD("amount", error);
    bill.amount = quote.amount;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_pay(world->engine, &bill, &payment, &error));
    CHECK_CODE(FUSEPAY_ERR_QUOTE_USED, error, fusepay_bill_pay(world->engine, &bill, &payment, &error));
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_quote(world->engine, &request, &quote, &error));
    bill = world_bill(world, "meter"); // the texts of the first quote are gone
    bill.amount = quote.amount;
    bill.quote_id = &quote.id;
    simulated_elapsed_ms += 15 * 60 * 1000;
    CHECK_CODE(FUSEPAY_ERR_QUOTE_EXPIRED, error, fusepay_bill_pay(world->engine, &bill, &payment, &error));
    request.amount = naira(99);
    CHECK_CODE(FUSEPAY_ERR_AMOUNT_OUT_OF_RANGE, error, fusepay_bill_quote(world->engine, &request, &quote, &error));
    request.item = NULL;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_bill_quote(world->engine, &request, &quote, &error));
    CHECK_FIELD("item", error);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_bill_quote(world->engine, NULL, &quote, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_bill_quote(world->engine, &request, NULL, &error));
    world_drain(world);
    fusepay_clear(&quote);
    fusepay_clear(&payment);
    fusepay_error_free(&error);
}

static void payments(const world *world) {
    fusepay_error *error = NULL;
    const int64_t asked_at_ms = SIMULATED_START_MS - 1;
    fusepay_pay_bill bill = world_bill(world, "meter 0123");
    bill.metadata = "{\"order\":1}";
    bill.idempotency_key = "order-1";
    bill.requested_at_ms = &asked_at_ms;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_pay(world->engine, &bill, &payment, &error));
    fusepay_payment_id id = payment.id;
    CHECK(memcmp(&payment.user_id, &world->user_id, sizeof payment.user_id) == 0);
    CHECK(memcmp(&payment.wallet_id, &world->wallet_id, sizeof payment.wallet_id) == 0);
    CHECK(strncmp(payment.reference, "BILL_", 5) == 0 && strlen(payment.reference) == 37);
    CHECK_TEXT("POWER", payment.biller);
    CHECK_TEXT("PREPAID", payment.item);
    CHECK_TEXT("ELECTRICITY", payment.category);
    CHECK_TEXT("power", payment.provider);
    CHECK_TEXT("meter 0123", payment.customer_reference);
    CHECK_TEXT("{\"order\":1}", payment.metadata);
    CHECK(payment.amount.minor == 10000 && payment.fee.minor == 50);
    CHECK(payment.status == FUSEPAY_PAYMENT_STATUS_PENDING);
    CHECK(payment.transaction_status == FUSEPAY_TRANSACTION_STATUS_PENDING);
    CHECK(payment.version == 1 && payment.refunded_minor == 0 && payment.claim_minor == 0);
    CHECK(payment.provider_reference == NULL && payment.receipt == NULL && payment.failure_code == NULL);
    CHECK(payment.failure_reason == NULL && payment.review_reason == NULL && payment.completed_at_ms == NULL);
    CHECK(payment.created_at_ms == SIMULATED_START_MS + simulated_elapsed_ms);
    // The same key: the same payment; another bill under it is refused.
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_pay(world->engine, &bill, &payment, &error));
    CHECK(memcmp(&payment.id, &id, sizeof id) == 0);
    bill.amount = naira(10001);
    CHECK_CODE(FUSEPAY_ERR_IDEMPOTENCY_KEY_REUSED, error, fusepay_bill_pay(world->engine, &bill, &payment, &error));

    fusepay_text_array tokens = FUSEPAY_INIT(fusepay_text_array);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_tokens(world->engine, &id, &tokens, &error));
    CHECK(tokens.length == 0 && tokens.items == NULL);
    fusepay_explanation explanation = FUSEPAY_INIT(fusepay_explanation);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_explain(world->engine, &id, &explanation, &error));
    CHECK(explanation.attempts_length == 0 && explanation.attempts == NULL);
    CHECK(explanation.next_job != NULL && explanation.next_job->kind == FUSEPAY_JOB_KIND_PROCESS_BILL_PAYMENT);
    CHECK(memcmp(explanation.next_job->subject, &id, sizeof id) == 0);
    CHECK_TEXT("power", explanation.next_job->provider);
    fusepay_clear(&explanation);
    world_drain(world);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_find(world->engine, &id, &payment, &error));
    CHECK(payment.status == FUSEPAY_PAYMENT_STATUS_COMPLETED);
    CHECK(payment.transaction_status == FUSEPAY_TRANSACTION_STATUS_COMPLETED);
    CHECK(payment.completed_at_ms != NULL && payment.version > 1);

    fusepay_pay_bill wrong = world_bill(world, "meter");
    const int64_t version = 4711;
    wrong.expected_version = &version;
    CHECK_CODE(FUSEPAY_ERR_CONFLICT, error, fusepay_bill_pay(world->engine, &wrong, &payment, &error));
    wrong = world_bill(world, "meter");
    wrong.amount = naira(0);
    CHECK_CODE(FUSEPAY_ERR_INVALID_AMOUNT, error, fusepay_bill_pay(world->engine, &wrong, &payment, &error));
    memcpy(wrong.amount.currency, "N\0N", 4);
    CHECK_CODE(FUSEPAY_ERR_INVALID_CURRENCY, error, fusepay_bill_pay(world->engine, &wrong, &payment, &error));
    wrong = world_bill(world, "\xff");
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_bill_pay(world->engine, &wrong, &payment, &error));
    CHECK_FIELD("customer_reference", error);
    wrong = world_bill(world, "meter");
    wrong.metadata = "[]";
    CHECK_CODE(FUSEPAY_ERR_INVALID_METADATA, error, fusepay_bill_pay(world->engine, &wrong, &payment, &error));
    wrong = world_bill(world, "meter");
    wrong.biller = "WATER";
    CHECK_CODE(FUSEPAY_ERR_BILLER_UNAVAILABLE, error, fusepay_bill_pay(world->engine, &wrong, &payment, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_bill_pay(world->engine, &wrong, NULL, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_HANDLE, error, fusepay_bill_pay(NULL, &wrong, &payment, &error));
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error, fusepay_bill_find(world->engine, &nobody_s, &payment, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_bill_find(world->engine, NULL, &payment, &error));
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error, fusepay_bill_tokens(world->engine, &nobody_s, &tokens, &error));
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error, fusepay_bill_explain(world->engine, &nobody_s, &explanation, &error));
    CHECK(memcmp(&payment.id, &id, sizeof id) == 0); // untouched by all the refusals
    fusepay_clear(&payment);
    fusepay_error_free(&error);
}

static void refreshing_and_listing(const world *world, biller *biller) {
    fusepay_error *error = NULL;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    biller->pay_answer = FUSEPAY_OUTCOME_KIND_UNKNOWN;
    fusepay_payment_id id = world_pay(world, "meter");
    world_step(world);
    CHECK(world_status(world, id) == FUSEPAY_PAYMENT_STATUS_UNKNOWN);
    fusepay_payment_array payments = FUSEPAY_INIT(fusepay_payment_array);
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_bill_list_by_status(world->engine, FUSEPAY_PAYMENT_STATUS_UNKNOWN, NULL, 10, &payments, &error));
    CHECK(payments.length == 1 && memcmp(&payments.items[0]->id, &id, sizeof id) == 0);
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_bill_list_by_status(world->engine, FUSEPAY_PAYMENT_STATUS_UNKNOWN, &id, 10, &payments, &error));
    CHECK(payments.length == 0);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_bill_list_by_status(world->engine, 99, NULL, 10, &payments, &error));
    CHECK_FIELD("status", error);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_refresh(world->engine, &id, 1000, &payment, &error));
    CHECK(payment.status == FUSEPAY_PAYMENT_STATUS_COMPLETED && biller->queries == 1);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_bill_refresh(world->engine, &id, -1, &payment, &error));
    CHECK_FIELD("deadline_ms", error);
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error, fusepay_bill_refresh(world->engine, &nobody_s, 0, &payment, &error));
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_list(world->engine, &world->wallet_id, NULL, 2, &payments, &error));
    CHECK(payments.length == 2 && memcmp(&payments.items[0]->id, &id, sizeof id) == 0);
    fusepay_payment_id second = payments.items[1]->id;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_list(world->engine, &world->wallet_id, &id, 500, &payments, &error));
    CHECK(payments.length > 0 && memcmp(&payments.items[0]->id, &second, sizeof second) == 0);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_bill_list(world->engine, &world->wallet_id, NULL, 501, &payments, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_bill_list(world->engine, NULL, NULL, 1, &payments, &error));
    fusepay_clear(&payments);
    fusepay_clear(&payment);
    fusepay_error_free(&error);
    biller->pay_answer = FUSEPAY_OUTCOME_KIND_PAID;
}

static void prepaid_money(const world *world) {
    fusepay_error *error = NULL;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_top_up_float(world->engine, "power", naira(500), "bank-1", &error));
    CHECK_CODE(FUSEPAY_ERR_EXTERNAL_REFERENCE_USED, error,
               fusepay_bill_top_up_float(world->engine, "power", naira(500), "bank-1", &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_AMOUNT, error,
               fusepay_bill_top_up_float(world->engine, "power", naira(-1), "bank-2", &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_bill_top_up_float(world->engine, "power", naira(1), NULL, &error));
    CHECK_FIELD("external_reference", error);
    fusepay_money nothing = {1, ""};
    CHECK_CODE(FUSEPAY_ERR_INVALID_CURRENCY, error,
               fusepay_bill_top_up_float(world->engine, "power", nothing, "bank-2", &error));
    fusepay_error_free(&error);
}

// A program that was built when a payment ended at its version.
static void an_older_host_reads_what_it_knows(const world *world) {
    fusepay_error *error = NULL;
    fusepay_payment_id id = world_pay(world, "meter");
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    payment.struct_size = offsetof(fusepay_payment, request_id);
    payment.created_at_ms = 4711;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_find(world->engine, &id, &payment, &error));
    CHECK(payment.version == 1 && payment.request_id == NULL && payment.created_at_ms == 4711);
    fusepay_clear(&payment);
    payment.struct_size = 0;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_bill_find(world->engine, &id, &payment, &error));
    fusepay_error_free(&error);
}

static int32_t validate_customer(void *user_data, const fusepay_customer_request *request, fusepay_reply *reply) {
    (void)user_data;
    CHECK(fusepay_reply_customer(reply, request->customer_reference, NULL, NULL) == FUSEPAY_OK);
    return FUSEPAY_OK;
}

static void a_session_pays_its_own_bills(const world *ada) {
    fusepay_error *error = NULL;
    world other = *ada;
    world_register(&other, "bola@example.com");
    fusepay_payment_id foreign = world_pay(&other, "meter");
    fusepay_session *session = NULL;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_session_open(ada->engine, ada->access_token, &session, &error));

    fusepay_biller_array billers = FUSEPAY_INIT(fusepay_biller_array);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_session_bill_billers(session, NULL, NULL, 1, &billers, &error));
    CHECK(billers.length == 1);
    fusepay_clear(&billers);
    fusepay_bill_item_array items = FUSEPAY_INIT(fusepay_bill_item_array);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_session_bill_items(session, "POWER", &items, &error));
    CHECK(items.length == 1);
    fusepay_clear(&items);
    fusepay_customer customer = FUSEPAY_INIT(fusepay_customer);
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_session_bill_validate_customer(session, "POWER", "PREPAID", "meter", &customer, &error));
    CHECK_TEXT("meter", customer.name);
    fusepay_clear(&customer);

    fusepay_quote_request request = FUSEPAY_INIT(fusepay_quote_request);
    request.user_id = ada->user_id;
    request.biller = "POWER";
    request.item = "PREPAID";
    request.customer_reference = "meter";
    request.amount = naira(10000);
    fusepay_quote quote = FUSEPAY_INIT(fusepay_quote);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_session_bill_quote(session, &request, &quote, &error));
    CHECK(quote.fee.minor == 50);
    request.user_id = other.user_id;
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error, fusepay_session_bill_quote(session, &request, &quote, &error));

    fusepay_pay_bill bill = world_bill(ada, "meter");
    bill.quote_id = &quote.id;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_session_bill_pay(session, &bill, &payment, &error));
    fusepay_payment_id id = payment.id;
    bill = world_bill(&other, "meter");
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error, fusepay_session_bill_pay(session, &bill, &payment, &error));
    world_drain(ada);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_session_bill_find(session, &id, &payment, &error));
    CHECK(payment.status == FUSEPAY_PAYMENT_STATUS_COMPLETED);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_session_bill_refresh(session, &id, 0, &payment, &error));
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error, fusepay_session_bill_find(session, &foreign, &payment, &error));
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error, fusepay_session_bill_refresh(session, &foreign, 0, &payment, &error));
    fusepay_payment_array payments = FUSEPAY_INIT(fusepay_payment_array);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_session_bill_list(session, &ada->wallet_id, NULL, 1, &payments, &error));
    CHECK(payments.length == 1 && memcmp(&payments.items[0]->id, &id, sizeof id) == 0);
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error,
               fusepay_session_bill_list(session, &other.wallet_id, NULL, 1, &payments, &error));
    fusepay_text_array tokens = FUSEPAY_INIT(fusepay_text_array);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_session_bill_tokens(session, &id, &tokens, &error));
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error, fusepay_session_bill_tokens(session, &foreign, &tokens, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_HANDLE, error, fusepay_session_bill_find(NULL, &id, &payment, &error));
    fusepay_session *closed = session;
    fusepay_session_close(&session);
    CHECK_CODE(FUSEPAY_ERR_INVALID_HANDLE, error, fusepay_session_bill_find(closed, &id, &payment, &error));
    fusepay_clear(&quote);
    fusepay_clear(&payment);
    fusepay_clear(&payments);
    fusepay_clear(&tokens);
    fusepay_error_free(&error);
}

int main(void) {
    biller biller = biller_that_pays();
    fusepay_provider provider = biller_provider(&biller);
    provider.validate_customer = validate_customer;
    world world = world_open("bill.db", &provider);
    a_session_pays_its_own_bills(&world);
    catalogue(&world);
    quotes(&world);
    payments(&world);
    refreshing_and_listing(&world, &biller);
    prepaid_money(&world);
    an_older_host_reads_what_it_knows(&world);
    world_drain(&world);
    world_verify(&world);
    fusepay_engine *closed = world.engine;
    world_close(&world);
    fusepay_error *error = NULL;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    CHECK_CODE(FUSEPAY_ERR_CLOSED, error, fusepay_bill_find(closed, &nobody_s, &payment, &error));
    fusepay_error_free(&error);
    return 0;
}
