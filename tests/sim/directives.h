/* SPDX-License-Identifier: ISC
 *
 * The words of a scenario, and what each does. */
#ifndef TESTS_SIM_DIRECTIVES_H
#define TESTS_SIM_DIRECTIVES_H

#include "tests/sim/scenario.h"

struct sim_directive {
	const char *name;
	unsigned least, most; /* arguments */
	/* Returns 0, or -1: not understood. */
	int (*run)(struct sim *, char **arg, unsigned n);
	/* Instead: gets the rest of the line, from word raw_from on, as it
	 * stands. */
	int (*raw)(struct sim *, char **word, const char *rest);
	unsigned raw_from;
};

/* By subject; the last has no name. */
extern const struct sim_directive node_directives[], net_directives[],
    many_directives[];

/* NULL: there is none. */
const struct sim_directive *sim_directive(const char *name);

#endif
