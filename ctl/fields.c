/* SPDX-License-Identifier: ISC */
#include "ctl/fields.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/cmdmon.h"

#define MINUTE 60
#define HOUR 3600
#define DAY 86400
#define YEAR (365 * DAY)

const char *
field_interval(char *buf, uint32_t s)
{
	if (s == CMDMON_NEVER)
		snprintf(buf, FIELD_SIZE, "   -");
	else if (s < 1200)
		snprintf(buf, FIELD_SIZE, "%4u", s);
	else if (s < 10 * HOUR)
		snprintf(buf, FIELD_SIZE, "%3um", s / MINUTE);
	else if (s < 4 * DAY)
		snprintf(buf, FIELD_SIZE, "%3uh", s / HOUR);
	else if (s < 1000 * DAY)
		snprintf(buf, FIELD_SIZE, "%3ud", s / DAY);
	else
		snprintf(buf, FIELD_SIZE, "%3uy", s / YEAR);
	return buf;
}

/* The largest unit in which the number fits; the last has no limit. */
static const struct unit {
	double below; /* s */
	double size;  /* s */
	int decimals;
	int width;
	const char *name;
} units[] = {
	{ 9999.5e-9, 1e-9, 0, 4, "ns" },
	{ 9999.5e-6, 1e-6, 0, 4, "us" },
	{ 9999.5e-3, 1e-3, 0, 4, "ms" },
	{ 999.5, 1, 1, 5, "s" },
	{ 99999.5, 1, 0, 5, "s" },
	{ 99999.5 * MINUTE, MINUTE, 0, 5, "m" },
	{ 99999.5 * HOUR, HOUR, 0, 5, "h" },
	{ 99999.5 * DAY, DAY, 0, 5, "d" },
	{ 0, YEAR, 0, 5, "y" },
};

static const char *
span(char *buf, double s, bool has_sign)
{
	const struct unit *u = units;

	while (u->below > 0 && fabs(s) >= u->below)
		u++;
	if (has_sign)
		snprintf(buf, FIELD_SIZE, "%+*.*f%s", u->width + 1,
		    u->decimals, s / u->size, u->name);
	else
		snprintf(buf, FIELD_SIZE, "%*.*f%s", u->width, u->decimals,
		    fabs(s) / u->size, u->name);
	return buf;
}

const char *
field_span(char *buf, double s)
{
	return span(buf, s, false);
}

const char *
field_signed_span(char *buf, double s)
{
	return span(buf, s, true);
}

static int
ppm_decimals(double ppm)
{
	return fabs(ppm) >= 99999.5 ? 0 : 3;
}

const char *
field_ppm(char *buf, double ppm)
{
	snprintf(buf, FIELD_SIZE, "%10.*f", ppm_decimals(ppm), ppm);
	return buf;
}

const char *
field_signed_ppm(char *buf, double ppm)
{
	snprintf(buf, FIELD_SIZE, "%+10.*f", ppm_decimals(ppm), ppm);
	return buf;
}

const char *
field_date(char *buf, struct tspec t)
{
	time_t s = (time_t)tspec_floor(t);
	struct tm tm;

	if (!gmtime_r(&s, &tm) ||
	    strftime(buf, FIELD_SIZE, "%a %b %d %T %Y", &tm) == 0)
		snprintf(buf, FIELD_SIZE, "-");
	return buf;
}

const char *
field_seconds(char *buf, struct tspec t)
{
	snprintf(buf, FIELD_SIZE, "%lld.%09lld", (long long)tspec_floor(t),
	    (long long)tspec_fraction(t));
	return buf;
}

const char *
field_refid(char *buf, uint32_t refid)
{
	size_t n = 0;

	for (int shift = 24; shift >= 0; shift -= 8) {
		char byte = (char)(refid >> shift & 0xff);

		if (byte >= ' ' && byte <= '~')
			buf[n++] = byte;
	}
	buf[n] = '\0';
	return buf;
}

const char *
field_leap(unsigned leap)
{
	static const char *const names[] = { "Normal", "Insert second",
		"Delete second", "Not synchronised" };

	return leap < sizeof names / sizeof *names ? names[leap] : "Invalid";
}

/* Three digits of x, which is below 999.5. */
static int
human_decimals(double x)
{
	return x >= 99.95 ? 0 : x >= 9.995 ? 1 : 2;
}

static const char *
human(char *buf, double s, const char *sign)
{
	static const struct {
		double below, size;
		const char *name;
	} scale[] = { { 999.5e-9, 1e-9, "ns" }, { 999.5e-6, 1e-6, "us" },
		{ 999.5e-3, 1e-3, "ms" }, { HUGE_VAL, 1, "s" } };
	double size = fabs(s);
	size_t i = 0;

	if (size < 1e5) {
		while (size >= scale[i].below)
			i++;
		double x = size / scale[i].size;
		/* A clock is not known to fractions of a ns. */
		int decimals = i == 0 ? 0 : x >= 999.5 ? 1 : human_decimals(x);
		snprintf(buf, FIELD_SIZE, "%s%.*f %s", sign, decimals, x,
		    scale[i].name);
	} else if (size < 1e9) {
		snprintf(buf, FIELD_SIZE, "%s%.1f d", sign, size / DAY);
	} else {
		snprintf(buf, FIELD_SIZE, "%s%.3g y", sign, size / YEAR);
	}
	return buf;
}

const char *
human_span(char *buf, double s)
{
	return human(buf, s, s < 0 ? "-" : "");
}

const char *
human_signed_span(char *buf, double s)
{
	return human(buf, s, s < 0 ? "-" : "+");
}

const char *
human_duration(char *buf, uint32_t s)
{
	if (s == CMDMON_NEVER)
		snprintf(buf, FIELD_SIZE, "never");
	else if (s < MINUTE)
		snprintf(buf, FIELD_SIZE, "%u s", s);
	else if (s < HOUR)
		snprintf(buf, FIELD_SIZE, "%u min %u s", s / MINUTE,
		    s % MINUTE);
	else if (s < DAY)
		snprintf(buf, FIELD_SIZE, "%u h %u min", s / HOUR,
		    s % HOUR / MINUTE);
	else
		snprintf(buf, FIELD_SIZE, "%u d %u h", s / DAY,
		    s % DAY / HOUR);
	return buf;
}
