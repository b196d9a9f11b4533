/* SPDX-License-Identifier: ISC
 *
 * Delays that were recorded somewhere, in their order: one a line, s. */
#ifndef TESTS_SIM_REPLAY_H
#define TESTS_SIM_REPLAY_H

#include <stddef.h>

struct replay {
	double *delays;
	size_t n, next; /* n = 0: there are none */
};

/* Instead of what is there.  Returns 0, or -1 when the file cannot be read or
 * has no delays >= 0 alone; then nothing has changed. */
int replay_load(struct replay *, const char *path);
void replay_fini(struct replay *);

/* The next one; after the last comes the first.  There must be some. */
double replay_next(struct replay *);

#endif
