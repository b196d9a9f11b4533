/* SPDX-License-Identifier: ISC
 *
 * Text that one run of a program writes for another: words and numbers between
 * blanks, numbers exact.  Errors stick, so that a whole record is written or
 * read first and asked afterwards whether it was good. */
#ifndef COMMON_RECORD_H
#define COMMON_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct record_out {
	char *text;
	size_t size, len;
	bool has_failed; /* it did not fit */
};

/* text stays the caller's. */
void record_begin(struct record_out *, char *text, size_t size);
void record_put(struct record_out *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void record_put_double(struct record_out *, double); /* and a blank */

struct record_in {
	const char *at, *end;
	bool has_failed;
};

void record_open(struct record_in *, const void *text, size_t len);

/* The next word must be this one. */
void record_expect(struct record_in *, const char *word);

/* The next word; 0, and failed, where it is no number, not finite or not in
 * min..max. */
int64_t record_int(struct record_in *, int64_t min, int64_t max);
double record_double(struct record_in *, double min, double max);

/* Whether all was good and nothing is left. */
bool record_is_over(struct record_in *);

#endif
