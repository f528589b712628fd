#include "01-sockets/deadline.h"
#include "common/course/todo.h"

nsec deadline_left(nsec deadline, nsec now)
{
    /* SOLUTION: how long from now until then? Mind that nanoseconds have no
     * sign, and that a deadline may be past. */
    return deadline > now ? deadline - now : 0;
    /* END SOLUTION: return todo(deadline - now); */
}
