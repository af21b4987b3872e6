// FusePay for C++17: wallets, bills, reversals and histories. A part of fusepay.hpp.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef FUSEPAY_MONEY_HPP
#define FUSEPAY_MONEY_HPP

#include "request.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace fusepay {

// The groups of operations: engine.wallet(), engine.bill(), … Each method is as the C
// function of its name: engine.wallet().fund() as fusepay_wallet_fund. A group is a
// handle to copy, which owns nothing: once its engine is closed, it throws
// FUSEPAY_ERR_CLOSED.

// Wallets and the money in them, as the host sees them.
class Wallets : public detail::Group<fusepay_engine> {
public:
    using Group::Group;

    Wallet create(const fusepay_user_id &user, const char *currency, OptionalText label = std::nullopt) const {
        return fetch<Wallet>(fusepay_wallet_create, &user, currency, label.get());
    }
    Wallet find(const fusepay_wallet_id &id) const { return fetch<Wallet>(fusepay_wallet_find, &id); }
    WalletList list(const fusepay_user_id &user) const { return fetch<WalletList>(fusepay_wallet_list, &user); }
    Transaction fund(const fusepay_money_request &request) const {
        return fetch<Transaction>(fusepay_wallet_fund, &request);
    }
    Transaction withdraw(const fusepay_money_request &request) const {
        return fetch<Transaction>(fusepay_wallet_withdraw, &request);
    }
    Transaction credit(const fusepay_money_request &request) const {
        return fetch<Transaction>(fusepay_wallet_credit, &request);
    }
    Transaction debit(const fusepay_money_request &request) const {
        return fetch<Transaction>(fusepay_wallet_debit, &request);
    }
    Transaction transfer(const fusepay_transfer_request &request) const {
        return fetch<Transaction>(fusepay_wallet_transfer, &request);
    }
    TransactionList transfer_batch(const std::vector<fusepay_transfer_request> &requests,
                                   OptionalText idempotency_key = std::nullopt) const {
        return fetch<TransactionList>(fusepay_wallet_transfer_batch, requests.data(), requests.size(),
                                      idempotency_key.get());
    }
    Hold authorise(const fusepay_hold_request &request) const { return fetch<Hold>(fusepay_wallet_authorise, &request); }
    Transaction capture(const fusepay_capture_request &request) const {
        return fetch<Transaction>(fusepay_wallet_capture, &request);
    }
    Hold release(const fusepay_hold_id &hold, OptionalText idempotency_key = std::nullopt) const {
        return fetch<Hold>(fusepay_wallet_release, &hold, idempotency_key.get());
    }
    Hold find_hold(const fusepay_hold_id &id) const { return fetch<Hold>(fusepay_wallet_find_hold, &id); }
    HoldList holds(const fusepay_wallet_id &wallet, std::uint32_t status, std::uint32_t limit) const {
        return fetch<HoldList>(fusepay_wallet_holds, &wallet, status, limit);
    }
    Wallet set_status(const fusepay_wallet_id &id, std::uint32_t status) const {
        return fetch<Wallet>(fusepay_wallet_set_status, &id, status);
    }
    Wallet set_credit_limit(const fusepay_wallet_id &id, std::int64_t limit_minor) const {
        return fetch<Wallet>(fusepay_wallet_set_credit_limit, &id, limit_minor);
    }
    void set_limit(const fusepay_wallet_id &id, const fusepay_limit_request &limit) const {
        call(fusepay_wallet_set_limit, &id, &limit);
    }
    // Whether there was such a limit.
    bool remove_limit(const fusepay_wallet_id &id, std::uint32_t window, OptionalText category = std::nullopt) const {
        return value<bool>(fusepay_wallet_remove_limit, &id, window, category.get());
    }
    LimitList limits(const fusepay_wallet_id &id) const { return fetch<LimitList>(fusepay_wallet_limits, &id); }
};

// Bills, as the host sees them.
class Bills : public detail::Group<fusepay_engine> {
public:
    using Group::Group;

