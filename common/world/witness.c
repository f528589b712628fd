#include "common/world/witness.h"
#include "common/judge/test.h"
#include <string.h>

struct witness *the_witness;

/* ---- What is written down. ---- */

char *witness_text(GBytes *bytes)
{
    size_t size = 0;
    const char *data = bytes ? g_bytes_get_data(bytes, &size) : "(none)";
    return bytes ? g_strndup(data, size) : g_strdup(data);
}

static void note_message(GString *log, node_id from, node_id to, GBytes *bytes)
{
    g_autofree char *text = witness_text(bytes);
    g_string_append_printf(log, "%u%u%s ", (unsigned)from, (unsigned)to, text);
}

static void on_left(void *self, const struct sim_message *message)
{
    struct witness *witness = self;
    note_message(witness->left, message->from, message->to, message->bytes);
}

static struct sim_fate decide(void *self, const struct sim_message *message)
{
    struct witness *witness = self;
    bool special = witness->next.delay > 0;
    struct sim_fate fate = special ? witness->next : witness->fate;
    assert_true(message->from != message->to);
    witness->next.delay = 0;
    return fate;
}

void witness_on_message(void *self, node_id from, GBytes *message)
{
    const struct env *env = self;
    nsec now = sim_time(the_witness->sim);
    note_message(the_witness->came, from, env->id, message);
    g_string_append_printf(the_witness->when, "%u ", (unsigned)(now / MSEC));
}

/* ---- Life. ---- */

struct witness *witness_new(struct sim_weather weather)
{
    struct witness *witness = g_new0(struct witness, 1);
    witness->sim = sim_new(3, 1, weather);
    witness->left = g_string_new(NULL);
    witness->came = g_string_new(NULL);
    witness->when = g_string_new(NULL);
    witness->fate.delay = MSEC;
    sim_set_watch(
        witness->sim,
        (struct sim_watch){.decide = decide, .left = on_left, .self = witness});
    for (node_id id = 1; id <= 3; id++)
        env_bind(sim_env(witness->sim, id), witness_on_message,
                 sim_env(witness->sim, id));
    the_witness = witness;
    return witness;
}

void witness_free(struct witness *witness)
{
    sim_free(witness->sim);
    g_string_free(witness->left, TRUE);
    g_string_free(witness->came, TRUE);
    g_string_free(witness->when, TRUE);
    g_free(witness);
}

/* ---- What is done, and expected. ---- */

void witness_say(struct env *env, node_id to, const char *word)
{
    g_autoptr(GBytes) bytes = g_bytes_new(word, strlen(word));
    env_send(env, to, bytes);
}

void witness_write(struct env *env, const char *key, const char *word,
                   bool adds)
{
    g_autoptr(GBytes) bytes = g_bytes_new(word, strlen(word));
    if (adds)
        env_append(env, key, bytes);
    else
        env_persist(env, key, bytes);
}

void witness_run_out(struct witness *witness)
{
    while (sim_step(witness->sim))
        continue;
}

static void expect(GBytes *value, const char *word)
{
    g_autofree char *text = witness_text(value);
    assert_string_equal(text, word);
}

void witness_recalls(struct witness *witness, const char *key, const char *word)
{
    g_autoptr(GBytes) value = env_recall(sim_env(witness->sim, 1), key);
    expect(value, word);
}

void witness_stores(struct witness *witness, const char *key, const char *word)
{
    g_autoptr(GBytes) value = sim_stored(witness->sim, 1, key);
    expect(value, word);
}
