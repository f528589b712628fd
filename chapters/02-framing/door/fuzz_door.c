/*
 * Any bytes, from several clients at once, to a door with a desk behind it. The
 * input is dealt to the clients in turn: a byte of it is sent as it is, or
 * stands for a piece of RESP, so that there are commands in what comes out.
 * Some commands are parked, and answered at any time. What must hold:
 *
 *   What a client is told depends on its bytes alone: not on how they are cut,
 *   nor on when parked commands are answered, nor on the others. Each command
 *   gets one reply, and a wrong byte one error. There is one farewell for each
 *   that asked something. When all are gone, all memory is given back.
 *
 * It happens within this machine, where what is sent is there at once, and no
 * time passes.
 */
#include "01-sockets/net.h"
#include "02-framing/door/desk.h"
#include "02-framing/door/door.h"
#include "common/course/allocated.h"
#include "common/judge/fuzz.h"
#include "common/world/dice.h"
#include <string.h>
#include <unistd.h>

enum {
    CLIENTS = 3,
    HEAD = 2,      /* Bytes of an input that choose how it is played. */
    PIECES = 40,   /* Into about so many is a client's part cut. */
    SLACK = 20000, /* Bytes that GLib may keep for later. */
};

static const char *const tokens[] = {"*1\r\n$4\r\nPING\r\n",
                                     "PING\r\n",
                                     "one two\r\n",
                                     "\r\n",
                                     "QUIT\r\n",
                                     "*2\r\n$3\r\nGET\r\n",
                                     "$1\r\nx\r\n",
                                     "*1\r\n",
                                     "$2\r\n",
                                     "MULTI\r\n",
                                     "EXEC\r\n",
                                     "*0\r\n",
                                     "*-1\r\n",
                                     "p 1\r\n",
                                     "p 2\r\n",
                                     "DISCARD\n",
                                     "$0\r\n\r\n",
                                     "*3\r\n$1\r\np\r\n",
                                     "RESET\r\n",
                                     "*"};

struct fuzz_client {
    GByteArray *script; /* What it sends. */
    GByteArray *told;   /* What it read; behind it: did it come to the end? */
    size_t sent;
    int fd;
    bool ends; /* It ends its side, when it has sent all. */
    bool over; /* The door ended its side. */
};

struct fuzz_world {
    struct host *host;
    struct door *door;
    struct desk *desk;
    struct fuzz_client clients[CLIENTS];
    GQueue parked; /* struct fuzz_parked, oldest first. */
    unsigned farewells;
};

struct fuzz_parked {
    node_id client;
    GBytes *reply;
};

nsec __wrap_clock_monotonic(void);
nsec __wrap_clock_monotonic(void)
{
    return SEC;
}

/* ---- What stands on the door. ---- */

static void parked_free(struct fuzz_parked *parked)
{
    g_bytes_unref(parked->reply);
    g_free(parked);
}

static void park(struct fuzz_world *world, node_id client,
                 struct wire_writer *out)
{
    struct fuzz_parked *parked = g_new(struct fuzz_parked, 1);
    *parked = (struct fuzz_parked){client, g_bytes_new(out->data, out->size)};
    out->size = 0;
    g_queue_push_tail(&world->parked, parked);
}

/* Echo the command, now or later; but for some that the desk shall answer. */
static enum desk_outcome serve(void *self, const struct command *command,
                               struct wire_writer *out, bool parks)
{
    struct word name = command->words[0];
    if (word_is(name, "PING") || word_is(name, "QUIT") ||
        word_is(name, "RESET"))
        return DESK_UNKNOWN;
    resp_put_array(out, command->count);
    for (size_t i = 0; i < command->count; i++)
        resp_put_bulk(out, command->words[i].data, command->words[i].size);
    if (!parks || !word_is(name, "p"))
        return DESK_ANSWERED;
    park(self, command->client, out);
    return DESK_PARKED;
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct fuzz_world *world = self;
    world->farewells += g_bytes_get_size(message) == 0;
    desk_take(world->desk, from, message);
}

static void answer_one(struct fuzz_world *world)
{
    struct fuzz_parked *parked = g_queue_pop_head(&world->parked);
    size_t size;
    const void *data = g_bytes_get_data(parked->reply, &size);
    desk_answer(world->desk, parked->client, data, size);
    parked_free(parked);
}

/* ---- A world. ---- */

static void turn(struct fuzz_world *world)
{
    for (int i = 0; i < 2; i++)
        loop_turn(host_loop(world->host), 0);
}

static struct address somewhere(void)
{
    struct address place;
    g_autofree char *name = g_strdup_printf("unix:@fuzz-%d", (int)getpid());
    bool found = address_parse(&place, name, NULL);
    g_assert(found);
    return place;
}

static void open_world(struct fuzz_world *world)
{
    struct address place = somewhere();
    world->host = host_new((struct host_settings){.id = 1});
    world->door = door_new(world->host, host_env(world->host),
                           net_listen(&place, CLIENTS),
                           (struct door_settings){.most = 100000});
    world->desk = desk_new(
        door_env(world->door),
        (struct desk_service){.serve = serve, .self = world, .name = "fuzz"});
    env_bind(door_env(world->door), on_message, world);
    g_queue_init(&world->parked);
    for (int i = 0; i < CLIENTS; i++) {
        world->clients[i].fd = net_connect(&place);
        world->clients[i].told = g_byte_array_new();
        g_assert(world->clients[i].fd >= 0);
    }
    turn(world);
    door_close(world->door); /* Another may be opened at this place. */
}

static void close_world(struct fuzz_world *world)
{
    desk_free(world->desk);
    door_free(world->door);
    host_free(world->host);
    for (int i = 0; i < CLIENTS; i++)
        g_byte_array_unref(world->clients[i].told);
}

