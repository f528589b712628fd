/*
 * What goes wrong: the tube and the exchanges that show it, and what the demos
 * say of it. How long anything takes is no test's affair; where bytes are, is.
 */
#include "01-sockets/io.h"
#include "01-sockets/wrong/exchange.h"
#include "01-sockets/wrong/tube.h"
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COUNT = 10, COLUMNS = 80 };

/* ---- The tube. ---- */

static struct tube open_tube(struct tube_settings settings)
{
    struct tube tube;
    assert_return_code(tube_open(&tube, settings), errno);
    return tube;
}

static int option(int fd, int level, int name)
{
    int value = 0;
    socklen_t size = sizeof value;
    assert_return_code(getsockopt(fd, level, name, &value, &size), errno);
    return value;
}

static void pour(const struct tube *tube, size_t size)
{
    g_autofree char *bytes = g_malloc0(size);
    assert_int_equal(write_all(tube->client, bytes, size, NEVER), size);
    tube_settle(tube, size);
}

static void neither_end_of_a_tube_blocks(void **state)
{
    (void)state;
    struct tube tube = open_tube((struct tube_settings){0});
    assert_true(fcntl(tube.client, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(tube.server, F_GETFL) & O_NONBLOCK);
    tube_close(&tube);
}

static void a_tube_is_made_as_it_was_asked_for(void **state)
{
    (void)state;
    struct tube tube = open_tube((struct tube_settings){
        .segment = 600, .receive_buffer = 20000, .send_buffer = 30000});
    assert_int_equal(option(tube.server, SOL_SOCKET, SO_RCVBUF), 40000);
    assert_int_equal(option(tube.client, SOL_SOCKET, SO_SNDBUF), 60000);
    assert_in_range(option(tube.client, IPPROTO_TCP, TCP_MAXSEG), 500, 600);
    tube_close(&tube);
}

static void what_was_written_is_unsent_or_arrived(void **state)
{
    enum { MUCH = 10000 };
    (void)state;
    struct tube tube = open_tube(
        (struct tube_settings){.receive_buffer = 1, .send_buffer = 4 * MUCH});
    pour(&tube, MUCH);
    assert_in_range(tube_unsent(&tube), 1, MUCH - 1);
    assert_int_equal(tube_unsent(&tube) + tube_arrived(&tube), MUCH);
    tube_close(&tube);
}

static void where_there_is_room_everything_arrives(void **state)
{
    (void)state;
    struct tube tube = open_tube((struct tube_settings){0});
    pour(&tube, 1000);
    assert_int_equal(tube_arrived(&tube), 1000);
    assert_int_equal(tube_unsent(&tube), 0);
    assert_int_equal(tube_packets(&tube), 1);
    tube_close(&tube);
}

static void small_segments_make_many_packets(void **state)
{
    (void)state;
    struct tube tube = open_tube((struct tube_settings){.segment = 536});
    pour(&tube, 5360);
    assert_in_range(tube_packets(&tube), 10, 20);
    tube_close(&tube);
}

static unsigned open_descriptors(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned count = 0;
    while (g_dir_read_name(dir))
        count++;
    return count;
}

static void a_closed_tube_leaves_nothing_open(void **state)
{
    unsigned before = open_descriptors();
    (void)state;
    struct tube tube = open_tube((struct tube_settings){0});
    assert_int_equal(open_descriptors(), before + 2);
    tube_close(&tube);
    assert_int_equal(open_descriptors(), before);
}

/* So many descriptors more, and no others. */
static struct rlimit allow_descriptors(rlim_t more)
{
    struct rlimit was, limit;
    int next = dup(STDERR_FILENO);
    close(next);
    getrlimit(RLIMIT_NOFILE, &was);
    limit = (struct rlimit){(rlim_t)next + more, was.rlim_max};
    setrlimit(RLIMIT_NOFILE, &limit);
    return was;
}

static void where_no_tube_can_be_opened_nothing_stays_open(void **state)
{
    unsigned before = open_descriptors();
    (void)state;
    for (rlim_t more = 0; more < 3; more++) { /* Listener, client, server. */
        struct rlimit was = allow_descriptors(more);
        struct tube tube = {STDERR_FILENO, STDERR_FILENO}; /* Not to close. */
        int result = tube_open(&tube, (struct tube_settings){0});
        int why = errno;
        setrlimit(RLIMIT_NOFILE, &was);
        assert_int_equal(result, -1);
        assert_int_equal(why, EMFILE);
        assert_int_equal(open_descriptors(), before);
    }
}

/* ---- Exchanges. ---- */

struct talk {
    struct exchange_times exchanges[COUNT];
    unsigned packets;
};

static struct talk talk_in(unsigned writes, bool nodelay)
{
    struct talk talk;
    unsigned before = open_descriptors();
    struct exchange_way way = {.writes = writes, .nodelay = nodelay};
    assert_return_code(exchange_run(&way, talk.exchanges, COUNT, &talk.packets),
                       errno);
    assert_int_equal(open_descriptors(), before);
    return talk;
}

/* In how many of them were so many bytes held back? */
static unsigned held(const struct talk *talk, size_t bytes)
{
    unsigned count = 0;
    for (int i = 0; i < COUNT; i++)
        count += talk->exchanges[i].held == bytes;
    return count;
}

static void exchanges_follow_each_other(void **state)
{
    nsec last = 0;
    (void)state;
    struct talk talk = talk_in(1, false);
    for (int i = 0; i < COUNT; i++) {
        assert_true(talk.exchanges[i].began >= last);
        assert_true(talk.exchanges[i].ended > talk.exchanges[i].began);
        last = talk.exchanges[i].ended;
    }
}

static void nagle_holds_the_body_back(void **state)
{
    (void)state;
    struct talk talk = talk_in(2, false);
    assert_in_range(held(&talk, EXCHANGE_BODY), 1, COUNT);
    assert_int_equal(held(&talk, EXCHANGE_BODY) + held(&talk, 0), COUNT);
}

static void without_nagle_nothing_is_held_back(void **state)
{
    (void)state;
    struct talk talk = talk_in(2, true);
    assert_int_equal(held(&talk, 0), COUNT);
    assert_true(talk.packets >= 2 * COUNT);
}

static void one_write_is_one_packet_and_not_held_back(void **state)
{
    (void)state;
    struct talk talk = talk_in(1, false);
    assert_int_equal(held(&talk, 0), COUNT);
    assert_in_range(talk.packets, COUNT, 2 * COUNT - 1);
}

/* ---- What the demos say. ---- */

static GString *said; /* Their lines, joined by blanks. */

static int open_said(void **state)
{
    (void)state;
    said = g_string_new(NULL);
    return 0;
}

static int close_said(void **state)
{
    (void)state;
    g_string_free(said, TRUE);
    return 0;
}

static void expect_plain(const char *line)
{
    if (g_utf8_strlen(line, -1) > COLUMNS)
        fail_msg("longer than %d columns: %s", COLUMNS, line);
    for (const char *at = line; *at; at++)
        if (g_ascii_iscntrl(*at))
            fail_msg("not plain: %s", line);
}

static void listen_to(struct actor *actor)
{
    for (char *line; (line = actor_await(actor, "", 60 * SEC));) {
        expect_plain(line);
        g_string_append_printf(said, "%s ", line);
        g_free(line);
    }
}

static void watch(const char *program)
{
    struct stage *stage = stage_new();
    struct actor *actor = stage_start(stage, program, NULL);
    assert_non_null(actor);
    listen_to(actor);
    assert_int_equal(actor_wait(actor, 60 * SEC), 0);
    g_autofree char *errors = actor_errors(actor);
    assert_string_equal(errors, "");
    stage_free(stage);
}

/* What was said from @p text on. */
static const char *from(const char *text)
{
    const char *at = strstr(said->str, text);
    if (!at)
        fail_msg("nothing is said of \"%s\", but: %s", text, said->str);
    return at + strlen(text);
}

/* The number that was said after @p text. */
static unsigned number(const char *text)
{
    const char *at = from(text);
    unsigned value = 0;
    if (sscanf(at, " %u", &value) != 1)
        fail_msg("no number after \"%s\": %.40s", text, at);
    return value;
}

/* What the receiver that takes one recv for one message takes for @p name. */
static char *taken_for(char name)
{
    g_autofree char *text = g_strdup_printf("It takes for %c: ", name);
    const char *at = from(text);
    return g_strndup(at, strcspn(at, "."));
}

/* In how many packets came what a recv gave? */
static unsigned packets_of(const char *row)
{
    unsigned packets = 0;
    assert_int_equal(sscanf(from(row), " %*u %*u %u", &packets), 1);
    return packets;
}

static void one_recv_is_not_one_message(void **state)
{
    (void)state;
    watch("demo_cut");
    unsigned size = number("three messages:");
    unsigned packet = number("One packet carries");
    unsigned first = number("It takes for a:");
    assert_in_range(first, packet, size - 1);
    assert_int_equal(first % packet, 0); /* Cut at a packet's edge. */
    assert_int_equal(packets_of("recv 1"), first / packet);
    g_autofree char *second = taken_for('b');
    assert_non_null(strstr(second, "bytes of a, "));
    assert_non_null(strstr(second, "bytes of b, "));
    assert_int_equal(number("It takes for b:"), size - first);
}

/* A row of read_all: so many wanted, as many read, and nothing but them. */
static void expect_whole(const char *row, unsigned size)
{
    const char letters[] = {row[2], '\0'};
    const char *at = from(row);
    unsigned wanted, got;
    assert_int_equal(sscanf(at, " %u %u", &wanted, &got), 2);
    assert_int_equal(wanted, size);
    assert_int_equal(got, size);
    at = strchr(at, '[') + 1;
    assert_int_equal(at[strspn(at, letters)], ']');
}

static void who_knows_how_long_a_message_is_reads_it(void **state)
{
    (void)state;
    watch("demo_cut");
    expect_whole("  a        ", number("three messages:"));
    expect_whole("  b        ", number("bytes of a,"));
    expect_whole("  c        ", number("of b,"));
}

struct run {
    unsigned held, packets;
};

static struct run run_of(const char *row)
{
    struct run run = {0};
    const char *at = from(row);
    if (sscanf(at, " %*f ms %u of 10 held back %u packets", &run.held,
               &run.packets) != 2)
        fail_msg("no such row: %s %.50s", row, at);
    return run;
}

static void nagle_makes_a_stair_and_both_cures_remove_it(void **state)
{
    (void)state;
    watch("demo_nagle");
    struct run stair = run_of("header, body   "),
               nodelay = run_of("the same, TCP_NODELAY   "),
               single = run_of("both in one write   ");
    assert_in_range(stair.held, 1, COUNT);
    assert_int_equal(number("connection is new:"), COUNT - stair.held);
    assert_int_equal(nodelay.held, 0);
    assert_int_equal(single.held, 0);
    assert_true(single.packets < nodelay.packets);
}

static void a_slow_reader_stops_the_sender(void **state)
{
    (void)state;
    watch("demo_slow");
    unsigned held = number("The kernels took");
    unsigned here = number("KiB unread,"), there = number("here and");
    assert_in_range(held, here + there, here + there + 1); /* Rounded down. */
    assert_true(here > 0 && there > 0);
    assert_true(from(" 0 KiB EAGAIN ") < from("]  32 KiB "));
    assert_true(number("has written") > 0);
    assert_true(number("has written") < number("KiB of the"));
    assert_true(number("In the end") > held * 1024);
    assert_int_equal(number("In the end"), number("bytes are written and"));
}

#define DEMO(sentence) \
    cmocka_unit_test_setup_teardown(sentence, open_said, close_said)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neither_end_of_a_tube_blocks),
        cmocka_unit_test(a_tube_is_made_as_it_was_asked_for),
        cmocka_unit_test(what_was_written_is_unsent_or_arrived),
        cmocka_unit_test(where_there_is_room_everything_arrives),
        cmocka_unit_test(small_segments_make_many_packets),
        cmocka_unit_test(a_closed_tube_leaves_nothing_open),
        cmocka_unit_test(where_no_tube_can_be_opened_nothing_stays_open),
        cmocka_unit_test(exchanges_follow_each_other),
        cmocka_unit_test(nagle_holds_the_body_back),
        cmocka_unit_test(without_nagle_nothing_is_held_back),
        cmocka_unit_test(one_write_is_one_packet_and_not_held_back),
        DEMO(one_recv_is_not_one_message),
        DEMO(who_knows_how_long_a_message_is_reads_it),
        DEMO(nagle_makes_a_stair_and_both_cures_remove_it),
        DEMO(a_slow_reader_stops_the_sender),
    };
    return test_run(argc, argv, tests);
}
