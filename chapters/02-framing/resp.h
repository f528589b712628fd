/**
 * @file resp.h
 * The protocol of Redis, read: RESP2 and RESP3, commands and replies.
 *
 *     // What on_bytes of a stream does with what it is shown:
 *     while ((used = resp_parse(resp, data, size)) > 0)
 *         ...resp_items(resp), of which item i begins at data + item->at...
 *
 * A value is a line, "+OK\r\n", ":42\r\n"; a string that tells its length,
 * "$3\r\nSET\r\n"; or an aggregate that tells how many values follow,
 * "*2\r\n...". A line ends with CR LF, and has neither within.
 *
 * A *command* is an array of bulk strings. What begins with another byte than
 * "*" is typed by hand, an *inline* command, "SET key 5\r\n": words between
 * spaces or tabs; LF alone may end it; quotes are refused. An empty line, one of
 * blanks, "*0" and "*-1" are commands of no words.
 *
 * It is read in one pass and in place: nothing is copied. When a value is not
 * all there the parser remembers how far it came, and goes on there. What it
 * finds is a row of items: the value, and behind an aggregate all that is in it,
 * in the order of their bytes. Nesting is counted, not recursed into. Memory is
 * taken for items that came, never for a count.
 *
 * Numbers have one form: digits, behind a minus where they are below 0; no plus,
 * no zero in front, no -0, within 64 bits. A count or a length that is wrong or
 * too much is refused with its line, before anything follows. Left out are
 * attributes ("|") and what does not tell its length ("$?"): no RESP here.
 */
#ifndef FRAMING_RESP_H
#define FRAMING_RESP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** What an item is: the first byte of it. */
enum resp_type {
    RESP_SIMPLE = '+',     /**< A short text: "OK". */
    RESP_ERROR = '-',      /**< An error, in a line. */
    RESP_INTEGER = ':',    /**< A number. */
    RESP_BULK = '$',       /**< Bytes, any. */
    RESP_ARRAY = '*',      /**< Values. */
    RESP_NULL = '_',       /**< Nothing; also "$-1" and "*-1" of RESP2. */
    RESP_BOOLEAN = '#',    /**< number is 0 or 1. */
    RESP_DOUBLE = ',',     /**< As text, which is not looked at. */
    RESP_BIG = '(',        /**< A number of any length, in the same way. */
    RESP_BULK_ERROR = '!', /**< An error, as bytes. */
    RESP_VERBATIM = '=',   /**< Bytes: three letters of format, a colon, text;
                              which is not looked at. */
    RESP_MAP = '%',        /**< Keys and values in turn. */
    RESP_SET = '~',        /**< Values. */
    RESP_PUSH = '>',       /**< Values that nobody asked for. */
};

/** A value, or an aggregate's beginning. */
struct resp_item {
    enum resp_type type; /**< Which kind. */
    int64_t number; /**< Of an integer or boolean; of an aggregate: how many
                       values are in it, two for each pair of a map. */
    size_t at;      /**< Where its text begins. */
    size_t size;    /**< Bytes of text; 0 where there is none. */
};

/** What is read, and what is too much. 0: as Redis has it. */
struct resp_limits {
    bool commands;  /**< Commands alone: arrays of bulk strings, and inline. */
    size_t bulk;    /**< Bytes of a string, or a word: 512 MiB. */
    size_t items;   /**< Values within one, at any depth: 1048576. */
    unsigned depth; /**< Aggregates within each other, an empty one too: 9;
                       64 at the most. */
};

/** Bytes of a line, its end not counted: as long as Redis takes them. One more
 * is refused as soon as it is there. */
#define RESP_LINE 65536

struct resp;

/** A parser. Returns new. */
struct resp *resp_new(struct resp_limits limits);
/** Read on. @p data is where the value begins: the same bytes as the last time
 * if that one gave 0, and more behind them. Returns the bytes of the value when
 * it is whole; 0 when more are needed; -1 when this is no RESP, or too much, and
 * from then on. */
ssize_t resp_parse(struct resp *resp, const uint8_t *data, size_t size);
/** The items of the value that resp_parse() gave, until it is called again:
 * resp_count() of them, the first is the value itself. A command is an array,
 * an inline one too; one of no words is to be ignored. Borrowed. */
const struct resp_item *resp_items(const struct resp *resp);
/** How many items there are. */
size_t resp_count(const struct resp *resp);
/** What was wrong, after -1: a phrase, for "-ERR Protocol error: ...". */
const char *resp_error(const struct resp *resp);
/** Free it. */
void resp_free(struct resp *resp);

#endif
