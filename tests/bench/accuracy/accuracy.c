/* SPDX-License-Identifier: ISC
 *
 * accuracy [-s SEEDS] [-g GROUP] [-l] [SCENARIO...]: how far the clock would be
 * from the truth if it followed the estimator, each correction spread over a
 * quarter of the poll interval.  With -l the exit status tells whether the
 * groups keep to their limits.
 *
 * "oracle" is a Kalman filter that knows the variance of the samples and picks,
 * afterwards, the random walk that was best: what can be had without looking at
 * delays.  It comes within a third of chrony's figures where these are known,
 * and stands in for them where they are not. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/estimate/estimator.h"
#include "daemon/estimate/filter.h"
#include "daemon/estimate/fuse.h"
#include "daemon/estimate/select.h"
#include "world.h"

#define SETTLED 10000.0 /* s until errors count */
#define PIECES 8        /* at which the error is looked at between samples */
#define ORACLES 8
#define SLEW_FRACTION 0.25
#define RETRY 2.0
#define BURST 4

struct error {
	double sum, weight, worst;
	double claim_out, claim_all; /* s outside the claim, s in all */
	double norm; /* of (error/sd)^2 */
};

/* A clock that follows: x - c is left after the last sample, then less. */
struct follower {
	struct estimate target;
	double since, left, within;
};

static double
clock_at(const struct follower *f, double t)
{
	double dt = t - f->since;
	double left = dt < f->within ? f->left * (1 - dt / f->within) : 0;

	return f->target.x + f->target.y * dt - left;
}

static void
follow(struct follower *f, const struct estimate *e, double t, double within,
    bool is_first)
{
	double c = is_first ? e->x : clock_at(f, t);

	f->target = *e;
	f->since = t;
	f->left = e->x - c;
	f->within = fmax(within, 0.1);
}

struct run {
	const struct scenario *s;
	struct world world;
	struct estimator est[WORLD_SERVERS];
	struct fuse_member member[WORLD_SERVERS];
	struct fuse fuse;
	double due[WORLD_SERVERS];
	int burst[WORLD_SERVERS];
	bool has_started;
	bool has_claim; /* somebody is followed, not only the frequency */
	struct follower clock;
	struct error error;
	struct estimate oracle[ORACLES];
	struct follower oracle_clock[ORACLES];
	double oracle_sum[ORACLES];
	double variance[WORLD_SERVERS], mean[WORLD_SERVERS];
	double cpu, dice;
	unsigned long samples, asked;
};

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The interval in which true time is by a source, or by all. */
static double
claim(const struct estimator *est, const struct estimate *e)
{
	return estimator_min_delay(est) / 2 + 3.3 * sqrt(e->pxx);
}

/* Which sources are in the majority of those with a sample, as
 * daemon/engine/selection.c has it. */
static size_t
choose(const struct run *r, struct raw at, bool *is_used)
{
	struct candidate c[WORLD_SERVERS];
	int who[WORLD_SERVERS];
	size_t n = 0;

	for (int i = 0; i < r->s->servers; i++) {
		struct estimate e;
		is_used[i] = false;
		if (!estimator_at(&r->est[i], at, &e))
			continue;
		double half = claim(&r->est[i], &e);
		c[n] = (struct candidate){ .low = e.x - half,
			.high = e.x + half };
		who[n++] = i;
	}
	size_t agree = select_majority(c, n);
	for (size_t i = 0; i < n; i++)
		is_used[who[i]] = c[i].is_true;
	return agree;
}

/* What the clock should do after a sample of server i; false: nothing. */
static bool
believe(struct run *r, int i, struct estimate *e)
{
	struct raw at = raw_add((struct raw){ 0 }, r->world.t);
	struct fuse_source f[WORLD_SERVERS];
	bool is_used[WORLD_SERVERS];
	size_t n = 0, which = 0, agree = choose(r, at, is_used);

	for (int k = 0; k < r->s->servers; k++) {
		if (r->est[k].samples == 0)
			continue;
		if (k == i)
			which = n;
		struct estimate own;
		estimator_at(&r->est[k], at, &own);
		f[n++] = (struct fuse_source){ &r->est[k], &r->member[k],
			is_used[k], true, claim(&r->est[k], &own), k == i };
	}
	r->has_claim = agree > 0;
	if (agree == 0)
		*e = fuse_hold(&r->fuse, &f[which], at,
		    r->has_started ? clock_at(&r->clock, r->world.t) :
		    r->world.x - 0.01);
	else if (is_used[i])
		*e = fuse_samples(&r->fuse, f, n, at);
	else
		return false;
	return true;
}

static void
look(struct run *r, double t, double weight)
{
	double x = r->world.x, e = x - clock_at(&r->clock, t);

	if (t < SETTLED || !r->has_started)
		return;
	r->error.sum += e * e * weight;
	r->error.weight += weight;
	r->error.worst = fmax(r->error.worst, fabs(e));
	for (int k = 0; k < ORACLES; k++) {
		double d = x - clock_at(&r->oracle_clock[k], t);
		r->oracle_sum[k] += d * d * weight;
	}

	struct estimate now = r->clock.target;
	filter_predict(&now, raw_add((struct raw){ 0 }, t), 0);
	double d = now.x - x;
	if (!r->has_claim)
		return;
	r->error.claim_all += weight;
	if (fabs(d) > claim(&r->est[0], &now))
		r->error.claim_out += weight;
	r->error.norm += weight * d * d / now.pxx;
}

