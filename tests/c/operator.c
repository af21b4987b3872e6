// What operators, auditors and admins may do with users and wallets, from C, and
// what every role is refused.
#include "people.h"
#include "simulated.h"

static fusepay_engine *engine;
static fusepay_error *error;

#define OK(call) CHECK_CODE(FUSEPAY_OK, error, call)
#define REFUSED(code, call) CHECK_CODE(FUSEPAY_ERR_##code, error, call)

// Every operation, with arguments that can be read, answers this status.
static void everything_answers(int32_t status, const fusepay_session *session, bool also_reading,
                               const fusepay_registered *ada) {
    const fusepay_user_id user_id = ada->user->id;
    const fusepay_wallet_id wallet_id = ada->wallet->id;
    const fusepay_payment_id payment_id = { { 0 } };
    fusepay_user user = FUSEPAY_INIT(fusepay_user);
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    fusepay_job job = FUSEPAY_INIT(fusepay_job);
    fusepay_refund_request refund = FUSEPAY_INIT(fusepay_refund_request);
    refund.amount = (fusepay_money){ 1, "NGN" };
    refund.source = FUSEPAY_REFUND_SOURCE_HOST;
    refund.reason = "asked for";
    fusepay_review_verdict verdict = FUSEPAY_INIT(fusepay_review_verdict);
    verdict.verdict = FUSEPAY_REVIEW_VERDICT_NOT_PAID;
#define ANSWERS(call) CHECK_CODE(status, error, fusepay_session_operator_##call)
    ANSWERS(end_sessions(session, &user_id, &error));
    ANSWERS(deactivate(session, &user_id, &user, &error));
    ANSWERS(reactivate(session, &user_id, &user, &error));
    ANSWERS(set_role(session, &user_id, FUSEPAY_ROLE_ADMIN, &user, &error));
    ANSWERS(set_wallet_status(session, &wallet_id, FUSEPAY_WALLET_STATUS_FROZEN, &wallet, &error));
    ANSWERS(refund(session, &refund, &payment, &error));
    ANSWERS(reverse(session, &payment_id, &payment, &error));
    ANSWERS(resolve_review(session, &payment_id, &verdict, "asked", &payment, &error));
    ANSWERS(release_suspense(session, &payment_id, NULL, &payment, &error));
    ANSWERS(settle_claim(session, &payment_id, FUSEPAY_CLAIM_SETTLEMENT_WRITTEN_OFF, "loss", &payment, &error));
    ANSWERS(retry_job(session, 1, &job, &error));
    ANSWERS(resolve_job(session, 1, "done", &error));
    if (also_reading) {
        fusepay_user_page users = FUSEPAY_INIT(fusepay_user_page);
        fusepay_session_record_array sessions = FUSEPAY_INIT(fusepay_session_record_array);
        fusepay_wallet_array wallets = FUSEPAY_INIT(fusepay_wallet_array);
        fusepay_transaction_page lines = FUSEPAY_INIT(fusepay_transaction_page);
        fusepay_explanation explanation = FUSEPAY_INIT(fusepay_explanation);
        fusepay_payment_array payments = FUSEPAY_INIT(fusepay_payment_array);
        fusepay_job_array jobs = FUSEPAY_INIT(fusepay_job_array);
        fusepay_job_count_array counts = FUSEPAY_INIT(fusepay_job_count_array);
        ANSWERS(list_users(session, NULL, 10, &users, &error));
        ANSWERS(search_users(session, "a", NULL, 10, &users, &error));
        ANSWERS(find_user(session, &user_id, &user, &error));
        ANSWERS(sessions(session, &user_id, &sessions, &error));
        ANSWERS(find_wallet(session, &wallet_id, &wallet, &error));
        ANSWERS(list_wallets(session, &user_id, &wallets, &error));
        ANSWERS(history(session, &wallet_id, NULL, NULL, 10, &lines, &error));
        ANSWERS(find_payment(session, &payment_id, &payment, &error));
        ANSWERS(explain_payment(session, &payment_id, &explanation, &error));
        ANSWERS(list_payments(session, FUSEPAY_PAYMENT_STATUS_FAILED, NULL, 10, &payments, &error));
        ANSWERS(open_suspense(session, 10, &payments, &error));
        ANSWERS(open_claims(session, 10, &payments, &error));
        ANSWERS(dead_letters(session, NULL, 10, &jobs, &error));
        ANSWERS(job_counts(session, &counts, &error));
    }
    CHECK(user.memory == NULL && wallet.memory == NULL && payment.memory == NULL && job.memory == NULL);
}

