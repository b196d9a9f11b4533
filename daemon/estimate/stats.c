/* SPDX-License-Identifier: ISC */
#include "daemon/estimate/stats.h"

void
stats_init(struct stats *s)
{
	*s = (struct stats){ 0 };
}

void
stats_add(struct stats *s, const struct sample *sample)
{
	s->ring[s->next] = *sample;
	s->next = (s->next + 1) % STATS_RING;
	if (s->count < STATS_RING)
		s->count++;
}

const struct sample *
stats_sample(const struct stats *s, unsigned i)
{
	return &s->ring[(s->next + STATS_RING - s->count + i) % STATS_RING];
}

struct stats_report
stats_report(const struct stats *s, const struct estimate *e)
{
	struct stats_report r = { .samples = s->count };
	unsigned oldest = (s->next + STATS_RING - s->count) % STATS_RING;
	unsigned newest = (s->next + STATS_RING - 1) % STATS_RING;
	int sign = 0;

	if (s->count == 0)
		return r;
	for (unsigned i = 0; i < s->count; i++) {
		unsigned k = (oldest + i) % STATS_RING;
		double dt = raw_sub(s->ring[k].at, e->at);
		double res = s->ring[k].offset - (e->x + e->y * dt);
		int now = res < 0 ? -1 : 1;

		if (now != sign)
			r.runs++;
		sign = now;
	}
	r.span = raw_sub(s->ring[newest].at, s->ring[oldest].at);
	if (s->count < 3)
		r.runs = 0;
	return r;
}
