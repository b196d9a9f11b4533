/* SPDX-License-Identifier: ISC */
#include "ctl/conn.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/paths.h"

#define TIMEOUT_MS 1000
#define RETRIES 2
#define RANDOM_NAME 16 /* characters of the inner directory's name */

void
conn_init(struct conn *c)
{
	memset(c, 0, sizeof *c);
	c->fd = -1;
	c->timeout_ms = TIMEOUT_MS;
	c->retries = RETRIES;
}

static void
remove_own_socket(struct conn *c)
{
	if (c->own_path[0])
		unlink(c->own_path);
	if (c->own_sub[0])
		rmdir(c->own_sub);
	if (c->own_dir[0])
		rmdir(c->own_dir);
	c->own_path[0] = c->own_sub[0] = c->own_dir[0] = '\0';
}

static void
disconnect(struct conn *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	remove_own_socket(c);
}

void
conn_fini(struct conn *c)
{
	disconnect(c);
}

static void
add_place(struct conn *c, enum conn_kind kind, const void *addr, size_t len)
{
	struct conn_place *p = &c->places[c->n_places];

	if (c->n_places == CONN_PLACES || len > sizeof p->addr)
		return;
	p->kind = kind;
	memcpy(&p->addr, addr, len);
	p->len = (socklen_t)len;
	c->n_places++;
}

static void
add_path(struct conn *c, enum conn_kind kind, const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if (len >= sizeof sun.sun_path)
		return;
	memcpy(sun.sun_path, path, len + 1);
	add_place(c, kind, &sun, sizeof sun);
}

void
conn_add_native(struct conn *c)
{
	add_path(c, CONN_CONTROL, PATH_CONTROL);
	add_path(c, CONN_MONITOR, PATH_MONITOR);
}

static void
add_host(struct conn *c, const char *host, uint16_t port, int family)
{
	const struct addrinfo hints = {
		.ai_family = family == 4 ? AF_INET
		    : family == 6	 ? AF_INET6
					 : AF_UNSPEC,
		.ai_socktype = SOCK_DGRAM,
	};
	struct addrinfo *list;
	char service[8];

	snprintf(service, sizeof service, "%u", port);
	if (getaddrinfo(host, service, &hints, &list) != 0)
		return;
	for (struct addrinfo *i = list; i; i = i->ai_next)
		add_place(c, CONN_UDP, i->ai_addr, i->ai_addrlen);
	freeaddrinfo(list);
}

void
conn_add_hosts(struct conn *c, const char *list, uint16_t port, int family)
{
	char host[256];
	size_t len;

	for (; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (len == 0 || len >= sizeof host)
			continue;
		memcpy(host, list, len);
		host[len] = '\0';
		if (host[0] == '/')
			add_path(c, CONN_DATAGRAM, host);
		else
			add_host(c, host, port, family);
	}
}

static int
random_name(char *name)
{
	static const char alphabet[] =
	    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	unsigned char bytes[RANDOM_NAME];

	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return -EIO;
	for (size_t i = 0; i < RANDOM_NAME; i++)
		name[i] = alphabet[bytes[i] % (sizeof alphabet - 1)];
	name[RANDOM_NAME] = '\0';
	return 0;
}

/* In a simulator's world a path is a name and nothing more, so that no
 * directory can be made; elsewhere this fails for the same reason. */
static int
bind_name(struct conn *c, const char *server, int dir_len)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	if (snprintf(sun.sun_path, sizeof sun.sun_path, "%.*s/chronyc.%d.sock",
		dir_len, server, (int)getpid()) >= (int)sizeof sun.sun_path)
		return -ENAMETOOLONG;
	return bind(c->fd, (struct sockaddr *)&sun, sizeof sun) == 0 ? 0
	    : -errno;
}

/* The modes come with the making: the directory above may be a user's who puts
 * a link into the place of what we made. */
static int
make_own(struct conn *c, const char *dir, const char *sub,
    const struct sockaddr_un *sun)
{
	if (mkdir(dir, 0711) != 0)
		return -errno;
	snprintf(c->own_dir, sizeof c->own_dir, "%s", dir);
	if (mkdir(sub, 0711) != 0)
		return -errno;
	snprintf(c->own_sub, sizeof c->own_sub, "%s", sub);
	umask(0111);
	if (bind(c->fd, (const struct sockaddr *)sun, sizeof *sun) != 0)
		return -errno;
	snprintf(c->own_path, sizeof c->own_path, "%s", sun->sun_path);
	return 0;
}

/* The daemon answers to the path that we are bound to.  The socket stands in
 * a directory that only we can write, below one that nobody can list, so that
 * its mode may let any daemon's user write to it. */
