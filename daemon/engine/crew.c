/* SPDX-License-Identifier: ISC */
#include "daemon/engine/crew.h"

#include <errno.h>
#include <string.h>

#include "common/bytes.h"
#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/server.h"

/* s between two words about the reference when nothing happens; a worker that
 * hears none says that it knows nothing (TOLD_AGE_MAX). */
#define PUBLISH 1.0

/* Asks all that are there, or of them those that have something to do, before
 * any of them is waited for: several that hang take the time of one. */
static void
ask(struct crew *c, struct wrk_req *req, bool is_for_busy,
    bool is_asked[WRK_MAX])
{
	req->seq = ++c->seq;
	for (unsigned i = 0; i < c->n; i++)
		is_asked[i] = !c->is_gone[i] &&
		    (!is_for_busy || c->is_behind(c, i)) &&
		    c->ask(c, i, req) == 0;
}

/* Returns 0, or -ENOMEM when one had no memory. */
static int
ask_all(struct crew *c, struct wrk_req *req)
{
	bool is_asked[WRK_MAX] = { false };
	struct wrk_rep rep;
	int r = 0;

	ask(c, req, false, is_asked);
	for (unsigned i = 0; i < c->n; i++) {
		if (!is_asked[i] || c->answer(c, i, req, &rep) < 0)
			continue;
		if (req->type == WRK_SETUP) /* it has heard no client yet */
			c->log_size[i] = rep.log_size;
		if (rep.error != 0)
			r = -ENOMEM;
	}
	return r;
}

int
crew_set_up(struct crew *c, const struct config *config, uint32_t uid,
    uint32_t gid)
{
	const struct config_ratelimit *l = &config->ratelimit;
	struct wrk_req req = { .type = WRK_SETUP, .u.setup = {
		.uid = uid, .gid = gid,
		.log_bytes = config->noclientlog
		    ? 0 : config->clientloglimit / c->n + 1, /* 0 is no log */
		.has_pairs = !config->noclientlog,
		.limit = { .is_on = l->is_on, .interval = l->interval,
		    .burst = l->burst, .leak = l->leak, .kod = l->kod },
	} };
	int r = ask_all(c, &req);

	for (unsigned i = 0; i < c->n; i++)
		if (c->is_gone[i])
			return -EPIPE;
	return r;
}

/* Adds a rule of the table to the message, which is sent when it is full, or,
 * with NULL, when there is something in it. */
static int
add_rule(struct crew *c, struct wrk_req *req, const struct access_rule *r,
    enum addr_family family)
{
	struct wrk_access *a = &req->u.access;
	int error = 0;

	if (r != NULL) {
		struct wrk_rule *to = &a->rules[a->n++];

		put64(to->bytes, r->high);
		put64(to->bytes + 8, r->low);
		to->family = (uint8_t)family;
		to->bits = r->bits;
		to->may = r->may;
	}
	if (a->n == WRK_RULES || (r == NULL && a->n > 0)) {
		error = ask_all(c, req);
		*req = (struct wrk_req){ .type = WRK_ACCESS };
	}
	return error;
}

static int
send_rules(struct crew *c, const struct access *a)
{
	struct wrk_req req = { .type = WRK_ACCESS };
	int r = 0;

	for (size_t i = 0; i < a->v4.n && r == 0; i++)
		r = add_rule(c, &req, &a->v4.rules[i], ADDR_INET4);
	for (size_t i = 0; i < a->v6.n && r == 0; i++)
		r = add_rule(c, &req, &a->v6.rules[i], ADDR_INET6);
	return r == 0 ? add_rule(c, &req, NULL, ADDR_NONE) : r;
}

int
crew_access(struct engine *e, const struct subnet *s, bool may, bool is_whole)
{
	struct wrk_req req = { .type = WRK_ACCESS, .u.access.n = 1 };
	struct wrk_rule *r = &req.u.access.rules[0];

	if (e->options.crew == NULL)
		return 0;
	memcpy(r->bytes, s->addr.bytes, sizeof r->bytes);
	r->family = (uint8_t)s->addr.family;
	r->bits = (uint8_t)s->bits;
	r->may = may;
	r->is_whole = is_whole;
	return ask_all(e->options.crew, &req);
}

int
crew_keys(struct engine *e)
{
	const struct keys *k = &e->keys;
	struct wrk_req req = { .type = WRK_KEYS, .u.keys.n = (uint32_t)k->n };
	int r;

	if (e->options.crew == NULL)
		return 0;
	for (size_t i = 0; i < k->n; i++)
		req.u.keys.size += (uint32_t)k->all[i].len;
	r = ask_all(e->options.crew, &req);
	for (size_t i = 0; i < k->n && r == 0; i++) {
		const struct mac_key *key = &k->all[i];

		req = (struct wrk_req){ .type = WRK_KEY, .u.key = {
			.id = key->id, .type = key->type,
			.len = (uint32_t)key->len } };
		memcpy(req.u.key.secret, key->secret, key->len);
		r = ask_all(e->options.crew, &req);
	}
	explicit_bzero(&req, sizeof req);
	req.type = WRK_KEYS_DONE;
	return r == 0 ? ask_all(e->options.crew, &req) : r;
}

