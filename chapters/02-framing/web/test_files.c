/* Files below a directory, and nothing else: hostile paths, links out and
 * within, files that change while they are sent. */
#include "02-framing/web/files.h"
#include "02-framing/web/test_web.h"
#include <sys/resource.h>
#include <sys/stat.h>
#include <utime.h>

#define HOST "Host: x\r\n\r\n"
enum { BIG = 1 << 20 };

static char *dir; /* Holds `root`, and beside it a secret. */
static struct files *files;

static void on_request(void *self, struct web_exchange *exchange,
                       const struct http_request *request)
{
    (void)self;
    files_answer(files, exchange, request);
}

static char *in_dir(const char *name)
{
    return g_build_filename(dir, name, NULL);
}

static void put_file(const char *name, const char *text)
{
    const struct utimbuf times = {.modtime = 784111777};
    g_autofree char *path = in_dir(name);
    g_autofree char *parent = g_path_get_dirname(path);
    g_mkdir_with_parents(parent, 0700);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_return_code(utime(path, &times), errno);
}

static void put_link(const char *name, const char *to)
{
    g_autofree char *path = in_dir(name);
    assert_return_code(symlink(to, path), errno);
}

static int open_all(void **state)
{
    (void)state;
    dir = test_dir_make();
    put_file("secret", "secret");
    put_file("root/index.html", "the index");
    put_file("root/a.txt", "a text");
    put_file("root/empty", "");
    put_file("root/.hidden", "hidden");
    put_file("root/.git/config", "hidden");
    put_file("root/sub/index.html", "below");
    put_file("root/none/x y+z", "odd name");
    g_autofree char *root = in_dir("root");
    files = files_new(root);
    assert_non_null(files);
    open_house("unix:@", on_request, (struct web_settings){0});
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    close_house();
    files_free(files);
    test_dir_remove(dir);
    return 0;
}

/* ---- Asking. ---- */

/* With more @p fields than Host. Borrowed until the next one. */
static const char *ask(const char *method, const char *target,
                       const char *fields)
{
    struct guest *guest = guest_new();
    g_autofree char *text =
        g_strdup_printf("%s %s HTTP/1.1\r\n%s" HOST, method, target, fields);
    guest_say(guest, text);
    settle();
    const char *heard = guest_heard(guest);
    guest_leave(guest);
    return heard;
}

static void expect(const char *target, int status, const char *body)
{
    const char *heard = ask("GET", target, "");
    if (atoi(heard + strlen("HTTP/1.1 ")) != status)
        fail_msg("%s: not %d, but %s", target, status, heard);
    assert_null(strstr(heard, "secret"));
    assert_null(strstr(heard, "hidden"));
    if (body)
        assert_string_equal(strstr(heard, "\r\n\r\n") + 4, body);
}

/* ---- Paths. ---- */

static void paths_are_decoded_and_queries_dropped(void **state)
{
    static const struct {
        const char *target, *path;
    } paths[] = {
        {"/", "."},
        {"//", "."},
        {"/?x", "."},
        {"/a/b?c?d", "a/b"},
        {"/%61%2Fb%3f", "a/b?"},
        {"/a+b", "a+b"},
        {"/a..b", "a..b"},
        {"//a", "a"},
        {"", NULL},
        {"a", NULL},
        {"*", NULL},
        {"?/a", NULL},
        {"/%", NULL},
        {"/%4", NULL},
        {"/%4?", NULL},
        {"/%g1", NULL},
        {"/%00", NULL},
        {"/a%00.txt", NULL},
        {"/..", NULL},
        {"/.", NULL},
        {"/a/../b", NULL},
        {"/%2e%2e/a", NULL},
        {"/%2f..%2fa", NULL},
        {"/.hidden", NULL},
        {"/a/%2ehidden", NULL},
        {"/...", NULL},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        const char *target = paths[i].target;
        g_autofree char *path =
            files_path((struct word){target, strlen(target)});
        if (g_strcmp0(path, paths[i].path) != 0)
            fail_msg("%s is %s", target, path ? path : "none");
    }
}

static void what_is_there_is_shown(void **state)
{
    (void)state;
    expect("/", 200, "the index");
    expect("/index.html?x=1", 200, "the index");
    expect("/a.txt", 200, "a text");
    expect("/empty", 200, "");
    expect("/sub", 200, "below");
    expect("/sub/", 200, "below");
    expect("/none/x%20y+z", 200, "odd name");
}