static int
bind_beside(struct conn *c, const char *server)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int dir_len = (int)(strrchr(server, '/') - server);
	char name[RANDOM_NAME + 1];
	char dir[108], sub[108];

	if (random_name(name) != 0)
		return -EIO;
	if (snprintf(dir, sizeof dir, "%.*s/chronyc.%d", dir_len, server,
		(int)getpid()) >= (int)sizeof dir ||
	    snprintf(sub, sizeof sub, "%s/%s", dir, name) >=
		(int)sizeof sub ||
	    snprintf(sun.sun_path, sizeof sun.sun_path, "%s/sock", sub) >=
		(int)sizeof sun.sun_path)
		return -ENAMETOOLONG;

	mode_t old = umask(0);
	int error = make_own(c, dir, sub, &sun);

	umask(old);
	return error == -ENOENT && c->own_dir[0] == '\0'
	    ? bind_name(c, server, dir_len) : error;
}

static int
connect_to(struct conn *c, const struct conn_place *p)
{
	bool native = p->kind == CONN_CONTROL || p->kind == CONN_MONITOR;
	int type = native ? SOCK_SEQPACKET : SOCK_DGRAM;
	int rc = 0;

	c->fd = socket(p->addr.ss_family, type | SOCK_CLOEXEC, 0);
	if (c->fd < 0 && errno == EINVAL) /* of a simulator */
		c->fd = socket(p->addr.ss_family, type, 0);
	if (c->fd < 0)
		return -errno;
	if (p->kind == CONN_DATAGRAM)
		rc = bind_beside(c,
		    ((const struct sockaddr_un *)&p->addr)->sun_path);
	if (rc == 0 &&
	    connect(c->fd, (const struct sockaddr *)&p->addr, p->len) != 0)
		rc = -errno;
	if (rc != 0)
		disconnect(c);
	return rc;
}

/* Connects to the first place from at on. */
static int
connect_next(struct conn *c)
{
	int rc = -ENOENT;

	for (; c->at < c->n_places; c->at++) {
		rc = connect_to(c, &c->places[c->at]);
		if (rc == 0)
			return 0;
	}
	c->at = 0;
	return rc;
}

int
conn_open(struct conn *c)
{
	disconnect(c);
	c->at = 0;
	return connect_next(c);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Waits until the reply to q is there.  Returns 0, -ETIMEDOUT, -EINTR, or the
 * socket's -errno. */
static int
receive(struct conn *c, const struct cmdmon_request *q, struct cmdmon_reply *r,
    int64_t deadline)
{
	unsigned char buf[CMDMON_REPLY_MAX + 1];
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	for (;;) {
		int64_t left = deadline - now_ms();

		if (left <= 0)
			return -ETIMEDOUT;
		int n = poll(&p, 1, (int)left);
		if (n < 0)
			return -errno;
		if (n == 0)
			continue;
		ssize_t len = recv(c->fd, buf, sizeof buf, 0);
		if (len < 0)
			return -errno;
		if (len == 0 && c->places[c->at].kind <= CONN_MONITOR)
			return -ECONNRESET;
		int rc = cmdmon_get_reply(r, buf, (size_t)len);
		if (rc == -EBADMSG || r->command != q->command ||
		    r->sequence != q->sequence)
			continue;
		return rc;
	}
}

/* One request to the place in use, with its retries. */
static int
ask_place(struct conn *c, struct cmdmon_request *q, struct cmdmon_reply *r)
{
	unsigned char buf[CMDMON_REQUEST_MAX];
	int64_t wait = c->timeout_ms;
	int rc = -ETIMEDOUT;

	for (int i = 0; i <= c->retries; i++, wait *= 2) {
		if (getrandom(&q->sequence, sizeof q->sequence, 0) !=
		    sizeof q->sequence)
			return -EIO;
		q->attempt = (uint16_t)i;
		size_t len = cmdmon_put_request(buf, q);
		if (wait > INT32_MAX)
			wait = INT32_MAX;
		if (send(c->fd, buf, len, MSG_NOSIGNAL) != (ssize_t)len)
			rc = -errno;
		else
			rc = receive(c, q, r, now_ms() + wait);
		if (rc == 0 || rc == -EINTR)
			return rc;
	}
	return rc;
}

int
conn_ask(struct conn *c, struct cmdmon_request *q, struct cmdmon_reply *r)
{
	if (c->fd < 0 && connect_next(c) != 0)
		return -ENOTCONN;
	do {
		int rc = ask_place(c, q, r);

		if (rc == 0 || rc == -EINTR)
			return rc;
		disconnect(c);
		c->at++;
	} while (connect_next(c) == 0);
	return -ENOTCONN;
}

bool
conn_is_local(const struct conn *c)
{
	const struct conn_place *p = &c->places[c->at];

	if (c->fd < 0)
		return false;
	return conn_is_native(c) || (p->kind == CONN_DATAGRAM &&
	    strcmp(((const struct sockaddr_un *)&p->addr)->sun_path,
		PATH_CHRONY) == 0);
}

bool
conn_is_native(const struct conn *c)
{
	return c->fd >= 0 && c->places[c->at].kind <= CONN_MONITOR;
}
