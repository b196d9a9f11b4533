/* SPDX-License-Identifier: ISC
 *
 * Samples of interleaved exchanges with a server whose answers leave 1 ms after
 * their stamps, 1 ms away each way. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "common/ntp64.h"
#include "daemon/engine/exchange.h"

#define EPOCH (INT64_C(1800000000) * NSEC)
#define WAY 1e-3
#define LEAVES 1e-3
#define RATE 2e-5 /* of true time against RAW */

static struct tspec
server_time(double s)
{
	return (struct tspec){ EPOCH + (int64_t)llround(s * (1 + RATE) * 1e9) };
}

/* Our clock is what RAW is. */
static struct stamp
ours(double s)
{
	int64_t ns = (int64_t)llround(s * 1e9);

	return (struct stamp){ .at = { EPOCH + ns },
		.pair = { .real = { EPOCH + ns }, .raw = { ns } },
		.src = STAMP_KERNEL };
}

/* One that leaves us at s; the transmit timestamp is that of the answer that
 * left the server at `left`. */
static bool
exchange_at(struct exchange *x, double s, double left, bool is_first,
    const struct estimate *belief, struct timescale *scale,
    struct measurement *m)
{
	struct ntp_packet p = { .precision = -25,
		.receive = ntp64_from_tspec(server_time(s + WAY)),
		.transmit = ntp64_from_tspec(server_time(left)) };
	struct stamp came = ours(s + 2 * WAY + LEAVES);

	x->sent = ours(s);
	return exchange_answered(x, &p, is_first ? EXCHANGE_BASIC
	    : EXCHANGE_INTERLEAVED, &came, scale, came.at, belief, m);
}

/* Else the shortest delay, which others are judged by, would be none that a
 * packet ever took. */
START_TEST(a_frequency_that_is_not_known_well_makes_no_delay_too_short)
{
	for (double by = -1.9; by < 2; by += 0.2) {
		const double sd = 1.5e-4;
		struct estimate belief = { .y = RATE + by * sd,
			.pyy = sd * sd };
		struct exchange x;
		struct timescale scale;
		struct measurement m;

		memset(&x, 0, sizeof x);
		timescale_init(&scale, ours(100).pair);
		ck_assert(exchange_at(&x, 100, 100 + WAY, true, &belief,
		    &scale, &m));
		ck_assert_double_eq_tol(m.sample.delay, 3e-3, 1e-6);
		/* From the way back of the first to the way out of this. */
		ck_assert(exchange_at(&x, 102, 100 + WAY + LEAVES, false,
		    &belief, &scale, &m));
		ck_assert(m.is_interleaved);
		ck_assert_double_ge(m.sample.delay, 2 * WAY);
		ck_assert_double_le(m.sample.delay, 2 * WAY + 4 * sd * 2);
	}
}
END_TEST

UNIT_MAIN("exchange", a_frequency_that_is_not_known_well_makes_no_delay_too_short)
