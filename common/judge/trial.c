#include "common/judge/trial.h"
#include <string.h>

enum { PATIENCE = 2000 };

/* ---- What the trial sees. ---- */

static void add_message(GString *log, GBytes *message)
{
    size_t size;
    const char *data = g_bytes_get_data(message, &size);
    g_string_append_len(log, data, (gssize)size);
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct trial *trial = self;
    (void)from;
    add_message(trial->seen, message);
    if (trial->zero)
        env_arm(trial->env, trial->zero, 0);
    trial->zero = NULL;
}

/* Node 2 writes down what comes, and sends it back; but a farewell may come at
 * any time, and means nothing here. */
static void on_message_there(void *self, node_id from, GBytes *message)
{
    struct trial *trial = self;
    if (g_bytes_get_size(message) == 0)
        return;
    add_message(trial->there, message);
    env_send(trial->kind->env(trial->world, 2), from, message);
}

static void on_alarm(void *self)
{
    struct alarm *alarm = self;
    g_string_append(alarm->trial->seen, alarm->word);
}

struct timer *trial_alarm(struct trial *trial, const char *word)
{
    for (struct alarm *alarm = trial->alarms;; alarm++)
        if (!alarm->word) {
            alarm->word = word;
            return &alarm->timer;
        }
}

/* ---- What the trial does. ---- */

void trial_send(struct trial *trial, node_id to, const char *word)
{
    g_autoptr(GBytes) message = g_bytes_new(word, strlen(word));
    env_send(trial->env, to, message);
}

void trial_persist(struct trial *trial, const char *key, const char *word)
{
    g_autoptr(GBytes) value = word ? g_bytes_new(word, strlen(word)) : NULL;
    env_persist(trial->env, key, value);
}

void trial_append(struct trial *trial, const char *key, const char *word)
{
    g_autoptr(GBytes) bytes = g_bytes_new(word, strlen(word));
    env_append(trial->env, key, bytes);
}

/* The value as a string; "(none)" when there is none. */
char *trial_recall(struct trial *trial, const char *key)
{
    g_autoptr(GBytes) value = env_recall(trial->env, key);
    GString *word = g_string_new(value ? "" : "(none)");
    if (value)
        add_message(word, value);
    return g_string_free(word, FALSE);
}

bool trial_recalls(struct trial *trial, const char *key, const char *word)
{
    g_autofree char *value = trial_recall(trial, key);
    if (strcmp(value, word) == 0)
        return true;
    g_string_printf(trial->failure, "%s should be \"%s\", it is \"%s\"", key,
                    word, value);
    return false;
}

void trial_pass(struct trial *trial, nsec time)
{
    trial->kind->pass(trial->world, time);
}

/* Let time pass until @p log holds @p word. */
bool trial_await(struct trial *trial, const GString *log, const char *word)
{
    for (int i = 0; i < PATIENCE && !strstr(log->str, word); i++)
        trial_pass(trial, 5 * MSEC);
    return strstr(log->str, word);
}

bool trial_await_durable(struct trial *trial)
{
    trial_send(trial, 1, "durable;");
    bool durable = trial_await(trial, trial->seen, "durable;");
    g_string_truncate(trial->seen, 0);
    return durable;
}

void trial_bind(struct trial *trial)
{
    trial->env = trial->kind->env(trial->world, 1);
    env_bind(trial->env, on_message, trial);
}

void trial_crash(struct trial *trial)
{
    trial->kind->crash(trial->world);
    trial_bind(trial);
}

/* Node 2 answers from now on; true when it does, and all is quiet. */
bool trial_connect(struct trial *trial)
{
    env_bind(trial->kind->env(trial->world, 2), on_message_there, trial);
    for (int i = 0; i < PATIENCE && trial->seen->len == 0; i++) {
        trial_send(trial, 2, "hello;");
        trial_pass(trial, 10 * MSEC);
    }
    bool connected = trial->seen->len > 0;
    trial_pass(trial, 100 * MSEC);
    g_string_truncate(trial->seen, 0);
    g_string_truncate(trial->there, 0);
    return connected;
}

/* ---- A fresh world. ---- */

void trial_open(struct trial *trial, uint64_t seed)
{
    trial->world = trial->kind->open(seed);
    g_string_truncate(trial->seen, 0);
    g_string_truncate(trial->there, 0);
    trial->zero = NULL;
    trial->early = 0;
    trial->syncs = 0;
    for (int i = 0; i < TRIAL_ALARMS; i++) {
        struct alarm *alarm = &trial->alarms[i];
        *alarm = (struct alarm){.trial = trial};
        alarm->timer = (struct timer){.fire = on_alarm, .self = alarm};
    }
    trial_bind(trial);
}
