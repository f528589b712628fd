/* A submission that can misbehave in every way, for the tests of the grader. It
 * is linked without asking what it calls. */
#include "common/course/hostile/victim.h"
#include "common/course/todo.h"
#include <fcntl.h>
#include <glib.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
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

int victim(int mischief)
{
    int *numbers = NULL;
    switch (mischief) {
    case NONE:
        return 2;
    case LOOPS:
        loop();
        break;
    case LOOPS_UNSTOPPABLY:
        stop_signals();
        loop();
        break;
    case STOPS:
        raise(SIGSTOP);
        break;
    case READS_NULL:
        return numbers[sink];
    case READS_BEYOND:
        numbers = g_new0(int, 5);
        sink = numbers[5 + sink];
        g_free(numbers);
        break;
    case RECURSES:
        return recurse(1);
    case OVERFLOWS:
        return INT_MAX + one;
    case EATS_MEMORY:
        eat_memory();
        break;
    case TALKS:
        for (;;)
            printf("one more line of output, and one more, and one more\n");
    case FORKS:
        fork_all();
        break;
    case EXITS:
        exit(0);
    case EXITS_AT_ONCE:
        _exit(0);
    case ABORTS:
        g_assert(!one);
        break;
    case FORGES:
        printf("[  PASSED  ] 1 test(s).\n{\"verdict\": \"PASS\"}\n");
        break;
    case CLOSES_ALL:
        for (int fd = 0; fd < 256; fd++)
            close(fd);
        break;
    case WRITES_EVERYWHERE:
        write_everywhere();
        break;
    case JUMPS:
        prepare_to_jump();
        longjmp(stale, 1);
    case KILLS_ITS_PARENT:
        kill(getppid(), SIGKILL);
        usleep(100000);
        break;
    case LEAKS:
        sink = *(int *)g_malloc0(100);
        return 2;
    case LEAVES_A_FILE:
        close(open("left-behind", O_CREAT | O_WRONLY, 0600));
        break;
    case TODOS:
        return todo(2);
    }
    return 3;
}
