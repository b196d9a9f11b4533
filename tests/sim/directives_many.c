/* SPDX-License-Identifier: ISC
 *
 * The words about many at once: numbered directives, networks that are drawn,
 * and who follows whom in them. */
#include "tests/sim/directives.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/circles.h"

#define MANY 10000

static int
number(const char *text, double *v)
{
	return quantity_parse(text, v, NULL);
}

/* repeat COUNT DIRECTIVE: & in it is 1, 2, ... COUNT. */
static int
do_repeat(struct sim *s, char **word, const char *rest)
{
	char line[1024], figure[16];
	double count;
	int r = 0;

	if (number(word[1], &count) < 0 || !(count >= 1 && count <= MANY))
		return -1;
	for (int i = 1; i <= (int)count && r == 0; i++) {
		size_t at = 0;

		snprintf(figure, sizeof figure, "%d", i);
		for (const char *c = rest; *c != '\0'; c++) {
			const char plain[] = { *c, '\0' };
			const char *put = *c == '&' ? figure : plain;

			if (at + strlen(put) >= sizeof line)
				return -1;
			memcpy(line + at, put, strlen(put) + 1);
			at += strlen(put);
		}
		r = sim_line(s, line);
	}
	return r;
}

static bool
asks(const struct simhost *h, const char *addr)
{
	size_t len = strlen(addr);

	for (unsigned i = 0; i < h->n_lines; i++)
		if (strncmp(h->lines[i], "server ", 7) == 0 &&
		    strncmp(h->lines[i] + 7, addr, len) == 0 &&
		    (h->lines[i][7 + len] == ' ' ||
			h->lines[i][7 + len] == '\0'))
			return true;
	return false;
}

/* One of those that fit and h does not ask yet; NULL: there is none. */
static const struct station *
draw(struct sim *s, const struct simhost *h, const char *pattern)
{
	const struct station *drawn = NULL;
	char addr[ADDR_STRLEN];
	unsigned n = 0;

	for (struct station *o = s->world.stations; o; o = o->next)
		if (o != &h->station && fnmatch(pattern, o->name, 0) == 0 &&
		    !asks(h, addr_print(&o->addr, addr, sizeof addr)) &&
		    prng_below(&s->prng, ++n) == 0)
			drawn = o;
	return drawn;
}

/* ask NODE COUNT PATTERN [OPTION ...] */
static int
do_ask(struct sim *s, char **word, const char *rest)
{
	char line[1024], addr[ADDR_STRLEN];
	double count;
	int r = -1;

	if (number(word[2], &count) < 0)
		return -1;
	for (struct simhost *h = s->hosts; h; h = h->next) {
		if (fnmatch(word[1], h->station.name, 0) != 0)
			continue;
		for (int i = 0; i < (int)count; i++) {
			const struct station *o = draw(s, h, word[3]);

			if (!o || h->n_lines == HOST_LINES)
				return -1;
			snprintf(line, sizeof line, "server %s %s",
			    addr_print(&o->addr, addr, sizeof addr), rest);
			h->lines[h->n_lines++] = strdup(line);
		}
		r = 0;
	}
	return r;
}

/* circles EVERY MOST */
static int
do_circles(struct sim *s, char **arg, unsigned n)
{
	double period, most;

	(void)n;
	if (s->has_begun || number(arg[0], &period) < 0 || !(period > 0) ||
	    number(arg[1], &most) < 0)
		return -1;
	circles_watch(&s->circles, s, period, most);
	return 0;
}

/* group NODES leaders N within T FROM TO */
static int
do_group(struct sim *s, char **arg, unsigned n)
{
	struct group g = { .sim = s };
	double leaders;

	(void)n;
	if (s->has_begun || s->n_groups == SIM_GROUPS ||
	    strcmp(arg[1], "leaders") != 0 || number(arg[2], &leaders) < 0 ||
	    strcmp(arg[3], "within") != 0 || number(arg[4], &g.most) < 0 ||
	    number(arg[5], &g.from) < 0 || number(arg[6], &g.to) < 0)
		return -1;
	g.leaders = (unsigned)leaders;
	snprintf(g.nodes, sizeof g.nodes, "%s", arg[0]);
	s->groups[s->n_groups++] = g;
	return 0;
}

const struct sim_directive many_directives[] = {
	{ "repeat", 2, SIM_WORDS, NULL, do_repeat, 2 },
	{ "ask", 3, SIM_WORDS, NULL, do_ask, 4 },
	{ "circles", 2, 2, do_circles, NULL, 0 },
	{ "group", 7, 7, do_group, NULL, 0 },
	{ NULL, 0, 0, NULL, NULL, 0 },
};
