/* SPDX-License-Identifier: ISC
 *
 * Messages: which are answered how, and what the kernel is told. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>

#include "common/log.h"
#include "common/tspec.h"
#include "tests/emu/clock_host.h"

#define START_S INT64_C(1790000000)
#define PPM INT64_C(1000000)

static void
quiet(void)
{
	log_init(2, LOGSTYLE_PLAIN, LOGLEVEL_FATAL + 1, "test");
}

static struct clock_host *
running(void)
{
	struct clock_host *h = calloc(1, sizeof *h);

	quiet();
	clock_host_init(h, START_S * NSEC);
	clock_host_start(h, &clock_host_limits);
	ck_assert_int_eq(h->core.phase, PHASE_RUN);
	return h;
}

/* A helper whose engine has said nothing yet. */
static struct clock_host *
fresh(void)
{
	struct clock_host *h = calloc(1, sizeof *h);

	quiet();
	clock_host_init(h, START_S * NSEC);
	clockcore_init(&h->core, &h->emu.kernel, NULL, START_S, INT64_MAX,
	    false);
	return h;
}

static int
error_of(struct clock_host *h, struct clk_req req, uint32_t type)
{
	struct clk_rep rep;

	ck_assert(clock_host_call(h, &req, type, &rep));
	ck_assert_uint_eq(rep.type, CLK_DONE);
	ck_assert_uint_eq(rep.seq, h->seq);
	return rep.error;
}

/* A field of a request: where it is, how wide, and what it may be. */
struct field {
	uint32_t type;
	size_t at, width;
	int64_t least, most;
	bool is_unsigned;
};

#define FIELD(type, member, least, most)                                       \
	{ type, offsetof(struct clk_req, u.member),                            \
		sizeof(((struct clk_req *)0)->u.member), least, most,          \
		(__typeof__(((struct clk_req *)0)->u.member))-1 > 0 }

static const struct field fields[] = {
	FIELD(CLK_SETUP, limits.max_base_ppt, 0, 100000 * PPM),
	FIELD(CLK_SETUP, limits.bucket_ns, 0, 86400 * NSEC),
	FIELD(CLK_SETUP, limits.refill_ppt, 0, 100000 * PPM),
	FIELD(CLK_SETUP, limits.notbefore_s, 0, INT64_MAX / NSEC),
	FIELD(CLK_SETUP, limits.notafter_s, 0, INT64_MAX / NSEC),
	FIELD(CLK_SETUP, limits.window_s, 0, 86400),
	FIELD(CLK_SETUP, limits.steps, -1, 1000000),
	FIELD(CLK_SETUP, limits.extra_steps, 0, 3),
	FIELD(CLK_SETUP, limits.operator_steps, 0, 1000),
	FIELD(CLK_SETUP, limits.flags, 0, 7),
	FIELD(CLK_ADJUST, adjust.base_ppt, -500 * PPM, 500 * PPM),
	FIELD(CLK_ADJUST, adjust.slew_ppt, -100000 * PPM, 100000 * PPM),
	FIELD(CLK_ADJUST, adjust.slew_ms, 0, 86400000),
	FIELD(CLK_STEP, step_ns, -INT64_MAX / 2, INT64_MAX / 2),
	FIELD(CLK_STATUS, status.esterror_ns, 0, 16 * NSEC),
	FIELD(CLK_STATUS, status.maxerror_ns, 0, 16 * NSEC),
	FIELD(CLK_STATUS, status.leap, 0, 2),
	FIELD(CLK_STATUS, status.tai, 10, 60),
	FIELD(CLK_STATUS, status.flags, 0, 3),
	FIELD(CLK_DRIFT, drift.freq_ppt, -500 * PPM, 500 * PPM),
	FIELD(CLK_DRIFT, drift.skew_ppt, 0, 1000000 * PPM),
};

