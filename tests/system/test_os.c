/* SPDX-License-Identifier: ISC
 *
 * The real backend on the loopback interface: timers and UDP. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/os/tstamp_linux.h"
#include "tests/system/os_bench.h"

/* ---- timers */

struct ticker {
	struct timer timer;
	struct bench *bench;
	char *log, name;
	int left;        /* how often it sets itself again */
	double interval; /* s */
	struct mono last;
	double widest;   /* s between two firings */
};

static void
on_tick(struct timer *t)
{
	struct ticker *k = t->owner;
	struct os *os = k->bench->os;
	struct mono now = os->ops->mono(os);

	if (k->log != NULL)
		strncat(k->log, &k->name, 1);
	if (k->last.ns != 0 && mono_sub(now, k->last) > k->widest)
		k->widest = mono_sub(now, k->last);
	k->last = now;
	if (k->left-- > 0)
		os->ops->timer_set(os, t, mono_add(now, k->interval));
}

static void
start(struct ticker *k, struct bench *b, double in)
{
	k->bench = b;
	k->timer = (struct timer){ .fire = on_tick, .owner = k };
	b->os->ops->timer_set(b->os, &k->timer,
	    mono_add(b->os->ops->mono(b->os), in));
}

START_TEST(timers_fire_in_order)
{
	char log[8] = "";
	struct bench b;
	struct ticker k[5] = { { .log = log, .name = 'a' },
		{ .log = log, .name = 'b' }, { .log = log, .name = 'c' },
		{ .log = log, .name = 'd' }, { .log = log, .name = 'e' } };

	bench_init(&b, -1, -1);
	start(&k[0], &b, 0.02);
	start(&k[1], &b, 0.01);
	start(&k[2], &b, -1);    /* past: at once */
	start(&k[3], &b, 0.005); /* taken off again */
	start(&k[4], &b, 0.001); /* moved */
	b.os->ops->timer_off(b.os, &k[3].timer);
	b.os->ops->timer_off(b.os, &k[3].timer);
	b.os->ops->timer_set(b.os, &k[4].timer,
	    mono_add(b.os->ops->mono(b.os), 0.015));
	ck_assert(!bench_run(&b, 40));
	ck_assert_str_eq(log, "cbea");
	bench_fini(&b);
}
END_TEST

START_TEST(a_timer_is_never_early_and_not_much_late)
{
	struct bench b;
	struct ticker k = { .name = 'a' };
	double late = 1;

	bench_init(&b, -1, -1);
	for (int i = 0; i < 10; i++) {
		struct mono due = mono_add(b.os->ops->mono(b.os), 0.0035);

		start(&k, &b, 0);
		b.os->ops->timer_set(b.os, &k.timer, due);
		bench_run(&b, 8);
		ck_assert_int_ge(k.last.ns, due.ns);
		if (mono_sub(k.last, due) < late)
			late = mono_sub(k.last, due);
	}
	ck_assert_double_lt(late, 2e-3); /* poll() counts in ms */
	bench_fini(&b);
}
END_TEST

/* ---- UDP */

static void
open_pair(struct bench *b, struct note *server, struct note *client,
    const char *address)
{
	struct sock_want want = { .kind = SOCK_KIND_UDP,
		.local = at(address, 0), .want_stamps = true,
		.want_local = true };

	ck_assert_int_eq(note_open(server, b, &want), 0);
	server->echo = true;
	want.local = (struct endpoint){ 0 };
	want.peer = note_endpoint(server);
	want.dscp = 46;
	ck_assert_int_eq(note_open(client, b, &want), 0);
	client->expect = 1;
	server->expect_sent = 1; /* which socket is first ready is open */
}

static void
close_pair(struct note *server, struct note *client)
{
	note_close(server);
	note_close(client);
}

/* One exchange: true when the four stamps are the kernel's and in order, and
 * *span has the time from the first to its arrival in the client's hands. */
