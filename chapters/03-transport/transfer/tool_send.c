/* send: what comes in goes to a recv, over UDP. */
#include "03-transport/transfer/transfer.h"
#include "common/world/complain.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SENDER = 1, RECEIVER = 2, PIECE = 65536 };

/* Standard input, read when there is room for what it has. */
struct source {
    struct transfer *transfer;
    struct watch watch;
    bool waits; /* To read may block: a pipe, a terminal. */
    bool over;
};

/* One piece. False: there is no more, for the moment or for ever. */
static bool read_piece(struct source *source)
{
    uint8_t piece[PIECE];
    struct transfer *transfer = source->transfer;
    size_t room = way_room(transfer->way);
    ssize_t size = read(STDIN_FILENO, piece, MIN(room, sizeof piece));
    if (size > 0) {
        transfer_count(transfer, (size_t)size);
        way_push(transfer->way, piece, (size_t)size);
    } else if (size == 0) {
        source->over = true;
        way_end(transfer->way);
    } else if (errno != EINTR) {
        source->over = true;
        transfer_fail(transfer, "the file cannot be read to its end");
    }
    return size > 0;
}

static void watch_source(struct source *source)
{
    bool wanted = !source->over && way_room(source->transfer->way) > 0;
    loop_watch(host_loop(source->transfer->host), &source->watch,
               wanted ? EPOLLIN : 0);
}

static void on_writable(void *self)
{
    struct source *source = self;
    while (!source->waits && !source->over &&
           way_room(source->transfer->way) > 0 && read_piece(source))
        continue;
    if (source->waits)
        watch_source(source);
}

static void on_input(void *self, uint32_t events)
{
    struct source *source = self;
    (void)events;
    read_piece(source);
    watch_source(source);
}

/* Of files and the like epoll knows nothing: they are always ready. */
static bool may_block(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 &&
           (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || isatty(fd));
}

static int send_to(const struct address *address)
{
    struct address any;
    bool six = address->storage.ss_family == AF_INET6;
    g_assert(address_parse(&any, six ? "[::]:0" : "0.0.0.0:0", NULL));
    struct source source = {
        .transfer = transfer_new(SENDER, &any),
        .watch = {.fd = STDIN_FILENO, .ready = on_input, .self = &source}};
    if (!source.transfer)
        return complain(FAILED, "no socket: %s", g_strerror(errno));
    source.waits = may_block(STDIN_FILENO);
    host_meet(source.transfer->host, RECEIVER, address);
    transfer_open(source.transfer, RECEIVER, NULL, on_writable, &source);
    on_writable(&source);
    return transfer_run(source.transfer);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    struct address address;
    if (!standard_is_open())
        return FAILED;
    if (!transfer_parse(&argc, &argv, "HOST PORT",
                        "Send standard input to a recv.", &error))
        return complain(USAGE, "%s", error->message);
    if (argc != 3)
        return complain(USAGE, "a host and a port are expected, such as "
                               "send 127.0.0.1 5000 < file");
    bool six = strchr(argv[1], ':') && argv[1][0] != '[';
    g_autofree char *text =
        g_strdup_printf(six ? "[%s]:%s" : "%s:%s", argv[1], argv[2]);
    if (!address_parse(&address, text, &error))
        return complain(address_error_status(error), "%s", error->message);
    if (g_ascii_strtoull(argv[2], NULL, 10) == 0)
        return complain(USAGE, "nobody is at port 0: recv says where it is");
    return send_to(&address);
}
