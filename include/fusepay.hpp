// FusePay for C++17: owners over fusepay.h, header only.
// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What fusepay.h says of each function holds here too; this header adds who owns
// what, and turns statuses into exceptions.
//
// * A call that fails throws fusepay::Error. Hosts that want results instead wrap
//   a call in fusepay::attempt(), which never throws one.
// * Records (Wallet, Payment, ...) are move-only owners of the C structs:
//   wallet->balance_minor. Lists are ranges of them. What a record points to lives
//   as long as it.
// * Requests are the C structs: auto bill = fusepay::begin<fusepay_pay_bill>();
//   their texts must live until the call returns.
// * Providers, subscribers and clocks are classes to derive from; an exception
//   that leaves one of their methods is caught: a provider's makes the outcome
//   unknown. They are shared with the engine, and let go of when it is done.
// * Any method may be called from any thread, except on an object that is being
//   moved from, assigned or destroyed.
#ifndef FUSEPAY_HPP
#define FUSEPAY_HPP

#include "fusepay.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace fusepay {

using Milliseconds = std::chrono::milliseconds;

// A request or record that knows its size, with everything else zero or null.
template <class T>
T begin() noexcept {
    T begun = T();
    begun.struct_size = sizeof(T);
    return begun;
}

// What a call answered instead of doing what it says.
class Error : public std::exception {
public:
    // The status of the call; takes the details over and frees them.
    Error(std::int32_t status, fusepay_error *details) : status_(status) {
        if (details != nullptr) {
            message_ = fusepay_error_message(details);
            if (const char *field = fusepay_error_field(details)) field_ = field;
            if (const char *key = fusepay_error_idempotency_key(details)) idempotency_key_ = key;
            retry_after_ms_ = fusepay_error_retry_after_ms(details);
            fusepay_error_free(&details);
        } else {
            message_ = fusepay_code_meaning(status);
        }
    }

    // One of FUSEPAY_ERR_*.
    std::int32_t code() const noexcept { return status_; }
    // Its stable name, such as "INSUFFICIENT_FUNDS".
    const char *name() const noexcept { return fusepay_code_name(status_); }
    // One of FUSEPAY_ERROR_KIND_*: what to do about it.
    std::uint32_t kind() const noexcept { return fusepay_code_kind(status_); }
    // Whether the same call, with the same idempotency key, may succeed later.
    bool is_retryable() const noexcept { return fusepay_code_is_retryable(status_); }
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

// An owner of a C record.
template <class T>
class Record {
public:
    using C = T;

    Record() noexcept : record_(begin<T>()) {}
    Record(Record &&other) noexcept : record_(other.record_) { other.record_ = begin<T>(); }
    Record &operator=(Record &&other) noexcept {
        std::swap(record_, other.record_);
        return *this;
    }
    Record(const Record &) = delete;
    Record &operator=(const Record &) = delete;
    ~Record() { fusepay_clear(&record_); }

    const T *operator->() const noexcept { return &record_; }
    const T &operator*() const noexcept { return record_; }
    // Where a C function writes.
    T *out() noexcept { return &record_; }

private:
    T record_;
};

// An owner of a C array of records; a range of const references.
template <class Array>
class List : public Record<Array> {
public:
    using Item = std::remove_const_t<std::remove_pointer_t<std::remove_const_t<std::remove_pointer_t<decltype(Array::items)>>>>;

    class Iterator {
    public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = Item;
        using difference_type = std::ptrdiff_t;
        using pointer = const Item *;
        using reference = const Item &;

        Iterator() = default;
        explicit Iterator(const Item *const *place) noexcept : place_(place) {}
        reference operator*() const noexcept { return **place_; }
        pointer operator->() const noexcept { return *place_; }
        Iterator &operator++() noexcept {
            ++place_;
            return *this;
        }
        Iterator operator++(int) noexcept { return Iterator(place_++); }
        bool operator==(const Iterator &other) const noexcept { return place_ == other.place_; }
        bool operator!=(const Iterator &other) const noexcept { return place_ != other.place_; }

