// Goal: every method of users, sessions and operators reaches its function.
// Method: call each once, and look at an answer that only that function gives.
#include "check.hpp"

using fusepay::money;

static constexpr const char *next_password = "another horse, another battery";

static void users(World &world) {
    const auto auth = world.engine.auth();
    auto request = fusepay::login("ADA@example.com", World::password);
    request.device = "phone";
    auto tokens = auth.login(request);
    CHECK(fusepay::same(auth.verify(tokens->access)->user_id, world.user));
    CHECK(auth.sessions(world.user).size() == 2);
    tokens = auth.refresh(tokens->refresh);
    auth.logout(tokens->access);
    CHECK_THROWS(FUSEPAY_ERR_INVALID_TOKEN, auth.verify(tokens->access));
    tokens = auth.change_password(world.ada->tokens->access, World::password, next_password);
    CHECK(fusepay::same(tokens->user_id, world.user));
    auth.logout_everywhere(tokens->access);
    CHECK(auth.sessions(world.user).empty());
    tokens = auth.login(fusepay::login("ada@example.com", next_password));
    auth.revoke_session(tokens->session_id);
    CHECK_THROWS(FUSEPAY_ERR_INVALID_TOKEN, auth.verify(tokens->access));
    auth.end_sessions(world.user);

    CHECK(contains(auth.find_user(world.user)->last_name, "Obi"));
    const auto renamed = auth.update_profile(world.user, std::nullopt, "Eze");
    CHECK(contains(renamed->last_name, "Eze") && contains(renamed->first_name, "Ada"));
    CHECK_THROWS(FUSEPAY_ERR_CONFLICT, auth.update_profile(world.user, "Eve", std::nullopt, renamed->version - 1));
    const auto page = auth.list_users(std::nullopt, 10);
    CHECK(page.size() == 1 && page->next == nullptr && auth.list_users(page[0].id, 10).empty());
    CHECK(auth.search_users("ez", std::nullopt, 10).size() == 1);
    CHECK(auth.deactivate(world.user)->status == FUSEPAY_USER_STATUS_DEACTIVATED);
    CHECK(auth.reactivate(world.user)->status == FUSEPAY_USER_STATUS_ACTIVE);
    CHECK(auth.set_role(world.user, FUSEPAY_ROLE_ADMIN)->role == FUSEPAY_ROLE_ADMIN);
}

