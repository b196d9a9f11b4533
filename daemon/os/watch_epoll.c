/* SPDX-License-Identifier: ISC
 *
 * The set that the kernel keeps: a turn costs the same however many descriptors
 * there are, where poll() takes 0.2 us for each. */
#include "daemon/os/watch.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "daemon/os/os_poll.h"

#define READY_MOST 32 /* in a turn; the others come first in the next one */

_Static_assert(POLLIN == EPOLLIN && POLLOUT == EPOLLOUT &&
	POLLPRI == EPOLLPRI && POLLERR == EPOLLERR, "events are the same");

int
watch_init(struct watch_set *set)
{
	*set = (struct watch_set){ .epoll = epoll_create1(EPOLL_CLOEXEC) };
	return set->epoll < 0 ? -errno : 0;
}

void
watch_fini(struct watch_set *set)
{
	watch_bury(set);
	if (set->epoll >= 0)
		close(set->epoll);
	set->epoll = -1;
}

static int
control(const struct watch_set *set, int what, struct watch *w, short events)
{
	struct epoll_event e = { .events = (uint32_t)events, .data.ptr = w };

	return epoll_ctl(set->epoll, what, w->fd, &e) < 0 ? -errno : 0;
}

int
watch_add(struct watch_set *set, struct watch *w, int fd, short events)
{
	assert(w->slot == 0);
	w->fd = fd;

	int error = control(set, EPOLL_CTL_ADD, w, events);

	w->slot = error == 0;
	return error;
}

void
watch_events(struct watch_set *set, struct watch *w, short events)
{
	assert(w->slot != 0);
	control(set, EPOLL_CTL_MOD, w, events);
}

void
watch_remove(struct watch_set *set, struct watch *w)
{
	if (w->slot == 0)
		return;
	control(set, EPOLL_CTL_DEL, w, 0);
	w->slot = 0;
}

int
watch_turn(struct watch_set *set, struct os_linux *o, int timeout)
{
	struct epoll_event ready[READY_MOST];
	int n = epoll_wait(set->epoll, ready, READY_MOST, timeout);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n && !o->is_stopped; i++) {
		struct watch *w = ready[i].data.ptr;

		if (w->slot != 0)
			w->ready(o, w, (short)ready[i].events);
	}
	return 0;
}
