/* SPDX-License-Identifier: ISC
 *
 * Packets in a peer's name, at the server's socket: each begins with a byte, its
 * lowest bits saying what to do first: put in one of our timestamps as the
 * origin, as only the peer can; end it with a right MAC; let time pass.  Without
 * the first a packet changes nothing while the association is sure, and no
 * packet has more than one answer, nor a longer one. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/log.h"
#include "daemon/engine/peer.h"
#include "tests/emu/engine_world.h"

#define KEY "7 SHA1 abcdefghijklmnop\n"

enum { DO_NAME = 1, DO_SIGN = 2, DO_WAIT = 4, DO_LONG = 8, DO_RECEIVE = 16 };
enum { AT_ORIGIN = 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
start(struct world *w, bool has_key)
{
	const char *lines[] = { "keyfile /k/keys", has_key ?
	    "peer 10.1.2.3 minpoll 0 maxpoll 2 xleave key 7" :
	    "peer 10.1.2.3 minpoll 0 maxpoll 2 xleave" };

	log_init(2, LOGSTYLE_PLAIN, LOGLEVEL_FATAL, "");
	world_init(w, 0);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		world_line(w, lines[i]);
	world_save(w, "keys/keys", KEY);
	world_start(w);
	fake_advance(&w->os, 3);
}

static void
check(struct world *w, const unsigned char *bytes, size_t len, bool is_named)
{
	struct source *s = world_source(w, 0);
	struct dgram d = { .remote = s->remote, .local = s->remote.addr };
	struct symmetric was = *s->symmetric;
	bool is_sure = !symmetric_is_lost(&was, w->os.now.raw);
	uint32_t valid = s->client.total_valid;
	unsigned sent = w->os.n_sent;

	fake_receive(&w->os, &w->server.v4, &d, bytes, len);
	assert(w->os.n_sent - sent <= 1);
	if (w->os.n_sent > sent)
		assert(fake_sent(&w->os, 0)->dgram.len <= len);
	if (is_named || s->client.total_valid != valid) /* by good luck */
		return;
	if (is_sure)
		assert(memcmp(&was, s->symmetric, sizeof was) == 0 &&
		    w->os.n_sent == sent);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world *w;
	unsigned char bytes[DGRAM_MAX + MAC_MAX];
	bool has_key = size > 0 && (data[0] & 0x80) != 0;

	w = calloc(1, sizeof *w);
	if (w == NULL)
		abort();
	start(w, has_key);
	while (size > 0) {
		const struct symmetric *own = world_source(w, 0)->symmetric;
		unsigned how = *data++;
		size_t len = how & DO_LONG ? 160 : PACKET_HEADER;

		size--;
		if (len > size)
			len = size;
		memcpy(bytes, data, len);
		data += len, size -= len;
		bool is_named = (how & DO_NAME) && len >= PACKET_HEADER;
		if (is_named)
			put64(bytes + AT_ORIGIN, how & DO_RECEIVE ?
			    own->sent[how >> 5 & 3].receive :
			    own->sent[how >> 5 & 3].transmit);
		if (has_key && (how & DO_SIGN) && len >= PACKET_HEADER)
			len = mac_append(keys_find(&w->engine.keys, 7), false,
			    bytes, len, sizeof bytes);
		check(w, bytes, len, is_named);
		fake_advance(&w->os, how & DO_WAIT ? 2 : 0.01);
		if (w->os.is_stopped || world_source(w, 0)->client.is_denied)
			break;
	}
	world_fini(w);
	free(w);
	return 0;
}
