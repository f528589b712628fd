/**
 * @file test_desk.h
 * For tests of dedupe.h: a desk where requests are served, beside a model that
 * keeps all that was done, and looks for it from the first to the last.
 *
 *     struct desk *desk = desk_new((struct dedupe_settings){4, 8, SEC});
 *     ask(desk, 7, 1);     // Each expects what the model says.
 *     done(desk, 7, 1);
 *     reboot(desk);        // The table is made again, from bytes and a log.
 *     desk_free(desk);
 */
#ifndef QUEUES_TEST_DESK_H
#define QUEUES_TEST_DESK_H
#include "04-queues/dedupe.h"
#include "common/course/graded.h"
#include "common/world/dice.h"
#include "common/world/tape.h"
#include <stdio.h>
#include <string.h>

/** No test here has more of them. */
enum { DESK_KNOWN = 64, DESK_DONE = 400, DESK_LOG = 4000 };

/** What was done. */
struct deed {
    uint64_t producer; /**< For whom. */
    uint64_t seq;      /**< Its number. */
    uint64_t answer;   /**< What was said. */
};

/** A producer, as the model knows it. */
struct desk_known {
    uint64_t producer;            /**< Its number. */
    uint64_t newest;              /**< Done; 0: none. */
    uint64_t floor;               /**< Forgotten up to here. */
    nsec heard;                   /**< The last time. */
    unsigned count;               /**< Of deeds. */
    struct deed deeds[DESK_DONE]; /**< All of them, in the order of doing. */
};

/** All that is known, who was heard of last at the end. */
struct desk_model {
    struct dedupe_settings settings;     /**< As the table's. */
    unsigned count;                      /**< Of those known. */
    struct desk_known known[DESK_KNOWN]; /**< They. */
};

/** The table, the model, and a log. */
struct desk {
    struct tape *tape;          /**< The world. */
    struct dedupe *dedupe;      /**< What is tested. */
    struct desk_model model;    /**< What it should say. */
    GBytes *written;            /**< In this the log began anew; or NULL. */
    struct desk_model at_write; /**< The model then. */
    unsigned count;             /**< Records behind it. */
    struct deed log[DESK_LOG];  /**< They. */
};

/* ---- The model. ---- */

/** Who is it? NULL: not known. */
static inline struct desk_known *desk_find(struct desk_model *model,
                                           uint64_t producer)
{
    for (unsigned i = 0; i < model->count; i++)
        if (model->known[i].producer == producer)
            return &model->known[i];
    return NULL;
}

/** Forget one. */
static inline void desk_forget(struct desk_model *model, unsigned which)
{
    model->count--;
    memmove(&model->known[which], &model->known[which + 1],
            (model->count - which) * sizeof model->known[0]);
}

/** It was heard of just now; or it is new. */
static inline struct desk_known *desk_hear(struct desk_model *model, nsec now,
                                           uint64_t producer)
{
    struct desk_known *found = desk_find(model, producer);
    g_autofree struct desk_known *known =
        found ? g_memdup2(found, sizeof *found) : g_new0(struct desk_known, 1);
    if (found)
        desk_forget(model, (unsigned)(found - model->known));
    g_assert(model->count < DESK_KNOWN);
    known->producer = producer;
    known->heard = now;
    model->known[model->count] = *known;
    return &model->known[model->count++];
}

/** The deed of that number; NULL: none is known. */
static inline struct deed *desk_deed(struct desk_known *known, uint64_t seq)
{
    for (unsigned i = 0; i < known->count; i++)
        if (known->deeds[i].seq == seq)
            return &known->deeds[i];
    return NULL;
}

/** Is there room for one more? Those who may be forgotten are. */
static inline bool desk_room(struct desk_model *model, nsec now)
{
    while (model->count >= model->settings.producers) {
        if (now - model->known[0].heard <= model->settings.keep)
            return false;
        desk_forget(model, 0);
    }
    return true;
}

/** As dedupe_ask(). */
static inline enum dedupe_verdict desk_ask(struct desk_model *model, nsec now,
                                           struct deed *request)
{
    if (request->seq == 0)
        return DEDUPE_FORGOTTEN;
    if (!desk_find(model, request->producer) && !desk_room(model, now))
        return DEDUPE_FULL;
    struct desk_known *known = desk_hear(model, now, request->producer);
    if (request->seq <= known->floor)
        return DEDUPE_FORGOTTEN;
    const struct deed *deed = desk_deed(known, request->seq);
    if (!deed)
        return DEDUPE_NEW;
    request->answer = deed->answer;
    return DEDUPE_REPEATED;
}

/** As dedupe_done(). */
static inline void desk_done(struct desk_model *model, nsec now,
                             struct deed deed)
{
    uint64_t window = model->settings.window;
    struct desk_known *known = desk_find(model, deed.producer);
    if (deed.seq == 0 || (known && deed.seq <= known->floor) ||
        (known && desk_deed(known, deed.seq)))
        return;
    known = desk_hear(model, now, deed.producer);
    g_assert(known->count < DESK_DONE);
    known->deeds[known->count++] = deed;
    known->newest = MAX(known->newest, deed.seq);
    if (known->newest > window)
        known->floor = MAX(known->floor, known->newest - window);
}

/** What dedupe_read() makes of what was written when the model was @p then. */
static inline void desk_read(struct desk_model *model, nsec now,
                             const struct desk_model *then)
{
    model->count = 0;
    for (unsigned i = 0; i < then->count; i++) {
        const struct desk_known *old = &then->known[i];
        for (unsigned j = 0; j < old->count; j++)
            if (old->deeds[j].seq > old->floor)
                desk_done(model, now, old->deeds[j]);
        struct desk_known *known = desk_find(model, old->producer);
        if (known)
            known->floor = MAX(known->floor, old->floor);
    }
}

