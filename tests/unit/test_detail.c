/* SPDX-License-Identifier: ISC
 *
 * What the reports say of single sources of a running engine; above all the
 * signs. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "common/log.h"
#include "daemon/control/detail.h"
#include "daemon/control/report.h"
#include "daemon/engine/manage.h"
#include "tests/emu/engine_world.h"

static struct world w;

static void
start(unsigned n_servers)
{
	log_init(2, LOGSTYLE_PLAIN, LOGLEVEL_FATAL, "");
	world_init(&w, n_servers);
}

static struct addr
at(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, text), 0);
	return a;
}

START_TEST(ntpdata_before_the_first_answer_is_empty)
{
	const struct addr a = at("192.0.2.1"), other = at("192.0.2.7");
	struct cmdmon_ntpdata n;

	start(1);
	w.is_silent[0] = true;
	world_start(&w);
	world_run(&w, 5);
	ck_assert(detail_ntpdata(&w.engine, &a, &n));
	ck_assert(addr_equal(&n.remote, &a));
	ck_assert_uint_eq(n.port, 123);
	ck_assert_uint_eq(n.local.family, ADDR_NONE);
	ck_assert_uint_eq(n.mode, 0);
	ck_assert_int_eq(n.tx_stamp, 0);
	ck_assert_uint_eq(n.flags, 0);
	ck_assert_uint_ge(n.total_tx, 1);
	ck_assert_uint_eq(n.total_rx, 0);
	ck_assert(!detail_ntpdata(&w.engine, &other, &n));
	world_fini(&w);
}
END_TEST

START_TEST(ntpdata_says_how_slow_the_clock_was)
{
	const struct addr a = at("192.0.2.1");
	struct cmdmon_ntpdata n;

	start(1);
	w.ahead = 0.010; /* the clock is behind */
	w.stratum[0] = 3;
	w.options.is_measuring_only = true;
	world_start(&w);
	world_run(&w, 10);
	ck_assert(detail_ntpdata(&w.engine, &a, &n));
	ck_assert_uint_eq(n.mode, 4);
	ck_assert_uint_eq(n.version, 4);
	ck_assert_uint_eq(n.stratum, 3);
	ck_assert_double_eq_tol(n.offset, 0.010, 1e-4);
	ck_assert_double_eq_tol(n.delay, 2 * DELAY, 1e-5);
	ck_assert_uint_eq(n.flags & NTP_TESTS, NTP_TESTS);
	ck_assert_uint_eq(n.flags & NTP_AUTHENTICATED, 0);
	ck_assert_uint_eq(n.total_tx, n.total_rx);
	ck_assert_uint_ge(n.total_good, 4);
	ck_assert_int_ne(n.rx_stamp, 0);
	world_fini(&w);
}
END_TEST

START_TEST(selectdata_says_how_fast_the_clock_is)
{
	struct cmdmon_selectdata s;

	start(3);
	w.ahead = 0.010;
	w.options.is_measuring_only = true;
	w.config.sources[2].select = SELECT_NOSELECT;
	world_start(&w);
	world_run(&w, 10);
	ck_assert(detail_selectdata(&w.engine, 0, &s));
	ck_assert(s.state == '*' || s.state == '+');
	ck_assert_uint_eq(s.refid, 0xc0000201);
	ck_assert_double_gt(s.high, s.low);
	ck_assert_double_eq_tol((s.low + s.high) / 2, -0.010, 2e-3);
	ck_assert_double_ge(s.score, 1);
	ck_assert_uint_eq(s.authenticated, 0);
	ck_assert_uint_le(s.ago_s, 10);
	ck_assert(detail_selectdata(&w.engine, 2, &s));
	ck_assert_int_eq(s.state, 'N');
	ck_assert_uint_eq(s.options, OPTION_NOSELECT);
	ck_assert_uint_eq(s.effective, OPTION_NOSELECT);
	ck_assert(!detail_selectdata(&w.engine, 3, &s));
	world_fini(&w);
}
END_TEST

START_TEST(selectdata_without_samples_is_chronyds)
{
	struct cmdmon_selectdata s;

	start(1);
	w.is_silent[0] = true;
	world_start(&w);
	world_run(&w, 1);
	ck_assert(detail_selectdata(&w.engine, 0, &s));
	ck_assert_int_eq(s.state, 'M');
	ck_assert_uint_eq(s.leap, 3);
	ck_assert_uint_eq(s.ago_s, 0);
	ck_assert_double_eq(s.score, 1);
	ck_assert_double_eq(s.low, 0);
	ck_assert_double_eq(s.high, 0);
	world_fini(&w);
}
END_TEST

START_TEST(authdata_tells_the_key)
{
	const struct addr plain = at("192.0.2.1"), keyed = at("192.0.2.2");
	struct cmdmon_authdata a;

	start(2);
	w.config.sources[1].key = 30;
	world_start(&w);
	ck_assert(detail_authdata(&w.engine, &plain, &a));
	ck_assert_uint_eq(a.mode, CMDMON_NONE);
	ck_assert_uint_eq(a.key, 0);
	ck_assert_uint_eq(a.ago_s, CMDMON_NEVER);
	ck_assert(detail_authdata(&w.engine, &keyed, &a));
	ck_assert_uint_eq(a.mode, CMDMON_SYMMETRIC);
	ck_assert_uint_eq(a.key, 30);
	ck_assert_uint_eq(a.key_bits, 0); /* there is no key file */
	world_fini(&w);
}
END_TEST

START_TEST(options_have_other_numbers_here)
{
	for (unsigned i = 0; i < 16; i++)
		ck_assert_uint_eq(detail_options(detail_select(i)), i);
	ck_assert_uint_eq(detail_select(OPTION_REQUIRE), SELECT_REQUIRE);
	ck_assert_uint_eq(detail_options(SELECT_TRUST), OPTION_TRUST);
}
END_TEST

START_TEST(a_pools_places_without_an_address_are_not_missed)
{
	struct config_source s = { .name = "pool.example", .is_pool = true };
	const struct addr addrs[] = { at("192.0.2.1"), at("192.0.2.2") };
	struct cmdmon_native_status status;
	struct cmdmon_source row;
	struct cmdmon_activity a;

	start(0);
	world_start(&w);
	source_defaults(&s);
	ck_assert_int_eq(manage_add(&w.engine, &s), 0);
	report_status(&w.engine, &status);
	ck_assert_uint_eq(status.unresolved, 4);
	ck_assert(fake_resolve(&w.os, "pool.example", addrs, 2));
	world_run(&w, 1);
	report_status(&w.engine, &status);
	ck_assert_uint_eq(status.sources, 2);
	ck_assert_uint_eq(status.unresolved, 0);

	/* chronyd counts and lists them */
	report_activity(&w.engine, &a);
	ck_assert_int_eq(a.unresolved, 2);
	ck_assert_uint_eq(report_n_sources(&w.engine), 4);
	ck_assert(report_source(&w.engine, 3, &row));
	ck_assert_uint_eq(row.addr.family, ADDR_ID);
	ck_assert_int_eq(row.poll, 6);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("detail", ntpdata_before_the_first_answer_is_empty,
    ntpdata_says_how_slow_the_clock_was, selectdata_says_how_fast_the_clock_is,
    selectdata_without_samples_is_chronyds, authdata_tells_the_key,
    options_have_other_numbers_here,
    a_pools_places_without_an_address_are_not_missed)
