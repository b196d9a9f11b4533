/* SPDX-License-Identifier: ISC
 *
 * What operators see and change of the server, through the protocol. */
#include "unit.h"

#include <string.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/log.h"
#include "daemon/control/cmdmon.h"
#include "tests/emu/engine_world.h"

static struct world w;
static enum cmdmon_via via = VIA_CONTROL;

static void
start(const char *line)
{
	world_init(&w, 1);
	if (line != NULL)
		world_line(&w, line);
	world_start(&w);
	world_run(&w, 10);
}

static struct addr
addr(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, text), 0);
	return a;
}

/* Sends q, in len bytes (0: its own length); the status. */
static int
ask(struct cmdmon_request *q, struct cmdmon_reply *r, size_t len)
{
	unsigned char buf[CMDMON_REQUEST_MAX] = { 0 }, out[CMDMON_REPLY_MAX];
	size_t n = cmdmon_put_request(buf, q);

	n = cmdmon_answer(&w.engine, via, 0, buf, len ? len : n, out);
	ck_assert_int_eq(cmdmon_get_reply(r, out, n), 0);
	return r->status;
}

static int
change(enum cmdmon_command command, const char *text, int bits)
{
	struct cmdmon_request q = { .command = command };
	struct cmdmon_reply r;

	if (text != NULL)
		q.u.subnet.addr = addr(text);
	q.u.subnet.bits = bits;
	return ask(&q, &r, 0);
}

static int
check(enum cmdmon_command command, const char *text)
{
	struct cmdmon_request q = { .command = command, .u.addr = addr(text) };
	struct cmdmon_reply r;

	return ask(&q, &r, 0);
}

static void
request_from(const char *from)
{
	unsigned char bytes[PACKET_HEADER] = { 0x23 };
	struct dgram d = { .remote = { addr(from), 4000 } };

	fake_receive(&w.os, &w.server.v4, &d, bytes, sizeof bytes);
}

START_TEST(access_can_be_changed_at_run_time)
{
	start("allow 192.0.2.0/24");
	ck_assert_int_eq(check(CMD_ACCHECK, "192.0.2.1"), STT_ACCESSALLOWED);
	ck_assert_int_eq(check(CMD_ACCHECK, "10.1.1.1"), STT_ACCESSDENIED);
	ck_assert_int_eq(change(CMD_ALLOW, "10.0.0.0", 8), STT_SUCCESS);
	ck_assert_int_eq(change(CMD_DENY, "10.1.1.1", 32), STT_SUCCESS);
	ck_assert_int_eq(check(CMD_ACCHECK, "10.1.1.2"), STT_ACCESSALLOWED);
	ck_assert_int_eq(check(CMD_ACCHECK, "10.1.1.1"), STT_ACCESSDENIED);
	ck_assert_int_eq(change(CMD_ALLOW_ALL, "10.1.0.0", 16), STT_SUCCESS);
	ck_assert_int_eq(check(CMD_ACCHECK, "10.1.1.1"), STT_ACCESSALLOWED);
	ck_assert_int_eq(change(CMD_DENY_ALL, NULL, 0), STT_SUCCESS);
	ck_assert_int_eq(check(CMD_ACCHECK, "192.0.2.1"), STT_ACCESSDENIED);
	ck_assert_int_eq(check(CMD_CMDACCHECK, "127.0.0.1"), STT_ACCESSDENIED);
	ck_assert_int_eq(change(CMD_CMDALLOW, "2001:db8::", 32), STT_SUCCESS);
	ck_assert_int_eq(check(CMD_CMDACCHECK, "2001:db8::1"),
	    STT_ACCESSALLOWED);
	ck_assert_int_eq(check(CMD_ACCHECK, "2001:db8::1"), STT_ACCESSDENIED);
	ck_assert_int_eq(change(CMD_CMDDENY_ALL, NULL, 0), STT_SUCCESS);
	ck_assert_int_eq(check(CMD_CMDACCHECK, "2001:db8::1"),
	    STT_ACCESSDENIED);
	world_fini(&w);
}
END_TEST

START_TEST(subnets_that_are_none_are_refused)
{
	start("allow");
	ck_assert_int_eq(change(CMD_ALLOW, "10.0.0.0", 33), STT_BADSUBNET);
	ck_assert_int_eq(change(CMD_ALLOW, "::", 129), STT_BADSUBNET);
	ck_assert_int_eq(change(CMD_DENY, "::", -1), STT_BADSUBNET);
	ck_assert_int_eq(change(CMD_DENY, NULL, 8), STT_BADSUBNET);
	ck_assert_int_eq(change(CMD_DENY, "ID#0000000001", 0), STT_BADSUBNET);
	world_fini(&w);
}
END_TEST

