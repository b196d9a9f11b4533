/* SPDX-License-Identifier: ISC
 *
 * The seam between the engine and the world.  Everything that the engine does
 * to or learns from the outside goes through `struct os`: the installed daemon
 * puts poll() and sockets behind it, the simulator virtual clocks and networks.
 * No file of daemon/engine calls the kernel by itself (tests/layers.py).
 *
 * The backend never calls the engine by name: it calls the function in the
 * timer, socket or look-up that the engine handed it.  One call at a time, and
 * never from inside a call of the engine's to the backend. */
#ifndef DAEMON_OS_OS_H
#define DAEMON_OS_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/addr.h"
#include "common/heap.h"
#include "common/tspec.h"
#include "daemon/os/dgram.h"
#include "daemon/os/sock_want.h"
#include "privsep/wire_clock.h"

struct os;

struct timer {
	struct heap_node node; /* the backend's */
	void (*fire)(struct timer *);
	void *owner; /* the engine's, untouched by the backend */
};

struct sock {
	int fd; /* -1 = closed; the backend's */
	void *owner;
	void (*receive)(struct sock *, struct dgram *, int n); /* n: 1..64 */
	/* A datagram sent through s left at stamp; data is its payload as the
	 * kernel gave it back.  NULL when not wanted. */
	void (*sent)(struct sock *, const unsigned char *data, size_t len,
	    const struct stamp *);
	/* The kernel reported an error (ECONNREFUSED ...); the socket stays
	 * open.  NULL when not wanted. */
	void (*failed)(struct sock *, int error);
	/* UDP with a buffer: datagrams that found it full.  The engine sets it
	 * to 0 when it has counted them. */
	uint32_t lost;
	/* How many of those that receive() was called with get no answer: it
	 * may add to the 0 that is there. */
	uint32_t in_vain;
	void *backend; /* the backend's */
};

struct lookup {
	char name[256];
	enum addr_family family; /* ADDR_NONE = both */
	void *owner;
	/* addrs is valid during the call.  n > 0: found; 0: no such name;
	 * < 0: no answer now, ask again later. */
	void (*done)(struct lookup *, const struct addr *addrs, int n);
	uint32_t id; /* the backend's; 0 = not under way */
};

/* Functions of a backend.  int results are 0 or -errno unless said. */
struct os_ops {
	struct pair (*pair)(struct os *);
	struct tspec (*real)(struct os *); /* alone, which is quicker */
	struct mono (*mono)(struct os *);

	/* Fires once at `at` (at once when that is past); set again = moved. */
	void (*timer_set)(struct os *, struct timer *, struct mono at);
	void (*timer_off)(struct os *, struct timer *);

	/* sock's callbacks and owner are set before; fd and backend after. */
	int (*sock_open)(struct os *, struct sock *, const struct sock_want *);
	void (*sock_close)(struct os *, struct sock *);
	/* One datagram.  sent() is called only where there is a kernel stamp,
	 * maybe before this returns. */
	int (*send)(struct os *, struct sock *, const struct dgram *);

	/* Waits for the answer; a clock that is gone ends the process. */
	void (*clock)(struct os *, struct clk_req *, struct clk_rep *);

	/* The name is copied; lookup_off forgets one under way. */
	int (*lookup)(struct os *, struct lookup *);
	void (*lookup_off)(struct os *, struct lookup *);

	void (*random)(struct os *, void *, size_t);

	/* Small files in directories that were kept, by a slot "DIR/FILE", as
	 * daemon/os/statefile.h has them.  save() of size 0 removes the file. */
	int (*save)(struct os *, const char *slot, const void *, size_t size);
	ssize_t (*load)(struct os *, const char *slot, void *, size_t size);
	/* each() is called with every name in DIR that is not hidden. */
	int (*list)(struct os *, const char *dir, void *owner,
	    void (*each)(void *owner, const char *name));

	/* Ends the loop; the process exits with this code. */
	void (*stop)(struct os *, int exit_code);
};

/* The head of every backend's own struct. */
struct os {
	const struct os_ops *ops;
	void *engine; /* whose callback this is */
	/* An event of the clock: CLK_WAS_SET, CLK_WOKE, CLK_TERM, CLK_RELOAD. */
	void (*clock_event)(void *engine, const struct clk_rep *);
	/* Sends n datagrams through one socket, of which each goes as with
	 * ops->send().  Returns how many have gone.  NULL where the backend
	 * has no better way than one by one: os_send_many() is for all. */
	int (*send_many)(struct os *, struct sock *, const struct dgram *,
	    int n);
	/* The resolver is gone for good, called once; from then on every
	 * look-up is answered "ask again".  NULL when not wanted. */
	void (*resolver_gone)(void *engine);
};

/* Sends n datagrams in the quickest way; returns how many have gone. */
static inline int
os_send_many(struct os *os, struct sock *sock, const struct dgram *d, int n)
{
	int sent = 0;

	if (os->send_many != NULL)
		return os->send_many(os, sock, d, n);
	for (int i = 0; i < n; i++)
		sent += os->ops->send(os, sock, &d[i]) == 0;
	return sent;
}

#endif
