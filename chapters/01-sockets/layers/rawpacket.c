#include "01-sockets/layers/rawpacket.h"
#include "01-sockets/checksum.h"
#include <netinet/in.h>
#include <string.h>

enum { IP = 20, UDP = 8, IP_SUM = 10, UDP_SUM = 6, IP_TO = 16 };
enum { DONT_FRAGMENT = 0x4000, HOPS = 64 };

static void add_byte(GByteArray *packet, uint8_t byte)
{
    g_byte_array_append(packet, &byte, 1);
}

/* The high byte first: *network byte order*. */
static void add_word(GByteArray *packet, size_t word)
{
    add_byte(packet, (uint8_t)(word >> 8));
    add_byte(packet, (uint8_t)word);
}

static void put_word(GByteArray *packet, size_t at, unsigned word)
{
    packet->data[at] = (uint8_t)(word >> 8);
    packet->data[at + 1] = (uint8_t)word;
}

static const struct sockaddr_in *ipv4_of(const struct address *address)
{
    g_assert(address->storage.ss_family == AF_INET);
    return (const struct sockaddr_in *)&address->storage;
}

/* Both are in network byte order already. */
static void add_host(GByteArray *packet, const struct address *address)
{
    g_byte_array_append(packet,
                        (const uint8_t *)&ipv4_of(address)->sin_addr.s_addr, 4);
}

static void add_port(GByteArray *packet, const struct address *address)
{
    g_byte_array_append(packet, (const uint8_t *)&ipv4_of(address)->sin_port,
                        2);
}

static void add_ip(GByteArray *packet, const struct rawpacket *raw, size_t size)
{
    struct checksum sum = {0};
    add_byte(packet, 4 << 4 | IP / 4); /* Version, words of header. */
    add_byte(packet, 0);               /* DSCP, ECN. */
    add_word(packet, IP + size);
    add_word(packet, raw->id);
    add_word(packet, DONT_FRAGMENT);
    add_byte(packet, HOPS);
    add_byte(packet, IPPROTO_UDP);
    add_word(packet, 0); /* The checksum, until it is known. */
    add_host(packet, &raw->from);
    add_host(packet, &raw->to);
    checksum_add(&sum, packet->data, IP);
    put_word(packet, IP_SUM, checksum_finish(&sum));
}

GByteArray *rawpacket_udp(const struct rawpacket *raw, const void *data,
                          size_t size)
{
    GByteArray *packet = g_byte_array_new();
    struct checksum sum = {0};
    g_assert(size <= UINT16_MAX - IP - UDP);
    add_ip(packet, raw, UDP + size);
    add_port(packet, &raw->from);
    add_port(packet, &raw->to);
    add_word(packet, UDP + size);
    add_word(packet, 0); /* The checksum, until it is known. */
    if (size > 0)
        g_byte_array_append(packet, data, (guint)size);
    checksum_add_pseudo(&sum, packet->data + 12, IPPROTO_UDP,
                        (uint16_t)(UDP + size));
    checksum_add(&sum, packet->data + IP, UDP + size);
    put_word(packet, IP + UDP_SUM, checksum_finish_udp(&sum));
    return packet;
}

int rawpacket_open(void)
{
    return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
}

int rawpacket_send(int fd, const GByteArray *packet)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    memcpy(&to.sin_addr, packet->data + IP_TO, 4);
    ssize_t sent = sendto(fd, packet->data, packet->len, 0,
                          (const struct sockaddr *)&to, sizeof to);
    return sent < 0 ? -1 : 0;
}
