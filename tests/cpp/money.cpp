// Goal: every method of wallets, bills, reversals and histories reaches its function.
// Method: call each once, and look at an answer that only that function gives.
#include "check.hpp"

#include <vector>

using fusepay::money;

static void wallets(World &world) {
    const auto wallets = world.engine.wallet();
    const auto second = wallets.create(world.user, "NGN", "savings");
    CHECK(wallets.list(world.user).size() == 2 && contains(second->label, "savings"));
    auto request = fusepay::money_request(world.wallet, money("10", "NGN"));
    const std::string key = "key-1";
    request.idempotency_key = key.c_str();
    request.description = "salary";
    const auto funded = wallets.fund(request);
    CHECK(fusepay::same(wallets.fund(request)->id, funded->id));
    request.idempotency_key = nullptr;
    CHECK(wallets.withdraw(request)->amount_minor == -1000);
    CHECK(wallets.credit(request)->kind == FUSEPAY_TRANSACTION_TYPE_CREDIT);
    CHECK(wallets.debit(request)->kind == FUSEPAY_TRANSACTION_TYPE_DEBIT);
    CHECK(wallets.transfer(fusepay::transfer(world.wallet, second->id, money("5", "NGN")))->amount_minor == -500);
    const std::vector<fusepay_transfer_request> batch(3, fusepay::transfer(world.wallet, second->id, money(100, "NGN")));
    CHECK(wallets.transfer_batch(batch, key).size() == 3 && wallets.transfer_batch(batch, key).size() == 3);
    CHECK(wallets.find(second->id)->balance_minor == 800);

    auto hold = wallets.authorise(fusepay::hold_request(world.wallet, money("20", "NGN"), std::chrono::hours(1)));
    CHECK(hold->expires_at_ms == world.engine.due_now() + 3'600'000);
    auto capture = fusepay::capture_request(hold->id, money("5", "NGN"));
    capture.to = &second->id;
    capture.remainder = FUSEPAY_REMAINDER_KEEP;
    CHECK(wallets.capture(capture)->amount_minor == -500);
    CHECK(wallets.find_hold(hold->id)->remaining_minor == 1500);
    CHECK(wallets.holds(world.wallet, FUSEPAY_HOLD_STATUS_ACTIVE, 10).size() == 1);
    CHECK(wallets.release(hold->id)->remaining_minor == 0);

    CHECK(wallets.set_status(second->id, FUSEPAY_WALLET_STATUS_FROZEN)->status == FUSEPAY_WALLET_STATUS_FROZEN);
    CHECK(wallets.set_credit_limit(second->id, 5000)->credit_limit_minor == 5000);
    auto limit = fusepay::limit_request(FUSEPAY_LIMIT_WINDOW_DAY);
    const std::uint32_t count_max = 2;
    limit.count_max = &count_max;
    wallets.set_limit(second->id, limit);
    const auto limits = wallets.limits(second->id);
    CHECK(limits.size() == 1 && *limits[0].count_max == 2 && limits[0].category == nullptr);
    CHECK(!wallets.remove_limit(second->id, FUSEPAY_LIMIT_WINDOW_DAY, "ELECTRICITY"));
    CHECK(wallets.remove_limit(second->id, FUSEPAY_LIMIT_WINDOW_DAY));
}

