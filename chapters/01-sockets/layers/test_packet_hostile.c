/*
 * Packets that lie, are cut off or are damaged. Each is read from a block of
 * exactly its size, so that a sanitizer sees whoever looks at a byte behind it.
 */
#include "01-sockets/layers/anatomy.h"
#include "01-sockets/layers/recording.h"
#include "common/judge/test.h"
#include <stdlib.h>
#include <string.h>

enum { ETHERNET = 14, IP = 14, TCP = 34, UDP = 34, DATA = 66 }; /* Where. */
enum { ACK = 2, MESSAGE = 3 }; /* Packets of the recording. */

/* ---- A packet in a block of its own. ---- */

struct specimen {
    uint8_t *block; /* One byte, so that no data is somewhere too, and ... */
    uint8_t *data;  /* ... these. */
    size_t size;
    struct packet_view *packet; /* When it was read. */
};

static struct specimen copy(const uint8_t *data, size_t size)
{
    struct specimen copy = {.block = malloc(size + 1), .size = size};
    copy.data = copy.block + 1;
    memcpy(copy.data, data, size);
    return copy;
}

static struct specimen recorded(unsigned number)
{
    const struct packet_bytes *bytes = &recording_kept.packets[number];
    return copy(bytes->data, bytes->size);
}

/* The datagram made by hand, with a link layer before it. */
static struct specimen datagram(void)
{
    g_autoptr(GByteArray) made = recording_datagram(false);
    g_byte_array_prepend(made, recording_kept.packets[0].data, ETHERNET);
    return copy(made->data, made->len);
}

static void put_word(struct specimen *specimen, size_t at, unsigned word)
{
    specimen->data[at] = (uint8_t)(word >> 8);
    specimen->data[at + 1] = (uint8_t)word;
}

/* What holds whatever the bytes say: the fields cover what was read, in order
 * and without gaps; and all of it was read, or there is a sentence. */
static void assert_sound(const struct packet_view *packet)
{
    const uint8_t *next = packet->bytes.data;
    for (int place = 0; place < PACKET_LAYERS; place++) {
        const struct packet_layer *layer = &packet->layers[place];
        const uint8_t *begin = next;
        for (unsigned i = 0; i < layer->fields->len; i++) {
            const struct packet_field *field =
                &g_array_index(layer->fields, struct packet_field, i);
            assert_ptr_equal(field->data, next);
            assert_true(field->size > 0);
            assert_true(field->name && field->value && *field->value);
            assert_true(field->meaning && field->standard);
            next += field->size;
        }
        assert_int_equal(layer->size, next - begin);
        if (place > (int)packet->top)
            assert_true(!layer->protocol && layer->size == 0);
    }
    assert_int_equal(packet->read, next - packet->bytes.data);
    assert_true(packet->read <= packet->end);
    assert_true(packet->end <= packet->bytes.size);
    if (packet->trouble)
        assert_true(g_str_has_suffix(packet->trouble, "."));
    else
        assert_int_equal(packet->read, packet->end);
}

static void read_specimen(struct specimen *specimen, bool unfinished)
{
    specimen->packet = packet_read((struct packet_bytes){
        specimen->data, specimen->size, false, unfinished});
    assert_sound(specimen->packet);
}

static void drop(struct specimen *specimen)
{
    if (specimen->packet)
        packet_free(specimen->packet);
    free(specimen->block);
    *specimen = (struct specimen){0};
}

/* Read it, and find that the layer @p place is the last, for this reason; NULL:
 * for none. Takes it. */
static void assert_trouble(struct specimen specimen, enum packet_place place,
                           const char *trouble)
{
    read_specimen(&specimen, false);
    assert_int_equal(specimen.packet->top, place);
    if (trouble) {
        assert_non_null(specimen.packet->trouble);
        assert_string_equal(specimen.packet->trouble, trouble);
    } else {
        assert_null(specimen.packet->trouble);
    }
    drop(&specimen);
}

