#include "03-transport/storms/storeys_scene.h"
#include "03-transport/arq.h"
#include "common/storm/ordeal.h"
#include "common/toys/counter_scene.h"
#include <string.h>

enum { MOST = 5 };
#define TIMEOUT (50 * MSEC)

/* The judge of the counter knows its nodes as counters: so what they stand on
 * is kept here. */
static struct {
    void *counter;
    struct arq *arq;
} floors[MOST + 1];

static void *boot_counter(struct env *env, void *checker)
{
    struct arq *arq = arq_new(env, TIMEOUT);
    void *counter = counter_subject.boot(arq_env(arq), checker);
    floors[env->id].counter = counter;
    floors[env->id].arq = arq;
    return counter;
}

static void stop_counter(void *counter)
{
    counter_subject.stop(counter);
    for (unsigned i = 0; i <= MOST; i++)
        if (floors[i].counter == counter) {
            arq_free(floors[i].arq);
            floors[i].counter = NULL;
        }
}

/* Its judge reads what leaves, which is now a part of something else. */
static void counter_left(void *checker, const struct sim_message *message)
{
    static const char *const words[] = {"add ", "done "};
    size_t size;
    const char *data = g_bytes_get_data(message->bytes, &size);
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        const char *at = memmem(data, size, words[i], strlen(words[i]));
        if (!at)
            continue;
        struct sim_message inner = *message;
        inner.bytes = g_bytes_new(at, (size_t)(data + size - at));
        counter_subject.left(checker, &inner);
        g_bytes_unref(inner.bytes);
    }
}

struct subject storeys(void)
{
    struct subject subject = counter_subject;
    subject.name = "storeys";
    subject.spared = 0;
    subject.boot = boot_counter;
    subject.stop = stop_counter;
    subject.left = counter_left;
    return subject;
}
