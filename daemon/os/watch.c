/* SPDX-License-Identifier: ISC
 *
 * Two arrays side by side, the kernel's and ours.  They are made dense again
 * before each poll(), never during a turn.  The rest is one of them. */
#include "daemon/os/watch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/os/os_poll.h"
#include "daemon/os/watch_rest.h"

#define FIRST_ROOM 16

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

static int
add_polled(struct watch_set *set, struct watch *w, int fd, short events)
{
	if (set->count == set->room && grow(set) < 0)
		return -ENOMEM;
	set->polled[set->count] = (struct pollfd){ fd, events, 0 };
	set->watches[set->count] = w;
	w->fd = fd;
	w->slot = ++set->count;
	return 0;
}

int
watch_init(struct watch_set *set)
{
	*set = (struct watch_set){ .rest = { .fd = -1, .ready = rest_ready } };

	int fd = rest_open();
	int error = fd < 0 ? fd : add_polled(set, &set->rest, fd, POLLIN);

	return error == -ENOSYS ? 0 : error;
}

void
watch_fini(struct watch_set *set)
{
	watch_bury(set);
	if (set->rest.fd >= 0)
		close(set->rest.fd);
	set->rest.fd = -1;
	free(set->polled);
	free(set->watches);
	set->polled = NULL;
	set->watches = NULL;
	set->count = set->room = 0;
}

static bool
is_in_rest(const struct watch_set *set, const struct watch *w)
{
	return set->rest.fd >= 0 && !w->is_busy;
}

int
watch_add(struct watch_set *set, struct watch *w, int fd, short events)
{
	assert(w->slot == 0);
	return is_in_rest(set, w) ? rest_add(set->rest.fd, w, fd, events)
				  : add_polled(set, w, fd, events);
}

void
watch_events(struct watch_set *set, struct watch *w, short events)
{
	assert(w->slot != 0);
	if (is_in_rest(set, w))
		rest_events(set->rest.fd, w, events);
	else
		set->polled[w->slot - 1].events = events;
}

void
watch_remove(struct watch_set *set, struct watch *w)
{
	if (w->slot == 0)
		return;
	if (is_in_rest(set, w)) {
		rest_remove(set->rest.fd, w);
	} else {
		set->polled[w->slot - 1].fd = -1; /* poll() skips it */
		set->watches[w->slot - 1] = NULL;
	}
	w->slot = 0;
}

void
watch_drop(struct watch_set *set, struct watch *w)
{
	if (is_in_rest(set, w))
		w->slot = 0; /* what is closed leaves the rest by itself */
	else
		watch_remove(set, w);
	close(w->fd);
	w->fd = -1;
	w->next_dropped = set->dropped;
	set->dropped = w;
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

	if (count == 1 && set->watches[0] == &set->rest)
		return rest_turn(o, set->rest.fd, timeout);
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

void
watch_bury(struct watch_set *set)
{
	while (set->dropped != NULL) {
		struct watch *w = set->dropped;

		set->dropped = w->next_dropped;
		free(w);
	}
}
