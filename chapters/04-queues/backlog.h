/**
 * @file backlog.h
 * A retained log: messages stay when they are read, and any number of readers
 * go through them, each at its own pace, and again if they like.
 *
 *     uint64_t offset = backlog_add(backlog, message);
 *
 *     struct backlog_page page = {.from = backlog_position(backlog, "billing"),
 *                                 .messages = 100, .bytes = 65536};
 *     if (backlog_read(backlog, &page, on_message, self))
 *         backlog_commit(backlog, "billing", page.from);
 *
 * Each message has an *offset*: 1, 2, 3. An offset is one message for all
 * readers and for ever, and a read skips none (Q8). There is no lease and no
 * receipt: who reads keeps its place itself, and *commits* it to a group, by
 * name: the offset of the next message to read.
 *
 * Messages go at the front, by *retention*, when there are too many or their
 * bytes are too many; the newest stays. A reader that is behind the front is
 * told so, and never put forward in silence.
 *
 * All of it is in memory, and in one write-ahead log (wal.h), messages and
 * places as records: so after a crash no place is beyond the last message. The
 * log goes at the front by segments; places are written again before. When
 * places have come to fill more of it than the messages, all is written again.
 */
#ifndef QUEUES_BACKLOG_H
#define QUEUES_BACKLOG_H
#include "04-queues/wal.h"

/** What each message counts besides its bytes. */
enum { BACKLOG_EACH = 64 };
/** The longest name of a group, and the most groups. */
enum { BACKLOG_NAME = 64, BACKLOG_GROUPS = 1024 };

struct backlog;

/** How much is retained. */
struct backlog_settings {
    const char *name;  /**< Of the log; see struct wal_settings. */
    size_t segment;    /**< The same. */
    unsigned messages; /**< At most so many messages; at least 1. */
    size_t bytes;      /**< At most so many bytes, BACKLOG_EACH with each. */
};

/** A part that is read. */
struct backlog_page {
    uint64_t from;     /**< From this offset on; then the next one to read. */
    unsigned messages; /**< So many at most. */
    size_t bytes;      /**< So many at most, but one message in any case. */
};

/** Is given a message that is read. Borrows it; must not change the backlog. */
typedef void backlog_visitor(void *self, uint64_t offset, GBytes *message);

/** Is given a group, and where it reads on. */
typedef void backlog_group_visitor(void *self, const char *group,
                                   uint64_t offset);

/** Open the log, or begin it. NULL: it is damaged, and @p error says where.
 * Borrows @p env. Returns new. */
struct backlog *backlog_open(struct env *env, struct backlog_settings settings,
                             GError **error);
/** A message to this node has come: was it the log's own? See wal.h. */
bool backlog_on_message(struct backlog *backlog, node_id from, GBytes *message);
/** Add a message. Returns its offset; 0: alone it is more than may be retained.
 * Borrows @p message, whose bytes are kept. */
uint64_t backlog_add(struct backlog *backlog, GBytes *message);
/** Visit messages in order. False: the first is not there any more, or not even
 * the one before it yet; then nothing is visited and @p page is as before. */
bool backlog_read(const struct backlog *backlog, struct backlog_page *page,
                  backlog_visitor *visit, void *self);
/** The oldest offset that is there; backlog_next() when none is. */
uint64_t backlog_first(const struct backlog *backlog);
/** The offset of the next message that is added. */
uint64_t backlog_next(const struct backlog *backlog);
/** @p group reads on from @p offset; 0: it is no group any more. False: it is
 * beyond the next one, the name is empty or too long, or there are too many. */
bool backlog_commit(struct backlog *backlog, const char *group,
                    uint64_t offset);
/** Where @p group reads on; 0: it has committed nothing. It may be behind the
 * front. */
uint64_t backlog_position(const struct backlog *backlog, const char *group);
/** Visit all groups, in the order of their names. */
void backlog_groups(const struct backlog *backlog, backlog_group_visitor *visit,
                    void *self);
/** Which keys it has, for who removes them; see wal.h. */
struct wal_range backlog_range(const struct backlog *backlog);
/** Bytes of the retained messages, BACKLOG_EACH with each. */
size_t backlog_bytes(const struct backlog *backlog);
/** Free it. */
void backlog_free(struct backlog *backlog);

#endif
