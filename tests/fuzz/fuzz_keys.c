/* SPDX-License-Identifier: ISC
 *
 * Whatever stands in a key file, the table is in order, its secrets lie within
 * the file's size, and every key can make a MAC that it takes again. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "daemon/wire/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
count(void *owner, unsigned line, const char *why)
{
	assert(line > 0 && why[0] != '\0');
	++*(int *)owner;
}

static void
try_key(const struct mac_key *key)
{
	unsigned char bytes[PACKET_HEADER + MAC_MAX] = { 0x1b }; /* version 3 */
	struct ntp_packet p;

	size_t len = mac_append(key, true, bytes, PACKET_HEADER, sizeof bytes);
	assert(packet_parse(&p, bytes, len) == 0);
	assert(mac_check(key, &p, bytes, len));
	bytes[40] ^= 1;
	assert(!mac_check(key, &p, bytes, len));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keys keys;
	int said = 0;
	const struct keys_judge judge = { count, &said };

	if (size > KEYS_TEXT_MAX)
		return 0;
	int bad = keys_parse(&keys, (const char *)data, size, &judge);
	assert(bad >= 0 && bad == said);
	for (size_t i = 0; i < keys.n; i++) {
		const struct mac_key *key = &keys.all[i];

		assert(key->id > 0 && mac_is_built(key->type));
		assert(i == 0 || key[-1].id < key->id);
		assert(key->secret >= keys.secrets && key->len > 0);
		assert(key->secret + key->len <= keys.secrets + size);
		assert(keys_find(&keys, key->id) == key);
		try_key(key);
	}
	keys_fini(&keys);
	return 0;
}
