/* The program `load`: what it prints, and what it refuses. */
#include "01-sockets/echo/load.h"
#include "01-sockets/net.h"
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

static const nsec PATIENCE = 60 * SEC;

static struct stage *stage;
static int listener; /* Its queue has room for all; nobody accepts them. */
static char *where;

/* Returns new: the first line it prints that begins with @p prefix. */
static char *line_of(struct actor *actor, const char *prefix)
{
    char *line = actor_await(actor, prefix, PATIENCE);
    assert_int_equal(actor_wait(actor, PATIENCE), 0);
    if (!line)
        fail_msg("no line begins with %s", prefix);
    return line;
}

static char *line_of_load(const char *prefix, const char *option)
{
    return line_of(stage_start(stage, "load", where, "--connections=4",
                               "--warmup=0", "--duration=0.05", option, NULL),
                   prefix);
}

static void it_prints_what_it_found(void **state)
{
    g_autofree char *made = line_of_load("  connections", "--silent=2");
    g_autofree char *late = line_of_load("  messages", "--rate=1000");
    (void)state;
    assert_non_null(
        strstr(made, " 4 of 4 made, and 2 of 2 silent ones, 0 broken"));
    assert_non_null(
        strstr(late, " 0 a second answered, 1000 due; 50 still due"));
}

static void it_prints_a_row_for_programs(void **state)
{
    g_autofree char *heading = line_of_load("# ", "--tsv");
    g_autofree char *row = line_of_load("4\t0\t64\t0\t4\t0\t0.0\t4", "--tsv");
    g_auto(GStrv) names = g_strsplit(heading, "\t", 0);
    g_auto(GStrv) values = g_strsplit(row, "\t", 0);
    (void)state;
    assert_int_equal(g_strv_length(names), g_strv_length(values));
}

/* Field @p number of a row, from 0. */
static double field(const char *row, unsigned number)
{
    g_auto(GStrv) values = g_strsplit(row, "\t", 0);
    assert_true(number < g_strv_length(values));
    return g_ascii_strtod(values[number], NULL);
}

static void what_was_due_is_answered_or_late(void **state)
{
    struct actor *echo = stage_start(stage, "echo", "--model=epoll",
                                     "--listen=127.0.0.1:0", NULL);
    g_autofree char *ready = actor_await(echo, "ready ", PATIENCE);
    (void)state;
    assert_non_null(ready);
    g_autofree char *row = line_of(
        stage_start(stage, "load", ready + strlen("ready "), "--tsv",
                    "--rate=1000", "--warmup=0", "--duration=0.2", NULL),
        "64\t");
    double answered = field(row, 6) * 0.2, late = field(row, 7);
    assert_int_equal((int)(answered + 0.5) + (int)late, 200);
}

/* @p limit allows it forty, and more if it asks for them; or not. */
static char *connections_with(const char *limit)
{
    g_autofree char *program = stage_program("load");
    g_autofree char *script =
        g_strdup_printf("%s; exec \"$0\" $1 --warmup=0 --duration=0.01", limit);
    struct actor *actor =
        stage_start(stage, "/bin/sh", "-c", script, program, where, NULL);
    return line_of(actor, "  connections");
}

static void it_asks_for_descriptors_and_goes_on_with_those_it_gets(void **state)
{
    g_autofree char *more = connections_with("ulimit -S -n 40");
    g_autofree char *less = connections_with("ulimit -n 40");
    (void)state;
    assert_non_null(strstr(more, " 64 of 64 made, 0 broken"));
    assert_null(strstr(less, " 64 of 64 made"));
    assert_non_null(strstr(less, " broken (the first: Too many open files)"));
}

static void expect_refusal(const char *option, int status, const char *why)
{
    struct actor *actor =
        stage_start(stage, "load", "127.0.0.1:1", option, NULL);
    assert_int_equal(actor_wait(actor, PATIENCE), status);
    g_autofree char *sentence = actor_errors(actor);
    assert_true(g_str_has_prefix(sentence, "load: "));
    assert_true(g_str_has_suffix(sentence, ".\n"));
    assert_ptr_equal(strchr(sentence, '\n'), strrchr(sentence, '\n'));
    assert_non_null(strstr(sentence, why));
}

static void what_it_cannot_do_it_says_in_one_sentence(void **state)
{
    (void)state;
    expect_refusal(NULL, 1, "127.0.0.1:1: ");
    expect_refusal("127.0.0.1:2", 2, "one server");
    expect_refusal("--connections=0", 2, "--connections");
    expect_refusal("--connections=20001", 2, "--connections");
    expect_refusal("--connections=many", 2, "many");
    expect_refusal("--silent=-1", 2, "--silent");
    expect_refusal("--size=0", 2, "--size");
    expect_refusal("--size=16777217", 2, "--size");
    expect_refusal("--size=99999999999", 2, "99999999999");
    expect_refusal("--rate=-1", 2, "--rate");
    expect_refusal("--rate=nan", 2, "--rate");
    expect_refusal("--rate=1000001", 2, "--rate");
    expect_refusal("--duration=0", 2, "--duration");
    expect_refusal("--duration=3601", 2, "--duration");
    expect_refusal("--warmup=-1", 2, "--warmup");
    expect_refusal("--nonsense", 2, "--nonsense");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_prints_what_it_found),
        cmocka_unit_test(it_prints_a_row_for_programs),
        cmocka_unit_test(what_was_due_is_answered_or_late),
        cmocka_unit_test(
            it_asks_for_descriptors_and_goes_on_with_those_it_gets),
        cmocka_unit_test(what_it_cannot_do_it_says_in_one_sentence),
    };
    struct address address;
    address_parse(&address, "127.0.0.1:0", NULL);
    listener = net_listen(&address, 4096);
    address = address_of(listener);
    where = address_text(&address);
    stage = stage_new();
    int status = test_run(argc, argv, tests);
    stage_free(stage);
    g_free(where);
    close(listener);
    return status;
}
