/* SPDX-License-Identifier: ISC
 *
 * Tables of leap seconds: what TAI - UTC was and will be, and until when the
 * table knows.  Two kinds of file say it, both untrusted bytes: the IERS's and
 * NIST's leap-seconds.list, and the leap records of a "right" time zone (RFC
 * 8536), whose own times count the leap seconds before them. */
#ifndef DAEMON_WIRE_LEAPFILE_H
#define DAEMON_WIRE_LEAPFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEAP_TABLE_MAX 128
#define LEAPFILE_MAX 65536 /* bytes of a file that is looked at */

struct leap_table {
	unsigned n; /* 0: no table */
	struct leap_row {
		int64_t from_s; /* UTC midnight, s since 1970, ascending */
		int tai;        /* TAI - UTC from then on, 10..60 s */
	} rows[LEAP_TABLE_MAX];
	int64_t expires_s; /* s since 1970; INT64_MAX where the file does not
	                      say */
};

/* Both return false, and leave no table, for anything that is not a whole file
 * of this kind with rows in order, at midnights, one second apart. */
bool leapfile_read_list(struct leap_table *, const void *text, size_t len);
bool leapfile_read_zone(struct leap_table *, const void *bytes, size_t len);

/* TAI - UTC at s (since 1970); 0 before the first row or without a table. */
int leap_table_tai(const struct leap_table *, int64_t s);

/* By how much TAI - UTC changes at that midnight: +1, -1 (a second is left
 * out) or 0. */
int leap_table_change(const struct leap_table *, int64_t midnight_s);

#endif
