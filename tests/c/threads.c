// Goal: eight threads share one handle and lose nothing; a subscriber on its own
// thread is told of all of it, in order; of eight that close, one does.
#define _POSIX_C_SOURCE 200809L

#include "customer.h"

#include <pthread.h>
#include <time.h>

#define THREADS 8
#define ROUNDS 40

static fusepay_engine *engine = NULL;
static customer ada, bola;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static uint64_t last_told = 0;
static int credits_told = 0, subscribers_destroyed = 0, loggers_set = 0, loggers_destroyed = 0;

static int32_t notify(void *user_data, const fusepay_event *event) {
    (void)user_data;
    pthread_mutex_lock(&mutex);
    // Once it was acknowledged an event does not come again: nothing crashes here.
    CHECK(event->sequence > last_told);
    last_told = event->sequence;
    credits_told += event->name == FUSEPAY_EVENT_NAME_WALLET_CREDITED;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    return 0;
}

static void count_down(void *user_data) {
    pthread_mutex_lock(&mutex);
    (*(int *)user_data)++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static void write_line(void *user_data, uint32_t level, const char *target, const char *message) {
    CHECK(user_data == &loggers_destroyed && level != 0 && target != NULL && message != NULL);
}

// Waits until a count is reached; a generous deadline keeps a fault from hanging.
static void await(const int *count, int expected) {
    struct timespec until;
    CHECK(clock_gettime(CLOCK_REALTIME, &until) == 0);
    until.tv_sec += 120;
    pthread_mutex_lock(&mutex);
    while (*count < expected) {
        CHECK(pthread_cond_timedwait(&changed, &mutex, &until) == 0);
    }
    CHECK(*count == expected);
    pthread_mutex_unlock(&mutex);
}

// Credits Ada, moves some on to Bola, reads, and replaces the logger now and then.
static void *work(void *argument) {
    const int number = *(const int *)argument;
    fusepay_error *error = NULL;
    for (int round = 0; round < ROUNDS; round++) {
        customer_credit(engine, ada.wallet_id, 3);
        fusepay_transfer_request transfer = FUSEPAY_INIT(fusepay_transfer_request);
        transfer.from = ada.wallet_id;
        transfer.to = bola.wallet_id;
        transfer.amount = naira(1);
        fusepay_transaction line = FUSEPAY_INIT(fusepay_transaction);
        CHECK_CODE(FUSEPAY_OK, error, fusepay_wallet_transfer(engine, &transfer, &line, &error));
        CHECK(line.amount_minor == -1 && memcmp(line.counterparty->bytes, bola.wallet_id.bytes, 16) == 0);
        fusepay_clear(&line);
        CHECK(customer_balance(engine, ada.wallet_id) >= 0);
        CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_wallet_find(engine, NULL, NULL, &error));
        if (round % 8 == number) {
            fusepay_logger logger = FUSEPAY_INIT(fusepay_logger);
            logger.user_data = &loggers_destroyed;
            logger.destroy = count_down;
            logger.level = FUSEPAY_LOG_LEVEL_TRACE;
            logger.write = write_line;
            CHECK(fusepay_log_set(&logger, NULL) == FUSEPAY_OK);
            count_down(&loggers_set);
        }
    }
    fusepay_error_free(&error);
    return NULL;
}

static void *close_engine(void *argument) {
    fusepay_engine *own = engine;
    *(int32_t *)argument = fusepay_engine_close(&own, 10000, NULL);
    return NULL;
}

static fusepay_subscription *subscribe(void) {
    fusepay_subscriber subscriber = FUSEPAY_INIT(fusepay_subscriber);
    subscriber.user_data = &subscribers_destroyed;
    subscriber.destroy = count_down;
    subscriber.notify = notify;
    fusepay_subscription *subscription = NULL;
    fusepay_error *error = NULL;
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_events_subscribe(engine, "counter", FUSEPAY_START_AT_NOW, &subscriber, &subscription, &error));
    return subscription;
}

int main(void) {
    engine = background_open("pay.db");
    ada = customer_register(engine, "ada@example.com");
    bola = customer_register(engine, "bola@example.com");
    fusepay_subscription *subscription = subscribe();
    pthread_t threads[THREADS];
    int numbers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CHECK(pthread_create(&threads[i], NULL, work, &numbers[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(customer_balance(engine, ada.wallet_id) == 2 * THREADS * ROUNDS);
    CHECK(customer_balance(engine, bola.wallet_id) == THREADS * ROUNDS);
    fusepay_verify_report report = FUSEPAY_INIT(fusepay_verify_report);
    CHECK(fusepay_engine_verify(engine, &report, NULL) == FUSEPAY_OK && report.is_sound);
    fusepay_clear(&report);

    await(&credits_told, THREADS * ROUNDS);
    fusepay_subscription_close(&subscription);
    await(&subscribers_destroyed, 1);
    CHECK(fusepay_log_set(NULL, NULL) == FUSEPAY_OK);
    await(&loggers_destroyed, loggers_set);

    int32_t answers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, close_engine, &answers[i]) == 0);
    }
    int closed = 0;
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK(answers[i] == FUSEPAY_OK || answers[i] == FUSEPAY_ERR_CLOSED);
        closed += answers[i] == FUSEPAY_OK;
    }
    CHECK(closed == 1);
    fusepay_clear(&ada.registered);
    fusepay_clear(&bola.registered);
    return 0;
}
