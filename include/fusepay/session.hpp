// FusePay for C++17: users and sessions. A part of fusepay.hpp.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef FUSEPAY_SESSION_HPP
#define FUSEPAY_SESSION_HPP

#include "money.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace fusepay {

// Users and sessions, as the host sees them. Passwords and tokens are secrets: the
// library wipes its copies, yours are yours to wipe.
class Auth : public detail::Group<fusepay_engine> {
public:
    using Group::Group;

    // Holds secrets, wiped when the record is destroyed; so do the tokens below.
    Registered register_(const fusepay_registration &request) const {
        return fetch<Registered>(fusepay_auth_register, &request);
    }
    Tokens login(const fusepay_login &request) const { return fetch<Tokens>(fusepay_auth_login, &request); }
    Tokens refresh(const char *refresh_token) const { return fetch<Tokens>(fusepay_auth_refresh, refresh_token); }
    Principal verify(const char *access_token) const { return fetch<Principal>(fusepay_auth_verify, access_token); }
    void logout(const char *access_token) const { call(fusepay_auth_logout, access_token); }
    void logout_everywhere(const char *access_token) const { call(fusepay_auth_logout_everywhere, access_token); }
    Tokens change_password(const char *access_token, std::string_view current, std::string_view next) const {
        return fetch<Tokens>(fusepay_auth_change_password, access_token, detail::bytes(current), current.size(),
                             detail::bytes(next), next.size());
    }
    User find_user(const fusepay_user_id &id) const { return fetch<User>(fusepay_auth_find_user, &id); }
    User update_profile(const fusepay_user_id &id, OptionalText first_name, OptionalText last_name,
                        std::optional<std::int64_t> expected_version = std::nullopt) const {
        return fetch<User>(fusepay_auth_update_profile, &id, first_name.get(), last_name.get(),
                           detail::pointer(expected_version));
    }
    UserPage list_users(const std::optional<fusepay_user_id> &after, std::uint32_t limit) const {
        return fetch<UserPage>(fusepay_auth_list_users, detail::pointer(after), limit);
    }
    UserPage search_users(const char *text, const std::optional<fusepay_user_id> &after, std::uint32_t limit) const {
        return fetch<UserPage>(fusepay_auth_search_users, text, detail::pointer(after), limit);
    }
    User set_role(const fusepay_user_id &id, std::uint32_t role) const {
        return fetch<User>(fusepay_auth_set_role, &id, role);
    }
    User deactivate(const fusepay_user_id &id) const { return fetch<User>(fusepay_auth_deactivate, &id); }
    User reactivate(const fusepay_user_id &id) const { return fetch<User>(fusepay_auth_reactivate, &id); }
    SessionList sessions(const fusepay_user_id &id) const { return fetch<SessionList>(fusepay_auth_sessions, &id); }
    void revoke_session(const fusepay_session_id &id) const { call(fusepay_auth_revoke_session, &id); }
    void end_sessions(const fusepay_user_id &id) const { call(fusepay_auth_end_sessions, &id); }
    void rotate_signing_key(const char *kid, std::string_view key, std::int64_t old_not_after_ms) const {
        call(fusepay_auth_rotate_signing_key, kid, detail::bytes(key), key.size(), old_not_after_ms);
    }
    void retire_key(const char *kid) const { call(fusepay_auth_retire_key, kid); }
};

// A session's wallets.
class SessionWallets : public detail::Group<fusepay_session> {
public:
    using Group::Group;

    WalletList list() const { return fetch<WalletList>(fusepay_session_wallet_list); }
    Wallet create(const char *currency, OptionalText label = std::nullopt) const {
        return fetch<Wallet>(fusepay_session_wallet_create, currency, label.get());
    }
    Wallet find(const fusepay_wallet_id &id) const { return fetch<Wallet>(fusepay_session_wallet_find, &id); }
    Transaction transfer(const fusepay_transfer_request &request) const {
        return fetch<Transaction>(fusepay_session_wallet_transfer, &request);
    }
    Hold find_hold(const fusepay_hold_id &id) const { return fetch<Hold>(fusepay_session_wallet_find_hold, &id); }
    HoldList holds(const fusepay_wallet_id &wallet, std::uint32_t status, std::uint32_t limit) const {
        return fetch<HoldList>(fusepay_session_wallet_holds, &wallet, status, limit);
    }
    LimitList limits(const fusepay_wallet_id &id) const {
        return fetch<LimitList>(fusepay_session_wallet_limits, &id);
    }
};

// A session's bills.
class SessionBills : public detail::Group<fusepay_session> {
public:
    using Group::Group;

