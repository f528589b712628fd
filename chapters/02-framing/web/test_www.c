/* The server `www`, as a process of its own, and curl. */
#include "02-framing/crc32c.h"
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { UPLOAD = 2 << 20 };
static const nsec PATIENCE = 30 * SEC;

static struct stage *stage;
static struct actor *server; /* The one that all tests share, .. */
static char *where;          /* .. its address, .. */
static char *upload;         /* .. a file to send, .. */
static uint32_t check;       /* .. and its CRC-32C. */

static char *start(const char *option, struct actor **actor)
{
    *actor = stage_start(stage, "www", "--listen=127.0.0.1:0", option, NULL);
    g_autofree char *ready = actor_await(*actor, "ready ", PATIENCE);
    assert_non_null(ready);
    return g_strdup(ready + strlen("ready "));
}

static void open_stage(void)
{
    g_autofree char *data = g_malloc(UPLOAD);
    stage = stage_new();
    g_autofree char *root = g_build_filename(stage_dir(stage), "site", NULL);
    g_autofree char *page = g_build_filename(root, "page.html", NULL);
    g_autofree char *secret = g_build_filename(stage_dir(stage), "s", NULL);
    g_autofree char *option = g_strconcat("--root=", root, NULL);
    g_mkdir_with_parents(root, 0700);
    g_file_set_contents(page, "<p>hello\n", -1, NULL);
    g_file_set_contents(secret, "secret", -1, NULL);
    for (uint32_t i = 0; i < UPLOAD; i++)
        data[i] = (char)(i * 2654435761u >> 24);
    check = crc32c(0, data, UPLOAD);
    upload = g_build_filename(stage_dir(stage), "upload", NULL);
    g_file_set_contents(upload, data, UPLOAD, NULL);
    where = start(option, &server);
}

/* What curl prints. In @p arguments URL is the server at @p address, FILE the
 * upload, DIR the stage's directory. */
static char *run_curl_at(const char *address, const char *arguments)
{
    int status;
    g_autoptr(GString) line = g_string_new("curl -sS --noproxy '*' ");
    g_string_append(line, arguments);
    g_string_replace(line, "URL", "http://ADDRESS", 0);
    g_string_replace(line, "ADDRESS", address, 0);
    g_string_replace(line, "FILE", upload, 0);
    g_string_replace(line, "DIR", stage_dir(stage), 0);
    char *text = test_shell(&status, line->str);
    if (status != 0)
        fail_msg("%s: %d, %s", line->str, status, text);
    return text;
}

static void expect_at(const char *address, const char *arguments,
                      const char *answer)
{
    g_autofree char *text = run_curl_at(address, arguments);
    assert_string_equal(text, answer);
}

static void expect(const char *arguments, const char *answer)
{
    expect_at(where, arguments, answer);
}

#define CODE "-o /dev/null -w '%{http_code}' "

/* ---- Files and pages. ---- */

static void a_page_is_shown(void **state)
{
    (void)state;
    expect("URL/page.html", "<p>hello\n");
    expect("--http1.0 URL/page.html", "<p>hello\n");
    expect(CODE "-I URL/page.html", "200");
    expect("-o /dev/null -w '%{content_type} %{size_download}' URL/page.html",
           "text/html; charset=utf-8 9");
    expect(CODE "URL/counter", "200");
}

static void what_is_not_there_is_not_found(void **state)
{
    (void)state;
    expect(CODE "URL/nix", "404");
    expect(CODE "--path-as-is URL/../s", "404");
    expect(CODE "--path-as-is URL/%2e%2e/s", "404");
    expect(CODE "--path-as-is URL/..%2fs", "404");
    expect(CODE "-X DELETE URL/page.html", "405");
}

static void one_connection_serves_twice(void **state)
{
    (void)state;
    expect("-w '%{num_connects} ' URL/page.html -o /dev/null --next "
           "-sS --noproxy '*' -w '%{num_connects}' URL/page.html -o /dev/null",
           "1 0");
}

static void what_is_unchanged_is_not_sent_again(void **state)
{
    (void)state;
    expect(CODE "-z DIR/site/page.html URL/page.html", "304");
}

/* ---- Uploads. ---- */

static void expect_upload(const char *arguments)
{
    g_autofree char *answer = g_strdup_printf(
        "{\"bytes\": %d, \"crc32c\": \"%08x\"}\n", UPLOAD, (unsigned)check);
    expect(arguments, answer);
}

