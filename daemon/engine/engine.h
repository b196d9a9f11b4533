/* SPDX-License-Identifier: ISC
 *
 * The engine: everything between a packet and a request to the clock.  One
 * struct holds all its state, and nothing else in daemon/ does, so that a
 * simulator can run many.  Signs: offset > 0 means that our clock is behind and
 * must go forward; frequency > 0 is a correction that speeds it up. */
#ifndef DAEMON_ENGINE_ENGINE_H
#define DAEMON_ENGINE_ENGINE_H

#include <stdbool.h>
#include <sys/queue.h>

#include "conf/config.h"
#include "common/tspec.h"
#include "daemon/engine/admission.h"
#include "daemon/engine/broadcast.h"
#include "daemon/engine/clientlog.h"
#include "daemon/engine/discipline.h"
#include "daemon/engine/fallback.h"
#include "daemon/engine/foreign.h"
#include "daemon/engine/leap.h"
#include "daemon/engine/listen.h"
#include "daemon/engine/once.h"
#include "daemon/engine/reference.h"
#include "daemon/engine/sourcedir.h"
#include "daemon/engine/timescale.h"
#include "daemon/estimate/fuse.h"
#include "daemon/os/os.h"
#include "daemon/wire/keys.h"

struct acquire;
struct crew;
struct pool;
struct server;
struct source;

enum engine_mode {
	ENGINE_STEER,    /* the daemon's job */
	ENGINE_SET_ONCE, /* -q: one correction, then exit */
	ENGINE_SHOW_ONCE, /* -Q: say the offset, then exit */
};

struct engine_options {
	enum engine_mode mode;
	bool is_measuring_only; /* -x: every CLK_ADJUST would be EPERM */
	enum addr_family family; /* of names without one; NONE = both */
	double timeout;         /* s until exit, 0 = none (20 for ..._ONCE) */
	double drift_ppm;       /* from the drift file, correction > 0: speeds
	                           the clock up */
	double drift_skew_ppm;  /* its error bound; < 0 = no drift file */
	double preset;          /* -s: step by this at start, s; 0 = none */
	struct tspec build_date;
	bool is_restoring;      /* -r: dumpdir's files are read */
	char boot_id[40];       /* "" = not known: no dumps */
	struct acquire *acquire; /* the shared sockets, kept; NULL = none */
	struct server *server;   /* kept; NULL = none */
	struct crew *crew;       /* kept; NULL = it answers alone */
	const struct leap_table *leaps; /* kept; NULL = none */
	const char *leap_slot;   /* kept: its file, to be read again; NULL =
	                            it cannot be */
	bool is_leap_zone;       /* that file is a time zone's */
};

struct engine {
	struct os *os;
	const struct config *config;
	struct engine_options options;
	struct timescale scale;
	struct mono started;
	struct tspec build_date; /* no clock that is right says less */
	double first_freq, first_freq_sd; /* s/s, before any measurement */
	TAILQ_HEAD(source_list, source) sources;
	struct keys keys;
	TAILQ_HEAD(pool_list, pool) pools;
	struct sourcedirs sourcedirs;
	struct fuse fuse;
	const struct source *selected; /* the last best one, or NULL */
	uint32_t next_id; /* of unresolved sources, ADDR_ID */
	double reselectdist; /* s, the configuration's or an operator's */
	double maxupdateskew_ppm; /* likewise */
	struct config_local local; /* likewise */
	struct reference reference;
	struct discipline discipline;
	struct leap leap;
	struct fallback fallback;
	struct foreign foreign;
	struct once once;
	struct admission admission;
	struct clientlog clientlog;
	struct broadcasts broadcasts;
	struct listen listen;
	struct timer news; /* what sources said waits until then */
	struct mono free_at; /* when there may be a selection for something new */
	struct timer patience; /* sources are waited for until then: */
	struct mono patient_until;
	struct timer timeout;
	struct timer drift;
	struct timer status;
	struct timer resolver_gone;
	unsigned changes_ignored; /* by maxchange */
	struct mono said_since; /* log lines that servers can cause */
	unsigned said;
	bool is_stopping;
};

/* Makes the sources and starts them.  os and config are kept.  Returns 0 or
 * -ENOMEM. */
int engine_init(struct engine *, struct os *, const struct config *,
    const struct engine_options *);
void engine_fini(struct engine *);

/* Makes the configuration's sources: at the start, or when initstepslew is
 * done.  Returns 0 or -ENOMEM. */
int engine_add_sources(struct engine *);

/* A source has a new sample, or lost its standing: select again, and correct
 * the clock if there is something to correct.  At once, but after several in a
 * row, or while another source is about to answer, it waits, for 0.3 s at most. */
void engine_update(struct engine *, struct source *);

/* Not synchronised from now on, if we were; somebody may be followed later. */
void engine_lose(struct engine *);

/* What waits, now: before a source whose news are among it has another sample. */
void engine_update_now(struct engine *);

/* For s seconds no majority is one without those that have not answered yet:
 * after the start, or after sleep. */
void engine_be_patient(struct engine *, double s);

/* The standing of sources has changed without a sample: select again. */
void engine_reselect(struct engine *);

/* Whether one more line may be logged that a server can cause at will: 20 in
 * ten minutes. */
bool engine_may_say(struct engine *);

/* An event of the clock; engine is a struct engine *. */
void engine_clock_event(void *engine, const struct clk_rep *);

/* The names of the sources cannot be looked up any more: end within a minute. */
void engine_resolver_gone(void *engine);

/* Orderly end: drift file, dumps, BYE with this code. */
void engine_stop(struct engine *, int exit_code);

#endif