/* ---- Lies. ---- */

struct lie {
    size_t at;
    unsigned word;
    enum packet_place place; /* The last layer that is reached. */
    const char *trouble;
};

static void tell_lies(struct specimen (*make)(void), const struct lie *lies,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct specimen specimen = make();
        put_word(&specimen, lies[i].at, lies[i].word);
        assert_trouble(specimen, lies[i].place, lies[i].trouble);
    }
}

static struct specimen the_message(void)
{
    return recorded(MESSAGE);
}

static void the_link_layer_may_carry_something_else(void **state)
{
    static const struct lie lies[] = {
        {12, 0x86dd, PACKET_LINK,
         "Type 0x86dd is not IPv4, and not read here."},
        {12, 0x0600, PACKET_LINK,
         "Type 0x0600 is not IPv4, and not read here."},
        {12, 0x05ff, PACKET_LINK,
         "Its type is a length, 1535: a frame not read here."},
    };
    (void)state;
    tell_lies(the_message, lies, G_N_ELEMENTS(lies));
}

static void lies_of_the_internet_layer_are_named(void **state)
{
    static const struct lie lies[] = {
        {14, 0x6500, PACKET_INTERNET,
         "Version 6 is not IPv4, and not read here."},
        {14, 0x4400, PACKET_INTERNET,
         "Its IHL makes a header of 16 bytes, and the least is 20."},
        {14, 0x4000, PACKET_INTERNET,
         "Its IHL makes a header of 0 bytes, and the least is 20."},
        {14, 0x4f00, PACKET_TRANSPORT,
         "Cut off: the header has 20 bytes at least, and here are 4."},
        {16, 19, PACKET_INTERNET,
         "Its total length is 19, less than its header."},
        {16, 20, PACKET_TRANSPORT,
         "Cut off: the header has 20 bytes at least, and here are 0."},
        {16, 65, PACKET_INTERNET,
         "Its total length is 65, and 64 bytes are here."},
        {16, 0xffff, PACKET_INTERNET,
         "Its total length is 65535, and 64 bytes are here."},
        {20, 0x2000, PACKET_INTERNET,
         "It is a fragment, and fragments are not put together here."},
        {20, 0x0001, PACKET_INTERNET,
         "It is a fragment, and fragments are not put together here."},
        {22, 0x4001, PACKET_INTERNET,
         "Protocol 1 is neither TCP nor UDP, and not read here."},
    };
    (void)state;
    tell_lies(the_message, lies, G_N_ELEMENTS(lies));
}

static struct specimen an_acknowledgment(void)
{
    return recorded(ACK);
}

static void a_header_may_claim_more_than_is_here(void **state)
{
    static const struct lie lies[] = {
        {14, 0x4e00, PACKET_INTERNET,
         "Its header has 56 bytes, and 52 are here."},
        {46, 0x9010, PACKET_TRANSPORT,
         "Its header has 36 bytes, and 32 are here."},
        {46, 0x8010, PACKET_TRANSPORT, NULL},
    };
    (void)state;
    tell_lies(an_acknowledgment, lies, G_N_ELEMENTS(lies));
}

static void lies_of_tcp_are_named(void **state)
{
    static const struct lie lies[] = {
        {46, 0x4018, PACKET_TRANSPORT,
         "Its data offset makes a header of 16 bytes, and the least is 20."},
        {46, 0xf018, PACKET_TRANSPORT,
         "Its header has 60 bytes, and 44 are here."},
        {46, 0xb018, PACKET_TRANSPORT,
         "Option 79 does not fit into the header."},
        {46, 0x5018, PACKET_APPLICATION, NULL},
        {54, 0x0800, PACKET_TRANSPORT,
         "Option 8 does not fit into the header."},
        {54, 0x0801, PACKET_TRANSPORT,
         "Option 8 does not fit into the header."},
        {54, 0x080d, PACKET_TRANSPORT,
         "Option 8 does not fit into the header."},
        {54, 0x080b, PACKET_TRANSPORT,
         "Option 138 does not fit into the header."},
        {54, 0x080c, PACKET_APPLICATION, NULL},
    };
    (void)state;
    tell_lies(the_message, lies, G_N_ELEMENTS(lies));
}

