// FusePay for C++17: errors, results, and how a C function is called. A part of fusepay.hpp.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef FUSEPAY_ERROR_HPP
#define FUSEPAY_ERROR_HPP

#include "../fusepay.h"

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace fusepay {

// What a call answered instead of doing what it says.
class Error : public std::exception {
public:
    // The status of the call, and a copy of its details; without them (null), the
    // meaning of the status.
    explicit Error(std::int32_t status, const fusepay_error *details = nullptr) : status_(status) {
        if (details == nullptr) {
            message_ = fusepay_code_meaning(status);
            is_retryable_ = fusepay_code_is_retryable(status);
            return;
        }
        status_ = fusepay_error_code(details);
        message_ = fusepay_error_message(details);
        is_retryable_ = fusepay_error_is_retryable(details);
        if (const char *field = fusepay_error_field(details)) field_ = field;
        if (const char *key = fusepay_error_idempotency_key(details)) idempotency_key_ = key;
        retry_after_ms_ = fusepay_error_retry_after_ms(details);
    }

    // One of FUSEPAY_ERR_*.
    std::int32_t code() const noexcept { return status_; }
    // Its stable name, such as "INSUFFICIENT_FUNDS".
    const char *name() const noexcept { return fusepay_code_name(status_); }
    // One of FUSEPAY_ERROR_KIND_*: what to do about it.
    std::uint32_t kind() const noexcept { return fusepay_code_kind(status_); }
    // Whether the same call, with the same idempotency key, may succeed later.
    bool is_retryable() const noexcept { return is_retryable_; }
    // A sentence for a person.
    const char *what() const noexcept override { return message_.c_str(); }
    // The parameter at fault; empty where there is none.
    const std::string &field() const noexcept { return field_; }
    // After how many milliseconds a repetition makes sense, where known.
    std::optional<std::int64_t> retry_after_ms() const noexcept {
        return retry_after_ms_ < 0 ? std::nullopt : std::optional<std::int64_t>(retry_after_ms_);
    }
    // The key under which a call in doubt must be repeated; empty where there is none.
    const std::string &idempotency_key() const noexcept { return idempotency_key_; }

private:
    std::int32_t status_;
    bool is_retryable_ = false;
    std::string message_;
    std::string field_;
    std::string idempotency_key_;
    std::int64_t retry_after_ms_ = -1;
};

// A value or an error.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const noexcept { return held_.index() == 0; }
    // The value; throws the error when there is none.
    T &value() & {
        if (held_.index() == 1) throw std::get<1>(held_);
        return std::get<0>(held_);
    }
    T value() && { return std::move(value()); }
    // The error; only when there is no value.
    const Error &error() const { return std::get<1>(held_); }
    // The status: FUSEPAY_OK when there is a value.
    std::int32_t code() const noexcept { return held_.index() == 0 ? FUSEPAY_OK : std::get<1>(held_).code(); }

private:
    std::variant<T, Error> held_;
};

// Runs a call and answers its result instead of throwing:
//     auto payment = fusepay::attempt([&] { return engine.bill().pay(bill); });
template <class Call>
auto attempt(Call &&call) {
    using T = std::invoke_result_t<Call>;
    using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
    try {
        if constexpr (std::is_void_v<T>) {
            std::forward<Call>(call)();
            return Result<Value>(Value{});
        } else {
            return Result<Value>(std::forward<Call>(call)());
        }
    } catch (const Error &error) {
        return Result<Value>(error);
    }
}


namespace detail {

// Receives the details of a failure, and throws them.
class Failure {
public:
    Failure() = default;
    Failure(const Failure &) = delete;
    Failure &operator=(const Failure &) = delete;
    ~Failure() { fusepay_error_free(&details_); }

    fusepay_error **out() noexcept { return &details_; }
    void check(std::int32_t status) const {
        if (status != FUSEPAY_OK) throw Error(status, details_);
    }

private:
    fusepay_error *details_ = nullptr;
};

// Calls a C function whose last parameter is the error.
template <class Function, class... Arguments>
void call(Function function, Arguments... arguments) {
    Failure failure;
    failure.check(function(arguments..., failure.out()));
}

// Calls a C function that writes a plain value.
template <class Value, class Function, class... Arguments>
Value value(Function function, Arguments... arguments) {
    Value answer{};
    call(function, arguments..., &answer);
    return answer;
}

// Calls a C function that fills a record.
template <class Answer, class Function, class... Arguments>
Answer fetch(Function function, Arguments... arguments) {
    Answer answer;
    call(function, arguments..., answer.out());
    return answer;
}

// What the groups of operations share: the handle they call with.
template <class Handle>
class Group {
public:
    explicit Group(const Handle *handle) noexcept : handle_(handle) {}

protected:
    template <class Function, class... Arguments>
    void call(Function function, Arguments... arguments) const {
        detail::call(function, handle_, arguments...);
    }
    template <class Value, class Function, class... Arguments>
    Value value(Function function, Arguments... arguments) const {
        return detail::value<Value>(function, handle_, arguments...);
    }
    template <class Answer, class Function, class... Arguments>
    Answer fetch(Function function, Arguments... arguments) const {
        return detail::fetch<Answer>(function, handle_, arguments...);
    }
    const Handle *handle() const noexcept { return handle_; }

private:
    const Handle *handle_;
};

}  // namespace detail

}  // namespace fusepay

#endif  // FUSEPAY_ERROR_HPP
