/* SPDX-License-Identifier: ISC
 *
 * A simple NTP server: its clock is true time plus a lie that is a straight
 * line between the scenario's words, and it says of itself what it is told. */
#ifndef TESTS_SIM_SIMSERVER_H
#define TESTS_SIM_SIMSERVER_H

#include "daemon/wire/keys.h"
#include "tests/sim/responder.h"
#include "tests/sim/world.h"

struct simserver {
	struct station station;
	struct simserver *next;
	double offset;   /* s that its clock is ahead of true time at since */
	double drift;    /* s/s */
	int64_t since;
	struct ntp_packet says; /* leap, stratum, precision, root, refid */
	double kiss_chance; /* 0..1 */
	char kiss[5];    /* "" = none */
	bool is_down;
	struct delay turn; /* from the request to the answer's stamp */
	struct delay leave; /* from the stamp to the true departure, which only
	                       interleaved mode tells */
	struct keys keys;
	struct responder responder;
	struct prng prng;
};

struct simserver *simserver_new(struct world *, const char *name,
    const struct addr *);
void simserver_free(struct simserver *);

/* One option from the scenario, and its value.  Returns 0 or -1. */
int simserver_option(struct simserver *, const char *word, const char *value);

/* Its keys, as a line (or more) of a key file: a request with a MAC is answered
 * with one, if that is right, else not at all.  Returns 0 or -1. */
int simserver_key(struct simserver *, const char *text);

/* It forgets what it knew about its clients. */
void simserver_restart(struct simserver *);

#endif