    private:
        const Item *const *place_ = nullptr;
    };

    std::size_t size() const noexcept { return (**this).length; }
    bool empty() const noexcept { return size() == 0; }
    const Item &operator[](std::size_t index) const noexcept { return *(**this).items[index]; }
    Iterator begin() const noexcept { return Iterator((**this).items); }
    Iterator end() const noexcept { return empty() ? begin() : Iterator((**this).items + size()); }
};

namespace detail {

// Receives the details of a failure, and throws them.
class Failure {
public:
    Failure() = default;
    Failure(const Failure &) = delete;
    Failure &operator=(const Failure &) = delete;
    ~Failure() { fusepay_error_free(&details_); }

    fusepay_error **out() noexcept { return &details_; }
    void check(std::int32_t status) {
        if (status != FUSEPAY_OK) throw Error(status, std::exchange(details_, nullptr));
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

// Calls a C function that fills a record.
template <class Answer, class Function, class... Arguments>
Answer fetch(Function function, Arguments... arguments) {
    Answer answer;
    call(function, arguments..., answer.out());
    return answer;
}

// Calls a C function that writes a plain value.
template <class Value, class Function, class... Arguments>
Value value(Function function, Arguments... arguments) {
    Value answer{};
    call(function, arguments..., &answer);
    return answer;
}

inline std::string text(const fusepay_text &text) { return std::string(text.text, text.length); }

inline const std::uint8_t *bytes(std::string_view secret) noexcept {
    return reinterpret_cast<const std::uint8_t *>(secret.data());
}

template <class T>
void destroy_shared(void *user_data) {
    delete static_cast<std::shared_ptr<T> *>(user_data);
}

template <class T>
T &shared(void *user_data) {
    return **static_cast<std::shared_ptr<T> *>(user_data);
}

}  // namespace detail

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

// Any id as 36 lower-case characters.
template <class Id>
std::string id_text(const Id &id) {
    char text[FUSEPAY_ID_TEXT_SIZE];
    return fusepay_id_text(id.bytes, text);
}

// An id from its text.
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
inline fusepay_money money(std::int64_t minor, const char *currency) {
    fusepay_money money{};
    money.minor = minor;
    std::strncpy(money.currency, currency, sizeof money.currency - 1);
    return money;
}

// Money as people read it: "2500.00 NGN".
inline std::string money_text(const fusepay_money &money) {
    return detail::text(*detail::fetch<Record<fusepay_text>>(fusepay_money_text, money));
}

// Money of floats would round.
fusepay_money money(double, const char *) = delete;

using Hold = Record<fusepay_hold>;
using HoldList = List<fusepay_hold_array>;
using LimitList = List<fusepay_limit_array>;
using RunReport = Record<fusepay_run_report>;
using Stats = Record<fusepay_stats>;
using Transaction = Record<fusepay_transaction>;
using TransactionList = List<fusepay_transaction_array>;
using VerifyReport = Record<fusepay_verify_report>;
using Wallet = Record<fusepay_wallet>;
using WalletList = List<fusepay_wallet_array>;

// What happened to a payment, as a provider says it.
enum class Outcome : std::uint32_t {
    Paid = FUSEPAY_OUTCOME_KIND_PAID,
    Declined = FUSEPAY_OUTCOME_KIND_DECLINED,
    NotSent = FUSEPAY_OUTCOME_KIND_NOT_SENT,
    Duplicate = FUSEPAY_OUTCOME_KIND_DUPLICATE,
    Pending = FUSEPAY_OUTCOME_KIND_PENDING,
    Unknown = FUSEPAY_OUTCOME_KIND_UNKNOWN,
    Failed = FUSEPAY_OUTCOME_KIND_FAILED,
    ProviderReversed = FUSEPAY_OUTCOME_KIND_PROVIDER_REVERSED,
    NotFound = FUSEPAY_OUTCOME_KIND_NOT_FOUND,
};

// The details of a provider's answer: return reply.paid("PC-1"). Good during the
// call alone. A detail that can't be taken makes the answer unknown.
class Reply {
public:
    explicit Reply(fusepay_reply *reply) noexcept : reply_(reply) {}

