/*
 * The stage of 4.B: a broker at node 1 of a simulated world, whose disk takes 10
 * ms for a sync, and one client at node 2. The reader's schedule is what the
 * client does, and what befalls the broker.
 *
 * The wrong programs differ in what the broker stands on (test_confirm.h). At
 * the end the client takes all there is: of what was confirmed to it, nothing
 * may be missing.
 *
 * Whatever it stands on, a broker's writes are counted when they are made, below
 * its floor, and its confirms when they leave, at the client: for what leaves
 * comes at once here.
 */
#include "exercises/04-queues/test_confirm.h"
#include "02-framing/resp_writer.h"
#include "04-queues/server/office.h"
#include "common/course/graded.h"
#include "common/course/schedule.h"
#include "common/world/sim_faults.h"
#include <stdio.h>
#include <string.h>

enum { BROKER = 1, CLIENT = 2, COUNT_MOST = 1000 };
#define SYNC (10 * MSEC)

static const char *const events =
    "publish, sync, crash, crash 2 (after two writes or confirms, in all), "
    "power, power 2, boot";
static const char *const kept = "each message that was confirmed";

/* What runs at node 1. */
struct confirm_broker {
    struct env counter; /* Of its writes; over the world. */
    struct env *floor;
    struct office *office;
};

static struct {
    struct sim *sim;
    unsigned published;
    GArray *awaited;     /* unsigned: messages whose answers have not come. */
    GHashTable *missing; /* Messages that are confirmed, and did not come. */
    bool plays;          /* The schedule, and neither its begin nor its end. */
    unsigned most;       /* The broker dies after so many; 0: it does not. */
    unsigned done;       /* Of these: writes and confirms. */
    enum disk_loss loss; /* What the disk then does. */
} world;

static G_GNUC_PRINTF(1, 2) void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    sheet_note(line);
}

/* ---- Until it dies. ---- */

/* It sends its last, to itself, in the midst of a turn. No more of that turn
 * happens (sim_faults.h), and nobody hears of this. */
static void die(void)
{
    g_autoptr(GBytes) last = g_bytes_new_static("last", 4);
    sim_crash_after(world.sim, BROKER, 1, world.loss);
    env_send(sim_env(world.sim, BROKER), BROKER, last);
}

/* It has written or confirmed. */
static void count(const char *what)
{
    if (world.most == 0) {
        say("  %s", what);
        return;
    }
    say("  %s: %u of %u", what, ++world.done, world.most);
    if (world.done == world.most)
        die();
}

static void count_write(void)
{
    if (world.plays && sim_is_up(world.sim, BROKER))
        count("a record is written");
}

static void count_append(struct env *env, const char *key, GBytes *bytes)
{
    env_append(env->below, key, bytes);
    count_write();
}

static void count_persist(struct env *env, const char *key, GBytes *value)
{
    env_persist(env->below, key, value);
    count_write();
}

static void forward(void *self, node_id from, GBytes *message)
{
    env_deliver(self, from, message);
}

static struct env *counter_of(struct confirm_broker *broker, struct env *env)
{
    static const struct env_ops ops = {.append = count_append,
                                       .persist = count_persist};
    broker->counter = (struct env){
        .ops = &ops, .below = env, .id = env->id, .most = env->most};
    env_bind(env, forward, &broker->counter);
    return &broker->counter;
}

/* ---- The broker. ---- */

__attribute__((weak)) struct env *confirm_floor(struct env *env)
{
    return env;
}

__attribute__((weak)) void confirm_floor_free(struct env *floor)
{
    (void)floor;
}

static void *boot_broker(struct env *env, void *context)
{
    struct confirm_broker *broker = g_new0(struct confirm_broker, 1);
    (void)context;
    broker->floor = confirm_floor(counter_of(broker, env));
    broker->office =
        office_open(broker->floor, (struct office_settings){0}, NULL);
    g_assert(broker->office);
    return broker;
}

static void stop_broker(void *self)
{
    struct confirm_broker *broker = self;
    office_free(broker->office);
    confirm_floor_free(broker->floor);
    g_free(broker);
}

/* ---- The client. ---- */

static void on_confirmed(void)
{
    if (world.awaited->len == 0)
        return;
    unsigned message = g_array_index(world.awaited, unsigned, 0);
    g_array_remove_index(world.awaited, 0);
    g_hash_table_add(world.missing, GUINT_TO_POINTER(message));
    g_autofree char *what = g_strdup_printf("message %u is confirmed", message);
    count(what);
}

/* At the end: all of the messages. */
static void on_taken(const char *data)
{
    unsigned message;
    for (const char *at = data; (at = strstr(at, "message-")); at++)
        if (sscanf(at, "message-%u", &message) == 1 &&
            g_hash_table_remove(world.missing, GUINT_TO_POINTER(message)))
            say("  message %u comes", message);
}

void confirm_tell(node_id client, GBytes *message)
{
    size_t size;
    const char *data = g_bytes_get_data(message, &size);
    g_autofree char *text = g_strndup(data, size);
    (void)client;
    if (!sim_is_up(world.sim, BROKER)) /* It never said that. */
        return;
    if (!world.plays)
        on_taken(text);
    else if (*text == ':')
        on_confirmed();
}

