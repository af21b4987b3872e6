// Goal: in a forked child every handle of the parent answers FORKED and nothing
// is touched; the child opens an engine of its own and ends cleanly, while the
// parent goes on.
#define _POSIX_C_SOURCE 200809L

#include "customer.h"

#include <sys/wait.h>
#include <unistd.h>

static fusepay_error *error = NULL;
static int destroyed = 0;
static int told = 0;
static int logged = 0;

static int32_t notify(void *user_data, const fusepay_event *event) {
    (void)user_data, (void)event;
    told++;
    return 0;
}

static void destroy(void *user_data) {
    (void)user_data;
    destroyed++;
}

static void write_line(void *user_data, uint32_t level, const char *target, const char *message) {
    (void)user_data, (void)level, (void)target, (void)message;
    logged++;
}

// Everything the parent holds when it forks.
typedef struct held {
    fusepay_engine *engine;
    fusepay_engine *background;
    fusepay_session *session;
    fusepay_subscription *subscription;
    fusepay_error *error;
    fusepay_wallet wallet;
    customer ada;
} held;

static void every_handle_is_forked(held *of) {
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    fusepay_wallet_array wallets = FUSEPAY_INIT(fusepay_wallet_array);
    fusepay_text name = FUSEPAY_INIT(fusepay_text);
    fusepay_engine *engines[] = {of->engine, of->background};
    for (int i = 0; i < 2; i++) {
        fusepay_engine *engine = engines[i];
        CHECK_CODE(FUSEPAY_ERR_FORKED, error, fusepay_wallet_find(engine, &of->ada.wallet_id, &wallet, &error));
        CHECK_CODE(FUSEPAY_ERR_FORKED, error, fusepay_engine_run_due(engine, NULL, &error));
        CHECK_CODE(FUSEPAY_ERR_FORKED, error, fusepay_engine_close(&engine, 1000, &error));
        CHECK(engine == engines[i]);
        CHECK(customer_move(fusepay_wallet_credit, engine, of->ada.wallet_id, 1) == FUSEPAY_ERR_FORKED);
        fusepay_session *session = NULL;
        CHECK_CODE(FUSEPAY_ERR_FORKED, error,
                   fusepay_session_open(engine, of->ada.registered.tokens->access, &session, &error));
    }
    CHECK_CODE(FUSEPAY_ERR_FORKED, error, fusepay_session_wallet_list(of->session, &wallets, &error));
    CHECK_CODE(FUSEPAY_ERR_FORKED, error, fusepay_subscription_name(of->subscription, &name, &error));
    CHECK_CODE(FUSEPAY_ERR_FORKED, error, fusepay_subscription_keep(&of->subscription, &error));
    CHECK(fusepay_error_code(of->error) == FUSEPAY_ERR_INVALID_HANDLE);

    // Giving back what is the parent's does nothing.
    fusepay_session_close(&of->session);
    fusepay_subscription_close(&of->subscription);
    fusepay_error_free(&of->error);
    fusepay_clear(&of->wallet);
    CHECK(of->session == NULL && of->subscription == NULL && of->error == NULL && of->wallet.memory == NULL);
    CHECK(destroyed == 0);
}

static void a_child_works_on_its_own_file(const char *path) {
    const int logged_before = logged;
    fusepay_engine *engine = simulated_open(path);
    customer bola = customer_register(engine, "bola@example.com");
    customer_credit(engine, bola.wallet_id, 500);
    run_due(engine);
    CHECK(customer_balance(engine, bola.wallet_id) == 500);
    CHECK(logged == logged_before && told == 0); // The parent's callbacks stay the parent's.
    fusepay_clear(&bola.registered);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_close(&engine, 1000, &error));
    fusepay_error_free(&error);
}

static int exit_of(pid_t child) {
    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

int main(void) {
    fusepay_logger logger = FUSEPAY_INIT(fusepay_logger);
    logger.write = write_line;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_log_set(&logger, &error));
    held all = {0};
    all.engine = simulated_open("parent.db");
    all.background = background_open("background.db");
    all.ada = customer_register(all.engine, "ada@example.com");
    customer_credit(all.engine, all.ada.wallet_id, 1000);
    run_due(all.engine);
    all.session = customer_session(all.engine, &all.ada);
    fusepay_subscriber subscriber = FUSEPAY_INIT(fusepay_subscriber);
    subscriber.destroy = destroy;
    subscriber.notify = notify;
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_events_subscribe(all.engine, "parent", FUSEPAY_START_AT_NOW, &subscriber, &all.subscription,
                                        &error));
    all.wallet = FUSEPAY_INIT(fusepay_wallet);
    CHECK(fusepay_wallet_find(all.engine, NULL, &all.wallet, &all.error) == FUSEPAY_ERR_INVALID_ARGUMENT);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_wallet_find(all.engine, &all.ada.wallet_id, &all.wallet, &error));
    CHECK(logged > 0);

    // One child ends through exit, with whatever runs there; one has a child of its own.
    pid_t first = fork();
    if (first == 0) {
        every_handle_is_forked(&all);
        a_child_works_on_its_own_file("first.db");
        exit(0);
    }
    CHECK(exit_of(first) == 0);
    pid_t second = fork();
    if (second == 0) {
        fusepay_engine *own = simulated_open("second.db");
        pid_t grandchild = fork();
        if (grandchild == 0) {
            CHECK_CODE(FUSEPAY_ERR_FORKED, error, fusepay_engine_run_due(own, NULL, &error));
            every_handle_is_forked(&all);
            a_child_works_on_its_own_file("third.db");
            exit(0);
        }
        CHECK(exit_of(grandchild) == 0);
        run_due(own);
        CHECK(fusepay_engine_close(&own, 1000, NULL) == FUSEPAY_OK);
        exit(0);
    }
    customer_credit(all.engine, all.ada.wallet_id, 11);
    CHECK(exit_of(second) == 0);

    // The parent has noticed nothing.
    CHECK(fusepay_error_code(all.error) == FUSEPAY_ERR_INVALID_ARGUMENT);
    CHECK_TEXT("NGN", all.wallet.currency);
    run_due(all.engine);
    CHECK(told == 1 && destroyed == 0 && customer_balance(all.engine, all.ada.wallet_id) == 1011);
    fusepay_wallet_array wallets = FUSEPAY_INIT(fusepay_wallet_array);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_session_wallet_list(all.session, &wallets, &error));
    fusepay_clear(&wallets);
    fusepay_verify_report report = FUSEPAY_INIT(fusepay_verify_report);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_verify(all.engine, &report, &error));
    CHECK(report.is_sound);
    fusepay_clear(&report);
    fusepay_session_close(&all.session);
    fusepay_subscription_close(&all.subscription);
    CHECK(destroyed == 1);
    fusepay_error_free(&all.error);
    fusepay_clear(&all.wallet);
    fusepay_clear(&all.ada.registered);
    CHECK(fusepay_engine_close(&all.background, 1000, NULL) == FUSEPAY_OK);
    CHECK(fusepay_engine_close(&all.engine, 1000, NULL) == FUSEPAY_OK);
    CHECK(fusepay_log_set(NULL, NULL) == FUSEPAY_OK);
    return 0;
}
