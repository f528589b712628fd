/**
 * @file test_inflight_notes.h
 * For tests of inflight.h: what happened, in words, for who looks at a failure.
 *
 *     say_at(100 * MSEC, "ack of %s", words);
 */
#ifndef QUEUES_TEST_INFLIGHT_NOTES_H
#define QUEUES_TEST_INFLIGHT_NOTES_H
#include "04-queues/inflight.h"
#include "common/course/graded.h"

/** A state, as a word. */
static inline const char *state_name(enum item_state state)
{
    static const char *const names[] = {"OUT", "READY", "TAKEN", "DELAYED"};
    return (unsigned)state < 4 ? names[state] : "none of the four";
}

/** An item, as words. Returns new. */
static inline char *item_words(const struct item *item)
{
    return item ? g_strdup_printf("item %" G_GUINT64_FORMAT, item->id)
                : g_strdup("no item");
}

/** A receipt, as words: the life, and a number. Returns new. */
static inline char *receipt_words(uint64_t receipt)
{
    return g_strdup_printf("receipt %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT,
                           receipt >> INFLIGHT_SHIFT,
                           receipt & (((uint64_t)1 << INFLIGHT_SHIFT) - 1));
}

/** A line of what happens @p time after the beginning. Returns new. */
static inline G_GNUC_PRINTF(2, 0) char *event_line(nsec time,
                                                   const char *format,
                                                   va_list arguments)
{
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    return g_strdup_printf("%12" G_GUINT64_FORMAT " ns  %s", time, what);
}

/** Note it. */
static inline G_GNUC_PRINTF(2, 3) void say_at(nsec time, const char *format,
                                              ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *line = event_line(time, format, arguments);
    va_end(arguments);
    sheet_note(line);
}

#endif
