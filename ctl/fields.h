/* SPDX-License-Identifier: ISC
 *
 * Numbers as text.  The first half is chronyc's, to the character: fixed
 * widths, a unit that follows the size.  human_* are tockctl's own.  All write
 * at most FIELD_SIZE bytes with NUL and return buf. */
#ifndef CTL_FIELDS_H
#define CTL_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/tspec.h"

#define FIELD_SIZE 64

/* Seconds without a fraction: 4 wide; CMDMON_NEVER is "   -". */
const char *field_interval(char *buf, uint32_t s);

/* A span s in seconds with its unit: its size, 6 wide; 7 with the sign. */
const char *field_span(char *buf, double s);
const char *field_signed_span(char *buf, double s);

/* 10 wide; thousandths, if there is room. */
const char *field_ppm(char *buf, double ppm);
const char *field_signed_ppm(char *buf, double ppm);

/* "Mon Nov 23 14:07:18 2026", UTC. */
const char *field_date(char *buf, struct tspec t);

/* "1795442838.060736736": seconds since 1970. */
const char *field_seconds(char *buf, struct tspec t);

/* The printable bytes of a reference ID, "GPS". */
const char *field_refid(char *buf, uint32_t refid);

/* "Normal", "Insert second", ... as the protocol numbers them. */
const char *field_leap(unsigned leap);

/* "12 us", "1.9 ms", "41 ms", "3.20 s": three digits; the sign only when it is
 * negative. */
const char *human_span(char *buf, double s);
const char *human_signed_span(char *buf, double s);

/* "38 s", "12 min 5 s", "3 d 4 h"; CMDMON_NEVER gives "never". */
const char *human_duration(char *buf, uint32_t s);

#endif
