/* SPDX-License-Identifier: ISC */
#include "daemon/estimate/fuse.h"

#include <assert.h>
#include <math.h>

#include "daemon/estimate/smallest.h"

#define SMOOTH 0.05       /* of variance and weights, per sample */
#define SMOOTH_FROM 8     /* samples, before which they are taken as they come */
#define CONSTANT_COUNT 128 /* samples over which a constant is averaged */
#define ASTRAY_SIGMAS 5.0
#define ASTRAY_ROW 3
#define FAR_SIGMAS 6.0    /* of the joint bank from the mean */
#define USUAL 2.0         /* variances that a constant is off by */
#define STRAY 5.0         /* times the usual distance from the median */
#define CLAIM 3.3         /* standard errors that are claimed (engine/source.h) */
#define EDGE 3.0          /* standard errors to the edge of a source; what
                             reaches there is claimed a tenth further */
#define HOLD_SIGMAS 4.0   /* of a frequency from the joint bank's */

void
fuse_init(struct fuse *f)
{
	*f = (struct fuse){ .is_running = false };
}

void
fuse_slept(struct fuse *f)
{
	f->is_running = false;
}

/* Of an even number the upper one of the two in the middle. */
static double
upper_median(double *x, size_t n)
{
	return smallest(x, n, n / 2);
}

static double
median(double *x, size_t n)
{
	double upper = upper_median(x, n);

	return n % 2 != 0 ? upper
			  : (smallest(x, n / 2, n / 2 - 1) + upper) / 2;
}

/* Where most sources are, if there are three or more. */
struct crowd {
	bool is_there;
	double x, y, sy; /* s, s/s */
	double down, up; /* s: the edges of more than half reach no further down
	                    than -down, those of more than half no further up */
};

static struct crowd
crowd_of(const struct estimate *e, const struct fuse_source *s, size_t n)
{
	double x[FUSE_MAX], y[FUSE_MAX], pyy[FUSE_MAX];
	double down[FUSE_MAX], up[FUSE_MAX];
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (!s[i].is_heard)
			continue;
		x[k] = e[i].x;
		y[k] = e[i].y;
		up[k] = e[i].x + EDGE * sqrt(e[i].pxx);
		down[k] = EDGE * sqrt(e[i].pxx) - e[i].x;
		pyy[k++] = e[i].pyy;
	}
	if (k < 3)
		return (struct crowd){ .is_there = false };
	return (struct crowd){ true, median(x, k), median(y, k),
		sqrt(median(pyy, k)), upper_median(down, k),
		upper_median(up, k) };
}

/* pull[i], 0..1: how much the word of source i counts, given where the others
 * are, used or not: who is used may change when claims hardly touch.  One of
 * three or more that is further from their median than the others are, and than
 * its own noise, is taken less seriously the further it is. */
static void
doubt_strays(const struct estimate *e, const struct fuse_source *s, size_t n,
    const struct crowd *crowd, double *pull)
{
	double away[FUSE_MAX], spread;
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		pull[i] = 1;
		if (s[i].is_heard)
			away[k++] = fabs(e[i].x - crowd->x);
	}
	if (!crowd->is_there)
		return;
	spread = median(away, k);
	for (size_t i = 0; i < n; i++) {
		double d = e[i].x - crowd->x;
		double usual = STRAY * STRAY * (spread * spread + e[i].pxx);
		if (s[i].is_used && d * d > usual)
			pull[i] = usual / (d * d);
	}
}

/* What its constant may be, by what is known of all, s^2. */
static double
doubt_of(const struct fuse *f, const struct fuse_source *s)
{
	return f->between * s->distance * s->distance;
}

/* What that leaves open of the mean, s^2; who is not used weighs nothing. */
static double
left_open(const struct fuse *f, const struct fuse_source *s, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += s[i].member->weight * s[i].member->weight *
		    doubt_of(f, &s[i]);
	return sum;
}

/* The variance between the used sources that explains their scatter around
 * their mean, as far as their own variances (doubled, for safety) do not; in
 * units of the square of a source's distance. */
