// Goal: a provider in C says what it can prove, and everything else is unknown.
// Method: a biller that answers each outcome in turn, with and without details
// that can't be taken; what the engine made of it is read from its explanation.
#include "world.h"

static void say_paid(fusepay_reply *reply) {
    CHECK(fusepay_reply_provider_reference(reply, "PC-1") == FUSEPAY_OK);
    CHECK(fusepay_reply_amount_minor(reply, 10000) == FUSEPAY_OK);
    CHECK(fusepay_reply_customer_reference(reply, "meter") == FUSEPAY_OK);
    CHECK(fusepay_reply_token(reply, "1234-5678") == FUSEPAY_OK);
    CHECK(fusepay_reply_token(reply, "8765-4321") == FUSEPAY_OK);
    CHECK(fusepay_reply_receipt(reply, "thank you, \xe2\x82\xa6") == FUSEPAY_OK);
    CHECK(fusepay_reply_evidence(reply, (const uint8_t *)"raw", 3, "redacted") == FUSEPAY_OK);
}

static void say_why(fusepay_reply *reply) {
    CHECK(fusepay_reply_code(reply, "E7") == FUSEPAY_OK);
    CHECK(fusepay_reply_reason(reply, "no such meter") == FUSEPAY_OK);
}

static void say_later(fusepay_reply *reply) { CHECK(fusepay_reply_poll_after_ms(reply, 7000) == FUSEPAY_OK); }

static void say_rubbish(fusepay_reply *reply) {
    CHECK(fusepay_reply_provider_reference(reply, "PC-1") == FUSEPAY_OK);
    CHECK(fusepay_reply_receipt(reply, "\xff") == FUSEPAY_ERR_INVALID_ARGUMENT);
}

static void say_null(fusepay_reply *reply) {
    CHECK(fusepay_reply_provider_reference(reply, NULL) == FUSEPAY_ERR_INVALID_ARGUMENT);
}

static void say_bytes_of_nowhere(fusepay_reply *reply) {
    CHECK(fusepay_reply_evidence(reply, NULL, 5, NULL) == FUSEPAY_ERR_INVALID_ARGUMENT);
}

static void say_another_amount(fusepay_reply *reply) { CHECK(fusepay_reply_amount_minor(reply, 9999) == FUSEPAY_OK); }

// One answer of `pay` or `query`, and what the engine makes of it.
typedef struct answer {
    uint32_t returned;
    void (*details)(fusepay_reply *reply);
    uint32_t outcome;   // of the attempt
    uint32_t status;    // of the payment
    const char *detail; // of the attempt; NULL for whatever it says
} answer;

#define OUTCOME(name) FUSEPAY_OUTCOME_KIND_##name
#define STATUS(name) FUSEPAY_PAYMENT_STATUS_##name

static const answer to_pay[] = {
    {OUTCOME(PAID), say_paid, OUTCOME(PAID), STATUS(COMPLETED), "PC-1"},
    {OUTCOME(PAID), NULL, OUTCOME(PAID), STATUS(COMPLETED), NULL},
    {OUTCOME(PAID), say_another_amount, OUTCOME(PAID), STATUS(NEEDS_REVIEW), NULL},
    {OUTCOME(DECLINED), say_why, OUTCOME(DECLINED), STATUS(FAILED), "E7: no such meter"},
    {OUTCOME(DECLINED), NULL, OUTCOME(DECLINED), STATUS(FAILED), "UNSPECIFIED: the provider gave no reason"},
    {OUTCOME(NOT_SENT), say_why, OUTCOME(NOT_SENT), STATUS(PENDING), "no such meter"},
    {OUTCOME(DUPLICATE), NULL, OUTCOME(DUPLICATE), STATUS(UNKNOWN), NULL},
    {OUTCOME(PENDING), say_later, OUTCOME(PENDING), STATUS(PROCESSING), NULL},
    {OUTCOME(UNKNOWN), say_why, OUTCOME(UNKNOWN), STATUS(UNKNOWN), "no such meter"},
    // Setting nothing.
    {OUTCOME(UNKNOWN), NULL, OUTCOME(UNKNOWN), STATUS(UNKNOWN), "the adapter does not know"},
    {0, NULL, OUTCOME(UNKNOWN), STATUS(UNKNOWN), "the adapter answered IN_FLIGHT to a send"},
    // No outcome of any version, and what only a query can find out.
    {4711, say_paid, OUTCOME(UNKNOWN), STATUS(UNKNOWN), "the adapter answered 4711, which is no outcome"},
    {UINT32_MAX, NULL, OUTCOME(UNKNOWN), STATUS(UNKNOWN), NULL},
    {OUTCOME(NOT_FOUND), NULL, OUTCOME(UNKNOWN), STATUS(UNKNOWN), NULL},
    {OUTCOME(PROVIDER_REVERSED), say_why, OUTCOME(UNKNOWN), STATUS(UNKNOWN), NULL},
    // Half of what a biller said is not what it said.
    {OUTCOME(PAID), say_rubbish, OUTCOME(UNKNOWN), STATUS(UNKNOWN), NULL},
    {OUTCOME(DECLINED), say_null, OUTCOME(UNKNOWN), STATUS(UNKNOWN), NULL},
    {OUTCOME(NOT_SENT), say_bytes_of_nowhere, OUTCOME(UNKNOWN), STATUS(UNKNOWN), NULL},
};

