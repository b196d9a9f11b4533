/* SPDX-License-Identifier: ISC
 *
 * The words about machines: their clocks, their engines, what befalls them. */
#include "tests/sim/directives.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/verdict.h"

static bool
is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static int
number(const char *text, double *v)
{
	return quantity_parse(text, v, NULL);
}

/* A number; +-V is V or -V, ~V normal with standard deviation V. */
static int
signed_number(struct sim *s, const char *text, double *v)
{
	bool is_drawn = strncmp(text, "+-", 2) == 0;

	if (*text == '~' && number(text + 1, v) == 0) {
		*v *= prng_normal(&s->prng);
		return 0;
	}
	if (number(text + (is_drawn ? 2 : 0), v) < 0)
		return -1;
	if (is_drawn && prng_below(&s->prng, 2))
		*v = -*v;
	return 0;
}

/* The next host from h on whose name fits. */
static struct simhost *
next_host(struct simhost *h, const char *pattern)
{
	while (h && fnmatch(pattern, h->station.name, 0) != 0)
		h = h->next;
	return h;
}

#define EACH_HOST(h, s, pattern)                                               \
	for (struct simhost *h = next_host((s)->hosts, pattern); h;            \
	    h = next_host(h->next, pattern))

/* Does f for each host that fits; at least one must. */
static int
for_hosts(struct sim *s, char **arg, unsigned n,
    int (*f)(struct sim *, struct simhost *, char **, unsigned))
{
	int r = -1;

	EACH_HOST(h, s, arg[0]) {
		if (s->has_begun)
			simhost_begin(h);
		r = f(s, h, arg + 1, n - 1);
		if (s->has_begun)
			simhost_end(h);
		if (r != 0)
			break;
	}
	return r;
}

static int
do_node(struct sim *s, char **arg, unsigned n)
{
	struct addr addr;

	if (s->has_begun || addr_parse(&addr, arg[1]) != 0 ||
	    world_station(&s->world, arg[0]) || n % 2 != 0)
		return -1;
	struct simhost *h = simhost_new(&s->world, arg[0], &addr);
	*s->last_host = h;
	s->last_host = &h->next;
	for (unsigned i = 2; i < n; i += 2)
		if (!is(arg[i], "start") && !is(arg[i], "sample"))
			return -1;
		else if (number(arg[i + 1],
		    is(arg[i], "start") ? &h->start : &h->sample) < 0)
			return -1;
	return h->sample > 0 ? 0 : -1;
}

static int
do_config(struct sim *s, char **word, const char *rest)
{
	int r = -1;

	EACH_HOST(h, s, word[1]) {
		if (h->n_lines == HOST_LINES)
			return -1;
		h->lines[h->n_lines++] = strdup(rest);
		r = 0;
	}
	return r;
}

/* file NODE SLOT LINE: another line of it */
static int
do_file(struct sim *s, char **word, const char *rest)
{
	char text[4096];
	int r = -1;

	EACH_HOST(h, s, word[1]) {
		const struct os_ops *ops = h->os.ops;
		ssize_t n = ops->load(&h->os, word[2], text, sizeof text);
		size_t used = n > 0 ? (size_t)n : 0;

		if (n == -EFBIG || used + strlen(rest) + 1 > sizeof text)
			return -1;
		memcpy(text + used, rest, strlen(rest));
		used += strlen(rest);
		text[used++] = '\n';
		r = ops->save(&h->os, word[2], text, used);
	}
	return r;
}

static int
host_options(struct sim *s, struct simhost *h, char **arg, unsigned n)
{
	(void)s;
	for (int i = 1; i < h->argc; i++)
		free(h->argv[i]);
	h->argc = 1;
	for (unsigned i = 0; i < n && h->argc < HOST_ARGS - 1; i++)
		h->argv[h->argc++] = strdup(arg[i]);
	return 0;
}

static int
host_drift(struct sim *s, struct simhost *h, char **arg, unsigned n)
{
	double f, skew;

	(void)s;
	(void)n;
	if (number(arg[0], &f) < 0 || number(arg[1], &skew) < 0)
		return -1;
	h->has_drift = true;
	h->drift_ppm = f * 1e6;
	h->drift_skew_ppm = skew * 1e6;
	return 0;
}

