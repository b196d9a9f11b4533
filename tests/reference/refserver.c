/* SPDX-License-Identifier: ISC
 *
 * The embedded reference: a small NTP server (RFC 5905, mode 4) for the quick
 * start and the tests.  It serves the scale of refscale.h, which steering the
 * clock of the same machine does not move; an ordinary server would follow its
 * own client.  The kernel stamps arrivals with CLOCK_REALTIME; such a stamp is
 * carried over to the scale with a pair of clocks read right after.
 *
 * One socket, one thread, requests of mode 3 only, answers never longer than
 * the request. */
#include "tests/reference/refscale.h"
#include "tests/reference/refsend.h"

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "common/bytes.h"

#define NTP_SIZE REFSEND_SIZE           /* header without extensions, bytes */
#define NOBODY 65534
#define PRINT_MS 100

struct settings {
	const char *address, *port; /* 127.0.0.1, 123; port 0: any free one */
	const char *anchor;         /* file for the observer; NULL = none */
	double offset;              /* s ahead of the clock now */
	double ppm;                 /* faster than CLOCK_MONOTONIC_RAW */
	int awake_ms;               /* between rehearsals on every CPU; 0 */
	bool print;                 /* report the clock's error every second */
};

static const char usage[] =
    "usage: refserver [--address IP] [--port N] [--offset S] [--ppm X]\n"
    "                 [--anchor FILE] [--awake MS] [--print]\n"
    "An NTP server whose time runs on CLOCK_MONOTONIC_RAW.  It starts S seconds\n"
    "ahead of the system clock and gains X ppm.  --print shows every second how\n"
    "far the system clock is from it; --anchor lets `observer FILE' do the same.\n"
    "--awake sends a packet on every CPU every MS ms, so that the kernel's code is\n"
    "in the caches when a request comes, and the way to us as quick as that back.\n";

static int
read_settings(struct settings *s, int argc, char **argv)
{
	static const struct option known[] = {
		{ "address", required_argument, NULL, 'a' },
		{ "port", required_argument, NULL, 'p' },
		{ "offset", required_argument, NULL, 'o' },
		{ "ppm", required_argument, NULL, 'f' },
		{ "anchor", required_argument, NULL, 'w' },
		{ "awake", required_argument, NULL, 'k' },
		{ "print", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		switch (c) {
		case 'a': s->address = optarg; break;
		case 'p': s->port = optarg; break;
		case 'o': s->offset = strtod(optarg, NULL); break;
		case 'f': s->ppm = strtod(optarg, NULL); break;
		case 'w': s->anchor = optarg; break;
		case 'k': s->awake_ms = atoi(optarg); break;
		case 'v': s->print = true; break;
		default: return -EINVAL;
		}
	}
	return optind == argc ? 0 : -EINVAL;
}

/* A bound UDP socket with kernel receive stamps, or -1. */
static int
open_socket(const struct settings *s)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_DGRAM,
	};
	struct addrinfo *a;
	int e = getaddrinfo(s->address, s->port, &hints, &a);

	if (e != 0) {
		fprintf(stderr, "refserver: %s port %s: %s\n", s->address,
		    s->port, gai_strerror(e));
		return -1;
	}
	int fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, a->ai_addr, a->ai_addrlen) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &(int){ 1 },
	        sizeof(int)) != 0) {
		fprintf(stderr, "refserver: %s port %s: %s\n", s->address,
		    s->port, strerror(errno));
		freeaddrinfo(a);
		return -1;
	}
	freeaddrinfo(a);
	return fd;
}

static unsigned
bound_port(int fd)
{
	struct sockaddr_in6 a = { 0 }; /* the port stands where IPv4 has it */
	socklen_t size = sizeof a;

	getsockname(fd, (struct sockaddr *)&a, &size);
	return ntohs(a.sin6_port);
}

/* The kernel's receive stamp, CLOCK_REALTIME; INT64_MAX if there is none. */
static int64_t
receive_stamp(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct timespec t;

		if (c->cmsg_level != SOL_SOCKET ||
		    c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&t, CMSG_DATA(c), sizeof t);
		return t.tv_sec * REF_SECOND + t.tv_nsec;
	}
	return INT64_MAX;
}

