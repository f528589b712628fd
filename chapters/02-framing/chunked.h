/**
 * @file chunked.h
 * A body that does not tell its length: in *chunks* (RFC 9112, section 7.1).
 *
 *     // What on_bytes of a stream does with a body:
 *     while ((used = chunked_parse(&chunked, data, size, &piece)) > 0)
 *         ...piece.size bytes of the body are at piece.data...
 *
 *     5;who=me\r\nhello\r\n 0\r\n Trailer: of no use\r\n \r\n
 *     -- chunk ------------ last  -- trailers ---------- the end
 *
 * A chunk is a line with its size, in hexadecimal digits of either case, and so
 * many bytes, and CR LF. Behind the size may stand *extensions*, from a ";" on:
 * they are passed over. A chunk of size 0 is the last. Lines that look like
 * header fields may follow, the *trailers*: passed over too; and an empty line
 * ends it.
 *
 * Two programs that disagree about where a body ends disagree about where the
 * next request begins: that is how requests are smuggled past a proxy. So what
 * is not said above is refused: a line that LF alone ends, a sign, "0x", a size
 * without a digit, blanks in front. Blanks (spaces and tabs) behind the size are
 * passed over, since old senders pad it (RFC 9112, 7.1.1).
 *
 * It is read in one pass, in place, in any pieces, and without memory: the
 * state is the struct.
 */
#ifndef FRAMING_CHUNKED_H
#define FRAMING_CHUNKED_H
#include "02-framing/wire.h"
#include <sys/types.h>

/** Bytes of a size line, extensions and all, its CR LF not counted; and of all
 * trailers together, with their CR LF. One more is refused as soon as it is
 * there. */
#define CHUNKED_LINE 4096

/** How far a reader is: the reader's own. */
enum chunked_phase {
    CHUNKED_SIZE,       /**< In the digits of a size. */
    CHUNKED_EXTENSION,  /**< Behind them, in the same line. */
    CHUNKED_SIZE_LF,    /**< CR was there: LF must follow. */
    CHUNKED_DATA,       /**< In a chunk's bytes, of which some are left. */
    CHUNKED_DATA_CR,    /**< Behind them: CR must follow. */
    CHUNKED_DATA_LF,    /**< And LF. */
    CHUNKED_TRAILER,    /**< Behind the last chunk: at or in a line. */
    CHUNKED_TRAILER_LF, /**< CR was there. */
    CHUNKED_END,        /**< The body is over. */
    CHUNKED_WRONG,      /**< This is no body in chunks, or too much. */
};

/** A body being read. Begins as {.most = ...}. */
struct chunked {
    uint64_t most;            /**< Bytes of body, no more: the owner's. */
    enum chunked_phase phase; /**< The rest is the reader's. */
    uint64_t left;  /**< Of a chunk: its size so far, or what lacks. */
    uint64_t total; /**< Bytes of body in this chunk and before. */
    size_t line;    /**< Bytes of the line, or of the trailers. */
    size_t digits;  /**< Of this size. */
    bool field;     /**< This trailer has a name and a colon. */
};

/** Some bytes of the body, where they are. */
struct chunked_piece {
    const uint8_t *data; /**< Borrowed from what was read. */
    size_t size;         /**< May be 0. */
};

/** Read on: these @p size bytes follow those used before. Returns how many are
 * used, and which @p piece of the body was among them; 0 when there are none,
 * or the body has ended: what follows is not its; -1 when this is wrong, or too
 * much, and from then on. */
ssize_t chunked_parse(struct chunked *chunked, const uint8_t *data, size_t size,
                      struct chunked_piece *piece);
/** Is the body over, its last CR LF read? */
bool chunked_ended(const struct chunked *chunked);

/** Write one chunk; nothing when @p size is 0, for that would be the last. */
void chunked_put(struct wire_writer *out, const void *data, size_t size);
/** Write the last chunk and the end. */
void chunked_put_end(struct wire_writer *out);

#endif
