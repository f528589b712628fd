/* Packets taken apart: the recording and a datagram by hand, value by value.
 * Those that lie are in test_packet_hostile.c. */
#include "01-sockets/layers/packet.h"
#include "01-sockets/layers/recording.h"
#include "common/judge/test.h"
#include <string.h>

enum { IP = 14, TCP = 34, UDP = 34, END = 55 }; /* Where; of the datagram. */
enum { SYN, SYN_ACK, ACK, MESSAGE, FIN = 5 };   /* Packets of the recording. */

/* ---- One packet at a time. ---- */

static uint8_t bytes[128];
static size_t size;

static void take(unsigned number)
{
    size = recording_kept.packets[number].size;
    memcpy(bytes, recording_kept.packets[number].data, size);
}

/* The one by hand, with a link layer before it. */
static void take_datagram(void)
{
    g_autoptr(GByteArray) made = recording_datagram(false);
    take(SYN);
    size = IP + made->len;
    memcpy(bytes + IP, made->data, made->len);
}

static void put_word(size_t at, unsigned word)
{
    bytes[at] = (uint8_t)(word >> 8);
    bytes[at + 1] = (uint8_t)word;
}

static struct packet_view *read_unfinished(void)
{
    return packet_read((struct packet_bytes){bytes, size, false, true});
}

static struct packet_view *read_finished(void)
{
    return packet_read((struct packet_bytes){bytes, size, false, false});
}

static struct packet_view *read_bare(const GByteArray *made)
{
    return packet_read(
        (struct packet_bytes){made->data, made->len, true, false});
}

/* ---- What the fields say. ---- */

/* All fields of all layers: "name: value, meaning [standard]". Returns new. */
static char *text_of(const struct packet_view *packet)
{
    GString *text = g_string_new(NULL);
    for (int place = 0; place < PACKET_LAYERS; place++) {
        const GArray *fields = packet->layers[place].fields;
        for (unsigned i = 0; i < fields->len; i++) {
            const struct packet_field *field =
                &g_array_index(fields, struct packet_field, i);
            g_string_append_printf(text, "%s: %s, %s [%s]\n", field->name,
                                   field->value, field->meaning,
                                   field->standard);
        }
    }
    return g_string_free(text, FALSE);
}

static const char message_text[] =
    "destination: 00:00:00:00:00:00, none, as on lo [894]\n"
    "source: 00:00:00:00:00:00, none, as on lo [894]\n"
    "type: 0x0800, IPv4 comes next [894]\n"
    "version, IHL: 4, 5, words of header: 20 bytes [791]\n"
    "DSCP, ECN: 0, 0, default; no ECN [2474/3168]\n"
    "total length: 64, bytes: header and the rest [791]\n"
    "identification: 0xe59c, would join its fragments [791]\n"
    "flags, offset: DF, 0, whole; not to be cut [791]\n"
    "time to live: 64, routers it may still meet [791]\n"
    "protocol: 6, TCP comes next [791]\n"
    "checksum: 0x5719, right: all adds up to ffff [791/1071]\n"
    "source: 127.0.0.1, this machine, by loopback [791]\n"
    "destination: 127.0.0.1, this machine, by loopback [791]\n"
    "source port: 50770, the socket that sends [9293]\n"
    "dest. port: 7000, the socket that gets it [9293]\n"
    "sequence: 2575502663, number of its first byte [9293]\n"
    "acknowledgment: 804148506, the byte it awaits next [9293]\n"
    "data offset: 8, words of header: 32 bytes [9293]\n"
    "flags: PSH ACK, hand it up without delay [9293]\n"
    "window: 64, bytes of room, once scaled [9293/7323]\n"
    "checksum: 0xfe34, pseudo-header only, so far [9293/1071]\n"
    "urgent pointer: 0, counts with URG only [9293]\n"
    "no operation: kind 1, aligns what follows [9293]\n"
    "timestamps: 1919824613, clock; echoes 612881290 [7323]\n"
    "data: 12 bytes,  []\n";

