#include "01-sockets/address.h"
#include "common/judge/test.h"
#include <errno.h>
#include <stddef.h>
#include <sys/un.h>
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
        "127.0.0.1:7000",       "0.0.0.0:0",         "255.255.255.255:65535",
        "[::1]:7000",           "[::]:65535",        "[2001:db8::7]:1",
        "[::ffff:0:7f00:1]:80", "unix:/run/socket",  "unix:/",
        "unix:/a socket:80",    "unix:/tmp/@",       "unix:/Über/日本",
        "unix:@name",           "unix:@/run/socket", "unix:@@",
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
        "unix:",
        "unix:@",
        "unix:socket",
        "unix:./socket",
        "unix:-1",
        "UNIX:/run/socket",
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        expect_error(texts[i], ADDRESS_MALFORMED, texts[i]);
}

static void the_sentence_says_what_is_expected(void **state)
{
    (void)state;
    expect_error("a:65536", ADDRESS_MALFORMED, "from 0 to 65535");
    expect_error("a", ADDRESS_MALFORMED, "such as 127.0.0.1:7000");
    expect_error("unix:", ADDRESS_MALFORMED, "a path that begins with");
    expect_error("unix:@", ADDRESS_MALFORMED, "or \"@\" and a name");
    expect_error("unix:socket", ADDRESS_MALFORMED, "a path that begins with");
}

