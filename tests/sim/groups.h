/* SPDX-License-Identifier: ISC
 *
 * Machines that keep together without a source of real time: how many of them
 * lead (serve their own clock, `local`), how far apart their clocks are, and
 * whether what the others claim holds of the leader's clock. */
#ifndef TESTS_SIM_GROUPS_H
#define TESTS_SIM_GROUPS_H

#include <stdbool.h>
#include <stdio.h>

#include "tests/sim/world.h"

struct sim;
struct simhost;

struct group {
	struct simevent event;
	struct sim *sim;
	char nodes[64];     /* a pattern */
	unsigned leaders;   /* that there must be */
	double from, to;    /* s */
	double most;        /* s between the first and the last clock */

	const struct simhost *leader; /* the first of them, at the last look */
	unsigned looks, wrong; /* looks, and those with another number */
	unsigned changes;   /* of the leader */
	double worst;       /* s: the largest distance of two clocks */
	unsigned claims, false_claims;
	double at;          /* s: when a look was wrong first */
};

void group_begin(struct group *);

/* What came of it, one line (with all or when it is bad).  Returns whether it
 * is bad. */
bool group_print(const struct group *, bool all, FILE *);

#endif
