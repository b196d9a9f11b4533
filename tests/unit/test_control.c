/* SPDX-License-Identifier: ISC
 *
 * The control sockets: which are opened, who is heard, where replies go. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/log.h"
#include "common/paths.h"
#include "tests/emu/small_engine.h"

#define CHRONY "/run/chrony/chronyd.sock"
#define CLIENT "/run/chrony/chronyc.7/x/sock"

static struct small *
start(void)
{
	struct small *s = small_new();

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

/* A request that everybody may make, and its reply of the same length. */
static void
activity(unsigned char buf[48])
{
	memset(buf, 0, 48);
	buf[0] = 6;
	buf[1] = 1;
	put16(buf + 4, 44);
}

START_TEST(udp_is_for_this_host_alone)
{
	static const struct {
		const char *sock, *from;
		bool is_answered;
	} cases[] = {
		{ "127.0.0.1", "127.0.0.1", true }, { "::1", "::1", true },
		{ "127.0.0.1", "127.0.0.2", false },
		{ "127.0.0.1", "192.0.2.1", false },
		{ "127.0.0.1", "0.0.0.0", false },
		{ "127.0.0.1", "ID#2130706433", false },
		{ "::1", "::", false }, { "::1", "2001:db8::1", false },
		{ "::1", "fe80::1%1", false },
	};
	struct small *s = start();
	unsigned char buf[48];

	activity(buf);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct endpoint at = { small_addr(cases[i].sock), 323 };
		struct dgram d = { .remote = { small_addr(cases[i].from), 7 },
			.local = at.addr, .ifindex = 1 };
		unsigned before = s->world.n_sent;

		fake_receive(&s->world, fake_udp_sock(&s->world, &at), &d, buf,
		    48);
		ck_assert_msg(s->world.n_sent - before == cases[i].is_answered,
		    "%s", cases[i].from);
	}
	end(s);
}
END_TEST

START_TEST(cmdallow_opens_udp_to_others)
{
	struct small *s = start();
	struct endpoint at = { small_addr("127.0.0.1"), 323 };
	struct dgram d = { .remote = { small_addr("192.0.2.1"), 7 },
		.local = at.addr, .ifindex = 1 };
	struct sock *sock = fake_udp_sock(&s->world, &at);
	struct access *commands = &s->engine.admission.commands;
	struct subnet net;
	unsigned char buf[48];

	activity(buf);
	ck_assert_int_eq(subnet_parse(&net, "192.0.2.0/24"), 0);
	ck_assert_int_eq(access_set(commands, &net, true, false), 0);
	fake_receive(&s->world, sock, &d, buf, 48);
	ck_assert_uint_eq(s->world.n_sent, 1);
	ck_assert_int_eq(access_set(commands, &net, false, false), 0);
	fake_receive(&s->world, sock, &d, buf, 48);
	ck_assert_uint_eq(s->world.n_sent, 1);
	net.addr.family = ADDR_NONE; /* this host is heard even so */
	ck_assert_int_eq(access_set(commands, &net, false, true), 0);
	d.remote.addr = at.addr;
	fake_receive(&s->world, sock, &d, buf, 48);
	ck_assert_uint_eq(s->world.n_sent, 2);
	end(s);
}
END_TEST

START_TEST(requests_are_counted_whichever_way_they_come)
{
	struct small *s = start();
	struct addr host = small_addr("127.0.0.1");
	struct endpoint at = { host, 323 };
	const struct dgram udp = { .remote = { host, 7 }, .local = host },
		path = { .path = CLIENT };
	unsigned char buf[48];

	activity(buf);
	fake_receive(&s->world, fake_udp_sock(&s->world, &at), &udp, buf, 48);
	fake_receive(&s->world, fake_path_sock(&s->world, CHRONY), &path, buf,
	    48);
	fake_receive(&s->world, fake_path_sock(&s->world, PATH_MONITOR), &path,
	    buf, 48);
	ck_assert_uint_eq(s->world.n_sent, 3);
	ck_assert_uint_eq(s->engine.clientlog.hits[CLIENTLOG_COMMAND], 3);
	end(s);
}
END_TEST

START_TEST(replies_go_back_where_requests_came_from)
{
	struct small *s = start();
	const struct fake_sent *r;
	struct addr host = small_addr("127.0.0.1");
	struct endpoint at = { host, 323 };
	unsigned char buf[48];

	activity(buf);
	fake_receive(&s->world, fake_udp_sock(&s->world, &at), &(struct dgram){
	    .remote = { host, 50000 }, .local = host, .ifindex = 1 }, buf, 48);
	r = fake_sent(&s->world, 0);
	ck_assert(addr_equal(&r->dgram.remote.addr, &host));
	ck_assert_uint_eq(r->dgram.remote.port, 50000);
	ck_assert(addr_equal(&r->dgram.local, &host));
	ck_assert_uint_eq(r->dgram.ifindex, 0);

	fake_receive(&s->world, fake_path_sock(&s->world, CHRONY),
	    &(struct dgram){ .path = CLIENT }, buf, 48);
	r = fake_sent(&s->world, 0);
	ck_assert_str_eq(r->dgram.path, CLIENT);
	ck_assert_ptr_eq(r->sock, fake_path_sock(&s->world, CHRONY));

	fake_receive(&s->world, fake_path_sock(&s->world, PATH_CONTROL),
	    &(struct dgram){ .conn = 9 }, buf, 48);
	r = fake_sent(&s->world, 0);
	ck_assert_uint_eq(r->dgram.conn, 9);
	ck_assert_ptr_eq(r->sock, fake_path_sock(&s->world, PATH_CONTROL));
	end(s);
}
END_TEST

