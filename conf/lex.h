/* SPDX-License-Identifier: ISC
 *
 * A line of the configuration as words.  There is no quoting, no escape and no
 * continuation; a comment is a whole line whose first character after white
 * space is one of ! ; # %.  Columns count bytes from 1. */
#ifndef CONF_LEX_H
#define CONF_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/config.h"

#define LEX_LINE_MAX 2047
#define LEX_WORDS_MAX ((LEX_LINE_MAX + 1) / 2)

struct lex_line {
	unsigned n;                      /* words; 0: blank, or a comment */
	const char *word[LEX_WORDS_MAX]; /* into text */
	char text[LEX_LINE_MAX + 1];     /* the words, each with a NUL */
};

/* Splits the size bytes of one line (without its newline) into l.  Returns 0,
 * or CONFIG_E_BAD with column, text and hint of e filled: longer than
 * LEX_LINE_MAX, a NUL byte, and outside of comments a control character or
 * bytes that are not UTF-8. */
int lex_split(struct lex_line *l, const char *bytes, size_t size,
    struct config_error *e);

/* Where word i begins; i < l->n. */
unsigned lex_column(const struct lex_line *l, unsigned i);

/* The last word behind the first that is this one, whatever its case; 0 = there
 * is none.  l->n > 0. */
unsigned lex_find(const struct lex_line *l, const char *word);

/* True if the word begins as a comment line does. */
bool lex_is_comment(const char *word);

#endif