static void on_message(void *self, node_id from, GBytes *message)
{
    (void)self;
    confirm_tell(from, message);
}

static void *boot_client(struct env *env, void *context)
{
    (void)context;
    env_bind(env, on_message, NULL);
    return env;
}

static void stop_client(void *self)
{
    env_bind(self, NULL, NULL);
}

/* It comes at once. */
static void ask(size_t count, const char *const *words)
{
    struct wire_writer out = {.most = SIZE_MAX};
    resp_put_command(&out, count, words);
    g_autoptr(GBytes) message = wire_finish(&out);
    env_send(sim_env(world.sim, CLIENT), BROKER, message);
    sim_run(world.sim, sim_time(world.sim));
}

static void pass_time(nsec time)
{
    sim_run(world.sim, sim_time(world.sim) + time);
}

/* ---- The schedule. ---- */

static bool is_up(void)
{
    return sim_protocol(world.sim, BROKER) != NULL;
}

static void publish(void)
{
    g_autofree char *payload = g_strdup_printf("message-%u", ++world.published);
    const char *const words[] = {"QPUSH", "jobs", payload};
    g_array_append_val(world.awaited, world.published);
    say("  message %u is published", world.published);
    ask(3, words);
}

/* Dies after so many writes or confirms; 0: now. */
static void crash(unsigned most, enum disk_loss loss)
{
    world.most = most;
    world.done = 0;
    world.loss = loss;
    if (most == 0)
        sim_crash_now(world.sim, BROKER, loss);
}

static void boot(void)
{
    world.most = 0;
    g_array_set_size(world.awaited, 0);
    sim_boot(world.sim, BROKER);
    pass_time(0);
}

/* "power 2": as far as it is one. */
static bool play_crash(const char *word, const char *number)
{
    guint64 most = 0;
    bool power = g_str_equal(word, "power");
    if (!power && !g_str_equal(word, "crash"))
        return false;
    if (number &&
        !g_ascii_string_to_unsigned(number, 10, 1, COUNT_MOST, &most, NULL))
        return false;
    crash((unsigned)most, power ? DISK_LOSES : DISK_KEEPS);
    return true;
}

static bool play_word(const char *word)
{
    if (g_str_equal(word, "publish"))
        publish();
    else if (g_str_equal(word, "sync"))
        pass_time(SYNC);
    else if (g_str_equal(word, "boot"))
        boot();
    else
        return false;
    return true;
}

static void play(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    unsigned count = g_strv_length(words);
    say("> %s", line);
    if (g_str_equal(words[0], "boot") == is_up())
        schedule_reject(line, is_up() ? "the broker is up"
                                      : "the broker is down: boot it first");
    if (!(count == 1 && play_word(words[0])) &&
        !(count <= 2 && play_crash(words[0], words[1])))
        schedule_refuse(line, events);
    if (!is_up())
        say("  the broker is down");
}

/* ---- The world. ---- */

static void begin(void)
{
    static const char *const words[] = {"QDECLARE", "jobs"};
    struct sim_weather weather = {.sync_min = SYNC, .sync_max = SYNC};
    memset(&world, 0, sizeof world);
    world.awaited = g_array_new(FALSE, FALSE, sizeof(unsigned));
    world.missing = g_hash_table_new(NULL, NULL);
    world.sim = sim_new(2, 1, weather);
    sim_install(world.sim, CLIENT,
                (struct sim_program){boot_client, stop_client, NULL});
    sim_install(world.sim, BROKER,
                (struct sim_program){boot_broker, stop_broker, NULL});
    ask(2, words);
    pass_time(SEC);
    world.plays = true;
}

static void end_well(void)
{
    static const char *const words[] = {"QTAKE", "jobs", "COUNT", "1000"};
    say("> the end: the client takes all there is");
    world.plays = false;
    if (!is_up())
        boot();
    crash(0, DISK_KEEPS);
    boot();
    pass_time(SEC);
    ask(4, words);
    pass_time(SEC);
    expect_that(g_hash_table_size(world.missing) == 0, kept,
                "%u of them are gone", g_hash_table_size(world.missing));
    say("All that was confirmed has come");
}

static void play_and_count(const char *name)
{
    g_auto(GStrv) lines = schedule_lines(name);
    begin();
    for (int i = 0; lines[i]; i++)
        play(lines[i]);
    end_well();
    sim_free(world.sim);
    g_array_unref(world.awaited);
    g_hash_table_unref(world.missing);
}

/* ---- Each of the programs. ---- */

static void answers_before_it_writes(void)
{
    play_and_count("answers_before_it_writes");
}

static void written_is_safe(void)
{
    play_and_count("written_is_safe");
}

static void the_sync_under_way_will_do(void)
{
    play_and_count("the_sync_under_way_will_do");
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(answers_before_it_writes),
        GRADED(written_is_safe),
        GRADED(the_sync_under_way_will_do),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}
