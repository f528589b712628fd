/* A consumer that grants more than its connection holds, and reads when it
 * likes: at a real door, in time that passes when the test says so. */
#include "02-framing/door/test_door.h"
#include "04-queues/queue.h"
#include "04-queues/server/office.h"
#include "04-queues/server/pages.h"
#include <stdlib.h>
#include <sys/ioctl.h>

/* All messages are more than may be kept for a client; a push is no longer than
 * FRAME. */
enum { MESSAGES = 4000, SIZE = 1000, FRAME = SIZE + 100, MOST = 1 << 20 };

static struct office *office;
static node_id asked_of;        /* Of whom was asked last what is unread. */
static unsigned came[MESSAGES]; /* How often each was read, */
static unsigned again;          /* and so many not for the first time. */

static size_t count_unread(void *self, node_id client)
{
    (void)self;
    asked_of = client;
    return door_unread(door, client);
}

static struct queue *jobs(void)
{
    return broker_find(office_broker(office), (struct word){"jobs", 4});
}

/* Message 17 begins with "17 ". */
static void publish_all(void)
{
    for (int i = 0; i < MESSAGES; i++) {
        g_autofree char *text = g_strdup_printf("%d %*s", i, SIZE, "");
        uint64_t id;
        queue_publish(jobs(), (struct origin){0, 0}, (struct word){text, SIZE},
                      &id);
    }
}

static int set_up(void **state)
{
    (void)state;
    open_place((struct door_settings){.most = MOST});
    office = office_open(
        door_env(door),
        (struct office_settings){.transient = true, .unread = count_unread},
        NULL);
    assert_non_null(office);
    broker_declare(office_broker(office), (struct word){"jobs", 4},
                   &(struct queue_settings){.durability = DURABILITY_NONE,
                                            .visibility = 3600 * SEC});
    publish_all();
    memset(came, 0, sizeof came);
    again = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    office_free(office);
    close_place();
    return 0;
}

/* ---- A consumer. ---- */

struct reader {
    int fd;
    GByteArray *bytes; /* Read, and no whole value yet. */
    uint64_t number;   /* Of the last delivery. */
};

/* It has granted @p credit, and read nothing yet. */
static struct reader reader_come(const char *credit)
{
    g_autofree char *line =
        g_strdup_printf("HELLO 3\r\nQCONSUME jobs %s\r\n", credit);
    struct reader reader = {come(), g_byte_array_new(), 0};
    tell(reader.fd, line);
    return reader;
}

static void reader_go(struct reader *reader)
{
    close(reader->fd);
    g_byte_array_unref(reader->bytes);
    turn();
}

static void note(struct reader *reader, const struct resp_item *items)
{
    int message = atoi((const char *)reader->bytes->data + items[7].at);
    assert_in_range(message, 0, MESSAGES - 1);
    came[message]++;
    again += items[4].number > 1;
    assert_int_equal(items[5].number, items[4].number > 1);
    assert_int_equal(items[6].number, ++reader->number);
}

static void parse(struct reader *reader)
{
    struct resp *resp = resp_new((struct resp_limits){0});
    ssize_t used;
    while ((used = resp_parse(resp, reader->bytes->data, reader->bytes->len)) >
           0) {
        if (resp_items(resp)[0].type == RESP_PUSH)
            note(reader, resp_items(resp));
        g_byte_array_remove_range(reader->bytes, 0, (unsigned)used);
    }
    assert_int_equal(used, 0);
    resp_free(resp);
}

/* Read what there is. Returns whether it was anything. */
static bool read_more(struct reader *reader)
{
    uint8_t data[4096];
    ssize_t count;
    bool any = false;
    while ((count = recv(reader->fd, data, sizeof data, MSG_DONTWAIT)) > 0) {
        g_byte_array_append(reader->bytes, data, (unsigned)count);
        any = true;
    }
    assert_true(count < 0 && errno == EAGAIN);
    parse(reader);
    pass(2 * MSEC);
    return any;
}

static void read_all(struct reader *reader)
{
    while (read_more(reader))
        continue;
}

static void expect_each_once(void)
{
    for (int i = 0; i < MESSAGES; i++)
        if (came[i] != 1)
            fail_msg("message %d came %u times", i, came[i]);
}

/* ---- What is expected. ---- */

static void who_does_not_read_is_not_cut_and_then_has_all(void **state)
{
    (void)state;
    struct reader reader = reader_come("4294967295");
    int arrived;
    pass(50 * SEC);
    assert_int_equal(present(), 1);
    assert_int_equal(ioctl(reader.fd, FIONREAD, &arrived), 0);
    assert_in_range(door_unread(door, asked_of), 1, PAGES_UNREAD + FRAME);
    assert_in_range(queue_facts(jobs()).taken, 1,
                    ((size_t)arrived + PAGES_UNREAD + FRAME) / SIZE);
    read_all(&reader);
    expect_each_once();
    assert_int_equal(again, 0);
    assert_int_equal(queue_facts(jobs()).taken, MESSAGES);
    assert_int_equal(door_counts(door).cut, 0);
    reader_go(&reader);
}

static void others_have_what_the_slow_one_is_not_sent(void **state)
{
    (void)state;
    struct reader slow = reader_come("4294967295");
    pass(SEC);
    unsigned taken = queue_facts(jobs()).taken;
    struct reader fast = reader_come("4294967295");
    read_all(&fast);
    assert_int_equal(fast.number, MESSAGES - taken);
    assert_int_equal(queue_facts(jobs()).ready, 0);
    read_all(&slow);
    expect_each_once();
    reader_go(&slow);
    reader_go(&fast);
}

static void only_what_was_sent_to_one_who_is_cut_has_failed(void **state)
{
    (void)state;
    struct reader slow = reader_come("4294967295");
    pass(SEC);
    unsigned taken = queue_facts(jobs()).taken;
    pass(62 * SEC);
    assert_int_equal(present(), 0);
    assert_int_equal(queue_facts(jobs()).ready, MESSAGES);
    struct reader next = reader_come("4294967295");
    read_all(&next);
    expect_each_once();
    assert_int_equal(again, taken);
    reader_go(&slow);
    reader_go(&next);
}

static void credit_is_passed_on_no_further_than_it_goes(void **state)
{
    (void)state;
    struct reader reader = reader_come("1500");
    read_all(&reader);
    assert_int_equal(reader.number, 1500);
    tell(reader.fd, "QCREDIT jobs 1501\r\n");
    read_all(&reader);
    assert_int_equal(reader.number, 1501);
    assert_int_equal(queue_facts(jobs()).ready, MESSAGES - 1501);
    reader_go(&reader);
}

#define at_a_door(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        at_a_door(who_does_not_read_is_not_cut_and_then_has_all),
        at_a_door(others_have_what_the_slow_one_is_not_sent),
        at_a_door(only_what_was_sent_to_one_who_is_cut_has_failed),
        at_a_door(credit_is_passed_on_no_further_than_it_goes),
    };
    return test_run(argc, argv, tests);
}
