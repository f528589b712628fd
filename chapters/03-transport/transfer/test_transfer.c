/* The programs `send` and `recv`, as processes over loopback: what comes out
 * is what went in, or they say that it is not. */
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <signal.h>
#include <string.h>

static const nsec PATIENCE = 120 * SEC;

static struct stage *stage;

static char *path_of(const char *name)
{
    return g_build_filename(stage_dir(stage), name, NULL);
}

static void make_file(const char *name, size_t size)
{
    g_autofree char *path = path_of(name), *data = g_malloc(size + 1);
    uint32_t random = 1;
    for (size_t i = 0; i < size; i++)
        data[i] = (char)((random = random * 1664525 + 1013904223) >> 24);
    assert_true(g_file_set_contents(path, data, (gssize)size, NULL));
}

static void expect_same(const char *in, const char *out)
{
    g_autofree char *a = path_of(in), *b = path_of(out), *one = NULL;
    g_autofree char *other = NULL;
    gsize size, length;
    assert_true(g_file_get_contents(a, &one, &size, NULL));
    assert_true(g_file_get_contents(b, &other, &length, NULL));
    assert_int_equal(length, size);
    assert_memory_equal(one, other, size);
}

/* A shell in the stage's directory, with our programs in its path. */
static struct actor *start(const char *command)
{
    g_autofree char *send = stage_program("send");
    g_autofree char *bin = g_path_get_dirname(send);
    g_autofree char *script = g_strdup_printf("cd %s; PATH=%s:$PATH; %s",
                                              stage_dir(stage), bin, command);
    return stage_start(stage, "/bin/sh", "-c", script, NULL);
}

/* Returns new: the port. */
static char *start_recv(const char *options, const char *to,
                        struct actor **actor)
{
    g_autofree char *command =
        g_strdup_printf("exec recv %s 127.0.0.1:0 2>&1 >%s", options, to);
    *actor = start(command);
    g_autofree char *ready = actor_await(*actor, "ready 127.0.0.1:", PATIENCE);
    assert_non_null(ready);
    return g_strdup(strrchr(ready, ':') + 1);
}

static struct actor *start_send(const char *options, const char *port,
                                const char *from)
{
    g_autofree char *command = g_strdup_printf(
        "exec send %s 127.0.0.1 %s 2>&1 <%s", options, port, from);
    return start(command);
}

/* Both ends do all that is asked of them. */
static void carry(const char *stage_option, const char *loss, const char *file)
{
    struct actor *receiver;
    g_autofree char *port = start_recv(stage_option, "out", &receiver);
    g_autofree char *options = g_strconcat(stage_option, " ", loss, NULL);
    struct actor *sender = start_send(options, port, file);
    assert_int_equal(actor_wait(sender, PATIENCE), 0);
    assert_int_equal(actor_wait(receiver, PATIENCE), 0);
    expect_same(file, "out");
}

static void twenty_megabytes_arrive_though_each_twentieth_is_lost(void **state)
{
    (void)state;
    make_file("large", 20000000);
    carry("", "--loss=5", "large");
}

static void cubic_carries_it_too(void **state)
{
    (void)state;
    make_file("medium", 3000000);
    carry("", "--controller=cubic --loss=2", "medium");
}

static void the_first_stages_carry_it_slowly(void **state)
{
    (void)state;
    make_file("small", 100000);
    carry("--stage=arq", "--loss=5", "small");
    carry("--stage=gobackn", "--loss=5", "small");
}

static void nothing_is_carried_as_nothing(void **state)
{
    (void)state;
    make_file("empty", 0);
    carry("", "--loss=5", "empty");
    carry("--stage=arq", "", "empty");
}

