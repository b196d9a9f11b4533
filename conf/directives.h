/* SPDX-License-Identifier: ISC
 *
 * The directives: one row for each, those that are known but not built yet
 * among them.  The rows carry all that parsing, messages and the generated
 * tests need.  Inside conf/ only, but for the tests. */
#ifndef CONF_DIRECTIVES_H
#define CONF_DIRECTIVES_H

#include "conf/value.h"

enum directive_state {
	DIRECTIVE_BUILT,
	DIRECTIVE_INCLUDES, /* built; its place is taken by other lines */
	DIRECTIVE_SILENT,   /* accepted with any arguments, no effect */
	DIRECTIVE_OBSOLETE, /* the same, with a warning */
	DIRECTIVE_LATER,    /* known, an error until it is built */
};

struct directive {
	const char *name;
	enum directive_state state;
	const char *doc;               /* what it means, one line */
	struct value_list values;      /* arguments that have to stand there */
	const struct value_list *options; /* that may follow; NULL = none */
	size_t mark;                   /* a bool of struct config that is set
	                                  with it; 0 = none */
	int (*parse)(struct parse *);  /* NULL: values and options are fields
	                                  of struct config, nothing else */
};

extern const struct directive directives[];
extern const unsigned n_directives;

/* The row of a word, whatever its case, or NULL. */
const struct directive *directive_find(const char *word);

/* Takes the line of p, of at least one word.  All or nothing, but for
 * DIRECTIVE_INCLUDES. */
int directive_parse(struct parse *p);

#endif
