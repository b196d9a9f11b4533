/* SPDX-License-Identifier: ISC */
#include "daemon/engine/clientlog.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FINE 20        /* of times: 2^-20 s, modulo 2^48 of them (8.5 years) */
#define TIME_MASK ((UINT64_C(1) << 48) - 1)
#define TOKEN_BITS 8   /* of `debt`: what an answer costs */
#define TOKEN (1 << TOKEN_BITS)
#define QUARTER 4      /* of `interval`: steps in log2 s */
#define NO_INTERVAL INT8_MIN
#define EXACT (1 << 14) /* of `drops` */
#define STEPS_BITS 11
#define CACHE_LINE 64  /* bytes, on most machines */
#define SET (CLIENTLOG_WAYS / 2)

/* Of one service, so that what hardly anybody asks for takes no memory. */
struct clientlog_record {
	unsigned char bytes[16];
	uint32_t hits;
	uint32_t last_low; /* fine() of the last hit */
	uint16_t last_high;
	uint16_t drops;    /* as count_drop() has it */
	uint16_t debt;     /* tokens missing, x TOKEN */
	uint8_t kind;      /* kind_of() it; 0 = free */
	int8_t interval;   /* log2 s x QUARTER, smoothed */
};

_Static_assert(sizeof(struct clientlog_record) == 32, "two in a cache line");

/* The sets begin where cache lines do. */
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
	l->n_sets = (uint32_t)(bytes / sizeof *l->records / CLIENTLOG_WAYS);
	if (l->n_sets == 0)
		l->n_sets = 1;
	l->memory = calloc(1, clientlog_size(l) * sizeof *l->records +
	    CACHE_LINE);
	if (l->memory == NULL)
		return -ENOMEM;
	l->records = (void *)((char *)l->memory + CACHE_LINE -
	    (uintptr_t)l->memory % CACHE_LINE);
	return 0;
}

void
clientlog_fini(struct clientlog *l)
{
	free(l->memory);
	l->memory = NULL;
	l->records = NULL;
	l->n_sets = 0;
}

static uint8_t
kind_of(enum clientlog_service k, enum addr_family family)
{
	return (uint8_t)(k << 2 | family);
}

static enum clientlog_service
service_of(const struct clientlog_record *r)
{
	return r->kind >> 2;
}

/* Never 0, which is 1. */
static uint64_t
fine(const struct clientlog *l, struct mono now)
{
	uint64_t age = (uint64_t)(now.ns - l->started.ns);
	uint64_t time = age / NSEC << FINE | (age % NSEC << FINE) / NSEC;

	time &= TIME_MASK;
	return time != 0 ? time : 1;
}

static uint64_t
since(const struct clientlog_record *r, uint64_t now)
{
	return (now - ((uint64_t)r->last_high << 32 | r->last_low)) & TIME_MASK;
}

struct clientlog_places
clientlog_locate(const struct clientlog *l, const struct addr *a)
{
	struct clientlog_places p = { { 0, 0 } };

	if (l->records == NULL)
		return p;

	uint64_t hash = siphash(&l->key, a->bytes, sizeof a->bytes);

	p.at[0] = (uint32_t)((hash >> 32) * l->n_sets >> 32);
	p.at[1] = (uint32_t)((hash & UINT32_MAX) * l->n_sets >> 32) + l->n_sets;
	for (unsigned i = 0; i < 2; i++) {
		const char *bytes = (char *)&l->records[(size_t)p.at[i] * SET];

		__builtin_prefetch(bytes, 1);
		__builtin_prefetch(bytes + CACHE_LINE, 1);
	}
	return p;
}

/* Place i < CLIENTLOG_WAYS of an address. */
static struct clientlog_record *
place(const struct clientlog *l, const struct clientlog_places *p, unsigned i)
{
	return &l->records[(size_t)p->at[i / SET] * SET + i % SET];
}

static struct clientlog_record *
find(const struct clientlog *l, const struct clientlog_places *p,
    const unsigned char bytes[16], uint8_t kind)
{
	for (unsigned i = 0; i < CLIENTLOG_WAYS; i++) {
		struct clientlog_record *r = place(l, p, i);

		if (r->kind == kind && memcmp(r->bytes, bytes, 16) == 0)
			return r;
	}
	return NULL;
}

