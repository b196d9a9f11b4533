/* SPDX-License-Identifier: ISC
 *
 * The control protocol's floating-point numbers: 32 bits, of which the upper 7
 * are an exponent e (-64..63) and the lower 25 a coefficient c (-2^24..2^24-1),
 * both two's complement; the value is c * 2^(e-25).  There is no hidden bit, no
 * infinity and no NaN, and one value has several forms: the encoder yields the
 * one that chrony does, the decoder takes them all. */
#ifndef COMMON_CMDFLOAT_H
#define COMMON_CMDFLOAT_H

#include <stdint.h>

/* Keeps 23 to 24 bits of x.  NaN and what is smaller than about 1e-27 give 0;
 * what is larger than 4.6e18 saturates.  Cannot fail. */
uint32_t cmdfloat_encode(double x);

/* Exact and always finite. */
double cmdfloat_decode(uint32_t word);

#endif
