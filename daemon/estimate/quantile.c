/* SPDX-License-Identifier: ISC */
#include "daemon/estimate/quantile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void
quantile_init(struct quantile *q)
{
	q->count = q->next = 0;
}

void
quantile_add(struct quantile *q, double delay)
{
	q->ring[q->next] = delay;
	q->next = (q->next + 1) % QUANTILE_RING;
	if (q->count < QUANTILE_RING)
		q->count++;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
quantile_at(const struct quantile *q, double p)
{
	double sorted[QUANTILE_RING];

	if (q->count < QUANTILE_LEAST)
		return 0;
	memcpy(sorted, q->ring, q->count * sizeof *sorted);
	qsort(sorted, q->count, sizeof *sorted, compare);
	return sorted[(unsigned)fmax(ceil(p * q->count) - 1, 0)];
}
