/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/setup_leap.h"

#define ZONE "/usr/share/zoneinfo/right/UTC"

static char path[] = "/tmp/test_leap.XXXXXX";
static struct config config;
static struct leap_table t;

static bool
reads(const char *list, const char *zone)
{
	struct setup_leap l;

	config_init(&config);
	strcpy(config.leapseclist, list);
	strcpy(config.leapsectz, zone);
	setup_open_leap(&l, &config);
	bool has = setup_read_leap(&l, &t);
	ck_assert_int_eq(l.list, -1);
	ck_assert_int_eq(l.zone, -1);
	config_fini(&config);
	return has;
}

static void
make(const char *text)
{
	strcpy(path, "/tmp/test_leap.XXXXXX");
	int fd = mkstemp(path);
	size_t n = strlen(text);

	ck_assert_int_eq(write(fd, text, n), (ssize_t)n);
	close(fd);
}

START_TEST(a_list_is_read)
{
	make("#@ 3928521600\n2272060800 10\n2287785600 11\n");
	ck_assert(reads(path, ""));
	ck_assert_uint_eq(t.n, 2);
	unlink(path);
}
END_TEST

START_TEST(without_a_file_there_is_no_table)
{
	ck_assert(!reads("", ""));
	ck_assert(!reads("/nonexistent", "no/such/zone"));
	ck_assert(!reads("", "../../../etc/passwd"));
	ck_assert(!reads("", "/etc/passwd"));
	ck_assert(!reads("/tmp", ""));
}
END_TEST

START_TEST(where_it_will_be_read_again_is_known_before_it_is_there)
{
	struct setup_leap l;

	config_init(&config);
	strcpy(config.leapseclist, "/usr/../tmp/nonexistent-leap.list");
	setup_open_leap(&l, &config);
	ck_assert_str_eq(l.dir, "/tmp");
	ck_assert_str_eq(l.slot, "leap/nonexistent-leap.list");
	ck_assert(!l.is_zone);
	ck_assert(!setup_read_leap(&l, &t));
	strcpy(config.leapseclist, "/nonexistent/leap.list");
	setup_open_leap(&l, &config);
	ck_assert_str_eq(l.dir, "");
	if (access(ZONE, R_OK) == 0) {
		strcpy(config.leapseclist, "/tmp/nonexistent-leap.list");
		strcpy(config.leapsectz, "right/UTC");
		setup_open_leap(&l, &config);
		ck_assert(l.is_zone);
		ck_assert_str_ne(l.dir, "/tmp");
		ck_assert(setup_read_leap(&l, &t));
	}
	config_fini(&config);
}
END_TEST

START_TEST(neither_link_nor_fifo_is_read)
{
	make("#@ 3928521600\n2272060800 10\n2287785600 11\n");
	char link_path[64];

	snprintf(link_path, sizeof link_path, "%s.l", path);
	ck_assert_int_eq(symlink(path, link_path), 0);
	ck_assert(!reads(link_path, ""));
	unlink(link_path);
	ck_assert_int_eq(mkfifo(link_path, 0600), 0);
	ck_assert(!reads(link_path, ""));
	unlink(link_path);
	unlink(path);
}
END_TEST

START_TEST(a_zone_is_read_where_the_list_is_none)
{
	if (access(ZONE, R_OK) != 0)
		return; /* Debian 13 without tzdata-legacy */
	make("garbage\n");
	ck_assert(reads(path, "right/UTC"));
	ck_assert_int_eq(leap_table_tai(&t, 1483228800), 37);
	unlink(path);
}
END_TEST

UNIT_MAIN("setup_leap", a_list_is_read, without_a_file_there_is_no_table,
    where_it_will_be_read_again_is_known_before_it_is_there,
    neither_link_nor_fifo_is_read, a_zone_is_read_where_the_list_is_none)
