/*
 * http: a small HTTP/1.1 server, for http_get, curl and a browser.
 *
 * A thread for each connection, so that a visit reads as one story, waiting
 * included: receive the head, find the page, answer, hang up.
 *
 *     main ── waits for a signal, and ends the program
 *     host ── accepts, for ever ──┬─ visit
 *                                 ├─ visit     at most SEATS are served,
 *                                 └─ visit ..  at most CROWD are heard
 *
 * Threads are dear, and visitors may be slow on purpose. So each visit has a
 * deadline, and there are SEATS seats; who finds none is told so (503), by a
 * thread as well, because one hears a question before one answers it. When even
 * these are too many, nobody is accepted: the queue is the kernel's.
 */
#include "01-sockets/io.h"
#include "01-sockets/net.h"
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SEATS = 64, CROWD = 128, LINE_MOST = 8192, HEAD_MOST = 32768 };
enum { FAILED = 1, USAGE = 2, DAY = 86400, BIG = 1 << 20 };
#define TOKEN "[!#$%&'*+.^_`|~0-9A-Za-z-]+"

static const char welcome[] =
    "From Sockets to Consensus\n"
    "\n"
    "This page came to you through one socket: you connected, asked with a\n"
    "few lines of text, and were answered with a few more.\n"
    "\n"
    "    /         this page, its length told beforehand\n"
    "    /chunked  this page, in chunks: the end comes when it comes\n"
    "    /big      a megabyte: more than one recv gives\n";

static char *listen_text = "127.0.0.1:8080";
static double patience = 10;
static gboolean verbose;

static const GOptionEntry entries[] = {
    {"listen", 0, 0, G_OPTION_ARG_STRING, &listen_text,
     "Where to serve (127.0.0.1:8080)", "HOST:PORT"},
    {"patience", 0, 0, G_OPTION_ARG_DOUBLE, &patience,
     "How long a visit may take (10)", "SECONDS"},
    {"verbose", 0, 0, G_OPTION_ARG_NONE, &verbose,
     "Log each request to stderr", NULL},
    G_OPTION_ENTRY_NULL,
};

/* ---- Seats. ---- */

static struct {
    GMutex mutex;
    GCond left; /* Someone has. */
    unsigned present, seated;
} room;

struct visit {
    int fd;
    struct address from;
    bool seated;
};

static void enter(struct visit *visit)
{
    g_mutex_lock(&room.mutex);
    while (room.present == CROWD)
        g_cond_wait(&room.left, &room.mutex);
    visit->seated = room.seated < SEATS;
    room.seated += visit->seated;
    room.present++;
    g_mutex_unlock(&room.mutex);
}

static void leave(const struct visit *visit)
{
    g_mutex_lock(&room.mutex);
    room.seated -= visit->seated;
    room.present--;
    g_cond_signal(&room.left);
    g_mutex_unlock(&room.mutex);
}

/* ---- The request (RFC 9112, 3 and 5). ---- */

/* 0 while the head is not whole, 200 when it is, or why it is refused. */
static int weigh(const GString *head)
{
    const char *end = memchr(head->str, '\n', head->len);
    size_t line = end ? (size_t)(end - head->str) : head->len;
    bool whole = memmem(head->str, head->len, "\n\r\n", 3) ||
                 memmem(head->str, head->len, "\n\n", 2);
    if (line > LINE_MOST)
        return 414;
    if (head->len > HEAD_MOST)
        return 431;
    return whole ? 200 : 0;
}

/* Empty lines before the request are skipped (2.2). Returns as weigh(), 408 at
 * the deadline; 0 when the client has gone. */
static int receive_head(int fd, GString *head, nsec deadline)
{
    char piece[4096];
    int status = 0;
    while (status == 0) {
        ssize_t count = read_some(fd, piece, sizeof piece, deadline);
        if (count <= 0)
            return count < 0 && errno == ETIMEDOUT ? 408 : 0;
        g_string_append_len(head, piece, count);
        g_string_erase(head, 0, (gssize)strspn(head->str, "\r\n"));
        status = weigh(head);
    }
    return status;
}

struct request {
    bool head_only; /* HEAD: all of the answer but its body. */
    bool chunks;    /* Whoever speaks HTTP/1.0 cannot read them. */
    char *path;
};

/* Each line after the first is a field, and one of them is Host (3.2). */
static int check_fields(char **lines, bool needs_host)
{
    unsigned hosts = 0;
    for (; **lines; lines++) {
        if (!g_regex_match_simple("^" TOKEN ":[^\\x00-\\x08\\x0a-\\x1f\\x7f]*$",
                                  *lines, G_REGEX_RAW, 0))
            return 400;
        hosts += g_ascii_strncasecmp(*lines, "Host:", 5) == 0;
    }
    return hosts == 1 || (hosts == 0 && !needs_host) ? 200 : 400;
}
