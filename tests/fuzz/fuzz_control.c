/* SPDX-License-Identifier: ISC
 *
 * Datagrams on the control sockets.  The first byte of the input chooses the
 * socket, the second whether a UDP sender is this host; the rest is the packet.
 * Whatever it says: at most one reply, not longer than it, well formed; and who
 * may only look has changed nothing. */
#include <assert.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/log.h"
#include "common/paths.h"
#include "tests/emu/small_engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct small *
set_up(void)
{
	struct small *s = small_new();
	struct source *o = small_source(s, "ntp.example", "192.0.2.1");

	log_init(2, LOGSTYLE_PLAIN, LOGLEVEL_FATAL, "");
	small_source(s, "lost.example", "ID#1");
	small_source(s, "six.example", "2001:db8::1")->client.reach = 0377;
	o->has_sample = true;
	o->last = (struct sample){ .at = s->world.now.raw,
		.offset = small_clock(s) + 0.001, .delay = 0.01 };
	estimator_sample(&o->estimator, &o->last);
	stats_add(&o->stats, &o->last);
	s->engine.discipline.has_target = true;
	estimator_at(&o->estimator, o->last.at,
	    &s->engine.discipline.target);
	s->engine.reference.is_synced = true;
	s->engine.reference.leap = LEAP_NONE;
	if (control_init(&s->control, &s->engine, &s->config, true) != 0)
		abort();
	return s;
}

static void
check_reply(const struct fake_sent *r, const uint8_t *packet, size_t size)
{
	struct cmdmon_reply reply;

	assert(r->dgram.len <= size && r->dgram.len <= CMDMON_REPLY_MAX);
	assert(cmdmon_get_reply(&reply, r->data, r->dgram.len) == 0);
	assert(reply.command == get16(packet + 4));
	assert(reply.sequence == get32(packet + 8));
	assert((reply.status == STT_SUCCESS) || reply.code == RPY_NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct small *s; /* made anew after every change */
	struct endpoint at = { .port = CMDMON_PORT };
	struct dgram d = { .uid = 1000, .conn = 1 };
	struct sock *sock;

	if (size < 2)
		return 0;
	if (!s)
		s = set_up();
	at.addr = small_addr("127.0.0.1");
	switch (data[0] % 4) {
	case 0:
		d.remote.addr = small_addr(data[1] ? "192.0.2.7" : "127.0.0.1");
		sock = fake_udp_sock(&s->world, &at);
		break;
	case 1:
		d.path = "/run/chrony/chronyc.1.sock";
		sock = fake_path_sock(&s->world, s->config.bindcmdpath);
		break;
	case 2:
		sock = fake_path_sock(&s->world, PATH_MONITOR);
		break;
	default:
		sock = fake_path_sock(&s->world, PATH_CONTROL);
		break;
	}
	assert(sock);

	static struct engine before;
	memcpy(&before, &s->engine, sizeof before);
	unsigned sent = s->world.n_sent, asked = s->world.n_requests;
	fake_receive(&s->world, sock, &d, data + 2, size - 2);
	assert(s->world.n_sent - sent <= 1);
	if (s->world.n_sent != sent)
		check_reply(fake_sent(&s->world, 0), data + 2, size - 2);
	if (data[0] % 4 == 0 && data[1])
		assert(s->world.n_sent == sent);
	if (data[0] % 2 == 0) { /* UDP, monitor */
		before.clientlog = s->engine.clientlog; /* it counts */
		assert(memcmp(&before, &s->engine, sizeof before) == 0);
		assert(s->world.n_requests == asked);
	} else {
		control_fini(&s->control);
		small_free(s);
		s = NULL;
	}
	return 0;
}