static bool
exchange(struct bench *b, struct note *server, struct note *client, int i,
    double *span)
{
	char text[64];

	snprintf(text, sizeof text, "exchange %d, 48 bytes or a little more", i);
	client->received = client->sent = server->sent = 0;

	struct tspec before = b->os->ops->pair(b->os).real;

	ck_assert_int_eq(note_send(client, text), 0);
	while (client->received == 0 || server->sent == 0)
		ck_assert(bench_run(b, 5000));
	ck_assert_int_eq(client->sent, 1);
	ck_assert_int_eq(server->sent, 1);
	ck_assert_uint_eq(client->sent_len, strlen(text));
	ck_assert_mem_eq(client->sent_data, text, strlen(text));
	ck_assert_mem_eq(server->sent_data, text, strlen(text));
	ck_assert_uint_eq(client->last.len, strlen(text));
	ck_assert_mem_eq(client->last.data, text, strlen(text));

	const struct stamp *t[] = { &client->sent_stamp, &server->last.stamp,
		&server->sent_stamp, &client->last.stamp };
	int64_t last = before.ns;
	bool ok = true;

	for (int k = 0; k < 4; k++) {
		ok = ok && t[k]->src == STAMP_KERNEL && t[k]->at.ns >= last &&
		    t[k]->pair.real.ns >= t[k]->at.ns;
		last = t[k]->at.ns;
	}
	*span = tspec_sub(t[3]->pair.real, t[0]->at);
	return ok;
}

/* The kernel begins with stamps a little after it was first asked. */
static void
await_stamps(struct bench *b, struct note *server, struct note *client)
{
	double span;

	for (int i = 0; i < 100000; i++)
		if (exchange(b, server, client, i, &span))
			return;
}

static void
echo_has_stamps(const char *address)
{
	struct note server, client;
	struct bench b;
	struct addr here = at(address, 0).addr;
	double span, best = 1;
	int good = 0;

	bench_init(&b, -1, -1);
	open_pair(&b, &server, &client, address);
	await_stamps(&b, &server, &client);
	for (int i = 0; i < 20; i++) {
		if (!exchange(&b, &server, &client, i, &span))
			continue;
		good++;
		if (span < best)
			best = span;
	}
	printf("%s: %d of 20 in order, shortest %.0f us\n", address, good,
	    best * 1e6);
	/* somebody may step the clock while we look */
	ck_assert_int_ge(good, 18);
	ck_assert_double_lt(best, 1e-3);
	ck_assert(addr_equal(&server.last.local, &here));
	ck_assert_uint_eq(server.last.ifindex, if_nametoindex("lo"));
	ck_assert(addr_equal(&server.last.remote.addr, &here));
	ck_assert_uint_eq(server.last.remote.port, note_endpoint(&client).port);
	ck_assert(!server.last.is_cut);
	close_pair(&server, &client);
	bench_fini(&b);
}

START_TEST(an_exchange_over_ipv4_has_four_kernel_stamps)
{
	echo_has_stamps("127.0.0.1");
}
END_TEST

START_TEST(an_exchange_over_ipv6_has_four_kernel_stamps)
{
	struct sock_want want = { .kind = SOCK_KIND_UDP,
		.local = at("::1", 0) };
	struct note probe;
	struct bench b;
	int error;

	bench_init(&b, -1, -1);
	error = note_open(&probe, &b, &want);
	if (error == 0)
		note_close(&probe);
	bench_fini(&b);
	if (error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL)
		printf("no IPv6 here: skipped\n");
	else
		echo_has_stamps("::1");
}
END_TEST

START_TEST(a_fresh_socket_has_a_port_of_its_own_and_stamps_at_once)
{
	struct note server, client;
	struct bench b;
	uint16_t last = 0;
	double span;
	int good = 0, same = 0;

	bench_init(&b, -1, -1);
	open_pair(&b, &server, &client, "127.0.0.1");
	await_stamps(&b, &server, &client);
	close_pair(&server, &client);
	for (int i = 0; i < 20; i++) {
		open_pair(&b, &server, &client, "127.0.0.1");
		same += note_endpoint(&client).port == last;
		last = note_endpoint(&client).port;
		good += exchange(&b, &server, &client, i, &span);
		close_pair(&server, &client);
	}
	ck_assert_int_le(same, 1);
	ck_assert_int_ge(good, 18);
	bench_fini(&b);
}
END_TEST

