// Goal: a host without logging of its own gets log files, and only one way to log.
#include "customer.h"

static fusepay_error *error = NULL;

static void write_line(void *user_data, uint32_t level, const char *target, const char *message) {
    (void)user_data, (void)level, (void)target, (void)message;
}

static void destroy(void *user_data) { (*(int *)user_data)++; }

int main(void) {
    fusepay_log_config config = FUSEPAY_INIT(fusepay_log_config);
    fusepay_log_files *files = NULL;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_log_to_files(&config, &files, &error));
    CHECK_FIELD("directory", error);
    config.directory = "logs";
    config.level = 9;
    CHECK_CODE(FUSEPAY_ERR_INVALID_ARGUMENT, error, fusepay_log_to_files(&config, &files, &error));
    CHECK_FIELD("level", error);
    config.level = FUSEPAY_LOG_LEVEL_INFO;
    config.files_max = 10001;
    CHECK_CODE(FUSEPAY_ERR_INVALID_CONFIG, error, fusepay_log_to_files(&config, &files, &error));
    config.files_max = 3;
    config.rotation = FUSEPAY_LOG_ROTATION_HOURLY;
    CHECK_CODE(FUSEPAY_OK, error, fusepay_log_to_files(&config, &files, &error));
    CHECK(files != NULL);

    int destroyed = 0;
    fusepay_logger logger = FUSEPAY_INIT(fusepay_logger);
    logger.user_data = &destroyed;
    logger.destroy = destroy;
    logger.write = write_line;
    CHECK_CODE(FUSEPAY_ERR_NOT_ALLOWED, error, fusepay_log_set(&logger, &error));
    CHECK(destroyed == 1);
    CHECK_CODE(FUSEPAY_OK, error, fusepay_log_set(NULL, &error));

    fusepay_engine *engine = simulated_open("pay.db");
    CHECK(fusepay_engine_close(&engine, 1000, NULL) == FUSEPAY_OK);
    fusepay_log_files *stale = files;
    fusepay_log_close(&files);
    CHECK(files == NULL);
    fusepay_log_close(&files);
    fusepay_log_close(&stale);
    fusepay_log_close(NULL);

    char text[4096] = "";
    FILE *combined = fopen("logs/combined.log", "r");
    CHECK(combined != NULL && fread(text, 1, sizeof text - 1, combined) > 0);
    CHECK(strstr(text, "engine opened") != NULL && text[0] == '{');
    fclose(combined);
    fusepay_error_free(&error);
    return 0;
}
