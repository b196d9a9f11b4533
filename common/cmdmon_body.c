/* SPDX-License-Identifier: ISC
 *
 * The bytes of the numbers, and of the reports that everybody may see. */
#include "common/cmdmon_bytes.h"

#include <string.h>

#include "common/bytes.h"
#include "common/cmdfloat.h"

#define SECONDS_UNKNOWN 0x7fffffff /* a sender with 32-bit time */

void
cmdmon_put_float(unsigned char *p, double x)
{
	put32(p, cmdfloat_encode(x));
}

double
cmdmon_get_float(const unsigned char *p)
{
	return cmdfloat_decode(get32(p));
}

char
cmdmon_get_char(const unsigned char *p)
{
	if (*p > ' ' && *p < 0x7f)
		return (char)*p;
	return '?';
}

static size_t
addr_size(unsigned family)
{
	return family == ADDR_INET6 ? 16 : family == ADDR_NONE ? 0 : 4;
}

void
cmdmon_put_addr(unsigned char *p, const struct addr *a)
{
	memset(p, 0, 20);
	memcpy(p, a->bytes, addr_size(a->family));
	put16(p + 16, a->family);
}

struct addr
cmdmon_get_addr(const unsigned char *p)
{
	struct addr a = { .family = get16(p + 16) };

	if (a.family > ADDR_ID)
		a.family = ADDR_NONE;
	memcpy(a.bytes, p, addr_size(a.family));
	return a;
}

void
cmdmon_put_time(unsigned char *p, struct tspec t)
{
	int64_t s = tspec_floor(t);

	put64(p, (uint64_t)s);
	put32(p + 8, (uint32_t)((uint64_t)t.ns - (uint64_t)s * NSEC));
}

struct tspec
cmdmon_get_time(const unsigned char *p)
{
	uint32_t high = get32(p);
	uint32_t ns = get32(p + 8);
	int64_t s, total;

	if (high == SECONDS_UNKNOWN)
		high = 0;
	if (ns >= NSEC)
		ns = (uint32_t)NSEC - 1;
	s = (int64_t)((uint64_t)high << 32 | get32(p + 4));
	if (__builtin_mul_overflow(s, NSEC, &total))
		return (struct tspec){ s < 0 ? INT64_MIN : INT64_MAX };
	return (struct tspec){ span_sum(total, ns) };
}


/* Bodies of replies.  p points behind the header. */

static void
put_n_sources(unsigned char *p, const struct cmdmon_reply *r)
{
	put32(p, r->u.n_sources);
}

static void
get_n_sources(struct cmdmon_reply *r, const unsigned char *p)
{
	r->u.n_sources = get32(p);
}

static void
put_source(unsigned char *p, const struct cmdmon_reply *r)
{
	const struct cmdmon_source *s = &r->u.source;

	cmdmon_put_addr(p, &s->addr);
	put16(p + 20, (uint16_t)s->poll);
	put16(p + 22, (uint16_t)s->stratum);
	put16(p + 24, (uint16_t)s->state);
	put16(p + 26, (uint16_t)s->mode);
	put16(p + 30, (uint16_t)s->reach);
	put32(p + 32, s->ago_s);
	cmdmon_put_float(p + 36, s->measured);
	cmdmon_put_float(p + 40, s->adjusted);
	cmdmon_put_float(p + 44, s->margin);
}

static void
get_source(struct cmdmon_reply *r, const unsigned char *p)
{
	r->u.source = (struct cmdmon_source){
		.addr = cmdmon_get_addr(p),
		.poll = (int16_t)get16(p + 20),
		.stratum = get16(p + 22),
		.state = get16(p + 24),
		.mode = get16(p + 26),
		.reach = get16(p + 30),
		.ago_s = get32(p + 32),
		.measured = cmdmon_get_float(p + 36),
		.adjusted = cmdmon_get_float(p + 40),
		.margin = cmdmon_get_float(p + 44),
	};
}

static void
put_tracking(unsigned char *p, const struct cmdmon_reply *r)
{
	const struct cmdmon_tracking *t = &r->u.tracking;
	const double floats[] = { t->correction, t->last_offset, t->rms_offset,
		t->freq_ppm, t->resid_ppm, t->skew_ppm, t->root_delay,
		t->root_dispersion, t->update_interval };

	put32(p, t->refid);
	cmdmon_put_addr(p + 4, &t->addr);
	put16(p + 24, (uint16_t)t->stratum);
	put16(p + 26, (uint16_t)t->leap);
	cmdmon_put_time(p + 28, t->ref_time);
	for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
		cmdmon_put_float(p + 40 + 4 * i, floats[i]);
}

