/*
 * What demo_sent, demo_halfopen and demo_backlog claim, read from what they
 * print. Times are compared with what they must not fall short of, never with
 * what a busy machine may exceed.
 */
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const nsec PATIENCE = 60 * SEC;

/* What a demo has shown. */
struct show {
    GPtrArray *lines;
    char *errors;
};

/* ---- Watching. ---- */

static GPtrArray *read_lines(struct actor *actor)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    for (char *line; (line = actor_await(actor, "", PATIENCE));)
        g_ptr_array_add(lines, line);
    return lines;
}

static struct show watch(const char *program)
{
    struct stage *stage = stage_new();
    struct actor *actor = stage_start(stage, program, NULL);
    assert_non_null(actor);
    struct show show = {.lines = read_lines(actor)};
    assert_int_equal(actor_wait(actor, PATIENCE), 0);
    show.errors = actor_errors(actor);
    stage_free(stage);
    return show;
}

static const char *line_of(const struct show *show, unsigned i)
{
    return show->lines->pdata[i];
}

/* The first line in which this stands; fails when there is none. */
static const char *find(const struct show *show, const char *part)
{
    for (unsigned i = 0; i < show->lines->len; i++)
        if (strstr(line_of(show, i), part))
            return line_of(show, i);
    fail_msg("no line with \"%s\"", part);
    return NULL;
}

static void end(struct show *show)
{
    g_ptr_array_unref(show->lines);
    g_free(show->errors);
}

static void expect_a_tidy_picture(const struct show *show)
{
    assert_in_range(show->lines->len, 10, 30);
    for (unsigned i = 0; i < show->lines->len; i++) {
        const char *line = line_of(show, i);
        assert_true(g_utf8_validate(line, -1, NULL));
        if (g_utf8_strlen(line, -1) > 80)
            fail_msg("over 80 columns: %s", line);
        assert_false(g_str_has_suffix(line, " "));
    }
    assert_string_equal(show->errors, "");
}

/* ---- demo_sent. ---- */

struct row {
    unsigned accepted, acknowledged, processed, answered;
};

static struct row row_of(const struct show *show, const char *receiver)
{
    struct row row;
    const char *line = find(show, receiver);
    assert_int_equal(sscanf(strstr(line, receiver) + strlen(receiver),
                            "%u %u %u %u", &row.accepted, &row.acknowledged,
                            &row.processed, &row.answered),
                     4);
    return row;
}

static void
what_send_took_the_kernel_acknowledged_and_the_program_did_differ(void **state)
{
    struct show show = watch("demo_sent");
    static const struct {
        const char *receiver;
        unsigned answered;
    } cases[] = {{"  never answers", 0},
                 {"  answers what it processed", 25},
                 {"  dies before its last answer", 24}};
    (void)state;
    expect_a_tidy_picture(&show);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct row row = row_of(&show, cases[i].receiver);
        assert_true(row.accepted > row.acknowledged);
        assert_true(row.acknowledged > row.processed);
        assert_int_equal(row.processed, 25);
        assert_int_equal(row.answered, cases[i].answered);
    }
    end(&show);
}

static void the_sender_is_told_of_a_reset_and_of_nothing_else(void **state)
{
    struct show show = watch("demo_sent");
    struct row row = row_of(&show, "  never answers");
    g_autofree char *lost = g_strdup_printf(
        "%u were acknowledged by it and will never be processed",
        row.acknowledged - row.processed);
    (void)state;
    find(&show, "\"Connection reset by peer\", and no more");
    assert_true(g_str_has_prefix(find(&show, "will never"), lost));
    find(&show, "goes on from number 26.");
    find(&show, "goes on from number 25,");
    end(&show);
}

/* ---- demo_halfopen. ---- */

static double time_of(const struct show *show, const char *event)
{
    return g_ascii_strtod(find(show, event), NULL);
}

/* The wait after the retransmission of this number; 0: nobody was there to see
 * it. */
static double wait_after(const struct show *show, int number)
{
    g_autofree char *event = g_strdup_printf("sent again (%d)", number);
    double wait = 0;
    for (unsigned i = 0; i < show->lines->len; i++) {
        const char *found = strstr(line_of(show, i), event);
        if (found)
            sscanf(found, "sent again (%*d), and waits %lf s", &wait);
    }
    return wait;
}

static void expect_waits_to_double(const struct show *show)
{
    int last = 0;
    for (int number = 1; number < 10; number++) {
        double wait = wait_after(show, number);
        if (wait == 0)
            continue;
        if (last > 0) {
            double ratio = wait / wait_after(show, last);
            assert_float_equal(ratio, ldexp(1, number - last), 0.02);
        }
        last = number;
    }
    assert_true(last >= 3);
}

static void only_who_speaks_finds_out_that_the_peer_is_gone(void **state)
{
    struct show show = watch("demo_halfopen");
    (void)state;
    expect_a_tidy_picture(&show);
    find(&show, "silent        still ESTABLISHED");
    find(&show, "plain         still ESTABLISHED");
    assert_true(time_of(&show, "heartbeat     NOTICED") >= 1.0);
    assert_true(time_of(&show, "user timeout  NOTICED") >= 1.4);
    assert_true(time_of(&show, "keepalive     NOTICED") >= 2.9);
    expect_waits_to_double(&show);
    end(&show);
}

/* ---- demo_backlog. ---- */

enum { BACKLOG = 4, CLIENTS = 10 };

struct client {
    unsigned syns;
    double connected, greeted; /* Milliseconds. */
};

static struct client client_of(const struct show *show, int number)
{
    for (unsigned i = 0; i < show->lines->len; i++) {
        struct client client;
        int found;
        if (sscanf(line_of(show, i), " %d %u %lf ms %lf ms", &found,
                   &client.syns, &client.connected, &client.greeted) == 4 &&
            found == number)
            return client;
    }
    fail_msg("no client %d", number);
    return (struct client){0};
}

static void who_finds_the_queue_full_comes_in_a_second_later(void **state)
{
    struct show show = watch("demo_backlog");
    (void)state;
    expect_a_tidy_picture(&show);
    find(&show, "5 are connected at once: Linux queues one more");
    for (int i = 1; i <= CLIENTS; i++) {
        struct client client = client_of(&show, i);
        assert_true(client.greeted >= 300);
        assert_true(client.greeted >= client.connected);
        assert_int_equal(client.syns > 1, i > BACKLOG + 1);
        assert_true(client.syns == 1 || client.connected >= 900);
    }
    end(&show);
}

static void the_kernel_has_counted_them(void **state)
{
    static const char format[] = "ListenOverflows in /proc/net/netstat was %d, "
                                 "and is %d.";
    struct show show = watch("demo_backlog");
    g_autofree char *counters = NULL;
    int before, after;
    (void)state;
    g_file_get_contents("/proc/net/netstat", &counters, NULL, NULL);
    if (counters && strstr(counters, "ListenOverflows")) {
        assert_int_equal(
            sscanf(find(&show, "netstat"), format, &before, &after), 2);
        assert_true(after - before >= CLIENTS - BACKLOG - 1);
    } else {
        find(&show, "the kernel does not tell");
    }
    end(&show);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            what_send_took_the_kernel_acknowledged_and_the_program_did_differ),
        cmocka_unit_test(the_sender_is_told_of_a_reset_and_of_nothing_else),
        cmocka_unit_test(only_who_speaks_finds_out_that_the_peer_is_gone),
        cmocka_unit_test(who_finds_the_queue_full_comes_in_a_second_later),
        cmocka_unit_test(the_kernel_has_counted_them),
    };
    return test_run(argc, argv, tests);
}
