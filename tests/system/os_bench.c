/* SPDX-License-Identifier: ISC */
#include "tests/system/os_bench.h"

#include <stdint.h>
#include <sys/socket.h>

static void
timed_out(struct timer *t)
{
	struct bench *b = t->owner;

	b->os->ops->stop(b->os, 1);
}

void
bench_init(struct bench *b, int clock_fd, int resolver_fd)
{
	memset(b, 0, sizeof *b);
	ck_assert_int_eq(os_linux_init(&b->o,
	    &(struct os_linux_fds){ clock_fd, resolver_fd }), 0);
	b->os = &b->o.os;
	b->os->engine = b;
	b->end = (struct timer){ .fire = timed_out, .owner = b };
}

void
bench_fini(struct bench *b)
{
	os_linux_fini(&b->o);
}

bool
bench_run(struct bench *b, int ms)
{
	struct mono now = b->os->ops->mono(b->os);

	b->o.is_stopped = false;
	b->os->ops->timer_set(b->os, &b->end, mono_add(now, ms * 1e-3));

	int code = os_linux_run(&b->o);

	b->os->ops->timer_off(b->os, &b->end);
	return code == 0;
}

void
bench_done(struct bench *b)
{
	b->os->ops->stop(b->os, 0);
}

static void
keep(struct note *n, const struct dgram *d)
{
	n->last = *d;
	memcpy(n->data, d->data, d->len);
	n->last.data = n->data;
	if (d->path != NULL) {
		memcpy(n->path, d->path, strlen(d->path) + 1);
		n->last.path = n->path;
	}
}

static void
on_receive(struct sock *s, struct dgram *d, int count)
{
	struct note *n = s->owner;
	struct os *os = n->bench->os;

	ck_assert_int_ge(count, 1);
	ck_assert_int_le(count, 64);
	for (int i = 0; i < count; i++) {
		keep(n, &d[i]);
		n->received++;
		if (n->echo)
			ck_assert_int_eq(os->ops->send(os, s, &d[i]), 0);
	}
	if (n->expect != 0 && n->received >= n->expect)
		bench_done(n->bench);
}

static void
on_sent(struct sock *s, const unsigned char *data, size_t len,
    const struct stamp *stamp)
{
	struct note *n = s->owner;

	n->sent++;
	n->sent_stamp = *stamp;
	memcpy(n->sent_data, data, len);
	n->sent_len = len;
	if (n->expect_sent != 0 && n->sent >= n->expect_sent)
		bench_done(n->bench);
}

static void
on_failed(struct sock *s, int error)
{
	struct note *n = s->owner;

	n->failed = error;
	bench_done(n->bench);
}

int
note_open(struct note *n, struct bench *b, const struct sock_want *want)
{
	memset(n, 0, sizeof *n);
	n->bench = b;
	n->sock.owner = n;
	n->sock.receive = on_receive;
	n->sock.sent = on_sent;
	n->sock.failed = on_failed;
	return b->os->ops->sock_open(b->os, &n->sock, want);
}

void
note_close(struct note *n)
{
	n->bench->os->ops->sock_close(n->bench->os, &n->sock);
	ck_assert_int_eq(n->sock.fd, -1);
}

struct endpoint
note_endpoint(const struct note *n)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	struct endpoint e;

	ck_assert_int_eq(
	    getsockname(n->sock.fd, (struct sockaddr *)&ss, &len), 0);
	ck_assert_int_eq(addr_from_sockaddr(&e, (struct sockaddr *)&ss), 0);
	return e;
}

struct endpoint
at(const char *address, uint16_t port)
{
	struct endpoint e = { .port = port };

	ck_assert_int_eq(addr_parse(&e.addr, address), 0);
	return e;
}

int
note_send(struct note *n, const char *text)
{
	struct dgram d = { .len = strlen(text),
		.data = (unsigned char *)(uintptr_t)text };

	return n->bench->os->ops->send(n->bench->os, &n->sock, &d);
}
