/* SPDX-License-Identifier: ISC
 *
 * The watches that are seldom called, as one descriptor for poll(), which takes
 * 0.2 us for each that it is given.  A busy socket is better off with poll()
 * itself: epoll is told of every packet that leaves, whoever waits.
 *
 * Simulators know nothing of epoll.  A program for them links watch_norest.c,
 * which has no such descriptor: all are polled. */
#ifndef DAEMON_OS_WATCH_REST_H
#define DAEMON_OS_WATCH_REST_H

#include "daemon/os/watch.h"

/* The descriptor or -errno; -ENOSYS: there is none, and nothing below is
 * called. */
int rest_open(void);

/* See watch.h; rest is the descriptor. */
int rest_add(int rest, struct watch *w, int fd, short events);
void rest_events(int rest, struct watch *w, short events);
void rest_remove(int rest, struct watch *w);

/* Waits at most timeout ms (-1: for ever) and calls those that are ready.
 * Returns 0 or -errno (EINTR is none). */
int rest_turn(struct os_linux *, int rest, int timeout);

/* The same without waiting; w has the descriptor. */
void rest_ready(struct os_linux *, struct watch *w, short revents);

#endif