static int
add_wave(struct oscillator *o, char **arg, bool is_triangle)
{
	struct osc_wave *w = &o->waves[o->n_waves];

	if (o->n_waves == OSC_WAVES)
		return -1;
	w->is_triangle = is_triangle;
	if (number(arg[0], &w->amplitude) < 0 ||
	    number(arg[1], &w->period) < 0 || number(arg[2], &w->phase) < 0 ||
	    !(w->period > 0))
		return -1;
	o->n_waves++;
	return 0;
}

/* A word of `clock` and its value(s); returns how many it used, 0 = none. */
static unsigned
clock_word(struct sim *s, struct simhost *h, char **arg, unsigned n)
{
	struct oscillator *o = &h->osc;
	double v;

	if (n >= 4 && (is(arg[0], "sine") || is(arg[0], "triangle")))
		return add_wave(o, arg + 1, is(arg[0], "triangle")) == 0 ?
		    4 : 0;
	if (n < 2 || signed_number(s, arg[1], &v) < 0)
		return 0;
	if (is(arg[0], "behind") && !s->has_begun)
		h->behind = v;
	else if (is(arg[0], "late") && !s->has_begun && v >= 0)
		h->late = v;
	else if (is(arg[0], "freq"))
		o->offset = v;
	else if (is(arg[0], "jump"))
		o->offset += v;
	else if (is(arg[0], "wander") && v >= 0)
		o->wander = v;
	else if (is(arg[0], "white") && v >= 0)
		o->white = v;
	else if (is(arg[0], "flicker") && v >= 0)
		o->flicker = v;
	else
		return 0;
	return 2;
}

static int
host_clock(struct sim *s, struct simhost *h, char **arg, unsigned n)
{
	while (n > 0) {
		unsigned used = clock_word(s, h, arg, n);

		if (used == 0)
			return -1;
		arg += used;
		n -= used;
	}
	return 0;
}

static int
host_stamps(struct sim *s, struct simhost *h, char **arg, unsigned n)
{
	double v;

	(void)s;
	if (n % 2 == 0)
		return -1;
	h->stamps = is(arg[0], "daemon") ? STAMP_DAEMON :
	    is(arg[0], "kernel") ? STAMP_KERNEL :
	    is(arg[0], "nic") ? STAMP_NIC : 0;
	if (h->stamps == 0)
		return -1;
	for (unsigned i = 1; i < n; i += 2) {
		if (is(arg[i], "noise")) {
			if (delay_parse(&h->noise, arg[i + 1]) < 0)
				return -1;
		} else if (is(arg[i], "resolution")) {
			if (number(arg[i + 1], &v) < 0 || v < 1e-9)
				return -1;
			h->resolution = span_ns(v);
		} else {
			return -1;
		}
	}
	return 0;
}

static int
host_offline(struct sim *s, struct simhost *h, char **arg, unsigned n)
{
	double v;

	(void)s;
	(void)n;
	if (number(arg[0], &v) < 0)
		return -1;
	h->is_offline = v != 0;
	return 0;
}

static int
host_step(struct sim *s, struct simhost *h, char **arg, unsigned n)
{
	double v;

	(void)n;
	if (!s->has_begun || signed_number(s, arg[0], &v) < 0)
		return -1;
	simhost_step(h, v);
	return 0;
}

/* While it stands still it cannot do so once more. */
static int
host_pause(struct sim *s, struct simhost *h, char **arg, unsigned n)
{
	double v;

	(void)n;
	if (!s->has_begun || number(arg[0], &v) < 0 || !(v >= 0))
		return -1;
	if (!h->is_paused && !h->is_asleep)
		simhost_pause(h, v);
	return 0;
}

static int
host_suspend(struct sim *s, struct simhost *h, char **arg, unsigned n)
{
	double v, e = 0;

	if (!s->has_begun || number(arg[0], &v) < 0 || !(v >= 0) ||
	    (n > 1 && signed_number(s, arg[1], &e) < 0))
		return -1;
	if (!h->is_paused && !h->is_asleep)
		simhost_suspend(h, v, e);
	return 0;
}

