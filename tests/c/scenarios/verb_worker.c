// `engine.events`, `engine.queue` and `engine.audit`: what others learn, what runs
// by itself, and what is kept of it.
#include "scenario.h"

static int32_t read_events(stage *s, const line *l) {
    uint64_t after = 0;
    uint32_t limit = 0;
    fusepay_event_array events = FUSEPAY_INIT(fusepay_event_array);
    TRY(read_uint64(s, l, "after", &after));
    TRY(read_limit(s, l, &limit));
    TRY(fusepay_events_read(s->engine, after, limit, &events, &s->error));
    return ANSWER_LIST(s, l, &EVENT, events);
}

static int32_t head(stage *s, const line *l) {
    (void)l;
    uint64_t sequence = 0;
    TRY(fusepay_events_head(s->engine, &sequence, &s->error));
    record_number(s, "head", "sequence", (int64_t)sequence);
    return FUSEPAY_OK;
}

static int32_t cursor(stage *s, const line *l) {
    bool is_known = false;
    uint64_t sequence = 0;
    TRY(fusepay_events_cursor(s->engine, text(l, "subscriber"), &is_known, &sequence, &s->error));
    record_begin(s, "cursor");
    if (is_known) {
        put_number(s, "sequence", (int64_t)sequence);
    } else {
        put_plain(s, "sequence", NULL);
    }
    record_end(s);
    return FUSEPAY_OK;
}

static int32_t acknowledge(stage *s, const line *l) {
    uint64_t sequence = 0;
    TRY(read_uint64(s, l, "sequence", &sequence));
    TRY(fusepay_events_acknowledge(s->engine, text(l, "subscriber"), sequence, &s->error));
    return done(s);
}

static int32_t rewind_subscriber(stage *s, const line *l) {
    uint64_t sequence = 0;
    TRY(read_uint64(s, l, "sequence", &sequence));
    TRY(fusepay_events_rewind(s->engine, text(l, "subscriber"), sequence, &s->error));
    return done(s);
}

static int32_t find(stage *s, const line *l) {
    int64_t id = 0;
    fusepay_job job = FUSEPAY_INIT(fusepay_job);
    TRY(read_int64(s, l, "job", &id));
    TRY(fusepay_queue_find(s->engine, id, &job, &s->error));
    return answer(s, l, &JOB, &job);
}

static int32_t counts(stage *s, const line *l) {
    fusepay_job_count_array found = FUSEPAY_INIT(fusepay_job_count_array);
    TRY(fusepay_queue_counts(s->engine, &found, &s->error));
    return ANSWER_LIST(s, l, &JOB_COUNT, found);
}

static int32_t dead_letters(stage *s, const line *l) {
    uint32_t limit = 0;
    fusepay_job_array jobs = FUSEPAY_INIT(fusepay_job_array);
    TRY(read_limit(s, l, &limit));
    TRY(fusepay_queue_dead_letters(s->engine, NULL, limit, &jobs, &s->error));
    return ANSWER_LIST(s, l, &JOB, jobs);
}

static int32_t retry(stage *s, const line *l) {
    int64_t id = 0;
    fusepay_job job = FUSEPAY_INIT(fusepay_job);
    TRY(read_int64(s, l, "job", &id));
    TRY(fusepay_queue_retry(s->engine, id, &job, &s->error));
    return answer(s, l, &JOB, &job);
}

static int32_t resolve(stage *s, const line *l) {
    int64_t id = 0;
    TRY(read_int64(s, l, "job", &id));
    TRY(fusepay_queue_resolve(s->engine, id, text(l, "reason"), &s->error));
    return done(s);
}

static int32_t verify(stage *s, const line *l) {
    fusepay_audit_report report = FUSEPAY_INIT(fusepay_audit_report);
    TRY(fusepay_audit_verify(s->engine, NULL, &report, &s->error));
    return answer(s, l, &AUDIT, &report);
}

const verb WORKER_VERBS[] = {
    {"events.read", "after? limit?", read_events},
    {"events.head", "", head},
    {"events.cursor", "subscriber", cursor},
    {"events.acknowledge", "subscriber sequence", acknowledge},
    {"events.rewind", "subscriber sequence", rewind_subscriber},
    {"queue.find", "job", find},
    {"queue.counts", "", counts},
    {"queue.dead_letters", "limit? as?", dead_letters},
    {"queue.retry", "job", retry},
    {"queue.resolve", "job reason", resolve},
    {"audit.verify", "", verify},
    {NULL, NULL, NULL},
};
