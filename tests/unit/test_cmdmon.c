/* SPDX-License-Identifier: ISC
 *
 * Requests as a client sends them, through the control sockets of a fake world,
 * and the bytes that come back.  Replies that are given in hexadecimal
 * were recorded from chronyd 4.8. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>

#include "common/bytes.h"
#include "common/cmdfloat.h"
#include "common/log.h"
#include "common/paths.h"
#include "tests/emu/small_engine.h"

#define CHRONY "/run/chrony/chronyd.sock"
#define CLIENT "/run/chrony/chronyc.7/x/sock"
#define N_VIAS 4

static struct small *
start(void)
{
	struct small *s = small_new();

	log_init(2, LOGSTYLE_PLAIN, LOGLEVEL_FATAL, "");
	ck_assert_int_eq(
	    control_init(&s->control, &s->engine, &s->config, true), 0);
	return s;
}

static void
end(struct small *s)
{
	control_fini(&s->control);
	for (int i = 0; i < FAKE_SOCKS; i++)
		ck_assert_ptr_null(s->world.socks[i].sock);
	small_free(s);
}

static void
hand_in(struct small *s, enum cmdmon_via via, const void *data, size_t len)
{
	struct endpoint at = { small_addr("127.0.0.1"), 323 };
	struct dgram d = { .uid = 1000 };
	struct sock *sock;

	switch (via) {
	case VIA_UDP:
		d.remote = (struct endpoint){ at.addr, 50000 };
		d.local = at.addr;
		d.ifindex = 1;
		d.uid = UINT32_MAX;
		sock = fake_udp_sock(&s->world, &at);
		break;
	case VIA_CHRONY:
		d.path = CLIENT;
		sock = fake_path_sock(&s->world, CHRONY);
		break;
	case VIA_MONITOR:
		d.conn = 5;
		sock = fake_path_sock(&s->world, PATH_MONITOR);
		break;
	default:
		d.conn = 9;
		sock = fake_path_sock(&s->world, PATH_CONTROL);
		break;
	}
	ck_assert_ptr_nonnull(sock);
	fake_receive(&s->world, sock, &d, data, len);
}

/* A request with sequence 0x01020304 and nothing else. */
static void
plain(unsigned char buf[1024], unsigned command)
{
	memset(buf, 0, 1024);
	buf[0] = 6;
	buf[1] = 1;
	put16(buf + 4, (uint16_t)command);
	put32(buf + 8, 0x01020304);
}

/* Sends buf; returns the reply's status, -1 for silence. */
static int
ask(struct small *s, enum cmdmon_via via, const unsigned char *buf, size_t len)
{
	unsigned before = s->world.n_sent;

	hand_in(s, via, buf, len);
	ck_assert_uint_le(s->world.n_sent - before, 1);
	if (s->world.n_sent == before)
		return -1;

	const struct fake_sent *r = fake_sent(&s->world, 0);
	ck_assert_uint_le(r->dgram.len, len);
	ck_assert_uint_ge(r->dgram.len, 28);
	return get16(r->data + 8);
}

static int
ask_plain(struct small *s, enum cmdmon_via via, unsigned command, size_t len)
{
	unsigned char buf[1024];

	plain(buf, command);
	return ask(s, via, buf, len);
}

static void
reply_is(const struct small *s, const char *hex)
{
	const struct fake_sent *r = fake_sent(&s->world, 0);
	char text[2 * CMDMON_REPLY_MAX + 1] = "";

	for (size_t i = 0; i < r->dgram.len; i++)
		sprintf(text + 2 * i, "%02x", r->data[i]);
	ck_assert_str_eq(text, hex);
}

#define HEAD(command, reply, status)                                           \
	"06020000" command reply status                                        \
	"000000000000" "01020304" "0000000000000000"

