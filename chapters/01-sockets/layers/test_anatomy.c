/* Packets on paper: pages compared with what they should look like. */
#include "01-sockets/layers/anatomy.h"
#include "01-sockets/layers/recording.h"
#include "common/judge/test.h"
#include <stdlib.h>
#include <string.h>

enum { MESSAGE = 3 }; /* The packet of the recording that carries it. */

/* The page of these bytes. For free(). */
static char *page_of(struct packet_bytes bytes, bool colour)
{
    char *page = NULL;
    size_t size;
    FILE *file = open_memstream(&page, &size);
    struct packet_view *packet = packet_read(bytes);
    anatomy_print(&(struct anatomy){file, colour}, packet);
    packet_free(packet);
    fclose(file);
    return page;
}

static void assert_page(struct packet_bytes bytes, const char *wanted)
{
    char *page = page_of(bytes, false);
    assert_string_equal(page, wanted);
    free(page);
}

/* The @p count packets, a line for each, without the line of titles. For
 * g_free(). */
static char *lines_of(const struct packet_bytes *bytes, unsigned count)
{
    char *page = NULL;
    size_t size;
    FILE *file = open_memstream(&page, &size);
    g_autoptr(GPtrArray) packets =
        g_ptr_array_new_with_free_func((GDestroyNotify)packet_free);
    for (unsigned i = 0; i < count; i++)
        g_ptr_array_add(packets, packet_read(bytes[i]));
    anatomy_print_connection(&(struct anatomy){file, false}, packets);
    fclose(file);
    char *lines = g_strdup(strchr(page, '\n') + 1);
    free(page);
    return lines;
}

/* ---- One packet. ---- */

static const char datagram_page[] =
    "[IPv4 20 [UDP 8 [data 13]]] = 41 bytes\n"
    "   bytes          field          value      meaning                    "
    "RFC\n"
    "Internet layer (OSI 3, network): IPv4, 20 bytes, RFC 791\n"
    "3| 45             version, IHL   4, 5       words of header: 20 bytes  "
    "791\n"
    "3| 00             DSCP, ECN      0, 0       default; no ECN            "
    "2474/3168\n"
    "3| 0029           total length   41         bytes: header and the rest "
    "791\n"
    "3| 07bd           identification 0x07bd     would join its fragments   "
    "791\n"
    "3| 4000           flags, offset  DF, 0      whole; not to be cut       "
    "791\n"
    "3| 40             time to live   64         routers it may still meet  "
    "791\n"
    "3| 11             protocol       17         UDP comes next             "
    "791\n"
    "3| 3505           checksum       0x3505     right: all adds up to ffff "
    "791/1071\n"
    "3| 7f00 0001      source         127.0.0.1  this machine, by loopback  "
    "791\n"
    "3| 7f00 0001      destination    127.0.0.1  this machine, by loopback  "
    "791\n"
    "Transport layer (OSI 4, transport): UDP, 8 bytes, RFC 768\n"
    "4| 0fa0           source port    4000       the socket that sends      "
    "768\n"
    "4| 1b58           dest. port     7000       the socket that gets it    "
    "768\n"
    "4| 0015           length         21         bytes: header and data     "
    "768\n"
    "4| 86ba           checksum       0x86ba     right: all adds up to ffff "
    "768/1071\n"
    "Application layer (OSI 5 to 7): data, 13 bytes\n"
    "7| 4d61 6465 2062 7920 6861 6e64 2e         |Made by hand.|\n";

static void a_datagram_fills_a_page(void **state)
{
    g_autoptr(GByteArray) made = recording_datagram(false);
    (void)state;
    assert_page((struct packet_bytes){made->data, made->len, true, false},
                datagram_page);
}

/* The digits of the rows that belong to layers. Returns new. */
static char *digits_of(const char *page)
{
    g_auto(GStrv) lines = g_strsplit(page, "\n", 0);
    GString *digits = g_string_new(NULL);
    for (int i = 0; lines[i]; i++) {
        bool row = g_ascii_isdigit(lines[i][0]) && lines[i][1] == '|';
        int width = lines[i][0] == '7' ? 39 : 14;
        for (int at = 3; row && at < 3 + width && lines[i][at]; at++)
            if (g_ascii_isxdigit(lines[i][at]))
                g_string_append_c(digits, lines[i][at]);
    }
    return g_string_free(digits, FALSE);
}

