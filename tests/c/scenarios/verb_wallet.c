// `engine.wallet`: wallets, money, holds, limits.
#include "scenario.h"

#define MONEY_WORDS \
    "wallet amount? minor? currency? key? external_reference? description? metadata? expected_version? as?"

static int32_t create(stage *s, const line *l) {
    fusepay_user_id id;
    const char *currency = NULL;
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    TRY(read_id(s, l, "user", id.bytes));
    TRY(read_currency(s, l, &currency));
    TRY(fusepay_wallet_create(s->engine, &id, currency, text(l, "label"), &wallet, &s->error));
    return answer(s, l, &WALLET, &wallet);
}

static int32_t find(stage *s, const line *l) {
    fusepay_wallet_id id;
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    TRY(read_id(s, l, "wallet", id.bytes));
    TRY(fusepay_wallet_find(s->engine, &id, &wallet, &s->error));
    return answer(s, l, &WALLET, &wallet);
}

static int32_t list(stage *s, const line *l) {
    fusepay_user_id id;
    fusepay_wallet_array wallets = FUSEPAY_INIT(fusepay_wallet_array);
    TRY(read_id(s, l, "user", id.bytes));
    TRY(fusepay_wallet_list(s->engine, &id, &wallets, &s->error));
    return ANSWER_LIST(s, l, &WALLET, wallets);
}

// The four movements between a wallet and the outside.
typedef int32_t move(const fusepay_engine *, const fusepay_money_request *, fusepay_transaction *, fusepay_error **);

static int32_t move_money(stage *s, const line *l, move *call) {
    int64_t version = 0;
    fusepay_money_request request = FUSEPAY_INIT(fusepay_money_request);
    TRY(read_id(s, l, "wallet", request.wallet_id.bytes));
    TRY(read_money(s, l, &request.amount));
    TRY(read_int64(s, l, "expected_version", &version));
    request.external_reference = text(l, "external_reference");
    request.description = text(l, "description");
    request.metadata = text(l, "metadata");
    request.idempotency_key = text(l, "key");
    request.expected_version = PRESENT(l, "expected_version", version);
    fusepay_transaction transaction = FUSEPAY_INIT(fusepay_transaction);
    TRY(call(s->engine, &request, &transaction, &s->error));
    return answer(s, l, &TRANSACTION, &transaction);
}

static int32_t fund(stage *s, const line *l) { return move_money(s, l, fusepay_wallet_fund); }

static int32_t withdraw(stage *s, const line *l) { return move_money(s, l, fusepay_wallet_withdraw); }

static int32_t credit(stage *s, const line *l) { return move_money(s, l, fusepay_wallet_credit); }

static int32_t debit(stage *s, const line *l) { return move_money(s, l, fusepay_wallet_debit); }

int32_t read_transfer(stage *s, const line *l, transfer_words *out) {
    fusepay_transfer_request *request = &out->request;
    *request = FUSEPAY_INIT(fusepay_transfer_request);
    TRY(read_id(s, l, "from", request->from.bytes));
    TRY(read_id(s, l, "to", request->to.bytes));
    TRY(read_money(s, l, &request->amount));
    TRY(read_int64(s, l, "expected_version", &out->expected_version));
    request->description = text(l, "description");
    request->metadata = text(l, "metadata");
    request->idempotency_key = text(l, "key");
    request->expected_version = PRESENT(l, "expected_version", out->expected_version);
    return FUSEPAY_OK;
}

static int32_t transfer(stage *s, const line *l) {
    transfer_words given;
    fusepay_transaction transaction = FUSEPAY_INIT(fusepay_transaction);
    TRY(read_transfer(s, l, &given));
    TRY(fusepay_wallet_transfer(s->engine, &given.request, &transaction, &s->error));
    return answer(s, l, &TRANSACTION, &transaction);
}

static int32_t authorise(stage *s, const line *l) {
    fusepay_hold_request request = FUSEPAY_INIT(fusepay_hold_request);
    TRY(read_id(s, l, "wallet", request.wallet_id.bytes));
    TRY(read_money(s, l, &request.amount));
    TRY(read_int64(s, l, "life_ms", &request.life_ms));
    request.description = text(l, "description");
    request.idempotency_key = text(l, "key");
    fusepay_hold hold = FUSEPAY_INIT(fusepay_hold);
    TRY(fusepay_wallet_authorise(s->engine, &request, &hold, &s->error));
    return answer(s, l, &HOLD, &hold);
}

static int32_t capture(stage *s, const line *l) {
    bool keeps = false;
    fusepay_wallet_id to;
    fusepay_capture_request request = FUSEPAY_INIT(fusepay_capture_request);
    TRY(read_id(s, l, "hold", request.hold_id.bytes));
    TRY(read_money(s, l, &request.amount));
    TRY(read_id(s, l, "to", to.bytes));
    TRY(read_flag(s, l, "keep", &keeps));
    request.to = PRESENT(l, "to", to);
    request.remainder = keeps ? FUSEPAY_REMAINDER_KEEP : FUSEPAY_REMAINDER_RELEASE;
    request.description = text(l, "description");
    request.idempotency_key = text(l, "key");
    fusepay_transaction transaction = FUSEPAY_INIT(fusepay_transaction);
    TRY(fusepay_wallet_capture(s->engine, &request, &transaction, &s->error));
    return answer(s, l, &TRANSACTION, &transaction);
}

