/**
 * @file session.h
 * What every client of this protocol expects of every server: PING and ECHO;
 * HELLO, by which it chooses RESP2 or RESP3; CLIENT, its name; SELECT, of the
 * only database; COMMAND, CONFIG and INFO, which programs ask before they
 * begin; RESET and QUIT.
 */
#ifndef FRAMING_SESSION_H
#define FRAMING_SESSION_H
#include "02-framing/door/command.h"

/** A client, as long as it is connected. All zero but id when it comes. */
struct session {
    node_id id;                /**< Who it is. */
    enum resp_version version; /**< What it speaks; 0: RESP2. */
    char *name;                /**< What it calls itself; NULL: nothing. */
};

/** Who answers. */
struct session_server {
    const char *name; /**< "kv": for HELLO. */
    /** Add "name:value\r\n" lines for INFO; NULL: none. */
    void (*info)(void *self, GString *text);
    void *self; /**< Its first argument. */
};

/** Answer @p command by one reply, if it is one of these. Returns whether it
 * was. */
bool session_answer(struct session *session,
                    const struct session_server *server,
                    const struct command *command, struct wire_writer *out);
/** It is over. */
void session_clear(struct session *session);

#endif
