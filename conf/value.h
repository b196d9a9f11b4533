/* SPDX-License-Identifier: ISC
 *
 * Values: each thing that a word of the configuration can set is a row in a
 * table that says its name, kind, place, range and meaning.  Parsing, messages,
 * hints and the tests all come from the row.  Inside conf/ only. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include <stddef.h>

#include "conf/parse.h"

enum value_kind {
	VALUE_FLAG,   /* bool; an option without an argument */
	VALUE_INT,    /* int */
	VALUE_U16,    /* uint16_t */
	VALUE_U32,    /* uint32_t */
	VALUE_DOUBLE, /* double, finite */
	VALUE_DATE,   /* int64_t, YYYY-MM-DD as s since 1970 */
	VALUE_PATH,   /* char[CONFIG_PATH_MAX], absolute; a file name of at most
	                 max bytes if max > 0 */
	VALUE_PATH_OR_NONE, /* the same, or "/" for "" */
	VALUE_USER,   /* char[max + 1] */
	VALUE_NAME,   /* char[max + 1], any word that fits */
	VALUE_DIRECTORY, /* char[CONFIG_PATH_MAX], absolute */
	VALUE_ADDR,   /* struct addr bindacq4 or the like, which an IPv6 address
	                 leaves for the one behind it */
	VALUE_WORD,   /* int, the number of one of the words in `unit`, which
	                 stand there with a space between */
	VALUE_BIT,    /* unsigned; an option without an argument that sets the
	                 bits of max */
	VALUE_OTHER,  /* the directive's own parser reads it */
	VALUE_LATER,  /* an option that is known, but not built yet */
};

struct value {
	const char *name; /* an option's word, or what an argument is called */
	enum value_kind kind;
	size_t field;     /* offset in the struct that is filled */
	double min, max;  /* both allowed */
	const char *unit; /* "s", or "" */
	const char *doc;  /* what it means, one line without a full stop */
};

struct value_list {
	const struct value *rows;
	unsigned n;
};

/* Sets v from word i in the struct at base, or fails with what v takes. */
int value_set(struct parse *, unsigned i, const struct value *v, void *base);

/* Reads words from i to the end of the line as options, each a name and, but
 * for a flag, a value.  directive names the line in messages. */
int value_set_options(struct parse *, unsigned i, const struct value_list *,
    void *base, const char *directive);

/* "integer 0 .. 65535", "number 0 .. 1000 s", "date ...": what v takes. */
void value_describe(const struct value *v, char *buf, size_t size);

#endif
