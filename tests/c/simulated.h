// An engine on a new file in the working directory, with a clock the program
// sets, randomness from a seed, a queue that only the program drives, and the
// cheapest password hash that is allowed.
#ifndef SIMULATED_H
#define SIMULATED_H

#include "check.h"

// 2026-03-01T12:00:00Z.
#define SIMULATED_START_MS INT64_C(1772366400000)

// How far the clock has gone; a program adds to it.
static int64_t simulated_elapsed_ms = 0;

static int64_t simulated_wall_ms(void *user_data) {
    (void)user_data;
    return SIMULATED_START_MS + simulated_elapsed_ms;
}

static uint64_t simulated_monotonic_ms(void *user_data) {
    (void)user_data;
    return (uint64_t)simulated_elapsed_ms;
}

static inline fusepay_engine *simulated_open_with(const char *path, const fusepay_provider_entry *providers,
                                                  size_t provider_count) {
    fusepay_key key = FUSEPAY_INIT(fusepay_key);
    key.id = "first";
    key.secret = (const uint8_t *)"a key of the tests, 32 bytes long";
    key.secret_length = 32;
    fusepay_hash_cost cost = FUSEPAY_INIT(fusepay_hash_cost);
    cost.memory_kib = 7168;
    cost.passes = 5;
    cost.lanes = 1;
    fusepay_clock clock = FUSEPAY_INIT(fusepay_clock);
    clock.wall_ms = simulated_wall_ms;
    clock.monotonic_ms = simulated_monotonic_ms;
    const uint64_t seed = 7;
    fusepay_config config = FUSEPAY_INIT(fusepay_config);
    config.path = path;
    config.keys = &key;
    config.key_count = 1;
    config.worker = FUSEPAY_WORKER_MANUAL;
    config.providers = providers;
    config.provider_count = provider_count;
    config.hash_cost = &cost;
    config.clock = &clock;
    config.entropy_seed = &seed;
    fusepay_engine *engine = NULL;
    fusepay_error *error = NULL;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_open(&config, &engine, &error));
    return engine;
}

static inline fusepay_engine *simulated_open(const char *path) { return simulated_open_with(path, NULL, 0); }

#endif
