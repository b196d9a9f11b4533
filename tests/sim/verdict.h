/* SPDX-License-Identifier: ISC
 *
 * What came of a simulation, and whether it may. */
#ifndef TESTS_SIM_VERDICT_H
#define TESTS_SIM_VERDICT_H

#include <stdbool.h>
#include <stdio.h>

struct sim;
struct simhost;

struct limit_kind {
	const char *name;
	const char *unit;  /* s, or "" */
	bool is_least;     /* the value must be at least the limit's */
	double (*value)(const struct simhost *);
};

/* NULL: there is none of this name. */
const struct limit_kind *limit_find(const char *name);

/* One line for each limit and expectation that does not hold (with all: for
 * each).  Returns how many do not. */
unsigned verdict_print(const struct sim *, bool all, FILE *out);

/* The statistics: a line per machine, or an object of JSON for all. */
void verdict_stats(const struct sim *, FILE *out);
void verdict_json(const struct sim *, double cpu, FILE *out);

#endif
