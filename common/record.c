/* SPDX-License-Identifier: ISC */
#include "common/record.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 64

void
record_begin(struct record_out *r, char *text, size_t size)
{
	*r = (struct record_out){ .text = text, .size = size };
}

void
record_put(struct record_out *r, const char *format, ...)
{
	va_list args;

	if (r->has_failed)
		return;
	va_start(args, format);
	int n = vsnprintf(r->text + r->len, r->size - r->len, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= r->size - r->len)
		r->has_failed = true;
	else
		r->len += (size_t)n;
}

void
record_put_double(struct record_out *r, double value)
{
	record_put(r, "%a ", value);
}

void
record_open(struct record_in *r, const void *text, size_t len)
{
	*r = (struct record_in){ .at = text, .end = (const char *)text + len };
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\n';
}

/* The next word, copied; "" when there is none that fits. */
static const char *
next_word(struct record_in *r, char word[WORD_MAX])
{
	size_t n = 0;

	while (r->at < r->end && is_blank(*r->at))
		r->at++;
	while (r->at < r->end && !is_blank(*r->at) && n < WORD_MAX - 1)
		word[n++] = *r->at++;
	word[n] = '\0';
	if (n == 0 || strlen(word) != n ||
	    (r->at < r->end && !is_blank(*r->at)))
		r->has_failed = true;
	return word;
}

void
record_expect(struct record_in *r, const char *word)
{
	char next[WORD_MAX];

	if (!r->has_failed && strcmp(next_word(r, next), word) != 0)
		r->has_failed = true;
}

int64_t
record_int(struct record_in *r, int64_t min, int64_t max)
{
	char word[WORD_MAX], *end;

	if (r->has_failed)
		return 0;
	next_word(r, word);
	errno = 0;
	intmax_t n = strtoimax(word, &end, 10);
	if (errno != 0 || end == word || *end != '\0' || n < min || n > max)
		r->has_failed = true;
	return r->has_failed ? 0 : n;
}

double
record_double(struct record_in *r, double min, double max)
{
	char word[WORD_MAX], *end;

	if (r->has_failed)
		return 0;
	next_word(r, word);
	double n = strtod(word, &end);
	if (end == word || *end != '\0' || !isfinite(n) || n < min || n > max)
		r->has_failed = true;
	return r->has_failed ? 0 : n;
}

bool
record_is_over(struct record_in *r)
{
	while (r->at < r->end && is_blank(*r->at))
		r->at++;
	return !r->has_failed && r->at == r->end;
}
