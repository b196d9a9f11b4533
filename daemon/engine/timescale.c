/* SPDX-License-Identifier: ISC */
#include "daemon/engine/timescale.h"

void
timescale_init(struct timescale *ts, struct pair now)
{
	struct tspec diff = { now.real.ns - now.raw.ns };

	ts->epoch_ns = tspec_floor(diff) * NSEC;
}

struct raw
timescale_raw(const struct stamp *s)
{
	return (struct raw){ s->pair.raw.ns - (s->pair.real.ns - s->at.ns) };
}

double
timescale_offset(const struct timescale *ts, struct tspec t, struct raw at)
{
	return (double)(t.ns - at.ns - ts->epoch_ns) * 1e-9;
}

struct tspec
timescale_tspec(const struct timescale *ts, double x, struct raw at)
{
	return tspec_add((struct tspec){ at.ns + ts->epoch_ns }, x);
}
