/* SPDX-License-Identifier: ISC
 *
 * The real backend's Unix sockets, in a directory that each test makes. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/os/unix_linux.h"
#include "tests/system/os_bench.h"

struct place {
	char dir[32], server[64], client[64];
};

static void
make_place(struct place *p)
{
	strcpy(p->dir, "/tmp/test_os.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(p->dir));
	snprintf(p->server, sizeof p->server, "%s/server", p->dir);
	snprintf(p->client, sizeof p->client, "%s/client", p->dir);
}

static void
remove_place(const struct place *p)
{
	unlink(p->server);
	unlink(p->client);
	ck_assert_int_eq(rmdir(p->dir), 0);
}

static struct sockaddr_un
name(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	strncpy(un.sun_path, path, sizeof un.sun_path - 1);
	return un;
}

/* A client's socket, bound to path unless that is NULL, connected to to. */
static int
client_socket(int type, const char *path, const char *to)
{
	struct sockaddr_un un;
	int fd = socket(AF_UNIX, type, 0);

	ck_assert_int_ge(fd, 0);
	if (path != NULL) {
		un = name(path);
		ck_assert_int_eq(
		    bind(fd, (struct sockaddr *)&un, sizeof un), 0);
	}
	un = name(to);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&un, sizeof un), 0);
	return fd;
}

static void
put(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), 0), (int)strlen(text));
}

static void
gets_text(int fd, const char *want)
{
	char buf[64] = "";

	ck_assert_int_eq(recv(fd, buf, sizeof buf - 1, MSG_DONTWAIT),
	    (int)strlen(want));
	ck_assert_str_eq(buf, want);
}

static struct sock_want
wanted(const struct place *p, enum sock_kind kind)
{
	return (struct sock_want){ .kind = kind, .path = p->server,
		.mode = 0660 };
}

START_TEST(a_datagram_tells_who_sent_it_and_is_answered)
{
	struct note server;
	struct place p;
	struct bench b;

	make_place(&p);
	bench_init(&b, -1, -1);
	struct sock_want want = wanted(&p, SOCK_KIND_UNIX_DGRAM);
	ck_assert_int_eq(note_open(&server, &b, &want), 0);
	server.echo = true;
	server.expect = 1;

	int fd = client_socket(SOCK_DGRAM, p.client, p.server);
	put(fd, "hello");
	ck_assert(bench_run(&b, 5000));
	ck_assert_str_eq(server.last.path, p.client);
	ck_assert_uint_eq(server.last.uid, getuid());
	ck_assert_uint_eq(server.last.conn, 0);
	gets_text(fd, "hello");
	close(fd);

	/* gone: an error, no more */
	server.last.len = 1;
	ck_assert_int_lt(b.os->ops->send(b.os, &server.sock, &server.last), 0);
	note_close(&server);
	bench_fini(&b);
	remove_place(&p);
}
END_TEST

START_TEST(a_sender_without_a_name_has_no_path)
{
	struct note server;
	struct place p;
	struct bench b;

	make_place(&p);
	bench_init(&b, -1, -1);
	struct sock_want want = wanted(&p, SOCK_KIND_UNIX_DGRAM);
	ck_assert_int_eq(note_open(&server, &b, &want), 0);
	server.expect = 1;

	int fd = client_socket(SOCK_DGRAM, NULL, p.server);
	put(fd, "x");
	ck_assert(bench_run(&b, 5000));
	ck_assert_ptr_null(server.last.path);
	ck_assert_int_eq(b.os->ops->send(b.os, &server.sock, &server.last),
	    -EDESTADDRREQ);
	close(fd);
	note_close(&server);
	bench_fini(&b);
	remove_place(&p);
}
END_TEST

