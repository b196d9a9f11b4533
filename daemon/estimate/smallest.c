/* SPDX-License-Identifier: ISC */
#include "daemon/estimate/smallest.h"

double
smallest(double *x, size_t n, size_t k)
{
	ptrdiff_t low = 0, high = (ptrdiff_t)n - 1, at = (ptrdiff_t)k;

	while (low < high) {
		const double pivot = x[at];
		ptrdiff_t i = low, j = high;

		do {
			while (x[i] < pivot)
				i++;
			while (x[j] > pivot)
				j--;
			if (i <= j) {
				double swapped = x[i];
				x[i++] = x[j];
				x[j--] = swapped;
			}
		} while (i <= j);
		if (j < at)
			low = i;
		if (i > at)
			high = j;
	}
	return x[at];
}
