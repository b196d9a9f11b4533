/* SPDX-License-Identifier: ISC
 *
 * What the lines about time that nobody asks for say. */
#ifndef CONF_CONFIG_BROADCAST_H
#define CONF_CONFIG_BROADCAST_H

#include <stdint.h>

#include "common/addr.h"
#include "conf/bounds.h"

/* A broadcast line: to whom it is sent. */
struct config_broadcast {
	struct addr addr; /* broadcast, multicast, or anything else */
	int interval;     /* s, 1..2^24 */
	uint16_t port;    /* 1..65535; 123 */
	uint32_t key;     /* 1..2^32-1; 0 = not signed */
};

/* A broadcastclient line: from whom it is taken. */
struct config_listener {
	char interface[CONFIG_DEVICE_MAX]; /* "" = any */
	uint32_t ifindex;                  /* its number, which set-up finds; 0
	                                      = any */
	uint32_t key;                      /* 1..2^32-1 */
};

#endif
