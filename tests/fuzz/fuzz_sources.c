/* SPDX-License-Identifier: ISC
 *
 * A file of sources of any bytes, which is cut at a later reading: whatever it
 * holds, no source bends the others, and none is left when it has gone. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "common/log.h"
#include "daemon/engine/manage.h"
#include "tests/emu/engine_world.h"

#define SLOT "sources0/fuzz.sources"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
judge(const struct engine *e)
{
	const struct source *s;

	assert(e->sourcedirs.n <= SOURCEDIR_SOURCES);
	TAILQ_FOREACH(s, &e->sources, link) {
		assert((s->conf.select & (SELECT_TRUST | SELECT_REQUIRE)) == 0);
		assert(!s->conf.copy && s->conf.offset == 0);
		assert(s->conf.mindelay == 0);
		assert(s->conf.asymmetry == SOURCE_AUTO_ASYMMETRY);
		assert(s->conf.minpoll >= 0 && s->conf.maxpoll >= 0);
		assert(s->conf.origin != 0);
	}
}

static void
reload(struct world *w, const uint8_t *data, size_t size)
{
	if (size > FAKE_FILE)
		size = FAKE_FILE;
	w->os.os.ops->save(&w->os.os, SLOT, data, size);
	assert(manage_reload_sources(&w->engine) == 0);
	judge(&w->engine);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;

	log_init(2, LOGSTYLE_PLAIN, LOGLEVEL_FATAL, "");
	world_init(&w, 0);
	strcpy(w.config.sourcedirs[0], "/fuzz");
	w.config.n_sourcedirs = 1;
	world_start(&w);
	reload(&w, data, size);
	reload(&w, data, size / 2);
	reload(&w, data, 0);
	assert(TAILQ_EMPTY(&w.engine.sources));
	assert(TAILQ_EMPTY(&w.engine.pools));
	world_fini(&w);
	return 0;
}
