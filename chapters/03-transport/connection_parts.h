/**
 * @file connection_parts.h What connection.c and endpoint.c share: the life of
 * one connection, and the table of all of them.
 */
#ifndef TRANSPORT_CONNECTION_PARTS_H
#define TRANSPORT_CONNECTION_PARTS_H
#include "03-transport/endpoint.h"

/** Where in its life. */
enum connection_state {
    CONNECTION_OPENING,  /**< We have asked, and nothing was answered. */
    CONNECTION_ANSWERED, /**< They know of it, if our cookie came. */
    CONNECTION_OPEN,     /**< Both know of it. */
    CONNECTION_CLOSED,   /**< In order: it answers, if it is asked again. */
    CONNECTION_DEAD      /**< In no order: it says no more. */
};

/** What proves that who opens hears what we answer. */
struct cookie {
    uint64_t when; /**< The server's time. */
    uint64_t hash; /**< Of that, and all the numbers. */
};

/** How both sides know it. */
struct connection_name {
    node_id peer;   /**< Who. */
    uint32_t mine;  /**< Our id of it: segments for us carry it. */
    uint32_t other; /**< Theirs; 0: not known yet. */
};

/** See connection.h. */
struct connection {
    struct endpoint *endpoint;     /**< Where it lives. */
    struct connection_name name;   /**< In its tables. */
    struct connection_owner owner; /**< All NULL once it is freed. */
    enum connection_state state;   /**< Where in its life. */
    struct flow *flow;             /**< NULL while opening. */
    uint32_t first;                /**< The number of our opening. */
    uint32_t packet;               /**< And its packet: a proof. */
    uint32_t ack;                  /**< What acknowledges theirs. */
    struct cookie cookie;          /**< What they gave us. */
    unsigned tries;                /**< How often we have sent it. */
    uint32_t sure;   /**< The first few, before this one, may have come before
                        our cookie. */
    nsec heard;      /**< When we heard of them last, or asked first, */
    uint32_t newest; /**< and their newest packet. */
    bool ended;      /**< connection_end() was called. */
    bool lingers;    /**< And the other had not: see LINGER. */
    bool freed;      /**< The owner has left it to us. */
    struct timer opening; /**< Open again. */
    struct timer watch;   /**< Silence, and the end of lingering. */
};

/** One that is in no table yet. Returns new. */
struct connection *connection_new(struct endpoint *endpoint,
                                  struct connection_name name);
/** Send an opening, and again until it is answered. */
void connection_open(struct connection *connection);
/** It is opening, and was answered by @p segment, with the other's @p id and a
 * cookie. */
void connection_on_answer(struct connection *connection,
                          const struct segment *segment, uint32_t id,
                          struct cookie cookie);
/** The opening @p packet was refused. */
void connection_on_refusal(struct connection *connection, uint32_t packet);
/** @p segment, an opening with a right cookie that was @p given then, begins
 * it. */
void connection_accept(struct connection *connection,
                       const struct segment *segment, nsec given);
/** That opening came, and must be acknowledged. */
void connection_confirm(struct connection *connection);
/** @p segment is addressed to it. */
void connection_on_segment(struct connection *connection,
                           const struct segment *segment);
/** The other has heard @p packet, and has given it up, or does not know it. */
void connection_on_reset(struct connection *connection, uint32_t packet,
                         bool given_up);
/** Free it, whatever its state; nobody is told. */
void connection_destroy(struct connection *connection);

/** Its settings. Borrowed. */
const struct endpoint_settings *
endpoint_settings(const struct endpoint *endpoint);
/** Its env. Borrowed. */
struct env *endpoint_env(const struct endpoint *endpoint);
/** Send @p segment. */
void endpoint_send(struct endpoint *endpoint, node_id peer,
                   const struct segment *segment);
/** Send an opening, with @p id and @p cookie as its data. */
void endpoint_send_opening(struct endpoint *endpoint, node_id peer,
                           struct segment *segment, uint32_t id,
                           struct cookie cookie);
/** .other is known now: so resets find it. */
void endpoint_name(struct endpoint *endpoint, struct connection *connection);
/** Take it out of the tables. */
void endpoint_forget(struct endpoint *endpoint, struct connection *connection);

#endif
