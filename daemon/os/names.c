/* SPDX-License-Identifier: ISC
 *
 * A look-up waits here until the resolver's socket has room for it, then until
 * the answer with its id comes.  The engine may forget one at any time; the
 * answer to it finds nobody then. */
#include "daemon/os/names.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "daemon/os/os_poll.h"
#include "privsep/chan.h"
#include "privsep/wire_names.h"

#define FIRST_ROOM 16

struct names_entry {
	struct lookup *lookup;
	bool is_sent;
};

_Static_assert(sizeof((struct lookup *)0)->name == NAMES_LEN, "same names");

static void
remove_entry(struct names *n, size_t i)
{
	n->entries[i].lookup->id = 0;
	n->count--;
	/* In order of asking, so that no look-up is overtaken for ever. */
	memmove(&n->entries[i], &n->entries[i + 1],
	    (n->count - i) * sizeof *n->entries);
}

static void
lose_resolver(struct names *n, const char *why)
{
	log_error("resolver: %s; names are not resolved any more", why);
	watch_remove(n->watches, &n->watch);
	n->has_resolver = false;
}

static int
send_request(const struct names *n, const struct lookup *l)
{
	struct names_req req = { .type = NAMES_LOOKUP, .id = l->id,
		.family = l->family };

	memcpy(req.name, l->name, strlen(l->name));
	return chan_send(n->watch.fd, &req, sizeof req, -1, 0);
}

/* Sends what the socket takes; the rest waits for POLLOUT. */
static void
flush(struct names *n)
{
	size_t i = 0;

	for (; i < n->count; i++) {
		if (n->entries[i].is_sent)
			continue;

		int error = send_request(n, n->entries[i].lookup);

		if (error == -EAGAIN || error == -ENOBUFS)
			break;
		if (error < 0) {
			lose_resolver(n, strerror(-error));
			return;
		}
		n->entries[i].is_sent = true;
	}
	watch_events(n->watches, &n->watch,
	    (short)(i < n->count ? POLLIN | POLLOUT : POLLIN));
}

/* True and *a filled when the answer is an address that a server can have, of
 * the family that was asked for. */
static bool
accept_addr(struct addr *a, const struct names_addr *in, unsigned family)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool is_linklocal = in->bytes[0] == 0xfe && in->bytes[1] >> 6 == 2;

	*a = (struct addr){ .family = (uint16_t)in->family };
	if (in->family == ADDR_INET4)
		memcpy(a->bytes, in->bytes, 4);
	else if (in->family == ADDR_INET6 && memcmp(in->bytes, mapped, 12) != 0)
		memcpy(a->bytes, in->bytes, 16);
	else
		return false;
	if (in->family == ADDR_INET6 && is_linklocal)
		a->scope = in->scope;
	return addr_is_unicast(a) && (family == ADDR_NONE || family == in->family);
}

static bool
is_answer(const struct names_rep *rep, long len)
{
	return len == sizeof *rep && rep->type == NAMES_FOUND &&
	    rep->error <= NAMES_FAILED && rep->count <= NAMES_ADDRS &&
	    (rep->error == NAMES_OK || rep->count == 0);
}

static void
take_answer(struct names *n, const struct names_rep *rep)
{
	struct addr addrs[NAMES_ADDRS];
	size_t i = 0;
	int found = 0;

	while (i < n->count && n->entries[i].lookup->id != rep->id)
		i++;
	if (i == n->count)
		return; /* forgotten meanwhile */

	struct lookup *l = n->entries[i].lookup;

	remove_entry(n, i);
	for (uint32_t k = 0; k < rep->count; k++)
		found += accept_addr(&addrs[found], &rep->addrs[k], l->family);
	if (rep->error == NAMES_AGAIN || rep->error == NAMES_FAILED)
		found = -EAGAIN;
	l->done(l, addrs, found);
}

static void
ready(struct os_linux *o, struct watch *w, short revents)
{
	struct names *n = &o->names;
	struct names_rep rep;

	(void)w;
	if (revents & POLLOUT)
		flush(n);
	while (n->has_resolver && !o->is_stopped) {
		long len = chan_recv(n->watch.fd, &rep, sizeof rep, NULL);

		if (len == -EAGAIN)
			return;
		if (len == 0)
			lose_resolver(n, "gone");
		else if (!is_answer(&rep, len))
			lose_resolver(n, "answer that is none");
		else
			take_answer(n, &rep);
	}
}

int
names_init(struct names *n, struct watch_set *watches, int fd,
    int (*resolve)(const struct lookup *, struct addr *, int max))
{
	*n = (struct names){ .watches = watches, .resolve = resolve };
	if (fd < 0) {
		n->is_gone_told = true; /* nobody expected one */
		return 0;
	}
	n->has_resolver = true;
	n->watch.ready = ready;
	return watch_add(watches, &n->watch, fd, POLLIN);
}

void
names_fini(struct names *n)
{
	watch_remove(n->watches, &n->watch);
	free(n->entries);
	*n = (struct names){ 0 };
}

int
names_start(struct names *n, struct lookup *l)
{
	if (l->name[0] == '\0' || memchr(l->name, '\0', NAMES_LEN) == NULL)
		return -EINVAL;
	if (n->count == n->room) {
		size_t room = n->room != 0 ? 2 * n->room : FIRST_ROOM;
		void *entries =
		    reallocarray(n->entries, room, sizeof *n->entries);

		if (entries == NULL)
			return -ENOMEM;
		n->entries = entries;
		n->room = room;
	}
	if (++n->last_id == 0) /* 0 means "not under way" */
		n->last_id = 1;
	l->id = n->last_id;
	n->entries[n->count++] = (struct names_entry){ l, false };
	if (n->has_resolver)
		flush(n);
	return 0;
}

void
names_cancel(struct names *n, struct lookup *l)
{
	if (l->id == 0)
		return;
	for (size_t i = 0; i < n->count; i++)
		if (n->entries[i].lookup == l) {
			remove_entry(n, i);
			return;
		}
}

bool
names_is_due(const struct names *n)
{
	return !n->has_resolver && (n->count > 0 || !n->is_gone_told);
}

void
names_turn(struct names *n, struct os *os)
{
	if (n->has_resolver)
		return;
	if (!n->is_gone_told) {
		n->is_gone_told = true;
		if (os->resolver_gone != NULL)
			os->resolver_gone(os->engine);
	}
	/* One that is asked again from done() waits for the next turn. */
	uint32_t last = n->last_id;

	while (n->count > 0 && (int32_t)(last - n->entries[0].lookup->id) >= 0) {
		struct lookup *l = n->entries[0].lookup;
		struct addr addrs[NAMES_ADDRS];
		int found = n->resolve != NULL
		    ? n->resolve(l, addrs, NAMES_ADDRS) : -EAGAIN;

		remove_entry(n, 0);
		l->done(l, addrs, found);
	}
}
