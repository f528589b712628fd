/**
 * @file story.h
 * What the explorer has found, for people.
 *
 *     round  general 1             general 2
 *            ● has an order        │
 *         1  ├─────── 1 ──────────▶│
 *         2  │   ✗───── 2 ─────────┤
 *      dawn  ● waits               ● attacks
 */
#ifndef TRANSPORT_STORY_H
#define TRANSPORT_STORY_H
#include "03-transport/generals/explorer.h"
#include <stdio.h>

/** "one attacks alone", and so on. */
const char *story_of_end(enum generals_end end);
/** Draw a run, as above. */
void story_draw(FILE *out, const struct generals_run *run);
/** How many runs there are and how many are lost; and one that is. */
void story_tell(FILE *out, const struct generals_protocol *protocol);
/** The chain, a line for each run; between two, who cannot tell them apart. */
void story_chain(FILE *out, const struct generals_protocol *protocol);
/** Tell all of this of a protocol of yours. Returns what main should: 0, and
 * another number when it has no rounds, or too many. */
int story_main(const struct generals_protocol *protocol);

#endif
