/*
 * The six echo servers, and what they hold of the machine: descriptors, memory,
 * processes; when there are many clients, and when there is no more to hold.
 */
#include "01-sockets/echo/test_echo.h"
#include <dirent.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

enum { CLIENTS = 10000, SPARE = 200, FEW = 24, LATE = 6, NO_FILTER = 77 };

/* ---- What a server holds. ---- */

/* How many names are in a directory of /proc/PID. */
static unsigned count_in(pid_t pid, const char *what)
{
    unsigned count = 0;
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", pid, what);
    DIR *dir = opendir(path);
    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count - 2; /* "." and "..". */
}

/* The text of such a file. Returns new. */
static char *text_in(pid_t pid, const char *what)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", pid, what);
    char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    return text ? text : g_strdup("");
}

static unsigned children_of(pid_t pid)
{
    g_autofree char *what = g_strdup_printf("task/%d/children", pid);
    g_autofree char *list = text_in(pid, what);
    unsigned count = 0;
    for (const char *p = list; (p = strchr(p, ' ')); p++)
        count++;
    return count;
}

/* Threads and children, zombies included. A sanitizer has threads of its own,
 * which come and go as it likes. */
static unsigned helpers_of(const struct server *server)
{
    unsigned threads = SANITIZED ? 1 : count_in(server->pid, "task");
    return threads + children_of(server->pid);
}

/* The same, and descriptors. */
static unsigned held_by(const struct server *server)
{
    return count_in(server->pid, "fd") + helpers_of(server);
}

/* Wait until it holds no more than @p most; then it is exactly that. */
static void settle(const struct server *server, unsigned most)
{
    nsec deadline = clock_monotonic() + PATIENCE;
    while (held_by(server) > most && clock_monotonic() < deadline)
        sched_yield();
    assert_int_equal(held_by(server), most);
}

/* What it holds when nobody is inside. Some say that they are ready and open a
 * few more; but who serves a client has them all. */
static unsigned held_alone(const struct server *server)
{
    unsigned helpers = helpers_of(server), early = count_in(server->pid, "fd");
    int fd = enter(server);
    talk(fd, "in", 2);
    unsigned others = count_in(server->pid, "fd") - 1;
    reset(fd);
    return helpers + MAX(early, others);
}

/* In KiB: "VmRSS:", what is in memory, or "VmSize:", all addresses. */
static unsigned long memory_of(const struct server *server, const char *what)
{
    g_autofree char *status = text_in(server->pid, "status");
    const char *line = strstr(status, what);
    assert_non_null(line);
    return strtoul(line + strlen(what), NULL, 10);
}

/* The processor time it has used. */
static nsec work_of(const struct server *server)
{
    clockid_t clock;
    struct timespec time;
    assert_int_equal(clock_getcpuclockid(server->pid, &clock), 0);
    clock_gettime(clock, &time);
    return (nsec)time.tv_sec * SEC + (nsec)time.tv_nsec;
}

/* ---- Many who come and go. ---- */

static bool is(const struct server *server, int model)
{
    return strcmp(server->model, servers[model].model) == 0;
}

/* How many come at a time: processes and threads are dear. */
static unsigned crowd_of(const struct server *server)
{
    if (is(server, FORK))
        return 50;
    return is(server, THREAD) ? 200 : 2000;
}

/* All are inside at a time, if the model can; some have read their echo, and
 * some have not. */
static void come_and_go(const struct server *server)
{
    unsigned count = crowd_of(server);
    g_autofree int *fds = g_new(int, count);
    for (unsigned i = 0; i < count; i++) {
        fds[i] = enter(server);
        say(fds[i], noise, i % 3000);
    }
    if (!is(server, ITERATIVE))
        hear(fds[count - 1], noise, (count - 1) % 3000);
    for (unsigned i = 0; i < count; i++)
        reset(fds[i]);
}

/* The first crowds may leave behind what the next will use: stacks, and what
 * the allocator keeps; how many are served at a time varies. But whoever loses
 * something of each who came grows with every crowd, and never stops. */