static const answer to_query[] = {
    {OUTCOME(PAID), say_paid, OUTCOME(PAID), STATUS(COMPLETED), "PC-1"},
    {OUTCOME(FAILED), say_why, OUTCOME(FAILED), STATUS(FAILED), "E7: no such meter"},
    {OUTCOME(PENDING), say_later, OUTCOME(PENDING), STATUS(PROCESSING), NULL},
    {OUTCOME(PROVIDER_REVERSED), say_why, OUTCOME(PROVIDER_REVERSED), STATUS(FAILED), "no such meter"},
    {OUTCOME(NOT_FOUND), NULL, OUTCOME(NOT_FOUND), STATUS(UNKNOWN), NULL},
    {OUTCOME(UNKNOWN), NULL, OUTCOME(UNKNOWN), STATUS(UNKNOWN), "the adapter does not know"},
    {OUTCOME(DUPLICATE), NULL, OUTCOME(UNKNOWN), STATUS(UNKNOWN), NULL},
    {OUTCOME(NOT_SENT), NULL, OUTCOME(UNKNOWN), STATUS(UNKNOWN), NULL},
    {0, say_paid, OUTCOME(UNKNOWN), STATUS(UNKNOWN), NULL},
    {4711, NULL, OUTCOME(UNKNOWN), STATUS(UNKNOWN), NULL},
    {OUTCOME(FAILED), say_rubbish, OUTCOME(UNKNOWN), STATUS(UNKNOWN), NULL},
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

// The first contact of a kind about a payment is this one.
static void check_attempt(const world *world, fusepay_payment_id id, uint32_t kind, const answer *expected) {
    fusepay_error *error = NULL;
    fusepay_explanation explanation = FUSEPAY_INIT(fusepay_explanation);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_explain(world->engine, &id, &explanation, &error));
    size_t index = 0;
    while (index < explanation.attempts_length && explanation.attempts[index]->kind != kind) {
        index++;
    }
    CHECK(index < explanation.attempts_length);
    const fusepay_attempt *attempt = explanation.attempts[index];
    CHECK(attempt->outcome == expected->outcome);
    CHECK(attempt->finished_at_ms != NULL);
    if (expected->detail != NULL) {
        CHECK_TEXT(expected->detail, attempt->detail);
    }
    CHECK(explanation.payment->status == expected->status);
    CHECK(explanation.steps_length > 0);
    fusepay_clear(&explanation);
}

// A new adapter, with a breaker that has seen no failure yet.
static void replace(const world *world, biller *biller) {
    fusepay_error *error = NULL;
    fusepay_provider provider = biller_provider(biller);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_register_provider(world->engine, "power", &provider, &error));
}

// Puts nobody in the adapter's place, which lets go of it.
static void take_away(const world *world, const biller *biller) {
    fusepay_error *error = NULL;
    fusepay_provider nobody = biller_provider(NULL);
    nobody.destroy = NULL;
    CHECK(biller->destroyed == 0);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_engine_register_provider(world->engine, "power", &nobody, &error));
    CHECK(biller->destroyed == 1);
}

