/* SPDX-License-Identifier: ISC
 *
 * Strict numbers: a word is a number from its first byte to its last, decimal,
 * finite, or it is none. */
#ifndef CONF_NUMBER_H
#define CONF_NUMBER_H

#include <stdint.h>

/* Each returns 0; -EINVAL when the word is no such thing; -ERANGE when it is
 * one that the type does not hold.  *out is set on 0 alone. */

/* An optional sign and digits. */
int number_int(const char *word, int64_t *out);

/* The same with an optional fraction and exponent: "1", "-.5", "1e-6".  Never
 * infinite, never NaN; too small becomes 0. */
int number_double(const char *word, double *out);

/* YYYY-MM-DD of the Gregorian calendar: its first second in UTC, s since
 * 1970. */
int number_date(const char *word, int64_t *out);

/* Days since 1970 of a date (proleptic Gregorian); month 1..12, day 1..31. */
int64_t number_days(int64_t year, int month, int day);

#endif
