// The tables of shapes.c, which shape.c reads: how a record of the library becomes a
// line of the transcript.
#ifndef SHAPE_H
#define SHAPE_H

#include "scenario.h"

// How the member behind a field is read. MAYBE: through a pointer that is NULL
// when the value is absent.
typedef enum form {
    INT64,
    MAYBE_INT64,
    UINT64,
    MAYBE_UINT64,
    UINT32,
    MAYBE_UINT32,
    FLAG,        // bool
    WORD,        // uint32_t, by its name
    MAYBE_WORD,
    LETTERS,     // char[4]: a currency
    PLAIN,       // const char *, without quotes
    TEXT,        // const char *, in quotes
    MOMENT,      // int64_t, shown since the start
    MAYBE_MOMENT,
    ID,          // 16 bytes, by its name
    MAYBE_ID,
    NUMBER_ID,   // int64_t, by its name
    TEXT_ID,     // const char *, by its name
    CUSTOM       // a function prints it
} form;

typedef struct field {
    const char *key;
    form form;
    size_t offset;
    name_kind kind;                   // of an id
    const char *bound;                // after `as=X`: "" for X itself; NULL: not bound
    const char *(*word_of)(uint32_t); // of a word
    void (*custom)(stage *s, const char *key, const void *record);
} field;

struct shape {
    const char *word;
    const field *fields;
    size_t count;
};

#endif