static void what_goes_into_a_pipe_comes_out_of_it(void **state)
{
    struct actor *receiver, *sender;
    (void)state;
    make_file("large", 20000000);
    receiver = start("recv 127.0.0.1:0 2>ready | "
                     "(until grep -q ready ready; do :; done; cat ready; "
                     "sha1sum >sum; echo done)");
    g_autofree char *ready = actor_await(receiver, "ready ", PATIENCE);
    assert_non_null(ready);
    sender = start_send("", strrchr(ready, ':') + 1, "large");
    assert_int_equal(actor_wait(sender, PATIENCE), 0);
    assert_int_equal(actor_wait(receiver, PATIENCE), 0);
    struct actor *compare = start("sha1sum <large | cmp - sum");
    assert_int_equal(actor_wait(compare, PATIENCE), 0);
}

static void who_waits_in_vain_says_so(void **state)
{
    g_autofree char *nobody = g_strdup_printf("%u", stage_port(stage));
    (void)state;
    make_file("empty", 0);
    struct actor *sender = start_send("--patience=0.2", nobody, "empty");
    g_autofree char *said = actor_await(sender, "send: ", PATIENCE);
    assert_string_equal(
        said, "send: nothing is heard of the other side, after 0 bytes.");
    assert_int_equal(actor_wait(sender, PATIENCE), 1);
}

static void a_receiver_that_was_killed_is_missed(void **state)
{
    struct actor *receiver;
    (void)state;
    g_autofree char *port = start_recv("", "out", &receiver);
    g_autofree char *command = g_strdup_printf(
        "(echo x; sleep 60) | send --patience=0.3 127.0.0.1 %s 2>&1", port);
    struct actor *sender = start(command);
    g_autofree char *out = path_of("out"), *text = NULL;
    while (g_file_get_contents(out, &text, NULL, NULL) && text[0] == '\0')
        g_clear_pointer(&text, g_free);
    actor_signal(receiver, SIGKILL);
    g_autofree char *said = actor_await(sender, "send: ", PATIENCE);
    assert_string_equal(
        said, "send: nothing is heard of the other side, after 2 bytes.");
}

static void who_is_interrupted_tells_the_other(void **state)
{
    struct actor *receiver;
    (void)state;
    g_autofree char *port = start_recv("", "out", &receiver);
    g_autofree char *command =
        g_strdup_printf("(echo x; sleep 60) | (exec send 127.0.0.1 %s) & "
                        "until grep -q x out; do :; done; kill $!; wait",
                        port);
    struct actor *sender = start(command);
    (void)sender;
    g_autofree char *said = actor_await(receiver, "recv: ", PATIENCE);
    assert_string_equal(said, "recv: the other side has given up, or was "
                              "restarted, after 2 bytes.");
    assert_int_equal(actor_wait(receiver, PATIENCE), 1);
}

/* There is always something to read, also when all is over. */
static void who_is_interrupted_while_it_reads_ends_in_order(void **state)
{
    struct actor *receiver;
    (void)state;
    g_autofree char *port = start_recv("", "out", &receiver);
    g_autofree char *command = g_strdup_printf(
        "mkfifo in; (trap '' TERM; while echo x; do :; done) 2>/dev/null >in & "
        "exec send 127.0.0.1 %s 2>&1 <in",
        port);
    struct actor *sender = start(command);
    g_autofree char *out = path_of("out"), *text = NULL;
    while (g_file_get_contents(out, &text, NULL, NULL) && text[0] == '\0')
        g_clear_pointer(&text, g_free);
    actor_signal(sender, SIGTERM);
    g_autofree char *said = actor_await(sender, "send: it was ", PATIENCE);
    assert_non_null(said);
    assert_int_equal(actor_wait(sender, PATIENCE), 1);
    assert_int_equal(actor_wait(receiver, PATIENCE), 1);
}

static void who_cannot_write_says_so(void **state)
{
    (void)state;
    make_file("small", 100000);
    struct actor *receiver = start("mkfifo gone; : <gone & "
                                   "exec recv 127.0.0.1:0 2>&1 >gone");
    g_autofree char *ready = actor_await(receiver, "ready ", PATIENCE);
    assert_non_null(ready);
    start_send("--patience=0.5", strrchr(ready, ':') + 1, "small");
    g_autofree char *said = actor_await(receiver, "recv: ", PATIENCE);
    assert_string_equal(said,
                        "recv: what came cannot be written, after 0 bytes.");
    assert_int_equal(actor_wait(receiver, PATIENCE), 1);
}

