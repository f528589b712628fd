#include "01-sockets/echo/processors.h"
#include <sched.h>

static cpu_set_t given;

unsigned processors_count(void)
{
    if (CPU_COUNT(&given) == 0 &&
        sched_getaffinity(0, sizeof given, &given) < 0)
        CPU_SET(0, &given);
    return (unsigned)CPU_COUNT(&given);
}

bool processors_use(unsigned index)
{
    cpu_set_t one;
    unsigned left = index % processors_count(), number = 0;
    while (!CPU_ISSET(number, &given) || left-- > 0)
        number++;
    CPU_ZERO(&one);
    CPU_SET(number, &one);
    return sched_setaffinity(0, sizeof one, &one) == 0;
}
