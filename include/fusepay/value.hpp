// FusePay for C++17: ids and money. A part of fusepay.hpp.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef FUSEPAY_VALUE_HPP
#define FUSEPAY_VALUE_HPP

#include "record.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace fusepay {

// A span of time. As a request's life or a deadline, whole milliseconds.
using Milliseconds = std::chrono::milliseconds;

// Text in, and null for none: std::nullopt, or a text that lives until the call returns.
class OptionalText {
public:
    OptionalText(std::nullopt_t) noexcept {}
    OptionalText(const char *text) noexcept : text_(text) {}
    OptionalText(const std::string &text) noexcept : text_(text.c_str()) {}
    const char *get() const noexcept { return text_; }

private:
    const char *text_ = nullptr;
};

namespace detail {

// Null for none.
template <class T>
const T *pointer(const std::optional<T> &value) noexcept {
    return value ? &*value : nullptr;
}

inline std::string text(const fusepay_text &text) { return std::string(text.text, text.length); }

inline const std::uint8_t *bytes(std::string_view secret) noexcept {
    return reinterpret_cast<const std::uint8_t *>(secret.data());
}

}  // namespace detail

// Any id as 36 lower-case characters.
template <class Id>
std::string id_text(const Id &id) {
    char text[FUSEPAY_ID_TEXT_SIZE];
    return fusepay_id_text(id.bytes, text);
}

// An id from its text: parse_id<fusepay_wallet_id>("0198…").
template <class Id>
Id parse_id(const char *text) {
    Id id{};
    detail::call(fusepay_id_parse, text, static_cast<std::uint8_t *>(id.bytes));
    return id;
}

// Whether two ids of one kind are the same.
template <class Id>
bool same(const Id &a, const Id &b) noexcept {
    return std::memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

// An exact decimal in major units: money("2500.00", "NGN").
inline fusepay_money money(const char *amount, const char *currency) {
    return detail::value<fusepay_money>(fusepay_money_parse, amount, currency);
}

// Minor units: money(250000, "NGN").
template <class Integer, std::enable_if_t<std::is_integral_v<Integer>, int> = 0>
fusepay_money money(Integer minor, const char *currency) {
    return detail::value<fusepay_money>(fusepay_money_make, static_cast<std::int64_t>(minor), currency);
}

// Money of floats would round.
template <class Float, std::enable_if_t<std::is_floating_point_v<Float>, int> = 0>
fusepay_money money(Float, const char *) = delete;

// Money as people read it: "2500.00 NGN".
inline std::string money_text(const fusepay_money &money) {
    return detail::text(*detail::fetch<Text>(fusepay_money_text, money));
}

// Decimal places of a currency: 2 for NGN.
inline std::uint32_t currency_exponent(const char *currency) {
    return detail::value<std::uint32_t>(fusepay_currency_exponent, currency);
}

namespace detail {

inline fusepay_backoff backoff(std::int32_t (*fill)(fusepay_backoff *, fusepay_error **)) {
    auto backoff = begin<fusepay_backoff>();
    call(fill, &backoff);
    return backoff;
}

}  // namespace detail

// The default schedules, to change and to hand to the configuration.
inline fusepay_backoff backoff_bill() { return detail::backoff(fusepay_backoff_bill); }
inline fusepay_backoff backoff_reversal() { return detail::backoff(fusepay_backoff_reversal); }
inline fusepay_backoff backoff_requery() { return detail::backoff(fusepay_backoff_requery); }

// The version of the library that runs, such as "0.1.0".
inline const char *version() noexcept { return fusepay_version(); }

}  // namespace fusepay

#endif  // FUSEPAY_VALUE_HPP
