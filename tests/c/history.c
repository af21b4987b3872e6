// Goal: a host and a user's session read histories, statements and past balances
// from C, page by page, and each only what is theirs.
#include "customer.h"

#define HOUR_MS INT64_C(3600000)

static fusepay_error *error = NULL;
static fusepay_engine *engine = NULL;
static customer ada, bola;

// Ada: +1000 at 0 h, +2000 and -500 at 1 h, -300 to Bola at 2 h.
static void book(void) {
    ada = customer_register(engine, "ada@example.com");
    bola = customer_register(engine, "bola@example.com");
    fusepay_money_request funding = FUSEPAY_INIT(fusepay_money_request);
    funding.wallet_id = ada.wallet_id;
    funding.amount = naira(1000);
    funding.external_reference = "bank-77";
    funding.description = "=1+1";
    funding.metadata = "{\"branch\":\"Ikeja\"}";
    fusepay_transaction line = FUSEPAY_INIT(fusepay_transaction);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_wallet_fund(engine, &funding, &line, &error));
    simulated_elapsed_ms += HOUR_MS;
    customer_credit(engine, ada.wallet_id, 2000);
    CHECK(customer_move(fusepay_wallet_debit, engine, ada.wallet_id, 500) == FUSEPAY_OK);
    simulated_elapsed_ms += HOUR_MS;
    fusepay_transfer_request transfer = FUSEPAY_INIT(fusepay_transfer_request);
    transfer.from = ada.wallet_id;
    transfer.to = bola.wallet_id;
    transfer.amount = naira(300);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_wallet_transfer(engine, &transfer, &line, &error));
    fusepay_clear(&line);
}

static void lines_are_found(fusepay_session *session) {
    fusepay_transaction_array lines = FUSEPAY_INIT(fusepay_transaction_array);
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_history_find_by_external_reference(engine, FUSEPAY_TRANSACTION_TYPE_WALLET_FUNDING, "bank-77",
                                                          &lines, &error));
    CHECK(lines.length == 1 && lines.items[0]->amount_minor == 1000);
    CHECK_TEXT("{\"branch\":\"Ikeja\"}", lines.items[0]->metadata);
    fusepay_transaction_id funding = lines.items[0]->id;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_history_find(engine, &funding, &lines, &error));
    CHECK(lines.length == 1 && lines.items[0]->balance_minor == 1000);
    // The reference is read before the array that holds it is filled again.
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_history_find_by_reference(engine, lines.items[0]->reference, &lines, &error));
    CHECK(lines.length == 1 && memcmp(lines.items[0]->id.bytes, funding.bytes, 16) == 0);
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_session_history_find_by_reference(session, lines.items[0]->reference, &lines, &error));
    CHECK(lines.length == 1);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_session_history_find(session, &funding, &lines, &error));
    CHECK(lines.length == 1);

    fusepay_session *stranger = customer_session(engine, &bola);
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error, fusepay_session_history_find(stranger, &funding, &lines, &error));
    CHECK(lines.length == 1); // Untouched on failure.
    fusepay_session_close(&stranger);

    fusepay_transaction_id nobody = {{0}};
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error, fusepay_history_find(engine, &nobody, &lines, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_history_find(engine, NULL, &lines, &error));
    CHECK_FIELD("transaction_id", error);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ID, error, fusepay_history_find_by_reference(engine, "BILL_1", &lines, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_history_find_by_reference(engine, "\xff", &lines, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_history_find_by_external_reference(engine, 99, "bank-77", &lines, &error));
    CHECK_FIELD("kind", error);
    fusepay_clear(&lines);
}

