/* SPDX-License-Identifier: ISC
 *
 * A turn: wait until a descriptor is ready or the first timer is due; serve
 * each ready descriptor once (a server's for a while, as pace_linux.h has it),
 * then what the clock and the resolver had to say, then the timers that were
 * due.  So no flood on a socket holds a timer up for longer than that.  Only
 * poll() is used, and no descriptors but sockets, in what a simulator under
 * LD_PRELOAD can stand in for the kernel of; else epoll has those that are
 * seldom ready (watch_rest.h).
 *
 * System calls after set-up, for the engine's filter:
 *	poll ppoll	(aarch64 has no poll)
 *	epoll_wait	(epoll_pwait on aarch64, which has no epoll_wait)
 *	epoll_ctl
 *	socket		AF_INET, AF_INET6: SOCK_DGRAM|SOCK_NONBLOCK|SOCK_CLOEXEC
 *	bind connect	IP sockets of our own
 *	setsockopt	SOL_SOCKET: SO_TIMESTAMPING, SO_TIMESTAMPNS,
 *			SO_BINDTODEVICE;
 *			IPPROTO_IP: IP_PKTINFO, IP_TOS;
 *			IPPROTO_IPV6: IPV6_V6ONLY, IPV6_RECVPKTINFO,
 *			IPV6_TCLASS
 *	getsockopt	SOL_SOCKET: SO_ERROR, SO_PEERCRED
 *	recvmmsg recvmsg sendmsg sendmmsg
 *	accept4		SOCK_NONBLOCK|SOCK_CLOEXEC
 *	close
 *	clock_gettime	where the vDSO cannot: REALTIME, MONOTONIC,
 *			MONOTONIC_RAW
 *	openat fstat read	files in a directory that is held
 *	openat write renameat unlinkat	the same in one held for writing
 *	ioctl		SIOCGIFINDEX, the index of an interface
 *	getrandom
 *	brk mmap munmap mremap	malloc, without PROT_EXEC
 *	sysinfo		qsort of glibc before 2.37
 *	write, sendto	the log
 *	exit_group, rt_sigreturn, restart_syscall
 *	rt_sigprocmask getpid gettid tgkill	abort() in assert()
 * Set-up alone: epoll_create1, lstat (newfstatat), unlink, umask, chmod, listen; setsockopt
 * SO_RCVBUFFORCE, SO_RCVBUF, SO_RXQ_OVFL, SO_RCVTIMEO,
 * SO_REUSEPORT, SO_BROADCAST, SO_ATTACH_REUSEPORT_CBPF, IP_MTU_DISCOVER,
 * IP_FREEBIND, IPV6_FREEBIND and multicast memberships; fcntl. */
#include "daemon/os/os_poll.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "daemon/os/net_linux.h"
#include "daemon/os/send_linux.h"
#include "daemon/os/tstamp_linux.h"

#define PAIR_TRIES 4

_Noreturn void
os_linux_die(const char *what, int error)
{
	log_fatal("%s: %s; ending with status %d", what,
	    error == -EPIPE ? "gone" : strerror(error < 0 ? -error : error),
	    EX_TEMPFAIL);
	exit(EX_TEMPFAIL);
}

static int64_t
read_clock(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) < 0)
		os_linux_die("clock_gettime", errno);
	return (int64_t)ts.tv_sec * NSEC + ts.tv_nsec;
}

static int64_t
read_raw(struct os_linux *o)
{
	return o->own_clock != NULL ? o->own_clock->raw(o->own_clock)
	    : read_clock(CLOCK_MONOTONIC_RAW);
}

/* REAL between two RAWs, the tightest of a few: whoever was interrupted in
 * between is not the tightest.  One is enough when it is as tight as they
 * have been: that follows the tightest at once, and others slowly. */
