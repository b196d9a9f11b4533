/* SPDX-License-Identifier: ISC
 *
 * An engine and its workers: what the one knows, the others do. */
#include "unit.h"

#include <stdio.h>

#include "common/bytes.h"
#include "common/prng.h"
#include "crew_world.h"
#include "daemon/control/serving.h"
#include "daemon/engine/auth.h"
#include "daemon/engine/manage.h"

START_TEST(a_worker_answers_as_the_engine_would)
{
	prepare();
	start();
	struct dgram d = { .remote = { addr("198.51.100.7"), 4123 } };
	unsigned char own[PACKET_HEADER];

	crew_publish(&w.engine);
	fake_advance(&w.os, 0.5);
	fake_receive(&w.os, &w.server.v4, &d, plain, sizeof plain);
	memcpy(own, fake_sent(&w.os, 0)->data, sizeof own);
	ck_assert_uint_eq(own[1], 2); /* stratum */
	own[3] = (unsigned char)c.hands[0].worker.answerer.common.header[3];
	for (int i = 0; i < N; i++) {
		const struct fake_sent *s = ask_plain(i, "198.51.100.7");

		ck_assert_ptr_nonnull(s);
		own[3] = s->data[3]; /* precision: each has found the same */
		ck_assert_mem_eq(s->data, own, sizeof own);
	}
	end();
}
END_TEST

START_TEST(an_engine_that_is_silent_is_not_believed_for_long)
{
	prepare();
	start();
	struct pair then = w.os.now;

	for (int s = 0; s <= 40; s += 4) {
		w.os.now.real = tspec_add(then.real, s);
		w.os.now.raw = raw_add(then.raw, s);
		const struct fake_sent *a = ask_plain(0, "198.51.100.7");

		ck_assert_ptr_nonnull(a);
		ck_assert_uint_eq(a->data[1], s < 30 ? 2 : 0);
		ck_assert_uint_eq(a->data[0] >> 6, s < 30 ? 0 : LEAP_UNSYNC);
	}
	end();
}
END_TEST

START_TEST(an_engine_that_is_interrupted_while_it_writes_is_still_believed)
{
	prepare();
	start();
	ck_assert_uint_eq(ask_plain(0, "198.51.100.7")->data[1], 2);
	c.page.number++;
	c.page.words[0] = 7;
	w.os.now.real = tspec_add(w.os.now.real, 20);
	w.os.now.raw = raw_add(w.os.now.raw, 20);
	ck_assert_uint_eq(ask_plain(0, "198.51.100.7")->data[1], 2);
	/* The other has read nothing yet. */
	ck_assert_uint_eq(ask_plain(1, "198.51.100.7")->data[0] >> 6,
	    LEAP_UNSYNC);
	w.os.now.real = tspec_add(w.os.now.real, 20);
	w.os.now.raw = raw_add(w.os.now.raw, 20);
	ck_assert_uint_eq(ask_plain(0, "198.51.100.7")->data[0] >> 6,
	    LEAP_UNSYNC);
	end();
}
END_TEST

START_TEST(what_changes_is_told_at_once)
{
	prepare();
	start();
	ck_assert_uint_eq(ask_plain(1, "198.51.100.7")->data[1], 2);
	w.stratum[0] = 4;
	for (int i = 0; i < 20000 && w.engine.reference.stratum != 5; i++) {
		world_run(&w, 1e-4);
		ck_assert_uint_eq(ask_plain(1, "198.51.100.7")->data[1],
		    w.engine.reference.stratum);
	}
	ck_assert_uint_eq(w.engine.reference.stratum, 5);
	w.stratum[0] = 16;
	for (int i = 0; i < 50000 && w.engine.reference.is_synced; i++) {
		world_run(&w, 1e-4);
		ck_assert_uint_eq(ask_plain(1, "198.51.100.7")->data[1],
		    w.engine.reference.stratum);
	}
	ck_assert_uint_eq(ask_plain(1, "198.51.100.7")->data[0] >> 6,
	    LEAP_UNSYNC);
	for (int stratum = 7; stratum < 9; stratum++) {
		const struct config_local local = { .is_on = true,
			.stratum = stratum, .waitunsynced = -1 };

		ck_assert_int_eq(manage_local(&w.engine, &local), 0);
		ck_assert_uint_eq(ask_plain(1, "198.51.100.7")->data[1],
		    (unsigned)stratum);
	}
	end();
}
END_TEST