static double
excess_scatter(const struct estimate *e, const struct fuse_source *s, size_t n,
    const double *pull)
{
	double w = 0, wd = 0, w2d = 0, wx = 0, q = 0, k = 0, origin = 0;

	for (size_t i = 0; i < n; i++) {
		if (!s[i].is_used)
			continue;
		double wi = pull[i] / e[i].pxx;
		if (k++ == 0)
			origin = e[i].x;
		double d2 = s[i].distance * s[i].distance;
		w += wi;
		wd += wi * d2;
		w2d += wi * wi * d2;
		wx += wi * (e[i].x - origin);
	}
	for (size_t i = 0; i < n; i++) {
		double d = e[i].x - origin - wx / w;
		if (s[i].is_used)
			q += pull[i] * d * d / e[i].pxx;
	}
	double scale = wd - w2d / w;
	return k > 1 && scale > 0 ? fmax(q - 2 * (k - 1), 0) / scale : 0;
}

/* Moves the weights towards precision; who is not used has none. */
static void
weigh(struct fuse *f, const struct estimate *e, const struct fuse_source *s,
    size_t n)
{
	double gain = f->samples < SMOOTH_FROM ? 1 : SMOOTH;
	double all = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		if (s[i].is_used)
			all += 1 / (e[i].pxx + doubt_of(f, &s[i]));
	for (size_t i = 0; i < n; i++) {
		struct fuse_member *m = s[i].member;
		double aim = 1 / (e[i].pxx + doubt_of(f, &s[i])) / all;
		m->weight = s[i].is_used ? m->weight + gain * (aim - m->weight)
					 : 0;
		sum += m->weight;
	}
	for (size_t i = 0; i < n; i++)
		s[i].member->weight /= sum;
}

/* Where the constants put the mean: 0, when they were measured with the weights
 * of now. */
static double
lean(const struct fuse_source *s, size_t n, const double *pull)
{
	double off = 0, sum = 0;

	for (size_t i = 0; i < n; i++) {
		double w = s[i].member->weight * pull[i];
		off += s[i].member->measured > 0 ? w * s[i].member->average : 0;
		sum += w;
	}
	return off / sum;
}

/* Who comes or goes is no news of time: as far as the constants tell by how much
 * new weights move the mean, it stays where it was, but within what is claimed
 * of it.  In the long run the mean counts. */
static void
hold_still(struct fuse *f, const struct fuse_source *s, size_t n, size_t used,
    const double *pull, struct estimate *m)
{
	double most = CLAIM * sqrt(m->pxx + left_open(f, s, n));

	f->shift -= lean(s, n, pull) - f->lean;
	f->shift -= f->shift /
	    fmin(f->samples, CONSTANT_COUNT * (double)used);
	f->shift = fmax(fmin(f->shift, most), -most);
	m->x += f->shift;
}

/* Whom nobody believes any more has no part in what is believed now. */
static void
begin_anew(struct fuse *f, const struct fuse_source *s, size_t n)
{
	f->is_running = false;
	f->shift = f->lean = 0;
	for (size_t i = 0; i < n; i++)
		s[i].member->measured = s[i].member->astray = 0;
}

/* The mean of the used sources' own estimates. */
static struct estimate
mean(const struct estimate *e, const struct fuse_source *s, size_t n,
    const double *pull)
{
	struct estimate m = { .x = 0 };
	double origin = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		if (s[i].is_used) {
			origin = e[i].x;
			sum += s[i].member->weight * pull[i];
		}
	for (size_t i = 0; i < n; i++) {
		double w = s[i].member->weight * pull[i] / sum;
		if (!s[i].is_used)
			continue;
		m.at = e[i].at;
		m.x += w * (e[i].x - origin);
		m.y += w * e[i].y;
		/* One oscillator: the errors are not independent. */
		m.pxx += w * e[i].pxx;
		m.pxy += w * e[i].pxy;
		m.pyy += w * e[i].pyy;
	}
	m.x += origin;
	return m;
}

/* off is a source's distance from the mean, var the variance of that.  As far as
 * the variance between the sources leaves it open whether they differ at all, the
 * constant is taken for noise (empirical Bayes); a stray's is real. */