/* The place to take: a free one of the set that has more of them, or the one
 * that was not used for longest. */
static struct clientlog_record *
choose(const struct clientlog *l, const struct clientlog_places *p,
    uint64_t now)
{
	struct clientlog_record *oldest = place(l, p, 0), *empty[2] = { NULL };
	unsigned n[2] = { 0 };

	for (unsigned i = 0; i < CLIENTLOG_WAYS; i++) {
		struct clientlog_record *r = place(l, p, i);

		if (r->kind == 0) {
			empty[i / SET] = r;
			n[i / SET]++;
		}
		if (since(r, now) > since(oldest, now))
			oldest = r;
	}
	return n[0] + n[1] == 0 ? oldest : empty[n[1] > n[0]];
}

/* A record for somebody new; its time is still unset. */
static struct clientlog_record *
begin(struct clientlog *l, const struct clientlog_places *p,
    const unsigned char bytes[16], uint8_t kind, uint64_t now)
{
	struct clientlog_record *r = choose(l, p, now);

	l->lost += r->kind != 0;
	*r = (struct clientlog_record){ .kind = kind, .interval = NO_INTERVAL };
	memcpy(r->bytes, bytes, sizeof r->bytes);
	return r;
}

/* log2(n) x QUARTER, rounded; n > 0. */
static int
quarters(uint64_t n)
{
	/* 2^31 times 2^(1/8), 2^(3/8), 2^(5/8) and 2^(7/8) */
	static const uint32_t edges[QUARTER] = { 2341847524, 2784941738,
		3311872529, 3938502376 };
	int zeros = __builtin_clzll(n);
	uint32_t head = (uint32_t)(n << zeros >> 32);
	int sum = (63 - zeros) * QUARTER;

	for (unsigned i = 0; i < QUARTER; i++)
		sum += head >= edges[i];
	return sum;
}

static void
learn_interval(struct clientlog_record *r, uint64_t gap)
{
	int new = quarters(gap > 0 ? gap : 1) - FINE * QUARTER;
	int step = new - r->interval;

	if (r->interval == NO_INTERVAL)
		r->interval = (int8_t)new;
	else
		r->interval = (int8_t)(r->interval +
		    (step + (step < 0 ? -2 : 2)) / 4);
}

/* One request in 2^bits. */
static bool
one_in(struct clientlog *l, int bits)
{
	return prng_u64(&l->prng) >> (64 - bits) == 0;
}

/* What is earned in gap, rounded by chance: else a flood would earn nothing
 * between two of its packets. */
static uint64_t
earned(struct clientlog *l, int interval, uint64_t gap)
{
	int shift = interval + FINE - TOKEN_BITS;

	return shift <= 0 ? gap << -shift
	    : (gap + (prng_u64(&l->prng) >> (64 - shift))) >> shift;
}

/* Exact below 2^14; above, 2^11 steps for each power of two, each taken by chance
 * as seldom as it is wide (Morris 1978): off by 2 % or so. */
static int
step_bits(uint16_t drops)
{
	return drops < EXACT ? 0 : 14 - STEPS_BITS +
	    ((drops - EXACT) >> STEPS_BITS);
}

static void
count_drop(struct clientlog *l, struct clientlog_record *r)
{
	int bits = step_bits(r->drops);

	if (r->drops < UINT16_MAX && (bits == 0 || one_in(l, bits)))
		r->drops++;
}

static uint32_t
drops_of(const struct clientlog_record *r)
{
	uint64_t drops = r->drops;

	if (drops >= EXACT)
		drops = (drops % (1 << STEPS_BITS) + (1 << STEPS_BITS))
		    << step_bits(r->drops);
	return drops < r->hits ? (uint32_t)drops : r->hits;
}

