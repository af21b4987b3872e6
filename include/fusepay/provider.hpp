// FusePay for C++17: providers. A part of fusepay.hpp.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef FUSEPAY_PROVIDER_HPP
#define FUSEPAY_PROVIDER_HPP

#include "request.hpp"

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace fusepay {

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
        return set(fusepay_reply_customer(reply_, name.c_str(), address.get(), detail::pointer(minimum_minor)));
    }
    // One biller of the catalogue.
    Reply &biller(const fusepay_biller_entry &biller) { return set(fusepay_reply_biller(reply_, &biller)); }
    Reply &biller(const Biller &biller) {
        const Biller::Entry entry(biller);
        return this->biller(*entry);
    }
    // What a webhook says of one payment; uses up the details set before it.
    Reply &notice(const std::string &request_id, Outcome outcome,
                  std::optional<std::int64_t> occurred_at_ms = std::nullopt) {
        return set(fusepay_reply_notice(reply_, request_id.c_str(), static_cast<std::uint32_t>(outcome),
                                        detail::pointer(occurred_at_ms)));
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

// An outside biller or aggregator. Called by the engine's own threads (in the
// manual worker mode by the one that calls run_due), several at once; may call the
// engine. What a method throws is caught: a payment or query is unknown then, with
// what() as the reason.
class Provider {
public:
    virtual ~Provider() = default;

    // What it can do; asked once, when it is registered.
    virtual fusepay_capabilities capabilities() const { return begin<fusepay_capabilities>(); }
    // Sends one payment. A time-out is unknown(), never not_sent().
    virtual Outcome pay(const fusepay_pay_request &request, Reply &reply) = 0;
    // Asks what became of a payment sent earlier. Must be conclusive to end a
    // payment as failed(): when in doubt, unknown().
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


namespace detail {

// A user_data: a share of an object of the host's. Given to C with release(), and
// taken back by destroy_shared.
template <class T>
std::unique_ptr<std::shared_ptr<T>> share(std::shared_ptr<T> object) {
    return std::make_unique<std::shared_ptr<T>>(std::move(object));
}

template <class T>
void destroy_shared(void *user_data) noexcept {
    delete static_cast<std::shared_ptr<T> *>(user_data);
}

template <class T>
T &shared(void *user_data) noexcept {
    return **static_cast<std::shared_ptr<T> *>(user_data);
}

// Runs a method of a provider; what it throws becomes the other answer.
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
};

// The C struct of a provider. Its user_data is to be shared, and is owed the
// destroy once a function of the library was given it.
inline fusepay_provider provider_calls(const fusepay_capabilities &capabilities) noexcept {
    auto calls = begin<fusepay_provider>();
    calls.destroy = destroy_shared<Provider>;
    calls.capabilities = &capabilities;
    calls.pay = ProviderCalls::pay;
    calls.query = ProviderCalls::query;
    calls.validate_customer = ProviderCalls::validate_customer;
    calls.catalogue = ProviderCalls::catalogue;
    calls.float_balance = ProviderCalls::float_balance;
    calls.verify_webhook = ProviderCalls::verify_webhook;
    return calls;
}

}  // namespace detail

}  // namespace fusepay

#endif  // FUSEPAY_PROVIDER_HPP
