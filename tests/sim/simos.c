/* SPDX-License-Identifier: ISC
 *
 * The functions of daemon/os/os.h for a simulated machine.  What a call causes
 * comes later, as an event of the world or before simhost_end() returns: the
 * engine is never called back from inside its own call. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/ntp64.h"
#include "tests/sim/simhost.h"

#define EPHEMERAL 32768
#define LOOKUP_S 0.02   /* s until the resolver answers, ... */
#define SILENCE_S 15.0  /* ... or gives up */
#define PRECISION (-24)

struct simsock {
	struct simsock *next;
	struct sock *sock;
	struct sock_want want; /* local.port is what it got */
};

struct simsent {
	struct simsent *next;
	struct sock *sock;
	struct stamp stamp;
	size_t len;
	unsigned char data[];
};

struct simlookup {
	struct simevent event; /* first */
	struct simlookup *next;
	struct simhost *host;
	struct lookup *lookup;
};

struct simslot {
	struct simslot *next;
	char name[128];
	size_t size;
	unsigned char data[];
};

static struct simhost *
host(struct os *os)
{
	return (struct simhost *)os; /* the head of the struct */
}

struct pair
simos_pair(const struct simhost *h)
{
	struct simclock_face f = simclock_face(h->clock);

	return (struct pair){ { f.real }, { f.raw } };
}

static struct pair
get_pair(struct os *os)
{
	return simos_pair(host(os));
}

static struct tspec
get_real(struct os *os)
{
	return simos_pair(host(os)).real;
}

static struct mono
get_mono(struct os *os)
{
	return (struct mono){ simclock_face(host(os)->clock).mono };
}

static void
timer_set(struct os *os, struct timer *t, struct mono at)
{
	if (heap_put(&host(os)->timers, &t->node, at.ns) != 0)
		abort();
}

static void
timer_off(struct os *os, struct timer *t)
{
	heap_remove(&host(os)->timers, &t->node);
}

static bool
is_bound(const struct simhost *h, uint16_t port)
{
	const struct simsock *s = h->socks;

	while (s && !(s->want.kind == SOCK_KIND_UDP &&
	    s->want.local.port == port))
		s = s->next;
	return s != NULL;
}

static int
sock_open(struct os *os, struct sock *sock, const struct sock_want *want)
{
	struct simhost *h = host(os);
	uint16_t port = want->local.port;
	struct simsock *s;

	sock->fd = -1;
	if (port != 0 && want->kind == SOCK_KIND_UDP && is_bound(h, port))
		return -EADDRINUSE;
	while (port == 0 || is_bound(h, port))
		port = (uint16_t)(EPHEMERAL +
		    prng_below(&h->random, EPHEMERAL));
	s = world_alloc(sizeof *s);
	s->sock = sock;
	s->want = *want;
	s->want.path = NULL;
	s->want.local.port = port;
	s->next = h->socks;
	h->socks = s;
	sock->fd = ++h->last_fd;
	sock->backend = s;
	return 0;
}

/* What is still to be told to a socket, or to none. */
static void
forget_sent(struct simhost *h, const struct sock *sock)
{
	struct simsent **p = &h->sents, *s;

	while ((s = *p) != NULL) {
		if (sock && s->sock != sock) {
			p = &s->next;
			continue;
		}
		*p = s->next;
		free(s);
	}
	h->last_sent = p;
}

static void
sock_close(struct os *os, struct sock *sock)
{
	struct simhost *h = host(os);
	struct simsock **p = &h->socks, *s = sock->backend;

	if (sock->fd < 0)
		return;
	forget_sent(h, sock);
	while (*p != s)
		p = &(*p)->next;
	*p = s->next;
	free(s);
	sock->fd = -1;
}

/* The stamp of what passed just now, as this machine makes stamps. */
static struct stamp
stamp_now(struct simhost *h)
{
	struct stamp s = { .pair = simos_pair(h),
		.src = (enum stamp_src)h->stamps };

	s.at.ns = s.pair.real.ns / h->resolution * h->resolution;
	return s;
}

static void
queue_sent(struct simhost *h, struct sock *sock, const struct dgram *d)
{
	struct simsent *s = world_alloc(sizeof *s + d->len);

	s->sock = sock;
	s->stamp = stamp_now(h);
	s->len = d->len;
	memcpy(s->data, d->data, d->len);
	*h->last_sent = s;
	h->last_sent = &s->next;
}

static double
draw_noise(struct simhost *h)
{
	return delay_draw(&h->noise, &h->noise_prng,
	    world_seconds(h->station.world));
}

