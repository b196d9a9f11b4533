/* SPDX-License-Identifier: ISC */
#include "daemon/os/pace_linux.h"

#define FLOOD_GAP_NS 50000 /* above that too few would gather */

void
pace_note(struct pace *p, struct raw now, int n)
{
	p->gap = (now.ns - p->last.ns) / n;
	p->last = now;
}

enum pace_next
pace_next(const struct pace *p, int n, unsigned in_vain)
{
	if (p->may_gather && 2 * in_vain > (unsigned)n && p->gap < FLOOD_GAP_NS)
		return PACE_GATHER;
	return n > 1 ? PACE_ON : PACE_POLL;
}
