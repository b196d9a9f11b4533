/* SPDX-License-Identifier: ISC
 *
 * The set of descriptors that are waited for.  A watch may leave it at any time,
 * in the middle of a turn as well: it is not called any more then, and the object
 * lives on until the turn is over, so that whoever is just working with it can
 * look whether it was closed. */
#ifndef DAEMON_OS_WATCH_H
#define DAEMON_OS_WATCH_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct os_linux;

struct watch {
	int fd; /* -1 = dropped */
	size_t slot; /* 0 = in no set; of a polled one its place, 1-based */
	bool is_busy; /* polled by itself, see watch_rest.h */
	void (*ready)(struct os_linux *, struct watch *, short revents);
	struct watch *next_dropped;
};

struct watch_set {
	struct watch rest; /* of those that are not busy; fd -1 = there is none */
	struct pollfd *polled;
	struct watch **watches; /* NULL = slot emptied in this turn */
	size_t count, room;
	struct watch *dropped;
};

int watch_init(struct watch_set *); /* 0 or -errno */
void watch_fini(struct watch_set *); /* the set must be empty */

/* Calls w->ready from now on when fd has one of events (or an error).  Returns
 * 0 or -errno (of memory). */
int watch_add(struct watch_set *, struct watch *w, int fd, short events);

void watch_events(struct watch_set *, struct watch *w, short events);

/* Out of the set; fd stays open.  No effect when it is in no set. */
void watch_remove(struct watch_set *, struct watch *w);

/* Out of the set and closed; at the end of the turn free(w), so w must be the
 * head of an object from malloc. */
void watch_drop(struct watch_set *, struct watch *w);

/* Waits at most timeout ms (-1: for ever) and calls the watches that are
 * ready, until the backend is stopped.  Returns 0 or -errno (EINTR is none). */
int watch_turn(struct watch_set *, struct os_linux *, int timeout);

/* The end of a turn: dropped watches are freed. */
void watch_bury(struct watch_set *);

#endif
