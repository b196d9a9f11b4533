/* SPDX-License-Identifier: ISC
 *
 * Packets in a peer's name that are not its own, or not new, or too many. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "tests/unit/peer_world.h"

START_TEST(forgeries_are_neither_heard_nor_answered_nor_remembered)
{
	start("");
	converse(4, NULL);
	struct symmetric was = *peer()->symmetric;
	struct client *c = &peer()->client;
	uint32_t valid = c->total_valid;
	uint8_t reach = c->reach;
	struct mono next = c->next_poll;

	for (unsigned i = 0; i < 1000; i++) {
		struct ntp_packet p = reply();

		p.mode = 1 + i % 2;
		p.origin = i % 3 == 0 ? 0 : p.origin ^ (i << 8 | 1);
		p.stratum = i % 5 == 0 ? 0 : 1; /* a kiss */
		p.refid = i % 10 == 0 ? KISS_CODE_DENY : KISS_CODE_RATE;
		p.transmit += i;
		p.poll = -6;
		ck_assert(!hand_in(&p));
	}
	ck_assert_int_eq(memcmp(&was, peer()->symmetric, sizeof was), 0);
	ck_assert_uint_eq(c->total_valid, valid);
	ck_assert_uint_eq(c->reach, reach);
	ck_assert_int_eq(c->next_poll.ns, next.ns);
	ck_assert(!c->is_denied);
	uint64_t echoed = was.heard.transmit;
	wait_for_packet();
	ck_assert_uint_eq(heard.origin, echoed);
	converse(1, NULL);
	ck_assert_uint_eq(c->total_valid, valid + 1);
	world_fini(&w);
}
END_TEST

START_TEST(one_that_has_restarted_is_answered_at_once_when_nothing_is_sure)
{
	start("");
	converse(3, NULL);
	struct ntp_packet p = reply();
	p.origin = p.receive = 0;
	ck_assert(!hand_in(&p)); /* somebody says so */
	fake_advance(&w.os, 5 * POLL);
	p.transmit++;
	uint64_t named = p.transmit;
	unsigned before = w.os.n_sent;
	ck_assert(hand_in(&p));
	ck_assert(look(before));
	ck_assert_uint_eq(heard.mode, PACKET_MODE_PASSIVE);
	ck_assert_uint_eq(heard.origin, named);
	p.mode = PACKET_MODE_PASSIVE; /* that is how loops begin */
	p.transmit++;
	ck_assert(!hand_in(&p));
	wait_for_packet();
	ck_assert_uint_eq(heard.origin, p.transmit);
	ck_assert_uint_eq(heard.mode, PACKET_MODE_ACTIVE);
	world_fini(&w);
}
END_TEST

/* Else both sides could name answers to each other for ever, and forgeries would
 * keep the one that is answered from being heard by the other. */
START_TEST(an_answer_is_measured_but_nothing_is_sure_then)
{
	start("");
	wait_for_packet();
	struct ntp_packet p = reply();
	p.mode = PACKET_MODE_PASSIVE;
	ck_assert(!hand_in(&p));
	ck_assert_uint_eq(peer()->client.total_good, 1);
	ck_assert(!hand_in(&p)); /* but once */
	ck_assert_uint_eq(peer()->client.total_good, 1);
	p = reply();
	p.origin = 1; /* the peer's own request, as far as we know */
	p.transmit++;
	ck_assert(hand_in(&p));
	wait_for_packet();
	ck_assert_uint_eq(heard.origin, p.transmit);
	converse(1, NULL);
	p.transmit++;
	ck_assert(!hand_in(&p));
	world_fini(&w);
}
END_TEST

START_TEST(a_peer_that_does_not_stop_is_not_heard_more_often)
{
	start("");
	converse(3, NULL);
	uint32_t good = peer()->client.total_good;
	for (int i = 0; i < 1000; i++) {
		fake_advance(&w.os, 0.005);
		struct ntp_packet p = reply();
		p.mode = i < 500 ? PACKET_MODE_ACTIVE : PACKET_MODE_PASSIVE;
		ck_assert(!hand_in(&p));
	}
	ck_assert_uint_ge(peer()->client.total_good, good + 4);
	ck_assert_uint_le(peer()->client.total_good, good + 6);
	world_fini(&w);
}
END_TEST