static void
measure_constant(struct fuse_member *m, double off, double var,
    double between, double pull)
{
	double d = off - m->average;

	if (m->measured > 0 && fabs(d) > ASTRAY_SIGMAS * sqrt(var)) {
		if (++m->astray >= ASTRAY_ROW)
			m->measured = m->astray = 0;
	} else {
		m->astray = 0;
	}
	if (m->measured < CONSTANT_COUNT)
		m->measured++;
	m->average += d / m->measured;

	double real = fmax(between, (1 - pull) * m->average * m->average);
	m->constant = m->average * real / (real + var);
}

/* How much of what a source says now neither its constant nor the variance of
 * that explains, s^2: as much may be wrong with the constant.  A source that
 * walks away takes the joint bank, which would believe it in an oscillator that
 * does, no further. */
static double
unexplained(const struct fuse_member *m, double off, double var)
{
	double d = off - m->constant;

	return fmax(d * d - USUAL * var, 0);
}

/* The joint bank starts as a source's own, moved to where m says. */
static void
start(struct fuse *f, const struct estimator *from, const struct estimate *m)
{
	f->joint = from->bank;
	bank_predict(&f->joint, m->at);
	struct estimate own = bank_mixture(&f->joint);
	bank_move(&f->joint, m->x - own.x, m->y - own.y);
	f->is_running = true;
	f->astray = 0;
}

/* At the start sources think better of their first samples with each that comes
 * (daemon/estimate/estimator.h), which no joint bank could: while all of them
 * do, their mean is what is known. */
static bool
is_early(const struct fuse_source *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i].is_used && s[i].estimator->n_early == 0)
			return false;
	return true;
}

static const struct estimator *
heaviest(const struct fuse_source *s, size_t n, const double *pull)
{
	double most = -1;
	size_t best = 0;

	for (size_t i = 0; i < n; i++)
		if (s[i].is_used && s[i].member->weight * pull[i] > most) {
			most = s[i].member->weight * pull[i];
			best = i;
		}
	return s[best].estimator;
}

/* The joint bank takes in what a source has just seen, once. */
static void
learn(struct fuse *f, const struct fuse_source *s)
{
	struct observation o = s->estimator->seen;

	if (s->estimator->samples == s->member->learned)
		return;
	s->member->learned = s->estimator->samples;
	if (s->estimator->samples < 2)
		return; /* the first is no observation, but a start */

	o.z -= s->member->constant;
	o.centred -= s->member->constant;
	o.unsure = s->member->unsure;
	estimator_predict(s->estimator, &f->joint,
	    s->estimator->bank.filter[0].at);
	bank_update(&f->joint, &o, &s->estimator->beliefs,
	    s->estimator->void_density, NULL);
}

/* A joint bank that lost the mean of the sources starts anew.  Returns whether
 * it has. */
static bool
check(struct fuse *f, const struct fuse_source *s, const struct estimate *m)
{
	double off = bank_at(&f->joint, m->at).x - m->x;
	bool is_far = fabs(off) > FAR_SIGMAS * sqrt(m->pxx + doubt_of(f, s));

	f->astray = is_far ? f->astray + 1 : 0;
	if (f->astray < ASTRAY_ROW)
		return false;
	start(f, s->estimator, m);
	return true;
}

/* Beliefs at `at`, and who is used.  Returns how many are; *goes_on: the last
 * time one of them was, or those that were have only fallen silent and one of
 * them has a constant. */
static size_t
look(const struct fuse_source *s, size_t n, struct raw at, struct estimate *e,
    bool *goes_on)
{
	size_t used = 0, kept = 0, dropped = 0, known = 0;

	for (size_t i = 0; i < n; i++) {
		struct fuse_member *m = s[i].member;
		estimator_at(s[i].estimator, at, &e[i]);
		kept += s[i].is_used && m->is_used;
		dropped += !s[i].is_used && m->is_used && s[i].is_heard;
		known += s[i].is_used && m->measured > 0;
		m->is_used = s[i].is_used;
		used += s[i].is_used;
	}
	*goes_on = kept > 0 || (dropped == 0 && known > 0);
	return used;
}

/* Adds to what remains open by how much the sources differ, as far as their
 * distances explain it.  And the one that counts most, because it is near, may
 * be the one that lies: so what is claimed reaches to where most are, however
 * wrong these are by their noise.  The edges are counted, not averaged: half of
 * an even number are on the liar's side of the middle, with the liar.  A tenth
 * more is for the paths of most, which are lopsided, too. */
