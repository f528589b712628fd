/*
 * What is too much for a door: clients, commands, replies, memory; and that
 * those who want less notice nothing.
 */
#include "02-framing/door/test_door.h"
#include "common/course/allocated.h"

#define MEGABYTE ((size_t)1 << 20)

static char *reply; /* A long one. */

static void make_reply(size_t size)
{
    g_autofree char *text = g_strnfill(size, 'x');
    reply = g_strdup_printf("$%zu\r\n%s\r\n", size, text);
}

static int close_it(void **state)
{
    (void)state;
    close_place();
    g_clear_pointer(&reply, g_free);
    return 0;
}

static int open_for_two(void **state)
{
    (void)state;
    open_place((struct door_settings){.clients = 2});
    return 0;
}

static int open_narrow(void **state)
{
    (void)state;
    open_place(
        (struct door_settings){.most = MEGABYTE, .memory = 3 * MEGABYTE});
    return 0;
}

static int open_default(void **state)
{
    (void)state;
    open_place((struct door_settings){.patience = 10 * SEC});
    return 0;
}

/* Send the beginning of a command, @p size bytes, unless the client is cut. */
static void fill(int fd, size_t size)
{
    g_autofree char *bytes = g_strnfill(size, 'x');
    memcpy(bytes, "*1\r\n$1000000\r\n", 14);
    for (size_t sent = 0, piece; sent < size; sent += piece) {
        piece = MIN(size - sent, 50000);
        send(fd, bytes + sent, piece, MSG_DONTWAIT | MSG_NOSIGNAL);
        turn();
    }
}

/* Whatever @p fd has to read, until nothing comes any more. */
static size_t read_all(int fd)
{
    size_t sum = 0, size;
    do {
        turn();
        now += 2 * MSEC;
        g_autofree char *text = read_some(fd, SIZE_MAX);
        size = strlen(text);
        sum += size;
    } while (size > 0 && sum < 100 * MEGABYTE);
    return sum;
}

/* ---- Clients. ---- */

static void too_many_clients_are_told_so(void **state)
{
    (void)state;
    int first = come(), second = come(), third = come();
    expect_told(third, "-ERR max number of clients reached\r\n(end)");
    assert_int_equal(present(), 2);
    assert_int_equal(door_counts(door).refused, 1);
    assert_int_equal(door_counts(door).visits, 2);
    close(first);
    turn();
    int fourth = come();
    tell(fourth, "one\r\n");
    expect_heard("*1|$3|one|;");
    expect_told(second, "");
    close(second);
    close(third);
    close(fourth);
}

static void a_closed_door_keeps_who_is_here(void **state)
{
    (void)state;
    int fd = come();
    door_close(door);
    int late = net_connect(&place);
    assert_true(late < 0);
    tell(fd, "one\r\n");
    expect_heard("*1|$3|one|;");
    answer(service.last, "+1\r\n");
    expect_told(fd, "+1\r\n");
    close(fd);
}

/* ---- Replies. ---- */

static void a_reply_without_room_cuts(void **state)
{
    (void)state;
    make_reply(MEGABYTE - 100);
    int fd = come(), other = come();
    tell(other, "one\r\n");
    node_id patient = service.last;
    tell(fd, "two\r\nthree\r\n");
    node_id greedy = service.last;
    answer(greedy, reply);
    assert_int_equal(present(), 2);
    answer(greedy, reply);
    assert_int_equal(present(), 1);
    assert_int_equal(door_counts(door).cut, 1);
    answer(greedy, "+late\r\n");
    answer(patient, "+1\r\n");
    expect_told(other, "+1\r\n");
    expect_heard("*1|$3|one|;*1|$3|two|*1|$5|three|;bye;");
    close(fd);
    close(other);
}

