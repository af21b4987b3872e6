// One line of a scenario file: a verb and `key=value` words, and nothing else.
#include "scenario.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool is_key(const char *key) {
    if (*key == '\0') return false;
    return key[strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

// Reads a value in quotes, in place (it never gets longer); what follows it.
static const char *unquote(char *from, char **after) {
    char *to = from;
    for (; *from != '"'; from++) {
        if (*from == '\0') return "a quote is not closed";
        if (*from == '\\') {
            from++;
            if (*from == '\0' || strchr("\"\\nt", *from) == NULL) return "the escapes are \\\" \\\\ \\n \\t";
            *to++ = *from == 'n' ? '\n' : *from == 't' ? '\t' : *from;
        } else {
            *to++ = *from;
        }
    }
    from++;
    if (*from != '\0' && *from != ' ') return "after a closing quote comes a blank";
    *after = from;
    *to = '\0'; // at or before the closing quote
    return NULL;
}

// Splits one word off, in place.
static const char *split_word(char *rest, word *out, char **after) {
    char *sign = strchr(rest, '=');
    if (sign == NULL) return "a word is not key=value";
    *sign = '\0';
    char *value = sign + 1;
    if (!is_key(rest)) return "a key has letters a-z, digits and _";
    out->key = rest;
    out->is_quoted = *value == '"';
    if (out->is_quoted) {
        out->value = value + 1;
        return unquote(value + 1, after);
    }
    out->value = value;
    size_t length = strcspn(value, " ");
    *after = value + length;
    if (**after == ' ') *(*after)++ = '\0';
    return length == 0 || strpbrk(value, "\"\\") != NULL ? "a value is empty or needs quotes" : NULL;
}

const char *line_read(line *l, const char *given, size_t length) {
    if (length > LINE_BYTES_MAX) return "a line has at most 1024 bytes";
    if (memchr(given, '\0', length) != NULL) return "a line has no NUL";
    memcpy(l->text, given, length);
    l->text[length] = '\0';
    memcpy(l->split, l->text, length + 1);
    l->verb = l->split;
    l->count = 0;
    char *rest = l->split + strcspn(l->split, " ");
    if (*rest == ' ') *rest++ = '\0';
    for (rest += strspn(rest, " "); *rest != '\0'; rest += strspn(rest, " ")) {
        if (l->count == WORDS_MAX) return "a line has at most 24 words";
        const char *why = split_word(rest, &l->words[l->count++], &rest);
        if (why != NULL) return why;
    }
    return NULL;
}

const char *text(const line *l, const char *key) {
    for (size_t i = 0; i < l->count; i++) {
        if (strcmp(l->words[i].key, key) == 0) return l->words[i].value;
    }
    return NULL;
}

const char *text_or(const line *l, const char *key, const char *missing) {
    const char *found = text(l, key);
    return found == NULL ? missing : found;
}

// Whether a verb's list has this word.
static bool is_allowed(const char *allowed, const char *key) {
    size_t length = strlen(key);
    for (const char *at = allowed; *at != '\0'; at += strcspn(at, " "), at += strspn(at, " ")) {
        if (strncmp(at, key, length) == 0 && strchr("? ", at[length]) != NULL) return true;
    }
    return false;
}

static int32_t check_demanded(stage *s, const line *l, const char *allowed) {
    for (const char *at = allowed; *at != '\0'; at += strcspn(at, " "), at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        if (at[length - 1] == '?') continue;
        const char *key = keep_bytes(&s->step_memory, at, length);
        if (text(l, key) == NULL) return broken(s, "`%s` needs the word `%s`", l->verb, key);
    }
    return FUSEPAY_OK;
}

int32_t line_resolve(stage *s, line *l, const char *allowed) {
    for (size_t i = 0; i < l->count; i++) {
        word *w = &l->words[i];
        if (!is_allowed(allowed, w->key)) return broken(s, "`%s` has no word `%s`", l->verb, w->key);
        if (text(l, w->key) != w->value) return broken(s, "`%s` is given twice", w->key);
        if (w->is_quoted || w->value[0] != '$') continue;
        const char *found = name_text(s, w->value + 1);
        if (found == NULL) return broken(s, "nothing is called `%s` yet", w->value + 1);
        w->value = found;
    }
    return check_demanded(s, l, allowed);
}

bool parse_int64(const char *digits, int64_t *out) {
    const char *first = digits + (*digits == '-' || *digits == '+');
    if (*first == '\0' || first[strspn(first, "0123456789")] != '\0') return false;
    errno = 0;
    intmax_t number = strtoimax(digits, NULL, 10);
    if (errno != 0 || number < INT64_MIN || number > INT64_MAX) return false;
    *out = (int64_t)number;
    return true;
}

int32_t read_int64(stage *s, const line *l, const char *key, int64_t *out) {
    const char *digits = text(l, key);
    if (digits == NULL || parse_int64(digits, out)) return FUSEPAY_OK;
    return broken(s, "`%s` is no number: %s", key, digits);
}

int32_t read_uint64(stage *s, const line *l, const char *key, uint64_t *out) {
    int64_t number = 0;
    TRY(read_int64(s, l, key, &number));
    if (number < 0) return broken(s, "`%s` is below zero", key);
    if (text(l, key) != NULL) *out = (uint64_t)number;
    return FUSEPAY_OK;
}

int32_t read_uint32(stage *s, const line *l, const char *key, uint32_t *out) {
    uint64_t number = *out;
    TRY(read_uint64(s, l, key, &number));
    if (number > UINT32_MAX) return broken(s, "`%s` is too large", key);
    *out = (uint32_t)number;
    return FUSEPAY_OK;
}

int32_t read_flag(stage *s, const line *l, const char *key, bool *out) {
    const char *found = text(l, key);
    if (found == NULL) return FUSEPAY_OK;
    *out = strcmp(found, "yes") == 0;
    return *out || strcmp(found, "no") == 0 ? FUSEPAY_OK : broken(s, "`%s` is yes or no, not %s", key, found);
}

int64_t add_saturating(int64_t a, int64_t b) {
    if (b > 0 && a > INT64_MAX - b) return INT64_MAX;
    if (b < 0 && a < INT64_MIN - b) return INT64_MIN;
    return a + b;
}

// A moment that the scenario gives in milliseconds since its start.
int32_t read_moment(stage *s, const line *l, const char *key, int64_t *out) {
    int64_t since_start_ms = 0;
    TRY(read_int64(s, l, key, &since_start_ms));
    if (text(l, key) != NULL) *out = add_saturating(s->settings.start_ms, since_start_ms);
    return FUSEPAY_OK;
}

// An id; malformed text is the library's to refuse.
int32_t read_id(stage *s, const line *l, const char *key, uint8_t *out) {
    const char *found = text(l, key);
    return found == NULL ? FUSEPAY_OK : fusepay_id_parse(found, out, &s->error);
}

// A word of the vocabulary, by its name. All its numbers are small.
int32_t read_name(stage *s, const line *l, const char *key, const char *(*word_of)(uint32_t), uint32_t *out) {
    const char *found = text(l, key);
    if (found == NULL) return FUSEPAY_OK;
    for (uint32_t number = 0; number < 100; number++) {
        if (strcmp(word_of(number), found) != 0) continue;
        *out = number;
        return FUSEPAY_OK;
    }
    return broken(s, "`%s` is no %s", found, key);
}

int32_t read_limit(stage *s, const line *l, uint32_t *out) {
    *out = 100;
    return read_uint32(s, l, "limit", out);
}

int32_t read_currency(stage *s, const line *l, const char **out) {
    uint32_t exponent = 0;
    *out = text_or(l, "currency", "NGN");
    return fusepay_currency_exponent(*out, &exponent, &s->error);
}

int32_t read_money(stage *s, const line *l, fusepay_money *out) {
    const char *currency = NULL;
    TRY(read_currency(s, l, &currency));
    if (text(l, "amount") != NULL) return fusepay_money_parse(text(l, "amount"), currency, out, &s->error);
    if (text(l, "minor") == NULL) return broken(s, "neither `amount` nor `minor` is given");
    memcpy(out->currency, currency, sizeof out->currency); // three letters, as the library found
    return read_int64(s, l, "minor", &out->minor);
}
