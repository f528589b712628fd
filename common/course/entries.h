/**
 * @file entries.h
 * Small files for people first: entries of a key and a text.
 *
 *     # A comment.
 *     Test: a_read_goes_on
 *     Points: 4
 *     Rule: recv may give fewer bytes than were asked for;
 *         read_all goes on until it has them all.
 *
 * An indented line goes on with the entry above it; how far it is indented
 * beyond four spaces is kept, so that a text may hold code.
 */
#ifndef COURSE_ENTRIES_H
#define COURSE_ENTRIES_H
#include <glib.h>
#include <stdbool.h>

/** An entry. */
struct entry_of_file {
    char *key;  /**< Before the colon. */
    char *text; /**< Its lines, joined by '\n', without one at the end. */
    int line;   /**< Where it begins. */
};

/** The entries of @p path, in their order: a GPtrArray of struct entry_of_file.
 * Returns new; or NULL and @p error, one clear sentence. */
GPtrArray *entries_read(const char *path, GError **error);
/** The bytes of the regular file at @p path, at most 1 MiB, and their @p size;
 * a NUL follows. Returns new; or NULL and @p error. */
char *entries_raw(const char *path, size_t *size, GError **error);
/** The text as prose: its lines joined by spaces. Returns new. */
char *entries_prose(const char *text);

/** The domain of these errors. */
#define ENTRIES_ERROR entries_error_quark()
/** See ENTRIES_ERROR. */
GQuark entries_error_quark(void);

#endif
