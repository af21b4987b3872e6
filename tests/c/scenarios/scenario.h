// Plays scenario files against libfusepay, through its public header alone.
// tests/scenarios/FORMAT.md is the specification.
//
// main.c     plays the files of the command line
// script.c   one file, step by step: echoes, expectations, repetition
// line.c     one line: a verb and its words, references, values
// names.c    the names of ids, tokens and cursors
// record.c   one printed line of the transcript
// shapes.c   which fields of each of the library's records are printed
// shape.c    how they are printed, and bound to names
// stage.c    the engine with its clock and directory
// biller.c   the scripted biller, as the library's callbacks
// oracle.c   what must hold at the end
// verb_*.c   the verbs, noun by noun
#ifndef SCENARIO_H
#define SCENARIO_H

#include <fusepay.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_BYTES_MAX 1024
#define WORDS_MAX 24
#define NAMES_MAX 256
#define PRINTED_MAX 256
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

// Memory that is given back as a whole. Nothing in it is freed alone, so a text
// lives as long as its arena, whatever is bound to its name later.
typedef struct arena {
    struct block *blocks;
} arena;

void *keep(arena *memory, size_t size);
char *keep_bytes(arena *memory, const char *bytes, size_t length);
char *keep_text(arena *memory, const char *text);
void arena_clear(arena *memory);

// One `key=value`; its texts are those of the line, or of a name.
typedef struct word {
    const char *key;
    const char *value;
    bool is_quoted;
} word;

// One line that says something.
typedef struct line {
    char text[LINE_BYTES_MAX + 1];
    const char *verb;
    size_t count;
    word words[WORDS_MAX];
    char split[LINE_BYTES_MAX + 1];
} line;

// What a name stands for. Ids of different kinds may have the same bytes.
typedef enum name_kind {
    NAME_USER,
    NAME_WALLET,
    NAME_SESSION,
    NAME_TRANSACTION,
    NAME_PAYMENT,
    NAME_REQUEST,
    NAME_HOLD,
    NAME_QUOTE,
    NAME_JOB,
    NAME_TOKEN,
    NAME_CURSOR
} name_kind;

typedef struct name {
    const char *name;
    name_kind kind;
    const char *text;
} name;

// What the last step has printed, for the expectations after it.
typedef struct printed {
    size_t lines;
    struct printed_field *first;
    struct printed_field *last;
} printed;

// The manual clock. The engine's threads may read it at any time.
typedef struct manual_clock {
    _Atomic int64_t wall_ms;
    _Atomic uint64_t monotonic_ms;
} manual_clock;

// One request id in a biller's book.
typedef struct entry {
    struct entry *next;
    const char *request;
    const char *customer;
    uint32_t number;
    uint32_t sends;
    uint32_t queries;
    uint32_t paid_times;
    uint32_t reversed_times;
    int64_t paid_minor;
    bool was_paid;
    bool is_refused;
    bool is_pending;
    uint32_t owners; // payments that have this request id; counted by the oracle
} entry;

typedef struct biller {
    struct biller *next;
    struct stage *stage;
    const char *code;
    int64_t idempotent_ms;
    int64_t grace_ms;
    uint32_t not_found_times;
    bool has_grace;
    bool can_query;
    bool refuses_repetition;
    bool is_prepaid;
    int64_t prepaid_minor;
    entry *book;
    struct script *scripts;
} biller;

// What `simulated` fixes.
typedef struct settings {
    uint64_t seed;
    int64_t start_ms;
    const char *currency;
    fusepay_fee transfer_fee;
    fusepay_fee withdrawal_fee;
} settings;

// Everything a step can see and change.
typedef struct stage {
    arena memory;      // until the end of the file
    arena step_memory; // until the next step
    bool is_simulated;
    settings settings;
    manual_clock clock;
    char directory[256];
    fusepay_engine *engine;   // NULL while it is closed
    fusepay_session *session; // during a verb of `session.`
    fusepay_error *error;     // of the last call that was refused
    biller *billers;
    size_t name_count;
    name names[NAMES_MAX];
    printed printed;
    char why[1024]; // what is wrong with the scenario; empty while nothing is
} stage;

// A verb answers FUSEPAY_OK, the status of the call that was refused (its details
// in `stage->error`), or BROKEN when the scenario itself is wrong.
#define BROKEN (-1)

// Leaves the function when a call is refused.
#define TRY(call) \
    do { \
        int32_t status_ = (call); \
        if (status_ != FUSEPAY_OK) return status_; \
    } while (0)

// A verb: its words divided by blanks, those that may be missing with `?`.
typedef struct verb {
    const char *name;
    const char *words;
    int32_t (*run)(stage *s, const line *l);
} verb;

// Each ends with a verb without a name.
extern const verb STAGE_VERBS[], AUTH_VERBS[], WALLET_VERBS[], BILL_VERBS[], HISTORY_VERBS[], WORKER_VERBS[],
    SESSION_VERBS[];

// script.c: plays a file; false, and the reason on standard error, when it fails.
bool play(const char *path);
int print_verbs(void);
// Notes what is wrong with the scenario; the step fails then, whatever it answers.
int32_t broken(stage *s, const char *format, ...);

// line.c: reads a line; NULL, or what is wrong with it.
const char *line_read(line *l, const char *text, size_t length);
// Puts what names stand for in the place of references, and checks the words.
int32_t line_resolve(stage *s, line *l, const char *allowed);

