/* SPDX-License-Identifier: ISC
 *
 * Whatever a sample history says: what is learned from it is finite, and what is
 * kept of it is written and read again. */
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "daemon/engine/dump.h"
#include "tests/emu/engine_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	char text[DUMP_MAX];
	struct estimate e;

	world_init(&w, 1);
	strcpy(w.options.boot_id, "boot");
	world_start(&w);
	struct source *s = world_source(&w, 0);
	if (dump_read(s, (const char *)data, size)) {
		assert(estimator_at(&s->estimator, w.os.now.raw, &e));
		assert(isfinite(e.x) && isfinite(e.y) && isfinite(e.pxx));
		assert(isfinite(estimator_min_delay(&s->estimator)));
		s->has_sample = true;
		size_t len = dump_write(s, text, sizeof text);
		assert(len > 0 && dump_read(s, text, len));
	}
	world_fini(&w);
	return 0;
}