static void the_packet_of_the_message_says_what_it_is(void **state)
{
    (void)state;
    take(MESSAGE);
    struct packet_view *packet = read_unfinished();
    g_autofree char *text = text_of(packet);
    assert_string_equal(text, message_text);
    assert_memory_equal(packet_find(packet, PACKET_APPLICATION, "data")->data,
                        "One message.", 12);
    assert_int_equal(packet->top, PACKET_APPLICATION);
    assert_null(packet->trouble);
    packet_free(packet);
}

static const char syn_text[] =
    "sequence: 2575502662, number of its first byte [9293]\n"
    "acknowledgment: 0, none: no ACK flag [9293]\n"
    "data offset: 10, words of header: 40 bytes [9293]\n"
    "flags: SYN, opens: numbers begin here [9293]\n"
    "window: 65495, bytes of room [9293/7323]\n"
    "checksum: 0xfe30, pseudo-header only, so far [9293/1071]\n"
    "urgent pointer: 0, counts with URG only [9293]\n"
    "MSS: 65495, most data in a segment [9293]\n"
    "SACK permitted: kind 4, tell me of gaps [2018]\n"
    "timestamps: 1919824613, clock; echoes 0 [7323]\n"
    "no operation: kind 1, aligns what follows [9293]\n"
    "window scale: 10, windows count times 1024 [7323]\n";

static void the_first_packet_makes_offers(void **state)
{
    (void)state;
    take(SYN);
    struct packet_view *packet = read_unfinished();
    g_autofree char *text = text_of(packet);
    assert_true(g_str_has_suffix(text, syn_text));
    assert_int_equal(packet->top, PACKET_TRANSPORT);
    assert_null(packet->trouble);
    packet_free(packet);
}

static void a_datagram_by_hand_says_what_it_is(void **state)
{
    static const char wanted[] =
        "version, IHL: 4, 5, words of header: 20 bytes [791]\n"
        "DSCP, ECN: 0, 0, default; no ECN [2474/3168]\n"
        "total length: 41, bytes: header and the rest [791]\n"
        "identification: 0x07bd, would join its fragments [791]\n"
        "flags, offset: DF, 0, whole; not to be cut [791]\n"
        "time to live: 64, routers it may still meet [791]\n"
        "protocol: 17, UDP comes next [791]\n"
        "checksum: 0x3505, right: all adds up to ffff [791/1071]\n"
        "source: 127.0.0.1, this machine, by loopback [791]\n"
        "destination: 127.0.0.1, this machine, by loopback [791]\n"
        "source port: 4000, the socket that sends [768]\n"
        "dest. port: 7000, the socket that gets it [768]\n"
        "length: 21, bytes: header and data [768]\n"
        "checksum: 0x86ba, right: all adds up to ffff [768/1071]\n"
        "data: 13 bytes,  []\n";
    g_autoptr(GByteArray) made = recording_datagram(false);
    struct packet_view *packet = read_bare(made);
    g_autofree char *text = text_of(packet);
    (void)state;
    assert_string_equal(text, wanted);
    assert_null(packet->layers[PACKET_LINK].protocol);
    packet_free(packet);
}

static void a_layer_knows_its_protocol_and_its_size(void **state)
{
    static const struct {
        const char *protocol, *standard;
        size_t size;
    } wanted[] = {{"Ethernet", "IEEE 802.3, RFC 894", 14},
                  {"IPv4", "RFC 791", 20},
                  {"TCP", "RFC 9293", 32},
                  {"data", "", 12}};
    (void)state;
    take(MESSAGE);
    struct packet_view *packet = read_unfinished();
    for (int place = 0; place < PACKET_LAYERS; place++) {
        const struct packet_layer *layer = &packet->layers[place];
        assert_string_equal(layer->protocol, wanted[place].protocol);
        assert_string_equal(layer->standard, wanted[place].standard);
        assert_int_equal(layer->size, wanted[place].size);
    }
    packet_free(packet);
}

