/* SPDX-License-Identifier: ISC
 *
 * The sockets of requests: what is asked of the system for them, and shared
 * ones. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "tests/emu/turn.h"

/* What was wanted of the newest open socket. */
static const struct sock_want *
wanted(const struct world *w, const struct sock *sock)
{
	ck_assert_int_ge(sock->fd, 0);
	return &w->os.socks[sock->fd].want;
}

static unsigned
open_socks(const struct world *w)
{
	unsigned n = 0;

	for (int i = 0; i < FAKE_SOCKS; i++)
		n += w->os.socks[i].sock != NULL;
	return n;
}

START_TEST(a_request_has_a_connected_socket_of_its_own)
{
	struct world w;

	world_init(&w, 2);
	w.config.sources[0].port = 1123;
	world_start(&w);
	struct source *s = world_source(&w, 0), *t = world_source(&w, 1);
	ck_assert_uint_eq(open_socks(&w), 0);
	turn_ask(&w, s);
	turn_ask(&w, t);
	ck_assert_int_ne(s->client.sock.fd, t->client.sock.fd);
	const struct sock_want *want = wanted(&w, &s->client.sock);
	ck_assert(addr_equal(&want->peer.addr, &s->remote.addr));
	ck_assert_uint_eq(want->peer.port, 1123);
	ck_assert_uint_eq(want->local.port, 0);
	ck_assert_int_eq(want->local.addr.family, ADDR_NONE);
	ck_assert(want->want_stamps && want->want_local);
	world_run(&w, 0.1);
	ck_assert_uint_eq(open_socks(&w), 0);
	world_fini(&w);
}
END_TEST

START_TEST(bindacqaddress_bindacqdevice_and_dscp_reach_the_socket)
{
	struct world w;

	world_init(&w, 1);
	addr_parse(&w.config.bindacq4, "192.0.2.200");
	addr_parse(&w.config.bindacq6, "2001:db8::200");
	strcpy(w.config.bindacqdevice, "eth7");
	w.config.dscp = 46;
	world_start(&w);
	struct source *s = world_source(&w, 0);
	turn_ask(&w, s);
	const struct sock_want *want = wanted(&w, &s->client.sock);
	ck_assert(addr_equal(&want->local.addr, &w.config.bindacq4));
	ck_assert_str_eq(want->device, "eth7");
	ck_assert_int_eq(want->dscp, 46);
	world_fini(&w);

	world_init(&w, 1);
	addr_parse(&w.config.bindacq6, "2001:db8::200");
	strcpy(w.config.sources[0].name, "2001:db8::1");
	world_start(&w);
	s = world_source(&w, 0);
	turn_ask(&w, s);
	want = wanted(&w, &s->client.sock);
	ck_assert(addr_equal(&want->local.addr, &w.config.bindacq6));
	world_fini(&w);
}
END_TEST

