/**
 * @file claim.h
 * What a figure says, checked: a claim is a line of its data.
 *
 *     # loss	window	measured	model
 *     # claim: |measured - model| / model <= 0.05 for loss <= 0.1
 *     0.01	8	0.912	0.923
 *
 * A claim is a comparison of two sums over the names of the columns, and, after
 * `for`, the rows it speaks of: comparisons joined by `and`. It holds when it
 * holds in each of those rows, and when there is at least one. A cell of `-`
 * is no value: a row that lacks one the claim needs is passed over.
 *
 * A heading is a comment with a tab in it. A claim speaks of the rows between
 * the last heading before it and the next.
 */
#ifndef JUDGE_CLAIM_H
#define JUDGE_CLAIM_H
#include <glib.h>

/** Check every claim in @p text, the content of a TSV file. Returns how many
 * there are, or -1 with @p error: the claim, the first row that breaks it, and
 * both sides' values there; or why the claim cannot be read. */
int claim_check(const char *text, GError **error);

#endif
