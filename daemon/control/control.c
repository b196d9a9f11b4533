/* SPDX-License-Identifier: ISC
 *
 * A reply is the request's datagram turned round: to the peer it came from, on
 * the socket it came to, from the address it was sent to. */
#include "daemon/control/control.h"

#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "common/paths.h"
#include "daemon/engine/engine.h"

/* Over UDP we talk to this very host, and to whom cmdallow names; chronyd takes
 * these two addresses, not all of 127/8, as the way that is always open. */
static bool
is_this_host(const struct addr *a)
{
	static const unsigned char loop4[16] = { 127, 0, 0, 1 };
	static const unsigned char loop6[16] = { [15] = 1 };

	if (a->family == ADDR_INET4)
		return memcmp(a->bytes, loop4, 16) == 0;
	return a->family == ADDR_INET6 && memcmp(a->bytes, loop6, 16) == 0;
}

/* Whether a request over UDP is one that is answered. */
static bool
is_heard(struct control *c, const struct dgram *in)
{
	const struct addr *from = &in->remote.addr;
	bool is_ours = is_this_host(from);
	struct os *os = c->engine->os;

	return (is_ours || access_may(&c->engine->admission.commands, from)) &&
	    clientlog_hit(&c->engine->clientlog, CLIENTLOG_COMMAND, from,
		os->ops->mono(os), is_ours) == CLIENTLOG_PASS;
}

/* A client whose own socket does not let us write is told so once, per user:
 * its author sees a timeout and has no other way to learn why. */
static void
complain(struct control *c, const struct dgram *d)
{
	for (unsigned i = 0; i < c->n_refused; i++)
		if (c->refused[i] == d->uid)
			return;
	if (c->n_refused == CONTROL_REFUSED)
		return;
	c->refused[c->n_refused++] = d->uid;
	log_warn("control: reply to %s of uid %d refused: client socket not "
		 "writable by " USER_ENGINE "; chmod 0666 or use group "
		 GROUP_CONTROL, d->path, (int)d->uid);
}

static void
answer(struct control_sock *s, const struct dgram *in)
{
	struct control *c = s->control;
	struct os *os = c->engine->os;
	unsigned char reply[CMDMON_REPLY_MAX];
	struct dgram out = *in;
	int error;

	if (in->is_cut || (s->via == VIA_UDP && !is_heard(c, in)))
		return;
	if (s->via != VIA_UDP)
		c->engine->clientlog.hits[CLIENTLOG_COMMAND]++;
	out.len = cmdmon_answer(c->engine, s->via, in->uid, in->data, in->len,
	    reply);
	if (out.len == 0)
		return;
	out.data = reply;
	out.ifindex = 0;
	error = os->ops->send(os, &s->sock, &out);
	if ((error == -EACCES || error == -EPERM) && in->path)
		complain(c, in);
	else if (error != 0)
		log_debug("control: reply not sent: %s", strerror(-error));
}

static void
receive(struct sock *sock, struct dgram *d, int n)
{
	for (int i = 0; i < n; i++)
		answer(sock->owner, &d[i]);
}

/* Opens one socket; what is already set in s is the kind of access. */
static int
open_sock(struct control *c, struct control_sock *s,
    const struct sock_want *want)
{
	struct os *os = c->engine->os;
	int error;

	s->control = c;
	s->path = want->path;
	s->sock = (struct sock){ .fd = -1, .owner = s, .receive = receive };
	error = os->ops->sock_open(os, &s->sock, want);
	s->is_open = error == 0;
	return error;
}

static const char *
udp_hint(int error)
{
	switch (error) {
	case -EADDRINUSE:
		return " (another time daemon? ss -lunp shows whose it is; "
		       "cmdport chooses another)";
	case -EACCES:
	case -EPERM:
		return " (ports below 1024 are root's)";
	default:
		return "";
	}
}

static int
open_udp(struct control *c, struct control_sock *s, const struct addr *local,
    uint16_t port)
{
	struct sock_want want = {
		.kind = SOCK_KIND_UDP,
		.local = { *local, port },
		.may_be_away = !addr_is_loopback(local),
		.want_local = true,
	};
	char text[ADDR_STRLEN];
	int error;

	s->via = VIA_UDP;
	if (port == 0 || local->family == ADDR_NONE)
		return 0;
	error = open_sock(c, s, &want);
	if (error == 0)
		return 0;
	addr_print(local, text, sizeof text);
	/* A kernel without IPv6 is nothing to complain of. */
	if (local->family == ADDR_INET6 &&
	    (error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL)) {
		log_debug("control: no socket at %s: %s", text,
		    strerror(-error));
		return 0;
	}
	log_error("control: cannot listen at %s port %u: %s%s", text, port,
	    strerror(-error), udp_hint(error));
	return 1;
}

static const char *
path_hint(int error)
{
	switch (error) {
	case -EADDRINUSE:
		return " (another daemon answers there)";
	case -ENOENT:
		return " (the directory is missing)";
	case -EACCES:
	case -EPERM:
	case -EROFS:
		return " (the directory must be writable at start)";
	default:
		return "";
	}
}

static int
open_path(struct control *c, struct control_sock *s, enum cmdmon_via via,
    const char *path, unsigned mode)
{
	struct sock_want want = {
		.kind = via == VIA_CHRONY ? SOCK_KIND_UNIX_DGRAM
					  : SOCK_KIND_UNIX_LISTEN,
		.path = path,
		.mode = mode,
	};
	int error;

	s->via = via;
	if (*path == '\0')
		return 0;
	error = open_sock(c, s, &want);
	if (error == 0)
		return 0;
	log_error("control: cannot listen at %s: %s%s", path, strerror(-error),
	    path_hint(error));
	return 1;
}

int
control_init(struct control *c, struct engine *e, const struct config *config,
    bool has_native)
{
	struct control_sock *s = c->socks;
	int missing = 0;

	memset(c, 0, sizeof *c);
	c->engine = e;
	missing += open_udp(c, s++, &config->bindcmd4, config->cmdport);
	missing += open_udp(c, s++, &config->bindcmd6, config->cmdport);
	missing += open_path(c, s++, VIA_CHRONY, config->bindcmdpath, 0660);
	if (!has_native)
		return missing;
	missing += open_path(c, s++, VIA_MONITOR, PATH_MONITOR, 0666);
	missing += open_path(c, s++, VIA_CONTROL, PATH_CONTROL, 0660);
	return missing;
}

void
control_fini(struct control *c)
{
	struct os *os = c->engine->os;

	for (size_t i = 0; i < CONTROL_SOCKS; i++) {
		if (c->socks[i].is_open)
			os->ops->sock_close(os, &c->socks[i].sock);
		c->socks[i].is_open = false;
	}
}

size_t
control_paths(const struct control *c, const char **paths)
{
	size_t n = 0;

	for (size_t i = 0; i < CONTROL_SOCKS; i++)
		if (c->socks[i].is_open && c->socks[i].path)
			paths[n++] = c->socks[i].path;
	return n;
}
