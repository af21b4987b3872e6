// FusePay for C++17: time, randomness and the configuration. A part of fusepay.hpp.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef FUSEPAY_CONFIG_HPP
#define FUSEPAY_CONFIG_HPP

#include "provider.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fusepay {

// Where the engine learns the time. Called from any thread, several at once; must
// neither call the engine nor throw, which ends the process.
class Clock {
public:
    virtual ~Clock() = default;
    // The wall clock, milliseconds UTC. May jump either way.
    virtual std::int64_t wall_ms() = 0;
    // Milliseconds since some fixed moment; never goes back.
    virtual std::uint64_t monotonic_ms() = 0;
};

// Where the engine learns random bytes. Called from any thread, several at once;
// must not call the engine.
class Entropy {
public:
    virtual ~Entropy() = default;
    // Fills the buffer. What it throws refuses the call that needed it, with
    // FUSEPAY_ERR_NO_ENTROPY.
    virtual void fill(std::uint8_t *buffer, std::size_t length) = 0;
};

namespace detail {

struct SourceCalls {
    static std::int64_t wall_ms(void *self) noexcept { return shared<Clock>(self).wall_ms(); }
    static std::uint64_t monotonic_ms(void *self) noexcept { return shared<Clock>(self).monotonic_ms(); }
    static std::int32_t fill(void *self, std::uint8_t *buffer, std::size_t length) noexcept {
        try {
            shared<Entropy>(self).fill(buffer, length);
            return 0;
        } catch (...) {
            return 1;
        }
    }
};

}  // namespace detail

// Everything an engine needs to open; may open several. It owns the texts, keys
// and objects it is given, the keys in memory that it does not wipe.
//
// Settings without a method of their own are members of raw():
//     config.raw().quote_life_ms = 60000;
// What those point to must live until the engine is opened.
class Config {
public:
    // The database file, and the key that signs tokens: 32 random bytes or more.
    Config(std::string path, std::string key_id, std::string secret) : path_(std::move(path)) {
        key(std::move(key_id), std::move(secret));
    }

    // Adds a key; every key after the first only verifies, until a moment in ms UTC.
    Config &key(std::string id, std::string secret, std::int64_t not_after_ms = 0) {
        keys_.push_back({std::move(id), std::move(secret), not_after_ms});
        return *this;
    }
    // Encrypts what customers bought: a key of exactly 32 bytes, and its id.
    Config &vault_key(std::string secret, std::uint32_t id) {
        vault_key_ = std::move(secret);
        raw_.vault_key_id = id;
        return *this;
    }
    // Keys the audit chain: 32 bytes or more.
    Config &audit_key(std::string secret) {
        audit_key_ = std::move(secret);
        return *this;
    }
    // Registers a provider under its code.
    Config &provider(std::string code, std::shared_ptr<Provider> provider) {
        providers_.push_back({std::move(code), std::move(provider)});
        return *this;
    }
    // Drives the queue by run_due() alone, on the host's own thread.
    Config &manual_worker() noexcept {
        raw_.worker = FUSEPAY_WORKER_MANUAL;
        return *this;
    }
    // Injects time. The file is marked as simulated for good, here and below.
    Config &clock(std::shared_ptr<Clock> clock) noexcept {
        clock_ = std::move(clock);
        return *this;
    }
    // Injects randomness.
    Config &entropy(std::shared_ptr<Entropy> entropy) noexcept {
        entropy_ = std::move(entropy);
        return *this;
    }
    // Injects time, and randomness from a seed: every run is the same.
    Config &simulation(std::shared_ptr<Clock> clock, std::uint64_t seed) noexcept {
        clock_ = std::move(clock);
        seed_ = seed;
        return *this;
    }
    // The C struct, for every other setting. Its path, keys and providers are set
    // when the engine is opened, as is what the methods above were given.
    fusepay_config &raw() noexcept { return raw_; }

private:
    friend class Engine;

    struct Key {
        std::string id;
        std::string secret;
        std::int64_t not_after_ms;
    };
    struct Registered {
        std::string code;
        std::shared_ptr<Provider> provider;
    };

    std::vector<fusepay_key> keys() const {
        std::vector<fusepay_key> keys;
        for (const Key &key : keys_) {
            auto entry = begin<fusepay_key>();
            entry.id = key.id.c_str();
            entry.secret = detail::bytes(key.secret);
            entry.secret_length = key.secret.size();
            entry.not_after_ms = key.not_after_ms;
            keys.push_back(entry);
        }
        return keys;
    }

    // Opens an engine. Nothing is handed over to the library before the last thing
    // that throws is done: until then the shares below own the objects.
    fusepay_engine *open() const {
        fusepay_config config = raw_;
        config.path = path_.c_str();
        const auto keys = this->keys();
        config.keys = keys.data();
        config.key_count = keys.size();
        if (vault_key_) {
            config.vault_key = detail::bytes(*vault_key_);
            config.vault_key_length = vault_key_->size();
        }
        if (audit_key_) {
            config.audit_key = detail::bytes(*audit_key_);
            config.audit_key_length = audit_key_->size();
        }

        const std::size_t count = providers_.size();
        std::vector<fusepay_capabilities> capabilities(count);
        std::vector<std::unique_ptr<std::shared_ptr<Provider>>> shares(count);
        std::vector<fusepay_provider> calls(count);
        std::vector<fusepay_provider_entry> entries(count, begin<fusepay_provider_entry>());
        for (std::size_t i = 0; i < count; ++i) {
            capabilities[i] = providers_[i].provider->capabilities();
            shares[i] = detail::share(providers_[i].provider);
            calls[i] = detail::provider_calls(capabilities[i]);
            entries[i].code = providers_[i].code.c_str();
            entries[i].provider = &calls[i];
        }
        config.providers = entries.data();
        config.provider_count = count;

        auto clock_share = clock_ ? detail::share(clock_) : nullptr;
        auto entropy_share = entropy_ ? detail::share(entropy_) : nullptr;
        auto clock = begin<fusepay_clock>();
        auto entropy = begin<fusepay_entropy>();
        if (clock_share) {
            clock.user_data = clock_share.release();
            clock.destroy = detail::destroy_shared<Clock>;
            clock.wall_ms = detail::SourceCalls::wall_ms;
            clock.monotonic_ms = detail::SourceCalls::monotonic_ms;
            config.clock = &clock;
        }
        if (entropy_share) {
            entropy.user_data = entropy_share.release();
            entropy.destroy = detail::destroy_shared<Entropy>;
            entropy.fill = detail::SourceCalls::fill;
            config.entropy = &entropy;
        }
        if (seed_) config.entropy_seed = &*seed_;
        for (std::size_t i = 0; i < count; ++i) calls[i].user_data = shares[i].release();
        return detail::value<fusepay_engine *>(fusepay_engine_open, &config);
    }

    std::string path_;
    std::vector<Key> keys_;
    std::optional<std::string> vault_key_;
    std::optional<std::string> audit_key_;
    std::vector<Registered> providers_;
    std::shared_ptr<Clock> clock_;
    std::shared_ptr<Entropy> entropy_;
    std::optional<std::uint64_t> seed_;
    fusepay_config raw_ = begin<fusepay_config>();
};

}  // namespace fusepay

#endif  // FUSEPAY_CONFIG_HPP