static void
leave_open(const struct fuse *f, const struct fuse_source *s, size_t n,
    const struct crowd *crowd, struct estimate *out)
{
	if (crowd->is_there) {
		double dx = fmax(out->x + crowd->down,
		    crowd->up - out->x) / EDGE;
		double dy = fabs(out->y - crowd->y) - CLAIM * crowd->sy;
		out->pxx += dx * dx;
		out->pyy += dy > 0 ? dy * dy : 0;
	}
	out->pxx += left_open(f, s, n);
}

/* The mean m of all, which is there, is what source i is measured against.
 * *is_fresh: the joint bank has just begun with all that is known. */
static void
take_news(struct fuse *f, const struct fuse_source *s, const struct estimate *e,
    double pull, const struct estimate *m, bool *is_fresh)
{
	double off = e->x - m->x, var = e->pxx + m->pxx;

	s->member->unsure = unexplained(s->member, off, var);
	if (!s->is_used)
		return;
	if (!*is_fresh && s->member->measured > 0)
		learn(f, s);
	measure_constant(s->member, off, var, doubt_of(f, s), pull);
	if (pull == 1)
		*is_fresh |= check(f, s, m);
}

/* Those with news, by when they were measured: the joint bank does not go back.
 * Returns how many. */
static size_t
in_order(const struct fuse_source *s, size_t n, size_t order[FUSE_MAX])
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		struct raw at = s[i].estimator->bank.filter[0].at;
		size_t to = k;

		if (!s[i].is_new)
			continue;
		for (; to > 0 && s[order[to - 1]].estimator->bank.filter[0].at
			    .ns > at.ns; to--)
			order[to] = order[to - 1];
		order[to] = i;
		k++;
	}
	return k;
}

struct estimate
fuse_samples(struct fuse *f, const struct fuse_source *s, size_t n,
    struct raw at)
{
	struct estimate e[FUSE_MAX];
	double pull[FUSE_MAX];
	double gain = f->samples < SMOOTH_FROM ? 1 : SMOOTH;

	assert(n <= FUSE_MAX);
	bool goes_on;
	size_t used = look(s, n, at, e, &goes_on);
	assert(used > 0);
	struct crowd crowd = crowd_of(e, s, n);
	doubt_strays(e, s, n, &crowd, pull);
	if (used > 1)
		f->between += gain *
		    (excess_scatter(e, s, n, pull) - f->between);
	weigh(f, e, s, n);
	f->samples++;
	if (!goes_on)
		begin_anew(f, s, n);

	struct estimate m = mean(e, s, n, pull);
	hold_still(f, s, n, used, pull, &m);
	f->noise = m.pxx;
	if (!f->is_running && used == 1) {
		leave_open(f, s, n, &crowd, &m);
		return m;
	}
	bool is_fresh = !f->is_running || is_early(s, n);
	if (is_fresh)
		start(f, heaviest(s, n, pull), &m);
	size_t order[FUSE_MAX], k = in_order(s, n, order);
	for (size_t j = 0; j < k; j++) {
		size_t i = order[j];

		take_news(f, &s[i], &e[i], pull[i], &m, &is_fresh);
	}
	f->lean = lean(s, n, pull);

	struct estimate out = bank_at(&f->joint, at);
	f->noise = out.pxx;
	leave_open(f, s, n, &crowd, &out);
	return out;
}

struct estimate
fuse_hold(struct fuse *f, const struct fuse_source *s, struct raw at, double x)
{
	struct fuse_member *m = s->member;
	struct estimate own = { .at = at };

	estimator_at(s->estimator, at, &own);
	m->unsure = 0;
	if (!f->is_running)
		start(f, s->estimator,
		    &(struct estimate){ .at = at, .x = x, .y = own.y });
	struct estimate joint = bank_at(&f->joint, at);
	if (m->measured == 0) {
		m->average = m->constant = own.x - joint.x;
		m->measured = 1;
	} else if (fabs(own.y - joint.y) <
	    HOLD_SIGMAS * sqrt(own.pyy + joint.pyy)) {
		learn(f, s);
		joint = bank_at(&f->joint, at);
	}
	f->noise = joint.pxx;
	return joint;
}
