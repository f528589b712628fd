/**
 * @file test_office.h
 * For tests: commands as one types them at an office on a tape, and what it
 * says as one reads it, a blank for each end of a line.
 *
 *     open_office((struct office_settings){0});
 *     asked(ANN, "QPUSH jobs 'a b'", ":1");
 *     heard("");                              // And nothing else was said.
 */
#ifndef QUEUES_TEST_OFFICE_H
#define QUEUES_TEST_OFFICE_H
#include "02-framing/resp_writer.h"
#include "04-queues/server/office.h"
#include "common/judge/test.h"
#include "common/world/tape.h"
#include <string.h>

enum { ANN = 100001, BOB = 100002 };

#define SYNTAX   "-ERR syntax error"
#define NUMBER   "-ERR a number is missing, or out of range"
#define NO_QUEUE "-NOQUEUE there is no queue of that name"
#define FULL     "-FULL there is no room for it now: try again later"

static struct tape *tape;
static struct office *office;
static struct office_settings how;

static inline void open_office(struct office_settings settings)
{
    tape = tape_new(1);
    how = settings;
    office = office_open(tape_env(tape), settings, NULL);
    assert_non_null(office);
    g_free(tape_take(tape));
}

static inline void close_office(void)
{
    office_free(office);
    tape_free(tape);
}

static inline void reboot_office(void)
{
    office_free(office);
    tape_crash(tape);
    office = office_open(tape_env(tape), how, NULL);
    assert_non_null(office);
    g_free(tape_take(tape));
}

/* Commands, each of words quoted as for a shell, in one message. */
static inline void say(node_id client, const char *lines)
{
    struct wire_writer out = {.most = SIZE_MAX};
    g_auto(GStrv) all = g_strsplit(lines, ";", -1);
    for (unsigned i = 0; all[i]; i++) {
        g_auto(GStrv) words = NULL;
        int count;
        assert_true(g_shell_parse_argv(all[i], &count, &words, NULL));
        resp_put_command(&out, (size_t)count, (const char *const *)words);
    }
    tape_play(tape, client, out.data, out.size);
    wire_clear(&out);
}

static inline void farewell(node_id client)
{
    tape_play(tape, client, NULL, 0);
}

/* What was sent since the last time, one behind the other: "1: +OK" to Ann; what
 * stands behind a semicolon is left out.
 * Returns new. */
static inline char *take_said(void)
{
    g_autofree char *all = tape_take(tape);
    g_autoptr(GString) said = g_string_new(NULL);
    g_auto(GStrv) parts = g_strsplit(all, "; ", -1);
    for (unsigned i = 0; parts[i]; i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        if (!g_str_has_prefix(parts[i], "send 10000"))
            continue;
        g_string_append(text, strlen("send 10000") + parts[i]);
        text->str[1] = ':';
        g_string_insert_c(text, 2, ' ');
        g_string_replace(text, "\\x0d\\x0a", " ", 0);
        g_string_append(said, text->str);
    }
    return g_strchomp(g_strdup(said->str));
}

static inline void expect_text(const char *what, char *is, const char *should)
{
    g_autofree char *text = is;
    if (strcmp(text, should) != 0)
        fail_msg("%s: %s, and not: %s", what, text, should);
}

/* All that was said, to everybody, is this. */
static inline void heard(const char *text)
{
    expect_text("heard", take_said(), text);
}

/* A client says that, and hears this. */
static inline void asked(node_id client, const char *lines, const char *reply)
{
    g_free(tape_take(tape));
    say(client, lines);
    g_autofree char *should =
        g_strdup_printf("%u: %s", (unsigned)(client % 10), reply);
    expect_text(lines, take_said(), should);
}

/* From now on it speaks RESP3, and may be pushed something. */
static inline void hello(node_id client)
{
    say(client, "HELLO 3");
    g_free(tape_take(tape));
}

/* A command and its reply. */
struct exchange_line {
    const char *ask;
    const char *reply;
};

static inline void play_lines(const struct exchange_line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        asked(ANN, lines[i].ask, lines[i].reply);
}

#define play(lines) play_lines(lines, G_N_ELEMENTS(lines))

#endif
