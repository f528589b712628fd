/* The right answer of the victim (victim.h). */
#include "common/course/hostile/victim.h"
#include "common/course/todo.h"

int victim(int mischief)
{
    /* SOLUTION: two. */
    (void)mischief;
    return 2;
    /* END SOLUTION: return todo(mischief); */
}
