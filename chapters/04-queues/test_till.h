/**
 * @file test_till.h
 * For tests of dedupe.h: a till where requests are served, beside a model that
 * keeps all that was done, and looks for it from the first to the last.
 *
 *     struct till *till = till_new((struct dedupe_settings){4, 8, SEC});
 *     ask(till, 7, 1);     // Each expects what the model says.
 *     done(till, 7, 1);
 *     reboot(till);        // The table is made again, from bytes and a log.
 *     till_free(till);
 */
#ifndef QUEUES_TEST_TILL_H
#define QUEUES_TEST_TILL_H
#include "04-queues/dedupe.h"
#include "common/course/graded.h"
#include "common/world/dice.h"
#include "common/world/tape.h"
#include <stdio.h>
#include <string.h>

/** No test here has more of them. */
enum { TILL_KNOWN = 64, TILL_DONE = 400, TILL_LOG = 4000 };

/** What was done. */
struct deed {
    uint64_t producer; /**< For whom. */
    uint64_t seq;      /**< Its number. */
    uint64_t answer;   /**< What was said. */
};

/** A producer, as the model knows it. */
struct till_known {
    uint64_t producer;            /**< Its number. */
    uint64_t newest;              /**< Done; 0: none. */
    uint64_t floor;               /**< Forgotten up to here. */
    nsec heard;                   /**< The last time. */
    unsigned count;               /**< Of deeds. */
    struct deed deeds[TILL_DONE]; /**< All of them, in the order of doing. */
};

/** All that is known, who was heard of last at the end. */
struct till_model {
    struct dedupe_settings settings;     /**< As the table's. */
    unsigned count;                      /**< Of those known. */
    struct till_known known[TILL_KNOWN]; /**< They. */
};

/** The table, the model, and a log. */
struct till {
    struct tape *tape;          /**< The world. */
    struct dedupe *dedupe;      /**< What is tested. */
    struct till_model model;    /**< What it should say. */
    GBytes *written;            /**< In this the log began anew; or NULL. */
    struct till_model at_write; /**< The model then. */
    unsigned count;             /**< Records behind it. */
    struct deed log[TILL_LOG];  /**< They. */
};

/* ---- The model. ---- */

/** Who is it? NULL: not known. */
static inline struct till_known *till_find(struct till_model *model,
                                           uint64_t producer)
{
    for (unsigned i = 0; i < model->count; i++)
        if (model->known[i].producer == producer)
            return &model->known[i];
    return NULL;
}

/** Forget one. */
static inline void till_forget(struct till_model *model, unsigned which)
{
    model->count--;
    memmove(&model->known[which], &model->known[which + 1],
            (model->count - which) * sizeof model->known[0]);
}

/** It was heard of just now; or it is new. */
static inline struct till_known *till_hear(struct till_model *model, nsec now,
                                           uint64_t producer)
{
    struct till_known *found = till_find(model, producer);
    g_autofree struct till_known *known =
        found ? g_memdup2(found, sizeof *found) : g_new0(struct till_known, 1);
    if (found)
        till_forget(model, (unsigned)(found - model->known));
    g_assert(model->count < TILL_KNOWN);
    known->producer = producer;
    known->heard = now;
    model->known[model->count] = *known;
    return &model->known[model->count++];
}

/** The deed of that number; NULL: none is known. */
static inline struct deed *till_deed(struct till_known *known, uint64_t seq)
{
    for (unsigned i = 0; i < known->count; i++)
        if (known->deeds[i].seq == seq)
            return &known->deeds[i];
    return NULL;
}

/** Is there room for one more? Those who may be forgotten are. */
static inline bool till_room(struct till_model *model, nsec now)
{
    while (model->count >= model->settings.producers) {
        if (now - model->known[0].heard <= model->settings.keep)
            return false;
        till_forget(model, 0);
    }
    return true;
}

