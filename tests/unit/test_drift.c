/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "privsep/clock/drift.h"

/* What name holds, as a string of at most 7. */
static void
load(int dir, const char *name, char text[8])
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, 7);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	close(fd);
}

/* A directory of the test's own, removed by leave(). */
static int
enter(char path[32])
{
	strcpy(path, "/tmp/tock-drift-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(path));
	log_init(2, LOGSTYLE_PLAIN, LOGLEVEL_FATAL + 1, "test");
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void
leave(int dir, const char *path, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		unlinkat(dir, names[i], 0);
	close(dir);
	ck_assert_int_eq(rmdir(path), 0); /* nothing else was left behind */
}

START_TEST(the_line_is_that_of_chrony_with_its_sign)
{
	const struct {
		int64_t freq, skew;
		const char *text;
	} cases[] = {
		{ -12345678, 100, "           12.345678             0.000100\n" },
		{ 12345678, 1, "          -12.345678             0.000001\n" },
		{ 1, 0, "           -0.000001             0.000000\n" },
		{ 0, 1000000000000,
		    "            0.000000       1000000.000000\n" },
		{ -100000000000, 0,
		    "       100000.000000             0.000000\n" },
	};
	char text[DRIFT_LEN], printed[DRIFT_LEN];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct clk_drift d = { cases[i].freq, cases[i].skew };

		ck_assert_uint_eq(drift_text(&d, text), 42);
		ck_assert_str_eq(text, cases[i].text);
		snprintf(printed, sizeof printed, "%20.6f %20.6f\n",
		    -1e-6 * (double)d.freq_ppt + 0.0, 1e-6 * (double)d.skew_ppt);
		ck_assert_str_eq(text, printed);
	}
}
END_TEST

START_TEST(a_file_is_replaced_whole)
{
	char path[32], text[8] = "";
	const char *const names[] = { "drift" };
	int dir = enter(path);
	struct stat st;

	file_replace(dir, "drift", "old", 3);
	file_replace(dir, "drift", "new!", 4);
	load(dir, "drift", text);
	ck_assert_str_eq(text, "new!");
	ck_assert_int_eq(fstatat(dir, "drift", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0644);
	leave(dir, path, names, 1);
}
END_TEST

START_TEST(a_planted_temporary_is_not_followed)
{
	char path[32], text[8] = "";
	const char *const names[] = { "drift", "victim" };
	int dir = enter(path);

	file_replace(dir, "victim", "safe", 4);
	ck_assert_int_eq(symlinkat("victim", dir, FILE_TEMP), 0);
	file_replace(dir, "drift", "mine", 4);
	load(dir, "victim", text);
	ck_assert_str_eq(text, "safe");
	leave(dir, path, names, 2);
}
END_TEST

START_TEST(without_a_name_nothing_happens)
{
	char path[32];
	int dir = enter(path);

	file_replace(dir, "", "x", 1);
	file_replace(-1, "none", "x", 1); /* nor without a directory */
	leave(dir, path, NULL, 0);
}
END_TEST

UNIT_MAIN("drift", the_line_is_that_of_chrony_with_its_sign,
    a_file_is_replaced_whole, a_planted_temporary_is_not_followed,
    without_a_name_nothing_happens)
