/**
 * @file arq_scene.h
 * Reliable layers before the judge: two to four nodes, each of which sends
 * numbered messages to the others, writes down what it hears, and sometimes
 * sends one back from within.
 *
 *     graded_storm(&arq_subject, 20);
 */
#ifndef TRANSPORT_ARQ_SCENE_H
#define TRANSPORT_ARQ_SCENE_H
#include "common/storm/subject.h"

/** Two to four nodes over arq.h. */
extern const struct subject arq_subject;
/** The same over gobackn.h. */
extern const struct subject gobackn_subject;
/** Two nodes over nak.h, which never crash: it breaks, and is here to be
 * seen. */
extern const struct subject nak_subject;

#endif
