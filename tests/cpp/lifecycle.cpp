// Goal: engines, records and errors own what they say they own.
// Method: open, close, move and lose each of them; ask errors for every detail.
#include "check.hpp"

#include <type_traits>

static_assert(!std::is_copy_constructible_v<fusepay::Engine> && std::is_nothrow_move_constructible_v<fusepay::Engine>);
static_assert(!std::is_copy_constructible_v<fusepay::Wallet> && std::is_nothrow_move_assignable_v<fusepay::Wallet>);
static_assert(!std::is_copy_constructible_v<fusepay::Session> && !std::is_copy_constructible_v<fusepay::Subscription>);

static void engines_close_once_and_move() {
    auto clock = std::make_shared<SetClock>();
    fusepay::Engine engine(simulated("moves.db", clock));
    CHECK(engine.verify()->is_sound);
    CHECK_THROWS(FUSEPAY_ERR_ALREADY_OPEN, fusepay::Engine(simulated("moves.db", clock)));
    fusepay::Engine moved(std::move(engine));
    CHECK(moved.verify()->is_sound);
    // What was moved from owns nothing, and says so.
    CHECK_THROWS(FUSEPAY_ERR_INVALID_HANDLE, engine.verify());
    fusepay::Engine other(simulated("other.db", clock));
    std::swap(other, moved);
    CHECK(other.verify()->is_sound && moved.verify()->is_sound);
    CHECK_THROWS(FUSEPAY_ERR_INVALID_ARGUMENT, (other.close(std::chrono::milliseconds(-1)), 0));
    CHECK(other.verify()->is_sound);
    const auto wallets = other.wallet();
    other.close(std::chrono::seconds(1));
    other.close(std::chrono::seconds(1));
    CHECK_THROWS(FUSEPAY_ERR_CLOSED, other.verify());
    CHECK_THROWS(FUSEPAY_ERR_CLOSED, wallets.list(fusepay_user_id{}));
    // The file is free, and the destructor closes nobody else's engine.
    fusepay::Engine again(simulated("moves.db", clock));
    CHECK(again.due_now() == SetClock::start_ms);
}

static void what_is_shared_is_let_go_of() {
    auto clock = std::make_shared<SetClock>();
    auto biller = std::make_shared<ScriptedBiller>();
    {
        fusepay::Engine engine(simulated("shares.db", clock).provider("scripted", biller));
        CHECK(clock.use_count() == 2 && biller.use_count() == 2);
        engine.register_provider("second", biller);
        CHECK(biller.use_count() == 3);
        CHECK_THROWS(FUSEPAY_ERR_INVALID_ARGUMENT, (engine.register_provider("no good", biller), 0));
        CHECK(biller.use_count() == 3);
    }
    CHECK(clock.use_count() == 1 && biller.use_count() == 1);
    // Also when opening fails.
    CHECK_THROWS(FUSEPAY_ERR_INVALID_CONFIG, fusepay::Engine(fusepay::Config("bad.db", "first", "short")
                                                                 .provider("scripted", biller)
                                                                 .simulation(clock, 1)));
    CHECK(clock.use_count() == 1 && biller.use_count() == 1);
    // An empty key is refused, not taken for none.
    CHECK_THROWS(FUSEPAY_ERR_INVALID_ARGUMENT, fusepay::Engine(simulated("bad.db", clock).vault_key("", 1)));
    CHECK_THROWS(FUSEPAY_ERR_INVALID_ARGUMENT, fusepay::Engine(simulated("bad.db", clock).audit_key("")));
}

// Counts up; refuses after a while.
class Counting final : public fusepay::Entropy {
public:
    void fill(std::uint8_t *buffer, std::size_t length) override {
        if (is_dry) throw std::runtime_error("dry");
        for (std::size_t i = 0; i < length; ++i) buffer[i] = next++;
    }
    std::uint8_t next = 1;
    bool is_dry = false;
};

static void randomness_is_injected() {
    auto entropy = std::make_shared<Counting>();
    fusepay::Config config("entropy.db", "first", "a key of the tests, 32 bytes long");
    config.manual_worker().clock(std::make_shared<SetClock>()).entropy(entropy);
    config.key("second", "another key of the tests, 32 bytes").audit_key("a key for the audit chain, 32 bytes");
    fusepay::Engine engine(config);
    CHECK(entropy->next != 1);
    entropy->is_dry = true;
    CHECK_THROWS(FUSEPAY_ERR_NO_ENTROPY,
                 engine.auth().register_(fusepay::registration("ada@example.com", "A", "O", World::password)));
}

static void records_move(World &world) {
    auto wallet = world.engine.wallet().find(world.wallet);
    CHECK(wallet->balance_minor == 1'000'000 && fusepay::same(wallet->id, world.wallet));
    fusepay::Wallet moved(std::move(wallet));
    CHECK(moved->balance_minor == 1'000'000 && wallet->memory == nullptr && wallet->balance_minor == 0);
    wallet = std::move(moved);
    CHECK(std::string((*wallet).currency) == "NGN" && moved->memory == nullptr);
    fusepay::WalletList none;
    CHECK(none.empty() && none.begin() == none.end());
    auto list = world.engine.wallet().list(world.user);
    none = std::move(list);
    CHECK(none.size() == 1 && std::string(none[0].label).empty());
    const fusepay::TextList no_texts;
    CHECK(no_texts.begin() == no_texts.end());
}

