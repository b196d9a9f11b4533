/* SPDX-License-Identifier: ISC
 *
 * Exchanges one by one, for tests of what a client makes of them. */
#ifndef TESTS_EMU_TURN_H
#define TESTS_EMU_TURN_H

#include <math.h>

#include "tests/emu/engine_world.h"

/* Lets time pass until the source has asked, and not longer: the timer goes by
 * a clock that may be slewed, hence the small steps at the end. */
static inline void
turn_ask(struct world *w, struct source *s)
{
	while (!s->client.is_waiting) {
		const struct heap_node *next = heap_first(&w->os.timers);
		double left = (double)(next->key - w->os.mono.ns) * 1e-9;

		fake_advance(&w->os, fmax(left * 0.99, 1e-8));
	}
}

/* What it asks next, answered after up and down s on the way. */
static inline void
turn(struct world *w, struct source *s, double up, double down)
{
	turn_ask(w, s);
	fake_advance(&w->os, up);

	struct ntp_packet p = world_answer(w, &s->client, 0);

	fake_advance(&w->os, down);
	world_hand_in(w, s, &p);
}

/* The newest request as the server sees it. */
static inline struct ntp_packet
turn_request(const struct world *w)
{
	const struct fake_sent *out = fake_sent(&w->os, 0);
	struct ntp_packet p = { 0 };

	packet_parse(&p, out->data, out->dgram.len);
	return p;
}

/* Sends within this many s. */
static inline unsigned
turn_count(struct world *w, double s)
{
	unsigned before = w->os.n_sent;

	fake_advance(&w->os, s);
	return w->os.n_sent - before;
}

#endif
