/**
 * @file cell.h
 * A cell: one process that may be wrong in every way, and harms nobody.
 *
 *     cell_settle();
 *     struct cell_result result = cell_run(
 *         (struct cell_plan){.program = path, .variables = variables});
 *     ...
 *     cell_clear(&result);
 *
 * It has a process group of its own and, where the kernel allows it, its own
 * process ids and network. It gets no descriptors but an empty input, an output
 * that is read, and what the plan hands down; a new empty directory; and limits
 * on time, memory, output and processes. When it has ended nothing is left of
 * it: no process, no file.
 */
#ifndef COURSE_CELL_H
#define COURSE_CELL_H
#include <stdbool.h>
#include <stddef.h>

/** Its limits: seconds of processor time, and of a clock on the wall as a last
 * resort; MiB in memory; bytes of output; processes. */
enum {
    CELL_SECONDS = 4,
    CELL_WALL = 20,
    CELL_MIB = 512,
    CELL_OUTPUT = 1 << 20,
    CELL_PROCESSES = 64
};

/** What to run. Everything is borrowed. */
struct cell_plan {
    const char *program; /**< A path from the root of the system. */
    const char *const
        *variables; /**< "NAME=value" .., NULL; its environment. */
    int fd;         /**< Handed down, unless it is 0. */
    int wall;       /**< Seconds; 0: CELL_WALL. */
};

/** How it ended. */
enum cell_end {
    CELL_ENDED, /**< By itself. */
    CELL_LATE,  /**< Its time was up. */
    CELL_FAT,   /**< It took too much memory. */
    CELL_LOUD,  /**< It wrote too much. */
    CELL_MANY   /**< It had too many processes. */
};

/** What is known afterwards. */
struct cell_result {
    enum cell_end end; /**< In which way. */
    int status;   /**< The exit status, or 128 and the signal; -1: unknown. */
    char *output; /**< What it wrote, at most CELL_OUTPUT bytes, as UTF-8. */
};

/** Move this process where its cells have no network. Returns whether the
 * kernel allows it; without, there are still process groups and limits. */
bool cell_settle(void);
/** Run it, and wait. */
struct cell_result cell_run(struct cell_plan plan);
/** Free what @p result holds. */
void cell_clear(struct cell_result *result);

#endif
