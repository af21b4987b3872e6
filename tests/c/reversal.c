// Goal: every way money goes back, called from C, moves what it says and refuses
// what is wrong. Method: payments brought into each state by a biller that does
// as it is told, then balances and states after each call.
#include "world.h"

static const fusepay_payment_id nobody_s = {{0}};

static int64_t balance(const world *world, fusepay_wallet_id wallet_id) {
    fusepay_error *error = NULL;
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_wallet_find(world->engine, &wallet_id, &wallet, &error));
    int64_t minor = wallet.balance_minor;
    fusepay_clear(&wallet);
    return minor;
}

// A payment of 10,000 with a fee of 50, and the biller's answer to it.
static fusepay_payment_id paid(const world *world, biller *biller, uint32_t answer) {
    biller->pay_answer = answer;
    fusepay_payment_id id = world_pay(world, "meter");
    world_step(world);
    return id;
}

static void failed_payments_are_reversed(const world *world, biller *biller) {
    fusepay_error *error = NULL;
    int64_t before = balance(world, world->wallet_id);
    fusepay_payment_id id = paid(world, biller, FUSEPAY_OUTCOME_KIND_DECLINED);
    CHECK(balance(world, world->wallet_id) == before - 10050);
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_reversal_reverse(world->engine, &id, &payment, &error));
    CHECK(payment.status == FUSEPAY_PAYMENT_STATUS_REVERSED);
    CHECK(payment.transaction_status == FUSEPAY_TRANSACTION_STATUS_REVERSED);
    CHECK_TEXT("UNSPECIFIED", payment.failure_code);
    CHECK(payment.failure_reason != NULL);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_reversal_reverse(world->engine, &id, &payment, &error)); // as it is
    CHECK(balance(world, world->wallet_id) == before);
    fusepay_payment_id completed = paid(world, biller, FUSEPAY_OUTCOME_KIND_PAID);
    CHECK_CODE(FUSEPAY_ERR_NOT_REVERSIBLE, error,
               fusepay_reversal_reverse(world->engine, &completed, &payment, &error));
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error, fusepay_reversal_reverse(world->engine, &nobody_s, &payment, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_reversal_reverse(world->engine, NULL, &payment, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_reversal_reverse(world->engine, &id, NULL, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_HANDLE, error, fusepay_reversal_reverse(NULL, &id, &payment, &error));
    fusepay_clear(&payment);
    fusepay_error_free(&error);
}

static void completed_payments_are_refunded(const world *world, biller *biller) {
    fusepay_error *error = NULL;
    fusepay_refund_request request = FUSEPAY_INIT(fusepay_refund_request);
    request.payment_id = paid(world, biller, FUSEPAY_OUTCOME_KIND_PAID);
    int64_t before = balance(world, world->wallet_id);
    request.amount = naira(6000);
    request.source = FUSEPAY_REFUND_SOURCE_BILLER;
    request.reason = "half of the units never came";
    request.idempotency_key = "ticket-9";
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_reversal_refund(world->engine, &request, &payment, &error));
    CHECK(payment.refunded_minor == 6000 && payment.status == FUSEPAY_PAYMENT_STATUS_COMPLETED);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_reversal_refund(world->engine, &request, &payment, &error)); // the same
    CHECK(balance(world, world->wallet_id) == before + 6000);
    request.source = FUSEPAY_REFUND_SOURCE_HOST;
    CHECK_CODE(FUSEPAY_ERR_IDEMPOTENCY_KEY_REUSED, error,
               fusepay_reversal_refund(world->engine, &request, &payment, &error));
    request.idempotency_key = NULL;
    CHECK_CODE(FUSEPAY_ERR_REFUND_ABOVE_PAID, error,
               fusepay_reversal_refund(world->engine, &request, &payment, &error));
    request.amount = naira(4050);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_reversal_refund(world->engine, &request, &payment, &error));
    CHECK(payment.refunded_minor == 10050 && balance(world, world->wallet_id) == before + 10050);
    // There is no default for who bears it.
    const uint32_t sources[] = {0, 3, UINT32_MAX};
    for (size_t index = 0; index < sizeof sources / sizeof *sources; index++) {
        request.source = sources[index];
        CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
                   fusepay_reversal_refund(world->engine, &request, &payment, &error));
        CHECK_FIELD("source", error);
    }
    request.source = FUSEPAY_REFUND_SOURCE_HOST;
    request.reason = NULL;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_reversal_refund(world->engine, &request, &payment, &error));
    CHECK_FIELD("reason", error);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_reversal_refund(world->engine, NULL, &payment, &error));
    fusepay_clear(&payment);
    fusepay_error_free(&error);
}

static void say_another_amount(fusepay_reply *reply) { CHECK(fusepay_reply_amount_minor(reply, 9999) == FUSEPAY_OK); }

