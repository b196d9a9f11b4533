/* SPDX-License-Identifier: ISC
 *
 * What is done so that a request leaves soon after its stamp. */
#include "tests/unit/unit.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/os/net_linux.h"
#include "daemon/os/tstamp_linux.h"
#include "tests/system/os_bench.h"

#define TIMES 300 /* more than a receive queue takes */

START_TEST(a_rehearsal_comes_back_and_is_taken_away_with_its_stamp)
{
	int fd = tstamp_keep_on();
	struct pollfd p = { .fd = fd, .events = POLLIN };
	unsigned char byte = 0;

	ck_assert_int_eq(send(fd, &byte, 1, MSG_DONTWAIT), 1);
	ck_assert_int_eq(poll(&p, 1, 1000), 1); /* to itself it goes */
	ck_assert_int_eq(p.revents, POLLIN | POLLERR);
	ck_assert_int_eq(recv(fd, &byte, 1, MSG_DONTWAIT), 1);
	ck_assert_int_ge(recv(fd, &byte, 1, MSG_DONTWAIT | MSG_ERRQUEUE), 0);
	for (int i = 0; i < TIMES; i++)
		tstamp_rehearse(fd);
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	close(fd);
}
END_TEST

START_TEST(a_request_leaves_before_its_socket_is_watched)
{
	const struct sock_want want = { .kind = SOCK_KIND_UDP,
		.peer = at("127.0.0.1", 9), .want_stamps = true };
	struct note client;
	struct bench b;

	bench_init(&b, -1, -1);
	ck_assert_int_eq(note_open(&client, &b, &want), 0);
	const struct link *link = client.sock.backend;
	ck_assert_uint_eq(link->watch.slot, 0);
	ck_assert_int_eq(note_send(&client, "ask"), 0);
	ck_assert_uint_ne(link->watch.slot, 0);
	note_close(&client);
	/* one that has nothing to say, too */
	ck_assert_int_eq(note_open(&client, &b, &want), 0);
	note_close(&client);
	bench_fini(&b);
}
END_TEST

START_TEST(the_stamp_of_a_request_is_there_when_it_is_sent)
{
	const struct sock_want want = { .kind = SOCK_KIND_UDP,
		.peer = at("127.0.0.1", 9), .want_stamps = true };
	struct note client;
	struct bench b;

	bench_init(&b, -1, -1);
	ck_assert_int_eq(note_open(&client, &b, &want), 0);
	ck_assert_int_eq(note_send(&client, "ask"), 0);
	ck_assert_int_eq(client.sent, 1);
	ck_assert_int_eq(client.sent_stamp.src, STAMP_KERNEL);
	ck_assert_uint_eq(client.sent_len, 3);
	ck_assert_mem_eq(client.sent_data, "ask", 3);
	note_close(&client);
	bench_fini(&b);
}
END_TEST

/* How many rehearsals there were. */
static int
rehearsals(int fd)
{
	unsigned char bin[64];
	int n = 0;

	while (recv(fd, bin, sizeof bin, MSG_DONTWAIT) > 0)
		n++;
	return n;
}

/* As all are made: through a socket of its own. */
static void
request(struct bench *b)
{
	const struct sock_want want = { .kind = SOCK_KIND_UDP,
		.peer = at("127.0.0.1", 9), .want_stamps = true };
	struct note client;

	ck_assert_int_eq(note_open(&client, b, &want), 0);
	ck_assert_int_eq(note_send(&client, "ask"), 0);
	note_close(&client);
}

START_TEST(requests_in_a_row_are_rehearsed_once)
{
	struct bench b;
	int pair[2];

	bench_init(&b, -1, -1);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	int old = b.o.stamp_fd;
	b.o.stamp_fd = pair[0];
	request(&b);
	ck_assert_int_eq(rehearsals(pair[1]), 1);
	b.o.asked.ns += NSEC; /* it was just now, whatever the time */
	request(&b);
	ck_assert_int_eq(rehearsals(pair[1]), 0);
	b.o.asked.ns -= NSEC / 10;
	request(&b);
	ck_assert_int_eq(rehearsals(pair[1]), 1);
	b.o.stamp_fd = old;
	close(pair[0]);
	close(pair[1]);
	bench_fini(&b);
}
END_TEST

/* Else they would fill the socket's buffer, and requests would be lost. */
START_TEST(all_stamps_of_a_turn_are_read_in_the_next)
{
	struct sock_want want = { .kind = SOCK_KIND_UDP,
		.local = at("127.0.0.1", 0), .want_stamps = true,
		.stamps_on_demand = true };
	unsigned char text[] = "answer";
	struct note server;
	struct bench b;

	bench_init(&b, -1, -1);
	ck_assert_int_eq(note_open(&server, &b, &want), 0);
	struct dgram d = { .remote = at("127.0.0.1", 9), .data = text,
		.len = sizeof text, .want_sent = true };
	for (int i = 0; i < 3 * NET_BATCH; i++)
		ck_assert_int_eq(b.os->ops->send(b.os, &server.sock, &d), 0);
	ck_assert_int_eq(watch_turn(&b.o.watches, &b.o, 1000), 0);
	ck_assert_int_eq(server.sent, 3 * NET_BATCH);
	note_close(&server);
	bench_fini(&b);
}
END_TEST

UNIT_MAIN("os_rehearse",
    a_rehearsal_comes_back_and_is_taken_away_with_its_stamp,
    a_request_leaves_before_its_socket_is_watched,
    the_stamp_of_a_request_is_there_when_it_is_sent,
    requests_in_a_row_are_rehearsed_once,
    all_stamps_of_a_turn_are_read_in_the_next)
