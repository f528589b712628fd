/*
 * What does it mean that send() has returned? A message takes three steps, and
 * may be lost before each:
 *
 *     our program -> our kernel -> their kernel -> their program
 *             accepted     acknowledged     processed
 *
 * send() tells of the first, TCP's acknowledgment of the second. Only the other
 * program can tell of the third: the end-to-end argument (Saltzer, Reed and
 * Clark 1984). Here a receiver is killed when each step has come to a number of
 * its own.
 *
 * None of this is left to chance. The receiver stops itself when it has
 * processed its share, and is killed after its kernel has acknowledged more.
 * What it has processed is counted in memory that outlives it.
 */
#include "01-sockets/io.h"
#include "01-sockets/wrong/tube.h"
#include "common/world/complain.h"
#include <errno.h>
#include <linux/sockios.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SIZE = 64, /* Bytes in a message. */
    SHARE = 25 /* Messages processed before the receiver dies. */
};

struct message {
    uint64_t number; /* 1, 2, 3 .. */
    char text[SIZE - sizeof(uint64_t)];
};

/* How far the messages have come when the receiver dies. */
struct progress {
    size_t accepted, acknowledged; /* Bytes. */
    unsigned processed, answered;  /* Messages. */
    const char *told;              /* To the sender, afterwards. */
};

static int need(ssize_t result, const char *what)
{
    if (result < 0)
        exit(complain(FAILED, "cannot %s: %s", what, g_strerror(errno)));
    return (int)result;
}

/* ---- The receiver. ---- */

static void receive(int fd, unsigned answers, unsigned *processed)
{
    for (unsigned count = 1; count <= SHARE; count++) {
        struct message message;
        need(read_all(fd, &message, sizeof message, NEVER), "read");
        g_assert(message.number == count);
        *processed = count;
        if (count <= answers)
            write_all(fd, &message.number, sizeof message.number, NEVER);
    }
    raise(SIGSTOP);
}

/* In a process of its own, which takes @p fd. */
static pid_t start_receiver(int fd, unsigned answers, unsigned *processed)
{
    pid_t child = need(fork(), "start a process");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        receive(fd, answers, processed);
        _exit(0);
    }
    close(fd);
    return child;
}

/* ---- The sender. ---- */

/* Send until the kernel takes no more. It may cut the last message short; then
 * the next call goes on in the midst of it. Returns what it has accepted. */
static size_t send_more(int fd, size_t accepted)
{
    for (;;) {
        struct message message = {accepted / SIZE + 1, "How are you?"};
        size_t cut = accepted % SIZE;
        ssize_t count =
            send(fd, (char *)&message + cut, SIZE - cut, MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN)
            return accepted;
        accepted += (size_t)need(count, "send");
    }
}

/* Our kernel holds what is not acknowledged: it may have to send it again. */
static size_t held(int fd)
{
    int bytes = 0;
    need(ioctl(fd, SIOCOUTQ, &bytes), "ask what the kernel holds");
    return (size_t)bytes;
}

static void send_all(int fd, struct progress *progress)
{
    do {
        g_usleep(1000);
        progress->accepted = send_more(fd, progress->accepted);
        progress->acknowledged = progress->accepted - held(fd);
    } while (progress->acknowledged <= (size_t)SIZE * SHARE ||
             progress->acknowledged == progress->accepted);
}

/* Read so many answers. */
static unsigned hear(int fd, unsigned answers)
{
    uint64_t number = 0;
    while (number < answers)
        need(read_all(fd, &number, sizeof number, NEVER), "read");
    return (unsigned)number;
}

static const char *hear_the_end(int fd)
{
    char byte;
    return read_some(fd, &byte, 1, NEVER) < 0 ? g_strerror(errno) : "the end";
}

/* ---- The story. ---- */

/* Send to a receiver that answers so many messages, and dies. */
static struct progress send_to_the_dying(unsigned answers)
{
    struct progress progress = {0};
    unsigned *processed = mmap(NULL, sizeof *processed, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_assert(processed != MAP_FAILED);
    struct tube tube;
    need(tube_open(&tube, (struct tube_settings){0}), "connect");
    int fd = tube.client;
    pid_t receiver = start_receiver(tube.server, answers, processed);
    progress.accepted = send_more(fd, 0);
    waitpid(receiver, NULL, WUNTRACED); /* It stops itself. */
    send_all(fd, &progress);
    progress.answered = hear(fd, answers);
    kill(receiver, SIGKILL);
    waitpid(receiver, NULL, 0);
    progress.processed = *processed;
    progress.told = hear_the_end(fd);
    munmap(processed, sizeof *processed);
    close(fd);
    return progress;
}

static struct progress tell(const char *receiver, unsigned answers)
{
    struct progress progress = send_to_the_dying(answers);
    printf("  %-28s%9zu  %13zu  %9u  %9u\n", receiver, progress.accepted / SIZE,
           progress.acknowledged / SIZE, progress.processed, progress.answered);
    return progress;
}

int main(void)
{
    printf("Messages of %d bytes are sent by TCP, as many as send() takes. The "
           "receiver\nprocesses %d of them, stands still until all buffers are "
           "full, and is killed.\nWhen it dies, so many have been\n\n",
           SIZE, SHARE);
    printf("  %-28s%9s  %13s  %9s  %9s\n", "", "accepted", "acknowledged",
           "processed", "answered");
    printf("  %-28s%9s  %13s  %9s  %9s\n", "a receiver that", "by send()",
           "by its kernel", "by itself", "by itself");
    struct progress first = tell("never answers", 0);
    struct progress second = tell("answers what it processed", SHARE);
    struct progress third = tell("dies before its last answer", SHARE - 1);
    printf(
        "\nThe first: %zu messages wait in our own kernel, since theirs is "
        "full.\n%zu were acknowledged by it and will never be processed. The "
        "sender is told\n\"%s\", and no more.\n",
        (first.accepted - first.acknowledged) / SIZE,
        first.acknowledged / SIZE - first.processed, first.told);
    printf("\nThe second: the program gives its own word. The sender knows how "
           "far it came,\nconnects again and goes on from number %u.\n",
           second.answered + 1);
    printf(
        "\nThe third: the sender goes on from number %u, which is processed "
        "already. It\ncannot know; so the receiver must recognise what comes "
        "twice.\n",
        third.answered + 1);
    return 0;
}
