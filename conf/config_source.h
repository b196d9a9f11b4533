/* SPDX-License-Identifier: ISC
 *
 * One `server`, `pool` or `peer` line.  A field's comment gives unit, range and
 * default; the meaning is that of chrony.conf's option. */
#ifndef CONF_CONFIG_SOURCE_H
#define CONF_CONFIG_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"

struct config_source {
	char name[256];       /* a host name, or an address of a server */
	uint16_t port;        /* 1..65535; 123 */
	int minpoll, maxpoll; /* log2 s, -7..24; 6, 10 */
	bool iburst;
	double maxdelay;      /* s, 0..1000; 3 */
	int version;          /* 1..4; 4; 0 = not written */
	enum addr_family family; /* ipv4, ipv6; ADDR_NONE = both */

	bool is_pool;         /* a `pool` line: several addresses of the name */
	int maxsources;       /* pool: how many, 1..16; 4 */
	bool is_peer;         /* a `peer` line: a symmetric association; then
	                         iburst, burst, presend and copy are as where
	                         they are not written */
	bool burst;
	int presend;          /* log2 s, -32..32; SOURCE_NO_PRESEND */
	bool offline, auto_offline;
	bool xleave;
	uint32_t key;         /* 1..2^32-1; 0 = none */
	bool copy;
	unsigned select;      /* enum config_select, bits */
	double maxdelayratio; /* 0..1e6; 0 = off */
	double maxdelaydevratio; /* 0..1e6; 0 = off; chrony has 10, our
	                          estimator weighs long delays by itself */
	double maxdelayquant; /* 0.05..0.95; 0 = off */
	double mindelay;      /* s, 0..1000; 0 = measured */
	double asymmetry;     /* -0.5..0.5; SOURCE_AUTO_ASYMMETRY */
	double offset;        /* s, added to each sample's; chrony's sign */
	int minsamples, maxsamples; /* >= 0; -1 = global; 0 = off */
	int maxunreach;       /* polls, >= 0; 100000 */
	int filter;           /* polls, >= 0; 0 = off */
	int polltarget;       /* samples, >= 1; 8 */
	double target;        /* s, 1e-9..1000; 0 = off: the standard error of
	                         the clock to hold; ours, not chrony's */
	int minstratum;       /* 0..16; 0 */
	uint32_t origin;      /* the daemon's: number of a line of a sourcedir's
	                         file, else 0 */
};
#define SOURCE_NO_PRESEND 100
#define SOURCE_AUTO_ASYMMETRY 1.0

/* What a source has where its line says nothing; the name is left alone. */
void source_defaults(struct config_source *);

/* Undoes the options that have no effect for a peer. */
void source_peer_defaults(struct config_source *);

/* Whether this could have come from a line: the name is a host's or a server's
 * address, every option has a value of its range or the one it has where the
 * line says nothing.  maxpoll may be below minpoll.  Returns 0 or -EINVAL. */
int source_check(const struct config_source *);

#endif