/* ---- The desk. ---- */

/** A verdict, as a word. */
static inline const char *verdict_name(enum dedupe_verdict verdict)
{
    static const char *const names[] = {"NEW", "REPEATED", "FORGOTTEN", "FULL"};
    return (unsigned)verdict < 4 ? names[verdict] : "none";
}

/** Note what happens, for who looks at a failure. */
static inline G_GNUC_PRINTF(1, 2) void say(const char *format, ...)
{
    char line[SHEET_LINE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    sheet_note(line);
}

/** What the clock shows. */
static inline nsec desk_now(const struct desk *desk)
{
    return env_now(tape_env(desk->tape));
}

/** A desk where nothing was done. */
static inline struct desk *desk_new(struct dedupe_settings settings)
{
    struct desk *desk = g_new0(struct desk, 1);
    say("producers %u, window %u, keep %" G_GUINT64_FORMAT, settings.producers,
        settings.window, settings.keep);
    desk->tape = tape_new(1);
    desk->dedupe = dedupe_new(tape_env(desk->tape), settings);
    desk->model.settings = settings;
    desk->at_write.settings = settings;
    return desk;
}

/** Free it. */
static inline void desk_free(struct desk *desk)
{
    dedupe_free(desk->dedupe);
    tape_free(desk->tape);
    g_clear_pointer(&desk->written, g_bytes_unref);
    g_free(desk);
}

/** What the readers say is so. */
static inline void expect_known(struct desk *desk, uint64_t producer)
{
    const struct desk_known *known = desk_find(&desk->model, producer);
    expect_equal("dedupe_newest() is", dedupe_newest(desk->dedupe, producer),
                 known ? known->newest : 0);
    expect_equal("dedupe_producers() is", dedupe_producers(desk->dedupe),
                 desk->model.count);
}

/** Request @p seq of @p producer comes. Returns what is to be done. */
static inline enum dedupe_verdict ask(struct desk *desk, uint64_t producer,
                                      uint64_t seq)
{
    struct deed request = {producer, seq, 0};
    uint64_t answer = 0;
    enum dedupe_verdict wanted =
        desk_ask(&desk->model, desk_now(desk), &request);
    enum dedupe_verdict got = dedupe_ask(desk->dedupe, producer, seq, &answer);
    say("ask producer %" G_GUINT64_FORMAT " request %" G_GUINT64_FORMAT,
        producer, seq);
    expect_that(got == wanted, verdict_name(wanted), "%s", verdict_name(got));
    if (wanted == DEDUPE_REPEATED)
        expect_equal("the answer is", answer, request.answer);
    expect_known(desk, producer);
    return got;
}

/** It was done: its answer is in a record. */
static inline void log_done(struct desk *desk, struct deed deed)
{
    say("done producer %" G_GUINT64_FORMAT " request %" G_GUINT64_FORMAT,
        deed.producer, deed.seq);
    g_assert(desk->count < DESK_LOG);
    desk->log[desk->count++] = deed;
    dedupe_done(desk->dedupe, deed.producer, deed.seq, deed.answer);
    desk_done(&desk->model, desk_now(desk), deed);
    expect_known(desk, deed.producer);
}

/** The same, with an answer that no other one has. */
static inline void done(struct desk *desk, uint64_t producer, uint64_t seq)
{
    uint64_t answer = dice_mix(producer * 1000 + seq + desk->count + 1);
    log_done(desk, (struct deed){producer, seq, answer >> 1});
}

/** It comes, and when it is new it is done. */
static inline void serve(struct desk *desk, uint64_t producer, uint64_t seq)
{
    if (ask(desk, producer, seq) == DEDUPE_NEW)
        done(desk, producer, seq);
}

/** Time passes. */
static inline void pass(struct desk *desk, nsec time)
{
    say("%" G_GUINT64_FORMAT " ns pass", time);
    tape_pass(desk->tape, time);
}

/** The log begins anew. */
static inline void checkpoint(struct desk *desk)
{
    say("dedupe_write()");
    g_clear_pointer(&desk->written, g_bytes_unref);
    desk->written = dedupe_write(desk->dedupe);
    desk->at_write = desk->model;
    desk->count = 0;
}

/** The table is made again, with those settings. */
static inline void reboot_with(struct desk *desk,
                               struct dedupe_settings settings)
{
    struct env *env = tape_env(desk->tape);
    nsec now = desk_now(desk);
    say("reboot: dedupe_read(), and %u records", desk->count);
    dedupe_free(desk->dedupe);
    desk->dedupe = dedupe_new(env, settings);
    desk->model.settings = settings;
    desk_read(&desk->model, now, &desk->at_write);
    if (desk->written)
        expect_that(dedupe_read(desk->dedupe, desk->written),
                    "dedupe_read() of what was written: true", "false");
    for (unsigned i = 0; i < desk->count; i++) {
        struct deed deed = desk->log[i];
        dedupe_done(desk->dedupe, deed.producer, deed.seq, deed.answer);
        desk_done(&desk->model, now, deed);
    }
}

/** The table is made again. */
static inline void reboot(struct desk *desk)
{
    reboot_with(desk, desk->model.settings);
}

/** Each request of all that are known, from @p first to @p last, is answered as
 * it should be. */
static inline void ask_all(struct desk *desk, uint64_t first, uint64_t last)
{
    uint64_t producers[DESK_KNOWN];
    unsigned count = desk->model.count;
    for (unsigned i = 0; i < count; i++)
        producers[i] = desk->model.known[i].producer;
    for (unsigned i = 0; i < count; i++)
        for (uint64_t seq = first; seq <= last; seq++)
            ask(desk, producers[i], seq);
}

#endif