    // The biller has the money; its own number for the payment.
    Outcome paid(const std::string &provider_reference) {
        fusepay_reply_provider_reference(reply_, provider_reference.c_str());
        return Outcome::Paid;
    }
    // It reached the biller, which refused.
    Outcome declined(const std::string &code, const std::string &reason) {
        return refuse(Outcome::Declined, code, reason);
    }
    // It provably never reached the biller. A time-out is never this.
    Outcome not_sent(const std::string &cause) { return because(Outcome::NotSent, cause); }
    // The biller has this request id already.
    Outcome duplicate() { return Outcome::Duplicate; }
    // The biller is still at it; when to ask again, if it said so.
    Outcome pending(std::optional<Milliseconds> poll_after = std::nullopt) {
        if (poll_after) fusepay_reply_poll_after_ms(reply_, static_cast<std::uint64_t>(poll_after->count()));
        return Outcome::Pending;
    }
    // Nobody can say.
    Outcome unknown(const std::string &cause) { return because(Outcome::Unknown, cause); }
    // In answer to a query: conclusively not paid, and it will not be.
    Outcome failed(const std::string &code, const std::string &reason) {
        return refuse(Outcome::Failed, code, reason);
    }
    // In answer to a query: it was paid, and the biller took it back.
    Outcome provider_reversed(const std::string &reason) { return because(Outcome::ProviderReversed, reason); }
    // In answer to a query: the biller has never seen this request id.
    Outcome not_found() { return Outcome::NotFound; }

    // What the customer bought.
    Reply &token(const std::string &token) { return set(fusepay_reply_token(reply_, token.c_str())); }
    // A receipt to show.
    Reply &receipt(const std::string &receipt) { return set(fusepay_reply_receipt(reply_, receipt.c_str())); }
    // What the biller says it was paid, in minor units; compared with ours.
    Reply &amount_minor(std::int64_t minor) { return set(fusepay_reply_amount_minor(reply_, minor)); }
    // For whom the biller says it was paid; compared with ours.
    Reply &customer_reference(const std::string &reference) {
        return set(fusepay_reply_customer_reference(reply_, reference.c_str()));
    }
    // The raw answer, and a text of it without secrets.
    Reply &evidence(std::string_view raw, const std::string &text) {
        return set(fusepay_reply_evidence(reply_, detail::bytes(raw), raw.size(), text.c_str()));
    }
    // The customer that was looked up.
    Reply &customer(const std::string &name, OptionalText address = std::nullopt,
                    std::optional<std::int64_t> minimum_minor = std::nullopt) {
        return set(fusepay_reply_customer(reply_, name.c_str(), address.get(), minimum_minor ? &*minimum_minor : nullptr));
    }
    // One biller of the catalogue.
    Reply &biller(const fusepay_biller_entry &biller) { return set(fusepay_reply_biller(reply_, &biller)); }
    // What a webhook says of one payment; uses up the details set before it.
    Reply &notice(const std::string &request_id, Outcome outcome,
                  std::optional<std::int64_t> occurred_at_ms = std::nullopt) {
        return set(fusepay_reply_notice(reply_, request_id.c_str(), static_cast<std::uint32_t>(outcome),
                                        occurred_at_ms ? &*occurred_at_ms : nullptr));
    }
    // Why, for the callbacks that answer a status.
    Reply &reason(const std::string &reason) { return set(fusepay_reply_reason(reply_, reason.c_str())); }

private:
    // A status is not thrown: the library makes the answer unknown by itself.
    Reply &set(std::int32_t) noexcept { return *this; }
    Outcome because(Outcome outcome, const std::string &why) {
        fusepay_reply_reason(reply_, why.c_str());
        return outcome;
    }
    Outcome refuse(Outcome outcome, const std::string &code, const std::string &why) {
        fusepay_reply_code(reply_, code.c_str());
        return because(outcome, why);
    }

