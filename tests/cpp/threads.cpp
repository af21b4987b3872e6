// Goal: one engine serves many threads, the host's and its own.
// Method: threads move money in circles while the engine's worker pays bills; then
// every kobo is where the sum says. Nothing depends on who is faster.
#include "check.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

static constexpr int threads = 4;
static constexpr int rounds = 25;

// Waits until something has been counted so often.
class Counter {
public:
    void add() {
        const std::lock_guard<std::mutex> guard(lock_);
        count_ += 1;
        changed_.notify_all();
    }
    // Whether it came to that within a minute, which is for ever here.
    bool reaches(int count) {
        std::unique_lock<std::mutex> guard(lock_);
        return changed_.wait_for(guard, std::chrono::minutes(1), [&] { return count_ >= count; });
    }

private:
    std::mutex lock_;
    std::condition_variable changed_;
    int count_ = 0;
};

int main() {
    fusepay::Config config("threads.db", "first", "a key of the tests, 32 bytes long");
    config.provider("scripted", std::make_shared<ScriptedBiller>());
    fusepay::Engine engine(config);
    engine.bill().load_catalogue({fusepay::Biller("IKEJA", "Ikeja Electric", "ELECTRICITY", {"scripted"})
                                      .item(fusepay::bill_item("PREPAID", "Prepaid units", "NGN", 100, 5'000'000))});
    const auto ada = engine.auth().register_(fusepay::registration("ada@example.com", "Ada", "Obi", World::password));
    std::vector<fusepay_wallet_id> wallets;
    for (int i = 0; i < threads; ++i) {
        wallets.push_back(engine.wallet().create(ada->user->id, "NGN")->id);
        engine.wallet().fund(fusepay::money_request(wallets.back(), fusepay::money(100'000, "NGN")));
    }
    Counter paid;
    const auto subscription =
        engine.events().subscribe_to("counter", FUSEPAY_START_AT_BEGINNING, {FUSEPAY_EVENT_NAME_BILL_PAYMENT_SUCCESS},
                                     [&](const fusepay_event &) { paid.add(); });
    std::vector<std::thread> workers;
    for (int i = 0; i < threads; ++i) {
        workers.emplace_back([&, i] {
            const auto &from = wallets[static_cast<std::size_t>(i)];
            const auto &to = wallets[static_cast<std::size_t>((i + 1) % threads)];
            const auto session = engine.session(ada->tokens->access);
            for (int round = 0; round < rounds; ++round) {
                engine.wallet().transfer(fusepay::transfer(from, to, fusepay::money(10, "NGN")));
                CHECK(session.wallet().find(from)->balance_minor > 0);
                // Errors are each thread's own.
                CHECK_THROWS(FUSEPAY_ERR_SAME_WALLET,
                             engine.wallet().transfer(fusepay::transfer(from, from, fusepay::money(10, "NGN"))));
                if (round % 5 == 0) {
                    engine.bill().pay(fusepay::pay_bill(from, "IKEJA", "PREPAID", "paid", fusepay::money(100, "NGN")));
                }
            }
        });
    }
    for (auto &worker : workers) worker.join();
    CHECK(paid.reaches(threads * rounds / 5));
    for (const auto &wallet : wallets) CHECK(engine.wallet().find(wallet)->balance_minor == 100'000 - rounds / 5 * 100);
    CHECK(engine.verify()->is_sound);
}
