/* SPDX-License-Identifier: ISC */
#include "daemon/engine/clientlog.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TICK (NSEC / 256) /* of `last`, ns; it wraps after 194 days */
#define TOKEN 256         /* of `debt`: what an answer costs */
#define QUARTER 4         /* of `interval`: steps in log2 s */
#define NO_INTERVAL INT8_MIN
#define CACHE_LINE 64     /* bytes, on most machines */

struct clientlog_record {
	unsigned char bytes[16];
	uint8_t family;      /* 0 = free */
	int8_t interval[2];  /* log2 s x QUARTER, smoothed */
	uint8_t zero;
	uint32_t hits[2];
	uint16_t drops[2];
	uint16_t debt[2];    /* tokens missing, x TOKEN */
	uint32_t last[2];    /* tick_of() it, 0 = never */
	uint32_t fraction;   /* ns of the last NTP hit beyond its tick */
};

_Static_assert(sizeof(struct clientlog_record) <= 48, "memory of a client");

int
clientlog_init(struct clientlog *l, size_t bytes,
    const unsigned char random[24], struct mono now)
{
	uint64_t seed;

	memset(l, 0, sizeof *l);
	memcpy(l->key.k, random, sizeof l->key.k);
	memcpy(&seed, random + sizeof l->key.k, sizeof seed);
	prng_init(&l->prng, seed);
	l->started = now;
	if (bytes == 0)
		return 0;
	l->n_sets = bytes / sizeof *l->records / CLIENTLOG_WAYS;
	if (l->n_sets == 0)
		l->n_sets = 1;
	l->records = calloc(l->n_sets * CLIENTLOG_WAYS, sizeof *l->records);
	return l->records != NULL ? 0 : -ENOMEM;
}

void
clientlog_fini(struct clientlog *l)
{
	free(l->records);
	l->records = NULL;
	l->n_sets = 0;
}

static int64_t
age_ns(const struct clientlog *l, struct mono now)
{
	return now.ns - l->started.ns;
}

/* Never 0, which is 1. */
static uint32_t
tick_of(int64_t age)
{
	uint32_t tick = (uint32_t)(age / TICK);

	return tick != 0 ? tick : 1;
}

/* Ticks since the record was used. */
static uint32_t
idle(const struct clientlog_record *r, uint32_t tick)
{
	uint32_t least = UINT32_MAX;

	for (unsigned k = 0; k < 2; k++)
		if (r->last[k] != 0 && tick - r->last[k] < least)
			least = tick - r->last[k];
	return least;
}

size_t
clientlog_locate(const struct clientlog *l, const struct addr *a)
{
	if (l->records == NULL)
		return 0;

	uint64_t hash = siphash(&l->key, a->bytes, sizeof a->bytes);
	size_t at = CLIENTLOG_WAYS * (size_t)((hash >> 32) * l->n_sets >> 32);
	const char *bytes = (const char *)&l->records[at];

	for (size_t i = 0; i < CLIENTLOG_WAYS * sizeof *l->records;
	    i += CACHE_LINE)
		__builtin_prefetch(bytes + i, 1);
	return at;
}

/* The record of an address; a new one when it has none. */
static struct clientlog_record *
record_of(struct clientlog *l, size_t at, const struct addr *a, uint32_t tick)
{
	struct clientlog_record *set = &l->records[at];
	struct clientlog_record *oldest = &set[0];

	for (unsigned i = 0; i < CLIENTLOG_WAYS; i++) {
		if (set[i].family == a->family &&
		    memcmp(set[i].bytes, a->bytes, sizeof a->bytes) == 0)
			return &set[i];
		if (idle(&set[i], tick) > idle(oldest, tick))
			oldest = &set[i];
	}
	l->lost += oldest->family != 0;
	*oldest = (struct clientlog_record){ .family = (uint8_t)a->family,
		.interval = { NO_INTERVAL, NO_INTERVAL } };
	memcpy(oldest->bytes, a->bytes, sizeof a->bytes);
	return oldest;
}

/* s since the last hit; what is less than a tick counts for NTP alone. */
static double
since(const struct clientlog_record *r, enum clientlog_service k, int64_t age)
{
	int64_t ns = (int64_t)(tick_of(age) - r->last[k]) * TICK + age % TICK -
	    (k == CLIENTLOG_NTP ? r->fraction : 0);

	return ns > 0 ? (double)ns * 1e-9 : 0;
}

