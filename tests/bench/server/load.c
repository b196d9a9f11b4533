/* SPDX-License-Identifier: ISC
 *
 * Asks an NTP server on behalf of many clients, and looks at every answer.  One
 * socket sends from all addresses of a prefix that is local to the machine, in
 * turn; the answer has to come back to the address that asked.
 *
 * Either so many requests are always on their way, each answer being followed
 * by the next request; or they leave at a fixed rate whatever comes back.  A
 * request without an answer within `--patience' is lost; what comes after that
 * is late, and lost all the same. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>

#include "common/prng.h"
#include "tests/bench/server/latency.h"
#include "tests/bench/server/requests.h"

#define BATCH 64
#define SLOT_BITS 18
#define SLOTS (1 << SLOT_BITS) /* requests on their way at most */
#define SECOND INT64_C(1000000000)    /* ns */
#define NTP_UNIX UINT64_C(2208988800) /* 1970 on the NTP scale, s */
#define BUFFER (4 << 20)
#define BYTES_MAX 512

static const char usage[] =
"usage: load [OPTION...] SERVER PORT FIRST\n"
"Asks the NTP server at an IPv4 address on behalf of many clients, of which the\n"
"first has the address FIRST.  All their addresses have to be the machine's own\n"
"(`ip route add local 10.64.0.0/10 dev lo'), and the server needs a way back.\n"
"\n"
"  --clients N      addresses, asking in turn (1000)\n"
"  --random         not in turn, but by chance\n"
"  --outstanding N  requests on their way at a time (16); or else\n"
"  --rate R         requests a second, whatever comes back\n"
"  --seconds S      how long (5); a signal ends it earlier\n"
"  --requests N     how many, instead\n"
"  --patience S     what takes longer is lost (0.1)\n"
"  --key 'N TYPE HEX'  with this key: MD5, SHA1, SHA256 or AES128\n"
"  --interleaved    the clients ask in interleaved mode (RFC 9769)\n"
"  --spin           never sleeps, so that the server has nobody to wake\n"
"\n"
"Every answer is judged: address, length, version, mode, leap, stratum, poll,\n"
"origin, receive and transmit timestamps (the clock is the server's, too), MAC.\n"
"At the end one line of JSON tells of\n"
"  seconds, sent, answered (rightly), interleaved (of these), kisses,\n"
"  lost (sent, no answer in time), late (of the lost: answered later),\n"
"  wrong (with why: the last fault), stray (no answer to anything asked),\n"
"  refused (by our own kernel), behind (s, that sending was late at worst),\n"
"  rate (answers/s), latency_us (50, 90, 99, 99.9, 100 % of the answered).\n"
"Exit status: 0, or 2 when an answer was wrong or stray.\n";

struct slot {
	TAILQ_ENTRY(slot) link;
	struct asked asked;
	int64_t sent; /* CLOCK_MONOTONIC, ns */
	uint64_t round; /* how often it was used */
	bool is_waiting;
};
TAILQ_HEAD(slots, slot);

struct load {
	struct sockaddr_in server;
	uint32_t first; /* address of the first client */
	uint32_t n_clients, next_client;
	unsigned outstanding;
	double rate; /* 0 = outstanding decides */
	double seconds, patience;
	uint64_t most; /* requests; 0 = no limit */
	bool interleaved, spin, random;

	int fd;
	struct requests requests;
	struct prng prng; /* for `random' */
	struct slot *slots;
	struct slots free, waiting; /* waiting: the oldest first */
	int64_t start;
	struct latency latency;
	uint64_t sent, answered, interleaved_answers, kisses, lost, late, wrong,
	    stray, refused;
	int64_t behind; /* ns */
};

struct batch {
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_in names[BATCH];
	_Alignas(struct cmsghdr) unsigned char control[BATCH][64];
	unsigned char bytes[BATCH][BYTES_MAX];
};

static volatile sig_atomic_t is_over;

static void
end(int number)
{
	(void)number;
	is_over = 1;
}

static int64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

static uint64_t
now_ntp64(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ((uint64_t)ts.tv_sec + NTP_UNIX) << 32 |
	    ((uint64_t)ts.tv_nsec << 32) / (uint64_t)SECOND;
}

