/* The tape writes down every verb; the trace keeps its lines whole. */
#include "common/judge/test.h"
#include "common/world/tape.h"
#include "common/world/trace.h"
#include <stdlib.h>
#include <string.h>

static GBytes *bytes(const char *word)
{
    return g_bytes_new(word, strlen(word));
}

static void fire(void *self)
{
    env_note(self, "fired");
}

static void send_on(void *self, node_id from, GBytes *message)
{
    env_send(self, from + 1, message);
}

static void every_verb_is_written_down(void **state)
{
    (void)state;
    struct tape *tape = tape_new(1);
    struct env *env = tape_env(tape);
    struct timer timer = {.fire = fire, .self = env};
    g_autoptr(GBytes) word = bytes("word"), odd = bytes("a\tb\x7f");
    env_send(env, 2, word);
    env_send(env, 3, odd);
    tape_expect(tape, "send 2 word; send 3 a\\x09b\\x7f; ");
    env_arm(env, &timer, 1500 * USEC);
    env_disarm(env, &timer);
    env_disarm(env, &timer);
    tape_expect(tape, "arm 1.5ms; disarm; ");
    env_persist(env, "vote", word);
    env_append(env, "log", word);
    env_persist(env, "vote", NULL);
    tape_expect(tape, "persist vote word; append log word; remove vote; ");
    assert_int_equal(env_random(env), 0);
    assert_int_equal(env_random(env), 1);
    tape_expect(tape, "");
    tape_free(tape);
}

static void what_is_played_reaches_the_protocol(void **state)
{
    (void)state;
    struct tape *tape = tape_new(1);
    env_bind(tape_env(tape), send_on, tape_env(tape));
    tape_play(tape, 7, "hello", 5);
    tape_expect(tape, "send 8 hello; ");
    tape_free(tape);
}

static void time_passes_only_when_told(void **state)
{
    (void)state;
    struct tape *tape = tape_new(1);
    struct env *env = tape_env(tape);
    struct timer timer = {.fire = fire, .self = env};
    nsec start = env_now(env);
    env_arm(env, &timer, 5 * MSEC);
    tape_expect(tape, "arm 5ms; ");
    tape_pass(tape, 5 * MSEC - 1);
    tape_expect(tape, "");
    tape_pass(tape, 1);
    tape_expect(tape, "note fired; ");
    assert_int_equal(env_now(env) - start, 5 * MSEC);
    tape_free(tape);
}

static void a_trace_line_stays_one_line(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    g_autoptr(GBytes) message = bytes("a\n\tb\\c");
    struct trace_line line = {.time = 5, .node = 1, .event = "send"};
    line.peer = 2;
    line.number = 9;
    trace_message(file, line, message);
    trace_message(NULL, line, message);
    trace_write(file, line, NULL);
    fclose(file);
    assert_string_equal(text, "5\t1\tsend\t2\t9\ta\\x0a\\x09b\\\\c\n"
                              "5\t1\tsend\t2\t9\t\n");
    free(text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_is_written_down),
        cmocka_unit_test(what_is_played_reaches_the_protocol),
        cmocka_unit_test(time_passes_only_when_told),
        cmocka_unit_test(a_trace_line_stays_one_line),
    };
    return test_run(argc, argv, tests);
}