static void
learn_interval(struct clientlog_record *r, enum clientlog_service k, double s)
{
	double new = fmax(fmin(log2(fmax(s, 1e-9)) * QUARTER, 127), -127);
	double old = r->interval[k];

	if (r->interval[k] == NO_INTERVAL)
		old = new;
	r->interval[k] = (int8_t)lround(old + (new - old) / 4);
}

/* One request in 2^bits. */
static bool
one_in(struct clientlog *l, int bits)
{
	return prng_u64(&l->prng) >> (64 - bits) == 0;
}

/* Takes a token, if there is one. */
static enum clientlog_verdict
judge(struct clientlog *l, struct clientlog_record *r, enum clientlog_service k,
    double s)
{
	const struct config_ratelimit *limit = &l->limits[k];
	double debt = r->debt[k];

	if (!limit->is_on)
		return CLIENTLOG_PASS;
	/* Rounded by chance: else a flood would earn nothing between two of
	 * its packets. */
	debt -= floor(ldexp(s, -limit->interval) * TOKEN +
	    prng_unit(&l->prng));
	r->debt[k] = debt > 0 ? (uint16_t)debt : 0;
	if (r->debt[k] + TOKEN <= limit->burst * TOKEN) {
		r->debt[k] = (uint16_t)(r->debt[k] + TOKEN);
		return CLIENTLOG_PASS;
	}
	if (one_in(l, limit->leak))
		return CLIENTLOG_PASS;
	l->drops[k]++;
	if (r->drops[k] < UINT16_MAX)
		r->drops[k]++;
	return limit->kod > 0 && one_in(l, limit->kod) ? CLIENTLOG_KISS
						       : CLIENTLOG_DROP;
}

enum clientlog_verdict
clientlog_hit_at(struct clientlog *l, enum clientlog_service k, size_t at,
    const struct addr *a, struct mono now, bool is_exempt)
{
	enum clientlog_verdict verdict = CLIENTLOG_PASS;
	int64_t age = age_ns(l, now);

	l->hits[k]++;
	if (l->records == NULL)
		return CLIENTLOG_PASS;

	struct clientlog_record *r = record_of(l, at, a, tick_of(age));
	double s = since(r, k, age);

	if (r->last[k] != 0)
		learn_interval(r, k, s);
	if (!is_exempt)
		verdict = judge(l, r, k, s);
	r->hits[k] += r->hits[k] < UINT32_MAX;
	r->last[k] = tick_of(age);
	if (k == CLIENTLOG_NTP)
		r->fraction = (uint32_t)(age % TICK);
	return verdict;
}

enum clientlog_verdict
clientlog_hit(struct clientlog *l, enum clientlog_service k,
    const struct addr *a, struct mono now, bool is_exempt)
{
	return clientlog_hit_at(l, k, clientlog_locate(l, a), a, now,
	    is_exempt);
}

size_t
clientlog_size(const struct clientlog *l)
{
	return l->n_sets * CLIENTLOG_WAYS;
}

bool
clientlog_get(const struct clientlog *l, size_t i, struct mono now,
    struct clientlog_report *out)
{
	assert(i < clientlog_size(l));
	const struct clientlog_record *r = &l->records[i];

	if (r->family == 0)
		return false;
	*out = (struct clientlog_report){ .addr.family = r->family };
	memcpy(out->addr.bytes, r->bytes, sizeof r->bytes);
	for (unsigned k = 0; k < 2; k++) {
		out->hits[k] = r->hits[k];
		out->drops[k] = r->drops[k];
		out->interval[k] = r->interval[k] == NO_INTERVAL
		    ? CLIENTLOG_UNKNOWN
		    : (int)lround((double)r->interval[k] / QUARTER);
		out->ago[k] = r->last[k] == 0 ? -1 :
		    since(r, k, age_ns(l, now));
	}
	return true;
}

void
clientlog_reset(struct clientlog *l, size_t i)
{
	struct clientlog_record *r = &l->records[i];

	memset(r->hits, 0, sizeof r->hits);
	memset(r->drops, 0, sizeof r->drops);
}
