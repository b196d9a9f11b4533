/* SPDX-License-Identifier: ISC */
#include "tests/sim/replay.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int
add(struct replay *r, double delay)
{
	double *more = realloc(r->delays, (r->n + 1) * sizeof *more);

	if (!more)
		return -1;
	r->delays = more;
	r->delays[r->n++] = delay;
	return isfinite(delay) && delay >= 0 ? 0 : -1;
}

int
replay_load(struct replay *r, const char *path)
{
	struct replay read = { 0 };
	FILE *in = fopen(path, "r");
	double delay;
	int error = 0, got = 0;

	if (!in)
		return -1;
	while (error == 0 && (got = fscanf(in, "%lf", &delay)) == 1)
		error = add(&read, delay);
	fclose(in);
	if (error != 0 || got != EOF || read.n == 0) {
		replay_fini(&read);
		return -1;
	}
	replay_fini(r);
	*r = read;
	return 0;
}

void
replay_fini(struct replay *r)
{
	free(r->delays);
	*r = (struct replay){ 0 };
}

double
replay_next(struct replay *r)
{
	return r->delays[r->next++ % r->n];
}
