/* SPDX-License-Identifier: ISC
 *
 * The edges of all intervals in order, and a count that grows at a low edge and
 * shrinks at a high one: where it is highest, most sources agree.  At equal
 * places low edges come first, so that intervals that touch do agree. */
#include "daemon/estimate/select.h"

#include <math.h>
#include <stdlib.h>

struct edge {
	double at;
	int step; /* +1 low, -1 high */
	bool is_trusted;
};

struct votes {
	size_t trusted, all;
};

static int
edge_order(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return y->step - x->step;
}

static bool
is_more(struct votes a, struct votes b)
{
	return a.trusted > b.trusted ||
	    (a.trusted == b.trusted && a.all > b.all);
}

/* The most votes for a point, and the interval of such points. */
static struct votes
most(const struct edge *edges, size_t n, double *low, double *high)
{
	struct votes now = { 0, 0 }, best = { 0, 0 };

	for (size_t i = 0; i < n; i++) {
		if (edges[i].step < 0) {
			now.all--;
			now.trusted -= edges[i].is_trusted;
			continue;
		}
		now.all++;
		now.trusted += edges[i].is_trusted;
		if (!is_more(now, best))
			continue;
		best = now;
		*low = edges[i].at;
		*high = edges[i + 1].at; /* an edge follows each low */
	}
	return best;
}

/* Marks the true that are not within what the trusted ones among them claim. */
static void
mark_vague(struct candidate *c, size_t n)
{
	double low = INFINITY, high = -INFINITY;

	for (size_t i = 0; i < n; i++)
		if (c[i].is_true && c[i].is_trusted) {
			low = fmin(low, c[i].low);
			high = fmax(high, c[i].high);
		}
	for (size_t i = 0; i < n; i++)
		c[i].is_vague = c[i].is_true && !c[i].is_trusted &&
		    (c[i].low < low || c[i].high > high);
}

size_t
select_majority(struct candidate *c, size_t n)
{
	struct edge edges[2 * SELECT_MAX];
	struct votes all = { 0, 0 }, best;
	double low = 0, high = 0;
	size_t agree = 0;

	if (n > SELECT_MAX)
		n = SELECT_MAX;
	for (size_t i = 0; i < n; i++) {
		c[i].is_true = c[i].is_vague = false;
		all.all++;
		all.trusted += c[i].is_trusted;
		edges[2 * i] = (struct edge){ c[i].low, 1, c[i].is_trusted };
		edges[2 * i + 1] = (struct edge){ c[i].high, -1,
			c[i].is_trusted };
	}
	qsort(edges, 2 * n, sizeof *edges, edge_order);
	best = most(edges, 2 * n, &low, &high);
	if (all.trusted > 0 ? 2 * best.trusted <= all.trusted
			    : 2 * best.all <= all.all)
		return 0;

	for (size_t i = 0; i < n; i++) {
		c[i].is_true = c[i].low <= low && c[i].high >= high;
		agree += c[i].is_true;
	}
	if (all.trusted > 0)
		mark_vague(c, n);
	return agree;
}
