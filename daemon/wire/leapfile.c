/* SPDX-License-Identifier: ISC */
#include "daemon/wire/leapfile.h"

#include <string.h>

#define UNIX_EPOCH INT64_C(2208988800) /* 1970-01-01 in NTP's seconds */
#define DAY INT64_C(86400)
#define TAI_FIRST 10 /* TAI - UTC on 1972-01-01, when leap seconds began */
#define TAI_LEAST 10
#define TAI_MOST 60
#define SECONDS_MOST (INT64_C(1) << 40)

/* A row that fits behind those that are there. */
static bool
add_row(struct leap_table *t, int64_t from_s, int64_t tai)
{
	const struct leap_row *last = t->n > 0 ? &t->rows[t->n - 1] : NULL;

	if (t->n == LEAP_TABLE_MAX || tai < TAI_LEAST || tai > TAI_MOST ||
	    from_s % DAY != 0)
		return false;
	if (last != NULL && (from_s <= last->from_s ||
	    (tai != last->tai + 1 && tai != last->tai - 1)))
		return false;
	t->rows[t->n++] = (struct leap_row){ from_s, (int)tai };
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The number at *p, which moves behind it and the blanks that follow. */
static bool
number(const char **p, const char *end, int64_t *out)
{
	const char *at = *p;
	int64_t n = 0;

	while (at < end && is_blank(*at))
		at++;
	const char *first = at;
	for (; at < end && *at >= '0' && *at <= '9' && n < SECONDS_MOST; at++)
		n = n * 10 + (*at - '0');
	if (at == first || n >= SECONDS_MOST || (at < end && !is_blank(*at)))
		return false;
	while (at < end && is_blank(*at))
		at++;
	*p = at;
	*out = n;
	return true;
}

/* "2272060800 10 # 1 Jan 1972", "#@ 3928521600" (until when it is good), or a
 * comment. */
static bool
list_line(struct leap_table *t, const char *p, const char *end)
{
	int64_t ntp, tai;

	while (p < end && is_blank(*p))
		p++;
	if (p == end)
		return true;
	if (end - p >= 2 && p[0] == '#' && p[1] == '@') {
		p += 2;
		if (!number(&p, end, &ntp) || p != end)
			return false;
		t->expires_s = ntp - UNIX_EPOCH;
		return true;
	}
	if (*p == '#')
		return true;
	return number(&p, end, &ntp) && number(&p, end, &tai) &&
	    (p == end || *p == '#') && add_row(t, ntp - UNIX_EPOCH, tai);
}

bool
leapfile_read_list(struct leap_table *t, const void *text, size_t len)
{
	const char *p = text, *end = p + len;
	bool good = true;

	*t = (struct leap_table){ .expires_s = INT64_MAX };
	while (good && p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));

		if (eol == NULL)
			eol = end;
		good = list_line(t, p, eol);
		p = eol + 1;
	}
	if (!good || t->n == 0 || t->expires_s == INT64_MAX) {
		*t = (struct leap_table){ 0 };
		return false;
	}
	return true;
}

static int64_t
big_endian(const unsigned char *p, int size)
{
	uint64_t n = p[0] & 0x80 ? UINT64_MAX : 0;

	for (int i = 0; i < size; i++)
		n = n << 8 | p[i];
	return (int64_t)n;
}

#define ZONE_HEADER 44

struct zone { /* one data block of a TZif file */
	const unsigned char *leaps;
	int64_t n_leaps, size; /* size with its header */
};

/* The block at p, whose times have time_size bytes. */
static bool
zone_block(const unsigned char *p, int64_t len, int time_size, struct zone *z)
{
	if (len < ZONE_HEADER || memcmp(p, "TZif", 4) != 0)
		return false;

	int64_t isutcnt = big_endian(p + 20, 4), isstdcnt = big_endian(p + 24, 4),
		leapcnt = big_endian(p + 28, 4), timecnt = big_endian(p + 32, 4),
		typecnt = big_endian(p + 36, 4), charcnt = big_endian(p + 40, 4);
	if (isutcnt < 0 || isstdcnt < 0 || leapcnt < 0 || timecnt < 0 ||
	    typecnt < 0 || charcnt < 0)
		return false;

	int64_t before = ZONE_HEADER + timecnt * (time_size + 1) +
	    typecnt * 6 + charcnt;
	z->size = before + leapcnt * (time_size + 4) + isstdcnt + isutcnt;
	z->n_leaps = leapcnt;
	if (z->size > len)
		return false;
	z->leaps = p + before;
	return true;
}

/* One leap record: its time counts the leap seconds before it, and a record
 * that changes nothing says until when the table is good. */
static bool
zone_row(struct leap_table *t, int64_t at, int64_t corr)
{
	int before = t->rows[t->n - 1].tai - TAI_FIRST;
	int64_t s = at - before;

	if (t->expires_s != INT64_MAX || at < 0 || at > SECONDS_MOST)
		return false;
	if (corr == before) {
		t->expires_s = s;
		return true;
	}
	/* The time of one that is left out is the second before midnight. */
	if (corr < before)
		s = (s + DAY - 1) / DAY * DAY;
	return add_row(t, s, corr + TAI_FIRST);
}

bool
leapfile_read_zone(struct leap_table *t, const void *bytes, size_t size)
{
	const unsigned char *p = bytes;
	int64_t len = (int64_t)size;
	struct zone z;
	int time_size = 4;
	bool good = zone_block(p, len, 4, &z);

	*t = (struct leap_table){ .expires_s = INT64_MAX };
	if (good && p[4] >= '2') { /* the same again, with times of 64 bits */
		p += z.size;
		len -= z.size;
		time_size = 8;
		good = zone_block(p, len, 8, &z);
	}
	/* 1972-01-01: the file begins with the first leap second. */
	good = good && z.n_leaps > 0 && add_row(t, 63072000, TAI_FIRST);
	for (int64_t i = 0; good && i < z.n_leaps; i++) {
		const unsigned char *row = z.leaps + i * (time_size + 4);

		good = zone_row(t, big_endian(row, time_size),
		    big_endian(row + time_size, 4));
	}
	if (!good)
		*t = (struct leap_table){ 0 };
	return good;
}

int
leap_table_tai(const struct leap_table *t, int64_t s)
{
	int tai = 0;

	for (unsigned i = 0; i < t->n && t->rows[i].from_s <= s; i++)
		tai = t->rows[i].tai;
	return tai;
}

int
leap_table_change(const struct leap_table *t, int64_t midnight_s)
{
	for (unsigned i = 1; i < t->n; i++)
		if (t->rows[i].from_s == midnight_s)
			return t->rows[i].tai - t->rows[i - 1].tai;
	return 0;
}
