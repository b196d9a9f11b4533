/* SPDX-License-Identifier: ISC */
#include "daemon/estimate/medfilt.h"

#include <assert.h>
#include <stdlib.h>

struct point {
	double offset; /* as of the newest sample, s */
	unsigned i;
};

void
medfilt_init(struct medfilt *f)
{
	f->count = 0;
}

void
medfilt_add(struct medfilt *f, const struct sample *s)
{
	f->ring[f->count++ % MEDFILT_MAX] = *s;
}

static int
compare(const void *a, const void *b)
{
	double x = ((const struct point *)a)->offset;
	double y = ((const struct point *)b)->offset;

	return (x > y) - (x < y);
}

struct sample
medfilt_take(struct medfilt *f, double rate)
{
	struct point points[MEDFILT_MAX];
	unsigned n = f->count < MEDFILT_MAX ? f->count : MEDFILT_MAX;

	assert(n > 0);
	const struct sample *last = &f->ring[(f->count - 1) % MEDFILT_MAX];
	for (unsigned i = 0; i < n; i++)
		points[i] = (struct point){ f->ring[i].offset +
			rate * raw_sub(last->at, f->ring[i].at), i };
	qsort(points, n, sizeof *points, compare);

	unsigned kept = (n * 3 + 4) / 5;
	kept -= (n - kept) % 2; /* as many dropped above as below */
	unsigned first = (n - kept) / 2;
	double age = 0, offset = 0, delay = 0, dispersion = 0;
	for (unsigned k = first; k < first + kept; k++) {
		const struct sample *s = &f->ring[points[k].i];
		age += raw_sub(last->at, s->at);
		offset += points[k].offset;
		delay += s->delay;
		dispersion += s->dispersion;
	}
	age /= kept;
	struct sample out = { raw_add(last->at, -age),
		offset / kept - rate * age, delay / kept, dispersion / kept };
	f->count = 0;
	return out;
}
