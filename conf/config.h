/* SPDX-License-Identifier: ISC
 *
 * What the configuration says: pure data.  Filled by config_load(), read by
 * launcher-independent code only (engine, tockctl check).  The words are those
 * of chrony.conf; a field's comment gives unit, range and default. */
#ifndef CONF_CONFIG_H
#define CONF_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/addr.h"
#include "conf/bounds.h"
#include "conf/config_broadcast.h"
#include "conf/config_rules.h"
#include "conf/config_source.h"

/* A message for the admin: "FILE:LINE:COLUMN: text", then a hint.  line and
 * column are 1-based; 0 = does not apply. */
struct config_error {
	char file[CONFIG_PATH_MAX];
	unsigned line, column;
	char text[256];
	char hint[256]; /* what to do; may be empty */
};

struct config_guard {
	bool written;            /* there is a guard line */
	bool off;
	uint32_t window_s;       /* 0..86400; 900 */
	double bucket;           /* s, 0..86400; 2 */
	double refill_ppm;       /* 0..100000; 100 */
	uint32_t operator_steps; /* 0..1000; 0 */
	int64_t notbefore_s;     /* since 1970, 0 = not set; else before */
	int64_t notafter_s;      /* notafter_s, both 2000..2200 */
};

struct config {
	struct config_source *sources;
	size_t n_sources;
	char sourcedirs[CONFIG_SOURCEDIRS_MAX][CONFIG_SOURCEDIR_LEN];
	size_t n_sourcedirs;

	char driftfile[CONFIG_PATH_MAX]; /* "" = none */
	int drift_interval;       /* s, >= 1; 3600 */
	bool has_makestep;
	double makestep_threshold; /* s, 0..1e9 */
	int makestep_limit;       /* updates; -1 no limit; 0 never .. 1e6 */
	double maxslewrate_ppm;   /* 83333.333; 0..100000 */
	bool has_maxdrift;        /* written: the guard's frequency limit */
	double maxdrift_ppm;      /* 0..100000; 100000 where not written */
	double maxdistance;       /* s, 0..1e6; 3 */
	double maxjitter;         /* s, 0..1e6; 1 */
	double reselectdist;      /* s, 0..1e6; 1e-4 */
	double stratumweight;     /* s, 0..1e6; 1e-3 */
	int minstratum, maxstratum; /* of sources, 0..15; 0, 15 */
	int authselectmode;       /* enum config_authselect; mix */
	int minsamples, maxsamples; /* of a source; 0, 0 = off */
	double clockprecision;    /* s, 1e-9..1; 0 = measured */
	double maxclockerror_ppm; /* 0..1e6; 1 */
	double combinelimit;      /* 0..1e9; 3; 0 = do not combine */
	double maxupdateskew_ppm; /* 0..1e6; 1000 */
	bool has_corrtimeratio;
	double corrtimeratio;     /* 1e-6..1e6; 3 */
	double logchange;         /* s, 0..1e9; 1 */
	bool has_maxchange;
	double maxchange_offset;  /* s, 0..1e9 */
	int maxchange_start, maxchange_ignore; /* updates; ignore < 0: never
	                                          exit */
	int fallback_min, fallback_max; /* log2 s, 0..30; 0 0 = off */
	int leapsecmode;          /* enum config_leapsec; system */
	char leapsectz[CONFIG_TZ_MAX]; /* "" = none, e.g. "right/UTC" */
	char leapseclist[CONFIG_PATH_MAX]; /* "" = none */
	bool has_initstepslew;
	double initstepslew_threshold; /* s, 0..1e9 */
	char **initstepslew_hosts; /* may be none */
	size_t n_initstepslew_hosts;