/** As dedupe_ask(). */
static inline enum dedupe_verdict till_ask(struct till_model *model, nsec now,
                                           struct deed *request)
{
    if (request->seq == 0)
        return DEDUPE_FORGOTTEN;
    if (!till_find(model, request->producer) && !till_room(model, now))
        return DEDUPE_FULL;
    struct till_known *known = till_hear(model, now, request->producer);
    if (request->seq <= known->floor)
        return DEDUPE_FORGOTTEN;
    const struct deed *deed = till_deed(known, request->seq);
    if (!deed)
        return DEDUPE_NEW;
    request->answer = deed->answer;
    return DEDUPE_REPEATED;
}

/** As dedupe_done(). */
static inline void till_done(struct till_model *model, nsec now,
                             struct deed deed)
{
    uint64_t window = model->settings.window;
    struct till_known *known = till_find(model, deed.producer);
    if (deed.seq == 0 || (known && deed.seq <= known->floor) ||
        (known && till_deed(known, deed.seq)))
        return;
    known = till_hear(model, now, deed.producer);
    g_assert(known->count < TILL_DONE);
    known->deeds[known->count++] = deed;
    known->newest = MAX(known->newest, deed.seq);
    if (known->newest > window)
        known->floor = MAX(known->floor, known->newest - window);
}

/** What dedupe_read() makes of what was written when the model was @p then. */
static inline void till_read(struct till_model *model, nsec now,
                             const struct till_model *then)
{
    model->count = 0;
    for (unsigned i = 0; i < then->count; i++) {
        const struct till_known *old = &then->known[i];
        for (unsigned j = 0; j < old->count; j++)
            if (old->deeds[j].seq > old->floor)
                till_done(model, now, old->deeds[j]);
        struct till_known *known = till_find(model, old->producer);
        if (known)
            known->floor = MAX(known->floor, old->floor);
    }
}

/* ---- The till. ---- */

/** A verdict, as a word. */
static inline const char *verdict_name(enum dedupe_verdict verdict)
{
    static const char *const names[] = {"NEW", "REPEATED", "FORGOTTEN", "FULL"};
    return (unsigned)verdict < 4 ? names[verdict] : "none";
}

/** Note what happens, for who looks at a failure. */
static inline G_GNUC_PRINTF(1, 2) void say(const char *format, ...)
{
    char line[SHEET_LINE] = " ";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + 1, sizeof line - 1, format, arguments);
    va_end(arguments);
    sheet_note(line);
}

/** What the clock shows. */
static inline nsec till_now(const struct till *till)
{
    return env_now(tape_env(till->tape));
}

/** Note what the settings are; they stand over all other lines as well. */
static inline void say_settings(struct dedupe_settings settings)
{
    g_autofree char *words = g_strdup_printf(
        " settings: producers %u, window %u, keep %" G_GUINT64_FORMAT " ns",
        settings.producers, settings.window, settings.keep);
    sheet_head(words);
    sheet_note(words);
}

/** A till where nothing was done. */
static inline struct till *till_new(struct dedupe_settings settings)
{
    struct till *till = g_new0(struct till, 1);
    say_settings(settings);
    till->tape = tape_new(1);
    till->dedupe = dedupe_new(tape_env(till->tape), settings);
    till->model.settings = settings;
    till->at_write.settings = settings;
    return till;
}

/** Free it. */
static inline void till_free(struct till *till)
{
    dedupe_free(till->dedupe);
    tape_free(till->tape);
    g_clear_pointer(&till->written, g_bytes_unref);
    g_free(till);
}

/** What the readers say is so. */
static inline void expect_known(struct till *till, uint64_t producer)
{
    const struct till_known *known = till_find(&till->model, producer);
    expect_equal("dedupe_newest() is", dedupe_newest(till->dedupe, producer),
                 known ? known->newest : 0);
    expect_equal("dedupe_producers() is", dedupe_producers(till->dedupe),
                 till->model.count);
}

/** Note what was said: in the line of the question. */
static inline void say_verdict(uint64_t producer, uint64_t seq,
                               enum dedupe_verdict verdict)
{
    g_autofree char *line =
        g_strdup_printf(" ask producer %" G_GUINT64_FORMAT
                        " request %" G_GUINT64_FORMAT " -> %s",
                        producer, seq, verdict_name(verdict));
    sheet_amend(line);
}

