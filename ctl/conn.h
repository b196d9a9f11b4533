/* SPDX-License-Identifier: ISC
 *
 * The way to a daemon.  A connection has a list of places to ask, of four
 * kinds: tockd's two native sockets (SOCK_SEQPACKET; nothing has to be made for
 * the reply), chrony's datagram socket (the client binds a socket of its own
 * beside it, since the daemon answers to its path), and UDP.
 *
 * A request is sent up to 1 + retries times, waiting timeout_ms, then twice as
 * long each time; a refused datagram ends a wait at once.  When a place does
 * not answer the next one is asked; one that answers is kept. */
#ifndef CTL_CONN_H
#define CTL_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/cmdmon_codec.h"

enum conn_kind { CONN_CONTROL, CONN_MONITOR, CONN_DATAGRAM, CONN_UDP };

struct conn_place {
	enum conn_kind kind;
	struct sockaddr_storage addr;
	socklen_t len;
};

#define CONN_PLACES 16

struct conn {
	struct conn_place places[CONN_PLACES];
	size_t n_places, at;      /* at: the one that fd belongs to */
	int fd;                   /* -1: none */
	int timeout_ms;           /* of the first attempt; 1000 */
	int retries;              /* 2 */
	/* Ours to remove, or "": */
	char own_dir[108], own_sub[108], own_path[108];
};

void conn_init(struct conn *c);
void conn_fini(struct conn *c);

/* Adds tockd's native sockets, the one with more rights first. */
void conn_add_native(struct conn *c);

/* Adds the places of a list "HOST,HOST": a HOST that begins with '/' is the
 * path of a datagram socket, given to the kernel as it is; any other is looked
 * up (family 4, 6 or 0 = both) and asked by UDP at port.  What cannot be
 * looked up or does not fit is left out. */
void conn_add_hosts(struct conn *c, const char *list, uint16_t port,
    int family);

/* Connects to the first place that lets us.  Returns 0, or the -errno of the
 * last one (-ENOENT for an empty list). */
int conn_open(struct conn *c);

/* Sends q (its sequence and attempt are set here) and waits for the reply to
 * it.  Returns 0, -EINTR when a signal came, or -ENOTCONN: nobody answers; the
 * next call begins with the first place again. */
int conn_ask(struct conn *c, struct cmdmon_request *q, struct cmdmon_reply *r);

/* True when the place in use is a daemon's socket on this machine that only
 * this daemon can have made: signals for it make sense. */
bool conn_is_local(const struct conn *c);

/* True when the place in use takes native requests. */
bool conn_is_native(const struct conn *c);

#endif
