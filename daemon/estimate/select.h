/* SPDX-License-Identifier: ISC
 *
 * Which sources tell the truth: the intersection of intervals (RFC 5905
 * section 11.2.1, after Marzullo).  Each source claims an interval that holds
 * true time; the point that most intervals cover is believed if these are a
 * strict majority of the sources with a claim, and who does not cover it is a
 * falseticker.  Two that disagree are no majority.
 *
 * Where some are trusted, they decide among themselves; the others only choose
 * between points that are as good to the trusted.  An untrusted one agrees
 * fully when its interval lies within what the trusted claim together: then it
 * cannot lead out of there. */
#ifndef DAEMON_ESTIMATE_SELECT_H
#define DAEMON_ESTIMATE_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#define SELECT_MAX 256 /* candidates that are looked at */

struct candidate {
	double low, high; /* s on the scale of x, low <= high */
	bool is_trusted;
	bool is_true;     /* out: covers the point that most agree on */
	bool is_vague;    /* out: true, but does not agree fully */
};

/* Sets the last two of each of the n candidates.  Returns how many agree, 0
 * when there is no majority; then nobody does. */
size_t select_majority(struct candidate *c, size_t n);

#endif