static int
with_field(const struct field *f, int64_t v)
{
	struct clock_host *h = f->type == CLK_SETUP ? fresh() : running();
	struct clk_req req = { 0 };

	if (f->type == CLK_SETUP)
		req.u.limits = clock_host_limits;
	memcpy((char *)&req + f->at, &v, f->width); /* little-endian: tests */
	int error = error_of(h, req, f->type);
	int64_t apart = kernel_emu_real(&h->emu) - START_S * NSEC;
	/* What is out of range has no effect. */
	if (error == ERANGE)
		ck_assert(apart == 0 && kernel_emu_rate_ppt(&h->emu) == 0 &&
		    !h->core.drift_due);
	free(h);
	return error;
}

START_TEST(each_field_has_its_range)
{
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		const struct field *f = &fields[i];
		int64_t low = f->width == 8 ? INT64_MIN :
		    f->is_unsigned ? 0 : INT32_MIN;
		int64_t high = f->width == 8 ? INT64_MAX :
		    f->is_unsigned ? UINT32_MAX : INT32_MAX;

		ck_assert_int_ne(with_field(f, f->least), ERANGE);
		ck_assert_int_ne(with_field(f, f->most), ERANGE);
		if (f->least > low) {
			ck_assert_int_eq(with_field(f, f->least - 1), ERANGE);
			ck_assert_int_eq(with_field(f, low), ERANGE);
		}
		ck_assert_int_eq(with_field(f, f->most + 1), ERANGE);
		ck_assert_int_eq(with_field(f, high), ERANGE);
	}
}
END_TEST

START_TEST(base_and_slew_together_have_a_range)
{
	struct clock_host *h = running();
	struct clk_req q = { .u.adjust = { 500 * PPM, 99500 * PPM, 1000 } };

	ck_assert_int_eq(error_of(h, q, CLK_ADJUST), 0);
	ck_assert_int_eq(kernel_emu_rate_ppt(&h->emu), 100000 * PPM);
	q.u.adjust.slew_ppt++;
	ck_assert_int_eq(error_of(h, q, CLK_ADJUST), ERANGE);
	q.u.adjust = (struct clk_adjust){ -500 * PPM, -99500 * PPM, 1000 };
	ck_assert_int_eq(error_of(h, q, CLK_ADJUST), 0);
	ck_assert_int_eq(kernel_emu_rate_ppt(&h->emu), -100000 * PPM);
	q.u.adjust.slew_ppt--;
	ck_assert_int_eq(error_of(h, q, CLK_ADJUST), ERANGE);
	free(h);
}
END_TEST

START_TEST(an_adjustment_may_bring_the_status_along)
{
	struct clock_host *h = running();
	struct clk_req q = { .u.adjust = { .base_ppt = PPM, .status = {
	    .esterror_ns = 7000, .maxerror_ns = 9000, .is_told = 1 } } };

	ck_assert_int_eq(error_of(h, q, CLK_ADJUST), 0);
	ck_assert_int_eq(kernel_emu_rate_ppt(&h->emu), PPM);
	ck_assert_int_eq(h->emu.esterror_us, 7);
	ck_assert_int_eq(h->emu.maxerror_us, 9);
	q.u.adjust.status.esterror_ns = 2000;
	q.u.adjust.status.is_told = 0;
	ck_assert_int_eq(error_of(h, q, CLK_ADJUST), 0);
	ck_assert_int_eq(h->emu.esterror_us, 7);
	q.u.adjust.status.is_told = 1;
	q.u.adjust.status.leap = 3;
	ck_assert_int_eq(error_of(h, q, CLK_ADJUST), ERANGE);
	ck_assert_int_eq(h->emu.esterror_us, 7);
	free(h);
}
END_TEST

START_TEST(a_drift_files_name_is_plain)
{
	const struct {
		const char *name;
		int error;
	} names[] = { { "", 0 }, { "drift", 0 }, { "a/b", ERANGE },
		{ "/drift", ERANGE } };

	for (size_t i = 0; i < 4; i++) {
		struct clock_host *h = fresh();
		struct clk_req q = { .u.limits = clock_host_limits };

		memset(q.u.limits.drift_name, 0, CLK_DRIFT_NAME);
		strcpy(q.u.limits.drift_name, names[i].name);
		ck_assert_int_eq(error_of(h, q, CLK_SETUP), names[i].error);
		free(h);
	}
	struct clock_host *h = fresh();
	struct clk_req q = { .u.limits = clock_host_limits };
	memset(q.u.limits.drift_name, 'x', CLK_DRIFT_NAME);
	ck_assert_int_eq(error_of(h, q, CLK_SETUP), ERANGE);
	free(h);
}
END_TEST

