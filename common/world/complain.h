/**
 * @file complain.h
 * How every program of the book says no: one sentence, and an exit status.
 *
 *     return complain(USAGE, "%s", error->message);   // "http: ... .\n", 2
 */
#ifndef WORLD_COMPLAIN_H
#define WORLD_COMPLAIN_H
#include <glib.h>

/** Exit statuses: it failed; it was asked in a way that makes no sense. */
enum { FAILED = 1, USAGE = 2 };

/** Write the program's name and a sentence, without its full stop, to stderr.
 * Returns @p status. */
int complain(int status, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** Are standard input, output and error all open? If not, the next socket would
 * take the place of one, and be written to. */
gboolean standard_is_open(void);

#endif
