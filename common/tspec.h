/* SPDX-License-Identifier: ISC
 *
 * Instants.  There are three kinds, and the compiler keeps them apart: each is
 * a struct with one member, so that nobody can add two of them, or a plain
 * number to one.  Spans are double seconds; an absolute time is never a double.
 *
 *   tspec  CLOCK_REALTIME, the local wall clock, ns since 1970-01-01 UTC
 *   mono   CLOCK_MONOTONIC, for timers; slewed like REALTIME, never stepped
 *   raw    CLOCK_MONOTONIC_RAW, the free-running oscillator: nothing that
 *          anybody does to the clock changes it, so all estimation lives here
 *
 * int64 nanoseconds reach from 1677 to 2262, hence across NTP's eras of 2036.
 * *_add rounds to the nearest ns and saturates; *_sub is exact to the double.
 */
#ifndef COMMON_TSPEC_H
#define COMMON_TSPEC_H

#include <stdint.h>

#define NSEC INT64_C(1000000000) /* ns in a second */

struct tspec {
	int64_t ns;
};
struct mono {
	int64_t ns;
};
struct raw {
	int64_t ns;
};

/* s seconds in ns, rounded to the nearest; saturates at +-292 years.  NaN
 * gives 0. */
static inline int64_t
span_ns(double s)
{
	double ns = s * 1e9;

	if (ns >= 9.2e18)
		return INT64_MAX;
	if (ns <= -9.2e18)
		return INT64_MIN;
	if (ns != ns)
		return 0;
	return (int64_t)(ns < 0 ? ns - 0.5 : ns + 0.5);
}

static inline int64_t
span_sum(int64_t a, int64_t b)
{
	int64_t r;

	if (__builtin_add_overflow(a, b, &r))
		return b < 0 ? INT64_MIN : INT64_MAX;
	return r;
}

#define SPAN_OPS(T)                                                            \
	/* The instant s seconds after t. */                                   \
	static inline struct T T##_add(struct T t, double s)                   \
	{                                                                      \
		return (struct T){ span_sum(t.ns, span_ns(s)) };               \
	}                                                                      \
	/* Seconds from b to a; > 0 when a is later. */                        \
	static inline double T##_sub(struct T a, struct T b)                   \
	{                                                                      \
		return (double)(a.ns - b.ns) * 1e-9;                           \
	}

SPAN_OPS(tspec)
SPAN_OPS(mono)
SPAN_OPS(raw)
#undef SPAN_OPS

/* Whole seconds since 1970, rounded towards minus infinity. */
static inline int64_t
tspec_floor(struct tspec t)
{
	int64_t s = t.ns / NSEC;

	return t.ns % NSEC < 0 ? s - 1 : s;
}

/* The ns above tspec_floor(). */
static inline int64_t
tspec_fraction(struct tspec t)
{
	int64_t ns = t.ns % NSEC;

	return ns < 0 ? ns + NSEC : ns;
}

#endif
