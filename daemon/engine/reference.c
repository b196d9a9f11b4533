/* SPDX-License-Identifier: ISC */
#include "daemon/engine/reference.h"

#include <string.h>

void
reference_init(struct reference *r)
{
	memset(r, 0, sizeof *r);
	r->leap = LEAP_UNSYNC;
	r->root_delay = 1; /* what chronyd reports before it knows */
	r->root_dispersion = 1;
}

void
reference_lose(struct reference *r)
{
	r->is_synced = false;
	memset(&r->addr, 0, sizeof r->addr);
	r->refid = 0;
	r->stratum = 0;
	r->leap = LEAP_UNSYNC;
}

double
reference_dispersion(const struct reference *r, struct raw now, double wander)
{
	double age = r->was_updated ? raw_sub(now, r->updated_raw) : 0;

	return r->root_dispersion + (r->skew + wander) * age;
}
