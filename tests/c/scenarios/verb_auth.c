// `engine.auth`: users and sessions.
#include "scenario.h"

#include <stdio.h>
#include <string.h>

static const uint8_t *bytes(const char *secret) { return (const uint8_t *)secret; }

static int32_t register_user(stage *s, const line *l) {
    fusepay_registration request = FUSEPAY_INIT(fusepay_registration);
    request.email = text(l, "email");
    request.first_name = text_or(l, "first_name", "Ada");
    request.last_name = text_or(l, "last_name", "Obi");
    request.password = bytes(text(l, "password"));
    request.password_length = strlen(text(l, "password"));
    request.wallet_label = text(l, "label");
    request.device = text(l, "device");
    fusepay_registered made = FUSEPAY_INIT(fusepay_registered);
    TRY(fusepay_auth_register(s->engine, &request, &made, &s->error));
    const char *as = text(l, "as");
    if (as != NULL) {
        char wallet[LINE_BYTES_MAX + 8];
        snprintf(wallet, sizeof wallet, "%s.wallet", as);
        bind_record(s, &USER, made.user, as);
        bind_record(s, &WALLET, made.wallet, wallet);
        bind_record(s, &TOKENS, made.tokens, as);
    }
    show(s, &USER, made.user);
    show(s, &WALLET, made.wallet);
    show(s, &TOKENS, made.tokens);
    fusepay_clear(&made);
    return FUSEPAY_OK;
}

static int32_t login(stage *s, const line *l) {
    fusepay_login request = FUSEPAY_INIT(fusepay_login);
    request.email = text(l, "email");
    request.password = bytes(text(l, "password"));
    request.password_length = strlen(text(l, "password"));
    request.device = text(l, "device");
    fusepay_tokens tokens = FUSEPAY_INIT(fusepay_tokens);
    TRY(fusepay_auth_login(s->engine, &request, &tokens, &s->error));
    return answer(s, l, &TOKENS, &tokens);
}

static int32_t refresh(stage *s, const line *l) {
    fusepay_tokens tokens = FUSEPAY_INIT(fusepay_tokens);
    TRY(fusepay_auth_refresh(s->engine, text(l, "refresh"), &tokens, &s->error));
    return answer(s, l, &TOKENS, &tokens);
}

static int32_t verify(stage *s, const line *l) {
    fusepay_principal principal = FUSEPAY_INIT(fusepay_principal);
    TRY(fusepay_auth_verify(s->engine, text(l, "token"), &principal, &s->error));
    return answer(s, l, &PRINCIPAL, &principal);
}

static int32_t logout(stage *s, const line *l) {
    TRY(fusepay_auth_logout(s->engine, text(l, "token"), &s->error));
    return done(s);
}

static int32_t logout_everywhere(stage *s, const line *l) {
    TRY(fusepay_auth_logout_everywhere(s->engine, text(l, "token"), &s->error));
    return done(s);
}

static int32_t change_password(stage *s, const line *l) {
    const char *current = text(l, "current"), *new = text(l, "new");
    fusepay_tokens tokens = FUSEPAY_INIT(fusepay_tokens);
    TRY(fusepay_auth_change_password(s->engine, text(l, "token"), bytes(current), strlen(current), bytes(new),
                                     strlen(new), &tokens, &s->error));
    return answer(s, l, &TOKENS, &tokens);
}

static int32_t find_user(stage *s, const line *l) {
    fusepay_user_id id;
    fusepay_user user = FUSEPAY_INIT(fusepay_user);
    TRY(read_id(s, l, "user", id.bytes));
    TRY(fusepay_auth_find_user(s->engine, &id, &user, &s->error));
    return answer(s, l, &USER, &user);
}

static int32_t update_profile(stage *s, const line *l) {
    fusepay_user_id id;
    int64_t version = 0;
    fusepay_user user = FUSEPAY_INIT(fusepay_user);
    TRY(read_id(s, l, "user", id.bytes));
    TRY(read_int64(s, l, "expected_version", &version));
    TRY(fusepay_auth_update_profile(s->engine, &id, text(l, "first_name"), text(l, "last_name"),
                                    PRESENT(l, "expected_version", version), &user, &s->error));
    return answer(s, l, &USER, &user);
}

