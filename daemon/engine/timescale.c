/* SPDX-License-Identifier: ISC */
#include "daemon/engine/timescale.h"

static int64_t
epoch(struct tspec t, struct raw at)
{
	return tspec_floor((struct tspec){ t.ns - at.ns }) * NSEC;
}

void
timescale_init(struct timescale *ts, struct pair now)
{
	*ts = (struct timescale){ .epoch_ns = epoch(now.real, now.raw) };
}

void
timescale_settle(struct timescale *ts, struct tspec t, struct raw at)
{
	if (!ts->is_settled)
		ts->epoch_ns = epoch(t, at);
	ts->is_settled = true;
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
