// Goal: every list of words has a function that names its numbers, and one that reads names.
#include "check.h"

int main(void) {
    CHECK_TEXT("UNKNOWN", fusepay_payment_status_name(FUSEPAY_PAYMENT_STATUS_UNKNOWN));
    CHECK_TEXT("NEEDS_REVIEW", fusepay_payment_status_name(FUSEPAY_PAYMENT_STATUS_NEEDS_REVIEW));
    CHECK_TEXT("bill.payment.late_success", fusepay_event_name(FUSEPAY_EVENT_NAME_BILL_PAYMENT_LATE_SUCCESS));
    CHECK_TEXT("IN_FLIGHT", fusepay_outcome_kind_name(FUSEPAY_OUTCOME_KIND_IN_FLIGHT));
    CHECK_TEXT("in_doubt", fusepay_error_kind_name(FUSEPAY_ERROR_KIND_IN_DOUBT));
    const char *(*const names[])(uint32_t) = {
        fusepay_error_kind_name,    fusepay_payment_status_name, fusepay_transaction_type_name,
        fusepay_wallet_status_name, fusepay_hold_status_name,    fusepay_transaction_status_name,
        fusepay_job_kind_name,      fusepay_job_status_name,     fusepay_role_name,
        fusepay_user_status_name,   fusepay_attempt_kind_name,   fusepay_outcome_kind_name,
        fusepay_review_reason_name, fusepay_limit_window_name,   fusepay_event_name,
        fusepay_operation_name,     fusepay_breaker_state_name,  fusepay_log_level_name,
        fusepay_log_rotation_name,
    };
    int32_t (*const parse[])(const char *, uint32_t *, fusepay_error **) = {
        fusepay_error_kind_parse,    fusepay_payment_status_parse, fusepay_transaction_type_parse,
        fusepay_wallet_status_parse, fusepay_hold_status_parse,    fusepay_transaction_status_parse,
        fusepay_job_kind_parse,      fusepay_job_status_parse,     fusepay_role_parse,
        fusepay_user_status_parse,   fusepay_attempt_kind_parse,   fusepay_outcome_kind_parse,
        fusepay_review_reason_parse, fusepay_limit_window_parse,   fusepay_event_parse,
        fusepay_operation_parse,     fusepay_breaker_state_parse,  fusepay_log_level_parse,
        fusepay_log_rotation_parse,
    };
    for (size_t list = 0; list < sizeof names / sizeof names[0]; list++) {
        CHECK(strcmp("UNKNOWN_WORD", names[list](1)) != 0);
        CHECK_TEXT("UNKNOWN_WORD", names[list](99));
        CHECK_TEXT("UNKNOWN_WORD", names[list](UINT32_MAX));
        // A number of more than 16 bits is not cut down to one that is a word.
        CHECK_TEXT("UNKNOWN_WORD", names[list](0x10001));
        uint32_t number = 7777;
        CHECK(parse[list]("UNKNOWN_WORD", &number, NULL) == FUSEPAY_ERR_INVALID_ARGUMENT);
        CHECK(parse[list](NULL, &number, NULL) == FUSEPAY_ERR_INVALID_ARGUMENT && number == 7777);
        CHECK(parse[list](names[list](1), &number, NULL) == FUSEPAY_OK && number == 1);
        CHECK(parse[list](names[list](1), NULL, NULL) == FUSEPAY_ERR_INVALID_ARGUMENT);
    }
    fusepay_money money = {7, ""};
    CHECK(fusepay_money_make(250000, "NGN", &money, NULL) == FUSEPAY_OK);
    CHECK_TEXT("NGN", money.currency);
    CHECK(money.minor == 250000 && fusepay_money_make(1, "NAIRA", &money, NULL) == FUSEPAY_ERR_INVALID_CURRENCY);
    CHECK(money.minor == 250000);
    fusepay_error *error = NULL;
    CHECK(fusepay_money_make(1, NULL, &money, &error) == FUSEPAY_ERR_INVALID_ARGUMENT);
    CHECK(!fusepay_error_is_retryable(error) && !fusepay_error_is_retryable(NULL));
    fusepay_error_free(&error);
    return 0;
}
