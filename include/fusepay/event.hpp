// FusePay for C++17: events, the queue and the audit trail. A part of fusepay.hpp.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef FUSEPAY_EVENT_HPP
#define FUSEPAY_EVENT_HPP

#include "provider.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fusepay {

// Somebody who is told of events. Called one event at a time, outside any commit;
// may call the engine. What it throws is caught, and the same event comes again,
// 1, 2, 4 … 60 s later.
class Subscriber {
public:
    virtual ~Subscriber() = default;
    // Learns of one event, which lives during the call.
    virtual void notify(const fusepay_event &event) = 0;
};

namespace detail {

// A subscriber that is a function.
class SubscriberFunction final : public Subscriber {
public:
    explicit SubscriberFunction(std::function<void(const fusepay_event &)> function)
        : function_(std::move(function)) {}
    void notify(const fusepay_event &event) override { function_(event); }

private:
    std::function<void(const fusepay_event &)> function_;
};

struct SubscriberCalls {
    static std::int32_t notify(void *self, const fusepay_event *event) noexcept {
        try {
            shared<Subscriber>(self).notify(*event);
            return 0;
        } catch (...) {
            return 1;
        }
    }
};

}  // namespace detail

// A subscriber being served. Move-only; destroying it ends the subscription without
// waiting for an event that is being told, and remembers its place under its name.
class [[nodiscard]] Subscription {
public:
    // Takes a C handle over.
    explicit Subscription(fusepay_subscription *subscription) noexcept : subscription_(subscription) {}
    Subscription(Subscription &&other) noexcept : subscription_(std::exchange(other.subscription_, nullptr)) {}
    Subscription &operator=(Subscription &&other) noexcept {
        std::swap(subscription_, other.subscription_);
        return *this;
    }
    Subscription(const Subscription &) = delete;
    Subscription &operator=(const Subscription &) = delete;
    ~Subscription() { fusepay_subscription_close(&subscription_); }

    std::string name() const {
        const fusepay_subscription *subscription = subscription_;
        return detail::text(*detail::fetch<Text>(fusepay_subscription_name, subscription));
    }
    // Lets it last as long as its engine; this object is empty then.
    void keep() { detail::call(fusepay_subscription_keep, &subscription_); }
    // Ends it now. May be called from inside the subscriber.
    void close() noexcept { fusepay_subscription_close(&subscription_); }

private:
    fusepay_subscription *subscription_;
};

// What happened, in order, and who in this process is told of it.
class Events : public detail::Group<fusepay_engine> {
public:
    using Group::Group;
    using Function = std::function<void(const fusepay_event &)>;

    EventList read(std::uint64_t after_sequence, std::uint32_t limit) const {
        return fetch<EventList>(fusepay_events_read, after_sequence, limit);
    }
    std::uint64_t head() const { return value<std::uint64_t>(fusepay_events_head); }
    // None when the name was never used.
    std::optional<std::uint64_t> cursor(const char *subscriber) const {
        std::uint64_t sequence = 0;
        bool is_known = false;
        call(fusepay_events_cursor, subscriber, &is_known, &sequence);
        return is_known ? std::optional<std::uint64_t>(sequence) : std::nullopt;
    }
    void acknowledge(const char *subscriber, std::uint64_t sequence) const {
        call(fusepay_events_acknowledge, subscriber, sequence);
    }
    void rewind(const char *subscriber, std::uint64_t sequence) const {
        call(fusepay_events_rewind, subscriber, sequence);
    }
    // Shares the subscriber with the engine; `start` is one of FUSEPAY_START_AT_*.
    Subscription subscribe(const char *name, std::uint32_t start, std::shared_ptr<Subscriber> subscriber) const {
        return begin_to_tell(std::move(subscriber), [&](const fusepay_subscriber *calls) {
            return value<fusepay_subscription *>(fusepay_events_subscribe, name, start, calls);
        });
    }
    Subscription subscribe(const char *name, std::uint32_t start, Function function) const {
        return subscribe(name, start, std::make_shared<detail::SubscriberFunction>(std::move(function)));
    }
    // For the events of these FUSEPAY_EVENT_NAME_* alone.
    Subscription subscribe_to(const char *name, std::uint32_t start, const std::vector<std::uint32_t> &wanted,
                              std::shared_ptr<Subscriber> subscriber) const {
        return begin_to_tell(std::move(subscriber), [&](const fusepay_subscriber *calls) {
            return value<fusepay_subscription *>(fusepay_events_subscribe_to, name, start, wanted.data(), wanted.size(),
                                                 calls);
        });
    }
    Subscription subscribe_to(const char *name, std::uint32_t start, const std::vector<std::uint32_t> &wanted,
                              Function function) const {
        return subscribe_to(name, start, wanted, std::make_shared<detail::SubscriberFunction>(std::move(function)));
    }

private:
    template <class Subscribe>
    static Subscription begin_to_tell(std::shared_ptr<Subscriber> subscriber, Subscribe &&subscribe) {
        auto calls = fusepay::begin<fusepay_subscriber>();
        calls.destroy = detail::destroy_shared<Subscriber>;
        calls.notify = detail::SubscriberCalls::notify;
        calls.user_data = detail::share(std::move(subscriber)).release();
        return Subscription(subscribe(&calls));
    }
};

// The queue: dead letters and counts.
class Queue : public detail::Group<fusepay_engine> {
public:
    using Group::Group;

    Job find(std::int64_t id) const { return fetch<Job>(fusepay_queue_find, id); }
    JobList dead_letters(std::optional<std::int64_t> after, std::uint32_t limit) const {
        return fetch<JobList>(fusepay_queue_dead_letters, detail::pointer(after), limit);
    }
    JobCountList counts() const { return fetch<JobCountList>(fusepay_queue_counts); }
    Job retry(std::int64_t id) const { return fetch<Job>(fusepay_queue_retry, id); }
    void resolve(std::int64_t id, const char *reason) const { call(fusepay_queue_resolve, id, reason); }
};

// The audit trail, for auditors.
class Audit : public detail::Group<fusepay_engine> {
public:
    using Group::Group;

    AuditEntryList read(std::uint64_t after_sequence, std::uint32_t limit) const {
        return fetch<AuditEntryList>(fusepay_audit_read, after_sequence, limit);
    }
    fusepay_chain_head head() const { return value<fusepay_chain_head>(fusepay_audit_head); }
    AuditReport verify(const std::optional<fusepay_chain_head> &head = std::nullopt) const {
        return fetch<AuditReport>(fusepay_audit_verify, detail::pointer(head));
    }
};

}  // namespace fusepay

#endif  // FUSEPAY_EVENT_HPP
