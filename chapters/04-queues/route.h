/**
 * @file route.h
 * Which queues a message goes to: by its topic, as in AMQP's topic exchange.
 *
 *     route_add(route, "order.*.paid", "billing");
 *     route_add(route, "order.#", "audit");
 *     route_match(route, "order.eu.paid", on_queue, self);   // Both, in order.
 *
 * A topic is a row of words parted by dots: "order.eu.paid" has three, and ""
 * has none. A pattern is the same, and two words in it stand for others:
 *
 *     *    one word, any
 *     #    any number of words, none as well
 *
 * They do so only when they are the whole word: in "a*" is no star. A *binding*
 * is a pattern and the name of a queue. A queue may have several, and gets a
 * message once. The order of queues is that of the first binding that fits.
 *
 * Each binding is looked at for each message: a few thousand are fine. (Who has
 * more keeps patterns as a tree of words.) To match one takes a time that grows
 * at most with the words of the pattern times those of the topic, whatever they
 * are: of several "#" only the last one can be in doubt.
 */
#ifndef QUEUES_ROUTE_H
#define QUEUES_ROUTE_H
#include <stdbool.h>

/** The longest pattern, and the longest name of a queue, in bytes; and the most
 * bindings. */
enum { ROUTE_LONGEST = 255, ROUTE_MOST = 4096 };

struct route;

/** Is told of a binding. It must not change the route. */
typedef void route_visitor(void *self, const char *pattern, const char *queue);

/** Does @p topic fit @p pattern? */
bool route_fits(const char *pattern, const char *topic);

/** No bindings yet. Returns new. */
struct route *route_new(void);
/** Bind @p queue; who is bound so already stays in its place. False: one of
 * them is too long, or there are too many. Copies both. */
bool route_add(struct route *route, const char *pattern, const char *queue);
/** Take a binding out. Returns whether it was there. */
bool route_remove(struct route *route, const char *pattern, const char *queue);
/** Take out all bindings of @p queue. Returns how many there were. */
unsigned route_remove_queue(struct route *route, const char *queue);
/** Visit each queue that a message with @p topic goes to, once, with the first
 * of its bindings that fits. Returns how many. */
unsigned route_match(struct route *route, const char *topic,
                     route_visitor *visit, void *self);
/** Visit all bindings, in the order in which they were added. Returns how
 * many. */
unsigned route_each(const struct route *route, route_visitor *visit,
                    void *self);
/** Free it. */
void route_free(struct route *route);

#endif
