/**
 * @file trace.h
 * What happened, one line per event, as tab-separated values:
 *
 *     # time      node  event    peer  number  text
 *     1000000     1     send     2     0       hello
 *     3500000     2     receive  1     0       hello
 *
 * Time in nanoseconds of the world; node and peer are ids, and number tells the
 * messages of one link apart: it joins a send to its receive. Events: send,
 * receive, lose, repeat, turn (a bit), farewell; persist, append, synced; fire,
 * note; boot, crash, pause, resume, cut, mend, drift, slow. A storm adds: ask and
 * answer, of an operation, and broken, which is what a run is drawn for. The text
 * is of the event: the first bytes of a message, a key, a note; whatever could
 * disturb a line is escaped as in C. A real machine cannot know what was lost, nor
 * which message it receives: there the number is 0, and lose and repeat never
 * come.
 *
 * Where no one listens (file NULL), an event costs one comparison.
 */
#ifndef WORLD_TRACE_H
#define WORLD_TRACE_H
#include "common/world/env.h"
#include <stdio.h>

/** The fields before the text. */
struct trace_line {
    nsec time;         /**< When. */
    node_id node;      /**< Where. */
    const char *event; /**< What. */
    node_id peer;      /**< With whom; 0 when alone. */
    uint64_t number;   /**< Which message on that link. */
};

/** Write the heading. */
void trace_open(FILE *file);
/** Write @p line with a text, or NULL. */
void trace_write(FILE *file, struct trace_line line, const char *text);
/** Write @p line with the first bytes of @p message. */
void trace_message(FILE *file, struct trace_line line, GBytes *message);
/** Write @p line with a text of the given format. */
void trace_note(FILE *file, struct trace_line line, const char *format,
                va_list arguments);

#endif