static void every_byte_stands_on_the_page_once_and_in_order(void **state)
{
    (void)state;
    for (unsigned number = 0; number < recording_kept.count; number++) {
        struct packet_bytes bytes = recording_kept.packets[number];
        char *page = page_of(bytes, false);
        g_autofree char *digits = digits_of(page);
        assert_int_equal(strlen(digits), 2 * bytes.size);
        for (size_t i = 0; i < bytes.size; i++) {
            char byte[3];
            g_snprintf(byte, sizeof byte, "%02x", bytes.data[i]);
            assert_memory_equal(digits + 2 * i, byte, 2);
        }
        free(page);
    }
}

static void a_wide_value_and_a_long_field_find_room(void **state)
{
    char *page = page_of(recording_kept.packets[MESSAGE], false);
    (void)state;
    assert_non_null(strstr(
        page, "\n2| 0000 0000 0000 destination    00:00:00:00:00:00  none, as "
              "on lo     894\n"));
    assert_non_null(strstr(
        page, "\n4| 080a 726e 32e5 timestamps     1919824613 clock; echoes "
              "612881290    7323\n4| 2487 d38a\nApplication"));
    free(page);
}

static void long_data_takes_rows_of_sixteen(void **state)
{
    uint8_t data[80] = {0};
    struct packet_bytes message = recording_kept.packets[MESSAGE];
    (void)state;
    memcpy(data, message.data, 34);
    memcpy(data + 34, "\x0f\xa0\x1b\x58\0\x2e\0\0", 8);
    memcpy(data + 42, "sixteen to a row, and no more. \n\x7f\xe9", 34);
    data[17] = 66; /* Total length. */
    data[23] = 17; /* UDP. */
    char *page = page_of((struct packet_bytes){data, 80, false, false}, false);
    assert_non_null(strstr(
        page, "7| 7369 7874 6565 6e20 746f 2061 2072 6f77  |sixteen to a row|\n"
              "7| 2c20 616e 6420 6e6f 206d 6f72 652e 200a  |, and no more. .|\n"
              "7| 7fe9 0000 0000                           |......|\n"));
    free(page);
}

static void a_layer_that_makes_no_sense_is_the_last(void **state)
{
    (void)state;
    assert_page(
        (struct packet_bytes){(const uint8_t *)"\x60\0\0\0", 4, true, false},
        "[IPv4 0] = 0 bytes\n"
        "   bytes          field          value      meaning           "
        "         RFC\n"
        "Internet layer (OSI 3, network): IPv4, 0 bytes, RFC 791\n"
        "   Cut off: the header has 20 bytes at least, and here are 4."
        "\n"
        "   Not read: 4 bytes.\n");
}

static void padding_is_told_of(void **state)
{
    g_autoptr(GByteArray) made = recording_datagram(false);
    (void)state;
    g_byte_array_append(made, (const uint8_t *)"\0\0", 2);
    g_autofree char *wanted = g_strconcat(
        datagram_page, "   Behind the end: 2 bytes of padding.\n", NULL);
    assert_page((struct packet_bytes){made->data, made->len, true, false},
                wanted);
}

static void colours_change_nothing_else(void **state)
{
    (void)state;
    for (unsigned number = 0; number < recording_kept.count; number++) {
        char *plain = page_of(recording_kept.packets[number], false);
        char *coloured = page_of(recording_kept.packets[number], true);
        g_autoptr(GRegex) ink = g_regex_new("\033\\[[0-9]+m", 0, 0, NULL);
        g_autofree char *bare =
            g_regex_replace_literal(ink, coloured, -1, 0, "", 0, NULL);
        assert_null(strchr(plain, '\033'));
        assert_non_null(strstr(coloured, "\033[34m3| 7f00 0001\033[0m "));
        assert_string_equal(bare, plain);
        free(coloured);
        free(plain);
    }
}

/* ---- A connection. ---- */

static void a_connection_takes_a_line_for_each_packet(void **state)
{
    g_autofree char *lines =
        lines_of(recording_kept.packets, recording_kept.count);
    (void)state;
    assert_string_equal(
        lines,
        "  1  --SYN---------->     0     0     0     74  opens: MSS 65495, "
        "SACK, scale 10\n"
        "  2  <-SYN ACK-------     0     1     0     74  opens: MSS 65495, "
        "SACK, scale 10\n"
        "  3  --ACK---------->     1     1     0     66  awaits byte 1\n"
        "  4  --PSH ACK------>     1     1    12     78  \"One message.\"\n"
        "  5  <-ACK-----------     1    13     0     66  awaits byte 13\n"
        "  6  --FIN ACK------>    13     1     0     66  sends no more after "
        "this\n"
        "  7  <-FIN ACK-------     1    14     0     66  sends no more after "
        "this\n"
        "  8  --ACK---------->    14     2     0     66  awaits byte 2\n");
}