static void a_field_is_found_by_its_name(void **state)
{
    (void)state;
    take(MESSAGE);
    struct packet_view *packet = read_unfinished();
    assert_int_equal(packet_number(packet, PACKET_TRANSPORT, "sequence"),
                     2575502663);
    assert_int_equal(packet_number(packet, PACKET_TRANSPORT, "flags"), 0x18);
    assert_int_equal(packet_number(packet, PACKET_INTERNET, "source"),
                     0x7f000001);
    assert_null(packet_find(packet, PACKET_LINK, "flags"));
    assert_int_equal(packet_number(packet, PACKET_LINK, "flags"), 0);
    packet_free(packet);
}

/* ---- Other values. ---- */

/* With @p word put at @p at into the packet of the message, one of its fields
 * reads like this. */
static void assert_reads(size_t at, unsigned word, const char *line)
{
    take(MESSAGE);
    put_word(at, word);
    struct packet_view *packet = read_unfinished();
    g_autofree char *text = text_of(packet);
    g_autofree char *wanted = g_strdup_printf("\n%s", line);
    g_autofree char *framed = g_strdup_printf("\n%s", text);
    if (!strstr(framed, wanted))
        fail_msg("no \"%s\" in\n%s", line, text);
    packet_free(packet);
}

static void other_values_of_the_link_layer(void **state)
{
    (void)state;
    assert_reads(0, 0xffff, "destination: ff:ff:00:00:00:00, more than one [");
    assert_reads(0, 0x0200, "destination: 02:00:00:00:00:00,  [");
    assert_reads(8, 0x0203, "source: 00:00:02:03:00:00,  [");
    assert_reads(12, 0x0806, "type: 0x0806,  [");
}

static void other_values_of_the_internet_layer(void **state)
{
    (void)state;
    assert_reads(14, 0x45ba, "DSCP, ECN: 46, 2, marked; ECN-capable [");
    assert_reads(14, 0x4501, "DSCP, ECN: 0, 1, default; ECN-capable [");
    assert_reads(14, 0x4503, "DSCP, ECN: 0, 3, default; congested [");
    assert_reads(20, 0x0000, "flags, offset: 0, whole; may be cut [");
    assert_reads(20, 0x2000, "flags, offset: MF, 0, a fragment [");
    assert_reads(20, 0xc001, "flags, offset: ?, DF, 8, a fragment [");
    assert_reads(22, 0x4011, "protocol: 17, UDP comes next [");
    assert_reads(22, 0xff01, "time to live: 255, routers");
    assert_reads(22, 0x4001, "protocol: 1,  [");
    assert_reads(24, 0x5718, "checksum: 0x5718, wrong: 0x5719 is right [");
    assert_reads(26, 0x0aff, "source: 10.255.0.1,  [");
}

static void other_values_of_the_transport_layer(void **state)
{
    (void)state;
    assert_reads(46, 0x8000, "flags: none,  [");
    assert_reads(46, 0x8010, "flags: ACK, the number above counts [");
    assert_reads(46, 0x8014, "flags: RST ACK, breaks the connection off [");
    assert_reads(46, 0x8011, "flags: FIN ACK, sends no more after this [");
    assert_reads(46, 0x80ff, "flags: FIN SYN RST PSH ACK URG ECE CWR, sends");
    assert_reads(46, 0x80e0, "flags: URG ECE CWR, some of it is urgent [");
    assert_reads(46, 0x80c0, "flags: ECE CWR, congestion was met [");
    assert_reads(46, 0x8080, "flags: CWR, it sends less since [");
    assert_reads(46, 0x8012, "window: 64, bytes of room [");
    assert_reads(46, 0x8008, "acknowledgment: 804148506, none: no ACK flag [");
}

