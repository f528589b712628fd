/*
 * The four layers of TCP/IP, made visible. First one message is sent by TCP, on
 * loopback, and every packet of the connection is captured; the one that
 * carries the message is laid open, byte by byte. Then a UDP datagram is made
 * by hand, headers and all, and an ordinary receiver accepts it; one that was
 * damaged after its checksum had been made it never sees.
 *
 * Both are made in recording.c. They need rights that nobody has on the
 * machine's own network, and everybody in one of their own (island.h); where
 * that is forbidden, what was recorded once is explained instead.
 */
#include "01-sockets/layers/anatomy.h"
#include "01-sockets/layers/recording.h"
#include "common/world/complain.h"
#include <unistd.h>

enum { HEADERS = 28 }; /* IP's and UDP's. */

/* ---- What the user asks for. ---- */

static char *part;
static int number; /* Of the packet to lay open; 0: of the message's. */
static gboolean recorded, record;

static const GOptionEntry entries[] = {
    {"part", 0, 0, G_OPTION_ARG_STRING, &part,
     "a: one message by TCP; b: a datagram by hand (both)", "a|b"},
    {"packet", 0, 0, G_OPTION_ARG_INT, &number,
     "Lay open this packet of the connection (the message's)", "NUMBER"},
    {"recorded", 0, 0, G_OPTION_ARG_NONE, &recorded,
     "Explain the recording, live packets or not", NULL},
    {"record", 0, 0, G_OPTION_ARG_NONE, &record,
     "Print live packets as the source of the recording", NULL},
    G_OPTION_ENTRY_NULL,
};

static bool refuse(GError **error, const char *why)
{
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, why);
    return false;
}

static bool parse_options(int argc, char **argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(context,
                                 "The four layers of TCP/IP, byte by byte.");
    if (!g_option_context_parse(context, &argc, &argv, error))
        return false;
    if (argc > 1)
        return refuse(error, "it takes options only");
    if (part && !g_str_equal(part, "a") && !g_str_equal(part, "b"))
        return refuse(error, "--part is a or b");
    if (record && recorded)
        return refuse(error, "what is recorded already cannot be recorded");
    return true;
}

static bool wants(const char *which)
{
    return !part || g_str_equal(part, which);
}

/* ---- One message by TCP. ---- */

/* Returns new. */
static GPtrArray *read_all_packets(const struct recording *seen)
{
    GPtrArray *packets =
        g_ptr_array_new_with_free_func((GDestroyNotify)packet_free);
    for (unsigned i = 0; i < seen->count; i++)
        g_ptr_array_add(packets, packet_read(seen->packets[i]));
    return packets;
}

/* The number of the packet to lay open, from 1; 0: there is none. */
static unsigned choose(const GPtrArray *packets)
{
    if (number > 0)
        return (unsigned)number;
    for (unsigned i = 0; i < packets->len; i++) {
        const struct packet_view *packet = packets->pdata[i];
        if (packet->top == PACKET_APPLICATION)
            return i + 1;
    }
    return 0;
}

static void explain_sum(const struct packet_view *packet)
{
    const struct packet_layer *tcp = &packet->layers[PACKET_TRANSPORT];
    if (tcp->sum == PACKET_SUM_UNFINISHED)
        printf(
            "\nTCP's checksum is unfinished: 0x%04x is the sum of the "
            "pseudo-header alone. The\nkernel leaves the rest to the network "
            "card (the packet socket says so); lo has\nnone, and these bytes "
            "never leave memory. Whole, the field would be 0x%04x.\n",
            (unsigned)packet_number(packet, PACKET_TRANSPORT, "checksum"),
            tcp->proper);
}

static void tell_of_tcp(const struct anatomy *anatomy,
                        const struct recording *seen)
{
    g_autoptr(GPtrArray) packets = read_all_packets(seen);
    unsigned chosen = choose(packets);
    size_t all = 0, data = 0;
    for (unsigned i = 0; i < packets->len; i++) {
        const struct packet_view *packet = packets->pdata[i];
        all += packet->bytes.size;
        data += packet->layers[PACKET_APPLICATION].size;
    }
    printf("A. A client connects by TCP, sends one message and closes. What "
           "arrives at lo:\n");
    anatomy_print_connection(anatomy, packets);
    printf("\n%u packets, %zu bytes, to carry %zu. ", packets->len, all, data);
    if (chosen == 0)
        return;
    printf("Number %u, by the layers of RFC 1122 and OSI:\n", chosen);
    anatomy_print(anatomy, packets->pdata[chosen - 1]);
    explain_sum(packets->pdata[chosen - 1]);
}

/* ---- A datagram by hand. ---- */

static void tell_of_receiver(const struct recording *seen)
{
    g_autoptr(GByteArray) good = recording_datagram(false);
    g_autoptr(GByteArray) damaged = recording_datagram(true);
    const char *format = "  sent      \"%.*s\"   %s\n";
    int size = (int)(good->len - HEADERS);
    printf("\n");
    printf(format, size, damaged->data + HEADERS,
           "one bit flipped after the checksum was made");
    printf(format, size, good->data + HEADERS, "as above");
    if (seen->arrived > 0)
        printf("  received  \"%s\"   by an ordinary socket, from %s\n",
               seen->text, seen->from);
    printf("That is %u of 2. ", seen->arrived);
    if (seen->damaged[0] < 0)
        printf("The kernel does not tell of the other.\n");
    else
        printf("The kernel's InCsumErrors for UDP: %d before, %d after.\n",
               (int)seen->damaged[0], (int)seen->damaged[1]);
}

static void tell_of_udp(const struct anatomy *anatomy,
                        const struct recording *seen)
{
    g_autoptr(GByteArray) made = recording_datagram(false);
    struct packet_view *packet =
        packet_read((struct packet_bytes){made->data, made->len, true, false});
    printf(
        "B. A UDP datagram made by hand, for a raw socket. The kernel adds a "
        "link layer,\nwrites IP's length and checksum again (raw(7)), and "
        "leaves UDP as it is:\n");
    anatomy_print(anatomy, packet);
    tell_of_receiver(seen);
    packet_free(packet);
}

/* ---- Both. ---- */

static void tell(const struct recording *seen)
{
    bool colour = isatty(STDOUT_FILENO) && !g_getenv("NO_COLOR");
    struct anatomy anatomy = {stdout, colour};
    if (wants("a"))
        tell_of_tcp(&anatomy, seen);
    if (wants("a") && wants("b"))
        printf("\n");
    if (wants("b"))
        tell_of_udp(&anatomy, seen);
}

static void excuse(const GError *error)
{
    printf("Not live, but recorded on %s%s%s%s.\n\n", recording_kept.system,
           error ? ": this machine allows no capture\n("
                 : ", as --recorded asks",
           error ? error->message : "", error ? ")" : "");
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    struct recording live = {0};
    const struct recording *seen = &recording_kept;
    if (!parse_options(argc, argv, &error))
        return complain(USAGE, "%s", error->message);
    if (!recorded && recording_make(&live, &error))
        seen = &live;
    if (record && error)
        return complain(FAILED, "there is nothing to record: %s",
                        error->message);
    if (number < 0 || number > (int)seen->count)
        return complain(USAGE, "there are packets 1 to %u", seen->count);
    if (record) {
        recording_print(stdout, seen);
    } else {
        if (seen != &live)
            excuse(error);
        tell(seen);
    }
    recording_clear(&live);
    return 0;
}
