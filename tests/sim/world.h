/* SPDX-License-Identifier: ISC
 *
 * What all of a simulation share: true time, the events to come, and who there
 * is.  True time is int64 ns since the scenario's start; it moves only from one
 * event to the next.  What happens at the same instant happens in the order in
 * which it was asked for, and every random number comes from a generator seeded
 * by the scenario's seed and its user's name: so a run repeats bit by bit, and
 * one machine more leaves the others' noise alone. */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/heap.h"
#include "tests/sim/delay.h"
#include "tests/sim/replay.h"

#define WORLD_NAME 32
#define WORLD_ADDRS 16

struct simevent {
	struct heap_node node; /* first; key: true time */
	void (*fire)(struct simevent *);
	void *owner;
};

struct station;

/* One direction from a station to another. */
struct path {
	struct station *to;
	struct delay delay;
	struct replay replay; /* instead of delay */
	double loss, dup; /* 0..1 */
	bool is_cut;
	bool is_ordered;  /* no packet overtakes another */
	int64_t last;     /* arrival */
	struct prng prng;
};

struct simpacket {
	struct simevent event;
	struct station *dest;
	struct endpoint from, to;
	bool was_late; /* the receiver's: its stamp has waited */
	size_t len;
	unsigned char data[];
};

/* Whoever has an address: a machine with an engine, or a server. */
struct station {
	struct world *world;
	struct station *next; /* in the order of the scenario */
	char name[WORLD_NAME];
	struct addr addr;
	void *owner;
	/* The packet is the world's, and freed after the call unless kept by
	 * world_defer(). */
	void (*receive)(struct station *, struct simpacket *);
	struct path *paths;
	unsigned n_paths;
	unsigned sent, received; /* packets */
};

enum name_state { NAME_OK, NAME_NONE, NAME_FAIL, NAME_SILENT };

struct simname {
	struct simname *next;
	char name[256];
	enum name_state state;
	struct addr addrs[WORLD_ADDRS];
	int n;
};

struct world {
	int64_t now, end;
	int64_t epoch_ns; /* UTC at the start, ns since 1970 */
	uint64_t seed;
	struct heap events;
	struct station *stations, **last_station;
	struct simname *names;
	uint64_t n_events;
};

void world_init(struct world *, uint64_t seed);
void world_fini(struct world *); /* stations are their owners' */

/* s since the start. */
double world_seconds(const struct world *);

/* A seed for what `who` needs it for. */
uint64_t world_seed(const struct world *, const char *who, const char *what);

void world_at(struct world *, struct simevent *, int64_t at);
void world_off(struct world *, struct simevent *);

/* Does everything up to and at w->end, however events move it. */
void world_run(struct world *);

/* Memory that is always there: a simulation without any ends. */
void *world_alloc(size_t);

void station_init(struct station *, struct world *, const char *name,
    const struct addr *);
void station_fini(struct station *);
struct station *world_station(const struct world *, const char *name);
struct path *station_path(struct station *from, struct station *to);

/* A datagram goes on its way; to a broadcast or multicast address: to all that
 * from has a path to.  extra: s until it leaves. */
void world_send(struct station *from, const struct endpoint *src,
    const struct endpoint *dst, const void *data, size_t len, double extra);

/* Called from receive(): the packet comes again at `at`. */
void world_defer(struct simpacket *, int64_t at);

/* Finds or makes the entry of a name. */
struct simname *world_name(struct world *, const char *name, bool make);

#endif
