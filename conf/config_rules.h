/* SPDX-License-Identifier: ISC
 *
 * What the lines about access say, as they stand. */
#ifndef CONF_CONFIG_RULES_H
#define CONF_CONFIG_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/subnet.h"

/* One allow, deny, cmdallow or cmddeny line. */
struct config_rule {
	bool may;             /* allow, cmdallow */
	bool is_whole;        /* all: rules inside the subnet end here */
	struct subnet subnet; /* when name is NULL */
	char *name;           /* a host's, to be looked up, or NULL */
};

/* How often one address is answered. */
struct config_ratelimit {
	bool is_on;
	int interval; /* log2 s for an answer, in the long run; -19..12 */
	int burst;    /* answers at once, 1..255 */
	int leak;     /* of what is too much one in 2^leak is answered, 1..4 */
	int kod;      /* of the rest one in 2^kod by "ask less", 0 = none, ..4 */
};

#define CONFIG_ORPHAN_WAIT 300.0 /* s */

/* Serving time as if synchronised. */
struct config_local {
	bool is_on;
	bool is_orphan;      /* of several such servers one leads */
	int stratum;         /* 1..15; 10 */
	double distance;     /* s, 0..1e6; 1: the root distance from which on
	                        sources do not count any more */
	double activate;     /* s, 0..1e6; 0: the root distance has to have been
	                        less once; 0 = need not */
	double waitsynced;   /* s since the last update, 0..1e9; 0 */
	double waitunsynced; /* likewise while not synchronised, or since the
	                        start; 0..1e9; < 0, the default:
	                        CONFIG_ORPHAN_WAIT for orphans, else 0 */
};

struct config_rules {
	struct config_rule *all; /* in the order of the lines */
	size_t n;
};

#endif
