// Plays the scenario files of the command line, and prints their transcripts.
// `--verbs` prints the verbs it knows, with their words.
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **arguments) {
    if (count < 2) {
        fprintf(stderr, "usage: %s --verbs | FILE...\n", arguments[0]);
        return EXIT_FAILURE;
    }
    if (strcmp(arguments[1], "--verbs") == 0) return print_verbs();
    int result = EXIT_SUCCESS;
    for (int i = 1; i < count; i++) {
        if (!play(arguments[i])) result = EXIT_FAILURE;
    }
    return result;
}
