// Goal: what a provider offers beside paying reaches the host, and its refusals
// come in the words they were given; a callback may call the engine.
// Method: a biller with every callback; then one that has none of the optional ones.
#include "world.h"

#define RECEIVED_BODY "{\"paid\":true}\0signed"
#define RECEIVED_LENGTH (sizeof RECEIVED_BODY - 1)

static void name_customer(fusepay_reply *reply) {
    const int64_t least = 500;
    CHECK(fusepay_reply_customer(reply, "Ada Obi", "1 Marina", &least) == FUSEPAY_OK);
}

static void name_customer_alone(fusepay_reply *reply) {
    CHECK(fusepay_reply_customer(reply, "Ada Obi", NULL, NULL) == FUSEPAY_OK);
}

static void name_nobody(fusepay_reply *reply) {
    CHECK(fusepay_reply_customer(reply, NULL, NULL, NULL) == FUSEPAY_ERR_INVALID_ARGUMENT);
}

static void give_reason(fusepay_reply *reply) {
    CHECK(fusepay_reply_reason(reply, "no such meter") == FUSEPAY_OK);
}

static void list_billers(fusepay_reply *reply) {
    const char *provider = "whatever it calls itself";
    fusepay_bill_item_entry items[2] = {FUSEPAY_INIT(fusepay_bill_item_entry), FUSEPAY_INIT(fusepay_bill_item_entry)};
    items[0].code = "SMALL";
    items[0].name = "Small bundle";
    items[1].code = "LARGE";
    items[1].name = "Large bundle";
    for (int index = 0; index < 2; index++) {
        items[index].currency = "NGN";
        items[index].minimum_minor = 1000;
        items[index].maximum_minor = 1000;
    }
    items[1].validates_customer = 1;
    fusepay_biller_entry entry = FUSEPAY_INIT(fusepay_biller_entry);
    entry.code = "DATA";
    entry.name = "Data Company";
    entry.category = "INTERNET";
    entry.providers = &provider;
    entry.provider_count = 1;
    entry.items = items;
    entry.item_count = 2;
    CHECK(fusepay_reply_biller(reply, &entry) == FUSEPAY_OK);
    entry.code = "AIRTIME";
    entry.item_count = 0;
    CHECK(fusepay_reply_biller(reply, &entry) == FUSEPAY_OK);
}

static void list_a_biller_without_a_name(fusepay_reply *reply) {
    fusepay_biller_entry entry = FUSEPAY_INIT(fusepay_biller_entry);
    entry.code = "DATA";
    entry.category = "INTERNET";
    CHECK(fusepay_reply_biller(reply, &entry) == FUSEPAY_ERR_INVALID_ARGUMENT);
}

static int32_t validate_customer(void *user_data, const fusepay_customer_request *request, fusepay_reply *reply) {
    biller *self = (biller *)user_data;
    CHECK_TEXT("POWER", request->biller);
    CHECK_TEXT("PREPAID", request->item);
    CHECK_TEXT("meter 7", request->customer_reference);
    CHECK(request->deadline_ms == 60000);
    if (self->details != NULL) {
        self->details(reply);
    }
    return self->status;
}

static int32_t catalogue(void *user_data, fusepay_reply *reply) {
    biller *self = (biller *)user_data;
    if (self->details != NULL) {
        self->details(reply);
    }
    return self->status;
}

static int32_t float_balance(void *user_data, fusepay_money *balance) {
    biller *self = (biller *)user_data;
    *balance = naira(770000);
    if (self->status == -1) {
        memcpy(balance->currency, "XXX", 4);
        return FUSEPAY_OK;
    }
    return self->status;
}

