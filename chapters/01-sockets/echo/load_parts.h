/**
 * @file load_parts.h
 * The parts of a load: many clients (load_client.c), and the run that drives
 * them by the clock (load.c). For these two files only.
 *
 * Nothing that can be computed is kept. Messages are numbered over all
 * connections: the m-th of connection c, of n, has the number m n + c. With a
 * rate, message k is due at start + k / rate. So what is due and could not be
 * sent yet is the difference of two numbers, and a message that was never sent
 * can still be counted at the end.
 */
#ifndef SOCKETS_LOAD_PARTS_H
#define SOCKETS_LOAD_PARTS_H
#include "01-sockets/echo/load.h"

/** What one send or recv moves at most. */
#define LOAD_PIECE ((size_t)1 << 16)

/** How far a connection is. */
enum load_state {
    CLIENT_WAITING,    /**< To be begun. */
    CLIENT_CONNECTING, /**< Begun. */
    CLIENT_IDLE,       /**< Connected; no message is on its way. */
    CLIENT_BUSY,       /**< One is. */
    CLIENT_BROKEN,     /**< It failed, or the server closed it. */
};

/** A connection. The silent ones are never BUSY. */
struct load_client {
    int fd;                /**< Or -1. */
    enum load_state state; /**< How far it is. */
    uint64_t answered;     /**< So many messages were: this is the next. */
    nsec due;              /**< When the current one was. */
    size_t sent;           /**< How much of it. */
    size_t received;       /**< How much of its echo. */
};

/** The whole. */
struct load {
    const struct address *address; /**< Of the server. */
    const struct load_plan *plan;  /**< What to do. */
    struct load_result *result;    /**< What came of it so far. */
    GError *error;                 /**< Set: it is over. */
    int epoll;                     /**< Watches all clients. */
    struct load_client *clients;   /**< Who talk, then the silent. */
    unsigned total;                /**< Of both. */
    unsigned begun;                /**< So many are not WAITING any more. */
    unsigned connecting;           /**< So many are CONNECTING. */
    nsec opened;                   /**< When the first was begun. */
    nsec start;                    /**< When the run began; 0: not yet. */
    nsec from;                     /**< From when it is counted. */
    nsec end;                      /**< Until when. */
    uint64_t released;             /**< With a rate: so many were due. */
    nsec told;                     /**< When there was progress. */
    uint64_t words[LOAD_PIECE / 8 + 2]; /**< What was sent. */
    uint8_t bytes[LOAD_PIECE];          /**< What came. */
};

/** The number of @p client's current message, or else its next. */
static inline uint64_t load_message(const struct load *load,
                                    const struct load_client *client)
{
    return client->answered * load->plan->connections +
           (uint64_t)(client - load->clients);
}

/** When a message is due, with a rate. */
static inline nsec load_due(const struct load *load, uint64_t message)
{
    return load->start +
           (nsec)((double)message * (double)SEC / load->plan->rate);
}

/** Begin to connect. */
void load_connect(struct load *load, struct load_client *client);
/** Send the next message of @p client, who is IDLE, if it has been due. */
void load_go_on(struct load *load, struct load_client *client);
/** Something has happened to its socket. */
void load_on_ready(struct load *load, struct load_client *client,
                   uint32_t events);

#endif
