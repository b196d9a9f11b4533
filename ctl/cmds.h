/* SPDX-License-Identifier: ISC
 *
 * The commands, both faces' in one table, and how a line becomes one. */
#ifndef CTL_CMDS_H
#define CTL_CMDS_H

#include "ctl/ctl.h"

struct command {
	const char *word;
	const char *args;    /* as help shows them; "" for none */
	const char *options; /* letters of "avwy" that it takes */
	int most;            /* words that make sense after it */
	int (*run)(struct ctl *, const struct args *);
	const char *help;    /* one line; NULL: not in the list */
	const char *more;    /* for --help, or NULL */
};

/* Runs one line of input or one command of the command line; the line is cut
 * into words in place.  Returns the exit code: CTL_OK also for an empty line or
 * a comment. */
int cmds_run_line(struct ctl *, char *line);

/* The same with the words in place (n >= 1). */
int cmds_run(struct ctl *, char **words, int n);

/* The list of commands on stdout; those that make sense at a prompt only, if
 * that is where we are. */
void cmds_help(const struct ctl *, bool at_prompt);

/* The commands, by file: each prints its result and returns an exit code. */

/* report.c */
int cmd_tracking(struct ctl *, const struct args *);
int cmd_sources(struct ctl *, const struct args *);
int cmd_sourcestats(struct ctl *, const struct args *);
int cmd_activity(struct ctl *, const struct args *);
int cmd_waitsync(struct ctl *, const struct args *);
int cmd_sourcename(struct ctl *, const struct args *);

/* change.c */
int cmd_makestep(struct ctl *, const struct args *);

/* status.c, guard.c: tockctl's only */
int cmd_status(struct ctl *, const struct args *);
int cmd_guard(struct ctl *, const struct args *);

/* local.c and cmds.c: about the tool itself */
int cmd_dns(struct ctl *, const struct args *);
int cmd_timeout(struct ctl *, const struct args *);
int cmd_retries(struct ctl *, const struct args *);
int cmd_password(struct ctl *, const struct args *);
int cmd_help(struct ctl *, const struct args *);
int cmd_quit(struct ctl *, const struct args *);

#endif
