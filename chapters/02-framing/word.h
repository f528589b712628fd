/**
 * @file word.h
 * A few bytes within other bytes: what parsers give that copy nothing.
 */
#ifndef FRAMING_WORD_H
#define FRAMING_WORD_H
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/** Bytes, any: they end where their size says. */
struct word {
    const char *data; /**< Borrowed. */
    size_t size;      /**< Bytes of it. */
};

/** Is it @p text, in whatever case? */
static inline bool word_is(struct word word, const char *text)
{
    return strlen(text) == word.size &&
           strncasecmp(word.data, text, word.size) == 0;
}

#endif
