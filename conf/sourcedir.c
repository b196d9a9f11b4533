/* SPDX-License-Identifier: ISC
 *
 * Files of a sourcedir are often written by programs from what a network said
 * (DHCP).  Such a line may add a server or a peer, which then is one vote among
 * others; it may not outvote or bend the others, nor make us ask as fast as we
 * can. */
#include "conf/sourcedir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf/directives.h"
#include "conf/source_opts.h"

static const char *const refused[] = {
	"trust", "require", "copy", "mindelay", "asymmetry", "offset", NULL,
};

static int
add_directory(struct parse *p, unsigned i, struct config *c)
{
	const char *path = p->line->word[i];

	for (size_t k = 0; k < c->n_sourcedirs; k++)
		if (strcmp(c->sourcedirs[k], path) == 0)
			return 0;
	if (path[0] != '/' || path[1] == '\0' || strstr(path, "/..") != NULL) {
		parse_hint(p, "begin it with a slash, and leave out ..");
		return parse_fail(p, i, "sourcedir: %s is not the path of a "
		    "directory", parse_shown(path).text);
	}
	if (c->n_sourcedirs == CONFIG_SOURCEDIRS_MAX) {
		parse_hint(p, "join some of them");
		return parse_fail(p, i, "more than %d directories of sources",
		    CONFIG_SOURCEDIRS_MAX);
	}
	if (strlen(path) >= sizeof c->sourcedirs[0])
		return parse_fail(p, i, "sourcedir: the path is too long");
	memcpy(c->sourcedirs[c->n_sourcedirs++], path, strlen(path) + 1);
	return 0;
}

int
sourcedir_parse(struct parse *p)
{
	size_t before = p->config->n_sourcedirs;
	int r = 0;

	if (p->line->n < 2) {
		parse_hint(p, "usage: sourcedir DIRECTORY...");
		return parse_fail(p, 0, "sourcedir: the argument is missing");
	}
	for (unsigned i = 1; i < p->line->n && r == 0; i++)
		r = add_directory(p, i, p->config);
	if (r != 0)
		p->config->n_sourcedirs = before;
	return r;
}

static int
parse_source(struct parse *p)
{
	const struct config_source *s;
	int r;

	if (strcasecmp(p->line->word[0], "server") != 0 &&
	    strcasecmp(p->line->word[0], "peer") != 0 &&
	    strcasecmp(p->line->word[0], "pool") != 0) {
		parse_hint(p, "other lines stand in the configuration");
		return parse_fail(p, 0, "%s is no server, peer or pool line",
		    parse_shown(p->line->word[0]).text);
	}
	for (unsigned i = 0; refused[i] != NULL; i++) {
		unsigned at = lex_find(p->line, refused[i]);

		if (at <= 1)
			continue;
		parse_hint(p, "write the line into the configuration itself");
		return parse_fail(p, at, "the option %s is not taken from a "
		    "sourcedir", refused[i]);
	}
	r = source_parse(p);
	if (r != 0)
		return r;
	s = &p->config->sources[0];
	if (s->minpoll < 0 || s->maxpoll < 0) {
		parse_hint(p, "write the line into the configuration itself");
		return parse_fail(p, 0, "polls of less than a second are not "
		    "taken from a sourcedir");
	}
	return 0;
}

int
config_source_line(struct config_source *s, const char *file, unsigned number,
    const char *bytes, size_t size, struct config_error *e)
{
	struct config alone;
	struct parse p = { .config = &alone, .error = e, .file = file,
		.line_number = number };
	struct lex_line line;
	int r;

	*e = (struct config_error){ 0 };
	if (lex_split(&line, bytes, size, e) != 0) {
		snprintf(e->file, sizeof e->file, "%s", file);
		e->line = number;
		return CONFIG_E_BAD;
	}
	if (line.n == 0)
		return CONFIG_E_EMPTY;
	config_init(&alone);
	p.line = &line;
	r = parse_source(&p);
	if (r == 0)
		*s = alone.sources[0];
	config_fini(&alone);
	return r;
}
