/* SPDX-License-Identifier: ISC
 *
 * An engine made by hand over a fake world, for what only reads it: sources are
 * added as the test wants them, and nothing runs by itself. */
#ifndef TESTS_EMU_SMALL_ENGINE_H
#define TESTS_EMU_SMALL_ENGINE_H

#include <stdlib.h>
#include <string.h>

#include "daemon/control/control.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/source.h"
#include "tests/emu/fake_os.h"

#define SMALL_NOW (INT64_C(1800000000) * NSEC) /* 2027-01-15 */

struct small {
	struct fake_os world;
	struct config config;
	struct engine engine;
	struct control control;
};

static inline struct addr
small_addr(const char *text)
{
	struct addr a;

	if (addr_parse(&a, text) != 0)
		abort();
	return a;
}

/* The defaults that matter here; no source, control sockets closed. */
static inline struct small *
small_new(void)
{
	struct small *s = calloc(1, sizeof *s);
	struct config *c;
	struct engine *e;

	if (!s)
		abort();
	fake_init(&s->world, (struct tspec){ SMALL_NOW });
	c = &s->config;
	c->maxslewrate_ppm = 83333.333;
	c->maxclockerror_ppm = 1;
	c->opencommands = OPEN_DEFAULT;
	c->cmdport = CMDMON_PORT;
	c->bindcmd4 = small_addr("127.0.0.1");
	c->bindcmd6 = small_addr("::1");
	strcpy(c->bindcmdpath, "/run/chrony/chronyd.sock");
	c->guard = (struct config_guard){
		.window_s = 900, .bucket = 2, .refill_ppm = 100 };
	e = &s->engine;
	e->os = &s->world.os;
	e->config = c;
	TAILQ_INIT(&e->sources);
	TAILQ_INIT(&e->pools);
	timescale_init(&e->scale, s->world.now);
	reference_init(&e->reference);
	discipline_init(&e->discipline, e);
	return s;
}

static inline void
small_free(struct small *s)
{
	struct source *o;

	while ((o = TAILQ_FIRST(&s->engine.sources)) != NULL)
		source_free(o);
	access_fini(&s->engine.admission.clients);
	access_fini(&s->engine.admission.commands);
	fake_fini(&s->world);
	free(s);
}

/* A source of this name and address ("ID#1": unresolved), polled each 64 s. */
static inline struct source *
small_source(struct small *s, const char *name, const char *addr)
{
	struct source *o = calloc(1, sizeof *o);

	if (!o || strlen(name) >= sizeof o->conf.name)
		abort();
	o->engine = &s->engine;
	strcpy(o->conf.name, name);
	o->remote.addr = small_addr(addr);
	o->remote.port = 123;
	source_defaults(&o->conf);
	client_init(&o->client, o);
	o->verdict = SOURCE_MISSING;
	estimator_init(&o->estimator, 0, 1e-4);
	stats_init(&o->stats);
	TAILQ_INSERT_TAIL(&s->engine.sources, o, link);
	return o;
}

/* REALTIME - RAW on the engine's epoch, now. */
static inline double
small_clock(const struct small *s)
{
	return timescale_offset(&s->engine.scale, s->world.now.real,
	    s->world.now.raw);
}

#endif