/* Of 10 kB each, to 2000 commands: 20 MB would be made. */
static void who_never_reads_costs_a_bounded_memory(void **state)
{
    (void)state;
    make_reply(10000);
    service.answer = reply;
    int fd = come(), other = come();
    g_autoptr(GString) flood = g_string_new(NULL);
    for (int i = 0; i < 100; i++)
        g_string_append(flood, "*1\r\n$1\r\nx\r\n");
    size_t before = allocated_bytes();
    for (int i = 0; i < 20; i++) {
        tell_bytes(fd, flood->str, flood->len);
        now += MSEC;
    }
    assert_true(allocated_bytes() < before + 6 * MEGABYTE);
    assert_true(door_counts(door).commands < 500);
    tell(other, "PING\r\n");
    g_autofree char *told = read_some(other, SIZE_MAX);
    assert_string_equal(told, reply);
    assert_int_equal(read_all(fd), 2000 * strlen(reply));
    assert_int_equal(door_counts(door).commands, 2001);
    assert_int_equal(door_counts(door).cut, 0);
    close(fd);
    close(other);
}

/* Asks twice, and has a long reply to the first that it does not read. */
static int pile_up(void)
{
    int fd = come();
    tell(fd, "one\r\n");
    tell(fd, "two\r\n");
    answer(service.last, reply);
    turn();
    return fd;
}

static void what_is_unread_is_known(void **state)
{
    (void)state;
    make_reply(2 * MEGABYTE);
    int fd = pile_up();
    node_id client = service.last;
    size_t unread = door_unread(door, client);
    assert_in_range(unread, MEGABYTE, strlen(reply));
    assert_int_equal(door_unread(door, client + 1), 0);
    g_free(read_some(fd, strlen(reply) - unread));
    turn();
    assert_in_range(door_unread(door, client), 1, unread - 1);
    read_all(fd);
    assert_int_equal(door_unread(door, client), 0);
    close(fd);
    turn();
    assert_int_equal(door_unread(door, client), 0);
}

static void who_never_reads_costs_no_work(void **state)
{
    (void)state;
    make_reply(2 * MEGABYTE);
    int fd = pile_up();
    clock_reads = 0;
    for (int i = 0; i < 100; i++)
        loop_turn(host_loop(host), 0);
    assert_in_range(clock_reads, 0, 200);
    close(fd);
}

static void others_that_pile_up_put_off_nobody(void **state)
{
    (void)state;
    make_reply(2 * MEGABYTE);
    int reader = pile_up(), other = pile_up();
    for (size_t sum = 0, size; sum < strlen(reply); sum += size) {
        g_autofree char *text = read_some(reader, SIZE_MAX);
        size = strlen(text);
        now += MSEC;
        tell(other, "x");
    }
    for (int i = 0; i < 5; i++) {
        now += MSEC;
        tell(other, "x");
    }
    expect_heard("*1|$3|one|;*1|$3|one|;*1|$3|two|;");
    close(reader);
    close(other);
}

static void who_never_reads_is_cut_in_time(void **state)
{
    (void)state;
    make_reply(2 * MEGABYTE);
    int fd = come();
    pass(100 * SEC);
    tell(fd, "one\r\n");
    answer(service.last, reply);
    pass(9 * SEC);
    assert_int_equal(present(), 1);
    pass(3 * SEC);
    assert_int_equal(present(), 0);
    assert_int_equal(door_counts(door).cut, 1);
    expect_heard("*1|$3|one|;bye;");
    close(fd);
}

static void who_reads_slowly_is_not_cut(void **state)
{
    (void)state;
    make_reply(2 * MEGABYTE);
    int fd = come();
    tell(fd, "one\r\nquit\r\n");
    answer(service.last, reply);
    answer(service.last, "+2\r\n");
    for (bool ended = false; !ended;) {
        assert_int_equal(present(), 1);
        g_autofree char *text = read_some(fd, 100000);
        ended = g_str_has_suffix(text, "+2\r\n(end)");
        pass(2 * SEC);
    }
    assert_int_equal(door_counts(door).cut, 0);
    close(fd);
}

/* ---- Memory. ---- */

