// FusePay for C++17: owners of records and lists. A part of fusepay.hpp.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef FUSEPAY_RECORD_HPP
#define FUSEPAY_RECORD_HPP

#include "error.hpp"

#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

namespace fusepay {

// A request or record that knows its size, with everything else zero or null.
template <class T>
T begin() noexcept {
    T begun = T();
    begun.struct_size = sizeof(T);
    return begun;
}

// An owner of a C record, which it clears. Move-only.
template <class T>
class Record {
public:
    using C = T;

    Record() noexcept : record_(fusepay::begin<T>()) {}
    Record(Record &&other) noexcept : record_(std::exchange(other.record_, fusepay::begin<T>())) {}
    Record &operator=(Record &&other) noexcept {
        std::swap(record_, other.record_);
        return *this;
    }
    Record(const Record &) = delete;
    Record &operator=(const Record &) = delete;
    ~Record() { fusepay_clear(&record_); }

    const T *operator->() const noexcept { return &record_; }
    const T &operator*() const noexcept { return record_; }
    // Where a C function writes.
    T *out() noexcept { return &record_; }

private:
    T record_;
};

// The items of a C array of records, as a range of const references:
//     for (const auto &step : fusepay::Range(explanation->steps, explanation->steps_length))
// Owns nothing: good as long as the record it belongs to.
template <class T>
class Range {
public:
    class Iterator {
    public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = T;
        using difference_type = std::ptrdiff_t;
        using pointer = const T *;
        using reference = const T &;

        Iterator() = default;
        explicit Iterator(const T *const *place) noexcept : place_(place) {}
        reference operator*() const noexcept { return **place_; }
        pointer operator->() const noexcept { return *place_; }
        Iterator &operator++() noexcept {
            ++place_;
            return *this;
        }
        Iterator operator++(int) noexcept { return Iterator(place_++); }
        bool operator==(const Iterator &other) const noexcept { return place_ == other.place_; }
        bool operator!=(const Iterator &other) const noexcept { return place_ != other.place_; }

    private:
        const T *const *place_ = nullptr;
    };

    Range(const T *const *items, std::size_t length) noexcept : items_(items), length_(length) {}

    std::size_t size() const noexcept { return length_; }
    bool empty() const noexcept { return length_ == 0; }
    const T &operator[](std::size_t index) const noexcept { return *items_[index]; }
    Iterator begin() const noexcept { return Iterator(items_); }
    Iterator end() const noexcept { return Iterator(empty() ? items_ : items_ + length_); }

private:
    const T *const *items_;
    std::size_t length_;
};

// An owner of a C array of records; a range of const references. What else the
// array has is a member: page->next_cursor.
template <class Array>
class List : public Record<Array> {
public:
    using Item = std::remove_const_t<std::remove_pointer_t<std::remove_const_t<std::remove_pointer_t<decltype(Array::items)>>>>;
    using Iterator = typename Range<Item>::Iterator;

    std::size_t size() const noexcept { return (**this).length; }
    bool empty() const noexcept { return size() == 0; }
    // Undefined from size() on, as of a vector.
    const Item &operator[](std::size_t index) const noexcept { return *(**this).items[index]; }
    Iterator begin() const noexcept { return range().begin(); }
    Iterator end() const noexcept { return range().end(); }

private:
    Range<Item> range() const noexcept { return Range<Item>((**this).items, size()); }
};

// An owner of several texts; a range of const char *.
class TextList : public Record<fusepay_text_array> {
public:
    std::size_t size() const noexcept { return (**this).length; }
    bool empty() const noexcept { return size() == 0; }
    const char *operator[](std::size_t index) const noexcept { return (**this).items[index]; }
    const char *const *begin() const noexcept { return (**this).items; }
    const char *const *end() const noexcept { return empty() ? begin() : begin() + size(); }
};

using AuditReport = Record<fusepay_audit_report>;
using Customer = Record<fusepay_customer>;
using Explanation = Record<fusepay_explanation>;
using Hold = Record<fusepay_hold>;
using Job = Record<fusepay_job>;
using Payment = Record<fusepay_payment>;
using Principal = Record<fusepay_principal>;
using Quote = Record<fusepay_quote>;
using Registered = Record<fusepay_registered>;
using RunReport = Record<fusepay_run_report>;
using Stats = Record<fusepay_stats>;
using Text = Record<fusepay_text>;
using Tokens = Record<fusepay_tokens>;
using Transaction = Record<fusepay_transaction>;
using User = Record<fusepay_user>;
using VerifyReport = Record<fusepay_verify_report>;
using Wallet = Record<fusepay_wallet>;
using WebhookReceipt = Record<fusepay_webhook_receipt>;

using AuditEntryList = List<fusepay_audit_record_array>;
using BillItemList = List<fusepay_bill_item_array>;
using BillerList = List<fusepay_biller_array>;
using EventList = List<fusepay_event_array>;
using HoldList = List<fusepay_hold_array>;
using JobCountList = List<fusepay_job_count_array>;
using JobList = List<fusepay_job_array>;
using LimitList = List<fusepay_limit_array>;
using PaymentList = List<fusepay_payment_array>;
using SessionList = List<fusepay_session_record_array>;
// With the moments and balances around its lines: statement->opening_minor.
using Statement = List<fusepay_statement>;
using TransactionList = List<fusepay_transaction_array>;
// The next page: page->next_cursor, null on the last one.
using TransactionPage = List<fusepay_transaction_page>;
// The next page comes after *page->next, null on the last one.
using UserPage = List<fusepay_user_page>;
using WalletList = List<fusepay_wallet_array>;

}  // namespace fusepay

#endif  // FUSEPAY_RECORD_HPP
