/* SPDX-License-Identifier: ISC
 *
 * Packets for who listens to broadcasts, and knows a true server: each begins
 * with a byte that says what to do first, one that says from where it comes, and
 * one by how much its time is wrong.  Whatever comes, even signed with the key:
 * nothing is sent at once, the sources are few, and the clock stays near what the
 * true server answers. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/log.h"
#include "common/ntp64.h"
#include "tests/emu/engine_world.h"

#define KEY "7 SHA1 abcdefghijklmnop\n"
#define NEAR 2e-3 /* s */

enum { DO_SIGN = 1, DO_TELL_TIME = 2, DO_FINE = 4, DO_LONG = 8 };
enum { AT_TRANSMIT = 40, TRUE_SERVER = 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
receive(struct world *w, uint8_t from, const unsigned char *bytes, size_t len)
{
	struct dgram d = { .remote = { { .family = ADDR_INET4,
	    .bytes = { 10, 0, 0, from } }, 123 }, .ifindex = 2 };

	fake_receive(&w->os, &w->server.v4, &d, bytes, len);
}

static size_t
finish(struct world *w, unsigned char *bytes, size_t len)
{
	return mac_append(keys_find(&w->engine.keys, 7), false, bytes, len,
	    DGRAM_MAX + MAC_MAX);
}

static void
tell_time(struct world *w, unsigned char *bytes, double wrong)
{
	put64(bytes + AT_TRANSMIT, ntp64_from_tspec(
	    tspec_add(world_true_time(w), wrong)));
}

static void
start(struct world *w)
{
	static const char *const lines[] = { "broadcastclient key 7",
		"keyfile /k/keys" };

	log_init(2, LOGSTYLE_PLAIN, LOGLEVEL_FATAL, "");
	world_init(w, 0);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		world_line(w, lines[i]);
	world_save(w, "keys/keys", KEY);
	world_start(w);
	w->key = keys_find(&w->engine.keys, 7);
	for (int i = 1; i < WORLD_SERVERS; i++)
		w->is_silent[i] = true;
	for (int i = 0; i < 10; i++) {
		unsigned char bytes[DGRAM_MAX + MAC_MAX] = {
			4 << 3 | PACKET_MODE_BROADCAST, 1 };

		tell_time(w, bytes, 0);
		fake_advance(&w->os, 80e-6);
		receive(w, TRUE_SERVER, bytes, finish(w, bytes, PACKET_HEADER));
		world_run(w, 0.1);
	}
	assert(w->engine.reference.is_synced);
}

static void
check(struct world *w, uint8_t from, const unsigned char *bytes, size_t len)
{
	unsigned sent = w->os.n_sent, n = 0;
	const struct source *s;

	receive(w, from, bytes, len);
	assert(w->os.n_sent == sent);
	world_run(w, 0.02);
	TAILQ_FOREACH(s, &w->engine.sources, link)
		n++;
	assert(n <= LISTEN_SERVERS);
	assert(fabs(world_clock_error(w)) < NEAR);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *w = calloc(1, sizeof *w);
	unsigned char bytes[DGRAM_MAX + MAC_MAX];

	if (w == NULL)
		abort();
	start(w);
	while (size > 3) {
		unsigned how = data[0];
		uint8_t from = data[1];
		double wrong = (data[2] - 128) *
		    (how & DO_FINE ? 2e-6 : how & DO_LONG ? 1e3 : 1e-3);
		size_t len = how & DO_LONG ? (size_t)(how & ~15U) * 4
					   : PACKET_HEADER;

		data += 3, size -= 3;
		if (len > size)
			len = size;
		memcpy(bytes, data, len);
		data += len, size -= len;
		if ((how & DO_TELL_TIME) && len >= PACKET_HEADER)
			tell_time(w, bytes, wrong);
		if ((how & DO_SIGN) && len >= PACKET_HEADER)
			len = finish(w, bytes, len);
		check(w, from, bytes, len);
	}
	world_fini(w);
	free(w);
	return 0;
}