START_TEST(nobody_is_allowed_where_there_is_no_socket)
{
	start(NULL);
	ck_assert_int_eq(change(CMD_ALLOW, NULL, 0), STT_FAILED);
	ck_assert_int_eq(check(CMD_ACCHECK, "10.1.1.1"), STT_ACCESSDENIED);
	ck_assert_int_eq(change(CMD_CMDALLOW, NULL, 0), STT_SUCCESS);
	world_fini(&w);
}
END_TEST

START_TEST(statistics_are_counted)
{
	struct cmdmon_request q = { .command = CMD_SERVERSTATS };
	struct cmdmon_reply r;

	start("allow 192.0.2.0/24");
	request_from("192.0.2.77");
	request_from("192.0.2.78");
	request_from("10.0.0.1");
	ck_assert_int_eq(ask(&q, &r, 0), STT_SUCCESS);
	ck_assert_uint_eq(r.u.serverstats.count[STAT_NTP_HITS], 2);
	ck_assert_uint_eq(r.u.serverstats.count[STAT_NTP_DROPS], 0);
	ck_assert_uint_eq(r.u.serverstats.count[STAT_DAEMON_RX] +
	    r.u.serverstats.count[STAT_KERNEL_RX], 2);
	ck_assert_uint_eq(r.u.serverstats.count[STAT_DAEMON_TX], 2);
	/* the shorter form of chronyc 4.3 */
	ck_assert_int_eq(ask(&q, &r, 72), STT_SUCCESS);
	ck_assert_uint_eq(r.code, RPY_SERVERSTATS_OLD);
	ck_assert_uint_eq(r.u.serverstats.count[STAT_NTP_HITS], 2);
	world_fini(&w);
}
END_TEST

/* How many clients the whole list has; their hits in *hits. */
static unsigned
list(uint32_t least, uint32_t reset, uint32_t *hits)
{
	struct cmdmon_request q = { .command = CMD_CLIENTS,
		.u.clients = { 0, 100, least, reset } };
	struct cmdmon_reply r;
	unsigned n = 0;

	*hits = 0;
	do {
		ck_assert_int_eq(ask(&q, &r, 0), STT_SUCCESS);
		for (unsigned i = 0; i < r.u.clients.n; i++) {
			const struct cmdmon_client *c = &r.u.clients.list[i];

			ck_assert_uint_eq(c->addr.family, ADDR_INET4);
			ck_assert_uint_eq(c->ago_s[SERVICE_NTSKE],
			    CMDMON_NEVER);
			*hits += c->hits[SERVICE_NTP];
			n++;
		}
		q.u.clients.first = r.u.clients.next;
	} while (r.u.clients.next < r.u.clients.size &&
	    r.u.clients.n == CMDMON_CLIENTS);
	return n;
}

START_TEST(clients_are_listed_in_pieces)
{
	char from[32];
	uint32_t hits;

	start("allow");
	for (int i = 0; i < 100; i++) {
		snprintf(from, sizeof from, "10.0.0.%d", i + 1);
		request_from(from);
		if (i < 10)
			request_from(from);
	}
	ck_assert_uint_eq(list(0, 0, &hits), 100);
	ck_assert_uint_eq(hits, 110);
	ck_assert_uint_eq(list(2, 0, &hits), 10);
	via = VIA_MONITOR; /* who may look resets nothing */
	ck_assert_uint_eq(list(0, 1, &hits), 100);
	via = VIA_CONTROL;
	ck_assert_uint_eq(list(0, 1, &hits), 100);
	ck_assert_uint_eq(hits, 110);
	ck_assert_uint_eq(list(0, 0, &hits), 100);
	ck_assert_uint_eq(hits, 0);
	world_fini(&w);
	start("noclientlog");
	struct cmdmon_request q = { .command = CMD_CLIENTS };
	struct cmdmon_reply r;
	ck_assert_int_eq(ask(&q, &r, 0), STT_INACTIVE);
	world_fini(&w);
}
END_TEST

