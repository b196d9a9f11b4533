/* SPDX-License-Identifier: ISC
 *
 * Names to addresses, for the engine, which has no name service.  NSS modules
 * block and crash, so each look-up runs in a child that a timer of the kernel
 * ends: it writes its answer into a pipe, and what comes out of the pipe, or
 * does not, is the answer.  The child is no more trusted than the network.
 *
 * The process ends when the engine does. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/addr.h"
#include "common/log.h"
#include "common/paths.h"
#include "privsep/chan.h"
#include "privsep/confine.h"
#include "privsep/fds.h"
#include "privsep/wire_names.h"

/* glibc asks each of three servers twice, 5 s each: what has not come by then
 * is asked for again later. */
#define LOOKUP_LIMIT_S 10
#define MAX_FILES 256     /* in a child too: NSS modules open files */
#define MAX_PROCESSES 128 /* of the resolver's user */
#define MAX_SHARED 4096   /* where that user is somebody's, not its own */

struct lookup {
	int fd; /* of the child's pipe; -1 = free */
	pid_t pid;
	uint32_t id;
};

struct resolver {
	int engine;
	unsigned n_lookups;
	struct lookup lookups[NAMES_PENDING];
};

static struct names_addr
address(const struct sockaddr *sa)
{
	struct names_addr a;

	memset(&a, 0, sizeof a);
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in sin;
		memcpy(&sin, sa, sizeof sin);
		a.family = ADDR_INET4;
		memcpy(a.bytes, &sin.sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 sin6;
		memcpy(&sin6, sa, sizeof sin6);
		a.family = ADDR_INET6;
		a.scope = sin6.sin6_scope_id;
		memcpy(a.bytes, &sin6.sin6_addr, 16);
	}
	return a;
}

static uint32_t
error_of(int gai)
{
	switch (gai) {
	case 0:
		return NAMES_OK;
	case EAI_NONAME:
#ifdef EAI_NODATA
	case EAI_NODATA:
#endif
#ifdef EAI_ADDRFAMILY
	case EAI_ADDRFAMILY:
#endif
		return NAMES_NONE;
	default:
		return NAMES_AGAIN;
	}
}

/* The child: its answer goes into the pipe whole (it is shorter than
 * PIPE_BUF). */
static _Noreturn void
look_up(const struct names_req *req, int pipe_end)
{
	struct names_rep rep;
	struct addrinfo hints, *list = NULL;

	alarm(LOOKUP_LIMIT_S);
	memset(&rep, 0, sizeof rep);
	memset(&hints, 0, sizeof hints);
	hints.ai_socktype = SOCK_DGRAM; /* one entry for each address */
	hints.ai_family = req->family == ADDR_INET4 ? AF_INET :
	    req->family == ADDR_INET6 ? AF_INET6 : AF_UNSPEC;
	rep.error = error_of(getaddrinfo(req->name, NULL, &hints, &list));
	for (struct addrinfo *ai = rep.error == NAMES_OK ? list : NULL;
	     ai != NULL && rep.count < NAMES_ADDRS; ai = ai->ai_next) {
		struct names_addr a = address(ai->ai_addr);
		if (a.family != ADDR_NONE)
			rep.addrs[rep.count++] = a;
	}
	if (rep.error == NAMES_OK && rep.count == 0)
		rep.error = NAMES_NONE;
	_exit(write(pipe_end, &rep, sizeof rep) == (ssize_t)sizeof rep
	    ? EXIT_SUCCESS : EXIT_FAILURE);
}

static int
answer(const struct resolver *r, uint32_t id, struct names_rep *rep)
{
	rep->type = NAMES_FOUND;
	rep->id = id;
	return chan_send(r->engine, rep, sizeof *rep, -1, 1);
}

static int
answer_error(const struct resolver *r, uint32_t id, uint32_t error)
{
	struct names_rep rep;

	memset(&rep, 0, sizeof rep);
	rep.error = error;
	return answer(r, id, &rep);
}

static struct lookup *
free_slot(struct resolver *r)
{
	for (size_t i = 0; i < NAMES_PENDING; i++)
		if (r->lookups[i].fd < 0)
			return &r->lookups[i];
	return NULL; /* the engine is not listened to then */
}

static int
start(struct resolver *r, struct lookup *l, const struct names_req *req)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return answer_error(r, req->id, NAMES_AGAIN);
	l->pid = fork();
	if (l->pid == 0) {
		close(ends[0]);
		close(r->engine);
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		look_up(req, ends[1]);
	}
	close(ends[1]);
	if (l->pid < 0) {
		log_warn("look-up of %s: fork: %s", req->name, strerror(errno));
		close(ends[0]);
		return answer_error(r, req->id, NAMES_AGAIN);
	}
	l->fd = ends[0];
	l->id = req->id;
	r->n_lookups++;
	return 0;
}

