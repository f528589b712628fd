#include "common/course/allocated.h"
#include <malloc.h>

/* A sanitizer has a malloc of its own, and counts for itself. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

size_t allocated_bytes(void)
{
    if (__sanitizer_get_current_allocated_bytes)
        return __sanitizer_get_current_allocated_bytes();
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd; /* In the heap, and beside it. */
}
