/**
 * @file layout_parts.h
 * What the parts of layout.h share: the page that is being laid out, where on
 * it something stands, and how blocks are printed. For layout.c and
 * layout_texts.c.
 */
#ifndef SPACETIME_LAYOUT_PARTS_H
#define SPACETIME_LAYOUT_PARTS_H
#include "common/spacetime/crowd.h"
#include "common/spacetime/layout.h"
#include "common/spacetime/moments.h"

/** In pixels: where the first lane stands, the height of a line of text, and
 * the width of a letter, nearly. */
#define LAYOUT_GUTTER 84.0
#define LAYOUT_ROW    17.0
#define LAYOUT_LETTER 6.3

/** A page that is being laid out. */
struct layout {
    FILE *out;
    const struct tale *tale;
    unsigned begin;   /**< The first event that is shown. */
    unsigned hidden;  /**< So many before it are not. */
    bool writes;      /**< Are they shown? */
    double apart;     /**< Between two lanes. */
    double width;     /**< Of the page. */
    double bottom;    /**< Where lanes end. */
    unsigned *places; /**< Of each event: so many rows it stands lower. */
    struct moments *moments;
    struct crowd *crowd;
    GPtrArray *words; /**< Kinds of messages, as they came. Borrowed texts. */
};

/** Where a lane stands. */
double layout_x(const struct layout *layout, unsigned lane);
/** How far down a time is. */
double layout_y_at(const struct layout *layout, nsec time);
/** How far down a mark or a cut is: below others of its time. */
double layout_y_of(const struct layout *layout, unsigned index);
/** Is the event shown? */
bool layout_shows(const struct layout *layout, unsigned index);
/** From where to where a message goes. */
struct stroke layout_stroke(const struct layout *layout,
                            const struct tale_event *event);
/** Which kind of message, from 1, by the first word of its text? */
int layout_kind(const struct layout *layout, const char *text);
/** Does it stand in a row of its own, with a text? */
bool layout_has_words(const struct tale_event *event);
/** Is it a mark on a lane? */
bool layout_is_mark(const struct tale_event *event);
/** The event that broke, or NULL. */
const struct tale_event *layout_broken(const struct layout *layout);
/** How many lines tell about it. */
unsigned layout_depth(const struct layout *layout);

/** Begin a block. @p columns are separated by tabs. */
void layout_heading(const struct layout *layout, const char *name,
                    const char *columns);
/** Write a field, a text, as gnuplot reads it, in at most @p room letters. */
void layout_write(const struct layout *layout, const char *text, size_t room);
/** All blocks of texts, with the marks and the box. */
void layout_print_texts(const struct layout *layout);

#endif