	int acquisitionport;      /* 0..65535; -1 = a new one per request; 0 =
	                             one random port for good */
	struct addr bindacq4, bindacq6; /* source addresses; ADDR_NONE = any */
	char bindacqdevice[CONFIG_DEVICE_MAX]; /* "" = any */
	int dscp;                 /* 0..63; 0 */
	char dumpdir[CONFIG_PATH_MAX]; /* "" = none */
	/* For `log` lines and `nts` sources, which are not built yet. */
	char logdir[CONFIG_PATH_MAX], ntsdumpdir[CONFIG_PATH_MAX];
	char keyfile[CONFIG_PATH_MAX]; /* "" = none */
	int refresh;              /* s, 0 = never; 1209600 */
	int minsources;           /* >= 1; 1 */
	bool rtcsync;
	bool opencommands_set;
	uint32_t opencommands;    /* enum config_open, bits; OPEN_DEFAULT */
	struct config_guard guard;

	struct config_rules allow, cmdallow; /* with deny and cmddeny */
	struct config_ratelimit ratelimit;    /* off, 3 8 2 0 */
	struct config_ratelimit cmdratelimit; /* off, -4 8 2 */
	struct config_local local;
	struct config_broadcast broadcasts[CONFIG_BROADCASTS_MAX];
	struct config_listener listeners[CONFIG_LISTENERS_MAX];
	size_t n_broadcasts, n_listeners;
	bool noclientlog;
	uint32_t clientloglimit;  /* bytes, 0..2^31-1; 524288 */
	char user[64];            /* "" = built-in _tock */
	char pidfile[CONFIG_PATH_MAX]; /* /run/tock/tockd.pid; "" = none; the
	                                  launcher does not read it */
	uint16_t cmdport;         /* 323; 0 = no UDP */
	struct addr bindcmd4, bindcmd6; /* 127.0.0.1, ::1 */
	char bindcmdpath[CONFIG_PATH_MAX]; /* /run/chrony/chronyd.sock, "" = none */
	uint16_t port;            /* of the server, 123; 0 = none */
	struct addr bind4, bind6; /* where it is; ADDR_NONE = any */
	int serverworkers;        /* 0..64; 0: the engine answers itself */
	char binddevice[CONFIG_DEVICE_MAX]; /* "" = any */
	int sched_priority;       /* 0..100; 0; not built yet */
	bool lock_all;            /* not built yet */

	char **lines;             /* the merged configuration, for -p */
	size_t n_lines;
	char **warnings;          /* each "FILE:LINE:COLUMN: text" */
	size_t n_warnings;
	size_t bytes_read, files_read; /* against the limits above */
};

void config_init(struct config *); /* the defaults */
void config_fini(struct config *);

/* Adds the file, and what it includes, to c.  Returns 0, -ENOMEM, or
 * CONFIG_E_BAD with *e filled (then lines before the bad one are in c, so that
 * c is good for config_fini() and config_print() only).  Reads regular files
 * alone and never waits for one. */
#define CONFIG_E_BAD 1
int config_load(struct config *c, const char *path, struct config_error *e);

/* Adds one line; file and line say where it stood, for messages ("command
 * line" and the argument's number, for directives given as arguments).
 * Returns as config_load(); a bad line leaves c as it was, unless it is an
 * include or confdir line. */
int config_line(struct config *c, const char *file, unsigned line,
    const char *text, struct config_error *e);

/* One line of a *.sources file of a sourcedir: a server, peer or pool whose
 * options harm nobody else.  Returns 0 with *s filled, -ENOMEM, CONFIG_E_BAD with *e
 * filled, or CONFIG_E_EMPTY for a comment. */
#define CONFIG_E_EMPTY 2
int config_source_line(struct config_source *s, const char *file,
    unsigned number, const char *bytes, size_t size, struct config_error *e);

/* Call once after the last line: adds warnings about the whole, such as two
 * sources of which neither can outvote the other.  Returns 0 or -ENOMEM. */
int config_review(struct config *c);

/* "file:line:column: text (hint)" on one line. */
void config_error_print(const struct config_error *e, char *buf, size_t size);

/* chronyd -p: the merged lines, as written, one each. */
void config_print(const struct config *c, FILE *out);

#endif