START_TEST(the_file_is_made_anew_but_never_taken_from_the_living)
{
	const enum sock_kind kinds[] = { SOCK_KIND_UNIX_DGRAM,
		SOCK_KIND_UNIX_LISTEN };
	struct note first, second;
	struct stat st;
	struct place p;
	struct bench b;

	make_place(&p);
	bench_init(&b, -1, -1);
	for (int i = 0; i < 2; i++) {
		struct sock_want want = wanted(&p, kinds[i]);

		ck_assert_int_eq(note_open(&first, &b, &want), 0);
		ck_assert_int_eq(stat(p.server, &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, 0660);
		ck_assert_int_eq(note_open(&second, &b, &want), -EADDRINUSE);
		/* one of the other kind listens: it lives as well */
		want.kind = kinds[1 - i];
		ck_assert_int_eq(note_open(&second, &b, &want), -EADDRINUSE);
		note_close(&first);
		/* the file is still there, and nobody behind it */
		want.kind = kinds[i];
		ck_assert_int_eq(note_open(&second, &b, &want), 0);
		note_close(&second);
		unlink(p.server);
	}
	bench_fini(&b);
	remove_place(&p);
}
END_TEST

START_TEST(a_file_that_is_no_socket_stays)
{
	struct note n;
	struct place p;
	struct bench b;

	make_place(&p);
	bench_init(&b, -1, -1);
	close(open(p.server, O_CREAT | O_WRONLY, 0600));
	struct sock_want want = wanted(&p, SOCK_KIND_UNIX_LISTEN);
	ck_assert_int_eq(note_open(&n, &b, &want), -EEXIST);
	ck_assert_int_eq(symlink("/nowhere", p.client), 0);
	want.path = p.client;
	ck_assert_int_eq(note_open(&n, &b, &want), -EEXIST);
	want.path = "/tmp/a/path/that/is/far/too/long/for/a/socket/address/"
	    "which/has/room/for/a/hundred/and/seven/characters/and/no/more/x";
	ck_assert_int_eq(note_open(&n, &b, &want), -ENAMETOOLONG);
	bench_fini(&b);
	remove_place(&p);
}
END_TEST

START_TEST(a_connection_is_served_until_it_closes)
{
	struct note server;
	struct place p;
	struct bench b;

	make_place(&p);
	bench_init(&b, -1, -1);
	struct sock_want want = wanted(&p, SOCK_KIND_UNIX_LISTEN);
	ck_assert_int_eq(note_open(&server, &b, &want), 0);
	server.echo = true;
	server.expect = 2;

	int one = client_socket(SOCK_SEQPACKET, NULL, p.server);
	int two = client_socket(SOCK_SEQPACKET, NULL, p.server);
	put(one, "from one");
	put(two, "from two");
	ck_assert(bench_run(&b, 5000));
	gets_text(one, "from one");
	gets_text(two, "from two");
	ck_assert_uint_eq(server.last.uid, getuid());
	ck_assert_uint_ne(server.last.conn, 0);

	struct dgram to_two = server.last;

	server.received = 1;
	put(one, "again");
	ck_assert(bench_run(&b, 5000));
	gets_text(one, "again");
	ck_assert_uint_ne(server.last.conn, to_two.conn);

	close(two);
	ck_assert(!bench_run(&b, 20));
	ck_assert_int_eq(b.os->ops->send(b.os, &server.sock, &to_two),
	    -ENOTCONN);

	/* closing the socket closes what hangs on it */
	note_close(&server);
	ck_assert_int_eq(recv(one, &(char){ 0 }, 1, 0), 0);
	close(one);
	bench_fini(&b);
	remove_place(&p);
}
END_TEST

START_TEST(long_messages_are_cut)
{
	static const char big[DGRAM_MAX + 1];
	struct note server;
	struct place p;
	struct bench b;

	make_place(&p);
	bench_init(&b, -1, -1);
	struct sock_want want = wanted(&p, SOCK_KIND_UNIX_LISTEN);
	ck_assert_int_eq(note_open(&server, &b, &want), 0);
	server.expect = 1;

	int fd = client_socket(SOCK_SEQPACKET, NULL, p.server);
	ck_assert_int_eq(send(fd, big, sizeof big, 0), sizeof big);
	ck_assert(bench_run(&b, 5000));
	ck_assert(server.last.is_cut);
	ck_assert_uint_eq(server.last.len, DGRAM_MAX);
	server.received = 0;
	ck_assert_int_eq(send(fd, big, DGRAM_MAX, 0), DGRAM_MAX);
	ck_assert(bench_run(&b, 5000));
	ck_assert(!server.last.is_cut);
	close(fd);
	note_close(&server);
	bench_fini(&b);
	remove_place(&p);
}
END_TEST

START_TEST(one_connection_too_many_costs_the_silent_one)
{
	int fds[UNIX_CONNS + 1];
	struct note server;
	struct place p;
	struct bench b;

	make_place(&p);
	bench_init(&b, -1, -1);
	struct sock_want want = wanted(&p, SOCK_KIND_UNIX_LISTEN);
	ck_assert_int_eq(note_open(&server, &b, &want), 0);
	server.echo = true;
	for (int i = 0; i < UNIX_CONNS; i++) {
		fds[i] = client_socket(SOCK_SEQPACKET, NULL, p.server);
		bench_run(&b, 1);
	}
	put(fds[0], "alive"); /* so that the second is the silent one */
	bench_run(&b, 5);
	gets_text(fds[0], "alive");
	fds[UNIX_CONNS] = client_socket(SOCK_SEQPACKET, NULL, p.server);
	put(fds[UNIX_CONNS], "new");
	bench_run(&b, 5);
	gets_text(fds[UNIX_CONNS], "new");

	char c;
	ck_assert_int_eq(recv(fds[1], &c, 1, MSG_DONTWAIT), 0);
	for (int i = 0; i <= UNIX_CONNS; i++) {
		if (i != 1)
			ck_assert_int_eq(recv(fds[i], &c, 1, MSG_DONTWAIT), -1);
		close(fds[i]);
	}
	note_close(&server);
	bench_fini(&b);
	remove_place(&p);
}
END_TEST

START_TEST(who_does_not_take_answers_is_dropped)
{
	struct note server;
	struct place p;
	struct bench b;
	int error = 0, sent = 0;

	make_place(&p);
	bench_init(&b, -1, -1);
	struct sock_want want = wanted(&p, SOCK_KIND_UNIX_LISTEN);
	ck_assert_int_eq(note_open(&server, &b, &want), 0);
	server.expect = 1;

	int fd = client_socket(SOCK_SEQPACKET, NULL, p.server);
	put(fd, "x");
	ck_assert(bench_run(&b, 5000));
	server.last.len = DGRAM_MAX;
	while (error == 0 && ++sent < 100000)
		error = b.os->ops->send(b.os, &server.sock, &server.last);
	ck_assert_int_eq(error, -EAGAIN);
	ck_assert_int_eq(b.os->ops->send(b.os, &server.sock, &server.last),
	    -ENOTCONN);
	ck_assert(!bench_run(&b, 5));
	close(fd);
	note_close(&server);
	bench_fini(&b);
	remove_place(&p);
}
END_TEST

static void
close_self(struct sock *s, struct dgram *d, int n)
{
	struct note *note = s->owner;
	struct os *os = note->bench->os;

	(void)n;
	note->received++;
	ck_assert_int_eq(os->ops->send(os, s, d), 0);
	os->ops->sock_close(os, s);
	ck_assert_int_eq(os->ops->send(os, s, d), -EBADF);
}

START_TEST(the_socket_may_be_closed_by_a_message)
{
	struct note server;
	struct place p;
	struct bench b;

	make_place(&p);
	bench_init(&b, -1, -1);
	struct sock_want want = wanted(&p, SOCK_KIND_UNIX_LISTEN);
	ck_assert_int_eq(note_open(&server, &b, &want), 0);
	server.sock.receive = close_self;

	int one = client_socket(SOCK_SEQPACKET, NULL, p.server);
	int two = client_socket(SOCK_SEQPACKET, NULL, p.server);
	put(one, "x");
	put(two, "x");
	ck_assert(!bench_run(&b, 10));
	ck_assert_int_eq(server.received, 1);
	close(one);
	close(two);
	bench_fini(&b);
	remove_place(&p);
}
END_TEST

UNIT_MAIN("os_unix", a_datagram_tells_who_sent_it_and_is_answered,
    a_sender_without_a_name_has_no_path,
    the_file_is_made_anew_but_never_taken_from_the_living,
    a_file_that_is_no_socket_stays, a_connection_is_served_until_it_closes,
    long_messages_are_cut, one_connection_too_many_costs_the_silent_one,
    who_does_not_take_answers_is_dropped,
    the_socket_may_be_closed_by_a_message)
