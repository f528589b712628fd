/**
 * @file resp_writer.h
 * The protocol of Redis, written.
 *
 *     resp_put_command(&out, 3, (const char *[]){"SET", "key", "5"});
 *     resp_put_array(&out, 2);      // and then two values:
 *     resp_put_integer(&out, 42);
 *     resp_put_null(&out, RESP2);
 *
 * Two protocols are spoken, and a client says by HELLO which it wants: RESP3
 * has maps, a null of its own, and *pushes*, which no request asked for. To a
 * client of RESP2 a map is an array of its keys and values in turn, and a push
 * is an array.
 */
#ifndef FRAMING_RESP_WRITER_H
#define FRAMING_RESP_WRITER_H
#include "02-framing/resp.h"
#include "02-framing/wire.h"

/** Which protocol a client speaks. */
enum resp_version { RESP2 = 2, RESP3 = 3 };

/** A short text without line ends: "+OK". */
void resp_put_simple(struct wire_writer *out, const char *text);
/** An error, "-ERR ...": what is printed as for printf; line ends in it become
 * blanks. */
void resp_put_error(struct wire_writer *out, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
/** A number. */
void resp_put_integer(struct wire_writer *out, int64_t number);
/** Bytes, any. */
void resp_put_bulk(struct wire_writer *out, const void *data, size_t size);
/** The bytes of a C string. */
void resp_put_text(struct wire_writer *out, const char *text);
/** Nothing. */
void resp_put_null(struct wire_writer *out, enum resp_version version);
/** @p count values follow. */
void resp_put_array(struct wire_writer *out, size_t count);
/** @p pairs of a key and a value follow. */
void resp_put_map(struct wire_writer *out, enum resp_version version,
                  size_t pairs);
/** @p count values follow that nobody asked for. */
void resp_put_push(struct wire_writer *out, enum resp_version version,
                   size_t count);
/** A command of @p count words. */
void resp_put_command(struct wire_writer *out, size_t count,
                      const char *const *words);
/** The answer to HELLO: which @p server and @p protocol, and the client's @p id
 * there. */
void resp_put_hello(struct wire_writer *out, enum resp_version version,
                    const char *server, uint64_t id);

#endif
