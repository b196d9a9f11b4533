/* SPDX-License-Identifier: ISC
 *
 * A set of descriptors that changes at random while it is called: nobody is
 * called who left it, nobody is forgotten, whatever number a descriptor has
 * again.  The same with and without an epoll descriptor: all busy is all
 * polled. */
#include "unit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/prng.h"
#include "daemon/os/os_poll.h"

#define MOST 100 /* several times what comes out of epoll in a turn */
#define TURNS 500
#define PATIENCE 5 /* turns that one of MOST waits for its own */

struct item {
	struct watch watch; /* first: the set frees it */
	int other;          /* the other end, ours to write to; -1 = dropped */
	bool is_in, is_wanted, is_full;
	unsigned waiting;   /* turns, ready and not called */
};

static struct {
	struct os_linux os;
	struct watch_set set;
	struct prng dice;
	struct item *items[MOST];
	unsigned n, called, left_inside;
	uint64_t part_busy; /* of 8 */
	int chaos; /* changes of others in a call, of 8 */
	bool is_inside;
} s;

static void ready(struct os_linux *, struct watch *, short revents);

static void
set_in(struct item *i, bool is_in)
{
	if (is_in == i->is_in)
		return;
	if (is_in) {
		ck_assert_int_eq(watch_add(&s.set, &i->watch, i->watch.fd,
		    POLLIN), 0);
		i->is_wanted = true;
	} else {
		watch_remove(&s.set, &i->watch);
		s.left_inside += s.is_inside;
	}
	i->is_in = is_in;
	i->waiting = 0;
}

static void
make(void)
{
	struct item *i = calloc(1, sizeof *i);
	int ends[2];

	ck_assert_ptr_nonnull(i);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, ends), 0);
	i->watch.fd = ends[0];
	i->watch.ready = ready;
	i->watch.is_busy = prng_below(&s.dice, 8) < s.part_busy;
	i->other = ends[1];
	s.items[s.n++] = i;
	set_in(i, true);
}

static void
drop(unsigned at)
{
	struct item *i = s.items[at];

	close(i->other);
	i->other = -1;
	s.left_inside += s.is_inside && i->is_in;
	i->is_in = false;
	watch_drop(&s.set, &i->watch);
	s.items[at] = s.items[--s.n];
}

static void
fill(struct item *i)
{
	ck_assert_int_eq(send(i->other, "x", 1, MSG_NOSIGNAL), 1);
	i->is_full = true;
}

static void
change_something(void)
{
	unsigned at = (unsigned)prng_below(&s.dice, MOST);
	struct item *i = at < s.n ? s.items[at] : NULL;

	if (i == NULL) {
		make();
		return;
	}
	switch (prng_below(&s.dice, 8)) {
	case 0:
		drop(at);
		break;
	case 1:
		set_in(i, !i->is_in);
		break;
	case 2: /* out and in again, with events that are from before */
		set_in(i, false);
		set_in(i, true);
		break;
	case 3:
		if (!i->is_in)
			break;
		i->is_wanted = !i->is_wanted;
		i->waiting = 0;
		watch_events(&s.set, &i->watch, i->is_wanted ? POLLIN : 0);
		break;
	default:
		if (!i->is_full)
			fill(i);
	}
}

static void
ready(struct os_linux *o, struct watch *w, short revents)
{
	struct item *i = (struct item *)w;
	char bytes[8];

	ck_assert_ptr_eq(o, &s.os);
	ck_assert_int_ge(i->other, 0);
	ck_assert(i->is_in);
	ck_assert_int_ne(revents, 0);
	s.called++;
	i->waiting = 0;
	if (recv(w->fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
		ck_assert(i->is_full);
		i->is_full = false;
	}
	s.is_inside = true;
	while (prng_below(&s.dice, 8) < (uint64_t)s.chaos)
		change_something();
	s.is_inside = false;
}

/* Busy ones get their turn at once. */
static void
nobody_waits(void)
{
	for (unsigned k = 0; k < s.n; k++) {
		struct item *i = s.items[k];

		if (!i->is_full || !i->is_in || !i->is_wanted)
			continue;
		i->waiting++;
		ck_assert_uint_le(i->waiting, i->watch.is_busy ? 1 : PATIENCE);
	}
}

static void
run(uint64_t part_busy, int chaos)
{
	memset(&s, 0, sizeof s);
	prng_init(&s.dice, part_busy * 8 + (unsigned)chaos);
	s.part_busy = part_busy;
	s.chaos = chaos;
	ck_assert_int_eq(watch_init(&s.set), 0);
	for (int turn = 0; turn < TURNS; turn++) {
		for (uint64_t k = prng_below(&s.dice, 60); k > 0; k--)
			change_something();
		ck_assert_int_eq(watch_turn(&s.set, &s.os, 0), 0);
		nobody_waits();
		watch_bury(&s.set);
	}
	ck_assert_uint_gt(s.called, TURNS);
	ck_assert(chaos == 0 || s.left_inside > TURNS / 10);
	while (s.n > 0)
		drop(0);
	watch_fini(&s.set);
}

START_TEST(nobody_is_forgotten_and_nobody_called_who_left)
{
	for (uint64_t part_busy = 0; part_busy <= 8; part_busy += 4)
		for (int chaos = 0; chaos < 8; chaos += 3)
			run(part_busy, chaos);
}
END_TEST

UNIT_MAIN("watch", nobody_is_forgotten_and_nobody_called_who_left)
