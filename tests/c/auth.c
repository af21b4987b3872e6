// Every operation of auth(), from C: once as it is meant, once as it is not.
#include "people.h"
#include "simulated.h"

#define OTHER_PASSWORD "nine green doors on the hill"
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static fusepay_engine *engine;
static fusepay_error *error;

#define OK(call) CHECK_CODE(FUSEPAY_OK, error, call)
#define REFUSED(code, call) CHECK_CODE(FUSEPAY_ERR_##code, error, call)

static fusepay_registration ada(void) {
    fusepay_registration request = FUSEPAY_INIT(fusepay_registration);
    request.email = "Ada@Example.com";
    request.first_name = "Ada";
    request.last_name = "Obi";
    request.password = (const uint8_t *)PASSWORD;
    request.password_length = sizeof PASSWORD - 1;
    request.wallet_label = "daily";
    request.device = "phone";
    return request;
}

static fusepay_login login_of(const char *email, const char *password) {
    fusepay_login request = FUSEPAY_INIT(fusepay_login);
    request.email = email;
    request.password = (const uint8_t *)password;
    request.password_length = strlen(password);
    return request;
}

static void log_in(const char *password, fusepay_tokens *tokens) {
    fusepay_login request = login_of("ada@example.com", password);
    OK(fusepay_auth_login(engine, &request, tokens, &error));
}

static void registering(fusepay_user_id *user_id) {
    fusepay_registered registered = FUSEPAY_INIT(fusepay_registered);
    fusepay_registration request = ada();
    OK(fusepay_auth_register(engine, &request, &registered, &error));
    CHECK_TEXT("ada@example.com", registered.user->email);
    CHECK_TEXT("Ada", registered.user->first_name);
    CHECK_TEXT("Obi", registered.user->last_name);
    CHECK(registered.user->role == FUSEPAY_ROLE_USER);
    CHECK(registered.user->status == FUSEPAY_USER_STATUS_ACTIVE);
    CHECK(registered.user->created_at_ms == SIMULATED_START_MS);
    CHECK_TEXT("daily", registered.wallet->label);
    CHECK_TEXT("NGN", registered.wallet->currency);
    CHECK(registered.wallet->balance_minor == 0);
    CHECK(is_same(registered.wallet->user_id.bytes, registered.user->id.bytes));
    CHECK(is_same(registered.tokens->user_id.bytes, registered.user->id.bytes));
    CHECK(registered.tokens->access_expires_at_ms == SIMULATED_START_MS + 15 * 60 * 1000);
    CHECK(strlen(registered.tokens->access) > 20 && strlen(registered.tokens->refresh) > 20);
    *user_id = registered.user->id;

    fusepay_principal principal = FUSEPAY_INIT(fusepay_principal);
    OK(fusepay_auth_verify(engine, registered.tokens->access, &principal, &error));
    CHECK(is_same(principal.user_id.bytes, registered.user->id.bytes));
    CHECK(is_same(principal.session_id.bytes, registered.tokens->session_id.bytes));
    CHECK(principal.role == FUSEPAY_ROLE_USER);

    REFUSED(EMAIL_TAKEN, fusepay_auth_register(engine, &request, &registered, &error));
    CHECK_TEXT("daily", registered.wallet->label);
    fusepay_clear(&principal);
    fusepay_clear(&registered);
}

