/* SPDX-License-Identifier: ISC
 *
 * What an answer is worth: the tests of RFC 5905 figure 20 and the
 * administrator's, the last one's facts for the reports, and the way of its
 * sample to the estimator. */
#ifndef DAEMON_ENGINE_REPLY_H
#define DAEMON_ENGINE_REPLY_H

#include <stdbool.h>

#include "common/addr.h"
#include "daemon/engine/exchange.h"
#include "daemon/estimate/accept.h"
#include "daemon/os/os.h"
#include "daemon/wire/packet.h"

struct client;
struct engine;
struct source;

/* The bits of chrony's ntpdata report, of its measurements log from left to
 * right; those between are enum accept_test. */
enum reply_test {
	TEST_UNIQUE = 1 << 9,     /* 1: not a duplicate */
	TEST_ORIGIN = 1 << 8,     /* 2: has our bits */
	TEST_TIMES = 1 << 7,      /* 3: its timestamps are set and can be */
	TEST_AUTH = 1 << 6,       /* 5 */
	TEST_SYNCED = 1 << 5,     /* 6: leap status and stratum */
	TEST_DISTANCE = 1 << 4,   /* 7: root distance */
	TEST_NO_LOOP = 1 << 0,    /* D: not synchronised to us */
	TEST_VALID = TEST_UNIQUE | TEST_ORIGIN | TEST_TIMES | TEST_AUTH,
	TEST_ALL = (1 << 10) - 1,
};

/* The last valid answer; packet.mode is 0 while there was none. */
struct client_reply {
	struct ntp_packet packet;
	struct addr local;       /* where it came in */
	double offset;           /* s, > 0: the clock was behind */
	double delay, dispersion; /* s, of its sample */
	double response_time;    /* s, that the server held the request */
	double jitter_asymmetry; /* -0.5..0.5, used to correct the offset */
	unsigned tests;          /* that it passed */
	bool is_interleaved, is_authenticated;
	enum stamp_src tx_src, rx_src;
};

/* Takes in an answer that brought the right bits, and a right MAC if its source
 * wants one, and is no kiss.  May end in engine_stop(). */
void reply_take(struct client *, const struct ntp_packet *,
    const struct dgram *, enum exchange_match how, bool is_authenticated);

/* What the server says of itself, in an answer or unasked: the tests that p
 * passes; local: where an answer came in. */
unsigned reply_header_tests(const struct ntp_packet *p,
    const struct addr *local);

/* Takes that in.  Returns whether p may be a sample, by the tests passed. */
bool reply_header(struct source *, const struct ntp_packet *p, unsigned passed);

/* The instant near which NTP's era is sought: the clock's, unless it is before
 * the program was built (RTC at 1970). */
struct tspec reply_pivot(const struct engine *, struct tspec now);

#endif
