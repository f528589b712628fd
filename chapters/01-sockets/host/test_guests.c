#include "01-sockets/host/guests.h"
#include "common/judge/test.h"

static struct address at(unsigned port)
{
    struct address address;
    g_autofree char *text = g_strdup_printf("127.0.0.1:%u", port);
    assert_true(address_parse(&address, text, NULL));
    return address;
}

static node_id meet(struct guests *guests, unsigned port)
{
    struct address address = at(port);
    return guests_id(guests, &address);
}

static bool is_at(const struct guests *guests, node_id id, unsigned port)
{
    struct address address = at(port);
    const struct address *found = guests_address(guests, id);
    return found && address_equal(found, &address);
}

static void each_address_has_one_number(void **state)
{
    (void)state;
    struct guests *guests = guests_new(10);
    assert_int_equal(meet(guests, 7), 65536);
    assert_int_equal(meet(guests, 8), 65537);
    assert_int_equal(meet(guests, 7), 65536);
    assert_true(is_at(guests, 65536, 7));
    assert_true(is_at(guests, 65537, 8));
    assert_null(guests_address(guests, 65538));
    assert_null(guests_address(guests, 7));
    guests_free(guests);
}

static void the_most_silent_one_is_forgotten(void **state)
{
    (void)state;
    struct guests *guests = guests_new(3);
    for (unsigned port = 1; port <= 3; port++)
        meet(guests, port);
    meet(guests, 1);
    assert_int_equal(meet(guests, 4), 65539);
    assert_true(is_at(guests, 65536, 1));
    assert_null(guests_address(guests, 65537));
    assert_true(is_at(guests, 65538, 3));
    assert_true(is_at(guests, 65539, 4));
    assert_int_equal(meet(guests, 2), 65540);
    assert_null(guests_address(guests, 65538));
    guests_free(guests);
}

static void who_is_kept_is_never_forgotten(void **state)
{
    (void)state;
    struct guests *guests = guests_new(2);
    node_id kept = meet(guests, 7);
    guests_keep(guests, kept);
    guests_keep(guests, kept);
    guests_keep(guests, 1);
    for (unsigned port = 100; port < 200; port++)
        meet(guests, port);
    assert_true(is_at(guests, kept, 7));
    assert_int_equal(meet(guests, 7), kept);
    for (unsigned port = 100; port < 200; port++)
        meet(guests, port);
    assert_true(is_at(guests, kept, 7));
    guests_free(guests);
}

static void a_flood_takes_no_more_than_there_is_room_for(void **state)
{
    (void)state;
    struct guests *guests = guests_new(2);
    unsigned known = 0;
    for (unsigned port = 1; port <= 1000; port++)
        meet(guests, port);
    for (node_id id = 65536; id < 65536 + 1000; id++)
        known += guests_address(guests, id) != NULL;
    assert_int_equal(known, 2);
    guests_free(guests);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_address_has_one_number),
        cmocka_unit_test(the_most_silent_one_is_forgotten),
        cmocka_unit_test(who_is_kept_is_never_forgotten),
        cmocka_unit_test(a_flood_takes_no_more_than_there_is_room_for),
    };
    return test_run(argc, argv, tests);
}
