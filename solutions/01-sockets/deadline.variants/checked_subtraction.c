/* A shape that subtracts first and asks afterwards: the compiler's checked
 * subtraction tells whether the true difference has a place in an nsec. It has
 * none just when it is below zero, that is, when the deadline is past. */
#include "01-sockets/deadline.h"
#include <stdbool.h>

nsec deadline_left(nsec deadline, nsec now)
{
    nsec left;
    bool past = __builtin_sub_overflow(deadline, now, &left);
    return past ? 0 : left;
}