START_TEST(empty_daemon_answers_as_chronyd)
{
	struct small *s = start();

	for (enum cmdmon_via via = VIA_UDP; via < N_VIAS; via++) {
		ck_assert_int_eq(ask_plain(s, via, 44, 48), 0);
		reply_is(s, HEAD("002c", "000c", "0000")
		    "0000000000000000000000000000000000000000");
		ck_assert_int_eq(ask_plain(s, via, 14, 32), 0);
		reply_is(s, HEAD("000e", "0002", "0000") "00000000");
		ck_assert_int_eq(ask_plain(s, via, 15, 76), 4);
		reply_is(s, HEAD("000f", "0001", "0004"));
		ck_assert_int_eq(ask_plain(s, via, 34, 84), 4);
		reply_is(s, HEAD("0022", "0001", "0004"));
		ck_assert_int_eq(ask_plain(s, via, 65, 284), 4);
		reply_is(s, HEAD("0041", "0001", "0004"));
	}
	end(s);
}
END_TEST

START_TEST(unsynchronised_tracking_has_the_bytes_of_chronyds)
{
	struct small *s = start();

	ck_assert_int_eq(ask_plain(s, VIA_UDP, 33, 104), 0);
	reply_is(s, HEAD("0021", "0005", "0000")
	    "00000000" "00000000000000000000000000000000" "00000000"
	    "00000003" "000000000000000000000000"
	    "00000000" "00000000" "00000000" "00000000" "00000000" "00000000"
	    "04800000" "04800000" "00000000");
	end(s);
}
END_TEST

START_TEST(sources_are_numbered_and_counted)
{
	static const char *const addrs[] = { "127.0.0.1", "127.0.0.2",
		"127.0.0.3", "127.0.0.4", "127.0.0.5", "ID#1" };
	struct small *s = start();
	unsigned char buf[1024];

	for (size_t i = 0; i < 6; i++)
		small_source(s, addrs[i], addrs[i]);
	ck_assert_int_eq(ask_plain(s, VIA_CHRONY, 44, 48), 0);
	reply_is(s, HEAD("002c", "000c", "0000")
	    "0000000500000000000000000000000000000001");

	plain(buf, 15);
	put32(buf + 20, 5);
	ck_assert_int_eq(ask(s, VIA_UDP, buf, 76), 0);
	reply_is(s, HEAD("000f", "0003", "0000")
	    "00000001000000000000000000000000" "00030000"
	    "00060000" "00010000" "00000000" "ffffffff"
	    "00000000" "00000000" "00000000");
	put32(buf + 20, 6);
	ck_assert_int_eq(ask(s, VIA_UDP, buf, 76), 4);
	put32(buf + 20, UINT32_MAX);
	ck_assert_int_eq(ask(s, VIA_UDP, buf, 76), 4);

	plain(buf, 34);
	put32(buf + 20, 0);
	ck_assert_int_eq(ask(s, VIA_UDP, buf, 84), 0);
	reply_is(s, HEAD("0022", "0006", "0000") "7f000001"
	    "7f000001000000000000000000000000" "00010000"
	    "000000000000000000000000"
	    "08800000" "00000000" "18fa0000" "0000000000000000");

	plain(buf, 65);
	put32(buf + 20, 0x7f000001);
	put16(buf + 36, 1);
	ck_assert_int_eq(ask(s, VIA_UDP, buf, 284), 0);
	const struct fake_sent *r = fake_sent(&s->world, 0);
	ck_assert_uint_eq(r->dgram.len, 284);
	ck_assert_str_eq((const char *)r->data + 28, "127.0.0.1");
	for (size_t i = 28 + 9; i < 284; i++)
		ck_assert_uint_eq(r->data[i], 0);
	end(s);
}
END_TEST

