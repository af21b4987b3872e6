// What the C++ programs of the tests share: checks that end the program with the
// place where they stand, an engine under a clock that the program sets, and a
// biller that does what the customer's reference says.
#ifndef CHECK_HPP
#define CHECK_HPP

#include <fusepay.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            std::exit(1); \
        } \
    } while (0)

// A call throws a fusepay::Error of this code.
#define CHECK_THROWS(expected, call) \
    do { \
        const auto answer_ = fusepay::attempt([&] { return (call); }); \
        if (answer_.code() != (expected)) { \
            std::fprintf(stderr, "%s:%d: %s, not %s\n%s\n", __FILE__, __LINE__, fusepay_code_name(answer_.code()), \
                         fusepay_code_name(expected), #call); \
            std::exit(1); \
        } \
    } while (0)

inline bool contains(const char *text, const char *part) {
    return text != nullptr && std::string_view(text).find(part) != std::string_view::npos;
}

// A clock that the program sets; begins at 2026-03-01T12:00:00Z.
class SetClock final : public fusepay::Clock {
public:
    static constexpr std::int64_t start_ms = 1772366400000;

    std::int64_t wall_ms() override { return start_ms + elapsed_ms; }
    std::uint64_t monotonic_ms() override { return static_cast<std::uint64_t>(elapsed_ms); }

    std::atomic<std::int64_t> elapsed_ms{0};
};

// Pays, declines, throws … as the customer's reference says. What was unknown is
// answered by `found` when it is asked again.
class ScriptedBiller : public fusepay::Provider {
public:
    fusepay_capabilities capabilities() const override {
        auto capabilities = fusepay::begin<fusepay_capabilities>();
        capabilities.cannot_query = cannot_query ? 1 : 0;
        return capabilities;
    }
    fusepay::Outcome pay(const fusepay_pay_request &request, fusepay::Reply &reply) override {
        const std::string_view what = request.customer_reference;
        last_request_id = request.request_id;
        if (what == "declined") return reply.evidence("{\"no\":1}", "{no}").declined("NO_METER", "no such meter");
        if (what == "not sent") return reply.not_sent("no route");
        if (what == "duplicate") return reply.duplicate();
        if (what == "pending") return reply.pending(std::chrono::seconds(7));
        if (what == "unknown") return reply.unknown("timed out");
        if (what == "throws") throw std::runtime_error("the line is dead");
        if (what == "throws a number") throw 7;
        return reply.token("1234-5678")
            .receipt("R-1")
            .amount_minor(request.amount.minor)
            .customer_reference(request.customer_reference)
            .paid("PC-1");
    }
    fusepay::Outcome query(const fusepay_query_request &, fusepay::Reply &reply) override {
        if (found == fusepay::Outcome::Paid) return reply.token("9999").paid("PC-2");
        if (found == fusepay::Outcome::Failed) return reply.failed("LATE", "never arrived");
        if (found == fusepay::Outcome::ProviderReversed) return reply.provider_reversed("taken back");
        if (found == fusepay::Outcome::NotFound) return reply.not_found();
        if (found == fusepay::Outcome::Pending) return reply.pending();
        throw std::runtime_error("cannot be asked");
    }
    std::int32_t validate_customer(const fusepay_customer_request &request, fusepay::Reply &reply) override {
        if (contains(request.customer_reference, "nobody")) {
            reply.reason("nobody has this meter");
            return FUSEPAY_ERR_CUSTOMER_REJECTED;
        }
        if (contains(request.customer_reference, "throws")) throw std::runtime_error("cannot be asked");
        reply.customer("Ada Obi", "1 Marina", 500);
        return FUSEPAY_OK;
    }
    std::int32_t catalogue(fusepay::Reply &reply) override {
        reply.biller(fusepay::Biller("EKO", "Eko Electric", "ELECTRICITY", {"scripted"})
                         .item(fusepay::bill_item("PREPAID", "Prepaid units", "NGN", 100, 5'000'000)));
        return FUSEPAY_OK;
    }
    std::int32_t float_balance(fusepay_money &balance) override {
        balance = fusepay::money(700'000, "NGN");
        return FUSEPAY_OK;
    }
    // A webhook of this biller is signed "right" and names a request id that was paid.
    std::int32_t verify_webhook(const fusepay_webhook &webhook, fusepay::Reply &reply) override {
        if (webhook.header_count != 1 || !contains(webhook.headers[0].value, "right")) {
            return FUSEPAY_ERR_WEBHOOK_REJECTED;
        }
        const std::string body(reinterpret_cast<const char *>(webhook.body), webhook.body_length);
        reply.notice(body, reply.paid("PC-3"), SetClock::start_ms);
        return FUSEPAY_OK;
    }

    fusepay::Outcome found = fusepay::Outcome::Paid;
    std::string last_request_id;
    bool cannot_query = false;
};

// A configuration whose every run is the same, with the cheapest allowed hash.
inline fusepay::Config simulated(const char *path, std::shared_ptr<SetClock> clock) {
    static const fusepay_hash_cost cost = [] {
        auto cheapest = fusepay::begin<fusepay_hash_cost>();
        cheapest.memory_kib = 7168;
        cheapest.passes = 5;
        cheapest.lanes = 1;
        return cheapest;
    }();
    fusepay::Config config(path, "first", "a key of the tests, 32 bytes long");
    config.manual_worker().simulation(std::move(clock), 7);
    config.raw().hash_cost = &cost;
    return config;
}

// The engine, its clock and biller, and one user with ₦10,000.00.
struct World {
    explicit World(const char *path)
        : clock(std::make_shared<SetClock>()), biller(std::make_shared<ScriptedBiller>()),
          engine(simulated(path, clock).provider("scripted", biller).vault_key("the vault's key has 32 bytes ...", 1)) {
        engine.bill().load_catalogue({fusepay::Biller("IKEJA", "Ikeja Electric", "ELECTRICITY", {"scripted"})
                                          .item(fusepay::bill_item("PREPAID", "Prepaid units", "NGN", 100, 5'000'000))});
        ada = engine.auth().register_(fusepay::registration("ada@example.com", "Ada", "Obi", password));
        wallet = ada->wallet->id;
        user = ada->user->id;
        engine.wallet().fund(fusepay::money_request(wallet, fusepay::money("10000", "NGN")));
    }

    // Pays a bill, a millisecond after the one before: lists are in this order then.
    fusepay::Payment pay(const char *customer_reference, const char *amount = "25") {
        clock->elapsed_ms += 1;
        return engine.bill().pay(
            fusepay::pay_bill(wallet, "IKEJA", "PREPAID", customer_reference, fusepay::money(amount, "NGN")));
    }
    // Lets time pass, and everything that is due then happen.
    void pass(std::chrono::milliseconds span) {
        clock->elapsed_ms += span.count();
        while (engine.run_due()->calls > 0) {
        }
    }
    fusepay::Payment find(const fusepay::Payment &payment) { return engine.bill().find(payment->id); }

    static constexpr const char *password = "correct horse battery staple";
    std::shared_ptr<SetClock> clock;
    std::shared_ptr<ScriptedBiller> biller;
    fusepay::Engine engine;
    fusepay::Registered ada;
    fusepay_wallet_id wallet{};
    fusepay_user_id user{};
};

#endif
