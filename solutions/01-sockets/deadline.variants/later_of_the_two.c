/* A shape without a branch of one's own: the wait ends at the later of the two
 * moments, the deadline and now. That is never before now, so what is
 * subtracted is never the greater, and a deadline that is past gives now - now.
 */
#include "01-sockets/deadline.h"
#include <glib.h>

nsec deadline_left(nsec deadline, nsec now)
{
    return MAX(deadline, now) - now;
}