static void an_upload_arrives_whole_in_every_way(void **state)
{
    (void)state;
    expect_upload("-T FILE URL/upload");
    expect_upload("-T - URL/upload < FILE");
    expect_upload("--data-binary @FILE URL/upload");
    expect_upload("-H 'Transfer-Encoding: chunked' --data-binary @FILE "
                  "URL/upload");
    expect_upload("-H Expect: --data-binary @FILE URL/upload");
    expect_upload("--http1.0 --data-binary @FILE URL/upload");
}

#define ASKS                                              \
    "--expect100-timeout 1000 -H 'Expect: 100-continue' " \
    "--data-binary @FILE URL/upload"

/* Curl is not willing to send the body before it was told to. */
static void the_body_is_asked_for(void **state)
{
    g_autofree char *text = run_curl_at(where, "-v -o /dev/null " ASKS);
    (void)state;
    assert_non_null(strstr(text, "< HTTP/1.1 100 Continue"));
    assert_non_null(strstr(text, "< HTTP/1.1 200 OK"));
}

static void a_body_that_is_too_long_is_refused_before_it_comes(void **state)
{
    struct actor *actor;
    g_autofree char *small = start("--largest=1", &actor);
    (void)state;
    expect_at(small, CODE ASKS, "413");
}

/* ---- The program. ---- */

static void without_a_root_it_says_what_there_is(void **state)
{
    struct actor *actor;
    g_autofree char *address = start(NULL, &actor);
    g_autofree char *text = run_curl_at(address, "URL/");
    (void)state;
    assert_non_null(strstr(text, "/counter"));
    expect_at(address, CODE "URL/nix", "404");
}

static void expect_refusal(const char *option, int status, const char *why)
{
    struct actor *actor = stage_start(stage, "www", option, NULL);
    assert_int_equal(actor_wait(actor, PATIENCE), status);
    g_autofree char *sentence = actor_errors(actor);
    assert_true(g_str_has_prefix(sentence, "www: "));
    assert_true(g_str_has_suffix(sentence, ".\n"));
    assert_ptr_equal(strchr(sentence, '\n'), strrchr(sentence, '\n'));
    assert_non_null(strstr(sentence, why));
}

static void what_it_cannot_do_it_says_in_one_sentence(void **state)
{
    g_autofree char *taken = g_strconcat("--listen=", where, NULL);
    (void)state;
    expect_refusal(taken, 1, "already in use");
    expect_refusal("--root=/nowhere/at/all", 1, "/nowhere/at/all");
    expect_refusal("--listen=nowhere", 2, "nowhere");
    expect_refusal("--listen=127.0.0.1:65536", 2, "65536");
    expect_refusal("--patience=0", 2, "number");
    expect_refusal("--patience=nan", 2, "number");
    expect_refusal("--largest=0", 2, "number");
    expect_refusal("--largest=many", 2, "many");
    expect_refusal("--nonsense", 2, "--nonsense");
    expect_refusal("nonsense", 2, "nonsense");
}

static void a_signal_ends_it_in_good_order(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        struct actor *actor;
        g_autofree char *address = start("--root=.", &actor);
        expect_at(address, CODE "URL/counter", "200");
        actor_signal(actor, signals[i]);
        assert_int_equal(actor_wait(actor, PATIENCE), 0);
        g_autofree char *errors = actor_errors(actor);
        assert_string_equal(errors, "");
    }
}

static void nothing_that_clients_did_has_made_it_complain(void **state)
{
    g_autofree char *complaints = actor_errors(server);
    (void)state;
    assert_string_equal(complaints, "");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_shown),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(one_connection_serves_twice),
        cmocka_unit_test(what_is_unchanged_is_not_sent_again),
        cmocka_unit_test(an_upload_arrives_whole_in_every_way),
        cmocka_unit_test(the_body_is_asked_for),
        cmocka_unit_test(a_body_that_is_too_long_is_refused_before_it_comes),
        cmocka_unit_test(without_a_root_it_says_what_there_is),
        cmocka_unit_test(what_it_cannot_do_it_says_in_one_sentence),
        cmocka_unit_test(a_signal_ends_it_in_good_order),
        cmocka_unit_test(nothing_that_clients_did_has_made_it_complain),
    };
    open_stage();
    int status = test_run(argc, argv, tests);
    g_free(where);
    g_free(upload);
    stage_free(stage);
    return status;
}
