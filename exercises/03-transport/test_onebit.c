/*
 * The stage of 3.B. Node 1 has messages 1, 2, 3 and so on for node 2, as many
 * as are asked for, and gives them to its stop-and-wait; the reader's schedule
 * is the network between the two. What a packet is need not be known: those of
 * node 1 end in their message, those of node 2 are acknowledgements.
 *
 * When message n is sent, all before it were acknowledged (arq.h). So what node
 * 2 hears is right when it is the one behind the last; or, just after a reboot,
 * the one that is on its way.
 */
#include "03-transport/arq.h"
#include "common/course/graded.h"
#include "common/course/schedule.h"
#include "common/world/tape.h"
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 5, PASS_MOST = 10000, PACKETS_MOST = 50000, PATIENCE = 50 };
#define TIMEOUT (50 * MSEC)

static const char *const events =
    "pass 5 (packets, up to 10000), deliver 3 (a packet), lose 3, wait, reboot";
static const char *const once = "every message once, and in its order";
static const char *const gone = "no message again that was acknowledged";

/* A stop-and-wait over this env, which is over a tape. */
struct onebit_node {
    struct env env;
    struct tape *tape;
    struct arq *arq;
};

struct onebit_packet {
    node_id from;
    GBytes *bytes;
    bool seen_to; /* It has arrived, or is lost. */
};

static struct {
    struct onebit_node nodes[3]; /* From 1 on. */
    GPtrArray *packets;          /* struct onebit_packet, from 1 on. */
    guint next;                  /* All before it were seen to. */
    unsigned given, flying;      /* The last message given, and sent. */
    unsigned heard;              /* The last that was heard since the boot. */
    unsigned most;               /* The highest that was heard at all. */
} world;

static G_GNUC_PRINTF(1, 2) void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    sheet_note(line);
}

/* ---- Two nodes. ---- */

/* The message at the end of these bytes. */
static unsigned message_of(GBytes *bytes)
{
    size_t size;
    const char *data = g_bytes_get_data(bytes, &size);
    g_autofree char *text = g_strndup(data + size - DIGITS, DIGITS);
    return (unsigned)strtoul(text, NULL, 10);
}

static void on_heard(void *self, node_id from, GBytes *bytes)
{
    unsigned message = message_of(bytes);
    (void)self, (void)from;
    say("  node 2 hears message %u", message);
    expect_that(world.heard > 0 || message >= world.flying, gone,
                "message %u, and message %u is on its way", message,
                world.flying);
    expect_that(message == world.heard + 1 ||
                    (world.heard == 0 && message <= world.most + 1),
                once, "message %u behind message %u", message,
                world.heard > 0 ? world.heard : world.most);
    world.heard = message;
    world.most = MAX(world.most, message);
}

static void put_on_the_way(struct env *env, node_id to, GBytes *bytes)
{
    struct onebit_packet *packet = g_new0(struct onebit_packet, 1);
    (void)to;
    *packet = (struct onebit_packet){env->id, g_bytes_ref(bytes), false};
    g_ptr_array_add(world.packets, packet);
    if (packet->from == 1)
        world.flying = MAX(world.flying, message_of(bytes));
    if (world.packets->len > PACKETS_MOST)
        graded_hang("an end of sending", "more than %d packets", PACKETS_MOST);
}

static void forward(void *self, node_id from, GBytes *bytes)
{
    env_deliver(self, from, bytes);
}

static void boot(node_id id)
{
    struct onebit_node *node = &world.nodes[id];
    env_bind(tape_env(node->tape), forward, &node->env);
    node->arq = arq_new(&node->env, TIMEOUT);
    if (id == 2)
        env_bind(arq_env(node->arq), on_heard, NULL);
}

static void create(node_id id)
{
    static const struct env_ops ops = {.send = put_on_the_way};
    struct onebit_node *node = &world.nodes[id];
    node->tape = tape_new(id);
    struct env *below = tape_env(node->tape);
    node->env = (struct env){
        .ops = &ops, .below = below, .id = id, .most = below->most};
    boot(id);
}

/* Whatever is sent, there is another message behind it. */
static void keep_talking(void)
{
    while (world.given <= world.flying) {
        g_autofree char *text = g_strdup_printf("%*u", DIGITS, ++world.given);
        g_autoptr(GBytes) bytes = g_bytes_new(text, DIGITS);
        env_send(arq_env(world.nodes[1].arq), 2, bytes);
    }
}

static void pass_time(nsec time)
{
    for (node_id id = 1; id <= 2; id++)
        tape_pass(world.nodes[id].tape, time);
    keep_talking();
}

