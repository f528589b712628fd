/*
 * The client and a broker in one process, and between them a wire that is cut
 * behind every byte, of what is asked and of what is answered; and the broker is
 * started again. Each message is there once.
 *
 *     client -- loop --> wire -- host's loop --> door -- office
 */
#include "01-sockets/host/host.h"
#include "02-framing/door/door.h"
#include "04-queues/server/office.h"
#include "04-queues/server/queue_client.h"
#include "04-queues/server/test_script.h"

enum { MESSAGES = 12, ENDLESS = 1 << 30, WINDOW_HERE = 5 };

/* ---- A broker. ---- */

static struct {
    char *dir; /* NULL: it keeps nothing, and is never started again. */
    struct address place;
    struct host *host;
    struct door *door;
    struct office *office;
} server;

static void start_server(void)
{
    g_autoptr(GError) error = NULL;
    server.host = host_new((struct host_settings){
        .id = 1, .store = {.dir = server.dir, .thread = false}});
    server.place = place_of("broker");
    int door = net_listen(&server.place, 64);
    assert_true(door >= 0);
    server.door =
        door_new(server.host, host_env(server.host), door,
                 (struct door_settings){.durable = server.dir != NULL});
    server.office = office_open(
        door_env(server.door),
        (struct office_settings){.segment = 4096, .transient = !server.dir},
        &error);
    assert_null(error);
}

static void kill_server(void)
{
    office_free(server.office);
    door_free(server.door);
    host_free(server.host);
}

static struct queue *jobs(void)
{
    return broker_find(office_broker(server.office), (struct word){"jobs", 4});
}

/* ---- A wire. ---- */

static struct {
    int ends[2];        /* The client's, the broker's; -1: none. */
    uint64_t passed[2]; /* Bytes from each of them, ever. */
    uint64_t cut[2];    /* So many pass; then it is cut, once. */
} cable;

static void cut_cable(void)
{
    for (int i = 0; i < 2; i++) {
        if (cable.ends[i] >= 0)
            close(cable.ends[i]);
        cable.ends[i] = -1;
    }
}

/* Carry what one end has said. False: it has ended, or the wire is cut. */
static bool carry(int from)
{
    char data[4096];
    uint64_t may = cable.cut[from] - cable.passed[from];
    ssize_t count =
        recv(cable.ends[from], data, MIN(sizeof data, may), MSG_DONTWAIT);
    if (count <= 0)
        return count < 0 && errno == EAGAIN;
    cable.passed[from] += (uint64_t)count;
    send(cable.ends[!from], data, (size_t)count, MSG_NOSIGNAL);
    return cable.passed[from] < cable.cut[from];
}

