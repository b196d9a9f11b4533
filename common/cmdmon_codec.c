/* SPDX-License-Identifier: ISC
 *
 * All numbers are big-endian, at fixed offsets that are multiples of their size;
 * unused bytes are zero.  Our own replies (0x8001, 0x8002) follow the same
 * rules; their layout is that of put_status and put_guard.  bodies[] knows the
 * length and the two directions of each reply. */
#include "common/cmdmon_codec.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/bytes.h"
#include "common/cmdfloat.h"

#define PKT_REQUEST 1
#define PKT_REPLY 2
#define VERSION_ANSWERED 5 /* the oldest whose bytes are worth an answer */
#define VERSION_COMPARED 4 /* the oldest reply that may say "bad version" */
#define SECONDS_UNKNOWN 0x7fffffff /* a sender with 32-bit time */

/* Primitives. */

static void
put_float(unsigned char *p, double x)
{
	put32(p, cmdfloat_encode(x));
}

static double
get_float(const unsigned char *p)
{
	return cmdfloat_decode(get32(p));
}

static size_t
addr_size(unsigned family)
{
	return family == ADDR_INET6 ? 16 : family == ADDR_NONE ? 0 : 4;
}

static void
put_addr(unsigned char *p, const struct addr *a)
{
	memset(p, 0, 20);
	memcpy(p, a->bytes, addr_size(a->family));
	put16(p + 16, a->family);
}

static struct addr
get_addr(const unsigned char *p)
{
	struct addr a = { .family = get16(p + 16) };

	if (a.family > ADDR_ID)
		a.family = ADDR_NONE;
	memcpy(a.bytes, p, addr_size(a.family));
	return a;
}

static void
put_time(unsigned char *p, struct tspec t)
{
	int64_t s = tspec_floor(t);

	put64(p, (uint64_t)s);
	put32(p + 8, (uint32_t)((uint64_t)t.ns - (uint64_t)s * NSEC));
}

static struct tspec
get_time(const unsigned char *p)
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

	put_addr(p, &s->addr);
	put16(p + 20, (uint16_t)s->poll);
	put16(p + 22, (uint16_t)s->stratum);
	put16(p + 24, (uint16_t)s->state);
	put16(p + 26, (uint16_t)s->mode);
	put16(p + 30, (uint16_t)s->reach);
	put32(p + 32, s->ago_s);
	put_float(p + 36, s->measured);
	put_float(p + 40, s->adjusted);
	put_float(p + 44, s->margin);
}

