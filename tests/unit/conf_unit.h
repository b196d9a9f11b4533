/* SPDX-License-Identifier: ISC
 *
 * What the tests of the configuration share: one line goes in, and what came
 * of it can be asked for. */
#ifndef TESTS_UNIT_CONF_UNIT_H
#define TESTS_UNIT_CONF_UNIT_H

#include <stdio.h>
#include <string.h>

#include "conf/config.h"
#include "unit.h"

struct conf_try {
	struct config config;
	struct config_error error;
};

static inline void
try_init(struct conf_try *t)
{
	config_init(&t->config);
	memset(&t->error, 0, sizeof t->error);
}

static inline void
try_fini(struct conf_try *t)
{
	config_fini(&t->config);
}

static inline int
try_line(struct conf_try *t, const char *text)
{
	return config_line(&t->config, "t.conf", 7, text, &t->error);
}

static inline void
try_good(struct conf_try *t, const char *text)
{
	int r = try_line(t, text);

	ck_assert_msg(r == 0, "%s: %s", text, t->error.text);
}

/* The line is refused, the message has this column and holds that text. */
static inline void
try_bad(struct conf_try *t, const char *text, unsigned column, const char *says)
{
	ck_assert_msg(try_line(t, text) == CONFIG_E_BAD, "accepted: %s", text);
	ck_assert_str_eq(t->error.file, "t.conf");
	ck_assert_uint_eq(t->error.line, 7);
	ck_assert_msg(t->error.column == column, "%s: column %u, not %u", text,
	    t->error.column, column);
	ck_assert_msg(strstr(t->error.text, says) != NULL, "%s: \"%s\"", text,
	    t->error.text);
	ck_assert_msg(*t->error.hint != '\0', "no hint: %s", text);
}

#endif
