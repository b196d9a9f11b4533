/* SPDX-License-Identifier: ISC */
#include "conf/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf/list.h"

#define SHOWN_MAX 60

struct shown
parse_shown(const char *word)
{
	struct shown s;
	size_t n = strlen(word);

	if (n <= SHOWN_MAX) {
		memcpy(s.text, word, n + 1);
		return s;
	}
	n = SHOWN_MAX;
	while (n > 0 && ((unsigned char)word[n] & 0xc0) == 0x80)
		n--; /* word[n] is in the middle of a character */
	memcpy(s.text, word, n);
	memcpy(s.text + n, "...", 4);
	return s;
}

static unsigned
column(const struct parse *p, unsigned i)
{
	return p->line != NULL && i < p->line->n ? lex_column(p->line, i) : 0;
}

int
parse_fail(struct parse *p, unsigned i, const char *fmt, ...)
{
	struct config_error *e = p->error;
	va_list ap;

	snprintf(e->file, sizeof e->file, "%s", p->file);
	e->line = p->line_number;
	e->column = column(p, i);
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	return CONFIG_E_BAD;
}

void
parse_hint(struct parse *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->error->hint, sizeof p->error->hint, fmt, ap);
	va_end(ap);
}

int
parse_warn(struct parse *p, unsigned i, const char *fmt, ...)
{
	struct config *c = p->config;
	struct config_error w = { .line = p->line_number,
		.column = column(p, i) };
	char buf[sizeof w];
	va_list ap;

	if (c->n_warnings == CONFIG_WARNINGS_MAX)
		return 0;
	snprintf(w.file, sizeof w.file, "%s", p->file);
	va_start(ap, fmt);
	vsnprintf(w.text, sizeof w.text, fmt, ap);
	va_end(ap);
	config_error_print(&w, buf, sizeof buf);
	return list_append(&c->warnings, &c->n_warnings, strdup(buf));
}

int
parse_surplus(struct parse *p, unsigned i, const char *directive)
{
	const char *word = p->line->word[i];

	if (lex_is_comment(word))
		parse_hint(p, "comments stand on lines of their own");
	else
		parse_hint(p, "remove it");
	return parse_fail(p, i, "too many arguments for %s, from \"%s\" on",
	    directive, parse_shown(word).text);
}
