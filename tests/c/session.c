// What one logged-in user may do, from C: the session itself and its wallets.
#include "people.h"
#include "simulated.h"

#define OTHER_PASSWORD "nine green doors on the hill"
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static fusepay_engine *engine;
static fusepay_error *error;

#define OK(call) CHECK_CODE(FUSEPAY_OK, error, call)
#define REFUSED(code, call) CHECK_CODE(FUSEPAY_ERR_##code, error, call)

static void profile(const fusepay_session *session, const fusepay_registered *ada) {
    fusepay_principal principal = FUSEPAY_INIT(fusepay_principal);
    fusepay_user user = FUSEPAY_INIT(fusepay_user);
    OK(fusepay_session_principal(session, &principal, &error));
    CHECK(is_same(principal.session_id.bytes, ada->tokens->session_id.bytes));
    REFUSED(INVALID_HANDLE, fusepay_session_principal(NULL, &principal, &error));
    REFUSED(INVALID_HANDLE, fusepay_session_principal((const fusepay_session *)engine, &principal, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_principal(session, NULL, &error));

    OK(fusepay_session_profile(session, &user, &error));
    CHECK_TEXT("ada@example.com", user.email);
    REFUSED(INVALID_ARGUMENT, fusepay_session_profile(session, NULL, &error));
    const int64_t version = user.version;
    OK(fusepay_session_update_profile(session, "Adaeze", NULL, &version, &user, &error));
    CHECK_TEXT("Adaeze", user.first_name);
    CHECK_TEXT("Obi", user.last_name);
    REFUSED(CONFLICT, fusepay_session_update_profile(session, "Eve", NULL, &version, &user, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_update_profile(session, NULL, "\xff", NULL, &user, &error));
    CHECK_FIELD("last_name", error);
    fusepay_clear(&user);
    fusepay_clear(&principal);
}

static void wallets(const fusepay_session *session, const fusepay_registered *ada, const fusepay_registered *ben) {
    const fusepay_wallet_id own = ada->wallet->id, foreign = ben->wallet->id;
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    fusepay_wallet_array array = FUSEPAY_INIT(fusepay_wallet_array);
    simulated_elapsed_ms += 1;
    OK(fusepay_session_wallet_create(session, "KES", "trip", &wallet, &error));
    CHECK_TEXT("KES", wallet.currency);
    CHECK_TEXT("trip", wallet.label);
    CHECK(is_same(wallet.user_id.bytes, ada->user->id.bytes));
    REFUSED(INVALID_CURRENCY, fusepay_session_wallet_create(session, "naira", NULL, &wallet, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_wallet_create(session, NULL, NULL, &wallet, &error));
    CHECK_FIELD("currency", error);

    OK(fusepay_session_wallet_list(session, &array, &error));
    CHECK(array.length == 2 && is_same(array.items[0]->id.bytes, own.bytes));
    CHECK(is_same(array.items[1]->id.bytes, wallet.id.bytes));
    REFUSED(INVALID_ARGUMENT, fusepay_session_wallet_list(session, NULL, &error));

    OK(fusepay_session_wallet_find(session, &own, &wallet, &error));
    CHECK(wallet.balance_minor == 0);
    REFUSED(NOT_FOUND, fusepay_session_wallet_find(session, &foreign, &wallet, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_wallet_find(session, NULL, &wallet, &error));
    CHECK_FIELD("wallet_id", error);
    fusepay_clear(&array);
    fusepay_clear(&wallet);
}

static void transfers(const fusepay_session *session, const fusepay_registered *ada, const fusepay_registered *ben) {
    const fusepay_money amount = { 100000, "NGN" };
    fusepay_transaction line = FUSEPAY_INIT(fusepay_transaction);
    fusepay_money_request funding = FUSEPAY_INIT(fusepay_money_request);
    funding.wallet_id = ada->wallet->id;
    funding.amount = amount;
    OK(fusepay_wallet_fund(engine, &funding, &line, &error));

    fusepay_transfer_request request = FUSEPAY_INIT(fusepay_transfer_request);
    request.from = ada->wallet->id;
    request.to = ben->wallet->id;
    request.amount = amount;
    request.amount.minor = 40000;
    request.description = "rent";
    request.idempotency_key = "rent-1";
    OK(fusepay_session_wallet_transfer(session, &request, &line, &error));
    const fusepay_transaction_id first = line.id;
    CHECK(line.amount_minor == -40000 && line.balance_minor == 60000);
    CHECK_TEXT("rent", line.description);
    CHECK(is_same(line.counterparty->bytes, ben->wallet->id.bytes));
    OK(fusepay_session_wallet_transfer(session, &request, &line, &error));
    CHECK(is_same(line.id.bytes, first.bytes));

    request.idempotency_key = NULL;
    request.amount.minor = 60001;
    REFUSED(INSUFFICIENT_FUNDS, fusepay_session_wallet_transfer(session, &request, &line, &error));
    request.amount.minor = 0;
    REFUSED(INVALID_AMOUNT, fusepay_session_wallet_transfer(session, &request, &line, &error));
    request.amount.minor = 1;
    request.from = ben->wallet->id;
    request.to = ada->wallet->id;
    REFUSED(NOT_FOUND, fusepay_session_wallet_transfer(session, &request, &line, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_wallet_transfer(session, NULL, &line, &error));
    fusepay_clear(&line);
}

static void holds_and_limits(const fusepay_session *session, const fusepay_registered *ada,
                             const fusepay_registered *ben) {
    const fusepay_money amount = { 1000, "NGN" };
    fusepay_hold hold = FUSEPAY_INIT(fusepay_hold);
    fusepay_hold_array holds = FUSEPAY_INIT(fusepay_hold_array);
    fusepay_hold_request request = FUSEPAY_INIT(fusepay_hold_request);
    request.wallet_id = ada->wallet->id;
    request.amount = amount;
    request.life_ms = 60 * 1000;
    OK(fusepay_wallet_authorise(engine, &request, &hold, &error));
    const fusepay_hold_id own = hold.id, nobodys = { { 0 } };
    OK(fusepay_session_wallet_find_hold(session, &own, &hold, &error));
    CHECK(hold.amount_minor == 1000 && hold.resolved_at_ms == NULL);
    REFUSED(NOT_FOUND, fusepay_session_wallet_find_hold(session, &nobodys, &hold, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_wallet_find_hold(session, NULL, &hold, &error));
    CHECK_FIELD("hold_id", error);

    const uint32_t active = FUSEPAY_HOLD_STATUS_ACTIVE;
    OK(fusepay_session_wallet_holds(session, &ada->wallet->id, active, 10, &holds, &error));
    CHECK(holds.length == 1 && is_same(holds.items[0]->id.bytes, own.bytes));
    REFUSED(NOT_FOUND, fusepay_session_wallet_holds(session, &ben->wallet->id, active, 10, &holds, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_wallet_holds(session, &ada->wallet->id, 99, 10, &holds, &error));
    CHECK_FIELD("status", error);
    REFUSED(INVALID_ARGUMENT, fusepay_session_wallet_holds(session, &ada->wallet->id, active, 501, &holds, &error));

    const int64_t most = 500000;
    fusepay_limit_request limit = FUSEPAY_INIT(fusepay_limit_request);
    fusepay_limit_array limits = FUSEPAY_INIT(fusepay_limit_array);
    limit.window = FUSEPAY_LIMIT_WINDOW_DAY;
    limit.amount_max_minor = &most;
    OK(fusepay_wallet_set_limit(engine, &ada->wallet->id, &limit, &error));
    OK(fusepay_session_wallet_limits(session, &ada->wallet->id, &limits, &error));
    CHECK(limits.length == 1 && *limits.items[0]->amount_max_minor == most && limits.items[0]->count_max == NULL);
    REFUSED(NOT_FOUND, fusepay_session_wallet_limits(session, &ben->wallet->id, &limits, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_wallet_limits(session, NULL, &limits, &error));
    fusepay_clear(&hold);
    fusepay_clear(&holds);
    fusepay_clear(&limits);
}

static void the_end(fusepay_session *session, const fusepay_registered *ada, const fusepay_registered *ben) {
    fusepay_session_record_array sessions = FUSEPAY_INIT(fusepay_session_record_array);
    fusepay_wallet_array array = FUSEPAY_INIT(fusepay_wallet_array);
    fusepay_tokens second = FUSEPAY_INIT(fusepay_tokens), third = FUSEPAY_INIT(fusepay_tokens);
    fusepay_login login = FUSEPAY_INIT(fusepay_login);
    login.email = "ada@example.com";
    login.password = (const uint8_t *)PASSWORD;
    login.password_length = sizeof PASSWORD - 1;
    login.device = "desk";
    simulated_elapsed_ms += 1000;
    OK(fusepay_auth_login(engine, &login, &second, &error));
    OK(fusepay_session_sessions(session, &sessions, &error));
    CHECK(sessions.length == 2);
    CHECK_TEXT("desk", sessions.items[0]->device);
    REFUSED(INVALID_ARGUMENT, fusepay_session_sessions(session, NULL, &error));

    OK(fusepay_session_revoke_session(session, &second.session_id, &error));
    REFUSED(NOT_FOUND, fusepay_session_revoke_session(session, &ben->tokens->session_id, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_revoke_session(session, NULL, &error));
    CHECK_FIELD("session_id", error);
    OK(fusepay_session_sessions(session, &sessions, &error));
    CHECK(sessions.length == 1 && is_same(sessions.items[0]->id.bytes, ada->tokens->session_id.bytes));

    REFUSED(INVALID_ARGUMENT,
            fusepay_session_change_password(session, NULL, 0, BYTES(OTHER_PASSWORD), &third, &error));
    CHECK_FIELD("current_password", error);
    OK(fusepay_session_change_password(session, BYTES(PASSWORD), BYTES(OTHER_PASSWORD), &third, &error));
    REFUSED(INVALID_TOKEN, fusepay_session_wallet_list(session, &array, &error));
    CHECK(array.items == NULL);

    // Another session: its log-out ends it, its handle stays until it is closed.
    fusepay_session *again = NULL;
    OK(fusepay_session_open(engine, third.access, &again, &error));
    OK(fusepay_session_logout(again, &error));
    REFUSED(INVALID_TOKEN, fusepay_session_logout(again, &error));
    fusepay_session *closed = again;
    fusepay_session_close(&again);
    REFUSED(INVALID_HANDLE, fusepay_session_logout(closed, &error));

    login.password = (const uint8_t *)OTHER_PASSWORD;
    login.password_length = sizeof OTHER_PASSWORD - 1;
    OK(fusepay_auth_login(engine, &login, &second, &error));
    OK(fusepay_auth_login(engine, &login, &third, &error));
    OK(fusepay_session_open(engine, second.access, &again, &error));
    OK(fusepay_session_logout_everywhere(again, &error));
    REFUSED(INVALID_TOKEN, fusepay_session_logout_everywhere(again, &error));
    REFUSED(INVALID_TOKEN, fusepay_auth_logout(engine, third.access, &error));
    REFUSED(INVALID_HANDLE, fusepay_session_logout_everywhere(NULL, &error));
    fusepay_session_close(&again);
    fusepay_clear(&sessions);
    fusepay_clear(&array);
    fusepay_clear(&second);
    fusepay_clear(&third);
}

int main(void) {
    fusepay_session *session = NULL;
    engine = simulated_open("session.db");
    fusepay_registered ada = register_as(engine, "ada@example.com"), ben = register_as(engine, "ben@example.com");
    REFUSED(INVALID_TOKEN, fusepay_session_open(engine, "no token", &session, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_open(engine, NULL, &session, &error));
    CHECK(session == NULL);
    OK(fusepay_session_open(engine, ada.tokens->access, &session, &error));
    profile(session, &ada);
    wallets(session, &ada, &ben);
    transfers(session, &ada, &ben);
    holds_and_limits(session, &ada, &ben);
    the_end(session, &ada, &ben);
    fusepay_session_close(&session);
    fusepay_session_close(&session);
    fusepay_clear(&ada);
    fusepay_clear(&ben);
    OK(fusepay_engine_close(&engine, 1000, &error));
    fusepay_error_free(&error);
    return 0;
}
