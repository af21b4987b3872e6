// Goal: a host in C is told log lines: those of its level, none that holds a
// secret, none inside another; a logger can be replaced and removed.
#include "customer.h"

static fusepay_error *error = NULL;
static fusepay_engine *engine = NULL;
static customer ada;

typedef struct lines {
    char text[1 << 16];
    size_t used;
    int count;
    int by_level[6];
    int depth;
    int calls_back;  // Calls the library from inside, which logs.
    int removes;     // Removes the logger from inside.
    int destroyed;
} lines;

// A call that is refused, of which a line of the level debug tells.
static void refuse(void) {
    fusepay_wallet_id nobody = {{0}};
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    CHECK(fusepay_wallet_set_credit_limit(engine, &nobody, 1, &wallet, NULL) == FUSEPAY_ERR_NOT_FOUND);
}

static void write_line(void *user_data, uint32_t level, const char *target, const char *message) {
    lines *all = user_data;
    CHECK(all->destroyed == 0 && all->depth == 0);
    CHECK(level >= FUSEPAY_LOG_LEVEL_ERROR && level <= FUSEPAY_LOG_LEVEL_TRACE);
    CHECK(strncmp(target, "fusepay", 7) == 0 && strchr(message, '\n') == NULL);
    all->depth++;
    size_t length = strlen(message);
    CHECK(all->used + length + 2 < sizeof all->text);
    memcpy(all->text + all->used, message, length);
    all->used += length;
    all->text[all->used++] = '\n';
    all->count++;
    all->by_level[level]++;
    if (all->calls_back) {
        refuse();
    }
    if (all->removes) {
        CHECK(fusepay_log_set(NULL, NULL) == FUSEPAY_OK && all->destroyed == 0);
    }
    all->depth--;
}

static void destroy(void *user_data) { ((lines *)user_data)->destroyed++; }

static void listen_to(lines *all, uint32_t level) {
    fusepay_logger logger = FUSEPAY_INIT(fusepay_logger);
    logger.user_data = all;
    logger.destroy = destroy;
    logger.level = level;
    logger.write = write_line;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_log_set(&logger, &error));
}

// Everything that has secrets in it, at the finest level.
static void no_line_holds_a_secret(lines *all) {
    power_company company = {FUSEPAY_OUTCOME_KIND_PAID, FUSEPAY_OUTCOME_KIND_UNKNOWN, 0};
    engine = power_open("pay.db", &company);
    ada = customer_register(engine, "ada@example.com");
    customer_credit(engine, ada.wallet_id, 10000);
    power_buy(engine, ada.wallet_id, 1000);
    run_due(engine);
    refuse();
    fusepay_login login = FUSEPAY_INIT(fusepay_login);
    login.email = "ada@example.com";
    login.password = (const uint8_t *)"a wrong and secret guess";
    login.password_length = 24;
    fusepay_tokens tokens = FUSEPAY_INIT(fusepay_tokens);
    CHECK_CODE(FUSEPAY_ERR_INVALID_CREDENTIALS, error, fusepay_auth_login(engine, &login, &tokens, &error));
    fusepay_session *session = NULL;
    CHECK_CODE(FUSEPAY_ERR_INVALID_TOKEN, error, fusepay_session_open(engine, "stolen-token", &session, &error));

    const char *secrets[] = {CUSTOMER_PASSWORD, "a wrong and secret guess", "a key of the tests", "1234-5678",
                             "stolen-token", ada.registered.tokens->access,
                             ada.registered.tokens->refresh};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        CHECK(strstr(all->text, secrets[i]) == NULL);
    }
    CHECK(strstr(all->text, "engine opened path=") != NULL);
    CHECK(strstr(all->text, "event sequence=1 name=\"") != NULL);
    CHECK(strstr(all->text, "a call was refused code=\"NOT_FOUND\"") != NULL);
    CHECK(strstr(all->text, "name=\"bill.payment.success\"") != NULL);
    CHECK(all->by_level[FUSEPAY_LOG_LEVEL_INFO] > 3 && all->by_level[FUSEPAY_LOG_LEVEL_DEBUG] > 0);
}

int main(void) {
    // Nothing is there to be removed.
    CHECK_CODE(FUSEPAY_OK, error, fusepay_log_set(NULL, &error));
    static lines first, second, third, refused;
    listen_to(&first, FUSEPAY_LOG_LEVEL_TRACE);
    no_line_holds_a_secret(&first);

    // Another one takes its place, and hears nothing below its level.
    listen_to(&second, 0);
    CHECK(first.destroyed == 1 && second.destroyed == 0);
    int heard = first.count;
    refuse();
    CHECK(second.count == 0);
    customer_credit(engine, ada.wallet_id, 1);
    run_due(engine);
    CHECK(second.by_level[FUSEPAY_LOG_LEVEL_INFO] > 0 && second.by_level[FUSEPAY_LOG_LEVEL_DEBUG] == 0);
    CHECK(first.count == heard);

    // One that calls the library is not told of that; one that removes itself is not told again.
    third.calls_back = 1;
    listen_to(&third, FUSEPAY_LOG_LEVEL_DEBUG);
    CHECK(second.destroyed == 1);
    refuse();
    CHECK(third.count == 1);
    third.removes = 1;
    refuse();
    CHECK(third.count == 2 && third.destroyed == 1);
    refuse();
    CHECK(third.count == 2);

    // What is refused gives its user data back, and changes nothing.
    fusepay_logger logger = FUSEPAY_INIT(fusepay_logger);
    logger.user_data = &refused;
    logger.destroy = destroy;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_log_set(&logger, &error));
    CHECK_FIELD("logger", error);
    logger.write = write_line;
    logger.level = 6;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_log_set(&logger, &error));
    CHECK_FIELD("level", error);
    CHECK(refused.destroyed == 2);
    logger.struct_size = 0;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_log_set(&logger, &error));
    fusepay_log_config files = FUSEPAY_INIT(fusepay_log_config);
    files.directory = "logs";
    fusepay_log_files *handle = NULL;
    CHECK_CODE(FUSEPAY_ERR_NOT_ALLOWED, error, fusepay_log_to_files(&files, &handle, &error));
    CHECK(handle == NULL);

    fusepay_clear(&ada.registered);
    fusepay_error_free(&error);
    CHECK(fusepay_engine_close(&engine, 1000, NULL) == FUSEPAY_OK);
    return 0;
}
