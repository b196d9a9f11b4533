/* SPDX-License-Identifier: ISC */
#include "daemon/engine/acquire.h"

#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "daemon/engine/client.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/source.h"

static struct os *
os_of(const struct client *c)
{
	return c->source->engine->os;
}

/* What all sockets of ours have in common. */
static void
want_socket(struct sock_want *want, const struct config *config,
    unsigned family)
{
	memset(want, 0, sizeof *want);
	want->kind = SOCK_KIND_UDP;
	want->local.addr =
	    family == ADDR_INET4 ? config->bindacq4 : config->bindacq6;
	want->device = config->bindacqdevice;
	want->dscp = config->dscp;
	want->want_stamps = true;
	want->want_local = true;
}

static bool
is_from(const struct source *s, const struct endpoint *remote)
{
	return s->remote.port == remote->port &&
	    addr_equal(&s->remote.addr, &remote->addr);
}

void
acquire_receive(struct acquire *a, struct dgram *d, int n)
{
	for (int i = 0; i < n && a->engine != NULL; i++) {
		struct source *s;

		TAILQ_FOREACH(s, &a->engine->sources, link)
			if (is_from(s, &d[i].remote))
				break;
		if (s != NULL)
			client_receive(&s->client, &d[i]);
		if (a->engine->is_stopping)
			return;
	}
}

void
acquire_sent(struct acquire *a, const unsigned char *data, size_t len,
    const struct stamp *stamp)
{
	struct source *s;

	if (a->engine == NULL)
		return;
	TAILQ_FOREACH(s, &a->engine->sources, link)
		client_sent(&s->client, data, len, stamp);
}

static void
shared_receive(struct sock *sock, struct dgram *d, int n)
{
	acquire_receive(sock->owner, d, n);
}

static void
shared_sent(struct sock *sock, const unsigned char *data, size_t len,
    const struct stamp *stamp)
{
	acquire_sent(sock->owner, data, len, stamp);
}

static void
own_receive(struct sock *sock, struct dgram *d, int n)
{
	struct client *c = sock->owner;
	const struct engine *e = c->source->engine;

	for (int i = 0; i < n && c->is_waiting && !e->is_stopping; i++)
		client_receive(c, &d[i]);
}

static void
own_sent(struct sock *sock, const unsigned char *data, size_t len,
    const struct stamp *stamp)
{
	client_sent(sock->owner, data, len, stamp);
}

/* A device may come later, but who mistyped it wants to know. */
static void
look_at_device(struct os *os, const struct config *config)
{
	struct sock probe = { .fd = -1 };
	struct sock_want want = { .kind = SOCK_KIND_UDP,
		.local.addr.family = ADDR_INET4,
		.device = config->bindacqdevice };

	if (config->bindacqdevice[0] == '\0')
		return;
	int r = os->ops->sock_open(os, &probe, &want);
	if (r == -ENODEV || r == -EPERM)
		log_warn("bindacqdevice %s: %s: no server can be asked",
		    config->bindacqdevice, strerror(-r));
	os->ops->sock_close(os, &probe);
}

static int
open_shared(struct acquire *a, struct os *os, struct sock *sock,
    const struct config *config, unsigned family)
{
	struct sock_want want;

	want_socket(&want, config, family);
	want.local.addr.family = (enum addr_family)family; /* any if not set */
	want.local.port = (uint16_t)config->acquisitionport;
	sock->owner = a;
	sock->receive = shared_receive;
	sock->sent = shared_sent;
	return os->ops->sock_open(os, sock, &want);
}

void
acquire_close(struct acquire *a, struct os *os)
{
	if (!a->is_shared)
		return;
	os->ops->sock_close(os, &a->v4);
	os->ops->sock_close(os, &a->v6);
}

void
acquire_share(struct acquire *a, struct sock *v4, struct sock *v6)
{
	memset(a, 0, sizeof *a);
	a->v4.fd = a->v6.fd = -1;
	a->is_shared = true;
	a->shared4 = v4;
	a->shared6 = v6;
}

int
acquire_open(struct acquire *a, struct os *os, const struct config *config)
{
	memset(a, 0, sizeof *a);
	a->v4.fd = a->v6.fd = -1;
	a->is_shared = config->acquisitionport >= 0;
	if (!a->is_shared) {
		look_at_device(os, config);
		return 0;
	}

	int r4 = open_shared(a, os, &a->v4, config, ADDR_INET4);
	int r6 = open_shared(a, os, &a->v6, config, ADDR_INET6);
	bool no4 = r4 == -EAFNOSUPPORT || r4 == -EADDRNOTAVAIL;
	bool no6 = r6 == -EAFNOSUPPORT || r6 == -EADDRNOTAVAIL;

	a->shared4 = &a->v4;
	a->shared6 = &a->v6;
	int r = r4 < 0 && (!no4 || r6 < 0) ? r4 : r6 < 0 && !no6 ? r6 : 0;

	if (r < 0)
		acquire_close(a, os);
	return r;
}

static int
open_own(struct client *c, struct sock *sock)
{
	const struct source *s = c->source;
	struct sock_want want;

	want_socket(&want, s->engine->config, s->remote.addr.family);
	want.peer = s->remote;
	return os_of(c)->ops->sock_open(os_of(c), sock, &want);
}

static struct sock *
shared_sock(const struct client *c)
{
	struct acquire *a = c->source->engine->options.acquire;

	if (a == NULL || !a->is_shared)
		return NULL;
	return c->source->remote.addr.family == ADDR_INET4 ? a->shared4
							 : a->shared6;
}

int
acquire_send(struct client *c, unsigned char *bytes, size_t len)
{
	struct dgram d = { .remote = c->source->remote, .data = bytes,
		.len = len, .want_sent = true };
	struct sock *sock = shared_sock(c);

	if (sock != NULL && sock->fd < 0)
		return -EAFNOSUPPORT;
	if (sock == NULL) {
		sock = &c->sock;
		sock->owner = c;
		sock->receive = own_receive;
		sock->sent = own_sent;
		int r = open_own(c, sock);
		if (r < 0)
			return r;
	}
	c->exchange.sent.pair = os_of(c)->ops->pair(os_of(c));
	c->exchange.sent.at = c->exchange.sent.pair.real;
	c->exchange.sent.src = STAMP_DAEMON;
	return os_of(c)->ops->send(os_of(c), sock, &d);
}

void
acquire_end(struct client *c)
{
	if (c->sock.fd >= 0)
		os_of(c)->ops->sock_close(os_of(c), &c->sock);
}

bool
acquire_has_route(struct client *c)
{
	struct sock probe = { .fd = -1 };

	if (open_own(c, &probe) < 0)
		return false;
	os_of(c)->ops->sock_close(os_of(c), &probe);
	return true;
}