START_TEST(rules_hold_in_all_of_them_and_later_ones_too)
{
	struct cmdmon_request q = { .command = CMD_DENY,
		.u.subnet = { addr("198.51.100.9"), 32 } };

	prepare();
	start();
	for (int i = 0; i < N; i++) {
		ck_assert_ptr_nonnull(ask_plain(i, "198.51.100.9"));
		ck_assert_ptr_null(ask_plain(i, "198.51.101.9"));
	}
	ck_assert_int_eq(serving_change(&w.engine, 0, &q), STT_SUCCESS);
	q.command = CMD_ALLOW;
	q.u.subnet.addr = addr("2001:db8::");
	ck_assert_int_eq(serving_change(&w.engine, 0, &q), STT_SUCCESS);
	for (int i = 0; i < N; i++) {
		ck_assert_ptr_null(ask_plain(i, "198.51.100.9"));
		ck_assert_ptr_nonnull(ask_plain(i, "198.51.100.8"));
		ck_assert_ptr_nonnull(ask_plain(i, "2001:db8::5"));
	}
	q.command = CMD_DENY_ALL; /* everybody */
	q.u.subnet = (struct cmdmon_subnet){ 0 };
	ck_assert_int_eq(serving_change(&w.engine, 0, &q), STT_SUCCESS);
	ck_assert_ptr_null(ask_plain(0, "198.51.100.8"));
	end();
}
END_TEST

START_TEST(many_rules_are_the_same_rules)
{
	struct prng prng;
	char text[80];

	prng_init(&prng, 5);
	prepare();
	for (int i = 0; i < 500; i++) {
		uint64_t r = prng_u64(&prng);

		snprintf(text, sizeof text, "%s 10.%u.%u.%u/%u",
		    r & 1 ? "allow" : "deny", (unsigned)(r >> 8 & 3),
		    (unsigned)(r >> 16 & 3), (unsigned)(r >> 24 & 255),
		    (unsigned)(8 + (r >> 32) % 25));
		world_line(&w, text);
		snprintf(text, sizeof text, "%s 2001:db8:%x::/%u",
		    r & 2 ? "allow" : "deny", (unsigned)(r >> 40 & 15),
		    (unsigned)(32 + (r >> 48) % 17));
		world_line(&w, text);
	}
	start();
	ck_assert_uint_gt(w.engine.admission.clients.v4.n, 2 * WRK_RULES);
	for (int i = 0; i < 20000; i++) {
		uint64_t r = prng_u64(&prng);
		struct addr a = { .family = ADDR_INET4, .bytes = { 10,
		    r & 3, r >> 8 & 3, r >> 16 & 255 } };

		if (i & 1)
			a = (struct addr){ .family = ADDR_INET6, .bytes = {
			    0x20, 1, 0xd, 0xb8, 0, r & 15, r >> 8 & 255 } };
		bool may = access_may(&w.engine.admission.clients, &a);

		ck_assert_int_eq(access_may(&c.hands[1].worker.access, &a),
		    may);
	}
	end();
}
END_TEST

/* Whether worker i answers a request that is signed with the engine's key of
 * this ID, and the answer is signed with it. */
static bool
knows_key(int i, uint32_t id, const struct mac_key *key)
{
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	struct ntp_packet p;

	ck_assert_uint_eq(key->id, id);
	memcpy(bytes, plain, sizeof plain);
	size_t len = mac_append(key, false, bytes, PACKET_HEADER,
	    sizeof bytes);
	const struct fake_sent *s = ask(i, "198.51.100.7", bytes, len);

	return s != NULL && packet_parse(&p, s->data, s->dgram.len) == 0 &&
	    mac_check(key, &p, s->data, s->dgram.len);
}

START_TEST(keys_are_known_to_all_and_exchanged_for_all)
{
	prepare();
	start();
	const struct mac_key old = { .id = 7, .type = MAC_SHA1,
		.secret = (const unsigned char *)"abcdefghijklmnop",
		.len = 16 };
	const struct mac_key new = { .id = 9, .type = MAC_SHA256,
		.secret = (const unsigned char *)"0123456789", .len = 10 };

	for (int i = 0; i < N; i++)
		ck_assert(knows_key(i, 7, &old));
	world_save(&w, "keys/k", "9 SHA256 0123456789\n10 MD5 x\n");
	ck_assert_int_eq(auth_rekey(&w.engine), 0);
	for (int i = 0; i < N; i++) {
		ck_assert(!knows_key(i, 7, &old));
		ck_assert(knows_key(i, 9, &new));
		ck_assert_uint_eq(c.hands[i].worker.keys.n, 2);
	}
	world_save(&w, "keys/k", "");
	w.os.files[0].data[0] = '\n';
	w.os.files[0].size = 1;
	ck_assert_int_eq(auth_rekey(&w.engine), 0);
	ck_assert_uint_eq(c.hands[0].worker.keys.n, 0);
	end();
}
END_TEST

