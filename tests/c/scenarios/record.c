// One printed line of a transcript: a word and its fields, in a fixed order.
#include "scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct printed_field {
    struct printed_field *next;
    size_t line;
    const char *key;
    const char *value; // as an expectation sees it: without quotes and escapes
};

// Keys are literals of this program, and are not copied.
static void remember(stage *s, const char *key, const char *value) {
    struct printed_field *field = keep(&s->step_memory, sizeof *field);
    field->line = s->printed.lines;
    field->key = key;
    field->value = keep_text(&s->step_memory, value);
    if (s->printed.last == NULL) {
        s->printed.first = field;
    } else {
        s->printed.last->next = field;
    }
    s->printed.last = field;
}

void record_begin(stage *s, const char *word) {
    s->printed.lines += 1;
    if (s->printed.lines > PRINTED_MAX) broken(s, "a step prints at most %d records", PRINTED_MAX);
    fputs(word, stdout);
}

void record_end(stage *s) {
    (void)s;
    putchar('\n');
}

void put_plain(stage *s, const char *key, const char *value) {
    const char *shown = value == NULL ? "-" : value;
    remember(s, key, shown);
    printf(" %s=%s", key, shown);
}

static void put_escaped(char letter) {
    switch (letter) {
        case '"': fputs("\\\"", stdout); break;
        case '\\': fputs("\\\\", stdout); break;
        case '\n': fputs("\\n", stdout); break;
        case '\t': fputs("\\t", stdout); break;
        default: putchar(letter);
    }
}

void put_text(stage *s, const char *key, const char *value) {
    if (value == NULL) {
        put_plain(s, key, NULL);
        return;
    }
    remember(s, key, value);
    printf(" %s=\"", key);
    for (; *value != '\0'; value++) put_escaped(*value);
    putchar('"');
}

void put_number(stage *s, const char *key, int64_t value) {
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, value);
    put_plain(s, key, digits);
}

void put_flag(stage *s, const char *key, bool value) { put_plain(s, key, value ? "yes" : "no"); }

void record_number(stage *s, const char *word, const char *key, int64_t value) {
    record_begin(s, word);
    put_number(s, key, value);
    record_end(s);
}

void record_forget(stage *s) {
    arena_clear(&s->step_memory);
    s->printed = (printed){0};
}

// A field of a printed line, from 1; NULL when there is none.
const char *record_field(const stage *s, size_t line, const char *key) {
    for (const struct printed_field *field = s->printed.first; field != NULL; field = field->next) {
        if (field->line == line && strcmp(field->key, key) == 0) return field->value;
    }
    return NULL;
}
