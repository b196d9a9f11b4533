/* SPDX-License-Identifier: ISC
 *
 * The edges of all intervals in order, and a count that grows at a low edge and
 * shrinks at a high one: where it is highest, most sources agree.  At equal
 * places low edges come first, so that intervals that touch do agree. */
#include "daemon/estimate/select.h"

#include <stdlib.h>

struct edge {
	double at;
	int step; /* +1 low, -1 high */
};

static int
edge_order(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return y->step - x->step;
}

size_t
select_majority(struct candidate *c, size_t n)
{
	struct edge edges[2 * SELECT_MAX];
	size_t depth = 0, best = 0;
	double low = 0, high = 0;

	if (n > SELECT_MAX)
		n = SELECT_MAX;
	for (size_t i = 0; i < n; i++) {
		c[i].is_true = false;
		edges[2 * i] = (struct edge){ c[i].low, 1 };
		edges[2 * i + 1] = (struct edge){ c[i].high, -1 };
	}
	qsort(edges, 2 * n, sizeof *edges, edge_order);

	for (size_t i = 0; i < 2 * n; i++) {
		if (edges[i].step < 0) {
			depth--;
			continue;
		}
		if (++depth > best) {
			best = depth;
			low = edges[i].at;
			high = edges[i + 1].at; /* an edge follows each low */
		}
	}
	if (2 * best <= n)
		return 0;

	size_t agree = 0;
	for (size_t i = 0; i < n; i++) {
		c[i].is_true = c[i].low <= low && c[i].high >= high;
		agree += c[i].is_true;
	}
	return agree;
}
