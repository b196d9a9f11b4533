/* SPDX-License-Identifier: ISC */
#include "daemon/engine/answerer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/ntp64.h"
#include "conf/access.h"
#include "daemon/engine/clientlog.h"
#include "daemon/engine/pairing.h"

#define SEND_TIME_GAIN 0.125
#define SEND_TIME_MAX 50e-6 /* s; longer is not the sending's */

int
answerer_init(struct answerer *r, struct os *os, const struct access *access,
    struct clientlog *log, const struct keys *keys, bool has_pairs)
{
	uint64_t hash_key;

	memset(r, 0, sizeof *r);
	r->os = os;
	r->access = access;
	r->log = log;
	r->common.keys = keys;
	if (!has_pairs)
		return 0;
	r->common.pairing = aligned_alloc(_Alignof(struct pairing),
	    sizeof *r->common.pairing);
	if (r->common.pairing == NULL)
		return -ENOMEM;
	os->ops->random(os, &hash_key, sizeof hash_key);
	pairing_init(r->common.pairing, hash_key);
	return 0;
}

void
answerer_fini(struct answerer *r)
{
	free(r->common.pairing);
	r->common.pairing = NULL;
}

/* Signs and sends what is ready.  The time in an answer is that of its turn in
 * the batch. */
static void
send_batch(struct answerer *r, struct sock *sock, int n)
{
	struct os *os = r->os;
	struct dgram out[ANSWERER_BATCH];
	struct tspec before = os->ops->real(os);

	for (int i = 0; i < n; i++) {
		struct answer *a = &r->answers[i];

		respond_finish(&r->common, a, ntp64_from_tspec(
		    tspec_add(before, r->send_time * (i + 0.5))));
		r->counts.with_mac += a->key != NULL;
		r->counts.interleaved += a->is_interleaved;
		out[i] = a->out;
	}
	r->counts.answered += (unsigned)os_send_many(os, sock, out, n);

	double took = tspec_sub(os->ops->real(os), before) / n;

	if (took >= 0 && took <= SEND_TIME_MAX)
		r->send_time += SEND_TIME_GAIN * (took - r->send_time);
}

/* At most ANSWERER_BATCH of them; access: who may ask; NULL = these may. */
static void
serve_batch(struct answerer *r, const struct access *access, struct sock *sock,
    const struct dgram *d, int n, struct mono now)
{
	struct clientlog_places at[ANSWERER_BATCH];
	int ready = 0;

	r->counts.lost += sock->lost;
	sock->lost = 0;
	for (int i = 0; i < n; i++)
		at[i] = clientlog_locate(r->log, &d[i].remote.addr);
	for (int i = 0; i < n; i++) {
		/* Comes to the sockets of all workers, and is no request. */
		if (d[i].is_to_many)
			continue;
		r->counts.received++;
		if (access != NULL && !access_may(access, &d[i].remote.addr)) {
			r->counts.refused++;
			continue;
		}
		if (!respond_is_request(&d[i])) {
			r->counts.ignored++;
			continue;
		}
		enum clientlog_verdict v = clientlog_hit_at(r->log,
		    CLIENTLOG_NTP, &at[i], &d[i].remote.addr, now, false);

		if (v == CLIENTLOG_DROP)
			continue;
		if (!respond_prepare(&r->common, &d[i], &r->answers[ready])) {
			r->counts.ignored++;
			continue;
		}
		if (v == CLIENTLOG_KISS)
			respond_kiss(&r->answers[ready], &d[i]);
		r->counts.prepared++;
		r->counts.kernel_receive += d[i].stamp.src == STAMP_KERNEL;
		ready++;
	}
	sock->in_vain += (unsigned)(n - ready);
	if (ready > 0)
		send_batch(r, sock, ready);
}

void
answerer_serve(struct answerer *r, struct sock *sock, const struct dgram *d,
    int n)
{
	struct mono now = r->os->ops->mono(r->os);

	for (int from = 0; from < n; from += ANSWERER_BATCH)
		serve_batch(r, r->access, sock, d + from,
		    n - from < ANSWERER_BATCH ? n - from : ANSWERER_BATCH,
		    now);
}

void
answerer_serve_peer(struct answerer *r, struct sock *sock,
    const struct dgram *d)
{
	serve_batch(r, NULL, sock, d, 1, r->os->ops->mono(r->os));
}

void
answerer_sent(struct answerer *r, const unsigned char *data, size_t len,
    const struct stamp *stamp)
{
	if (len < PACKET_HEADER || r->common.pairing == NULL)
		return;
	r->counts.kernel_sent++;
	pairing_correct(r->common.pairing, get64(data + 32),
	    ntp64_from_tspec(stamp->at));
}

void
answerer_pairs(const struct answerer *r, uint64_t *n, uint64_t *span_s)
{
	*n = *span_s = 0;
	if (r->common.pairing != NULL)
		pairing_count(r->common.pairing, n, span_s);
}
