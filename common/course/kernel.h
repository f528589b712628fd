/**
 * @file kernel.h
 * A kernel on a stage: stream sockets, poll, epoll and a clock, for exercises
 * that make system calls. Nothing is real and nobody waits: a call that would
 * block moves the clock to the next thing that will happen.
 *
 *     kernel_boot(seed);
 *     struct peer *peer = peer_new(NONBLOCK);   // The other end of peer->fd.
 *     peer_sends_at(peer, kernel_now() + SEC, 28);
 *     ... the module under test calls recv(peer->fd, ...) ...
 *
 * The linker's --wrap sends the module's calls here (local.mk). Each is noted
 * with its result on the sheet (sheet.h).
 *
 * All bytes are those of one row: byte number i of whatever is sent, either
 * way, shall be kernel_row()[i], and each that arrives at a peer is compared.
 * Whoever waits for what will never happen, or calls on and on while nothing
 * changes, fails with HANG.
 */
#ifndef COURSE_KERNEL_H
#define COURSE_KERNEL_H
#include "common/world/clock.h"
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** Bytes in the row. */
enum { KERNEL_ROW = 1 << 20 };
/** As many as there are. */
#define KERNEL_ALL SIZE_MAX
/** A time that does not come. */
#define KERNEL_NEVER UINT64_MAX

/** Does a socket of the module block, at first? */
enum blocking { NONBLOCK, BLOCK };

/** The other end of a connection. The test reads these; counts are bytes. */
struct peer {
    int fd;           /**< The module's end. */
    uint64_t sent;    /**< Sent to the module, so far. */
    uint64_t taken;   /**< The module has received so many of them. */
    uint64_t arrived; /**< Came from the module. */
    size_t room;      /**< So many more can come. */
    bool heard_end;   /**< The module has ended its way: no byte will follow. */
    bool heard_reset; /**< The module has reset the connection. */
    bool floods;      /**< There is always more from it. */
};

/** Begin with an empty machine. The same @p seed is the same luck. */
void kernel_boot(uint64_t seed);
/** The time, as clock_monotonic() tells it to the module. */
nsec kernel_now(void);
/** The row. */
const uint8_t *kernel_row(void);
/** Let @p delay pass, and what happens in it. */
void kernel_pass(nsec delay);
/** From now on luck makes receives and sends short, or interrupts them. */
void kernel_trouble(void);
/** How many descriptors the module has open. */
unsigned kernel_open(void);
/** How many calls there were so far. */
unsigned kernel_calls(void);
/** The port that @p fd, the module's, is connected to; 0: it is not. */
uint16_t kernel_port(int fd);
/** Has it these flags, SOCK_NONBLOCK and SOCK_CLOEXEC? */
bool kernel_has(int fd, int flags);
/** A line among the calls: what the module is asked to do. */
void kernel_say(const char *format, ...) G_GNUC_PRINTF(1, 2);

/** A new connection; the machine owns it. */
struct peer *peer_new(enum blocking blocking);
/** It sends so many bytes: now, or at a time. */
void peer_sends(struct peer *peer, size_t count);
/** See peer_sends(). */
void peer_sends_at(struct peer *peer, nsec when, size_t count);
/** It has read so many of the bytes that came. */
void peer_reads(struct peer *peer, size_t count);
/** See peer_reads(). */
void peer_reads_at(struct peer *peer, nsec when, size_t count);
/** It ends its way (FIN). */
void peer_ends(struct peer *peer);
/** See peer_ends(). */
void peer_ends_at(struct peer *peer, nsec when);
/** It resets the connection (RST). */
void peer_resets(struct peer *peer);
/** See peer_resets(). */
void peer_resets_at(struct peer *peer, nsec when);
/** The next receives from it move at most so many bytes each; a negative step
 * is an errno instead, as in -EINTR. @p count steps are copied. */
void peer_receive_steps(struct peer *peer, const int *steps, unsigned count);
/** The same for sends to it. */
void peer_send_steps(struct peer *peer, const int *steps, unsigned count);
/** A signal comes then, and interrupts whoever waits (EINTR). */
void kernel_signal_at(nsec when);
/** Who connects to @p port, of any address, is answered after @p delay, or
 * never: by a connection, or by the errno @p failure. 0: at once. */
void kernel_place(uint16_t port, nsec delay, int failure);

#endif