// Says of the last payment what it was told to, and of a stranger's that it was paid.
static int32_t verify_webhook(void *user_data, const fusepay_webhook *webhook, fusepay_reply *reply) {
    biller *self = (biller *)user_data;
    CHECK(webhook->header_count == 1);
    CHECK_TEXT("X-Signature", webhook->headers[0].name);
    CHECK_TEXT("good", webhook->headers[0].value);
    CHECK(webhook->body_length == RECEIVED_LENGTH);
    CHECK(memcmp(webhook->body, RECEIVED_BODY, RECEIVED_LENGTH) == 0);
    const int64_t occurred_at_ms = SIMULATED_START_MS;
    CHECK(fusepay_reply_provider_reference(reply, "WH-1") == FUSEPAY_OK);
    CHECK(fusepay_reply_token(reply, "1111-2222") == FUSEPAY_OK);
    CHECK(fusepay_reply_notice(reply, self->request_id, FUSEPAY_OUTCOME_KIND_PAID, &occurred_at_ms) == FUSEPAY_OK);
    CHECK(fusepay_reply_notice(reply, "nobody's", FUSEPAY_OUTCOME_KIND_PAID, NULL) == FUSEPAY_OK);
    return self->status;
}

static void customers_are_looked_up(const world *world, biller *biller) {
    fusepay_error *error = NULL;
    fusepay_customer customer = FUSEPAY_INIT(fusepay_customer);
#define LOOK_UP(code) \
    CHECK_CODE(code, error, \
               fusepay_bill_validate_customer(world->engine, "POWER", "PREPAID", "meter 7", &customer, &error))
    biller->details = name_customer;
    LOOK_UP(FUSEPAY_OK);
    CHECK_TEXT("Ada Obi", customer.name);
    CHECK_TEXT("1 Marina", customer.address);
    CHECK(customer.minimum_minor != NULL && *customer.minimum_minor == 500);
    biller->details = name_customer_alone;
    LOOK_UP(FUSEPAY_OK);
    CHECK(customer.address == NULL && customer.minimum_minor == NULL);
    // Refused, in its words; and what gave no usable answer.
    biller->details = give_reason;
    biller->status = FUSEPAY_ERR_CUSTOMER_REJECTED;
    LOOK_UP(FUSEPAY_ERR_CUSTOMER_REJECTED);
    CHECK(strstr(fusepay_error_message(error), "no such meter") != NULL);
    CHECK_TEXT("Ada Obi", customer.name);
    biller->status = FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER;
    LOOK_UP(FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER);
    const int32_t others[] = {FUSEPAY_ERR_BUSY, FUSEPAY_ERR_NOT_FOUND, 4711, -1};
    for (size_t index = 0; index < sizeof others / sizeof *others; index++) {
        biller->status = others[index];
        LOOK_UP(FUSEPAY_ERR_PROVIDER_UNAVAILABLE);
    }
    biller->status = FUSEPAY_OK;
    LOOK_UP(FUSEPAY_ERR_PROVIDER_UNAVAILABLE); // names no customer
    biller->details = name_nobody;
    LOOK_UP(FUSEPAY_ERR_PROVIDER_UNAVAILABLE);
#undef LOOK_UP
    fusepay_clear(&customer);
    fusepay_error_free(&error);
}

static void its_catalogue_is_loaded(const world *world, biller *biller) {
    fusepay_error *error = NULL;
    size_t count = 9;
    biller->details = list_billers;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_load_catalogue_of(world->engine, "power", &count, &error));
    CHECK(count == 2);
    fusepay_bill_item_array items = FUSEPAY_INIT(fusepay_bill_item_array);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_items(world->engine, "DATA", &items, &error));
    CHECK(items.length == 2);
    CHECK_TEXT("LARGE", items.items[0]->code);
    CHECK(items.items[0]->validates_customer && !items.items[1]->validates_customer);
    fusepay_clear(&items);
    fusepay_biller_array billers = FUSEPAY_INIT(fusepay_biller_array);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_billers(world->engine, "INTERNET", NULL, 10, &billers, &error));
    CHECK(billers.length == 2);
    CHECK_TEXT("power", billers.items[0]->providers[0]); // the code it is registered under
    fusepay_clear(&billers);
    count = 9;
    biller->details = list_a_biller_without_a_name;
    CHECK_CODE(FUSEPAY_ERR_PROVIDER_UNAVAILABLE, error,
               fusepay_bill_load_catalogue_of(world->engine, "power", &count, &error));
    biller->details = list_billers;
    biller->status = FUSEPAY_ERR_PROVIDER_UNAVAILABLE;
    CHECK_CODE(FUSEPAY_ERR_PROVIDER_UNAVAILABLE, error,
               fusepay_bill_load_catalogue_of(world->engine, "power", &count, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_bill_load_catalogue_of(world->engine, "power", NULL, &error));
    CHECK(count == 9);
    biller->details = NULL;
    biller->status = FUSEPAY_OK;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_load_catalogue_of(world->engine, "power", &count, &error));
    CHECK(count == 0);
    fusepay_error_free(&error);
}