    fusepay_reply *reply_;
};

// An outside biller or aggregator. Called by the engine's own threads, several at
// once; may call the engine.
class Provider {
public:
    virtual ~Provider() = default;

    // What it can do; asked once, when it is registered.
    virtual fusepay_capabilities capabilities() const { return begin<fusepay_capabilities>(); }
    // Sends one payment.
    virtual Outcome pay(const fusepay_pay_request &request, Reply &reply) = 0;
    // Asks what became of a payment sent earlier.
    virtual Outcome query(const fusepay_query_request &request, Reply &reply) = 0;
    // Looks a customer up. Answers a status, as the others below.
    virtual std::int32_t validate_customer(const fusepay_customer_request &, Reply &) {
        return FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER;
    }
    // The billers and items it serves.
    virtual std::int32_t catalogue(Reply &) { return FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER; }
    // What is left of the money prepaid there.
    virtual std::int32_t float_balance(fusepay_money &) { return FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER; }
    // Checks a webhook's signature, and says what it means by reply.notice().
    virtual std::int32_t verify_webhook(const fusepay_webhook &, Reply &) {
        return FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER;
    }
};

// Where the engine learns the time. Called from any thread; must not call the engine.
class Clock {
public:
    virtual ~Clock() = default;
    // The wall clock, milliseconds UTC.
    virtual std::int64_t wall_ms() = 0;
    // Milliseconds since some fixed moment; never goes back.
    virtual std::uint64_t monotonic_ms() = 0;
};

namespace detail {

// Runs a method of the host's; what it throws becomes the other answer.
template <class Answer, class Method>
Answer caught(fusepay_reply *reply, Answer otherwise, Method &&method) noexcept {
    try {
        return method();
    } catch (const std::exception &thrown) {
        if (reply != nullptr) fusepay_reply_reason(reply, thrown.what());
    } catch (...) {
        if (reply != nullptr) fusepay_reply_reason(reply, "the adapter threw something that is no std::exception");
    }
    return otherwise;
}

struct ProviderCalls {
    static std::uint32_t pay(void *self, const fusepay_pay_request *request, fusepay_reply *reply) {
        return caught(reply, std::uint32_t{FUSEPAY_OUTCOME_KIND_UNKNOWN}, [&] {
            Reply details(reply);
            return static_cast<std::uint32_t>(shared<Provider>(self).pay(*request, details));
        });
    }
    static std::uint32_t query(void *self, const fusepay_query_request *request, fusepay_reply *reply) {
        return caught(reply, std::uint32_t{FUSEPAY_OUTCOME_KIND_UNKNOWN}, [&] {
            Reply details(reply);
            return static_cast<std::uint32_t>(shared<Provider>(self).query(*request, details));
        });
    }
    static std::int32_t validate_customer(void *self, const fusepay_customer_request *request, fusepay_reply *reply) {
        return caught(reply, std::int32_t{FUSEPAY_ERR_PROVIDER_UNAVAILABLE}, [&] {
            Reply details(reply);
            return shared<Provider>(self).validate_customer(*request, details);
        });
    }
    static std::int32_t catalogue(void *self, fusepay_reply *reply) {
        return caught(reply, std::int32_t{FUSEPAY_ERR_PROVIDER_UNAVAILABLE}, [&] {
            Reply details(reply);
            return shared<Provider>(self).catalogue(details);
        });
    }
    static std::int32_t float_balance(void *self, fusepay_money *balance) {
        return caught(nullptr, std::int32_t{FUSEPAY_ERR_PROVIDER_UNAVAILABLE},
                      [&] { return shared<Provider>(self).float_balance(*balance); });
    }
    static std::int32_t verify_webhook(void *self, const fusepay_webhook *webhook, fusepay_reply *reply) {
        return caught(reply, std::int32_t{FUSEPAY_ERR_WEBHOOK_REJECTED}, [&] {
            Reply details(reply);
            return shared<Provider>(self).verify_webhook(*webhook, details);
        });
    }
    static std::int64_t wall_ms(void *self) { return shared<Clock>(self).wall_ms(); }
    static std::uint64_t monotonic_ms(void *self) { return shared<Clock>(self).monotonic_ms(); }
};

// The C struct of a provider. Whoever gets it owes the destroy.
inline fusepay_provider provider_calls(std::shared_ptr<Provider> provider, const fusepay_capabilities *capabilities) {
    auto calls = begin<fusepay_provider>();
    calls.user_data = new std::shared_ptr<Provider>(std::move(provider));
    calls.destroy = destroy_shared<Provider>;
    calls.capabilities = capabilities;
    calls.pay = ProviderCalls::pay;
    calls.query = ProviderCalls::query;
    calls.validate_customer = ProviderCalls::validate_customer;
    calls.catalogue = ProviderCalls::catalogue;
    calls.float_balance = ProviderCalls::float_balance;
    calls.verify_webhook = ProviderCalls::verify_webhook;
    return calls;
}

}  // namespace detail

// Everything an engine needs to open. Texts and keys are copied. Settings without
// a method of their own are members of raw(): config.raw().quote_life_ms = 60000.
class Config {
public:
    // The database file, and the key that signs tokens: 32 random bytes or more.
    Config(std::string path, std::string key_id, std::string secret) : path_(std::move(path)) {
        key(std::move(key_id), std::move(secret));
    }