static bool
read_option(struct load *l, int c)
{
	switch (c) {
	case 'c': l->n_clients = (uint32_t)strtoul(optarg, NULL, 10); break;
	case 'o': l->outstanding = (unsigned)strtoul(optarg, NULL, 10); break;
	case 'r': l->rate = strtod(optarg, NULL); break;
	case 's': l->seconds = strtod(optarg, NULL); break;
	case 'n': l->most = strtoull(optarg, NULL, 10); break;
	case 'p': l->patience = strtod(optarg, NULL); break;
	case 'k': return key_parse(&l->requests.key, optarg);
	case 'i': l->interleaved = true; break;
	case 'S': l->spin = true; break;
	case 'x': l->random = true; break;
	case 'h': fputs(usage, stdout); exit(EXIT_SUCCESS);
	default: return false;
	}
	return true;
}

static bool
read_options(struct load *l, int argc, char **argv)
{
	static const struct option known[] = {
		{ "clients", required_argument, NULL, 'c' },
		{ "outstanding", required_argument, NULL, 'o' },
		{ "rate", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' },
		{ "requests", required_argument, NULL, 'n' },
		{ "patience", required_argument, NULL, 'p' },
		{ "key", required_argument, NULL, 'k' },
		{ "interleaved", no_argument, NULL, 'i' },
		{ "spin", no_argument, NULL, 'S' },
		{ "random", no_argument, NULL, 'x' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct in_addr first;

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;)
		if (!read_option(l, c))
			return false;
	if (argc - optind != 3 || l->n_clients == 0 || l->rate < 0 ||
	    l->outstanding == 0 || l->outstanding > SLOTS ||
	    inet_pton(AF_INET, argv[optind], &l->server.sin_addr) != 1 ||
	    inet_pton(AF_INET, argv[optind + 2], &first) != 1)
		return false;
	l->server.sin_family = AF_INET;
	l->server.sin_port = htons((uint16_t)atoi(argv[optind + 1]));
	l->first = ntohl(first.s_addr);
	return true;
}

static int
prepare(struct load *l)
{
	int on = 1, buffer = BUFFER;
	size_t n = l->rate > 0 ? SLOTS : l->outstanding;

	l->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (l->fd < 0 || setsockopt(l->fd, IPPROTO_IP, IP_PKTINFO, &on,
		sizeof on) < 0)
		return -errno;
	if (setsockopt(l->fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer,
		sizeof buffer) < 0)
		setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &buffer,
		    sizeof buffer);
	l->slots = calloc(n, sizeof *l->slots);
	if (l->slots == NULL)
		return -ENOMEM;
	TAILQ_INIT(&l->free);
	TAILQ_INIT(&l->waiting);
	for (size_t i = 0; i < n; i++)
		TAILQ_INSERT_TAIL(&l->free, &l->slots[i], link);
	prctl(PR_SET_TIMERSLACK, 1UL);
	prng_init(&l->prng, (uint64_t)now_ns());
	return requests_init(&l->requests, l->n_clients, l->interleaved);
}

/* The slot, and how often it was used before. */
static uint64_t
number_of(const struct load *l, const struct slot *slot)
{
	return (uint64_t)(slot - l->slots) |
	    (slot->round & ((UINT64_C(1) << (48 - SLOT_BITS)) - 1)) <<
	    SLOT_BITS;
}

static uint32_t
choose_client(struct load *l)
{
	if (l->random)
		return (uint32_t)(prng_u64(&l->prng) % l->n_clients);

	uint32_t client = l->next_client;

	l->next_client = (client + 1) % l->n_clients;
	return client;
}

static void
put_request(struct load *l, struct batch *b, int i, struct slot *slot)
{
	struct cmsghdr *c = (struct cmsghdr *)(void *)b->control[i];
	uint32_t client = choose_client(l);
	struct in_pktinfo info = { .ipi_spec_dst.s_addr =
		htonl(l->first + client) };

	slot->round++;
	slot->asked.client = client;
	b->iov[i].iov_base = b->bytes[i];
	b->iov[i].iov_len = request_write(&l->requests, number_of(l, slot),
	    &slot->asked, b->bytes[i]);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof info);
	memcpy(CMSG_DATA(c), &info, sizeof info);
	b->msgs[i].msg_hdr = (struct msghdr){
		.msg_name = &l->server, .msg_namelen = sizeof l->server,
		.msg_iov = &b->iov[i], .msg_iovlen = 1,
		.msg_control = c, .msg_controllen = CMSG_SPACE(sizeof info),
	};
}

