/* SPDX-License-Identifier: ISC */
#include "conf/value.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "conf/number.h"
#include "conf/suggest.h"

static void
print_date(char *buf, size_t size, double s)
{
	time_t t = (time_t)s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(buf, size, "%F", &tm) == 0)
		snprintf(buf, size, "?");
}

/* "0 .. 1000 s" */
static void
print_range(const struct value *v, char *buf, size_t size)
{
	const char *space = *v->unit != '\0' ? " " : "";
	char from[16], to[16];

	switch (v->kind) {
	case VALUE_DOUBLE:
		snprintf(buf, size, "%.15g .. %.15g%s%s", v->min, v->max, space,
		    v->unit);
		break;
	case VALUE_DATE:
		print_date(from, sizeof from, v->min);
		print_date(to, sizeof to, v->max);
		snprintf(buf, size, "%s .. %s", from, to);
		break;
	default:
		snprintf(buf, size, "%.0f .. %.0f%s%s", v->min, v->max, space,
		    v->unit);
		break;
	}
}

void
value_describe(const struct value *v, char *buf, size_t size)
{
	char range[80];

	print_range(v, range, sizeof range);
	switch (v->kind) {
	case VALUE_INT:
	case VALUE_U16:
	case VALUE_U32:
		snprintf(buf, size, "an integer %s", range);
		return;
	case VALUE_DOUBLE:
		snprintf(buf, size, "a number %s", range);
		return;
	case VALUE_DATE:
		snprintf(buf, size, "a date YYYY-MM-DD, %s", range);
		return;
	case VALUE_PATH:
		snprintf(buf, size, "an absolute path");
		return;
	case VALUE_PATH_OR_NONE:
		snprintf(buf, size, "an absolute path, or / for none");
		return;
	case VALUE_USER:
		snprintf(buf, size, "the name of a user");
		return;
	case VALUE_NAME:
		snprintf(buf, size, "a word of at most %.0f bytes", v->max);
		return;
	case VALUE_DIRECTORY:
		snprintf(buf, size, "the absolute path of a directory");
		return;
	case VALUE_ADDR:
		snprintf(buf, size, "an IP address");
		return;
	case VALUE_WORD:
		snprintf(buf, size, "one of: %s", v->unit);
		return;
	case VALUE_BIT:
	case VALUE_FLAG:
	case VALUE_OTHER:
	case VALUE_LATER:
		break;
	}
	snprintf(buf, size, "%s", v->name);
}

/* Fails because of word i: 'makestep LIMIT: "x" is not an integer'.  Word 0 is
 * a directive that is known, hence short. */
static int
refuse(struct parse *p, unsigned i, const struct value *v, const char *why)
{
	char takes[128];

	value_describe(v, takes, sizeof takes);
	parse_hint(p, "%s takes %s: %s", v->name, takes, v->doc);
	return parse_fail(p, i, "%s %s: \"%s\" %s", p->line->word[0], v->name,
	    parse_shown(p->line->word[i]).text, why);
}

static int
refuse_range(struct parse *p, unsigned i, const struct value *v)
{
	char range[80], why[128];

	print_range(v, range, sizeof range);
	snprintf(why, sizeof why, "is out of range %s", range);
	return refuse(p, i, v, why);
}

static int
set_integer(struct parse *p, unsigned i, const struct value *v, char *to)
{
	int64_t n;
	int r = v->kind == VALUE_DATE ? number_date(p->line->word[i], &n) :
					number_int(p->line->word[i], &n);

	if (r == -EINVAL)
		return refuse(p, i, v, v->kind == VALUE_DATE ?
		    "is not a date YYYY-MM-DD" : "is not an integer");
	if (r != 0 || (double)n < v->min || (double)n > v->max)
		return refuse_range(p, i, v);
	if (v->kind == VALUE_INT)
		*(int *)(void *)to = (int)n;
	else if (v->kind == VALUE_U16)
		*(uint16_t *)(void *)to = (uint16_t)n;
	else if (v->kind == VALUE_U32)
		*(uint32_t *)(void *)to = (uint32_t)n;
	else
		*(int64_t *)(void *)to = n;
	return 0;
}

static int
set_double(struct parse *p, unsigned i, const struct value *v, char *to)
{
	double x;
	int r = number_double(p->line->word[i], &x);

	if (r == -EINVAL)
		return refuse(p, i, v, "is not a number");
	if (r != 0 || x < v->min || x > v->max)
		return refuse_range(p, i, v);
	*(double *)(void *)to = x;
	return 0;
}

static int
set_path(struct parse *p, unsigned i, const struct value *v, char *to)
{
	const char *word = p->line->word[i];

	if (word[0] != '/')
		return refuse(p, i, v, "is not an absolute path");
	if (strlen(word) >= CONFIG_PATH_MAX)
		return refuse(p, i, v, "is longer than 1023 bytes");
	if (v->kind == VALUE_PATH_OR_NONE && word[1] == '\0')
		word = "";
	else if (v->kind != VALUE_DIRECTORY && strrchr(word, '/')[1] == '\0')
		return refuse(p, i, v, "names a directory, not a file");
	else if (v->max > 0 && (double)strlen(strrchr(word, '/') + 1) > v->max)
		return refuse(p, i, v, "has a file name that is too long");
	memset(to, 0, CONFIG_PATH_MAX);
	memcpy(to, word, strlen(word));
	return 0;
}

