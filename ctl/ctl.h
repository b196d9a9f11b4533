/* SPDX-License-Identifier: ISC
 *
 * What a run of the tool knows.  It has two faces, tockctl's and chronyc's:
 * the same commands, other text.  The first gives data on stdout and everything
 * else on stderr; the second does what chronyc does. */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/conn.h"

#define CTL_WORDS 96 /* `add server` with all options has 60 */
#define CTL_LINE 2048

struct roster;

enum ctl_format { FORMAT_TEXT, FORMAT_CSV, FORMAT_JSON };

struct ctl {
	struct conn conn;
	const char *program;    /* for messages */
	const char *hosts;      /* as asked for with -h, or NULL */
	bool is_chronyc;
	enum ctl_format format;
	bool has_reverse_names; /* addresses through DNS (chronyc without -n) */
	bool has_config_names;  /* names as configured (tockctl, chronyc -N) */
	int family;             /* 4, 6 or 0: which names the user wants */
	bool is_wide;           /* -w for all tables */
	bool ends_with_dot;     /* -e */
	bool is_interactive;
	bool quit;              /* the prompt ends */
	struct roster *roster;  /* of this command, see roster.h; or NULL */
};

/* A command's words and its options, as the table in cmds.c allows them. */
struct command;
struct args {
	const struct command *command;
	const char *word[CTL_WORDS];
	int n; /* without the command itself */
	bool all, verbose, wide, yes;
};

/* Exit codes of a command: chronyc has but these two. */
#define CTL_OK 0
#define CTL_FAILED 1

/* Asks the daemon; what goes wrong is told to the user, also a reply that is
 * no success or not the one that belongs to the command.  Returns 0, or < 0
 * when there is nothing more to say. */
int ctl_ask(struct ctl *, struct cmdmon_request *q, struct cmdmon_reply *r);

/* The same without a message: 0; a status > 0 (of enum cmdmon_status); < 0 no
 * answer or a reply of another kind. */
int ctl_try(struct ctl *, struct cmdmon_request *q, struct cmdmon_reply *r);

/* One line to stderr; tockctl puts its name before it. */
void ctl_complain(const struct ctl *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
