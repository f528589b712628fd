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
#include "common/world/complain.h"
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
enum { DAY = 86400, BIG = 1 << 20 };
#define TOKEN "[!#$%&'*+.^_`|~0-9A-Za-z-]+"

/* ---- What there is to see. ---- */

static const char welcome[] =
    "From Sockets to Consensus\n"
    "\n"
    "This page came to you through one socket: you connected, asked with a\n"
    "few lines of text, and were answered with a few more.\n"
    "\n"
    "    /         this page, its length told beforehand\n"
    "    /chunked  this page, in chunks: the end comes when it comes\n"
    "    /big      a megabyte: more than one recv gives\n";

static char megabyte[BIG + 1]; /* Filled by main(). */

struct page {
    const char *path, *text;
    bool chunked;
};

static const struct page pages[] = {
    {"/", welcome, false},
    {"/chunked", welcome, true},
    {"/big", megabyte, false},
};

/* ---- Options. ---- */

static char *where = "127.0.0.1:8080";
static double patience = 10;
static gboolean verbose;

static const GOptionEntry entries[] = {
    {"listen", 0, 0, G_OPTION_ARG_STRING, &where,
     "Where to serve (127.0.0.1:8080)", "HOST:PORT|unix:PATH"},
    {"patience", 0, 0, G_OPTION_ARG_DOUBLE, &patience,
     "How long a visit may take (10)", "SECONDS"},
    {"verbose", 0, 0, G_OPTION_ARG_NONE, &verbose, "Log each request to stderr",
     NULL},
    G_OPTION_ENTRY_NULL,
};

static bool parse_options(int argc, char **argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(context, "Serve three small pages by HTTP.");
    if (!g_option_context_parse(context, &argc, &argv, error))
        return false;
    if (argc > 1)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "\"%s\" is not expected: see http --help", argv[1]);
    else if (!(patience > 0 && patience <= DAY))
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--patience takes more than 0 and up to %d seconds", DAY);
    else
        return true;
    return false;
}

/* ---- Seats. ---- */

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t left; /* Someone has. */
    unsigned present, seated;
} room = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};

struct visit {
    int fd;
    struct address from;
    bool seated;
};

static void enter(struct visit *visit)
{
    pthread_mutex_lock(&room.mutex);
    while (room.present == CROWD)
        pthread_cond_wait(&room.left, &room.mutex);
    visit->seated = room.seated < SEATS;
    room.seated += visit->seated;
    room.present++;
    pthread_mutex_unlock(&room.mutex);
}

static void leave(const struct visit *visit)
{
    pthread_mutex_lock(&room.mutex);
    room.seated -= visit->seated;
    room.present--;
    pthread_cond_signal(&room.left);
    pthread_mutex_unlock(&room.mutex);
}

/* ---- The request (RFC 9112, 2 to 5). ---- */

/* The head ends with an empty line: where? 0 while it has not come. */
static size_t head_size(const GString *head)
{
    const char *start = head->str, *end = start + head->len;
    for (const char *p = start; (p = memchr(p, '\n', (size_t)(end - p))); p++) {
        if (p[1] == '\n')
            return (size_t)(p + 2 - start);
        if (p[1] == '\r' && p[2] == '\n')
            return (size_t)(p + 3 - start);
    }
    return 0;
}

/* Receive all of a head and nothing else; empty lines before it are skipped
 * (2.2). Returns 200; or the status to refuse it with; or 0: nobody is left. */
static int receive_head(int fd, GString *head, nsec deadline)
{
    char piece[4096];
    while (head_size(head) == 0) {
        ssize_t count = read_some(fd, piece, sizeof piece, deadline);
        if (count <= 0)
            return count < 0 && errno == ETIMEDOUT ? 408 : 0;
        g_string_append_len(head, piece, count);
        g_string_erase(head, 0, (gssize)strspn(head->str, "\r\n"));
        if (head->len > LINE_MOST && !memchr(head->str, '\n', LINE_MOST))
            return 414;
        if (head->len > HEAD_MOST)
            return 431;
    }
    g_string_truncate(head, head_size(head));
    return 200;
}