/* How many requests are to leave now. */
static int
due(struct load *l, int64_t now)
{
	double want = BATCH;

	if (l->rate > 0) {
		int64_t at = l->start +
		    (int64_t)((double)(l->sent + 1) / l->rate * 1e9);

		want = (double)(now - l->start) * 1e-9 * l->rate -
		    (double)l->sent;
		if (now - at > l->behind)
			l->behind = now - at;
	}
	if (l->most != 0 && (double)(l->most - l->sent) < want)
		want = (double)(l->most - l->sent);
	return want >= BATCH ? BATCH : (int)want;
}

static void
send_requests(struct load *l, struct batch *b)
{
	struct slot *slots[BATCH];
	int64_t now = now_ns();
	int want = due(l, now), n = 0, gone = 0;

	for (; n < want && !TAILQ_EMPTY(&l->free); n++) {
		slots[n] = TAILQ_FIRST(&l->free);
		TAILQ_REMOVE(&l->free, slots[n], link);
		put_request(l, b, n, slots[n]);
		slots[n]->sent = now;
		slots[n]->is_waiting = true;
		TAILQ_INSERT_TAIL(&l->waiting, slots[n], link);
	}
	while (gone < n) {
		int r = sendmmsg(l->fd, b->msgs + gone, (unsigned)(n - gone), 0);

		if (r > 0) {
			gone += r;
			continue;
		}
		l->refused++; /* and is lost in the end */
		gone++;
	}
	l->sent += (unsigned)n;
}

static void
release(struct load *l, struct slot *slot)
{
	slot->is_waiting = false;
	TAILQ_REMOVE(&l->waiting, slot, link);
	TAILQ_INSERT_TAIL(&l->free, slot, link);
}

static void
expire(struct load *l, int64_t now)
{
	struct slot *slot;

	while ((slot = TAILQ_FIRST(&l->waiting)) != NULL &&
	    (double)(now - slot->sent) * 1e-9 > l->patience) {
		l->lost++;
		release(l, slot);
	}
}

/* The client that a datagram came to. */
static uint32_t
client_of(const struct load *l, struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	struct in_pktinfo info;

	if (c == NULL || c->cmsg_type != IP_PKTINFO)
		return UINT32_MAX;
	memcpy(&info, CMSG_DATA(c), sizeof info);
	return ntohl(info.ipi_addr.s_addr) - l->first;
}

static void
take(struct load *l, struct batch *b, int i, int64_t now, uint64_t ntp_now)
{
	const struct sockaddr_in *from = &b->names[i];
	size_t len = b->msgs[i].msg_len;
	uint64_t number = request_number(&l->requests, b->bytes[i], len);
	size_t at = number & (SLOTS - 1);
	struct slot *slot = &l->slots[at];

	if (number == REQUEST_NONE || (l->rate == 0 && at >= l->outstanding) ||
	    from->sin_addr.s_addr != l->server.sin_addr.s_addr ||
	    from->sin_port != l->server.sin_port) {
		l->stray++;
		return;
	}
	if (!slot->is_waiting || number != number_of(l, slot)) {
		l->late++;
		return;
	}

	enum verdict v = answer_judge(&l->requests, &slot->asked, b->bytes[i],
	    len, ntp_now);

	if (client_of(l, &b->msgs[i].msg_hdr) != slot->asked.client) {
		l->requests.why = "address";
		v = ANSWER_WRONG;
	}
	l->wrong += v == ANSWER_WRONG;
	l->kisses += v == ANSWER_KISS;
	l->interleaved_answers += v == ANSWER_INTERLEAVED;
	if (v == ANSWER_GOOD || v == ANSWER_INTERLEAVED) {
		l->answered++;
		latency_add(&l->latency, (uint64_t)(now - slot->sent));
	}
	release(l, slot);
}

