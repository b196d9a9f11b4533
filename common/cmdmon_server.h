/* SPDX-License-Identifier: ISC
 *
 * Of the control protocol, what is about serving time. */
#ifndef COMMON_CMDMON_SERVER_H
#define COMMON_CMDMON_SERVER_H

#include <stdint.h>

#include "common/addr.h"

/* CMD_ALLOW and the like: family NONE and 0 bits are all addresses. */
struct cmdmon_subnet {
	struct addr addr;
	int32_t bits;
};

/* CMD_CLIENTS: those from place `first` on. */
struct cmdmon_clients_wanted {
	uint32_t first, most; /* of CMDMON_CLIENTS at most */
	uint32_t least_hits;
	uint32_t reset; /* != 0: counts of those reported begin anew */
};

#define CMDMON_CLIENTS 8
#define CMDMON_NO_INTERVAL 127

enum cmdmon_service { SERVICE_NTP, SERVICE_NTSKE, SERVICE_COMMAND,
	SERVICES };

struct cmdmon_client {
	struct addr addr; /* ADDR_NONE: an unused place */
	uint32_t hits[SERVICES], drops[SERVICES];
	int interval[SERVICES]; /* log2 s, or CMDMON_NO_INTERVAL */
	int interval_limited;   /* between NTP answers */
	uint32_t ago_s[SERVICES]; /* or CMDMON_NEVER */
};

struct cmdmon_clients {
	uint32_t size; /* places there are */
	uint32_t next; /* where to go on; >= size: that was all */
	uint32_t n;
	struct cmdmon_client list[CMDMON_CLIENTS];
};

/* In the order of the wire. */
enum cmdmon_serverstat {
	STAT_NTP_HITS, STAT_NTSKE_HITS, STAT_COMMAND_HITS,
	STAT_NTP_DROPS, STAT_NTSKE_DROPS, STAT_COMMAND_DROPS,
	STAT_LOG_DROPS, STAT_AUTHENTICATED, STAT_INTERLEAVED,
	STAT_STAMPS, STAT_STAMPS_SPAN, /* kept for interleaved clients; s */
	STAT_DAEMON_RX, STAT_DAEMON_TX, STAT_KERNEL_RX, STAT_KERNEL_TX,
	STAT_HARDWARE_RX, STAT_HARDWARE_TX,
	STAT_QUEUE_DROPS, /* ours, where chrony has a reserve */
	STATS
};

#define CMDMON_NO_COUNT UINT64_MAX

struct cmdmon_serverstats {
	uint64_t count[STATS]; /* or CMDMON_NO_COUNT: it is not counted */
};

#endif