struct request {
    const struct page *page;
    bool head_only; /* HEAD: all of the answer but its body. */
    bool old;       /* HTTP/1.0 knows no chunks. */
};

static bool matches(const char *line, const char *pattern)
{
    return g_regex_match_simple(pattern, line, G_REGEX_RAW, 0);
}

/* Fields, one of which is Host: it may lack in an old request (3.2). */
static bool are_fields(char **lines, bool old)
{
    unsigned hosts = 0;
    for (; **lines; lines++) {
        if (!matches(*lines, "^" TOKEN ":[^\\x00-\\x08\\x0a-\\x1f\\x7f]*$"))
            return false;
        hosts += g_ascii_strncasecmp(*lines, "Host:", 5) == 0;
    }
    return hosts == 1 || (hosts == 0 && old);
}

/* The target is "/path?query", or all of a URL (3.2). */
static const struct page *find_page(const char *target)
{
    bool whole = g_ascii_strncasecmp(target, "http://", 7) == 0;
    const char *path = whole ? target + 7 + strcspn(target + 7, "/?") : target;
    g_autofree char *name = g_strndup(path, strcspn(path, "?"));
    for (size_t i = 0; i < G_N_ELEMENTS(pages); i++)
        if (strcmp(name[0] ? name : "/", pages[i].path) == 0)
            return &pages[i];
    return NULL;
}

/* Returns the status of the answer. */
static int parse_request(const GString *head, struct request *request)
{
    if (strlen(head->str) < head->len)
        return 400;
    g_auto(GStrv) lines =
        g_regex_split_simple("\r?\n", head->str, G_REGEX_RAW, 0);
    if (!matches(lines[0], "^" TOKEN " [!-~]+ HTTP/[0-9]\\.[0-9]$"))
        return 400;
    g_auto(GStrv) words = g_strsplit(lines[0], " ", 3);
    if (!g_str_has_prefix(words[2], "HTTP/1."))
        return 505;
    request->old = strcmp(words[2], "HTTP/1.0") == 0;
    request->head_only = strcmp(words[0], "HEAD") == 0;
    request->page = find_page(words[1]);
    if (!are_fields(lines + 1, request->old))
        return 400;
    if (!request->page)
        return 404;
    return request->head_only || strcmp(words[0], "GET") == 0 ? 200 : 405;
}

