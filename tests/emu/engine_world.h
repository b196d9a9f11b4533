/* SPDX-License-Identifier: ISC
 *
 * The engine in a world of its own: a fake os, and servers that answer what it
 * sends.  True time runs at 1 + ppm of the oscillator. */
#ifndef TESTS_EMU_ENGINE_WORLD_H
#define TESTS_EMU_ENGINE_WORLD_H

#include "conf/config.h"
#include "daemon/engine/acquire.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/server.h"
#include "daemon/engine/source.h"
#include "daemon/wire/packet.h"
#include "tests/emu/fake_os.h"

#define T0 INT64_C(1790000000) /* 2026-09-21 */
#define DELAY 50e-6            /* s each way */
#define WORLD_SERVERS 16

struct world {
	struct fake_os os;
	struct config config;
	struct acquire acquire;
	struct server server; /* with `allow` */
	struct engine engine;
	struct engine_options options;
	double ahead;  /* s, true time - clock at the start */
	double ppm;    /* true time's rate against the oscillator */
	double lie[WORLD_SERVERS]; /* s, added by server 192.0.2.1+i */
	bool is_silent[WORLD_SERVERS];
	int leap[WORLD_SERVERS];        /* what it says, 0 */
	unsigned stratum[WORLD_SERVERS]; /* 1 */
	uint32_t refid[WORLD_SERVERS];  /* "GPS" */
	struct addr own; /* by which servers know us; unknown */
	double distance[WORLD_SERVERS]; /* s, its root dispersion; 1e-5 */
	int64_t t0;     /* the clock at the start, s since 1970: T0 */
	int64_t leap_s; /* UTC's count goes on by leap_by s when it comes here;
	                   0 = never */
	int leap_by;    /* -1 inserts a second, +1 leaves one out */
	double late[WORLD_SERVERS]; /* s: so much later the server does it */
	const struct mac_key *key; /* of answers to sources that have one; NULL:
	                              not signed */
	struct raw start;
	unsigned answered;
};

/* n_servers sources 192.0.2.1.., iburst, minpoll 2, maxpoll 4, and the
 * defaults; all of it may be changed before world_start(). */
void world_init(struct world *, unsigned n_servers);
void world_init_at(struct world *, unsigned n_servers, int64_t t0);

/* One more line of the configuration, and a file in a directory that is held
 * ("keys/tock.keys"): before world_start().  What is refused ends the test. */
void world_line(struct world *, const char *line);
void world_save(struct world *, const char *slot, const char *text);

void world_start(struct world *);
void world_fini(struct world *);

struct source *world_source(struct world *, unsigned i);
struct tspec world_true_time(const struct world *);

/* s, > 0: the clock is behind. */
double world_clock_error(const struct world *);

/* A good answer to the request that is out, off by lie s. */
struct ntp_packet world_answer(const struct world *, const struct client *,
    double lie);
void world_hand_in(struct world *, struct source *, const struct ntp_packet *);

/* Lets time pass; every request is answered after DELAY each way. */
void world_run(struct world *, double seconds);

/* How many of the last requests to the clock are of this type. */
unsigned world_requests(const struct world *, enum clk_type);

#endif