static void its_float_is_told(const world *world, biller *biller) {
    fusepay_error *error = NULL;
    fusepay_money left = naira(1);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_float_balance(world->engine, "power", &left, &error));
    CHECK(left.minor == 770000 && strcmp(left.currency, "NGN") == 0);
    left = naira(1);
    biller->status = -1; // a currency there is not
    CHECK_CODE(FUSEPAY_ERR_PROVIDER_UNAVAILABLE, error,
               fusepay_bill_float_balance(world->engine, "power", &left, &error));
    biller->status = FUSEPAY_ERR_BUSY;
    CHECK_CODE(FUSEPAY_ERR_PROVIDER_UNAVAILABLE, error,
               fusepay_bill_float_balance(world->engine, "power", &left, &error));
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error, fusepay_bill_float_balance(world->engine, "water", &left, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_bill_float_balance(world->engine, "power", NULL, &error));
    CHECK(left.minor == 1);
    biller->status = FUSEPAY_OK;
    fusepay_error_free(&error);
}

static fusepay_webhook received(const fusepay_header *header) {
    fusepay_webhook webhook = FUSEPAY_INIT(fusepay_webhook);
    webhook.headers = header;
    webhook.header_count = 1;
    webhook.body = (const uint8_t *)RECEIVED_BODY;
    webhook.body_length = RECEIVED_LENGTH;
    return webhook;
}

static void webhooks_are_verified_and_applied(const world *world, biller *biller) {
    fusepay_error *error = NULL;
    const fusepay_header header = {"X-Signature", "good"};
    fusepay_webhook webhook = received(&header);
    fusepay_webhook_receipt receipt = FUSEPAY_INIT(fusepay_webhook_receipt);
    biller->pay_answer = FUSEPAY_OUTCOME_KIND_UNKNOWN;
    fusepay_payment_id id = world_pay(world, "meter 7");
    world_step(world);
#define RECEIVE(code) \
    CHECK_CODE(code, error, fusepay_bill_receive_webhook(world->engine, "power", &webhook, &receipt, &error))
    // What is not vouched for is refused, and nothing it says counts.
    const int32_t refusals[] = {FUSEPAY_ERR_WEBHOOK_REJECTED, FUSEPAY_ERR_BUSY, 4711, -1};
    for (size_t index = 0; index < sizeof refusals / sizeof *refusals; index++) {
        biller->status = refusals[index];
        RECEIVE(FUSEPAY_ERR_WEBHOOK_REJECTED);
        CHECK(world_status(world, id) == FUSEPAY_PAYMENT_STATUS_UNKNOWN);
    }
    biller->status = FUSEPAY_OK;
    RECEIVE(FUSEPAY_OK);
    CHECK(receipt.matched == 1 && receipt.unknown == 1);
    CHECK(world_status(world, id) == FUSEPAY_PAYMENT_STATUS_COMPLETED);
    RECEIVE(FUSEPAY_OK); // again: nothing changes
    CHECK(receipt.matched == 1);
    CHECK(world_status(world, id) == FUSEPAY_PAYMENT_STATUS_COMPLETED);
    const fusepay_header rubbish = {"X-Signature", "\xff"};
    webhook = received(&rubbish);
    RECEIVE(FUSEPAY_ERR_INVALID_ARGUMENT);
    CHECK_FIELD("header value", error);
    webhook.headers = NULL;
    RECEIVE(FUSEPAY_ERR_INVALID_ARGUMENT);
    webhook = received(&header);
    webhook.body = NULL;
    RECEIVE(FUSEPAY_ERR_INVALID_ARGUMENT);
    CHECK_FIELD("body", error);
#undef RECEIVE
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_bill_receive_webhook(world->engine, "power", NULL, &receipt, &error));
    webhook = received(&header);
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error,
               fusepay_bill_receive_webhook(world->engine, "water", &webhook, &receipt, &error));
    fusepay_text_array tokens = FUSEPAY_INIT(fusepay_text_array);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_tokens(world->engine, &id, &tokens, &error));
    CHECK(tokens.length == 1);
    CHECK_TEXT("1111-2222", tokens.items[0]);
    fusepay_clear(&tokens);
    fusepay_clear(&receipt);
    fusepay_error_free(&error);
}

