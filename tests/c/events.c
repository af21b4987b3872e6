// Goal: events are read by number and told to subscribers in C: in order, again
// after a failure, no more once closed; user data is given back exactly once.
// Method: the manual worker mode; a subscriber notes what it is told.
#include "customer.h"

#define NOTES_MAX 64

static fusepay_error *error = NULL;
static fusepay_engine *engine = NULL;

typedef struct notebook {
    uint64_t sequences[NOTES_MAX];
    uint32_t names[NOTES_MAX];
    int length;
    int failures_left;                   // So many times it does not take an event.
    int closes_after;                    // Closes its own subscription at this note; 0 for never.
    fusepay_subscription *subscription;  // Its own.
    int destroyed;
} notebook;

static int32_t note(void *user_data, const fusepay_event *event) {
    notebook *notes = user_data;
    CHECK(notes->destroyed == 0 && notes->length < NOTES_MAX);
    CHECK(event->struct_size == sizeof(fusepay_event) && event->payload[0] == '{');
    notes->sequences[notes->length] = event->sequence;
    notes->names[notes->length] = event->name;
    notes->length++;
    if (notes->length == notes->closes_after) {
        fusepay_subscription_close(&notes->subscription);
        CHECK(notes->subscription == NULL && notes->destroyed == 0);
    }
    if (notes->failures_left > 0) {
        notes->failures_left--;
        return 503;
    }
    return 0;
}

static void destroy(void *user_data) { ((notebook *)user_data)->destroyed++; }

static fusepay_subscriber subscriber_of(notebook *notes) {
    fusepay_subscriber subscriber = FUSEPAY_INIT(fusepay_subscriber);
    subscriber.user_data = notes;
    subscriber.destroy = destroy;
    subscriber.notify = note;
    return subscriber;
}

static void subscribe(notebook *notes, const char *name, uint32_t start) {
    fusepay_subscriber subscriber = subscriber_of(notes);
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_events_subscribe(engine, name, start, &subscriber, &notes->subscription, &error));
    CHECK(notes->subscription != NULL);
}

static uint64_t head(void) {
    uint64_t sequence = 0;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_events_head(engine, &sequence, &error));
    return sequence;
}

static void events_are_read(const customer *ada) {
    fusepay_event_array events = FUSEPAY_INIT(fusepay_event_array);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_events_read(engine, 0, 500, &events, &error));
    CHECK(events.length == head() && events.items[0]->sequence == 1);
    const fusepay_event *last = events.items[events.length - 1];
    CHECK(last->name == FUSEPAY_EVENT_NAME_WALLET_CREDITED && last->at_ms == SIMULATED_START_MS);
    CHECK(last->wallet_id != NULL && memcmp(last->wallet_id->bytes, ada->wallet_id.bytes, 16) == 0);
    CHECK(last->transaction_id != NULL && last->payment_id == NULL && last->hold_id == NULL && last->job_id == NULL);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_events_read(engine, head(), 1, &events, &error));
    CHECK(events.length == 0 && events.items == NULL);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_events_read(engine, 0, 0, &events, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_events_read(engine, 0, 1, NULL, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_events_head(engine, NULL, &error));
    fusepay_clear(&events);
}

static void a_cursor_goes_forth_and_back(void) {
    bool is_known = true;
    uint64_t sequence = 99;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_events_cursor(engine, "reader", &is_known, &sequence, &error));
    CHECK(!is_known && sequence == 0);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_events_acknowledge(engine, "reader", 2, &error));
    CHECK_CODE(FUSEPAY_OK, error, fusepay_events_acknowledge(engine, "reader", 1, &error));
    CHECK_CODE(FUSEPAY_OK, error, fusepay_events_cursor(engine, "reader", &is_known, &sequence, &error));
    CHECK(is_known && sequence == 2);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_events_rewind(engine, "reader", 1, &error));
    CHECK_CODE(FUSEPAY_OK, error, fusepay_events_cursor(engine, "reader", &is_known, &sequence, &error));
    CHECK(is_known && sequence == 1);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_events_acknowledge(engine, "reader", head() + 1, &error));
    CHECK_FIELD("sequence", error);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_events_rewind(engine, NULL, 1, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_events_cursor(engine, "a\nb", &is_known, &sequence, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_events_cursor(engine, "reader", NULL, &sequence, &error));
    CHECK(sequence == 1);
}

