#include "01-sockets/address.h"
#include "01-sockets/net.h"
#include "common/judge/test.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static struct address parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    struct address address;
    if (!address_parse(&address, text, &error))
        fail_msg("%s", error->message);
    return address;
}

/* The sentence names @p culprit. */
static void expect_error(const char *text, enum address_error code,
                         const char *culprit)
{
    g_autoptr(GError) error = NULL;
    struct address address;
    if (address_parse(&address, text, &error))
        fail_msg("\"%s\" is taken for an address", text);
    assert_true(g_error_matches(error, ADDRESS_ERROR, (int)code));
    assert_non_null(strstr(error->message, culprit));
}

/* ---- Text. ---- */

static void an_address_is_written_as_it_is_read(void **state)
{
    static const char *const texts[] = {
        "127.0.0.1:7000", "0.0.0.0:0",  "255.255.255.255:65535",
        "[::1]:7000",     "[::]:65535", "[2001:db8::7]:1",
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        struct address address = parse(texts[i]);
        g_autofree char *text = address_text(&address);
        assert_string_equal(text, texts[i]);
    }
}

static void what_is_no_address_is_malformed(void **state)
{
    static const char *const texts[] = {
        "",
        ":",
        "127.0.0.1",
        "127.0.0.1:",
        ":80",
        "[]:80",
        "::1:80",
        "::1",
        "[::1]",
        "[::1]80",
        "[::1:80",
        "::1]:80",
        "[1.2.3.4]:5",
        "[a]:80",
        "[::zz]:80",
        "a:65536",
        "a:-1",
        "a:+1",
        "a: 1",
        "a:1 ",
        "a:http",
        "a:0x50",
        "a:80:80",
        "[:80",
        "]:80",
        "[[::1]]:5",
        "a:99999999999999999999999999",
        "a b:80",
        "a@b:80",
        "a/b:80",
        "a\n:80",
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        expect_error(texts[i], ADDRESS_MALFORMED, texts[i]);
}

/* A label of a name has at most 63 characters (RFC 1035 2.3.4), so that nobody
 * has to be asked about this one. */
static void a_name_without_an_address_is_unknown(void **state)
{
    g_autofree char *label = g_strnfill(64, 'x');
    g_autofree char *text = g_strconcat(label, ".invalid:80", NULL);
    (void)state;
    expect_error(text, ADDRESS_UNKNOWN, label);
}

static void a_name_stands_for_all_its_addresses(void **state)
{
    g_autoptr(GArray) found = address_find("localhost:80", NULL);
    (void)state;
    if (!found)
        skip(); /* A bare machine knows not even itself: no /etc/hosts. */
    assert_true(found->len >= 1);
    for (guint i = 0; i < found->len; i++) {
        struct address *address = &g_array_index(found, struct address, i);
        g_autofree char *text = address_text(address);
        assert_true(g_str_has_suffix(text, ":80"));
    }
}

static void what_is_no_address_has_a_text_too(void **state)
{
    struct address nowhere = {.size = 0};
    g_autofree char *text = address_text(&nowhere);
    (void)state;
    assert_string_equal(text, "nowhere");
}

/* ---- Equality. ---- */

static void addresses_are_equal_when_family_host_and_port_are(void **state)
{
    static const char *const texts[] = {
        "127.0.0.1:80", "127.0.0.1:81", "127.0.0.2:80",
        "[::1]:80",     "[::1]:81",     "[::ffff:127.0.0.1]:80",
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        for (size_t j = 0; j < G_N_ELEMENTS(texts); j++) {
            struct address a = parse(texts[i]), b = parse(texts[j]);
            assert_int_equal(address_equal(&a, &b), i == j);
        }
}

static void equality_is_not_fooled_by_padding(void **state)
{
    struct address a = parse("127.0.0.1:80"), b = a;
    (void)state;
    ((uint8_t *)&b.storage)[a.size - 1] ^= 1;
    assert_true(address_equal(&a, &b));
}

/* ---- Sockets that wait for others. ---- */

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

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_written_as_it_is_read),
        cmocka_unit_test(what_is_no_address_is_malformed),
        cmocka_unit_test(a_name_without_an_address_is_unknown),
        cmocka_unit_test(a_name_stands_for_all_its_addresses),
        cmocka_unit_test(what_is_no_address_has_a_text_too),
        cmocka_unit_test(addresses_are_equal_when_family_host_and_port_are),
        cmocka_unit_test(equality_is_not_fooled_by_padding),
        cmocka_unit_test(a_listener_tells_the_port_the_kernel_chose),
        cmocka_unit_test(an_accepted_connection_tells_whose_it_is),
        cmocka_unit_test(a_port_that_is_taken_is_refused),
        cmocka_unit_test(a_port_left_a_moment_ago_is_taken_again),
        cmocka_unit_test(a_bound_udp_socket_does_not_block),
    };
    return test_run(argc, argv, tests);
}
