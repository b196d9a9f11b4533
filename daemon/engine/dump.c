/* SPDX-License-Identifier: ISC */
#include "daemon/engine/dump.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/record.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/source.h"

#define SLOT_MAX (5 + ADDR_STRLEN + 5)
#define OFFSET_MOST 1e10 /* s */
#define DELAY_MOST 1e3   /* s, more than maxdelay may be */

static const char *
slot_of(const struct source *s, char slot[SLOT_MAX])
{
	char addr[ADDR_STRLEN];

	snprintf(slot, SLOT_MAX, "dump/%s.dat",
	    addr_print(&s->remote.addr, addr, sizeof addr));
	return slot;
}

static bool
can_dump(const struct engine *e)
{
	return e->config->dumpdir[0] != '\0' && e->options.boot_id[0] != '\0';
}

size_t
dump_write(const struct source *s, char *text, size_t size)
{
	const struct engine *e = s->engine;
	const struct stats *st = &s->stats;
	struct record_out r;

	if ((!s->has_sample && !s->is_restored) || !e->scale.is_settled)
		return 0;
	record_begin(&r, text, size);
	record_put(&r, "tock-dump 1 %s\nepoch %" PRId64 "\nsamples %u\n",
	    e->options.boot_id, e->scale.epoch_ns, st->count);
	for (unsigned i = 0; i < st->count; i++) {
		const struct sample *sample = stats_sample(st, i);

		record_put(&r, "%" PRId64 " ", sample->at.ns);
		record_put_double(&r, sample->offset);
		record_put_double(&r, sample->delay);
		record_put_double(&r, sample->dispersion);
		record_put(&r, "\n");
	}
	record_put(&r, "end\n");
	return r.has_failed ? 0 : r.len;
}

static void
read_samples(struct record_in *r, struct stats *st, struct raw now)
{
	struct sample sample = { { 0 }, 0, 0, 0 };

	stats_init(st);
	record_expect(r, "samples");
	int64_t n = record_int(r, 1, STATS_RING);
	while (n-- > 0 && !r->has_failed) {
		sample.at.ns = record_int(r, sample.at.ns, now.ns);
		sample.offset = record_double(r, -OFFSET_MOST, OFFSET_MOST);
		sample.delay = record_double(r, DBL_MIN, DELAY_MOST);
		sample.dispersion = record_double(r, 0, DELAY_MOST);
		stats_add(st, &sample);
	}
}

bool
dump_read(struct source *s, const char *text, size_t len)
{
	struct timescale *scale = &s->engine->scale;
	struct raw now = s->engine->os->ops->pair(s->engine->os).raw;
	struct stats stats;
	struct record_in r;

	record_open(&r, text, len);
	record_expect(&r, "tock-dump");
	record_expect(&r, "1");
	record_expect(&r, s->engine->options.boot_id);
	record_expect(&r, "epoch");
	int64_t epoch_ns = record_int(&r, INT64_MIN / 2, INT64_MAX / 2);
	read_samples(&r, &stats, now);
	record_expect(&r, "end");
	if (!record_is_over(&r) || epoch_ns % NSEC != 0 ||
	    (scale->is_settled && scale->epoch_ns != epoch_ns))
		return false;
	scale->epoch_ns = epoch_ns;
	scale->is_settled = true;
	source_restore(s, &stats);
	return true;
}

static int
save_one(struct engine *e, const struct source *s)
{
	char text[DUMP_MAX], slot[SLOT_MAX];
	size_t len = dump_write(s, text, sizeof text);

	if (len == 0 || !source_is_resolved(s))
		return 0;
	int error = e->os->ops->save(e->os, slot_of(s, slot), text, len);
	if (error < 0)
		log_warn("%s: not written: %s", slot, strerror(-error));
	return error;
}

int
dump_save(struct engine *e)
{
	const struct source *s;
	int error = 0;

	if (!can_dump(e))
		return -ENOENT;
	TAILQ_FOREACH(s, &e->sources, link) {
		int r = save_one(e, s);

		if (error == 0)
			error = r;
	}
	return error;
}

void
dump_load(struct source *s)
{
	struct engine *e = s->engine;
	char text[DUMP_MAX], slot[SLOT_MAX];

	if (!e->options.is_restoring || !can_dump(e))
		return;
	slot_of(s, slot);
	ssize_t len = e->os->ops->load(e->os, slot, text, sizeof text);
	if (len == -ENOENT)
		return;
	if (len < 0)
		log_warn("%s: not read: %s", slot, strerror((int)-len));
	else if (dump_read(s, text, (size_t)len))
		log_info("%s: %u samples of the last run", slot,
		    s->stats.count);
	else
		log_info("%s: ignored: no record of this boot", slot);
	e->os->ops->save(e->os, slot, NULL, 0);
}