START_TEST(an_answer_leaves_whole_from_the_address_that_was_asked)
{
	struct sock_want want = { .kind = SOCK_KIND_UDP,
		.local = at("0.0.0.0", 0), .want_local = true,
		.is_small = true };
	struct note server, client;
	struct bench b;
	int how;
	socklen_t len = sizeof how;

	bench_init(&b, -1, -1);
	ck_assert_int_eq(note_open(&server, &b, &want), 0);
	server.echo = true;
	ck_assert_int_eq(getsockopt(server.sock.fd, IPPROTO_IP,
	    IP_MTU_DISCOVER, &how, &len), 0);
	ck_assert_int_eq(how, IP_PMTUDISC_PROBE);
	/* a connected socket hears 127.0.0.9 alone */
	want.local = (struct endpoint){ 0 };
	want.peer = at("127.0.0.9", note_endpoint(&server).port);
	ck_assert_int_eq(note_open(&client, &b, &want), 0);
	client.expect = 1;
	ck_assert_int_eq(note_send(&client, "x"), 0);
	ck_assert(bench_run(&b, 5000));
	close_pair(&server, &client);
	bench_fini(&b);
}
END_TEST

START_TEST(a_closed_port_is_reported)
{
	struct sock_want want = { .kind = SOCK_KIND_UDP,
		.local = at("127.0.0.1", 0) };
	struct note server, client;
	struct bench b;

	bench_init(&b, -1, -1);
	ck_assert_int_eq(note_open(&server, &b, &want), 0);
	want.local = (struct endpoint){ 0 };
	want.peer = note_endpoint(&server);
	want.want_stamps = true;
	note_close(&server);
	ck_assert_int_eq(note_open(&client, &b, &want), 0);
	ck_assert_int_eq(note_send(&client, "x"), 0);
	ck_assert(bench_run(&b, 5000));
	ck_assert_int_eq(client.failed, ECONNREFUSED);
	ck_assert_int_ge(client.sock.fd, 0); /* and is still open */
	note_close(&client);
	bench_fini(&b);
}
END_TEST

START_TEST(errors_of_opening_are_told)
{
	struct sock_want want = { .kind = SOCK_KIND_UDP };
	struct note first, second;
	struct bench b;

	bench_init(&b, -1, -1);
	ck_assert_int_eq(note_open(&first, &b, &want), -EAFNOSUPPORT);
	ck_assert_int_eq(first.sock.fd, -1);
	want.local = at("192.0.2.1", 0);
	ck_assert_int_eq(note_open(&first, &b, &want), -EADDRNOTAVAIL);
	want.may_be_away = true;
	ck_assert_int_eq(note_open(&first, &b, &want), 0);
	note_close(&first);
	want.local = at("127.0.0.1", 0);
	ck_assert_int_eq(note_open(&first, &b, &want), 0);
	want.local = note_endpoint(&first);
	ck_assert_int_eq(note_open(&second, &b, &want), -EADDRINUSE);
	note_close(&first);
	ck_assert_int_eq(note_send(&first, "x"), -EBADF);
	note_close(&first); /* twice is no harm */
	bench_fini(&b);
}
END_TEST

START_TEST(a_socket_can_be_bound_to_a_device)
{
	struct sock_want want = { .kind = SOCK_KIND_UDP,
		.local = at("127.0.0.1", 0), .device = "lo" };
	struct note server, client;
	char device[IF_NAMESIZE] = "";
	socklen_t len = sizeof device;
	struct bench b;
	double span;

	bench_init(&b, -1, -1);
	open_pair(&b, &server, &client, "127.0.0.1");
	note_close(&client);
	want.local = (struct endpoint){ 0 };
	want.peer = note_endpoint(&server);
	want.want_stamps = true;
	ck_assert_int_eq(note_open(&client, &b, &want), 0);
	ck_assert_int_eq(getsockopt(client.sock.fd, SOL_SOCKET,
	    SO_BINDTODEVICE, device, &len), 0);
	ck_assert_str_eq(device, "lo");
	client.expect = 1;
	exchange(&b, &server, &client, 0, &span);
	close_pair(&server, &client);
	want.device = "nonesuch0";
	ck_assert_int_eq(note_open(&client, &b, &want), -ENODEV);
	bench_fini(&b);
}
END_TEST

