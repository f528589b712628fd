/* A connection that comes back, and a server that does what it should not. */
#include "04-queues/server/redial.h"
#include "04-queues/server/test_script.h"

#define PATIENCE_HERE (4 * SEC)

enum { MOST_HERE = 100000 };

static struct redial *redial;
static GString *told; /* What the owner was told. */
static size_t left;   /* Bytes that it wants to write. */

static void on_up(void *self)
{
    (void)self;
    g_string_append(told, "up;");
}

static void on_down(void *self)
{
    (void)self;
    g_string_append(told, "down;");
}

static void on_value(void *self, const uint8_t *data,
                     const struct resp_item *items, size_t count)
{
    (void)self;
    g_string_append_printf(told, "%c%.*s/%zu;", items->type, (int)items->size,
                           (const char *)data + items->at, count);
    if (items->size == 3 && memcmp(data + items->at, "bad", 3) == 0)
        redial_hang_up(redial);
}

static void on_silence(void *self)
{
    static const char ping[] = "PING\r\n";
    (void)self;
    g_string_append(told, "silence;");
    redial_write(redial, ping, strlen(ping));
}

static void write_on(void)
{
    static const char blanks[MOST_HERE];
    left -= redial_write(redial, blanks, MIN(left, sizeof blanks));
}

static void on_room(void *self)
{
    (void)self;
    g_string_append(told, "room;");
}

static void open_redial(void)
{
    struct redial_owner owner = {on_up,   on_value, on_room,  on_silence,
                                 on_down, NULL,     MOST_HERE};
    open_world();
    told = g_string_new(NULL);
    redial = redial_new(loop, &place, PATIENCE_HERE, owner);
}

static void close_redial(void)
{
    redial_free(redial);
    g_string_free(told, TRUE);
    close_world();
}

#define expect_told(text)                     \
    do {                                      \
        turn();                               \
        assert_string_equal(told->str, text); \
        g_string_truncate(told, 0);           \
    } while (0)

/* How long until the next connection. */
static nsec wait_for_visit(int *fd)
{
    nsec start = now;
    while ((*fd = next_visit()) < 0) {
        assert_true(now < start + 10 * SEC);
        now += MSEC / 2;
    }
    return now - start;
}

/* ---- Up. ---- */

static void it_is_up_when_the_greeting_is_answered(void **state)
{
    (void)state;
    open_redial();
    int fd = next_visit();
    expect_said(fd, "HELLO 3;");
    expect_told("");
    assert_false(redial_is_up(redial));
    say(fd, HELLO_ANSWER);
    expect_told("up;");
    assert_true(redial_is_up(redial));
    close(fd);
    close_redial();
}

static void values_come_one_by_one_however_they_are_cut(void **state)
{
    static const char values[] =
        HELLO_ANSWER "+OK\r\n>2\r\n$1\r\na\r\n:5\r\n$3\r\nx\r\n\r\n:-7\r\n";
    (void)state;
    for (size_t cut = 0; cut < strlen(values); cut++) {
        open_redial();
        int fd = next_visit();
        expect_said(fd, "HELLO 3;");
        say_bytes(fd, values, cut);
        say(fd, values + cut);
        expect_told("up;+OK/1;>/3;$x\r\n/1;:/1;");
        close(fd);
        close_redial();
    }
}

static void nothing_is_written_while_it_is_down(void **state)
{
    (void)state;
    open_redial();
    assert_int_equal(redial_write(redial, "PING\r\n", 6), 0);
    int fd = next_visit();
    assert_int_equal(redial_write(redial, "PING\r\n", 6), 0);
    expect_said(fd, "HELLO 3;");
    say(fd, HELLO_ANSWER);
    assert_int_equal(redial_write(redial, "PING\r\n", 6), 6);
    expect_said(fd, "PING;");
    close(fd);
    turn();
    assert_int_equal(redial_write(redial, "PING\r\n", 6), 0);
    close_redial();
}

static void who_found_no_room_hears_of_it(void **state)
{
    static char room[1 << 16];
    (void)state;
    open_redial();
    int fd = greet();
    expect_told("up;");
    left = 4 << 20;
    for (size_t before = 0; before != left; turn()) {
        before = left;
        write_on();
    }
    assert_true(left > 0);
    expect_told("");
    while (recv(fd, room, sizeof room, 0) > 0)
        turn();
    assert_non_null(strstr(told->str, "room;"));
    size_t before = left;
    write_on();
    assert_true(left < before);
    close(fd);
    close_redial();
}

/* ---- Down. ---- */

static void who_ends_is_lost_and_dialled_again(void **state)
{
    (void)state;
    open_redial();
    close(greet());
    expect_told("up;down;");
    assert_false(redial_is_up(redial));
    int fd = greet_again();
    expect_told("up;");
    shutdown(fd, SHUT_WR);
    expect_told("down;");
    close(fd);
    close_redial();
}

static void who_is_not_there_is_dialled_until_it_is(void **state)
{
    (void)state;
    open_redial();
    close_server();
    pass(10 * SEC);
    expect_told("");
    open_server();
    close(greet_again());
    expect_told("up;down;");
    close_redial();
}

