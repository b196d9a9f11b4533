/* SPDX-License-Identifier: ISC
 *
 * Whatever a file holds, a table that comes of it is in order. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/wire/leapfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
judge(const struct leap_table *t, int is_good)
{
	assert(is_good == (t->n > 0) && t->n <= LEAP_TABLE_MAX);
	for (unsigned i = 0; i < t->n; i++) {
		assert(t->rows[i].tai >= 10 && t->rows[i].tai <= 60);
		assert(t->rows[i].from_s % 86400 == 0);
		assert(i == 0 || t->rows[i].from_s > t->rows[i - 1].from_s);
		assert(leap_table_tai(t, t->rows[i].from_s) == t->rows[i].tai);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct leap_table t;

	judge(&t, leapfile_read_list(&t, data, size));
	judge(&t, leapfile_read_zone(&t, data, size));
	return 0;
}