    BillerList billers(OptionalText category, OptionalText after, std::uint32_t limit) const {
        return fetch<BillerList>(fusepay_session_bill_billers, category.get(), after.get(), limit);
    }
    BillItemList items(const char *biller) const { return fetch<BillItemList>(fusepay_session_bill_items, biller); }
    Customer validate_customer(const char *biller, const char *item, const char *customer_reference) const {
        return fetch<Customer>(fusepay_session_bill_validate_customer, biller, item, customer_reference);
    }
    Quote quote(const fusepay_quote_request &request) const {
        return fetch<Quote>(fusepay_session_bill_quote, &request);
    }
    Payment pay(const fusepay_pay_bill &request) const { return fetch<Payment>(fusepay_session_bill_pay, &request); }
    Payment find(const fusepay_payment_id &id) const { return fetch<Payment>(fusepay_session_bill_find, &id); }
    Payment refresh(const fusepay_payment_id &id, Milliseconds deadline) const {
        return fetch<Payment>(fusepay_session_bill_refresh, &id, std::int64_t{deadline.count()});
    }
    PaymentList list(const fusepay_wallet_id &wallet, const std::optional<fusepay_payment_id> &before,
                     std::uint32_t limit) const {
        return fetch<PaymentList>(fusepay_session_bill_list, &wallet, detail::pointer(before), limit);
    }
    // Secrets: wiped when the list is destroyed, unlike your copies.
    TextList tokens(const fusepay_payment_id &id) const { return fetch<TextList>(fusepay_session_bill_tokens, &id); }
};

// A session's histories.
class SessionHistory : public detail::Group<fusepay_session> {
public:
    using Group::Group;
    using Filter = History::Filter;

    TransactionList find(const fusepay_transaction_id &id) const {
        return fetch<TransactionList>(fusepay_session_history_find, &id);
    }
    TransactionList find_by_reference(const char *reference) const {
        return fetch<TransactionList>(fusepay_session_history_find_by_reference, reference);
    }
    TransactionPage page(const fusepay_wallet_id &wallet, const Filter &filter, OptionalText cursor,
                         std::uint32_t limit) const {
        return fetch<TransactionPage>(fusepay_session_history_page, &wallet, detail::pointer(filter), cursor.get(),
                                      limit);
    }
    TransactionPage page_of_all(const Filter &filter, OptionalText cursor, std::uint32_t limit) const {
        return fetch<TransactionPage>(fusepay_session_history_page_of_all, detail::pointer(filter), cursor.get(), limit);
    }
    Statement statement(const fusepay_wallet_id &wallet, std::int64_t from_ms, std::int64_t until_ms) const {
        return fetch<Statement>(fusepay_session_history_statement, &wallet, from_ms, until_ms);
    }
    std::string statement_csv(const fusepay_wallet_id &wallet, std::int64_t from_ms, std::int64_t until_ms) const {
        return detail::text(*fetch<Text>(fusepay_session_history_statement_csv, &wallet, from_ms, until_ms));
    }
    std::string statement_json(const fusepay_wallet_id &wallet, std::int64_t from_ms, std::int64_t until_ms) const {
        return detail::text(*fetch<Text>(fusepay_session_history_statement_json, &wallet, from_ms, until_ms));
    }
    fusepay_money balance_at(const fusepay_wallet_id &wallet, std::int64_t at_ms) const {
        return value<fusepay_money>(fusepay_session_history_balance_at, &wallet, at_ms);
    }
};

// What a session's role opens beyond the user's own: throws FUSEPAY_ERR_FORBIDDEN
// for what it does not.
class Operator : public detail::Group<fusepay_session> {
public:
    using Group::Group;
    using Filter = History::Filter;