/* With @p word put at @p at into the SYN, its line says so. */
static void assert_line(size_t at, unsigned word, const char *wanted)
{
    uint8_t data[128];
    struct packet_bytes bytes = recording_kept.packets[0];
    memcpy(data, bytes.data, bytes.size);
    data[at] = (uint8_t)(word >> 8);
    data[at + 1] = (uint8_t)word;
    bytes.data = data;
    g_autofree char *line = lines_of(&bytes, 1);
    assert_string_equal(line, wanted);
}

static void other_packets_say_other_things(void **state)
{
    (void)state;
    assert_line(46, 0xa004,
                "  1  --RST---------->     0     0     0     74  breaks the "
                "connection off\n");
    assert_line(46, 0xa0ff,
                "  1  --FIN SYN RST ->     0     0     0     74  opens: MSS "
                "65495, SACK, scale 10\n");
    assert_line(46, 0x5002,
                "  1  --SYN---------->     0     0    20     74  opens: MSS "
                "none, scale none\n");
    assert_line(44, 5,
                "  1  --SYN---------->     0     0     0     74  opens: MSS "
                "65495, SACK, scale 10\n");
    assert_line(14, 0x6500,
                "  1  --none--------->     0     0     0     74  makes no "
                "sense\n");
}

static void without_its_flag_no_number_is_acknowledged(void **state)
{
    uint8_t data[128];
    struct packet_bytes both[2] = {recording_kept.packets[1],
                                   recording_kept.packets[0]};
    (void)state;
    memcpy(data, both[1].data, both[1].size);
    memset(data + 42, 0x77, 4);
    both[1].data = data;
    g_autofree char *lines = lines_of(both, 2);
    assert_non_null(strstr(lines, "  2  <-SYN-----------     0     0 "));
}

static void long_data_are_quoted_in_part(void **state)
{
    uint8_t data[128];
    struct packet_bytes bytes = recording_kept.packets[MESSAGE];
    (void)state;
    memcpy(data, bytes.data, bytes.size);
    memset(data + bytes.size, 'x', 20);
    data[17] = (uint8_t)(data[17] + 20);
    bytes = (struct packet_bytes){data, bytes.size + 20, false, false};
    g_autofree char *line = lines_of(&bytes, 1);
    assert_string_equal(line, "  1  --PSH ACK------>     0     0    32     98  "
                              "\"One message.xxxxxxxxxxxxxxxx\"\n");
}

static void an_empty_connection_is_a_line_of_titles(void **state)
{
    g_autofree char *lines = lines_of(NULL, 0);
    (void)state;
    assert_string_equal(lines, "");
}

/* ---- The recording. ---- */

static void a_recording_is_printed_as_source(void **state)
{
    char *source = NULL;
    size_t size;
    FILE *file = open_memstream(&source, &size);
    (void)state;
    recording_print(file, &recording_kept);
    fclose(file);
    const char *at = source;
    for (unsigned number = 0; number < recording_kept.count; number++)
        for (size_t i = 0; i < recording_kept.packets[number].size; i++) {
            at = strstr(at, "0x");
            assert_non_null(at);
            assert_int_equal(strtol(at, (char **)&at, 16),
                             recording_kept.packets[number].data[i]);
        }
    assert_non_null(strstr(at, "{packet_8, sizeof packet_8, false, true},\n"));
    assert_non_null(strstr(at, "    .count = 8,\n    .arrived = 1,\n"
                               "    .text = \"Made by hand.\",\n"
                               "    .from = \"127.0.0.1:4000\",\n"
                               "    .damaged = {0, 1},\n};\n"));
    free(source);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_datagram_fills_a_page),
        cmocka_unit_test(every_byte_stands_on_the_page_once_and_in_order),
        cmocka_unit_test(a_wide_value_and_a_long_field_find_room),
        cmocka_unit_test(long_data_takes_rows_of_sixteen),
        cmocka_unit_test(a_layer_that_makes_no_sense_is_the_last),
        cmocka_unit_test(padding_is_told_of),
        cmocka_unit_test(colours_change_nothing_else),
        cmocka_unit_test(a_connection_takes_a_line_for_each_packet),
        cmocka_unit_test(other_packets_say_other_things),
        cmocka_unit_test(without_its_flag_no_number_is_acknowledged),
        cmocka_unit_test(long_data_are_quoted_in_part),
        cmocka_unit_test(an_empty_connection_is_a_line_of_titles),
        cmocka_unit_test(a_recording_is_printed_as_source),
    };
    return test_run(argc, argv, tests);
}
