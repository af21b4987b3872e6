// Goal: whatever the host gives the library comes back exactly once, whichever
// way the library is done with it, and not while a call still uses it.
// Method: counted `destroy`s; in the background mode a call that waits at a gate.
#define _POSIX_C_SOURCE 200809L
#include "world.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

// How long anybody waits before the test is given up, in seconds.
#define PATIENCE_S 30

static void refused_registrations_give_back(const world *world) {
    fusepay_error *error = NULL;
    biller biller = biller_that_pays();
    fusepay_provider provider = biller_provider(&biller);
    fusepay_engine *engine = world->engine;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_engine_register_provider(engine, "no such code", &provider, &error));
    CHECK(biller.destroyed == 1);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_engine_register_provider(engine, NULL, &provider, &error));
    CHECK(biller.destroyed == 2);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_engine_register_provider(engine, "\xff", &provider, &error));
    CHECK(biller.destroyed == 3);
    CHECK_CODE(FUSEPAY_ERR_INVALID_HANDLE, error, fusepay_engine_register_provider(NULL, "later", &provider, &error));
    CHECK(biller.destroyed == 4);
    provider.query = NULL;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_engine_register_provider(engine, "later", &provider, &error));
    CHECK(biller.destroyed == 5);
    provider = biller_provider(&biller);
    fusepay_capabilities capabilities = FUSEPAY_INIT(fusepay_capabilities);
    capabilities.request_id_format = 9;
    provider.capabilities = &capabilities;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_engine_register_provider(engine, "later", &provider, &error));
    CHECK(biller.destroyed == 6);
    capabilities.request_id_format = FUSEPAY_REQUEST_ID_HEX;
    capabilities.request_id_length = 16;
    capabilities.concurrent_calls_max = 65;
    CHECK_CODE(FUSEPAY_ERR_INVALID_CONFIG, error, fusepay_engine_register_provider(engine, "later", &provider, &error));
    CHECK(biller.destroyed == 7);
    // What was never begun can't be read: nothing was taken over.
    provider.struct_size = 0;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_engine_register_provider(engine, "later", &provider, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_engine_register_provider(engine, "later", NULL, &error));
    CHECK(biller.destroyed == 7);
    fusepay_error_free(&error);
}

static void refused_opens_give_back(void) {
    fusepay_error *error = NULL;
    biller billers[2] = {biller_that_pays(), biller_that_pays()};
    fusepay_provider providers[2] = {biller_provider(&billers[0]), biller_provider(&billers[1])};
    fusepay_provider_entry entries[2] = {FUSEPAY_INIT(fusepay_provider_entry), FUSEPAY_INIT(fusepay_provider_entry)};
    entries[0].code = "power";
    entries[0].provider = &providers[0];
    entries[1].code = "water";
    entries[1].provider = &providers[1];
    fusepay_key key = FUSEPAY_INIT(fusepay_key);
    key.id = "first";
    key.secret = (const uint8_t *)"a key of the tests, 32 bytes long";
    key.secret_length = 32;
    fusepay_config config = FUSEPAY_INIT(fusepay_config);
    config.path = "no/such/folder/pay.db";
    config.keys = &key;
    config.key_count = 1;
    config.worker = FUSEPAY_WORKER_MANUAL;
    config.providers = entries;
    config.provider_count = 2;
    fusepay_engine *engine = NULL;
    int expected = 0;
#define REFUSED(open) \
    do { \
        CHECK((open) != FUSEPAY_OK); \
        expected++; \
        CHECK(engine == NULL); \
        CHECK(billers[0].destroyed == expected && billers[1].destroyed == expected); \
    } while (0)
    REFUSED(fusepay_engine_open(&config, &engine, &error)); // there is no such folder
    config.path = "\xff";
    REFUSED(fusepay_engine_open(&config, &engine, &error));
    config.path = NULL;
    REFUSED(fusepay_engine_open(&config, &engine, &error));
    config.path = "refused.db";
    REFUSED(fusepay_engine_open(&config, NULL, &error));
    config.key_count = 0;
    REFUSED(fusepay_engine_open(&config, &engine, &error));
    config.key_count = 1;
    config.worker = 7;
    REFUSED(fusepay_engine_open(&config, &engine, &error));
    config.worker = FUSEPAY_WORKER_MANUAL;
    entries[1].code = "no such code";
    REFUSED(fusepay_engine_open(&config, &engine, &error));
    entries[1].code = NULL;
    REFUSED(fusepay_engine_open(&config, &engine, &error));
    entries[1].code = "power"; // twice
    REFUSED(fusepay_engine_open(&config, &engine, &error));
    entries[1].code = "water";
    providers[0].pay = NULL;
    REFUSED(fusepay_engine_open(&config, &engine, &error));
#undef REFUSED
    fusepay_error_free(&error);
}