START_TEST(modes_of_the_sockets_are_the_access_control)
{
	struct small *s = start();
	const char *paths[CONTROL_PATHS];
	unsigned n = 0;

	ck_assert_uint_eq(control_paths(&s->control, paths), 3);
	ck_assert_str_eq(paths[0], CHRONY);
	ck_assert_str_eq(paths[1], PATH_MONITOR);
	ck_assert_str_eq(paths[2], PATH_CONTROL);
	for (int i = 0; i < FAKE_SOCKS; i++) {
		const struct fake_sock *f = &s->world.socks[i];

		if (!f->sock || !f->want.path)
			continue;
		n++;
		ck_assert_uint_eq(f->want.mode,
		    strcmp(f->path, PATH_MONITOR) == 0 ? 0666 : 0660);
		ck_assert_int_eq(f->want.kind, strcmp(f->path, CHRONY) == 0
		    ? SOCK_KIND_UNIX_DGRAM : SOCK_KIND_UNIX_LISTEN);
	}
	ck_assert_uint_eq(n, 3);
	end(s);
}
END_TEST

static void
read_log(int fd, char *buf, size_t size)
{
	ssize_t n = read(fd, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
}

static int
refuse(const struct sock_want *want)
{
	if (want->kind == SOCK_KIND_UDP)
		return want->local.addr.family == ADDR_INET4 ? -EADDRINUSE
							     : -EADDRNOTAVAIL;
	return want->kind == SOCK_KIND_UNIX_DGRAM ? -EACCES : 0;
}

START_TEST(daemon_goes_on_without_a_socket_it_cannot_open)
{
	struct small *s = small_new();
	const char *paths[CONTROL_PATHS];
	unsigned char buf[48];
	char text[2048];
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_NONBLOCK), 0);
	log_init(fds[1], LOGSTYLE_PREFIX, LOGLEVEL_INFO, "");
	s->world.open_error = refuse;
	ck_assert_int_eq(
	    control_init(&s->control, &s->engine, &s->config, true), 2);
	read_log(fds[0], text, sizeof text);
	ck_assert_ptr_nonnull(strstr(text, "cannot listen at 127.0.0.1 port 323"
	    ": Address already in use (another time daemon?"));
	ck_assert_ptr_nonnull(strstr(text, "cannot listen at " CHRONY
	    ": Permission denied"));
	ck_assert_ptr_null(strstr(text, "::1")); /* no IPv6: nothing to say */
	ck_assert_uint_eq(control_paths(&s->control, paths), 2);
	activity(buf);
	fake_receive(&s->world, fake_path_sock(&s->world, PATH_MONITOR),
	    &(struct dgram){ .conn = 1 }, buf, 48);
	ck_assert_uint_eq(s->world.n_sent, 1);
	end(s);

	s = small_new();
	s->config.cmdport = 0;
	s->config.bindcmdpath[0] = '\0';
	ck_assert_int_eq(
	    control_init(&s->control, &s->engine, &s->config, true), 0);
	ck_assert_uint_eq(control_paths(&s->control, paths), 2);
	end(s);
}
END_TEST

START_TEST(client_that_shuts_us_out_is_told_once)
{
	struct small *s = start();
	unsigned char buf[48];
	char text[4096];
	int fds[2], lines = 0;
	struct dgram d = { .path = CLIENT };

	ck_assert_int_eq(pipe2(fds, O_NONBLOCK), 0);
	log_init(fds[1], LOGSTYLE_PREFIX, LOGLEVEL_INFO, "");
	activity(buf);
	s->world.send_error = -EACCES;
	for (uint32_t uid = 1000; uid < 1003; uid++)
		for (int i = 0; i < 3; i++) {
			d.uid = uid;
			fake_receive(&s->world,
			    fake_path_sock(&s->world, CHRONY), &d, buf, 48);
		}
	s->world.send_error = -ECONNREFUSED; /* gone: its own affair */
	d.uid = 1;
	fake_receive(&s->world, fake_path_sock(&s->world, CHRONY), &d, buf, 48);
	read_log(fds[0], text, sizeof text);
	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	ck_assert_int_eq(lines, 3);
	ck_assert_ptr_nonnull(strstr(text, "reply to " CLIENT " of uid 1000 "
	    "refused: client socket not writable by _tock; chmod 0666 or use "
	    "group tock\n"));
	end(s);
}
END_TEST

UNIT_MAIN("control", udp_is_for_this_host_alone,
    cmdallow_opens_udp_to_others,
    requests_are_counted_whichever_way_they_come,
    replies_go_back_where_requests_came_from,
    modes_of_the_sockets_are_the_access_control,
    daemon_goes_on_without_a_socket_it_cannot_open,
    client_that_shuts_us_out_is_told_once)