// A payment that the biller says it made with another amount.
static fusepay_payment_id under_review(const world *world, biller *biller) {
    biller->pay_details = say_another_amount;
    fusepay_payment_id id = paid(world, biller, FUSEPAY_OUTCOME_KIND_PAID);
    biller->pay_details = NULL;
    fusepay_error *error = NULL;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_find(world->engine, &id, &payment, &error));
    CHECK(payment.status == FUSEPAY_PAYMENT_STATUS_NEEDS_REVIEW);
    CHECK(payment.transaction_status == FUSEPAY_TRANSACTION_STATUS_PROCESSING);
    CHECK(payment.review_reason != NULL && *payment.review_reason == FUSEPAY_REVIEW_REASON_AMOUNT_MISMATCH);
    fusepay_clear(&payment);
    return id;
}

static void reviews_are_resolved(const world *world, biller *biller) {
    fusepay_error *error = NULL;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    fusepay_payment_id id = under_review(world, biller);
    const int64_t amount_minor = 10000;
    const char *tokens[] = {"1234-5678", "\xff"};
    fusepay_paid_receipt receipt = FUSEPAY_INIT(fusepay_paid_receipt);
    receipt.provider_reference = "PC-9";
    receipt.amount_minor = &amount_minor;
    receipt.customer_reference = "meter";
    receipt.tokens = tokens;
    receipt.token_count = 2;
    receipt.receipt = "by telephone";
    fusepay_review_verdict verdict = FUSEPAY_INIT(fusepay_review_verdict);
#define RESOLVE(code) \
    CHECK_CODE(code, error, \
               fusepay_reversal_resolve_review(world->engine, &id, &verdict, "they called", &payment, &error))
    // There is no default verdict, and a receipt goes with having been paid alone.
    RESOLVE(FUSEPAY_ERR_INVALID_ARGUMENT);
    CHECK_FIELD("verdict", error);
    verdict.verdict = FUSEPAY_REVIEW_VERDICT_PAID;
    RESOLVE(FUSEPAY_ERR_INVALID_ARGUMENT);
    CHECK_FIELD("receipt", error);
    verdict.receipt = &receipt;
    RESOLVE(FUSEPAY_ERR_INVALID_ARGUMENT);
    CHECK_FIELD("tokens", error);
    verdict.verdict = FUSEPAY_REVIEW_VERDICT_NOT_PAID;
    RESOLVE(FUSEPAY_ERR_INVALID_ARGUMENT);
    CHECK_FIELD("receipt", error);
    verdict.verdict = FUSEPAY_REVIEW_VERDICT_PAID;
    receipt.token_count = 1;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_reversal_resolve_review(world->engine, &id, &verdict, NULL, &payment, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_reversal_resolve_review(world->engine, &id, NULL, "they called", &payment, &error));
    RESOLVE(FUSEPAY_OK);
    CHECK(payment.status == FUSEPAY_PAYMENT_STATUS_COMPLETED);
    CHECK_TEXT("PC-9", payment.provider_reference);
    CHECK_TEXT("by telephone", payment.receipt);
    RESOLVE(FUSEPAY_ERR_NOT_ALLOWED); // it is over
    fusepay_text_array bought = FUSEPAY_INIT(fusepay_text_array);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_tokens(world->engine, &id, &bought, &error));
    CHECK(bought.length == 1);
    CHECK_TEXT("1234-5678", bought.items[0]);
    fusepay_clear(&bought);

    int64_t before = balance(world, world->wallet_id);
    id = under_review(world, biller);
    verdict.verdict = FUSEPAY_REVIEW_VERDICT_NOT_PAID;
    verdict.receipt = NULL;
    RESOLVE(FUSEPAY_OK);
    world_drain(world);
    CHECK(world_status(world, id) == FUSEPAY_PAYMENT_STATUS_REVERSED);
    CHECK(balance(world, world->wallet_id) == before);
    id = nobody_s;
    RESOLVE(FUSEPAY_ERR_NOT_FOUND);
#undef RESOLVE
    fusepay_clear(&payment);
    fusepay_error_free(&error);
}

// Says that what was sent last was paid.
static int32_t verify_webhook(void *user_data, const fusepay_webhook *webhook, fusepay_reply *reply) {
    biller *self = (biller *)user_data;
    (void)webhook;
    CHECK(fusepay_reply_notice(reply, self->request_id, FUSEPAY_OUTCOME_KIND_PAID, NULL) == FUSEPAY_OK);
    return FUSEPAY_OK;
}

// A payment that was reversed and then, by a webhook, made after all.
static fusepay_payment_id paid_after_all(const world *world, biller *biller) {
    fusepay_error *error = NULL;
    fusepay_payment_id id = paid(world, biller, FUSEPAY_OUTCOME_KIND_DECLINED);
    world_drain(world);
    fusepay_webhook webhook = FUSEPAY_INIT(fusepay_webhook);
    fusepay_webhook_receipt receipt = FUSEPAY_INIT(fusepay_webhook_receipt);
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_bill_receive_webhook(world->engine, "power", &webhook, &receipt, &error));
    CHECK(receipt.matched == 1);
    return id;
}