static void
oracle_sample(struct run *r, int i, const struct sample *s, double within)
{
	double t = raw_sub(s->at, (struct raw){ 0 });

	if (r->s->path[i].lies)
		return;
	for (int k = 0; k < ORACLES; k++) {
		struct estimate *e = &r->oracle[k];
		double z = s->offset - r->mean[i], q = r->variance[i];
		if (e->pxx == 0) {
			*e = (struct estimate){ .at = s->at, .x = z,
				.pxx = s->delay * s->delay, .pyy = 1e-8 };
			follow(&r->oracle_clock[k], e, t, within, true);
			continue;
		}
		filter_predict(e, s->at, 1e-10 * pow(10, k / 2.0));
		if (r->s->pause > 0 && fabs(z - e->x) > 5e-2)
			e->x = z;
		double v = z - e->x, n = e->pxx + q;
		if (v * v > 16 * n) /* outliers are not its strength */
			continue;
		filter_learn(e, e->x + e->pxx / n * v, e->pxx * q / n);
		follow(&r->oracle_clock[k], e, t, within, false);
	}
}

static void
ask(struct run *r, int i)
{
	const struct scenario *s = r->s;
	double poll = s->poll > 0 ? s->poll : 64, t = r->world.t;
	enum estimator_result result = ESTIMATOR_USED;
	struct sample sample;
	struct estimate e;

	r->asked++;
	if (world_ask(&r->world, i, &sample)) {
		double before = seconds();
		result = estimator_sample(&r->est[i], &sample);
		r->cpu += seconds() - before;
		r->samples++;
		oracle_sample(r, i, &sample, poll * SLEW_FRACTION);
		if (result != ESTIMATOR_IMPOSSIBLE &&
		    believe(r, i, &e)) {
			follow(&r->clock, &e, t, poll * SLEW_FRACTION,
			    !r->has_started);
			r->has_started = true;
		}
	}
	if (r->burst[i] > 1) {
		r->burst[i]--;
		r->due[i] = t + fmin(2, poll);
	} else if (result != ESTIMATOR_USED) {
		r->due[i] = t + fmin(RETRY, poll);
	} else {
		/* as the client has it, within a few percent */
		r->dice = r->dice * 0.618 + t;
		r->due[i] = t + poll * (0.98 + 0.04 * fmod(r->dice, 1));
	}
}

/* What the oracle knows: variance and mean of each path's samples. */
static void
measure_noise(struct run *r, int seed)
{
	const struct scenario *s = r->s;
	double poll = s->poll > 0 ? s->poll : 64;
	struct world w;

	world_init(&w, s, seed + 1000);
	for (int i = 0; i < s->servers; i++) {
		double sum = 0, squares = 0, n = 0;
		for (int k = 0; k < 4000; k++) {
			struct sample sample;
			w.t += poll;
			if (!world_ask(&w, i, &sample))
				continue;
			double z = sample.offset - w.x - s->path[i].offset;
			sum += z;
			squares += z * z;
			n++;
		}
		r->mean[i] = sum / n;
		r->variance[i] = squares / n - r->mean[i] * r->mean[i];
		if (r->s->path[i].event != EVENT_NONE)
			r->mean[i] = 0;
	}
}

static void
run(struct run *r, const struct scenario *s, int seed)
{
	double end = (s->days > 0 ? s->days : 2) * 86400;
	double poll = s->poll > 0 ? s->poll : 64;

	memset(r, 0, sizeof *r);
	r->s = s;
	measure_noise(r, seed);
	world_init(&r->world, s, seed);
	fuse_init(&r->fuse);
	for (int i = 0; i < s->servers; i++) {
		estimator_init(&r->est[i], 0, 1e-4);
		r->due[i] = 1 + i * fmin(poll, 64) / s->servers;
		r->burst[i] = BURST;
	}
	for (double t = 0; t < end;) {
		int next = 0;
		for (int i = 1; i < s->servers; i++)
			if (r->due[i] < r->due[next])
				next = i;
		double piece = (r->due[next] - t) / PIECES;
		for (int k = 0; k < PIECES; k++) {
			/* in the middle of each piece */
			world_run(&r->world, t + (k + 0.5) * piece);
			look(r, t + (k + 0.5) * piece, piece);
		}
		t = r->due[next];
		world_run(&r->world, t);
		ask(r, next);
	}
}

struct total {
	double log_chrony, log_oracle; /* sums of ln of ratios */
	int n_chrony, n_oracle;
	double worst;    /* ratio to chrony, else to the oracle */
	double out, all; /* s outside the claims, s in all */
	double cpu;
	unsigned long samples;
};

/* How a scenario went, over all seeds. */
struct row {
	double us, by_oracle, worst, out, all, norm;
};

