/**
 * @file door.h
 * Where clients come in: a layer in which each RESP connection is a node.
 *
 *     struct door *door = door_new(host, below, listener, settings);
 *     struct kv *kv = kv_new(door_env(door), ...);
 *
 * A message from a client is one *run* of whole commands, as many as are there:
 * RESP arrays, and inline commands made into such; none without words. A
 * message to a client is a run of whole replies. What a turn sends to one
 * client leaves in one system call, when the sync that covers it is done.
 *
 * Each command is to be answered by one reply, in order (desk.h sees to that);
 * a push of RESP3 is no answer. (In RESP2 nothing tells a push from an answer:
 * to such a client none is sent.) A client has one run under way: while it is
 * not answered, or the replies pile up, the next is not taken, and what the
 * client sends is kept, up to the limit. So a flood of commands becomes
 * *backpressure*, and no queue.
 *
 * Who is at the other end may be anybody. What is no RESP is answered by an
 * error, after what was asked before it, and the end of the connection. A
 * command that does not become whole in time, replies that are not read, more
 * bytes than may be kept, more clients than may come: each has its limit, and
 * who passes it is cut. One that says QUIT, or ends its side, gets what it
 * still has to get, and then the end; who ended its side may be dead, and waits
 * about a second for an answer, no longer. When a client is gone of which a
 * command was handed up, there is a farewell.
 *
 * Ids are server << 48 | boot << 32 | serial, and none is used twice; where
 * boots are counted on the disk, not even after a reboot, of 65535 in a row.
 */
#ifndef FRAMING_DOOR_H
#define FRAMING_DOOR_H
#include "01-sockets/host/host.h"

struct door;

/** What is too much. 0: what is said here. */
struct door_settings {
    bool durable;     /**< Count the boots on the disk, under "door.boot"; else
                           each draws a number. */
    unsigned clients; /**< So many at a time: 10000. */
    size_t most;      /**< Bytes kept for one client, each way: 64 MiB; so no
                           command is longer, nor all replies that it has not
                           read. Below 900 MB. */
    size_t memory;    /**< Bytes kept for all of them, with the runs that are
                           under way: 1 GiB. */
    nsec patience;    /**< For a command to become whole, and for replies to be
                           read on: 60 s. */
    nsec idle;        /**< A client that has asked for nothing so long is cut:
                           never. */
};

/** What has come to pass. */
struct door_counts {
    unsigned clients;   /**< Who is here now. */
    uint64_t visits;    /**< Who was ever let in. */
    uint64_t refused;   /**< Who was not: too many. */
    uint64_t malformed; /**< Who spoke no RESP. */
    uint64_t cut;       /**< Who passed another limit. */
    uint64_t commands;  /**< Commands handed up. */
};

/** Clients have ids from this on; peers have smaller ones. */
#define DOOR_CLIENT ((node_id)1 << 48)

/** A layer over @p below, which stands on @p host or is its env. It accepts on
 * @p listener, which it takes. Messages to other nodes are as long as those of
 * @p below at most, whatever door_env()'s most. Borrows both. Returns new. */
struct door *door_new(struct host *host, struct env *below, int listener,
                      struct door_settings settings);
/** The env to hand to a protocol. Borrowed. */
struct env *door_env(struct door *door);
/** Bytes of replies that wait for @p client to read; 0: it is not here. */
size_t door_unread(const struct door *door, node_id client);
/** What has come to pass so far. */
struct door_counts door_counts(const struct door *door);
/** Let nobody in any more; who is here stays. */
void door_close(struct door *door);
/** Free it: whoever is here is cut. Free what stands on it first. */
void door_free(struct door *door);

#endif
