/* recv: what one send sends goes out, over UDP. */
#include "03-transport/transfer/transfer.h"
#include "common/world/complain.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    RECEIVER = 2,
    PIECE = 65536,
    SIP = 4096 /* So much a pipe that is ready takes, and does not block. */
};

/* Standard output, written when it takes more. */
struct sink {
    struct transfer *transfer;
    struct watch watch;
    struct timer drain; /* When the turn has brought all that it brings. */
    bool waits;         /* To write may block: a pipe, a terminal. */
};

static bool write_all(struct transfer *transfer, const uint8_t *data,
                      size_t size)
{
    while (size > 0) {
        ssize_t done = write(STDOUT_FILENO, data, size);
        if (done < 0 && errno != EINTR)
            return false;
        transfer_count(transfer, (size_t)MAX(done, 0));
        data += MAX(done, 0);
        size -= (size_t)MAX(done, 0);
    }
    return true;
}

/* Up to @p most bytes. False: there are none, or none can be written. */
static bool write_piece(struct sink *sink, size_t most)
{
    uint8_t piece[PIECE];
    struct transfer *transfer = sink->transfer;
    size_t size = way_take(transfer->way, piece, most);
    if (write_all(transfer, piece, size))
        return size > 0;
    transfer_fail(transfer, "what came cannot be written");
    return false;
}

static void end_if_over(struct sink *sink)
{
    struct transfer *transfer = sink->transfer;
    if (transfer->problem || !way_is_over(transfer->way))
        return;
    if (transfer->ended == 0)
        transfer->ended = env_now(host_env(transfer->host));
    way_end(transfer->way);
}

static void on_drain(void *self)
{
    struct sink *sink = self;
    while (!sink->waits && write_piece(sink, PIECE))
        continue;
    if (sink->waits)
        loop_watch(host_loop(sink->transfer->host), &sink->watch, EPOLLOUT);
    end_if_over(sink);
}

static void on_readable(void *self)
{
    struct sink *sink = self;
    if (sink->drain.place == 0)
        loop_arm(host_loop(sink->transfer->host), &sink->drain, 0);
}

static void on_output(void *self, uint32_t events)
{
    struct sink *sink = self;
    (void)events;
    if (!write_piece(sink, SIP))
        loop_watch(host_loop(sink->transfer->host), &sink->watch, 0);
    end_if_over(sink);
}

static bool may_block(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 &&
           (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || isatty(fd));
}

static int receive_at(const struct address *address)
{
    struct sink sink = {
        .transfer = transfer_new(RECEIVER, address),
        .watch = {.fd = STDOUT_FILENO, .ready = on_output, .self = &sink},
        .drain = {.fire = on_drain, .self = &sink}};
    int problem = errno;
    g_autofree char *text = address_text(address);
    if (!sink.transfer)
        return complain(FAILED, "%s: %s", text, g_strerror(problem));
    sink.waits = may_block(STDOUT_FILENO);
    struct address bound = host_address(sink.transfer->host);
    g_autofree char *where = address_text(&bound);
    fprintf(stderr, "ready %s\n", where);
    transfer_open(sink.transfer, 0, on_readable, NULL, &sink);
    return transfer_run(sink.transfer);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    struct address address;
    if (!standard_is_open())
        return FAILED;
    signal(SIGPIPE, SIG_IGN);
    if (!transfer_parse(&argc, &argv, "[ADDRESS:]PORT",
                        "Write what one send sends.", &error))
        return complain(USAGE, "%s", error->message);
    if (argc != 2)
        return complain(USAGE, "a port is expected, such as "
                               "recv 5000 > file");
    bool whole = strchr(argv[1], ':');
    g_autofree char *text = g_strconcat(whole ? "" : "0.0.0.0:", argv[1], NULL);
    if (!address_parse(&address, text, &error))
        return complain(address_error_status(error), "%s", error->message);
    return receive_at(&address);
}
