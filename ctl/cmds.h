/* SPDX-License-Identifier: ISC
 *
 * The commands, both faces' in one table, and how a line becomes one. */
#ifndef CTL_CMDS_H
#define CTL_CMDS_H

#include "ctl/ctl.h"

struct command {
	const char *word;
	const char *args;    /* as help shows them; "" for none */
	const char *options; /* letters of "avwy" that it takes; NULL: what
	                        begins with '-' is an argument like others */
	int most;            /* words that make sense after it */
	int (*run)(struct ctl *, const struct args *);
	const char *help;    /* one line; NULL: not in the list */
	const char *more;    /* for --help, or NULL */
	uint16_t request;    /* for what is shared by several: change.c */
	const char *done;    /* what tockctl says of success */
	bool is_daily;       /* has a line of its own in --help */
};

/* commands.c: the table. */
extern const struct command commands[];
extern const size_t commands_n;

/* Of chronyc, and still to come. */
bool commands_is_unbuilt(const char *word);

/* Runs one line of input or one command of the command line; the line is cut
 * into words in place.  Returns the exit code: CTL_OK also for an empty line or
 * a comment. */
int cmds_run_line(struct ctl *, char *line);

/* The same with the words in place (n >= 1). */
int cmds_run(struct ctl *, char **words, int n);

/* The list of commands on stdout: at a prompt all of them with arguments and
 * what they do; else, on half a screen, the daily ones with what they do and
 * the others by their words. */
void cmds_help(const struct ctl *, bool at_prompt);

/* The arguments are wrong: says so in chronyc's words (NULL: it says nothing)
 * or in ours.  Returns CTL_FAILED. */
int cmds_misused(const struct ctl *, const struct args *, const char *chronycs);

/* The commands, by file: each prints its result and returns an exit code. */

/* report.c */
int cmd_tracking(struct ctl *, const struct args *);
int cmd_sources(struct ctl *, const struct args *);
int cmd_sourcestats(struct ctl *, const struct args *);
int cmd_activity(struct ctl *, const struct args *);
int cmd_waitsync(struct ctl *, const struct args *);
int cmd_sourcename(struct ctl *, const struct args *);

/* detail.c */
int cmd_ntpdata(struct ctl *, const struct args *);
int cmd_selectdata(struct ctl *, const struct args *);
int cmd_authdata(struct ctl *, const struct args *);

/* serving.c */
int cmd_access(struct ctl *, const struct args *);
int cmd_access_check(struct ctl *, const struct args *);
int cmd_clients(struct ctl *, const struct args *);
int cmd_serverstats(struct ctl *, const struct args *);
int cmd_local(struct ctl *, const struct args *);

/* change.c */
int cmd_plain(struct ctl *, const struct args *);
int cmd_of_sources(struct ctl *, const struct args *);
int cmd_value(struct ctl *, const struct args *);
int cmd_makestep(struct ctl *, const struct args *);

/* setting.c: changes to sources that are there; add.c: new ones */
int cmd_range(struct ctl *, const struct args *);
int cmd_burst(struct ctl *, const struct args *);
int cmd_number_of(struct ctl *, const struct args *);
int cmd_value_of(struct ctl *, const struct args *);
int cmd_delete(struct ctl *, const struct args *);
int cmd_selectopts(struct ctl *, const struct args *);
int cmd_offset(struct ctl *, const struct args *);
int cmd_add(struct ctl *, const struct args *);

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
