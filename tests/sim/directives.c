/* SPDX-License-Identifier: ISC */
#include "tests/sim/directives.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int
do_scenario(struct sim *s, char **word, const char *rest)
{
	(void)word;
	snprintf(s->about, sizeof s->about, "%s", rest);
	return 0;
}

static int
span(const char *text, double *t)
{
	return quantity_parse(text, t, NULL) == 0 && *t >= 0 ? 0 : -1;
}

static int
do_duration(struct sim *s, char **arg, unsigned n)
{
	double t;

	(void)n;
	if (span(arg[0], &t) < 0)
		return -1;
	s->world.end = span_ns(t);
	return 0;
}

static int
do_settle(struct sim *s, char **arg, unsigned n)
{
	(void)n;
	return span(arg[0], &s->settle);
}

static int
do_near(struct sim *s, char **arg, unsigned n)
{
	(void)n;
	return span(arg[0], &s->near);
}

static int
do_epoch(struct sim *s, char **arg, unsigned n)
{
	double t;

	(void)n;
	if (span(arg[0], &t) < 0)
		return -1;
	s->world.epoch_ns = span_ns(t);
	return 0;
}

/* UTC has one second more (1) or less (-1) from now on. */
static int
do_leap(struct sim *s, char **arg, unsigned n)
{
	double v;

	(void)n;
	if (quantity_parse(arg[0], &v, NULL) < 0 || fabs(v) != 1)
		return -1;
	s->world.epoch_ns -= span_ns(v);
	return 0;
}

static const struct sim_directive world_directives[] = {
	{ "scenario", 1, SIM_WORDS, NULL, do_scenario, 1 },
	{ "duration", 1, 1, do_duration, NULL, 0 },
	{ "settle", 1, 1, do_settle, NULL, 0 },
	{ "near", 1, 1, do_near, NULL, 0 },
	{ "epoch", 1, 1, do_epoch, NULL, 0 },
	{ "leap", 1, 1, do_leap, NULL, 0 },
	{ NULL, 0, 0, NULL, NULL, 0 },
};

const struct sim_directive *
sim_directive(const char *name)
{
	const struct sim_directive *const all[] = { world_directives,
		node_directives, net_directives, many_directives };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		for (const struct sim_directive *d = all[i]; d->name; d++)
			if (strcmp(d->name, name) == 0)
				return d;
	return NULL;
}