static void what_it_does_not_offer_is_unsupported(const world *world) {
    fusepay_error *error = NULL;
    fusepay_provider provider = biller_provider(NULL);
    provider.destroy = NULL;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_register_provider(world->engine, "power", &provider, &error));
    fusepay_customer customer = FUSEPAY_INIT(fusepay_customer);
    CHECK_CODE(FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER, error,
               fusepay_bill_validate_customer(world->engine, "POWER", "PREPAID", "meter 7", &customer, &error));
    size_t count = 0;
    CHECK_CODE(FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER, error,
               fusepay_bill_load_catalogue_of(world->engine, "power", &count, &error));
    fusepay_money left = naira(0);
    CHECK_CODE(FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER, error,
               fusepay_bill_float_balance(world->engine, "power", &left, &error));
    fusepay_webhook webhook = FUSEPAY_INIT(fusepay_webhook);
    fusepay_webhook_receipt receipt = FUSEPAY_INIT(fusepay_webhook_receipt);
    CHECK_CODE(FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER, error,
               fusepay_bill_receive_webhook(world->engine, "power", &webhook, &receipt, &error));
    fusepay_error_free(&error);
}

// An adapter that looks its payment up, and pays another bill, while it is asked to pay.
typedef struct caller {
    const world *world;
    fusepay_payment_id id;
    int found;
    int paid;
} caller;

static uint32_t pay_and_call(void *user_data, const fusepay_pay_request *request, fusepay_reply *reply) {
    caller *self = (caller *)user_data;
    fusepay_error *error = NULL;
    (void)reply;
    if (strcmp(request->customer_reference, "meter 1") == 0) {
        fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
        CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_find(self->world->engine, &self->id, &payment, &error));
        CHECK_TEXT(payment.request_id, request->request_id);
        CHECK(payment.status == FUSEPAY_PAYMENT_STATUS_PROCESSING); // sent, and not answered yet
        fusepay_clear(&payment);
        self->found++;
        world_pay(self->world, "meter 2");
    }
    self->paid++;
    return FUSEPAY_OUTCOME_KIND_PAID;
}

static void a_callback_calls_the_engine(const world *world) {
    fusepay_error *error = NULL;
    caller caller;
    memset(&caller, 0, sizeof caller);
    caller.world = world;
    fusepay_provider provider = biller_provider(NULL);
    provider.user_data = &caller;
    provider.destroy = NULL;
    provider.pay = pay_and_call;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_register_provider(world->engine, "power", &provider, &error));
    caller.id = world_pay(world, "meter 1");
    world_drain(world);
    CHECK(caller.found == 1 && caller.paid == 2);
    CHECK(world_status(world, caller.id) == FUSEPAY_PAYMENT_STATUS_COMPLETED);
}

int main(void) {
    biller biller = biller_that_pays();
    fusepay_provider provider = biller_provider(&biller);
    provider.validate_customer = validate_customer;
    provider.catalogue = catalogue;
    provider.float_balance = float_balance;
    provider.verify_webhook = verify_webhook;
    world world = world_open("seams.db", &provider);
    customers_are_looked_up(&world, &biller);
    its_catalogue_is_loaded(&world, &biller);
    its_float_is_told(&world, &biller);
    webhooks_are_verified_and_applied(&world, &biller);
    what_it_does_not_offer_is_unsupported(&world);
    CHECK(biller.destroyed == 1);
    a_callback_calls_the_engine(&world);
    world_verify(&world);
    world_close(&world);
    CHECK(biller.destroyed == 1);
    return 0;
}