START_TEST(form_is_judged_in_the_protocols_order)
{
	/* What is changed in an activity request; the status, -1 silence. */
	static const struct {
		size_t len;
		unsigned at, byte;
		int status;
	} probes[] = {
		{ 48, 0, 6, 0 }, { 860, 0, 6, 0 }, { 861, 0, 6, -1 },
		{ 28, 0, 6, 19 }, { 47, 0, 6, 19 }, { 27, 0, 6, -1 },
		{ 20, 0, 6, -1 }, { 0, 0, 6, -1 }, { 48, 0, 5, 18 },
		{ 28, 0, 5, 18 }, { 20, 0, 5, -1 }, { 48, 0, 4, -1 },
		{ 48, 0, 0, -1 }, { 48, 0, 7, 18 }, { 48, 0, 255, 18 },
		{ 48, 1, 2, -1 }, { 48, 1, 0, -1 }, { 48, 2, 1, -1 },
		{ 48, 3, 1, -1 }, { 48, 7, 9, 0 }, { 28, 5, 99, 3 },
		{ 28, 5, 12, 3 }, { 48, 5, 10, 3 }, { 28, 5, 75, 3 },
		{ 28, 5, 0, 3 }, { 48, 4, 255, 3 },
	};
	struct small *s = start();
	unsigned char buf[1024];

	for (enum cmdmon_via via = VIA_UDP; via < N_VIAS; via++)
		for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
			plain(buf, 44);
			buf[probes[i].at] = (unsigned char)probes[i].byte;
			ck_assert_msg(ask(s, via, buf, probes[i].len) ==
			    probes[i].status, "probe %zu via %d", i, via);
		}

	ck_assert_int_eq(ask_plain(s, VIA_UDP, 99, 28), 3);
	reply_is(s, HEAD("0063", "0001", "0003"));
	ck_assert_int_eq(ask_plain(s, VIA_UDP, 44, 28), 19);
	reply_is(s, HEAD("002c", "0001", "0013"));
	plain(buf, 44);
	buf[0] = 5;
	ck_assert_int_eq(ask(s, VIA_UDP, buf, 48), 18);
	reply_is(s, HEAD("002c", "0001", "0012"));
	/* an obsolete number of a wrong version: the version comes first */
	buf[5] = 12;
	ck_assert_int_eq(ask(s, VIA_UDP, buf, 48), 18);
	end(s);
}
END_TEST

START_TEST(reply_is_never_longer_than_its_request)
{
	struct small *s = start();
	unsigned char buf[1024];
	unsigned answered = 0;

	small_source(s, "ntp.example", "192.0.2.1");
	for (unsigned fill = 0; fill < 2; fill++)
		for (unsigned k = 0; k <= 100 + 17; k++) {
			plain(buf, k <= 100 ? k : 0x8000 + k - 101);
			if (fill)
				memset(buf + 20, 0xff, sizeof buf - 20);
			for (size_t len = 0; len <= 900; len++)
				for (enum cmdmon_via via = VIA_UDP;
				     via < N_VIAS; via++)
					answered += ask(s, via, buf, len) >= 0;
		}
	/* whatever is known or not: 28 to 860 bytes get an answer */
	ck_assert_uint_eq(answered, 2u * 118 * (860 - 28 + 1) * N_VIAS);
	end(s);
}
END_TEST

static bool
is_in(unsigned x, const unsigned *list)
{
	while (*list != 0)
		if (*list++ == x)
			return true;
	return false;
}

static const unsigned built[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15, 16, 17, 18,
	19, 20, 21, 22, 23, 24, 25, 26, 29, 33, 34, 37, 43, 44, 45, 46, 47, 48,
	49, 50, 53, 54, 56, 57, 62, 63, 64, 65, 66, 67, 68, 69, 70, 72, 73, 74,
	0x8001, 0x8002, 0 };
static const unsigned off[] = { 11, 13, 41, 42, 51, 52, 0 };
static const unsigned of_rtc[] = { 30, 35, 36, 0 };
static const unsigned reads[] = { 14, 15, 25, 26, 33, 34, 35, 41, 44, 51, 54,
	57, 65, 67, 68, 69, 0x8001, 0x8002, 0 };
static const unsigned open_by_default[] = { 14, 15, 33, 34, 35, 41, 44, 51, 65,
	0 };

