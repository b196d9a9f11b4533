/* SPDX-License-Identifier: ISC
 *
 * What requests carry that change the daemon.  As with all that arrives,
 * decoding checks nothing but the type's range. */
#ifndef COMMON_CMDMON_CHANGE_H
#define COMMON_CMDMON_CHANGE_H

#include <stdint.h>

#include "common/addr.h"
#include "common/cmdmon.h"

/* CMD_ONLINE, CMD_OFFLINE, CMD_BURST: the sources with address & mask == addr &
 * mask.  Both ADDR_NONE: all sources.  mask alone ADDR_NONE: the source that
 * has this ID. */
struct cmdmon_range {
	struct addr mask, addr;
	int32_t good, total; /* CMD_BURST: samples wanted, packets at most */
};

/* One number for one source: CMD_MINPOLL, CMD_MAXDELAY and the like. */
struct cmdmon_setting {
	struct addr addr;
	int32_t number; /* minpoll, maxpoll, minstratum, polltarget */
	double value;   /* maxdelay (s), maxdelayratio, maxdelaydevratio */
};

/* CMD_SELECTOPTS, CMD_OFFSET. */
struct cmdmon_of_source {
	struct addr addr;  /* ADDR_NONE: the reference clock with refid */
	uint32_t refid;
	unsigned mask, options; /* enum cmdmon_option: which to set, to what */
	double offset;     /* s, added to each sample's: chrony's sign */
};

/* CMD_LOCAL, and CMD_LOCAL_OLD without the last three. */
struct cmdmon_local {
	uint32_t on, orphan; /* 0 or not */
	int32_t stratum;
	double distance, activate; /* s of root distance */
	double waitsynced, waitunsynced; /* s; the second < 0: its default */
};

/* CMD_ADD_SOURCE: chronyc's options.  A word that was not written comes as
 * chrony's default. */
enum cmdmon_add_type { ADD_SERVER = 1, ADD_PEER = 2, ADD_POOL = 3 };
struct cmdmon_add {
	uint32_t type; /* enum cmdmon_add_type */
	char name[CMDMON_NAME_SIZE]; /* "" when what came had no end */
	uint32_t port;
	int32_t minpoll, maxpoll, presend; /* log2 s */
	uint32_t minstratum, polltarget, version, maxsources;
	int32_t minsamples, maxsamples; /* -1: the global ones */
	uint32_t key, nts_port;
	double maxdelay, maxdelayratio, maxdelaydevratio;
	double mindelay, asymmetry, offset;
	uint32_t flags; /* enum cmdmon_add_flags */
	int32_t filter;
	uint32_t certset;
	double maxdelayquant;
	int32_t maxunreach; /* 0 from a chronyc that has no such option */
};
enum cmdmon_add_flags {
	ADD_ONLINE = 0x1,
	ADD_AUTO_OFFLINE = 0x2,
	ADD_IBURST = 0x4,
	ADD_PREFER = 0x8,
	ADD_NOSELECT = 0x10,
	ADD_TRUST = 0x20,
	ADD_REQUIRE = 0x40,
	ADD_XLEAVE = 0x80,
	ADD_BURST = 0x100,
	ADD_NTS = 0x200,
	ADD_COPY = 0x400,
	ADD_EXT_MONOROOT = 0x800, /* the two extension fields F323, F324 */
	ADD_EXT_NETCORR = 0x1000,
	ADD_IPV4 = 0x2000,
	ADD_IPV6 = 0x4000,
};

#endif
