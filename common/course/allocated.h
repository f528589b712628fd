/**
 * @file allocated.h
 * How much memory is in use now: for tests of what a module keeps.
 *
 *     size_t before = allocated_bytes();
 *     struct queue *queue = queue_new();
 *     ...
 *     expect_that(allocated_bytes() - before < 4 * put, ...);
 *
 * It counts what was asked of malloc and not given back, by the whole process.
 * What was reserved counts, even where nothing was written yet. A few hundred
 * bytes more or less mean nothing, as GLib keeps small pieces for later.
 */
#ifndef COURSE_ALLOCATED_H
#define COURSE_ALLOCATED_H
#include <stddef.h>

/** How many bytes are allocated. */
size_t allocated_bytes(void);

#endif
