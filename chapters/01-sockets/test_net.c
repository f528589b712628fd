#include "01-sockets/acceptor.h"
#include "01-sockets/dial.h"
#include "01-sockets/net.h"
#include "common/judge/test.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct address parse(const char *text)
{
    struct address address;
    assert_true(address_parse(&address, text, NULL));
    return address;
}

/* As a client that waits. Returns what dial() does. */
static int knock(const struct address *door)
{
    g_autoptr(GArray) to = g_array_new(FALSE, FALSE, sizeof(struct address));
    g_array_append_vals(to, door, 1);
    return dial(to, clock_monotonic() + 30 * SEC);
}

/* Whoever knocks there gets in here, and is seen as who he is. */
static void expect_visitor(int listener, const char *text, const char *seen)
{
    struct address door = parse(text), from;
    int client = knock(&door);
    assert_return_code(client, errno);
    int fd = net_accept(listener, &from);
    g_autofree char *name = address_text(&from);
    assert_true(g_str_has_prefix(name, seen));
    close(fd);
    close(client);
}

/* ---- TCP. ---- */

static bool closes_on_exec(int fd)
{
    return fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

static void a_listener_tells_the_port_the_kernel_chose(void **state)
{
    struct address any = parse("127.0.0.1:0");
    int listener = net_listen(&any, 1);
    struct address bound = address_of(listener);
    g_autofree char *text = address_text(&bound);
    (void)state;
    assert_true(g_str_has_prefix(text, "127.0.0.1:"));
    assert_string_not_equal(text, "127.0.0.1:0");
    assert_true(closes_on_exec(listener));
    close(listener);
}

static void an_accepted_connection_tells_whose_it_is(void **state)
{
    struct address any = parse("127.0.0.1:0"), from;
    int listener = net_listen(&any, 1);
    struct address to = address_of(listener);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)state;
    assert_return_code(connect(client, (struct sockaddr *)&to.storage, to.size),
                       errno);
    int fd = net_accept(listener, &from);
    struct address mine = address_of(client);
    assert_true(address_equal(&from, &mine));
    assert_true(closes_on_exec(fd));
    close(fd);
    close(client);
    close(listener);
}

static void a_port_that_is_taken_is_refused(void **state)
{
    struct address any = parse("127.0.0.1:0");
    int listener = net_listen(&any, 1);
    struct address taken = address_of(listener);
    (void)state;
    assert_int_equal(net_listen(&taken, 1), -1);
    assert_int_equal(errno, EADDRINUSE);
    close(listener);
}

/* The side that closes first keeps the port, in TIME_WAIT, for a minute. */
static void a_port_left_a_moment_ago_is_taken_again(void **state)
{
    struct address any = parse("127.0.0.1:0");
    int listener = net_listen(&any, 1);
    struct address to = address_of(listener);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)state;
    assert_return_code(connect(client, (struct sockaddr *)&to.storage, to.size),
                       errno);
    close(net_accept(listener, NULL));
    close(client);
    close(listener);
    listener = net_listen(&to, 1);
    assert_return_code(listener, errno);
    close(listener);
}

/* ---- Two families. ---- */

static int listen_on(const char *text)
{
    struct address address = parse(text);
    return net_listen(&address, 8);
}

/* Not every machine does: it may have none, or none on loopback. */
static bool has_ipv6(void)
{
    int listener = listen_on("[::1]:0");
    if (listener >= 0)
        close(listener);
    return listener >= 0;
}

/* "HOST:" and the port of @p listener. Returns new. */
static char *at_port_of(int listener, const char *host)
{
    struct address address = address_of(listener);
    g_autofree char *text = address_text(&address);
    return g_strconcat(host, strrchr(text, ':'), NULL);
}

static void where_both_families_are_served_both_get_in(void **state)
{
    (void)state;
    if (!has_ipv6())
        skip();
    int listener = listen_on("[::]:0");
    g_autofree char *fourth = at_port_of(listener, "127.0.0.1");
    g_autofree char *sixth = at_port_of(listener, "[::1]");
    expect_visitor(listener, fourth, "127.0.0.1:");
    expect_visitor(listener, sixth, "[::1]:");
    close(listener);
}