/* Turns the request in p into the answer, all but the transmit stamp. */
static void
make_answer(unsigned char p[NTP_SIZE], int64_t received_ns)
{
	unsigned version = (p[0] >> 3) & 7;
	unsigned char client_stamp[8];

	memcpy(client_stamp, p + 40, 8);
	p[0] = (unsigned char)(version << 3 | 4);  /* no leap second, server */
	p[1] = 1;                                  /* stratum; p[2]: poll */
	p[3] = (unsigned char)-23;                 /* precision, log2 s */
	put32(p + 4, 0);                           /* root delay */
	put32(p + 8, 1);                           /* root dispersion, 15 us */
	memcpy(p + 12, "TOCK", 4);
	put64(p + 16, refsend_ntp(received_ns - received_ns % REF_SECOND));
	memcpy(p + 24, client_stamp, 8);
	put64(p + 32, refsend_ntp(received_ns));
}

static void
serve_one(struct refsend *out, const struct refscale *scale)
{
	unsigned char p[NTP_SIZE];
	struct sockaddr_storage from;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct timespec))];
	struct iovec part = { p, sizeof p };
	struct msghdr m = {
		.msg_name = &from, .msg_namelen = sizeof from,
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof control,
	};

	if (recvmsg(out->fd, &m, MSG_DONTWAIT) != NTP_SIZE || (p[0] & 7) != 3)
		return;

	struct refpair now = refpair_read();
	make_answer(p, refscale_of_real(scale, receive_stamp(&m), &now));
	refsend_answer(out, scale, p, &from, m.msg_namelen);
}

/* On that CPU, for as long as the server lives. */
static _Noreturn void
stay_awake(int cpu, int ms)
{
	const struct settings own = { .address = "127.0.0.1", .port = "0" };
	struct refscale scale = refscale_start(0, 0);
	struct refsend out;
	cpu_set_t set;
	int fd = open_socket(&own);

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (fd < 0 || refsend_init(&out, fd) != 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
	    sched_setaffinity(0, sizeof set, &set) != 0)
		_exit(1); /* a CPU that is not ours */
	for (;;) {
		poll(NULL, 0, ms);
		refsend_rehearse(&out, &scale);
	}
}

static void
serve(struct refsend *out, const struct refscale *scale,
    const struct settings *s)
{
	int64_t report_at = refpair_read().raw_ns;
	int idle = s->print ? PRINT_MS : -1;

	for (;;) {
		struct pollfd in = { .fd = out->fd, .events = POLLIN };

		poll(&in, 1, idle);
		if (in.revents & POLLERR)
			refsend_drain(out);
		if (in.revents & POLLIN)
			serve_one(out, scale);
		if (s->print && refpair_read().raw_ns >= report_at) {
			refscale_report(scale);
			report_at += REF_SECOND;
		}
	}
}

int
main(int argc, char **argv)
{
	struct settings s = { .address = "127.0.0.1", .port = "123" };

	if (read_settings(&s, argc, argv) != 0) {
		fputs(usage, stderr);
		return 1;
	}
	int fd = open_socket(&s);
	if (fd < 0)
		return 1;

	struct refsend out;
	int error = refsend_init(&out, fd);
	if (error != 0) {
		fprintf(stderr, "refserver: %s\n", strerror(-error));
		return 1;
	}
	struct refscale scale = refscale_start(s.offset, s.ppm);
	error = s.anchor == NULL ? 0 : refscale_save(&scale, s.anchor);
	if (error != 0) {
		fprintf(stderr, "refserver: %s: %s\n", s.anchor,
		    strerror(-error));
		return 1;
	}
	if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)) {
		perror("refserver: cannot drop privileges");
		return 1;
	}
	printf("serving on port %u\n", bound_port(fd));
	fflush(stdout);
	int cpus = s.awake_ms > 0 ? get_nprocs_conf() : 0;
	for (int cpu = 0; cpu < cpus; cpu++)
		if (fork() == 0)
			stay_awake(cpu, s.awake_ms);
	serve(&out, &scale, &s);
}
