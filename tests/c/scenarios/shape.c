// Shows, binds and clears the records of the library, as the tables of shapes.c say.
#include "shape.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// Copies a member out of a record, whose type only the table knows.
static void copy(void *to, const void *record, size_t offset, size_t size) {
    memcpy(to, (const char *)record + offset, size);
}

static const void *pointer_at(const field *f, const void *record) {
    const void *pointer = NULL;
    copy(&pointer, record, f->offset, sizeof pointer);
    return pointer;
}

// Where the value is: in the record, or where its pointer points; NULL when absent.
static const void *value_of(const field *f, const void *record) {
    switch (f->form) {
        case MAYBE_INT64:
        case MAYBE_UINT64:
        case MAYBE_UINT32:
        case MAYBE_WORD:
        case MAYBE_MOMENT:
        case MAYBE_ID:
        case PLAIN:
        case TEXT:
        case TEXT_ID: return pointer_at(f, record);
        default: return (const char *)record + f->offset;
    }
}

// The text a name is kept for: an id in its text form, a job's number, a token.
static const char *text_of_id(const field *f, const void *value, char *room, size_t size) {
    int64_t number = 0;
    switch (f->form) {
        case TEXT_ID: return value;
        case NUMBER_ID:
            memcpy(&number, value, sizeof number);
            snprintf(room, size, "%" PRId64, number);
            return room;
        default: return fusepay_id_text(value, room);
    }
}

static int64_t number_of(form read_as, const void *value) {
    uint32_t small = 0;
    int64_t large = 0; // sequences and counts are far below its end
    if (read_as == UINT32 || read_as == MAYBE_UINT32) {
        memcpy(&small, value, sizeof small);
        return small;
    }
    memcpy(&large, value, sizeof large);
    return large;
}

static void put_word(stage *s, const field *f, const void *value) {
    uint32_t number = 0;
    memcpy(&number, value, sizeof number);
    put_plain(s, f->key, f->word_of(number));
}

static void put_is(stage *s, const field *f, const void *value) {
    bool is = false;
    memcpy(&is, value, sizeof is);
    put_flag(s, f->key, is);
}

static void put_field(stage *s, const field *f, const void *record) {
    char room[FUSEPAY_ID_TEXT_SIZE];
    const void *value = value_of(f, record);
    if (f->form == CUSTOM) {
        f->custom(s, f->key, record);
        return;
    }
    if (value == NULL) {
        put_plain(s, f->key, NULL);
        return;
    }
    switch (f->form) {
        case INT64:
        case MAYBE_INT64:
        case UINT64:
        case MAYBE_UINT64:
        case UINT32:
        case MAYBE_UINT32: put_number(s, f->key, number_of(f->form, value)); break;
        case MOMENT:
        case MAYBE_MOMENT:
            put_number(s, f->key, add_saturating(number_of(f->form, value), -s->settings.start_ms));
            break;
        case WORD:
        case MAYBE_WORD: put_word(s, f, value); break;
        case FLAG: put_is(s, f, value); break;
        case LETTERS:
        case PLAIN: put_plain(s, f->key, value); break;
        case TEXT: put_text(s, f->key, value); break;
        default: put_plain(s, f->key, name_of(s, f->kind, text_of_id(f, value, room, sizeof room)));
    }
}

void show(stage *s, const shape *table, const void *record) {
    record_begin(s, table->word);
    for (size_t i = 0; i < table->count; i++) put_field(s, &table->fields[i], record);
    record_end(s);
}

void bind_record(stage *s, const shape *table, const void *record, const char *name) {
    char room[FUSEPAY_ID_TEXT_SIZE];
    for (size_t i = 0; i < table->count; i++) {
        const field *f = &table->fields[i];
        if (f->bound == NULL) continue;
        name_bind(s, name, f->bound, f->kind, text_of_id(f, value_of(f, record), room, sizeof room));
    }
}

// One of the pointers of a list, whose type only the shape knows.
static const void *item_at(const void *items, size_t index) {
    const void *item = NULL;
    copy(&item, items, index * sizeof item, sizeof item);
    return item;
}

void show_all(stage *s, const shape *table, size_t length, const void *items) {
    for (size_t i = 0; i < length; i++) show(s, table, item_at(items, i));
}

void bind_all(stage *s, const line *l, const shape *table, size_t length, const void *items) {
    const char *as = text(l, "as");
    char name[LINE_BYTES_MAX + 24];
    for (size_t i = 0; as != NULL && i < length; i++) {
        snprintf(name, sizeof name, "%s.%zu", as, i + 1);
        bind_record(s, table, item_at(items, i), name);
    }
}

int32_t done(stage *s) {
    record_begin(s, "done");
    record_end(s);
    return FUSEPAY_OK;
}

int32_t answer(stage *s, const line *l, const shape *table, void *record) {
    if (text(l, "as") != NULL) bind_record(s, table, record, text(l, "as"));
    show(s, table, record);
    fusepay_clear(record);
    return FUSEPAY_OK;
}

int32_t answer_list(stage *s, const line *l, const shape *table, size_t length, const void *items, void *array) {
    record_number(s, "list", "count", (int64_t)length);
    bind_all(s, l, table, length, items);
    show_all(s, table, length, items);
    fusepay_clear(array);
    return FUSEPAY_OK;
}
