/* SPDX-License-Identifier: ISC */
#ifndef DAEMON_ESTIMATE_SMALLEST_H
#define DAEMON_ESTIMATE_SMALLEST_H

#include <stddef.h>

/* The k-th smallest of n numbers, k from 0, in a time proportional to n where
 * sorting takes more; x is in another order afterwards, with nothing greater
 * before x[k] and nothing smaller behind it (Hoare 1961, "Find"). */
double smallest(double *x, size_t n, size_t k);

#endif
