/* SPDX-License-Identifier: ISC */
#include "tests/sim/world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/tspec.h"

#define EPOCH INT64_C(1790000000) /* 2026-09-21 */

void *
world_alloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p) {
		fputs("no memory\n", stderr);
		abort();
	}
	return p;
}

static void
arrive(struct simevent *e)
{
	struct simpacket *p = (struct simpacket *)e;

	p->dest->received++;
	p->dest->receive(p->dest, p);
	if (p->event.node.slot == 0)
		free(p);
}

void
world_init(struct world *w, uint64_t seed)
{
	*w = (struct world){ .seed = seed, .epoch_ns = EPOCH * NSEC };
	w->last_station = &w->stations;
	heap_init(&w->events);
}

void
world_fini(struct world *w)
{
	struct heap_node *node;
	struct simname *n;

	while ((node = heap_first(&w->events)) != NULL) {
		struct simevent *e = (struct simevent *)node;

		heap_remove(&w->events, node);
		if (e->fire == arrive)
			free(e);
	}
	heap_fini(&w->events);
	while ((n = w->names) != NULL) {
		w->names = n->next;
		free(n);
	}
}

double
world_seconds(const struct world *w)
{
	return (double)w->now * 1e-9;
}

/* FNV-1a (Fowler, Noll, Vo); prng_init() does the mixing. */
uint64_t
world_seed(const struct world *w, const char *who, const char *what)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ w->seed;

	for (int part = 0; part < 2; part++, who = what)
		for (const char *c = who; ; c++) {
			h = (h ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
			if (*c == '\0')
				break;
		}
	return h;
}

void
world_at(struct world *w, struct simevent *e, int64_t at)
{
	if (heap_put(&w->events, &e->node, at < w->now ? w->now : at) != 0)
		abort();
}

void
world_off(struct world *w, struct simevent *e)
{
	heap_remove(&w->events, &e->node);
}

void
world_run(struct world *w)
{
	struct heap_node *node;

	while ((node = heap_first(&w->events)) != NULL && node->key <= w->end) {
		struct simevent *e = (struct simevent *)node;

		w->now = node->key;
		w->n_events++;
		heap_remove(&w->events, node);
		e->fire(e);
	}
	w->now = w->end;
}

void
station_init(struct station *s, struct world *w, const char *name,
    const struct addr *addr)
{
	*s = (struct station){ .world = w, .addr = *addr };
	snprintf(s->name, sizeof s->name, "%s", name);
	*w->last_station = s;
	w->last_station = &s->next;
}

void
station_fini(struct station *s)
{
	for (unsigned i = 0; i < s->n_paths; i++)
		replay_fini(&s->paths[i].replay);
	free(s->paths);
}

struct station *
world_station(const struct world *w, const char *name)
{
	struct station *s = w->stations;

	while (s && strcmp(s->name, name) != 0)
		s = s->next;
	return s;
}

static struct path *
find_path(struct station *from, const struct station *to)
{
	for (unsigned i = 0; i < from->n_paths; i++)
		if (from->paths[i].to == to)
			return &from->paths[i];
	return NULL;
}

struct path *
station_path(struct station *from, struct station *to)
{
	struct path *p = find_path(from, to);

	if (p)
		return p;
	from->paths = realloc(from->paths,
	    (from->n_paths + 1) * sizeof *from->paths);
	if (!from->paths)
		abort();
	p = &from->paths[from->n_paths++];
	*p = (struct path){ .to = to };
	prng_init(&p->prng, world_seed(from->world, from->name, to->name));
	return p;
}

void
world_defer(struct simpacket *p, int64_t at)
{
	p->dest->received--;
	world_at(p->dest->world, &p->event, at);
}

static void
send_copy(struct path *path, const struct endpoint *src,
    const struct endpoint *dst, const void *data, size_t len, double extra)
{
	struct world *w = path->to->world;
	double d = path->replay.n > 0 ? replay_next(&path->replay) :
	    delay_draw(&path->delay, &path->prng, world_seconds(w));
	int64_t at = w->now + span_ns(d + extra);
	struct simpacket *p;

	if (path->loss > 0 && prng_unit(&path->prng) < path->loss)
		return;
	if (path->is_ordered && at < path->last)
		at = path->last;
	path->last = at;
	p = world_alloc(sizeof *p + len);
	p->event.fire = arrive;
	p->dest = path->to;
	p->from = *src;
	p->to = *dst;
	p->len = len;
	memcpy(p->data, data, len);
	world_at(w, &p->event, at);
}

static void
send_along(struct path *path, const struct endpoint *src,
    const struct endpoint *dst, const void *data, size_t len, double extra)
{
	if (path->is_cut)
		return;
	send_copy(path, src, dst, data, len, extra);
	if (path->dup > 0 && prng_unit(&path->prng) < path->dup)
		send_copy(path, src, dst, data, len, extra);
}

static bool
is_broadcast(const struct addr *a)
{
	return !addr_is_unicast(a) ||
	    (a->family == ADDR_INET4 && a->bytes[3] == 255);
}

void
world_send(struct station *from, const struct endpoint *src,
    const struct endpoint *dst, const void *data, size_t len, double extra)
{
	bool all = is_broadcast(&dst->addr);

	from->sent++;
	for (unsigned i = 0; i < from->n_paths; i++)
		if (all || addr_equal(&from->paths[i].to->addr, &dst->addr))
			send_along(&from->paths[i], src, dst, data, len, extra);
}

struct simname *
world_name(struct world *w, const char *name, bool make)
{
	struct simname *n = w->names;

	while (n && strcmp(n->name, name) != 0)
		n = n->next;
	if (n || !make)
		return n;
	n = world_alloc(sizeof *n);
	snprintf(n->name, sizeof n->name, "%s", name);
	n->next = w->names;
	w->names = n;
	return n;
}