static void reading(const fusepay_session *session, const fusepay_registered *ada) {
    const fusepay_user_id nobody = { { 0 } };
    const fusepay_wallet_id no_wallet = { { 0 } };
    fusepay_user_page users = FUSEPAY_INIT(fusepay_user_page);
    OK(fusepay_session_operator_list_users(session, NULL, 1, &users, &error));
    CHECK(users.length == 1 && users.next != NULL);
    const fusepay_user_id after = *users.next;
    OK(fusepay_session_operator_list_users(session, &after, 10, &users, &error));
    CHECK(users.length == 1 && users.next == NULL);
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_list_users(session, NULL, 501, &users, &error));
    OK(fusepay_session_operator_search_users(session, "OLU", NULL, 10, &users, &error));
    CHECK(users.length == 1);
    CHECK_TEXT("olu@example.com", users.items[0]->email);
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_search_users(session, "\xff", NULL, 10, &users, &error));
    CHECK_FIELD("text", error);

    fusepay_user user = FUSEPAY_INIT(fusepay_user);
    OK(fusepay_session_operator_find_user(session, &ada->user->id, &user, &error));
    CHECK_TEXT("ada@example.com", user.email);
    REFUSED(NOT_FOUND, fusepay_session_operator_find_user(session, &nobody, &user, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_find_user(session, NULL, &user, &error));
    fusepay_session_record_array sessions = FUSEPAY_INIT(fusepay_session_record_array);
    OK(fusepay_session_operator_sessions(session, &ada->user->id, &sessions, &error));
    CHECK(sessions.length == 2);
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_sessions(session, NULL, &sessions, &error));

    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    OK(fusepay_session_operator_find_wallet(session, &ada->wallet->id, &wallet, &error));
    CHECK(wallet.balance_minor == 500);
    REFUSED(NOT_FOUND, fusepay_session_operator_find_wallet(session, &no_wallet, &wallet, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_find_wallet(session, NULL, &wallet, &error));
    fusepay_wallet_array wallets = FUSEPAY_INIT(fusepay_wallet_array);
    OK(fusepay_session_operator_list_wallets(session, &ada->user->id, &wallets, &error));
    CHECK(wallets.length == 1 && is_same(wallets.items[0]->id.bytes, ada->wallet->id.bytes));
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_list_wallets(session, NULL, &wallets, &error));

    fusepay_transaction_page lines = FUSEPAY_INIT(fusepay_transaction_page);
    OK(fusepay_session_operator_history(session, &ada->wallet->id, NULL, NULL, 10, &lines, &error));
    CHECK(lines.length == 1 && lines.items[0]->amount_minor == 500 && lines.next_cursor == NULL);
    REFUSED(INVALID_CURSOR,
            fusepay_session_operator_history(session, &ada->wallet->id, NULL, "made up", 10, &lines, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_history(session, NULL, NULL, NULL, 10, &lines, &error));
    CHECK_FIELD("wallet_id", error);
    fusepay_clear(&users);
    fusepay_clear(&user);
    fusepay_clear(&sessions);
    fusepay_clear(&wallet);
    fusepay_clear(&wallets);
    fusepay_clear(&lines);
}