/* Sends size bytes and expects the end: frozen, 76, no answer. */
static void
expect_breach(struct clock_host *h, const void *msg, size_t size)
{
	struct clk_rep rep;

	ck_assert(!clockcore_request(&h->core, msg, size, &rep));
	ck_assert_int_eq(h->core.phase, PHASE_ENDED);
	ck_assert_int_eq(h->core.exit_code, EXIT_BREACH);
	ck_assert_int_eq(kernel_emu_rate_ppt(&h->emu), 0);
	ck_assert_int_ne(h->emu.status & STA_UNSYNC, 0);
	free(h);
}

START_TEST(a_malformed_message_ends_it)
{
	const struct clk_req big[2] = { { .type = CLK_STATUS, .seq = 3 } };
	struct clk_req q = big[0];

	expect_breach(running(), big, sizeof q + 1);
	expect_breach(running(), &q, sizeof q - 1);
	expect_breach(running(), &q, 0);
	for (uint32_t type = 0; type < 40; type++) { /* unknown, or too late */
		q.type = type;
		if (type == CLK_SETUP || type == CLK_SEAL || type % 2 == 1 ||
		    type > CLK_BYE || type == 0)
			expect_breach(running(), &q, sizeof q);
	}
	q.type = UINT32_MAX;
	expect_breach(running(), &q, sizeof q);
	q.type = CLK_STATUS;
	for (uint32_t seq = 0; seq < 5; seq++) {
		q.seq = seq;
		if (seq != 3)
			expect_breach(running(), &q, sizeof q);
	}
}
END_TEST

START_TEST(a_byte_without_a_meaning_must_be_zero)
{
	const struct { uint32_t type; size_t used; } types[] = {
		{ CLK_ADJUST, 56 }, { CLK_STEP, 8 }, { CLK_STATUS, 28 },
		{ CLK_DRIFT, 16 }, { CLK_READY, 0 }, { CLK_BYE, 4 },
	};

	for (size_t t = 0; t < 6; t++)
		for (size_t i = types[t].used; i < 120; i++) {
			struct clk_req q = { .type = types[t].type, .seq = 3 };

			q.u.size[i] = 1;
			expect_breach(running(), &q, sizeof q);
		}
	struct clk_req q = { .type = CLK_SETUP, .seq = 1,
		.u.limits = clock_host_limits };
	q.u.limits.zero = 1;
	expect_breach(fresh(), &q, sizeof q);
	q = (struct clk_req){ .type = CLK_SEAL, .seq = 1 };
	expect_breach(fresh(), &q, sizeof q); /* before CLK_SETUP */
}
END_TEST

START_TEST(everything_has_its_phase)
{
	const uint32_t early[] = { CLK_ADJUST, CLK_STEP, CLK_STATUS, CLK_DRIFT,
		CLK_READY };

	for (size_t i = 0; i < 5; i++) {
		struct clk_req q = { .type = early[i], .seq = 1 };
		expect_breach(fresh(), &q, sizeof q);

		struct clock_host *h = fresh();
		q.u.limits = clock_host_limits;
		ck_assert_int_eq(error_of(h, q, CLK_SETUP), 0);
		q = (struct clk_req){ .type = early[i], .seq = 2 };
		expect_breach(h, &q, sizeof q);
	}
	struct clock_host *h = running();
	struct clk_req q = { 0 };
	ck_assert_int_eq(error_of(h, q, CLK_READY), 0);
	ck_assert_int_eq(h->core.phase, PHASE_READY);
	ck_assert_int_eq(error_of(h, q, CLK_STATUS), 0);
	q = (struct clk_req){ .type = CLK_READY, .seq = 5 };
	expect_breach(h, &q, sizeof q); /* once */
}
END_TEST