static void registering_wrongly(void) {
    fusepay_registered registered = FUSEPAY_INIT(fusepay_registered);
    fusepay_registration request = ada();
    request.email = NULL;
    REFUSED(INVALID_ARGUMENT, fusepay_auth_register(engine, &request, &registered, &error));
    CHECK_FIELD("email", error);
    request.email = "nobody";
    REFUSED(INVALID_EMAIL, fusepay_auth_register(engine, &request, &registered, &error));
    request = ada();
    request.first_name = "\xff";
    REFUSED(INVALID_ARGUMENT, fusepay_auth_register(engine, &request, &registered, &error));
    CHECK_FIELD("first_name", error);
    request = ada();
    request.last_name = "";
    REFUSED(INVALID_ARGUMENT, fusepay_auth_register(engine, &request, &registered, &error));
    CHECK_FIELD("last_name", error);
    request = ada();
    request.password = NULL;
    REFUSED(INVALID_ARGUMENT, fusepay_auth_register(engine, &request, &registered, &error));
    CHECK_FIELD("password", error);
    request = ada();
    request.password_length = 5;
    REFUSED(WEAK_PASSWORD, fusepay_auth_register(engine, &request, &registered, &error));
    request.password_length = 0;
    REFUSED(WEAK_PASSWORD, fusepay_auth_register(engine, &request, &registered, &error));
    request = ada();
    request.struct_size = 0;
    REFUSED(INVALID_ARGUMENT, fusepay_auth_register(engine, &request, &registered, &error));
    request = ada();
    REFUSED(INVALID_ARGUMENT, fusepay_auth_register(engine, NULL, &registered, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_auth_register(engine, &request, NULL, &error));
    REFUSED(INVALID_HANDLE, fusepay_auth_register(NULL, &request, &registered, &error));
    CHECK(registered.user == NULL && registered.memory == NULL);
}

static void logging_in(void) {
    fusepay_tokens tokens = FUSEPAY_INIT(fusepay_tokens);
    fusepay_principal principal = FUSEPAY_INIT(fusepay_principal);
    log_in(PASSWORD, &tokens);
    OK(fusepay_auth_verify(engine, tokens.access, &principal, &error));

    fusepay_login request = login_of("ada@example.com", OTHER_PASSWORD);
    REFUSED(INVALID_CREDENTIALS, fusepay_auth_login(engine, &request, &tokens, &error));
    request = login_of("nobody@example.com", PASSWORD);
    REFUSED(INVALID_CREDENTIALS, fusepay_auth_login(engine, &request, &tokens, &error));
    request = login_of(NULL, PASSWORD);
    REFUSED(INVALID_ARGUMENT, fusepay_auth_login(engine, &request, &tokens, &error));
    CHECK_FIELD("email", error);
    request = login_of("ada@example.com", PASSWORD);
    request.device = "\xc3";
    REFUSED(INVALID_ARGUMENT, fusepay_auth_login(engine, &request, &tokens, &error));
    CHECK_FIELD("device", error);
    request.device = NULL;
    request.password = NULL;
    REFUSED(INVALID_ARGUMENT, fusepay_auth_login(engine, &request, &tokens, &error));
    CHECK_FIELD("password", error);

    REFUSED(INVALID_TOKEN, fusepay_auth_verify(engine, "no token", &principal, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_auth_verify(engine, NULL, &principal, &error));
    CHECK_FIELD("access_token", error);
    REFUSED(INVALID_TOKEN, fusepay_auth_verify(engine, tokens.refresh, &principal, &error));

    OK(fusepay_auth_logout(engine, tokens.access, &error));
    REFUSED(INVALID_TOKEN, fusepay_auth_verify(engine, tokens.access, &principal, &error));
    REFUSED(INVALID_TOKEN, fusepay_auth_logout(engine, tokens.access, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_auth_logout(engine, NULL, &error));
    fusepay_clear(&tokens);
    fusepay_clear(&tokens);
    CHECK(tokens.memory == NULL);
}

static void refreshing(void) {
    fusepay_tokens first = FUSEPAY_INIT(fusepay_tokens), next = FUSEPAY_INIT(fusepay_tokens);
    fusepay_principal principal = FUSEPAY_INIT(fusepay_principal);
    log_in(PASSWORD, &first);
    simulated_elapsed_ms += 60 * 1000;
    OK(fusepay_auth_refresh(engine, first.refresh, &next, &error));
    CHECK(is_same(first.session_id.bytes, next.session_id.bytes));
    CHECK(strcmp(first.refresh, next.refresh) != 0);
    CHECK(next.access_expires_at_ms == first.access_expires_at_ms + 60 * 1000);
    // Past the grace the former one means that two parties hold tokens: the session ends.
    simulated_elapsed_ms += 11 * 1000;
    REFUSED(INVALID_TOKEN, fusepay_auth_refresh(engine, first.refresh, &first, &error));
    REFUSED(INVALID_TOKEN, fusepay_auth_verify(engine, next.access, &principal, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_auth_refresh(engine, NULL, &next, &error));
    CHECK_FIELD("refresh_token", error);
    fusepay_clear(&first);
    fusepay_clear(&next);
}

static void changing_the_password(void) {
    fusepay_tokens one = FUSEPAY_INIT(fusepay_tokens), other = FUSEPAY_INIT(fusepay_tokens);
    fusepay_tokens after = FUSEPAY_INIT(fusepay_tokens);
    fusepay_principal principal = FUSEPAY_INIT(fusepay_principal);
    log_in(PASSWORD, &one);
    log_in(PASSWORD, &other);
    const char *token = one.access;
    REFUSED(INVALID_CREDENTIALS, fusepay_auth_change_password(engine, token, BYTES(OTHER_PASSWORD),
                                                              BYTES(OTHER_PASSWORD), &after, &error));
    REFUSED(WEAK_PASSWORD,
            fusepay_auth_change_password(engine, token, BYTES(PASSWORD), BYTES("short"), &after, &error));
    REFUSED(INVALID_ARGUMENT,
            fusepay_auth_change_password(engine, token, NULL, 3, BYTES(OTHER_PASSWORD), &after, &error));
    CHECK_FIELD("current_password", error);
    REFUSED(INVALID_ARGUMENT,
            fusepay_auth_change_password(engine, token, BYTES(PASSWORD), NULL, 0, &after, &error));
    CHECK_FIELD("new_password", error);
    OK(fusepay_auth_change_password(engine, token, BYTES(PASSWORD), BYTES(OTHER_PASSWORD), &after, &error));
    REFUSED(INVALID_TOKEN, fusepay_auth_verify(engine, one.access, &principal, &error));
    REFUSED(INVALID_TOKEN, fusepay_auth_verify(engine, other.access, &principal, &error));
    OK(fusepay_auth_verify(engine, after.access, &principal, &error));

    log_in(OTHER_PASSWORD, &one);
    OK(fusepay_auth_logout_everywhere(engine, one.access, &error));
    REFUSED(INVALID_TOKEN, fusepay_auth_verify(engine, after.access, &principal, &error));
    REFUSED(INVALID_TOKEN, fusepay_auth_logout_everywhere(engine, one.access, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_auth_logout_everywhere(engine, "\xff", &error));
    fusepay_clear(&one);
    fusepay_clear(&other);
    fusepay_clear(&after);
}

static void finding_users(const fusepay_user_id *ada_id) {
    fusepay_user user = FUSEPAY_INIT(fusepay_user);
    fusepay_registered ben = FUSEPAY_INIT(fusepay_registered);
    fusepay_user_page page = FUSEPAY_INIT(fusepay_user_page);
    fusepay_registration request = ada();
    request.email = "ben@example.com";
    request.first_name = "Ben";
    request.wallet_label = NULL;
    request.device = NULL;
    OK(fusepay_auth_register(engine, &request, &ben, &error));
    CHECK_TEXT("", ben.wallet->label);

    OK(fusepay_auth_find_user(engine, ada_id, &user, &error));
    CHECK(is_same(user.id.bytes, ada_id->bytes));
    const fusepay_user_id nobody = { { 0 } };
    REFUSED(NOT_FOUND, fusepay_auth_find_user(engine, &nobody, &user, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_auth_find_user(engine, NULL, &user, &error));
    CHECK_FIELD("user_id", error);

    OK(fusepay_auth_list_users(engine, NULL, 1, &page, &error));
    CHECK(page.length == 1 && is_same(page.items[0]->id.bytes, ada_id->bytes));
    CHECK(page.next != NULL);
    const fusepay_user_id after = *page.next;
    OK(fusepay_auth_list_users(engine, &after, 1, &page, &error));
    CHECK(page.length == 1 && page.next == NULL);
    CHECK_TEXT("ben@example.com", page.items[0]->email);
    REFUSED(INVALID_ARGUMENT, fusepay_auth_list_users(engine, NULL, 0, &page, &error));
    REFUSED(INVALID_CURSOR, fusepay_auth_list_users(engine, &nobody, 1, &page, &error));

    OK(fusepay_auth_search_users(engine, "BE", NULL, 10, &page, &error));
    CHECK(page.length == 1 && is_same(page.items[0]->id.bytes, ben.user->id.bytes));
    OK(fusepay_auth_search_users(engine, "zz", NULL, 10, &page, &error));
    CHECK(page.length == 0 && page.items == NULL);
    REFUSED(INVALID_ARGUMENT, fusepay_auth_search_users(engine, NULL, NULL, 10, &page, &error));
    CHECK_FIELD("text", error);
    fusepay_clear(&user);
    fusepay_clear(&ben);
    fusepay_clear(&page);
}

static void changing_users(const fusepay_user_id *ada_id) {
    fusepay_user user = FUSEPAY_INIT(fusepay_user);
    OK(fusepay_auth_find_user(engine, ada_id, &user, &error));
    const int64_t version = user.version;
    OK(fusepay_auth_update_profile(engine, ada_id, NULL, "Oyèláràn", &version, &user, &error));
    CHECK_TEXT("Ada", user.first_name);
    CHECK_TEXT("Oyèláràn", user.last_name);
    REFUSED(CONFLICT, fusepay_auth_update_profile(engine, ada_id, "Eve", NULL, &version, &user, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_auth_update_profile(engine, ada_id, " ", NULL, NULL, &user, &error));
    CHECK_FIELD("first_name", error);
    CHECK_TEXT("Ada", user.first_name);

    OK(fusepay_auth_set_role(engine, ada_id, FUSEPAY_ROLE_ADMIN, &user, &error));
    CHECK(user.role == FUSEPAY_ROLE_ADMIN);
    REFUSED(INVALID_ARGUMENT, fusepay_auth_set_role(engine, ada_id, 70000, &user, &error));
    CHECK_FIELD("role", error);
    REFUSED(INVALID_ARGUMENT, fusepay_auth_set_role(engine, ada_id, FUSEPAY_ROLE_SYSTEM, &user, &error));
    REFUSED(LAST_ADMIN, fusepay_auth_set_role(engine, ada_id, FUSEPAY_ROLE_USER, &user, &error));
    REFUSED(LAST_ADMIN, fusepay_auth_deactivate(engine, ada_id, &user, &error));

    fusepay_user_page page = FUSEPAY_INIT(fusepay_user_page);
    OK(fusepay_auth_search_users(engine, "ben", NULL, 1, &page, &error));
    const fusepay_user_id ben_id = page.items[0]->id;
    fusepay_clear(&page);
    OK(fusepay_auth_deactivate(engine, &ben_id, &user, &error));
    CHECK(user.status == FUSEPAY_USER_STATUS_DEACTIVATED);
    fusepay_tokens tokens = FUSEPAY_INIT(fusepay_tokens);
    fusepay_login login = login_of("ben@example.com", PASSWORD);
    REFUSED(INVALID_CREDENTIALS, fusepay_auth_login(engine, &login, &tokens, &error));
    OK(fusepay_auth_reactivate(engine, &ben_id, &user, &error));
    CHECK(user.status == FUSEPAY_USER_STATUS_ACTIVE);
    simulated_elapsed_ms += 60 * 60 * 1000;
    OK(fusepay_auth_login(engine, &login, &tokens, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_auth_deactivate(engine, NULL, &user, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_auth_reactivate(engine, &ben_id, NULL, &error));
    fusepay_clear(&user);
    fusepay_clear(&tokens);
}

static void ending_sessions(const fusepay_user_id *ada_id) {
    fusepay_tokens one = FUSEPAY_INIT(fusepay_tokens), other = FUSEPAY_INIT(fusepay_tokens);
    fusepay_session_record_array sessions = FUSEPAY_INIT(fusepay_session_record_array);
    fusepay_login request = login_of("ada@example.com", OTHER_PASSWORD);
    request.device = "desk";
    OK(fusepay_auth_login(engine, &request, &one, &error));
    simulated_elapsed_ms += 1000;
    log_in(OTHER_PASSWORD, &other);
    OK(fusepay_auth_sessions(engine, ada_id, &sessions, &error));
    CHECK(sessions.length == 2);
    CHECK(is_same(sessions.items[0]->id.bytes, other.session_id.bytes));
    CHECK_TEXT("", sessions.items[0]->device);
    CHECK_TEXT("desk", sessions.items[1]->device);
    CHECK(sessions.items[1]->created_at_ms + 1000 == sessions.items[0]->created_at_ms);
    CHECK(is_same(sessions.items[1]->user_id.bytes, ada_id->bytes));

    OK(fusepay_auth_revoke_session(engine, &one.session_id, &error));
    OK(fusepay_auth_revoke_session(engine, &one.session_id, &error));
    OK(fusepay_auth_sessions(engine, ada_id, &sessions, &error));
    CHECK(sessions.length == 1);
    OK(fusepay_auth_end_sessions(engine, ada_id, &error));
    OK(fusepay_auth_sessions(engine, ada_id, &sessions, &error));
    CHECK(sessions.length == 0 && sessions.items == NULL);

    const fusepay_session_id no_session = { { 0 } };
    REFUSED(NOT_FOUND, fusepay_auth_revoke_session(engine, &no_session, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_auth_revoke_session(engine, NULL, &error));
    CHECK_FIELD("session_id", error);
    REFUSED(INVALID_ARGUMENT, fusepay_auth_end_sessions(engine, NULL, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_auth_sessions(engine, NULL, &sessions, &error));
    fusepay_clear(&one);
    fusepay_clear(&other);
    fusepay_clear(&sessions);
}

static void changing_keys(void) {
    static const char second[] = "another key, of 32 bytes or more";
    fusepay_tokens old = FUSEPAY_INIT(fusepay_tokens), new = FUSEPAY_INIT(fusepay_tokens);
    fusepay_principal principal = FUSEPAY_INIT(fusepay_principal);
    const int64_t until = SIMULATED_START_MS + simulated_elapsed_ms + 60 * 1000;
    log_in(OTHER_PASSWORD, &old);
    REFUSED(NOT_ALLOWED, fusepay_auth_retire_key(engine, "first", &error));
    REFUSED(INVALID_CONFIG, fusepay_auth_rotate_signing_key(engine, "second", BYTES("weak"), until, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_auth_rotate_signing_key(engine, "second", NULL, 32, until, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_auth_rotate_signing_key(engine, NULL, BYTES(second), until, &error));
    CHECK_FIELD("kid", error);
    OK(fusepay_auth_rotate_signing_key(engine, "second", BYTES(second), until, &error));
    log_in(OTHER_PASSWORD, &new);
    OK(fusepay_auth_verify(engine, old.access, &principal, &error));
    OK(fusepay_auth_retire_key(engine, "first", &error));
    REFUSED(INVALID_TOKEN, fusepay_auth_verify(engine, old.access, &principal, &error));
    OK(fusepay_auth_verify(engine, new.access, &principal, &error));
    REFUSED(NOT_FOUND, fusepay_auth_retire_key(engine, "first", &error));
    REFUSED(INVALID_ARGUMENT, fusepay_auth_retire_key(engine, NULL, &error));
    fusepay_clear(&old);
    fusepay_clear(&new);
}

static void after_closing(const fusepay_user_id *ada_id) {
    fusepay_engine *closed = engine;
    fusepay_user user = FUSEPAY_INIT(fusepay_user);
    OK(fusepay_engine_close(&engine, 1000, &error));
    CHECK(engine == NULL);
    REFUSED(CLOSED, fusepay_auth_find_user(closed, ada_id, &user, &error));
    REFUSED(CLOSED, fusepay_auth_logout(closed, "a token", &error));
    CHECK(user.email == NULL);
}

int main(void) {
    fusepay_user_id ada_id;
    engine = simulated_open("auth.db");
    registering(&ada_id);
    registering_wrongly();
    logging_in();
    refreshing();
    changing_the_password();
    finding_users(&ada_id);
    changing_users(&ada_id);
    ending_sessions(&ada_id);
    changing_keys();
    after_closing(&ada_id);
    fusepay_error_free(&error);
    return 0;
}
