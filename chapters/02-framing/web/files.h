/**
 * @file files.h
 * The files below a directory, for a web server: GET and HEAD, and nothing that
 * lies elsewhere.
 *
 * A target is decoded (%41 is A), its query dropped, and what is then named is
 * opened by openat2(2) with RESOLVE_BENEATH: the kernel itself follows the
 * path, and neither ".." nor a symbolic link leads out of the directory. Names
 * that begin with a dot are not shown; a directory shows its index.html.
 *
 * A file that fits into one piece is answered whole; a longer one is read as
 * the client reads.
 */
#ifndef FRAMING_FILES_H
#define FRAMING_FILES_H
#include "02-framing/web/web.h"

struct files;

/** The files below @p root. NULL and errno when it cannot be opened. Returns
 * new. */
struct files *files_new(const char *root);
/** Answer @p exchange, whatever was asked for: 200, 304, 404, 405 and so on. */
void files_answer(struct files *files, struct web_exchange *exchange,
                  const struct http_request *request);
/** Free it, when no answer is under way. */
void files_free(struct files *files);

/** The path that @p target names, without its first slash: decoded, and "." for
 * the root. NULL when it is malformed, or has a part that begins with a dot.
 * Returns new. */
char *files_path(struct word target);

#endif