    // Adds a key; every key after the first only verifies, until a moment in ms UTC.
    Config &key(std::string id, std::string secret, std::int64_t not_after_ms = 0) {
        keys_.push_back({std::move(id), std::move(secret), not_after_ms});
        return *this;
    }
    // Registers a provider under its code.
    Config &provider(std::string code, std::shared_ptr<Provider> provider) {
        providers_.push_back({std::move(code), std::move(provider)});
        return *this;
    }
    // Drives the queue by run_due() alone, on the host's own thread.
    Config &manual_worker() {
        raw_.worker = FUSEPAY_WORKER_MANUAL;
        return *this;
    }
    // Injects time, and randomness from a seed. The file is marked as simulated.
    Config &simulation(std::shared_ptr<Clock> clock, std::uint64_t seed) {
        clock_ = std::move(clock);
        seed_ = seed;
        return *this;
    }
    // The C struct, for every other setting. Its paths, keys, providers and clock
    // are set when the engine is opened.
    fusepay_config &raw() noexcept { return raw_; }

private:
    friend class Engine;

    struct Key {
        std::string id;
        std::string secret;
        std::int64_t not_after_ms;
    };
    struct Registered {
        std::string code;
        std::shared_ptr<Provider> provider;
    };

    // Opens an engine; the C structs live as long as this call.
    fusepay_engine *open() const {
        fusepay_config config = raw_;
        config.path = path_.c_str();
        std::vector<fusepay_key> keys;
        for (const Key &key : keys_) {
            auto entry = begin<fusepay_key>();
            entry.id = key.id.c_str();
            entry.secret = detail::bytes(key.secret);
            entry.secret_length = key.secret.size();
            entry.not_after_ms = key.not_after_ms;
            keys.push_back(entry);
        }
        config.keys = keys.data();
        config.key_count = keys.size();
        // Asked before anything is handed over: what throws here leaks nothing.
        std::vector<fusepay_capabilities> capabilities;
        for (const Registered &registered : providers_) capabilities.push_back(registered.provider->capabilities());
        std::vector<fusepay_provider> calls(providers_.size());
        std::vector<fusepay_provider_entry> entries(providers_.size());
        auto clock = begin<fusepay_clock>();
        for (std::size_t i = 0; i < providers_.size(); ++i) {
            calls[i] = detail::provider_calls(providers_[i].provider, &capabilities[i]);
            entries[i] = begin<fusepay_provider_entry>();
            entries[i].code = providers_[i].code.c_str();
            entries[i].provider = &calls[i];
        }
        config.providers = entries.data();
        config.provider_count = entries.size();
        if (clock_) {
            clock.user_data = new std::shared_ptr<Clock>(clock_);
            clock.destroy = detail::destroy_shared<Clock>;
            clock.wall_ms = detail::ProviderCalls::wall_ms;
            clock.monotonic_ms = detail::ProviderCalls::monotonic_ms;
            config.clock = &clock;
        }
        if (seed_) config.entropy_seed = &*seed_;
        return detail::value<fusepay_engine *>(fusepay_engine_open, &config);
    }