START_TEST(what_is_lost_in_the_queue_is_counted_and_told)
{
	struct cmdmon_request q = { .command = CMD_SERVERSTATS };
	char path[] = "/tmp/test_serving.XXXXXX", text[4096];
	int fd = mkstemp(path);
	struct cmdmon_reply r;

	unlink(path);
	log_init(fd, LOGSTYLE_PLAIN, LOGLEVEL_INFO, "");
	start("allow");
	w.server.v4.lost = 7;
	request_from("10.0.0.1");
	w.server.v4.lost = 3;
	request_from("10.0.0.1");
	ck_assert_uint_eq(w.server.v4.lost, 0);
	ask(&q, &r, 0);
	ck_assert_uint_eq(r.u.serverstats.count[STAT_QUEUE_DROPS], 10);
	via = VIA_CHRONY; /* as chronyd's */
	ask(&q, &r, 0);
	ck_assert_uint_eq(r.u.serverstats.count[STAT_QUEUE_DROPS],
	    CMDMON_NO_COUNT);
	via = VIA_CONTROL;
	world_run(&w, 300);
	world_fini(&w);
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	close(fd);
	const char *told = strstr(text,
	    "server: 10 requests were lost in the receive queue\n");

	ck_assert_ptr_nonnull(told);
	ck_assert_ptr_null(strstr(strchr(told, '\n'), "lost")); /* once */
}
END_TEST

static int
set_local(struct cmdmon_local l)
{
	struct cmdmon_request q = { .command = CMD_LOCAL, .u.local = l };
	struct cmdmon_reply r;

	return ask(&q, &r, 0);
}

static unsigned
stratum(void)
{
	struct cmdmon_request q = { .command = CMD_TRACKING };
	struct cmdmon_reply r;

	ck_assert_int_eq(ask(&q, &r, 0), STT_SUCCESS);
	ck_assert((r.u.tracking.refid == REFID_LOCAL) ==
	    (r.u.tracking.stratum > 3));
	return r.u.tracking.stratum;
}

START_TEST(local_is_changed_at_run_time)
{
	struct cmdmon_local l = { .on = 1, .stratum = 7, .distance = 1 };

	start("local stratum 12 distance 0");
	ck_assert_uint_eq(stratum(), 12);
	ck_assert_int_eq(set_local(l), STT_SUCCESS);
	ck_assert_uint_eq(stratum(), 2); /* near enough */
	l.distance = 0;
	ck_assert_int_eq(set_local(l), STT_SUCCESS);
	ck_assert_uint_eq(stratum(), 7);
	l.activate = 1e-9;
	ck_assert_int_eq(set_local(l), STT_SUCCESS);
	ck_assert_uint_eq(stratum(), 2);
	l.activate = 0;
	l.waitsynced = 1000;
	ck_assert_int_eq(set_local(l), STT_SUCCESS);
	ck_assert_uint_eq(stratum(), 2);
	ck_assert_int_eq(set_local((struct cmdmon_local){ .on = 0 }),
	    STT_SUCCESS);
	ck_assert_uint_eq(stratum(), 2);
	world_fini(&w);
}
END_TEST

START_TEST(local_is_refused_out_of_its_range_and_by_who_may_not)
{
	const struct cmdmon_local good = { .on = 1, .stratum = 7 };
	struct cmdmon_local bad[] = { good, good, good, good, good, good };

	bad[0].stratum = 0;
	bad[1].stratum = 16;
	bad[2].distance = -1;
	bad[3].activate = 1e7;
	bad[4].waitsynced = 1e10;
	bad[5].waitunsynced = 1e10;
	start("local stratum 12 distance 0");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_int_eq(set_local(bad[i]), STT_INVALID);
	via = VIA_MONITOR;
	ck_assert_int_eq(set_local(good), STT_UNAUTH);
	via = VIA_UDP;
	ck_assert_int_eq(set_local(good), STT_UNAUTH);
	via = VIA_CONTROL;
	ck_assert_uint_eq(stratum(), 12);
	world_fini(&w);
}
END_TEST

/* Its request has no waits. */
START_TEST(an_older_chronyc_sets_local_too)
{
	struct cmdmon_request q = { .command = CMD_LOCAL_OLD,
		.u.local = { .on = 1, .stratum = 9, .orphan = 1 } };
	struct cmdmon_reply r;

	start(NULL);
	w.is_silent[0] = true;
	ck_assert_int_eq(ask(&q, &r, 0), STT_SUCCESS);
	ck_assert(w.engine.local.is_orphan);
	ck_assert_double_lt(w.engine.local.waitunsynced, 0);
	ck_assert_uint_eq(stratum(), 9);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("serving", access_can_be_changed_at_run_time,
    subnets_that_are_none_are_refused,
    nobody_is_allowed_where_there_is_no_socket, statistics_are_counted,
    clients_are_listed_in_pieces,
    what_is_lost_in_the_queue_is_counted_and_told, local_is_changed_at_run_time,
    local_is_refused_out_of_its_range_and_by_who_may_not,
    an_older_chronyc_sets_local_too)
