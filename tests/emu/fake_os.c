/* SPDX-License-Identifier: ISC */
#include "tests/emu/fake_os.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOOTED INT64_C(1000000000) /* ns after boot at fake_init() */

static struct fake_os *
fake(struct os *os)
{
	return (struct fake_os *)os; /* the head of the struct */
}

static struct pair
get_pair(struct os *os)
{
	return fake(os)->now;
}

static struct tspec
get_real(struct os *os)
{
	return fake(os)->now.real;
}

static struct mono
get_mono(struct os *os)
{
	return fake(os)->mono;
}

static void
timer_set(struct os *os, struct timer *t, struct mono at)
{
	int error = heap_put(&fake(os)->timers, &t->node, at.ns);

	assert(error == 0);
}

static void
timer_off(struct os *os, struct timer *t)
{
	heap_remove(&fake(os)->timers, &t->node);
}

static int
sock_open(struct os *os, struct sock *sock, const struct sock_want *want)
{
	struct fake_os *f = fake(os);
	int error = f->open_error ? f->open_error(want) : 0;
	int i = 0;

	sock->fd = -1;
	if (error != 0)
		return error;
	while (f->socks[i].sock) {
		i++;
		assert(i < FAKE_SOCKS);
	}
	f->socks[i] = (struct fake_sock){ .sock = sock, .want = *want };
	if (want->path) {
		snprintf(f->socks[i].path, FAKE_PATH, "%s", want->path);
		f->socks[i].want.path = f->socks[i].path;
	}
	sock->fd = i;
	return 0;
}

static void
sock_close(struct os *os, struct sock *sock)
{
	if (sock->fd < 0)
		return;
	assert(fake(os)->socks[sock->fd].sock == sock);
	fake(os)->socks[sock->fd].sock = NULL;
	sock->fd = -1;
}

static int
send_dgram(struct os *os, struct sock *sock, const struct dgram *d)
{
	struct fake_os *f = fake(os);
	struct fake_sent *s = &f->sent[f->n_sent % FAKE_SENT];

	assert(sock->fd >= 0 && d->len <= DGRAM_MAX);
	if (f->send_error != 0)
		return f->send_error;
	f->n_sent++;
	s->sock = sock;
	s->dgram = *d;
	memcpy(s->data, d->data, d->len);
	s->dgram.data = s->data;
	if (d->path) {
		snprintf(s->path, FAKE_PATH, "%s", d->path);
		s->dgram.path = s->path;
	}
	return 0;
}

static void
clock_request(struct os *os, struct clk_req *req, struct clk_rep *rep)
{
	struct fake_os *f = fake(os);
	const struct clk_adjust *a = &req->u.adjust;

	f->requests[f->n_requests++ % FAKE_REQUESTS] = *req;
	if (f->answer.error == 0 && req->type == CLK_ADJUST) {
		f->base_ppt = a->base_ppt;
		f->slew_ppt = a->slew_ms > 0 ? a->slew_ppt : 0;
		/* The slew is measured on RAW, the timer runs on MONOTONIC. */
		f->slew_end = mono_add(f->mono, (double)a->slew_ms * 1e-3 *
		    (1 + (double)(f->base_ppt + f->slew_ppt) * 1e-12));
	}
	if (f->answer.error == 0 && req->type == CLK_ADJUST &&
	    a->status.is_told)
		f->leap = a->status.leap;
	if (f->answer.error == 0 && req->type == CLK_STATUS)
		f->leap = req->u.status.leap;
	if (f->answer.error == 0 && req->type == CLK_STEP)
		f->now.real.ns += req->u.step_ns;
	*rep = f->answer;
	rep->type = CLK_DONE;
	rep->seq = req->seq;
	rep->freq_ppt = f->base_ppt + f->slew_ppt;
	rep->real_ns = f->now.real.ns;
	rep->mono_ns = f->mono.ns;
}