    std::string path_;
    std::vector<Key> keys_;
    std::vector<Registered> providers_;
    std::shared_ptr<Clock> clock_;
    std::optional<std::uint64_t> seed_;
    fusepay_config raw_ = begin<fusepay_config>();
};

// Wallets and the money in them, as the host sees them.
class Wallets {
public:
    explicit Wallets(const fusepay_engine *engine) noexcept : engine_(engine) {}

    Wallet create(const fusepay_user_id &user, const char *currency, OptionalText label = std::nullopt) const {
        return detail::fetch<Wallet>(fusepay_wallet_create, engine_, &user, currency, label.get());
    }
    Wallet find(const fusepay_wallet_id &id) const { return detail::fetch<Wallet>(fusepay_wallet_find, engine_, &id); }
    WalletList list(const fusepay_user_id &user) const {
        return detail::fetch<WalletList>(fusepay_wallet_list, engine_, &user);
    }
    Transaction fund(const fusepay_money_request &request) const {
        return detail::fetch<Transaction>(fusepay_wallet_fund, engine_, &request);
    }
    Transaction withdraw(const fusepay_money_request &request) const {
        return detail::fetch<Transaction>(fusepay_wallet_withdraw, engine_, &request);
    }
    Transaction credit(const fusepay_money_request &request) const {
        return detail::fetch<Transaction>(fusepay_wallet_credit, engine_, &request);
    }
    Transaction debit(const fusepay_money_request &request) const {
        return detail::fetch<Transaction>(fusepay_wallet_debit, engine_, &request);
    }
    Transaction transfer(const fusepay_transfer_request &request) const {
        return detail::fetch<Transaction>(fusepay_wallet_transfer, engine_, &request);
    }
    TransactionList transfer_batch(const std::vector<fusepay_transfer_request> &requests,
                                   OptionalText idempotency_key = std::nullopt) const {
        return detail::fetch<TransactionList>(fusepay_wallet_transfer_batch, engine_, requests.data(), requests.size(),
                                              idempotency_key.get());
    }
    Hold authorise(const fusepay_hold_request &request) const {
        return detail::fetch<Hold>(fusepay_wallet_authorise, engine_, &request);
    }
    Transaction capture(const fusepay_capture_request &request) const {
        return detail::fetch<Transaction>(fusepay_wallet_capture, engine_, &request);
    }
    Hold release(const fusepay_hold_id &hold, OptionalText idempotency_key = std::nullopt) const {
        return detail::fetch<Hold>(fusepay_wallet_release, engine_, &hold, idempotency_key.get());
    }
    Hold find_hold(const fusepay_hold_id &id) const { return detail::fetch<Hold>(fusepay_wallet_find_hold, engine_, &id); }
    HoldList holds(const fusepay_wallet_id &wallet, std::uint32_t status, std::uint32_t limit) const {
        return detail::fetch<HoldList>(fusepay_wallet_holds, engine_, &wallet, status, limit);
    }
    Wallet set_status(const fusepay_wallet_id &id, std::uint32_t status) const {
        return detail::fetch<Wallet>(fusepay_wallet_set_status, engine_, &id, status);
    }
    Wallet set_credit_limit(const fusepay_wallet_id &id, std::int64_t limit_minor) const {
        return detail::fetch<Wallet>(fusepay_wallet_set_credit_limit, engine_, &id, limit_minor);
    }
    void set_limit(const fusepay_wallet_id &id, const fusepay_limit_request &limit) const {
        detail::call(fusepay_wallet_set_limit, engine_, &id, &limit);
    }
    // Whether there was such a limit.
    bool remove_limit(const fusepay_wallet_id &id, std::uint32_t window, OptionalText category = std::nullopt) const {
        return detail::value<bool>(fusepay_wallet_remove_limit, engine_, &id, window, category.get());
    }
    LimitList limits(const fusepay_wallet_id &id) const {
        return detail::fetch<LimitList>(fusepay_wallet_limits, engine_, &id);
    }

private:
    const fusepay_engine *engine_;
};

// An engine over one database. Move-only; destroying it closes it.
class Engine {
public:
    explicit Engine(const Config &config) : engine_(config.open()) {}
    Engine(Engine &&other) noexcept
        : engine_(std::exchange(other.engine_, nullptr)), is_closed_(std::exchange(other.is_closed_, true)) {}
    Engine &operator=(Engine &&other) noexcept {
        std::swap(engine_, other.engine_);
        std::swap(is_closed_, other.is_closed_);
        return *this;
    }
    Engine(const Engine &) = delete;
    Engine &operator=(const Engine &) = delete;
    ~Engine() { fusepay_engine_close(&engine_, 5000, nullptr); }

