// Goal: events, the queue, the audit trail and logging reach their functions, and
// what is subscribed is owned by its subscription.
// Method: subscribe classes and functions, throw from them, close and keep them.
#include "check.hpp"

#include <mutex>
#include <vector>

class Listener final : public fusepay::Subscriber {
public:
    void notify(const fusepay_event &event) override {
        if (event.sequence == stumble_at) {
            stumble_at = 0;
            stumbles += 1;
            throw std::runtime_error("not now");
        }
        told.push_back(event.sequence);
    }
    std::vector<std::uint64_t> told;
    std::uint64_t stumble_at = 0;
    int stumbles = 0;
};

static void a_subscriber_that_throws_is_told_again(World &world) {
    const auto events = world.engine.events();
    auto listener = std::make_shared<Listener>();
    listener->stumble_at = 2;
    auto subscription = events.subscribe("listener", FUSEPAY_START_AT_BEGINNING, listener);
    CHECK(subscription.name() == "listener");
    CHECK_THROWS(FUSEPAY_ERR_NOT_ALLOWED, events.subscribe("listener", FUSEPAY_START_AT_NOW, listener));
    CHECK(listener.use_count() == 2);
    world.engine.run_due();
    CHECK(listener->stumbles == 1 && listener->told == std::vector<std::uint64_t>{1});
    world.pass(std::chrono::seconds(1));
    CHECK(listener->told.size() == events.head() && listener->told[1] == 2);
    CHECK(events.cursor("listener") == events.head() && !events.cursor("nobody"));
    // Moving it moves the handle alone.
    fusepay::Subscription moved(std::move(subscription));
    CHECK_THROWS(FUSEPAY_ERR_INVALID_HANDLE, subscription.name());
    moved.close();
    moved.close();
    CHECK(listener.use_count() == 1);
    world.engine.wallet().fund(fusepay::money_request(world.wallet, fusepay::money(1, "NGN")));
    world.engine.run_due();
    CHECK(listener->told.size() < events.head());
    // Its place was remembered.
    const auto again = events.subscribe("listener", FUSEPAY_START_AT_NOW, listener);
    world.engine.run_due();
    CHECK(listener->told.size() == events.head());
}

static void functions_subscribe(World &world) {
    const auto events = world.engine.events();
    std::vector<std::uint32_t> told;
    const auto token = std::make_shared<int>(7);
    {
        const auto all = events.subscribe("function", FUSEPAY_START_AT_NOW,
                                          [&told, token](const fusepay_event &event) { told.push_back(event.name); });
        world.engine.wallet().create(world.user, "USD");
        world.engine.run_due();
        CHECK(told == std::vector<std::uint32_t>{FUSEPAY_EVENT_NAME_WALLET_CREATED} && token.use_count() == 2);
    }
    CHECK(token.use_count() == 1);
    told.clear();
    auto some = events.subscribe_to("some", FUSEPAY_START_AT_BEGINNING, {FUSEPAY_EVENT_NAME_WALLET_FUNDED},
                                    [&told](const fusepay_event &event) { told.push_back(event.name); });
    some.keep();
    some.close();  // Nothing is left to close.
    world.engine.run_due();
    CHECK(told.size() == 2);
    auto listener = std::make_shared<Listener>();
    const auto none = events.subscribe_to("none", FUSEPAY_START_AT_BEGINNING, {FUSEPAY_EVENT_NAME_JOB_DEAD}, listener);
    // A subscriber may call the engine, and end its own subscription.
    fusepay::Subscription *own = nullptr;
    std::int64_t balance_minor = 0;
    auto calling = events.subscribe("calling", FUSEPAY_START_AT_BEGINNING, [&](const fusepay_event &event) {
        if (event.wallet_id != nullptr) balance_minor = world.engine.wallet().find(*event.wallet_id)->balance_minor;
        if (balance_minor != 0) own->close();
    });
    own = &calling;
    world.engine.run_due();
    CHECK(listener->told.empty() && balance_minor > 0 && *events.cursor("calling") < events.head());

    const auto read = events.read(0, 500);
    CHECK(read.size() == events.head() && events.read(read.size() - 1, 500).size() == 1);
    CHECK(contains(read[0].payload, "{"));
    events.acknowledge("reader", 3);
    events.rewind("reader", 1);
    CHECK(events.cursor("reader") == 1u);
}

static void queue_and_audit(World &world) {
    const auto queue = world.engine.queue();
    const auto paid = world.pay("paid");
    CHECK(queue.counts().size() == 1 && queue.counts()[0].count == 1);
    const std::int64_t job = world.engine.bill().explain(paid->id)->next_job->id;
    CHECK(queue.find(job)->kind == FUSEPAY_JOB_KIND_PROCESS_BILL_PAYMENT);
    CHECK(queue.dead_letters(std::nullopt, 10).empty() && queue.dead_letters(job, 10).empty());
    CHECK_THROWS(FUSEPAY_ERR_JOB_NOT_DEAD, queue.retry(job));
    CHECK_THROWS(FUSEPAY_ERR_JOB_NOT_DEAD, (queue.resolve(job, "asked"), 0));

    const auto audit = world.engine.audit();
    const auto head = audit.head();
    CHECK(audit.read(0, 500).size() == head.sequence && audit.verify()->is_sound);
    CHECK(audit.verify(head)->entries == head.sequence);
    auto forged = head;
    forged.hash[0] ^= 1;
    const auto report = audit.verify(forged);
    CHECK(!report->is_sound && *report->first_bad == head.sequence);
}

class Lines final : public fusepay::Logger {
public:
    void write(std::uint32_t level, const char *target, const char *message) override {
        const std::lock_guard<std::mutex> guard(lock);
        lines += 1;
        CHECK(level >= FUSEPAY_LOG_LEVEL_ERROR && *target != '\0' && message != nullptr);
        throw std::runtime_error("nobody hears this");
    }
    std::mutex lock;
    int lines = 0;
};

static void logs_are_told(World &world) {
    auto lines = std::make_shared<Lines>();
    fusepay::log_set(lines, FUSEPAY_LOG_LEVEL_TRACE);
    world.pay("throws");
    world.engine.run_due();
    CHECK(lines->lines > 0 && lines.use_count() == 2);
    const auto token = std::make_shared<int>(7);
    fusepay::log_set([token](std::uint32_t, const char *, const char *) {});
    CHECK(lines.use_count() == 1 && token.use_count() == 2);
    auto config = fusepay::begin<fusepay_log_config>();
    config.directory = "logs";
    CHECK_THROWS(FUSEPAY_ERR_NOT_ALLOWED, fusepay::log_to_files(config));
    fusepay::log_unset();
    CHECK(token.use_count() == 1);
}

static void logs_are_written() {
    auto config = fusepay::begin<fusepay_log_config>();
    config.level = FUSEPAY_LOG_LEVEL_TRACE;
    CHECK_THROWS(FUSEPAY_ERR_INVALID_ARGUMENT, fusepay::log_to_files(config));
    config.directory = "logs";
    fusepay::LogFiles files = fusepay::log_to_files(config);
    const fusepay::LogFiles moved(std::move(files));
    fusepay::Engine engine(simulated("logged.db", std::make_shared<SetClock>()));
    CHECK(engine.verify()->is_sound);
}

int main(int count, char **arguments) {
    // One process logs one way.
    if (count > 1 && contains(arguments[1], "files")) {
        logs_are_written();
        return 0;
    }
    World world("world.db");
    a_subscriber_that_throws_is_told_again(world);
    functions_subscribe(world);
    queue_and_audit(world);
    logs_are_told(world);
    CHECK(world.engine.verify()->is_sound);
}