static void other_options_of_tcp(void **state)
{
    (void)state;
    assert_reads(54, 0x0001, "end: kind 0, of the options [");
    assert_reads(54, 0x050c, "SACK: kind 5, these came out of order [");
    assert_reads(54, 0x0204, "MSS: 2058, most data in a segment [");
    assert_reads(54, 0x0303, "window scale: 8, windows count times 256 [");
    assert_reads(54, 0x0402, "SACK permitted: kind 4, tell me of gaps [");
    assert_reads(54, 0x0702, "option: kind 7, not explained here [");
    assert_reads(54, 0x1e0c, "option: kind 30, not explained here [");
    assert_reads(54, 0x0203, "option: kind 2, not explained here [");
}

/* RFC 7323, 2.3. */
static void no_window_is_scaled_by_more_than_fourteen_bits(void **state)
{
    (void)state;
    take(SYN);
    bytes[size - 1] = 255;
    struct packet_view *packet = read_unfinished();
    assert_string_equal(
        packet_find(packet, PACKET_TRANSPORT, "window scale")->meaning,
        "windows count times 16384");
    packet_free(packet);
}

static void options_of_ip_are_a_field(void **state)
{
    (void)state;
    take_datagram();
    memmove(bytes + UDP + 4, bytes + UDP, size - UDP);
    size += 4;
    put_word(UDP, 0x9404); /* Router alert, RFC 2113. */
    put_word(UDP + 2, 0);
    put_word(IP, 0x4600);
    put_word(IP + 2, 45);
    put_word(IP + 10, 0x9ffc);
    struct packet_view *packet = read_finished();
    const struct packet_field *field =
        packet_find(packet, PACKET_INTERNET, "options");
    assert_non_null(field);
    assert_string_equal(field->value, "4 bytes");
    assert_ptr_equal(field->data, bytes + UDP);
    assert_int_equal(packet->layers[PACKET_INTERNET].sum, PACKET_SUM_RIGHT);
    assert_int_equal(packet->layers[PACKET_TRANSPORT].sum, PACKET_SUM_RIGHT);
    packet_free(packet);
}

static void no_operations_end_with_the_header(void **state)
{
    (void)state;
    take(MESSAGE);
    memset(bytes + TCP + 20, 1, 13); /* And the first byte of the data. */
    struct packet_view *packet = read_unfinished();
    assert_int_equal(
        packet_find(packet, PACKET_TRANSPORT, "no operation")->size, 12);
    assert_int_equal(packet->layers[PACKET_APPLICATION].size, 12);
    packet_free(packet);
}

/* ---- Checksums. ---- */

/* Takes the packet. */
static void assert_sums(struct packet_view *packet, enum packet_sum internet,
                        enum packet_sum transport)
{
    assert_int_equal(packet->layers[PACKET_INTERNET].sum, internet);
    assert_int_equal(packet->layers[PACKET_TRANSPORT].sum, transport);
    packet_free(packet);
}

static void a_checksum_left_to_hardware_is_unfinished(void **state)
{
    (void)state;
    take(MESSAGE);
    struct packet_view *packet = read_unfinished();
    assert_int_equal(packet->layers[PACKET_TRANSPORT].proper, 0x7186);
    assert_sums(packet, PACKET_SUM_RIGHT, PACKET_SUM_UNFINISHED);
}

static void a_wrong_one_is_not_called_unfinished(void **state)
{
    (void)state;
    take(MESSAGE);
    put_word(TCP + 16, 0xfe35);
    assert_sums(read_unfinished(), PACKET_SUM_RIGHT, PACKET_SUM_WRONG);
}

static void one_that_nobody_finishes_is_wrong(void **state)
{
    (void)state;
    assert_reads(50, 0x7186, "checksum: 0x7186, right: all adds up to ffff [");
    take(MESSAGE);
    struct packet_view *packet = read_finished();
    assert_string_equal(
        packet_find(packet, PACKET_TRANSPORT, "checksum")->meaning,
        "wrong: 0x7186 is right");
    assert_sums(packet, PACKET_SUM_RIGHT, PACKET_SUM_WRONG);
}

