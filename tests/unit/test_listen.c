/* SPDX-License-Identifier: ISC
 *
 * Servers that send the time unasked: who is believed, and what it is worth. */
#include "unit.h"

#include "tests/unit/listen_world.h"

START_TEST(a_server_that_is_heard_becomes_a_source)
{
	struct ntp_packet p;
	char buf[ADDR_STRLEN];

	start("broadcastclient key 7");
	ck_assert_uint_eq(count(), 0);
	hears("10.0.0.1", 0);
	ck_assert_uint_eq(count(), 1);
	struct source *s = world_source(&w, 0);
	ck_assert_str_eq(source_label(s, buf, sizeof buf), "10.0.0.1");
	ck_assert_uint_eq(s->conf.key, 7);
	ck_assert(!s->has_sample);
	fake_advance(&w.os, 1e-6); /* the volley */
	const struct fake_sent *out = fake_sent(&w.os, 0);
	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(packet_parse(&p, out->data, out->dgram.len), 0);
	ck_assert_uint_eq(p.mode, PACKET_MODE_CLIENT);
	ck_assert(mac_check(&key7, &p, out->data, out->dgram.len));
	world_run(&w, 10);
	ck_assert(s->has_sample);
	ck_assert(w.engine.reference.is_synced);
	ck_assert_uint_eq(w.engine.reference.stratum, 2);
	world_fini(&w);
	start("broadcastclient key 7");
	hears("fe80::1%2", 0);
	ck_assert_uint_eq(world_source(&w, 0)->remote.addr.scope, 2);
	world_fini(&w);
}
END_TEST

START_TEST(nobody_listens_without_such_a_line)
{
	start("allow");
	listens(3);
	ck_assert_uint_eq(count(), 0);
	world_fini(&w);
}
END_TEST

START_TEST(only_the_interface_of_the_line_counts)
{
	struct packet p;

	prepare("broadcastclient interface lo key 7");
	w.config.listeners[0].ifindex = 5;
	world_start(&w);
	p = made(&key7, 0);
	arrives(&p, "10.0.0.1", 4);
	ck_assert_uint_eq(count(), 0);
	ck_assert_uint_eq(w.engine.listen.n_strangers, 0);
	arrives(&p, "10.0.0.1", 5);
	ck_assert_uint_eq(count(), 1);
	world_fini(&w);
}
END_TEST

START_TEST(the_socket_is_in_the_groups_on_that_interface)
{
	unsigned found = 0;
	char buf[ADDR_STRLEN];

	prepare("broadcastclient interface lo key 7");
	w.config.listeners[0].ifindex = 5;
	struct sock_group list[CONFIG_LISTENERS_MAX];
	ck_assert_uint_eq(listen_groups(&w.config, ADDR_INET4, list), 1);
	ck_assert_str_eq(addr_print(&list[0].addr, buf, sizeof buf),
	    "224.0.1.1");
	ck_assert_uint_eq(list[0].ifindex, 5);
	ck_assert_uint_eq(listen_groups(&w.config, ADDR_INET6, list), 1);
	ck_assert_str_eq(addr_print(&list[0].addr, buf, sizeof buf),
	    "ff02::101");
	world_start(&w);
	for (int i = 0; i < FAKE_SOCKS; i++)
		if (w.os.socks[i].sock == &w.server.v4 ||
		    w.os.socks[i].sock == &w.server.v6)
			found += w.os.socks[i].want.n_groups == 1;
	ck_assert_uint_eq(found, 2);
	world_fini(&w);
}
END_TEST

START_TEST(between_volleys_broadcasts_tell_the_time)
{
	struct source *s = settled();
	uint32_t asked = s->client.total_tx;
	struct raw last;

	ck_assert_uint_ge(asked, 4 + 7);
	ck_assert_uint_le(asked, 4 + 2 * 8);
	for (int i = 0; i < 50; i++) { /* 13 min */
		last = s->last.at;
		listens(1);
		ck_assert_int_gt(s->last.at.ns, last.ns);
		ck_assert_double_lt(fabs(world_clock_error(&w)), 10e-6);
		ck_assert_double_lt(fabs(world_clock_error(&w)),
		    source_distance(s, w.os.now.raw));
	}
	ck_assert_uint_eq(s->client.total_tx, asked);
	listens(20); /* then comes the next */
	ck_assert_uint_ge(s->client.total_tx, asked + 1);
	ck_assert_uint_le(s->client.total_tx, asked + 2);
	world_fini(&w);
}
END_TEST

