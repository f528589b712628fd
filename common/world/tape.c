#include "common/world/tape.h"
#include "common/world/disk.h"
#include "common/world/timers.h"

struct tape {
    struct env env;
    nsec now;
    uint64_t drawn;
    struct timers timers;
    struct disk *disk;
    GQueue home; /* Messages to oneself. */
    GString *asked;
};

static struct tape *tape_of(struct env *env)
{
    return (struct tape *)env;
}

/* ---- The nine verbs. ---- */

static void write_bytes(GString *text, GBytes *bytes)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(bytes, &size);
    for (size_t i = 0; i < size; i++)
        if (g_ascii_isprint(data[i]))
            g_string_append_c(text, (char)data[i]);
        else
            g_string_append_printf(text, "\\x%02x", data[i]);
    g_string_append(text, "; ");
}

static nsec tape_now(struct env *env)
{
    return tape_of(env)->now;
}

static void tape_send(struct env *env, node_id to, GBytes *message)
{
    struct tape *tape = tape_of(env);
    g_string_append_printf(tape->asked, "send %" G_GUINT64_FORMAT " ", to);
    write_bytes(tape->asked, message);
    if (to == env->id)
        g_queue_push_tail(&tape->home, g_bytes_ref(message));
}

static void tape_arm(struct env *env, struct timer *timer, nsec delay)
{
    struct tape *tape = tape_of(env);
    g_string_append_printf(tape->asked, "arm %gms; ",
                           (double)delay / (double)MSEC);
    timers_arm(&tape->timers, timer, timers_after(tape->now, delay));
}

static void tape_disarm(struct env *env, struct timer *timer)
{
    struct tape *tape = tape_of(env);
    if (timer->place > 0)
        g_string_append(tape->asked, "disarm; ");
    timers_disarm(&tape->timers, timer);
}

static void tape_persist(struct env *env, const char *key, GBytes *value)
{
    struct tape *tape = tape_of(env);
    g_string_append_printf(tape->asked, value ? "persist %s " : "remove %s; ",
                           key);
    if (value)
        write_bytes(tape->asked, value);
    disk_persist(tape->disk, key, value);
}

static void tape_append(struct env *env, const char *key, GBytes *bytes)
{
    struct tape *tape = tape_of(env);
    g_string_append_printf(tape->asked, "append %s ", key);
    write_bytes(tape->asked, bytes);
    disk_append(tape->disk, key, bytes);
}

static GBytes *tape_recall(struct env *env, const char *key)
{
    return disk_recall(tape_of(env)->disk, key);
}

static uint64_t tape_random(struct env *env)
{
    return tape_of(env)->drawn++;
}

static void tape_note(struct env *env, const char *format, va_list arguments)
{
    GString *asked = tape_of(env)->asked;
    g_string_append(asked, "note ");
    g_string_append_vprintf(asked, format, arguments);
    g_string_append(asked, "; ");
}

static const struct env_ops tape_ops = {
    .now = tape_now,
    .send = tape_send,
    .arm = tape_arm,
    .disarm = tape_disarm,
    .persist = tape_persist,
    .append = tape_append,
    .recall = tape_recall,
    .random = tape_random,
    .note = tape_note,
};

/* ---- Playing. ---- */

void tape_play(struct tape *tape, node_id from, const void *data, size_t size)
{
    g_autoptr(GBytes) message = g_bytes_new(data, size);
    env_deliver(&tape->env, from, message);
}

static void come_home(struct tape *tape)
{
    for (unsigned left = tape->home.length; left > 0; left--) {
        g_autoptr(GBytes) message = g_queue_pop_head(&tape->home);
        env_deliver(&tape->env, tape->env.id, message);
    }
}

static void fire(struct tape *tape)
{
    uint64_t mark = timers_mark(&tape->timers);
    for (struct timer *t; (t = timers_due(&tape->timers, tape->now, mark));)
        t->fire(t->self);
}

void tape_pass(struct tape *tape, nsec time)
{
    nsec until = tape->now + time;
    come_home(tape);
    fire(tape);
    for (struct timer *t; (t = timers_first(&tape->timers)) && t->due <= until;
         fire(tape))
        tape->now = t->due;
    tape->now = until;
}

char *tape_take(struct tape *tape)
{
    char *asked = g_string_free(tape->asked, FALSE);
    tape->asked = g_string_new(NULL);
    return asked;
}

/* ---- Life. ---- */

struct tape *tape_new(node_id id)
{
    struct tape *tape = g_new0(struct tape, 1);
    tape->env = (struct env){.ops = &tape_ops, .id = id, .most = 1 << 20};
    tape->disk = disk_new();
    tape->asked = g_string_new(NULL);
    return tape;
}

struct env *tape_env(struct tape *tape)
{
    return &tape->env;
}

void tape_crash(struct tape *tape)
{
    disk_sync_start(tape->disk);
    disk_sync_finish(tape->disk);
    timers_clear(&tape->timers);
    g_queue_clear_full(&tape->home, (GDestroyNotify)g_bytes_unref);
    env_bind(&tape->env, NULL, NULL);
}

void tape_free(struct tape *tape)
{
    tape_crash(tape);
    disk_free(tape->disk);
    g_string_free(tape->asked, TRUE);
    g_free(tape);
}
