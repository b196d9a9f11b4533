/* SPDX-License-Identifier: ISC
 *
 * Lines from the user: with editing and history at a prompt (where the build
 * has libedit), plainly otherwise. */
#ifndef CTL_LINE_H
#define CTL_LINE_H

#include <stdbool.h>
#include <stddef.h>

struct line;

/* prompt, kept, is shown if is_interactive.  NULL: out of memory. */
struct line *line_open(const char *program, const char *prompt,
    bool is_interactive);
void line_close(struct line *);

/* The next line without its end, valid until the next call, or NULL at the end
 * of input or when a signal came. */
char *line_read(struct line *);

#endif