static void claims_are_settled(const world *world, biller *biller) {
    fusepay_error *error = NULL;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    fusepay_payment_array payments = FUSEPAY_INIT(fusepay_payment_array);
    fusepay_payment_id first = paid_after_all(world, biller);
    fusepay_payment_id second = paid_after_all(world, biller);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_reversal_open_claims(world->engine, 10, &payments, &error));
    CHECK(payments.length == 2 && payments.items[0]->claim_minor == 10000);
    CHECK(memcmp(&payments.items[0]->id, &first, sizeof first) == 0);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_reversal_settle_claim(world->engine, &first, 0, "found", &payment, &error));
    CHECK_FIELD("settlement", error);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_reversal_settle_claim(world->engine, &first, FUSEPAY_CLAIM_SETTLEMENT_WRITTEN_OFF, NULL,
                                             &payment, &error));
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_reversal_settle_claim(world->engine, &first,
                                             FUSEPAY_CLAIM_SETTLEMENT_RECOVERED_FROM_PROVIDER, "they sent it back",
                                             &payment, &error));
    CHECK(payment.status == FUSEPAY_PAYMENT_STATUS_REVERSED);
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_reversal_settle_claim(world->engine, &second, FUSEPAY_CLAIM_SETTLEMENT_WRITTEN_OFF,
                                             "not worth it", &payment, &error));
    CHECK_CODE(FUSEPAY_ERR_NOT_ALLOWED, error,
               fusepay_reversal_settle_claim(world->engine, &second, FUSEPAY_CLAIM_SETTLEMENT_WRITTEN_OFF, "again",
                                             &payment, &error));
    CHECK_CODE(FUSEPAY_OK, error, fusepay_reversal_open_claims(world->engine, 10, &payments, &error));
    CHECK(payments.length == 0);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_reversal_open_claims(world->engine, 0, &payments, &error));
    fusepay_clear(&payments);
    fusepay_clear(&payment);
    fusepay_error_free(&error);
}

static void set_status(const world *world, uint32_t status) {
    fusepay_error *error = NULL;
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_wallet_set_status(world->engine, &world->wallet_id, status, &wallet, &error));
    fusepay_clear(&wallet);
}

// A payment whose wallet was frozen when its money came back.
static fusepay_payment_id in_suspense(const world *world, biller *biller) {
    biller->pay_answer = FUSEPAY_OUTCOME_KIND_DECLINED;
    fusepay_payment_id id = world_pay(world, "meter");
    set_status(world, FUSEPAY_WALLET_STATUS_FROZEN);
    world_drain(world);
    set_status(world, FUSEPAY_WALLET_STATUS_ACTIVE);
    return id;
}

static void suspense_is_released(const world *world, biller *biller) {
    fusepay_error *error = NULL;
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    fusepay_payment_array payments = FUSEPAY_INIT(fusepay_payment_array);
    fusepay_wallet savings = FUSEPAY_INIT(fusepay_wallet);
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_wallet_create(world->engine, &world->user_id, "NGN", "savings", &savings, &error));
    int64_t before = balance(world, world->wallet_id);
    fusepay_payment_id first = in_suspense(world, biller);
    fusepay_payment_id second = in_suspense(world, biller);
    CHECK(balance(world, world->wallet_id) == before - 2 * 10050);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_reversal_open_suspense(world->engine, 10, &payments, &error));
    CHECK(payments.length == 2 && payments.items[1]->suspense_minor == 10050);
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_reversal_release_suspense(world->engine, &first, NULL, &payment, &error));
    CHECK(payment.suspense_minor == 0 && balance(world, world->wallet_id) == before - 10050);
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_reversal_release_suspense(world->engine, &second, &savings.id, &payment, &error));
    CHECK(balance(world, savings.id) == 10050);
    CHECK_CODE(FUSEPAY_ERR_NOT_ALLOWED, error,
               fusepay_reversal_release_suspense(world->engine, &second, NULL, &payment, &error));
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error,
               fusepay_reversal_release_suspense(world->engine, &nobody_s, NULL, &payment, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_reversal_release_suspense(world->engine, NULL, NULL, &payment, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_reversal_open_suspense(world->engine, 501, &payments, &error));
    CHECK_CODE(FUSEPAY_OK, error, fusepay_reversal_open_suspense(world->engine, 1, &payments, &error));
    CHECK(payments.length == 0);
    fusepay_clear(&savings);
    fusepay_clear(&payments);
    fusepay_clear(&payment);
    fusepay_error_free(&error);
}

int main(void) {
    biller biller = biller_that_pays();
    fusepay_provider provider = biller_provider(&biller);
    provider.verify_webhook = verify_webhook;
    world world = world_open("reversal.db", &provider);
    failed_payments_are_reversed(&world, &biller);
    completed_payments_are_refunded(&world, &biller);
    reviews_are_resolved(&world, &biller);
    claims_are_settled(&world, &biller);
    suspense_is_released(&world, &biller);
    world_verify(&world);
    world_close(&world);
    return 0;
}
