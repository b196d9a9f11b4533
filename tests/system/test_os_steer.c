/* SPDX-License-Identifier: ISC
 *
 * Sockets at one port: who gets what, by the kernel's hand. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/os/net_linux.h"
#include "daemon/os/steer_linux.h"
#include "os_bench.h"

#define N 3 /* workers */
#define HOSTS 60

static struct bench b;
static struct note notes[1 + N];
static uint16_t port;

static int
open_note(int i, const char *address, enum sock_share share)
{
	const struct sock_want want = { .kind = SOCK_KIND_UDP,
		.local = at(address, port), .share = share,
		.want_local = true };

	return note_open(&notes[i], &b, &want);
}

/* Steered; false: this family is not there. */
static bool
open_all(const char *address, int is_v6)
{
	memset(notes, 0, sizeof notes);
	bench_init(&b, -1, -1);
	port = 0;
	if (open_note(0, address, SOCK_FIRST) < 0) {
		bench_fini(&b);
		return false;
	}
	port = note_endpoint(&notes[0]).port;
	for (int i = 1; i <= N; i++)
		ck_assert_int_eq(open_note(i, address, SOCK_MORE), 0);
	ck_assert_int_eq(steer_clients(notes[0].sock.fd, is_v6, N, 12345), 0);
	return true;
}

static void
close_all(void)
{
	for (int i = 0; i <= N; i++)
		note_close(&notes[i]);
	bench_fini(&b);
}

/* Sends len bytes, the first of them with this mode, from an address and some
 * port; who got it. */
static int
send_from(struct endpoint from, unsigned mode, size_t len)
{
	struct endpoint to = note_endpoint(&notes[0]);
	unsigned char bytes[48] = { (unsigned char)(4 << 3 | mode) };
	struct sockaddr_storage ss;
	socklen_t n = addr_to_sockaddr(&from, &ss);
	int fd = socket(((struct sockaddr *)&ss)->sa_family, SOCK_DGRAM, 0);
	int got = -1;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, n), 0);
	n = addr_to_sockaddr(&to, &ss);
	ck_assert_int_eq(sendto(fd, bytes, len, 0, (struct sockaddr *)&ss, n),
	    (ssize_t)len);
	close(fd);
	for (int i = 0; i <= N; i++) {
		notes[i].received = 0;
		notes[i].expect = 1;
	}
	ck_assert(bench_run(&b, 1000));
	for (int i = 0; i <= N; i++)
		if (notes[i].received > 0)
			got = i;
	return got;
}

static struct endpoint
host(int i)
{
	char text[32];

	snprintf(text, sizeof text, "127.%d.%d.%d", i % 5, i % 7, i + 1);
	return at(text, 0);
}

START_TEST(a_client_always_meets_the_same_worker)
{
	int met[1 + N] = { 0 };

	ck_assert(open_all("127.0.0.1", 0));
	for (int i = 0; i < HOSTS; i++) {
		int first = send_from(host(i), 3, 48);

		ck_assert_int_gt(first, 0);
		met[first]++;
		for (int k = 0; k < 10; k++) /* another port each */
			ck_assert_int_eq(send_from(host(i), 3, 48), first);
	}
	printf("%d %d %d clients\n", met[1], met[2], met[3]);
	for (int i = 1; i <= N; i++)
		ck_assert_int_ge(met[i], HOSTS / N / 3);
	close_all();
}
END_TEST

START_TEST(what_is_no_clients_comes_to_the_first)
{
	static const int first[8] = { 0, 1, 1, 0, 1, 1, 0, 0 };

	ck_assert(open_all("127.0.0.1", 0));
	for (unsigned mode = 0; mode < 8; mode++)
		for (int i = 0; i < 10; i++) {
			int got = send_from(host(i), mode, 48);

			ck_assert_msg((got == 0) == first[mode],
			    "mode %u: %d", mode, got);
		}
	ck_assert_int_eq(send_from(host(1), 3, 1), send_from(host(1), 3, 48));
	ck_assert_int_eq(send_from(host(1), 3, 0), 0);
	close_all();
}
END_TEST

START_TEST(the_same_with_ipv6)
{
	if (!open_all("::1", 1))
		return;
	int first = send_from(at("::1", 0), 3, 48);

	ck_assert_int_gt(first, 0);
	for (int k = 0; k < 10; k++)
		ck_assert_int_eq(send_from(at("::1", 0), 3, 48), first);
	ck_assert_int_eq(send_from(at("::1", 0), 4, 48), 0);
	close_all();
}
END_TEST