static int
host_start(struct sim *s, struct simhost *h, char **arg, unsigned n)
{
	(void)arg;
	(void)n;
	return s->has_begun && simhost_start(h) ? 0 : -1;
}

static int
host_term(struct sim *s, struct simhost *h, char **arg, unsigned n)
{
	(void)arg;
	(void)n;
	simhost_term(h);
	return s->has_begun ? 0 : -1;
}

static int
host_kill(struct sim *s, struct simhost *h, char **arg, unsigned n)
{
	(void)arg;
	(void)n;
	simhost_kill(h);
	return s->has_begun ? 0 : -1;
}

/* expect NODE synced|unsynced|within T FROM TO */
static int
host_expect(struct sim *s, struct simhost *h, char **arg, unsigned n)
{
	struct judge *j = &h->judge;
	struct judge_window *w = &j->windows[j->n_windows];
	bool has_most = is(arg[0], "within");

	(void)s;
	if (++j->n_windows == JUDGE_WINDOWS || n != (has_most ? 4U : 3U))
		return -1;
	w->kind = has_most ? WINDOW_WITHIN :
	    is(arg[0], "synced") ? WINDOW_SYNCED : WINDOW_UNSYNCED;
	if (w->kind == WINDOW_UNSYNCED && !is(arg[0], "unsynced"))
		return -1;
	if (has_most && number(*++arg, &w->most) < 0)
		return -1;
	return number(arg[1], &w->from) < 0 || number(arg[2], &w->to) < 0 ?
	    -1 : 0;
}

#define FOR_HOSTS(verb)                                                        \
	static int do_##verb(struct sim *s, char **arg, unsigned n)            \
	{                                                                      \
		return for_hosts(s, arg, n, host_##verb);                      \
	}

FOR_HOSTS(options)
FOR_HOSTS(drift)
FOR_HOSTS(clock)
FOR_HOSTS(stamps)
FOR_HOSTS(offline)
FOR_HOSTS(step)
FOR_HOSTS(pause)
FOR_HOSTS(suspend)
FOR_HOSTS(start)
FOR_HOSTS(term)
FOR_HOSTS(kill)
FOR_HOSTS(expect)
#undef FOR_HOSTS

static int
do_limit(struct sim *s, char **arg, unsigned n)
{
	double v;
	int r = -1;

	(void)n;
	if (number(arg[2], &v) < 0)
		return -1;
	EACH_HOST(h, s, arg[0]) {
		struct limit *l = &s->limits[s->n_limits];

		*l = (struct limit){ h, limit_find(arg[1]), v };
		if (!l->kind || ++s->n_limits == SIM_LIMITS)
			return -1;
		r = 0;
	}
	return r;
}

const struct sim_directive node_directives[] = {
	{ "node", 2, 6, do_node, NULL, 0 },
	{ "config", 2, SIM_WORDS, NULL, do_config, 2 },
	{ "file", 3, SIM_WORDS, NULL, do_file, 3 },
	{ "options", 1, SIM_WORDS, do_options, NULL, 0 },
	{ "drift", 3, 3, do_drift, NULL, 0 },
	{ "clock", 3, SIM_WORDS, do_clock, NULL, 0 },
	{ "stamps", 2, 6, do_stamps, NULL, 0 },
	{ "offline", 2, 2, do_offline, NULL, 0 },
	{ "step", 2, 2, do_step, NULL, 0 },
	{ "pause", 2, 2, do_pause, NULL, 0 },
	{ "suspend", 2, 3, do_suspend, NULL, 0 },
	{ "start", 1, 1, do_start, NULL, 0 },
	{ "term", 1, 1, do_term, NULL, 0 },
	{ "kill", 1, 1, do_kill, NULL, 0 },
	{ "limit", 3, 3, do_limit, NULL, 0 },
	{ "expect", 4, 5, do_expect, NULL, 0 },
	{ NULL, 0, 0, NULL, NULL, 0 },
};
