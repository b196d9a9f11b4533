/* SPDX-License-Identifier: ISC */
#include "tests/sim/scenario.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/directives.h"

struct plan {
	struct simevent event; /* first */
	struct plan *next;
	struct sim *sim;
	unsigned number, line;
	double period; /* s; 0: once */
	bool is_random;
	double due;
	struct prng prng;
	char text[];
};

void
sim_init(struct sim *s, uint64_t seed)
{
	memset(s, 0, sizeof *s);
	world_init(&s->world, seed);
	s->last_host = &s->hosts;
	s->world.end = 3600 * NSEC;
	s->near = 1e-3;
	s->file = "";
	prng_init(&s->prng, world_seed(&s->world, "scenario", "signs"));
}

void
sim_fini(struct sim *s)
{
	struct simserver *server;
	struct simhost *host;
	struct plan *plan;

	while ((plan = s->plans) != NULL) {
		s->plans = plan->next;
		world_off(&s->world, &plan->event);
		free(plan);
	}
	while ((host = s->hosts) != NULL) {
		s->hosts = host->next;
		simhost_free(host);
	}
	while ((server = s->servers) != NULL) {
		s->servers = server->next;
		simserver_free(server);
	}
	world_fini(&s->world);
}

int
sim_load(struct sim *s, const char *path)
{
	char text[1024];
	int r = 0;
	FILE *in = fopen(path, "r");

	if (!in) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	s->file = path;
	s->line = 0;
	while (r == 0 && fgets(text, sizeof text, in)) {
		s->line++;
		text[strcspn(text, "\n")] = '\0';
		r = sim_line(s, text);
	}
	fclose(in);
	return r;
}

static void
fire_plan(struct simevent *e)
{
	struct plan *p = (struct plan *)e;
	struct sim *s = p->sim;

	s->line = p->line;
	if (sim_line(s, p->text) != 0) {
		s->has_failed = true;
		s->world.end = s->world.now;
		return;
	}
	if (p->period <= 0)
		return;
	p->due += p->is_random ? -log(1 - prng_unit(&p->prng)) * p->period :
	    p->period;
	world_at(&s->world, e, span_ns(p->due));
}

/* The rest of the line behind its first n words. */
static const char *
behind(const char *text, unsigned n)
{
	while (n-- > 0) {
		text += strspn(text, " \t");
		text += strcspn(text, " \t");
	}
	return text + strspn(text, " \t");
}

static bool
is_time_word(const char *word)
{
	return strcmp(word, "at") == 0 || strcmp(word, "every") == 0 ||
	    strcmp(word, "random") == 0;
}

/* at T ..., every T [from T] ..., random T ... */
static int
plan(struct sim *s, const char *text, char **word, unsigned n)
{
	double t, from = 0;
	bool has_from = n > 4 && strcmp(word[2], "from") == 0;
	bool is_once = strcmp(word[0], "at") == 0;
	const char *verb = n > 2 ? word[has_from ? 4 : 2] : "";
	struct plan *p;

	if ((!is_time_word(verb) && !sim_directive(verb)) ||
	    quantity_parse(word[1], &t, NULL) < 0 || !(t >= 0) ||
	    (has_from && quantity_parse(word[3], &from, NULL) < 0))
		return -1;
	text = behind(text, has_from ? 4 : 2);
	p = world_alloc(sizeof *p + strlen(text) + 1);
	*p = (struct plan){ .event = { .fire = fire_plan }, .sim = s,
		.number = s->n_plans++, .line = s->line,
		.period = is_once ? 0 : t,
		.is_random = strcmp(word[0], "random") == 0,
		.due = is_once ? t : from };
	memcpy(p->text, text, strlen(text) + 1);
	char name[16];
	snprintf(name, sizeof name, "%u", p->number);
	prng_init(&p->prng, world_seed(&s->world, name, "plan"));
	if (p->is_random)
		p->due -= log(1 - prng_unit(&p->prng)) * t;
	p->next = s->plans;
	s->plans = p;
	if (s->has_begun)
		world_at(&s->world, &p->event, span_ns(p->due));
	return 0;
}

int
sim_line(struct sim *s, const char *text)
{
	char copy[1024], *word[SIM_WORDS], *save = NULL;
	const struct sim_directive *d;
	unsigned n = 0;
	int r;

	snprintf(copy, sizeof copy, "%s", text);
	for (char *w = strtok_r(copy, " \t", &save); w && *w != '#' &&
	    n < SIM_WORDS; w = strtok_r(NULL, " \t", &save))
		word[n++] = w;
	if (n == 0)
		return 0;
	d = sim_directive(word[0]);
	if (is_time_word(word[0]))
		r = plan(s, text, word, n);
	else if (!d || n - 1 < d->least || n - 1 > d->most)
		r = -1;
	else if (d->raw != NULL)
		r = d->raw(s, word, behind(text, d->raw_from));
	else
		r = d->run(s, word + 1, n - 1);
	if (r != 0)
		fprintf(stderr, "%s:%u: not understood: %s\n", s->file, s->line,
		    text);
	return r;
}

static void
begin(struct sim *s, FILE *trace)
{
	/* Last in, first out; events of one instant go by the file's order. */
	for (unsigned i = 0; i < s->n_plans; i++)
		for (struct plan *p = s->plans; p; p = p->next)
			if (p->number == i)
				world_at(&s->world, &p->event, span_ns(p->due));
	for (struct simhost *h = s->hosts; h; h = h->next) {
		h->judge.settle = s->settle;
		h->judge.near = s->near;
		h->judge.end = (double)s->world.end * 1e-9;
		h->judge.trace = trace;
		simhost_boot(h);
	}
	circles_begin(&s->circles);
	for (unsigned i = 0; i < s->n_groups; i++)
		group_begin(&s->groups[i]);
	s->has_begun = true;
}

int
sim_run(struct sim *s, FILE *trace)
{
	if (trace)
		fputs("# s node error claim freq_error synced raw; error > "
		      "0: the clock is behind; s, s/s\n", trace);
	begin(s, trace);
	world_run(&s->world);
	for (struct simhost *h = s->hosts; h; h = h->next)
		simhost_begin(h);
	return s->has_failed ? -1 : 0;
}