/* At the very end of the packet there is nothing behind it to look at. */
static void the_last_option_may_lack_its_length(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 256; kind++) {
        g_autofree char *trouble =
            g_strdup_printf("Option %u does not fit into the header.", kind);
        struct specimen specimen = recorded(ACK);
        memset(specimen.data + TCP + 20, 1, 11);
        specimen.data[TCP + 31] = (uint8_t)kind;
        assert_trouble(specimen, PACKET_TRANSPORT, kind < 2 ? NULL : trouble);
    }
}

static void lies_of_udp_are_named(void **state)
{
    static const struct lie lies[] = {
        {UDP + 4, 7, PACKET_TRANSPORT,
         "Its length is 7, less than its header."},
        {UDP + 4, 22, PACKET_TRANSPORT,
         "Its length is 22, and 21 bytes are here."},
        {UDP + 4, 8, PACKET_TRANSPORT, NULL},
        {UDP + 4, 20, PACKET_APPLICATION, NULL},
    };
    (void)state;
    tell_lies(datagram, lies, G_N_ELEMENTS(lies));
}

static void what_is_behind_the_end_is_padding(void **state)
{
    uint8_t frame[60] = {0};
    struct specimen whole = datagram();
    (void)state;
    memcpy(frame, whole.data, whole.size);
    struct specimen specimen = copy(frame, sizeof frame);
    read_specimen(&specimen, false);
    assert_null(specimen.packet->trouble);
    assert_int_equal(specimen.packet->end, whole.size);
    assert_int_equal(specimen.packet->layers[PACKET_TRANSPORT].sum,
                     PACKET_SUM_RIGHT);
    drop(&specimen);
    drop(&whole);
}

/* ---- Cut off, and damaged. ---- */

static void a_packet_may_end_at_any_byte(void **state)
{
    const struct packet_bytes *bytes = &recording_kept.packets[MESSAGE];
    (void)state;
    for (size_t size = 0; size < bytes->size; size++) {
        g_autofree char *trouble = g_strdup_printf(
            size < TCP ? "Cut off: the header has %d bytes at least, and here "
                         "are %zu."
                       : "Its total length is %d, and %zu bytes are here.",
            size < IP    ? 14
            : size < TCP ? 20
                         : 64,
            size < IP ? size : size - IP);
        assert_trouble(copy(bytes->data, size),
                       size < IP ? PACKET_LINK : PACKET_INTERNET, trouble);
    }
}

static void a_segment_may_end_at_any_byte(void **state)
{
    const struct packet_bytes *bytes = &recording_kept.packets[MESSAGE];
    (void)state;
    for (size_t size = TCP; size <= bytes->size; size++) {
        g_autofree char *trouble = g_strdup_printf(
            size < TCP + 20 ? "Cut off: the header has %d bytes at least, and "
                              "here are %zu."
                            : "Its header has %d bytes, and %zu are here.",
            size < TCP + 20 ? 20 : 32, size - TCP);
        struct specimen specimen = copy(bytes->data, size);
        put_word(&specimen, IP + 2, (unsigned)(size - IP));
        assert_trouble(specimen,
                       size > DATA ? PACKET_APPLICATION : PACKET_TRANSPORT,
                       size < DATA ? trouble : NULL);
    }
}