START_TEST(more_than_20_requests_a_second_wait_and_200_end_it)
{
	struct clock_host *h = running();
	struct clk_req q = { 0 };
	struct clk_rep rep;

	clock_host_run(h, 2 * NSEC);
	for (int i = 1; i <= 200; i++)
		ck_assert_int_eq(error_of(h, q, CLK_STATUS),
		    i <= 20 ? 0 : EAGAIN);
	ck_assert(!clock_host_call(h, &q, CLK_STATUS, &rep));
	ck_assert_int_eq(h->core.exit_code, 76);
	free(h);

	h = running();
	for (int i = 0; i < 10000; i++) { /* a correct engine: 10 a second */
		clock_host_run(h, NSEC / CLK_RATE_ENGINE);
		ck_assert_int_eq(error_of(h, q, CLK_STATUS), 0);
	}
	for (int i = 0; i < 30; i++)
		error_of(h, q, CLK_STATUS);
	q.u.exit_code = 3;
	ck_assert(!clock_host_call(h, &q, CLK_BYE, &rep)); /* always heard */
	ck_assert_int_eq(h->core.exit_code, 3);
	free(h);
}
END_TEST

START_TEST(ten_senseless_values_in_a_minute_end_it)
{
	struct clock_host *h = running();
	struct clk_req q = { .u.status.leap = 3 };
	struct clk_rep rep;

	for (int i = 0; i < 30; i++) { /* nine in a minute do not */
		ck_assert_int_eq(error_of(h, q, CLK_STATUS), ERANGE);
		clock_host_run(h, 6700 * NSEC / 1000);
	}
	clock_host_run(h, 61 * NSEC);
	for (int i = 0; i < 9; i++)
		ck_assert_int_eq(error_of(h, q, CLK_STATUS), ERANGE);
	ck_assert(!clock_host_call(h, &q, CLK_STATUS, &rep));
	ck_assert_int_eq(h->core.exit_code, 76);
	free(h);
}
END_TEST

START_TEST(the_start_makes_the_kernel_sane)
{
	struct clock_host *h = calloc(1, sizeof *h);

	quiet();
	clock_host_init(h, START_S * NSEC);
	h->emu.tick = 10833;
	h->emu.freq = 33 << 16;
	h->emu.adjtime_us = 500000;
	h->emu.pll_ns = 400000000;
	h->emu.status = STA_PLL | STA_INS | STA_FREQHOLD;
	clock_host_start(h, &clock_host_limits);
	ck_assert_int_eq(h->emu.tick, 10000);
	ck_assert_int_eq(h->emu.freq, 33 << 16);
	ck_assert_int_eq(h->emu.adjtime_us, 0);
	ck_assert_int_eq(h->emu.pll_ns, 0);
	ck_assert_int_eq(h->emu.status, STA_UNSYNC);
	free(h);
}
END_TEST

START_TEST(a_frequency_beyond_the_limit_is_not_taken_over)
{
	struct clock_host *h = calloc(1, sizeof *h);
	struct clk_limits lim = clock_host_limits;

	quiet();
	lim.max_base_ppt = 100 * PPM;
	clock_host_init(h, START_S * NSEC);
	h->emu.freq = 101 << 16;
	clock_host_start(h, &lim);
	ck_assert_int_eq(kernel_emu_rate_ppt(&h->emu), 0);
	free(h);
}
END_TEST

START_TEST(tick_is_touched_only_from_500_ppm_on)
{
	const struct { int64_t ppm; long tick; } cases[] = { { 499, 10000 },
		{ -499, 10000 }, { 500, 10005 }, { -500, 9995 },
		{ 1000, 10010 }, { -83333, 9170 }, { 100000, 11000 },
		{ -100000, 9000 } };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct clock_host *h = running();
		struct clk_req q = { .u.adjust = { 0, cases[i].ppm * PPM,
			1000 } };
		struct clk_rep rep;

		clock_host_call(h, &q, CLK_ADJUST, &rep);
		ck_assert_int_eq(rep.error, 0);
		ck_assert_int_eq(rep.freq_ppt, cases[i].ppm * PPM);
		ck_assert_int_eq(h->emu.tick, cases[i].tick);
		free(h);
	}
}
END_TEST

