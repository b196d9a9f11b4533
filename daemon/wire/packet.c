/* SPDX-License-Identifier: ISC */
#include "daemon/wire/packet.h"

#include <assert.h>
#include <stdbool.h>

#include "common/bytes.h"
#include "common/ntpshort.h"

#define FIELD_MIN 16  /* RFC 7822 section 3 */
#define MAC_MAX_V4 24 /* key ID and 160 bits */
#define MAC_MAX_V3 68 /* key ID and 512 bits */

/* What may stand behind the key ID in version 4: nothing, 128 or 160 bits. */
static bool
is_mac_v4(size_t len)
{
	return len == 4 || len == 20 || len == MAC_MAX_V4;
}

static int
delimit(struct ntp_packet *p, const unsigned char *bytes, size_t len)
{
	size_t at = PACKET_HEADER;

	if (p->version < 4) {
		p->mac_len = len - at;
		return p->mac_len % 4 == 0 && p->mac_len <= MAC_MAX_V3
		    ? 0 : PACKET_E_TRAILER;
	}
	while (len - at > MAC_MAX_V4) {
		size_t field = get16(bytes + at + 2);

		if (field < FIELD_MIN || field % 4 != 0 || field > len - at)
			return PACKET_E_TRAILER;
		at += field;
	}
	p->fields_len = at - PACKET_HEADER;
	p->mac_len = len - at;
	return p->mac_len == 0 || is_mac_v4(p->mac_len) ? 0 : PACKET_E_TRAILER;
}

int
packet_parse(struct ntp_packet *p, const unsigned char *bytes, size_t len)
{
	if (len < PACKET_HEADER)
		return PACKET_E_SHORT;

	*p = (struct ntp_packet){
		.leap = bytes[0] >> 6,
		.version = bytes[0] >> 3 & 7,
		.mode = bytes[0] & 7,
		.stratum = bytes[1],
		.poll = (int8_t)bytes[2],
		.precision = (int8_t)bytes[3],
		.root_delay = ntpshort_to_span(get32(bytes + 4)),
		.root_dispersion = ntpshort_to_span(get32(bytes + 8)),
		.refid = get32(bytes + 12),
		.ref = get64(bytes + 16),
		.origin = get64(bytes + 24),
		.receive = get64(bytes + 32),
		.transmit = get64(bytes + 40),
	};
	if (p->version < 1 || p->version > PACKET_VERSION)
		return PACKET_E_VERSION;
	if (p->mode > PACKET_MODE_BROADCAST)
		return PACKET_E_MODE;
	return delimit(p, bytes, len);
}

void
packet_write(const struct ntp_packet *p, unsigned char bytes[PACKET_HEADER])
{
	assert(p->leap <= 3 && p->mode <= 7);
	assert(p->version >= 1 && p->version <= PACKET_VERSION);

	bytes[0] = (unsigned char)(p->leap << 6 | p->version << 3 | p->mode);
	bytes[1] = p->stratum;
	bytes[2] = (unsigned char)p->poll;
	bytes[3] = (unsigned char)p->precision;
	put32(bytes + 4, ntpshort_from_span(p->root_delay));
	put32(bytes + 8, ntpshort_from_span(p->root_dispersion));
	put32(bytes + 12, p->refid);
	put64(bytes + 16, p->ref);
	put64(bytes + 24, p->origin);
	put64(bytes + 32, p->receive);
	put64(bytes + 40, p->transmit);
}

enum packet_kiss
packet_kiss(const struct ntp_packet *p)
{
	if (p->stratum != 0)
		return KISS_NONE;
	switch (p->refid) {
	case KISS_CODE_DENY:
		return KISS_DENY;
	case KISS_CODE_RSTR:
		return KISS_RSTR;
	case KISS_CODE_RATE:
		return KISS_RATE;
	case KISS_CODE_INIT:
	case KISS_CODE_STEP:
	case 0:
		return KISS_NONE;
	}
	return KISS_OTHER;
}
