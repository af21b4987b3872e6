// FusePay for C++17: requests with what they must have. A part of fusepay.hpp.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef FUSEPAY_REQUEST_HPP
#define FUSEPAY_REQUEST_HPP

#include "value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fusepay {

// Requests with what they must have; everything else is a member to set:
//
//     auto bill = fusepay::pay_bill(wallet->id, "IKEJA", "PREPAID", "0123", fusepay::money("2500", "NGN"));
//     bill.idempotency_key = key.c_str();
//     auto payment = engine.bill().pay(bill);
//
// Nothing is copied: texts, passwords and whatever a member points to must live
// until the call that takes the request returns.

// Money into or out of a wallet.
inline fusepay_money_request money_request(const fusepay_wallet_id &wallet, const fusepay_money &amount) noexcept {
    auto request = begin<fusepay_money_request>();
    request.wallet_id = wallet;
    request.amount = amount;
    return request;
}

// Money from one wallet to another.
inline fusepay_transfer_request transfer(const fusepay_wallet_id &from, const fusepay_wallet_id &to,
                                         const fusepay_money &amount) noexcept {
    auto request = begin<fusepay_transfer_request>();
    request.from = from;
    request.to = to;
    request.amount = amount;
    return request;
}

// Part of a balance to reserve, and for how long.
inline fusepay_hold_request hold_request(const fusepay_wallet_id &wallet, const fusepay_money &amount,
                                         Milliseconds life) noexcept {
    auto request = begin<fusepay_hold_request>();
    request.wallet_id = wallet;
    request.amount = amount;
    request.life_ms = life.count();
    return request;
}

// Held money to take to the outside; set `to` for another wallet.
inline fusepay_capture_request capture_request(const fusepay_hold_id &hold, const fusepay_money &amount) noexcept {
    auto request = begin<fusepay_capture_request>();
    request.hold_id = hold;
    request.amount = amount;
    return request;
}

// A bound on what leaves a wallet; set `amount_max_minor`, `count_max` or both.
inline fusepay_limit_request limit_request(std::uint32_t window) noexcept {
    auto request = begin<fusepay_limit_request>();
    request.window = window;
    return request;
}

// A bill to pay.
inline fusepay_pay_bill pay_bill(const fusepay_wallet_id &wallet, const char *biller, const char *item,
                                 const char *customer_reference, const fusepay_money &amount) noexcept {
    auto request = begin<fusepay_pay_bill>();
    request.wallet_id = wallet;
    request.biller = biller;
    request.item = item;
    request.customer_reference = customer_reference;
    request.amount = amount;
    return request;
}

// A bill to price.
inline fusepay_quote_request quote_request(const fusepay_user_id &user, const char *biller, const char *item,
                                           const char *customer_reference, const fusepay_money &amount) noexcept {
    auto request = begin<fusepay_quote_request>();
    request.user_id = user;
    request.biller = biller;
    request.item = item;
    request.customer_reference = customer_reference;
    request.amount = amount;
    return request;
}

// Money of a completed payment to return; `source` is one of FUSEPAY_REFUND_SOURCE_*.
inline fusepay_refund_request refund_request(const fusepay_payment_id &payment, const fusepay_money &amount,
                                             std::uint32_t source, const char *reason) noexcept {
    auto request = begin<fusepay_refund_request>();
    request.payment_id = payment;
    request.amount = amount;
    request.source = source;
    request.reason = reason;
    return request;
}

// What an operator found out: one of FUSEPAY_REVIEW_VERDICT_*, for _PAID with the
// biller's receipt.
inline fusepay_review_verdict review_verdict(std::uint32_t verdict,
                                             const fusepay_paid_receipt *receipt = nullptr) noexcept {
    auto request = begin<fusepay_review_verdict>();
    request.verdict = verdict;
    request.receipt = receipt;
    return request;
}

// Who wants to become a user.
inline fusepay_registration registration(const char *email, const char *first_name, const char *last_name,
                                         std::string_view password) noexcept {
    auto request = begin<fusepay_registration>();
    request.email = email;
    request.first_name = first_name;
    request.last_name = last_name;
    request.password = detail::bytes(password);
    request.password_length = password.size();
    return request;
}

