/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/setup.h"

static char dir[] = "/tmp/test_setup.XXXXXX";
static char path[256];
static struct config config;

static void
in_a_new_directory(void)
{
	strcpy(dir, "/tmp/test_setup.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/drift", dir);
	config_init(&config);
	strcpy(config.driftfile, path);
}

static void
leave(void)
{
	unlink(path);
	rmdir(dir);
	config_fini(&config);
}

static void
contains(const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, len, f), len);
	fclose(f);
}

static bool
reads(double *ppm, double *skew)
{
	struct setup_drift d;

	ck_assert_int_eq(
	    setup_find_drift(&d, &config, geteuid(), getegid()), 0);
	ck_assert_str_eq(d.dir, dir);
	ck_assert_str_eq(d.name, "drift");
	return setup_read_drift(&d, 500, ppm, skew);
}

START_TEST(chronys_file_is_read_with_the_sign_turned)
{
	const char *text = "           -7.214000             0.012000\n";
	double ppm, skew;

	in_a_new_directory();
	contains(text, strlen(text));
	ck_assert(reads(&ppm, &skew));
	ck_assert_double_eq(ppm, 7.214); /* it loses: speed it up */
	ck_assert_double_eq(skew, 0.012);
	leave();
}
END_TEST

START_TEST(no_file_is_no_drift)
{
	double ppm, skew;

	in_a_new_directory();
	ck_assert(!reads(&ppm, &skew));
	leave();
}
END_TEST

START_TEST(what_is_no_record_is_ignored)
{
	const struct {
		const char *text;
		size_t len;
	} bad[] = {
		{ "", 0 }, { "\n", 1 }, { "1.0", 3 }, { "nan 1", 5 },
		{ "inf 1", 5 }, { "1 nan", 5 }, { "1 inf", 5 }, { "1 -1", 4 },
		{ "1e308 1", 7 }, { "501 1", 5 }, { "-501 1", 6 },
		{ "1 2 3", 5 }, { "x 1", 3 }, { "1 2x", 4 },
		{ "1 2\0 3", 6 }, { "\xff\xfe\x00\x01", 4 },
	};
	double ppm = 0, skew = 0;

	in_a_new_directory();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		contains(bad[i].text, bad[i].len);
		ck_assert_msg(!reads(&ppm, &skew), "case %zu", i);
	}
	leave();
}
END_TEST

START_TEST(a_huge_file_is_ignored_too)
{
	double ppm, skew;

	in_a_new_directory();
	FILE *f = fopen(path, "w");
	fputs("1 2", f);
	for (int i = 0; i < 100000; i++)
		fputc(' ', f);
	fputs("3", f);
	fclose(f);
	/* Only its head is looked at, and that is a good record. */
	ck_assert(reads(&ppm, &skew));
	leave();
}
END_TEST

START_TEST(links_fifos_and_directories_are_refused_without_waiting)
{
	double ppm, skew;

	in_a_new_directory();
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	ck_assert(!reads(&ppm, &skew));
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert(!reads(&ppm, &skew));
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert(!reads(&ppm, &skew));
	rmdir(path);
	leave();
}
END_TEST

START_TEST(a_place_that_the_clock_may_not_write_moves_the_record)
{
	struct setup_drift d;

	in_a_new_directory();
	chmod(dir, 0755);
	ck_assert_int_eq(setup_find_drift(&d, &config, geteuid() + 1000,
			     getegid() + 1000), 0);
	ck_assert_str_eq(d.dir, "/var/lib/tock/clock");
	ck_assert_str_eq(d.name, "drift");
	if (d.fd >= 0)
		close(d.fd);
	leave();
}
END_TEST

START_TEST(a_name_that_is_no_name_is_refused)
{
	const char *bad[] = { "drift", "/var/lib/", "/var/lib/..",
		"/var/lib/.hidden", "/var/lib/tock/clock/time",
		"/x/01234567890123456789012345678901234567890123456789012345" };
	struct setup_drift d;

	in_a_new_directory();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		strcpy(config.driftfile, bad[i]);
		ck_assert_int_lt(setup_find_drift(&d, &config, 0, 0), 0);
	}
	leave();
}
END_TEST

START_TEST(limits_say_what_the_configuration_says)
{
	struct options o;
	struct clk_req req;
	const struct clk_limits *l = &req.u.limits;

	memset(&o, 0, sizeof o);
	config_init(&config);
	setup_limits(&req, &config, &o);
	ck_assert_uint_eq(req.type, CLK_SETUP);
	ck_assert_int_eq(l->max_base_ppt, 500000000);
	ck_assert_int_eq(l->bucket_ns, 2000000000);
	ck_assert_int_eq(l->refill_ppt, 100000000);
	ck_assert_uint_eq(l->window_s, 900);
	ck_assert_int_eq(l->steps, 0);
	ck_assert_uint_eq(l->flags, 0);

	config.has_makestep = true;
	config.makestep_limit = 3;
	config.has_maxdrift = true;
	config.maxdrift_ppm = 1000;
	config.rtcsync = true;
	config.guard.off = true;
	config.leapsecmode = LEAPSEC_STEP;
	config.has_initstepslew = true;
	o.set_once = o.from_rtc = true;
	setup_limits(&req, &config, &o);
	ck_assert_int_eq(l->max_base_ppt, 1000000000);
	ck_assert_int_eq(l->steps, 3);
	ck_assert_uint_eq(l->extra_steps, 3);
	ck_assert_uint_eq(l->flags,
	    CLK_GUARD_OFF | CLK_RTCSYNC | CLK_LEAP_STEP);
	o.restarted = true;
	setup_limits(&req, &config, &o);
	ck_assert_int_eq(l->steps, 0);
	ck_assert_uint_eq(l->extra_steps, 0);
	config.makestep_limit = -1;
	setup_limits(&req, &config, &o);
	ck_assert_int_eq(l->steps, CLK_STEPS_UNLIMITED);
	config_fini(&config);
}
END_TEST

START_TEST(a_dumpdir_that_its_user_cannot_write_is_not_insisted_on)
{
	in_a_new_directory();
	setup_place_dumps(&config, 65533, 65533);
	ck_assert_str_eq(config.dumpdir, "");
	strcpy(config.dumpdir, dir);
	ck_assert_int_eq(chmod(dir, 0777), 0);
	setup_place_dumps(&config, 65533, 65533);
	ck_assert_str_eq(config.dumpdir, dir);
	ck_assert_int_eq(chmod(dir, 0700), 0);
	setup_place_dumps(&config, 65533, 65533); /* nor in /var/lib/tock */
	ck_assert_str_eq(config.dumpdir, geteuid() == 0 ? "" : dir);
	leave();
}
END_TEST

UNIT_MAIN("setup", a_dumpdir_that_its_user_cannot_write_is_not_insisted_on,
    chronys_file_is_read_with_the_sign_turned,
    no_file_is_no_drift, what_is_no_record_is_ignored,
    a_huge_file_is_ignored_too,
    links_fifos_and_directories_are_refused_without_waiting,
    a_place_that_the_clock_may_not_write_moves_the_record,
    a_name_that_is_no_name_is_refused, limits_say_what_the_configuration_says)
