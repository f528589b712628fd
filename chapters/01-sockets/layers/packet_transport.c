/* The transport layer, UDP and TCP, and the data that it carries. */
#include "01-sockets/layers/packet_parts.h"
#include <netinet/in.h>
#include <netinet/tcp.h>

enum { UDP = 8, TCP = 20 }; /* The least that their headers have. */

/* ---- Application. ---- */

static void read_application(struct packet_view *packet)
{
    struct packet_row row = {packet_rest(packet), packet_as_size, "data", "",
                             ""};
    if (row.size == 0)
        return;
    packet_begin(packet, PACKET_APPLICATION, "data", "");
    packet_add(packet, &row);
}

/* ---- UDP. ---- */

static const struct packet_row udp_rows[] = {
    {2, packet_as_number, "source port", "the socket that sends", "768"},
    {2, packet_as_number, "dest. port", "the socket that gets it", "768"},
    {2, packet_as_number, "length", "bytes: header and data", "768"},
    {2, packet_as_sum, "checksum", "", "768/1071"},
};

static void judge_udp(struct packet_view *packet, const uint8_t *udp,
                      size_t size)
{
    struct packet_layer *layer = packet_top(packet);
    layer->sum = PACKET_SUM_UNKNOWN;
    if (packet_word(udp + 6) == 0) /* RFC 768: none was made. */
        layer->sum = PACKET_SUM_NONE;
    else if (size >= UDP && size <= packet_rest(packet))
        packet_judge(packet, size, 6);
    if (layer->proper == 0)
        layer->proper = UINT16_MAX;
}

static void find_udp_lie(struct packet_view *packet, size_t size, size_t rest)
{
    if (size < UDP)
        packet_say(packet, &packet->trouble,
                   "Its length is %zu, less than its header.", size);
    else if (size > rest)
        packet_say(packet, &packet->trouble,
                   "Its length is %zu, and %zu bytes are here.", size, rest);
}

static void read_udp(struct packet_view *packet)
{
    const uint8_t *udp =
        packet_begin(packet, PACKET_TRANSPORT, "UDP", "RFC 768");
    if (packet_is_short(packet, UDP))
        return;
    size_t size = packet_word(udp + 4), rest = packet_rest(packet);
    judge_udp(packet, udp, size);
    packet_add_rows(packet, udp_rows, G_N_ELEMENTS(udp_rows));
    find_udp_lie(packet, size, rest);
    if (packet->trouble)
        return;
    packet->end -= rest - size;
    read_application(packet);
}

/* ---- The options of TCP. ---- */

enum { END, NOP, MSS, SCALE, SACK_PERMITTED, SACK, TIMESTAMPS = 8 };

static void as_kind(struct packet_view *packet, struct packet_field *field)
{
    packet_say(packet, &field->value, "kind %u", field->data[0]);
}

static void as_mss(struct packet_view *packet, struct packet_field *field)
{
    packet_say(packet, &field->value, "%u", packet_word(field->data + 2));
}

/* RFC 7323, 2.3: a shift of more than 14 counts as 14. */
static void as_scale(struct packet_view *packet, struct packet_field *field)
{
    unsigned shift = field->data[2];
    packet_say(packet, &field->value, "%u", shift);
    packet_say(packet, &field->meaning, "windows count times %u",
               1U << MIN(shift, 14));
}

static uint32_t ticks_at(const uint8_t *at)
{
    return (uint32_t)packet_word(at) << 16 | packet_word(at + 2);
}

static void as_timestamps(struct packet_view *packet,
                          struct packet_field *field)
{
    packet_say(packet, &field->value, "%u", ticks_at(field->data + 2));
    packet_say(packet, &field->meaning, "clock; echoes %u",
               ticks_at(field->data + 6));
}

/* By their kinds. One of size 0 is as long as it says. */
static const struct packet_row option_rows[] = {
    [END] = {0, as_kind, "end", "of the options", "9293"},
    [NOP] = {0, as_kind, "no operation", "aligns what follows", "9293"},
    [MSS] = {4, as_mss, "MSS", "most data in a segment", "9293"},
    [SCALE] = {3, as_scale, "window scale", "", "7323"},
    [SACK_PERMITTED] = {2, as_kind, "SACK permitted", "tell me of gaps",
                        "2018"},
    [SACK] = {0, as_kind, "SACK", "these came out of order", "2018"},
    [TIMESTAMPS] = {10, as_timestamps, "timestamps", "", "7323"},
};
static const struct packet_row other_row = {0, as_kind, "option",
                                            "not explained here", "9293"};

static struct packet_row row_of(unsigned kind, size_t size)
{
    struct packet_row row = other_row;
    if (kind < G_N_ELEMENTS(option_rows) && option_rows[kind].name &&
        (option_rows[kind].size == 0 || option_rows[kind].size == size))
        row = option_rows[kind];
    row.size = size;
    return row;
}

