// The stage a scenario is played on: the engine with its clock and directory.
#define _POSIX_C_SOURCE 200809L // mkdtemp, opendir
#include "scenario.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLOSE_DEADLINE_MS 5000
#define ROUNDS_MAX 10000
#define PROVIDERS_MAX 64

static int64_t wall_ms(void *user_data) { return ((manual_clock *)user_data)->wall_ms; }

static uint64_t monotonic_ms(void *user_data) { return ((manual_clock *)user_data)->monotonic_ms; }

void clock_advance(manual_clock *clock, uint64_t passed_ms) {
    atomic_fetch_add(&clock->wall_ms, (int64_t)passed_ms);
    atomic_fetch_add(&clock->monotonic_ms, passed_ms);
}

// Makes a directory that only this user can enter.
bool stage_begin(stage *s) {
    const char *parent = getenv("TMPDIR");
    int length = snprintf(s->directory, sizeof s->directory, "%s/scenario-XXXXXX", parent == NULL ? "/tmp" : parent);
    if (length > 0 && (size_t)length < sizeof s->directory && mkdtemp(s->directory) != NULL) return true;
    s->directory[0] = '\0';
    return false;
}

static void remove_directory(const char *directory) {
    DIR *listing = opendir(directory);
    if (listing == NULL) return;
    for (struct dirent *file = readdir(listing); file != NULL; file = readdir(listing)) {
        char path[sizeof file->d_name + 300];
        snprintf(path, sizeof path, "%s/%s", directory, file->d_name);
        if (strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0) unlink(path);
    }
    closedir(listing);
    rmdir(directory);
}

void stage_end(stage *s) {
    fusepay_session_close(&s->session);
    stage_close(s);
    fusepay_error_free(&s->error);
    if (s->directory[0] != '\0') remove_directory(s->directory);
    arena_clear(&s->step_memory);
    arena_clear(&s->memory);
}

int32_t stage_open(stage *s, bool is_restored) {
    static const char SECRET[] = "Zk3!vQ9w@Lx7#Rp2$Tn8%Yb5^Hd4&Mc6";
    if (!s->is_simulated) return broken(s, "a scenario begins with `simulated`");
    char path[sizeof s->directory + 16];
    snprintf(path, sizeof path, "%s/scenario.db", s->directory);

    fusepay_key key = FUSEPAY_INIT(fusepay_key);
    key.id = "scenario";
    key.secret = (const uint8_t *)SECRET;
    key.secret_length = sizeof SECRET - 1;
    fusepay_hash_cost cost = FUSEPAY_INIT(fusepay_hash_cost);
    cost.memory_kib = 7168;
    cost.passes = 5;
    cost.lanes = 1;
    fusepay_clock clock = FUSEPAY_INIT(fusepay_clock);
    clock.user_data = &s->clock;
    clock.wall_ms = wall_ms;
    clock.monotonic_ms = monotonic_ms;

    fusepay_capabilities capabilities[PROVIDERS_MAX];
    fusepay_provider providers[PROVIDERS_MAX];
    fusepay_provider_entry entries[PROVIDERS_MAX];
    size_t count = 0;
    for (biller *b = s->billers; b != NULL; b = b->next, count++) {
        if (count == PROVIDERS_MAX) return broken(s, "more than %d providers", PROVIDERS_MAX);
        biller_provider(b, &capabilities[count], &providers[count]);
        entries[count] = FUSEPAY_INIT(fusepay_provider_entry);
        entries[count].code = b->code;
        entries[count].provider = &providers[count];
    }

    fusepay_config config = FUSEPAY_INIT(fusepay_config);
    config.path = path;
    config.keys = &key;
    config.key_count = 1;
    config.worker = FUSEPAY_WORKER_MANUAL;
    config.providers = entries;
    config.provider_count = count;
    config.currency = s->settings.currency;
    config.is_restored = is_restored ? 1 : 0;
    config.hash_cost = &cost;
    config.transfer_fee = &s->settings.transfer_fee;
    config.withdrawal_fee = &s->settings.withdrawal_fee;
    config.clock = &clock;
    config.entropy_seed = &s->settings.seed;
    return fusepay_engine_open(&config, &s->engine, &s->error);
}

int32_t stage_close(stage *s) { return fusepay_engine_close(&s->engine, CLOSE_DEADLINE_MS, &s->error); }

// When the first live job is due that is not the expiry of a hold; false when
// there is none.
static int32_t next_due(stage *s, bool *is_any, int64_t *due_ms) {
    fusepay_job_count_array counts = FUSEPAY_INIT(fusepay_job_count_array);
    TRY(fusepay_queue_counts(s->engine, &counts, &s->error));
    *is_any = false;
    for (size_t i = 0; i < counts.length; i++) {
        const fusepay_job_count *row = counts.items[i];
        if (row->count == 0 || row->status == FUSEPAY_JOB_STATUS_DEAD) continue;
        if (row->kind == FUSEPAY_JOB_KIND_HOLD_EXPIRY) continue;
        int64_t oldest_ms = row->oldest_due_ms == NULL ? INT64_MIN : *row->oldest_due_ms;
        if (!*is_any || oldest_ms < *due_ms) *due_ms = oldest_ms;
        *is_any = true;
    }
    fusepay_clear(&counts);
    return FUSEPAY_OK;
}

// Runs the queue, letting time pass, until no job waits but the expiry of holds.
int32_t stage_drain(stage *s) {
    for (int round = 0; round < ROUNDS_MAX; round++) {
        bool is_any = false;
        int64_t due_ms = 0, now_ms = 0;
        fusepay_run_report report = FUSEPAY_INIT(fusepay_run_report);
        TRY(fusepay_engine_run_due(s->engine, &report, &s->error));
        fusepay_clear(&report);
        if (report.claimed > 0) continue;
        TRY(next_due(s, &is_any, &due_ms));
        if (!is_any) return FUSEPAY_OK;
        TRY(fusepay_engine_due_now(s->engine, &now_ms, &s->error));
        // What is due and does not run waits for a circuit breaker.
        int64_t wait_ms = due_ms > now_ms ? due_ms - now_ms : 1000;
        clock_advance(&s->clock, (uint64_t)wait_ms);
    }
    return broken(s, "the queue does not come to rest");
}
