// What operators may do with payments and the queue, from C. Run three times on
// one file: "prepare"; "break", while the test has made the file refuse reversals
// and a second expiry; "mend", when it refuses nothing any more.
#include "people.h"
#include "simulated.h"

#define DAY_MS INT64_C(86400000)

static fusepay_engine *engine;
static fusepay_session *operator;
static fusepay_wallet_id wallet_id;
static fusepay_error *error;

#define OK(call) CHECK_CODE(FUSEPAY_OK, error, call)
#define REFUSED(code, call) CHECK_CODE(FUSEPAY_ERR_##code, error, call)

// The biller: declines the customer "declined", confirms another amount to the
// customer "other", and is paid by everybody else.
static uint32_t pay(void *user_data, const fusepay_pay_request *request, fusepay_reply *reply) {
    (void)user_data;
    if (strcmp(request->customer_reference, "declined") == 0) {
        return FUSEPAY_OUTCOME_KIND_DECLINED;
    }
    if (strcmp(request->customer_reference, "other") == 0) {
        CHECK(fusepay_reply_amount_minor(reply, request->amount.minor - 1) == FUSEPAY_OK);
    }
    CHECK(fusepay_reply_provider_reference(reply, "R-1") == FUSEPAY_OK);
    return FUSEPAY_OUTCOME_KIND_PAID;
}

static uint32_t query(void *user_data, const fusepay_query_request *request, fusepay_reply *reply) {
    (void)user_data, (void)request, (void)reply;
    return FUSEPAY_OUTCOME_KIND_UNKNOWN;
}

// The body is the request id of a payment that was paid after all.
static int32_t verify_webhook(void *user_data, const fusepay_webhook *webhook, fusepay_reply *reply) {
    (void)user_data;
    CHECK(fusepay_reply_provider_reference(reply, "R-2") == FUSEPAY_OK);
    return fusepay_reply_notice(reply, (const char *)webhook->body, FUSEPAY_OUTCOME_KIND_PAID, NULL);
}

static void open_engine(int64_t elapsed_ms) {
    fusepay_provider provider = FUSEPAY_INIT(fusepay_provider);
    provider.pay = pay;
    provider.query = query;
    provider.verify_webhook = verify_webhook;
    fusepay_provider_entry entry = FUSEPAY_INIT(fusepay_provider_entry);
    entry.code = "biller";
    entry.provider = &provider;
    simulated_elapsed_ms = elapsed_ms;
    engine = simulated_open_with("payments.db", &entry, 1);
}

static void load_catalogue(void) {
    const char *const providers[] = { "biller" };
    fusepay_bill_item_entry item = FUSEPAY_INIT(fusepay_bill_item_entry);
    item.code = "PREPAID";
    item.name = "Prepaid units";
    item.currency = "NGN";
    item.minimum_minor = 1;
    item.maximum_minor = 1000000;
    fusepay_biller_entry biller = FUSEPAY_INIT(fusepay_biller_entry);
    biller.code = "POWER";
    biller.name = "The power company";
    biller.category = "ELECTRICITY";
    biller.providers = providers;
    biller.provider_count = 1;
    biller.items = &item;
    biller.item_count = 1;
    OK(fusepay_bill_load_catalogue(engine, &biller, 1, &error));
}

// Lets time pass, a second at a time, and does what falls due.
static void let_pass(int seconds) {
    fusepay_run_report report = FUSEPAY_INIT(fusepay_run_report);
    for (int second = 0; second < seconds; second++) {
        simulated_elapsed_ms += 1000;
        do {
            OK(fusepay_engine_run_due(engine, &report, &error));
        } while (report.claimed > 0);
    }
    fusepay_clear(&report);
}