// Who wants to log in.
inline fusepay_login login(const char *email, std::string_view password) noexcept {
    auto request = begin<fusepay_login>();
    request.email = email;
    request.password = detail::bytes(password);
    request.password_length = password.size();
    return request;
}

// A webhook as the host received it.
inline fusepay_webhook webhook(const std::vector<fusepay_header> &headers, std::string_view body) noexcept {
    auto request = begin<fusepay_webhook>();
    request.headers = headers.data();
    request.header_count = headers.size();
    request.body = detail::bytes(body);
    request.body_length = body.size();
    return request;
}

// Something a biller sells, its least and most in minor units.
inline fusepay_bill_item_entry bill_item(const char *code, const char *name, const char *currency,
                                         std::int64_t minimum_minor, std::int64_t maximum_minor) noexcept {
    auto entry = begin<fusepay_bill_item_entry>();
    entry.code = code;
    entry.name = name;
    entry.currency = currency;
    entry.minimum_minor = minimum_minor;
    entry.maximum_minor = maximum_minor;
    return entry;
}

// A company that bills are paid to, with what it sells, to be loaded. Unlike the
// requests above it owns everything it is given:
//
//     engine.bill().load_catalogue({fusepay::Biller("IKEJA", "Ikeja Electric", "ELECTRICITY", {"vtpass"})
//                                       .item(fusepay::bill_item("PREPAID", "Prepaid units", "NGN", 100, 5'000'000))});
class Biller {
private:
    struct Item {
        std::string code;
        std::string name;
        std::string currency;
        fusepay_bill_item_entry entry;
        std::optional<fusepay_fee> fee;
        std::optional<std::int64_t> fee_maximum_minor;
    };

public:
    // Its code, name and category, and the codes of the providers that serve it.
    Biller(std::string code, std::string name, std::string category, std::vector<std::string> providers)
        : code_(std::move(code)), name_(std::move(name)), category_(std::move(category)),
          providers_(std::move(providers)) {}

    // Adds what it sells: a copy of the entry, its texts and its fee.
    Biller &item(const fusepay_bill_item_entry &entry) {
        Item item{entry.code, entry.name, entry.currency, entry, std::nullopt, std::nullopt};
        if (entry.fee != nullptr) {
            item.fee = *entry.fee;
            if (entry.fee->maximum_minor != nullptr) item.fee_maximum_minor = *entry.fee->maximum_minor;
        }
        items_.push_back(std::move(item));
        return *this;
    }
    // Says that it can't be paid now.
    Biller &disabled() noexcept {
        is_disabled_ = true;
        return *this;
    }

    // The C struct of a biller, and what it points to. Good as long as both.
    class Entry {
    public:
        explicit Entry(const Biller &biller) {
            for (const std::string &provider : biller.providers_) providers_.push_back(provider.c_str());
            // Never moved again: items point to fees.
            fees_.reserve(biller.items_.size());
            for (const Item &item : biller.items_) items_.push_back(entry_of(item));
            entry_.code = biller.code_.c_str();
            entry_.name = biller.name_.c_str();
            entry_.category = biller.category_.c_str();
            entry_.providers = providers_.data();
            entry_.provider_count = providers_.size();
            entry_.items = items_.data();
            entry_.item_count = items_.size();
            entry_.is_disabled = biller.is_disabled_ ? 1 : 0;
        }
        const fusepay_biller_entry &operator*() const noexcept { return entry_; }

    private:
        fusepay_bill_item_entry entry_of(const Item &item) {
            auto entry = item.entry;
            entry.code = item.code.c_str();
            entry.name = item.name.c_str();
            entry.currency = item.currency.c_str();
            if (item.fee) {
                fees_.push_back(*item.fee);
                fees_.back().maximum_minor = detail::pointer(item.fee_maximum_minor);
                entry.fee = &fees_.back();
            }
            return entry;
        }

        std::vector<const char *> providers_;
        std::vector<fusepay_fee> fees_;
        std::vector<fusepay_bill_item_entry> items_;
        fusepay_biller_entry entry_ = begin<fusepay_biller_entry>();
    };

private:
    std::string code_;
    std::string name_;
    std::string category_;
    std::vector<std::string> providers_;
    std::vector<Item> items_;
    bool is_disabled_ = false;
};

}  // namespace fusepay

#endif  // FUSEPAY_REQUEST_HPP
