/* SPDX-License-Identifier: ISC
 *
 * One line on its way into the configuration: what the parsers of directives
 * are given, and how they report.  Inside conf/ only.
 *
 * Parsers return 0, -ENOMEM, or CONFIG_E_BAD after parse_fail(). */
#ifndef CONF_PARSE_H
#define CONF_PARSE_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/config.h"
#include "conf/lex.h"

#define PARSE_NESTED_MAX 10 /* files open at once, the first one counted */

struct parse {
	struct config *config;
	struct config_error *error;
	const char *file;          /* for messages */
	unsigned line_number;      /* 0: no line, the file as a whole */
	const struct lex_line *line; /* NULL: likewise */
	/* The chain of including files, against loops. */
	const struct parse *outer; /* NULL: nobody includes this */
	unsigned depth;            /* files open at once, 0 = none */
	dev_t dev;
	ino_t ino;
};

/* A word as messages show it: cut after 60 bytes, between characters. */
struct shown {
	char text[64];
};
struct shown parse_shown(const char *word);

/* Fills the error with where word i stands; returns CONFIG_E_BAD. */
int parse_fail(struct parse *, unsigned i, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* What to do about the error; may follow or precede parse_fail(). */
void parse_hint(struct parse *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a warning about word i.  Returns 0 or -ENOMEM. */
int parse_warn(struct parse *, unsigned i, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Fails because of word i, which is one too many. */
int parse_surplus(struct parse *, unsigned i, const char *directive);

/* Judges and takes one line of size bytes; p->line is set meanwhile.  In
 * conf/config.c. */
int parse_line(struct parse *p, const char *bytes, size_t size);

#endif