static int32_t search_users(stage *s, const line *l) {
    uint32_t limit = 0;
    fusepay_user_page page = FUSEPAY_INIT(fusepay_user_page);
    TRY(read_limit(s, l, &limit));
    TRY(fusepay_auth_search_users(s->engine, text(l, "text"), NULL, limit, &page, &s->error));
    return ANSWER_LIST(s, l, &USER, page);
}

static int32_t set_role(stage *s, const line *l) {
    fusepay_user_id id;
    uint32_t role = 0;
    fusepay_user user = FUSEPAY_INIT(fusepay_user);
    TRY(read_id(s, l, "user", id.bytes));
    TRY(read_name(s, l, "role", fusepay_role_name, &role));
    TRY(fusepay_auth_set_role(s->engine, &id, role, &user, &s->error));
    return answer(s, l, &USER, &user);
}

static int32_t deactivate(stage *s, const line *l) {
    fusepay_user_id id;
    fusepay_user user = FUSEPAY_INIT(fusepay_user);
    TRY(read_id(s, l, "user", id.bytes));
    TRY(fusepay_auth_deactivate(s->engine, &id, &user, &s->error));
    return answer(s, l, &USER, &user);
}

static int32_t reactivate(stage *s, const line *l) {
    fusepay_user_id id;
    fusepay_user user = FUSEPAY_INIT(fusepay_user);
    TRY(read_id(s, l, "user", id.bytes));
    TRY(fusepay_auth_reactivate(s->engine, &id, &user, &s->error));
    return answer(s, l, &USER, &user);
}

static int32_t sessions(stage *s, const line *l) {
    fusepay_user_id id;
    fusepay_session_record_array found = FUSEPAY_INIT(fusepay_session_record_array);
    TRY(read_id(s, l, "user", id.bytes));
    TRY(fusepay_auth_sessions(s->engine, &id, &found, &s->error));
    return ANSWER_LIST(s, l, &SESSION, found);
}

static int32_t revoke_session(stage *s, const line *l) {
    fusepay_session_id id;
    TRY(read_id(s, l, "session", id.bytes));
    TRY(fusepay_auth_revoke_session(s->engine, &id, &s->error));
    return done(s);
}

static int32_t rotate_signing_key(stage *s, const line *l) {
    const char *key = text(l, "key");
    int64_t until_ms = 0;
    TRY(read_moment(s, l, "old_not_after_ms", &until_ms));
    TRY(fusepay_auth_rotate_signing_key(s->engine, text(l, "kid"), bytes(key), strlen(key), until_ms, &s->error));
    return done(s);
}

static int32_t retire_key(stage *s, const line *l) {
    TRY(fusepay_auth_retire_key(s->engine, text(l, "kid"), &s->error));
    return done(s);
}

const verb AUTH_VERBS[] = {
    {"auth.register", "email password first_name? last_name? label? device? as?", register_user},
    {"auth.login", "email password device? as?", login},
    {"auth.refresh", "refresh as?", refresh},
    {"auth.verify", "token", verify},
    {"auth.logout", "token", logout},
    {"auth.logout_everywhere", "token", logout_everywhere},
    {"auth.change_password", "token current new as?", change_password},
    {"auth.find_user", "user as?", find_user},
    {"auth.update_profile", "user first_name? last_name? expected_version?", update_profile},
    {"auth.search_users", "text limit? as?", search_users},
    {"auth.set_role", "user role", set_role},
    {"auth.deactivate", "user", deactivate},
    {"auth.reactivate", "user", reactivate},
    {"auth.sessions", "user as?", sessions},
    {"auth.revoke_session", "session", revoke_session},
    {"auth.rotate_signing_key", "kid key old_not_after_ms", rotate_signing_key},
    {"auth.retire_key", "kid", retire_key},
    {NULL, NULL, NULL},
};