START_TEST(a_source_that_is_deleted_is_heard_anew)
{
	struct source *s = settled();

	source_free(s);
	ck_assert_uint_eq(count(), 0);
	listens(2);
	ck_assert_uint_eq(count(), 1);
	ck_assert(world_source(&w, 0)->has_sample);
	world_fini(&w);
}
END_TEST

START_TEST(a_configured_source_is_left_alone)
{
	struct packet p;

	world_init(&w, 1);
	world_line(&w, "keyfile /etc/tock/tock.keys");
	world_line(&w, "broadcastclient key 7");
	world_save(&w, "keys/tock.keys", KEYS);
	world_start(&w);
	world_run(&w, 20);
	struct raw last = world_source(&w, 0)->last.at;
	p = made(&key7, 0);
	arrives(&p, "192.0.2.1", 2);
	ck_assert_uint_eq(count(), 1);
	ck_assert_int_eq(world_source(&w, 0)->last.at.ns, last.ns);
	world_fini(&w);
}
END_TEST

START_TEST(a_server_that_is_set_is_followed)
{
	settled();
	w.lie[0] = -0.5; /* its clock goes back */
	for (int i = 0; i < 40; i++) {
		struct packet p = made(&key7, -0.5);

		fake_advance(&w.os, LAG);
		arrives(&p, "10.0.0.1", 2);
		world_run(&w, INTERVAL);
	}
	ck_assert_double_lt(fabs(world_clock_error(&w) - 0.5), 1e-3);
	world_fini(&w);
}
END_TEST

START_TEST(one_that_says_it_has_no_time_is_not_followed)
{
	settled();
	for (int i = 0; i < 3; i++) {
		struct packet p = made(NULL, 0);

		p.bytes[0] |= 0xc0;
		p.len = mac_append(&key7, false, p.bytes, PACKET_HEADER,
		    sizeof p.bytes);
		fake_advance(&w.os, LAG);
		arrives(&p, "10.0.0.1", 2);
		world_run(&w, INTERVAL);
	}
	ck_assert(!w.engine.reference.is_synced);
	listens(2);
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(who_is_offline_or_denies_service_is_not_heard)
{
	for (int i = 0; i < 2; i++) {
		struct source *s = settled();
		struct raw last;

		if (i == 0)
			source_set_online(s, false);
		else
			s->client.is_denied = true;
		last = s->last.at;
		listens(3);
		ck_assert_int_eq(s->last.at.ns, last.ns);
		world_fini(&w);
	}
}
END_TEST

START_TEST(without_its_key_nobody_is_heard_any_more)
{
	struct source *s = settled();
	struct raw last = s->last.at;
	const char *other = "8 MD5 abcdefghijklmnop\n";

	world_save(&w, "keys/tock.keys", other);
	ck_assert_int_eq(auth_rekey(&w.engine), 0);
	listens(3);
	ck_assert_int_eq(world_source(&w, 0)->last.at.ns, last.ns);
	ck_assert(!world_source(&w, 0)->has_sample);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("listen", a_server_that_is_heard_becomes_a_source,
    nobody_listens_without_such_a_line, only_the_interface_of_the_line_counts,
    the_socket_is_in_the_groups_on_that_interface,
    between_volleys_broadcasts_tell_the_time,
    a_source_that_is_deleted_is_heard_anew, a_configured_source_is_left_alone,
    a_server_that_is_set_is_followed,
    one_that_says_it_has_no_time_is_not_followed,
    who_is_offline_or_denies_service_is_not_heard,
    without_its_key_nobody_is_heard_any_more)