START_TEST(access_is_as_the_protocol_says)
{
	struct small *s = start();

	for (unsigned c = 0; c <= 0x8010; c++) {
		const struct cmdmon_entry *entry = cmdmon_entry(c);

		for (enum cmdmon_via via = VIA_UDP; via < N_VIAS; via++) {
			bool is_ours = c >= 0x8000 && via < VIA_MONITOR;
			int got = ask_plain(s, via, c, 860);

			if (!entry || is_ours)
				ck_assert_int_eq(got, 3);
			else if ((via == VIA_UDP &&
				     !is_in(c, open_by_default)) ||
			    (via == VIA_MONITOR && !is_in(c, reads)))
				ck_assert_msg(got == 2, "%u via %d", c, via);
			else if (is_in(c, off) || is_in(c, of_rtc))
				ck_assert_int_eq(got, is_in(c, off) ? 6 : 13);
			else if (!is_in(c, built))
				ck_assert_msg(got == 3, "%u via %d", c, via);
			else
				ck_assert_msg(got == 0 || got == 1 ||
				    got == 4 || (got == 3 && c == CMD_BURST) ||
				    (got == 6 && c == CMD_DUMP) ||
				    (got == 7 && (c == CMD_ACCHECK ||
					c == CMD_CMDACCHECK)) ||
				    (got == 15 && c == CMD_CLIENTS) ||
				    (got == 21 && c == CMD_ADD_SOURCE),
				    "%u via %d: %d", c, via, got);
		}
	}
	ck_assert_int_eq(ask_plain(s, VIA_UDP, 54, 196), 2);
	reply_is(s, HEAD("0036", "0001", "0002"));
	ck_assert_int_eq(ask_plain(s, VIA_CHRONY, 54, 71), 19);
	reply_is(s, HEAD("0036", "0001", "0013"));
	/* ours are unknown to chrony's clients, however short */
	ck_assert_int_eq(ask_plain(s, VIA_UDP, 0x8001, 28), 3);
	ck_assert_int_eq(ask_plain(s, VIA_CHRONY, 0x8001, 28), 3);
	ck_assert_int_eq(ask_plain(s, VIA_MONITOR, 0x8001, 28), 19);
	end(s);
}
END_TEST

START_TEST(opencommands_replaces_the_list)
{
	static const struct {
		uint32_t words;
		unsigned open[3];
	} cases[] = {
		{ 0, { 0 } },
		{ OPEN_ACTIVITY, { 44 } },
		{ OPEN_AUTHDATA, { 14, 67 } },
		{ OPEN_CLIENTS, { 68 } },
		{ OPEN_MANUAL, { 41 } },
		{ OPEN_NTPDATA, { 14, 57 } },
		{ OPEN_RTCDATA, { 35 } },
		{ OPEN_SELECTDATA, { 14, 69 } },
		{ OPEN_SERVERSTATS, { 54 } },
		{ OPEN_SMOOTHING, { 51 } },
		{ OPEN_SOURCENAME, { 65 } },
		{ OPEN_SOURCES, { 14, 15 } },
		{ OPEN_SOURCESTATS, { 14, 34 } },
		{ OPEN_TRACKING, { 33 } },
	};
	struct small *s = start();

	s->config.opencommands_set = true;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		s->config.opencommands = cases[i].words;
		for (unsigned c = 1; c < 75; c++) {
			if (!cmdmon_entry(c))
				continue;
			ck_assert_msg((ask_plain(s, VIA_UDP, c, 860) != 2) ==
			    is_in(c, cases[i].open), "case %zu, %u", i, c);
			ck_assert_int_ne(ask_plain(s, VIA_CHRONY, c, 860), 2);
		}
	}
	end(s);
}
END_TEST

START_TEST(makestep_is_for_operators)
{
	static const int want[N_VIAS] = { 2, 0, 2, 0 };
	struct small *s = start();

	for (enum cmdmon_via via = VIA_UDP; via < N_VIAS; via++) {
		unsigned before = s->world.n_requests;
		int64_t real = s->world.now.real.ns;

		s->engine.discipline.has_target = true;
		s->engine.discipline.target = (struct estimate){
			.at = s->world.now.raw, .x = small_clock(s) + 0.25 };
		ck_assert_int_eq(ask_plain(s, via, 43, 28), want[via]);
		ck_assert_int_eq(s->world.now.real.ns - real,
		    want[via] ? 0 : 250000000);
		if (want[via])
			ck_assert_uint_eq(s->world.n_requests, before);
	}
	s->world.answer.error = ENOSPC; /* the guard's no */
	ck_assert_int_eq(ask_plain(s, VIA_CONTROL, 43, 28), 1);
	s->engine.discipline.has_target = false;
	ck_assert_int_eq(ask_plain(s, VIA_CONTROL, 43, 28), 1);
	s->engine.discipline.is_controlled = false;
	ck_assert_int_eq(ask_plain(s, VIA_CONTROL, 43, 28), 1);
	reply_is(s, HEAD("002b", "0001", "0001"));
	end(s);
}
END_TEST