static void a_datagram_may_end_at_any_byte(void **state)
{
    g_autoptr(GByteArray) made = recording_datagram(false);
    (void)state;
    for (size_t size = 0; size < made->len; size++) {
        struct specimen specimen = copy(made->data, size);
        if (size >= 20)
            put_word(&specimen, 2, (unsigned)size);
        specimen.packet = packet_read(
            (struct packet_bytes){specimen.data, size, true, false});
        assert_sound(specimen.packet);
        assert_non_null(specimen.packet->trouble);
        assert_int_equal(specimen.packet->top,
                         size < 20 ? PACKET_INTERNET : PACKET_TRANSPORT);
        drop(&specimen);
    }
}

/* Whatever it holds, it is sound, and fits on a page. */
static void assert_bearable(struct specimen *specimen)
{
    g_autofree char *page = NULL;
    size_t size;
    FILE *file = open_memstream(&page, &size);
    read_specimen(specimen, true);
    anatomy_print(&(struct anatomy){file, false}, specimen->packet);
    fclose(file);
    g_auto(GStrv) lines = g_strsplit(page, "\n", 0);
    for (int i = 0; lines[i]; i++) {
        assert_true(strlen(lines[i]) <= 80);
        assert_false(g_str_has_suffix(lines[i], " "));
    }
}

static void every_byte_may_have_any_value(void **state)
{
    static const uint8_t values[] = {0,    1,    2,    4,    8,    0x0f,
                                     0x10, 0x3f, 0x40, 0x4f, 0x50, 0x7f,
                                     0x80, 0xf0, 0xfe, 0xff};
    (void)state;
    for (unsigned number = 0; number < recording_kept.count; number++)
        for (size_t at = 0; at < recording_kept.packets[number].size; at++)
            for (size_t i = 0; i < sizeof values; i++) {
                struct specimen specimen = recorded(number);
                specimen.data[at] = values[i];
                assert_bearable(&specimen);
                drop(&specimen);
            }
}

/* Often cut off; and often with a total length that fits again, so that the
 * layers above are reached. */
static void damage(struct specimen *specimen, GRand *dice)
{
    int last = (int)specimen->size;
    if (g_rand_boolean(dice))
        specimen->size = (size_t)g_rand_int_range(dice, 0, last + 1);
    for (int times = g_rand_int_range(dice, 0, 8); times > 0; times--)
        if (specimen->size > 0)
            specimen->data[g_rand_int_range(dice, 0, (int)specimen->size)] =
                (uint8_t)g_rand_int(dice);
    if (specimen->size >= TCP && g_rand_boolean(dice))
        put_word(specimen, IP + 2, (unsigned)(specimen->size - IP));
}

static void damaged_packets_are_borne(void **state)
{
    (void)state;
    for_each_seed (seed, 5000) {
        g_autoptr(GRand) dice = g_rand_new_with_seed((guint32)seed);
        struct specimen whole = g_rand_int_range(dice, 0, 4) == 0
                                    ? datagram()
                                    : recorded((unsigned)g_rand_int_range(
                                          dice, 0, (int)recording_kept.count));
        damage(&whole, dice);
        struct specimen exact = copy(whole.data, whole.size);
        assert_bearable(&exact);
        drop(&exact);
        drop(&whole);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_link_layer_may_carry_something_else),
        cmocka_unit_test(lies_of_the_internet_layer_are_named),
        cmocka_unit_test(a_header_may_claim_more_than_is_here),
        cmocka_unit_test(lies_of_tcp_are_named),
        cmocka_unit_test(the_last_option_may_lack_its_length),
        cmocka_unit_test(lies_of_udp_are_named),
        cmocka_unit_test(what_is_behind_the_end_is_padding),
        cmocka_unit_test(a_packet_may_end_at_any_byte),
        cmocka_unit_test(a_segment_may_end_at_any_byte),
        cmocka_unit_test(a_datagram_may_end_at_any_byte),
        cmocka_unit_test(every_byte_may_have_any_value),
        cmocka_unit_test(damaged_packets_are_borne),
    };
    return test_run(argc, argv, tests);
}
