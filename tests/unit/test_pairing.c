/* SPDX-License-Identifier: ISC
 *
 * Pairs of an answer's timestamps.  With the hash key 1 the seconds of a
 * receive timestamp, modulo the number of sets, choose its set. */
#include "unit.h"

#include "daemon/engine/pairing.h"

static struct pairing p;

#define SECOND (UINT64_C(1) << 32) /* as many s are an era */

/* The nth receive timestamp of one set. */
static uint64_t
receive(uint64_t n)
{
	return ((n * PAIRING_SETS + 5) << 32) + n;
}

static bool
is_there(uint64_t n)
{
	uint64_t transmit;

	if (!pairing_find(&p, receive(n), &transmit))
		return false;
	ck_assert_uint_eq(transmit, receive(n) + 7);
	return true;
}

START_TEST(an_answer_is_found_by_its_receive_timestamp)
{
	pairing_init(&p, 1);
	ck_assert(!is_there(1));
	pairing_put(&p, receive(1), receive(1) + 7);
	ck_assert(is_there(1));
	ck_assert(!is_there(2));
	pairing_put(&p, receive(2), 1);
	pairing_correct(&p, receive(2), receive(2) + 7);
	pairing_correct(&p, receive(3), receive(3) + 7); /* not there */
	ck_assert(is_there(1) && is_there(2) && !is_there(3));
}
END_TEST

START_TEST(the_oldest_answer_of_a_set_is_forgotten)
{
	const uint64_t near_end = SECOND / PAIRING_SETS - 1000;

	for (uint64_t first = 0; first <= near_end; first += near_end) {
		pairing_init(&p, 1);
		for (uint64_t n = first; n < first + 3000; n++) {
			pairing_put(&p, receive(n), receive(n) + 7);
			pairing_put(&p, receive(n) + SECOND, 1); /* next set */
			for (uint64_t i = 0; i < PAIRING_WAYS; i++)
				ck_assert(n < first + i || is_there(n - i));
			ck_assert(n < first + PAIRING_WAYS ||
			    !is_there(n - PAIRING_WAYS));
		}
	}
}
END_TEST

UNIT_MAIN("pairing", an_answer_is_found_by_its_receive_timestamp,
    the_oldest_answer_of_a_set_is_forgotten)