START_TEST(a_slew_ends_without_a_word_from_the_engine)
{
	struct clock_host *h = running();
	struct clk_req q = { .u.adjust = { 16 * PPM, 50000 * PPM, 1000 } };
	struct clk_rep rep;

	clock_host_call(h, &q, CLK_ADJUST, &rep);
	ck_assert_int_eq(rep.budget_ns, 2 * NSEC); /* on the start grant */
	/* One second of RAW is 1.050016 of MONOTONIC. */
	ck_assert_int_eq(clockcore_timeout(&h->core), 1050016001);
	kernel_emu_run(&h->emu, NSEC - 1);
	ck_assert_int_gt(clockcore_timeout(&h->core), 0);
	ck_assert(!clockcore_expire(&h->core));
	kernel_emu_run(&h->emu, 1);
	ck_assert_int_eq(clockcore_timeout(&h->core), 0);
	ck_assert(clockcore_expire(&h->core));
	ck_assert_int_eq(clockcore_timeout(&h->core), -1);
	ck_assert_int_eq(kernel_emu_rate_ppt(&h->emu), 16 * PPM);
	ck_assert_int_eq(h->emu.tick, 10000);
	free(h);
}
END_TEST

START_TEST(the_status_survives_a_step)
{
	struct clock_host *h = running();
	struct clk_req q = { .u.status = { 1001, 2000000, 0, 37,
		CLK_SYNCED, 0 } };

	ck_assert_int_eq(error_of(h, q, CLK_STATUS), 0);
	ck_assert_int_eq(h->emu.status, 0);
	ck_assert_int_eq(h->emu.tai, 37);
	ck_assert_int_eq(h->emu.maxerror_us, 2000);
	ck_assert_int_eq(h->emu.esterror_us, 2); /* rounded up */
	q = (struct clk_req){ .u.step_ns = -NSEC / 2 };
	ck_assert_int_eq(error_of(h, q, CLK_STEP), 0);
	ck_assert_int_eq(h->emu.status & ~STA_NANO, 0);
	ck_assert_int_eq(h->emu.maxerror_us, 2000);
	free(h);
}
END_TEST

START_TEST(without_rtcsync_the_kernel_stays_unsynchronised)
{
	struct clock_host *h = calloc(1, sizeof *h);
	struct clk_limits lim = clock_host_limits;
	struct clk_req q = { .u.status = { 0, 0, 0, 0, CLK_SYNCED, 0 } };

	quiet();
	lim.flags = 0;
	clock_host_init(h, START_S * NSEC);
	clock_host_start(h, &lim);
	ck_assert_int_eq(error_of(h, q, CLK_STATUS), 0);
	ck_assert_int_eq(h->emu.status, STA_UNSYNC);
	ck_assert_int_eq(h->emu.tai, 0);
	free(h);
}
END_TEST

START_TEST(a_denied_run_writes_nothing)
{
	struct clock_host *h = calloc(1, sizeof *h);
	struct clk_req q = { 0 };
	struct clk_rep rep;

	quiet();
	clock_host_init(h, START_S * NSEC);
	h->emu.freq = 77 << 16;
	h->denied = true;
	clock_host_start(h, &clock_host_limits);
	ck_assert_int_eq(error_of(h, q, CLK_ADJUST), EPERM);
	ck_assert_int_eq(error_of(h, q, CLK_STEP), EPERM);
	ck_assert_int_eq(error_of(h, q, CLK_STATUS), EPERM);
	ck_assert_int_eq(error_of(h, q, CLK_DRIFT), 0);
	clock_host_call(h, &q, CLK_READY, &rep);
	ck_assert_int_eq(rep.freq_ppt, 77 * PPM); /* what the kernel runs at */
	ck_assert(!clock_host_call(h, &q, CLK_BYE, &rep));
	ck_assert_uint_eq(h->emu.writes, 0);
	free(h);
}
END_TEST

