/* SPDX-License-Identifier: ISC */
#include "daemon/worker.h"

#include <errno.h>
#include <string.h>

#include "daemon/engine/told.h"

#define KEYS_MOST (KEYS_TEXT_MAX / 4) /* "1 a\n" */

void
worker_init(struct worker *w, struct os *os, const struct refpage *page)
{
	memset(w, 0, sizeof *w);
	w->os = os;
	w->page = page;
}

void
worker_fini(struct worker *w)
{
	answerer_fini(&w->answerer);
	clientlog_fini(&w->log);
	access_fini(&w->access);
	keys_fini(&w->keys);
	keys_fini(&w->next_keys);
}

void
worker_receive(struct sock *sock, struct dgram *d, int n)
{
	struct worker *w = sock->owner;

	/* An engine that was interrupted while it wrote has not said anything
	 * else yet; one that never goes on is not believed for long. */
	refpage_read(w->page, &w->told);
	told_write(&w->told, d[0].stamp.pair, w->answerer.common.header);
	answerer_serve(&w->answerer, sock, d, n);
}

void
worker_sent(struct sock *sock, const unsigned char *data, size_t len,
    const struct stamp *stamp)
{
	struct worker *w = sock->owner;

	answerer_sent(&w->answerer, data, len, stamp);
}

static int
set_up(struct worker *w, const struct wrk_req *req, struct wrk_rep *rep)
{
	const struct wrk_setup *s = &req->u.setup;
	const struct wrk_limit *l = &s->limit;
	unsigned char random[24];

	if (w->is_set_up || s->has_pairs > 1 || l->is_on < 0 || l->is_on > 1 ||
	    l->zero != 0 || l->interval < -19 || l->interval > 12 ||
	    l->burst < 1 || l->burst > 255 || l->leak < 1 || l->leak > 4 ||
	    l->kod < 0 || l->kod > 4)
		return -EPROTO;
	w->os->ops->random(w->os, random, sizeof random);
	if (clientlog_init(&w->log, s->log_bytes, random,
		w->os->ops->mono(w->os)) < 0 ||
	    answerer_init(&w->answerer, w->os, &w->access, &w->log, &w->keys,
		s->has_pairs == 1) < 0)
		rep->error = ENOMEM;
	w->log.limits[CLIENTLOG_NTP] = (struct config_ratelimit){
		.is_on = l->is_on == 1, .interval = l->interval,
		.burst = l->burst, .leak = l->leak, .kod = l->kod };
	w->is_set_up = rep->error == 0;
	return 0;
}

static bool
make_subnet(const struct wrk_rule *r, struct subnet *s)
{
	struct addr a = { .family = r->family };

	*s = (struct subnet){ .bits = 0 };
	memcpy(a.bytes, r->bytes, sizeof a.bytes);
	if (r->may > 1 || r->is_whole > 1)
		return false;
	if (r->family == ADDR_NONE)
		return r->bits == 0;
	return subnet_make(s, &a, r->bits) == 0;
}

static int
take_access(struct worker *w, const struct wrk_req *req, struct wrk_rep *rep)
{
	const struct wrk_access *a = &req->u.access;

	if (a->n < 1 || a->n > WRK_RULES)
		return -EPROTO;
	for (uint32_t i = 0; i < a->n; i++) {
		const struct wrk_rule *r = &a->rules[i];
		struct subnet s;

		if (!make_subnet(r, &s))
			return -EPROTO;
		if (access_set(&w->access, &s, r->may == 1,
			r->is_whole == 1) < 0)
			rep->error = ENOMEM;
	}
	return 0;
}

static int
begin_keys(struct worker *w, const struct wrk_req *req, struct wrk_rep *rep)
{
	const struct wrk_keys *k = &req->u.keys;

	if (k->n > KEYS_MOST || k->size > KEYS_TEXT_MAX)
		return -EPROTO;
	keys_fini(&w->next_keys);
	w->is_taking_keys = keys_reserve(&w->next_keys, k->n, k->size) == 0;
	if (!w->is_taking_keys)
		rep->error = ENOMEM;
	return 0;
}

