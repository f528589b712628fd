/**
 * @file way.h
 * Ways to carry a stream of bytes from one node to another: the stages of the
 * chapter, behind one table.
 *
 *     struct way *way = way_open(&way_flow, env, 2, settings, owner);   // a
 *     sender struct way *way = way_open(&way_flow, env, 0, settings, owner);  
 * // a receiver
 *
 * A receiver waits for one sender, and has nothing to do with others.
 */
#ifndef TRANSPORT_WAY_H
#define TRANSPORT_WAY_H
#include "03-transport/controller.h"
#include "03-transport/reliable.h"

/** Who is told; .closed is the last. None may free the way. */
struct way_owner {
    /** A receiver has its sender: node @p peer. */
    void (*met)(void *self, node_id peer);
    /** There is something to take, or the stream has ended. */
    void (*readable)(void *self);
    /** There is room to push. */
    void (*writable)(void *self);
    /** It is over: in order (NULL), or why not. */
    void (*closed)(void *self, const char *problem);
    void *self; /**< The first argument. */
};

/** How it is carried. */
struct way_settings {
    /** Congestion control, where there is any. */
    struct controller *(*controller)(size_t segment);
    size_t
        buffer; /**< Bytes that may wait at either end, where there is one. */
    nsec patience; /**< So long a silence ends it. */
};

struct way;

/** A stage. */
struct way_ops {
    const char *name; /**< "flow". */
    const struct reliable
        *reliable; /**< The layer it is made of, if it is one. */
    /** Answers the function of its name below. @{ */
    struct way *(*open)(const struct way_ops *ops, struct env *env, node_id to,
                        struct way_settings settings, struct way_owner owner);
    size_t (*room)(const struct way *way);
    void (*push)(struct way *way, const void *data, size_t size);
    void (*end)(struct way *way);
    size_t (*take)(struct way *way, void *buffer, size_t size);
    bool (*is_over)(const struct way *way);
    bool (*is_idle)(const struct way *way);
    void (*count)(const struct way *way, GString *text);
    void (*free)(struct way *way);
    /** @} */
};

/** The first member of each of them. */
struct way {
    const struct way_ops *ops; /**< Its stage. */
};

/** Stop-and-wait: arq.h. */
extern const struct way_ops way_arq;
/** Go-Back-N: gobackn.h. */
extern const struct way_ops way_gobackn;
/** A connection: endpoint.h. */
extern const struct way_ops way_flow;

/** A way to node @p to over @p env, borrowed; 0: from whoever comes first.
 * Returns new. */
struct way *way_open(const struct way_ops *ops, struct env *env, node_id to,
                     struct way_settings settings, struct way_owner owner);
/** How many bytes can be pushed now. */
size_t way_room(const struct way *way);
/** Send @p size bytes, for which there is room. Copies. */
void way_push(struct way *way, const void *data, size_t size);
/** There will be no more. */
void way_end(struct way *way);
/** Take up to @p size bytes that have come. Returns how many. */
size_t way_take(struct way *way, void *buffer, size_t size);
/** Has the other's stream ended, and is all of it taken? */
bool way_is_over(const struct way *way);
/** After owner.closed: is there nobody who may still ask again? */
bool way_is_idle(const struct way *way);
/** Add what was sent, and how much of it again, to @p text. */
void way_count(const struct way *way, GString *text);
/** Free it. */
void way_free(struct way *way);

#endif