static void catalogues(World &world) {
    const auto bills = world.engine.bill();
    CHECK(bills.load_catalogue_of("scripted") == 1);
    CHECK(bills.billers(std::nullopt, std::nullopt, 10).size() == 2);
    CHECK(bills.billers("ELECTRICITY", "EKO", 10).size() == 1 && bills.billers("WATER", std::nullopt, 10).empty());
    // A biller owns what it was given: the texts and the fee are gone when it is loaded.
    fusepay::Biller water("WATERCO", "Water", "WATER", {"scripted"});
    {
        const std::int64_t fee_max = 300;
        auto fee = fusepay::begin<fusepay_fee>();
        fee.fixed_minor = 250;
        fee.maximum_minor = &fee_max;
        const std::string code = "A-CODE-THAT-IS-TOO-LONG-FOR-A-SHORT-STRING";
        auto item = fusepay::bill_item(code.c_str(), "Bulk", "NGN", 500, 500);
        item.fee = &fee;
        water.item(item).item(fusepay::bill_item("TAP", "Tap", "NGN", 1, 2));
    }
    bills.load_catalogue({water, fusepay::Biller(water).disabled()});
    const auto items = bills.items("WATERCO");
    CHECK(items.size() == 2 && items[0].fee->fixed_minor == 250 && *items[0].fee->maximum_minor == 300);
    for (const auto &biller : bills.billers("WATER", std::nullopt, 10)) CHECK(!biller.enabled);

    const auto customer = bills.validate_customer("IKEJA", "PREPAID", "0123");
    CHECK(contains(customer->name, "Ada") && contains(customer->address, "Marina") && *customer->minimum_minor == 500);
    CHECK_THROWS(FUSEPAY_ERR_CUSTOMER_REJECTED, bills.validate_customer("IKEJA", "PREPAID", "nobody"));
    CHECK(bills.float_balance("scripted").minor == 700'000);
    bills.top_up_float("scripted", money("100", "NGN"), "bank-1");
    CHECK_THROWS(FUSEPAY_ERR_EXTERNAL_REFERENCE_USED,
                 (bills.top_up_float("scripted", money("100", "NGN"), "bank-1"), 0));
}

static void payments(World &world) {
    const auto bills = world.engine.bill();
    const auto quote = bills.quote(fusepay::quote_request(world.user, "IKEJA", "PREPAID", "0123", money("50", "NGN")));
    auto bill = fusepay::pay_bill(world.wallet, "IKEJA", "PREPAID", "0123", money("50", "NGN"));
    bill.quote_id = &quote->id;
    bill.metadata = "{\"order\":1}";
    const auto paid = bills.pay(bill);
    CHECK(paid->status == FUSEPAY_PAYMENT_STATUS_PENDING && contains(paid->metadata, "order"));
    CHECK_THROWS(FUSEPAY_ERR_QUOTE_USED, bills.pay(bill));
    CHECK(world.engine.run_due()->calls == 1);
    const auto found = bills.find(paid->id);
    CHECK(found->status == FUSEPAY_PAYMENT_STATUS_COMPLETED && contains(found->receipt, "R-1"));
    const auto tokens = bills.tokens(paid->id);
    CHECK(tokens.size() == 1 && contains(tokens[0], "1234-5678"));
    for (const char *token : tokens) CHECK(contains(token, "1234"));

    const auto declined = world.pay("declined");
    const auto unsent = world.pay("not sent");
    const auto duplicate = world.pay("duplicate");
    const auto pending = world.pay("pending");
    const auto unknown = world.pay("unknown");
    world.pass(std::chrono::milliseconds(0));
    CHECK(world.find(declined)->status == FUSEPAY_PAYMENT_STATUS_FAILED);
    CHECK(world.find(unsent)->status == FUSEPAY_PAYMENT_STATUS_PENDING);
    CHECK(world.find(pending)->status == FUSEPAY_PAYMENT_STATUS_PROCESSING);
    CHECK(world.find(unknown)->status == FUSEPAY_PAYMENT_STATUS_UNKNOWN);
    // Its details reached the engine, with the evidence beside them.
    const auto why = bills.explain(declined->id);
    const fusepay::Range attempts(why->attempts, why->attempts_length);
    CHECK(attempts.size() == 1 && contains(attempts[0].evidence_text, "{no}"));
    CHECK(contains(why->payment->failure_code, "NO_METER") && why->next_job != nullptr);
    for (const auto &step : fusepay::Range(why->steps, why->steps_length)) CHECK(*step.decision != '\0');

    CHECK(world.engine.reversal().reverse(declined->id)->status == FUSEPAY_PAYMENT_STATUS_REVERSED);
    CHECK(bills.refresh(unknown->id, std::chrono::seconds(1))->status == FUSEPAY_PAYMENT_STATUS_COMPLETED);
    CHECK(bills.list(world.wallet, std::nullopt, 10).size() == 6);
    CHECK(bills.list(world.wallet, unsent->id, 10).size() == 2);
    CHECK(bills.list_by_status(FUSEPAY_PAYMENT_STATUS_REVERSED, std::nullopt, 10).size() == 1);
    world.pass(std::chrono::minutes(1));
    CHECK(world.find(pending)->status == FUSEPAY_PAYMENT_STATUS_COMPLETED);
    CHECK(world.find(duplicate)->status == FUSEPAY_PAYMENT_STATUS_COMPLETED);
}

static void money_comes_back(World &world) {
    const auto reversals = world.engine.reversal();
    const auto paid = world.pay("paid");
    world.engine.run_due();
    auto refund = fusepay::refund_request(paid->id, money("5", "NGN"), FUSEPAY_REFUND_SOURCE_HOST, "goodwill");
    CHECK(reversals.refund(refund)->refunded_minor == 500);

    // Paid after the reversal: a claim.
    const auto late = world.pay("declined");
    world.engine.run_due();
    const auto request_id = world.biller->last_request_id;
    reversals.reverse(late->id);
    CHECK_THROWS(FUSEPAY_ERR_WEBHOOK_REJECTED,
                 world.engine.bill().receive_webhook("scripted", fusepay::webhook({{"signature", "wrong"}}, request_id)));
    const std::vector<fusepay_header> headers{{"signature", "right"}};
    CHECK(world.engine.bill().receive_webhook("scripted", fusepay::webhook(headers, request_id))->matched == 1);
    CHECK(reversals.open_claims(10).size() == 1);
    CHECK(reversals.settle_claim(late->id, FUSEPAY_CLAIM_SETTLEMENT_WRITTEN_OFF, "small")->claim_minor == 2500);
    CHECK(reversals.open_claims(10).empty());

    // A wallet that is frozen can't be given back to: suspense.
    const auto stuck = world.pay("declined");
    world.engine.run_due();
    world.engine.wallet().set_status(world.wallet, FUSEPAY_WALLET_STATUS_FROZEN);
    reversals.reverse(stuck->id);
    CHECK(reversals.open_suspense(10).size() == 1);
    world.engine.wallet().set_status(world.wallet, FUSEPAY_WALLET_STATUS_ACTIVE);
    CHECK(reversals.release_suspense(stuck->id)->suspense_minor == 0);

    // A biller that can't be asked: review.
    world.biller->cannot_query = true;
    world.engine.register_provider("scripted", world.biller);
    const auto first = world.pay("unknown");
    const auto second = world.pay("unknown");
    world.engine.run_due();
    world.pass(std::chrono::minutes(2));
    CHECK(world.find(first)->status == FUSEPAY_PAYMENT_STATUS_NEEDS_REVIEW);
    auto receipt = fusepay::begin<fusepay_paid_receipt>();
    receipt.provider_reference = "PC-9";
    const auto is_paid = fusepay::review_verdict(FUSEPAY_REVIEW_VERDICT_PAID, &receipt);
    CHECK(contains(reversals.resolve_review(first->id, is_paid, "telephoned")->provider_reference, "PC-9"));
    const auto is_not = fusepay::review_verdict(FUSEPAY_REVIEW_VERDICT_NOT_PAID);
    CHECK(reversals.resolve_review(second->id, is_not, "telephoned")->status == FUSEPAY_PAYMENT_STATUS_FAILED);
    world.pass(std::chrono::minutes(5));
    CHECK(world.find(second)->status == FUSEPAY_PAYMENT_STATUS_REVERSED);
}

static void histories(World &world) {
    const auto history = world.engine.history();
    auto request = fusepay::money_request(world.wallet, money("1", "NGN"));
    request.external_reference = "bank-7";
    const auto line = world.engine.wallet().fund(request);
    CHECK(history.find(line->id).size() == 1 && history.find_by_reference(line->reference).size() == 1);
    CHECK(history.find_by_external_reference(FUSEPAY_TRANSACTION_TYPE_WALLET_FUNDING, "bank-7").size() == 1);
    std::size_t lines = 0;
    std::string cursor;
    for (fusepay::OptionalText from = std::nullopt;; from = cursor) {
        const auto page = history.page(world.wallet, std::nullopt, from, 4);
        lines += page.size();
        if (page->next_cursor == nullptr) break;
        cursor = page->next_cursor;
    }
    CHECK(static_cast<std::int64_t>(lines) == history.page(world.wallet, std::nullopt, std::nullopt, 1)[0].sequence);
    auto filter = fusepay::begin<fusepay_history_filter>();
    filter.kind = FUSEPAY_TRANSACTION_TYPE_REFUND;
    CHECK(history.page_of_user(world.user, filter, std::nullopt, 10).size() == 1);
    const std::int64_t until_ms = world.clock->wall_ms() + 1;
    const auto statement = history.statement(world.wallet, SetClock::start_ms, until_ms);
    CHECK(statement.size() == lines && statement->opening_minor == 0);
    CHECK(statement->closing_minor == history.balance_at(world.wallet, until_ms).minor);
    CHECK(history.statement_csv(world.wallet, SetClock::start_ms, until_ms).find("bank-7") != std::string::npos);
    CHECK(history.statement_json(world.wallet, SetClock::start_ms, until_ms).front() == '{');
}

int main() {
    World world("world.db");
    wallets(world);
    catalogues(world);
    payments(world);
    money_comes_back(world);
    histories(world);
    const auto report = world.engine.verify();
    for (const auto &violation : fusepay::Range(report->violations, report->violations_length)) std::puts(violation.detail);
    CHECK(report->is_sound && world.engine.ledger_digest().size() == 64);
    CHECK(world.engine.stats()->providers_length == 1 && world.engine.declare_restored() == 0);
    world.engine.backup("copy.db");
    fusepay::Engine copy(simulated("copy.db", world.clock));
    CHECK(copy.ledger_digest() == world.engine.ledger_digest());
}
