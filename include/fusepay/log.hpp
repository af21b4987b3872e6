// FusePay for C++17: logging. A part of fusepay.hpp.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef FUSEPAY_LOG_HPP
#define FUSEPAY_LOG_HPP

#include "provider.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace fusepay {

// Who is told of log lines. Called from any thread, several at once, also from one
// that waits inside a call of the library: be quick. What it throws is dropped.
class Logger {
public:
    virtual ~Logger() = default;
    // Takes one line: one of FUSEPAY_LOG_LEVEL_*, the part of the library it comes
    // from, and the message. They live during the call.
    virtual void write(std::uint32_t level, const char *target, const char *message) = 0;
};

namespace detail {

// A logger that is a function.
class LoggerFunction final : public Logger {
public:
    using Function = std::function<void(std::uint32_t, const char *, const char *)>;
    explicit LoggerFunction(Function function) : function_(std::move(function)) {}
    void write(std::uint32_t level, const char *target, const char *message) override {
        function_(level, target, message);
    }

private:
    Function function_;
};

struct LoggerCalls {
    static void write(void *self, std::uint32_t level, const char *target, const char *message) noexcept {
        try {
            shared<Logger>(self).write(level, target, message);
        } catch (...) {
            // There is nobody left to tell.
        }
    }
};

}  // namespace detail

// Makes a logger the one of this process, and shares it with the library: this
// `level` (FUSEPAY_LOG_LEVEL_*) and above.
inline void log_set(std::shared_ptr<Logger> logger, std::uint32_t level = FUSEPAY_LOG_LEVEL_INFO) {
    auto calls = begin<fusepay_logger>();
    calls.destroy = detail::destroy_shared<Logger>;
    calls.level = level;
    calls.write = detail::LoggerCalls::write;
    calls.user_data = detail::share(std::move(logger)).release();
    const fusepay_logger *given = &calls;
    detail::call(fusepay_log_set, given);
}
inline void log_set(detail::LoggerFunction::Function function, std::uint32_t level = FUSEPAY_LOG_LEVEL_INFO) {
    log_set(std::make_shared<detail::LoggerFunction>(std::move(function)), level);
}

// Tells nobody any more.
inline void log_unset() {
    const fusepay_logger *nobody = nullptr;
    detail::call(fusepay_log_set, nobody);
}

// Log files being written. Move-only; keep it until the program ends: destroying it
// writes what is still waiting, and ends them.
class [[nodiscard]] LogFiles {
public:
    // Takes a C handle over.
    explicit LogFiles(fusepay_log_files *files) noexcept : files_(files) {}
    LogFiles(LogFiles &&other) noexcept : files_(std::exchange(other.files_, nullptr)) {}
    LogFiles &operator=(LogFiles &&other) noexcept {
        std::swap(files_, other.files_);
        return *this;
    }
    LogFiles(const LogFiles &) = delete;
    LogFiles &operator=(const LogFiles &) = delete;
    ~LogFiles() { fusepay_log_close(&files_); }

private:
    fusepay_log_files *files_;
};

// As fusepay_log_to_files.
inline LogFiles log_to_files(const fusepay_log_config &config) {
    return LogFiles(detail::value<fusepay_log_files *>(fusepay_log_to_files, &config));
}

}  // namespace fusepay

#endif  // FUSEPAY_LOG_HPP
