/* SPDX-License-Identifier: ISC */
#include "tests/sim/responder.h"

static const struct responder_pair *
find(const struct responder *r, uint64_t rx)
{
	for (unsigned i = 0; i < RESPONDER_PAIRS; i++)
		if (rx != 0 && r->pairs[i].rx == rx)
			return &r->pairs[i];
	return NULL;
}

bool
responder_answer(struct responder *r, const struct ntp_packet *request,
    uint64_t rx, uint64_t tx, uint64_t left, struct ntp_packet *p)
{
	const struct responder_pair *old = NULL;

	if (request->mode != PACKET_MODE_CLIENT &&
	    request->mode != PACKET_MODE_ACTIVE)
		return false;
	if (r->has_interleaved && request->receive != request->transmit)
		old = find(r, request->origin);
	p->version = request->version;
	p->mode = request->mode == PACKET_MODE_CLIENT ? PACKET_MODE_SERVER :
	    PACKET_MODE_PASSIVE;
	p->poll = request->poll;
	p->receive = rx;
	p->origin = old ? request->receive : request->transmit;
	p->transmit = old ? old->tx : tx;
	r->pairs[r->n++ % RESPONDER_PAIRS] =
	    (struct responder_pair){ rx, left };
	return true;
}
