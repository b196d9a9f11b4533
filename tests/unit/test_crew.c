/* SPDX-License-Identifier: ISC
 *
 * An engine and two workers in one process, each worker with a world of its own:
 * what the one knows, the others do; what they count, the one tells. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/bytes.h"
#include "common/prng.h"
#include "daemon/control/serving.h"
#include "daemon/engine/auth.h"
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

START_TEST(one_that_hangs_is_found_out_when_it_has_something_to_do)
{
	prepare();
	start();
	unsigned before = c.asked;

	c.hands[0].is_dead = true;
	fake_advance(&w.os, 10);
	ck_assert_uint_eq(c.asked, before); /* at rest nobody is woken up */
	ck_assert(!c.crew.is_gone[0]);
	c.hands[0].is_behind = c.hands[1].is_behind = true;
	fake_advance(&w.os, 2);
	ck_assert(c.crew.is_gone[0]);
	ck_assert(!c.crew.is_gone[1]);
	end();
}
END_TEST

/* All that the report has, most at a time; their hits. */
static unsigned
list(uint32_t most, uint32_t reset, unsigned *hits)
{
	struct cmdmon_clients_wanted want = { .most = most, .reset = reset };
	struct cmdmon_clients out = { .size = 1 };
	unsigned n = 0, turns = 0;

	for (*hits = 0; want.first < out.size; want.first = out.next) {
		ck_assert_int_eq(serving_clients(&w.engine, &want, &out),
		    STT_SUCCESS);
		ck_assert_uint_le(out.n, most);
		ck_assert_uint_gt(out.next, want.first);
		for (uint32_t i = 0; i < out.n; i++)
			*hits += out.list[i].hits[SERVICE_NTP];
		n += out.n;
		ck_assert_uint_lt(++turns, 30000);
	}
	return n;
}

/* Everybody is asked before anybody is waited for. */
START_TEST(all_that_hang_are_waited_for_together)
{
	struct wrk_counts sum = { 0 };
	unsigned hits;

	for (int way = 0; way < 4; way++) {
		prepare();
		start();
		for (int i = 0; i < N; i++)
			c.hands[i].is_hung = c.hands[i].is_behind = true;
		c.waiting = c.most_waiting = 0;
		if (way == 0)
			crew_counts(&w.engine, &sum);
		else if (way == 1)
			fake_advance(&w.os, 2);
		else if (way == 2)
			list(8, 0, &hits);
		else
			ck_assert_int_eq(crew_keys(&w.engine), 0);
		for (int i = 0; i < N; i++)
			ck_assert(c.crew.is_gone[i]);
		ck_assert_uint_eq(c.most_waiting, N);
		end();
	}
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

static uint64_t
told_stat(enum cmdmon_serverstat which)
{
	struct cmdmon_serverstats s;

	serving_stats(&w.engine, &s);
	return s.count[which];
}

START_TEST(what_they_count_is_told_as_a_sum_and_stays)
{
	prepare();
	world_line(&w, "ratelimit burst 4");
	start();
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < N; i++)
			ask_plain(i, "198.51.100.7");
	ck_assert_uint_eq(told_stat(STAT_NTP_HITS), 6);
	ck_assert_uint_eq(told_stat(STAT_DAEMON_TX), 6);
	for (int k = 0; k < 40; k++)
		ask_plain(0, "198.51.100.7");
	ck_assert_uint_eq(told_stat(STAT_NTP_HITS), 46);
	ck_assert_uint_gt(told_stat(STAT_NTP_DROPS), 10);
	c.hands[0].is_dead = true;
	ask_plain(1, "198.51.100.7");
	ck_assert_uint_eq(told_stat(STAT_NTP_HITS), 47);
	ck_assert(c.crew.is_gone[0]);
	end();
}
END_TEST

START_TEST(clients_of_all_are_listed_once)
{
	char from[32];
	unsigned hits;

	prepare();
	start();
	for (int k = 0; k < 100; k++) {
		snprintf(from, sizeof from, "198.51.100.%d", k);
		ask_plain(k % N, from);
		if (k % 10 == 0)
			ask_plain(k % N, from);
	}
	for (uint32_t most = 1; most <= 8; most++) {
		ck_assert_uint_eq(list(most, 0, &hits), 100);
		ck_assert_uint_eq(hits, 110);
	}
	list(8, 1, &hits);
	list(8, 0, &hits);
	ck_assert_uint_eq(hits, 0);
	c.hands[0].is_dead = true;
	ck_assert_uint_eq(list(8, 0, &hits), 50);
	end();
}
END_TEST

/* Else a list of clients would never end, or places would be found in another's
 * log. */
START_TEST(a_log_does_not_grow_when_its_worker_says_so)
{
	unsigned hits;

	prepare();
	start();
	size_t size = crew_log_size(&c.crew);
	c.hands[0].lies = true;
	world_save(&w, "keys/k", "8 SHA1 abcdefghijklmnop\n");
	ck_assert_int_eq(auth_rekey(&w.engine), 0);
	ck_assert_uint_eq(crew_log_size(&c.crew), size);
	for (int i = 0; i < N; i++)
		ask_plain(i, "198.51.100.7");
	ck_assert_uint_eq(list(8, 0, &hits), N);
	end();
}
END_TEST

START_TEST(what_a_worker_takes_back_is_no_loss)
{
	prepare();
	start();
	c.hands[0].worker.answerer.counts.lost = 10;
	server_tell_lost(&w.server);
	ck_assert_uint_eq(w.server.told_lost, 10);
	c.hands[0].worker.answerer.counts.lost = 9;
	server_tell_lost(&w.server); /* not 2^64 - 1 of them */
	ck_assert_uint_eq(w.server.told_lost, 10);
	end();
}
END_TEST

/* The kernel's count is the socket's, and comes whole to whoever reads it. */
START_TEST(what_a_dead_worker_has_lost_is_counted_once)
{
	struct wrk_counts sum = { 0 };

	prepare();
	start();
	c.hands[0].worker.answerer.counts.lost = 10;
	crew_counts(&w.engine, &sum);
	ck_assert_uint_eq(sum.overflows, 10);
	c.hands[0].is_dead = true;
	sum.overflows = 0;
	crew_counts(&w.engine, &sum);
	ck_assert(c.crew.is_gone[0]);
	ck_assert_uint_eq(sum.overflows, 0);
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
    what_a_dead_worker_has_lost_is_counted_once,
    an_engine_that_is_silent_is_not_believed_for_long,
    an_engine_that_is_interrupted_while_it_writes_is_still_believed,
    one_that_hangs_is_found_out_when_it_has_something_to_do,
    all_that_hang_are_waited_for_together, what_changes_is_told_at_once,
    rules_hold_in_all_of_them_and_later_ones_too,
    many_rules_are_the_same_rules,
    keys_are_known_to_all_and_exchanged_for_all,
    what_they_count_is_told_as_a_sum_and_stays, clients_of_all_are_listed_once,
    a_log_does_not_grow_when_its_worker_says_so,
    what_a_worker_takes_back_is_no_loss,
    each_has_its_part_of_the_memory, what_no_engine_sends_ends_a_worker)