static void changing(const fusepay_session *session, const fusepay_registered *ada, const fusepay_user *olu) {
    const fusepay_user_id ada_id = ada->user->id;
    const fusepay_wallet_id wallet_id = ada->wallet->id;
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    const uint32_t frozen = FUSEPAY_WALLET_STATUS_FROZEN, active = FUSEPAY_WALLET_STATUS_ACTIVE;
    OK(fusepay_session_operator_set_wallet_status(session, &wallet_id, frozen, &wallet, &error));
    CHECK(wallet.status == frozen);
    OK(fusepay_session_operator_set_wallet_status(session, &wallet_id, active, &wallet, &error));
    CHECK(wallet.status == active);
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_set_wallet_status(
                                  session, &wallet_id, FUSEPAY_WALLET_STATUS_CLOSED, &wallet, &error));
    REFUSED(INVALID_ARGUMENT,
            fusepay_session_operator_set_wallet_status(session, &wallet_id, 99, &wallet, &error));
    CHECK_FIELD("status", error);
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_set_wallet_status(session, NULL, frozen, &wallet, &error));

    fusepay_session *victim = session_of(engine, "ada@example.com");
    fusepay_principal principal = FUSEPAY_INIT(fusepay_principal);
    OK(fusepay_session_operator_end_sessions(session, &ada_id, &error));
    REFUSED(INVALID_TOKEN, fusepay_session_principal(victim, &principal, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_end_sessions(session, NULL, &error));
    fusepay_session_close(&victim);

    fusepay_user user = FUSEPAY_INIT(fusepay_user);
    OK(fusepay_session_operator_deactivate(session, &ada_id, &user, &error));
    CHECK(user.status == FUSEPAY_USER_STATUS_DEACTIVATED);
    OK(fusepay_session_operator_reactivate(session, &ada_id, &user, &error));
    CHECK(user.status == FUSEPAY_USER_STATUS_ACTIVE);
    OK(fusepay_session_operator_set_role(session, &ada_id, FUSEPAY_ROLE_AUDITOR, &user, &error));
    CHECK(user.role == FUSEPAY_ROLE_AUDITOR);
    REFUSED(LAST_ADMIN, fusepay_session_operator_deactivate(session, &olu->id, &user, &error));
    REFUSED(LAST_ADMIN, fusepay_session_operator_set_role(session, &olu->id, FUSEPAY_ROLE_USER, &user, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_set_role(session, &ada_id, 0, &user, &error));
    CHECK_FIELD("role", error);
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_deactivate(session, NULL, &user, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_reactivate(session, &ada_id, NULL, &error));
    fusepay_clear(&user);
    fusepay_clear(&wallet);
}

int main(void) {
    engine = simulated_open("operator.db");
    fusepay_registered ada = register_as(engine, "ada@example.com");
    simulated_elapsed_ms += 1;
    fusepay_registered olu = register_as(engine, "olu@example.com");
    fusepay_transaction line = FUSEPAY_INIT(fusepay_transaction);
    fusepay_money_request funding = FUSEPAY_INIT(fusepay_money_request);
    funding.wallet_id = ada.wallet->id;
    funding.amount = (fusepay_money){ 500, "NGN" };
    OK(fusepay_wallet_fund(engine, &funding, &line, &error));
    fusepay_clear(&line);

    fusepay_session *plain = session_of(engine, "ada@example.com");
    everything_answers(FUSEPAY_ERR_FORBIDDEN, plain, true, &ada);
    everything_answers(FUSEPAY_ERR_INVALID_HANDLE, NULL, true, &ada);
    fusepay_session *auditor = session_as(engine, olu.user, FUSEPAY_ROLE_AUDITOR);
    everything_answers(FUSEPAY_ERR_FORBIDDEN, auditor, false, &ada);
    reading(auditor, &ada);
    fusepay_session *admin = session_as(engine, olu.user, FUSEPAY_ROLE_ADMIN);
    everything_answers(FUSEPAY_ERR_INVALID_TOKEN, auditor, true, &ada);
    reading(admin, &ada);
    changing(admin, &ada, olu.user);

    fusepay_session_close(&plain);
    fusepay_session_close(&auditor);
    fusepay_session_close(&admin);
    fusepay_clear(&ada);
    fusepay_clear(&olu);
    OK(fusepay_engine_close(&engine, 1000, &error));
    fusepay_error_free(&error);
    return 0;
}