START_TEST(a_long_datagram_is_cut)
{
	static unsigned char big[3000];
	struct note server, client;
	struct bench b;

	bench_init(&b, -1, -1);
	open_pair(&b, &server, &client, "127.0.0.1");
	server.echo = false;
	server.expect = 1;
	ck_assert_int_eq(b.os->ops->send(b.os, &client.sock,
	    &(struct dgram){ .len = sizeof big, .data = big }), 0);
	ck_assert(bench_run(&b, 5000));
	ck_assert(server.last.is_cut);
	ck_assert_uint_eq(server.last.len, DGRAM_MAX);
	server.received = 0;
	ck_assert_int_eq(b.os->ops->send(b.os, &client.sock,
	    &(struct dgram){ .len = DGRAM_MAX, .data = big }), 0);
	ck_assert(bench_run(&b, 5000));
	ck_assert(!server.last.is_cut);
	ck_assert_uint_eq(server.last.len, DGRAM_MAX);
	close_pair(&server, &client);
	bench_fini(&b);
}
END_TEST

static void
close_other(struct sock *s, struct dgram *d, int n)
{
	struct note *self = s->owner, *other;
	struct os *os = self->bench->os;

	(void)d;
	(void)n;
	self->received++;
	memcpy(&other, self->path, sizeof other);
	os->ops->sock_close(os, &other->sock);
	os->ops->sock_close(os, s);
}

START_TEST(sockets_may_be_closed_in_the_middle_of_a_turn)
{
	struct sock_want want = { .kind = SOCK_KIND_UDP,
		.local = at("127.0.0.1", 0) };
	struct note s[2], client[2];
	struct bench b;

	bench_init(&b, -1, -1);
	for (int i = 0; i < 2; i++) {
		struct note *other = &s[1 - i];

		want.local = at("127.0.0.1", 0);
		want.peer = (struct endpoint){ 0 };
		ck_assert_int_eq(note_open(&s[i], &b, &want), 0);
		s[i].sock.receive = close_other;
		memcpy(s[i].path, &other, sizeof other);
		want.local = (struct endpoint){ 0 };
		want.peer = note_endpoint(&s[i]);
		ck_assert_int_eq(note_open(&client[i], &b, &want), 0);
		ck_assert_int_eq(note_send(&client[i], "x"), 0);
	}
	ck_assert(!bench_run(&b, 20));
	ck_assert_int_eq(s[0].received + s[1].received, 1);
	ck_assert_int_eq(s[0].sock.fd, -1);
	ck_assert_int_eq(s[1].sock.fd, -1);
	close_pair(&client[0], &client[1]);
	bench_fini(&b);
}
END_TEST

START_TEST(a_flood_does_not_hold_timers_up)
{
	struct ticker k = { .left = INT32_MAX, .interval = 1e-3 };
	struct note server, client;
	struct bench b;
	int status;

	bench_init(&b, -1, -1);
	open_pair(&b, &server, &client, "127.0.0.1");
	server.echo = false;
	start(&k, &b, 0);

	pid_t child = fork();

	if (child == 0) {
		for (int i = 0; i < 10000; i++)
			send(client.sock.fd, "flood", 5, 0);
		_exit(0);
	}
	bench_run(&b, 500);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	printf("%d of 10000 seen, widest gap between 1 ms timers %.1f ms\n",
	    server.received, k.widest * 1e3);
	ck_assert_int_ge(server.received, 500);
	ck_assert_double_lt(k.widest, 0.1);
	close_pair(&server, &client);
	bench_fini(&b);
}
END_TEST

/* The kernel says it with the next one that there is room for. */
START_TEST(what_finds_the_queue_full_is_counted)
{
	struct sock_want want = { .kind = SOCK_KIND_UDP,
		.local = at("127.0.0.1", 0), .buffer = 4096 };
	struct note server;
	struct bench b;
	unsigned kept;

	bench_init(&b, -1, -1);
	ck_assert_int_eq(note_open(&server, &b, &want), 0);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_storage to;
	struct endpoint there = note_endpoint(&server);
	socklen_t len = addr_to_sockaddr(&there, &to);

	for (int turn = 1; turn <= 2; turn++) {
		for (int i = 0; i < 100; i++)
			ck_assert_int_eq(sendto(fd, "flood", 5, 0,
			    (struct sockaddr *)&to, len), 5);
		bench_run(&b, 50);
		ck_assert_int_eq(sendto(fd, "last", 4, 0,
		    (struct sockaddr *)&to, len), 4);
		bench_run(&b, 50);
		kept = (unsigned)server.received;
		ck_assert_uint_ge(kept, 2);
		ck_assert_uint_eq(server.sock.lost, 101 - kept);
		server.sock.lost = 0;
		server.received = 0;
	}
	close(fd);
	note_close(&server);
	bench_fini(&b);
}
END_TEST