static void
get_source(struct cmdmon_reply *r, const unsigned char *p)
{
	r->u.source = (struct cmdmon_source){
		.addr = get_addr(p),
		.poll = (int16_t)get16(p + 20),
		.stratum = get16(p + 22),
		.state = get16(p + 24),
		.mode = get16(p + 26),
		.reach = get16(p + 30),
		.ago_s = get32(p + 32),
		.measured = get_float(p + 36),
		.adjusted = get_float(p + 40),
		.margin = get_float(p + 44),
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
	put_addr(p + 4, &t->addr);
	put16(p + 24, (uint16_t)t->stratum);
	put16(p + 26, (uint16_t)t->leap);
	put_time(p + 28, t->ref_time);
	for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
		put_float(p + 40 + 4 * i, floats[i]);
}

static void
get_tracking(struct cmdmon_reply *r, const unsigned char *p)
{
	r->u.tracking = (struct cmdmon_tracking){
		.refid = get32(p),
		.addr = get_addr(p + 4),
		.stratum = get16(p + 24),
		.leap = get16(p + 26),
		.ref_time = get_time(p + 28),
		.correction = get_float(p + 40),
		.last_offset = get_float(p + 44),
		.rms_offset = get_float(p + 48),
		.freq_ppm = get_float(p + 52),
		.resid_ppm = get_float(p + 56),
		.skew_ppm = get_float(p + 60),
		.root_delay = get_float(p + 64),
		.root_dispersion = get_float(p + 68),
		.update_interval = get_float(p + 72),
	};
}

static void
put_sourcestats(unsigned char *p, const struct cmdmon_reply *r)
{
	const struct cmdmon_sourcestats *s = &r->u.sourcestats;

	put32(p, s->refid);
	put_addr(p + 4, &s->addr);
	put32(p + 24, s->samples);
	put32(p + 28, s->runs);
	put32(p + 32, s->span_s);
	put_float(p + 36, s->std_dev);
	put_float(p + 40, s->resid_ppm);
	put_float(p + 44, s->skew_ppm);
	put_float(p + 48, s->offset);
	put_float(p + 52, s->offset_error);
}

static void
get_sourcestats(struct cmdmon_reply *r, const unsigned char *p)
{
	r->u.sourcestats = (struct cmdmon_sourcestats){
		.refid = get32(p),
		.addr = get_addr(p + 4),
		.samples = get32(p + 24),
		.runs = get32(p + 28),
		.span_s = get32(p + 32),
		.std_dev = get_float(p + 36),
		.resid_ppm = get_float(p + 40),
		.skew_ppm = get_float(p + 44),
		.offset = get_float(p + 48),
		.offset_error = get_float(p + 52),
	};
}

static void
put_activity(unsigned char *p, const struct cmdmon_reply *r)
{
	const struct cmdmon_activity *a = &r->u.activity;

	put32(p, (uint32_t)a->online);
	put32(p + 4, (uint32_t)a->offline);
	put32(p + 8, (uint32_t)a->burst_online);
	put32(p + 12, (uint32_t)a->burst_offline);
	put32(p + 16, (uint32_t)a->unresolved);
}

static void
get_activity(struct cmdmon_reply *r, const unsigned char *p)
{
	r->u.activity = (struct cmdmon_activity){
		.online = (int32_t)get32(p),
		.offline = (int32_t)get32(p + 4),
		.burst_online = (int32_t)get32(p + 8),
		.burst_offline = (int32_t)get32(p + 12),
		.unresolved = (int32_t)get32(p + 16),
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
	memcpy(r->u.name, p, CMDMON_NAME_SIZE - 1);
	r->u.name[CMDMON_NAME_SIZE - 1] = '\0';
}

static void
put_status(unsigned char *p, const struct cmdmon_reply *r)
{
	const struct cmdmon_native_status *s = &r->u.status;

	put32(p, s->synced_for_s);
	put32(p + 4, s->updated_ago_s);
	put32(p + 8, s->next_poll_s);
	put32(p + 12, s->sources);
	put32(p + 16, s->usable);
	put32(p + 20, s->combined);
	put32(p + 24, s->falsetickers);
	put32(p + 28, s->unresolved);
	put32(p + 32, s->flags);
	put_float(p + 36, s->max_error);
	put_float(p + 40, s->skew_ppm);
}

static void
get_status(struct cmdmon_reply *r, const unsigned char *p)
{
	r->u.status = (struct cmdmon_native_status){
		.synced_for_s = get32(p),
		.updated_ago_s = get32(p + 4),
		.next_poll_s = get32(p + 8),
		.sources = get32(p + 12),
		.usable = get32(p + 16),
		.combined = get32(p + 20),
		.falsetickers = get32(p + 24),
		.unresolved = get32(p + 28),
		.flags = get32(p + 32),
		.max_error = get_float(p + 36),
		.skew_ppm = get_float(p + 40),
	};
}

static void
put_guard(unsigned char *p, const struct cmdmon_reply *r)
{
	const struct cmdmon_guard *g = &r->u.guard;

	put32(p, g->flags);
	put32(p + 4, g->window_s);
	put32(p + 8, g->window_left_s);
	put32(p + 12, (uint32_t)g->steps);
	put32(p + 16, g->steps_left);
	put32(p + 20, g->operator_steps);
	put32(p + 24, g->refused_range);
	put32(p + 28, g->refused_budget);
	put32(p + 32, g->refused_rate);
	put32(p + 36, g->refused_other);
	put64(p + 40, (uint64_t)g->notbefore_s);
	put64(p + 48, (uint64_t)g->notafter_s);
	put_float(p + 56, g->bucket);
	put_float(p + 60, g->budget);
	put_float(p + 64, g->refill_ppm);
	put_float(p + 68, g->max_base_ppm);
	put_float(p + 72, g->wanted);
}

static void
get_guard(struct cmdmon_reply *r, const unsigned char *p)
{
	r->u.guard = (struct cmdmon_guard){
		.flags = get32(p),
		.window_s = get32(p + 4),
		.window_left_s = get32(p + 8),
		.steps = (int32_t)get32(p + 12),
		.steps_left = get32(p + 16),
		.operator_steps = get32(p + 20),
		.refused_range = get32(p + 24),
		.refused_budget = get32(p + 28),
		.refused_rate = get32(p + 32),
		.refused_other = get32(p + 36),
		.notbefore_s = (int64_t)get64(p + 40),
		.notafter_s = (int64_t)get64(p + 48),
		.bucket = get_float(p + 56),
		.budget = get_float(p + 60),
		.refill_ppm = get_float(p + 64),
		.max_base_ppm = get_float(p + 68),
		.wanted = get_float(p + 72),
	};
}

static const struct body {
	uint16_t code;
	uint16_t len; /* of the whole reply */
	void (*put)(unsigned char *, const struct cmdmon_reply *);
	void (*get)(struct cmdmon_reply *, const unsigned char *);
} bodies[] = {
	{ RPY_NULL, 28, NULL, NULL },
	{ RPY_N_SOURCES, 32, put_n_sources, get_n_sources },
	{ RPY_SOURCE_DATA, 76, put_source, get_source },
	{ RPY_TRACKING, 104, put_tracking, get_tracking },
	{ RPY_SOURCESTATS, 84, put_sourcestats, get_sourcestats },
	{ RPY_ACTIVITY, 48, put_activity, get_activity },
	{ RPY_SOURCE_NAME, 284, put_name, get_name },
	{ RPY_STATUS, 72, put_status, get_status },
	{ RPY_GUARD, 104, put_guard, get_guard },
};

static const struct body *
find_body(unsigned code)
{
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		if (bodies[i].code == code)
			return &bodies[i];
	return NULL;
}

size_t
cmdmon_reply_len(unsigned code)
{
	const struct body *b = find_body(code);

	return b ? b->len : 0;
}

/* Packets. */

size_t
cmdmon_put_request(unsigned char *buf, const struct cmdmon_request *r)
{
	const struct cmdmon_entry *entry = cmdmon_entry(r->command);
	unsigned char *p = buf + CMDMON_REQUEST_HEADER;

	assert(entry);
	memset(buf, 0, entry->min_len);
	buf[0] = CMDMON_VERSION;
	buf[1] = PKT_REQUEST;
	put16(buf + 4, r->command);
	put16(buf + 6, r->attempt);
	put32(buf + 8, r->sequence);
	switch (r->command) {
	case CMD_SOURCE_DATA:
	case CMD_SOURCESTATS:
		put32(p, r->u.index);
		break;
	case CMD_SOURCE_NAME:
		put_addr(p, &r->u.addr);
		break;
	case CMD_MODIFY_MAKESTEP:
		put32(p, (uint32_t)r->u.makestep.limit);
		put_float(p + 4, r->u.makestep.threshold);
		break;
	default:
		break;
	}
	return entry->min_len;
}

int
cmdmon_get_request(struct cmdmon_request *r, const unsigned char *buf,
    size_t len)
{
	const unsigned char *p = buf + CMDMON_REQUEST_HEADER;

	*r = (struct cmdmon_request){ 0 };
	if (len < CMDMON_REPLY_HEADER || len > CMDMON_REQUEST_MAX)
		return -EBADMSG;
	if (buf[1] != PKT_REQUEST || buf[2] != 0 || buf[3] != 0 ||
	    buf[0] < VERSION_ANSWERED)
		return -EBADMSG;
	r->command = get16(buf + 4);
	r->attempt = get16(buf + 6);
	r->sequence = get32(buf + 8);
	r->entry = cmdmon_entry(r->command);
	if (buf[0] != CMDMON_VERSION)
		return STT_BADVERSION;
	if (!r->entry)
		return STT_INVALID;
	if (len < r->entry->min_len)
		return STT_BADLENGTH;
	switch (r->command) {
	case CMD_SOURCE_DATA:
	case CMD_SOURCESTATS:
		r->u.index = get32(p);
		break;
	case CMD_SOURCE_NAME:
		r->u.addr = get_addr(p);
		break;
	case CMD_MODIFY_MAKESTEP:
		r->u.makestep.limit = (int32_t)get32(p);
		r->u.makestep.threshold = get_float(p + 4);
		break;
	default:
		break;
	}
	return 0;
}

size_t
cmdmon_put_reply(unsigned char *buf, const struct cmdmon_reply *r)
{
	const struct body *body = find_body(r->code);

	assert(body);
	memset(buf, 0, body->len);
	buf[0] = CMDMON_VERSION;
	buf[1] = PKT_REPLY;
	put16(buf + 4, r->command);
	put16(buf + 6, r->code);
	put16(buf + 8, r->status);
	put32(buf + 16, r->sequence);
	if (body->put)
		body->put(buf + CMDMON_REPLY_HEADER, r);
	return body->len;
}

int
cmdmon_get_reply(struct cmdmon_reply *r, const unsigned char *buf, size_t len)
{
	const struct body *body;

	*r = (struct cmdmon_reply){ 0 };
	if (len < CMDMON_REPLY_HEADER || buf[1] != PKT_REPLY || buf[2] != 0 ||
	    buf[3] != 0)
		return -EBADMSG;
	r->version = buf[0];
	r->command = get16(buf + 4);
	r->code = get16(buf + 6);
	r->status = get16(buf + 8);
	r->sequence = get32(buf + 16);
	if (r->version != CMDMON_VERSION &&
	    (r->version < VERSION_COMPARED || r->status != STT_BADVERSION))
		return -EBADMSG;
	body = find_body(r->code);
	if (body && len < body->len)
		return -EMSGSIZE;
	if (body && body->get)
		body->get(r, buf + CMDMON_REPLY_HEADER);
	return 0;
}
