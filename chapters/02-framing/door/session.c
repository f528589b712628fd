#include "02-framing/door/session.h"
#include <string.h>

/* What a command is served with. */
struct ask {
    struct session *session;
    const struct session_server *server;
    const struct command *command;
    struct wire_writer *out;
};

static struct word word_at(const struct ask *ask, size_t i)
{
    static const struct word none = {"", 0};
    return i < ask->command->count ? ask->command->words[i] : none;
}

static void put_ok(struct ask *ask)
{
    resp_put_simple(ask->out, "OK");
}

/* ---- Which protocol. ---- */

static void put_who(struct ask *ask)
{
    resp_put_hello(ask->out, ask->session->version, ask->server->name,
                   ask->session->id);
}

/* It will stand in lists, between blanks. */
static bool is_name(struct word word)
{
    for (size_t i = 0; i < word.size; i++)
        if (word.data[i] < '!' || word.data[i] > '~')
            return false;
    return true;
}

static void put_no_name(struct ask *ask)
{
    resp_put_error(ask->out, "ERR a client's name has no blanks in it, and "
                             "prints");
}

static void set_name(struct ask *ask, struct word name)
{
    g_free(ask->session->name);
    ask->session->name = name.size > 0 ? g_strndup(name.data, name.size) : NULL;
}

/* HELLO [2|3 [SETNAME name]]. */
static void hello(struct ask *ask)
{
    struct word version = word_at(ask, 1), option = word_at(ask, 2);
    bool two = word_is(version, "2"), three = word_is(version, "3");
    bool names = ask->command->count == 4 && word_is(option, "SETNAME");
    struct word name = word_at(ask, 3);
    if (ask->command->count > 1 && !two && !three) {
        resp_put_error(ask->out, "NOPROTO unsupported protocol version");
        return;
    }
    if (ask->command->count > 2 && !names) {
        resp_put_error(ask->out, "ERR Syntax error in HELLO: there are no "
                                 "passwords here");
        return;
    }
    if (names && !is_name(name)) {
        put_no_name(ask);
        return;
    }
    if (two || three)
        ask->session->version = two ? RESP2 : RESP3;
    if (names)
        set_name(ask, name);
    put_who(ask);
}

static void reset(struct ask *ask)
{
    ask->session->version = RESP2;
    set_name(ask, (struct word){"", 0});
    resp_put_simple(ask->out, "RESET");
}

/* ---- What it is told. ---- */

static void ping(struct ask *ask)
{
    struct word word = word_at(ask, 1);
    if (ask->command->count > 1)
        resp_put_bulk(ask->out, word.data, word.size);
    else
        resp_put_simple(ask->out, "PONG");
}

static void echo(struct ask *ask)
{
    struct word word = word_at(ask, 1);
    resp_put_bulk(ask->out, word.data, word.size);
}

static void select_database(struct ask *ask)
{
    if (word_is(word_at(ask, 1), "0"))
        put_ok(ask);
    else
        resp_put_error(ask->out, "ERR DB index is out of range");
}

static void auth(struct ask *ask)
{
    resp_put_error(ask->out, "ERR AUTH was sent, but there are no passwords "
                             "here");
}

/* Programs ask for the list of commands to help who types; an empty one will
 * do. */
static void commands(struct ask *ask)
{
    struct word word = word_at(ask, 1);
    if (word_is(word, "COUNT"))
        resp_put_integer(ask->out, 0);
    else if (word_is(word, "DOCS"))
        resp_put_map(ask->out, ask->session->version, 0);
    else
        resp_put_array(ask->out, 0);
}

/* A benchmark wants to know whether its peer writes to a disk. */
static void config(struct ask *ask)
{
    static const char *const known[][2] = {{"save", ""}, {"appendonly", "no"}};
    if (!word_is(word_at(ask, 1), "GET")) {
        resp_put_error(ask->out, "ERR only CONFIG GET is known here");
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (word_is(word_at(ask, 2), known[i][0])) {
            resp_put_map(ask->out, ask->session->version, 1);
            resp_put_text(ask->out, known[i][0]);
            resp_put_text(ask->out, known[i][1]);
            return;
        }
    resp_put_map(ask->out, ask->session->version, 0);
}

static void put_name(struct ask *ask)
{
    if (ask->session->name)
        resp_put_text(ask->out, ask->session->name);
    else
        resp_put_null(ask->out, ask->session->version);
}

static void client(struct ask *ask)
{
    struct word what = word_at(ask, 1), name = word_at(ask, 2);
    size_t count = ask->command->count;
    if (word_is(what, "ID") && count == 2) {
        resp_put_integer(ask->out, (int64_t)ask->session->id);
    } else if (word_is(what, "GETNAME") && count == 2) {
        put_name(ask);
    } else if (word_is(what, "SETNAME") && count == 3 && !is_name(name)) {
        put_no_name(ask);
    } else if (word_is(what, "SETNAME") && count == 3) {
        set_name(ask, name);
        put_ok(ask);
    } else if (word_is(what, "SETINFO") && count == 4) {
        put_ok(ask);
    } else {
        resp_put_error(ask->out, "ERR of CLIENT these are known: ID, GETNAME, "
                                 "SETNAME, SETINFO");
    }
}

/* The first line is what client libraries look for: whose commands we speak. */
static void info(struct ask *ask)
{
    g_autoptr(GString) text =
        g_string_new("# Server\r\nredis_version:7.0.0\r\n");
    g_string_append_printf(text, "server_name:%s\r\n", ask->server->name);
    if (ask->server->info)
        ask->server->info(ask->server->self, text);
    resp_put_bulk(ask->out, text->str, text->len);
}

/* ---- Which is it? ---- */

static const struct {
    const char *name;
    size_t least, most; /* Words, the name included. */
    void (*answer)(struct ask *ask);
} answers[] = {
    {"PING", 1, 2, ping},
    {"ECHO", 2, 2, echo},
    {"HELLO", 1, SIZE_MAX, hello},
    {"CLIENT", 2, SIZE_MAX, client},
    {"SELECT", 2, 2, select_database},
    {"COMMAND", 1, SIZE_MAX, commands},
    {"CONFIG", 3, SIZE_MAX, config},
    {"INFO", 1, SIZE_MAX, info},
    {"AUTH", 2, 3, auth},
    {"RESET", 1, 1, reset},
    {"QUIT", 1, SIZE_MAX, put_ok},
};

bool session_answer(struct session *session,
                    const struct session_server *server,
                    const struct command *command, struct wire_writer *out)
{
    struct ask ask = {session, server, command, out};
    if (session->version == 0)
        session->version = RESP2;
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        if (!word_is(command->words[0], answers[i].name))
            continue;
        if (command->count < answers[i].least ||
            command->count > answers[i].most)
            put_wrong_count(out, command);
        else
            answers[i].answer(&ask);
        return true;
    }
    return false;
}

void session_clear(struct session *session)
{
    g_clear_pointer(&session->name, g_free);
}
