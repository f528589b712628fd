/*
 * kill -9, two hundred times. A writer writes down 1, 2, 3 .., each number in
 * two keys, and tells each, through a pipe, when a message to itself says that
 * it is durable. It is killed at a random moment and booted again. Whatever it
 * had told must be there. (What a power failure does to files is the affair of
 * test_store.c: the kernel survives a kill.)
 */
#include "01-sockets/host/host.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILLS = 200 };

struct writer {
    struct env *env;
    uint64_t number; /* The last written. */
    int told;        /* A pipe. */
};

/* ---- The writer. ---- */

static GBytes *bytes_of(const uint64_t *number)
{
    return g_bytes_new(number, sizeof *number);
}

static uint64_t last_of(GBytes *log)
{
    uint64_t number = 0;
    size_t size = log ? g_bytes_get_size(log) : 0;
    if (size >= sizeof number)
        memcpy(&number,
               (const uint8_t *)g_bytes_get_data(log, NULL) + size -
                   sizeof number,
               sizeof number);
    return number;
}

static void write_next(struct writer *writer)
{
    writer->number++;
    g_autoptr(GBytes) number = bytes_of(&writer->number);
    env_append(writer->env, "log", number);
    env_persist(writer->env, "last", number);
    env_send(writer->env, writer->env->id, number);
}

static void on_durable(void *self, node_id from, GBytes *number)
{
    struct writer *writer = self;
    uint64_t durable = last_of(number);
    (void)from;
    if (write(writer->told, &durable, sizeof durable) < 0)
        _exit(3);
    write_next(writer);
}

static G_NORETURN void run_writer(struct store_settings store, int told)
{
    struct host *host =
        host_new((struct host_settings){.id = 1, .store = store});
    struct writer writer = {.env = host_env(host), .told = told};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    g_autoptr(GBytes) log = env_recall(writer.env, "log");
    writer.number = last_of(log);
    env_bind(writer.env, on_durable, &writer);
    write_next(&writer);
    loop_run(host_loop(host));
    _exit(4);
}

/* ---- The one who kills it. ---- */

/* Let it tell @p count numbers, kill it, and return the last it told. */
static uint64_t kill_after(struct store_settings store, uint64_t count)
{
    uint64_t last = 0;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0)
        run_writer(store, pipes[1]);
    close(pipes[1]);
    while (read(pipes[0], &last, sizeof last) == sizeof last)
        if (count-- == 0)
            kill(child, SIGKILL);
    close(pipes[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return last;
}

/* 1, 2, 3 .. without a hole, up to what is returned. */
static uint64_t count_log(GBytes *log)
{
    size_t size = g_bytes_get_size(log);
    const uint64_t *numbers = g_bytes_get_data(log, NULL);
    assert_int_equal(size % sizeof *numbers, 0);
    for (uint64_t i = 0; i < size / sizeof *numbers; i++)
        assert_int_equal(numbers[i], i + 1);
    return size / sizeof *numbers;
}

static void check(struct store_settings settings, uint64_t told)
{
    struct store *store = store_new(settings);
    g_autoptr(GBytes) log = store_recall(store, "log");
    g_autoptr(GBytes) last = store_recall(store, "last");
    assert_true(count_log(log) >= told);
    assert_true(last_of(last) >= told);
    store_free(store);
}

static void kill_often(bool thread)
{
    char *dir = test_dir_make();
    struct store_settings store = {.dir = dir, .thread = thread};
    for_each_seed (seed, KILLS / 2) {
        struct dice dice = dice_at(seed, thread, 0);
        check(store, kill_after(store, dice_between(&dice, 0, 20)));
    }
    test_dir_remove(dir);
}

static void what_was_told_is_there_after_kill_9(void **state)
{
    (void)state;
    kill_often(false);
}

static void what_was_told_is_there_after_kill_9_of_a_disk_thread(void **state)
{
    (void)state;
    kill_often(true);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_told_is_there_after_kill_9),
        cmocka_unit_test(what_was_told_is_there_after_kill_9_of_a_disk_thread),
    };
    return test_run(argc, argv, tests);
}