/* ---- What the clients do. ---- */

static void say(struct fuzz_client *client, size_t size)
{
    size = MIN(size, client->script->len - client->sent);
    ssize_t sent = send(client->fd, client->script->data + client->sent, size,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    g_assert(sent == (ssize_t)size);
    client->sent += size;
    if (client->sent == client->script->len && client->ends)
        shutdown(client->fd, SHUT_WR);
}

static void listen_to_door(struct fuzz_client *client)
{
    uint8_t data[4096];
    ssize_t count;
    while ((count = recv(client->fd, data, sizeof data, MSG_DONTWAIT)) > 0)
        g_byte_array_append(client->told, data, (guint)count);
    client->over = client->over || count == 0;
    g_assert(count <= 0);
}

static bool are_all_done(const struct fuzz_world *world)
{
    for (int i = 0; i < CLIENTS; i++)
        if (world->clients[i].sent < world->clients[i].script->len)
            return false;
    return g_queue_is_empty((GQueue *)&world->parked);
}

/* One of them, or the service, does a little. */
static void step(struct fuzz_world *world, struct dice *dice)
{
    uint64_t who = dice_roll(dice) % (CLIENTS + 1);
    if (who == CLIENTS) {
        if (!g_queue_is_empty(&world->parked))
            answer_one(world);
    } else {
        struct fuzz_client *client = &world->clients[who];
        size_t left = client->script->len - client->sent;
        if (left > 0)
            say(client, 1 + dice_roll(dice) % (1 + left / PIECES * 2));
        listen_to_door(client);
    }
    turn(world);
}

static void play_in_pieces(struct fuzz_world *world, struct dice *dice)
{
    while (!are_all_done(world))
        step(world, dice);
}

/* So many small replies do not fit into a socket: they must be read. */
static void listen_all(struct fuzz_world *world)
{
    turn(world);
    for (int i = 0; i < CLIENTS; i++)
        listen_to_door(&world->clients[i]);
    turn(world);
}

static void play_at_once(struct fuzz_world *world)
{
    for (int i = 0; i < CLIENTS; i++)
        if (world->clients[i].script->len > 0)
            say(&world->clients[i], SIZE_MAX);
    for (turn(world); !g_queue_is_empty(&world->parked); turn(world)) {
        answer_one(world);
        if (world->parked.length == 0)
            listen_all(world);
    }
}

/* ---- What must hold. ---- */

static uint64_t count_replies(const struct fuzz_client *client)
{
    struct resp *resp = resp_new((struct resp_limits){.items = SIZE_MAX});
    const uint8_t *data = client->told->data;
    size_t size = client->told->len;
    uint64_t count = 0;
    for (; size > 0; count++) {
        ssize_t used = resp_parse(resp, data, size);
        g_assert(used > 0);
        data += used;
        size -= (size_t)used;
    }
    resp_free(resp);
    return count;
}

/* They read what is left, and go. */
static void finish(struct fuzz_world *world)
{
    uint64_t replies = 0;
    unsigned asked = 0;
    listen_all(world);
    listen_all(world);
    struct door_counts counts = door_counts(world->door);
    for (int i = 0; i < CLIENTS; i++) {
        struct fuzz_client *client = &world->clients[i];
        g_assert(!client->ends || client->over || client->script->len == 0);
        replies += count_replies(client);
        asked += client->told->len > 0 && client->told->data[0] != '-';
        close(client->fd);
    }
    g_assert(replies == counts.commands + counts.malformed);
    turn(world);
    g_assert(world->farewells >= asked && world->farewells <= CLIENTS);
    g_assert(desk_clients(world->desk) == 0);
    counts = door_counts(world->door);
    g_assert(counts.clients == 0 && counts.cut == 0);
}

static void expect_same(const struct fuzz_world *left,
                        const struct fuzz_world *right)
{
    for (int i = 0; i < CLIENTS; i++) {
        const GByteArray *one = left->clients[i].told;
        const GByteArray *two = right->clients[i].told;
        g_assert(one->len == two->len);
        g_assert(one->len == 0 || memcmp(one->data, two->data, one->len) == 0);
        g_assert(left->clients[i].over == right->clients[i].over);
    }
    g_assert(left->farewells == right->farewells);
}

/* ---- The input. ---- */

static void add_piece(GByteArray *script, uint8_t byte, bool raw)
{
    if (raw || byte >= 8 * G_N_ELEMENTS(tokens)) {
        g_byte_array_append(script, &byte, 1);
        return;
    }
    const char *token = tokens[byte % G_N_ELEMENTS(tokens)];
    g_byte_array_append(script, (const uint8_t *)token, (guint)strlen(token));
}

static void play(const uint8_t *data, size_t size, struct fuzz_world *world,
                 bool pieces)
{
    struct dice dice = dice_at(data[1], 0, 0);
    for (int i = 0; i < CLIENTS; i++) {
        world->clients[i].script = g_byte_array_new();
        world->clients[i].ends = data[0] >> i & 1;
    }
    for (size_t i = HEAD; i < size; i++)
        add_piece(world->clients[i % CLIENTS].script, data[i], data[0] & 8);
    open_world(world);
    if (pieces)
        play_in_pieces(world, &dice);
    else
        play_at_once(world);
    finish(world);
    for (int i = 0; i < CLIENTS; i++)
        g_byte_array_unref(world->clients[i].script);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD)
        return 0;
    size_t before = allocated_bytes();
    struct fuzz_world whole = {0}, pieces = {0};
    play(data, size, &whole, false);
    play(data, size, &pieces, true);
    expect_same(&whole, &pieces);
    close_world(&whole);
    close_world(&pieces);
    g_assert(allocated_bytes() < before + SLACK);
    return 0;
}
