/**
 * @file look.h
 * What a broker says of one of its queues, asked for demos: a connection, a
 * question, an answer.
 *
 *     g_autofree char *text = look_ask(&address, "QINFO jobs");
 *     if (text)
 *         ... look_fact(text, "ready") ...
 */
#ifndef QUEUES_LOOK_H
#define QUEUES_LOOK_H
#include "01-sockets/address.h"
#include <stdint.h>

/** The answer to @p line, typed by hand, as bytes (RESP2); NULL: the broker is
 * not there. Returns new. */
char *look_ask(const struct address *address, const char *line);
/** The number behind that name in an answer to QINFO; 0: there is none. */
uint64_t look_fact(const char *text, const char *name);

#endif
