/* SPDX-License-Identifier: ISC */
#include "tests/sim/directives.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/verdict.h"

#define N(a) (sizeof(a) / sizeof *(a))

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

/* A number, whose sign is drawn when it begins with "+-". */
static int
signed_number(struct sim *s, const char *text, double *v)
{
	bool is_drawn = strncmp(text, "+-", 2) == 0;

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
do_scenario(struct sim *s, char **word, const char *rest)
{
	(void)word;
	snprintf(s->about, sizeof s->about, "%s", rest);
	return 0;
}

static int
do_time(struct sim *s, char **arg, double *t)
{
	(void)s;
	return number(arg[0], t) == 0 && *t >= 0 ? 0 : -1;
}

static int
do_duration(struct sim *s, char **arg, unsigned n)
{
	double t;

	(void)n;
	if (do_time(s, arg, &t) < 0)
		return -1;
	s->world.end = span_ns(t);
	return 0;
}

static int
do_settle(struct sim *s, char **arg, unsigned n)
{
	(void)n;
	return do_time(s, arg, &s->settle);
}

static int
do_near(struct sim *s, char **arg, unsigned n)
{
	(void)n;
	return do_time(s, arg, &s->near);
}

static int
do_epoch(struct sim *s, char **arg, unsigned n)
{
	double t;

	(void)n;
	if (do_time(s, arg, &t) < 0)
		return -1;
	s->world.epoch_ns = span_ns(t);
	return 0;
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

/* server NAME ADDR [option value ...] makes one; server PATTERN option value
 * ... changes those that there are. */
static int
do_server(struct sim *s, char **arg, unsigned n)
{
	struct addr addr;
	int found = 0;

	if (n >= 2 && addr_parse(&addr, arg[1]) == 0) {
		if (s->has_begun || world_station(&s->world, arg[0]))
			return -1;
		struct simserver *v = simserver_new(&s->world, arg[0], &addr);
		v->next = s->servers;
		s->servers = v;
		arg++;
		n--;
		found = n == 1;
		arg[0] = v->station.name;
	}
	for (struct simserver *v = s->servers; v; v = v->next) {
		if (n % 2 == 0 || fnmatch(arg[0], v->station.name, 0) != 0)
			continue;
		for (unsigned i = 1; i < n; i += 2, found++)
			if (simserver_option(v, arg[i], arg[i + 1]) < 0)
				return -1;
	}
	return found ? 0 : -1;
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
		return add_wave(o, arg + 1, is(arg[0], "triangle")) == 0 ? 4 : 0;
	if (n < 2 || signed_number(s, arg[1], &v) < 0)
		return 0;
	if (is(arg[0], "behind") && !s->has_begun)
		h->behind = v;
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

/* One word of `path`; up: a to b, down: b to a; NULL: not this direction. */
static int
path_word(struct path *up, struct path *down, const char *word,
    const char *value)
{
	struct path *both[] = { up, down };
	double v = 0;
	int r = 0;

	if (strncmp(word, "up-", 3) == 0 || is(word, "up"))
		both[1] = NULL;
	if (strncmp(word, "down-", 5) == 0 || is(word, "down"))
		both[0] = NULL;
	if (strchr(word, '-'))
		word = strchr(word, '-') + 1;
	bool is_delay = is(word, "up") || is(word, "down") || is(word, "delay");
	if (!is_delay && number(value, &v) < 0)
		return -1;
	for (int i = 0; i < 2 && r == 0; i++) {
		struct path *p = both[i];

		if (!p)
			continue;
		if (is_delay)
			r = delay_parse(&p->delay, value);
		else if (is(word, "loss"))
			p->loss = v;
		else if (is(word, "dup"))
			p->dup = v;
		else if (is(word, "cut"))
			p->is_cut = v != 0;
		else if (is(word, "ordered"))
			p->is_ordered = v != 0;
		else
			r = -1;
	}
	return r;
}

static int
path_between(struct station *a, struct station *b, char **arg, unsigned n)
{
	/* Making the second may move the first. */
	station_path(a, b);
	station_path(b, a);
	struct path *up = station_path(a, b), *down = station_path(b, a);

	if (n % 2 == 1) { /* a delay alone */
		if (path_word(up, down, "delay", arg[0]) < 0)
			return -1;
		arg++;
		n--;
	}
	for (unsigned i = 0; i < n; i += 2)
		if (path_word(up, down, arg[i], arg[i + 1]) < 0)
			return -1;
	return 0;
}

static int
do_path(struct sim *s, char **arg, unsigned n)
{
	int found = 0;

	for (struct station *a = s->world.stations; a; a = a->next)
		for (struct station *b = s->world.stations; b; b = b->next) {
			if (a == b || fnmatch(arg[0], a->name, 0) != 0 ||
			    fnmatch(arg[1], b->name, 0) != 0)
				continue;
			if (path_between(a, b, arg + 2, n - 2) < 0)
				return -1;
			found++;
		}
	return found ? 0 : -1;
}

static int
do_name(struct sim *s, char **arg, unsigned n)
{
	static const char *const states[] = { "ok", "none", "fail", "silent" };
	struct simname *name = world_name(&s->world, arg[0], true);

	for (int i = NAME_OK; i <= NAME_SILENT; i++)
		if (is(arg[1], states[i])) {
			name->state = (enum name_state)i;
			return n == 2 ? 0 : -1;
		}
	name->state = NAME_OK;
	name->n = 0;
	for (unsigned i = 1; i < n && name->n < WORLD_ADDRS; i++)
		if (addr_parse(&name->addrs[name->n++], arg[i]) != 0)
			return -1;
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
#undef FOR_HOSTS

static int
do_forget(struct sim *s, char **arg, unsigned n)
{
	int r = -1;

	(void)n;
	for (struct simserver *v = s->servers; v; v = v->next)
		if (fnmatch(arg[0], v->station.name, 0) == 0) {
			simserver_restart(v);
			r = 0;
		}
	return r;
}

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

static int
do_expect(struct sim *s, char **arg, unsigned n)
{
	return for_hosts(s, arg, n, host_expect);
}

static const struct sim_directive directives[] = {
	{ "scenario", 1, SIM_WORDS, NULL, do_scenario, 1 },
	{ "duration", 1, 1, do_duration, NULL, 0 },
	{ "settle", 1, 1, do_settle, NULL, 0 },
	{ "near", 1, 1, do_near, NULL, 0 },
	{ "epoch", 1, 1, do_epoch, NULL, 0 },
	{ "node", 2, 6, do_node, NULL, 0 },
	{ "server", 1, SIM_WORDS, do_server, NULL, 0 },
	{ "config", 2, SIM_WORDS, NULL, do_config, 2 },
	{ "options", 1, SIM_WORDS, do_options, NULL, 0 },
	{ "drift", 3, 3, do_drift, NULL, 0 },
	{ "clock", 3, SIM_WORDS, do_clock, NULL, 0 },
	{ "stamps", 2, 6, do_stamps, NULL, 0 },
	{ "path", 3, SIM_WORDS, do_path, NULL, 0 },
	{ "name", 2, WORLD_ADDRS + 1, do_name, NULL, 0 },
	{ "offline", 2, 2, do_offline, NULL, 0 },
	{ "step", 2, 2, do_step, NULL, 0 },
	{ "pause", 2, 2, do_pause, NULL, 0 },
	{ "suspend", 2, 3, do_suspend, NULL, 0 },
	{ "start", 1, 1, do_start, NULL, 0 },
	{ "term", 1, 1, do_term, NULL, 0 },
	{ "kill", 1, 1, do_kill, NULL, 0 },
	{ "forget", 1, 1, do_forget, NULL, 0 },
	{ "limit", 3, 3, do_limit, NULL, 0 },
	{ "expect", 4, 5, do_expect, NULL, 0 },
};

const struct sim_directive *
sim_directive(const char *name)
{
	for (size_t i = 0; i < N(directives); i++)
		if (is(directives[i].name, name))
			return &directives[i];
	return NULL;
}
