/* SPDX-License-Identifier: ISC
 *
 * An engine and two workers in one process, each worker with a world of its own;
 * for unit programs. */
#ifndef TESTS_UNIT_CREW_WORLD_H
#define TESTS_UNIT_CREW_WORLD_H

#include <errno.h>
#include <string.h>

#include "daemon/engine/crew.h"
#include "daemon/worker.h"
#include "tests/emu/engine_world.h"

#define N 2

static struct world w;

static struct {
	struct crew crew;
	struct refpage page;
	struct hand {
		struct fake_os os;
		struct worker worker;
		struct sock sock;
		struct wrk_rep rep;
		bool is_dead, is_hung, lies, is_behind;
	} hands[N];
	unsigned asked, waiting, most_waiting;
} c;

static int
ask_hand(struct crew *crew, unsigned i, const struct wrk_req *req)
{
	struct hand *h = &c.hands[i];

	c.asked++;
	c.waiting++;
	if (h->is_dead) {
		crew->is_gone[i] = true;
		return -EPIPE;
	}
	ck_assert_uint_ne(req->seq, h->rep.seq);
	ck_assert_int_eq(worker_request(&h->worker, req, &h->rep),
	    req->type == WRK_BYE);
	return 0;
}

static int
answer(struct crew *crew, unsigned i, const struct wrk_req *req,
    struct wrk_rep *rep)
{
	struct hand *h = &c.hands[i];

	ck_assert_uint_eq(h->rep.seq, req->seq);
	if (c.waiting > c.most_waiting)
		c.most_waiting = c.waiting;
	c.waiting = 0;
	*rep = h->rep;
	if (h->lies)
		rep->log_size = UINT32_MAX;
	crew->is_gone[i] = h->is_hung;
	return h->is_hung ? -ETIMEDOUT : 0;
}

static void
publish(struct crew *crew, const struct wrk_reference *t)
{
	(void)crew;
	refpage_write(&c.page, t);
}

static bool
is_behind(struct crew *crew, unsigned i)
{
	(void)crew;
	return c.hands[i].is_behind;
}

static void
prepare(void)
{
	memset(&c, 0, sizeof c);
	world_init(&w, 1);
	world_line(&w, "allow 198.51.100.0/24");
	world_line(&w, "keyfile /k");
	world_save(&w, "keys/k", "7 SHA1 abcdefghijklmnop\n");
	c.crew = (struct crew){ .ask = ask_hand, .answer = answer,
		.publish = publish, .is_behind = is_behind, .n = N };
}

static void
start(void)
{
	for (int i = 0; i < N; i++) {
		fake_init(&c.hands[i].os, w.os.now.real);
		worker_init(&c.hands[i].worker, &c.hands[i].os.os, &c.page);
		c.hands[i].sock = (struct sock){ .owner = &c.hands[i].worker,
			.receive = worker_receive, .sent = worker_sent };
	}
	ck_assert_int_eq(crew_set_up(&c.crew, &w.config, 1, 1), 0);
	w.options.crew = &c.crew;
	world_start(&w);
	world_run(&w, 30);
	ck_assert(w.engine.reference.is_synced);
}

static void
end(void)
{
	world_fini(&w);
	for (int i = 0; i < N; i++) {
		worker_fini(&c.hands[i].worker);
		fake_fini(&c.hands[i].os);
	}
}

static struct addr
addr(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, text), 0);
	return a;
}

/* Worker i is asked, at the engine's time; its answer, or NULL. */
static const struct fake_sent *
ask(int i, const char *from, const unsigned char *bytes, size_t len)
{
	struct hand *h = &c.hands[i];
	struct dgram d = { .remote = { addr(from), 4123 } };
	unsigned before = h->os.n_sent;

	h->os.now = w.os.now;
	h->os.mono = w.os.mono;
	fake_receive(&h->os, &h->sock, &d, bytes, len);
	return h->os.n_sent > before ? fake_sent(&h->os, 0) : NULL;
}

static const unsigned char plain[PACKET_HEADER] = { 0x23, [47] = 9 };

static const struct fake_sent *
ask_plain(int i, const char *from)
{
	return ask(i, from, plain, sizeof plain);
}

#endif
