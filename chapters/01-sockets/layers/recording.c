/*
 * The experiments run in one thread and on one processor. There, lo is a queue:
 * what is sent first arrives first, and has arrived when the system call that
 * sent it returns, or soon after. So a damaged datagram that did not arrive
 * before the good one sent behind it will never do so.
 */
#include "01-sockets/layers/recording.h"
#include "01-sockets/io.h"
#include "01-sockets/layers/capture.h"
#include "01-sockets/layers/island.h"
#include "01-sockets/layers/rawpacket.h"
#include "01-sockets/net.h"
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { HEADERS = 28, BYTES_IN_A_LINE = 12 }; /* IP and UDP; of source. */

static const nsec patience = 5 * SEC;
static const char message[] = "One message.", by_hand[] = "Made by hand.";

static bool fail(GError **error, const char *what)
{
    g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno),
                "%s: %s", what, g_strerror(errno));
    return false;
}

/* In a network of our own, every port is free. */
static struct address loopback(const char *text)
{
    struct address address;
    if (!address_parse(&address, text, NULL))
        g_error("%s is not an address here", text);
    return address;
}

/* ---- One message by TCP. ---- */

static bool converse(GError **error)
{
    char room[sizeof message];
    struct address at = loopback("127.0.0.1:7000");
    int listener = net_listen(&at, 1);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(client, (const struct sockaddr *)&at.storage, at.size) < 0)
        return fail(error, "connect");
    int server = net_accept(listener, NULL);
    send(client, message, strlen(message), MSG_NOSIGNAL);
    recv(server, room, strlen(message), MSG_WAITALL);
    close(client);                      /* A FIN leaves ... */
    recv(server, room, sizeof room, 0); /* ... and arrives as the end. */
    close(server);
    close(listener);
    return true;
}

static bool is_fin(const struct packet_bytes *bytes)
{
    struct packet_view *packet = packet_read(*bytes);
    bool fin = packet_number(packet, PACKET_TRANSPORT, "flags") & TH_FIN;
    packet_free(packet);
    return fin;
}

/* Keep what arrives, up to the answer to the second FIN. */
static bool gather(int tap, struct recording *seen)
{
    nsec deadline = clock_monotonic() + patience;
    unsigned ends = 0;
    for (bool over = false; !over && seen->count < RECORDING_MOST;) {
        struct packet_bytes *bytes = &seen->packets[seen->count];
        if (capture_next(tap, bytes, deadline) < 0)
            return false;
        over = ends == 2;
        ends += is_fin(bytes);
        seen->count++;
    }
    return true;
}

static bool watch_a_message(struct recording *seen, GError **error)
{
    int tap = capture_open("lo");
    if (tap < 0)
        return fail(error, "a packet socket");
    bool done =
        converse(error) && (gather(tap, seen) || fail(error, "capture"));
    close(tap);
    return done;
}

/* ---- A datagram by hand. ---- */

GByteArray *recording_datagram(bool damaged)
{
    struct rawpacket raw = {.from = loopback("127.0.0.1:4000"),
                            .to = loopback("127.0.0.1:7000"),
                            .id = 1981};
    GByteArray *packet = rawpacket_udp(&raw, by_hand, strlen(by_hand));
    packet->data[HEADERS] ^= damaged;
    return packet;
}

/* Receive what there is: an ordinary receiver. */
static void receive(int fd, struct recording *seen)
{
    char text[sizeof seen->text];
    struct address from = {.size = sizeof from.storage};
    struct sockaddr *name = (struct sockaddr *)&from.storage;
    wait_ready(fd, POLLIN, clock_monotonic() + patience);
    for (ssize_t size; (size = recvfrom(fd, text, sizeof text - 1, 0, name,
                                        &from.size)) >= 0;) {
        g_autofree char *sender = address_text(&from);
        seen->arrived++;
        text[size] = '\0';
        g_strlcpy(seen->text, text, sizeof seen->text);
        g_strlcpy(seen->from, sender, sizeof seen->from);
    }
}

static bool send_both(int raw)
{
    g_autoptr(GByteArray) damaged = recording_datagram(true);
    g_autoptr(GByteArray) good = recording_datagram(false);
    return rawpacket_send(raw, damaged) == 0 && rawpacket_send(raw, good) == 0;
}

static bool send_by_hand(struct recording *seen, GError **error)
{
    struct address at = loopback("127.0.0.1:7000");
    int raw = rawpacket_open();
    if (raw < 0)
        return fail(error, "a raw socket");
    int receiver = net_bind(&at);
    seen->damaged[0] = island_counter("Udp", "InCsumErrors");
    bool sent = send_both(raw) || fail(error, "a datagram by hand");
    if (sent)
        receive(receiver, seen);
    seen->damaged[1] = island_counter("Udp", "InCsumErrors");
    close(receiver);
    close(raw);
    return sent;
}

/* ---- Both. ---- */

static void stay_on_one_processor(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)sched_getcpu(), &set);
    sched_setaffinity(0, sizeof set, &set);
}

static void name_system(struct recording *seen)
{
    struct utsname name;
    unsigned major = 0, minor = 0;
    uname(&name);
    sscanf(name.release, "%u.%u", &major, &minor);
    g_snprintf(seen->system, sizeof seen->system, "%.16s %u.%u", name.sysname,
               major, minor);
}

bool recording_make(struct recording *recording, GError **error)
{
    *recording = (struct recording){0};
    name_system(recording);
    stay_on_one_processor();
    return island_enter(error) && watch_a_message(recording, error) &&
           send_by_hand(recording, error);
}

void recording_clear(struct recording *recording)
{
    for (unsigned i = 0; i < recording->count; i++)
        g_free((void *)recording->packets[i].data);
    *recording = (struct recording){0};
}

/* ---- As source. ---- */

static void print_bytes(FILE *out, const struct packet_bytes *bytes,
                        unsigned number)
{
    fprintf(out, "static const uint8_t packet_%u[] = {", number);
    for (size_t i = 0; i < bytes->size; i++)
        fprintf(out, "%s0x%02x%s", i % BYTES_IN_A_LINE == 0 ? "\n    " : " ",
                bytes->data[i], i + 1 < bytes->size ? "," : "};\n\n");
}

static void print_text(FILE *out, const char *name, const char *text)
{
    g_autofree char *escaped = g_strescape(text, NULL);
    fprintf(out, "    .%s = \"%s\",\n", name, escaped);
}

void recording_print(FILE *out, const struct recording *recording)
{
    fputs("/* Printed by `demo_layers --record`: a true capture. */\n"
          "/* clang-format off */\n#include "
          "\"01-sockets/layers/recording.h\"\n\n",
          out);
    for (unsigned i = 0; i < recording->count; i++)
        print_bytes(out, &recording->packets[i], i + 1);
    fputs("const struct recording recording_kept = {\n", out);
    print_text(out, "system", recording->system);
    fputs("    .packets =\n        {\n", out);
    for (unsigned i = 1; i <= recording->count; i++)
        fprintf(out, "            {packet_%u, sizeof packet_%u, false, %s},\n",
                i, i, recording->packets[i - 1].unfinished ? "true" : "false");
    fprintf(out, "        },\n    .count = %u,\n    .arrived = %u,\n",
            recording->count, recording->arrived);
    print_text(out, "text", recording->text);
    print_text(out, "from", recording->from);
    fprintf(out, "    .damaged = {%" PRId64 ", %" PRId64 "},\n};\n",
            recording->damaged[0], recording->damaged[1]);
}
