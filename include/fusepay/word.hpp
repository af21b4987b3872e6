// FusePay for C++17: the names of the vocabulary's numbers. A part of fusepay.hpp.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef FUSEPAY_WORD_HPP
#define FUSEPAY_WORD_HPP

#include "error.hpp"

#include <cstdint>

namespace fusepay {

// The stable names of numbers, such as "COMPLETED"; "UNKNOWN_WORD" for a number that
// is none.
inline const char *error_kind_name(std::uint32_t number) noexcept { return fusepay_error_kind_name(number); }
inline const char *payment_status_name(std::uint32_t number) noexcept { return fusepay_payment_status_name(number); }
inline const char *transaction_type_name(std::uint32_t number) noexcept { return fusepay_transaction_type_name(number); }
inline const char *transaction_status_name(std::uint32_t number) noexcept { return fusepay_transaction_status_name(number); }
inline const char *wallet_status_name(std::uint32_t number) noexcept { return fusepay_wallet_status_name(number); }
inline const char *hold_status_name(std::uint32_t number) noexcept { return fusepay_hold_status_name(number); }
inline const char *job_kind_name(std::uint32_t number) noexcept { return fusepay_job_kind_name(number); }
inline const char *job_status_name(std::uint32_t number) noexcept { return fusepay_job_status_name(number); }
inline const char *role_name(std::uint32_t number) noexcept { return fusepay_role_name(number); }
inline const char *user_status_name(std::uint32_t number) noexcept { return fusepay_user_status_name(number); }
inline const char *attempt_kind_name(std::uint32_t number) noexcept { return fusepay_attempt_kind_name(number); }
inline const char *outcome_kind_name(std::uint32_t number) noexcept { return fusepay_outcome_kind_name(number); }
inline const char *review_reason_name(std::uint32_t number) noexcept { return fusepay_review_reason_name(number); }
inline const char *limit_window_name(std::uint32_t number) noexcept { return fusepay_limit_window_name(number); }
inline const char *event_name(std::uint32_t number) noexcept { return fusepay_event_name(number); }
inline const char *operation_name(std::uint32_t number) noexcept { return fusepay_operation_name(number); }
inline const char *breaker_state_name(std::uint32_t number) noexcept { return fusepay_breaker_state_name(number); }
inline const char *log_level_name(std::uint32_t number) noexcept { return fusepay_log_level_name(number); }
inline const char *log_rotation_name(std::uint32_t number) noexcept { return fusepay_log_rotation_name(number); }

// The numbers of names; throws FUSEPAY_ERR_INVALID_ARGUMENT for what is no name.
inline std::uint32_t error_kind_parse(const char *name) {
    return detail::value<std::uint32_t>(fusepay_error_kind_parse, name);
}
inline std::uint32_t payment_status_parse(const char *name) {
    return detail::value<std::uint32_t>(fusepay_payment_status_parse, name);
}
inline std::uint32_t transaction_type_parse(const char *name) {
    return detail::value<std::uint32_t>(fusepay_transaction_type_parse, name);
}
inline std::uint32_t transaction_status_parse(const char *name) {
    return detail::value<std::uint32_t>(fusepay_transaction_status_parse, name);
}
inline std::uint32_t wallet_status_parse(const char *name) {
    return detail::value<std::uint32_t>(fusepay_wallet_status_parse, name);
}
inline std::uint32_t hold_status_parse(const char *name) {
    return detail::value<std::uint32_t>(fusepay_hold_status_parse, name);
}
inline std::uint32_t job_kind_parse(const char *name) {
    return detail::value<std::uint32_t>(fusepay_job_kind_parse, name);
}
inline std::uint32_t job_status_parse(const char *name) {
    return detail::value<std::uint32_t>(fusepay_job_status_parse, name);
}
inline std::uint32_t role_parse(const char *name) { return detail::value<std::uint32_t>(fusepay_role_parse, name); }
inline std::uint32_t user_status_parse(const char *name) {
    return detail::value<std::uint32_t>(fusepay_user_status_parse, name);
}
inline std::uint32_t attempt_kind_parse(const char *name) {
    return detail::value<std::uint32_t>(fusepay_attempt_kind_parse, name);
}
inline std::uint32_t outcome_kind_parse(const char *name) {
    return detail::value<std::uint32_t>(fusepay_outcome_kind_parse, name);
}
inline std::uint32_t review_reason_parse(const char *name) {
    return detail::value<std::uint32_t>(fusepay_review_reason_parse, name);
}
inline std::uint32_t limit_window_parse(const char *name) {
    return detail::value<std::uint32_t>(fusepay_limit_window_parse, name);
}
inline std::uint32_t event_parse(const char *name) { return detail::value<std::uint32_t>(fusepay_event_parse, name); }
inline std::uint32_t operation_parse(const char *name) {
    return detail::value<std::uint32_t>(fusepay_operation_parse, name);
}
inline std::uint32_t breaker_state_parse(const char *name) {
    return detail::value<std::uint32_t>(fusepay_breaker_state_parse, name);
}
inline std::uint32_t log_level_parse(const char *name) {
    return detail::value<std::uint32_t>(fusepay_log_level_parse, name);
}
inline std::uint32_t log_rotation_parse(const char *name) {
    return detail::value<std::uint32_t>(fusepay_log_rotation_parse, name);
}

}  // namespace fusepay

#endif  // FUSEPAY_WORD_HPP