// Pages two by two with a session or, where there is none, the host.
static void pages_follow_each_other(fusepay_session *session) {
    const int64_t amounts[] = {-300, -500, 2000, 1000};
    fusepay_transaction_page page = FUSEPAY_INIT(fusepay_transaction_page);
    for (size_t first = 0; first < 4; first += 2) {
        int32_t status = session == NULL
            ? fusepay_history_page(engine, &ada.wallet_id, NULL, page.next_cursor, 2, &page, &error)
            : fusepay_session_history_page(session, &ada.wallet_id, NULL, page.next_cursor, 2, &page, &error);
        CHECK(status == FUSEPAY_OK && page.length == 2);
        CHECK(page.items[0]->amount_minor == amounts[first] && page.items[1]->amount_minor == amounts[first + 1]);
        CHECK((page.next_cursor != NULL) == (first == 0));
    }
    fusepay_clear(&page);
}

static void filters_hold_back(fusepay_session *session) {
    fusepay_transaction_page page = FUSEPAY_INIT(fusepay_transaction_page);
    fusepay_history_filter filter = FUSEPAY_INIT(fusepay_history_filter);
    const int64_t one = SIMULATED_START_MS + HOUR_MS, two = SIMULATED_START_MS + 2 * HOUR_MS;
    filter.from_ms = &one;
    filter.until_ms = &two;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_history_page(engine, &ada.wallet_id, &filter, NULL, 500, &page, &error));
    CHECK(page.length == 2 && page.items[0]->amount_minor == -500);
    filter.kind = FUSEPAY_TRANSACTION_TYPE_CREDIT;
    filter.status = FUSEPAY_TRANSACTION_STATUS_COMPLETED;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_history_page(engine, &ada.wallet_id, &filter, NULL, 500, &page, &error));
    CHECK(page.length == 1 && page.items[0]->amount_minor == 2000 && page.next_cursor == NULL);
    filter = FUSEPAY_INIT(fusepay_history_filter);
    filter.metadata_contains = "Ikeja";
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_history_page_of_user(engine, &ada.user_id, &filter, NULL, 500, &page, &error));
    CHECK(page.length == 1 && page.items[0]->amount_minor == 1000);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_session_history_page_of_all(session, NULL, NULL, 1, &page, &error));
    CHECK(page.length == 1 && page.next_cursor != NULL);
    CHECK_CODE(FUSEPAY_ERR_INVALID_CURSOR, error,
               fusepay_history_page(engine, &ada.wallet_id, NULL, page.next_cursor, 1, &page, &error));

    filter = FUSEPAY_INIT(fusepay_history_filter);
    filter.status = 99;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_history_page(engine, &ada.wallet_id, &filter, NULL, 1, &page, &error));
    CHECK_FIELD("status", error);
    filter = FUSEPAY_INIT(fusepay_history_filter);
    filter.from_ms = &two;
    filter.until_ms = &one;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_history_page_of_user(engine, &ada.user_id, &filter, NULL, 1, &page, &error));
    filter.struct_size = 0;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_session_history_page_of_all(session, &filter, NULL, 1, &page, &error));
    CHECK_FIELD("filter", error);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_history_page(engine, &ada.wallet_id, NULL, NULL, 0, &page, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_CURSOR, error,
               fusepay_session_history_page(session, &ada.wallet_id, NULL, "no cursor", 1, &page, &error));
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error,
               fusepay_session_history_page(session, &bola.wallet_id, NULL, NULL, 1, &page, &error));
    fusepay_clear(&page);
}

