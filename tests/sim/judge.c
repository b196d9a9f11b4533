/* SPDX-License-Identifier: ISC */
#include "tests/sim/judge.h"

#include <math.h>
#include <string.h>

#define SMALLEST 1e-13
#define BIN 0.01 /* of the logarithm */

void
judge_init(struct judge *j)
{
	*j = (struct judge){ .near = 1e-3, .end = 1, .was_near = true,
		.hash = UINT64_C(0xcbf29ce484222325) };
}

static void
hash(struct judge *j, double v)
{
	unsigned char bytes[sizeof v];

	memcpy(bytes, &v, sizeof v);
	for (size_t i = 0; i < sizeof v; i++)
		j->hash = (j->hash ^ bytes[i]) * UINT64_C(0x100000001b3);
}

static void
count_bin(struct judge *j, double error, double dt)
{
	double bin = log(fmax(fabs(error), SMALLEST) / SMALLEST) / BIN;

	j->bins[bin < JUDGE_BINS - 1 ? (int)bin : JUDGE_BINS - 1] += dt;
}

/* The line from a to b, all of it after settling. */
static void
count_line(struct judge *j, const struct judge_sample *a,
    const struct judge_sample *b)
{
	double dt = b->at - a->at, e = a->error, f = b->error;

	j->seconds += dt;
	j->sum2 += dt * (e * e + e * f + f * f) / 3;
	j->freq2 += dt * (a->freq * a->freq + a->freq * b->freq +
	    b->freq * b->freq) / 3;
	count_bin(j, (e + f) / 2, dt);
	if (b->is_synced)
		j->synced += dt;
	if (isfinite(a->claim) && isfinite(b->claim)) {
		j->claimed += dt;
		if (fabs(e) <= a->claim && fabs(f) <= b->claim)
			j->honest += dt;
	}
}

static void
look_at_windows(struct judge *j, const struct judge_sample *s)
{
	for (unsigned i = 0; i < j->n_windows; i++) {
		struct judge_window *w = &j->windows[i];
		double e = fabs(s->error);

		if (s->at < w->from || s->at > w->to)
			continue;
		w->worst = fmax(w->worst, e);
		if (w->kind == WINDOW_SYNCED ? s->is_synced :
		    w->kind == WINDOW_UNSYNCED ? !s->is_synced : e <= w->most)
			continue;
		if (w->broken++ == 0)
			w->first_broken = s->at;
	}
}

static void
put_column(struct judge *j, const struct judge_sample *s)
{
	int i = (int)(s->at / j->end * JUDGE_COLUMNS);
	struct judge_column *c = &j->columns[i < JUDGE_COLUMNS ? i :
	    JUDGE_COLUMNS - 1];

	if (!c->is_set)
		*c = (struct judge_column){ true, s->error, s->error, s->claim,
			s->freq, s->freq };
	c->low = fmin(c->low, s->error);
	c->high = fmax(c->high, s->error);
	c->claim = fmin(c->claim, s->claim);
	c->freq_low = fmin(c->freq_low, s->freq);
	c->freq_high = fmax(c->freq_high, s->freq);
}

/* What is true of the instant alone. */
static void
look(struct judge *j, const struct judge_sample *s)
{
	double e = fabs(s->error);

	if (s->at >= j->settle) {
		j->max = fmax(j->max, e);
		if (isfinite(s->claim))
			j->ratio = fmax(j->ratio, e / fmax(s->claim, SMALLEST));
	} else {
		if (!j->was_near || e >= j->near)
			j->near_from = s->at;
		j->was_near = e < j->near;
	}
	look_at_windows(j, s);
	put_column(j, s);
	hash(j, s->at);
	hash(j, s->error);
	hash(j, s->claim);
	j->samples++;
	if (j->trace)
		fprintf(j->trace, "%.9f %s %.9e %.3e %.6e %d %.9f\n", s->at,
		    j->name, s->error, s->claim, s->freq, s->is_synced, s->raw);
	j->last = *s;
	j->has_last = true;
}

void
judge_sample(struct judge *j, const struct judge_sample *s)
{
	if (j->has_last && s->at > j->last.at && j->last.at >= j->settle)
		count_line(j, &j->last, s);
	else if (j->has_last && s->at <= j->last.at &&
	    s->error == j->last.error && s->claim == j->last.claim)
		return;
	look(j, s);
}

void
judge_jump(struct judge *j, const struct judge_sample *s)
{
	look(j, s);
}

double
judge_rms(const struct judge *j)
{
	return j->seconds > 0 ? sqrt(j->sum2 / j->seconds) : 0;
}

double
judge_freq_rms(const struct judge *j)
{
	return j->seconds > 0 ? sqrt(j->freq2 / j->seconds) : 0;
}

double
judge_quantile(const struct judge *j, double share)
{
	double sum = 0;

	for (int i = 0; i < JUDGE_BINS; i++) {
		sum += j->bins[i];
		if (sum >= share * j->seconds)
			return fmin(SMALLEST * exp((i + 1) * BIN), j->max);
	}
	return j->max;
}

double
judge_honesty(const struct judge *j)
{
	return j->claimed > 0 ? j->honest / j->claimed : 1;
}

double
judge_time_to_near(const struct judge *j)
{
	return j->settle > 0 && !j->was_near ? INFINITY :
	    j->near_from;
}
