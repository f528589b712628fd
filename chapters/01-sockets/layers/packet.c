/*
 *     |<----------------------- bytes.size ----------------------->|
 *     | link | internet | transport | application | unread | padding
 *     |<----------------- read ------------------>|        |
 *     |<----------------------- end ---------------------->|
 *
 * A layer is read in this order. Are there enough bytes for the fixed part of
 * its header? Is its checksum right? Then its fields are added. Do its lengths
 * agree with what is there? If not, it stops with a sentence. The next layer is
 * read last, by the one below it, as it was packed.
 */
#include "01-sockets/layers/packet_parts.h"
#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>

enum { ETHERNET = 14, IPV4 = 20 }; /* The least that their headers have. */

/* ---- Internet: IPv4. ---- */

static void as_version(struct packet_view *packet, struct packet_field *field)
{
    int version = field->data[0] >> 4, words = field->data[0] & 15;
    packet_say(packet, &field->value, "%d, %d", version, words);
    packet_say(packet, &field->meaning, "words of header: %d bytes", 4 * words);
}

static void as_service(struct packet_view *packet, struct packet_field *field)
{
    static const char *const marks[] = {"no ECN", "ECN-capable", "ECN-capable",
                                        "congested"};
    int class = field->data[0] >> 2, mark = field->data[0] & 3;
    packet_say(packet, &field->value, "%d, %d", class, mark);
    packet_say(packet, &field->meaning, "%s; %s", class ? "marked" : "default",
               marks[mark]);
}

enum { RESERVED = 0x8000, DF = 0x4000, MF = 0x2000, OFFSET = 0x1fff };

static bool is_fragment(unsigned word)
{
    return (word & (MF | OFFSET)) != 0;
}

static void as_fragment(struct packet_view *packet, struct packet_field *field)
{
    unsigned word = packet_word(field->data);
    packet_say(packet, &field->value, "%s%s%s%u", word & RESERVED ? "?, " : "",
               word & DF ? "DF, " : "", word & MF ? "MF, " : "",
               (word & OFFSET) * 8);
    if (is_fragment(word))
        field->meaning = "a fragment";
    else
        field->meaning =
            word & DF ? "whole; not to be cut" : "whole; may be cut";
}

static void as_protocol(struct packet_view *packet, struct packet_field *field)
{
    packet_as_number(packet, field);
    if (field->data[0] == IPPROTO_TCP)
        field->meaning = "TCP comes next";
    else if (field->data[0] == IPPROTO_UDP)
        field->meaning = "UDP comes next";
}

static void as_address(struct packet_view *packet, struct packet_field *field)
{
    const uint8_t *at = field->data;
    packet_say(packet, &field->value, "%d.%d.%d.%d", at[0], at[1], at[2],
               at[3]);
    if (at[0] == 127)
        field->meaning = "this machine, by loopback";
}

static const struct packet_row ip_rows[] = {
    {1, as_version, "version, IHL", "", "791"},
    {1, as_service, "DSCP, ECN", "", "2474/3168"},
    {2, packet_as_number, "total length", "bytes: header and the rest", "791"},
    {2, packet_as_word, "identification", "would join its fragments", "791"},
    {2, as_fragment, "flags, offset", "", "791"},
    {1, packet_as_number, "time to live", "routers it may still meet", "791"},
    {1, as_protocol, "protocol", "", "791"},
    {2, packet_as_sum, "checksum", "", "791/1071"},
    {4, as_address, "source", "", "791"},
    {4, as_address, "destination", "", "791"},
};

/* Do its lengths agree with each other, and with the @p rest that is here? If
 * not, that is the trouble. */
static void find_lie(struct packet_view *packet, const uint8_t *ip, size_t rest)
{
    const char **trouble = &packet->trouble;
    size_t header = (size_t)(ip[0] & 15) * 4, total = packet_word(ip + 2);
    if (header < IPV4)
        packet_say(packet, trouble,
                   "Its IHL makes a header of %zu bytes, and the least is %d.",
                   header, IPV4);
    else if (header > rest)
        packet_say(packet, trouble,
                   "Its header has %zu bytes, and %zu are here.", header, rest);
    else if (total < header)
        packet_say(packet, trouble,
                   "Its total length is %zu, less than its header.", total);
    else if (total > rest)
        packet_say(packet, trouble,
                   "Its total length is %zu, and %zu bytes are here.", total,
                   rest);
    else if (is_fragment(packet_word(ip + 6)))
        *trouble = "It is a fragment, and fragments are not put together here.";
}

