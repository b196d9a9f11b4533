/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/tspec.h"
#include "privsep/launch_clock.h"

#define BUILD_S INT64_C(1790000000) /* 2026-09-21 */
#define DAY_S INT64_C(86400)
#define YEARS_S (20 * 365 * DAY_S)

START_TEST(the_floor_is_a_day_before_the_last_time_seen)
{
	const struct {
		int64_t seen_s, floor_s;
	} cases[] = {
		{ 0, BUILD_S }, /* none */
		{ BUILD_S + DAY_S, BUILD_S },
		{ BUILD_S + DAY_S + 1, BUILD_S + 1 },
		{ BUILD_S + 365 * DAY_S, BUILD_S + 364 * DAY_S },
		{ BUILD_S + YEARS_S, BUILD_S + YEARS_S - DAY_S },
		/* damage: no step at all would be left */
		{ BUILD_S + YEARS_S + 1, BUILD_S },
		{ INT64_MAX / NSEC, BUILD_S },
		{ INT64_MIN / NSEC, BUILD_S },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_int_eq(launch_clock_floor(BUILD_S,
		    cases[i].seen_s * NSEC), cases[i].floor_s);
}
END_TEST

START_TEST(links_fifos_and_missing_files_are_not_read)
{
	char path[] = "/tmp/tock-record-XXXXXX", text[8] = "";
	const char *const names[] = { "record", "link", "fifo" };

	ck_assert_ptr_nonnull(mkdtemp(path));
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(dir, "record", O_WRONLY | O_CREAT, 0644);
	ck_assert_int_eq(write(fd, "safe", 4), 4);
	close(fd);
	ck_assert_int_eq(symlinkat("record", dir, "link"), 0);
	ck_assert_int_eq(mkfifoat(dir, "fifo", 0600), 0);

	fd = launch_clock_record(dir, "record");
	ck_assert_int_eq(read(fd, text, sizeof text), 4);
	ck_assert_str_eq(text, "safe");
	close(fd);
	fd = launch_clock_record(dir, "fifo"); /* does not wait */
	ck_assert_int_eq(read(fd, text, sizeof text), 0);
	close(fd);
	ck_assert_int_eq(launch_clock_record(dir, "link"), -1);
	ck_assert_int_eq(launch_clock_record(dir, "none"), -1);
	ck_assert_int_eq(launch_clock_record(-1, "record"), -1);
	for (size_t i = 0; i < 3; i++)
		unlinkat(dir, names[i], 0);
	close(dir);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

UNIT_MAIN("launch_clock", the_floor_is_a_day_before_the_last_time_seen,
    links_fifos_and_missing_files_are_not_read)