/** Request @p seq of @p producer comes. Returns what is to be done. */
static inline enum dedupe_verdict ask(struct till *till, uint64_t producer,
                                      uint64_t seq)
{
    struct deed request = {producer, seq, 0};
    uint64_t answer = 0;
    enum dedupe_verdict wanted =
        till_ask(&till->model, till_now(till), &request);
    say("ask producer %" G_GUINT64_FORMAT " request %" G_GUINT64_FORMAT,
        producer, seq);
    enum dedupe_verdict got = dedupe_ask(till->dedupe, producer, seq, &answer);
    say_verdict(producer, seq, got);
    expect_that(got == wanted, verdict_name(wanted), "%s", verdict_name(got));
    if (wanted == DEDUPE_REPEATED)
        expect_equal("the answer is", answer, request.answer);
    expect_known(till, producer);
    return got;
}

/** It was done: its answer is in a record. */
static inline void log_done(struct till *till, struct deed deed)
{
    say("done producer %" G_GUINT64_FORMAT " request %" G_GUINT64_FORMAT
        ", answer %" G_GUINT64_FORMAT,
        deed.producer, deed.seq, deed.answer);
    g_assert(till->count < TILL_LOG);
    till->log[till->count++] = deed;
    dedupe_done(till->dedupe, deed.producer, deed.seq, deed.answer);
    till_done(&till->model, till_now(till), deed);
    expect_known(till, deed.producer);
}

/** The same, with an answer that no other one has. */
static inline void done(struct till *till, uint64_t producer, uint64_t seq)
{
    uint64_t answer = dice_mix(producer * 1000 + seq + till->count + 1);
    log_done(till, (struct deed){producer, seq, answer >> 1});
}

/** It comes, and when it is new it is done. */
static inline void serve(struct till *till, uint64_t producer, uint64_t seq)
{
    if (ask(till, producer, seq) == DEDUPE_NEW)
        done(till, producer, seq);
}

/** Time passes. */
static inline void pass(struct till *till, nsec time)
{
    say("%" G_GUINT64_FORMAT " ns pass", time);
    tape_pass(till->tape, time);
}

/** The log begins anew. */
static inline void checkpoint(struct till *till)
{
    say("dedupe_write()");
    g_clear_pointer(&till->written, g_bytes_unref);
    till->written = dedupe_write(till->dedupe);
    till->at_write = till->model;
    till->count = 0;
}

/** The table is made again. */
static inline void reboot(struct till *till)
{
    struct env *env = tape_env(till->tape);
    nsec now = till_now(till);
    say("reboot: %s%u records", till->written ? "dedupe_read(), and " : "",
        till->count);
    dedupe_free(till->dedupe);
    till->dedupe = dedupe_new(env, till->model.settings);
    till_read(&till->model, now, &till->at_write);
    if (till->written)
        expect_that(dedupe_read(till->dedupe, till->written),
                    "dedupe_read() of what was written: true", "false");
    for (unsigned i = 0; i < till->count; i++) {
        struct deed deed = till->log[i];
        dedupe_done(till->dedupe, deed.producer, deed.seq, deed.answer);
        till_done(&till->model, now, deed);
    }
}

/** The same, with those settings. */
static inline void reboot_with(struct till *till,
                               struct dedupe_settings settings)
{
    say_settings(settings);
    till->model.settings = settings;
    reboot(till);
}

/** Each request of all that are known, from @p first to @p last, is answered as
 * it should be. */
static inline void ask_all(struct till *till, uint64_t first, uint64_t last)
{
    uint64_t producers[TILL_KNOWN];
    unsigned count = till->model.count;
    for (unsigned i = 0; i < count; i++)
        producers[i] = till->model.known[i].producer;
    for (unsigned i = 0; i < count; i++)
        for (uint64_t seq = first; seq <= last; seq++)
            ask(till, producers[i], seq);
}

#endif
