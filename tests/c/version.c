// The smallest host: prints the version and what three statuses mean.
#include <fusepay.h>
#include <stdio.h>

int main(void) {
    printf("%s\n", fusepay_version());
    printf("%s: %s\n", fusepay_code_name(FUSEPAY_ERR_INSUFFICIENT_FUNDS),
           fusepay_code_meaning(FUSEPAY_ERR_INSUFFICIENT_FUNDS));
    if (fusepay_code_is_retryable(FUSEPAY_ERR_IN_DOUBT)) {
        printf("%s is retryable\n", fusepay_code_name(FUSEPAY_ERR_IN_DOUBT));
    }
    printf("%s\n", fusepay_code_name(-1));
    return 0;
}