    UserPage list_users(const std::optional<fusepay_user_id> &after, std::uint32_t limit) const {
        return fetch<UserPage>(fusepay_session_operator_list_users, detail::pointer(after), limit);
    }
    UserPage search_users(const char *text, const std::optional<fusepay_user_id> &after, std::uint32_t limit) const {
        return fetch<UserPage>(fusepay_session_operator_search_users, text, detail::pointer(after), limit);
    }
    User find_user(const fusepay_user_id &id) const { return fetch<User>(fusepay_session_operator_find_user, &id); }
    SessionList sessions(const fusepay_user_id &id) const {
        return fetch<SessionList>(fusepay_session_operator_sessions, &id);
    }
    void end_sessions(const fusepay_user_id &id) const { call(fusepay_session_operator_end_sessions, &id); }
    User deactivate(const fusepay_user_id &id) const { return fetch<User>(fusepay_session_operator_deactivate, &id); }
    User reactivate(const fusepay_user_id &id) const { return fetch<User>(fusepay_session_operator_reactivate, &id); }
    User set_role(const fusepay_user_id &id, std::uint32_t role) const {
        return fetch<User>(fusepay_session_operator_set_role, &id, role);
    }
    Wallet find_wallet(const fusepay_wallet_id &id) const {
        return fetch<Wallet>(fusepay_session_operator_find_wallet, &id);
    }
    WalletList list_wallets(const fusepay_user_id &user) const {
        return fetch<WalletList>(fusepay_session_operator_list_wallets, &user);
    }
    TransactionPage history(const fusepay_wallet_id &wallet, const Filter &filter, OptionalText cursor,
                            std::uint32_t limit) const {
        return fetch<TransactionPage>(fusepay_session_operator_history, &wallet, detail::pointer(filter), cursor.get(),
                                      limit);
    }
    Wallet set_wallet_status(const fusepay_wallet_id &id, std::uint32_t status) const {
        return fetch<Wallet>(fusepay_session_operator_set_wallet_status, &id, status);
    }
    Payment find_payment(const fusepay_payment_id &id) const {
        return fetch<Payment>(fusepay_session_operator_find_payment, &id);
    }
    Explanation explain_payment(const fusepay_payment_id &id) const {
        return fetch<Explanation>(fusepay_session_operator_explain_payment, &id);
    }
    PaymentList list_payments(std::uint32_t status, const std::optional<fusepay_payment_id> &after,
                              std::uint32_t limit) const {
        return fetch<PaymentList>(fusepay_session_operator_list_payments, status, detail::pointer(after), limit);
    }
    Payment refund(const fusepay_refund_request &request) const {
        return fetch<Payment>(fusepay_session_operator_refund, &request);
    }
    Payment reverse(const fusepay_payment_id &id) const {
        return fetch<Payment>(fusepay_session_operator_reverse, &id);
    }
    Payment resolve_review(const fusepay_payment_id &id, const fusepay_review_verdict &verdict,
                           const char *reason) const {
        return fetch<Payment>(fusepay_session_operator_resolve_review, &id, &verdict, reason);
    }
    PaymentList open_suspense(std::uint32_t limit) const {
        return fetch<PaymentList>(fusepay_session_operator_open_suspense, limit);
    }
    Payment release_suspense(const fusepay_payment_id &id,
                             const std::optional<fusepay_wallet_id> &to = std::nullopt) const {
        return fetch<Payment>(fusepay_session_operator_release_suspense, &id, detail::pointer(to));
    }
    PaymentList open_claims(std::uint32_t limit) const {
        return fetch<PaymentList>(fusepay_session_operator_open_claims, limit);
    }
    Payment settle_claim(const fusepay_payment_id &id, std::uint32_t settlement, const char *reason) const {
        return fetch<Payment>(fusepay_session_operator_settle_claim, &id, settlement, reason);
    }
    JobList dead_letters(std::optional<std::int64_t> after, std::uint32_t limit) const {
        return fetch<JobList>(fusepay_session_operator_dead_letters, detail::pointer(after), limit);
    }
    JobCountList job_counts() const { return fetch<JobCountList>(fusepay_session_operator_job_counts); }
    Job retry_job(std::int64_t id) const { return fetch<Job>(fusepay_session_operator_retry_job, id); }
    void resolve_job(std::int64_t id, const char *reason) const {
        call(fusepay_session_operator_resolve_job, id, reason);
    }
};

// What the user an access token stands for may do, and nothing else. Move-only;
// destroying it closes the handle, and leaves the session itself alone. Its groups
// are good as long as it.
class Session {
public:
    // As fusepay_session_open; engine.session(token) is shorter.
    Session(const fusepay_engine *engine, const char *access_token)
        : session_(detail::value<fusepay_session *>(fusepay_session_open, engine, access_token)) {}
    Session(Session &&other) noexcept : session_(std::exchange(other.session_, nullptr)) {}
    Session &operator=(Session &&other) noexcept {
        std::swap(session_, other.session_);
        return *this;
    }
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;
    ~Session() { fusepay_session_close(&session_); }

    Principal principal() const { return detail::fetch<Principal>(fusepay_session_principal, handle()); }
    User profile() const { return detail::fetch<User>(fusepay_session_profile, handle()); }
    User update_profile(OptionalText first_name, OptionalText last_name,
                        std::optional<std::int64_t> expected_version = std::nullopt) const {
        return detail::fetch<User>(fusepay_session_update_profile, handle(), first_name.get(), last_name.get(),
                                   detail::pointer(expected_version));
    }
    Tokens change_password(std::string_view current, std::string_view next) const {
        return detail::fetch<Tokens>(fusepay_session_change_password, handle(), detail::bytes(current), current.size(),
                                     detail::bytes(next), next.size());
    }
    SessionList sessions() const { return detail::fetch<SessionList>(fusepay_session_sessions, handle()); }
    void revoke_session(const fusepay_session_id &id) const {
        detail::call(fusepay_session_revoke_session, handle(), &id);
    }
    void logout() const { detail::call(fusepay_session_logout, handle()); }
    void logout_everywhere() const { detail::call(fusepay_session_logout_everywhere, handle()); }

    SessionWallets wallet() const noexcept { return SessionWallets(session_); }
    SessionBills bill() const noexcept { return SessionBills(session_); }
    SessionHistory history() const noexcept { return SessionHistory(session_); }
    // `operator` is a word of the language.
    Operator operator_() const noexcept { return Operator(session_); }

    // The C handle; still the session's.
    const fusepay_session *handle() const noexcept { return session_; }

private:
    fusepay_session *session_;
};

}  // namespace fusepay

#endif  // FUSEPAY_SESSION_HPP