START_TEST(a_timer_set_for_the_past_again_and_again_lets_sockets_live)
{
	struct ticker k = { .left = INT32_MAX, .interval = -1 };
	struct note server, client;
	struct bench b;

	bench_init(&b, -1, -1);
	open_pair(&b, &server, &client, "127.0.0.1");
	start(&k, &b, -1);
	ck_assert_int_eq(note_send(&client, "x"), 0);
	ck_assert(bench_run(&b, 5000));
	close_pair(&server, &client);
	bench_fini(&b);
}
END_TEST

/* ---- the rest */

START_TEST(the_pair_is_one_instant)
{
	struct bench b;
	double drift = 1;

	bench_init(&b, -1, -1);
	struct pair p = b.os->ops->pair(b.os);
	for (int i = 0; i < 1000; i++) {
		struct pair q = b.os->ops->pair(b.os);
		double d = tspec_sub(q.real, p.real) - raw_sub(q.raw, p.raw);

		ck_assert_int_gt(q.raw.ns, p.raw.ns);
		if (d < 0)
			d = -d;
		if (d < drift)
			drift = d;
		p = q;
	}
	ck_assert_double_lt(drift, 1e-6);
	bench_fini(&b);
}
END_TEST

START_TEST(random_bytes_differ)
{
	unsigned char a[600] = { 0 }, c[600] = { 0 };
	struct bench b;

	bench_init(&b, -1, -1);
	b.os->ops->random(b.os, a, sizeof a);
	b.os->ops->random(b.os, c, sizeof c);
	ck_assert_mem_ne(a, c, 8);
	ck_assert_mem_ne(a + 592, c + 592, 8);
	bench_fini(&b);
}
END_TEST

START_TEST(the_payload_is_found_behind_any_link_header)
{
	/* IPv4: 20 bytes, UDP: 8 + 4 bytes "abcd", then padding */
	const unsigned char v4[] = { 0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0,
		127, 0, 0, 1, 127, 0, 0, 1, 0, 123, 0, 123, 0, 12, 0, 0,
		'a', 'b', 'c', 'd', 0, 0 };
	const unsigned char v6[] = { 0x60, 0, 0, 0, 0, 12, 17, 64,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0, 123, 0, 123, 0, 12, 0, 0, 'a', 'b', 'c', 'd' };
	const size_t link[] = { 0, 4, 14, 18, 22 };

	for (size_t i = 0; i < 5; i++) {
		unsigned char buf[128] = { 0 };
		const unsigned char *found = NULL;

		memcpy(buf + link[i], v4, sizeof v4);
		ck_assert_uint_eq(
		    tstamp_payload(buf, link[i] + sizeof v4, &found), 4);
		ck_assert_mem_eq(found, "abcd", 4);
		memcpy(buf + link[i], v6, sizeof v6);
		ck_assert_uint_eq(
		    tstamp_payload(buf, link[i] + sizeof v6, &found), 4);
		ck_assert_mem_eq(found, "abcd", 4);
		for (size_t len = 0; len < link[i] + sizeof v6; len++)
			ck_assert_uint_eq(tstamp_payload(buf, len, &found), 0);
	}
}
END_TEST

UNIT_MAIN("os", timers_fire_in_order, a_timer_is_never_early_and_not_much_late,
    an_exchange_over_ipv4_has_four_kernel_stamps,
    an_exchange_over_ipv6_has_four_kernel_stamps,
    a_fresh_socket_has_a_port_of_its_own_and_stamps_at_once,
    an_answer_leaves_whole_from_the_address_that_was_asked,
    a_closed_port_is_reported, errors_of_opening_are_told,
    a_socket_can_be_bound_to_a_device, a_long_datagram_is_cut,
    sockets_may_be_closed_in_the_middle_of_a_turn,
    a_flood_does_not_hold_timers_up, what_finds_the_queue_full_is_counted,
    a_timer_set_for_the_past_again_and_again_lets_sockets_live,
    the_pair_is_one_instant, random_bytes_differ,
    the_payload_is_found_behind_any_link_header)