// A payment of 100.00 as the host asks for it; what is due at once is done.
static fusepay_payment_id pay_for(const char *customer) {
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    fusepay_pay_bill request = FUSEPAY_INIT(fusepay_pay_bill);
    request.wallet_id = wallet_id;
    request.biller = "POWER";
    request.item = "PREPAID";
    request.customer_reference = customer;
    request.amount = (fusepay_money){ 10000, "NGN" };
    OK(fusepay_bill_pay(engine, &request, &payment, &error));
    const fusepay_payment_id id = payment.id;
    fusepay_clear(&payment);
    let_pass(1);
    return id;
}

static int64_t balance(void) {
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    OK(fusepay_session_operator_find_wallet(operator, &wallet_id, &wallet, &error));
    const int64_t minor = wallet.balance_minor;
    fusepay_clear(&wallet);
    return minor;
}

static void set_status(uint32_t status) {
    fusepay_wallet wallet = FUSEPAY_INIT(fusepay_wallet);
    OK(fusepay_session_operator_set_wallet_status(operator, &wallet_id, status, &wallet, &error));
    fusepay_clear(&wallet);
}

static void prepare(void) {
    open_engine(0);
    load_catalogue();
    fusepay_registered ada = register_as(engine, "ada@example.com");
    fusepay_registered olu = register_as(engine, "olu@example.com");
    fusepay_user user = FUSEPAY_INIT(fusepay_user);
    fusepay_transaction line = FUSEPAY_INIT(fusepay_transaction);
    fusepay_money_request funding = FUSEPAY_INIT(fusepay_money_request);
    OK(fusepay_auth_set_role(engine, &olu.user->id, FUSEPAY_ROLE_OPERATOR, &user, &error));
    funding.wallet_id = ada.wallet->id;
    funding.amount = (fusepay_money){ 100000, "NGN" };
    OK(fusepay_wallet_fund(engine, &funding, &line, &error));
    fusepay_clear(&user);
    fusepay_clear(&line);
    fusepay_clear(&ada);
    fusepay_clear(&olu);
}

// Opens again, some days later, and finds the one wallet with money.
static void come_back(int days) {
    open_engine(days * DAY_MS);
    operator = session_of(engine, "olu@example.com");
    fusepay_user_page users = FUSEPAY_INIT(fusepay_user_page);
    fusepay_wallet_array wallets = FUSEPAY_INIT(fusepay_wallet_array);
    OK(fusepay_session_operator_search_users(operator, "ada@", NULL, 1, &users, &error));
    CHECK(users.length == 1);
    OK(fusepay_session_operator_list_wallets(operator, &users.items[0]->id, &wallets, &error));
    CHECK(wallets.length == 1);
    wallet_id = wallets.items[0]->id;
    fusepay_clear(&users);
    fusepay_clear(&wallets);
}

static void authorise(void) {
    fusepay_hold hold = FUSEPAY_INIT(fusepay_hold);
    fusepay_hold_request request = FUSEPAY_INIT(fusepay_hold_request);
    request.wallet_id = wallet_id;
    request.amount = (fusepay_money){ 100, "NGN" };
    request.life_ms = 2000;
    OK(fusepay_wallet_authorise(engine, &request, &hold, &error));
    fusepay_clear(&hold);
}

static void release_hold(void) {
    fusepay_hold_array holds = FUSEPAY_INIT(fusepay_hold_array);
    fusepay_hold hold = FUSEPAY_INIT(fusepay_hold);
    OK(fusepay_wallet_holds(engine, &wallet_id, FUSEPAY_HOLD_STATUS_ACTIVE, 10, &holds, &error));
    CHECK(holds.length == 1);
    OK(fusepay_wallet_release(engine, &holds.items[0]->id, NULL, &hold, &error));
    fusepay_clear(&hold);
    fusepay_clear(&holds);
}

static int64_t dead_count(uint32_t kind) {
    fusepay_job_count_array counts = FUSEPAY_INIT(fusepay_job_count_array);
    int64_t dead = 0;
    OK(fusepay_session_operator_job_counts(operator, &counts, &error));
    for (size_t index = 0; index < counts.length; index++) {
        if (counts.items[index]->kind == kind && counts.items[index]->status == FUSEPAY_JOB_STATUS_DEAD) {
            dead += counts.items[index]->count;
        }
    }
    fusepay_clear(&counts);
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_job_counts(operator, NULL, &error));
    return dead;
}

