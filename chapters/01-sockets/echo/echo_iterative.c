/*
 * One after the other.
 *
 *     clients     kernel's queue     process
 *       a --------------------------> [ a ]  accept, visit, close,
 *       b ---------> b                         accept, visit, close ..
 *       c ---------> c
 *
 * A client costs nothing but its descriptor, and only while it is served: there
 * is no simpler server, and none with less to go wrong. For visits as short as
 * a question and its answer it may be all you need.
 *
 * One silent client stops it: all others wait until that one ends. Thousands
 * wait in the kernel's queue, which holds as many as the backlog of listen(2)
 * says; those after them get no answer to their SYN, and try again by and by.
 */
#include "01-sockets/echo/echo.h"

int echo_iterative(int listener)
{
    for (;;)
        echo_visit(echo_accept(listener));
}
