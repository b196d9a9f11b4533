/* SPDX-License-Identifier: ISC */
#include "daemon/estimate/mindelay.h"

#include <math.h>
#include <string.h>

#define RESOLUTION 3e-9 /* s: no timestamp is finer */
#define SURE 4          /* the fourth smallest tells how sharp the minimum is */
#define DOWN_COUNT 8    /* delays before a lower one can mean a new path */
#define DOWN_SPREADS 3
/* The floor rose when even RISE times the recent spread, median less minimum,
 * above it does not reach up from the old median.  Waits of another order, a few
 * in a hundred, leave a median alone.  A busy link has a larger spread on the
 * same floor: a small factor takes that for a new path. */
#define RISE 2.2
#define SHAPE_COUNT 64   /* delays that a shape is read from, ... */
#define FIRST_SHAPE_COUNT 24 /* ... when there is none yet, ... */
#define EDGE_COUNT 100   /* ... and the edge of one */
#define NEAR 32          /* last delays that say where the path is now */
#define UP_COUNT (2 * MINDELAY_RECENT)

void
mindelay_init(struct mindelay *m)
{
	m->count = m->next = 0;
	m->old_spread = m->fixed = 0;
	m->trust = 1;
	m->was_shaped = false;
}

void
mindelay_fix(struct mindelay *m, double delay)
{
	m->fixed = delay;
}

/* The first place in sorted that is not below delay. */
static unsigned
place(const struct mindelay *m, double delay)
{
	unsigned low = 0, high = m->count;

	while (low < high) {
		unsigned mid = (low + high) / 2;
		if (m->sorted[mid] < delay)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
insert(struct mindelay *m, double delay)
{
	if (m->count == MINDELAY_RING) {
		unsigned out = place(m, m->ring[m->next]);
		m->count--;
		memmove(&m->sorted[out], &m->sorted[out + 1],
		    (m->count - out) * sizeof *m->sorted);
	}
	unsigned in = place(m, delay);
	memmove(&m->sorted[in + 1], &m->sorted[in],
	    (m->count - in) * sizeof *m->sorted);
	m->sorted[in] = delay;
	m->count++;
	m->ring[m->next] = delay;
	m->next = (m->next + 1) % MINDELAY_RING;
}

/* Forgets all but the newest n. */
static void
keep(struct mindelay *m, unsigned n)
{
	double kept[MINDELAY_RECENT];

	m->old_spread = m->sorted[m->count / 2] - m->sorted[0];
	for (unsigned i = 0; i < n; i++)
		kept[i] = m->ring[(m->next + MINDELAY_RING - n + i) %
		    MINDELAY_RING];
	m->count = m->next = 0;
	for (unsigned i = 0; i < n; i++)
		insert(m, kept[i]);
}

/* The last n, ascending. */
static void
latest(const struct mindelay *m, unsigned n, double *sorted)
{
	for (unsigned i = 0; i < n; i++) {
		double d = m->ring[(m->next + MINDELAY_RING - 1 - i) %
		    MINDELAY_RING];
		unsigned k = i;
		for (; k > 0 && sorted[k - 1] > d; k--)
			sorted[k] = sorted[k - 1];
		sorted[k] = d;
	}
}

static bool
has_risen(const struct mindelay *m)
{
	double recent[MINDELAY_RECENT];

	if (m->count < UP_COUNT)
		return false;
	latest(m, MINDELAY_RECENT, recent);
	double low = recent[0], mid = recent[MINDELAY_RECENT / 2];
	/* What stands below the lowest recent one in sorted is all older. */
	unsigned rest = m->count - MINDELAY_RECENT;
	if (!(m->sorted[rest * 3 / 4] < low))
		return false;
	return low - RISE * (mid - low) > m->sorted[rest / 2];
}

/* Bowley's coefficient of skewness with deciles: 0 for a symmetric distribution,
 * 0.46 for an exponential one, 0.22 for four exponential waits in a row. */
static double
skew(const struct mindelay *m)
{
	double low = m->sorted[m->count / 10], mid = m->sorted[m->count / 2];
	double high = m->sorted[m->count - 1 - m->count / 10];

	return high > low ? (high + low - 2 * mid) / (high - low) : 0;
}

/* How much of the lower half of the delays lies above its lowest tenth: a normal
 * distribution has a tail (0.62), a uniform (0.83) and an exponential one (0.87)
 * have an edge. */
static double
edge(const struct mindelay *m)
{
	double lowest = m->sorted[m->count / 50], low = m->sorted[m->count / 10];
	double mid = m->sorted[m->count / 2];

	return mid > lowest ? (mid - low) / (mid - lowest) : 1;
}

/* The shape outlives the minimum: few delays do not show it. */
static void
look_at_shape(struct mindelay *m)
{
	if (m->count < (m->was_shaped ? SHAPE_COUNT : FIRST_SHAPE_COUNT))
		return;
	double by_skew = (skew(m) - 0.08) / (0.20 - 0.08);
	double by_edge = m->count < EDGE_COUNT ? 0 :
	    (edge(m) - 0.69) / (0.75 - 0.69);

	m->trust = fmin(fmax(fmax(by_skew, by_edge), 0), 1);
	m->was_shaped |= m->count >= SHAPE_COUNT;
}

enum mindelay_change
mindelay_add(struct mindelay *m, double delay)
{
	bool was_known = m->count >= DOWN_COUNT;
	double old = m->count > 0 ? m->sorted[0] : 0;
	double spread = was_known ? m->sorted[m->count / 2] - old : 0;

	insert(m, delay);
	look_at_shape(m);
	if (was_known && delay < old - DOWN_SPREADS * spread - RESOLUTION) {
		keep(m, 1);
		m->old_spread = spread;
		return MINDELAY_SHORTER;
	}
	if (has_risen(m)) {
		keep(m, MINDELAY_RECENT);
		return MINDELAY_LONGER;
	}
	return MINDELAY_SAME;
}

double
mindelay_min(const struct mindelay *m)
{
	if (m->fixed > 0)
		return m->fixed;
	return m->count > 0 ? m->sorted[0] : 0;
}

double
mindelay_margin(const struct mindelay *m)
{
	if (m->count == 0)
		return 0;
	if (m->fixed > 0)
		return RESOLUTION;
	if (m->count >= SURE)
		return RESOLUTION +
		    fmax((m->sorted[SURE - 1] - m->sorted[0]) / 3,
			(m->sorted[1] - m->sorted[0]) / 2);
	double range = m->sorted[m->count - 1] - m->sorted[0];
	double guess = fmax(m->old_spread, range) / 2;
	return (guess > 0 ? guess : m->sorted[0] / 4) + RESOLUTION;
}

double
mindelay_usual(const struct mindelay *m)
{
	double median = m->count > 0 ? m->sorted[m->count / 2] : 0;

	return fmax(median - mindelay_min(m), 0);
}

double
mindelay_trust(const struct mindelay *m)
{
	return m->trust;
}

double
mindelay_rest(const struct mindelay *m)
{
	unsigned n = m->count < NEAR ? m->count : NEAR;
	double sum = 0, sorted[NEAR];

	if (n == 0)
		return 0;
	latest(m, n, sorted);
	unsigned first = n / 4, last = n - n / 4;
	for (unsigned i = first; i < last; i++)
		sum += sorted[i];
	return m->trust * sorted[0] + (1 - m->trust) * sum / (last - first);
}
