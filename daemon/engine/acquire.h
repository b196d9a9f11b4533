/* SPDX-License-Identifier: ISC
 *
 * The sockets that requests leave through.  Without `acquisitionport` each
 * request has one of its own, connected, on a port that nobody can guess; it
 * lives until the answer.  With it, all sources share one socket for each
 * family, which is not connected: answers find their source by address, port
 * and the bits of the request.  Where that port is the server's, its sockets are
 * also these. */
#ifndef DAEMON_ENGINE_ACQUIRE_H
#define DAEMON_ENGINE_ACQUIRE_H

#include <stdbool.h>

#include "conf/config.h"
#include "daemon/os/os.h"

struct client;
struct engine;

struct acquire {
	struct engine *engine; /* the sources, once there are any */
	bool is_shared;
	struct sock v4, v6;    /* our own shared ones, closed or open */
	struct sock *shared4, *shared6; /* these, or the server's */
};

/* Opens the shared sockets, where the configuration wants them: in set-up, since
 * a port below 1024 takes root.  Returns 0 or -errno when there is none at all
 * (a machine may have one family only). */
int acquire_open(struct acquire *, struct os *, const struct config *);
void acquire_close(struct acquire *, struct os *);

/* The sources are to use sockets of somebody else's, who hands in what comes for
 * them and the stamps of what they sent. */
void acquire_share(struct acquire *, struct sock *v4, struct sock *v6);
void acquire_receive(struct acquire *, struct dgram *, int n);
void acquire_sent(struct acquire *, const unsigned char *data, size_t len,
    const struct stamp *);

/* Sends a request of the client's; opens its socket first unless they are
 * shared.  Returns 0 or -errno, the client's socket then being closed or open
 * (acquire_end). */
int acquire_send(struct client *, unsigned char *bytes, size_t len);

/* The answer has come, or is waited for no longer. */
void acquire_end(struct client *);

/* Whether packets to the client's server have a way out, as far as the kernel
 * knows. */
bool acquire_has_route(struct client *);

#endif