static void keys(World &world) {
    const auto auth = world.engine.auth();
    const auto tokens = auth.login(fusepay::login("ada@example.com", next_password));
    auth.rotate_signing_key("next", "the next key, of 32 bytes or more", world.clock->wall_ms() + 60'000);
    CHECK(auth.verify(tokens->access)->role == FUSEPAY_ROLE_ADMIN);
    CHECK_THROWS(FUSEPAY_ERR_NOT_ALLOWED, (auth.retire_key("next"), 0));
    auth.retire_key("first");
    CHECK_THROWS(FUSEPAY_ERR_INVALID_TOKEN, auth.verify(tokens->access));
}

static void sessions(World &world) {
    const auto tokens = world.engine.auth().login(fusepay::login("ada@example.com", next_password));
    CHECK_THROWS(FUSEPAY_ERR_INVALID_TOKEN, world.engine.session("no token"));
    fusepay::Session opened = world.engine.session(tokens->access);
    const fusepay::Session session(std::move(opened));
    CHECK_THROWS(FUSEPAY_ERR_INVALID_HANDLE, opened.principal());
    CHECK(fusepay::same(session.principal()->session_id, tokens->session_id));
    CHECK(contains(session.profile()->email, "ada@"));
    CHECK(contains(session.update_profile("Adaeze", std::nullopt)->first_name, "Adaeze"));

    const auto wallets = session.wallet();
    const auto second = wallets.create("NGN", "savings");
    CHECK(wallets.list().size() == 2 && wallets.find(second->id)->balance_minor == 0);
    CHECK(wallets.transfer(fusepay::transfer(world.wallet, second->id, money("5", "NGN")))->amount_minor == -500);
    const auto hold =
        world.engine.wallet().authorise(fusepay::hold_request(second->id, money("1", "NGN"), std::chrono::hours(1)));
    CHECK(wallets.find_hold(hold->id)->amount_minor == 100);
    CHECK(wallets.holds(second->id, FUSEPAY_HOLD_STATUS_ACTIVE, 10).size() == 1);
    CHECK(wallets.limits(second->id).empty());

    const auto bills = session.bill();
    CHECK(bills.billers(std::nullopt, std::nullopt, 10).size() == 1 && bills.items("IKEJA").size() == 1);
    CHECK(contains(bills.validate_customer("IKEJA", "PREPAID", "0123")->name, "Ada"));
    const auto quote = bills.quote(fusepay::quote_request(world.user, "IKEJA", "PREPAID", "0123", money("5", "NGN")));
    CHECK(quote->fee.minor == 0);
    const auto paid = bills.pay(fusepay::pay_bill(world.wallet, "IKEJA", "PREPAID", "unknown", money("5", "NGN")));
    world.engine.run_due();
    CHECK(bills.find(paid->id)->status == FUSEPAY_PAYMENT_STATUS_UNKNOWN);
    CHECK(bills.refresh(paid->id, std::chrono::seconds(1))->status == FUSEPAY_PAYMENT_STATUS_COMPLETED);
    CHECK(bills.list(world.wallet, std::nullopt, 10).size() == 1 && contains(bills.tokens(paid->id)[0], "9999"));

    const auto history = session.history();
    const std::int64_t until_ms = world.clock->wall_ms() + 1;
    const auto lines = history.find_by_reference(paid->reference);
    CHECK(lines.size() == 1 && history.find(lines[0].id).size() == 1);
    CHECK(history.page(second->id, std::nullopt, std::nullopt, 10).size() == 1);
    CHECK(history.page_of_all(std::nullopt, std::nullopt, 10).size() == 4);
    CHECK(history.statement(second->id, 0, until_ms)->closing_minor == 500);
    CHECK(history.statement_csv(second->id, 0, until_ms).find("5.00") != std::string::npos);
    CHECK(history.statement_json(second->id, 0, until_ms).find("500") != std::string::npos);
    CHECK(history.balance_at(second->id, until_ms).minor == 500);

    const auto other = world.engine.auth().login(fusepay::login("ada@example.com", next_password));
    CHECK(session.sessions().size() == 3);  // One is of the retired key.
    session.revoke_session(other->session_id);
    session.logout();
    CHECK_THROWS(FUSEPAY_ERR_INVALID_TOKEN, session.profile());
    const auto third = world.engine.auth().login(fusepay::login("ada@example.com", next_password));
    const auto changed = world.engine.session(third->access).change_password(next_password, World::password);
    world.engine.session(changed->access).logout_everywhere();
    CHECK(world.engine.auth().sessions(world.user).empty());
}

static void operators_and_people(World &world) {
    const auto eve = world.engine.auth().register_(fusepay::registration("eve@example.com", "Eve", "Ude", World::password));
    CHECK_THROWS(FUSEPAY_ERR_FORBIDDEN, world.engine.session(eve->tokens->access).operator_().list_users(std::nullopt, 10));
    const auto tokens = world.engine.auth().login(fusepay::login("ada@example.com", World::password));
    const auto session = world.engine.session(tokens->access);
    const auto admin = session.operator_();
    CHECK(admin.list_users(std::nullopt, 10).size() == 2 && admin.search_users("ude", std::nullopt, 10).size() == 1);
    CHECK(contains(admin.find_user(eve->user->id)->email, "eve@") && admin.sessions(eve->user->id).size() == 1);
    admin.end_sessions(eve->user->id);
    CHECK(admin.sessions(eve->user->id).empty());
    CHECK(admin.deactivate(eve->user->id)->status == FUSEPAY_USER_STATUS_DEACTIVATED);
    CHECK(admin.reactivate(eve->user->id)->status == FUSEPAY_USER_STATUS_ACTIVE);
    CHECK(admin.set_role(eve->user->id, FUSEPAY_ROLE_AUDITOR)->role == FUSEPAY_ROLE_AUDITOR);
    CHECK(admin.find_wallet(eve->wallet->id)->balance_minor == 0 && admin.list_wallets(world.user).size() == 2);
    CHECK(!admin.history(world.wallet, std::nullopt, std::nullopt, 10).empty());
    CHECK(admin.set_wallet_status(eve->wallet->id, FUSEPAY_WALLET_STATUS_FROZEN)->status == FUSEPAY_WALLET_STATUS_FROZEN);
}

static void operators_and_payments(World &world) {
    const auto tokens = world.engine.auth().login(fusepay::login("ada@example.com", World::password));
    const auto session = world.engine.session(tokens->access);
    const auto admin = session.operator_();
    const auto paid = world.pay("paid");
    const auto failed = world.pay("declined");
    world.engine.run_due();
    CHECK(admin.find_payment(paid->id)->status == FUSEPAY_PAYMENT_STATUS_COMPLETED);
    CHECK(admin.explain_payment(paid->id)->attempts_length == 1);
    CHECK(admin.list_payments(FUSEPAY_PAYMENT_STATUS_FAILED, std::nullopt, 10).size() == 1);
    const auto refund = fusepay::refund_request(paid->id, money("1", "NGN"), FUSEPAY_REFUND_SOURCE_HOST, "goodwill");
    CHECK(admin.refund(refund)->refunded_minor == 100);
    CHECK(admin.reverse(failed->id)->status == FUSEPAY_PAYMENT_STATUS_REVERSED);
    const auto verdict = fusepay::review_verdict(FUSEPAY_REVIEW_VERDICT_NOT_PAID);
    CHECK_THROWS(FUSEPAY_ERR_NOT_ALLOWED, admin.resolve_review(paid->id, verdict, "asked"));
    CHECK(admin.open_suspense(10).empty() && admin.open_claims(10).empty());
    CHECK_THROWS(FUSEPAY_ERR_NOT_ALLOWED, admin.release_suspense(paid->id));
    CHECK_THROWS(FUSEPAY_ERR_NOT_ALLOWED,
                 admin.settle_claim(paid->id, FUSEPAY_CLAIM_SETTLEMENT_WRITTEN_OFF, "small"));
    const auto waiting = world.pay("paid");
    CHECK(admin.job_counts().size() == 2 && admin.dead_letters(std::nullopt, 10).empty());
    const std::int64_t job = world.engine.bill().explain(waiting->id)->next_job->id;
    CHECK_THROWS(FUSEPAY_ERR_JOB_NOT_DEAD, admin.retry_job(job));
    CHECK_THROWS(FUSEPAY_ERR_JOB_NOT_DEAD, (admin.resolve_job(job, "asked"), 0));
}

int main() {
    World world("world.db");
    users(world);
    keys(world);
    sessions(world);
    operators_and_people(world);
    operators_and_payments(world);
    CHECK(world.engine.verify()->is_sound);
}