static void a_datagram_may_have_no_checksum(void **state)
{
    (void)state;
    take_datagram();
    put_word(UDP + 6, 0);
    struct packet_view *packet = read_finished();
    assert_string_equal(
        packet_find(packet, PACKET_TRANSPORT, "checksum")->meaning,
        "none: nobody checks");
    assert_sums(packet, PACKET_SUM_RIGHT, PACKET_SUM_NONE);
}

static void a_lie_leaves_the_checksum_open(void **state)
{
    (void)state;
    assert_reads(IP, 0x4400, "checksum: 0x5719, of what is not all here [");
    take_datagram();
    put_word(UDP + 4, 22);
    assert_sums(read_finished(), PACKET_SUM_RIGHT, PACKET_SUM_UNKNOWN);
}

static void what_udp_does_not_count_is_not_in_its_checksum(void **state)
{
    (void)state;
    take_datagram();
    put_word(size, 0xabcd);
    size += 2;
    put_word(IP + 2, 43);
    put_word(IP + 10, 0x3503);
    struct packet_view *packet = read_finished();
    assert_int_equal(packet->end, size - 2);
    assert_sums(packet, PACKET_SUM_RIGHT, PACKET_SUM_RIGHT);
}

/* In a length it may end the reading. */
static void every_flipped_bit_of_a_datagram_is_noticed(void **state)
{
    (void)state;
    for (size_t bit = 8 * IP; bit < 8 * END; bit++) {
        take_datagram();
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct packet_view *packet = read_finished();
        int place = bit < 8 * UDP ? PACKET_INTERNET : PACKET_TRANSPORT;
        if (!packet->trouble)
            assert_int_equal(packet->layers[place].sum, PACKET_SUM_WRONG);
        packet_free(packet);
    }
}

static void a_datagram_that_was_led_astray_is_damaged(void **state)
{
    (void)state;
    take_datagram();
    bytes[IP + 19] = 2;        /* To 127.0.0.2, and IP's checksum ... */
    put_word(IP + 10, 0x3504); /* ... mended: UDP's still notices. */
    assert_sums(read_finished(), PACKET_SUM_RIGHT, PACKET_SUM_WRONG);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_packet_of_the_message_says_what_it_is),
        cmocka_unit_test(the_first_packet_makes_offers),
        cmocka_unit_test(a_datagram_by_hand_says_what_it_is),
        cmocka_unit_test(a_layer_knows_its_protocol_and_its_size),
        cmocka_unit_test(a_field_is_found_by_its_name),
        cmocka_unit_test(other_values_of_the_link_layer),
        cmocka_unit_test(other_values_of_the_internet_layer),
        cmocka_unit_test(other_values_of_the_transport_layer),
        cmocka_unit_test(other_options_of_tcp),
        cmocka_unit_test(no_window_is_scaled_by_more_than_fourteen_bits),
        cmocka_unit_test(options_of_ip_are_a_field),
        cmocka_unit_test(no_operations_end_with_the_header),
        cmocka_unit_test(a_checksum_left_to_hardware_is_unfinished),
        cmocka_unit_test(a_wrong_one_is_not_called_unfinished),
        cmocka_unit_test(one_that_nobody_finishes_is_wrong),
        cmocka_unit_test(a_datagram_may_have_no_checksum),
        cmocka_unit_test(a_lie_leaves_the_checksum_open),
        cmocka_unit_test(what_udp_does_not_count_is_not_in_its_checksum),
        cmocka_unit_test(every_flipped_bit_of_a_datagram_is_noticed),
        cmocka_unit_test(a_datagram_that_was_led_astray_is_damaged),
    };
    return test_run(argc, argv, tests);
}