static void a_subscriber_is_told_in_order_and_again_after_a_failure(fusepay_wallet_id wallet_id) {
    notebook notes = {.failures_left = 2};
    uint64_t before = head();
    subscribe(&notes, "mailer", FUSEPAY_START_AT_NOW);
    fusepay_text name = FUSEPAY_INIT(fusepay_text);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_subscription_name(notes.subscription, &name, &error));
    CHECK_TEXT("mailer", name.text);
    fusepay_clear(&name);
    customer_credit(engine, wallet_id, 1);
    customer_credit(engine, wallet_id, 2);
    run_due(engine);
    CHECK(notes.length == 1 && notes.sequences[0] == before + 1);
    run_due(engine);
    CHECK(notes.length == 1); // Not before a second is over.
    advance(engine, 1000);
    CHECK(notes.length == 2 && notes.sequences[1] == before + 1);
    advance(engine, 1999);
    CHECK(notes.length == 2); // Two seconds after the second failure.
    advance(engine, 1);
    CHECK(notes.length == 4 && notes.sequences[2] == before + 1 && notes.sequences[3] == before + 2);
    CHECK(notes.names[3] == FUSEPAY_EVENT_NAME_WALLET_CREDITED);

    fusepay_subscription *stale = notes.subscription;
    fusepay_subscription_close(&notes.subscription);
    CHECK(notes.subscription == NULL && notes.destroyed == 1);
    fusepay_subscription_close(&notes.subscription);
    CHECK_CODE(FUSEPAY_ERR_INVALID_HANDLE, error, fusepay_subscription_name(stale, &name, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_HANDLE, error, fusepay_subscription_keep(&stale, &error));
    CHECK(stale != NULL);
    fusepay_subscription_close(&stale);
    CHECK(stale == NULL && notes.destroyed == 1);
    customer_credit(engine, wallet_id, 3);
    run_due(engine);
    CHECK(notes.length == 4);

    // Its place was remembered.
    notebook again = {0};
    subscribe(&again, "mailer", FUSEPAY_START_AT_BEGINNING);
    run_due(engine);
    CHECK(again.length == 1 && again.sequences[0] == before + 3);
    fusepay_subscription_close(&again.subscription);
    CHECK(again.destroyed == 1);
}

static void a_subscriber_closes_itself(fusepay_wallet_id wallet_id) {
    notebook notes = {.closes_after = 2};
    subscribe(&notes, "once", FUSEPAY_START_AT_BEGINNING);
    customer_credit(engine, wallet_id, 1);
    run_due(engine);
    CHECK(notes.length == 2 && notes.sequences[0] == 1 && notes.sequences[1] == 2);
    CHECK(notes.subscription == NULL && notes.destroyed == 1);
    run_due(engine);
    CHECK(notes.length == 2);
}

static void a_kept_subscriber_lasts_as_long_as_its_engine(notebook *notes, fusepay_wallet_id wallet_id) {
    const uint32_t wanted[] = {FUSEPAY_EVENT_NAME_WALLET_DEBITED, FUSEPAY_EVENT_NAME_WALLET_FUNDED};
    fusepay_subscriber subscriber = subscriber_of(notes);
    fusepay_subscription *subscription = NULL;
    CHECK_CODE(FUSEPAY_OK, error,
               fusepay_events_subscribe_to(engine, "kept", FUSEPAY_START_AT_NOW, wanted, 2, &subscriber,
                                           &subscription, &error));
    CHECK_CODE(FUSEPAY_OK, error, fusepay_subscription_keep(&subscription, &error));
    CHECK(subscription == NULL);
    CHECK_CODE(FUSEPAY_ERR_INVALID_HANDLE, error, fusepay_subscription_keep(&subscription, &error));
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_subscription_keep(NULL, &error));
    customer_credit(engine, wallet_id, 5);
    CHECK(customer_move(fusepay_wallet_debit, engine, wallet_id, 5) == FUSEPAY_OK);
    run_due(engine);
    CHECK(notes->length == 1 && notes->names[0] == FUSEPAY_EVENT_NAME_WALLET_DEBITED);
}

