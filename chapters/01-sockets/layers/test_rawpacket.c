/* Datagrams by hand: are they what an IP and UDP stack takes for right? */
#include "01-sockets/layers/packet.h"
#include "01-sockets/layers/rawpacket.h"
#include "01-sockets/layers/recording.h"
#include "common/judge/test.h"
#include <errno.h>
#include <string.h>

static struct packet_view *read_bare(const GByteArray *made)
{
    return packet_read(
        (struct packet_bytes){made->data, made->len, true, false});
}

/* Takes the packet. */
static void assert_sums(struct packet_view *packet, enum packet_sum internet,
                        enum packet_sum transport)
{
    assert_int_equal(packet->layers[PACKET_INTERNET].sum, internet);
    assert_int_equal(packet->layers[PACKET_TRANSPORT].sum, transport);
    packet_free(packet);
}

static struct rawpacket between(const char *from, const char *to)
{
    struct rawpacket raw = {.id = 7};
    assert_true(address_parse(&raw.from, from, NULL));
    assert_true(address_parse(&raw.to, to, NULL));
    return raw;
}

static void whatever_is_made_by_hand_is_right(void **state)
{
    struct rawpacket raw = between("192.0.2.1:1", "198.51.100.255:65535");
    uint8_t data[64];
    (void)state;
    memset(data, 0xc3, sizeof data);
    for (size_t length = 0; length <= sizeof data; length++) {
        g_autoptr(GByteArray) made = rawpacket_udp(&raw, data, length);
        struct packet_view *packet = read_bare(made);
        assert_null(packet->trouble);
        assert_int_equal(made->len, 28 + length);
        assert_int_equal(packet->layers[PACKET_APPLICATION].size, length);
        assert_string_equal(
            packet_find(packet, PACKET_INTERNET, "source")->value, "192.0.2.1");
        assert_string_equal(
            packet_find(packet, PACKET_INTERNET, "destination")->value,
            "198.51.100.255");
        assert_int_equal(packet_number(packet, PACKET_TRANSPORT, "dest. port"),
                         65535);
        assert_sums(packet, PACKET_SUM_RIGHT, PACKET_SUM_RIGHT);
    }
}

/* The checksum of two zeros, in their place, makes the sum ffff. */
static void a_checksum_of_zero_is_sent_as_ffff(void **state)
{
    struct rawpacket raw = between("127.0.0.1:4000", "127.0.0.1:7000");
    (void)state;
    g_autoptr(GByteArray) zeros = rawpacket_udp(&raw, "\0", 2);
    g_autoptr(GByteArray) made = rawpacket_udp(&raw, zeros->data + 26, 2);
    struct packet_view *packet = read_bare(made);
    assert_int_equal(packet_number(packet, PACKET_TRANSPORT, "checksum"),
                     0xffff);
    assert_int_equal(packet->layers[PACKET_TRANSPORT].proper, 0xffff);
    assert_sums(packet, PACKET_SUM_RIGHT, PACKET_SUM_RIGHT);
}

static void what_cannot_be_sent_is_not_sent(void **state)
{
    g_autoptr(GByteArray) made = recording_datagram(false);
    (void)state;
    assert_int_equal(rawpacket_send(-1, made), -1);
    assert_int_equal(errno, EBADF);
}

static void the_damaged_datagram_differs_in_one_bit(void **state)
{
    g_autoptr(GByteArray) good = recording_datagram(false);
    g_autoptr(GByteArray) damaged = recording_datagram(true);
    (void)state;
    assert_int_equal(good->len, damaged->len);
    assert_int_equal(good->data[28] ^ damaged->data[28], 1);
    assert_sums(read_bare(damaged), PACKET_SUM_RIGHT, PACKET_SUM_WRONG);
    damaged->data[28] ^= 1;
    assert_memory_equal(good->data, damaged->data, good->len);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_is_made_by_hand_is_right),
        cmocka_unit_test(a_checksum_of_zero_is_sent_as_ffff),
        cmocka_unit_test(what_cannot_be_sent_is_not_sent),
        cmocka_unit_test(the_damaged_datagram_differs_in_one_bit),
    };
    return test_run(argc, argv, tests);
}