// A word, or NULL when it is missing.
const char *text(const line *l, const char *key);
const char *text_or(const line *l, const char *key, const char *missing);
// Where a request wants a pointer: to the value when its word is there.
#define PRESENT(l, key, value) (text((l), (key)) == NULL ? NULL : &(value))

// These leave `out` as it is when the word is missing.
int32_t read_int64(stage *s, const line *l, const char *key, int64_t *out);
int32_t read_uint64(stage *s, const line *l, const char *key, uint64_t *out);
int32_t read_uint32(stage *s, const line *l, const char *key, uint32_t *out);
int32_t read_flag(stage *s, const line *l, const char *key, bool *out);
int32_t read_moment(stage *s, const line *l, const char *key, int64_t *out);
int32_t read_id(stage *s, const line *l, const char *key, uint8_t *out);
int32_t read_name(stage *s, const line *l, const char *key, const char *(*word_of)(uint32_t), uint32_t *out);
// 100 when missing.
int32_t read_limit(stage *s, const line *l, uint32_t *out);
// NGN when missing.
int32_t read_currency(stage *s, const line *l, const char **out);
int32_t read_money(stage *s, const line *l, fusepay_money *out);
bool parse_int64(const char *digits, int64_t *out);
int64_t add_saturating(int64_t a, int64_t b);

// names.c: the arenas, and the names.
void name_bind(stage *s, const char *name, const char *suffix, name_kind kind, const char *text);
const char *name_text(const stage *s, const char *name);
const char *name_of(const stage *s, name_kind kind, const char *text);

// record.c: a printed line, field by field. NULL is printed as absent.
void record_begin(stage *s, const char *word);
void put_plain(stage *s, const char *key, const char *value);
void put_text(stage *s, const char *key, const char *value);
void put_number(stage *s, const char *key, int64_t value);
void put_flag(stage *s, const char *key, bool value);
void record_end(stage *s);
void record_number(stage *s, const char *word, const char *key, int64_t value); // the whole line
void record_forget(stage *s);
const char *record_field(const stage *s, size_t line, const char *key);

// shapes.c: how a record of the library becomes a line.
typedef struct shape shape;
extern const shape TRANSACTION, WALLET, HOLD, PAYMENT, USER, TOKENS, PRINCIPAL, SESSION, QUOTE, JOB, JOB_COUNT,
    EVENT, LIMIT, BILLER, ITEM, CUSTOMER, ATTEMPT, DECISION, MONEY, WEBHOOK, RAN, PAYMENT_COUNT, BALANCE, VERIFIED,
    AUDIT, BOOK;

// shape.c
void show(stage *s, const shape *table, const void *record);
void show_all(stage *s, const shape *table, size_t length, const void *items);
void bind_record(stage *s, const shape *table, const void *record, const char *name);
// As `X.1`, `X.2`, … where the step has an `as=X`.
void bind_all(stage *s, const line *l, const shape *table, size_t length, const void *items);
int32_t done(stage *s);
// Binds the record to `as`, prints it and clears it.
int32_t answer(stage *s, const line *l, const shape *table, void *record);
// The same for several, after their number. `array` is what is cleared.
int32_t answer_list(stage *s, const line *l, const shape *table, size_t length, const void *items, void *array);
#define ANSWER_LIST(s, l, table, array) answer_list((s), (l), (table), (array).length, (array).items, &(array))

// stage.c
bool stage_begin(stage *s);
void stage_end(stage *s);
int32_t stage_open(stage *s, bool is_restored);
int32_t stage_close(stage *s);
int32_t stage_drain(stage *s);
void clock_advance(manual_clock *clock, uint64_t passed_ms);

// biller.c
bool script_is_known(const char *pay, const char *query, const char *always, const char *validate);
void biller_script(biller *b, const line *l);
entry *biller_entry(biller *b, const char *request);
entry *biller_find(const biller *b, const char *request); // NULL when there is none
void biller_take(entry *e, int64_t minor);
bool biller_holds_money(const entry *e);
void biller_provider(biller *b, fusepay_capabilities *capabilities, fusepay_provider *provider);
void biller_webhook(const char *signature, const char *body, fusepay_header *header, fusepay_webhook *webhook);

// oracle.c
int32_t consult_oracle(stage *s, bool is_lenient);

// Requests that the host and a session make alike, with their words. The structs
// hold what the requests point to.
#define TRANSFER_WORDS "from to amount? minor? currency? key? description? metadata? expected_version? as?"
#define PAY_WORDS \
    "wallet biller? item? customer amount? minor? currency? quote? key? metadata? requested_at_ms? " \
    "expected_version? as?"
#define REFUND_WORDS "payment amount? minor? currency? source? reason? key?"
#define FILTER_WORDS "wallet from_ms? until_ms? type? status? metadata_contains? cursor? limit? as?"

typedef struct payment_words {
    fusepay_quote_id quote_id;
    int64_t requested_at_ms;
    int64_t expected_version;
    fusepay_pay_bill request;
} payment_words;
int32_t read_payment(stage *s, const line *l, payment_words *out);
int32_t read_refund(stage *s, const line *l, fusepay_refund_request *out);

typedef struct transfer_words {
    int64_t expected_version;
    fusepay_transfer_request request;
} transfer_words;
int32_t read_transfer(stage *s, const line *l, transfer_words *out);

typedef struct filter_words {
    int64_t from_ms;
    int64_t until_ms;
    uint32_t limit;
    fusepay_history_filter filter;
} filter_words;
int32_t read_filter(stage *s, const line *l, filter_words *out);
int32_t answer_page(stage *s, const line *l, fusepay_transaction_page *page);

#endif