/* A path leaves room for the zero byte after it, a name for that before it. */
static void a_unix_address_has_at_most_107_bytes(void **state)
{
    static const char *const starts[] = {"unix:/", "unix:@"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
        g_autofree char *rest = g_strnfill(i == 0 ? 106 : 107, 'x');
        g_autofree char *text = g_strconcat(starts[i], rest, NULL);
        struct address address = parse(text);
        g_autofree char *again = address_text(&address);
        assert_string_equal(again, text);
        g_autofree char *longer = g_strconcat(text, "x", NULL);
        expect_error(longer, ADDRESS_MALFORMED, "107 bytes");
        expect_error(longer, ADDRESS_MALFORMED, longer);
    }
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

static void expect_text(struct address address, const char *expected)
{
    g_autofree char *text = address_text(&address);
    assert_string_equal(text, expected);
}

static void what_is_no_address_has_a_text_too(void **state)
{
    (void)state;
    expect_text((struct address){.size = 0}, "nowhere");
    expect_text((struct address){.storage.ss_family = AF_UNIX}, "nowhere");
}

static void ipv4_wrapped_in_ipv6_is_written_as_ipv4(void **state)
{
    (void)state;
    expect_text(parse("[::ffff:127.0.0.1]:80"), "127.0.0.1:80");
    expect_text(parse("[::ffff:7f00:1]:80"), "127.0.0.1:80");
    expect_text(parse("[::127.0.0.1]:80"), "[::127.0.0.1]:80");
}

static void what_stands_behind_an_address_is_no_part_of_it(void **state)
{
    struct address plain = parse("127.0.0.1:80");
    struct address wrapped = parse("[::ffff:127.0.0.1]:80");
    size_t size = plain.size;
    (void)state;
    memcpy((char *)&plain.storage + size, (char *)&wrapped.storage + size,
           sizeof plain.storage - size);
    expect_text(plain, "127.0.0.1:80");
}

/* As the kernel gives it, with @p size bytes of @p name. */
static struct address unix_address(const char *name, size_t size)
{
    struct address address = {.storage.ss_family = AF_UNIX};
    size_t before = offsetof(struct sockaddr_un, sun_path);
    memcpy((char *)&address.storage + before, name, size);
    address.size = (socklen_t)(before + size);
    return address;
}

static void a_unix_socket_without_a_name_has_a_text_too(void **state)
{
    struct address nobody = unix_address("/old", 4);
    (void)state;
    nobody.size = offsetof(struct sockaddr_un, sun_path);
    expect_text(nobody, "unix:");
    expect_text(unix_address("", 0), "unix:");
}

static void what_does_not_print_in_a_unix_name_plays_no_tricks(void **state)
{
    (void)state;
    expect_text(unix_address("\0a\nb\x1b[2J", 8), "unix:@a?b?[2J");
    expect_text(unix_address("/\x7f\xc2\x9bz", 6), "unix:/??z");
    expect_text(unix_address("\0a\0b", 4), "unix:@a\ufffd"
                                           "b");
    expect_text(unix_address("/\xff", 3), "unix:/\ufffd");
}

/* ---- Equality. ---- */

static void addresses_are_equal_when_their_place_is(void **state)
{
    static const char *const texts[] = {
        "127.0.0.1:80", "127.0.0.1:81",     "127.0.0.2:80",   "[::1]:80",
        "[::1]:81",     "[::127.0.0.1]:80", "[fe80::1%1]:80", "[fe80::1%2]:80",
        "unix:/run/a",  "unix:/run/b",      "unix:/run/ab",   "unix:@a",
        "unix:@b",      "unix:@ab",         "unix:@/run/a",
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        for (size_t j = 0; j < G_N_ELEMENTS(texts); j++) {
            struct address a = parse(texts[i]), b = parse(texts[j]);
            assert_int_equal(address_equal(&a, &b), i == j);
        }
}

static void ipv4_wrapped_in_ipv6_is_the_same_place(void **state)
{
    struct address plain = parse("127.0.0.1:80");
    struct address wrapped = parse("[::ffff:127.0.0.1]:80");
    struct address elsewhere = parse("[::ffff:127.0.0.1]:81");
    (void)state;
    assert_true(address_equal(&plain, &wrapped));
    assert_true(address_equal(&wrapped, &plain));
    assert_true(address_equal(&wrapped, &wrapped));
    assert_false(address_equal(&plain, &elsewhere));
    assert_false(address_equal(&wrapped, &elsewhere));
}

/* The kernel may count it or not. */
static void the_zero_byte_after_a_path_is_no_part_of_it(void **state)
{
    struct address with = unix_address("/run/a", 7);
    struct address without = unix_address("/run/a", 6);
    (void)state;
    assert_true(address_equal(&with, &without));
}

static void a_zero_byte_in_an_abstract_name_is_part_of_it(void **state)
{
    struct address with = unix_address("\0a", 3);
    struct address without = unix_address("\0a", 2);
    (void)state;
    assert_false(address_equal(&with, &without));
}

static void what_lives_nowhere_is_equal_to_nothing(void **state)
{
    struct address nowhere[] = {
        {.size = 0},
        {.storage.ss_family = AF_UNIX},
        unix_address("", 0),
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(nowhere); i++)
        assert_false(address_equal(&nowhere[i], &nowhere[i]));
}

/* Their bytes are the same; 12152 is "/x". */
static void a_host_is_no_path(void **state)
{
    struct address host = parse("127.0.0.1:12152");
    struct address long_path = unix_address("/x\x7f\0\0\1", 6);
    struct address path = unix_address("/x\x7f", 4);
    (void)state;
    assert_false(address_equal(&host, &long_path));
    assert_false(address_equal(&long_path, &host));
    assert_false(address_equal(&host, &path));
    assert_false(address_equal(&path, &host));
}

static void equality_is_not_fooled_by_padding(void **state)
{
    struct address a = parse("127.0.0.1:80"), b = a;
    (void)state;
    ((uint8_t *)&b.storage)[a.size - 1] ^= 1;
    assert_true(address_equal(&a, &b));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_written_as_it_is_read),
        cmocka_unit_test(what_is_no_address_is_malformed),
        cmocka_unit_test(the_sentence_says_what_is_expected),
        cmocka_unit_test(a_unix_address_has_at_most_107_bytes),
        cmocka_unit_test(a_name_without_an_address_is_unknown),
        cmocka_unit_test(a_name_stands_for_all_its_addresses),
        cmocka_unit_test(what_is_no_address_has_a_text_too),
        cmocka_unit_test(ipv4_wrapped_in_ipv6_is_written_as_ipv4),
        cmocka_unit_test(what_stands_behind_an_address_is_no_part_of_it),
        cmocka_unit_test(a_unix_socket_without_a_name_has_a_text_too),
        cmocka_unit_test(what_does_not_print_in_a_unix_name_plays_no_tricks),
        cmocka_unit_test(addresses_are_equal_when_their_place_is),
        cmocka_unit_test(ipv4_wrapped_in_ipv6_is_the_same_place),
        cmocka_unit_test(the_zero_byte_after_a_path_is_no_part_of_it),
        cmocka_unit_test(a_zero_byte_in_an_abstract_name_is_part_of_it),
        cmocka_unit_test(what_lives_nowhere_is_equal_to_nothing),
        cmocka_unit_test(a_host_is_no_path),
        cmocka_unit_test(equality_is_not_fooled_by_padding),
    };
    return test_run(argc, argv, tests);
}