static int
send_dgram(struct os *os, struct sock *sock, const struct dgram *d)
{
	struct simhost *h = host(os);
	const struct simsock *s = sock->backend;
	struct endpoint from = { h->station.addr, s->want.local.port };
	const struct endpoint *to =
	    s->want.peer.addr.family != ADDR_NONE ? &s->want.peer : &d->remote;

	if (s->want.kind != SOCK_KIND_UDP)
		return -ENOTCONN;
	if (h->is_offline)
		return -ENETUNREACH;
	world_send(&h->station, &from, to, d->data, d->len, draw_noise(h));
	if (sock->sent && s->want.want_stamps && h->stamps != STAMP_DAEMON)
		queue_sent(h, sock, d);
	return 0;
}

bool
simos_tell_sent(struct simhost *h)
{
	struct simsent *s = h->sents;

	if (!s)
		return false;
	h->sents = s->next;
	if (!h->sents)
		h->last_sent = &h->sents;
	s->sock->sent(s->sock, s->data, s->len, &s->stamp);
	free(s);
	return true;
}

static void
clock_call(struct os *os, struct clk_req *req, struct clk_rep *rep)
{
	struct simhost *h = host(os);
	int code;

	h->wakeups += 2; /* the clock role, and the engine with the answer */
	if (simclock_call(h->clock, req, rep, &code))
		return;
	h->exit_code = code; /* the daemon ends with it, whatever it wanted */
	h->is_stopping = true;
}

static void
take_off(struct simhost *h, struct simlookup *l)
{
	struct simlookup **p = &h->lookups;

	while (*p != l)
		p = &(*p)->next;
	*p = l->next;
	world_off(h->station.world, &l->event);
	free(l);
}

static int
addresses(const struct simname *n, enum addr_family family, struct addr *out)
{
	int count = 0;

	if (!n || n->state == NAME_NONE)
		return 0;
	if (n->state != NAME_OK)
		return -1;
	for (int i = 0; i < n->n; i++)
		if (family == ADDR_NONE || n->addrs[i].family == family)
			out[count++] = n->addrs[i];
	return count;
}

static void
fire_lookup(struct simevent *e)
{
	struct simlookup *l = (struct simlookup *)e;
	struct simhost *h = l->host;
	struct lookup *lookup = l->lookup;
	struct world *w = h->station.world;
	struct addr found[WORLD_ADDRS];

	if (h->is_paused || h->is_asleep) {
		world_at(w, e, h->resumes);
		return;
	}
	simhost_begin(h);
	take_off(h, l);
	lookup->id = 0;
	lookup->done(lookup, found, h->is_offline ? -1 :
	    addresses(world_name(w, lookup->name, false), lookup->family,
		found));
	simhost_end(h);
}

static int
lookup(struct os *os, struct lookup *want)
{
	struct simhost *h = host(os);
	struct world *w = h->station.world;
	const struct simname *n = world_name(w, want->name, false);
	struct simlookup *l = world_alloc(sizeof *l);
	bool is_silent = n && n->state == NAME_SILENT;

	l->event = (struct simevent){ .fire = fire_lookup };
	l->host = h;
	l->lookup = want;
	l->next = h->lookups;
	h->lookups = l;
	want->id = ++h->last_lookup;
	world_at(w, &l->event,
	    w->now + span_ns(is_silent ? SILENCE_S : LOOKUP_S));
	return 0;
}

static void
lookup_off(struct os *os, struct lookup *want)
{
	struct simhost *h = host(os);

	for (struct simlookup *l = h->lookups, *next; l; l = next) {
		next = l->next;
		if (l->lookup == want)
			take_off(h, l);
	}
	want->id = 0;
}

static void
get_random(struct os *os, void *buf, size_t len)
{
	unsigned char *p = buf;

	while (len > 0) {
		uint64_t r = prng_u64(&host(os)->random);
		size_t n = len < sizeof r ? len : sizeof r;

		memcpy(p, &r, n);
		p += n;
		len -= n;
	}
}

static int
save(struct os *os, const char *slot, const void *data, size_t size)
{
	struct simslot **p = &host(os)->slots, *s;

	while ((s = *p) != NULL && strcmp(s->name, slot) != 0)
		p = &s->next;
	if (s) {
		*p = s->next;
		free(s);
	}
	if (size == 0)
		return 0;
	s = world_alloc(sizeof *s + size);
	strncpy(s->name, slot, sizeof s->name - 1);
	s->size = size;
	memcpy(s->data, data, size);
	s->next = host(os)->slots;
	host(os)->slots = s;
	return 0;
}