static void reboot(void)
{
    struct onebit_node *node = &world.nodes[2];
    tape_crash(node->tape);
    arq_free(node->arq);
    world.heard = 0;
    boot(2);
}

/* ---- The network. ---- */

static struct onebit_packet *packet_of(guint number)
{
    return world.packets->pdata[number - 1];
}

static void deliver(guint number)
{
    struct onebit_packet *packet = packet_of(number);
    struct onebit_node *to = &world.nodes[3 - packet->from];
    size_t size;
    const void *data = g_bytes_get_data(packet->bytes, &size);
    if (packet->from == 1)
        say("packet %u comes to node 2: message %u", number,
            message_of(packet->bytes));
    else
        say("packet %u comes to node 1: an acknowledgement", number);
    packet->seen_to = true;
    tape_play(to->tape, packet->from, data, size);
    pass_time(0);
}

/* The number of the first that was not seen to; 0: there is none. */
static guint next_packet(void)
{
    while (world.next <= world.packets->len && packet_of(world.next)->seen_to)
        world.next++;
    return world.next <= world.packets->len ? world.next : 0;
}

/* It arrives. When there is none, something will be sent again. */
static void pass_one(void)
{
    for (int waits = 0; next_packet() == 0; waits++) {
        if (waits == PATIENCE)
            graded_hang("a packet, sooner or later", "none in %d timeouts",
                        PATIENCE);
        pass_time(TIMEOUT);
    }
    deliver(next_packet());
}

/* ---- The schedule. ---- */

/* A packet that was sent. */
static guint sent(const char *line, guint64 number)
{
    if (number > world.packets->len) {
        g_autofree char *why = g_strdup_printf(
            "only %u packets have been sent by then", world.packets->len);
        schedule_reject(line, why);
    }
    return (guint)number;
}

/* "pass 5": the word, and a number from 1 on. */
static bool play_number(const char *line, const char *word, const char *text)
{
    guint64 number;
    if (!g_ascii_string_to_unsigned(text, 10, 1, PASS_MOST, &number, NULL))
        return false;
    if (g_str_equal(word, "pass"))
        for (guint64 i = 0; i < number; i++)
            pass_one();
    else if (g_str_equal(word, "deliver"))
        deliver(sent(line, number));
    else if (g_str_equal(word, "lose"))
        packet_of(sent(line, number))->seen_to = true;
    else
        return false;
    return true;
}

static bool play_word(const char *word)
{
    if (g_str_equal(word, "wait"))
        pass_time(TIMEOUT);
    else if (g_str_equal(word, "reboot"))
        reboot();
    else
        return false;
    return true;
}

static void play(const char *line)
{
    g_auto(GStrv) all = g_strsplit_set(line, " \t", -1);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (int i = 0; all[i]; i++)
        if (*all[i])
            g_ptr_array_add(words, all[i]);
    say("> %s", line);
    if (!(words->len == 1 && play_word(words->pdata[0])) &&
        !(words->len == 2 &&
          play_number(line, words->pdata[0], words->pdata[1])))
        schedule_refuse(line, events);
}

/* All that is on its way arrives, and two messages more must come. */
static void end_well(void)
{
    unsigned goal = world.flying + 2;
    guint most = 2 * world.packets->len + PATIENCE;
    say("> the end: from now on all arrives");
    for (guint i = 0; i < most && world.most < goal; i++)
        pass_one();
    expect_that(world.most >= goal, once, "message %u never", world.most + 1);
    say("Each message came once, and in its order: %u of them", world.most);
}

static void free_packet(void *value)
{
    struct onebit_packet *packet = value;
    g_bytes_unref(packet->bytes);
    g_free(packet);
}

static void play_and_listen(const char *name)
{
    g_auto(GStrv) lines = schedule_lines(name);
    memset(&world, 0, sizeof world);
    world.next = 1;
    world.packets = g_ptr_array_new_with_free_func(free_packet);
    for (node_id id = 1; id <= 2; id++)
        create(id);
    keep_talking();
    for (int i = 0; lines[i]; i++)
        play(lines[i]);
    end_well();
    for (node_id id = 1; id <= 2; id++) {
        arq_free(world.nodes[id].arq);
        tape_free(world.nodes[id].tape);
    }
    g_ptr_array_unref(world.packets);
}

/* ---- Each of the programs. ---- */

static void one_bit(void)
{
    play_and_listen("one_bit");
}

static void eight_bits(void)
{
    play_and_listen("eight_bits");
}

static void the_first_needs_no_acquaintance(void)
{
    play_and_listen("the_first_needs_no_acquaintance");
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(one_bit),
        GRADED(eight_bits),
        GRADED(the_first_needs_no_acquaintance),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}