/* ---- The answer. ---- */

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } all[] = {
        {200, "OK"},
        {400, "Bad Request"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {414, "URI Too Long"},
        {431, "Request Header Fields Too Large"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    size_t i = 0;
    while (all[i].status != status)
        i++;
    return all[i].reason;
}

static void add_head(GString *answer, int status)
{
    char date[64];
    time_t now = time(NULL);
    struct tm utc;
    strftime(date, sizeof date, "%a, %d %b %Y %T GMT", gmtime_r(&now, &utc));
    g_string_append_printf(answer,
                           "HTTP/1.1 %d %s\r\n"
                           "Date: %s\r\n"
                           "Content-Type: text/plain\r\n"
                           "Connection: close\r\n",
                           status, reason(status), date);
    if (status == 405)
        g_string_append(answer, "Allow: GET, HEAD\r\n");
}

/* A chunk for each line, and an empty one: it is the end. */
static void add_chunks(GString *answer, const char *text)
{
    while (*text) {
        size_t size = strcspn(text, "\n") + 1;
        g_string_append_printf(answer, "%zx\r\n", size);
        g_string_append_len(answer, text, (gssize)size);
        g_string_append(answer, "\r\n");
        text += size;
    }
    g_string_append(answer, "0\r\n\r\n");
}

static GString *make_answer(int status, const struct request *request)
{
    GString *answer = g_string_new(NULL);
    g_autofree char *excuse =
        g_strdup_printf("%d %s\n", status, reason(status));
    const char *text = status == 200 ? request->page->text : excuse;
    bool chunked = status == 200 && request->page->chunked && !request->old;
    add_head(answer, status);
    if (chunked)
        g_string_append(answer, "Transfer-Encoding: chunked\r\n\r\n");
    else
        g_string_append_printf(answer, "Content-Length: %zu\r\n\r\n",
                               strlen(text));
    if (chunked && !request->head_only)
        add_chunks(answer, text);
    else if (!request->head_only)
        g_string_append(answer, text);
    return answer;
}

/* ---- A visit. ---- */

static void note(const struct visit *visit, const GString *head, int status)
{
    g_autofree char *from = address_text(&visit->from);
    g_autofree char *line = g_strndup(head->str, strcspn(head->str, "\r\n"));
    g_autofree char *plain = g_strescape(line, NULL);
    if (verbose)
        fprintf(stderr, "%s %d %s\n", from, status, plain);
}

/* Nothing more from us; then read till the client has closed. For bytes left
 * unread at close() make the kernel send a reset, and the client may lose the
 * answer by it (9.6). */
static void hang_up(int fd, nsec deadline)
{
    char ignored[4096];
    shutdown(fd, SHUT_WR);
    while (clock_monotonic() < deadline &&
           read_some(fd, ignored, sizeof ignored, deadline) > 0)
        ;
    close(fd);
}

static void converse(const struct visit *visit, nsec deadline)
{
    struct request request = {0};
    g_autoptr(GString) head = g_string_new(NULL);
    int status = receive_head(visit->fd, head, deadline);
    if (status == 200)
        status = parse_request(head, &request);
    if (status == 0)
        return;
    if (!visit->seated)
        status = 503;
    note(visit, head, status);
    g_autoptr(GString) answer = make_answer(status, &request);
    write_all(visit->fd, answer->str, answer->len, deadline);
}

static void *serve(void *data)
{
    g_autofree struct visit *visit = data;
    nsec deadline = clock_monotonic() + (nsec)(patience * (double)SEC);
    fcntl(visit->fd, F_SETFL, O_NONBLOCK);
    converse(visit, deadline);
    hang_up(visit->fd, deadline);
    leave(visit);
    return NULL;
}

static void *accept_for_ever(void *listener)
{
    for (;;) {
        struct visit visit = {0};
        visit.fd = net_accept(GPOINTER_TO_INT(listener), &visit.from);
        if (visit.fd < 0) {
            g_usleep(G_USEC_PER_SEC / 10); /* No descriptor left: wait. */
            continue;
        }
        enter(&visit);
        g_thread_unref(
            g_thread_new("visit", serve, g_memdup2(&visit, sizeof visit)));
    }
    return NULL;
}

/* ---- The program. ---- */

/* Block the signals that end the program, in this and all later threads. */
static sigset_t block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return set;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    struct address address;
    int signal;
    setlocale(LC_CTYPE, "");
    if (!standard_is_open())
        return complain(FAILED,
                        "standard input, output and error must be open");
    if (!parse_options(argc, argv, &error))
        return complain(USAGE, "%s", error->message);
    if (!address_parse(&address, where, &error))
        return complain(address_error_status(error), "%s", error->message);
    memset(megabyte, '.', BIG);
    sigset_t signals = block_signals();
    int listener = net_listen(&address, SOMAXCONN);
    if (listener < 0)
        return complain(FAILED, "cannot listen at %s: %s", where,
                        g_strerror(errno));
    g_thread_unref(
        g_thread_new("host", accept_for_ever, GINT_TO_POINTER(listener)));
    if (net_announce(listener) < 0)
        return complain(FAILED, "cannot say it is ready: %s",
                        g_strerror(errno));
    sigwait(&signals, &signal);
    net_withdraw(listener);
    return 0;
}