static struct pair
os_pair(struct os *os)
{
	struct os_linux *o = (struct os_linux *)os;
	struct pair best = { { 0 }, { 0 } };
	int64_t width = INT64_MAX;

	for (int i = 0; i < PAIR_TRIES && width > o->pair_width; i++) {
		int64_t before = read_raw(o);
		int64_t real = read_clock(CLOCK_REALTIME);
		int64_t after = read_raw(o);

		if (after - before >= width)
			continue;
		width = after - before;
		best.real.ns = real;
		best.raw.ns = before + width / 2;
	}
	width += width / 4;
	if (o->pair_width == 0 || width < o->pair_width)
		o->pair_width = width;
	else
		o->pair_width += o->pair_width / 8 + 1;
	return best;
}

static struct tspec
os_real(struct os *os)
{
	(void)os;
	return (struct tspec){ read_clock(CLOCK_REALTIME) };
}

static struct mono
os_mono(struct os *os)
{
	(void)os;
	return (struct mono){ read_clock(CLOCK_MONOTONIC) };
}

static void
os_timer_set(struct os *os, struct timer *t, struct mono at)
{
	struct os_linux *o = (struct os_linux *)os;
	int error = heap_put(&o->timers, &t->node, at.ns);

	if (error < 0)
		os_linux_die("timer", error);
}

static void
os_timer_off(struct os *os, struct timer *t)
{
	heap_remove(&((struct os_linux *)os)->timers, &t->node);
}

static void
os_clock(struct os *os, struct clk_req *req, struct clk_rep *rep)
{
	struct os_linux *o = (struct os_linux *)os;

	*rep = (struct clk_rep){ .type = CLK_DONE, .error = EPERM };
	if (o->own_clock != NULL)
		o->own_clock->call(o->own_clock, req, rep);
	if (!o->has_clock)
		return;
	if (req->type == CLK_BYE) { /* not answered */
		clock_rpc_bye(&o->clock, req->u.exit_code);
		rep->error = 0;
		return;
	}

	int error = clock_rpc_call(&o->clock, req, -1, rep);

	if (error < 0)
		os_linux_die("clock", error);
}

static int
os_lookup(struct os *os, struct lookup *l)
{
	return names_start(&((struct os_linux *)os)->names, l);
}

static void
os_lookup_off(struct os *os, struct lookup *l)
{
	names_cancel(&((struct os_linux *)os)->names, l);
}

static void
os_random(struct os *os, void *to, size_t size)
{
	unsigned char *p = to;

	(void)os;
	while (size > 0) {
		ssize_t n = getrandom(p, size, 0);

		if (n < 0 && errno != EINTR)
			os_linux_die("getrandom", errno);
		if (n > 0) {
			p += n;
			size -= (size_t)n;
		}
	}
}

static int
os_save(struct os *os, const char *slot, const void *data, size_t size)
{
	return statefile_save(&((struct os_linux *)os)->files, slot, data,
	    size);
}

static ssize_t
os_load(struct os *os, const char *slot, void *data, size_t size)
{
	return statefile_load(&((struct os_linux *)os)->files, slot, data,
	    size);
}

static int
os_list(struct os *os, const char *dir, void *owner,
    void (*each)(void *owner, const char *name))
{
	return statefile_list(&((struct os_linux *)os)->files, dir, owner, each);
}

static void
os_stop(struct os *os, int exit_code)
{
	struct os_linux *o = (struct os_linux *)os;

	o->is_stopped = true;
	o->exit_code = exit_code;
}

static const struct os_ops ops = {
	.pair = os_pair,
	.real = os_real,
	.mono = os_mono,
	.timer_set = os_timer_set,
	.timer_off = os_timer_off,
	.sock_open = net_open,
	.sock_close = net_close,
	.send = net_send,
	.clock = os_clock,
	.lookup = os_lookup,
	.lookup_off = os_lookup_off,
	.random = os_random,
	.save = os_save,
	.load = os_load,
	.list = os_list,
	.stop = os_stop,
};

/* Events that came during a call wait in o->clock, the others in the
 * socket. */
static int
next_event(struct os_linux *o, struct clk_rep *ev)
{
	return o->own_clock != NULL ? o->own_clock->event(o->own_clock, ev)
	    : clock_rpc_event(&o->clock, ev);
}