static void what_is_not_there_is_not_found(void **state)
{
    (void)state;
    expect("/nix", 404, NULL);
    expect("/A.TXT", 404, NULL);
    expect("/none", 404, NULL);
    expect("/none/", 404, NULL);
    expect("/a.txt/", 404, NULL);
    expect("/a.txt/b", 404, NULL);
    expect("/.hidden", 404, NULL);
    expect("/.git/config", 404, NULL);
    expect("*", 404, NULL);
}

static void nothing_leads_out(void **state)
{
    static const char *const targets[] = {
        "/../secret",         "/sub/../../secret",
        "/%2e%2e/secret",     "/..%2fsecret",
        "/%2e%2e%2fsecret",   "//../secret",
        "/%2f%2fsecret",      "/\\..\\secret",
        "/%5c..%5csecret",    "/sub/%2e%2e/%2e%2e/secret",
        "/%252e%252e/secret", "/a.txt%00/../../secret",
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(targets); i++)
        expect(targets[i], 404, NULL);
    g_autofree char *absolute = g_strconcat("/", dir, "/secret", NULL);
    expect(absolute, 404, NULL);
}

/* ---- Links, and what is no file. ---- */

static void links_lead_about_within_but_not_out(void **state)
{
    g_autofree char *secret = in_dir("secret");
    (void)state;
    put_link("root/within", "sub/index.html");
    put_link("root/sub/up", "../a.txt");
    put_link("root/out", "../secret");
    put_link("root/absolute", secret);
    put_link("root/parent", "..");
    put_link("root/sub/out", "../../secret");
    put_link("root/round", "round");
    put_link("root/proc", "/proc/self/root");
    expect("/within", 200, "below");
    expect("/sub/up", 200, "a text");
    expect("/out", 404, NULL);
    expect("/absolute", 404, NULL);
    expect("/parent/secret", 404, NULL);
    expect("/sub/out", 404, NULL);
    expect("/round", 404, NULL);
    expect("/proc/etc/hostname", 404, NULL);
}

/* Above all, nobody waits for one to write into the pipe. */
static void a_pipe_is_no_file(void **state)
{
    g_autofree char *path = in_dir("root/pipe");
    (void)state;
    assert_return_code(mkfifo(path, 0600), errno);
    expect("/pipe", 403, NULL);
}

/* ---- Answers. ---- */

static void head_and_get_say_the_same(void **state)
{
    g_autofree char *get = g_strdup(ask("GET", "/a.txt", ""));
    const char *head = ask("HEAD", "/a.txt", "");
    (void)state;
    assert_string_equal(head, "HTTP/1.1 200 OK\r\n"
                              "Content-Type: text/plain; charset=utf-8\r\n"
                              "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                              "Content-Length: 6\r\n\r\n");
    assert_int_equal(strlen(get), strlen(head) + 6);
    assert_true(g_str_has_prefix(get, head));
}

static void what_the_client_has_is_not_sent_again(void **state)
{
    static const struct {
        const char *since;
        int status;
    } times[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 304},
        {"Sun, 06 Nov 1994 08:49:38 GMT", 304},
        {"Sun, 06 Nov 1994 08:49:36 GMT", 200},
        {"Sun, 06 Nov 1994 08:49:37 CET", 200},
        {"yesterday", 200},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autofree char *field =
            g_strdup_printf("If-Modified-Since: %s\r\n", times[i].since);
        const char *heard = ask("GET", "/a.txt", field);
        assert_int_equal(atoi(heard + 9), times[i].status);
        if (times[i].status == 304)
            assert_true(g_str_has_suffix(heard, "\r\n\r\n"));
    }
}

static void other_methods_are_told_what_there_is(void **state)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE", "get",
                                          "OPTIONS"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
        const char *heard = ask(methods[i], "/a.txt", "");
        assert_true(g_str_has_prefix(heard, "HTTP/1.1 405 "));
        assert_non_null(strstr(heard, "\r\nAllow: GET, HEAD\r\n"));
    }
}

/* ---- Long files, which change. ---- */

