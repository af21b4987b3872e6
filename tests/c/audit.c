// Goal: the audit trail is read from C, and its chain is held against a head that
// was kept elsewhere.
#include "customer.h"

static fusepay_error *error = NULL;

int main(void) {
    fusepay_engine *engine = simulated_open("pay.db");
    fusepay_chain_head start;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_audit_head(engine, &start, &error));
    customer ada = customer_register(engine, "ada@example.com");
    customer_credit(engine, ada.wallet_id, 1000);

    fusepay_audit_record_array entries = FUSEPAY_INIT(fusepay_audit_record_array);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_audit_read(engine, start.sequence, 500, &entries, &error));
    CHECK(entries.length >= 2);
    for (size_t i = 0; i < entries.length; i++) {
        const fusepay_audit_record *entry = entries.items[i];
        CHECK(entry->sequence == start.sequence + i + 1 && entry->success && entry->at_ms == SIMULATED_START_MS);
        CHECK(entry->origin != NULL && entry->subject != NULL && entry->payload[0] == '{');
        CHECK(strstr(entry->payload, CUSTOMER_PASSWORD) == NULL);
    }
    CHECK_TEXT("host", entries.items[entries.length - 1]->actor);
    CHECK_TEXT("wallet.credited", entries.items[entries.length - 1]->action);

    fusepay_chain_head head;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_audit_head(engine, &head, &error));
    CHECK(head.sequence == start.sequence + entries.length && memcmp(head.hash, start.hash, 32) != 0);
    fusepay_audit_report report = FUSEPAY_INIT(fusepay_audit_report);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_audit_verify(engine, NULL, &report, &error));
    CHECK(report.is_sound && report.entries == head.sequence && report.first_bad == NULL && report.detail == NULL);
    CHECK(memcmp(report.head.hash, head.hash, 32) == 0);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_audit_verify(engine, &head, &report, &error));
    CHECK(report.is_sound);

    fusepay_chain_head other = head;
    other.hash[31] ^= 1;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_audit_verify(engine, &other, &report, &error));
    CHECK(!report.is_sound && *report.first_bad == head.sequence && report.detail != NULL);
    other = head;
    other.sequence += 1;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_audit_verify(engine, &other, &report, &error));
    CHECK(!report.is_sound && *report.first_bad == head.sequence + 1);

    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_audit_read(engine, 0, 501, &entries, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_audit_read(engine, 0, 1, NULL, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_audit_head(engine, NULL, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_HANDLE, error, fusepay_audit_verify(NULL, &head, &report, &error));
    fusepay_clear(&report);
    fusepay_clear(&entries);
    fusepay_clear(&ada.registered);
    fusepay_error_free(&error);
    CHECK(fusepay_engine_close(&engine, 1000, NULL) == FUSEPAY_OK);
    return 0;
}
