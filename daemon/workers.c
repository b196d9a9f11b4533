/* SPDX-License-Identifier: ISC
 *
 * The engine holds a copy of every socket of a worker's.  As long as the worker
 * is there the copy is not looked at; when it has gone nothing is lost, not even
 * what waits in the socket. */
#include "daemon/workers.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "daemon/os/net_linux.h"
#include "daemon/os/steer_linux.h"
#include "privsep/chan.h"
#include "privsep/fds.h"
#include "privsep/launch_role.h"
#include "privsep/worker_rpc.h"

#define WAIT_START_MS 10000 /* it makes itself a root and a filter */
/* A worker with all its work takes less than 1; but on a machine that is flooded
 * it may have to wait for its turn. */
#define WAIT_MS 2000
/* Answers later than that have the others wait less; but for this part of the
 * time since, which is forgiven. */
#define LATE_MS 100
#define FORGIVEN (1 / 30.0)
#define WAIT_END_MS 1000 /* all of them together */

static void
lose(struct workers *w, unsigned i, int error)
{
	struct workers_one *one = &w->each[i];

	w->crew.is_gone[i] = true;
	watch_remove(&w->os->watches, &one->watch);
	close(one->fd);
	one->fd = -1;
	log_error("worker %u of %u: %s: the engine answers its clients", i + 1,
	    w->crew.n, error == -EPIPE ? "gone" :
	    error == -ETIMEDOUT ? "does not answer the engine" :
	    "says what no worker says");
	if (net_watch(w->os, &w->server->more[2 * (size_t)i], true) < 0 ||
	    net_watch(w->os, &w->server->more[2 * (size_t)i + 1], true) < 0)
		os_linux_die("worker's sockets", -ENOMEM);
}

/* How long the worker may keep us waiting, ms: one that is taken over could
 * answer each time just before it is given up. */
static int
patience(const struct workers *w, struct workers_one *one, struct mono now)
{
	one->late_ms = fmax(one->late_ms - mono_sub(now, one->asked) * 1e3 *
	    FORGIVEN, 0);
	one->asked = now;
	return w->wait_ms - (int)one->late_ms;
}

static int
ask(struct crew *c, unsigned i, const struct wrk_req *req)
{
	struct workers *w = (struct workers *)c;
	struct workers_one *one = &w->each[i];
	struct os *os = &w->os->os;

	if (c->is_gone[i])
		return -EPIPE;
	if (req->type == WRK_BYE)
		return chan_send(one->fd, req, sizeof *req, -1, 0);
	one->wait_ms = patience(w, one, os->ops->mono(os));

	int r = worker_rpc_ask(one->fd, req);

	if (r < 0)
		lose(w, i, r);
	return r;
}

/* Others may have been waited for since it was asked. */
static int
answer(struct crew *c, unsigned i, const struct wrk_req *req,
    struct wrk_rep *rep)
{
	struct workers *w = (struct workers *)c;
	struct workers_one *one = &w->each[i];
	struct os *os = &w->os->os;

	if (c->is_gone[i])
		return -EPIPE;

	struct mono start = os->ops->mono(os);
	int r = worker_rpc_answer(one->fd, req, rep,
	    one->wait_ms - (int)(mono_sub(start, one->asked) * 1e3));

	one->late_ms += fmax(mono_sub(os->ops->mono(os), start) * 1e3 - LATE_MS,
	    0);
	if (r < 0)
		lose(w, i, r);
	return r;
}

static void
publish(struct crew *c, const struct wrk_reference *t)
{
	refpage_write(((struct workers *)c)->page, t);
}

static bool
is_behind(struct crew *c, unsigned i)
{
	const struct workers *w = (const struct workers *)c;
	const struct sock *s = &w->server->more[2 * (size_t)i];
	struct pollfd fds[] = { { .fd = s[0].fd, .events = POLLIN },
		{ .fd = s[1].fd, .events = POLLIN } };

	return poll(fds, 2, 0) > 0;
}

/* It has nothing to say unasked. */
static void
ready(struct os_linux *o, struct watch *watch, short revents)
{
	struct workers_one *one = (struct workers_one *)watch;
	struct wrk_rep rep;
	long n = chan_recv(one->fd, &rep, sizeof rep, NULL);

	(void)o;
	(void)revents;
	if (n != -EAGAIN)
		lose(one->all, (unsigned)(one - one->all->each),
		    n == 0 ? -EPIPE : -EPROTO);
}