START_TEST(acquisitionport_makes_one_socket_for_all)
{
	struct world w;

	world_init(&w, 3);
	w.config.acquisitionport = 1234;
	addr_parse(&w.config.bindacq4, "192.0.2.200");
	world_start(&w);
	const struct sock_want *want = wanted(&w, &w.acquire.v4);
	ck_assert_uint_eq(want->local.port, 1234);
	ck_assert(addr_equal(&want->local.addr, &w.config.bindacq4));
	ck_assert_int_eq(want->peer.addr.family, ADDR_NONE);
	ck_assert_int_eq(wanted(&w, &w.acquire.v6)->local.addr.family,
	    ADDR_INET6);
	ck_assert_uint_eq(open_socks(&w), 2);
	turn_ask(&w, world_source(&w, 0));
	const struct fake_sent *out = fake_sent(&w.os, 0);
	ck_assert_ptr_eq(out->sock, &w.acquire.v4);
	ck_assert_int_ne(out->dgram.remote.addr.family, ADDR_NONE);
	world_run(&w, 20);
	ck_assert_uint_eq(open_socks(&w), 2);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_uint_ge(world_source(&w, i)->client.total_good, 4);
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(acquisitionport_0_is_one_random_port)
{
	struct world w;

	world_init(&w, 1);
	w.config.acquisitionport = 0;
	world_start(&w);
	ck_assert_uint_eq(wanted(&w, &w.acquire.v4)->local.port, 0);
	ck_assert_int_eq(wanted(&w, &w.acquire.v4)->local.addr.family,
	    ADDR_INET4);
	world_run(&w, 10);
	ck_assert_uint_ge(world_source(&w, 0)->client.total_good, 4);
	world_fini(&w);
}
END_TEST

/* Whether an answer that is right but for where it comes from counts. */
static bool
is_heard(const char *from, uint16_t port)
{
	struct world w;
	unsigned char bytes[PACKET_HEADER];

	world_init(&w, 2);
	w.config.acquisitionport = 0;
	world_start(&w);
	struct source *s = world_source(&w, 0);
	turn_ask(&w, s);
	struct ntp_packet p = world_answer(&w, &s->client, 0);
	struct dgram d = { .remote.port = port };
	addr_parse(&d.remote.addr, from);
	packet_write(&p, bytes);
	fake_receive(&w.os, &w.acquire.v4, &d, bytes, sizeof bytes);
	bool heard = s->has_sample;
	world_fini(&w);
	return heard;
}

START_TEST(a_shared_socket_hears_the_servers_alone)
{
	ck_assert(is_heard("192.0.2.1", 123));
	ck_assert(!is_heard("192.0.2.1", 124));
	ck_assert(!is_heard("192.0.2.2", 123)); /* another of ours */
	ck_assert(!is_heard("192.0.2.3", 123));
}
END_TEST

START_TEST(a_stamp_of_a_shared_socket_finds_its_request)
{
	struct world w;

	world_init(&w, 2);
	w.config.acquisitionport = 0;
	world_start(&w);
	turn_ask(&w, world_source(&w, 0));
	turn_ask(&w, world_source(&w, 1));
	const struct fake_sent *out = fake_sent(&w.os, 0);
	struct stamp stamp = { w.os.now.real, w.os.now, STAMP_KERNEL };
	w.acquire.v4.sent(&w.acquire.v4, out->data, out->dgram.len, &stamp);
	ck_assert_uint_eq(world_source(&w, 0)->client.kernel_tx +
	    world_source(&w, 1)->client.kernel_tx, 1);
	struct client *c = &world_source(&w, 0)->client;
	if (c->kernel_tx == 0)
		c = &world_source(&w, 1)->client;
	ck_assert_uint_eq(c->exchange.cookie, turn_request(&w).transmit);
	ck_assert(c->exchange.sent.src == STAMP_KERNEL);
	world_fini(&w);
}
END_TEST

static int
no_ipv6(const struct sock_want *want)
{
	return want->local.addr.family == ADDR_INET6 ? -EAFNOSUPPORT : 0;
}

static int
port_taken(const struct sock_want *want)
{
	(void)want;
	return -EADDRINUSE;
}

START_TEST(one_family_is_enough_a_port_in_use_is_an_error)
{
	struct fake_os os;
	struct config config;
	struct acquire a;

	fake_init(&os, (struct tspec){ T0 * NSEC });
	config_init(&config);
	config.acquisitionport = 123;
	os.open_error = no_ipv6;
	ck_assert_int_eq(acquire_open(&a, &os.os, &config), 0);
	ck_assert_int_lt(a.v6.fd, 0);
	acquire_close(&a, &os.os);
	os.open_error = port_taken;
	ck_assert_int_eq(acquire_open(&a, &os.os, &config), -EADDRINUSE);
	config.acquisitionport = -1;
	ck_assert_int_eq(acquire_open(&a, &os.os, &config), 0);
	config_fini(&config);
	fake_fini(&os);
}
END_TEST

UNIT_MAIN("acquire", a_request_has_a_connected_socket_of_its_own,
    bindacqaddress_bindacqdevice_and_dscp_reach_the_socket,
    acquisitionport_makes_one_socket_for_all,
    acquisitionport_0_is_one_random_port,
    a_shared_socket_hears_the_servers_alone,
    a_stamp_of_a_shared_socket_finds_its_request,
    one_family_is_enough_a_port_in_use_is_an_error)
