/* SPDX-License-Identifier: ISC
 *
 * A machine: clock, network, and an engine on them.  It is a backend of
 * daemon/os/os.h whose time is the world's.  Whatever happens to a machine
 * happens between simhost_begin(), which brings its clock to the present, and
 * simhost_end(), which does what the engine left to do and waits for the next
 * timer.
 *
 * To requests for the time the engine's server answers, where the configuration
 * has a line that allows somebody; else the machine does, as the engine's state
 * says, from the clock that it steers, unless the engine has a socket of its own
 * at the port. */
#ifndef TESTS_SIM_SIMHOST_H
#define TESTS_SIM_SIMHOST_H

#include <stdbool.h>

#include "common/options.h"
#include "conf/config.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/server.h"
#include "tests/sim/judge.h"
#include "tests/sim/responder.h"
#include "tests/sim/simclock.h"
#include "tests/sim/world.h"

#define HOST_LINES 128
#define HOST_ARGS 16

struct simsock;
struct simsent;
struct simlookup;
struct simslot;

struct simhost {
	struct os os; /* first: what the engine is given */
	struct station station;
	struct simhost *next;

	/* Set before simhost_boot(): */
	struct oscillator osc;
	double behind;       /* s, its clock's error at the start */
	double late;         /* s that a slew lasts longer than it should */
	double start;        /* s: when the engine starts */
	double sample;       /* s between two looks at its clock, at most */
	char *lines[HOST_LINES]; /* of the configuration */
	unsigned n_lines;
	char *argv[HOST_ARGS];   /* the engine's command line */
	int argc;
	bool has_drift;          /* there is a drift file, with */
	double drift_ppm, drift_skew_ppm; /* > 0: speeds the clock up */
	struct leap_table leaps; /* of the file leap/list */
	char stamps;             /* enum stamp_src */
	int64_t resolution;      /* ns, of stamps; >= 1 */
	struct delay noise;      /* of stamps: s after the packet passed */
	struct judge judge;
	unsigned wakeups;    /* of the daemon's processes so far */
	int64_t woke;        /* true time of the engine's last */

	struct simclock *clock;
	struct simevent wake, begin, resume, look;
	bool is_paused, is_asleep, is_offline;
	int64_t resumes, slept; /* true time; ns that the RTC will have seen */

	bool is_running, is_stopping;
	int exit_code;     /* of the last engine that ended; -1 = none has */
	struct options options;
	struct config config;
	struct engine engine;
	struct server server; /* with `allow` lines */
	struct responder responder;

	/* circles.c: whom it followed at the last look. */
	struct simhost *follows;
	bool is_circling;
	double circling_since; /* s */

	struct heap timers;
	struct simsock *socks;
	struct simsent *sents, **last_sent;
	struct simlookup *lookups;
	struct simslot *slots;
	int last_fd;
	uint32_t last_lookup;
	struct prng random, noise_prng;
};

struct simhost *simhost_new(struct world *, const char *name,
    const struct addr *);
void simhost_free(struct simhost *);

/* The machine boots now, and the engine starts when h->start has come. */
void simhost_boot(struct simhost *);

void simhost_begin(struct simhost *);
void simhost_end(struct simhost *);

/* The engine runs now: a wake-up unless it has run just before. */
void simhost_woke(struct simhost *);

/* The engine: starts with the configuration as it is now (false, after a word
 * to stderr: it cannot), is asked to end, is killed. */
bool simhost_start(struct simhost *);
void simhost_term(struct simhost *);
void simhost_kill(struct simhost *);

/* From now on for s seconds: the machine stands still and knows nothing of it
 * (a virtual machine), or sleeps, and its RTC is off by rtc_error then. */
void simhost_pause(struct simhost *, double s);
void simhost_suspend(struct simhost *, double s, double rtc_error);

/* Somebody else sets the clock forward by s. */
void simhost_step(struct simhost *, double s);

/* What a look at the clock yields now. */
struct judge_sample simhost_sample(const struct simhost *);

/* simos.c, for simhost.c: */
extern const struct os_ops simos_ops;
void simos_receive(struct station *, struct simpacket *);
bool simos_tell_sent(struct simhost *); /* one of those to be told */
void simos_close(struct simhost *);     /* all that the engine has open */
void simos_fini(struct simhost *);      /* and its files */
struct pair simos_pair(const struct simhost *);

#endif