static int
set_user(struct parse *p, unsigned i, const struct value *v, char *to)
{
	const char *word = p->line->word[i];
	size_t n = strlen(word);

	if ((double)n > v->max)
		return refuse(p, i, v, "is too long for a user");
	for (size_t k = 0; k < n; k++)
		if (!isalnum((unsigned char)word[k]) && word[k] != '_' &&
		    (k == 0 || strchr(".-$", word[k]) == NULL))
			return refuse(p, i, v, "is not the name of a user");
	memcpy(to, word, n + 1);
	return 0;
}

static int
set_name(struct parse *p, unsigned i, const struct value *v, char *to)
{
	const char *word = p->line->word[i];
	size_t n = strlen(word);

	if ((double)n > v->max)
		return refuse(p, i, v, "is too long");
	if (strchr(word, '/') != NULL && v->min > 0)
		return refuse(p, i, v, "has a slash in it");
	memcpy(to, word, n + 1);
	return 0;
}

/* Fields come in pairs, IPv4 first. */
static int
set_addr(struct parse *p, unsigned i, const struct value *v, char *to)
{
	struct addr *pair = (struct addr *)(void *)to, a;

	if (addr_parse(&a, p->line->word[i]) != 0 ||
	    (a.family != ADDR_INET4 && a.family != ADDR_INET6))
		return refuse(p, i, v, "is not an IP address");
	pair[a.family == ADDR_INET6] = a;
	return 0;
}

static int
set_word(struct parse *p, unsigned i, const struct value *v, char *to)
{
	const char *word = p->line->word[i], *at = v->unit;
	size_t n = strlen(word);

	for (int k = 0; *at != '\0'; k++) {
		size_t len = strcspn(at, " ");

		if (len == n && strncasecmp(at, word, n) == 0) {
			*(int *)(void *)to = k;
			return 0;
		}
		at += len + (at[len] == ' ');
	}
	return refuse(p, i, v, "is none of these");
}

int
value_set(struct parse *p, unsigned i, const struct value *v, void *base)
{
	char *to = (char *)base + v->field;

	switch (v->kind) {
	case VALUE_FLAG:
		*(bool *)(void *)to = true;
		return 0;
	case VALUE_INT:
	case VALUE_U16:
	case VALUE_U32:
	case VALUE_DATE:
		return set_integer(p, i, v, to);
	case VALUE_DOUBLE:
		return set_double(p, i, v, to);
	case VALUE_PATH:
	case VALUE_PATH_OR_NONE:
	case VALUE_DIRECTORY:
		return set_path(p, i, v, to);
	case VALUE_USER:
		return set_user(p, i, v, to);
	case VALUE_NAME:
		return set_name(p, i, v, to);
	case VALUE_ADDR:
		return set_addr(p, i, v, to);
	case VALUE_WORD:
		return set_word(p, i, v, to);
	case VALUE_BIT:
		*(unsigned *)(void *)to |= (unsigned)v->max;
		return 0;
	case VALUE_OTHER:
	case VALUE_LATER:
		break;
	}
	return 0;
}

static int
unknown_option(struct parse *p, unsigned i, const struct value_list *list,
    const char *directive)
{
	const char *word = p->line->word[i];
	struct suggest s;

	suggest_init(&s, word);
	for (unsigned k = 0; k < list->n; k++)
		suggest_offer(&s, list->rows[k].name);
	if (lex_is_comment(word))
		parse_hint(p, "comments stand on lines of their own");
	else if (s.best != NULL)
		parse_hint(p, "did you mean %s?", s.best);
	else
		parse_hint(p, "tock.conf(5) lists the options of %s",
		    directive);
	return parse_fail(p, i, "Invalid option \"%s\" in %s directive",
	    parse_shown(word).text, directive);
}

static int
set_option(struct parse *p, unsigned *i, const struct value *v, void *base,
    const char *directive)
{
	char takes[128];

	if (v->kind == VALUE_LATER) {
		parse_hint(p, "leave the option out for now; it means: %s",
		    v->doc);
		return parse_fail(p, *i, "the option %s of %s is not built yet",
		    v->name, directive);
	}
	if (v->kind == VALUE_FLAG || v->kind == VALUE_BIT)
		return value_set(p, *i, v, base);
	if (*i + 1 == p->line->n) {
		value_describe(v, takes, sizeof takes);
		parse_hint(p, "%s takes %s: %s", v->name, takes, v->doc);
		return parse_fail(p, *i, "%s %s: the value is missing",
		    p->line->word[0], v->name);
	}
	return value_set(p, ++*i, v, base);
}

int
value_set_options(struct parse *p, unsigned i, const struct value_list *list,
    void *base, const char *directive)
{
	for (; i < p->line->n; i++) {
		const struct value *v = NULL;

		for (unsigned k = 0; k < list->n && v == NULL; k++)
			if (!strcasecmp(list->rows[k].name, p->line->word[i]))
				v = &list->rows[k];
		if (v == NULL)
			return unknown_option(p, i, list, directive);

		int r = set_option(p, &i, v, base, directive);
		if (r != 0)
			return r;
	}
	return 0;
}