    void load_catalogue(const std::vector<fusepay_biller_entry> &billers) const {
        call(fusepay_bill_load_catalogue, billers.data(), billers.size());
    }
    void load_catalogue(const std::vector<Biller> &billers) const {
        // A deque: what an entry points to never moves.
        std::deque<Biller::Entry> owned;
        std::vector<fusepay_biller_entry> entries;
        for (const Biller &biller : billers) entries.push_back(*owned.emplace_back(biller));
        load_catalogue(entries);
    }
    // How many billers the provider serves.
    std::size_t load_catalogue_of(const char *provider) const {
        return value<std::size_t>(fusepay_bill_load_catalogue_of, provider);
    }
    BillerList billers(OptionalText category, OptionalText after, std::uint32_t limit) const {
        return fetch<BillerList>(fusepay_bill_billers, category.get(), after.get(), limit);
    }
    BillItemList items(const char *biller) const { return fetch<BillItemList>(fusepay_bill_items, biller); }
    Customer validate_customer(const char *biller, const char *item, const char *customer_reference) const {
        return fetch<Customer>(fusepay_bill_validate_customer, biller, item, customer_reference);
    }
    Quote quote(const fusepay_quote_request &request) const { return fetch<Quote>(fusepay_bill_quote, &request); }
    Payment pay(const fusepay_pay_bill &request) const { return fetch<Payment>(fusepay_bill_pay, &request); }
    Payment find(const fusepay_payment_id &id) const { return fetch<Payment>(fusepay_bill_find, &id); }
    Payment refresh(const fusepay_payment_id &id, Milliseconds deadline) const {
        return fetch<Payment>(fusepay_bill_refresh, &id, std::int64_t{deadline.count()});
    }
    PaymentList list(const fusepay_wallet_id &wallet, const std::optional<fusepay_payment_id> &before,
                     std::uint32_t limit) const {
        return fetch<PaymentList>(fusepay_bill_list, &wallet, detail::pointer(before), limit);
    }
    PaymentList list_by_status(std::uint32_t status, const std::optional<fusepay_payment_id> &after,
                               std::uint32_t limit) const {
        return fetch<PaymentList>(fusepay_bill_list_by_status, status, detail::pointer(after), limit);
    }
    // Secrets: wiped when the list is destroyed, unlike your copies.
    TextList tokens(const fusepay_payment_id &id) const { return fetch<TextList>(fusepay_bill_tokens, &id); }
    Explanation explain(const fusepay_payment_id &id) const { return fetch<Explanation>(fusepay_bill_explain, &id); }
    WebhookReceipt receive_webhook(const char *provider, const fusepay_webhook &webhook) const {
        return fetch<WebhookReceipt>(fusepay_bill_receive_webhook, provider, &webhook);
    }
    fusepay_money float_balance(const char *provider) const {
        return value<fusepay_money>(fusepay_bill_float_balance, provider);
    }
    void top_up_float(const char *provider, const fusepay_money &amount, const char *external_reference) const {
        call(fusepay_bill_top_up_float, provider, amount, external_reference);
    }
};

// Whatever gives money back.
class Reversals : public detail::Group<fusepay_engine> {
public:
    using Group::Group;

    Payment reverse(const fusepay_payment_id &id) const { return fetch<Payment>(fusepay_reversal_reverse, &id); }
    Payment refund(const fusepay_refund_request &request) const {
        return fetch<Payment>(fusepay_reversal_refund, &request);
    }
    Payment resolve_review(const fusepay_payment_id &id, const fusepay_review_verdict &verdict,
                           const char *reason) const {
        return fetch<Payment>(fusepay_reversal_resolve_review, &id, &verdict, reason);
    }
    PaymentList open_claims(std::uint32_t limit) const {
        return fetch<PaymentList>(fusepay_reversal_open_claims, limit);
    }
    Payment settle_claim(const fusepay_payment_id &id, std::uint32_t settlement, const char *reason) const {
        return fetch<Payment>(fusepay_reversal_settle_claim, &id, settlement, reason);
    }
    PaymentList open_suspense(std::uint32_t limit) const {
        return fetch<PaymentList>(fusepay_reversal_open_suspense, limit);
    }
    Payment release_suspense(const fusepay_payment_id &id,
                             const std::optional<fusepay_wallet_id> &to = std::nullopt) const {
        return fetch<Payment>(fusepay_reversal_release_suspense, &id, detail::pointer(to));
    }
};

// Histories: transactions, pages, statements.
class History : public detail::Group<fusepay_engine> {
public:
    using Group::Group;
    using Filter = std::optional<fusepay_history_filter>;

    TransactionList find(const fusepay_transaction_id &id) const {
        return fetch<TransactionList>(fusepay_history_find, &id);
    }
    TransactionList find_by_reference(const char *reference) const {
        return fetch<TransactionList>(fusepay_history_find_by_reference, reference);
    }
    TransactionList find_by_external_reference(std::uint32_t kind, const char *external_reference) const {
        return fetch<TransactionList>(fusepay_history_find_by_external_reference, kind, external_reference);
    }
    TransactionPage page(const fusepay_wallet_id &wallet, const Filter &filter, OptionalText cursor,
                         std::uint32_t limit) const {
        return fetch<TransactionPage>(fusepay_history_page, &wallet, detail::pointer(filter), cursor.get(), limit);
    }
    TransactionPage page_of_user(const fusepay_user_id &user, const Filter &filter, OptionalText cursor,
                                 std::uint32_t limit) const {
        return fetch<TransactionPage>(fusepay_history_page_of_user, &user, detail::pointer(filter), cursor.get(), limit);
    }
    Statement statement(const fusepay_wallet_id &wallet, std::int64_t from_ms, std::int64_t until_ms) const {
        return fetch<Statement>(fusepay_history_statement, &wallet, from_ms, until_ms);
    }
    std::string statement_csv(const fusepay_wallet_id &wallet, std::int64_t from_ms, std::int64_t until_ms) const {
        return detail::text(*fetch<Text>(fusepay_history_statement_csv, &wallet, from_ms, until_ms));
    }
    std::string statement_json(const fusepay_wallet_id &wallet, std::int64_t from_ms, std::int64_t until_ms) const {
        return detail::text(*fetch<Text>(fusepay_history_statement_json, &wallet, from_ms, until_ms));
    }
    fusepay_money balance_at(const fusepay_wallet_id &wallet, std::int64_t at_ms) const {
        return value<fusepay_money>(fusepay_history_balance_at, &wallet, at_ms);
    }
};

}  // namespace fusepay

#endif  // FUSEPAY_MONEY_HPP
