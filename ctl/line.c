/* SPDX-License-Identifier: ISC */
#include "ctl/line.h"

#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBEDIT
#include <histedit.h>
#endif

#define REMEMBERED 200 /* lines */

struct line {
	const char *prompt;
	bool is_interactive;
	char *text;
	size_t room;
#ifdef HAVE_LIBEDIT
	EditLine *edit;
	History *history;
#endif
};

#ifdef HAVE_LIBEDIT
static char *
prompt_of(EditLine *edit)
{
	static char none[1];
	struct line *l;

	if (el_get(edit, EL_CLIENTDATA, &l) != 0)
		return none;
	/* libedit reads it only */
	return (char *)(uintptr_t)l->prompt;
}

static void
edit_open(struct line *l, const char *program)
{
	HistEvent ev;

	l->edit = el_init(program, stdin, stdout, stderr);
	if (!l->edit)
		return;
	el_set(l->edit, EL_CLIENTDATA, l);
	el_set(l->edit, EL_PROMPT, prompt_of);
	el_set(l->edit, EL_EDITOR, "emacs");
	l->history = history_init();
	if (l->history) {
		history(l->history, &ev, H_SETSIZE, REMEMBERED);
		el_set(l->edit, EL_HIST, history, l->history);
	}
	el_source(l->edit, NULL);
}

static char *
edit_read(struct line *l)
{
	HistEvent ev;
	int n;
	const char *text = el_gets(l->edit, &n);

	if (!text || n <= 0)
		return NULL;
	free(l->text);
	l->text = strdup(text);
	if (!l->text)
		return NULL;
	if (l->history && text[strspn(text, " \t\n")] != '\0')
		history(l->history, &ev, H_ENTER, text);
	l->text[strcspn(l->text, "\n")] = '\0';
	return l->text;
}
#endif

struct line *
line_open(const char *program, const char *prompt, bool is_interactive)
{
	struct line *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->prompt = prompt;
	l->is_interactive = is_interactive;
#ifdef HAVE_LIBEDIT
	if (is_interactive)
		edit_open(l, program);
#else
	(void)program;
#endif
	return l;
}

void
line_close(struct line *l)
{
	if (!l)
		return;
#ifdef HAVE_LIBEDIT
	if (l->history)
		history_end(l->history);
	if (l->edit)
		el_end(l->edit);
#endif
	free(l->text);
	free(l);
}

char *
line_read(struct line *l)
{
	ssize_t n;

#ifdef HAVE_LIBEDIT
	if (l->edit)
		return edit_read(l);
#endif
	if (l->is_interactive) {
		fputs(l->prompt, stdout);
		fflush(stdout);
	}
	n = getline(&l->text, &l->room, stdin);
	if (n < 0)
		return NULL;
	l->text[strcspn(l->text, "\n")] = '\0';
	return l->text;
}