void
crew_publish(struct engine *e)
{
	struct crew *c = e->options.crew;
	struct wrk_reference t;

	if (c == NULL || e->options.server->engine == NULL)
		return;
	server_tell(e->options.server, e->os->ops->pair(e->os), &t);
	c->publish(c, &t);
}

/* What they have counted. */
static void
ask_counts(struct crew *c, bool is_for_busy)
{
	struct wrk_req req = { .type = WRK_COUNTS };
	bool is_asked[WRK_MAX] = { false };
	struct wrk_rep rep;

	ask(c, &req, is_for_busy, is_asked);
	for (unsigned i = 0; i < c->n; i++)
		if (is_asked[i] && c->answer(c, i, &req, &rep) == 0)
			c->counts[i] = rep.u.counts;
}

static void
fire_publish(struct timer *t)
{
	struct engine *e = t->owner;
	struct crew *c = e->options.crew;

	crew_publish(e);
	/* One that has something to do and hangs is found out. */
	ask_counts(c, true);
	e->os->ops->timer_set(e->os, t,
	    mono_add(e->os->ops->mono(e->os), PUBLISH));
}

void
crew_start(struct engine *e)
{
	struct wrk_req req = { .type = WRK_START };
	struct crew *c = e->options.crew;

	if (c == NULL)
		return;
	if (send_rules(c, &e->admission.clients) < 0)
		log_error("workers: out of memory, some rules are not in use");
	c->timer = (struct timer){ .fire = fire_publish, .owner = e };
	fire_publish(&c->timer);
	ask_all(c, &req);
}

void
crew_stop(struct engine *e)
{
	struct wrk_req req = { .type = WRK_BYE };
	struct crew *c = e->options.crew;
	bool is_asked[WRK_MAX] = { false };

	if (c == NULL)
		return;
	e->os->ops->timer_off(e->os, &c->timer);
	ask(c, &req, false, is_asked);
}

static void
add(struct wrk_counts *sum, const struct wrk_counts *more)
{
	uint64_t span = more->pairs_span_s;

	sum->hits += more->hits;
	sum->drops += more->drops;
	sum->lost += more->lost;
	sum->with_mac += more->with_mac;
	sum->interleaved += more->interleaved;
	sum->prepared += more->prepared;
	sum->kernel_receive += more->kernel_receive;
	sum->answered += more->answered;
	sum->kernel_sent += more->kernel_sent;
	sum->pairs += more->pairs;
	sum->overflows += more->overflows;
	if (span > sum->pairs_span_s)
		sum->pairs_span_s = span;
}

void
crew_counts(struct engine *e, struct wrk_counts *sum)
{
	struct crew *c = e->options.crew;

	if (c != NULL)
		ask_counts(c, false);
	for (unsigned i = 0; c != NULL && i < c->n; i++) {
		/* Gone with its process; the kernel's count of overflows began
		 * with the socket, which the engine reads now: it has all. */
		if (c->is_gone[i])
			c->counts[i].pairs = c->counts[i].pairs_span_s =
			    c->counts[i].overflows = 0;
		add(sum, &c->counts[i]);
	}
}

size_t
crew_log_size(const struct crew *c)
{
	size_t sum = 0;

	for (unsigned i = 0; i < c->n; i++)
		sum += c->log_size[i];
	return sum;
}

unsigned
crew_clients(struct crew *c, const struct wrk_want *want,
    struct wrk_client *list, uint32_t *next)
{
	struct wrk_req req = { .type = WRK_CLIENTLOG, .u.want = *want };
	uint32_t before = 0; /* places of the workers that came already */
	unsigned n = 0;

	*next = want->first;
	if (want->first == 0) /* those that hang are found out together */
		ask_counts(c, false);
	for (unsigned i = 0; i < c->n && n < want->most; i++) {
		uint32_t size = c->log_size[i];
		struct wrk_rep rep;

		if (*next < before + size) {
			req.u.want.first = *next - before;
			req.u.want.most = want->most - n;
			*next = before + size;
			req.seq = ++c->seq;
			if (!c->is_gone[i] && c->ask(c, i, &req) == 0 &&
			    c->answer(c, i, &req, &rep) == 0) {
				memcpy(list + n, rep.u.clients.list,
				    rep.u.clients.n * sizeof *list);
				n += rep.u.clients.n;
				if (rep.u.clients.next < size)
					*next = before + rep.u.clients.next;
			}
		}
		before += size;
	}
	return n;
}