static void every_answer_to_a_send(const world *world) {
    for (size_t row = 0; row < LENGTH(to_pay); row++) {
        biller biller = biller_that_pays();
        biller.pay_answer = to_pay[row].returned;
        biller.pay_details = to_pay[row].details;
        biller.query_answer = FUSEPAY_OUTCOME_KIND_UNKNOWN;
        replace(world, &biller);
        fusepay_payment_id id = world_pay(world, "meter");
        world_step(world);
        CHECK(biller.pays == 1 && biller.attempt == 1);
        check_attempt(world, id, FUSEPAY_ATTEMPT_KIND_SUBMIT, &to_pay[row]);
        // After the call the reply is stale, and nothing set on it counts.
        CHECK(fusepay_reply_token(biller.kept, "late") == FUSEPAY_ERR_INVALID_HANDLE);
        CHECK(fusepay_reply_receipt(NULL, "late") == FUSEPAY_ERR_INVALID_HANDLE);
        // Then whatever is unknown is asked about, and was paid. What is sent
        // again is answered in the same way, up to its end.
        biller.query_answer = FUSEPAY_OUTCOME_KIND_PAID;
        world_drain(world);
        uint32_t end = world_status(world, id);
        switch (to_pay[row].status) {
            case STATUS(UNKNOWN):
            case STATUS(PROCESSING):
                CHECK(biller.queries > 0);
                CHECK(end == STATUS(COMPLETED));
                break;
            case STATUS(FAILED):
            case STATUS(PENDING):
                CHECK(end == STATUS(REVERSED));
                break;
            default:
                CHECK(end == to_pay[row].status);
        }
        take_away(world, &biller);
    }
}

static void every_answer_to_a_query(const world *world) {
    for (size_t row = 0; row < LENGTH(to_query); row++) {
        biller biller = biller_that_pays();
        biller.pay_answer = FUSEPAY_OUTCOME_KIND_UNKNOWN;
        biller.pay_details = say_paid;
        biller.query_answer = to_query[row].returned;
        biller.query_details = to_query[row].details;
        replace(world, &biller);
        fusepay_payment_id id = world_pay(world, "meter");
        world_step(world);
        simulated_elapsed_ms += 6000;
        world_step(world);
        CHECK(biller.pays == 1 && biller.queries == 1);
        check_attempt(world, id, FUSEPAY_ATTEMPT_KIND_QUERY, &to_query[row]);
        biller.query_answer = FUSEPAY_OUTCOME_KIND_PAID;
        biller.query_details = NULL;
        world_drain(world);
        uint32_t end = world_status(world, id);
        CHECK(end == (to_query[row].status == STATUS(FAILED) ? STATUS(REVERSED) : STATUS(COMPLETED)));
        take_away(world, &biller);
    }
}

static void what_was_said_is_kept(const world *world) {
    fusepay_error *error = NULL;
    biller biller = biller_that_pays();
    biller.pay_details = say_paid;
    replace(world, &biller);
    fusepay_payment_id id = world_pay(world, "meter");
    world_step(world);
    fusepay_payment payment = FUSEPAY_INIT(fusepay_payment);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_find(world->engine, &id, &payment, &error));
    CHECK_TEXT("PC-1", payment.provider_reference);
    CHECK_TEXT("thank you, \xe2\x82\xa6", payment.receipt);
    CHECK_TEXT(biller.request_id, payment.request_id);
    fusepay_clear(&payment);
    fusepay_text_array tokens = FUSEPAY_INIT(fusepay_text_array);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_tokens(world->engine, &id, &tokens, &error));
    CHECK(tokens.length == 2);
    CHECK_TEXT("1234-5678", tokens.items[0]);
    CHECK_TEXT("8765-4321", tokens.items[1]);
    fusepay_clear(&tokens);
    fusepay_explanation explanation = FUSEPAY_INIT(fusepay_explanation);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_bill_explain(world->engine, &id, &explanation, &error));
    CHECK_TEXT("redacted", explanation.attempts[0]->evidence_text);
    // SHA-256 of "raw".
    CHECK_TEXT("d7439bee24773bcbfa2d0a97947ee36227b10d1022b1a55847e928965bb6bfde",
               explanation.attempts[0]->evidence_hash);
    CHECK(explanation.next_job == NULL);
    fusepay_clear(&explanation);
    take_away(world, &biller);
}

int main(void) {
    biller first = biller_that_pays();
    fusepay_provider provider = biller_provider(&first);
    world world = world_open("provider.db", &provider);
    every_answer_to_a_send(&world);
    CHECK(first.destroyed == 1);
    every_answer_to_a_query(&world);
    what_was_said_is_kept(&world);
    world_verify(&world);
    world_close(&world);
    return 0;
}