static void an_error_for_a_greeting_is_a_loss(void **state)
{
    static const char *const wrong[] = {"-ERR max number of clients\r\n",
                                        "+OK\r\n", "*0\r\n", "nonsense\r\n"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        open_redial();
        int fd = next_visit();
        expect_said(fd, "HELLO 3;");
        say(fd, wrong[i]);
        expect_said(fd, "(end)");
        close(fd);
        expect_told("");
        close(greet_again());
        expect_told("up;down;");
        close_redial();
    }
}

static void nonsense_is_a_loss(void **state)
{
    static const char *const wrong[] = {"$-5\r\n", ":abc\r\n", "$200000\r\n",
                                        "*9999999999\r\n", "PING\r\n"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        open_redial();
        int fd = greet();
        say(fd, "+fine\r\n");
        say(fd, wrong[i]);
        expect_told("up;+fine/1;down;");
        expect_said(fd, "(end)");
        close(fd);
        close_redial();
    }
}

static void whom_the_owner_gives_up_says_nothing_more(void **state)
{
    (void)state;
    open_redial();
    int fd = greet();
    say(fd, "+one\r\n+bad\r\n+two\r\n");
    expect_told("up;+one/1;+bad/1;down;");
    expect_said(fd, "(end)");
    close(fd);
    close(greet_again());
    close_redial();
}

/* ---- Pauses. ---- */

static void pauses_grow_to_a_second(void **state)
{
    nsec whole = 10 * MSEC;
    (void)state;
    open_redial();
    close(next_visit());
    for (int i = 0; i < 12; i++) {
        int fd;
        nsec pause = wait_for_visit(&fd);
        assert_in_range(pause, whole / 2, whole + MSEC);
        whole = MIN(2 * whole, SEC);
        close(fd);
    }
    close_redial();
}

static void pauses_are_short_again_after_a_greeting(void **state)
{
    int fd;
    (void)state;
    open_redial();
    close(next_visit());
    for (int i = 0; i < 8; i++) {
        wait_for_visit(&fd);
        close(fd);
    }
    wait_for_visit(&fd);
    say(fd, HELLO_ANSWER);
    expect_told("up;");
    close(fd);
    assert_in_range(wait_for_visit(&fd), 5 * MSEC, 11 * MSEC);
    close(fd);
    close_redial();
}

static void pauses_differ(void **state)
{
    nsec first = 0;
    bool differ = false;
    (void)state;
    for (int i = 0; i < 20; i++) {
        int fd;
        open_redial();
        close(next_visit());
        nsec pause = wait_for_visit(&fd);
        differ |= i > 0 && pause != first;
        first = i == 0 ? pause : first;
        close(fd);
        close_redial();
    }
    assert_true(differ);
}

/* ---- Silence. ---- */

static void who_is_silent_is_asked_and_then_lost(void **state)
{
    (void)state;
    open_redial();
    int fd = greet();
    expect_told("up;");
    pass(PATIENCE_HERE / 2 - 10 * MSEC);
    expect_told("");
    pass(PATIENCE_HERE / 2 + 20 * MSEC);
    expect_told("silence;");
    expect_said(fd, "PING;");
    pass(PATIENCE_HERE / 2 + 20 * MSEC);
    expect_told("down;");
    close(fd);
    close(greet_again());
    close_redial();
}

static void who_answers_is_not_lost(void **state)
{
    (void)state;
    open_redial();
    int fd = greet();
    for (int i = 0; i < 10; i++) {
        pass(PATIENCE_HERE);
        say(fd, "+PONG\r\n");
    }
    assert_null(strstr(told->str, "down;"));
    assert_non_null(strstr(told->str, "silence;+PONG/1;silence;+PONG/1;"));
    close(fd);
    close_redial();
}

static void who_does_not_greet_is_lost(void **state)
{
    (void)state;
    open_redial();
    int fd = next_visit();
    expect_said(fd, "HELLO 3;");
    pass(2 * PATIENCE_HERE);
    expect_said(fd, "(end)");
    expect_told("");
    close(fd);
    close_redial();
}

static void it_goes_elsewhere(void **state)
{
    (void)state;
    open_redial();
    close(greet());
    close_server();
    place = place_of("elsewhere");
    open_server();
    redial_move(redial, &place);
    close(greet_again());
    expect_told("up;down;up;down;");
    close_redial();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_up_when_the_greeting_is_answered),
        cmocka_unit_test(values_come_one_by_one_however_they_are_cut),
        cmocka_unit_test(nothing_is_written_while_it_is_down),
        cmocka_unit_test(who_found_no_room_hears_of_it),
        cmocka_unit_test(who_ends_is_lost_and_dialled_again),
        cmocka_unit_test(who_is_not_there_is_dialled_until_it_is),
        cmocka_unit_test(an_error_for_a_greeting_is_a_loss),
        cmocka_unit_test(nonsense_is_a_loss),
        cmocka_unit_test(whom_the_owner_gives_up_says_nothing_more),
        cmocka_unit_test(pauses_grow_to_a_second),
        cmocka_unit_test(pauses_are_short_again_after_a_greeting),
        cmocka_unit_test(pauses_differ),
        cmocka_unit_test(who_is_silent_is_asked_and_then_lost),
        cmocka_unit_test(who_answers_is_not_lost),
        cmocka_unit_test(who_does_not_greet_is_lost),
        cmocka_unit_test(it_goes_elsewhere),
    };
    return test_run(argc, argv, tests);
}
