/* SPDX-License-Identifier: ISC */
#include "daemon/engine/told.h"

#include <math.h>

#include "common/ntp64.h"

#define NO_ROOT 1.0 /* s: delay and dispersion while nothing is known */
/* s ago our own time was last set: before the requests came that are answered
 * now, as everybody expects of a reference timestamp. */
#define LOCAL_AGE 1.0

static double
seconds(int64_t ns)
{
	return (double)ns * 1e-9;
}

/* By how much the clock is off, s. */
static double
error_now(const struct wrk_reference *t, struct pair now, double age)
{
	int64_t is = now.real.ns - now.raw.ns;

	if (!(t->flags & WRK_HAS_TARGET))
		return 0;
	return seconds(t->target_ns - is) + (double)t->target_ppt * 1e-12 * age;
}

void
told_packet(const struct wrk_reference *t, struct pair now,
    struct ntp_packet *p)
{
	double age = seconds(now.raw.ns - t->at_ns);

	*p = (struct ntp_packet){
		.leap = LEAP_UNSYNC,
		.version = PACKET_VERSION,
		.mode = PACKET_MODE_SERVER,
		.precision = t->precision,
		.root_delay = NO_ROOT,
		.root_dispersion = NO_ROOT,
	};
	if (!(t->flags & WRK_IS_TOLD) || age > TOLD_AGE_MAX ||
	    t->leap == LEAP_UNSYNC || t->stratum > PACKET_STRATUM_MAX)
		return;
	p->leap = t->leap;
	p->stratum = t->stratum;
	p->refid = t->refid;
	if (t->flags & WRK_IS_LOCAL) {
		p->root_delay = p->root_dispersion = 0;
		p->ref = ntp64_from_tspec(tspec_add(now.real, -LOCAL_AGE));
		return;
	}
	p->root_delay = seconds(t->delay_ns);
	p->root_dispersion = seconds(t->dispersion_ns) +
	    (double)t->growth_ppt * 1e-12 * age +
	    fabs(error_now(t, now, age));
	p->ref = t->ref;
}

void
told_write(const struct wrk_reference *t, struct pair now,
    unsigned char header[PACKET_HEADER])
{
	struct ntp_packet p;

	told_packet(t, now, &p);
	packet_write(&p, header);
}
