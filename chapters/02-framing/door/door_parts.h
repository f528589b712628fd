/**
 * @file door_parts.h
 * What the two halves of a door share: door.c, the layer, and door_client.c,
 * one connection of it.
 *
 * A client has `asked` so many commands, and so many were `answered`. When the
 * two are equal, the next run is taken; when it is also `leaving`, it may go.
 */
#ifndef FRAMING_DOOR_PARTS_H
#define FRAMING_DOOR_PARTS_H
#include "01-sockets/acceptor.h"
#include "01-sockets/stream.h"
#include "02-framing/door/door.h"
#include "02-framing/resp_writer.h"

/** A connection. */
struct door_client {
    struct door *door;     /**< Whose it is. */
    node_id id;            /**< Who it is. */
    struct stream *stream; /**< Its bytes, both ways. */
    struct resp *resp;     /**< Reads its commands. */
    uint64_t asked;        /**< Commands handed up, */
    uint64_t answered;     /**< and replies that came back. */
    GQueue later;          /**< GBytes: replies the stream has not got yet, */
    size_t begun;          /**< but for so many bytes of the first; */
    size_t queued;         /**< and so many are still to come. */
    size_t run;            /**< Bytes of the run that was handed up last. */
    size_t unused;         /**< Bytes that came and were not taken. */
    size_t kept;           /**< What door->kept has of it. */
    bool visited;          /**< It was heard of above. */
    bool half;             /**< The parser is in the middle of a command. */
    bool holding;          /**< There may be more commands to take. */
    bool gone;             /**< It ended its side, as one that died does. */
    bool piles;            /**< It waits in door->piling, */
    GList pile;            /**< by this. */
    bool leaving;          /**< It asks for nothing any more, */
    bool ended;            /**< and has all its answers. */
    bool cut;              /**< It is given up. */
    const char *wrong;     /**< Why what it said is no RESP; else NULL. */
    nsec since;            /**< When its command began, or its leaving. */
    nsec heard;            /**< When it sent something, or was answered. */
    nsec read;             /**< When it read on, or had nothing to read. */
    uint64_t written;      /**< Bytes of replies, */
    uint64_t left;         /**< and of them, those that had left then. */
};

/** The layer. */
struct door {
    struct env env;                /**< First: it is one. */
    struct host *host;             /**< Borrowed. */
    struct door_settings settings; /**< None of them 0 that says "default". */
    struct door_counts counts;     /**< All but clients. */
    struct acceptor *acceptor;     /**< NULL: closed. */
    GHashTable *clients;           /**< struct door_client, by its id. */
    GArray *words;                 /**< struct word, of a command being read. */
    struct resp *replies;          /**< Counts them. */
    size_t kept;                   /**< Bytes, of all clients. */
    uint16_t boot;                 /**< Part of ids. */
    uint32_t serial;               /**< Of the last one. */
    struct timer sweep;            /**< Armed: always. */
    GQueue piling;                 /**< Clients whose replies pile up. */
    struct timer drain;            /**< Armed: someone's replies pile up. */
};

/** Client @p id has come on @p fd, which is taken. Returns new. */
struct door_client *door_client_new(struct door *door, node_id id, int fd);
/** Replies for it: a run. */
void door_client_answer(struct door_client *client, GBytes *message);
/** Take what it has sent meanwhile, if it may be taken now. */
void door_client_go_on(struct door_client *client);
/** Bytes of replies that have not left. */
size_t door_client_unread(const struct door_client *client);
/** Bytes that are kept for it, now. */
size_t door_client_kept(const struct door_client *client);
/** Has it kept us waiting for too long? Asked every now and then. */
bool door_client_is_late(struct door_client *client, nsec now);
/** It passed a limit: give it up. It is gone soon. */
void door_client_cut(struct door_client *client);
/** Free it, and close the connection. */
void door_client_free(struct door_client *client);

/** Its connection is over: frees it, and says farewell. */
void door_forget(struct door *door, struct door_client *client);
/** Something more is kept for @p client: cut it, if that is too much. */
void door_bound_memory(struct door *door, struct door_client *client);
/** Call door_client_go_on() for @p client a little later, or @p soon. */
void door_drain(struct door *door, struct door_client *client, bool soon);

#endif