// The number of the dead letter of this kind.
static int64_t dead_letter(uint32_t kind) {
    fusepay_job_array jobs = FUSEPAY_INIT(fusepay_job_array);
    int64_t number = 0;
    OK(fusepay_session_operator_dead_letters(operator, NULL, 10, &jobs, &error));
    for (size_t index = 0; index < jobs.length; index++) {
        CHECK(jobs.items[index]->status == FUSEPAY_JOB_STATUS_DEAD && jobs.items[index]->last_error != NULL);
        number = jobs.items[index]->kind == kind ? jobs.items[index]->id : number;
    }
    CHECK(number > 0);
    const int64_t last = jobs.items[jobs.length - 1]->id;
    OK(fusepay_session_operator_dead_letters(operator, &last, 10, &jobs, &error));
    CHECK(jobs.length == 0);
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_dead_letters(operator, NULL, 0, &jobs, &error));
    fusepay_clear(&jobs);
    return number;
}

static void breaking(void) {
    come_back(1);
    pay_for("declined");
    authorise();
    authorise();
    let_pass(400);
    CHECK(dead_count(FUSEPAY_JOB_KIND_PROCESS_REVERSAL) == 1 && dead_count(FUSEPAY_JOB_KIND_HOLD_EXPIRY) == 1);
    const int64_t reversal = dead_letter(FUSEPAY_JOB_KIND_PROCESS_REVERSAL);
    // Its payment still waits for its money.
    REFUSED(NOT_ALLOWED, fusepay_session_operator_resolve_job(operator, reversal, "never mind", &error));
    CHECK(balance() == 90000);
}

static void dead_letters(void) {
    fusepay_job job = FUSEPAY_INIT(fusepay_job);
    const int64_t reversal = dead_letter(FUSEPAY_JOB_KIND_PROCESS_REVERSAL);
    const int64_t expiry = dead_letter(FUSEPAY_JOB_KIND_HOLD_EXPIRY);
    OK(fusepay_session_operator_retry_job(operator, reversal, &job, &error));
    CHECK(job.id == reversal && job.status == FUSEPAY_JOB_STATUS_READY && job.runs == 0);
    REFUSED(JOB_NOT_DEAD, fusepay_session_operator_retry_job(operator, reversal, &job, &error));
    REFUSED(JOB_NOT_DEAD, fusepay_session_operator_resolve_job(operator, reversal, "done", &error));
    let_pass(1);
    CHECK(balance() == 100000);
    REFUSED(NOT_FOUND, fusepay_session_operator_retry_job(operator, reversal, &job, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_retry_job(operator, reversal, NULL, &error));

    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_resolve_job(operator, expiry, NULL, &error));
    CHECK_FIELD("reason", error);
    // Its hold still reserves money.
    REFUSED(NOT_ALLOWED, fusepay_session_operator_resolve_job(operator, expiry, "looked at", &error));
    release_hold();
    OK(fusepay_session_operator_resolve_job(operator, expiry, "looked at", &error));
    REFUSED(NOT_FOUND, fusepay_session_operator_resolve_job(operator, expiry, "again", &error));
    CHECK(dead_count(FUSEPAY_JOB_KIND_HOLD_EXPIRY) == 0);
    fusepay_clear(&job);
}

