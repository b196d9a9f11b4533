/* SPDX-License-Identifier: ISC
 *
 * tockd's command line, parsed once by the launcher and again by the engine
 * with the same table: the launcher looks only at what it needs before it
 * knows the configuration (-n -d -x -p -q -Q -U -v -h -l -L -u), everything
 * else is handed on untouched.  Options end at the first argument that is
 * none.  -F is accepted and changes nothing; what chronyd has beyond this
 * table is an error that says so. */
#ifndef COMMON_OPTIONS_H
#define COMMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct options {
	int family;            /* -4, -6: 4 or 6; 0 = both */
	const char *file;      /* -f; NULL = the built-in places */
	bool foreground;       /* -n, -d, -q, -Q, -p */
	int debug;             /* number of -d */
	const char *log_file;  /* -l */
	int log_least;         /* -L, -1..3; 0 */
	bool print_config;     /* -p */
	bool set_once;         /* -q */
	bool show_once;        /* -Q */
	bool from_rtc;         /* -s */
	double timeout;        /* -t, s; 0 = none */
	const char *user;      /* -u */
	bool no_root_check;    /* -U */
	bool no_clock;         /* -x */
	bool restarted;        /* -R: ignore makestep with a positive limit */
	bool restored;         /* -r: read dumpdir's sample histories */
	bool devel;            /* --devel: role binaries in a build tree */
	bool want_version, want_help;
	/* From launcher to engine, not in --help: */
	int log_style;         /* --log-style, enum log_style */
	int listen_fds;        /* --listen-fds N */
	bool clock_denied;     /* --no-clock: the helper runs without SYS_TIME */
	char **directives;     /* what is left: configuration lines */
	int n_directives;
};

/* Fills o from argv.  Returns 0, or -EINVAL with one line for the user in
 * msg.  Strings point into argv. */
int options_parse(struct options *o, int argc, char **argv, char *msg,
    size_t size);

/* The text of --help; ends in a newline. */
const char *options_help(void);

#endif