static void
steer(struct workers *w, const struct sock *sock, int is_v6)
{
	uint32_t key;
	int r;

	if (sock->fd < 0)
		return;
	w->os->os.ops->random(&w->os->os, &key, sizeof key);
	r = steer_clients(sock->fd, is_v6, w->crew.n, key);
	if (r < 0)
		log_warn("workers: clients are spread by address and port, so "
		    "limits hold for each port, and answers of peers may be "
		    "missed: %s", strerror(-r));
}

int
workers_open(struct workers *w, struct os_linux *os, struct server *s,
    const struct config *c)
{
	unsigned n = (unsigned)c->serverworkers;
	int r;

	memset(w, 0, sizeof *w);
	w->os = os;
	w->server = s;
	if (n == 0 || !s->is_open)
		return 0;
	r = server_open_more(s, &os->os, c, n);
	if (r < 0) {
		log_fatal("sockets of workers: %s", strerror(-r));
		return r;
	}
	w->crew.n = n;
	for (unsigned i = 0; i < s->n_more; i++)
		net_watch(os, &s->more[i], false);
	steer(w, &s->v4, 0);
	steer(w, &s->v6, 1);
	return 0;
}

/* The child. */
static _Noreturn void
become_worker(const struct workers *w, unsigned i, int program, int channel,
    int page, const struct options *o)
{
	const struct launch_fd map[] = {
		{ channel, WORKER_FD_ENGINE },
		{ w->server->more[2 * (size_t)i].fd, WORKER_FD_V4 },
		{ w->server->more[2 * (size_t)i + 1].fd, WORKER_FD_V6 },
		{ page, WORKER_FD_PAGE },
		{ ENGINE_FD_LOG, WORKER_FD_LOG },
	};
	char style[12], least[12], number[12];
	const char *const args[] = { "tock-worker", "--log-style", style,
		"--log-least", least, "--number", number, NULL };

	snprintf(style, sizeof style, "%d", o->log_style);
	snprintf(least, sizeof least, "%d", o->log_least);
	snprintf(number, sizeof number, "%u", i + 1);
	launch_exec(program, map, sizeof map / sizeof *map, args);
	_exit(EXIT_FAILURE);
}

static int
start_one(struct workers *w, unsigned i, int program, int page,
    const struct options *o)
{
	struct workers_one *one = &w->each[i];
	int ends[2];
	int r = chan_pair(ends);
	pid_t pid = r < 0 ? -1 : fork();

	if (pid == 0)
		become_worker(w, i, program, ends[1], page, o);
	if (r == 0 && pid < 0) {
		r = -errno;
		close(ends[0]);
	}
	if (r < 0) {
		log_fatal("worker %u: %s", i + 1, strerror(-r));
		return r;
	}
	close(ends[1]);
	one->all = w;
	one->fd = ends[0];
	one->watch.ready = ready;
	return watch_add(&w->os->watches, &one->watch, one->fd, POLLIN);
}

int
workers_start(struct workers *w, const struct config *c,
    const struct options *o, unsigned uid, unsigned gid)
{
	int program, page, r = 0;

	if (w->crew.n == 0)
		return 0;
	program = launch_find("tock-worker", o->devel);
	if (program < 0)
		return program;
	page = refpage_make(&w->page);
	if (page < 0) {
		log_fatal("memory shared with workers: %s%s", strerror(-page),
		    page == -EINVAL ? " (serverworkers needs Linux 5.1)" : "");
		close(program);
		return page;
	}
	for (unsigned i = 0; i < w->crew.n && r == 0; i++)
		r = start_one(w, i, program, page, o);
	close(program);
	close(page);
	signal(SIGCHLD, SIG_IGN); /* the channel tells; no zombies */
	w->crew.ask = ask;
	w->crew.answer = answer;
	w->crew.publish = publish;
	w->crew.is_behind = is_behind;
	w->wait_ms = WAIT_START_MS;
	if (r == 0)
		r = crew_set_up(&w->crew, c, uid, gid);
	w->wait_ms = WAIT_MS;
	for (unsigned i = 0; i < w->crew.n; i++)
		w->each[i].late_ms = 0;
	if (r < 0)
		log_fatal("workers: not started: %s", strerror(-r));
	return r;
}

void
workers_end(struct workers *w)
{
	struct os *os = &w->os->os;
	struct mono start = os->ops->mono(os);

	for (unsigned i = 0; i < w->crew.n; i++) {
		double waited = mono_sub(os->ops->mono(os), start) * 1e3;

		if (w->crew.is_gone[i])
			continue;
		worker_rpc_await_end(w->each[i].fd, WAIT_END_MS - (int)waited);
		watch_remove(&w->os->watches, &w->each[i].watch);
		close(w->each[i].fd);
	}
}