static int
lookup(struct os *os, struct lookup *l)
{
	struct fake_os *f = fake(os);
	int i = 0;

	while (f->lookups[i]) {
		i++;
		assert(i < FAKE_LOOKUPS);
	}
	f->lookups[i] = l;
	l->id = ++f->last_id;
	return 0;
}

static void
lookup_off(struct os *os, struct lookup *l)
{
	struct fake_os *f = fake(os);

	for (int i = 0; i < FAKE_LOOKUPS; i++)
		if (f->lookups[i] == l)
			f->lookups[i] = NULL;
	l->id = 0;
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
static void
get_random(struct os *os, void *buf, size_t len)
{
	unsigned char *p = buf;

	while (len > 0) {
		uint64_t z = fake(os)->random += UINT64_C(0x9e3779b97f4a7c15);
		size_t n = len < sizeof z ? len : sizeof z;

		z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
		z ^= z >> 31;
		memcpy(p, &z, n);
		p += n;
		len -= n;
	}
}

static struct fake_file *
find_file(struct fake_os *f, const char *slot)
{
	for (int i = 0; i < FAKE_FILES; i++)
		if (f->files[i].size > 0 &&
		    strcmp(f->files[i].slot, slot) == 0)
			return &f->files[i];
	return NULL;
}

static int
save(struct os *os, const char *slot, const void *data, size_t size)
{
	struct fake_os *f = fake(os);
	struct fake_file *file = find_file(f, slot);

	if (f->save_error != 0)
		return f->save_error;
	for (int i = 0; file == NULL && i < FAKE_FILES; i++)
		if (f->files[i].size == 0)
			file = &f->files[i];
	assert(file && size <= FAKE_FILE);
	snprintf(file->slot, sizeof file->slot, "%s", slot);
	if (size > 0)
		memcpy(file->data, data, size);
	file->size = size;
	return 0;
}

static ssize_t
load(struct os *os, const char *slot, void *data, size_t size)
{
	const struct fake_file *file = find_file(fake(os), slot);

	if (!file)
		return -ENOENT;
	if (file->size > size)
		return -EFBIG;
	memcpy(data, file->data, file->size);
	return (ssize_t)file->size;
}

static int
list(struct os *os, const char *dir, void *owner,
    void (*each)(void *owner, const char *name))
{
	const struct fake_os *f = fake(os);
	size_t n = strlen(dir);

	for (int i = 0; i < FAKE_FILES; i++)
		if (f->files[i].size > 0 &&
		    strncmp(f->files[i].slot, dir, n) == 0 &&
		    f->files[i].slot[n] == '/')
			each(owner, f->files[i].slot + n + 1);
	return 0;
}

static void
stop(struct os *os, int exit_code)
{
	fake(os)->is_stopped = true;
	fake(os)->exit_code = exit_code;
}

static const struct os_ops fake_ops = {
	.pair = get_pair,
	.real = get_real,
	.mono = get_mono,
	.timer_set = timer_set,
	.timer_off = timer_off,
	.sock_open = sock_open,
	.sock_close = sock_close,
	.send = send_dgram,
	.clock = clock_request,
	.lookup = lookup,
	.lookup_off = lookup_off,
	.random = get_random,
	.save = save,
	.load = load,
	.list = list,
	.stop = stop,
};

void
fake_init(struct fake_os *f, struct tspec real)
{
	memset(f, 0, sizeof *f);
	f->os.ops = &fake_ops;
	f->now = (struct pair){ real, { BOOTED } };
	f->mono = (struct mono){ BOOTED };
	f->answer.steps = UINT16_MAX;
	f->answer.budget_ns = INT64_MAX;
	heap_init(&f->timers);
}

void
fake_fini(struct fake_os *f)
{
	heap_fini(&f->timers);
}

/* The clock has come here from was, where nobody set it in between. */
static void
make_leap(struct fake_os *f, struct tspec was)
{
	int64_t midnight = (tspec_floor(was) / 86400 + 1) * 86400;
	int64_t at = midnight - (f->leap == 2);

	if (f->leap == 0 || f->leap_is_step || f->leap_done == midnight ||
	    was.ns >= at * NSEC || f->now.real.ns < at * NSEC)
		return;
	f->now.real.ns += f->leap == 1 ? -NSEC : NSEC;
	f->leap_done = midnight;
}

/* Lets raw_ns pass in which nothing happens. */
static void
pass(struct fake_os *f, int64_t raw_ns)
{
	double rate = (double)(f->base_ppt + f->slew_ppt) * 1e-12;
	int64_t ns = raw_ns + llround((double)raw_ns * rate);
	struct tspec was = f->now.real;

	f->now.raw.ns += raw_ns;
	f->now.real.ns += ns;
	f->mono.ns += ns;
	make_leap(f, was);
}

/* Nodes are the first members of timers. */
static void
fire(struct fake_os *f, struct heap_node *node)
{
	struct timer *t = (struct timer *)node;

	heap_remove(&f->timers, node);
	t->fire(t);
}

void
fake_advance(struct fake_os *f, double s)
{
	struct raw end = raw_add(f->now.raw, s);

	for (;;) {
		struct heap_node *next = heap_first(&f->timers);
		bool is_slew = f->slew_ppt != 0 &&
		    (!next || f->slew_end.ns <= next->key);
		int64_t due = is_slew ? f->slew_end.ns
		    : next ? next->key
			   : INT64_MAX;
		double rate = 1 + (double)(f->base_ppt + f->slew_ppt) * 1e-12;
		double wait = ceil((double)(due - f->mono.ns) / rate);

		if (wait > (double)(end.ns - f->now.raw.ns))
			break;
		if (wait > 0)
			pass(f, (int64_t)wait);
		if (is_slew)
			f->slew_ppt = 0;
		else
			fire(f, next);
	}
	pass(f, end.ns - f->now.raw.ns);
}

const struct fake_sent *
fake_sent(const struct fake_os *f, unsigned n)
{
	if (n >= f->n_sent || n >= FAKE_SENT)
		return NULL;
	return &f->sent[(f->n_sent - 1 - n) % FAKE_SENT];
}

struct sock *
fake_path_sock(struct fake_os *f, const char *path)
{
	for (int i = 0; i < FAKE_SOCKS; i++)
		if (f->socks[i].sock && f->socks[i].want.path &&
		    strcmp(f->socks[i].path, path) == 0)
			return f->socks[i].sock;
	return NULL;
}

struct sock *
fake_udp_sock(struct fake_os *f, const struct endpoint *local)
{
	for (int i = 0; i < FAKE_SOCKS; i++)
		if (f->socks[i].sock &&
		    f->socks[i].want.kind == SOCK_KIND_UDP &&
		    f->socks[i].want.local.port == local->port &&
		    addr_equal(&f->socks[i].want.local.addr, &local->addr))
			return f->socks[i].sock;
	return NULL;
}

void
fake_receive(struct fake_os *f, struct sock *sock, const struct dgram *d,
    const void *data, size_t len)
{
	struct dgram in = *d;
	unsigned char *copy = malloc(len > 0 ? len : 1);

	assert(copy);
	memcpy(copy, data, len);
	in.stamp = (struct stamp){ f->now.real, f->now, STAMP_DAEMON };
	in.data = copy;
	in.len = len < DGRAM_MAX ? len : DGRAM_MAX;
	in.is_cut = len > DGRAM_MAX;
	sock->receive(sock, &in, 1);
	free(copy);
}

bool
fake_resolve(struct fake_os *f, const char *name, const struct addr *addrs,
    int n)
{
	for (int i = 0; i < FAKE_LOOKUPS; i++) {
		struct lookup *l = f->lookups[i];

		if (!l || strcmp(l->name, name) != 0)
			continue;
		f->lookups[i] = NULL;
		l->id = 0;
		l->done(l, addrs, n);
		return true;
	}
	return false;
}
