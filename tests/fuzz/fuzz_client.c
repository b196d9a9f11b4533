/* SPDX-License-Identifier: ISC
 *
 * Packets for a client that waits for an answer.  The first byte of the input
 * turns on options; then come records: a byte that says which bits to put into
 * the origin field, a length, and so many bytes of a packet.  Without the right
 * bits nothing happens at all, in either mode; with them no number that comes
 * of it is absurd, and an answer counts once. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "common/bytes.h"
#include "common/log.h"
#include "tests/emu/turn.h"

#define ORIGIN 24 /* where it lies in the header */

enum { OPTION_XLEAVE = 1, OPTION_SHARED = 2, OPTION_FILTER = 4,
	OPTION_ASYMMETRY = 8, OPTION_QUANTILE = 16, OPTION_MINDELAY = 32,
	OPTION_PRESEND = 64, OPTION_AUTO = 128 };
enum { BITS_BASIC = 1, BITS_XLEAVE = 2, BITS_REPLAY = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct source *
start(struct world *w, uint8_t options)
{
	struct config_source *s;

	log_init(2, LOGSTYLE_PLAIN, LOGLEVEL_FATAL, "");
	world_init(w, 1);
	s = &w->config.sources[0];
	s->xleave = options & OPTION_XLEAVE;
	if (options & OPTION_SHARED)
		w->config.acquisitionport = 0;
	s->filter = options & OPTION_FILTER ? 2 : 0;
	if (options & OPTION_ASYMMETRY)
		s->asymmetry = -0.5;
	s->maxdelayquant = options & OPTION_QUANTILE ? 0.05 : 0;
	s->mindelay = options & OPTION_MINDELAY ? 1e-3 : 0;
	if (options & OPTION_PRESEND)
		s->presend = 0;
	s->auto_offline = options & OPTION_AUTO;
	world_start(w);
	return world_source(w, 0);
}

static void
put_origin(unsigned char *packet, size_t len, uint64_t origin)
{
	if (len < ORIGIN + 8)
		return;
	put32(packet + ORIGIN, (uint32_t)(origin >> 32));
	put32(packet + ORIGIN + 4, (uint32_t)origin);
}

static void
hand_in(struct world *w, struct source *s, const unsigned char *packet,
    size_t len)
{
	struct dgram d = { .remote = s->remote };
	struct sock *sock = w->acquire.is_shared ? &w->acquire.v4
	    : &s->client.sock;

	if (sock->fd >= 0)
		fake_receive(&w->os, sock, &d, packet, len);
}

static void
check_numbers(const struct world *w, const struct source *s)
{
	const struct client *c = &s->client;
	struct estimate e;

	assert(isfinite(c->last.offset) && isfinite(c->last.delay));
	assert(c->last.delay >= 0 && c->last.dispersion >= 0);
	assert((c->last.tests & ~(unsigned)TEST_ALL) == 0);
	assert(c->poll >= -7 && c->poll <= s->conf.maxpoll);
	if (s->has_sample) {
		assert(isfinite(s->last.offset) && s->last.delay > 0);
		assert(estimator_at(&s->estimator, w->os.now.raw, &e));
		assert(isfinite(e.x) && isfinite(e.y) && e.pxx > 0);
	}
	assert(!w->os.is_stopped);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	static struct engine before;
	unsigned char packet[256], old[256];
	size_t old_len = 0;

	if (size < 1)
		return 0;
	struct source *s = start(&w, data[0]);
	for (data++, size--; size >= 2;) {
		size_t len = data[1] <= size - 2 ? data[1] : size - 2;
		uint8_t bits = data[0];

		fake_advance(&w.os, 2.1);
		memcpy(packet, data + 2, len);
		data += 2 + len;
		size -= 2 + len;
		struct client *c = &s->client, was = *c;
		uint64_t right = bits & BITS_XLEAVE ? c->exchange.cookie_x
		    : bits & BITS_BASIC ? c->exchange.cookie : 0;
		put_origin(packet, len, right);
		unsigned asked = w.os.n_requests;
		memcpy(&before, &w.engine, sizeof before);
		hand_in(&w, s, packet, len);
		if (right == 0) {
			was.total_rx = c->total_rx;
			assert(memcmp(&was, c, sizeof was) == 0);
			assert(memcmp(&before, &w.engine, sizeof before) == 0);
			assert(w.os.n_requests == asked);
		}
		if (bits & BITS_REPLAY) {
			uint32_t valid = c->total_valid;
			hand_in(&w, s, old, old_len);
			if (c->total_valid != was.total_valid)
				hand_in(&w, s, packet, len);
			assert(c->total_valid == valid);
		}
		check_numbers(&w, s);
		if (c->total_valid != was.total_valid) {
			memcpy(old, packet, len);
			old_len = len;
		}
	}
	world_fini(&w);
	return 0;
}
