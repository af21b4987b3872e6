// A whole host of FusePay in C++17: it opens an engine, offers one biller, pays
// three bills and shows what became of each.
//
//     cmake -B build -DCMAKE_PREFIX_PATH=/where/fusepay/is && cmake --build build && build/host
//
// The biller is a class of this program. It takes the first bill, declines the
// second, and gives no answer to the third, although it took the money; the engine
// reverses the second by itself and asks about the third. A real adapter would call
// out: docs/provider-guide.md of FusePay says what it must know.
//
// Time is injected, so that the program ends at once: a host that sells something
// leaves simulation() and manual_worker() alone, and a thread of the engine does
// what run_until_idle() does here.
#include <fusepay.hpp>

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using fusepay::money;
using fusepay::money_text;

class ExampleBiller final : public fusepay::Provider {
public:
    fusepay::Outcome pay(const fusepay_pay_request &request, fusepay::Reply &reply) override {
        std::cout << "  biller is sent     " << money_text(request.amount) << " for " << request.customer_reference << '\n';
        switch (++sent_) {
        case 1:
            return reply.token("1111-2222-3333").paid("PC-1");
        case 2:
            return reply.declined("NO_METER", "no such meter");
        default:
            // It may have been paid: whatever an adapter throws is unknown, never "not sent".
            throw std::runtime_error("no answer within 30 s");
        }
    }
    fusepay::Outcome query(const fusepay_query_request &request, fusepay::Reply &reply) override {
        std::cout << "  biller is asked of " << money_text(request.amount) << '\n';
        return reply.token("7777-8888-9999").paid("PC-3");
    }

private:
    int sent_ = 0;
};

// 2026-03-01T12:00:00Z, until somebody turns the hands.
class ExampleClock final : public fusepay::Clock {
public:
    std::int64_t wall_ms() override { return now_ms; }
    std::uint64_t monotonic_ms() override { return static_cast<std::uint64_t>(now_ms - start_ms); }

    static constexpr std::int64_t start_ms = 1772366400000;
    std::int64_t now_ms = start_ms;
};

static fusepay::Engine open_engine(std::string path, std::shared_ptr<ExampleClock> clock) {
    // The key comes from a secret store: 32 random bytes or more.
    fusepay::Config config(std::move(path), "2026-03", "an example, which is no secret at all");
    config.provider("example", std::make_shared<ExampleBiller>()).simulation(std::move(clock), 1).manual_worker();
    return fusepay::Engine(config);
}

// A new user and the first wallet, with ₦10,000.00 that came in from a bank.
static fusepay_wallet_id register_ada(const fusepay::Engine &engine) {
    const auto ada = engine.auth().register_(
        fusepay::registration("ada@example.com", "Ada", "Obi", "correct horse battery staple"));
    auto request = fusepay::money_request(ada->wallet->id, money("10000.00", "NGN"));
    request.external_reference = "bank-transfer-4711";  // Is booked once, however often it is told.
    engine.wallet().fund(request);
    return ada->wallet->id;
}

static fusepay::Payment pay(const fusepay::Engine &engine, const fusepay_wallet_id &wallet, const char *meter,
                            const char *amount, const char *key) {
    auto bill = fusepay::pay_bill(wallet, "IKEJA", "PREPAID", meter, money(amount, "NGN"));
    bill.idempotency_key = key;  // The call may be repeated with it: the bill is paid once.
    return engine.bill().pay(bill);
}

// Does what is due, and turns the clock to what is due next, until nothing is.
static void run_until_idle(const fusepay::Engine &engine, ExampleClock &clock) {
    for (;;) {
        const auto report = engine.run_due();
        if (report->next_due_ms == nullptr && report->claimed == 0) return;
        if (report->next_due_ms != nullptr) clock.now_ms = std::max(clock.now_ms, *report->next_due_ms);
    }
}

static void show_payment(const fusepay::Engine &engine, const fusepay_payment_id &id) {
    const auto payment = engine.bill().find(id);
    std::cout << "  " << payment->customer_reference << ": " << fusepay::payment_status_name(payment->status);
    if (payment->failure_reason != nullptr) std::cout << ", " << payment->failure_reason;
    for (const char *token : engine.bill().tokens(id)) std::cout << ", token " << token;
    std::cout << '\n';
}

static void show_history(const fusepay::Engine &engine, const fusepay_wallet_id &wallet) {
    for (const auto &line : engine.history().page(wallet, std::nullopt, std::nullopt, 50)) {
        std::cout << "  " << std::left << std::setw(14) << fusepay::transaction_type_name(line.kind) << std::right
                  << std::setw(14) << money_text(money(line.amount_minor, line.currency)) << std::setw(14)
                  << money_text(money(line.balance_minor, line.currency)) << '\n';
    }
}

static int run(std::string path) {
    const auto clock = std::make_shared<ExampleClock>();
    const fusepay::Engine engine = open_engine(std::move(path), clock);
    engine.bill().load_catalogue({fusepay::Biller("IKEJA", "Ikeja Electric", "ELECTRICITY", {"example"})
                                      .item(fusepay::bill_item("PREPAID", "Prepaid units", "NGN", 10'000, 5'000'000))});
    const fusepay_wallet_id wallet = register_ada(engine);
    // Is told of every event after its commit, at least once.
    const auto screen = engine.events().subscribe("screen", FUSEPAY_START_AT_NOW, [](const fusepay_event &event) {
        std::cout << "  event " << event.sequence << ": " << fusepay::event_name(event.name) << '\n';
    });

    std::cout << "Three bills are paid.\n";
    const fusepay::Payment bills[] = {
        pay(engine, wallet, "meter-1", "2500.00", "order-1"),
        pay(engine, wallet, "meter-2", "1000.00", "order-2"),
        pay(engine, wallet, "meter-3", "700.00", "order-3"),
    };
    // The same call again, as after a lost connection: the same payment.
    if (!fusepay::same(pay(engine, wallet, "meter-1", "2500.00", "order-1")->id, bills[0]->id)) return 1;
    // Who prefers results to exceptions asks for one.
    const auto refused = fusepay::attempt([&] { return pay(engine, wallet, "meter-1", "9999.00", "order-1"); });
    std::cout << "Order 1 at another amount: " << fusepay_code_name(refused.code()) << '\n';
    run_until_idle(engine, *clock);

    std::cout << "What became of them:\n";
    for (const auto &bill : bills) show_payment(engine, bill->id);
    std::cout << "The wallet's history, newest first:\n";
    show_history(engine, wallet);
    const bool is_sound = engine.verify()->is_sound;
    std::cout << "The file is " << (is_sound ? "sound" : "NOT SOUND") << ".\n";
    return is_sound ? 0 : 1;
}

int main(int count, char **arguments) {
    try {
        return run(count > 1 ? arguments[1] : "host.db");
    } catch (const fusepay::Error &error) {
        std::cerr << error.name() << ": " << error.what() << '\n';
        return 1;
    }
}