/* How long is the option at @p at? All no-operations in a row count as one. 0
 * when it does not fit into @p rest bytes. */
static size_t size_of(const uint8_t *at, size_t rest)
{
    size_t size = 0;
    if (at[0] == END)
        return rest;
    while (size < rest && at[size] == NOP)
        size++;
    if (size > 0)
        return size;
    return rest >= 2 && at[1] >= 2 && at[1] <= rest ? at[1] : 0;
}

static void add_options(struct packet_view *packet, size_t rest)
{
    while (rest > 0) {
        const uint8_t *at = packet->bytes.data + packet->read;
        struct packet_row row = row_of(at[0], size_of(at, rest));
        if (row.size == 0) {
            packet_say(packet, &packet->trouble,
                       "Option %u does not fit into the header.", at[0]);
            return;
        }
        packet_add(packet, &row);
        rest -= row.size;
    }
}

/* ---- TCP. ---- */

enum { ACKNOWLEDGMENT = 8, FLAGS = 13, WINDOW = 14 }; /* Where they stand. */

static void as_acknowledgment(struct packet_view *packet,
                              struct packet_field *field)
{
    unsigned flags = field->data[FLAGS - ACKNOWLEDGMENT];
    packet_as_number(packet, field);
    field->meaning =
        flags & TH_ACK ? "the byte it awaits next" : "none: no ACK flag";
}

/* RFC 7323, 2.2: that of a SYN is never scaled. */
static void as_window(struct packet_view *packet, struct packet_field *field)
{
    unsigned flags = field->data[FLAGS - WINDOW];
    packet_as_number(packet, field);
    field->meaning =
        flags & TH_SYN ? "bytes of room" : "bytes of room, once scaled";
}

static void as_offset(struct packet_view *packet, struct packet_field *field)
{
    int words = field->data[0] >> 4;
    packet_say(packet, &field->value, "%d", words);
    packet_say(packet, &field->meaning, "words of header: %d bytes", 4 * words);
}

static const struct {
    const char *name, *meaning;
} flags[] = {
    {"FIN", "sends no more after this"},  {"SYN", "opens: numbers begin here"},
    {"RST", "breaks the connection off"}, {"PSH", "hand it up without delay"},
    {"ACK", "the number above counts"},   {"URG", "some of it is urgent"},
    {"ECE", "congestion was met"},        {"CWR", "it sends less since"},
};

/* The meaning is that of the first in the list. */
static void as_flags(struct packet_view *packet, struct packet_field *field)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        if ((field->data[0] >> i & 1) == 0)
            continue;
        if (names->len == 0)
            field->meaning = flags[i].meaning;
        g_string_append_printf(names, "%s%s", names->len ? " " : "",
                               flags[i].name);
    }
    packet_say(packet, &field->value, "%s", names->len ? names->str : "none");
}

static const struct packet_row tcp_rows[] = {
    {2, packet_as_number, "source port", "the socket that sends", "9293"},
    {2, packet_as_number, "dest. port", "the socket that gets it", "9293"},
    {4, packet_as_number, "sequence", "number of its first byte", "9293"},
    {4, as_acknowledgment, "acknowledgment", "", "9293"},
    {1, as_offset, "data offset", "", "9293"},
    {1, as_flags, "flags", "", "9293"},
    {2, as_window, "window", "", "9293/7323"},
    {2, packet_as_sum, "checksum", "", "9293/1071"},
    {2, packet_as_number, "urgent pointer", "counts with URG only", "9293"},
};

static void find_tcp_lie(struct packet_view *packet, size_t header, size_t rest)
{
    if (header < TCP)
        packet_say(packet, &packet->trouble,
                   "Its data offset makes a header of %zu bytes, and the least "
                   "is %d.",
                   header, TCP);
    else if (header > rest)
        packet_say(packet, &packet->trouble,
                   "Its header has %zu bytes, and %zu are here.", header, rest);
}

static void read_tcp(struct packet_view *packet)
{
    const uint8_t *tcp =
        packet_begin(packet, PACKET_TRANSPORT, "TCP", "RFC 9293");
    if (packet_is_short(packet, TCP))
        return;
    size_t header = (size_t)(tcp[12] >> 4) * 4, rest = packet_rest(packet);
    packet_judge(packet, rest, 16);
    packet_add_rows(packet, tcp_rows, G_N_ELEMENTS(tcp_rows));
    find_tcp_lie(packet, header, rest);
    if (packet->trouble)
        return;
    add_options(packet, header - TCP);
    if (!packet->trouble)
        read_application(packet);
}

void packet_read_transport(struct packet_view *packet, unsigned protocol)
{
    if (protocol == IPPROTO_TCP)
        read_tcp(packet);
    else if (protocol == IPPROTO_UDP)
        read_udp(packet);
    else
        packet_say(packet, &packet->trouble,
                   "Protocol %u is neither TCP nor UDP, and not read here.",
                   protocol);
}