static void reading_and_refunding(void) {
    const fusepay_payment_id id = pay_for("meter"), nobodys = { { 0 } };
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    fusepay_explanation explanation = FUSEPAY_INIT(fusepay_explanation);
    fusepay_payment_array payments = FUSEPAY_INIT(fusepay_payment_array);
    OK(fusepay_session_operator_find_payment(operator, &id, &payment, &error));
    CHECK(payment.status == FUSEPAY_PAYMENT_STATUS_COMPLETED);
    CHECK_TEXT("R-1", payment.provider_reference);
    REFUSED(NOT_FOUND, fusepay_session_operator_find_payment(operator, &nobodys, &payment, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_find_payment(operator, NULL, &payment, &error));
    CHECK_FIELD("payment_id", error);
    OK(fusepay_session_operator_explain_payment(operator, &id, &explanation, &error));
    CHECK(explanation.attempts_length == 1 && explanation.steps_length > 0 && explanation.next_job == NULL);
    CHECK(is_same(explanation.payment->id.bytes, id.bytes));
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_explain_payment(operator, NULL, &explanation, &error));
    const uint32_t completed = FUSEPAY_PAYMENT_STATUS_COMPLETED;
    OK(fusepay_session_operator_list_payments(operator, completed, NULL, 10, &payments, &error));
    CHECK(payments.length == 1 && is_same(payments.items[0]->id.bytes, id.bytes));
    OK(fusepay_session_operator_list_payments(operator, completed, &id, 10, &payments, &error));
    CHECK(payments.length == 0 && payments.items == NULL);
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_list_payments(operator, 99, NULL, 10, &payments, &error));
    CHECK_FIELD("status", error);

    fusepay_refund_request refund = FUSEPAY_INIT(fusepay_refund_request);
    refund.payment_id = id;
    refund.amount = (fusepay_money){ 4000, "NGN" };
    refund.source = FUSEPAY_REFUND_SOURCE_HOST;
    refund.reason = "half of it was dark";
    OK(fusepay_session_operator_refund(operator, &refund, &payment, &error));
    CHECK(payment.refunded_minor == 4000 && balance() == 94000);
    refund.amount.minor = 6001;
    REFUSED(REFUND_ABOVE_PAID, fusepay_session_operator_refund(operator, &refund, &payment, &error));
    refund.source = 0;
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_refund(operator, &refund, &payment, &error));
    CHECK_FIELD("source", error);
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_refund(operator, NULL, &payment, &error));
    REFUSED(NOT_REVERSIBLE, fusepay_session_operator_reverse(operator, &id, &payment, &error));
    fusepay_clear(&payment);
    fusepay_clear(&explanation);
    fusepay_clear(&payments);
}

static void claims(void) {
    const fusepay_payment_id id = pay_for("declined");
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    fusepay_payment_array payments = FUSEPAY_INIT(fusepay_payment_array);
    CHECK(balance() == 84000);
    OK(fusepay_session_operator_reverse(operator, &id, &payment, &error));
    CHECK(payment.status == FUSEPAY_PAYMENT_STATUS_REVERSED && balance() == 94000);
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_reverse(operator, NULL, &payment, &error));

    fusepay_webhook webhook = FUSEPAY_INIT(fusepay_webhook);
    fusepay_webhook_receipt receipt = FUSEPAY_INIT(fusepay_webhook_receipt);
    webhook.body = (const uint8_t *)payment.request_id;
    webhook.body_length = strlen(payment.request_id) + 1;
    OK(fusepay_bill_receive_webhook(engine, "biller", &webhook, &receipt, &error));
    CHECK(receipt.matched == 1);
    let_pass(1);
    OK(fusepay_session_operator_open_claims(operator, 10, &payments, &error));
    CHECK(payments.length == 1 && payments.items[0]->claim_minor == 10000);
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_open_claims(operator, 0, &payments, &error));
    const uint32_t written_off = FUSEPAY_CLAIM_SETTLEMENT_WRITTEN_OFF;
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_settle_claim(operator, &id, 3, "loss", &payment, &error));
    CHECK_FIELD("settlement", error);
    REFUSED(INVALID_ARGUMENT,
            fusepay_session_operator_settle_claim(operator, &id, written_off, NULL, &payment, &error));
    CHECK_FIELD("reason", error);
    OK(fusepay_session_operator_settle_claim(operator, &id, written_off, "our loss", &payment, &error));
    REFUSED(NOT_ALLOWED,
            fusepay_session_operator_settle_claim(operator, &id, written_off, "again", &payment, &error));
    OK(fusepay_session_operator_open_claims(operator, 10, &payments, &error));
    CHECK(payments.length == 0);
    fusepay_clear(&payment);
    fusepay_clear(&payments);
}

