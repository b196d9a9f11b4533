/* SPDX-License-Identifier: ISC
 *
 * Which of the sources are believed now, and what they say together. */
#ifndef DAEMON_ENGINE_SELECTION_H
#define DAEMON_ENGINE_SELECTION_H

#include <stdbool.h>

#include "daemon/engine/source.h"
#include "daemon/os/os.h"

struct engine;

/* s from the start in which a source without an answer counts against a
 * majority; then those that have answered are all there are. */
#define SELECTION_PATIENCE 3.0

/* Gives every source its verdict.  Returns the best source, or NULL when nobody
 * can be followed. */
struct source *selection_run(struct engine *, struct raw now);

/* The best source is to be chosen without regard to which one it was. */
void selection_forget(struct engine *);

/* Takes part in the clock's correction. */
bool selection_uses(const struct source *);

/* What selectdata shows of a source. */
struct selection_report {
	enum source_verdict verdict;
	bool is_authenticated;
	int leap;            /* the server's, enum packet_leap */
	unsigned configured, effective; /* options, enum config_select */
	bool has_sample;     /* the rest holds then */
	double ago;          /* s since the last one */
	double score;        /* > 1: was better than the selected one lately, at
	                        10 it takes over; else 1 */
	double low, high;    /* s: where the clock's error lies by this source,
	                        > 0: behind; low <= high */
};
void selection_describe(const struct source *, struct pair now,
    struct selection_report *);

#endif
