// `engine.history`: transactions, pages, statements, balances of the past.
#include "scenario.h"

static int32_t find(stage *s, const line *l) {
    fusepay_transaction_id id;
    fusepay_transaction_array lines = FUSEPAY_INIT(fusepay_transaction_array);
    TRY(read_id(s, l, "transaction", id.bytes));
    TRY(fusepay_history_find(s->engine, &id, &lines, &s->error));
    return ANSWER_LIST(s, l, &TRANSACTION, lines);
}

static int32_t find_by_external_reference(stage *s, const line *l) {
    uint32_t kind = 0;
    fusepay_transaction_array lines = FUSEPAY_INIT(fusepay_transaction_array);
    TRY(read_name(s, l, "type", fusepay_transaction_type_name, &kind));
    TRY(fusepay_history_find_by_external_reference(s->engine, kind, text(l, "external_reference"), &lines, &s->error));
    return ANSWER_LIST(s, l, &TRANSACTION, lines);
}

int32_t read_filter(stage *s, const line *l, filter_words *out) {
    out->filter = FUSEPAY_INIT(fusepay_history_filter);
    TRY(read_moment(s, l, "from_ms", &out->from_ms));
    TRY(read_moment(s, l, "until_ms", &out->until_ms));
    TRY(read_limit(s, l, &out->limit));
    TRY(read_name(s, l, "type", fusepay_transaction_type_name, &out->filter.kind));
    TRY(read_name(s, l, "status", fusepay_transaction_status_name, &out->filter.status));
    out->filter.from_ms = PRESENT(l, "from_ms", out->from_ms);
    out->filter.until_ms = PRESENT(l, "until_ms", out->until_ms);
    out->filter.metadata_contains = text(l, "metadata_contains");
    return FUSEPAY_OK;
}

int32_t answer_page(stage *s, const line *l, fusepay_transaction_page *page) {
    bind_all(s, l, &TRANSACTION, page->length, page->items);
    if (text(l, "as") != NULL && page->next_cursor != NULL) {
        name_bind(s, text(l, "as"), ".next", NAME_CURSOR, page->next_cursor);
    }
    record_begin(s, "page");
    put_number(s, "count", (int64_t)page->length);
    put_flag(s, "has_next", page->next_cursor != NULL);
    record_end(s);
    show_all(s, &TRANSACTION, page->length, page->items);
    fusepay_clear(page);
    return FUSEPAY_OK;
}

static int32_t page(stage *s, const line *l) {
    fusepay_wallet_id id;
    filter_words given;
    fusepay_transaction_page lines = FUSEPAY_INIT(fusepay_transaction_page);
    TRY(read_id(s, l, "wallet", id.bytes));
    TRY(read_filter(s, l, &given));
    TRY(fusepay_history_page(s->engine, &id, &given.filter, text(l, "cursor"), given.limit, &lines, &s->error));
    return answer_page(s, l, &lines);
}

static int32_t page_of_user(stage *s, const line *l) {
    fusepay_user_id id;
    filter_words given;
    fusepay_transaction_page lines = FUSEPAY_INIT(fusepay_transaction_page);
    TRY(read_id(s, l, "user", id.bytes));
    TRY(read_filter(s, l, &given));
    TRY(fusepay_history_page_of_user(s->engine, &id, &given.filter, text(l, "cursor"), given.limit, &lines,
                                     &s->error));
    return answer_page(s, l, &lines);
}

static int32_t statement(stage *s, const line *l) {
    fusepay_wallet_id id;
    int64_t from_ms = 0, until_ms = 0;
    fusepay_statement found = FUSEPAY_INIT(fusepay_statement);
    TRY(read_id(s, l, "wallet", id.bytes));
    TRY(read_moment(s, l, "from_ms", &from_ms));
    TRY(read_moment(s, l, "until_ms", &until_ms));
    TRY(fusepay_history_statement(s->engine, &id, from_ms, until_ms, &found, &s->error));
    record_begin(s, "statement");
    put_plain(s, "currency", found.currency);
    put_number(s, "opening_minor", found.opening_minor);
    put_number(s, "closing_minor", found.closing_minor);
    put_number(s, "count", (int64_t)found.length);
    record_end(s);
    show_all(s, &TRANSACTION, found.length, found.items);
    fusepay_clear(&found);
    return FUSEPAY_OK;
}

static int32_t balance_at(stage *s, const line *l) {
    fusepay_wallet_id id;
    int64_t at_ms = 0;
    fusepay_money balance;
    TRY(read_id(s, l, "wallet", id.bytes));
    TRY(read_moment(s, l, "at_ms", &at_ms));
    TRY(fusepay_history_balance_at(s->engine, &id, at_ms, &balance, &s->error));
    show(s, &MONEY, &balance);
    return FUSEPAY_OK;
}

const verb HISTORY_VERBS[] = {
    {"history.find", "transaction as?", find},
    {"history.find_by_external_reference", "type external_reference as?", find_by_external_reference},
    {"history.page", FILTER_WORDS, page},
    {"history.page_of_user", "user type? cursor? limit? as?", page_of_user},
    {"history.statement", "wallet from_ms until_ms", statement},
    {"history.balance_at", "wallet at_ms", balance_at},
    {NULL, NULL, NULL},
};