static int32_t release(stage *s, const line *l) {
    fusepay_hold_id id;
    fusepay_hold hold = FUSEPAY_INIT(fusepay_hold);
    TRY(read_id(s, l, "hold", id.bytes));
    TRY(fusepay_wallet_release(s->engine, &id, text(l, "key"), &hold, &s->error));
    return answer(s, l, &HOLD, &hold);
}

static int32_t find_hold(stage *s, const line *l) {
    fusepay_hold_id id;
    fusepay_hold hold = FUSEPAY_INIT(fusepay_hold);
    TRY(read_id(s, l, "hold", id.bytes));
    TRY(fusepay_wallet_find_hold(s->engine, &id, &hold, &s->error));
    return answer(s, l, &HOLD, &hold);
}

static int32_t holds(stage *s, const line *l) {
    fusepay_wallet_id id;
    uint32_t status = 0, limit = 0;
    fusepay_hold_array found = FUSEPAY_INIT(fusepay_hold_array);
    TRY(read_id(s, l, "wallet", id.bytes));
    TRY(read_name(s, l, "status", fusepay_hold_status_name, &status));
    TRY(read_limit(s, l, &limit));
    TRY(fusepay_wallet_holds(s->engine, &id, status, limit, &found, &s->error));
    return ANSWER_LIST(s, l, &HOLD, found);
}

static int32_t set_status(stage *s, const line *l) {
    fusepay_wallet_id id;
    uint32_t status = 0;
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    TRY(read_id(s, l, "wallet", id.bytes));
    TRY(read_name(s, l, "status", fusepay_wallet_status_name, &status));
    TRY(fusepay_wallet_set_status(s->engine, &id, status, &wallet, &s->error));
    return answer(s, l, &WALLET, &wallet);
}

static int32_t set_credit_limit(stage *s, const line *l) {
    fusepay_wallet_id id;
    int64_t minor = 0;
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    TRY(read_id(s, l, "wallet", id.bytes));
    TRY(read_int64(s, l, "minor", &minor));
    TRY(fusepay_wallet_set_credit_limit(s->engine, &id, minor, &wallet, &s->error));
    return answer(s, l, &WALLET, &wallet);
}

static int32_t set_limit(stage *s, const line *l) {
    fusepay_wallet_id id;
    int64_t amount_max_minor = 0;
    uint32_t count_max = 0;
    fusepay_limit_request limit = FUSEPAY_INIT(fusepay_limit_request);
    TRY(read_id(s, l, "wallet", id.bytes));
    TRY(read_name(s, l, "window", fusepay_limit_window_name, &limit.window));
    TRY(read_int64(s, l, "amount_max_minor", &amount_max_minor));
    TRY(read_uint32(s, l, "count_max", &count_max));
    limit.category = text(l, "category");
    limit.amount_max_minor = PRESENT(l, "amount_max_minor", amount_max_minor);
    limit.count_max = PRESENT(l, "count_max", count_max);
    TRY(fusepay_wallet_set_limit(s->engine, &id, &limit, &s->error));
    return done(s);
}

static int32_t remove_limit(stage *s, const line *l) {
    fusepay_wallet_id id;
    uint32_t window = 0;
    bool was_there = false;
    TRY(read_id(s, l, "wallet", id.bytes));
    TRY(read_name(s, l, "window", fusepay_limit_window_name, &window));
    TRY(fusepay_wallet_remove_limit(s->engine, &id, window, text(l, "category"), &was_there, &s->error));
    record_begin(s, "removed");
    put_flag(s, "was_there", was_there);
    record_end(s);
    return FUSEPAY_OK;
}

static int32_t limits(stage *s, const line *l) {
    fusepay_wallet_id id;
    fusepay_limit_array found = FUSEPAY_INIT(fusepay_limit_array);
    TRY(read_id(s, l, "wallet", id.bytes));
    TRY(fusepay_wallet_limits(s->engine, &id, &found, &s->error));
    return ANSWER_LIST(s, l, &LIMIT, found);
}

const verb WALLET_VERBS[] = {
    {"wallet.create", "user currency? label? as?", create},
    {"wallet.find", "wallet as?", find},
    {"wallet.list", "user as?", list},
    {"wallet.fund", MONEY_WORDS, fund},
    {"wallet.withdraw", MONEY_WORDS, withdraw},
    {"wallet.credit", MONEY_WORDS, credit},
    {"wallet.debit", MONEY_WORDS, debit},
    {"wallet.transfer", TRANSFER_WORDS, transfer},
    {"wallet.authorise", "wallet amount? minor? currency? life_ms description? key? as?", authorise},
    {"wallet.capture", "hold amount? minor? currency? to? keep? description? key? as?", capture},
    {"wallet.release", "hold key?", release},
    {"wallet.find_hold", "hold", find_hold},
    {"wallet.holds", "wallet status limit? as?", holds},
    {"wallet.set_status", "wallet status", set_status},
    {"wallet.set_credit_limit", "wallet minor", set_credit_limit},
    {"wallet.set_limit", "wallet window category? amount_max_minor? count_max?", set_limit},
    {"wallet.remove_limit", "wallet window category?", remove_limit},
    {"wallet.limits", "wallet", limits},
    {NULL, NULL, NULL},
};