static void statements_add_up(fusepay_session *session) {
    const int64_t from = SIMULATED_START_MS + HOUR_MS, until = SIMULATED_START_MS + 2 * HOUR_MS;
    fusepay_statement statement = FUSEPAY_INIT(fusepay_statement);
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_history_statement(engine, &ada.wallet_id, from, until, &statement, &error));
    CHECK(statement.opening_minor == 1000 && statement.closing_minor == 2500 && statement.length == 2);
    CHECK(statement.items[0]->amount_minor == 2000 && statement.items[1]->amount_minor == -500);
    CHECK(statement.from_ms == from && statement.until_ms == until);
    CHECK_TEXT("NGN", statement.currency);
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_session_history_statement(session, &ada.wallet_id, 0, from, &statement, &error));
    CHECK(statement.opening_minor == 0 && statement.closing_minor == 1000 && statement.length == 1);

    fusepay_text csv = FUSEPAY_INIT(fusepay_text), json = FUSEPAY_INIT(fusepay_text);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_history_statement_csv(engine, &ada.wallet_id, 0, from, &csv, &error));
    CHECK(strncmp(csv.text, "sequence,created_at,", 20) == 0 && strlen(csv.text) == csv.length);
    CHECK(strstr(csv.text, ",WALLET_FUNDING,COMPLETED,10.00,NGN,10.00,") != NULL);
    CHECK(strstr(csv.text, ",bank-77,'=1+1,") != NULL);
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_session_history_statement_csv(session, &ada.wallet_id, 0, from, &json, &error));
    CHECK_TEXT(csv.text, json.text);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_history_statement_json(engine, &ada.wallet_id, 0, from, &json, &error));
    CHECK(strstr(json.text, "\"closing_minor\":1000") != NULL);
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_session_history_statement_json(session, &ada.wallet_id, 0, from, &csv, &error));
    CHECK_TEXT(csv.text, json.text);

    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_history_statement(engine, &ada.wallet_id, until, from, &statement, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_history_statement_csv(engine, &ada.wallet_id, until, from, &csv, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_history_statement_json(engine, NULL, from, until, &csv, &error));
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error,
               fusepay_session_history_statement(session, &bola.wallet_id, from, until, &statement, &error));
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error,
               fusepay_session_history_statement_csv(session, &bola.wallet_id, from, until, &csv, &error));
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error,
               fusepay_session_history_statement_json(session, &bola.wallet_id, from, until, &csv, &error));
    fusepay_clear(&statement);
    fusepay_clear(&csv);
    fusepay_clear(&json);
}

static void past_balances_are_known(fusepay_session *session) {
    const int64_t expected[] = {1000, 2500, 2200};
    for (int hour = 0; hour < 3; hour++) {
        const int64_t at = SIMULATED_START_MS + hour * HOUR_MS;
        fusepay_money balance = naira(0);
        CHECK_CODE(FUSEPAY_OK, error, fusepay_history_balance_at(engine, &ada.wallet_id, at, &balance, &error));
        CHECK(balance.minor == expected[hour]);
        balance = naira(0);
        CHECK_CODE(FUSEPAY_OK, error,
                   fusepay_session_history_balance_at(session, &ada.wallet_id, at, &balance, &error));
        CHECK(balance.minor == expected[hour]);
    }
    fusepay_money untouched = naira(7);
    CHECK_CODE(FUSEPAY_ERR_NOT_FOUND, error,
               fusepay_session_history_balance_at(session, &bola.wallet_id, 0, &untouched, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_history_balance_at(engine, NULL, 0, &untouched, &error));
    CHECK(untouched.minor == 7);
}

int main(void) {
    engine = simulated_open("pay.db");
    book();
    // The access token of the registration has expired by now.
    fusepay_login login = FUSEPAY_INIT(fusepay_login);
    login.email = "ada@example.com";
    login.password = (const uint8_t *)CUSTOMER_PASSWORD;
    login.password_length = strlen(CUSTOMER_PASSWORD);
    fusepay_tokens tokens = FUSEPAY_INIT(fusepay_tokens);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_auth_login(engine, &login, &tokens, &error));
    fusepay_session *session = NULL;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_session_open(engine, tokens.access, &session, &error));
    login.email = "bola@example.com";
    fusepay_clear(&bola.registered);
    fusepay_tokens bolas = FUSEPAY_INIT(fusepay_tokens);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_auth_login(engine, &login, &bolas, &error));
    bola.registered.tokens = &bolas;

    lines_are_found(session);
    pages_follow_each_other(NULL);
    pages_follow_each_other(session);
    filters_hold_back(session);
    statements_add_up(session);
    past_balances_are_known(session);

    fusepay_session_close(&session);
    fusepay_clear(&tokens);
    fusepay_clear(&bolas);
    fusepay_clear(&ada.registered);
    fusepay_error_free(&error);
    CHECK(fusepay_engine_close(&engine, 1000, NULL) == FUSEPAY_OK);
    return 0;
}