static void connect_cable(void)
{
    cable.ends[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (cable.ends[0] >= 0)
        cable.ends[1] = net_connect(&server.place);
}

/* A turn of everything. False: the wire was cut. */
static bool turn_all(void)
{
    bool whole = true;
    loop_turn(loop, 0);
    if (cable.ends[0] < 0)
        connect_cable();
    for (int from = 0; from < 2 && whole && cable.ends[0] >= 0; from++) {
        whole = carry(from);
        loop_turn(host_loop(server.host), 0);
    }
    if (!whole)
        cut_cable();
    return whole;
}

/* Until @p done, but not for ever. Where the wire is cut at its mark, the broker
 * is started again if @p restarts. */
static void go_until(bool (*done)(void), bool restarts)
{
    for (unsigned turns = 0; !done(); turns++) {
        assert_true(turns < 20000);
        if (turn_all()) {
            now += MSEC;
            continue;
        }
        for (int from = 0; from < 2; from++)
            if (cable.passed[from] >= cable.cut[from])
                cable.cut[from] = ENDLESS;
        if (restarts) {
            kill_server();
            start_server();
        }
    }
}

/* ---- The owner. ---- */

static struct queue_client *client;
static unsigned next;               /* The next message to publish. */
static unsigned confirmed;          /* So many are. */
static unsigned seen[MESSAGES + 1]; /* How often each came. */
static unsigned surprises;          /* That came again without a word. */

static void publish_more(void *self)
{
    (void)self;
    while (next <= MESSAGES) {
        g_autofree char *text = g_strdup_printf("message %u", next);
        uint64_t request = queue_client_publish(
            client, "jobs", (struct word){text, strlen(text)});
        if (request == 0)
            return;
        assert_int_equal(request, next);
        next++;
    }
}

static void on_confirm(void *self, uint64_t request, uint64_t id,
                       const char *error)
{
    (void)self;
    assert_null(error);
    assert_int_equal(request, confirmed + 1);
    assert_int_equal(id, request);
    confirmed++;
}

static void on_delivery(void *self, const struct delivery *delivery)
{
    unsigned number = 0;
    g_autofree char *text =
        g_strndup(delivery->payload.data, delivery->payload.size);
    (void)self;
    assert_int_equal(sscanf(text, "message %u", &number), 1);
    assert_in_range(number, 1, MESSAGES);
    surprises += seen[number]++ > 0 && !delivery->again;
    assert_true(queue_client_ack(client, delivery->receipt));
}

static bool is_all_confirmed(void)
{
    return confirmed == MESSAGES && queue_client_pending(client) == 0;
}

static bool is_all_done(void)
{
    if (!is_all_confirmed())
        return false;
    struct queue_facts facts = queue_facts(jobs());
    return facts.ready + facts.taken + facts.delayed == 0;
}

static void open_all(bool durable)
{
    enum durability durability = durable ? DURABILITY_SYNCED : DURABILITY_NONE;
    open_world();
    server.dir = durable ? test_dir_make() : NULL;
    start_server();
    cable.ends[0] = cable.ends[1] = -1;
    for (int from = 0; from < 2; from++) {
        cable.passed[from] = 0;
        cable.cut[from] = ENDLESS;
    }
    next = 1;
    confirmed = surprises = 0;
    memset(seen, 0, sizeof seen);
    client = queue_client_new(
        loop, &place,
        (struct queue_client_settings){.producer = 7,
                                       .window = WINDOW_HERE,
                                       .on_confirm = on_confirm,
                                       .on_delivery = on_delivery,
                                       .on_room = publish_more});
    queue_client_declare(client, "jobs",
                         &(struct queue_settings){.durability = durability});
}

static void close_all(void)
{
    queue_client_free(client);
    cut_cable();
    kill_server();
    if (server.dir)
        test_dir_remove(server.dir);
    close_world();
}

/* ---- Publishing. ---- */

static void expect_each_once(void)
{
    struct delivery deliveries[MESSAGES + 1];
    unsigned count = queue_take(jobs(), deliveries, MESSAGES + 1);
    assert_int_equal(count, MESSAGES);
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *text = g_strdup_printf("message %u", i + 1);
        assert_int_equal(deliveries[i].payload.size, strlen(text));
        assert_memory_equal(deliveries[i].payload.data, text, strlen(text));
    }
}

/* Publish all, with a cut behind byte @p cut from that end; 0: none. Returns how
 * many requests the broker, in its last life, had done before. */
static uint64_t publish_all(int from, uint64_t cut, bool restarts)
{
    open_all(restarts);
    if (cut > 0)
        cable.cut[from] = cut;
    publish_more(NULL);
    go_until(is_all_confirmed, restarts);
    uint64_t repeated = queue_facts(jobs()).repeated;
    expect_each_once();
    close_all();
    return repeated;
}

/* How many bytes are said without a cut. */
static uint64_t measure(int from)
{
    publish_all(from, 0, false);
    return cable.passed[from];
}

static void each_message_once_wherever_answers_are_cut(void **state)
{
    uint64_t size = measure(1), repeated = 0;
    (void)state;
    for (uint64_t cut = 1; cut < size; cut++)
        repeated += publish_all(1, cut, false);
    assert_true(repeated > size / 10);
}

static void each_message_once_wherever_requests_are_cut(void **state)
{
    uint64_t size = measure(0);
    (void)state;
    for (uint64_t cut = 1; cut < size; cut++)
        publish_all(0, cut, false);
}

static void each_message_once_though_the_broker_starts_again(void **state)
{
    uint64_t size = measure(1), repeated = 0;
    (void)state;
    for (uint64_t cut = size % 5; cut < size; cut += 5)
        repeated += publish_all(1, cut, true);
    assert_true(repeated > size / 50);
}

/* ---- Consuming. ---- */

static void all_comes_wherever_deliveries_are_cut(void **state)
{
    unsigned again = 0;
    (void)state;
    for (uint64_t cut = 1; cut < 1200; cut += 23) {
        open_all(cut % 2);
        cable.cut[1] = cut;
        queue_client_consume(client, "jobs", 3);
        publish_more(NULL);
        go_until(is_all_done, cut % 2);
        assert_int_equal(surprises, 0);
        for (unsigned i = 1; i <= MESSAGES; i++) {
            assert_in_range(seen[i], 1, 2);
            again += seen[i] > 1;
        }
        close_all();
    }
    assert_true(again > 10);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_once_wherever_answers_are_cut),
        cmocka_unit_test(each_message_once_wherever_requests_are_cut),
        cmocka_unit_test(each_message_once_though_the_broker_starts_again),
        cmocka_unit_test(all_comes_wherever_deliveries_are_cut),
    };
    return test_run(argc, argv, tests);
}