START_TEST(makestep_takes_new_parameters)
{
	struct small *s = start();
	struct discipline *d = &s->engine.discipline;
	unsigned char buf[1024];

	plain(buf, 50);
	put32(buf + 20, 3);
	put32(buf + 24, cmdfloat_encode(0.125));
	ck_assert_int_eq(ask(s, VIA_UDP, buf, 28), 2);
	ck_assert_int_eq(ask(s, VIA_MONITOR, buf, 28), 2);
	ck_assert_int_eq(d->steps_left, 0);
	ck_assert_int_eq(ask(s, VIA_CHRONY, buf, 28), 0);
	ck_assert_int_eq(d->steps_left, 3);
	ck_assert_double_eq(d->threshold, 0.125);

	put32(buf + 20, (uint32_t)-5);
	ck_assert_int_eq(ask(s, VIA_CONTROL, buf, 28), 0);
	ck_assert_int_eq(d->steps_left, -1);
	put32(buf + 24, cmdfloat_encode(-1));
	ck_assert_int_eq(ask(s, VIA_CONTROL, buf, 28), 3);
	ck_assert_double_eq(d->threshold, 0.125);
	end(s);
}
END_TEST

START_TEST(native_reports_reach_native_clients)
{
	struct small *s = start();
	struct cmdmon_reply r;
	const struct fake_sent *sent;

	s->engine.discipline.is_controlled = false;
	for (enum cmdmon_via via = VIA_MONITOR; via < N_VIAS; via++) {
		ck_assert_int_eq(ask_plain(s, via, 0x8001, 72), 0);
		sent = fake_sent(&s->world, 0);
		ck_assert_int_eq(cmdmon_get_reply(&r, sent->data,
		    sent->dgram.len), 0);
		ck_assert_uint_eq(r.code, RPY_STATUS);
		ck_assert_uint_eq(r.u.status.flags, STATUS_NO_CLOCK);
		ck_assert_int_eq(ask_plain(s, via, 0x8002, 104), 0);
		sent = fake_sent(&s->world, 0);
		ck_assert_int_eq(cmdmon_get_reply(&r, sent->data,
		    sent->dgram.len), 0);
		ck_assert_uint_eq(r.code, RPY_GUARD);
		ck_assert_uint_eq(r.u.guard.window_s, 900);
	}
	end(s);
}
END_TEST

START_TEST(rekey_is_for_operators)
{
	static const int want[N_VIAS] = { 2, 0, 2, 0 };
	struct small *s = start();
	struct os *os = &s->world.os;

	strcpy(s->config.keyfile, "/etc/tock/keys");
	ck_assert_int_eq(ask_plain(s, VIA_CONTROL, 16, 28), 1); /* no file */
	os->ops->save(os, "keys/keys", "7 tulip\n", 8);
	for (enum cmdmon_via via = VIA_UDP; via < N_VIAS; via++) {
		ck_assert_int_eq(ask_plain(s, via, 16, 28), want[via]);
		ck_assert_uint_eq(s->engine.keys.n, via == VIA_UDP ? 0 : 1);
	}
	keys_fini(&s->engine.keys);
	end(s);
}
END_TEST

UNIT_MAIN("cmdmon", empty_daemon_answers_as_chronyd,
    unsynchronised_tracking_has_the_bytes_of_chronyds,
    sources_are_numbered_and_counted, form_is_judged_in_the_protocols_order,
    reply_is_never_longer_than_its_request, access_is_as_the_protocol_says,
    opencommands_replaces_the_list, makestep_is_for_operators,
    makestep_takes_new_parameters, rekey_is_for_operators,
    native_reports_reach_native_clients)
