#include "02-framing/web/files.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PIECE = 1 << 15 };

struct files {
    int root;
};

/* A file on its way. */
struct sending {
    int fd;
    uint64_t left;
    size_t size, at; /* Of the piece that was read; how much is written. */
    uint8_t piece[PIECE];
};

/* ---- Paths. ---- */

static bool decode(struct word word, GString *text)
{
    for (size_t i = 0; i < word.size; i++) {
        char c = word.data[i];
        if (c == '%') {
            if (i + 2 >= word.size || !g_ascii_isxdigit(word.data[i + 1]) ||
                !g_ascii_isxdigit(word.data[i + 2]))
                return false;
            c = (char)(g_ascii_xdigit_value(word.data[i + 1]) << 4 |
                       g_ascii_xdigit_value(word.data[i + 2]));
            i += 2;
        }
        if (c == '\0')
            return false;
        g_string_append_c(text, c);
    }
    return true;
}

char *files_path(struct word target)
{
    g_autoptr(GString) path = g_string_new(NULL);
    const char *query = memchr(target.data, '?', target.size);
    if (query)
        target.size = (size_t)(query - target.data);
    if (target.size == 0 || target.data[0] != '/' || !decode(target, path) ||
        strstr(path->str, "/."))
        return NULL;
    const char *from = path->str + strspn(path->str, "/");
    return g_strdup(*from ? from : ".");
}

static int open_beneath(int directory, const char *path)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

/* A regular file; or -1 and errno. */
static int open_file(const struct files *files, const char *path,
                     struct stat *about)
{
    int fd = open_beneath(files->root, path);
    if (fd >= 0 && fstat(fd, about) == 0 && S_ISDIR(about->st_mode)) {
        int index = open_beneath(fd, "index.html");
        close(fd);
        fd = index;
    }
    if (fd < 0 || (fstat(fd, about) == 0 && S_ISREG(about->st_mode)))
        return fd;
    close(fd);
    errno = EACCES;
    return -1;
}

static const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".txt", "text/plain; charset=utf-8"},
        {".md", "text/plain; charset=utf-8"},
        {".css", "text/css"},
        {".js", "text/javascript"},
        {".json", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".ico", "image/x-icon"},
        {".pdf", "application/pdf"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_has_suffix(path, types[i][0]))
            return types[i][1];
    return "application/octet-stream";
}

/* ---- Sending. ---- */

/* Read the next piece; one that has become shorter meanwhile ends early. */
static bool fill(struct sending *sending)
{
    ssize_t count =
        read(sending->fd, sending->piece, MIN(PIECE, sending->left));
    sending->at = 0;
    sending->size = count > 0 ? (size_t)count : 0;
    sending->left -= sending->size;
    return count > 0;
}

static void go_on(void *self, struct web_exchange *exchange)
{
    struct sending *sending = self;
    for (;;) {
        if (sending->at == sending->size && !fill(sending)) {
            web_finish(exchange);
            return;
        }
        size_t more = sending->size - sending->at;
        size_t taken = web_write(exchange, sending->piece + sending->at, more);
        sending->at += taken;
        if (taken == 0)
            return;
    }
}

static void on_over(void *self, struct web_exchange *exchange)
{
    struct sending *sending = self;
    (void)exchange;
    close(sending->fd);
    g_free(sending);
}

static void send_file(struct web_exchange *exchange, int fd,
                      const struct stat *about, struct http_answer answer)
{
    struct sending *sending = g_malloc(sizeof *sending);
    *sending = (struct sending){.fd = fd, .left = (uint64_t)about->st_size};
    web_own(exchange, (struct web_owner){.on_room = go_on,
                                         .on_over = on_over,
                                         .self = sending});
    web_begin(exchange, answer);
    go_on(sending, exchange);
}

/* ---- Answers. ---- */

static void say(struct web_exchange *exchange, unsigned status)
{
    g_autofree char *text =
        g_strdup_printf("%u %s\n", status, http_phrase(status));
    web_answer(exchange, status, "text/plain; charset=utf-8", text,
               strlen(text));
}

static void refuse_method(struct web_exchange *exchange)
{
    web_begin(exchange, (struct http_answer){.status = 405,
                                             .length = 0,
                                             .lines = "Allow: GET, HEAD\r\n"});
}

static bool is_unchanged(const struct http_request *request,
                         const struct stat *about)
{
    struct word since = http_field(request, "If-Modified-Since");
    time_t time;
    return since.size > 0 && http_read_time(since, &time) &&
           about->st_mtime <= time;
}

static void answer_file(struct web_exchange *exchange,
                        const struct http_request *request, const char *path,
                        int fd, const struct stat *about)
{
    struct http_answer answer = {.status = 200,
                                 .type = type_of(path),
                                 .length = about->st_size,
                                 .modified = about->st_mtime};
    if (is_unchanged(request, about)) {
        close(fd);
        answer.status = 304;
        answer.type = NULL;
        answer.length = HTTP_NONE;
        web_begin(exchange, answer);
    } else {
        send_file(exchange, fd, about, answer);
    }
}

/* Why a file could not be opened. */
static unsigned status_of(int error)
{
    if (error == EMFILE || error == ENFILE)
        return 503;
    return error == EACCES ? 403 : 404;
}

void files_answer(struct files *files, struct web_exchange *exchange,
                  const struct http_request *request)
{
    struct stat about;
    g_autofree char *path = files_path(request->target);
    if (!http_is(request->method, "GET") && !http_is(request->method, "HEAD")) {
        refuse_method(exchange);
        return;
    }
    int fd = path ? open_file(files, path, &about) : -1;
    if (fd < 0) {
        say(exchange, path ? status_of(errno) : 404);
        return;
    }
    bool index = strcmp(path, ".") == 0 || g_str_has_suffix(path, "/");
    answer_file(exchange, request, index ? "index.html" : path, fd, &about);
}

/* ---- Life. ---- */

struct files *files_new(const char *root)
{
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    struct files *files = g_new0(struct files, 1);
    files->root = fd;
    return files;
}

void files_free(struct files *files)
{
    close(files->root);
    g_free(files);
}
