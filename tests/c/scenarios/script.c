// Plays one scenario file, step by step.
#include "scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const verb *const NOUNS[] = {STAGE_VERBS,   AUTH_VERBS,   WALLET_VERBS, BILL_VERBS,
                                    HISTORY_VERBS, WORKER_VERBS, SESSION_VERBS};

// Where a scenario stands.
typedef struct player {
    stage stage;
    line line;
    uint64_t repeat; // how often the next step is made; 0 stands for once
    int32_t refused; // the status of an error that no expectation has named yet
    char last_verb[64];
} player;

int32_t broken(stage *s, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (s->why[0] == '\0') vsnprintf(s->why, sizeof s->why, format, arguments);
    va_end(arguments);
    return BROKEN;
}

static const verb *find_verb(const char *name) {
    for (size_t noun = 0; noun < COUNT_OF(NOUNS); noun++) {
        for (const verb *v = NOUNS[noun]; v->name != NULL; v++) {
            if (strcmp(v->name, name) == 0) return v;
        }
    }
    return NULL;
}

// Every verb with its words, in the order of FORMAT.md.
int print_verbs(void) {
    for (size_t noun = 0; noun < COUNT_OF(NOUNS); noun++) {
        for (const verb *v = NOUNS[noun]; v->name != NULL; v++) printf("%s: %s\n", v->name, v->words);
    }
    return EXIT_SUCCESS;
}

static void show_error(stage *s, int32_t status) {
    int64_t retry_after_ms = fusepay_error_retry_after_ms(s->error);
    record_begin(s, "error");
    put_plain(s, "code", fusepay_code_name(status));
    put_plain(s, "field", fusepay_error_field(s->error));
    put_flag(s, "retryable", fusepay_code_is_retryable(status));
    if (retry_after_ms < 0) {
        put_plain(s, "retry_after_ms", NULL);
    } else {
        put_number(s, "retry_after_ms", retry_after_ms);
    }
    record_end(s);
}

// Makes a step once; verbs of `session.` on a session of their own.
static int32_t run(stage *s, const verb *v, line *l) {
    TRY(line_resolve(s, l, v->words));
    if (strncmp(v->name, "session.", 8) != 0) return v->run(s, l);
    TRY(fusepay_session_open(s->engine, text(l, "token"), &s->session, &s->error));
    int32_t status = v->run(s, l);
    fusepay_session_close(&s->session);
    return status;
}

static void make_step(player *p) {
    stage *s = &p->stage;
    const verb *v = find_verb(p->line.verb);
    uint64_t times = p->repeat == 0 ? 1 : p->repeat;
    p->repeat = 0;
    printf("> %s\n", p->line.text);
    if (v == NULL) {
        broken(s, "there is no verb `%s`", p->line.verb);
        return;
    }
    for (uint64_t i = 0; i < times && s->why[0] == '\0'; i++) {
        line resolved = p->line; // its texts stay where they are
        record_forget(s);
        int32_t status = run(s, v, &resolved);
        if (status == FUSEPAY_OK || status == BROKEN) continue;
        show_error(s, status);
        p->refused = status;
    }
}

// Holds the words of an expectation against what the last step printed.
static void expect(player *p) {
    stage *s = &p->stage;
    int64_t at = 1;
    const char *place = text(&p->line, "at");
    if (place != NULL && (!parse_int64(place, &at) || at < 1)) broken(s, "`at` is the number of a printed line");
    if (s->printed.lines < (uint64_t)at) broken(s, "the last step has printed no line %lld", (long long)at);
    for (size_t i = 0; i < p->line.count; i++) {
        const word *w = &p->line.words[i];
        if (strcmp(w->key, "at") == 0) continue;
        const char *found = record_field(s, (size_t)at, w->key);
        if (found == NULL) {
            broken(s, "expected %s=%s, got no such field", w->key, w->value);
        } else if (strcmp(found, w->value) != 0) {
            broken(s, "expected %s=%s, got %s=%s", w->key, w->value, w->key, found);
        } else if (strcmp(w->key, "code") == 0) {
            p->refused = FUSEPAY_OK;
        }
    }
}

static void take_line(player *p) {
    stage *s = &p->stage;
    snprintf(p->last_verb, sizeof p->last_verb, "%s", p->line.verb);
    if (strcmp(p->line.verb, "expect") == 0) {
        expect(p);
    } else if (p->refused != FUSEPAY_OK) {
        broken(s, "expected no error before this step, got %s", fusepay_code_name(p->refused));
    } else if (strcmp(p->line.verb, "repeat") == 0) {
        if (line_resolve(s, &p->line, "times") == FUSEPAY_OK) read_uint64(s, &p->line, "times", &p->repeat);
    } else {
        make_step(p);
    }
}

// Takes the lines of a text, until one fails; the number of the last one.
static int take_lines(player *p, const char *text, size_t length) {
    int number = 0, last = 0;
    const char *end = text + length;
    while (text < end && p->stage.why[0] == '\0') {
        number += 1;
        const char *feed = memchr(text, '\n', (size_t)(end - text));
        const char *first = text, *after = feed == NULL ? end : feed;
        text = feed == NULL ? end : feed + 1;
        while (first < after && *first == ' ') first++;
        while (after > first && after[-1] == ' ') after--;
        if (first == after || *first == '#') continue;
        last = number;
        const char *wrong = line_read(&p->line, first, (size_t)(after - first));
        if (wrong != NULL) {
            broken(&p->stage, "%s", wrong);
        } else {
            take_line(p);
        }
    }
    return last;
}

static void finish(player *p) {
    stage *s = &p->stage;
    if (s->why[0] != '\0') return;
    if (p->refused != FUSEPAY_OK) {
        broken(s, "expected no error, got %s", fusepay_code_name(p->refused));
    } else if (strcmp(p->last_verb, "ledger_digest") != 0) {
        broken(s, "a scenario ends with `oracle` and `ledger_digest`");
    } else {
        int32_t status = stage_close(s);
        if (status != FUSEPAY_OK) broken(s, "closing answered %s", fusepay_code_name(status));
    }
}

// The whole file with a NUL after it; NULL when it can't be read.
static char *read_file(arena *memory, const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    char *bytes = NULL;
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (size >= 0 && fseek(file, 0, SEEK_SET) == 0) {
        bytes = keep(memory, (size_t)size + 1);
        *length = fread(bytes, 1, (size_t)size, file);
    }
    fclose(file);
    return bytes;
}

bool play(const char *path) {
    player *p = calloc(1, sizeof *p);
    if (p == NULL) return false;
    size_t length = 0;
    int last = 0;
    const char *bytes = read_file(&p->stage.memory, path, &length);
    if (bytes == NULL || !stage_begin(&p->stage)) {
        broken(&p->stage, "can't be read, or there is no room for its database");
    } else {
        last = take_lines(p, bytes, length);
        finish(p);
    }
    bool is_well = p->stage.why[0] == '\0';
    fflush(stdout);
    if (!is_well) fprintf(stderr, "%s:%d: %s\n", path, last, p->stage.why);
    stage_end(&p->stage);
    free(p);
    return is_well;
}