static void errors_say_everything(World &world) {
    try {
        world.engine.wallet().find(fusepay_wallet_id{});
        CHECK(!"an unknown wallet must throw");
    } catch (const std::exception &caught) {
        const auto &error = dynamic_cast<const fusepay::Error &>(caught);
        CHECK(error.code() == FUSEPAY_ERR_NOT_FOUND && std::string(error.name()) == "NOT_FOUND");
        CHECK(error.kind() == FUSEPAY_ERROR_KIND_REFUSED && !error.is_retryable());
        CHECK(*error.what() != '\0' && error.idempotency_key().empty());
        CHECK(!error.retry_after_ms());
    }
    auto refused = fusepay::attempt([&] { return world.pay("paid", "99999"); });
    CHECK(!refused && refused.code() == FUSEPAY_ERR_AMOUNT_OUT_OF_RANGE && refused.error().field() == "amount");
    CHECK_THROWS(FUSEPAY_ERR_AMOUNT_OUT_OF_RANGE, std::move(refused).value());
    auto taken = fusepay::attempt([&] { return world.pay("paid", "1"); });
    CHECK(taken && taken.code() == FUSEPAY_OK && taken.value()->amount.minor == 100);
    CHECK(fusepay::Payment(std::move(taken).value())->amount.minor == 100);
    const fusepay::Error bare(FUSEPAY_ERR_BUSY);
    CHECK(bare.is_retryable() && *bare.what() != '\0');
    for (int failures = 0; failures < 6; ++failures) {
        auto login = fusepay::attempt([&] { return world.engine.auth().login(fusepay::login("a@b.example", "wrong one here")); });
        CHECK(login.code() == FUSEPAY_ERR_INVALID_CREDENTIALS);
        if (failures == 5) CHECK(login.error().retry_after_ms() && *login.error().retry_after_ms() > 0);
    }
}

static void values_are_exact() {
    CHECK(fusepay::money("2500.00", "NGN").minor == 250'000 && fusepay::money(0, "NGN").minor == 0);
    CHECK(fusepay::money_text(fusepay::money(250'000, "NGN")) == "2500.00 NGN");
    CHECK_THROWS(FUSEPAY_ERR_INVALID_AMOUNT, fusepay::money("1.001", "NGN"));
    CHECK_THROWS(FUSEPAY_ERR_INVALID_CURRENCY, fusepay::money("1", "XXL"));
    // What is too long is no currency, not its first three letters.
    CHECK_THROWS(FUSEPAY_ERR_INVALID_CURRENCY, fusepay::money(1, "NGNX"));
    CHECK(fusepay::currency_exponent("KWD") == 3);
    const auto id = fusepay::parse_id<fusepay_wallet_id>("0198a6f0-0000-7000-8000-000000000001");
    CHECK(fusepay::id_text(id) == "0198a6f0-0000-7000-8000-000000000001");
    CHECK_THROWS(FUSEPAY_ERR_INVALID_ID, fusepay::parse_id<fusepay_user_id>("x"));
    CHECK(fusepay::backoff_bill().runs_max == 3 && fusepay::backoff_reversal().runs_max == 5);
    CHECK(fusepay::backoff_requery().runs_max == 40 && std::string(fusepay::version()) == "0.1.0");
}

static void words_have_names() {
    using std::string;
    CHECK(string(fusepay::payment_status_name(FUSEPAY_PAYMENT_STATUS_COMPLETED)) == "COMPLETED");
    CHECK(fusepay::payment_status_parse("COMPLETED") == FUSEPAY_PAYMENT_STATUS_COMPLETED);
    CHECK(string(fusepay::event_name(FUSEPAY_EVENT_NAME_WALLET_CREATED)) == "wallet.created");
    CHECK_THROWS(FUSEPAY_ERR_INVALID_ARGUMENT, fusepay::role_parse("emperor"));
    // A name and what reads it, of every list of words.
    struct Words {
        const char *(*name)(std::uint32_t) noexcept;
        std::uint32_t (*parse)(const char *);
    };
    using namespace fusepay;
    const Words lists[] = {
        {payment_status_name, payment_status_parse},     {transaction_type_name, transaction_type_parse},
        {transaction_status_name, transaction_status_parse}, {wallet_status_name, wallet_status_parse},
        {hold_status_name, hold_status_parse},           {job_kind_name, job_kind_parse},
        {job_status_name, job_status_parse},             {user_status_name, user_status_parse},
        {attempt_kind_name, attempt_kind_parse},         {outcome_kind_name, outcome_kind_parse},
        {review_reason_name, review_reason_parse},       {limit_window_name, limit_window_parse},
        {operation_name, operation_parse},               {breaker_state_name, breaker_state_parse},
        {log_level_name, log_level_parse},               {log_rotation_name, log_rotation_parse},
        {error_kind_name, error_kind_parse},             {role_name, role_parse},
        {event_name, event_parse},
    };
    for (const Words &words : lists) {
        CHECK(words.parse(words.name(1)) == 1 && string(words.name(999)) == "UNKNOWN_WORD");
    }
}

int main() {
    engines_close_once_and_move();
    what_is_shared_is_let_go_of();
    randomness_is_injected();
    World world("world.db");
    records_move(world);
    errors_say_everything(world);
    values_are_exact();
    words_have_names();
}
