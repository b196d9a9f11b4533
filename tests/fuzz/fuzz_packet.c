/* SPDX-License-Identifier: ISC
 *
 * A packet that is taken splits into header, fields and MAC without a rest, and
 * its header is written back bit by bit. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/bytes.h"
#include "daemon/wire/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char header[PACKET_HEADER];
	struct ntp_packet p;
	int error = packet_parse(&p, data, size);

	assert(error >= 0 && error <= PACKET_E_TRAILER);
	if (error != 0)
		return 0;
	assert(p.version >= 1 && p.version <= 4 && p.mode <= 5);
	assert(PACKET_HEADER + p.fields_len + p.mac_len == size);
	assert(p.version == 4 || p.fields_len == 0);

	/* The fields lie end to end. */
	size_t at = PACKET_HEADER, end = at + p.fields_len;
	while (at < end)
		at += get16(data + at + 2);
	assert(at == end);

	packet_write(&p, header);
	assert(memcmp(header, data, sizeof header) == 0);
	assert(packet_kiss(&p) == KISS_NONE || p.stratum == 0);
	return 0;
}