static void suspense(void) {
    const fusepay_payment_id id = pay_for("declined");
    const fusepay_wallet_id foreign = { { 0 } };
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    fusepay_payment_array payments = FUSEPAY_INIT(fusepay_payment_array);
    set_status(FUSEPAY_WALLET_STATUS_FROZEN);
    let_pass(10);
    OK(fusepay_session_operator_open_suspense(operator, 10, &payments, &error));
    CHECK(payments.length == 1 && payments.items[0]->suspense_minor == 10000);
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_open_suspense(operator, 501, &payments, &error));
    REFUSED(WALLET_FROZEN, fusepay_session_operator_release_suspense(operator, &id, NULL, &payment, &error));
    REFUSED(NOT_FOUND, fusepay_session_operator_release_suspense(operator, &id, &foreign, &payment, &error));
    REFUSED(INVALID_ARGUMENT, fusepay_session_operator_release_suspense(operator, NULL, NULL, &payment, &error));
    set_status(FUSEPAY_WALLET_STATUS_ACTIVE);
    OK(fusepay_session_operator_release_suspense(operator, &id, NULL, &payment, &error));
    CHECK(payment.suspense_minor == 0 && balance() == 94000);
    fusepay_clear(&payment);
    fusepay_clear(&payments);
}

static void reviews(void) {
    const fusepay_payment_id first = pay_for("other"), second = pay_for("other");
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    OK(fusepay_session_operator_find_payment(operator, &first, &payment, &error));
    CHECK(payment.status == FUSEPAY_PAYMENT_STATUS_NEEDS_REVIEW && payment.review_reason != NULL);
    fusepay_review_verdict verdict = FUSEPAY_INIT(fusepay_review_verdict);
    verdict.verdict = FUSEPAY_REVIEW_VERDICT_PAID;
    REFUSED(INVALID_ARGUMENT,
            fusepay_session_operator_resolve_review(operator, &first, &verdict, "asked", &payment, &error));
    fusepay_paid_receipt receipt = FUSEPAY_INIT(fusepay_paid_receipt);
    receipt.provider_reference = "R-3";
    verdict.receipt = &receipt;
    REFUSED(INVALID_ARGUMENT,
            fusepay_session_operator_resolve_review(operator, &first, &verdict, NULL, &payment, &error));
    CHECK_FIELD("reason", error);
    OK(fusepay_session_operator_resolve_review(operator, &first, &verdict, "asked", &payment, &error));
    CHECK(payment.status == FUSEPAY_PAYMENT_STATUS_COMPLETED);
    REFUSED(NOT_ALLOWED,
            fusepay_session_operator_resolve_review(operator, &first, &verdict, "again", &payment, &error));
    verdict.verdict = FUSEPAY_REVIEW_VERDICT_NOT_PAID;
    verdict.receipt = NULL;
    OK(fusepay_session_operator_resolve_review(operator, &second, &verdict, "asked", &payment, &error));
    let_pass(10);
    OK(fusepay_session_operator_find_payment(operator, &second, &payment, &error));
    CHECK(payment.status == FUSEPAY_PAYMENT_STATUS_REVERSED && balance() == 84000);
    fusepay_clear(&payment);
}

static void mending(void) {
    come_back(2);
    dead_letters();
    reading_and_refunding();
    claims();
    suspense();
    reviews();
}

int main(int count, char **arguments) {
    const char *phase = count == 2 ? arguments[1] : "";
    if (strcmp(phase, "prepare") == 0) {
        prepare();
    } else if (strcmp(phase, "break") == 0) {
        breaking();
    } else {
        CHECK_TEXT("mend", phase);
        mending();
    }
    fusepay_session_close(&operator);
    OK(fusepay_engine_close(&engine, 1000, &error));
    fusepay_error_free(&error);
    return 0;
}
