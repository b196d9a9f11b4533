/* SPDX-License-Identifier: ISC
 *
 * Tables of leap seconds.  The literal dates are the IERS's: TAI - UTC became 37
 * s on 2017-01-01. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "daemon/wire/leapfile.h"

#define Y2017 INT64_C(1483228800)
#define LIST "#$\t3676924800\n#@\t3928521600\n# comment\n\n"                     \
	"2272060800\t10\t# 1 Jan 1972\n2287785600\t11\t# 1 Jul 1972\n"         \
	"2303683200 12\n"
static struct leap_table t;

static bool
list(const char *text)
{
	return leapfile_read_list(&t, text, strlen(text));
}

START_TEST(a_list_says_tai_changes_and_expiry)
{
	ck_assert(list(LIST "#h\tbc70a9ad 1 2 3 4\n"));
	ck_assert_uint_eq(t.n, 3);
	ck_assert_int_eq(t.expires_s, 3928521600 - 2208988800);
	ck_assert_int_eq(leap_table_tai(&t, 63072000 - 1), 0);
	ck_assert_int_eq(leap_table_tai(&t, 63072000), 10);
	ck_assert_int_eq(leap_table_tai(&t, 78796799), 10);
	ck_assert_int_eq(leap_table_tai(&t, 78796800), 11);
	ck_assert_int_eq(leap_table_tai(&t, INT64_MAX), 12);
	ck_assert_int_eq(leap_table_change(&t, 63072000), 0);
	ck_assert_int_eq(leap_table_change(&t, 78796800), 1);
	ck_assert_int_eq(leap_table_change(&t, 78796800 + 86400), 0);
}
END_TEST

START_TEST(a_second_can_be_left_out)
{
	ck_assert(list(LIST "4118774400 11\n"));
	ck_assert_int_eq(leap_table_change(&t, 4118774400 - 2208988800), -1);
	ck_assert_int_eq(leap_table_tai(&t, INT64_MAX), 11);
}
END_TEST

START_TEST(what_is_no_list_is_no_table)
{
	const char *const bad[] = { "", "# nothing\n", "#@ 3928521600\n",
		"2272060800 10\n" /* no expiry */, LIST "x\n", LIST "1\n",
		LIST "2303683200 13\n" /* not later */,
		LIST "4118774400 14\n" /* two seconds */,
		LIST "4118774401 13\n" /* no midnight */,
		LIST "4118774400 13 x\n", LIST "-4118774400 13\n",
		LIST "99999999999999999999999 13\n", LIST "#@ x\n",
		LIST "#@ 1 2\n", LIST "4118774400 nan\n",
		"#@ 1\n2272060800 9\n", "#@ 1\n2272060800 61\n" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_msg(!list(bad[i]), "case %zu", i);
		ck_assert_uint_eq(t.n, 0);
		ck_assert_int_eq(leap_table_tai(&t, Y2017), 0);
	}
}
END_TEST

/* A zone file without transitions: each row is {time, correction}. */
static size_t
zone(unsigned char *p, char version, const int64_t (*rows)[2], unsigned n)
{
	unsigned char *start = p;

	for (int size = 4; size <= (version >= '2' ? 8 : 4); size += 4) {
		memset(p, 0, 44);
		memcpy(p, "TZif", 4);
		p[4] = (unsigned char)version;
		p[31] = (unsigned char)n;
		p[39] = 1; /* one type */
		p[43] = 4; /* "UTC" */
		p += 44;
		memset(p, 0, 10);
		p += 10;
		for (unsigned i = 0; i < n; i++)
			for (int k = 0; k < 2; k++)
				for (int b = k ? 4 : size; b-- > 0;)
					*p++ = (unsigned char)(
					    (uint64_t)rows[i][k] >> (8 * b));
	}
	return (size_t)(p - start);
}

static const int64_t zone_rows[][2] = {
	{ 78796800, 1 }, { 94694401, 2 }, /* 1973-01-01, one was before */
	{ 1909785600 + 2 - 1, 1 }, /* 2030-07-09: one is left out */
	{ 2000000000, 1 }, /* nothing changes: the end of knowledge */
};

START_TEST(a_zones_records_are_the_same_table)
{
	const char versions[] = { '\0', '2', '4' };
	unsigned char bytes[1024];

	for (size_t v = 0; v < sizeof versions; v++) {
		size_t len = zone(bytes, versions[v], zone_rows, 4);

		ck_assert(leapfile_read_zone(&t, bytes, len));
		ck_assert_uint_eq(t.n, 4);
		ck_assert_int_eq(leap_table_change(&t, 78796800), 1);
		ck_assert_int_eq(leap_table_change(&t, 94694400), 1);
		ck_assert_int_eq(leap_table_tai(&t, 94694400), 12);
		ck_assert_int_eq(leap_table_change(&t, 1909785600), -1);
		ck_assert_int_eq(t.expires_s, 2000000000 - 1);
		for (size_t cut = 0; cut < len; cut++)
			ck_assert(!leapfile_read_zone(&t, bytes, cut));
	}
}
END_TEST

START_TEST(counts_beyond_the_file_are_refused)
{
	unsigned char bytes[1024];
	size_t len = zone(bytes, '2', zone_rows, 4);

	for (unsigned at = 20; at < 44; at++) {
		unsigned char was = bytes[at];

		bytes[at] = 0xff;
		ck_assert(!leapfile_read_zone(&t, bytes, len));
		bytes[at] = was;
	}
	len = zone(bytes, '2', zone_rows, 0); /* a zone without leap seconds */
	ck_assert(!leapfile_read_zone(&t, bytes, len));
}
END_TEST

/* The machine's own, where it has them. */
START_TEST(the_files_of_the_machine_agree)
{
	static char text[LEAPFILE_MAX];
	struct leap_table l = { 0 };
	FILE *f = fopen("/usr/share/zoneinfo/leap-seconds.list", "r");

	if (f != NULL) {
		size_t len = fread(text, 1, sizeof text, f);
		fclose(f);
		ck_assert(leapfile_read_list(&t, text, len));
		ck_assert_int_eq(leap_table_change(&t, Y2017), 1);
		ck_assert_int_eq(leap_table_tai(&t, Y2017), 37);
		l = t;
	}
	f = fopen("/usr/share/zoneinfo/right/UTC", "r");
	if (f != NULL) {
		size_t len = fread(text, 1, sizeof text, f);
		fclose(f);
		ck_assert(leapfile_read_zone(&t, text, len));
		ck_assert_int_eq(leap_table_tai(&t, Y2017 - 1), 36);
		ck_assert_int_eq(leap_table_tai(&t, Y2017), 37);
		for (unsigned i = 0; l.n == t.n && i < t.n; i++) {
			ck_assert_int_eq(t.rows[i].from_s, l.rows[i].from_s);
			ck_assert_int_eq(t.rows[i].tai, l.rows[i].tai);
		}
	}
}
END_TEST

UNIT_MAIN("leapfile", a_list_says_tai_changes_and_expiry,
    a_second_can_be_left_out, what_is_no_list_is_no_table,
    a_zones_records_are_the_same_table, counts_beyond_the_file_are_refused,
    the_files_of_the_machine_agree)
