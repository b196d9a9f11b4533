/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/options.h"

static struct options o;
static char msg[256];

/* Parses the words of line, cut at blanks; "" stands for no argument at all. */
static int
parse(const char *line)
{
	static char text[256];
	static char *argv[32];
	int argc = 1;

	memset(argv, 0, sizeof argv);
	argv[0] = (char *)(uintptr_t)"tockd";
	msg[0] = '\0';
	snprintf(text, sizeof text, "%s", line);
	for (char *w = strtok(text, " "); w != NULL; w = strtok(NULL, " "))
		argv[argc++] = w;
	return options_parse(&o, argc, argv, msg, sizeof msg);
}

START_TEST(nothing_given_means_the_defaults)
{
	ck_assert_int_eq(parse(""), 0);
	ck_assert_int_eq(o.family, 0);
	ck_assert_ptr_null(o.file);
	ck_assert(!o.foreground && !o.no_clock && !o.set_once);
	ck_assert_int_eq(o.log_least, 0);
	ck_assert_int_eq(o.n_directives, 0);
}
END_TEST

START_TEST(chronyds_options_are_understood)
{
	ck_assert_int_eq(parse("-4 -f /x/y -l /z -L -1 -t 2.5 -u joe -U -x -R "
	    "-s -F 1 -n"), 0);
	ck_assert_int_eq(o.family, 4);
	ck_assert_str_eq(o.file, "/x/y");
	ck_assert_str_eq(o.log_file, "/z");
	ck_assert_int_eq(o.log_least, -1);
	ck_assert_double_eq(o.timeout, 2.5);
	ck_assert_str_eq(o.user, "joe");
	ck_assert(o.no_root_check && o.no_clock && o.restarted && o.from_rtc);
	ck_assert(o.foreground);
}
END_TEST

START_TEST(letters_may_stand_together)
{
	ck_assert_int_eq(parse("-6ndd"), 0);
	ck_assert_int_eq(o.family, 6);
	ck_assert_int_eq(o.debug, 2);
	ck_assert_int_eq(o.log_least, -1);
}
END_TEST

START_TEST(what_runs_once_stays_in_the_foreground)
{
	const char *const once[] = { "-p", "-q", "-Q", "-d" };

	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(parse(once[i]), 0);
		ck_assert(o.foreground);
	}
}
END_TEST

START_TEST(long_options_are_taken)
{
	ck_assert_int_eq(parse("--version"), 0);
	ck_assert(o.want_version);
	ck_assert_int_eq(parse("--help --devel"), 0);
	ck_assert(o.want_help && o.devel);
	ck_assert_int_eq(parse("--log-style 2 --listen-fds 3 --no-clock"), 0);
	ck_assert_int_eq(o.log_style, 2);
	ck_assert_int_eq(o.listen_fds, 3);
	ck_assert(o.clock_denied);
}
END_TEST

START_TEST(directives_begin_at_the_first_that_is_no_option)
{
	ck_assert_int_eq(parse("-n server -d"), 0);
	ck_assert_int_eq(o.n_directives, 2);
	ck_assert_str_eq(o.directives[0], "server");
	ck_assert_str_eq(o.directives[1], "-d");
	ck_assert_int_eq(o.debug, 0);
	ck_assert_int_eq(parse("-n -- -d"), 0);
	ck_assert_int_eq(o.n_directives, 1);
}
END_TEST

START_TEST(bad_values_are_named)
{
	const char *const bad[] = { "-L 4", "-L -2", "-L x", "-L 1x", "-t 0",
		"-t nan", "-t inf", "-t -1", "-t 1s", "--log-style 3",
		"--listen-fds -1", "-L 99999999999999999999" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_int_lt(parse(bad[i]), 0);
		ck_assert_ptr_nonnull(strstr(msg, "bad value"));
		ck_assert_ptr_nonnull(strstr(msg, strchr(bad[i], ' ') + 1));
	}
}
END_TEST

START_TEST(unknown_and_incomplete_options_are_named)
{
	ck_assert_int_lt(parse("-nZ"), 0);
	ck_assert_ptr_nonnull(strstr(msg, "option -Z: there is no such"));
	ck_assert_int_lt(parse("--frobnicate"), 0);
	ck_assert_ptr_nonnull(strstr(msg, "--frobnicate"));
	ck_assert_int_lt(parse("-f"), 0);
	ck_assert_ptr_nonnull(strstr(msg, "option -f: a value is missing"));
	ck_assert_int_lt(parse("--log-style"), 0);
	ck_assert_ptr_nonnull(strstr(msg, "--log-style: a value is missing"));
}
END_TEST

START_TEST(restart_and_restore_are_two_things)
{
	ck_assert_int_eq(parse("-R"), 0);
	ck_assert(o.restarted && !o.restored);
	ck_assert_int_eq(parse("-r"), 0);
	ck_assert(!o.restarted && o.restored);
}
END_TEST

START_TEST(what_is_not_built_says_so)
{
	const char *const missing[] = { "-m", "-P 1" };

	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_lt(parse(missing[i]), 0);
		ck_assert_ptr_nonnull(strstr(msg, "not built yet"));
	}
	ck_assert_int_lt(parse("-F 0"), 0);
	ck_assert_ptr_nonnull(strstr(msg, "always on"));
	ck_assert_int_eq(parse("-F -1"), 0);
}
END_TEST

START_TEST(help_fits_80_columns_and_hides_what_is_internal)
{
	const char *help = options_help();
	size_t column = 0;

	ck_assert_int_eq(help[strlen(help) - 1], '\n');
	for (const char *p = help; *p != '\0'; p++) {
		column = *p == '\n' ? 0 : column + 1;
		ck_assert_uint_le(column, 80);
	}
	ck_assert_ptr_null(strstr(help, "log-style"));
	ck_assert_ptr_null(strstr(help, "listen-fds"));
}
END_TEST

UNIT_MAIN("options", nothing_given_means_the_defaults,
    chronyds_options_are_understood, letters_may_stand_together,
    what_runs_once_stays_in_the_foreground, long_options_are_taken,
    directives_begin_at_the_first_that_is_no_option, bad_values_are_named,
    unknown_and_incomplete_options_are_named, what_is_not_built_says_so,
    restart_and_restore_are_two_things,
    help_fits_80_columns_and_hides_what_is_internal)