static void
get_tracking(struct cmdmon_reply *r, const unsigned char *p)
{
	r->u.tracking = (struct cmdmon_tracking){
		.refid = get32(p),
		.addr = cmdmon_get_addr(p + 4),
		.stratum = get16(p + 24),
		.leap = get16(p + 26),
		.ref_time = cmdmon_get_time(p + 28),
		.correction = cmdmon_get_float(p + 40),
		.last_offset = cmdmon_get_float(p + 44),
		.rms_offset = cmdmon_get_float(p + 48),
		.freq_ppm = cmdmon_get_float(p + 52),
		.resid_ppm = cmdmon_get_float(p + 56),
		.skew_ppm = cmdmon_get_float(p + 60),
		.root_delay = cmdmon_get_float(p + 64),
		.root_dispersion = cmdmon_get_float(p + 68),
		.update_interval = cmdmon_get_float(p + 72),
	};
}

static void
put_sourcestats(unsigned char *p, const struct cmdmon_reply *r)
{
	const struct cmdmon_sourcestats *s = &r->u.sourcestats;

	put32(p, s->refid);
	cmdmon_put_addr(p + 4, &s->addr);
	put32(p + 24, s->samples);
	put32(p + 28, s->runs);
	put32(p + 32, s->span_s);
	cmdmon_put_float(p + 36, s->std_dev);
	cmdmon_put_float(p + 40, s->resid_ppm);
	cmdmon_put_float(p + 44, s->skew_ppm);
	cmdmon_put_float(p + 48, s->offset);
	cmdmon_put_float(p + 52, s->offset_error);
}

static void
get_sourcestats(struct cmdmon_reply *r, const unsigned char *p)
{
	r->u.sourcestats = (struct cmdmon_sourcestats){
		.refid = get32(p),
		.addr = cmdmon_get_addr(p + 4),
		.samples = get32(p + 24),
		.runs = get32(p + 28),
		.span_s = get32(p + 32),
		.std_dev = cmdmon_get_float(p + 36),
		.resid_ppm = cmdmon_get_float(p + 40),
		.skew_ppm = cmdmon_get_float(p + 44),
		.offset = cmdmon_get_float(p + 48),
		.offset_error = cmdmon_get_float(p + 52),
	};
}

static void
put_activity(unsigned char *p, const struct cmdmon_reply *r)
{
	const struct cmdmon_activity *a = &r->u.activity;

	put32(p, a->online);
	put32(p + 4, a->offline);
	put32(p + 8, a->burst_online);
	put32(p + 12, a->burst_offline);
	put32(p + 16, a->unresolved);
}

static void
get_activity(struct cmdmon_reply *r, const unsigned char *p)
{
	r->u.activity = (struct cmdmon_activity){
		.online = get32(p),
		.offline = get32(p + 4),
		.burst_online = get32(p + 8),
		.burst_offline = get32(p + 12),
		.unresolved = get32(p + 16),
	};
}

static void
put_name(unsigned char *p, const struct cmdmon_reply *r)
{
	memcpy(p, r->u.name, strnlen(r->u.name, CMDMON_NAME_SIZE - 1));
}

static void
get_name(struct cmdmon_reply *r, const unsigned char *p)
{
	size_t i = 0;

	for (; i < CMDMON_NAME_SIZE - 1 && p[i] != '\0'; i++)
		r->u.name[i] = cmdmon_get_char(p + i);
	r->u.name[i] = '\0';
}

static const struct cmdmon_body bodies[] = {
	{ RPY_NULL, 28, NULL, NULL },
	{ RPY_N_SOURCES, 32, put_n_sources, get_n_sources },
	{ RPY_SOURCE_DATA, 76, put_source, get_source },
	{ RPY_TRACKING, 104, put_tracking, get_tracking },
	{ RPY_SOURCESTATS, 84, put_sourcestats, get_sourcestats },
	{ RPY_ACTIVITY, 48, put_activity, get_activity },
	{ RPY_NTPDATA_OLD, 152, cmdmon_put_ntpdata_old,
	    cmdmon_get_ntpdata_old },
	{ RPY_SOURCE_NAME, 284, put_name, get_name },
	{ RPY_AUTHDATA, 52, cmdmon_put_authdata, cmdmon_get_authdata },
	{ RPY_CLIENTS, 520, cmdmon_put_clients, cmdmon_get_clients },
	{ RPY_SELECTDATA, 76, cmdmon_put_selectdata, cmdmon_get_selectdata },
	{ RPY_SERVERSTATS_OLD, 72, cmdmon_put_serverstats_old,
	    cmdmon_get_serverstats_old },
	{ RPY_SERVERSTATS, 196, cmdmon_put_serverstats,
	    cmdmon_get_serverstats },
	{ RPY_NTPDATA, 172, cmdmon_put_ntpdata, cmdmon_get_ntpdata },
	{ RPY_STATUS, 72, cmdmon_put_status, cmdmon_get_status },
	{ RPY_GUARD, 104, cmdmon_put_guard, cmdmon_get_guard },
};

const struct cmdmon_body *
cmdmon_body(unsigned code)
{
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		if (bodies[i].code == code)
			return &bodies[i];
	return NULL;
}