    // Closes it, waiting so long for provider calls; later calls throw
    // FUSEPAY_ERR_CLOSED. A second close does nothing.
    void close(Milliseconds deadline) {
        if (std::exchange(is_closed_, true)) return;
        // A copy is set to null: the stale handle says what became of it.
        fusepay_engine *closing = engine_;
        detail::Failure failure;
        failure.check(fusepay_engine_close(&closing, deadline.count(), failure.out()));
    }

    RunReport run_due() const { return detail::fetch<RunReport>(fusepay_engine_run_due, engine()); }
    std::int64_t due_now() const { return detail::value<std::int64_t>(fusepay_engine_due_now, engine()); }
    void register_provider(const std::string &code, std::shared_ptr<Provider> provider) const {
        const auto capabilities = provider->capabilities();
        const auto calls = detail::provider_calls(std::move(provider), &capabilities);
        detail::call(fusepay_engine_register_provider, engine(), code.c_str(), &calls);
    }
    VerifyReport verify() const { return detail::fetch<VerifyReport>(fusepay_engine_verify, engine()); }
    std::string ledger_digest() const {
        return detail::text(*detail::fetch<Record<fusepay_text>>(fusepay_engine_ledger_digest, engine()));
    }
    Stats stats() const { return detail::fetch<Stats>(fusepay_engine_stats, engine()); }
    void backup(const std::string &destination) const {
        detail::call(fusepay_engine_backup, engine(), destination.c_str());
    }
    // How many payments are queried before they are sent.
    std::uint32_t declare_restored() const {
        return detail::value<std::uint32_t>(fusepay_engine_declare_restored, engine());
    }

    Wallets wallet() const noexcept { return Wallets(engine_); }

    // The C handle; still the engine's.
    const fusepay_engine *engine() const noexcept { return engine_; }

private:
    fusepay_engine *engine_;
    bool is_closed_ = false;
};

}  // namespace fusepay

#endif  // FUSEPAY_HPP
