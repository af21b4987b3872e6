// What the C programs of the tests check with: the first check that does not
// hold prints where it stands and ends the program.
#ifndef CHECK_H
#define CHECK_H

#include <fusepay.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Holds, or ends the program.
#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

// A call answers this status. `error` is a fusepay_error * that the call was given.
#define CHECK_CODE(expected, error, call) \
    do { \
        int32_t status_ = (call); \
        if (status_ != (expected)) { \
            const char *message_ = fusepay_error_message(error); \
            fprintf(stderr, "%s:%d: %s, not %s: %s\n%s\n", __FILE__, __LINE__, fusepay_code_name(status_), \
                    fusepay_code_name(expected), message_ == NULL ? "" : message_, #call); \
            exit(1); \
        } \
    } while (0)

// A text is this one.
#define CHECK_TEXT(expected, text) CHECK((text) != NULL && strcmp((expected), (text)) == 0)

// A refusal names this field.
#define CHECK_FIELD(expected, error) CHECK_TEXT(expected, fusepay_error_field(error))

#endif
