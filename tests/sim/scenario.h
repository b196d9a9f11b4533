/* SPDX-License-Identifier: ISC
 *
 * A simulation as a text: one directive a line, # begins a comment.  Numbers
 * have units (delay.h's quantity_parse), delays are delay.h's words, names may
 * be patterns (`s*`) of what was named before.  tests/sim/README.md has them all.
 *
 * A directive acts at once when the file is read, before the start; behind `at
 * T`, `every T [from T]` or `random T` the same directive acts later. */
#ifndef TESTS_SIM_SCENARIO_H
#define TESTS_SIM_SCENARIO_H

#include "tests/sim/circles.h"
#include "tests/sim/groups.h"
#include "tests/sim/simhost.h"
#include "tests/sim/simserver.h"

#define SIM_LIMITS 1024
#define SIM_WORDS 32
#define SIM_GROUPS 16

struct limit {
	struct simhost *host;
	const struct limit_kind *kind;
	double value;
};

struct plan; /* of a directive that acts later */

struct sim {
	struct world world;
	struct simhost *hosts, **last_host;
	struct simserver *servers;
	struct plan *plans;
	unsigned n_plans;
	char about[256];
	double settle, near;
	struct limit limits[SIM_LIMITS];
	unsigned n_limits;
	struct circles circles;
	struct group groups[SIM_GROUPS];
	unsigned n_groups;
	const char *file;
	unsigned line;
	bool has_begun;
	bool has_failed; /* a directive did that acted later */
	struct prng prng; /* of `random` and +- */
};

void sim_init(struct sim *, uint64_t seed);
void sim_fini(struct sim *);

/* Reads a file.  Returns 0, or -1 after a word to stderr. */
int sim_load(struct sim *, const char *path);

/* One line; where it stood is in sim->file and ->line.  Returns as above. */
int sim_line(struct sim *, const char *text);

/* From the start to the end; trace may be NULL.  Returns 0, or -1 when a
 * directive could not be done. */
int sim_run(struct sim *, FILE *trace);

#endif