static void holds_nothing_of_who_has_gone(void **state)
{
    struct server server = start(of(state)->model);
    unsigned held = held_alone(&server), crowds = 0;
    unsigned long memory = 0, before;
    do {
        come_and_go(&server);
        visit(&server);
        settle(&server, held);
        before = memory;
        memory = memory_of(&server, "VmRSS:");
    } while (memory > before + 64 && ++crowds < 12 && !SANITIZED);
    if (!SANITIZED)
        assert_in_range(memory, 0, before + 64);
    end(&server);
}

static void allow_many_descriptors(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* Fewer where the system allows us fewer descriptors. */
static unsigned many(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    unsigned count = (unsigned)MIN(limit.rlim_cur, CLIENTS + SPARE) - SPARE;
    if (count < CLIENTS)
        print_message("Only %u clients: ulimit -Hn allows no more.\n", count);
    return count;
}

/* Silent at first; then all speak at a time, while the server is paused, so
 * that it finds them all at once; then silent again. */
static void serves_one_among_ten_thousand(void **state)
{
    struct server server = start_after(of(state)->model, "ulimit -Sn 64; exec");
    unsigned held = held_alone(&server), count = many();
    g_autofree int *fds = g_new(int, count);
    for (unsigned i = 0; i < count; i++) {
        fds[i] = enter(&server);
        if (i % 500 == 0)
            talk(fds[i], "in", 2); /* So are those before. */
    }
    actor_signal(server.actor, SIGSTOP);
    for (unsigned i = 0; i < count; i++)
        say(fds[i], &fds[i], sizeof *fds);
    actor_signal(server.actor, SIGCONT);
    for (unsigned i = 0; i < count; i++)
        hear(fds[i], &fds[i], sizeof *fds);
    assert_int_equal(held_by(&server), held + count);
    visit(&server);
    for (unsigned i = 0; i < count; i++)
        reset(fds[i]);
    settle(&server, held);
    visit(&server);
    end(&server);
}

/* A stack for each, but a small one. */
static void takes_few_addresses_for_a_client(void **state)
{
    struct server server = start(of(state)->model);
    unsigned count = crowd_of(&server);
    g_autofree int *fds = g_new(int, count);
    unsigned long before = memory_of(&server, "VmSize:");
    for (unsigned i = 0; i < count; i++) {
        fds[i] = enter(&server);
        talk(fds[i], "in", 2);
    }
    if (!SANITIZED)
        assert_in_range(memory_of(&server, "VmSize:") - before, 0, 100 * count);
    for (unsigned i = 0; i < count; i++)
        close(fds[i]);
    end(&server);
}

/* ---- Those who wait cost nothing. ---- */

/* What it costs one to wait, beside what it costs another to work. The threads
 * of a sanitizer count as the server's work, so with one we look at nothing. */
static void expect_it_to_wait(const struct server *idle,
                              const struct server *busy)
{
    int fd = enter(busy);
    nsec idled = work_of(idle), worked = work_of(busy);
    for (int i = 0; i < 2000; i++)
        talk(fd, "work", 4);
    idled = work_of(idle) - idled;
    worked = work_of(busy) - worked;
    if (!SANITIZED)
        assert_in_range(idled, 0, worked / 2);
    close(fd);
}

/* Send without reading until nothing moves while another talks. Returns how
 * many bytes were sent. */
static size_t stuff_to_the_brim(int greedy, int honest)
{
    size_t sent = 0, before = 0;
    for (int still = 0; still < 20; still++) {
        stuff(greedy, &sent);
        talk(honest, noise, 1000);
        still = sent == before ? still : 0;
        before = sent;
    }
    assert_in_range(sent, ECHO_PIECE, HELD_MOST - 1);
    return sent;
}

static void let_ten_be_greedy(const struct server *server, int honest,
                              unsigned held)
{
    for (int i = 0; i < 10; i++) {
        int greedy = enter(server);
        stuff_to_the_brim(greedy, honest);
        reset(greedy);
        settle(server, held + 1);
    }
}

/* Not even of what they did not read: or each ten would take more. */
static void holds_nothing_of_the_greedy(void **state)
{
    struct server server = start(of(state)->model);
    unsigned held = held_alone(&server), rounds = 0;
    unsigned long memory = 0, before;
    int honest = enter(&server);
    do {
        let_ten_be_greedy(&server, honest, held);
        before = memory;
        memory = memory_of(&server, "VmRSS:");
    } while (memory > before + 64 && ++rounds < 8 && !SANITIZED);
    if (!SANITIZED)
        assert_in_range(memory, 0, before + 64);
    close(honest);
    end(&server);
}

/* It is held up, not fed; nobody else is; and nothing it was relieved of is
 * lost, whoever comes and goes meanwhile. */
static void holds_up_who_never_reads_and_nobody_else(void **state)
{
    struct server *busy = of(state), server = start(busy->model);
    int honest = enter(&server), leaving = enter(&server);
    int other = enter(&server), greedy = enter(&server);
    unsigned long memory = memory_of(&server, "VmRSS:");
    size_t sent = stuff_to_the_brim(greedy, honest);
    if (!is(&server, FORK)) /* Its children would wait, or not. */
        expect_it_to_wait(&server, busy);
    shutdown(leaving, SHUT_WR);
    hear_the_end(leaving);
    talk(other, noise, 1000);
    if (!SANITIZED)
        assert_in_range(memory_of(&server, "VmRSS:"), 0, memory + 1024);
    shutdown(greedy, SHUT_WR);
    for (size_t heard = 0; heard < sent; heard += MEGABYTE)
        hear(greedy, noise, MIN(sent - heard, MEGABYTE));
    hear_the_end(greedy);
    close(other);
    close(honest);
    end(&server);
}

/* As many inside as there are descriptors; then some who come late. */
struct house {
    struct server server;
    unsigned alone; /* What the server held before they came. */
    int count, inside[FEW], late[LATE];
};

static struct house fill_a_house(struct server server)
{
    struct house house = {.server = server, .alone = held_alone(&server)};
    settle(&server, house.alone);
    house.count = FEW - (int)count_in(server.pid, "fd");
    for (int i = 0; i < house.count; i++) {
        house.inside[i] = enter(&server);
        talk(house.inside[i], "in", 2);
    }
    for (int i = 0; i < LATE; i++) {
        house.late[i] = enter(&server);
        send(house.late[i], "late", 4, MSG_NOSIGNAL);
    }
    return house;
}

static void empty(struct house *house)
{
    for (int i = 0; i < house->count; i++)
        reset(house->inside[i]);
    settle(&house->server, house->alone);
    visit(&house->server);
    end(&house->server);
}

static void expect_those_inside_to_be_served(const struct house *house)
{
    for (int i = 0; i < house->count; i++)
        talk(house->inside[i], "still in", 8);
}

static struct server start_with_few_descriptors(const char *model)
{
    return start_after(model, "ulimit -n 24; exec"); /* FEW. */
}

static void expect_silence(int fd)
{
    char byte;
    errno = 0;
    assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
}

/* Who comes late waits; as many as leave are served then. */
static void waits_in_peace_for_a_descriptor(void **state)
{
    const struct server *busy = of(state);
    struct house house = fill_a_house(start_with_few_descriptors(busy->model));
    expect_it_to_wait(&house.server, busy);
    expect_those_inside_to_be_served(&house);
    for (int i = 0; i < LATE; i++)
        expect_silence(house.late[i]);
    for (int i = 0; i < LATE; i++) {
        reset(house.inside[i]);
        hear(house.late[i], "late", 4);
        house.inside[i] = house.late[i];
    }
    expect_those_inside_to_be_served(&house);
    empty(&house);
}

static void limit_descriptors(const struct server *server, unsigned most)
{
    struct rlimit limit;
    prlimit(server->pid, RLIMIT_NOFILE, NULL, &limit);
    limit.rlim_cur = most;
    assert_return_code(prlimit(server->pid, RLIMIT_NOFILE, &limit, NULL),
                       errno);
}

/* Nobody leaves, and yet there are descriptors again, as when another process
 * closes what the whole machine was short of. */
static void finds_out_that_there_are_descriptors_again(void **state)
{
    struct server server = start(of(state)->model);
    limit_descriptors(&server, FEW);
    struct house house = fill_a_house(server);
    for (int i = 0; i < LATE; i++)
        expect_silence(house.late[i]);
    limit_descriptors(&server, FEW + LATE);
    for (int i = 0; i < LATE; i++) {
        hear(house.late[i], "late", 4);
        reset(house.late[i]);
    }
    empty(&house);
}

/* Who comes late is sent away, until there is room. */
static void turns_away_who_finds_no_descriptor(void **state)
{
    const struct server *busy = of(state);
    struct house house = fill_a_house(start_with_few_descriptors(busy->model));
    expect_it_to_wait(&house.server, busy);
    for (int i = 0; i < LATE; i++)
        hear_of_the_end(house.late[i]);
    expect_those_inside_to_be_served(&house);
    unsigned held = held_by(&house.server);
    for (int i = 0; i < LATE; i++) {
        reset(house.inside[i]);
        settle(&house.server, held - 1);
        house.inside[i] = enter(&house.server);
        talk(house.inside[i], "in", 2);
    }
    expect_those_inside_to_be_served(&house);
    empty(&house);
}

/* ---- When there is no process, thread or ring to be had. ---- */

/* For this process and what it becomes: no clone, no io_uring. */
static void become_poor(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 2, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog filter = {G_N_ELEMENTS(code), code};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
        exit(NO_FILTER);
}

/* The shell becomes this program, poor, and that becomes the server. */
static struct server start_poor(const char *model)
{
    struct server server = start_after(model, "exec \"$1\" --poor");
    if (!server.where && actor_wait(server.actor, PATIENCE) == NO_FILTER)
        skip();
    return server;
}

/* It cannot serve anybody, and lasts. */
static void sends_clients_away_when_it_cannot_have_more(void **state)
{
    struct server server = start_poor(of(state)->model);
    if (SANITIZED && !server.where)
        skip(); /* It needs a thread of its own. */
    unsigned held = held_by(&server);
    for (int i = 0; i < 50; i++)
        hear_of_the_end(enter(&server));
    settle(&server, held);
    end(&server);
}

static void says_so_when_the_kernel_has_none(void **state)
{
    struct server server = start_poor(of(state)->model);
    assert_null(server.where);
    assert_int_equal(actor_wait(server.actor, PATIENCE), 1);
    g_autofree char *sentence = actor_errors(server.actor);
    assert_true(g_str_has_prefix(sentence, "echo: this kernel has no io_uring: "
                                           "Operation not permitted.\n"));
    end(&server);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        ALL(holds_nothing_of_who_has_gone),
        ONE(takes_few_addresses_for_a_client, "thread", THREAD),
        ONE_THREAD(serves_one_among_ten_thousand),
        ONE_THREAD(holds_nothing_of_the_greedy),
        NOT_ITERATIVE(holds_up_who_never_reads_and_nobody_else),
        ONE(waits_in_peace_for_a_descriptor, "thread", THREAD),
        ONE(waits_in_peace_for_a_descriptor, "poll", POLL),
        ONE(waits_in_peace_for_a_descriptor, "uring", URING),
        ONE(finds_out_that_there_are_descriptors_again, "thread", THREAD),
        ONE(finds_out_that_there_are_descriptors_again, "poll", POLL),
        ONE(turns_away_who_finds_no_descriptor, "epoll", EPOLL),
        ONE(sends_clients_away_when_it_cannot_have_more, "fork", FORK),
        ONE(sends_clients_away_when_it_cannot_have_more, "thread", THREAD),
        ONE(says_so_when_the_kernel_has_none, "uring", URING),
    };
    if (argc > 2 && strcmp(argv[1], "--poor") == 0) {
        become_poor();
        execv(argv[2], argv + 2);
    }
    allow_many_descriptors();
    return run_with_servers(argc, argv, tests);
}