static void where_one_family_is_served_the_other_may_be_elsewhere(void **state)
{
    (void)state;
    if (!has_ipv6())
        skip();
    int six = listen_on("[::1]:0");
    g_autofree char *sixth = at_port_of(six, "[::1]");
    g_autofree char *fourth = at_port_of(six, "127.0.0.1");
    int four = listen_on(fourth);
    if (four < 0)
        skip(); /* Somebody has it already. */
    expect_visitor(six, sixth, "[::1]:");
    expect_visitor(four, fourth, "127.0.0.1:");
    close(six);
    close(four);
}

/* In a network of its own, a machine whose [::] serves IPv6 alone unless asked
 * for more. Returns 0, 1, or 2 where such a thing may not be made. */
static int be_of_another_mind(void)
{
    int alone = -1;
    socklen_t size = sizeof alone;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        return 2;
    int setting = open("/proc/sys/net/ipv6/bindv6only", O_WRONLY);
    if (setting < 0 || write(setting, "1", 1) != 1)
        return 2;
    int listener = listen_on("[::]:0");
    getsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &alone, &size);
    return alone == 0 ? 0 : 1;
}

static void both_are_served_whatever_the_machine_is_set_to(void **state)
{
    int status;
    pid_t child = fork();
    (void)state;
    if (child == 0)
        _exit(be_of_another_mind());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 2)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- Unix sockets. ---- */

static char *dir;

static int make_dir(void **state)
{
    (void)state;
    dir = test_dir_make();
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    test_dir_remove(dir);
    return 0;
}

/* In the directory. Returns new. */
static char *path_in_dir(void)
{
    return g_build_filename(dir, "socket", NULL);
}

static char *unix_in_dir(void)
{
    g_autofree char *path = path_in_dir();
    return g_strconcat("unix:", path, NULL);
}

static bool exists(void)
{
    struct stat status;
    g_autofree char *path = path_in_dir();
    return lstat(path, &status) == 0;
}

static unsigned open_descriptors(void)
{
    g_autoptr(GDir) open = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned count = 0;
    while (g_dir_read_name(open))
        count++;
    return count;
}

static void expect_taken(const char *text)
{
    unsigned before = open_descriptors();
    assert_int_equal(listen_on(text), -1);
    assert_int_equal(errno, EADDRINUSE);
    assert_int_equal(open_descriptors(), before);
}

static void expect_place(int listener, const char *text)
{
    struct address here = address_of(listener), there = parse(text);
    g_autofree char *name = address_text(&here);
    assert_string_equal(name, text);
    assert_true(address_equal(&here, &there));
    expect_visitor(listener, text, "unix:");
}

static void a_path_is_a_place(void **state)
{
    g_autofree char *text = unix_in_dir();
    int listener = listen_on(text);
    (void)state;
    assert_return_code(listener, errno);
    expect_place(listener, text);
    close(listener);
}

static void an_abstract_name_is_a_place_without_a_file(void **state)
{
    g_autofree char *text = g_strdup_printf("unix:@book/%d", getpid());
    int listener = listen_on(text);
    (void)state;
    assert_return_code(listener, errno);
    expect_place(listener, text);
    expect_taken(text);
    net_withdraw(listener);
    expect_place(listener, text);
    close(listener);
    assert_return_code(listener = listen_on(text), errno);
    close(listener);
}

static void what_a_killed_server_left_keeps_nobody_from_starting(void **state)
{
    g_autofree char *text = unix_in_dir();
    int listener = listen_on(text);
    (void)state;
    close(listener); /* The kernel does it for whoever is killed. */
    assert_true(exists());
    listener = listen_on(text);
    assert_return_code(listener, errno);
    expect_place(listener, text);
    close(listener);
}

static void a_server_that_lives_keeps_its_path(void **state)
{
    g_autofree char *text = unix_in_dir();
    int listener = listen_on(text);
    (void)state;
    expect_taken(text);
    close(net_accept(listener, NULL)); /* It was knocked at, to see. */
    expect_place(listener, text);
    close(listener);
}

static void a_server_that_is_very_busy_keeps_its_path(void **state)
{
    g_autofree char *text = unix_in_dir();
    struct address address = parse(text);
    int listener = net_listen(&address, 0), first = net_connect(&address);
    (void)state;
    assert_return_code(first, errno);
    assert_int_equal(net_connect(&address), -1);
    assert_int_equal(errno, EAGAIN);
    expect_taken(text);
    assert_true(exists());
    close(first);
    close(listener);
}

static void a_socket_of_another_kind_keeps_its_path(void **state)
{
    g_autofree char *text = unix_in_dir();
    struct address address = parse(text);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    (void)state;
    assert_return_code(
        bind(fd, (struct sockaddr *)&address.storage, address.size), errno);
    expect_taken(text);
    assert_true(exists());
    close(fd);
}