/* Takes a token, if there is one. */
static enum clientlog_verdict
judge(struct clientlog *l, struct clientlog_record *r, enum clientlog_service k,
    uint64_t gap)
{
	const struct config_ratelimit *limit = &l->limits[k];

	if (!limit->is_on)
		return CLIENTLOG_PASS;
	if (r->debt > 0) {
		uint64_t less = earned(l, limit->interval, gap);

		r->debt = less < r->debt ? (uint16_t)(r->debt - less) : 0;
	}
	if (r->debt + TOKEN <= limit->burst * TOKEN) {
		r->debt = (uint16_t)(r->debt + TOKEN);
		return CLIENTLOG_PASS;
	}
	if (one_in(l, limit->leak))
		return CLIENTLOG_PASS;
	l->drops[k]++;
	count_drop(l, r);
	return limit->kod > 0 && one_in(l, limit->kod) ? CLIENTLOG_KISS
						       : CLIENTLOG_DROP;
}

enum clientlog_verdict
clientlog_hit_at(struct clientlog *l, enum clientlog_service k,
    const struct clientlog_places *p, const struct addr *a, struct mono now,
    bool is_exempt)
{
	enum clientlog_verdict verdict = CLIENTLOG_PASS;
	uint8_t kind = kind_of(k, a->family);
	uint64_t time = fine(l, now), gap = 0;

	l->hits[k]++;
	if (l->records == NULL)
		return CLIENTLOG_PASS;

	struct clientlog_record *r = find(l, p, a->bytes, kind);

	if (r != NULL) {
		gap = since(r, time);
		learn_interval(r, gap);
	} else {
		r = begin(l, p, a->bytes, kind, time);
	}
	if (!is_exempt)
		verdict = judge(l, r, k, gap);
	r->hits += r->hits < UINT32_MAX;
	r->last_low = (uint32_t)time;
	r->last_high = (uint16_t)(time >> 32);
	return verdict;
}

enum clientlog_verdict
clientlog_hit(struct clientlog *l, enum clientlog_service k,
    const struct addr *a, struct mono now, bool is_exempt)
{
	struct clientlog_places p = clientlog_locate(l, a);

	return clientlog_hit_at(l, k, &p, a, now, is_exempt);
}

size_t
clientlog_size(const struct clientlog *l)
{
	return (size_t)l->n_sets * CLIENTLOG_WAYS;
}

static struct addr
addr_of(const struct clientlog_record *r)
{
	struct addr a = { .family = r->kind & 3 };

	memcpy(a.bytes, r->bytes, sizeof r->bytes);
	return a;
}

/* Of the same address and another service; NULL = there is none. */
static struct clientlog_record *
other(const struct clientlog *l, const struct clientlog_record *r,
    enum clientlog_service k)
{
	struct addr a = addr_of(r);
	struct clientlog_places p = clientlog_locate(l, &a);

	return find(l, &p, r->bytes, kind_of(k, a.family));
}

static void
tell(struct clientlog_report *out, const struct clientlog_record *r,
    uint64_t now)
{
	enum clientlog_service k = service_of(r);

	out->hits[k] = r->hits;
	out->drops[k] = drops_of(r);
	if (r->interval != NO_INTERVAL)
		out->interval[k] =
		    (r->interval + (r->interval < 0 ? -2 : 2)) / QUARTER;
	out->ago[k] = (double)since(r, now) / (1 << FINE);
}

bool
clientlog_get(const struct clientlog *l, size_t i, struct mono now,
    struct clientlog_report *out)
{
	assert(i < clientlog_size(l));
	const struct clientlog_record *r = &l->records[i], *command;

	if (r->kind == 0 || (service_of(r) == CLIENTLOG_COMMAND &&
	    other(l, r, CLIENTLOG_NTP) != NULL))
		return false;
	*out = (struct clientlog_report){ .addr = addr_of(r),
		.interval = { CLIENTLOG_UNKNOWN, CLIENTLOG_UNKNOWN },
		.ago = { -1, -1 } };
	tell(out, r, fine(l, now));
	command = other(l, r, CLIENTLOG_COMMAND);
	if (command != NULL)
		tell(out, command, fine(l, now));
	return true;
}

void
clientlog_reset(struct clientlog *l, size_t i)
{
	struct clientlog_record *r = &l->records[i];
	struct clientlog_record *command = other(l, r, CLIENTLOG_COMMAND);

	r->hits = r->drops = 0;
	if (command != NULL)
		command->hits = command->drops = 0;
}
