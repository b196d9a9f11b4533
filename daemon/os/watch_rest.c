/* SPDX-License-Identifier: ISC */
#include "daemon/os/watch_rest.h"

#include <errno.h>
#include <sys/epoll.h>

#include "daemon/os/os_poll.h"

#define READY_MOST 32 /* in a turn; the others come first in the next one */

_Static_assert(POLLIN == EPOLLIN && POLLOUT == EPOLLOUT &&
	POLLPRI == EPOLLPRI && POLLERR == EPOLLERR, "events are the same");

int
rest_open(void)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int
control(int rest, int what, struct watch *w, short events)
{
	struct epoll_event e = { .events = (uint32_t)events, .data.ptr = w };

	return epoll_ctl(rest, what, w->fd, &e) < 0 ? -errno : 0;
}

int
rest_add(int rest, struct watch *w, int fd, short events)
{
	w->fd = fd;

	int error = control(rest, EPOLL_CTL_ADD, w, events);

	w->slot = error == 0;
	return error;
}

void
rest_events(int rest, struct watch *w, short events)
{
	control(rest, EPOLL_CTL_MOD, w, events);
}

void
rest_remove(int rest, struct watch *w)
{
	control(rest, EPOLL_CTL_DEL, w, 0);
}

/* A watch that was dropped meanwhile is still there until the turn is over. */
int
rest_turn(struct os_linux *o, int rest, int timeout)
{
	struct epoll_event ready[READY_MOST];
	int n = epoll_wait(rest, ready, READY_MOST, timeout);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n && !o->is_stopped; i++) {
		struct watch *one = ready[i].data.ptr;

		if (one->slot != 0)
			one->ready(o, one, (short)ready[i].events);
	}
	return 0;
}

void
rest_ready(struct os_linux *o, struct watch *w, short revents)
{
	(void)revents;
	(void)rest_turn(o, w->fd, 0);
}
