// `engine.session(token)`: the same operations by a user's own token. The player
// opens `s->session` before each of these and closes it afterwards.
#include "scenario.h"

static int32_t principal(stage *s, const line *l) {
    fusepay_principal found = FUSEPAY_INIT(fusepay_principal);
    TRY(fusepay_session_principal(s->session, &found, &s->error));
    return answer(s, l, &PRINCIPAL, &found);
}

static int32_t profile(stage *s, const line *l) {
    fusepay_user user = FUSEPAY_INIT(fusepay_user);
    TRY(fusepay_session_profile(s->session, &user, &s->error));
    return answer(s, l, &USER, &user);
}

static int32_t list_wallets(stage *s, const line *l) {
    fusepay_wallet_array wallets = FUSEPAY_INIT(fusepay_wallet_array);
    TRY(fusepay_session_wallet_list(s->session, &wallets, &s->error));
    return ANSWER_LIST(s, l, &WALLET, wallets);
}

static int32_t create_wallet(stage *s, const line *l) {
    const char *currency = NULL;
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    TRY(read_currency(s, l, &currency));
    TRY(fusepay_session_wallet_create(s->session, currency, text(l, "label"), &wallet, &s->error));
    return answer(s, l, &WALLET, &wallet);
}

static int32_t find_wallet(stage *s, const line *l) {
    fusepay_wallet_id id;
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    TRY(read_id(s, l, "wallet", id.bytes));
    TRY(fusepay_session_wallet_find(s->session, &id, &wallet, &s->error));
    return answer(s, l, &WALLET, &wallet);
}

static int32_t transfer(stage *s, const line *l) {
    transfer_words given;
    fusepay_transaction transaction = FUSEPAY_INIT(fusepay_transaction);
    TRY(read_transfer(s, l, &given));
    TRY(fusepay_session_wallet_transfer(s->session, &given.request, &transaction, &s->error));
    return answer(s, l, &TRANSACTION, &transaction);
}

static int32_t pay(stage *s, const line *l) {
    payment_words given;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    TRY(read_payment(s, l, &given));
    TRY(fusepay_session_bill_pay(s->session, &given.request, &payment, &s->error));
    return answer(s, l, &PAYMENT, &payment);
}

static int32_t find_payment(stage *s, const line *l) {
    fusepay_payment_id id;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    TRY(read_id(s, l, "payment", id.bytes));
    TRY(fusepay_session_bill_find(s->session, &id, &payment, &s->error));
    return answer(s, l, &PAYMENT, &payment);
}

static int32_t list_payments(stage *s, const line *l) {
    fusepay_wallet_id id;
    uint32_t limit = 0;
    fusepay_payment_array payments = FUSEPAY_INIT(fusepay_payment_array);
    TRY(read_id(s, l, "wallet", id.bytes));
    TRY(read_limit(s, l, &limit));
    TRY(fusepay_session_bill_list(s->session, &id, NULL, limit, &payments, &s->error));
    return ANSWER_LIST(s, l, &PAYMENT, payments);
}

static int32_t page(stage *s, const line *l) {
    fusepay_wallet_id id;
    filter_words given;
    fusepay_transaction_page lines = FUSEPAY_INIT(fusepay_transaction_page);
    TRY(read_id(s, l, "wallet", id.bytes));
    TRY(read_filter(s, l, &given));
    TRY(fusepay_session_history_page(s->session, &id, &given.filter, text(l, "cursor"), given.limit, &lines,
                                     &s->error));
    return answer_page(s, l, &lines);
}

static int32_t find_transaction(stage *s, const line *l) {
    fusepay_transaction_id id;
    fusepay_transaction_array lines = FUSEPAY_INIT(fusepay_transaction_array);
    TRY(read_id(s, l, "transaction", id.bytes));
    TRY(fusepay_session_history_find(s->session, &id, &lines, &s->error));
    return ANSWER_LIST(s, l, &TRANSACTION, lines);
}

static int32_t operator_find_user(stage *s, const line *l) {
    fusepay_user_id id;
    fusepay_user user = FUSEPAY_INIT(fusepay_user);
    TRY(read_id(s, l, "user", id.bytes));
    TRY(fusepay_session_operator_find_user(s->session, &id, &user, &s->error));
    return answer(s, l, &USER, &user);
}

static int32_t operator_set_role(stage *s, const line *l) {
    fusepay_user_id id;
    uint32_t role = 0;
    fusepay_user user = FUSEPAY_INIT(fusepay_user);
    TRY(read_id(s, l, "user", id.bytes));
    TRY(read_name(s, l, "role", fusepay_role_name, &role));
    TRY(fusepay_session_operator_set_role(s->session, &id, role, &user, &s->error));
    return answer(s, l, &USER, &user);
}

static int32_t operator_find_wallet(stage *s, const line *l) {
    fusepay_wallet_id id;
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    TRY(read_id(s, l, "wallet", id.bytes));
    TRY(fusepay_session_operator_find_wallet(s->session, &id, &wallet, &s->error));
    return answer(s, l, &WALLET, &wallet);
}

static int32_t operator_set_wallet_status(stage *s, const line *l) {
    fusepay_wallet_id id;
    uint32_t status = 0;
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    TRY(read_id(s, l, "wallet", id.bytes));
    TRY(read_name(s, l, "status", fusepay_wallet_status_name, &status));
    TRY(fusepay_session_operator_set_wallet_status(s->session, &id, status, &wallet, &s->error));
    return answer(s, l, &WALLET, &wallet);
}

static int32_t operator_refund(stage *s, const line *l) {
    fusepay_refund_request request;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    TRY(read_refund(s, l, &request));
    TRY(fusepay_session_operator_refund(s->session, &request, &payment, &s->error));
    return answer(s, l, &PAYMENT, &payment);
}

const verb SESSION_VERBS[] = {
    {"session.principal", "token", principal},
    {"session.profile", "token", profile},
    {"session.wallet.list", "token as?", list_wallets},
    {"session.wallet.create", "token currency? label? as?", create_wallet},
    {"session.wallet.find", "token wallet", find_wallet},
    {"session.wallet.transfer", "token " TRANSFER_WORDS, transfer},
    {"session.bill.pay", "token " PAY_WORDS, pay},
    {"session.bill.find", "token payment", find_payment},
    {"session.bill.list", "token wallet limit? as?", list_payments},
    {"session.history.page", "token " FILTER_WORDS, page},
    {"session.history.find", "token transaction as?", find_transaction},
    {"session.operator.find_user", "token user", operator_find_user},
    {"session.operator.set_role", "token user role", operator_set_role},
    {"session.operator.find_wallet", "token wallet", operator_find_wallet},
    {"session.operator.set_wallet_status", "token wallet status", operator_set_wallet_status},
    {"session.operator.refund", "token " REFUND_WORDS, operator_refund},
    {NULL, NULL, NULL},
};
