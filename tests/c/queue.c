// Goal: an operator finds, retries and resolves dead letters from C.
// Method: a payment that kills every process that works on it.
#define _POSIX_C_SOURCE 200809L

#include "customer.h"

#include <sys/wait.h>
#include <unistd.h>

static fusepay_error *error = NULL;

static int64_t count(fusepay_engine *engine, uint32_t kind, uint32_t status) {
    fusepay_job_count_array counts = FUSEPAY_INIT(fusepay_job_count_array);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_queue_counts(engine, &counts, &error));
    int64_t found = 0;
    for (size_t i = 0; i < counts.length; i++) {
        if (counts.items[i]->kind == kind && counts.items[i]->status == status) {
            found = counts.items[i]->count;
        }
    }
    fusepay_clear(&counts);
    return found;
}

// What waits to be sent is the worker's, not the operator's.
static void a_live_job_is_found_and_left_alone(void) {
    power_company company = {FUSEPAY_OUTCOME_KIND_PAID, FUSEPAY_OUTCOME_KIND_UNKNOWN, 0};
    fusepay_engine *engine = power_open("live.db", &company);
    customer ada = customer_register(engine, "ada@example.com");
    customer_credit(engine, ada.wallet_id, 10000);
    fusepay_payment_id payment_id = power_buy(engine, ada.wallet_id, 1000);
    CHECK(count(engine, FUSEPAY_JOB_KIND_PROCESS_BILL_PAYMENT, FUSEPAY_JOB_STATUS_READY) == 1);

    fusepay_job job = FUSEPAY_INIT(fusepay_job);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_queue_find(engine, 1, &job, &error));
    CHECK(job.id == 1 && job.kind == FUSEPAY_JOB_KIND_PROCESS_BILL_PAYMENT && job.status == FUSEPAY_JOB_STATUS_READY);
    CHECK(memcmp(job.subject, payment_id.bytes, 16) == 0);
    CHECK(job.runs == 0 && job.crashes == 0 && job.died_at_ms == NULL && job.last_error == NULL);
    CHECK(job.due_at_ms == SIMULATED_START_MS && job.created_at_ms == SIMULATED_START_MS);
    CHECK_CODE(FUSEPAY_ERR_JOB_NOT_DEAD, error, fusepay_queue_retry(engine, 1, &job, &error));
    CHECK_CODE(FUSEPAY_ERR_JOB_NOT_DEAD, error, fusepay_queue_resolve(engine, 1, "why", &error));
    fusepay_clear(&job);

    run_due(engine);
    CHECK(company.pays == 1);
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error, fusepay_queue_find(engine, 1, &job, &error));
    CHECK(count(engine, FUSEPAY_JOB_KIND_PROCESS_BILL_PAYMENT, FUSEPAY_JOB_STATUS_READY) == 0);
    fusepay_clear(&ada.registered);
    CHECK(fusepay_engine_close(&engine, 1000, NULL) == FUSEPAY_OK);
}

static uint32_t crash_in_pay(void *user_data, const fusepay_pay_request *request, fusepay_reply *reply) {
    (void)user_data, (void)request, (void)reply;
    _exit(7);
}

static uint32_t crash_in_query(void *user_data, const fusepay_query_request *request, fusepay_reply *reply) {
    (void)user_data, (void)request, (void)reply;
    _exit(7);
}

// A process of its own works the queue with a provider that kills it; how it ended.
static int crash(const char *path) {
    pid_t child = fork();
    if (child == 0) {
        fusepay_provider provider = FUSEPAY_INIT(fusepay_provider);
        provider.pay = crash_in_pay;
        provider.query = crash_in_query;
        fusepay_provider_entry entry = FUSEPAY_INIT(fusepay_provider_entry);
        entry.code = "power";
        entry.provider = &provider;
        fusepay_engine *engine = simulated_open_with(path, &entry, 1);
        for (int step = 0; step < 30; step++) {
            advance(engine, 60000);
        }
        CHECK(fusepay_engine_close(&engine, 1000, NULL) == FUSEPAY_OK);
        _exit(0);
    }
    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    simulated_elapsed_ms += 3600000;
    return WEXITSTATUS(status);
}

// A job that kills whoever runs it is taken out of the queue.
static void a_dead_letter_is_resolved(void) {
    power_company company = {FUSEPAY_OUTCOME_KIND_UNKNOWN, FUSEPAY_OUTCOME_KIND_UNKNOWN, 0};
    fusepay_engine *engine = power_open("poison.db", &company);
    customer ada = customer_register(engine, "ada@example.com");
    customer_credit(engine, ada.wallet_id, 10000);
    fusepay_payment_id payment_id = power_buy(engine, ada.wallet_id, 1000);
    CHECK(fusepay_engine_close(&engine, 1000, NULL) == FUSEPAY_OK);
    int crashes = 0;
    while (crashes < 10 && crash("poison.db") == 7) {
        crashes++;
    }
    CHECK(crashes == 4); // Once in the send, three times in the query.
    engine = power_open("poison.db", &company);

    fusepay_job_array jobs = FUSEPAY_INIT(fusepay_job_array);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_queue_dead_letters(engine, NULL, 500, &jobs, &error));
    const fusepay_job *dead = jobs.items[0];
    int64_t job_id = dead->id;
    CHECK(dead->kind == FUSEPAY_JOB_KIND_REQUERY && dead->status == FUSEPAY_JOB_STATUS_DEAD);
    CHECK(memcmp(dead->subject, payment_id.bytes, 16) == 0);
    CHECK(dead->died_at_ms != NULL && *dead->died_at_ms <= SIMULATED_START_MS + simulated_elapsed_ms);
    CHECK_TEXT("power", dead->provider);
    CHECK(dead->last_error != NULL && dead->crashes == 3);
    fusepay_clear(&jobs);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_queue_dead_letters(engine, &job_id, 1, &jobs, &error));
    CHECK(jobs.length == 0 && jobs.items == NULL);
    CHECK(count(engine, FUSEPAY_JOB_KIND_REQUERY, FUSEPAY_JOB_STATUS_DEAD) == 1);

    fusepay_job job = FUSEPAY_INIT(fusepay_job);
    CHECK_CODE(FUSEPAY_ERR_NOT_ALLOWED, error, fusepay_queue_retry(engine, job_id, &job, &error));
    CHECK(job.memory == NULL && job.id == 0);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_queue_resolve(engine, job_id, NULL, &error));
    CHECK_FIELD("reason", error);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_queue_resolve(engine, job_id, "\xff", &error));
    CHECK_CODE(FUSEPAY_OK, error, fusepay_queue_resolve(engine, job_id, "the review decides", &error));
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error, fusepay_queue_find(engine, job_id, &job, &error));
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error, fusepay_queue_resolve(engine, job_id, "again", &error));

    const uint32_t limits[] = {0, 501};
    for (int i = 0; i < 2; i++) {
        CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
                   fusepay_queue_dead_letters(engine, NULL, limits[i], &jobs, &error));
        CHECK_FIELD("limit", error);
    }
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_queue_counts(engine, NULL, &error));
    fusepay_clear(&ada.registered);
    fusepay_error_free(&error);
    CHECK(fusepay_engine_close(&engine, 1000, NULL) == FUSEPAY_OK);
}

int main(void) {
    a_live_job_is_found_and_left_alone();
    a_dead_letter_is_resolved();
    return 0;
}
