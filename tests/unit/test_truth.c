/* SPDX-License-Identifier: ISC
 *
 * What the reports say, against what is true in a simulated world. */
#include "unit.h"

#include <math.h>
#include <stdio.h>

#include "common/log.h"
#include "daemon/control/detail.h"
#include "daemon/control/report.h"
#include "tests/sim/scenario.h"

#define LOOK 97.0   /* s between two looks */
#define FIRST 7200.0 /* s: the first of them */

/* Shares and mean squares over all looks. */
struct looks {
	struct simhost *host;
	struct simevent event;
	unsigned n;
	double skew, source_skew;   /* of the time that these bounds hold */
	double offset, bounds;      /* likewise: three offset errors; selectdata */
	double root;                /* likewise: root dispersion + delay / 2 */
	double freq2, said2;        /* sums of squares: frequency's error and
	                               skew, ppm */
	double x2, x_said2;         /* the source's offset's, s */
	double std_dev;
};

static void
look(struct simevent *v)
{
	struct looks *l = v->owner;
	struct simhost *h = l->host;

	world_at(h->station.world, v, h->station.world->now +
	    (int64_t)(LOOK * 1e9));
	simhost_begin(h);
	struct judge_sample truth = simhost_sample(h);
	struct cmdmon_tracking t;
	struct cmdmon_sourcestats s;
	struct cmdmon_selectdata d;
	report_tracking(&h->engine, &t);
	ck_assert(report_sourcestats(&h->engine, 0, &s));
	ck_assert(detail_selectdata(&h->engine, 0, &d));

	double freq = truth.freq * 1e6, own = freq - s.resid_ppm;
	double off = s.offset + truth.error;
	l->n++;
	l->skew += fabs(freq) <= t.skew_ppm;
	l->source_skew += fabs(own) <= s.skew_ppm;
	l->offset += fabs(off) <= 3 * s.offset_error;
	l->bounds += d.low <= -truth.error && -truth.error <= d.high;
	l->root += fabs(truth.error) <= fabs(t.correction) +
	    t.root_dispersion + t.root_delay / 2;
	l->freq2 += own * own;
	l->said2 += s.skew_ppm * s.skew_ppm;
	l->x2 += off * off;
	l->x_said2 += s.offset_error * s.offset_error;
	l->std_dev += s.std_dev;
	simhost_end(h);
}

static struct looks
run(const char *clock, const char *path, const char *server, uint64_t seed)
{
	static struct sim s;
	const char *const lines[] = { "duration 2d", "node a 10.0.0.1",
		server, "config a makestep 1 3", clock, "server s 192.0.2.1",
		path };
	struct looks l = { .event.fire = look };

	log_init(2, LOGSTYLE_PLAIN, (enum log_level)(LOGLEVEL_FATAL + 1), "");
	sim_init(&s, seed);
	for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++)
		ck_assert_int_eq(sim_line(&s, lines[i]), 0);
	l.host = s.hosts;
	l.event.owner = &l;
	world_at(&s.world, &l.event, (int64_t)(FIRST * 1e9));
	ck_assert_int_eq(sim_run(&s, NULL), 0);
	world_off(&s.world, &l.event);
	sim_fini(&s);
	return l;
}

static const char fixed[] =
    "config a server 192.0.2.1 iburst minpoll 6 maxpoll 6";
static const char by_itself[] = "config a server 192.0.2.1 iburst";
static const char *const servers[] = { fixed, by_itself };
static const char *const clocks[] = {
	"clock a behind 10ms freq 10ppm wander 1e-9",
	"clock a behind 10ms freq 10ppm wander 1e-8",
	"clock a behind 10ms freq 10ppm wander 1e-7",
};
static const char *const paths[] = { "path a s 1ms+exp:10us",
	"path a s 1ms+exp:100us", "path a s 5ms+exp:1ms" };
static const double noise[] = { 10e-6, 100e-6, 1e-3 };

START_TEST(bounds_hold_and_are_not_idle)
{
	for (unsigned i = 0; i < 18; i++) {
		struct looks l = run(clocks[i / 6], paths[i / 2 % 3],
		    servers[i % 2], i + 1);

		ck_assert_double_gt(l.source_skew, 0.98 * l.n);
		ck_assert_double_gt(l.skew, 0.97 * l.n);
		ck_assert_double_gt(l.offset, 0.98 * l.n);
		ck_assert_double_ge(l.bounds, 0.999 * l.n);
		ck_assert_double_ge(l.root, 0.999 * l.n);
		/* an error's share of what is said of it */
		ck_assert_double_lt(l.freq2, l.said2);
		ck_assert_double_gt(l.freq2, l.said2 / (30 * 30));
		ck_assert_double_lt(l.x2, 1.2 * 1.2 * l.x_said2);
		ck_assert_double_gt(l.x2, l.x_said2 / (4 * 4));
	}
}
END_TEST

/* Of two exponential waits on both ways, half their difference. */
START_TEST(the_standard_deviation_is_the_paths_however_the_clock_wanders)
{
	for (unsigned i = 0; i < 18; i++) {
		struct looks l = run(clocks[i / 6], paths[i / 2 % 3],
		    servers[i % 2], i + 1);
		double sd = noise[i / 2 % 3] / sqrt(2);

		ck_assert_double_gt(l.std_dev / l.n, 0.85 * sd);
		ck_assert_double_lt(l.std_dev / l.n, 1.4 * sd);
	}
}
END_TEST

UNIT_MAIN("truth", bounds_hold_and_are_not_idle,
    the_standard_deviation_is_the_paths_however_the_clock_wanders)
