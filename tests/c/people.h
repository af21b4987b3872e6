// Users of the C tests: registering, logging in, opening a session.
#ifndef PEOPLE_H
#define PEOPLE_H

#include "check.h"

#define PASSWORD "seven blue lamps by the river"

// Registers a user; what they got is the caller's to clear.
static inline fusepay_registered register_as(const fusepay_engine *engine, const char *email) {
    fusepay_error *error = NULL;
    fusepay_registered registered = FUSEPAY_INIT(fusepay_registered);
    fusepay_registration request = FUSEPAY_INIT(fusepay_registration);
    request.email = email;
    request.first_name = "Ada";
    request.last_name = "Obi";
    request.password = (const uint8_t *)PASSWORD;
    request.password_length = sizeof PASSWORD - 1;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_auth_register(engine, &request, &registered, &error));
    return registered;
}

// Logs a user in and opens a session, which is the caller's to close.
static inline fusepay_session *session_of(const fusepay_engine *engine, const char *email) {
    fusepay_error *error = NULL;
    fusepay_session *session = NULL;
    fusepay_tokens tokens = FUSEPAY_INIT(fusepay_tokens);
    fusepay_login request = FUSEPAY_INIT(fusepay_login);
    request.email = email;
    request.password = (const uint8_t *)PASSWORD;
    request.password_length = sizeof PASSWORD - 1;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_auth_login(engine, &request, &tokens, &error));
    CHECK_CODE(FUSEPAY_OK, error, fusepay_session_open(engine, tokens.access, &session, &error));
    fusepay_clear(&tokens);
    return session;
}

// Gives a user a role and opens a session with it.
static inline fusepay_session *session_as(const fusepay_engine *engine, const fusepay_user *user, uint32_t role) {
    fusepay_error *error = NULL;
    fusepay_user changed = FUSEPAY_INIT(fusepay_user);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_auth_set_role(engine, &user->id, role, &changed, &error));
    CHECK(changed.role == role);
    fusepay_session *session = session_of(engine, changed.email);
    fusepay_clear(&changed);
    return session;
}

static inline bool is_same(const uint8_t *one, const uint8_t *other) { return memcmp(one, other, 16) == 0; }

#endif
