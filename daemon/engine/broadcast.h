/* SPDX-License-Identifier: ISC
 *
 * Sends the time to those who did not ask for it: a packet of mode 5 (RFC 5905
 * section 3) at each interval, to the address of each `broadcast` line, through
 * the server's sockets, signed where the line has a key.  Nothing is sent while
 * there is nothing to follow us for. */
#ifndef DAEMON_ENGINE_BROADCAST_H
#define DAEMON_ENGINE_BROADCAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/config.h"
#include "daemon/os/os.h"

struct engine;

struct broadcast {
	struct engine *engine;
	const struct config_broadcast *conf;
	struct timer timer;
	bool has_no_key; /* the log has it */
	int error;       /* of sending, likewise; 0 = none */
	uint64_t sent;   /* the time in the last packet, ntp64 */
};

struct broadcasts {
	struct broadcast all[CONFIG_BROADCASTS_MAX];
	size_t n; /* 0 without a server */
};

/* The key file has been read. */
void broadcasts_start(struct broadcasts *, struct engine *);
void broadcasts_stop(struct broadcasts *);

/* Whether a packet with this time, ntp64, is one of ours. */
bool broadcasts_sent(const struct broadcasts *, uint64_t transmit);

#endif
