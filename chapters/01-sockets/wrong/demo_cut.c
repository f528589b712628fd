/*
 * TCP carries bytes, not messages. Three messages are written, and received
 * twice: by a receiver that takes one recv for one message, and by one that
 * knows how long each message is.
 *
 * Where the first recv ends is a matter of luck: of load, of distance, of the
 * size of packets. Here it is made certain. The receiver has the smallest
 * buffer that the kernel gives, which takes a few packets and no more: the
 * others wait until those have been read. The first message is longer than
 * that, so its end comes later, together with the two messages behind it.
 */
#include "01-sockets/io.h"
#include "01-sockets/wrong/tube.h"
#include "common/world/complain.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    MESSAGES = 3,
    ALL = 1600 + 200 + 200, /* Bytes in all of them. */
    OFFERED = 4096,         /* To each recv. */
    CELL = 50,              /* Bytes to a character of the drawing. */
    MARGIN = 37             /* Characters before it. */
};

static const size_t sizes[MESSAGES] = {1600, 200, 200};
static const char names[] = "abc";

static void need(ssize_t result, const char *what)
{
    if (result < 0)
        exit(complain(FAILED, "%s: %s", what, g_strerror(errno)));
}

/* ---- Drawing: each character is the byte in its middle. ---- */

static size_t cell_of(size_t place)
{
    return (place + CELL / 2) / CELL;
}

/* What stands after @p start bytes, between brackets. */
static void draw(const char *bytes, size_t start, size_t size)
{
    char cells[ALL / CELL + 1] = "";
    size_t count = MAX(cell_of(start + size) - cell_of(start), 1);
    for (size_t i = 0; i < count; i++)
        cells[i] = bytes[MIN(i * CELL + CELL / 2, size - 1)];
    cells[0] = '[';
    cells[count - 1] = ']';
    fputs(cells, stdout);
}

static void draw_at(const char *bytes, size_t start, size_t size)
{
    printf("%*s", (int)cell_of(start), "");
    draw(bytes, start, size);
    printf("\n");
}

/* ---- A client that writes. ---- */

/* One message after the other: many times the letter of its name. */
static void write_messages(const struct tube *tube)
{
    char bytes[ALL];
    size_t start = 0;
    printf("  %-*s", MARGIN - 2, "written");
    for (int i = 0; i < MESSAGES; start += sizes[i++]) {
        memset(bytes, names[i], sizes[i]);
        need(write_all(tube->client, bytes, sizes[i], NEVER), "write");
        draw(bytes, start, sizes[i]);
    }
    printf("\n");
}

static int packet_size(const struct tube *tube)
{
    int size = 0;
    socklen_t length = sizeof size;
    getsockopt(tube->client, IPPROTO_TCP, TCP_MAXSEG, &size, &length);
    return size;
}

/* ---- One recv for one message. ---- */

struct piece {
    char bytes[OFFERED];
    size_t size;
    unsigned packets; /* In which it came. */
};

/* What has come after @p start bytes, and @p packets, when nothing moves. */
static void receive(const struct tube *tube, struct piece *piece, size_t start,
                    unsigned packets)
{
    tube_settle(tube, ALL - start);
    if (tube_arrived(tube) == 0)
        return;
    piece->packets = tube_packets(tube) - packets;
    ssize_t size = recv(tube->server, piece->bytes, OFFERED, 0);
    need(size, "recv");
    piece->size = (size_t)size;
}

static void receive_wrong(const struct tube *tube, struct piece *pieces)
{
    size_t start = 0;
    unsigned packets = 0;
    for (int i = 0; i < MESSAGES; i++) {
        struct piece *piece = &pieces[i];
        receive(tube, piece, start, packets);
        printf("  recv %d   %7d  %6zu  %7u  ", i + 1, OFFERED, piece->size,
               piece->packets);
        if (piece->size > 0)
            draw_at(piece->bytes, start, piece->size);
        else
            printf("(nothing is left)\n");
        start += piece->size;
        packets += piece->packets;
    }
}

static unsigned count_letter(const struct piece *piece, char letter)
{
    unsigned count = 0;
    for (size_t i = 0; i < piece->size; i++)
        count += piece->bytes[i] == letter;
    return count;
}

static void judge(const struct piece *piece, char name)
{
    const char *separator = "";
    printf("It takes for %c: ", name);
    for (int i = 0; i < MESSAGES; i++) {
        unsigned count = count_letter(piece, names[i]);
        if (count == 0)
            continue;
        printf("%s%u bytes of %c", separator, count, names[i]);
        separator = ", ";
    }
    printf("%s.\n", piece->size ? "" : "nothing, and waits for ever");
}

/* ---- As many bytes as the message has. ---- */

static void receive_right(const struct tube *tube)
{
    char bytes[ALL];
    size_t start = 0;
    for (int i = 0; i < MESSAGES; start += sizes[i++]) {
        nsec deadline = clock_monotonic() + 10 * SEC;
        ssize_t size = read_all(tube->server, bytes, sizes[i], deadline);
        need(size, "read");
        printf("  %c        %7zu  %6zd           ", names[i], sizes[i], size);
        draw_at(bytes, start, (size_t)size);
    }
}

int main(void)
{
    struct tube tube;
    struct piece pieces[MESSAGES] = {0};
    need(tube_open(&tube,
                   (struct tube_settings){.segment = 536, .receive_buffer = 1}),
         "TCP on 127.0.0.1");
    printf("A client writes three messages: %zu bytes of a, %zu of b, %zu of "
           "c. One packet\ncarries %d bytes at most, and the receiver's buffer "
           "takes a few packets at a\ntime. The receiver takes one recv for "
           "one message:\n\n           offered     got  packets\n",
           sizes[0], sizes[1], sizes[2], packet_size(&tube));
    write_messages(&tube);
    receive_wrong(&tube, pieces);
    printf("\n");
    for (int i = 0; i < MESSAGES; i++)
        judge(&pieces[i], names[i]);
    printf("\nThe same client, and a receiver that knows how long each message "
           "is, and takes\nread_all():\n\n            wanted     got\n");
    write_messages(&tube);
    receive_right(&tube);
    printf("\nThe network cuts where a packet ends, and joins what had to "
           "wait. It keeps every\nbyte, and their order. Where a message ends "
           "the receiver must know: chapter 2.\n");
    tube_close(&tube);
    return 0;
}