// A provider that asks the engine when it is let go of.
typedef struct inquirer {
    const world *world;
    int destroyed;
} inquirer;

static void destroy_and_ask(void *user_data) {
    inquirer *self = (inquirer *)user_data;
    fusepay_error *error = NULL;
    fusepay_stats stats = FUSEPAY_INIT(fusepay_stats);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_stats(self->world->engine, &stats, &error));
    CHECK(stats.providers_length == 1);
    fusepay_clear(&stats);
    self->destroyed++;
}

static void a_replaced_provider_is_given_back(const world *world, const biller *first) {
    fusepay_error *error = NULL;
    inquirer inquirer = {world, 0};
    fusepay_provider provider = biller_provider(NULL);
    provider.user_data = &inquirer;
    provider.destroy = destroy_and_ask;
    CHECK(first->destroyed == 0);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_register_provider(world->engine, "power", &provider, &error));
    CHECK(first->destroyed == 1);
    fusepay_provider last = biller_provider(NULL);
    last.destroy = NULL;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_register_provider(world->engine, "power", &last, &error));
    CHECK(inquirer.destroyed == 1);
}

static void closing_gives_back(void) {
    biller biller = biller_that_pays();
    fusepay_provider provider = biller_provider(&biller);
    world world = world_open("closed.db", &provider);
    fusepay_engine *copy = world.engine;
    fusepay_error *error = NULL;
    CHECK(biller.destroyed == 0);
    world_close(&world);
    CHECK(biller.destroyed == 1);
    CHECK_CODE(FUSEPAY_ERR_CLOSED, error, fusepay_engine_close(&copy, 0, &error));
    CHECK(biller.destroyed == 1);
    CHECK_CODE(FUSEPAY_ERR_CLOSED, error, fusepay_engine_register_provider(copy, "power", &provider, &error));
    CHECK(biller.destroyed == 2);
    fusepay_error_free(&error);
}

// A provider whose sends wait until the gate is opened.
typedef struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int arrived;
    int is_open;
    int destroyed;
    // The engine to close from inside the call; NULL for none.
    fusepay_engine **closes;
} gate;

#define CLOSED_GATE {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, 0, NULL}

// Waits, with the mutex held, until a number of the gate is not 0.
static void await(gate *gate, const int *number) {
    struct timespec until;
    CHECK(clock_gettime(CLOCK_REALTIME, &until) == 0);
    until.tv_sec += PATIENCE_S;
    while (*number == 0) {
        CHECK(pthread_cond_timedwait(&gate->changed, &gate->mutex, &until) != ETIMEDOUT);
    }
}

static void count(gate *gate, int *number) {
    (*number)++;
    CHECK(pthread_cond_broadcast(&gate->changed) == 0);
}

static uint32_t pay_behind_gate(void *user_data, const fusepay_pay_request *request, fusepay_reply *reply) {
    gate *self = (gate *)user_data;
    (void)request;
    if (self->closes != NULL) {
        // Closing signals here, and does not wait for this very call.
        fusepay_error *error = NULL;
        time_t began = time(NULL);
        CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_close(self->closes, PATIENCE_S * 1000, &error));
        CHECK(time(NULL) - began < PATIENCE_S / 2);
        CHECK(*self->closes == NULL);
    }
    CHECK(pthread_mutex_lock(&self->mutex) == 0);
    CHECK(self->destroyed == 0);
    count(self, &self->arrived);
    await(self, &self->is_open);
    CHECK(self->destroyed == 0);
    CHECK(pthread_mutex_unlock(&self->mutex) == 0);
    CHECK(fusepay_reply_provider_reference(reply, "PC-1") == FUSEPAY_OK);
    return FUSEPAY_OUTCOME_KIND_PAID;
}

static void destroy_gate(void *user_data) {
    gate *self = (gate *)user_data;
    CHECK(pthread_mutex_lock(&self->mutex) == 0);
    count(self, &self->destroyed);
    CHECK(pthread_mutex_unlock(&self->mutex) == 0);
}

