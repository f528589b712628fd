/**
 * @file desk.h
 * Where clients are served: one command after the other, and the answers in the
 * same order.
 *
 *     static enum desk_outcome serve(void *self, const struct command *command,
 *                                    struct wire_writer *out, bool parks)
 *     ... puts one reply into out, and returns DESK_ANSWERED ...
 *
 *     struct desk *desk = desk_new(env, (struct desk_service){serve, ...});
 *     desk_take(desk, from, message);       // Each message of a client.
 *
 * A client may send ten commands at once (*pipelining*), and some may have to
 * wait for something: for a disk, for another node, for another client. Then
 * the service *parks* the command. The client's other commands wait at the desk
 * until desk_answer(); everyone else is served meanwhile. So no service has to
 * think of the order of replies.
 *
 * The desk itself answers what every client expects (session.h), and keeps
 * *transactions*: what a client says between MULTI and EXEC is kept and served
 * in one go, with nobody in between. What is wrong with one of them is said
 * then, and not before.
 */
#ifndef FRAMING_DESK_H
#define FRAMING_DESK_H
#include "02-framing/door/session.h"

/** Bytes of commands in one client's transaction, and in its runs that wait:
 * but one run may be longer. */
#define DESK_MOST ((size_t)64 << 20)
/** Bytes of commands in all transactions together. */
#define DESK_ALL ((size_t)1 << 30)

struct desk;

/** What became of a command. */
enum desk_outcome {
    DESK_UNKNOWN,  /**< There is no such command: nothing was done. */
    DESK_ANSWERED, /**< One reply was put. One that is longer than the env's
                        messages becomes an error; what was done is done. */
    DESK_PARKED,   /**< None was: desk_answer() will come. Not in a transaction,
                        where others would have to wait. */
};

/** What a service does. */
struct desk_service {
    /** Serve @p command. Borrows it; @p parks: whether it may be parked. */
    enum desk_outcome (*serve)(void *self, const struct command *command,
                               struct wire_writer *out, bool parks);
    /** A client is gone, and with it the command that it may have parked. NULL:
     * never mind. */
    void (*left)(void *self, node_id client);
    /** Add "name:value\r\n" lines for INFO; NULL: none. */
    void (*info)(void *self, GString *text);
    void *self;       /**< Their first argument. */
    const char *name; /**< The server's, for HELLO. */
};

/** A desk that answers over @p env. The service stays bound to it, and hands
 * over what clients send. Returns new. */
struct desk *desk_new(struct env *env, struct desk_service service);
/** A message from client @p from: a run of commands, or a farewell. From what
 * is no command on it is dropped; so is a run too many for DESK_MOST, which no
 * door sends. Borrows it. */
void desk_take(struct desk *desk, node_id from, GBytes *message);
/** The reply to the command that @p client has parked, of 1 byte to those of a
 * message of the env; to one that has none yet, or is gone, it is lost. May be
 * called while another is served: the client's next commands are served soon,
 * not from here. */
void desk_answer(struct desk *desk, node_id client, const void *reply,
                 size_t size);
/** How many clients it remembers. */
unsigned desk_clients(const struct desk *desk);
/** Free it. */
void desk_free(struct desk *desk);

#endif