// Whatever is wrong: nothing is answered, and the user data comes back once.
static void refused_subscriptions_give_user_data_back(void) {
    struct {
        const char *name;
        uint32_t start;
        uint32_t wanted;
        int32_t expected;
    } cases[] = {
        {NULL, FUSEPAY_START_AT_NOW, 1, FUSEPAY_ERR_INVALID_ARGUMENT},
        {"\xff", FUSEPAY_START_AT_NOW, 1, FUSEPAY_ERR_INVALID_ARGUMENT},
        {"", FUSEPAY_START_AT_NOW, 1, FUSEPAY_ERR_INVALID_ARGUMENT},
        {"new", 2, 1, FUSEPAY_ERR_INVALID_ARGUMENT},
        {"new", FUSEPAY_START_AT_NOW, 0, FUSEPAY_ERR_INVALID_ARGUMENT},
        {"new", FUSEPAY_START_AT_NOW, 70000, FUSEPAY_ERR_INVALID_ARGUMENT},
        {"kept", FUSEPAY_START_AT_NOW, 1, FUSEPAY_ERR_NOT_ALLOWED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        notebook notes = {0};
        fusepay_subscriber subscriber = subscriber_of(&notes);
        CHECK_CODE(cases[i].expected, error,
                   fusepay_events_subscribe_to(engine, cases[i].name, cases[i].start, &cases[i].wanted, 1,
                                               &subscriber, &notes.subscription, &error));
        CHECK(notes.subscription == NULL && notes.destroyed == 1);
    }
    notebook notes = {0};
    fusepay_subscriber subscriber = subscriber_of(&notes);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_events_subscribe(engine, "new", 0, &subscriber, NULL, &error));
    CHECK_FIELD("subscription", error);
    CHECK_CODE(FUSEPAY_ERR_INVALID_HANDLE, error,
               fusepay_events_subscribe(NULL, "new", 0, &subscriber, &notes.subscription, &error));
    subscriber.notify = NULL;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_events_subscribe(engine, "new", 0, &subscriber, &notes.subscription, &error));
    CHECK(notes.subscription == NULL && notes.destroyed == 3);
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error,
               fusepay_events_subscribe(engine, "new", 0, NULL, &notes.subscription, &error));
}

int main(void) {
    engine = simulated_open("pay.db");
    customer ada = customer_register(engine, "ada@example.com");
    customer_credit(engine, ada.wallet_id, 1000);
    events_are_read(&ada);
    a_cursor_goes_forth_and_back();
    a_subscriber_is_told_in_order_and_again_after_a_failure(ada.wallet_id);
    a_subscriber_closes_itself(ada.wallet_id);
    notebook kept = {0}, closed_late = {0};
    a_kept_subscriber_lasts_as_long_as_its_engine(&kept, ada.wallet_id);
    refused_subscriptions_give_user_data_back();
    subscribe(&closed_late, "late", FUSEPAY_START_AT_NOW);
    fusepay_clear(&ada.registered);
    fusepay_error_free(&error);
    CHECK(fusepay_engine_close(&engine, 1000, NULL) == FUSEPAY_OK);
    CHECK(kept.destroyed == 1 && closed_late.destroyed == 0);
    fusepay_subscription_close(&closed_late.subscription);
    CHECK(closed_late.destroyed == 1);
    return 0;
}
