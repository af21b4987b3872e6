// Goal: a child that is forked while other threads of its parent are in the middle
// of calls still opens an engine of its own, and does not wait for locks whose
// owners did not come along.
// Method: threads that pay and read without a pause; a child that hangs is ended
// by an alarm, which fails the test.
#define _POSIX_C_SOURCE 200809L

#include "customer.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4
#define CHILDREN 25

static fusepay_engine *engine = NULL;
static customer ada;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int is_over = 0;

static void *work(void *argument) {
    (void)argument;
    for (int over = 0; !over;) {
        customer_credit(engine, ada.wallet_id, 1);
        CHECK(customer_balance(engine, ada.wallet_id) > 0);
        pthread_mutex_lock(&mutex);
        over = is_over;
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void live_as_child(int number) {
    alarm(60);
    char path[32];
    snprintf(path, sizeof path, "child%d.db", number);
    CHECK(fusepay_engine_run_due(engine, NULL, NULL) == FUSEPAY_ERR_FORKED);
    fusepay_engine *own = simulated_open(path);
    run_due(own);
    CHECK(fusepay_engine_close(&own, 1000, NULL) == FUSEPAY_OK);
    _exit(0);
}

int main(void) {
    engine = background_open("parent.db");
    ada = customer_register(engine, "ada@example.com");
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
    }
    for (int number = 0; number < CHILDREN; number++) {
        pid_t child = fork();
        if (child == 0) {
            live_as_child(number);
        }
        int status = 0;
        CHECK(child > 0 && waitpid(child, &status, 0) == child);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    pthread_mutex_lock(&mutex);
    is_over = 1;
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    fusepay_verify_report report = FUSEPAY_INIT(fusepay_verify_report);
    CHECK(fusepay_engine_verify(engine, &report, NULL) == FUSEPAY_OK && report.is_sound);
    fusepay_clear(&report);
    fusepay_clear(&ada.registered);
    CHECK(fusepay_engine_close(&engine, 10000, NULL) == FUSEPAY_OK);
    return 0;
}