static struct row
measure(const struct scenario *s, int seeds, struct run *r, struct total *sum)
{
	double mean = 0, best[ORACLES] = { 0 }, oracle = INFINITY;
	struct row row = { .us = 0 };

	for (int seed = 1; seed <= seeds; seed++) {
		run(r, s, seed);
		mean += r->error.sum / r->error.weight / seeds;
		for (int k = 0; k < ORACLES; k++)
			best[k] += r->oracle_sum[k] / r->error.weight / seeds;
		row.out += r->error.claim_out;
		row.all += r->error.claim_all;
		row.norm += r->error.norm;
		row.worst = fmax(row.worst, r->error.worst);
		sum->cpu += r->cpu;
		sum->samples += r->samples;
	}
	for (int k = 0; k < ORACLES; k++)
		oracle = fmin(oracle, best[k]);
	row.us = sqrt(mean) * 1e6;
	row.by_oracle = sqrt(mean / oracle);
	return row;
}

/* The state of the first estimator at the end: the probabilities of the models,
 * and what it has learned. */
static void
show_state(const struct estimator *e)
{
	static const char *const names[OBSERVE_MODELS] = { "normal", "box",
		"learned", "loose", "graded" };

	for (int k = 0; k < OBSERVE_MODELS; k++)
		if (e->beliefs.of[k] >= 0.05)
			printf(" %s %.2f", names[k], e->beliefs.of[k]);
	printf(", slope %+.2f, noise %.3g us, wander %.1e\n",
	    e->oneway.slope, sqrt(estimator_noise(e)) * 1e6,
	    sqrt(estimator_wander(e)));
}

static void
show(const struct scenario *s, int seeds, struct total *sum)
{
	static struct run r;
	struct row row = measure(s, seeds, &r, sum);
	double ratio = row.by_oracle;

	printf("%-12s %10.3f", s->name, row.us);
	if (s->chrony > 0) {
		ratio = row.us / s->chrony;
		printf(" %6.3f", ratio);
		sum->log_chrony += log(ratio);
		sum->n_chrony++;
	} else {
		printf("      -");
	}
	if (s->bound > 0)
		printf(" %6.3f", row.us / s->bound);
	else
		printf("      -");
	sum->log_oracle += log(row.by_oracle);
	sum->n_oracle++;
	sum->worst = fmax(sum->worst, ratio);
	sum->out += row.out;
	sum->all += row.all;
	printf(" %6.3f  %9.2f %8.4f %% %5.2f ", row.by_oracle, row.worst * 1e6,
	    100 * row.out / fmax(row.all, 1), sqrt(row.norm / fmax(row.all, 1)));
	show_state(&r.est[0]);
	fflush(stdout);
}

static bool
is_wanted(const struct scenario *s, const char *group, char **names, int n)
{
	if (strcmp(group, s->group) != 0)
		return false;
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], s->name) == 0)
			return true;
	return n == 0;
}

/* A group of scenarios, and what its geometric mean and its worst ratio to
 * chrony's figures may be at most. */
static const struct group {
	const char *name;
	double mean, worst;
} groups[] = { { "first", 0.36, 0.80 }, { "second", 0.60, 1.05 },
	{ "unseen", INFINITY, INFINITY } };

/* Returns whether it keeps to its limits. */
static bool
run_group(const struct group *g, int seeds, char **names, int n)
{
	struct total sum = { 0 };

	for (int i = 0; i < scenarios_count; i++) {
		if (!is_wanted(&scenarios[i], g->name, names, n))
			continue;
		if (sum.n_oracle == 0)
			printf("%-12s %10s %6s %6s %6s  %9s %10s %5s\n",
			    g->name, "rms us", "chrony", "bound", "oracle",
			    "worst us", "unclaimed", "e/sd");
		show(&scenarios[i], seeds, &sum);
	}
	if (sum.n_oracle == 0)
		return true;
	double mean = exp(sum.log_chrony / fmax(sum.n_chrony, 1));
	if (sum.n_chrony > 0)
		printf("%s: %.3f of chrony's error (geometric mean)\n", g->name,
		    mean);
	printf("%s: %.3f of the oracle's, worst ratio %.3f; %.4f %% of the time "
	       "outside its claim; %.1f us a sample, %zu bytes a source\n",
	    g->name, exp(sum.log_oracle / sum.n_oracle), sum.worst,
	    100 * sum.out / sum.all, sum.cpu / (double)sum.samples * 1e6,
	    sizeof(struct estimator));
	return sum.n_chrony == 0 || (mean <= g->mean && sum.worst <= g->worst);
}

int
main(int argc, char **argv)
{
	bool has_limits = false, is_good = true;
	const char *group = NULL;
	int seeds = 5, c;

	while ((c = getopt(argc, argv, "s:g:l")) != -1) {
		if (c == 's')
			seeds = atoi(optarg);
		else if (c == 'g')
			group = optarg;
		else if (c == 'l')
			has_limits = true;
		else
			return 2;
	}
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
		if (group == NULL || strcmp(group, groups[i].name) == 0)
			is_good &= run_group(&groups[i], seeds, argv + optind,
			    argc - optind);
	return has_limits && !is_good;
}
