/**
 * @file transfer.h
 * What tool_send and tool_recv share: options, a machine of their own, and
 * what they tell the user.
 *
 *     if (!transfer_parse(&argc, &argv, "HOST PORT", &error))
 *         return complain(USAGE, "%s", error->message);
 *     struct transfer *transfer = transfer_new(1, &address, on_ready, self);
 *     ... transfer->way ...
 *     return transfer_run(transfer);
 */
#ifndef TRANSPORT_TRANSFER_H
#define TRANSPORT_TRANSFER_H
#include "01-sockets/host/host.h"
#include "03-transport/transfer/way.h"

/** A file on its way. */
struct transfer {
    struct host *host;   /**< Its machine. */
    struct way *way;     /**< How it is carried. */
    uint64_t bytes;      /**< Read, or written, so far: the owner counts. */
    nsec begun;          /**< When the first was; 0: not yet. */
    nsec ended;          /**< When the last was, if the owner says so. */
    bool done;           /**< It is over ... */
    const char *problem; /**< ... in order: NULL; or why not. */
};

/** Parse the options that both have; what is left in @p argv is the owner's.
 * @p what is said of it in the help. */
bool transfer_parse(int *argc, char ***argv, const char *what,
                    const char *summary, GError **error);
/** A machine with number @p id whose socket is bound to @p address. Returns
 * new; NULL and errno. */
struct transfer *transfer_new(node_id id, const struct address *address);
/** Open the way to node @p to, or for whoever comes, 0. */
void transfer_open(struct transfer *transfer, node_id to,
                   void (*readable)(void *self), void (*writable)(void *self),
                   void *self);
/** @p size bytes more. */
void transfer_count(struct transfer *transfer, size_t size);
/** It cannot go on. */
void transfer_fail(struct transfer *transfer, const char *problem);
/** Let it run to its end, and say how it was. Returns the exit status. Frees
 * it. */
int transfer_run(struct transfer *transfer);

#endif