START_TEST(a_key_counts_alone)
{
	start("key 7");
	converse(3, &key7);
	ck_assert_uint_eq(peer()->client.total_good, 3);
	struct symmetric was = *peer()->symmetric;
	wait_for_packet();
	fake_advance(&w.os, 1);
	struct ntp_packet p = reply();
	was = *peer()->symmetric;
	ck_assert(!hand_in(&p));                              /* none */
	ck_assert(!hand_in_from(PEER, 123, &p, &key8));       /* another */
	struct mac_key wrong = key8;
	wrong.id = 7;
	ck_assert(!hand_in_from(PEER, 123, &p, &wrong));
	ck_assert_int_eq(memcmp(&was, peer()->symmetric, sizeof was), 0);
	ck_assert_uint_eq(peer()->client.total_good, 3);
	ck_assert(!hand_in_from(PEER, 123, &p, &key7));
	ck_assert_uint_eq(peer()->client.total_good, 4);
	/* Nor where nothing is sure. */
	fake_advance(&w.os, 5 * POLL);
	was = *peer()->symmetric;
	p.transmit++;
	ck_assert(!hand_in(&p) && !hand_in_from(PEER, 123, &p, &key8));
	ck_assert_int_eq(memcmp(&was, peer()->symmetric, sizeof was), 0);
	ck_assert(hand_in_from(PEER, 123, &p, &key7));
	world_fini(&w);
}
END_TEST

START_TEST(forged_and_old_packets_in_turn_do_not_fill_the_log)
{
	FILE *file = tmpfile();
	char text[4096];

	log_init(fileno(file), LOGSTYLE_PLAIN, LOGLEVEL_INFO, "");
	start("key 7");
	for (int i = 0; i < 5; i++)
		wait_for_packet();
	struct ntp_packet p = reply();
	p.origin = 1;
	for (int i = 0; i < 1000; i++) {
		p.transmit++;
		hand_in_from(PEER, 123, &p, &key7);
		hand_in(&p);
	}
	rewind(file);
	size_t n = fread(text, 1, sizeof text - 1, file);
	text[n] = '\0';
	const char *said = strstr(text, "it has no MAC");
	ck_assert_ptr_nonnull(said);
	ck_assert_ptr_null(strstr(said + 1, "it has no MAC"));
	/* What is sure to be the peer's ends it. */
	wait_for_packet();
	p = reply();
	hand_in_from(PEER, 123, &p, &key7);
	ck_assert(!peer()->is_forged);
	log_init(2, LOGSTYLE_PLAIN, LOGLEVEL_FATAL, "");
	fclose(file);
	world_fini(&w);
}
END_TEST

START_TEST(a_key_that_another_source_has_does_not_count)
{
	world_init(&w, 0);
	world_line(&w, "peer " PEER " key 7 minpoll 6 maxpoll 6");
	world_line(&w, "server 192.0.2.1 key 8");
	world_line(&w, "keyfile /etc/tock/tock.keys");
	w.os.os.ops->save(&w.os.os, "keys/tock.keys", KEYS
	    "8 SHA1 other--bytes\n", strlen(KEYS) + 20);
	world_start(&w);
	ck_assert_uint_eq(w.engine.keys.n, 2);
	wait_for_packet();
	struct ntp_packet p = reply();
	ck_assert(!hand_in_from(PEER, 123, &p, &key8));
	ck_assert_uint_eq(peer()->client.total_valid, 0);
	hand_in_from(PEER, 123, &p, &key7);
	ck_assert_uint_eq(peer()->client.total_valid, 1);
	world_fini(&w);
}
END_TEST

START_TEST(old_packets_with_a_right_mac_change_nothing)
{
	struct ntp_packet old[5];

	start("key 7");
	for (int i = 0; i < 5; i++) {
		wait_for_packet();
		fake_advance(&w.os, 10);
		old[i] = reply();
		hand_in_from(PEER, 123, &old[i], &key7);
	}
	wait_for_packet();
	struct symmetric was = *peer()->symmetric;
	uint32_t good = peer()->client.total_good;
	for (int i = 0; i < 5; i++)
		ck_assert(!hand_in_from(PEER, 123, &old[i], &key7));
	/* Nor do our own, sent back to us. */
	ck_assert(!hand_in_from(PEER, 123, &heard, &key7));
	ck_assert_int_eq(memcmp(&was, peer()->symmetric, sizeof was), 0);
	ck_assert_uint_eq(peer()->client.total_good, good);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("peer_forged",
    forgeries_are_neither_heard_nor_answered_nor_remembered,
    one_that_has_restarted_is_answered_at_once_when_nothing_is_sure,
    an_answer_is_measured_but_nothing_is_sure_then,
    a_peer_that_does_not_stop_is_not_heard_more_often, a_key_counts_alone,
    forged_and_old_packets_in_turn_do_not_fill_the_log,
    a_key_that_another_source_has_does_not_count,
    old_packets_with_a_right_mac_change_nothing)