static int
take_key(struct worker *w, const struct wrk_req *req, struct wrk_rep *rep)
{
	const struct wrk_key *k = &req->u.key;
	const struct mac_key key = { .id = k->id,
		.type = (enum mac_type)k->type, .secret = k->secret,
		.len = k->len };

	(void)rep;
	return w->is_taking_keys && k->len <= WRK_SECRET &&
	    k->type <= MAC_AES256 && keys_add(&w->next_keys, &key)
	    ? 0 : -EPROTO;
}

static int
end_keys(struct worker *w, const struct wrk_req *req, struct wrk_rep *rep)
{
	(void)req;
	(void)rep;
	if (!w->is_taking_keys)
		return -EPROTO;
	keys_fini(&w->keys);
	w->keys = w->next_keys;
	w->next_keys = (struct keys){ 0 };
	w->is_taking_keys = false;
	return 0;
}

static int
start(struct worker *w, const struct wrk_req *req, struct wrk_rep *rep)
{
	(void)req;
	(void)rep;
	w->is_started = true;
	return 0;
}

static int
tell_counts(struct worker *w, const struct wrk_req *req, struct wrk_rep *rep)
{
	const struct answerer_counts *c = &w->answerer.counts;
	struct wrk_counts *out = &rep->u.counts;

	(void)req;
	*out = (struct wrk_counts){ .hits = w->log.hits[CLIENTLOG_NTP],
		.drops = w->log.drops[CLIENTLOG_NTP], .lost = w->log.lost,
		.with_mac = c->with_mac, .interleaved = c->interleaved,
		.prepared = c->prepared, .kernel_receive = c->kernel_receive,
		.answered = c->answered, .kernel_sent = c->kernel_sent,
		.overflows = c->lost };
	answerer_pairs(&w->answerer, &out->pairs, &out->pairs_span_s);
	return 0;
}

static int
tell_clients(struct worker *w, const struct wrk_req *req, struct wrk_rep *rep)
{
	const struct wrk_want *want = &req->u.want;
	struct wrk_clients *out = &rep->u.clients;
	struct mono now = w->os->ops->mono(w->os);
	size_t size = clientlog_size(&w->log), i = want->first;
	struct clientlog_report r;

	if (want->most > WRK_CLIENTS || want->reset > 1)
		return -EPROTO;
	for (; i < size && out->n < want->most; i++) {
		if (!clientlog_get(&w->log, i, now, &r) ||
		    r.hits[CLIENTLOG_NTP] < want->least_hits)
			continue;
		struct wrk_client *c = &out->list[out->n++];

		*c = (struct wrk_client){ .family = r.addr.family,
			.hits = r.hits[CLIENTLOG_NTP],
			.drops = r.drops[CLIENTLOG_NTP],
			.interval = r.interval[CLIENTLOG_NTP],
			.ago_ns = r.ago[CLIENTLOG_NTP] < 0 ? -1 :
			    span_ns(r.ago[CLIENTLOG_NTP]) };
		memcpy(c->bytes, r.addr.bytes, sizeof c->bytes);
		if (want->reset == 1)
			clientlog_reset(&w->log, i);
	}
	out->next = (uint32_t)i;
	return 0;
}

static const struct {
	uint32_t type;
	bool before_setup;
	int (*handle)(struct worker *, const struct wrk_req *,
	    struct wrk_rep *);
} handlers[] = {
	{ WRK_SETUP, true, set_up },
	{ WRK_ACCESS, false, take_access },
	{ WRK_KEYS, false, begin_keys },
	{ WRK_KEY, false, take_key },
	{ WRK_KEYS_DONE, false, end_keys },
	{ WRK_START, false, start },
	{ WRK_COUNTS, false, tell_counts },
	{ WRK_CLIENTLOG, false, tell_clients },
};

int
worker_request(struct worker *w, const struct wrk_req *req, struct wrk_rep *rep)
{
	memset(rep, 0, sizeof *rep);
	rep->type = WRK_DONE;
	rep->seq = req->seq;
	if (req->type == WRK_BYE)
		return 1;
	for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
		if (handlers[i].type != req->type)
			continue;
		if (w->is_set_up == handlers[i].before_setup)
			return -EPROTO;
		int r = handlers[i].handle(w, req, rep);

		rep->log_size = (uint32_t)clientlog_size(&w->log);
		return r;
	}
	return -EPROTO;
}
