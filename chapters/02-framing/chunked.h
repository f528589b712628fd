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
 * many bytes, and CR LF. The size may have zeros in front, and blanks (spaces
 * and tabs) behind, since old senders pad it. Then *extensions* may follow: a
 * ";" and any text. A chunk of size 0 is the last, and only its line is there.
 * *Trailers* may follow, lines that look like header fields: a name, which is a
 * token (RFC 9110, 5.6.2), a ":" right behind it, and any text. An empty line
 * ends the body.
 *
 * Text is any bytes but control characters; tabs are allowed, and so are bytes
 * from 0x80 on. Extensions and trailers are passed over. Nothing in them has a
 * meaning, quotes neither: a quoted string cannot hold a line end.
 *
 * Two programs that disagree about where a body ends disagree about where the
 * next request begins: that is how requests are smuggled past a proxy. So what
 * is not said above is refused: LF without CR, CR without LF, a sign, "0x", a
 * size without a digit, blanks in front of a size or a trailer.
 *
 * It is read in one pass, in place, in any pieces, and without memory: the
 * state is the struct.
 */
#ifndef FRAMING_CHUNKED_H
#define FRAMING_CHUNKED_H
#include "02-framing/wire.h"
#include <sys/types.h>

/** Bytes of a size line, extensions and all; and of all trailers of a body
 * together. CR LF do not count. One more is refused as soon as it is there. */
#define CHUNKED_LINE 4096

/** How far a reader is: the reader's own. */
enum chunked_phase {
    CHUNKED_SIZE,      /**< In the digits of a size, or before them. */
    CHUNKED_BLANKS,    /**< Behind them, in the same line. */
    CHUNKED_EXTENSION, /**< Behind a ";" of that line. */
    CHUNKED_SIZE_LF,   /**< CR was there: LF must follow. */
    CHUNKED_DATA,      /**< In a chunk's bytes, of which some are left. */
    CHUNKED_DATA_CR,   /**< Behind them: CR must follow. */
    CHUNKED_DATA_LF,   /**< And LF. */
    CHUNKED_NAME,      /**< Behind the last chunk: in a name, or before it. */
    CHUNKED_VALUE,     /**< Behind the ":" of that line. */
    CHUNKED_VALUE_LF,  /**< CR was there: LF must follow. */
    CHUNKED_END_LF,    /**< The same, and nothing was before the CR. */
    CHUNKED_END,       /**< The body is over. */
    CHUNKED_WRONG,     /**< This is no body in chunks, or too much. */
};

/** A body being read. Begins as {.most = ...}. */
struct chunked {
    uint64_t most;            /**< Bytes of body, no more: the owner's. */
    enum chunked_phase phase; /**< The rest is the reader's. */
    bool begun;     /**< This size has a digit, this name has a character. */
    size_t line;    /**< Bytes of this line, or of the trailers. */
    uint64_t left;  /**< Of this chunk: its size so far, or what is to come. */
    uint64_t total; /**< Bytes of body in the chunks before; with this one's,
                       when its line is over. */
};

/** Some bytes of the body, where they are. */
struct chunked_piece {
    const uint8_t *data; /**< Borrowed from what was read. */
    size_t size;         /**< May be 0. */
};

/** Read on: these @p size bytes follow those used before. Returns how many are
 * used, which need not be all; 0 when there are none, or the body has ended:
 * what follows is not its. The @p piece is all that is there of one chunk, and
 * the last of the bytes used; or it is empty. -1: this is wrong, or too much,
 * and from then on. That is said with the first byte that cannot be right; of a
 * size, with the digit that makes it more than `most` has room for. */
ssize_t chunked_parse(struct chunked *chunked, const uint8_t *data, size_t size,
                      struct chunked_piece *piece);
/** Is the body over, its last CR LF read? */
bool chunked_ended(const struct chunked *chunked);

/** Write one chunk: no zeros in front of its size, and no extensions. Nothing
 * when @p size is 0, for that would be the last. */
void chunked_put(struct wire_writer *out, const void *data, size_t size);
/** Write the last chunk and the end, without trailers. */
void chunked_put_end(struct wire_writer *out);

#endif