static void
receive_answers(struct load *l, struct batch *b)
{
	for (int i = 0; i < BATCH; i++) {
		b->iov[i] = (struct iovec){ b->bytes[i], BYTES_MAX };
		b->msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &b->names[i],
			.msg_namelen = sizeof b->names[i],
			.msg_iov = &b->iov[i], .msg_iovlen = 1,
			.msg_control = b->control[i],
			.msg_controllen = sizeof b->control[i],
		};
	}

	int n = recvmmsg(l->fd, b->msgs, BATCH, MSG_DONTWAIT, NULL);
	int64_t now = now_ns();
	uint64_t ntp_now = now_ntp64();

	for (int i = 0; i < n; i++)
		take(l, b, i, now, ntp_now);
}

/* Until there is an answer, or something to send. */
static void
rest(const struct load *l)
{
	struct pollfd polled = { l->fd, POLLIN, 0 };
	struct timespec wait = { 0, SECOND / 100 };

	if (l->spin)
		return;
	if (l->rate > 0) {
		int64_t at = l->start +
		    (int64_t)((double)(l->sent + 1) / l->rate * 1e9);
		int64_t left = at - now_ns();

		if (left <= 0)
			return;
		if (left < wait.tv_nsec)
			wait.tv_nsec = left;
	}
	ppoll(&polled, 1, &wait, NULL);
}

/* Returns the s that requests were sent for. */
static double
run(struct load *l)
{
	static struct batch b;
	int64_t now = l->start = now_ns(), stop = 0;

	/* At the end those on their way get the time that they have. */
	while (stop == 0 || (!TAILQ_EMPTY(&l->waiting) &&
	    (double)(now - stop) * 1e-9 < l->patience)) {
		if (stop == 0 && (is_over || (l->most != 0
		    ? l->sent == l->most
		    : (double)(now - l->start) * 1e-9 >= l->seconds)))
			stop = now;
		if (stop == 0)
			send_requests(l, &b);
		rest(l);
		receive_answers(l, &b);
		now = now_ns();
		expire(l, now);
	}
	while (!TAILQ_EMPTY(&l->waiting)) {
		l->lost++;
		release(l, TAILQ_FIRST(&l->waiting));
	}
	return (double)(stop - l->start) * 1e-9;
}

static void
report(const struct load *l, double seconds)
{
	static const double shares[] = { 0.5, 0.9, 0.99, 0.999, 1 };

	printf("{\"seconds\": %.3f, \"sent\": %ju, \"answered\": %ju, "
	    "\"interleaved\": %ju, \"kisses\": %ju, \"lost\": %ju, "
	    "\"late\": %ju, \"wrong\": %ju, \"why\": \"%s\", \"stray\": %ju, "
	    "\"refused\": %ju, \"behind\": %.6f, \"rate\": %.1f, "
	    "\"latency_us\": [", seconds, (uintmax_t)l->sent,
	    (uintmax_t)l->answered, (uintmax_t)l->interleaved_answers,
	    (uintmax_t)l->kisses, (uintmax_t)l->lost, (uintmax_t)l->late,
	    (uintmax_t)l->wrong,
	    l->requests.why != NULL ? l->requests.why : "",
	    (uintmax_t)l->stray, (uintmax_t)l->refused,
	    (double)l->behind * 1e-9, (double)l->answered / seconds);
	for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
		printf("%s%.1f", i > 0 ? ", " : "",
		    latency_us(&l->latency, shares[i]));
	printf("]}\n");
}

int
main(int argc, char **argv)
{
	static struct load l = { .n_clients = 1000, .outstanding = 16,
		.seconds = 5, .patience = 0.1 };
	struct sigaction action = { .sa_handler = end };

	if (!read_options(&l, argc, argv)) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	int r = prepare(&l);
	if (r < 0) {
		fprintf(stderr, "load: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	report(&l, run(&l));
	free(l.slots);
	free(l.requests.receives);
	return l.wrong + l.stray > 0 ? 2 : EXIT_SUCCESS;
}
