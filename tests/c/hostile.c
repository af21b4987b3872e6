// Goal: whatever a buggy host does with handles and structs, it gets a code.
// Method: random calls with null, stale, foreign, forged and good handles, ids,
// requests and records; closes and frees in any order. The number of calls is the
// first argument, the seed the second. Run under sanitizers it shows that no call
// touches memory that is not its own; the program itself never reads a record
// that it has cleared.
#include "check.h"
#include "simulated.h"
#include <fusepay.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 1;

// xorshift64*: the same calls for the same seed.
static uint64_t draw(uint64_t below) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (state * UINT64_C(2685821657736338717)) % below;
}

enum { POOL = 32 };

static void *pool[POOL];
static long answered[1024];

// A handle that may be good, of another kind, closed long ago, or never was one.
static void *any_handle(void) {
    static long long object = 7;
    void *handle = pool[draw(POOL)];
    switch (draw(6)) {
    case 0:
        return NULL;
    case 1:
        return &object;
    case 2:
        return (void *)((uintptr_t)handle ^ ((uintptr_t)1 << draw(64)));
    case 3:
        return (void *)(uintptr_t)draw(UINT64_MAX);
    default:
        return handle;
    }
}

static void note(int32_t status) {
    CHECK(status >= 0 && status < (int32_t)(sizeof answered / sizeof *answered));
    answered[status] += 1;
}

static void *any_text(void) {
    static char endless[1 << 17];
    switch (draw(6)) {
    case 0:
        return NULL;
    case 1:
        return "\xff\xfe";
    case 2:
        memset(endless, 'x', sizeof endless - 1);
        return endless;
    case 3:
        return "NGN";
    case 4:
        return "";
    default:
        return "wallet";
    }
}

static void call_engine(void) {
    fusepay_engine *engine = any_handle();
    fusepay_error *error = draw(2) ? any_handle() : NULL;
    fusepay_wallet_id id;
    memset(&id, (int)draw(256), sizeof id);
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    fusepay_text text = FUSEPAY_INIT(fusepay_text);
    fusepay_wallet_array wallets = FUSEPAY_INIT(fusepay_wallet_array);
    fusepay_user_id user;
    memset(&user, (int)draw(256), sizeof user);
    if (draw(4) == 0) {
        wallet.struct_size = draw(3) ? (size_t)draw(16) : (size_t)draw(UINT64_MAX);
    }
    fusepay_error **details = draw(3) ? &error : NULL;
    switch (draw(8)) {
    case 0:
        note(fusepay_wallet_find(engine, draw(8) ? &id : NULL, draw(8) ? &wallet : NULL, details));
        break;
    case 1:
        note(fusepay_wallet_list(engine, draw(8) ? &user : NULL, draw(8) ? &wallets : NULL, details));
        break;
    case 2:
        note(fusepay_wallet_create(engine, &user, any_text(), any_text(), &wallet, details));
        break;
    case 3:
        note(fusepay_engine_run_due(engine, NULL, details));
        break;
    case 4: {
        fusepay_money_request request = FUSEPAY_INIT(fusepay_money_request);
        request.struct_size = draw(4) ? sizeof request : (size_t)draw(UINT64_MAX);
        request.amount.minor = (int64_t)draw(UINT64_MAX);
        memset(request.amount.currency, (int)draw(256), sizeof request.amount.currency);
        request.metadata = any_text();
        fusepay_transaction transaction = FUSEPAY_INIT(fusepay_transaction);
        // Larger than it is would be a lie no library can see through.
        if (request.struct_size <= sizeof request) {
            note(fusepay_wallet_fund(engine, &request, &transaction, details));
        }
        fusepay_clear(&transaction);
        break;
    }
    case 5: {
        fusepay_session *session = any_handle();
        note(fusepay_session_open(engine, any_text(), &session, details));
        break;
    }
    case 6: {
        int64_t now = 0;
        note(fusepay_engine_due_now(engine, draw(4) ? &now : NULL, details));
        break;
    }
    default:
        note(fusepay_money_parse(any_text(), any_text(), NULL, details));
        break;
    }
    if (draw(2)) {
        pool[draw(POOL)] = error;
    } else {
        fusepay_error_free(&error);
        CHECK(error == NULL);
    }
    if (wallet.struct_size == sizeof wallet) {
        fusepay_clear(&wallet);
    }
    fusepay_clear(&text);
    fusepay_clear(&wallets);
}

static void call_error(void) {
    fusepay_error *error = any_handle();
    (void)fusepay_error_code(error);
    (void)fusepay_error_retry_after_ms(error);
    (void)fusepay_error_field(error);
    CHECK(fusepay_error_message(error) != NULL);
    if (draw(4) == 0) {
        fusepay_error_free(&error);
    }
}

static void call_reply(void) {
    fusepay_reply *reply = any_handle();
    note(fusepay_reply_token(reply, any_text()));
    note(fusepay_reply_poll_after_ms(reply, 5));
}

static void open_or_close(fusepay_engine **engine, int *opened) {
    void *handle = draw(2) ? any_handle() : *engine;
    fusepay_session *session = any_handle();
    fusepay_session_close(&session);
    if (draw(50) != 0) {
        return;
    }
    note(fusepay_engine_close((fusepay_engine **)&handle, draw(8) ? 10 : -1, NULL));
    int64_t now = 0;
    const int32_t status = fusepay_engine_due_now(*engine, &now, NULL);
    note(status);
    if (status == FUSEPAY_ERR_CLOSED) {
        *opened += 1;
        *engine = simulated_open("hostile.db");
        pool[draw(POOL)] = *engine;
    }
}

int main(int count, char **words) {
    const long calls = count > 1 ? atol(words[1]) : 100000;
    state = count > 2 ? (uint64_t)atoll(words[2]) | 1 : 7;
    fusepay_engine *engine = simulated_open("hostile.db");
    pool[0] = engine;
    int opened = 1;
    for (long call = 0; call < calls; ++call) {
        switch (draw(8)) {
        case 0:
            call_error();
            break;
        case 1:
            call_reply();
            break;
        case 2:
            open_or_close(&engine, &opened);
            break;
        default:
            call_engine();
            break;
        }
    }
    int64_t now = 0;
    if (fusepay_engine_due_now(engine, &now, NULL) == FUSEPAY_OK) {
        CHECK(fusepay_engine_close(&engine, 1000, NULL) == FUSEPAY_OK);
    }
    for (int i = 0; i < POOL; ++i) {
        fusepay_error_free((fusepay_error **)&pool[i]);
    }
    CHECK(answered[FUSEPAY_ERR_INVALID_HANDLE] > 0 && answered[FUSEPAY_ERR_CLOSED] > 0);
    CHECK(answered[FUSEPAY_ERR_INVALID_ARGUMENT] > 0 && answered[FUSEPAY_OK] > 0);
    CHECK(opened > 1);
    printf("%ld calls, opened %d times, panics %ld\n", calls, opened, answered[FUSEPAY_ERR_PANICKED]);
    CHECK(answered[FUSEPAY_ERR_PANICKED] == 0);
    return 0;
}
