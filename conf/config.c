/* SPDX-License-Identifier: ISC */
#include "conf/config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/paths.h"
#include "conf/directives.h"
#include "conf/guard_opts.h"
#include "conf/include.h"
#include "conf/list.h"
#include "conf/parse.h"

void
config_init(struct config *c)
{
	*c = (struct config){
		.drift_interval = 3600,
		.maxslewrate_ppm = 83333.333,
		.maxdrift_ppm = 100000,
		.maxdistance = 3,
		.maxclockerror_ppm = 1,
		.combinelimit = 3,
		.minsources = 1,
		.maxjitter = 1,
		.reselectdist = 1e-4,
		.stratumweight = 1e-3,
		.maxstratum = 15,
		.maxupdateskew_ppm = 1000,
		.corrtimeratio = 3,
		.logchange = 1,
		.acquisitionport = -1,
		.refresh = 1209600,
		.opencommands = OPEN_DEFAULT,
		.pidfile = PATH_PID,
		.cmdport = 323,
		.bindcmd4 = { .family = ADDR_INET4, .bytes = { 127, 0, 0, 1 } },
		.bindcmd6 = { .family = ADDR_INET6, .bytes = { [15] = 1 } },
		.bindcmdpath = PATH_CHRONY,
		.port = 123,
		.ratelimit = { .interval = 3, .burst = 8, .leak = 2 },
		.cmdratelimit = { .interval = -4, .burst = 8, .leak = 2 },
		.local = { .stratum = 10, .distance = 1,
			.waitunsynced = -1 },
		.clientloglimit = 524288,
	};
	guard_defaults(&c->guard);
}

static void
free_rules(struct config_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		free(rules->all[i].name);
	free(rules->all);
}

void
config_fini(struct config *c)
{
	free_rules(&c->allow);
	free_rules(&c->cmdallow);
	free(c->sources);
	list_free(c->initstepslew_hosts, c->n_initstepslew_hosts);
	list_free(c->lines, c->n_lines);
	list_free(c->warnings, c->n_warnings);
	memset(c, 0, sizeof *c);
}

/* The words one space apart, as the merged configuration shows a line. */
static char *
join(const struct lex_line *l)
{
	size_t size = 0;

	assert(l->n > 0);
	for (unsigned i = 0; i < l->n; i++)
		size += strlen(l->word[i]) + 1;

	char *text = malloc(size), *end = text;

	if (text == NULL)
		return NULL;
	for (unsigned i = 0; i < l->n; i++) {
		end = stpcpy(end, l->word[i]);
		*end++ = i + 1 < l->n ? ' ' : '\0';
	}
	return text;
}

static int
take(struct parse *p)
{
	const struct directive *d = directive_find(p->line->word[0]);
	int r;

	if (p->config->n_lines == CONFIG_LINES_MAX) {
		parse_hint(p, "is this a configuration file?");
		return parse_fail(p, 0, "more than %d directives",
		    CONFIG_LINES_MAX);
	}
	r = directive_parse(p);
	if (r != 0 || d->state == DIRECTIVE_INCLUDES)
		return r;
	return list_append(&p->config->lines, &p->config->n_lines,
	    join(p->line));
}

int
parse_line(struct parse *p, const char *bytes, size_t size)
{
	struct lex_line line;
	int r;

	*p->error = (struct config_error){ 0 };
	if (lex_split(&line, bytes, size, p->error) != 0) {
		snprintf(p->error->file, sizeof p->error->file, "%s", p->file);
		p->error->line = p->line_number;
		return CONFIG_E_BAD;
	}
	if (line.n == 0)
		return 0;
	p->line = &line;
	r = take(p);
	p->line = NULL;
	return r;
}

int
config_load(struct config *c, const char *path, struct config_error *e)
{
	struct parse p = { .config = c, .error = e, .file = path };

	*e = (struct config_error){ 0 };
	return include_file(&p, 0, path);
}

int
config_line(struct config *c, const char *file, unsigned line, const char *text,
    struct config_error *e)
{
	struct parse p = { .config = c, .error = e, .file = file,
		.line_number = line };

	return parse_line(&p, text, strlen(text));
}

int
config_review(struct config *c)
{
	struct config_error e;
	struct parse p = { .config = c, .error = &e, .file = "configuration" };
	bool are_more = c->n_sourcedirs > 0 || c->n_listeners > 0;
	bool has_peer = false;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < c->n_sources; i++) {
		n += c->sources[i].is_pool ? (size_t)c->sources[i].maxsources : 1;
		has_peer |= c->sources[i].is_peer;
	}
	if (n == 0 && !are_more && !c->local.is_on)
		r = parse_warn(&p, 0, "there is no server line: nothing tells "
		    "the time");
	if (n == 2 && !are_more && !c->local.is_orphan)
		r = parse_warn(&p, 0, "two sources: when they disagree, nothing "
		    "tells which is right; use one, or three and more");
	if (r == 0 && n > 0 && !are_more && (size_t)c->minsources > n)
		r = parse_warn(&p, 0, "minsources is %d, but %zu can be had: "
		    "the clock is never corrected", c->minsources, n);
	if (r == 0 && has_peer && c->port == 0)
		r = parse_warn(&p, 0, "peers are not asked: with port 0 there is "
		    "no port to ask them from");
	if (r == 0 && c->port == 0 && c->n_broadcasts + c->n_listeners > 0)
		r = parse_warn(&p, 0, "port is 0: broadcasts are neither sent "
		    "nor taken");
	if (r == 0 && c->n_listeners > 0 &&
	    (c->bind4.family != ADDR_NONE || c->bind6.family != ADDR_NONE))
		r = parse_warn(&p, 0, "bindaddress: broadcasts do not come "
		    "there, broadcastclient waits in vain");
	if (r == 0 && c->noclientlog &&
	    (c->ratelimit.is_on || c->cmdratelimit.is_on))
		r = parse_warn(&p, 0, "%s limits nobody: with noclientlog "
		    "nobody is remembered", c->ratelimit.is_on ? "ratelimit"
		    : "cmdratelimit");
	return r;
}

/* File names come from outside; a terminal shall not obey them. */
static void
make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void
config_error_print(const struct config_error *e, char *buf, size_t size)
{
	const char *open = *e->hint != '\0' ? " (" : "";
	const char *close = *e->hint != '\0' ? ")" : "";
	char place[32] = "";

	if (e->line != 0 && e->column != 0)
		snprintf(place, sizeof place, ":%u:%u", e->line, e->column);
	else if (e->line != 0)
		snprintf(place, sizeof place, ":%u", e->line);
	snprintf(buf, size, "%s%s: %s%s%s%s", e->file, place, e->text, open,
	    e->hint, close);
	make_printable(buf);
}

void
config_print(const struct config *c, FILE *out)
{
	for (size_t i = 0; i < c->n_lines; i++)
		fprintf(out, "%s\n", c->lines[i]);
}