START_TEST(each_has_its_part_of_the_memory)
{
	prepare();
	world_line(&w, "clientloglimit 96000");
	start();
	ck_assert_uint_le(crew_log_size(&c.crew), 3000);
	ck_assert_uint_ge(crew_log_size(&c.crew), 2900);
	end();
	prepare(); /* limits need a log, however small */
	world_line(&w, "clientloglimit 1");
	start();
	ck_assert_uint_eq(crew_log_size(&c.crew),
	    c.crew.n * (unsigned)CLIENTLOG_WAYS);
	end();
	prepare();
	world_line(&w, "noclientlog");
	start();
	ck_assert_uint_eq(crew_log_size(&c.crew), 0);
	ck_assert_ptr_null(c.hands[0].worker.answerer.common.pairing);
	ck_assert_ptr_nonnull(ask_plain(0, "198.51.100.7"));
	end();
}
END_TEST

static int
refuse(struct worker *worker, const struct wrk_req *req)
{
	struct wrk_rep rep;

	return worker_request(worker, req, &rep);
}

START_TEST(what_no_engine_sends_ends_a_worker)
{
	static const struct wrk_req bad[] = {
		{ .type = 0 }, { .type = 3 }, { .type = 99 },
		{ .type = WRK_SETUP, .u.setup.limit = { .burst = 8,
		    .leak = 2 } }, /* a second one */
		{ .type = WRK_ACCESS }, /* 0 rules */
		{ .type = WRK_ACCESS, .u.access.n = WRK_RULES + 1 },
		{ .type = WRK_ACCESS, .u.access = { .n = 1, .rules = {
		    { .family = ADDR_INET4, .bits = 33 } } } },
		{ .type = WRK_ACCESS, .u.access = { .n = 1, .rules = {
		    { .family = ADDR_INET6, .bits = 129 } } } },
		{ .type = WRK_ACCESS, .u.access = { .n = 1, .rules = {
		    { .family = ADDR_ID } } } },
		{ .type = WRK_ACCESS, .u.access = { .n = 1, .rules = {
		    { .family = ADDR_NONE, .bits = 1 } } } },
		{ .type = WRK_ACCESS, .u.access = { .n = 1, .rules = {
		    { .family = ADDR_INET4, .may = 2 } } } },
		{ .type = WRK_KEYS, .u.keys = { UINT32_MAX, 1 } },
		{ .type = WRK_KEYS, .u.keys = { 1, UINT32_MAX } },
		{ .type = WRK_KEY, .u.key = { 1, MAC_MD5, 1, 0, { 1 } } },
		{ .type = WRK_KEYS_DONE },
		{ .type = WRK_CLIENTLOG, .u.want.most = WRK_CLIENTS + 1 },
		{ .type = WRK_CLIENTLOG, .u.want.reset = 2 },
	};
	static const struct wrk_key bad_keys[] = {
		{ 1, MAC_MD5, 1, 0, { 1 } }, /* not above 1 */
		{ 0, MAC_MD5, 1, 0, { 1 } },
		{ 2, MAC_NONE, 1, 0, { 1 } },
		{ 2, MAC_TIGER, 1, 0, { 1 } },
		{ 2, 12, 1, 0, { 1 } },
		{ 2, 999, 1, 0, { 1 } },
		{ 2, MAC_MD5, 0, 0, { 1 } },
		{ 2, MAC_MD5, 20, 0, { 1 } }, /* above what was announced */
		{ 2, MAC_MD5, WRK_SECRET + 1, 0, { 1 } },
		{ 2, MAC_AES128, 15, 0, { 1 } },
	};
	struct wrk_req req = { .type = WRK_START };
	struct worker *worker = &c.hands[0].worker;

	prepare();
	fake_init(&c.hands[1].os, w.os.now.real);
	worker_init(&c.hands[1].worker, &c.hands[1].os.os, &c.page);
	ck_assert_int_eq(refuse(&c.hands[1].worker, &req), -EPROTO);
	fake_fini(&c.hands[1].os);
	start();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(refuse(worker, &bad[i]) == -EPROTO, "%zu", i);
	for (size_t i = 0; i < sizeof bad_keys / sizeof *bad_keys; i++) {
		req = (struct wrk_req){ .type = WRK_KEYS,
			.u.keys = { 2, 16 } };
		ck_assert_int_eq(refuse(worker, &req), 0);
		req = (struct wrk_req){ .type = WRK_KEY,
			.u.key = { 1, MAC_MD5, 1, 0, { 1 } } };
		ck_assert_int_eq(refuse(worker, &req), 0);
		req.u.key = bad_keys[i];
		ck_assert_msg(refuse(worker, &req) == -EPROTO, "key %zu", i);
	}
	ck_assert_uint_eq(worker->keys.n, 1); /* the old table holds */
	end();
}
END_TEST

UNIT_MAIN("crew", a_worker_answers_as_the_engine_would,
    an_engine_that_is_silent_is_not_believed_for_long,
    an_engine_that_is_interrupted_while_it_writes_is_still_believed,
    what_changes_is_told_at_once, rules_hold_in_all_of_them_and_later_ones_too,
    many_rules_are_the_same_rules,
    keys_are_known_to_all_and_exchanged_for_all,
    each_has_its_part_of_the_memory, what_no_engine_sends_ends_a_worker)
