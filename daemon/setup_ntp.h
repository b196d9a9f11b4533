/* SPDX-License-Identifier: ISC
 *
 * The NTP sockets: the server's, and those that requests leave through, which
 * are the same where `acquisitionport` is the server's port. */
#ifndef DAEMON_SETUP_NTP_H
#define DAEMON_SETUP_NTP_H

#include <stdbool.h>

#include "conf/config.h"
#include "daemon/engine/acquire.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/server.h"

/* Opens them and puts them into eo, whose family counts; is_serving: not one
 * that is over at once.  Interfaces of c that only have a name get their number.
 * Returns 0, or -errno after logging it. */
int setup_open_ntp(struct server *, struct acquire *, struct os *,
    struct config *c, struct engine_options *eo, bool is_serving);

#endif