static void who_wants_more_than_there_is_is_cut_alone(void **state)
{
    (void)state;
    int fds[4];
    for (int i = 0; i < 4; i++)
        fds[i] = come();
    for (int i = 0; i < 3; i++)
        fill(fds[i], 900000);
    tell(fds[3], "one\r\n");
    expect_heard("*1|$3|one|;");
    answer(service.last, "+1\r\n");
    expect_told(fds[3], "+1\r\n");
    fill(fds[3], 440000);
    assert_int_equal(present(), 4);
    fill(fds[3], 50000);
    assert_int_equal(present(), 3);
    assert_int_equal(door_counts(door).cut, 1);
    assert_int_equal(door_counts(door).malformed, 0);
    int fd = come();
    tell(fd, "two\r\n"); /* What he had kept is free again. */
    expect_heard("bye;*1|$3|two|;");
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    close(fd);
}

/* Two of them want more in one turn, and one of them is enough. */
static void one_cut_makes_room_for_the_others(void **state)
{
    (void)state;
    int fds[5];
    for (int i = 0; i < 5; i++) {
        fds[i] = come();
        fill(fds[i], 600000);
    }
    g_autofree char *more = g_strnfill(100000, 'x');
    for (int i = 0; i < 5; i++)
        send(fds[i], more, 100000, MSG_DONTWAIT | MSG_NOSIGNAL);
    assert_int_equal(present(), 4);
    assert_int_equal(door_counts(door).cut, 1);
    for (int i = 0; i < 5; i++)
        close(fds[i]);
}

/* Each has little that waits, but they are many. */
static void many_small_rests_are_counted(void **state)
{
    (void)state;
    int fds[80];
    for (int i = 0; i < 80; i++) {
        fds[i] = come();
        fill(fds[i], 50000);
    }
    assert_in_range(present(), 60, 63); /* Three megabytes. */
    for (int i = 0; i < 80; i++)
        close(fds[i]);
}

/* A run that is not answered is kept by who shall answer it. */
static void runs_under_way_are_counted(void **state)
{
    (void)state;
    int fds[4];
    static char tail[1000000 - 900000 + 16];
    memset(tail, 'x', sizeof tail);
    memcpy(tail + sizeof tail - 2, "\r\n", 2);
    for (int i = 0; i < 4; i++) {
        fds[i] = come();
        fill(fds[i], 900000);
        if (i < 3)
            tell_bytes(fds[i], tail, sizeof tail);
        assert_int_equal(service.messages, MIN(i + 1, 3));
    }
    assert_int_equal(present(), 3);
    answer(service.last, "+1\r\n");
    int fd = come();
    fill(fd, 900000);
    assert_int_equal(present(), 4);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    close(fd);
}

/* An empty word is six bytes, and the parser remembers it by some more: all in
 * all less than a fifth of this is what came. */
static void what_was_read_so_far_is_counted(void **state)
{
    (void)state;
    int fds[4];
    g_autoptr(GString) words = g_string_new("*1000000\r\n");
    for (int i = 0; i < 20000; i++)
        g_string_append(words, "$0\r\n\r\n");
    for (int i = 0; i < 4; i++) {
        fds[i] = come();
        tell_bytes(fds[i], words->str, words->len);
    }
    assert_int_equal(present(), 4);
    int fd = come();
    fill(fd, 200000);
    assert_int_equal(present(), 4);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    close(fd);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#define IN(open, test) cmocka_unit_test_setup_teardown(test, open, close_it)
        IN(open_for_two, too_many_clients_are_told_so),
        IN(open_default, a_closed_door_keeps_who_is_here),
        IN(open_narrow, a_reply_without_room_cuts),
        IN(open_default, who_never_reads_costs_a_bounded_memory),
        IN(open_default, what_is_unread_is_known),
        IN(open_default, who_never_reads_costs_no_work),
        IN(open_default, others_that_pile_up_put_off_nobody),
        IN(open_default, who_never_reads_is_cut_in_time),
        IN(open_default, who_reads_slowly_is_not_cut),
        IN(open_narrow, who_wants_more_than_there_is_is_cut_alone),
        IN(open_narrow, one_cut_makes_room_for_the_others),
        IN(open_narrow, many_small_rests_are_counted),
        IN(open_narrow, runs_under_way_are_counted),
        IN(open_narrow, what_was_read_so_far_is_counted),
    };
    return test_run(argc, argv, tests);
}
