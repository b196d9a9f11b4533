/* SPDX-License-Identifier: ISC
 *
 * The set for poll(): two arrays side by side, the kernel's and ours.  They are
 * made dense again before each poll(), never during a turn. */
#include "daemon/os/watch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "daemon/os/os_poll.h"

#define FIRST_ROOM 16

int
watch_init(struct watch_set *set)
{
	*set = (struct watch_set){ .epoll = -1 };
	return 0;
}

void
watch_fini(struct watch_set *set)
{
	watch_bury(set);
	free(set->polled);
	free(set->watches);
	watch_init(set);
}

static int
grow(struct watch_set *set)
{
	size_t room = set->room != 0 ? 2 * set->room : FIRST_ROOM;
	struct pollfd *polled = reallocarray(set->polled, room, sizeof *polled);

	if (polled == NULL)
		return -ENOMEM;
	set->polled = polled;

	struct watch **watches =
	    reallocarray(set->watches, room, sizeof *watches);

	if (watches == NULL)
		return -ENOMEM;
	set->watches = watches;
	set->room = room;
	return 0;
}

int
watch_add(struct watch_set *set, struct watch *w, int fd, short events)
{
	assert(w->slot == 0);
	if (set->count == set->room && grow(set) < 0)
		return -ENOMEM;
	set->polled[set->count] = (struct pollfd){ fd, events, 0 };
	set->watches[set->count] = w;
	w->fd = fd;
	w->slot = ++set->count;
	return 0;
}

void
watch_events(struct watch_set *set, struct watch *w, short events)
{
	assert(w->slot != 0);
	set->polled[w->slot - 1].events = events;
}

void
watch_remove(struct watch_set *set, struct watch *w)
{
	if (w->slot == 0)
		return;
	set->polled[w->slot - 1].fd = -1; /* poll() skips it */
	set->watches[w->slot - 1] = NULL;
	w->slot = 0;
}

static void
close_gaps(struct watch_set *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (set->watches[i] == NULL)
			continue;
		set->polled[n] = set->polled[i];
		set->watches[n] = set->watches[i];
		set->watches[n]->slot = n + 1;
		n++;
	}
	set->count = n;
}

int
watch_turn(struct watch_set *set, struct os_linux *o, int timeout)
{
	close_gaps(set);

	size_t count = set->count;

	if (poll(set->polled, count, timeout) < 0)
		return errno == EINTR ? 0 : -errno;
	/* What is added meanwhile comes behind count and waits. */
	for (size_t i = 0; i < count && !o->is_stopped; i++) {
		struct watch *w = set->watches[i];

		if (w != NULL && set->polled[i].revents != 0)
			w->ready(o, w, set->polled[i].revents);
	}
	return 0;
}