static void
deliver_events(struct os_linux *o)
{
	struct clk_rep ev;
	int r;

	while (!o->is_stopped && (r = next_event(o, &ev)) != 0) {
		if (r < 0)
			os_linux_die("clock", r);
		if (o->os.clock_event != NULL)
			o->os.clock_event(o->os.engine, &ev);
	}
}

static void
clock_ready(struct os_linux *o, struct watch *w, short revents)
{
	(void)w;
	(void)revents;
	deliver_events(o);
}

/* ms to the first timer, rounded up, so that it is not met too early. */
static int
timer_ms(const struct os_linux *o)
{
	const struct heap_node *first = heap_first(&o->timers);

	if (first == NULL)
		return -1;

	int64_t now = read_clock(CLOCK_MONOTONIC);

	if (first->key <= now)
		return 0;

	int64_t ms = (first->key - now - 1) / 1000000 + 1;

	return ms < INT_MAX ? (int)ms : INT_MAX;
}

static int
wait_ms(const struct os_linux *o)
{
	int by_timer = timer_ms(o), by_clock = -1;

	if (o->clock.n_events > 0 || names_is_due(&o->names))
		return 0;
	if (o->own_clock != NULL)
		by_clock = o->own_clock->wait_ms(o->own_clock);
	return by_timer < 0 || (by_clock >= 0 && by_clock < by_timer)
	    ? by_clock : by_timer;
}

static struct timer *
timer_of(struct heap_node *node)
{
	return (struct timer *)((char *)node - offsetof(struct timer, node));
}

static void
fire_timers(struct os_linux *o)
{
	int64_t now = read_clock(CLOCK_MONOTONIC);
	uint64_t end = o->timers.order;
	struct heap_node *first;

	/* One that is set again meanwhile, even for the past, waits for the
	 * next turn: sockets must get theirs. */
	while (!o->is_stopped && (first = heap_first(&o->timers)) != NULL &&
	    first->key <= now && first->order < end) {
		struct timer *t = timer_of(first);

		heap_remove(&o->timers, first);
		t->fire(t);
	}
}

int
os_linux_init(struct os_linux *o, const struct os_linux_fds *fds)
{
	*o = (struct os_linux){ .os.ops = &ops, .stamp_fd = -1 };
	heap_init(&o->timers);

	int error = watch_init(&o->watches);

	clock_rpc_init(&o->clock, fds->clock);
	o->has_clock = fds->clock >= 0;
	o->own_clock = fds->own_clock;
	o->max_socks = fds->max_socks;
	o->clock_watch.ready = clock_ready;
	o->batch = net_batch_new();
	if (error == 0 && o->batch == NULL)
		error = -ENOMEM;
	if (error == 0 && o->has_clock)
		error = watch_add(&o->watches, &o->clock_watch, fds->clock,
		    POLLIN);
	if (error == 0)
		error = names_init(&o->names, &o->watches, fds->resolver,
		    fds->resolve);
	if (error < 0)
		os_linux_fini(o);
	else
		o->stamp_fd = tstamp_keep_on();
	return error;
}

int
os_linux_run(struct os_linux *o)
{
	while (!o->is_stopped) {
		int error = watch_turn(&o->watches, o, wait_ms(o));

		if (error < 0)
			os_linux_die("waiting", error);
		if (o->clock.n_events > 0 || o->own_clock != NULL)
			deliver_events(o);
		if (!o->is_stopped)
			names_turn(&o->names, &o->os);
		fire_timers(o);
		watch_bury(&o->watches);
	}
	return o->exit_code;
}

void
os_linux_fini(struct os_linux *o)
{
	if (o->names.watches != NULL)
		names_fini(&o->names);
	watch_remove(&o->watches, &o->clock_watch);
	watch_fini(&o->watches);
	heap_fini(&o->timers);
	if (o->stamp_fd >= 0)
		close(o->stamp_fd);
	free(o->batch);
	o->batch = NULL;
}