static char *put_big(void)
{
    g_autofree char *text = g_malloc(BIG + 1);
    for (size_t i = 0; i < BIG; i++)
        text[i] = (char)('a' + i % 23);
    text[BIG] = '\0';
    put_file("root/big", text);
    return g_steal_pointer(&text);
}

static struct guest *ask_for_big(void)
{
    struct guest *guest = guest_new();
    guest->deaf = true;
    guest_say(guest,
              "GET /big HTTP/1.1\r\n" HOST "GET /a.txt HTTP/1.1\r\n" HOST);
    settle();
    return guest;
}

static void a_long_file_comes_whole(void **state)
{
    g_autofree char *text = put_big();
    struct guest *guest = ask_for_big();
    (void)state;
    for (int i = 0; i < 40; i++) {
        guest_hear(guest, 30000);
        settle();
    }
    guest->deaf = false;
    settle();
    char *body = strstr(guest->heard->str, "\r\n\r\n") + 4;
    assert_memory_equal(body, text, BIG);
    assert_true(g_str_has_suffix(body + BIG, "a text"));
}

/* What was promised cannot be kept; and that must show. */
static void a_file_that_shrinks_breaks_its_answer(void **state)
{
    g_autofree char *path = in_dir("root/big");
    (void)state;
    g_free(put_big());
    struct guest *guest = ask_for_big();
    assert_return_code(truncate(path, BIG / 2), errno);
    guest->deaf = false;
    settle();
    assert_true(guest->ended || guest->error);
    assert_true(guest->heard->len < BIG);
    assert_null(strstr(guest->heard->str, "a text"));
}

static void a_file_that_grows_stays_as_it_was(void **state)
{
    g_autofree char *path = in_dir("root/big");
    (void)state;
    g_free(put_big());
    struct guest *guest = ask_for_big();
    assert_return_code(truncate(path, 2 * BIG), errno);
    guest->deaf = false;
    settle();
    char *body = strstr(guest->heard->str, "\r\n\r\n") + 4;
    assert_memory_equal(body + BIG, "HTTP/1.1 200 OK", 15);
}

static size_t count_descriptors(void)
{
    size_t count = 0;
    g_autoptr(GDir) open = g_dir_open("/proc/self/fd", 0, NULL);
    while (g_dir_read_name(open))
        count++;
    return count;
}

static void who_leaves_in_the_midst_leaves_no_descriptor(void **state)
{
    size_t before = count_descriptors();
    (void)state;
    g_free(put_big());
    for (int i = 0; i < 5; i++)
        guest_leave(ask_for_big());
    settle();
    ask("HEAD", "/big", "");
    ask("GET", "/none", "");
    ask("GET", "/a.txt",
        "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    settle();
    assert_int_equal(count_descriptors(), before);
}

static void no_descriptor_left_is_not_not_found(void **state)
{
    struct rlimit before, few;
    struct guest *guest = guest_new();
    (void)state;
    settle();
    getrlimit(RLIMIT_NOFILE, &before);
    few = before;
    few.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &few);
    guest_say(guest, "GET /a.txt HTTP/1.1\r\n" HOST);
    settle();
    setrlimit(RLIMIT_NOFILE, &before);
    assert_true(g_str_has_prefix(guest_heard(guest), "HTTP/1.1 503 "));
}

static void a_root_has_to_be_a_directory(void **state)
{
    g_autofree char *file = in_dir("root/a.txt");
    g_autofree char *nothing = in_dir("nix");
    (void)state;
    assert_null(files_new(file));
    assert_int_equal(errno, ENOTDIR);
    assert_null(files_new(nothing));
    assert_int_equal(errno, ENOENT);
}

#define test(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        test(paths_are_decoded_and_queries_dropped),
        test(what_is_there_is_shown),
        test(what_is_not_there_is_not_found),
        test(nothing_leads_out),
        test(links_lead_about_within_but_not_out),
        test(a_pipe_is_no_file),
        test(head_and_get_say_the_same),
        test(what_the_client_has_is_not_sent_again),
        test(other_methods_are_told_what_there_is),
        test(a_long_file_comes_whole),
        test(a_file_that_shrinks_breaks_its_answer),
        test(a_file_that_grows_stays_as_it_was),
        test(who_leaves_in_the_midst_leaves_no_descriptor),
        test(no_descriptor_left_is_not_not_found),
        test(a_root_has_to_be_a_directory),
    };
    return test_run(argc, argv, tests);
}
