/* SPDX-License-Identifier: ISC
 *
 * Packets for the server: each begins with a byte of length, its lowest bits
 * saying what to do first: end it with a right MAC, put in an origin that was
 * ours.  Whatever comes, there is one answer at most, not longer than the
 * request, well formed, to whom it came from, and nothing else is done. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/log.h"
#include "tests/emu/engine_world.h"

#define KEY "7 SHA1 abcdefghijklmnop\n"

enum { DO_SIGN = 1, DO_RETURN = 2, DO_LONG = 4 };
enum { AT_ORIGIN = 24, AT_RECEIVE = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
start(struct world *w)
{
	static const char *const lines[] = { "allow 10.0.0.0/8",
		"keyfile /k/keys", "ratelimit interval 3 burst 32 kod 1" };

	log_init(2, LOGSTYLE_PLAIN, LOGLEVEL_FATAL, "");
	world_init(w, 1);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		world_line(w, lines[i]);
	world_save(w, "keys/keys", KEY);
	world_start(w);
	world_run(w, 5);
}

static void
check(struct world *w, const struct dgram *d, const unsigned char *bytes,
    size_t len)
{
	unsigned sent = w->os.n_sent, asked = w->os.n_requests;
	struct ntp_packet p;

	fake_receive(&w->os, &w->server.v4, d, bytes, len);
	assert(w->os.n_sent - sent <= 1 && w->os.n_requests == asked);
	if (w->os.n_sent == sent)
		return;

	const struct fake_sent *s = fake_sent(&w->os, 0);

	assert(s->dgram.len <= len);
	assert(packet_parse(&p, s->data, s->dgram.len) == 0);
	assert(p.mode == PACKET_MODE_SERVER || p.mode == PACKET_MODE_PASSIVE);
	assert(p.version == (bytes[0] >> 3 & 7));
	assert(addr_equal(&s->dgram.remote.addr, &d->remote.addr));
	assert(get64(s->data + AT_ORIGIN) == get64(bytes + 40) ||
	    get64(s->data + AT_ORIGIN) == get64(bytes + AT_RECEIVE));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world *w;
	struct dgram d = { .remote = { { .family = ADDR_INET4,
	    .bytes = { 10, 1, 2, 3 } }, 1123 } };
	unsigned char bytes[DGRAM_MAX + MAC_MAX];

	w = calloc(1, sizeof *w);
	if (w == NULL)
		abort();
	start(w);
	while (size > 0) {
		unsigned how = data[0] & 7;
		size_t len = how & DO_LONG ? (size_t)(data[0] & ~7) * 8
					   : PACKET_HEADER;

		data++, size--;
		if (len > size)
			len = size;
		memcpy(bytes, data, len);
		data += len, size -= len;
		if ((how & DO_RETURN) && len >= AT_RECEIVE && w->os.n_sent > 0)
			memcpy(bytes + AT_ORIGIN,
			    fake_sent(&w->os, 0)->data + AT_RECEIVE, 8);
		if ((how & DO_SIGN) && len >= PACKET_HEADER)
			len = mac_append(keys_find(&w->engine.keys, 7), false,
			    bytes, len, sizeof bytes);
		if (len <= DGRAM_MAX)
			check(w, &d, bytes, len);
		fake_advance(&w->os, 0.01);
	}
	world_fini(w);
	free(w);
	return 0;
}
