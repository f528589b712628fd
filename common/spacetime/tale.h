/**
 * @file tale.h
 * A trace, read: who took part, what happened, and when each message that came
 * was sent. What the pictures are drawn from.
 *
 *     struct tale *tale = tale_read(text);
 *     for (unsigned i = 0; i < tale->count; i++)
 *         look_at(&tale->events[i]);
 *     tale_free(tale);
 *
 * Events are in the order of their times. A tale ends with the first `broken`:
 * what a world does after that proves nothing. Of more than nine nodes, it
 * tells about those that acted last. A line that is no event is passed over.
 */
#ifndef SPACETIME_TALE_H
#define SPACETIME_TALE_H
#include "common/world/env.h"

/** At most so many nodes have a lane. */
enum { TALE_LANES = 9 };

/** What happened. Other events of trace.h are of no interest here. */
enum tale_kind {
    TALE_SEND,
    TALE_RECEIVE,
    TALE_LOSE,
    TALE_FAREWELL,
    TALE_WRITE, /* persist, append */
    TALE_NOTE,
    TALE_ASK,
    TALE_ANSWER,
    TALE_BOOT,
    TALE_CRASH,
    TALE_PAUSE,
    TALE_RESUME,
    TALE_CUT,
    TALE_MEND,
    TALE_DRIFT,
    TALE_SLOW,
    TALE_BROKEN
};

/** An event. */
struct tale_event {
    nsec time;           /**< When. */
    nsec sent;           /**< When the message was sent; time if unknown. */
    const char *text;    /**< Printable ASCII. */
    unsigned line;       /**< Where it stands in the trace, from 1. */
    unsigned lane;       /**< Of the node, from 1; 0: none. */
    unsigned peer;       /**< The other's lane. */
    node_id node;        /**< Its id. */
    node_id other;       /**< The other's id. */
    uint64_t number;     /**< Of the message, on its link. */
    enum tale_kind kind; /**< What. */
    bool both;           /**< A cut or a mending, both ways. */
    bool first;          /**< A node's first: booted by the world's maker. */
    bool coming;         /**< A sending: it has not come to an end yet. */
};

/** See tale_read(). */
struct tale {
    struct tale_event *events; /**< In order. */
    unsigned count;            /**< So many. */
    node_id nodes[TALE_LANES]; /**< Their ids, rising, by lane. */
    unsigned lanes;            /**< So many. */
    unsigned after;            /**< Events behind the first broken one. */
    unsigned wrong_line;       /**< The first line that is no event, or 0. */
    char *text;                /**< What the texts point into. */
};

/** Read @p trace, the text of a trace.h file. Returns new. */
struct tale *tale_read(const char *trace);
/** Does a picture show it? Not a first boot, nor what has no lane; a sending is
 * shown by how the message ends, and writes only when @p writes. */
bool tale_shows(const struct tale_event *event, bool writes);
/** Does it carry a message from lane to lane: has it an arrow? */
bool tale_is_arrow(const struct tale_event *event);
/** How many characters of @p text stand on a line of @p room columns? Blanks
 * that follow belong to neither line. */
size_t tale_line(const char *text, size_t room);
/** Free it. */
void tale_free(struct tale *tale);

#endif