START_TEST(a_kernel_that_refuses_is_passed_on)
{
	struct clock_host *h = running();
	struct clk_req q = { .u.step_ns = NSEC };

	h->emu.fail = EPERM;
	ck_assert_int_eq(error_of(h, q, CLK_STEP), EPERM);
	q = (struct clk_req){ .u.adjust = { PPM, 0, 0 } };
	ck_assert_int_eq(error_of(h, q, CLK_ADJUST), EPERM);
	h->emu.fail = 0;
	guard_look(&h->core.guard, clock_stamp(&h->emu.kernel));
	ck_assert_int_eq(h->core.guard.s.credit, 0); /* it did not happen */
	free(h);
}
END_TEST

START_TEST(drift_is_taken_once_a_minute)
{
	struct clock_host *h = running();
	struct clk_req q = { .u.drift = { 5, 6 } };

	ck_assert_int_eq(error_of(h, q, CLK_DRIFT), 0);
	ck_assert(h->core.drift_due);
	clock_host_run(h, 59 * NSEC);
	ck_assert_int_eq(error_of(h, q, CLK_DRIFT), EAGAIN);
	clock_host_run(h, NSEC);
	ck_assert_int_eq(error_of(h, q, CLK_DRIFT), 0);
	free(h);
}
END_TEST

START_TEST(bye_ends_it_with_its_code)
{
	const struct { int32_t said; int code; } cases[] = { { 0, 0 },
		{ 255, 255 }, { -1, 76 }, { 256, 76 }, { INT32_MIN, 76 } };

	for (size_t i = 0; i < 5; i++) {
		struct clock_host *h = running();
		struct clk_req q = { .u.adjust = { PPM, PPM, 99000 } };
		struct clk_rep rep;

		error_of(h, q, CLK_ADJUST);
		q = (struct clk_req){ .u.exit_code = cases[i].said };
		ck_assert(!clock_host_call(h, &q, CLK_BYE, &rep));
		ck_assert_int_eq(h->core.exit_code, cases[i].code);
		ck_assert_int_eq(h->core.phase, PHASE_ENDED);
		ck_assert_int_eq(kernel_emu_rate_ppt(&h->emu),
		    cases[i].code == 76 ? 0 : PPM);
		clockcore_freeze(&h->core, 1); /* only the first end counts */
		ck_assert_int_eq(h->core.exit_code, cases[i].code);
		free(h);
	}
}
END_TEST

START_TEST(a_reply_tells_the_state)
{
	struct clock_host *h = running();
	struct clk_req q = { .u.step_ns = 12345 };
	struct clk_rep rep;

	clock_host_call(h, &q, CLK_STEP, &rep);
	ck_assert_int_eq(rep.real_ns, START_S * NSEC + 12345);
	ck_assert_int_eq(rep.mono_ns, NSEC);
	ck_assert_uint_eq(rep.steps, 2);
	ck_assert_uint_eq(rep.window_s, 900);
	clockcore_event(&h->core, CLK_TERM, &rep);
	ck_assert_uint_eq(rep.type, CLK_TERM);
	ck_assert_uint_eq(rep.seq, 0);
	free(h);
}
END_TEST

UNIT_MAIN("clockcore", each_field_has_its_range,
    base_and_slew_together_have_a_range,
    an_adjustment_may_bring_the_status_along, a_drift_files_name_is_plain,
    a_malformed_message_ends_it, a_byte_without_a_meaning_must_be_zero,
    everything_has_its_phase, more_than_20_requests_a_second_wait_and_200_end_it,
    ten_senseless_values_in_a_minute_end_it, the_start_makes_the_kernel_sane,
    a_frequency_beyond_the_limit_is_not_taken_over,
    tick_is_touched_only_from_500_ppm_on,
    a_slew_ends_without_a_word_from_the_engine, the_status_survives_a_step,
    without_rtcsync_the_kernel_stays_unsynchronised,
    a_denied_run_writes_nothing, a_kernel_that_refuses_is_passed_on,
    drift_is_taken_once_a_minute, bye_ends_it_with_its_code,
    a_reply_tells_the_state)
