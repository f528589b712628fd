/*
 * What "written" means. A writer of records, confirming each: killed, it has
 * lost nothing; when the power fails, what no sync covered is gone. The first is
 * done to a real process. The power fails on a simulated disk.
 */
#include "common/world/complain.h"
#include "common/world/disk.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RECORDS = 1000, SIZE = 16, EACH = 300 }; /* A sync for so many. */

static void print_row(const char *how, unsigned confirmed, size_t bytes)
{
    unsigned kept = (unsigned)(bytes / SIZE);
    printf("  %-42s %9u %6u %5u%s\n", how, confirmed, kept,
           confirmed > kept ? confirmed - kept : 0,
           bytes % SIZE ? "  a torn end" : "");
}

/* ---- A process is killed. ---- */

static void write_and_die(int file, int confirms)
{
    char record[SIZE];
    for (unsigned i = 0; i < RECORDS; i++) {
        snprintf(record, sizeof record, "record %8u", i);
        if (write(file, record, SIZE) != SIZE || write(confirms, "!", 1) != 1)
            _exit(FAILED);
    }
    kill(getpid(), SIGKILL);
    pause();
}

static unsigned count_confirms(int confirms)
{
    char some[SIZE];
    unsigned count = 0;
    ssize_t n;
    while ((n = read(confirms, some, sizeof some)) > 0)
        count += (unsigned)n;
    return count;
}

/* False: this machine cannot even do that. */
static bool kill_a_writer(void)
{
    char path[] = "/tmp/written-XXXXXX";
    int pipes[2], file = mkstemp(path);
    struct stat status;
    if (file < 0 || unlink(path) < 0 || pipe(pipes) < 0)
        return false;
    fflush(stdout);
    pid_t child = fork();
    if (child < 0)
        return false;
    if (child == 0)
        write_and_die(file, pipes[1]);
    close(pipes[1]);
    unsigned confirmed = count_confirms(pipes[0]);
    waitpid(child, NULL, 0);
    bool known = fstat(file, &status) == 0;
    close(pipes[0]);
    close(file);
    if (known)
        print_row("write(), and kill -9", confirmed, (size_t)status.st_size);
    return known;
}

/* ---- The power fails. ---- */

static void sync_all(struct disk *disk)
{
    disk_sync_start(disk);
    disk_sync_finish(disk);
}

/* @p each: a sync behind so many records. @p late: a record is confirmed when
 * that is done, and not when it is written. */
static void fail_power(const char *how, unsigned each, bool late)
{
    static const char record[SIZE] = "a record it was";
    g_autoptr(GBytes) bytes = g_bytes_new_static(record, SIZE);
    struct disk *disk = disk_new();
    unsigned confirmed = 0;
    for (unsigned i = 1; i <= RECORDS; i++) {
        disk_append(disk, "log", bytes);
        if (i % each == 0)
            sync_all(disk);
        if (!late || i % each == 0)
            confirmed = i;
    }
    disk_crash(disk, (struct dice){7}, DISK_TEARS);
    g_autoptr(GBytes) left = disk_recall(disk, "log");
    print_row(how, confirmed, left ? g_bytes_get_size(left) : 0);
    disk_free(disk);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return complain(USAGE, "there are no arguments");
    printf(
        "A writer writes %d records, and confirms them. Then it ends, badly.\n"
        "\n  %-42s %9s %6s %5s\n",
        RECORDS, "", "confirmed", "there", "lost");
    if (!kill_a_writer())
        return complain(FAILED, "no process to kill: %s", g_strerror(errno));
    fail_power("write(), and the power fails", RECORDS + 1, false);
    fail_power("write(), a sync now and then, power fails", EACH, false);
    fail_power("confirmed behind the sync, power fails", EACH, true);
    fail_power("a sync for each, power fails", 1, true);
    printf(
        "\nThe first is a real process and a real file: the kernel has the "
        "bytes, and who\nwrote them may die. The others are on a simulated "
        "disk, for what the kernel\nhas is not on the disk: of that, a crash "
        "keeps a part, down to the middle of a\nrecord. Only who confirms "
        "behind a sync has lost nothing that was confirmed;\nand one sync "
        "is enough for many.\n");
    return 0;
}
