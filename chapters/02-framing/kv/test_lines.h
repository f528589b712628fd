/**
 * @file test_lines.h
 * For tests: commands as one types them, and the replies as one reads them.
 *
 *     static const struct asked_line lines[] = {
 *         {"SET a 'two words' EX 10", "+OK"},
 *         {"9990", NULL},              // So many milliseconds pass.
 *         {"GET a", "$9 two words"},   // A blank for each end of a line.
 *     };
 *     play(lines);
 */
#ifndef FRAMING_TEST_LINES_H
#define FRAMING_TEST_LINES_H
#include "02-framing/kv/kv.h"
#include "02-framing/resp_writer.h"
#include "common/judge/test.h"
#include "common/world/tape.h"
#include <string.h>

/** Who asks. */
enum { CLIENT = 70000 };

static struct tape *tape; /**< Under it. */
static struct kv *kv;     /**< Who is asked. */

/** A kv on a tape. */
static inline void open_with(struct kv_settings settings)
{
    tape = tape_new(1);
    kv = kv_new(tape_env(tape), settings);
}

/** For cmocka: a kv without settings. */
static inline int open_kv(void **state)
{
    (void)state;
    open_with((struct kv_settings){0});
    return 0;
}

/** For cmocka, and after open_with(). */
static inline int close_kv(void **state)
{
    (void)state;
    kv_free(kv);
    tape_free(tape);
    return 0;
}

/** What was sent, with a blank for each end of a line. Returns new. */
static inline char *take_reply(void)
{
    g_autofree char *asked = tape_take(tape);
    const char *sent = strstr(asked, "send ");
    assert_non_null(sent);
    g_autoptr(GString) reply = g_string_new(strchr(sent + 5, ' ') + 1);
    g_string_truncate(reply, reply->len - strlen("; "));
    g_string_replace(reply, "\\x0d\\x0a", " ", 0);
    return g_strchomp(g_strdup(reply->str));
}

/** Ask: the words of @p line, quoted where a shell needs it. Returns new. */
static inline char *ask(const char *line)
{
    g_auto(GStrv) words = NULL;
    int count;
    struct wire_writer out = {.most = SIZE_MAX};
    assert_true(g_shell_parse_argv(line, &count, &words, NULL));
    resp_put_command(&out, (size_t)count, (const char *const *)words);
    tape_play(tape, CLIENT, out.data, out.size);
    wire_clear(&out);
    return take_reply();
}

/** Ask @p line, and expect @p reply. */
static inline void expect(const char *line, const char *reply)
{
    g_autofree char *answer = ask(line);
    if (strcmp(answer, reply) != 0)
        fail_msg("%s: %s, and not: %s", line, answer, reply);
}

/** A command and its reply; without one: so many milliseconds pass. */
struct asked_line {
    const char *ask;   /**< What is typed. */
    const char *reply; /**< What is read. */
};

/** See play(). */
static inline void play_lines(const struct asked_line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (lines[i].reply)
            expect(lines[i].ask, lines[i].reply);
        else
            tape_pass(tape, g_ascii_strtoull(lines[i].ask, NULL, 10) * MSEC);
}

/** Ask all @p lines. */
#define play(lines) play_lines(lines, G_N_ELEMENTS(lines))

/** @{ */
/** Errors. */
#define NO_INTEGER   "-ERR value is not an integer or out of range"
#define BAD_TIME(in) "-ERR invalid expire time in '" in "' command"
#define SYNTAX       "-ERR syntax error"
/** @} */

/** A test that has a kv. */
#define with_kv(test) cmocka_unit_test_setup_teardown(test, open_kv, close_kv)

#endif
