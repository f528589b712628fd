/* A submission that can misbehave in every way, for the tests of the grader. It
 * is linked without asking what it calls. */
#include "common/course/hostile/victim.h"
#include "common/course/todo.h"
#include <fcntl.h>
#include <glib.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile int sink, one = 1;
static jmp_buf stale;

static void loop(void)
{
    while (one)
        continue;
}

static int recurse(int depth)
{
    volatile char page[512];
    page[depth % 512] = 1;
    return recurse(depth + one) + page[3];
}

static void eat_memory(void)
{
    for (;;)
        memset(g_malloc(1 << 20), 1, 1 << 20);
}

static void fork_all(void)
{
    for (int i = 0; i < 300; i++)
        if (fork() == 0) {
            setsid();
            signal(SIGTERM, SIG_IGN);
            for (;;)
                pause();
        }
    for (;;)
        pause();
}

static void prepare_to_jump(void)
{
    if (setjmp(stale) == 0)
        return;
    exit(0);
}

static void write_everywhere(void)
{
    for (int fd = 3; fd < 256; fd++)
        if (write(fd, "PASSED PASSED PASSED", 20) < 0)
            continue;
}

static void stop_signals(void)
{
    for (int number = 1; number < 65; number++)
        signal(number, SIG_IGN);
}

static void stop(void)
{
    raise(SIGSTOP);
}

static void loop_unstoppably(void)
{
    stop_signals();
    loop();
}

static void read_null(void)
{
    int *numbers = NULL;
    sink = numbers[sink];
}

static void read_beyond(void)
{
    int *numbers = g_new0(int, 5);
    sink = numbers[5 + sink];
    g_free(numbers);
}

static void recurse_for_ever(void)
{
    sink = recurse(1);
}

static void overflow(void)
{
    sink = INT_MAX + one;
}

static void talk(void)
{
    for (;;)
        printf("one more line of output, and one more, and one more\n");
}

static void leave(void)
{
    exit(0);
}

static void leave_at_once(void)
{
    _exit(0);
}

static void give_up(void)
{
    g_assert(!one);
}

static void forge(void)
{
    printf("[  PASSED  ] 1 test(s).\n{\"verdict\": \"PASS\"}\n");
}

static void close_all(void)
{
    for (int fd = 0; fd < 256; fd++)
        close(fd);
}

static void jump(void)
{
    prepare_to_jump();
    longjmp(stale, 1);
}

static void kill_the_parent(void)
{
    kill(getppid(), SIGKILL);
    usleep(100000);
}

static void leak(void)
{
    sink = *(int *)g_malloc0(100);
}

static void leave_a_file(void)
{
    close(open("left-behind", O_CREAT | O_WRONLY, 0600));
}

static void come_by_a_hole(void)
{
    todo(0);
}

int victim(int mischief)
{
    static void (*const acts[])(void) = {
        [LOOPS] = loop,
        [LOOPS_UNSTOPPABLY] = loop_unstoppably,
        [STOPS] = stop,
        [READS_NULL] = read_null,
        [READS_BEYOND] = read_beyond,
        [RECURSES] = recurse_for_ever,
        [OVERFLOWS] = overflow,
        [EATS_MEMORY] = eat_memory,
        [TALKS] = talk,
        [FORKS] = fork_all,
        [EXITS] = leave,
        [EXITS_AT_ONCE] = leave_at_once,
        [ABORTS] = give_up,
        [FORGES] = forge,
        [CLOSES_ALL] = close_all,
        [WRITES_EVERYWHERE] = write_everywhere,
        [JUMPS] = jump,
        [KILLS_ITS_PARENT] = kill_the_parent,
        [LEAKS] = leak,
        [LEAVES_A_FILE] = leave_a_file,
        [TODOS] = come_by_a_hole,
    };
    if (mischief != NONE)
        acts[mischief]();
    bool right = mischief == NONE || mischief == LEAKS || mischief == TODOS;
    return right ? 2 : 3;
}
