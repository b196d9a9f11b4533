/* SPDX-License-Identifier: ISC */
#include "daemon/estimate/mindelay.h"

#define SURE 4 /* the fourth smallest delay tells how sharp the minimum is */

void
mindelay_init(struct mindelay *m)
{
	*m = (struct mindelay){ .fixed = 0 };
}

void
mindelay_fix(struct mindelay *m, double delay)
{
	m->fixed = delay;
}

void
mindelay_add(struct mindelay *m, double delay)
{
	m->ring[m->next] = delay;
	m->next = (m->next + 1) % MINDELAY_RING;
	if (m->count < MINDELAY_RING)
		m->count++;
}

/* The SURE smallest, ascending; returns how many there are. */
static unsigned
smallest(const struct mindelay *m, double out[SURE])
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->count; i++) {
		double d = m->ring[i];
		unsigned at = n < SURE ? n++ : SURE;
		for (; at > 0 && out[at - 1] > d; at--)
			if (at < SURE)
				out[at] = out[at - 1];
		if (at < SURE)
			out[at] = d;
	}
	return n;
}

double
mindelay_min(const struct mindelay *m)
{
	double d[SURE];

	if (m->fixed > 0)
		return m->fixed;
	return smallest(m, d) ? d[0] : 0;
}

double
mindelay_margin(const struct mindelay *m)
{
	double d[SURE];
	unsigned n = smallest(m, d);

	if (n == 0 || m->fixed > 0)
		return 0;
	return n < SURE ? d[0] / 2 : (d[SURE - 1] - d[0]) / 2;
}
