/* SPDX-License-Identifier: ISC */
#include "daemon/wire/mac.h"

#include <assert.h>
#include <nettle/cmac.h>
#include <nettle/md5.h>
#include <nettle/memops.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <nettle/sha3.h>
#include <string.h>
#include <strings.h>

#include "common/bytes.h"

#define ID_SIZE 4
#define DIGEST_MAX (MAC_MAX - ID_SIZE)
#define DIGEST_V4 20

static const struct {
	const char *name;
	const struct nettle_hash *hash;
	const struct nettle_mac *cmac;
} types[] = {
	[MAC_MD5] = { "MD5", &nettle_md5 },
	[MAC_SHA1] = { "SHA1", &nettle_sha1 },
	[MAC_SHA256] = { "SHA256", &nettle_sha256 },
	[MAC_SHA384] = { "SHA384", &nettle_sha384 },
	[MAC_SHA512] = { "SHA512", &nettle_sha512 },
	[MAC_SHA3_224] = { "SHA3-224", &nettle_sha3_224 },
	[MAC_SHA3_256] = { "SHA3-256", &nettle_sha3_256 },
	[MAC_SHA3_384] = { "SHA3-384", &nettle_sha3_384 },
	[MAC_SHA3_512] = { "SHA3-512", &nettle_sha3_512 },
	[MAC_TIGER] = { "TIGER" },
	[MAC_WHIRLPOOL] = { "WHIRLPOOL" },
	[MAC_AES128] = { "AES128", NULL, &nettle_cmac_aes128 },
	[MAC_AES256] = { "AES256", NULL, &nettle_cmac_aes256 },
};
#define N_TYPES (sizeof types / sizeof *types)

union state {
	struct md5_ctx md5;
	struct sha1_ctx sha1;
	struct sha256_ctx sha256;
	struct sha512_ctx sha512; /* and SHA384 */
	struct sha3_224_ctx sha3_224;
	struct sha3_256_ctx sha3_256;
	struct sha3_384_ctx sha3_384;
	struct sha3_512_ctx sha3_512;
	struct cmac_aes128_ctx aes128;
	struct cmac_aes256_ctx aes256;
};

enum mac_type
mac_type_named(const char *name)
{
	for (size_t i = 0; i < N_TYPES; i++)
		if (types[i].name != NULL &&
		    strcasecmp(types[i].name, name) == 0)
			return (enum mac_type)i;
	return MAC_NONE;
}

bool
mac_is_built(enum mac_type type)
{
	return types[type].hash != NULL || types[type].cmac != NULL;
}

size_t
mac_key_size(enum mac_type type)
{
	return types[type].cmac != NULL ? types[type].cmac->key_size : 0;
}

static size_t
digest_size(enum mac_type type)
{
	return types[type].cmac != NULL ? types[type].cmac->digest_size
					: types[type].hash->digest_size;
}

bool
mac_is_long(enum mac_type type)
{
	return digest_size(type) > DIGEST_V4;
}

static void
digest(const struct mac_key *key, const unsigned char *bytes, size_t len,
    unsigned char out[DIGEST_MAX])
{
	const struct nettle_hash *hash = types[key->type].hash;
	const struct nettle_mac *cmac = types[key->type].cmac;
	union state state;

	if (cmac != NULL) {
		assert(cmac->context_size <= sizeof state);
		assert(key->len == cmac->key_size);
		cmac->set_key(&state, key->secret);
		cmac->update(&state, len, bytes);
		cmac->digest(&state, cmac->digest_size, out);
		explicit_bzero(&state, cmac->context_size);
	} else {
		assert(hash->context_size <= sizeof state);
		hash->init(&state);
		hash->update(&state, key->len, key->secret);
		hash->update(&state, len, bytes);
		hash->digest(&state, hash->digest_size, out);
		explicit_bzero(&state, hash->context_size);
	}
}

size_t
mac_append(const struct mac_key *key, bool whole, unsigned char *bytes,
    size_t len, size_t size)
{
	unsigned char out[DIGEST_MAX];
	size_t n = digest_size(key->type);

	assert(size >= len + MAC_MAX);
	digest(key, bytes, len, out);
	if (!whole && n > DIGEST_V4)
		n = DIGEST_V4;
	put32(bytes + len, key->id);
	memcpy(bytes + len + ID_SIZE, out, n);
	return len + ID_SIZE + n;
}

bool
mac_check(const struct mac_key *key, const struct ntp_packet *p,
    const unsigned char *bytes, size_t len)
{
	unsigned char out[DIGEST_MAX];
	size_t whole = digest_size(key->type);

	assert(p->mac_len <= len);
	if (p->mac_len < ID_SIZE)
		return false;
	const unsigned char *mac = bytes + len - p->mac_len;
	size_t n = p->mac_len - ID_SIZE;
	if (get32(mac) != key->id ||
	    (n != whole && (n != DIGEST_V4 || whole < n)))
		return false;
	digest(key, bytes, len - p->mac_len, out);
	return memeql_sec(out, mac + ID_SIZE, n);
}
