// FusePay for C++17: owners over fusepay.h, header only.
// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What fusepay.h says of each function holds here too, under the same name:
// fusepay_wallet_fund is engine.wallet().fund. This header adds who owns what, and
// turns statuses into exceptions.
//
// * A call that fails throws fusepay::Error. Hosts that want results instead wrap
//   a call in fusepay::attempt(), which answers the value or the error.
// * Records (Wallet, Payment, …) are move-only owners of the C structs:
//   wallet->balance_minor. Lists are ranges of them. What a record points to lives
//   as long as it.
// * Requests are the C structs, begun with fusepay::begin<fusepay_pay_bill>(), or
//   by a function with what they must have: fusepay::pay_bill(…). They borrow:
//   their texts must live until the call returns.
// * What may be absent is a std::optional, or for texts an OptionalText, which also
//   borrows; std::nullopt for none.
// * Providers, subscribers, loggers, clocks and entropies are classes to derive
//   from; the engine shares them until it is done with them. What a provider or
//   subscriber throws is caught, and means unknown, or told again.
// * Any method may be called from any thread, except on an object that is being
//   moved from, assigned or destroyed. A record belongs to one thread at a time.
#ifndef FUSEPAY_HPP
#define FUSEPAY_HPP

#include "fusepay/config.hpp"
#include "fusepay/error.hpp"
#include "fusepay/event.hpp"
#include "fusepay/log.hpp"
#include "fusepay/money.hpp"
#include "fusepay/provider.hpp"
#include "fusepay/record.hpp"
#include "fusepay/request.hpp"
#include "fusepay/session.hpp"
#include "fusepay/value.hpp"
#include "fusepay/word.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace fusepay {

// An engine over one database. Move-only; destroying it closes it, waiting at most
// five seconds for provider calls. A call on one that was moved from throws
// FUSEPAY_ERR_INVALID_HANDLE.
class Engine {
public:
    // As fusepay_engine_open.
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
    ~Engine() {
        if (!is_closed_) fusepay_engine_close(&engine_, 5000, nullptr);
    }

    // Closes it, waiting at most so long for provider calls; later calls throw
    // FUSEPAY_ERR_CLOSED. A second close does nothing. Throws nothing the file is
    // not closed after, but for a negative deadline and FUSEPAY_ERR_FORKED.
    void close(Milliseconds deadline) {
        if (is_closed_) return;
        // A copy is set to null: the handle that stays says what became of it.
        fusepay_engine *closing = engine_;
        detail::Failure failure;
        const std::int32_t status = fusepay_engine_close(&closing, deadline.count(), failure.out());
        is_closed_ = closing == nullptr;
        failure.check(status);
    }

    RunReport run_due() const { return detail::fetch<RunReport>(fusepay_engine_run_due, handle()); }
    std::int64_t due_now() const { return detail::value<std::int64_t>(fusepay_engine_due_now, handle()); }
    // Shares the provider with the engine.
    void register_provider(const char *code, std::shared_ptr<Provider> provider) const {
        const auto capabilities = provider->capabilities();
        auto calls = detail::provider_calls(capabilities);
        calls.user_data = detail::share(std::move(provider)).release();
        detail::call(fusepay_engine_register_provider, handle(), code, &calls);
    }
    VerifyReport verify() const { return detail::fetch<VerifyReport>(fusepay_engine_verify, handle()); }
    std::string ledger_digest() const {
        return detail::text(*detail::fetch<Text>(fusepay_engine_ledger_digest, handle()));
    }
    Stats stats() const { return detail::fetch<Stats>(fusepay_engine_stats, handle()); }
    void backup(const char *destination) const { detail::call(fusepay_engine_backup, handle(), destination); }
    // How many payments are queried before they are sent.
    std::uint32_t declare_restored() const {
        return detail::value<std::uint32_t>(fusepay_engine_declare_restored, handle());
    }

    Auth auth() const noexcept { return Auth(engine_); }
    Wallets wallet() const noexcept { return Wallets(engine_); }
    Bills bill() const noexcept { return Bills(engine_); }
    Reversals reversal() const noexcept { return Reversals(engine_); }
    History history() const noexcept { return History(engine_); }
    Events events() const noexcept { return Events(engine_); }
    Queue queue() const noexcept { return Queue(engine_); }
    Audit audit() const noexcept { return Audit(engine_); }
    // What the user an access token stands for may do.
    Session session(const char *access_token) const { return Session(engine_, access_token); }

    // The C handle; still the engine's.
    const fusepay_engine *handle() const noexcept { return engine_; }

private:
    fusepay_engine *engine_;
    bool is_closed_ = false;
};

}  // namespace fusepay

#endif  // FUSEPAY_HPP
