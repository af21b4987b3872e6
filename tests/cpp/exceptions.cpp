// Goal: what an adapter throws never crosses the library, and is never taken for a
// statement about money.
// Method: throw from every method of a provider, and read what the engine made of it.
#include "check.hpp"

static void check_unknown(World &world, const char *customer_reference, const char *reason) {
    const auto payment = world.pay(customer_reference);
    world.engine.run_due();
    const auto why = world.engine.bill().explain(payment->id);
    CHECK(why->payment->status == FUSEPAY_PAYMENT_STATUS_UNKNOWN);
    CHECK(why->attempts_length == 1 && why->attempts[0]->outcome == FUSEPAY_OUTCOME_KIND_UNKNOWN);
    CHECK(contains(why->attempts[0]->detail, reason));
    CHECK(world.engine.wallet().find(world.wallet)->balance_minor == 1'000'000 - 2500);
    // It is found out, not sent again.
    world.biller->found = fusepay::Outcome::Failed;
    world.pass(std::chrono::minutes(1));
    world.pass(std::chrono::minutes(10));
    CHECK(world.find(payment)->status == FUSEPAY_PAYMENT_STATUS_REVERSED);
}

static void a_query_that_throws_says_nothing(World &world) {
    world.biller->found = fusepay::Outcome::Unknown;
    const auto payment = world.pay("unknown");
    world.engine.run_due();
    CHECK(world.engine.bill().refresh(payment->id, std::chrono::seconds(1))->status == FUSEPAY_PAYMENT_STATUS_UNKNOWN);
    const auto why = world.engine.bill().explain(payment->id);
    CHECK(why->attempts_length == 2 && why->attempts[1]->kind == FUSEPAY_ATTEMPT_KIND_QUERY);
    CHECK(contains(why->attempts[1]->detail, "cannot be asked"));
    world.biller->found = fusepay::Outcome::Paid;
    world.pass(std::chrono::minutes(5));
    CHECK(world.find(payment)->status == FUSEPAY_PAYMENT_STATUS_COMPLETED);
}

// Throws from everything that is not about one payment.
class Broken final : public fusepay::Provider {
public:
    explicit Broken(fusepay::Engine *engine) : engine_(engine) {}
    fusepay::Outcome pay(const fusepay_pay_request &, fusepay::Reply &reply) override {
        // An error of the engine itself, thrown inside the adapter.
        engine_->bill().find(fusepay_payment_id{});
        return reply.paid("never");
    }
    fusepay::Outcome query(const fusepay_query_request &, fusepay::Reply &) override { throw 1; }
    std::int32_t validate_customer(const fusepay_customer_request &, fusepay::Reply &) override { throw 1; }
    std::int32_t catalogue(fusepay::Reply &) override { throw 1; }
    std::int32_t float_balance(fusepay_money &) override { throw 1; }
    std::int32_t verify_webhook(const fusepay_webhook &, fusepay::Reply &) override { throw 1; }

private:
    fusepay::Engine *engine_;
};

// Offers only what it must.
class Plain final : public fusepay::Provider {
public:
    fusepay::Outcome pay(const fusepay_pay_request &, fusepay::Reply &reply) override { return reply.duplicate(); }
    fusepay::Outcome query(const fusepay_query_request &, fusepay::Reply &reply) override { return reply.not_found(); }
};

static void other_methods(World &world) {
    const auto bills = world.engine.bill();
    world.engine.register_provider("broken", std::make_shared<Broken>(&world.engine));
    world.engine.register_provider("plain", std::make_shared<Plain>());
    bills.load_catalogue({fusepay::Biller("BROKEN", "Broken", "OTHER", {"broken"})
                              .item(fusepay::bill_item("ONE", "One", "NGN", 100, 100))});
    CHECK_THROWS(FUSEPAY_ERR_PROVIDER_UNAVAILABLE, bills.validate_customer("BROKEN", "ONE", "0123"));
    CHECK_THROWS(FUSEPAY_ERR_PROVIDER_UNAVAILABLE, bills.load_catalogue_of("broken"));
    CHECK_THROWS(FUSEPAY_ERR_PROVIDER_UNAVAILABLE, bills.float_balance("broken"));
    CHECK_THROWS(FUSEPAY_ERR_WEBHOOK_REJECTED, bills.receive_webhook("broken", fusepay::webhook({}, "x")));
    CHECK_THROWS(FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER, bills.load_catalogue_of("plain"));
    CHECK_THROWS(FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER, bills.float_balance("plain"));
    CHECK_THROWS(FUSEPAY_ERR_UNSUPPORTED_BY_PROVIDER, bills.receive_webhook("plain", fusepay::webhook({}, "x")));
    const auto payment =
        bills.pay(fusepay::pay_bill(world.wallet, "BROKEN", "ONE", "0123", fusepay::money(100, "NGN")));
    world.engine.run_due();
    const auto why = bills.explain(payment->id);
    CHECK(why->payment->status == FUSEPAY_PAYMENT_STATUS_UNKNOWN && why->attempts[0]->detail != nullptr);
}

int main() {
    World world("world.db");
    check_unknown(world, "throws", "the line is dead");
    check_unknown(world, "throws a number", "no std::exception");
    a_query_that_throws_says_nothing(world);
    other_methods(world);
    CHECK(world.engine.verify()->is_sound);
}