/* What the child left: its answer, or a reason why there is none. */
static int
finish(struct resolver *r, struct lookup *l)
{
	struct names_rep rep;
	int status = 0;
	ssize_t n = read(l->fd, &rep, sizeof rep);

	close(l->fd);
	l->fd = -1;
	r->n_lookups--;
	/* A child that wrote ends at once; one that closed the pipe and stays
	 * is ended by its timer. */
	if (waitpid(l->pid, &status, 0) == l->pid && WIFSIGNALED(status))
		log_warn("look-up %u: ended by signal %d%s", (unsigned)l->id,
		    WTERMSIG(status),
		    WTERMSIG(status) == SIGALRM ? " (no answer in time)" : "");
	if (n != (ssize_t)sizeof rep || rep.error > NAMES_FAILED ||
	    rep.count > NAMES_ADDRS)
		return answer_error(r, l->id, NAMES_FAILED);
	return answer(r, l->id, &rep);
}

/* The engine's next request.  Returns 0, or what ends the process: -EPIPE when
 * the engine is gone, -EPROTO for what no engine sends. */
static int
take_request(struct resolver *r)
{
	struct names_req req = { 0 };
	long n = chan_recv(r->engine, &req, sizeof req, NULL);

	if (n == -EAGAIN)
		return 0;
	if (n == 0)
		return -EPIPE;
	if (n != (long)sizeof req || req.type != NAMES_LOOKUP ||
	    req.family > ADDR_INET6 || req.zero != 0 || req.name[0] == '\0' ||
	    memchr(req.name, '\0', sizeof req.name) == NULL)
		return -EPROTO;
	return start(r, free_slot(r), &req);
}

static int
loop(struct resolver *r)
{
	for (;;) {
		struct pollfd pfds[1 + NAMES_PENDING];
		int result = 0;

		/* While all slots are taken only the engine's end counts. */
		pfds[0].fd = r->engine;
		pfds[0].events = r->n_lookups < NAMES_PENDING ? POLLIN : 0;
		for (size_t i = 0; i < NAMES_PENDING; i++) {
			pfds[1 + i].fd = r->lookups[i].fd;
			pfds[1 + i].events = POLLIN;
		}
		if (poll(pfds, 1 + NAMES_PENDING, -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		for (size_t i = 0; i < NAMES_PENDING && result == 0; i++)
			if (r->lookups[i].fd >= 0 && pfds[1 + i].revents != 0)
				result = finish(r, &r->lookups[i]);
		if (result == 0 && (pfds[0].revents & POLLIN) != 0)
			result = take_request(r);
		else if (result == 0 && (pfds[0].revents & POLLHUP) != 0)
			result = -EPIPE;
		if (result < 0)
			return result;
	}
}

/* The directory that /etc/resolv.conf, often a link, really lies in. */
static const char *
resolv_conf_dir(char *buf)
{
	if (realpath("/etc/resolv.conf", buf) == NULL)
		return "/etc";

	char *slash = strrchr(buf, '/');
	*slash = '\0';
	return slash == buf ? "/etc" : buf;
}

static int
confine(void)
{
	char link[PATH_MAX];
	struct confine_dir dirs[] = {
		{ .path = "/etc", .flags = CONFINE_BY_PATH },
		{ .path = "/usr", .flags = CONFINE_EXEC },
		{ .path = "/lib", .flags = CONFINE_EXEC | CONFINE_OPTIONAL },
		{ .path = "/lib64", .flags = CONFINE_EXEC | CONFINE_OPTIONAL },
		{ .path = "/run/systemd/resolve", .flags = CONFINE_OPTIONAL },
		{ .path = resolv_conf_dir(link), .flags = CONFINE_OPTIONAL },
	};
	const size_t n = sizeof dirs / sizeof *dirs;
	const struct confine_limits limits = { MAX_FILES,
		geteuid() == 0 ? MAX_PROCESSES : MAX_SHARED };
	struct confine_user user;
	int r = confine_find_user(&user, USER_RESOLVER, NULL);
	int root;

	if (r < 0)
		return r;
	root = confine_root(dirs, n);
	if (root < 0)
		return root;
	r = confine_drop(&user, &limits);
	if (r == 0)
		r = confine_landlock(CONFINE_RESOLVER, (enum confine_root)root,
		    dirs, n);
	if (r >= 0)
		r = confine_filter(CONFINE_RESOLVER, NULL, 0);
	for (size_t i = 0; i < n; i++)
		if (dirs[i].fd >= 0)
			close(dirs[i].fd);
	return r;
}

int
main(int argc, char **argv)
{
	struct resolver r = { .engine = RESOLVER_FD_ENGINE };
	int style = LOGSTYLE_PLAIN, least = LOGLEVEL_INFO;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--log-style") == 0)
			style = atoi(argv[i + 1]);
		else if (strcmp(argv[i], "--log-least") == 0)
			least = atoi(argv[i + 1]);
	}
	log_init(RESOLVER_FD_LOG, (enum log_style)style,
	    (enum log_level)least, "resolver");
	for (size_t i = 0; i < NAMES_PENDING; i++)
		r.lookups[i].fd = -1;
	if (confine() < 0)
		return EXIT_FAILURE;

	int result = loop(&r);
	if (result == -EPIPE)
		return EXIT_SUCCESS;
	log_error("the engine's channel: %s", strerror(-result));
	return EXIT_FAILURE;
}
