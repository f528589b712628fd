/* What every server answers, in both protocols, and to wrong uses. */
#include "02-framing/door/session.h"
#include "common/judge/test.h"
#include <string.h>

static struct session session;

static void add_info(void *self, GString *text)
{
    assert_ptr_equal(self, &session);
    g_string_append(text, "keys:7\r\n");
}

static struct session_server server = {
    .name = "kv", .info = add_info, .self = &session};

static int open_session(void **state)
{
    (void)state;
    session = (struct session){.id = 77};
    server.info = add_info;
    return 0;
}

static int close_session(void **state)
{
    (void)state;
    session_clear(&session);
    assert_null(session.name);
    return 0;
}

/* The answer to the words of @p line, with "|" for line ends; "(none)" if it is
 * no such command. Returns new. */
static char *answer_to(const char *line)
{
    g_auto(GStrv) texts = g_strsplit(line, " ", -1);
    struct word words[8];
    size_t count = g_strv_length(texts);
    assert_true(count <= G_N_ELEMENTS(words));
    for (size_t i = 0; i < count; i++)
        words[i] = (struct word){texts[i], strlen(texts[i])};
    struct wire_writer out = {.most = SIZE_MAX};
    struct command command = {77, session.version, count, words};
    bool known = session_answer(&session, &server, &command, &out);
    assert_int_equal(known, out.size > 0);
    g_autoptr(GString) text = g_string_new(known ? "" : "(none)");
    g_string_append_len(text, (const char *)out.data, (gssize)out.size);
    g_string_replace(text, "\r\n", "|", 0);
    wire_clear(&out);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

#define expect(line, answer)                     \
    do {                                         \
        g_autofree char *got_ = answer_to(line); \
        assert_string_equal(got_, answer);       \
    } while (0)

#define expect_begins(line, begin)                                    \
    do {                                                              \
        g_autofree char *got_ = answer_to(line);                      \
        assert_true(g_str_has_prefix(got_, begin));                   \
        assert_ptr_equal(strchr(got_, '|') + 1, got_ + strlen(got_)); \
    } while (0)

#define WRONG(name) "-ERR wrong number of arguments for '" name "' command|"
#define FIELDS(protocol)                                               \
    "$6|server|$2|kv|$7|version|$5|7.0.0|$5|proto|:" protocol "|$2|id" \
    "|:77|$4|mode|$10|standalone|$4|role|$6|master|$7|modules|*0|"

static void it_answers_what_is_its_own_alone(void **state)
{
    (void)state;
    expect("GET x", "(none)");
    expect("PINGS", "(none)");
    expect(" PING", "(none)"); /* The first word is empty. */
    expect("ping", "+PONG|");
    expect("Ping hello", "$5|hello|");
    expect("ping a b", WRONG("ping"));
    expect("echo hello", "$5|hello|");
    expect("ECHO", WRONG("echo"));
    expect("echo a b", WRONG("echo"));
    expect("quit", "+OK|");
    expect("quit now", "+OK|");
}

static void hello_chooses_the_protocol(void **state)
{
    (void)state;
    expect("HELLO", "*14|" FIELDS("2"));
    expect("HELLO 3", "%7|" FIELDS("3"));
    assert_int_equal(session.version, RESP3);
    expect("HELLO", "%7|" FIELDS("3"));
    expect("hello 2", "*14|" FIELDS("2"));
    assert_int_equal(session.version, RESP2);
}

static void a_wrong_hello_changes_nothing(void **state)
{
    (void)state;
    expect("HELLO 3 SETNAME me", "%7|" FIELDS("3"));
    static const char *const all[] = {"HELLO 4",  "HELLO 1",
                                      "HELLO 22", "HELLO two",
                                      "HELLO ",   "HELLO 4 SETNAME you"};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        expect(all[i], "-NOPROTO unsupported protocol version|");
    expect_begins("HELLO 2 AUTH user word", "-ERR Syntax error in HELLO");
    expect_begins("HELLO 2 SETNAME", "-ERR Syntax error in HELLO");
    expect_begins("HELLO 2 SETNAME a b", "-ERR Syntax error in HELLO");
    expect_begins("HELLO 2 NAME a", "-ERR Syntax error in HELLO");
    expect_begins("HELLO 2 SETNAME a\nb", "-ERR a client's name ");
    assert_int_equal(session.version, RESP3);
    expect("CLIENT GETNAME", "$2|me|");
}

static void a_client_may_have_a_name(void **state)
{
    (void)state;
    expect("CLIENT GETNAME", "$-1|");
    expect("client setname me", "+OK|");
    expect("CLIENT GETNAME", "$2|me|");
    expect("CLIENT SETNAME you", "+OK|");
    expect_begins("CLIENT SETNAME \x7f", "-ERR a client's name ");
    expect_begins("CLIENT SETNAME \xc3\xa4", "-ERR a client's name ");
    expect_begins("CLIENT SETNAME", "-ERR of CLIENT ");
    expect_begins("CLIENT SETNAME a b", "-ERR of CLIENT ");
    expect("CLIENT GETNAME", "$3|you|");
    expect("CLIENT SETNAME ", "+OK|");
    expect("HELLO 3", "%7|" FIELDS("3"));
    expect("CLIENT GETNAME", "_|");
}

static void a_client_may_ask_for_its_id(void **state)
{
    (void)state;
    expect("CLIENT ID", ":77|");
    expect_begins("CLIENT ID 5", "-ERR of CLIENT ");
    expect("CLIENT SETINFO lib-name me", "+OK|");
    expect_begins("CLIENT SETINFO lib-name", "-ERR of CLIENT ");
    expect_begins("CLIENT KILL 5", "-ERR of CLIENT ");
    expect("CLIENT", WRONG("client"));
}

static void there_is_one_database_and_no_password(void **state)
{
    (void)state;
    expect("SELECT 0", "+OK|");
    expect("SELECT 1", "-ERR DB index is out of range|");
    expect("SELECT 00", "-ERR DB index is out of range|");
    expect("SELECT", WRONG("select"));
    expect_begins("AUTH word", "-ERR AUTH ");
    expect_begins("AUTH user word", "-ERR AUTH ");
    expect("AUTH", WRONG("auth"));
}

static void programs_may_ask_before_they_begin(void **state)
{
    (void)state;
    expect("COMMAND", "*0|");
    expect("COMMAND COUNT", ":0|");
    expect("COMMAND DOCS", "*0|");
    expect("CONFIG GET save", "*2|$4|save|$0||");
    expect("config get APPENDONLY", "*2|$10|appendonly|$2|no|");
    expect("CONFIG GET more", "*0|");
    expect_begins("CONFIG SET save x", "-ERR only CONFIG GET ");
    expect("CONFIG GET", WRONG("config"));
    expect("HELLO 3", "%7|" FIELDS("3"));
    expect("COMMAND DOCS", "%0|");
    expect("CONFIG GET save", "%1|$4|save|$0||");
    expect("CONFIG GET more", "%0|");
}

static void info_says_who_answers_and_what_the_service_adds(void **state)
{
    (void)state;
    expect("INFO", "$55|# Server|redis_version:7.0.0|server_name:kv|keys:7||");
    server.info = NULL;
    expect("INFO all", "$47|# Server|redis_version:7.0.0|server_name:kv||");
}

static void reset_makes_it_new(void **state)
{
    (void)state;
    expect("HELLO 3 SETNAME me", "%7|" FIELDS("3"));
    expect("RESET now", WRONG("reset"));
    assert_int_equal(session.version, RESP3);
    expect("RESET", "+RESET|");
    assert_int_equal(session.version, RESP2);
    expect("CLIENT GETNAME", "$-1|");
    assert_int_equal(session.id, 77);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#define FRESH(test) \
    cmocka_unit_test_setup_teardown(test, open_session, close_session)
        FRESH(it_answers_what_is_its_own_alone),
        FRESH(hello_chooses_the_protocol),
        FRESH(a_wrong_hello_changes_nothing),
        FRESH(a_client_may_have_a_name),
        FRESH(a_client_may_ask_for_its_id),
        FRESH(there_is_one_database_and_no_password),
        FRESH(programs_may_ask_before_they_begin),
        FRESH(info_says_who_answers_and_what_the_service_adds),
        FRESH(reset_makes_it_new),
    };
    return test_run(argc, argv, tests);
}
