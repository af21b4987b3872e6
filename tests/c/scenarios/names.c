// Arenas, and the names a scenario gives to ids, tokens and cursors.
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct block {
    struct block *next;
    max_align_t bytes[]; // as many as were asked for
};

// Memory of zeros; a runner that gets none can't go on.
void *keep(arena *memory, size_t size) {
    struct block *block = calloc(1, sizeof(struct block) + size);
    if (block == NULL) {
        fputs("out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    block->next = memory->blocks;
    memory->blocks = block;
    return block->bytes;
}

char *keep_bytes(arena *memory, const char *bytes, size_t length) {
    char *copy = keep(memory, length + 1);
    if (length > 0) memcpy(copy, bytes, length);
    return copy;
}

char *keep_text(arena *memory, const char *text) { return keep_bytes(memory, text, strlen(text)); }

void arena_clear(arena *memory) {
    while (memory->blocks != NULL) {
        struct block *block = memory->blocks;
        memory->blocks = block->next;
        free(block);
    }
}

static name *find(stage *s, const char *wanted) {
    for (size_t i = 0; i < s->name_count; i++) {
        if (strcmp(s->names[i].name, wanted) == 0) return &s->names[i];
    }
    return NULL;
}

// Lets `name` and `suffix` together stand for a text. A name that is there
// already keeps its place.
void name_bind(stage *s, const char *wanted, const char *suffix, name_kind kind, const char *text) {
    size_t size = strlen(wanted) + strlen(suffix) + 1;
    char *whole = keep(&s->memory, size);
    snprintf(whole, size, "%s%s", wanted, suffix);
    name *found = find(s, whole);
    if (found == NULL) {
        if (s->name_count == NAMES_MAX) {
            broken(s, "a file has at most %d names", NAMES_MAX);
            return;
        }
        found = &s->names[s->name_count++];
        found->name = whole;
    }
    found->kind = kind;
    found->text = keep_text(&s->memory, text);
}

const char *name_text(const stage *s, const char *wanted) {
    for (size_t i = 0; i < s->name_count; i++) {
        if (strcmp(s->names[i].name, wanted) == 0) return s->names[i].text;
    }
    return NULL;
}

// The first name of this, or "?".
const char *name_of(const stage *s, name_kind kind, const char *text) {
    for (size_t i = 0; i < s->name_count; i++) {
        if (s->names[i].kind == kind && strcmp(s->names[i].text, text) == 0) return s->names[i].name;
    }
    return "?";
}
