/* SPDX-License-Identifier: ISC
 *
 * The log of clients beside one that is written without a thought: a list, the
 * last to ask in front, that is cut off where the places end.  Where there are
 * only as many places as one address has, both know the same clients; where
 * there are many more than clients, too. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "common/bytes.h"
#include "common/prng.h"
#include "daemon/engine/clientlog.h"

#define STEPS 200000
#define FACES 6   /* addresses, half of each family */
#define RECORDS (2 * FACES)
#define TOKEN 256
#define TICK 1048576.0 /* the log's, in a second */

struct entry {
	struct addr addr;
	enum clientlog_service k;
	uint32_t hits, drops;
	double ticks; /* when it asked last */
	double debt;  /* tokens x TOKEN */
	double interval; /* log2 s, as it is smoothed */
	bool has_interval;
};

static struct {
	struct clientlog log;
	struct entry list[RECORDS + 1];
	unsigned n, most;
	uint64_t lost, hits[2], drops[2];
	struct mono start, now;
	struct prng dice;
} m;

static struct addr
face(uint64_t i)
{
	struct addr a = { .family = i & 1 ? ADDR_INET6 : ADDR_INET4 };

	/* pairs of both families with the same bytes */
	put32(a.bytes, 0x0a000000 + (uint32_t)i / 2);
	return a;
}

static double
ticks(void)
{
	return floor((double)((m.now.ns - m.start.ns) / NSEC) * TICK) +
	    floor((double)((m.now.ns - m.start.ns) % NSEC) * TICK / 1e9);
}

static struct entry *
find(const struct addr *a, enum clientlog_service k)
{
	for (unsigned i = 0; i < m.n; i++)
		if (m.list[i].k == k && addr_equal(&m.list[i].addr, a))
			return &m.list[i];
	return NULL;
}

/* To the front; a new one pushes out the last. */
static struct entry *
touch(const struct addr *a, enum clientlog_service k)
{
	struct entry *e = find(a, k), copy;

	if (e == NULL) {
		copy = (struct entry){ .addr = *a, .k = k, .ticks = ticks() };
		m.n += m.n < m.most;
		m.lost += m.list[m.n - 1].ticks != 0;
		e = &m.list[m.n - 1];
	} else {
		copy = *e;
	}
	memmove(&m.list[1], &m.list[0], (size_t)(e - m.list) * sizeof *e);
	m.list[0] = copy;
	return &m.list[0];
}

static void
learn(struct entry *e, double gap)
{
	double new = round(log2(fmax(gap, 1)) * 4) - 80, step;

	if (!e->has_interval) {
		e->interval = new;
		e->has_interval = true;
		return;
	}
	step = new - e->interval;
	e->interval += trunc((step + (step < 0 ? -2 : 2)) / 4);
}

/* What the log has to say, unless a request leaks; limits are such that ticks
 * are whole parts of tokens. */
static bool
has_token(struct entry *e, double gap)
{
	const struct config_ratelimit *l = &m.log.limits[e->k];

	e->debt = fmax(e->debt - ldexp(gap, -12 - l->interval), 0);
	if (e->debt + TOKEN > (double)l->burst * TOKEN)
		return false;
	e->debt += TOKEN;
	return true;
}

static void
hit(void)
{
	uint64_t r = prng_u64(&m.dice);
	struct addr a = face(r % FACES);
	enum clientlog_service k = r >> 32 & 1;
	bool is_exempt = (r >> 33 & 7) == 0, is_known = find(&a, k) != NULL;
	struct entry *e = touch(&a, k);
	double gap = ticks() - e->ticks;
	enum clientlog_verdict v =
	    clientlog_hit(&m.log, k, &a, m.now, is_exempt);

	if (is_known)
		learn(e, gap);
	e->ticks = ticks();
	e->hits++;
	m.hits[k]++;
	if (is_exempt || !m.log.limits[k].is_on || has_token(e, gap)) {
		ck_assert_int_eq(v, CLIENTLOG_PASS);
		return;
	}
	e->drops += v != CLIENTLOG_PASS;
	m.drops[k] += v != CLIENTLOG_PASS;
}