static void add_ip_fields(struct packet_view *packet, const uint8_t *ip)
{
    size_t header = (size_t)(ip[0] & 15) * 4, rest = packet_rest(packet);
    struct packet_row options = {header - IPV4, packet_as_size, "options",
                                 "not explained here", "791"};
    packet_top(packet)->sum = PACKET_SUM_UNKNOWN;
    if (header >= IPV4 && header <= rest)
        packet_judge(packet, header, 10);
    packet_add_rows(packet, ip_rows, G_N_ELEMENTS(ip_rows));
    if (header > IPV4 && header <= rest)
        packet_add(packet, &options);
}

static void read_internet(struct packet_view *packet)
{
    const uint8_t *ip =
        packet_begin(packet, PACKET_INTERNET, "IPv4", "RFC 791");
    size_t rest = packet_rest(packet);
    if (packet_is_short(packet, IPV4))
        return;
    if (ip[0] >> 4 != 4) {
        packet_say(packet, &packet->trouble,
                   "Version %d is not IPv4, and not read here.", ip[0] >> 4);
        return;
    }
    add_ip_fields(packet, ip);
    find_lie(packet, ip, rest);
    if (packet->trouble)
        return;
    packet->end -= rest - packet_word(ip + 2);
    packet_read_transport(packet, ip[9]);
}

/* ---- Link: Ethernet. ---- */

static void as_hardware(struct packet_view *packet, struct packet_field *field)
{
    static const uint8_t nobody[6] = {0};
    const uint8_t *at = field->data;
    packet_say(packet, &field->value, "%02x:%02x:%02x:%02x:%02x:%02x", at[0],
               at[1], at[2], at[3], at[4], at[5]);
    if (memcmp(at, nobody, sizeof nobody) == 0)
        field->meaning = "none, as on lo";
    else if (at[0] & 1)
        field->meaning = "more than one";
}

static void as_type(struct packet_view *packet, struct packet_field *field)
{
    packet_as_word(packet, field);
    if (packet_word(field->data) == ETHERTYPE_IP)
        field->meaning = "IPv4 comes next";
}

static const struct packet_row link_rows[] = {
    {6, as_hardware, "destination", "", "894"},
    {6, as_hardware, "source", "", "894"},
    {2, as_type, "type", "", "894"},
};

static void read_link(struct packet_view *packet)
{
    const uint8_t *link =
        packet_begin(packet, PACKET_LINK, "Ethernet", "IEEE 802.3, RFC 894");
    if (packet_is_short(packet, ETHERNET))
        return;
    unsigned type = packet_word(link + 12);
    packet_add_rows(packet, link_rows, G_N_ELEMENTS(link_rows));
    if (type == ETHERTYPE_IP)
        read_internet(packet);
    else if (type < 0x600)
        packet_say(packet, &packet->trouble,
                   "Its type is a length, %u: a frame not read here.", type);
    else
        packet_say(packet, &packet->trouble,
                   "Type 0x%04x is not IPv4, and not read here.", type);
}

/* ---- A packet. ---- */

struct packet_view *packet_read(struct packet_bytes bytes)
{
    struct packet_view *packet = g_new0(struct packet_view, 1);
    packet->bytes = bytes;
    packet->end = bytes.size;
    packet->texts = g_string_chunk_new(1024);
    for (int i = 0; i < PACKET_LAYERS; i++)
        packet->layers[i].fields =
            g_array_new(FALSE, FALSE, sizeof(struct packet_field));
    if (bytes.bare)
        read_internet(packet);
    else
        read_link(packet);
    return packet;
}

const struct packet_field *packet_find(const struct packet_view *packet,
                                       enum packet_place place,
                                       const char *name)
{
    const GArray *fields = packet->layers[place].fields;
    for (unsigned i = 0; i < fields->len; i++) {
        const struct packet_field *field =
            &g_array_index(fields, struct packet_field, i);
        if (strcmp(field->name, name) == 0)
            return field;
    }
    return NULL;
}

uint64_t packet_number(const struct packet_view *packet,
                       enum packet_place place, const char *name)
{
    const struct packet_field *field = packet_find(packet, place, name);
    uint64_t number = 0;
    for (size_t i = 0; field && i < field->size; i++)
        number = number << 8 | field->data[i];
    return number;
}

void packet_free(struct packet_view *packet)
{
    for (int i = 0; i < PACKET_LAYERS; i++)
        g_array_unref(packet->layers[i].fields);
    g_string_chunk_free(packet->texts);
    g_free(packet);
}
