/* SPDX-License-Identifier: ISC
 *
 * Takes the time from servers that send it unasked (RFC 5905 section 3, mode 5),
 * where a `broadcastclient` line wants that, and from those alone who sign with
 * its key.
 *
 * A server that is heard becomes a source with that key like any other, which is
 * asked, too, but rarely: by a volley when it is first heard, by seven more to
 * measure how long its packets are under way, then every 17 min.  In between
 * its packets give samples (daemon/estimate/unasked.h).  Until it has answered, it
 * is nobody: a signature does not say where a packet came from.
 *
 * A packet counts once, and only when its time is later than that of all packets
 * and answers before it; one that was held back is found out by the volleys'
 * bounds.  A line has room for a few servers, whatever is sent: one that never
 * answered, or has been silent for an hour, makes room for a new one; the former
 * at once when that one's packet is newer than its own, as a replay never is. */
#ifndef DAEMON_ENGINE_LISTEN_H
#define DAEMON_ENGINE_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/config.h"
#include "daemon/estimate/unasked.h"
#include "daemon/os/os.h"

#define LISTEN_SERVERS 4  /* of a line */
#define LISTEN_MULTICAST4 { 224, 0, 1, 1 }
#define LISTEN_MULTICAST6 { 0xff, 2, [14] = 1, [15] = 1 }
#define LISTEN_STRANGERS 4

struct engine;
struct source;

/* A server that was heard. */
struct heard {
	struct source *source; /* NULL = this place is free */
	struct mono since, last; /* the first and the newest good packet */
	bool has_answered;
	uint64_t newest;       /* ntp64, of its packets and answers */
	struct mono volley;    /* the next one is due, ... */
	double gap;            /* ... and again after so many s */
	struct unasked unasked;
};

struct listen {
	struct engine *engine;
	size_t n; /* lines; 0 without a server's sockets */
	struct heard heard[CONFIG_LISTENERS_MAX][LISTEN_SERVERS];
	/* Who was complained about, and when; newest last. */
	struct stranger {
		struct addr addr;
		struct mono said;
	} strangers[LISTEN_STRANGERS];
	unsigned n_strangers;
};

/* The key file has been read. */
void listen_start(struct listen *, struct engine *);

/* The multicast groups of a family that the lines want to be in, into a list
 * with room for CONFIG_LISTENERS_MAX; returns how many. */
size_t listen_groups(const struct config *, enum addr_family,
    struct sock_group *);

/* Packets of mode 5 that came to the server's socket. */
void listen_receive(struct listen *, const struct dgram *, int n);

/* Called by reply.c: the server has answered, at that time of its own, ntp64,
 * with the source's last sample. */
void listen_answered(struct heard *, uint64_t transmit);

/* Called by source.c: the source is freed. */
void listen_leave(struct heard *);

#endif
