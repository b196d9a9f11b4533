/* SPDX-License-Identifier: ISC */
#include "daemon/os/unix_linux.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/os/os_poll.h"

struct unix_conn {
	struct watch watch; /* first: watch_drop frees it */
	struct link *link;
	struct unix_conn *next; /* in link->conns, the last to speak first */
	uint32_t id, uid;
};

const char *
unix_path(struct sockaddr_un *un, socklen_t len)
{
	size_t head = offsetof(struct sockaddr_un, sun_path);

	if (len <= head || un->sun_path[0] == '\0') /* none, or abstract */
		return NULL;
	/* A simulator leaves the length of the room we gave. */
	if (len > sizeof *un)
		len = sizeof *un;
	/* A path of full length has no NUL; the union has room for one. */
	((char *)un)[len] = '\0';
	return un->sun_path;
}

/* Length for the kernel, or -ENAMETOOLONG. */
static int
make_name(struct sockaddr_un *un, const char *path)
{
	size_t len = strlen(path);

	if (len >= sizeof un->sun_path)
		return -ENAMETOOLONG;
	*un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(un->sun_path, path, len);
	return (int)sizeof *un;
}

/* Removes what a process that is gone left behind. */
static int
remove_stale(const struct sockaddr_un *un, int type)
{
	struct stat st;

	if (lstat(un->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;

	int fd = net_socket(AF_UNIX, type);

	if (fd < 0)
		return fd;

	int r = connect(fd, (const struct sockaddr *)un, sizeof *un);
	int error = r < 0 ? errno : 0;

	close(fd);
	if (error != ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(un->sun_path) < 0 ? -errno : 0;
}

static int
bind_file(int fd, const struct sockaddr_un *un, unsigned mode)
{
	/* By umask: a chmod by path could meet another file. */
	mode_t old = umask(~mode & 0777);
	int r = bind(fd, (const struct sockaddr *)un, sizeof *un);
	int error = errno;

	umask(old);
	return r < 0 ? -error : 0;
}

static void
move_to_front(struct unix_conn *conn)
{
	struct unix_conn **p = &conn->link->conns;

	while (*p != NULL && *p != conn)
		p = &(*p)->next;
	if (*p == conn)
		*p = conn->next;
	conn->next = conn->link->conns;
	conn->link->conns = conn;
}

static void
drop_conn(struct os_linux *o, struct unix_conn *conn)
{
	move_to_front(conn);
	conn->link->conns = conn->next;
	watch_drop(&o->watches, &conn->watch);
}

static void
drop_last(struct os_linux *o, struct link *link)
{
	struct unix_conn *conn = link->conns;

	while (conn != NULL && conn->next != NULL)
		conn = conn->next;
	if (conn != NULL)
		drop_conn(o, conn);
}

static void
conn_ready(struct os_linux *o, struct watch *w, short revents)
{
	struct unix_conn *conn = (struct unix_conn *)w;
	struct iovec iov = { o->batch->data[0].bytes, DGRAM_MAX };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t len = 0;

	/* A closed one is readable: length 0. */
	if (revents & POLLIN)
		len = recvmsg(w->fd, &msg, MSG_DONTWAIT);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) {
		drop_conn(o, conn);
		return;
	}
	move_to_front(conn);

	struct pair now = o->os.ops->pair(&o->os);
	struct dgram d = {
		.stamp = { now.real, now, STAMP_DAEMON },
		.is_cut = (msg.msg_flags & MSG_TRUNC) != 0,
		.len = (size_t)len,
		.data = o->batch->data[0].bytes,
		.uid = conn->uid,
		.conn = conn->id,
	};

	conn->link->sock->receive(conn->link->sock, &d, 1);
}

static uint32_t
peer_uid(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof cred;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return UINT32_MAX;
	return cred.uid;
}

static void
add_conn(struct os_linux *o, struct link *link, int fd)
{
	struct unix_conn *conn = calloc(1, sizeof *conn);
	unsigned n = 0;

	if (conn != NULL)
		conn->watch.ready = conn_ready;
	if (conn == NULL ||
	    watch_add(&o->watches, &conn->watch, fd, POLLIN) < 0) {
		free(conn);
		close(fd);
		return;
	}
	for (struct unix_conn *c = link->conns; c != NULL; c = c->next)
		n++;
	if (n >= UNIX_CONNS)
		drop_last(o, link);
	conn->link = link;
	conn->uid = peer_uid(fd);
	if (++o->last_conn == 0)
		o->last_conn = 1;
	conn->id = o->last_conn;
	conn->next = link->conns;
	link->conns = conn;
}

static void
listen_ready(struct os_linux *o, struct watch *w, short revents)
{
	struct link *link = (struct link *)w;

	(void)revents;
	for (int i = 0; i < NET_BATCH; i++) {
		int fd = accept4(w->fd, NULL, NULL,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0)
			add_conn(o, link, fd);
		else if (errno == EMFILE || errno == ENFILE)
			drop_last(o, link);
		if (fd < 0)
			return;
	}
}

static void
dgram_ready(struct os_linux *o, struct watch *w, short revents)
{
	(void)revents; /* an error comes out of the reading */
	net_deliver(o, (struct link *)w, MSG_DONTWAIT);
}

int
unix_open(struct link *link, const struct sock_want *want)
{
	bool is_dgram = want->kind == SOCK_KIND_UNIX_DGRAM;
	int type = is_dgram ? SOCK_DGRAM : SOCK_SEQPACKET;
	struct sockaddr_un un;
	int error = make_name(&un, want->path);

	if (error < 0)
		return error;
	error = remove_stale(&un, type);
	if (error < 0)
		return error;

	int fd = net_socket(AF_UNIX, type);

	if (fd < 0)
		return fd;
	error = bind_file(fd, &un, want->mode);
	/* Where the kernel has no credentials to give, uids are unknown. */
	if (error == 0 && is_dgram)
		net_set(fd, SOL_SOCKET, SO_PASSCRED, 1);
	if (error == 0 && !is_dgram && listen(fd, UNIX_CONNS) < 0)
		error = -errno;
	if (error < 0) {
		close(fd);
		return error;
	}
	link->watch.ready = is_dgram ? dgram_ready : listen_ready;
	return fd;
}

void
unix_close_conns(struct os_linux *o, struct link *link)
{
	while (link->conns != NULL)
		drop_conn(o, link->conns);
}

static int
send_conn(struct os_linux *o, struct unix_conn *conn, const struct dgram *d)
{
	struct iovec iov = { d->data, d->len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (sendmsg(conn->watch.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;

	int error = errno;

	drop_conn(o, conn);
	return -error;
}

int
unix_send(struct os_linux *o, struct link *link, const struct dgram *d)
{
	struct sockaddr_un un;
	struct iovec iov = { d->data, d->len };
	struct msghdr msg = { .msg_name = &un, .msg_iov = &iov, .msg_iovlen = 1 };

	if (link->kind == SOCK_KIND_UNIX_LISTEN) {
		for (struct unix_conn *c = link->conns; c != NULL; c = c->next)
			if (c->id == d->conn)
				return send_conn(o, c, d);
		return -ENOTCONN;
	}
	if (d->path == NULL)
		return -EDESTADDRREQ;

	int len = make_name(&un, d->path);

	if (len < 0)
		return len;
	msg.msg_namelen = (socklen_t)len;
	return sendmsg(link->watch.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0
	    ? -errno : 0;
}