START_TEST(a_second_daemon_cannot_have_the_port)
{
	static struct note other;
	struct sock_want want = { .kind = SOCK_KIND_UDP };

	ck_assert(open_all("127.0.0.1", 0));
	want.local = at("127.0.0.1", port);
	ck_assert_int_eq(note_open(&other, &b, &want), -EADDRINUSE);
	want.share = SOCK_FIRST;
	ck_assert_int_eq(note_open(&other, &b, &want), -EADDRINUSE);
	close_all();
}
END_TEST

START_TEST(a_socket_can_be_left_alone_and_looked_at_again)
{
	struct endpoint from = at("127.0.0.9", 0);

	ck_assert(open_all("127.0.0.1", 0));
	int who = send_from(from, 3, 48);

	ck_assert_int_eq(net_watch(&b.o, &notes[who].sock, false), 0);
	ck_assert_int_eq(net_watch(&b.o, &notes[who].sock, false), 0);

	struct sockaddr_storage ss;
	struct endpoint to = note_endpoint(&notes[0]);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t n = addr_to_sockaddr(&from, &ss);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, n), 0);
	n = addr_to_sockaddr(&to, &ss);
	notes[who].received = 0;
	ck_assert_int_eq(sendto(fd, "\x23", 1, 0, (struct sockaddr *)&ss, n),
	    1);
	ck_assert(!bench_run(&b, 50));
	ck_assert_int_eq(notes[who].received, 0);
	ck_assert_int_eq(net_watch(&b.o, &notes[who].sock, true), 0);
	ck_assert(bench_run(&b, 1000)); /* what waited is not lost */
	ck_assert_int_eq(notes[who].received, 1);
	close(fd);
	close_all();
}
END_TEST

START_TEST(what_is_sent_to_all_is_marked_wherever_it_comes)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;

	ck_assert(open_all("0.0.0.0", 0));
	to.sin_port = htons(port);
	to.sin_addr.s_addr = htonl(0x7fffffff); /* 127.255.255.255 */
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on,
	    sizeof on), 0);
	ck_assert_int_eq(sendto(fd, "\x23", 1, 0, (struct sockaddr *)&to,
	    sizeof to), 1);
	close(fd);
	for (int i = 0; i <= N; i++)
		notes[i].expect = 2; /* the loop goes on till there is no more */
	bench_run(&b, 100);
	for (int i = 0; i <= N; i++) {
		ck_assert_int_eq(notes[i].received, 1);
		ck_assert(notes[i].last.is_to_many);
	}
	int who = send_from(host(1), 3, 48);

	ck_assert_int_gt(who, 0);
	ck_assert(!notes[who].last.is_to_many);
	close_all();
}
END_TEST

START_TEST(a_given_socket_is_used_in_the_place_of_a_new_one)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	ck_assert(open_all("127.0.0.1", 0));
	to.sin_addr.s_addr = htonl(0x7f000001);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&to, sizeof to), 0);
	socklen_t len = sizeof to;
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&to, &len), 0);
	close_all();

	bench_init(&b, -1, -1);
	b.o.given = (struct given){ .first = fd, .n = 1 };
	port = 0;
	ck_assert_int_eq(open_note(0, "127.0.0.1", SOCK_FIRST), 0);
	ck_assert_int_ne(notes[0].sock.fd, fd); /* another port */
	note_close(&notes[0]);
	port = ntohs(to.sin_port);
	ck_assert_int_eq(open_note(0, "127.0.0.2", SOCK_FIRST), 0);
	ck_assert_int_ne(notes[0].sock.fd, fd); /* another address */
	note_close(&notes[0]);
	ck_assert_int_eq(open_note(0, "127.0.0.1", SOCK_FIRST), 0);
	ck_assert_int_eq(notes[0].sock.fd, fd);
	for (int i = 1; i <= N; i++) {
		ck_assert_int_eq(open_note(i, "127.0.0.1", SOCK_MORE), 0);
		ck_assert_int_ne(notes[i].sock.fd, fd);
	}
	ck_assert_int_eq(steer_clients(fd, 0, N, 12345), 0);
	ck_assert_int_gt(send_from(host(1), 3, 48), 0);
	ck_assert_int_eq(send_from(host(1), 4, 48), 0);
	close_all();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("os_steer");
	TCase *t = tcase_create("kernel");

	tcase_add_test(t, a_client_always_meets_the_same_worker);
	tcase_add_test(t, what_is_no_clients_comes_to_the_first);
	tcase_add_test(t, the_same_with_ipv6);
	tcase_add_test(t, a_second_daemon_cannot_have_the_port);
	tcase_add_test(t, a_socket_can_be_left_alone_and_looked_at_again);
	tcase_add_test(t, what_is_sent_to_all_is_marked_wherever_it_comes);
	tcase_add_test(t, a_given_socket_is_used_in_the_place_of_a_new_one);
	suite_add_tcase(s, t);

	SRunner *r = srunner_create(s);

	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);

	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
