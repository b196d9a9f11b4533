/* SPDX-License-Identifier: ISC */
#include "conf/number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define DAY 86400

static const char *
skip_digits(const char *p)
{
	while (isdigit((unsigned char)*p))
		p++;
	return p;
}

static const char *
skip_sign(const char *p)
{
	return *p == '+' || *p == '-' ? p + 1 : p;
}

int
number_int(const char *word, int64_t *out)
{
	const char *digits = skip_sign(word), *end = skip_digits(digits);

	if (end == digits || *end != '\0')
		return -EINVAL;
	errno = 0;
	long long n = strtoll(word, NULL, 10);
	if (errno != 0)
		return -ERANGE;
	*out = n;
	return 0;
}

/* The grammar is checked here because strtod() would take "nan", "inf", "0x1p3"
 * and a locale's comma. */
static int
is_decimal(const char *p)
{
	const char *whole = skip_sign(p), *fraction;

	p = skip_digits(whole);
	fraction = p;
	if (*p == '.')
		p = skip_digits(p + 1);
	if (p - whole == (*fraction == '.'))
		return 0; /* no digit at all */
	if (*p == 'e' || *p == 'E') {
		const char *exponent = skip_sign(p + 1);

		p = skip_digits(exponent);
		if (p == exponent)
			return 0;
	}
	return *p == '\0';
}

int
number_double(const char *word, double *out)
{
	if (!is_decimal(word))
		return -EINVAL;

	double x = strtod(word, NULL);

	if (!isfinite(x))
		return -ERANGE;
	*out = x;
	return 0;
}

/* The year begins in March, so that the leap day is its last; 400 years are
 * one turn of the calendar. */
int64_t
number_days(int64_t year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t turn = (y >= 0 ? y : y - 399) / 400;
	int64_t of_turn = y - 400 * turn;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 +
	    day - 1;
	int64_t days = 365 * of_turn + of_turn / 4 - of_turn / 100 + of_year;

	return 146097 * turn + days - 719468; /* 1970-01-01 */
}

static int
days_of_month(int64_t year, int month)
{
	int next_month = month == 12 ? 1 : month + 1;
	int64_t next_year = month == 12 ? year + 1 : year;

	return (int)(number_days(next_year, next_month, 1) -
	    number_days(year, month, 1));
}

int
number_date(const char *word, int64_t *out)
{
	static const char shape[] = "9999-99-99";

	for (size_t i = 0; i < sizeof shape; i++)
		if (shape[i] == '9' ? !isdigit((unsigned char)word[i]) :
				      word[i] != shape[i])
			return -EINVAL;

	int year = (int)strtol(word, NULL, 10);
	int month = (int)strtol(word + 5, NULL, 10);
	int day = (int)strtol(word + 8, NULL, 10);

	if (month < 1 || month > 12 || day < 1 ||
	    day > days_of_month(year, month))
		return -EINVAL;
	*out = number_days(year, month, day) * DAY;
	return 0;
}
