/*
 * A network of one's own, and what can be done there: packets captured, and
 * packets made by hand. Each test is done by a child, for there is no way back.
 */
#include "01-sockets/io.h"
#include "01-sockets/layers/capture.h"
#include "01-sockets/layers/island.h"
#include "01-sockets/layers/rawpacket.h"
#include "01-sockets/layers/recording.h"
#include "01-sockets/net.h"
#include "common/judge/test.h"
#include "common/world/clock.h"
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ETHERNET = 14, FORBIDDEN = 77 };

/* ---- In a child. ---- */

static int try(bool (*deed)(void))
{
    g_autoptr(GError) error = NULL;
    if (island_enter(&error))
        return deed() ? 0 : 1;
    printf("This machine allows no network of one's own: %s.\n",
           error->message);
    fflush(stdout);
    return FORBIDDEN;
}

static void assert_done(bool (*deed)(void))
{
    int status = -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(try(deed));
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == FORBIDDEN)
        skip();
    assert_int_equal(status, 0);
}

/* ---- What is there. ---- */

static bool is_alone(void)
{
    struct if_nameindex *devices = if_nameindex();
    unsigned count = 0, loopbacks = 0;
    for (; devices[count].if_index; count++)
        loopbacks += strcmp(devices[count].if_name, "lo") == 0;
    if_freenameindex(devices);
    return loopbacks == 1 && island_counter("Udp", "InDatagrams") == 0;
}

/* Some kernels put tunnels into every new network: they lead nowhere. */
static void an_island_has_a_loopback_and_no_past(void **state)
{
    (void)state;
    assert_done(is_alone);
}

static bool knows_its_counters(void)
{
    return island_counter("Ip", "DefaultTTL") > 0 &&
           island_counter("Tcp", "InErrs") == 0 &&
           island_counter("Udp", "InErrors") == 0 &&
           island_counter("Udp", "DefaultTTL") == -1 &&
           island_counter("Pigeon", "InErrors") == -1;
}

static void a_counter_is_known_by_its_name(void **state)
{
    (void)state;
    assert_done(knows_its_counters);
}

/* ---- What can be done. ---- */

static nsec soon(void)
{
    return clock_monotonic() + 30 * SEC;
}

static bool send_datagram(bool damaged)
{
    g_autoptr(GByteArray) made = recording_datagram(damaged);
    int raw = rawpacket_open();
    bool sent = raw >= 0 && rawpacket_send(raw, made) == 0;
    close(raw);
    return sent;
}

static bool captures_what_was_made(void)
{
    g_autoptr(GByteArray) made = recording_datagram(true);
    struct packet_bytes bytes;
    int tap = capture_open("lo");
    if (!send_datagram(true) || capture_next(tap, &bytes, soon()) < 0)
        return false;
    bool same = bytes.size == ETHERNET + made->len &&
                memcmp(bytes.data + ETHERNET, made->data, made->len) == 0 &&
                !bytes.unfinished && !bytes.bare;
    g_free((void *)bytes.data);
    close(tap);
    return same;
}

static void what_is_made_by_hand_is_captured_as_it_was_made(void **state)
{
    (void)state;
    assert_done(captures_what_was_made);
}

static bool claims_another_sender(void)
{
    struct rawpacket raw = {.id = 7};
    struct packet_bytes bytes;
    address_parse(&raw.from, "192.0.2.1:4000", NULL);
    address_parse(&raw.to, "127.0.0.1:7000", NULL);
    g_autoptr(GByteArray) made = rawpacket_udp(&raw, "x", 1);
    int tap = capture_open("lo"), fd = rawpacket_open();
    if (rawpacket_send(fd, made) < 0 || capture_next(tap, &bytes, soon()) < 0)
        return false;
    bool same = bytes.size == ETHERNET + made->len &&
                memcmp(bytes.data + ETHERNET, made->data, made->len) == 0;
    g_free((void *)bytes.data);
    return same;
}

static void a_sender_by_hand_may_claim_any_address(void **state)
{
    (void)state;
    assert_done(claims_another_sender);
}

static bool is_patient(void)
{
    struct packet_bytes bytes;
    int tap = capture_open("lo");
    return tap >= 0 && capture_next(tap, &bytes, clock_monotonic()) == -1 &&
           errno == ETIMEDOUT && !bytes.data;
}

static void a_capture_waits_until_its_deadline(void **state)
{
    (void)state;
    assert_done(is_patient);
}

static bool refuses_devices(void)
{
    return capture_open("no-device") == -1 && errno == ENODEV;
}

static void only_a_device_can_be_captured(void **state)
{
    (void)state;
    assert_done(refuses_devices);
}

/* Sent one behind the other: had the first come, it would be there. */
static bool counts_damage(void)
{
    struct address at;
    char text[64];
    int64_t before = island_counter("Udp", "InCsumErrors");
    address_parse(&at, "127.0.0.1:7000", NULL);
    int receiver = net_bind(&at);
    return send_datagram(true) && send_datagram(false) &&
           wait_ready(receiver, POLLIN, soon()) == 0 &&
           recv(receiver, text, sizeof text, 0) == 13 &&
           memcmp(text, "Made by hand.", 13) == 0 &&
           recv(receiver, text, sizeof text, 0) == -1 &&
           island_counter("Udp", "InCsumErrors") == before + 1;
}

static void a_damaged_datagram_is_counted_and_not_received(void **state)
{
    (void)state;
    assert_done(counts_damage);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_island_has_a_loopback_and_no_past),
        cmocka_unit_test(a_counter_is_known_by_its_name),
        cmocka_unit_test(what_is_made_by_hand_is_captured_as_it_was_made),
        cmocka_unit_test(a_sender_by_hand_may_claim_any_address),
        cmocka_unit_test(a_capture_waits_until_its_deadline),
        cmocka_unit_test(only_a_device_can_be_captured),
        cmocka_unit_test(a_damaged_datagram_is_counted_and_not_received),
    };
    return test_run(argc, argv, tests);
}