static void
compare(const struct clientlog_report *r, enum clientlog_service k)
{
	const struct entry *e = find(&r->addr, k);

	if (e == NULL) {
		ck_assert_uint_eq(r->hits[k], 0);
		ck_assert_int_eq(r->interval[k], CLIENTLOG_UNKNOWN);
		ck_assert_double_eq(r->ago[k], -1);
		return;
	}
	ck_assert_uint_eq(r->hits[k], e->hits);
	ck_assert_uint_eq(r->drops[k], e->drops);
	ck_assert_double_eq_tol(r->ago[k], (ticks() - e->ticks) / TICK, 1e-9);
	ck_assert_int_eq(r->interval[k], e->has_interval ?
	    (int)trunc((e->interval + (e->interval < 0 ? -2 : 2)) / 4) :
	    CLIENTLOG_UNKNOWN);
}

/* All that the log tells; is_reset: and forgets the counts of. */
static void
look(bool is_reset)
{
	unsigned told = 0, known = 0;
	struct clientlog_report r;

	for (unsigned i = 0; i < m.n; i++)
		known += m.list[i].k == CLIENTLOG_NTP ||
		    find(&m.list[i].addr, CLIENTLOG_NTP) == NULL;
	for (size_t i = 0; i < clientlog_size(&m.log); i++) {
		if (!clientlog_get(&m.log, i, m.now, &r))
			continue;
		told++;
		compare(&r, CLIENTLOG_NTP);
		compare(&r, CLIENTLOG_COMMAND);
		if (is_reset)
			clientlog_reset(&m.log, i);
	}
	for (unsigned i = 0; i < m.n && is_reset; i++)
		m.list[i].hits = m.list[i].drops = 0;
	ck_assert_uint_eq(told, known);
	ck_assert_uint_eq(m.log.lost, m.lost);
	for (unsigned k = 0; k < 2; k++) {
		ck_assert_uint_eq(m.log.hits[k], m.hits[k]);
		ck_assert_uint_eq(m.log.drops[k], m.drops[k]);
	}
}

/* Gaps from two ticks to a week, most of them short; the log's time begins anew in
 * between, which nobody may notice. */
static void
run(size_t bytes, unsigned most)
{
	unsigned char random[24] = { 1, 2, 3 };

	memset(&m, 0, sizeof m);
	prng_init(&m.dice, most);
	m.most = most;
	m.start = m.now = (struct mono){ 1 };
	ck_assert_int_eq(clientlog_init(&m.log, bytes, random, m.now), 0);
	m.log.limits[CLIENTLOG_NTP] = (struct config_ratelimit){ .is_on = true,
		.interval = -12, .burst = 8, .leak = 2, .kod = 2 };
	m.log.limits[CLIENTLOG_COMMAND] = (struct config_ratelimit){
		.is_on = true, .interval = -13, .burst = 16, .leak = 4 };
	m.now = mono_add(m.now, ldexp(1, 28) - 86400);
	for (unsigned i = 0; i < STEPS; i++) {
		uint64_t r = prng_u64(&m.dice);
		double most_s = r % 5000 == 0 ? 7e5 : r % 500 == 0 ? 1 : 1e-6;

		m.now = mono_add(m.now, 2 / TICK +
		    most_s * ldexp((double)(r >> 32), -32));
		hit();
		if (r % 64 == 0)
			look(r % 4096 == 0);
	}
	ck_assert_uint_gt(m.drops[0], 1000);
	ck_assert_uint_gt(m.drops[1], 10);
	clientlog_fini(&m.log);
}

START_TEST(few_places_know_who_asked_last)
{
	run(1, CLIENTLOG_WAYS);
	ck_assert_uint_gt(m.lost, STEPS / 10);
}
END_TEST

START_TEST(many_places_know_everybody)
{
	run(524288, RECORDS);
	ck_assert_uint_eq(m.lost, 0);
}
END_TEST

UNIT_MAIN("clientlog_model", few_places_know_who_asked_last,
    many_places_know_everybody)
