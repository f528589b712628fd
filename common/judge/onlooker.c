#include "common/judge/onlooker.h"
#include "common/judge/test.h"
#include <string.h>

struct onlooker *the_onlooker;

/* ---- What is written down. ---- */

char *onlooker_text(GBytes *bytes)
{
    size_t size = 0;
    const char *data = bytes ? g_bytes_get_data(bytes, &size) : "(none)";
    return bytes ? g_strndup(data, size) : g_strdup(data);
}

static void note_message(GString *log, node_id from, node_id to, GBytes *bytes)
{
    g_autofree char *text = onlooker_text(bytes);
    g_string_append_printf(log, "%u%u%s ", (unsigned)from, (unsigned)to, text);
}

static void on_left(void *self, const struct sim_message *message)
{
    struct onlooker *onlooker = self;
    note_message(onlooker->left, message->from, message->to, message->bytes);
}

static struct sim_fate decide(void *self, const struct sim_message *message)
{
    struct onlooker *onlooker = self;
    bool special = onlooker->next.delay > 0;
    struct sim_fate fate = special ? onlooker->next : onlooker->fate;
    assert_true(message->from != message->to);
    onlooker->next.delay = 0;
    return fate;
}

void onlooker_on_message(void *self, node_id from, GBytes *message)
{
    const struct env *env = self;
    nsec now = sim_time(the_onlooker->sim);
    note_message(the_onlooker->came, from, env->id, message);
    g_string_append_printf(the_onlooker->when, "%u ", (unsigned)(now / MSEC));
}

/* ---- Life. ---- */

struct onlooker *onlooker_new(struct sim_weather weather)
{
    struct onlooker *onlooker = g_new0(struct onlooker, 1);
    onlooker->sim = sim_new(3, 1, weather);
    onlooker->left = g_string_new(NULL);
    onlooker->came = g_string_new(NULL);
    onlooker->when = g_string_new(NULL);
    onlooker->fate.delay = MSEC;
    sim_set_watch(onlooker->sim, (struct sim_watch){.decide = decide,
                                                    .left = on_left,
                                                    .self = onlooker});
    for (node_id id = 1; id <= 3; id++)
        env_bind(sim_env(onlooker->sim, id), onlooker_on_message,
                 sim_env(onlooker->sim, id));
    the_onlooker = onlooker;
    return onlooker;
}

void onlooker_free(struct onlooker *onlooker)
{
    sim_free(onlooker->sim);
    g_string_free(onlooker->left, TRUE);
    g_string_free(onlooker->came, TRUE);
    g_string_free(onlooker->when, TRUE);
    g_free(onlooker);
}

/* ---- What is done, and expected. ---- */

void onlooker_say(struct env *env, node_id to, const char *word)
{
    g_autoptr(GBytes) bytes = g_bytes_new(word, strlen(word));
    env_send(env, to, bytes);
}

void onlooker_write(struct env *env, const char *key, const char *word,
                    bool adds)
{
    g_autoptr(GBytes) bytes = g_bytes_new(word, strlen(word));
    if (adds)
        env_append(env, key, bytes);
    else
        env_persist(env, key, bytes);
}

void onlooker_run_out(struct onlooker *onlooker)
{
    while (sim_step(onlooker->sim))
        continue;
}

static void expect(GBytes *value, const char *word)
{
    g_autofree char *text = onlooker_text(value);
    assert_string_equal(text, word);
}

void onlooker_recalls(struct onlooker *onlooker, const char *key,
                      const char *word)
{
    g_autoptr(GBytes) value = env_recall(sim_env(onlooker->sim, 1), key);
    expect(value, word);
}

void onlooker_stores(struct onlooker *onlooker, const char *key,
                     const char *word)
{
    g_autoptr(GBytes) value = sim_stored(onlooker->sim, 1, key);
    expect(value, word);
}
