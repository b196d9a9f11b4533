/* SPDX-License-Identifier: ISC */
#include "daemon/engine/respond.h"

#include <assert.h>
#include <string.h>

#include "common/bytes.h"
#include "common/ntp64.h"
#include "daemon/engine/pairing.h"
#include "daemon/wire/keys.h"

enum {
	AT_POLL = 2, AT_REFID = 12, AT_ORIGIN = 24, AT_RECEIVE = 32,
	AT_TRANSMIT = 40,
};

#define UNIQUE_TRIES 16 /* 2^-32 s each */

/* The mode of the answer; 0 = there is none. */
static unsigned
mode_for(unsigned version, unsigned mode)
{
	switch (mode) {
	case PACKET_MODE_CLIENT:
		return PACKET_MODE_SERVER;
	case PACKET_MODE_ACTIVE: /* nothing is remembered of such a peer */
		return PACKET_MODE_PASSIVE;
	case PACKET_MODE_UNSPEC:
		return version == 1 ? PACKET_MODE_SERVER : 0;
	default:
		return 0;
	}
}

bool
respond_is_request(const struct dgram *in)
{
	struct ntp_packet p;

	if (in->len < PACKET_HEADER || in->is_cut || in->remote.port == 0)
		return false;

	unsigned version = in->data[0] >> 3 & 7;

	return version >= 1 && version <= PACKET_VERSION &&
	    mode_for(version, in->data[0] & 7) != 0 &&
	    (in->len == PACKET_HEADER ||
	    packet_parse(&p, in->data, in->len) == 0);
}

/* Whether the request's MAC is good, if it has one; finds its key. */
static bool
check_mac(const struct respond_common *c, const struct dgram *in,
    struct answer *a)
{
	struct ntp_packet p;

	a->key = NULL;
	if (in->len == PACKET_HEADER)
		return true;
	if (packet_parse(&p, in->data, in->len) != 0)
		return false;
	if (p.mac_len == 0)
		return true;
	if (p.mac_len <= 4)
		return false; /* a crypto-NAK is nobody's request */
	a->key = keys_find(c->keys, get32(in->data + in->len - p.mac_len));
	a->mac_is_whole = p.mac_len > 24;
	return a->key != NULL && mac_check(a->key, &p, in->data, in->len);
}

/* A receive timestamp names an answer, so there may not be two alike. */
static uint64_t
unique(const struct pairing *p, uint64_t receive)
{
	uint64_t other;

	for (int i = 0; i < UNIQUE_TRIES && pairing_find(p, receive, &other);
	    i++)
		receive++;
	return receive;
}

static void
set_times(const struct respond_common *c, const struct dgram *in,
    struct answer *a)
{
	uint64_t origin = get64(in->data + AT_ORIGIN);
	uint64_t receive = ntp64_from_tspec(in->stamp.at), transmit;
	/* A client that has been here before and wants to say so; basic ones
	 * that keep their state to themselves leave the field 0. */
	bool may_interleave = c->pairing != NULL && origin != NTP64_UNSET &&
	    memcmp(in->data + AT_RECEIVE, in->data + AT_TRANSMIT, 8) != 0;

	a->is_remembered = may_interleave;
	a->is_interleaved = may_interleave &&
	    pairing_find(c->pairing, origin, &transmit);
	if (may_interleave)
		receive = unique(c->pairing, receive);
	put64(a->bytes + AT_RECEIVE, receive);
	memcpy(a->bytes + AT_ORIGIN, in->data +
	    (a->is_interleaved ? AT_RECEIVE : AT_TRANSMIT), 8);
	if (a->is_interleaved)
		put64(a->bytes + AT_TRANSMIT, transmit);
}

bool
respond_prepare(const struct respond_common *c, const struct dgram *in,
    struct answer *a)
{
	unsigned version = in->data[0] >> 3 & 7;

	if (!check_mac(c, in, a))
		return false;

	memcpy(a->bytes, c->header, sizeof c->header);
	a->bytes[0] = (unsigned char)((c->header[0] & 0xc0) | version << 3 |
	    mode_for(version, in->data[0] & 7));
	a->bytes[AT_POLL] = in->data[AT_POLL];
	set_times(c, in, a);
	a->out = (struct dgram){ .remote = in->remote, .local = in->local,
		.want_sent = a->is_interleaved, .len = PACKET_HEADER,
		.data = a->bytes };
	return true;
}

void
respond_kiss(struct answer *a, const struct dgram *in)
{
	a->bytes[0] |= 0xc0; /* LEAP_UNSYNC */
	a->bytes[1] = 0;
	put32(a->bytes + AT_REFID, KISS_CODE_RATE);
	memcpy(a->bytes + AT_ORIGIN, in->data + AT_TRANSMIT, 8);
	a->is_interleaved = a->is_remembered = a->out.want_sent = false;
}

void
respond_finish(const struct respond_common *c, struct answer *a,
    uint64_t transmit)
{
	if (a->is_remembered)
		pairing_put(c->pairing, get64(a->bytes + AT_RECEIVE), transmit);
	if (!a->is_interleaved)
		put64(a->bytes + AT_TRANSMIT, transmit);
	if (a->key != NULL)
		a->out.len = mac_append(a->key, a->mac_is_whole, a->bytes,
		    PACKET_HEADER, sizeof a->bytes);
}
