/* SPDX-License-Identifier: ISC
 *
 * A worker's process.  The engine starts it in its set-up, with two sockets, a
 * channel, and a page of memory to read; it is root then, without CAP_SYS_TIME,
 * and confines itself before it answers the first message.  It ends when the
 * engine does. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "daemon/os/net_linux.h"
#include "daemon/os/os_poll.h"
#include "daemon/os/send_linux.h"
#include "daemon/worker.h"
#include "privsep/chan.h"
#include "privsep/confine.h"
#include "privsep/fds.h"

#define MAX_FILES 16

struct main {
	struct os_linux os;
	struct worker worker;
	struct watch engine;
	struct sock v4, v6;
	bool is_confined;
};

static int
confine(const struct wrk_setup *s)
{
	const struct confine_limits limits = { MAX_FILES, 0 };
	const struct confine_user user = { .uid = s->uid, .gid = s->gid };
	int root = confine_root(NULL, 0);
	int r = root < 0 ? root : confine_drop(&user, &limits);

	if (r == 0)
		r = confine_landlock(CONFINE_WORKER, (enum confine_root)root,
		    NULL, 0);
	return r < 0 ? r : confine_filter(CONFINE_WORKER, NULL, 0);
}

/* Does what one message wants.  Returns 0, 1 at the end, or -errno. */
static int
obey(struct main *m, struct wrk_req *req)
{
	struct wrk_rep rep;
	int r = worker_request(&m->worker, req, &rep);

	if (r == 0 && m->worker.is_set_up && !m->is_confined) {
		r = confine(&req->u.setup);
		m->is_confined = true;
		if (r < 0)
			exit(EXIT_FAILURE);
		r = 0;
	}
	explicit_bzero(req, sizeof *req);
	if (r == 0 && m->worker.is_started) {
		r = net_watch(&m->os, &m->v4, true);
		if (r == 0)
			r = net_watch(&m->os, &m->v6, true);
	}
	return r == 0 ? chan_send(WORKER_FD_ENGINE, &rep, sizeof rep, -1, 0)
		      : r;
}

static void
engine_ready(struct os_linux *o, struct watch *w, short revents)
{
	struct main *m = (struct main *)o;
	struct wrk_req req;
	long n;
	int r = 0;

	(void)w;
	(void)revents;
	while ((n = chan_recv(WORKER_FD_ENGINE, &req, sizeof req, NULL)) ==
	    (long)sizeof req && r == 0)
		r = obey(m, &req);
	if (r == 0 && n == -EAGAIN)
		return;
	if (r == 0)
		r = n == 0 ? 1 : -EPROTO;
	if (r < 0 && r != -EPIPE)
		log_error("the engine's channel: %s", strerror(-r));
	o->os.ops->stop(&o->os, r == 1 || r == -EPIPE ? EXIT_SUCCESS
						      : EXIT_FAILURE);
}

static int
prepare(struct main *m)
{
	const struct os_linux_fds fds = { .clock = -1, .resolver = -1 };
	const int numbers[] = { WORKER_FD_V4, WORKER_FD_V6 };
	struct sock *socks[] = { &m->v4, &m->v6 };
	const struct refpage *page;
	int r = refpage_map(&page, WORKER_FD_PAGE);

	close(WORKER_FD_PAGE);
	if (r == 0)
		r = os_linux_init(&m->os, &fds);
	if (r < 0)
		return r;
	send_many_enable(&m->os.os);
	worker_init(&m->worker, &m->os.os, page);
	for (int i = 0; i < 2 && r == 0; i++) {
		*socks[i] = (struct sock){ .fd = -1, .owner = &m->worker,
			.receive = worker_receive, .sent = worker_sent };
		if (fcntl(numbers[i], F_GETFD) < 0)
			continue; /* a machine without this family */
		r = net_adopt(&m->os, socks[i], numbers[i]);
		if (r == 0) /* not before it is told to start */
			r = net_watch(&m->os, socks[i], false);
	}
	m->engine.ready = engine_ready;
	return r < 0 ? r : watch_add(&m->os.watches, &m->engine,
	    WORKER_FD_ENGINE, POLLIN);
}

int
main(int argc, char **argv)
{
	static struct main m;
	int style = LOGSTYLE_PLAIN, least = LOGLEVEL_INFO;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--log-style") == 0)
			style = atoi(argv[i + 1]);
		else if (strcmp(argv[i], "--log-least") == 0)
			least = atoi(argv[i + 1]);
	}
	log_init(WORKER_FD_LOG, (enum log_style)style, (enum log_level)least,
	    "worker");

	int r = prepare(&m);

	if (r < 0) {
		log_error("start: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	return os_linux_run(&m.os);
}
