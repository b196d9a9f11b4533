/* SPDX-License-Identifier: ISC
 *
 * Machines that follow each other in a circle: their time comes from nowhere.
 * A synchronised machine follows the source that it has selected; from there on
 * the way must end at a server. */
#ifndef TESTS_SIM_CIRCLES_H
#define TESTS_SIM_CIRCLES_H

#include <stdbool.h>
#include <stdio.h>

#include "tests/sim/world.h"

struct sim;

struct circles {
	struct simevent event;
	struct sim *sim;     /* NULL: nobody watches */
	double period, most; /* s */
	unsigned looks, found; /* looks, and those that found a circle */
	unsigned largest;    /* machines */
	double longest;      /* s that a machine was in one at each look */
	double at;           /* s: when that was */
};

/* Looks each period s; no machine may be in a circle for longer than most s. */
void circles_watch(struct circles *, struct sim *, double period, double most);
void circles_begin(struct circles *);

/* What came of it, one line (with all or when it is bad).  Returns whether it
 * is bad. */
bool circles_print(const struct circles *, bool all, FILE *);

#endif