static fusepay_provider gate_provider(gate *gate) {
    fusepay_provider provider = biller_provider(NULL);
    provider.user_data = gate;
    provider.destroy = destroy_gate;
    provider.pay = pay_behind_gate;
    return provider;
}

// An engine with threads of its own and the real clock.
static world open_background(const char *path, const fusepay_provider *provider) {
    fusepay_provider_entry entry = FUSEPAY_INIT(fusepay_provider_entry);
    entry.code = "power";
    entry.provider = provider;
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
    config.providers = &entry;
    config.provider_count = 1;
    config.hash_cost = &cost;
    fusepay_error *error = NULL;
    world world;
    world.engine = NULL;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_open(&config, &world.engine, &error));
    world_load_catalogue(world.engine);
    world_register(&world, "ada@example.com");
    return world;
}

// Waits until the call has come to the gate.
static void await_arrival(gate *gate) {
    CHECK(pthread_mutex_lock(&gate->mutex) == 0);
    await(gate, &gate->arrived);
    CHECK(gate->destroyed == 0);
    CHECK(pthread_mutex_unlock(&gate->mutex) == 0);
}

// Nothing is given back until the gate is opened; then once.
static void open_and_await_destroy(gate *gate) {
    CHECK(pthread_mutex_lock(&gate->mutex) == 0);
    CHECK(gate->destroyed == 0);
    count(gate, &gate->is_open);
    await(gate, &gate->destroyed);
    CHECK(gate->destroyed == 1 && gate->arrived == 1);
    CHECK(pthread_mutex_unlock(&gate->mutex) == 0);
}

static void a_call_in_flight_outlives_its_replacement(void) {
    fusepay_error *error = NULL;
    gate gate = CLOSED_GATE;
    fusepay_provider provider = gate_provider(&gate);
    world world = open_background("replaced.db", &provider);
    fusepay_payment_id id = world_pay(&world, "meter");
    await_arrival(&gate);
    biller second = biller_that_pays();
    provider = biller_provider(&second);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_register_provider(world.engine, "power", &provider, &error));
    open_and_await_destroy(&gate);
    // The answer of the replaced adapter counts: the payment is not sent again.
    CHECK(world_status(&world, id) == FUSEPAY_PAYMENT_STATUS_COMPLETED);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_close(&world.engine, PATIENCE_S * 1000, &error));
    CHECK(second.pays == 0 && second.destroyed == 1 && gate.destroyed == 1);
}

static void a_call_in_flight_outlives_the_engine(void) {
    fusepay_error *error = NULL;
    gate gate = CLOSED_GATE;
    fusepay_provider provider = gate_provider(&gate);
    world world = open_background("outlived.db", &provider);
    world_pay(&world, "meter");
    await_arrival(&gate);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_close(&world.engine, 1, &error));
    CHECK(world.engine == NULL);
    open_and_await_destroy(&gate);
}

static void a_call_may_close_its_engine(void) {
    gate gate = CLOSED_GATE;
    fusepay_provider provider = gate_provider(&gate);
    world world = open_background("from_inside.db", &provider);
    gate.closes = &world.engine;
    fusepay_error *error = NULL;
    fusepay_pay_bill bill = world_bill(&world, "meter");
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_pay(world.engine, &bill, &payment, &error));
    fusepay_clear(&payment);
    await_arrival(&gate);
    open_and_await_destroy(&gate);
}

static void a_call_of_the_manual_mode_may_close_its_engine(void) {
    gate gate = CLOSED_GATE;
    gate.is_open = 1;
    fusepay_provider provider = gate_provider(&gate);
    world world = world_open("from_inside_manual.db", &provider);
    fusepay_engine *engine = world.engine;
    world_pay(&world, "meter");
    gate.closes = &world.engine;
    fusepay_engine_run_due(engine, NULL, NULL);
    CHECK(gate.arrived == 1 && gate.destroyed == 1);
}

int main(void) {
    refused_opens_give_back();
    biller first = biller_that_pays();
    fusepay_provider provider = biller_provider(&first);
    world world = world_open("destroy.db", &provider);
    refused_registrations_give_back(&world);
    a_replaced_provider_is_given_back(&world, &first);
    world_close(&world);
    CHECK(first.destroyed == 1);
    closing_gives_back();
    a_call_in_flight_outlives_its_replacement();
    a_call_in_flight_outlives_the_engine();
    a_call_may_close_its_engine();
    a_call_of_the_manual_mode_may_close_its_engine();
    return 0;
}
