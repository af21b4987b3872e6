// Goal: a handle that was closed, closed twice, or never was one is a code, and
// never touches what others opened since.
#include "customer.h"

static fusepay_error *error = NULL;

static void an_engine_is_closed_once(void) {
    fusepay_engine *engine = simulated_open("first.db");
    customer ada = customer_register(engine, "ada@example.com");
    fusepay_session *session = customer_session(engine, &ada);
    fusepay_engine *stale = engine;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_engine_close(&engine, -1, &error));
    CHECK_FIELD("deadline_ms", error);
    CHECK(engine == stale);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_close(&engine, 1000, &error));
    CHECK(engine == NULL);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_close(&engine, 1000, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_engine_close(NULL, 1000, &error));

    // The slot is used again, the handle is not.
    fusepay_engine *next = simulated_open("second.db");
    CHECK(next != stale);
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    CHECK_CODE(FUSEPAY_ERR_CLOSED, error, fusepay_wallet_find(stale, &ada.wallet_id, &wallet, &error));
    CHECK_CODE(FUSEPAY_ERR_CLOSED, error, fusepay_engine_run_due(stale, NULL, &error));
    CHECK_CODE(FUSEPAY_ERR_CLOSED, error, fusepay_engine_close(&stale, 1000, &error));
    CHECK(stale != NULL);
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error, fusepay_wallet_find(next, &ada.wallet_id, &wallet, &error));

    // A session outlives its engine as a handle, and says so.
    fusepay_wallet_array wallets = FUSEPAY_INIT(fusepay_wallet_array);
    CHECK_CODE(FUSEPAY_ERR_CLOSED, error, fusepay_session_wallet_list(session, &wallets, &error));
    fusepay_session *closed = session;
    fusepay_session_close(&session);
    CHECK(session == NULL);
    CHECK_CODE(FUSEPAY_ERR_INVALID_HANDLE, error, fusepay_session_wallet_list(closed, &wallets, &error));
    fusepay_session_close(&closed);
    fusepay_session_close(&closed);
    fusepay_session_close(NULL);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_close(&next, 1000, &error));
    fusepay_clear(&ada.registered);
}

static void what_is_no_engine_is_refused(void) {
    fusepay_engine *engine = simulated_open("third.db");
    customer ada = customer_register(engine, "ada@example.com");
    fusepay_session *session = customer_session(engine, &ada);
    int64_t object = 1;
    void *foreign[] = {NULL, session, &object, (void *)(uintptr_t)1, (void *)UINTPTR_MAX};
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        fusepay_engine *wrong = foreign[i];
        CHECK_CODE(FUSEPAY_ERR_INVALID_HANDLE, error, fusepay_engine_run_due(wrong, NULL, &error));
        if (wrong != NULL) {
            CHECK_CODE(FUSEPAY_ERR_INVALID_HANDLE, error, fusepay_engine_close(&wrong, 0, &error));
        }
    }
    fusepay_wallet_array wallets = FUSEPAY_INIT(fusepay_wallet_array);
    CHECK_CODE(FUSEPAY_ERR_INVALID_HANDLE, error,
               fusepay_session_wallet_list((fusepay_session *)(void *)engine, &wallets, &error));
    fusepay_session_close(&session);
    fusepay_clear(&ada.registered);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_close(&engine, 1000, &error));
}

static void records_and_errors_are_given_back_twice(void) {
    fusepay_engine *engine = simulated_open("fourth.db");
    customer ada = customer_register(engine, "ada@example.com");
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_wallet_find(engine, &ada.wallet_id, &wallet, &error));
    fusepay_wallet copy = wallet;
    fusepay_clear(&wallet);
    fusepay_clear(&wallet);
    fusepay_clear(&copy);
    fusepay_clear(NULL);
    CHECK(wallet.memory == NULL && copy.memory == NULL);

    fusepay_error *first = NULL;
    CHECK(fusepay_wallet_find(engine, NULL, &wallet, &first) == FUSEPAY_ERR_INVALID_ARGUMENT);
    fusepay_error *stale = first;
    CHECK(fusepay_wallet_find(engine, NULL, NULL, &first) == FUSEPAY_ERR_INVALID_ARGUMENT);
    CHECK(fusepay_error_code(stale) == FUSEPAY_ERR_INVALID_HANDLE && fusepay_error_message(stale) != NULL);
    CHECK_FIELD("result", first);
    fusepay_error_free(&first);
    fusepay_error_free(&first);
    fusepay_error_free(&stale);
    fusepay_error_free(NULL);
    CHECK(first == NULL && stale == NULL);
    fusepay_clear(&ada.registered);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_close(&engine, 1000, &error));
}

int main(void) {
    an_engine_is_closed_once();
    what_is_no_engine_is_refused();
    records_and_errors_are_given_back_twice();
    fusepay_error_free(&error);
    return 0;
}