static ssize_t
load(struct os *os, const char *slot, void *data, size_t size)
{
	const struct simslot *s = host(os)->slots;

	while (s && strcmp(s->name, slot) != 0)
		s = s->next;
	if (!s)
		return -ENOENT;
	if (s->size > size)
		return -EFBIG;
	memcpy(data, s->data, s->size);
	return (ssize_t)s->size;
}

static int
list(struct os *os, const char *dir, void *owner,
    void (*each)(void *owner, const char *name))
{
	size_t n = strlen(dir);

	for (const struct simslot *s = host(os)->slots; s; s = s->next)
		if (strncmp(s->name, dir, n) == 0 && s->name[n] == '/')
			each(owner, s->name + n + 1);
	return 0;
}

static void
stop(struct os *os, int exit_code)
{
	struct simhost *h = host(os);

	if (!h->is_stopping)
		h->exit_code = exit_code;
	h->is_stopping = true;
}

const struct os_ops simos_ops = {
	.pair = get_pair,
	.real = get_real,
	.mono = get_mono,
	.timer_set = timer_set,
	.timer_off = timer_off,
	.sock_open = sock_open,
	.sock_close = sock_close,
	.send = send_dgram,
	.clock = clock_call,
	.lookup = lookup,
	.lookup_off = lookup_off,
	.random = get_random,
	.save = save,
	.load = load,
	.list = list,
	.stop = stop,
};

void
simos_close(struct simhost *h)
{
	struct simsock *s;

	forget_sent(h, NULL);
	while (h->lookups)
		take_off(h, h->lookups);
	while ((s = h->socks) != NULL) {
		h->socks = s->next;
		s->sock->fd = -1;
		free(s);
	}
}

void
simos_fini(struct simhost *h)
{
	struct simslot *s;

	simos_close(h);
	while ((s = h->slots) != NULL) {
		h->slots = s->next;
		free(s);
	}
}

static struct simsock *
find_sock(const struct simhost *h, const struct simpacket *p)
{
	struct simsock *found = NULL;

	for (struct simsock *s = h->socks; s; s = s->next) {
		const struct endpoint *peer = &s->want.peer;

		if (s->want.kind != SOCK_KIND_UDP ||
		    s->want.local.port != p->to.port)
			continue;
		if (peer->addr.family == ADDR_NONE)
			found = found ? found : s;
		else if (peer->port == p->from.port &&
		    addr_equal(&peer->addr, &p->from.addr))
			return s; /* connected ones come first */
	}
	return found;
}

/* The machine serves what its engine says of its clock. */
static void
serve(struct simhost *h, const struct simpacket *in)
{
	const struct reference *r = &h->engine.reference;
	struct pair now = simos_pair(h);
	uint64_t t = ntp64_from_tspec(now.real);
	struct ntp_packet request, p = { .leap = (uint8_t)r->leap,
		.stratum = (uint8_t)(r->is_synced ? r->stratum : 16),
		.precision = PRECISION, .root_delay = r->root_delay,
		.refid = r->refid, .ref = ntp64_from_tspec(r->ref_time) };
	unsigned char bytes[PACKET_HEADER];

	if (!h->is_running || in->to.port != PACKET_PORT ||
	    packet_parse(&request, in->data, in->len) != 0)
		return;
	/* What is still to be slewed is an error as any other. */
	p.root_dispersion = fabs(discipline_error(&h->engine, now)) +
	    reference_dispersion(r, now.raw,
		h->config.maxclockerror_ppm * 1e-6);
	if (responder_answer(&h->responder, &request, t, t, t, &p)) {
		packet_write(&p, bytes);
		world_send(&h->station, &in->to, &in->from, bytes, sizeof bytes,
		    0);
	}
}

void
simos_receive(struct station *station, struct simpacket *p)
{
	struct simhost *h = station->owner;
	struct dgram d = { .remote = p->from, .local = p->to.addr,
		.ifindex = 1, .uid = UINT32_MAX, .data = p->data };
	struct simsock *s;

	if (h->is_asleep || h->is_offline)
		return;
	if (h->is_paused || (h->noise.n > 0 && !p->was_late)) {
		p->was_late = !h->is_paused;
		world_defer(p, h->is_paused ? h->resumes :
		    station->world->now + span_ns(draw_noise(h)));
		return;
	}
	simhost_begin(h);
	s = find_sock(h, p);
	d.len = p->len < DGRAM_MAX ? p->len : DGRAM_MAX;
	d.is_cut = p->len > DGRAM_MAX;
	d.stamp = stamp_now(h);
	simhost_woke(h);
	if (s && !h->is_stopping)
		s->sock->receive(s->sock, &d, 1);
	else
		serve(h, p);
	simhost_end(h);
}