static void a_file_that_is_no_socket_is_never_removed(void **state)
{
    g_autofree char *text = unix_in_dir(), *path = path_in_dir();
    g_autofree char *dead = g_build_filename(dir, "dead", NULL);
    g_autofree char *dead_text = g_strconcat("unix:", dead, NULL);
    (void)state;
    close(listen_on(dead_text));
    assert_true(g_file_set_contents(path, "precious", -1, NULL));
    expect_taken(text);
    assert_true(exists());
    unlink(path);
    mkdir(path, 0700);
    expect_taken(text);
    assert_true(exists());
    rmdir(path);
    assert_return_code(symlink(dead, path), errno);
    expect_taken(text);
    assert_true(exists());
}

static void who_withdraws_leaves_no_file_and_serves_who_is_there(void **state)
{
    g_autofree char *text = unix_in_dir();
    struct address address = parse(text);
    int listener = net_listen(&address, 8), client = net_connect(&address);
    (void)state;
    net_withdraw(listener);
    assert_false(exists());
    assert_int_equal(net_connect(&address), -1);
    assert_int_equal(errno, ENOENT);
    close(net_accept(listener, NULL));
    close(client);
    close(listener);
}

static void on_connection(void *self, int fd)
{
    (void)self;
    close(fd);
}

static void an_acceptor_withdraws_when_it_is_freed(void **state)
{
    g_autofree char *text = unix_in_dir();
    struct loop *loop = loop_new();
    struct acceptor *acceptor =
        acceptor_new(loop, listen_on(text), on_connection, NULL);
    (void)state;
    assert_true(exists());
    acceptor_free(acceptor);
    assert_false(exists());
    loop_free(loop);
}

/* The bytes of its port and host are taken for a path, and a file that happens
 * to be there must stay. */
static void who_has_no_path_leaves_all_files_alone(void **state)
{
    int listener = listen_on("127.0.0.1:0");
    struct address address = address_of(listener);
    g_autofree char *text = at_port_of(listener, "127.0.0.1");
    g_autofree char *name = g_strndup((char *)&address.storage + 2, 6);
    (void)state;
    if (strchr(name, '/') || !*name)
        skip(); /* No name for a file: one port in a hundred or so. */
    assert_return_code(chdir(dir), errno);
    assert_true(g_file_set_contents(name, "precious", -1, NULL));
    net_withdraw(listener);
    assert_true(g_file_test(name, G_FILE_TEST_EXISTS));
    expect_visitor(listener, text, "127.0.0.1:");
    assert_return_code(chdir("/"), errno);
    close(listener);
}

/* ---- UDP. ---- */

static void a_bound_udp_socket_does_not_block(void **state)
{
    struct address any = parse("127.0.0.1:0");
    int fd = net_bind(&any);
    char byte;
    (void)state;
    assert_true(closes_on_exec(fd));
    assert_int_equal(recv(fd, &byte, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);
    close(fd);
}

#define with_dir(test) \
    cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_tells_the_port_the_kernel_chose),
        cmocka_unit_test(an_accepted_connection_tells_whose_it_is),
        cmocka_unit_test(a_port_that_is_taken_is_refused),
        cmocka_unit_test(a_port_left_a_moment_ago_is_taken_again),
        cmocka_unit_test(where_both_families_are_served_both_get_in),
        cmocka_unit_test(where_one_family_is_served_the_other_may_be_elsewhere),
        cmocka_unit_test(both_are_served_whatever_the_machine_is_set_to),
        with_dir(a_path_is_a_place),
        cmocka_unit_test(an_abstract_name_is_a_place_without_a_file),
        with_dir(what_a_killed_server_left_keeps_nobody_from_starting),
        with_dir(a_server_that_lives_keeps_its_path),
        with_dir(a_server_that_is_very_busy_keeps_its_path),
        with_dir(a_socket_of_another_kind_keeps_its_path),
        with_dir(a_file_that_is_no_socket_is_never_removed),
        with_dir(who_withdraws_leaves_no_file_and_serves_who_is_there),
        with_dir(an_acceptor_withdraws_when_it_is_freed),
        with_dir(who_has_no_path_leaves_all_files_alone),
        cmocka_unit_test(a_bound_udp_socket_does_not_block),
    };
    return test_run(argc, argv, tests);
}
