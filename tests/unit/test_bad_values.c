/* SPDX-License-Identifier: ISC
 *
 * Generated from the parser's own table: every directive and option with every
 * kind of bad value is an error at the offending word, with a hint, and leaves
 * the configuration as it was; the edges of each range are taken. */
#include "conf_unit.h"

#include <math.h>

#include "conf/access_opts.h"
#include "conf/directives.h"

#define LINE_SIZE 2300
#define FRONT_SIZE 256 /* directive and arguments before the bad one */

static struct conf_try t;
static unsigned cases;

/* A good word for v. */
static void
good_word(const struct value *v, char *buf, size_t size)
{
	switch (v->kind) {
	case VALUE_DATE:
		snprintf(buf, size, "2030-01-01");
		break;
	case VALUE_PATH:
	case VALUE_PATH_OR_NONE:
	case VALUE_DIRECTORY:
		snprintf(buf, size, "/a/b");
		break;
	case VALUE_WORD:
		snprintf(buf, size, "%.*s", (int)strcspn(v->unit, " "), v->unit);
		break;
	case VALUE_NAME:
		snprintf(buf, size, "eth0");
		break;
	case VALUE_USER:
		snprintf(buf, size, "root");
		break;
	case VALUE_ADDR:
	case VALUE_OTHER:
		snprintf(buf, size, "127.0.0.1");
		break;
	default:
		snprintf(buf, size, "%.0f", ceil(v->min));
		break;
	}
}

/* "makestep 0" for the second argument of makestep: all before argument k. */
static void
begin(const struct directive *d, unsigned k, char *buf, size_t size)
{
	char word[64];
	size_t n = (size_t)snprintf(buf, size, "%s", d->name);

	for (unsigned i = 0; i < k; i++) {
		good_word(&d->values.rows[i], word, sizeof word);
		n += (size_t)snprintf(buf + n, size - n, " %s", word);
	}
}

/* And the arguments behind it. */
static void
end(const struct directive *d, unsigned k, char *buf, size_t size)
{
	char word[64];
	size_t n = strlen(buf);

	for (unsigned i = k; i < d->values.n; i++) {
		good_word(&d->values.rows[i], word, sizeof word);
		n += (size_t)snprintf(buf + n, size - n, " %s", word);
	}
	/* The one option that has to be there. */
	if (strcmp(d->name, "broadcastclient") == 0)
		snprintf(buf + n, size - n, " key 1");
}

/* The line is an error at this column, and has no effect. */
static void
refused(const char *line, unsigned column)
{
	struct config before = t.config;

	try_bad(&t, line, column, "");
	ck_assert_msg(memcmp(&before, &t.config, sizeof before) == 0,
	    "half applied: %s", line);
	cases++;
}

static void
refused_word(const struct directive *d, const char *front, unsigned k,
    const char *word)
{
	char line[LINE_SIZE];

	snprintf(line, sizeof line, "%s %s", front, word);
	end(d, k, line, sizeof line);
	refused(line, (unsigned)strlen(front) + 2);
}

static void
accepted_word(const struct directive *d, const char *front, unsigned k,
    const char *word)
{
	char line[LINE_SIZE];

	snprintf(line, sizeof line, "%s %s", front, word);
	end(d, k, line, sizeof line);
	try_good(&t, line);
	cases++;
}

static void
try_integer(const struct directive *d, const char *front, unsigned k,
    const struct value *v)
{
	static const char *const bad[] = { "x", "1x", "0x1", "1.5", "1e3",
		"nan", "inf", "-", "99999999999999999999999",
		"-99999999999999999999999", "#", "2147483648000" };
	char word[64];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refused_word(d, front, k, bad[i]);
	snprintf(word, sizeof word, "%.0f", v->min - 1);
	refused_word(d, front, k, word);
	ck_assert_ptr_nonnull(strstr(t.error.text, " .. "));
	snprintf(word, sizeof word, "%.0f", v->max + 1);
	refused_word(d, front, k, word);
	ck_assert_ptr_nonnull(strstr(t.error.text, " .. "));
	snprintf(word, sizeof word, "%.0f", v->min);
	accepted_word(d, front, k, word);
	snprintf(word, sizeof word, "%.0f", v->max);
	accepted_word(d, front, k, word);
}