static void who_reads_slowly_is_not_gone(void **state)
{
    static const char *const stages[] = {"flow", "arq", "gobackn"};
    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(stages); i++) {
        struct actor *receiver;
        g_autofree char *options =
            g_strdup_printf("--patience=1.5 --stage=%s", stages[i]);
        g_autofree char *port = start_recv(options, "out", &receiver);
        g_autofree char *command = g_strdup_printf(
            "(sleep 2; echo x; sleep 2; echo y) | send %s 127.0.0.1 %s 2>&1",
            options, port);
        struct actor *sender = start(command);
        assert_int_equal(actor_wait(sender, PATIENCE), 0);
        assert_int_equal(actor_wait(receiver, PATIENCE), 0);
        g_autofree char *out = path_of("out"), *text = NULL;
        assert_true(g_file_get_contents(out, &text, NULL, NULL));
        assert_string_equal(text, "x\ny\n");
    }
}

static void a_port_that_is_taken_is_named(void **state)
{
    struct actor *receiver;
    (void)state;
    g_autofree char *port = start_recv("", "out", &receiver);
    g_autofree char *command =
        g_strdup_printf("exec recv 127.0.0.1:%s 2>&1 >other", port);
    g_autofree char *expected =
        g_strdup_printf("recv: 127.0.0.1:%s: Address already in use.", port);
    struct actor *second = start(command);
    g_autofree char *said = actor_await(second, "", PATIENCE);
    assert_string_equal(said, expected);
    assert_int_equal(actor_wait(second, PATIENCE), 1);
}

/* One sentence, and status 2. */
static void nonsense_is_refused(void **state)
{
    static const char *const wrong[][2] = {
        {"send", "send: a host and a port are expected, such as "
                 "send 127.0.0.1 5000 < file."},
        {"send --stage=x 127.0.0.1 1",
         "send: --stage takes arq, gobackn or flow."},
        {"send --controller=x 127.0.0.1 1",
         "send: --controller takes newreno or cubic."},
        {"send 127.0.0.1 0", "send: nobody is at port 0: recv says where it "
                             "is."},
        {"send --loss=nan 127.0.0.1 1", "send: --loss takes 0 to 90."},
        {"recv", "recv: a port is expected, such as recv 5000 > file."},
        {"recv 70000", "recv: \"0.0.0.0:70000\": a port is a number from 0 to "
                       "65535."},
        {"recv --patience=0 1", "recv: --patience takes 0.1 to 3600 seconds."}};
    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *command =
            g_strdup_printf("exec %s 2>&1 </dev/null", wrong[i][0]);
        struct actor *actor = start(command);
        g_autofree char *said = actor_await(actor, "", PATIENCE);
        assert_string_equal(said, wrong[i][1]);
        assert_int_equal(actor_wait(actor, PATIENCE), 2);
    }
}

static int open_stage(void **state)
{
    (void)state;
    stage = stage_new();
    return 0;
}

static int close_stage(void **state)
{
    (void)state;
    stage_free(stage);
    return 0;
}

#define UNIT(test) \
    cmocka_unit_test_setup_teardown(test, open_stage, close_stage)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        UNIT(twenty_megabytes_arrive_though_each_twentieth_is_lost),
        UNIT(cubic_carries_it_too),
        UNIT(the_first_stages_carry_it_slowly),
        UNIT(nothing_is_carried_as_nothing),
        UNIT(what_goes_into_a_pipe_comes_out_of_it),
        UNIT(who_waits_in_vain_says_so),
        UNIT(a_receiver_that_was_killed_is_missed),
        UNIT(who_is_interrupted_tells_the_other),
        UNIT(who_is_interrupted_while_it_reads_ends_in_order),
        UNIT(who_cannot_write_says_so),
        UNIT(who_reads_slowly_is_not_gone),
        UNIT(a_port_that_is_taken_is_named),
        UNIT(nonsense_is_refused),
    };
    return test_run(argc, argv, tests);
}
