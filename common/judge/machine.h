/**
 * @file machine.h
 * The machine a measurement is made on: what it is, and which of its CPUs.
 *
 *     g_autofree char *machine = machine_text();
 *     printf("# real time, on %s\n", machine);
 *     machine_pin(0);
 *
 * Times of real sockets mean little without the machine; so the first line of
 * such data names it. And they mean less when the scheduler moves the program
 * from CPU to CPU while it is timed; so it is bound to one.
 */
#ifndef JUDGE_MACHINE_H
#define JUDGE_MACHINE_H
#include <glib.h>

/** As "Linux 6.1.0, 8 CPUs, AMD EPYC 7302": its kernel, how many CPUs this
 * process may use, and their kind; not its name. Returns new. */
char *machine_text(void);
/** Bind this thread, and the threads and processes it starts from now on, to
 * one CPU: the @p number-th, from 0, of those the process began with, and from
 * the first again when there are fewer. Returns the CPU, as the kernel numbers
 * it; -1 and errno. */
int machine_pin(unsigned number);

#endif