static void
try_double(const struct directive *d, const char *front, unsigned k,
    const struct value *v)
{
	static const char *const bad[] = { "x", "1x", "0x1", "nan", "-nan",
		"inf", "-inf", "infinity", "1e999", "-1e999", "1e", ".", "1,5",
		"#" };
	char word[64];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refused_word(d, front, k, bad[i]);
	if (v->min == 0)
		refused_word(d, front, k, "-1e-300");
	snprintf(word, sizeof word, "%.17g", nextafter(v->min, -1e300));
	refused_word(d, front, k, word);
	snprintf(word, sizeof word, "%.17g", nextafter(v->max, 1e300));
	refused_word(d, front, k, word);
	ck_assert_ptr_nonnull(strstr(t.error.text, " .. "));
	snprintf(word, sizeof word, "%.17g", v->min);
	accepted_word(d, front, k, word);
	snprintf(word, sizeof word, "%.17g", v->max);
	accepted_word(d, front, k, word);
}

static void
try_date(const struct directive *d, const char *front, unsigned k)
{
	static const char *const bad[] = { "x", "2026", "2026-02-30",
		"2026-1-1", "1999-12-31", "2200-01-02", "1970-01-01",
		"99999-01-01", "-", "nan", "#" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refused_word(d, front, k, bad[i]);
	accepted_word(d, front, k, "2000-01-01");
	accepted_word(d, front, k, "2200-01-01");
}

static void
try_text(const struct directive *d, const char *front, unsigned k,
    const struct value *v)
{
	bool user = v->kind == VALUE_USER;
	char word[1200];

	refused_word(d, front, k, user ? "-x" : "relative");
	refused_word(d, front, k, user ? "a/b" : "./x");
	refused_word(d, front, k, "#");
	if (v->kind != VALUE_DIRECTORY)
		refused_word(d, front, k, user ? "a:b" : "/directory/");
	memset(word, 'x', sizeof word);
	word[0] = user ? 'x' : '/';
	word[user ? 64 : CONFIG_PATH_MAX] = '\0';
	refused_word(d, front, k, word);
	word[user ? 63 : v->max > 0 ? (size_t)v->max + 1 :
	    CONFIG_PATH_MAX - 1] = '\0';
	accepted_word(d, front, k, word);
}

static void
try_word(const struct directive *d, const char *front, unsigned k,
    const struct value *v)
{
	char words[128];

	refused_word(d, front, k, "xyzzy");
	refused_word(d, front, k, "#");
	snprintf(words, sizeof words, "%s", v->unit);
	for (char *w = strtok(words, " "); w != NULL; w = strtok(NULL, " "))
		accepted_word(d, front, k, w);
}

static void
try_name(const struct directive *d, const char *front, unsigned k,
    const struct value *v)
{
	char word[1200];

	memset(word, 'x', sizeof word);
	word[(size_t)v->max + 1] = '\0';
	refused_word(d, front, k, word);
	word[(size_t)v->max] = '\0';
	accepted_word(d, front, k, word);
	if (v->min > 0)
		refused_word(d, front, k, "a/b");
}

static void
try_value(const struct directive *d, const char *front, unsigned k,
    const struct value *v)
{
	switch (v->kind) {
	case VALUE_INT:
	case VALUE_U16:
	case VALUE_U32:
		try_integer(d, front, k, v);
		break;
	case VALUE_DOUBLE:
		try_double(d, front, k, v);
		break;
	case VALUE_DATE:
		try_date(d, front, k);
		break;
	case VALUE_PATH:
	case VALUE_PATH_OR_NONE:
	case VALUE_DIRECTORY:
	case VALUE_USER:
		try_text(d, front, k, v);
		break;
	case VALUE_WORD:
		try_word(d, front, k, v);
		break;
	case VALUE_NAME:
		try_name(d, front, k, v);
		break;
	case VALUE_ADDR:
		refused_word(d, front, k, "localhost");
		refused_word(d, front, k, "1.2.3");
		refused_word(d, front, k, "#");
		accepted_word(d, front, k, "192.0.2.1");
		accepted_word(d, front, k, "2001:db8::1");
		break;
	default:
		break;
	}
}

static bool
has_effect(const struct directive *d)
{
	return d->state == DIRECTIVE_BUILT || d->state == DIRECTIVE_INCLUDES;
}

/* What is wrong whatever the value: control characters, bytes that are no
 * text, a line that is too long. */
static void
try_bytes(const char *front)
{
	unsigned at = (unsigned)strlen(front) + 2;
	char line[LINE_SIZE];

	snprintf(line, sizeof line, "%s \x01", front);
	refused(line, at);
	snprintf(line, sizeof line, "%s \xff", front);
	refused(line, at);
	snprintf(line, sizeof line, "%s \rx", front);
	refused(line, at);
	memset(line, 'x', sizeof line);
	memcpy(line, front, strlen(front));
	line[strlen(front)] = ' ';
	line[2048] = '\0';
	refused(line, 2048);
}

START_TEST(every_argument_refuses_every_bad_value)
{
	char front[FRONT_SIZE];

	try_init(&t);
	for (unsigned i = 0; i < n_directives; i++) {
		const struct directive *d = &directives[i];

		begin(d, 0, front, sizeof front);
		try_bytes(front);
		if (!has_effect(d))
			continue;
		for (unsigned k = 0; k < d->values.n; k++) {
			if (d->values.rows[k].name == NULL)
				continue;
			begin(d, k, front, sizeof front);
			refused(front, 1); /* missing */
			try_value(d, front, k + 1, &d->values.rows[k]);
		}
	}
	printf("%u lines of arguments\n", cases);
	ck_assert_uint_gt(cases, 500);
	try_fini(&t);
}
END_TEST

static void
too_many(const struct directive *d, const char *extra)
{
	char front[FRONT_SIZE], line[LINE_SIZE];

	begin(d, d->values.n, front, sizeof front);
	if (d->values.n > 0 && d->values.rows[0].name == NULL)
		begin(d, 0, front, sizeof front);
	snprintf(line, sizeof line, "%s %s", front, extra);
	refused(line, (unsigned)strlen(front) + 2);
	if (*extra == '#')
		ck_assert_str_eq(t.error.hint,
		    "comments stand on lines of their own");
}

START_TEST(every_directive_refuses_a_word_too_many)
{
	try_init(&t);
	cases = 0;
	for (unsigned i = 0; i < n_directives; i++)
		if (has_effect(&directives[i]) &&
		    strcmp(directives[i].name, "confdir") != 0 &&
		    strcmp(directives[i].name, "sourcedir") != 0) {
			too_many(&directives[i], "#");
			if (strcmp(directives[i].name, "initstepslew") != 0 &&
			    directives[i].parse != access_rule)
				too_many(&directives[i], "surplus");
		}
	ck_assert_uint_gt(cases, 30);
	try_fini(&t);
}
END_TEST

START_TEST(every_option_refuses_every_bad_value)
{
	char front[FRONT_SIZE], line[LINE_SIZE];

	try_init(&t);
	cases = 0;
	for (unsigned i = 0; i < n_directives; i++) {
		const struct directive *d = &directives[i];

		for (unsigned k = 0; d->options != NULL && k < d->options->n;
		     k++) {
			const struct value *v = &d->options->rows[k];
			bool named = d->values.rows[0].name != NULL;

			begin(d, named ? d->values.n : 0, front, sizeof front);
			unsigned at = (unsigned)strlen(front) + 2;
			snprintf(line, sizeof line, "%s %s", front, v->name);
			if (v->kind == VALUE_FLAG || v->kind == VALUE_BIT)
				continue;
			refused(line, at); /* missing, or not built */
			if (v->kind == VALUE_LATER)
				continue;
			try_value(d, line, d->values.n, v);
			try_fini(&t); /* notbefore and notafter apart */
			try_init(&t);
		}
	}
	printf("%u lines of options\n", cases);
	ck_assert_uint_gt(cases, 200);
	try_fini(&t);
}
END_TEST

START_TEST(what_is_not_built_says_so)
{
	char text[128];

	try_init(&t);
	for (unsigned i = 0; i < n_directives; i++) {
		if (directives[i].state != DIRECTIVE_LATER)
			continue;
		snprintf(text, sizeof text, "the directive %s is not built yet",
		    directives[i].name);
		try_bad(&t, directives[i].name, 1, text);
		refused(directives[i].name, 1);
	}
	try_fini(&t);
}
END_TEST

START_TEST(all_directives_have_a_meaning)
{
	for (unsigned i = 0; i < n_directives; i++) {
		ck_assert_uint_gt(strlen(directives[i].doc), 5);
		for (unsigned k = 0; k < i; k++)
			ck_assert_str_ne(directives[i].name,
			    directives[k].name);
	}
}
END_TEST

UNIT_MAIN("bad_values", every_argument_refuses_every_bad_value,
    every_directive_refuses_a_word_too_many,
    every_option_refuses_every_bad_value, what_is_not_built_says_so,
    all_directives_have_a_meaning)
