/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "daemon/wire/mac.h"

static const unsigned char secret[] = {
	0x00, 0xff, 0x73, 0x65, 0x63, 0x72, 0x65, 0x74, 0x20, 0x6f, 0x66,
	0x20, 0x32, 0x30, 0x20, 0x62, 0x79, 0x74, 0x65, 0x73, 0x23,
};
/* The keys of SP 800-38B appendices D.1 and D.3. */
static const unsigned char aes128[] = {
	0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
	0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c,
};
static const unsigned char aes256[] = {
	0x60, 0x3d, 0xeb, 0x10, 0x15, 0xca, 0x71, 0xbe,
	0x2b, 0x73, 0xae, 0xf0, 0x85, 0x7d, 0x77, 0x81,
	0x1f, 0x35, 0x2c, 0x07, 0x3b, 0x61, 0x08, 0xd7,
	0x2d, 0x98, 0x10, 0xa3, 0x09, 0x14, 0xdf, 0xf4,
};
/* A client's request. */
static const unsigned char request[PACKET_HEADER] = {
	[0] = 0x23, [2] = 0x06, [3] = 0x20, [40] = 0xe4, [41] = 0x32,
	[42] = 0x33, [43] = 0x34, [44] = 0x35, [45] = 0x36, [46] = 0x37,
	[47] = 0x38,
};

struct vector {
	enum mac_type type;
	const char *abc;     /* of "abc" (FIPS 180-4, FIPS 202, RFC 1321) */
	const char *request; /* python's hashlib over secret and request;
	                        openssl mac for AES */
};
static const struct vector vectors[] = {
	{ MAC_MD5, "900150983cd24fb0d6963f7d28e17f72",
	    "ad2bc5af56c37c36ae6943ab677c68b0" },
	{ MAC_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d",
	    "dd0fe4e4c757ec148bf30faf9368d91aaab9cf63" },
	{ MAC_SHA256,
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	    "f6c687d43cd0f8cee1b87a775e21ed02d236f0b58d9c44a16c0c502e1e5aa43a" },
	{ MAC_SHA384,
	    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
	    "8086072ba1e7cc2358baeca134c825a7",
	    "ba7c3c1e864bcdd8c1aa4f54d765f09cac28afc09e4f971d64daa8bb089fff73"
	    "35ab6f3f21d270b27d13c62c693414e1" },
	{ MAC_SHA512,
	    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	    "af55a6b114dd2f02d17cbab0429cdb7116828ca4ed1ef3836bd827b337c27d1f"
	    "c301e948bc2e150340df17935393f2931033eb40222925df3f731fe12418e20d" },
	{ MAC_SHA3_224,
	    "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf",
	    "53428802222a69eb9eb20ce2caf3e9dc6f5a06640599983e4070bb72" },
	{ MAC_SHA3_256,
	    "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
	    "29ec0d9f8396faa545be731d5db322a67d3dd7bbb5805b14a9564c940955bdbf" },
	{ MAC_SHA3_384,
	    "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b2"
	    "98d88cea927ac7f539f1edf228376d25",
	    "44b8195b1f7674050c5437b766858759ffd2333add7786eea378b5979f93ae8d"
	    "5d7dd27547230b4effa2cddea5ac8d8f" },
	{ MAC_SHA3_512,
	    "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
	    "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
	    "e3f03c2b9c6b8eb5dd90fd41df3a5a8dfb0fd9829b81247c89a2ff59c305e5c9"
	    "097492c4fd0078c5fe106b507966d22e1afdf9a65a4520476b9d72168f24409a" },
	{ MAC_AES128, NULL, "c4a910a05d3dbcf7978229da28c4b5e8" },
	{ MAC_AES256, NULL, "d1f85504b7d434b343d62341bcbe8f8c" },
};
#define N_VECTORS (sizeof vectors / sizeof *vectors)

static struct mac_key
key_of(enum mac_type type)
{
	struct mac_key key = { .id = 0x01020304, .type = type };

	key.secret = type == MAC_AES128 ? aes128 : type == MAC_AES256 ? aes256
								       : secret;
	key.len = type == MAC_AES128 ? sizeof aes128
	    : type == MAC_AES256 ? sizeof aes256 : sizeof secret;
	return key;
}

static void
assert_hex(const unsigned char *bytes, size_t len, const char *hex)
{
	char text[2 * MAC_MAX + 1] = "";

	for (size_t i = 0; i < len; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	ck_assert_str_eq(text, hex);
}

/* The request with a MAC; returns its length. */
static size_t
sign(unsigned char *bytes, const struct mac_key *key, unsigned version)
{
	memcpy(bytes, request, sizeof request);
	bytes[0] = (unsigned char)(version << 3 | 3);
	return mac_append(key, version < 4, bytes, sizeof request,
	    sizeof request + MAC_MAX);
}

static bool
is_taken(const struct mac_key *key, const unsigned char *bytes, size_t len)
{
	struct ntp_packet p;

	return packet_parse(&p, bytes, len) == 0 &&
	    mac_check(key, &p, bytes, len);
}

START_TEST(hashes_are_those_of_the_standards)
{
	for (size_t i = 0; i < N_VECTORS; i++) {
		struct mac_key key = { 7, vectors[i].type,
			(const unsigned char *)"a", 1, 1 };
		unsigned char bytes[2 + MAC_MAX] = "bc";

		if (vectors[i].abc == NULL)
			continue;
		size_t len = mac_append(&key, true, bytes, 2, sizeof bytes);
		assert_hex(bytes, 6, "626300000007");
		assert_hex(bytes + 6, len - 6, vectors[i].abc);
	}
}
END_TEST

START_TEST(cmacs_are_those_of_sp_800_38b)
{
	/* D.1 and D.3, examples 3 (40 bytes) and 4 (64 bytes) */
	static const unsigned char text[64 + MAC_MAX] = {
		0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d,
		0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a, 0xae, 0x2d, 0x8a, 0x57,
		0x1e, 0x03, 0xac, 0x9c, 0x9e, 0xb7, 0x6f, 0xac, 0x45, 0xaf,
		0x8e, 0x51, 0x30, 0xc8, 0x1c, 0x46, 0xa3, 0x5c, 0xe4, 0x11,
		0xe5, 0xfb, 0xc1, 0x19, 0x1a, 0x0a, 0x52, 0xef, 0xf6, 0x9f,
		0x24, 0x45, 0xdf, 0x4f, 0x9b, 0x17, 0xad, 0x2b, 0x41, 0x7b,
		0xe6, 0x6c, 0x37, 0x10,
	};
	const struct {
		enum mac_type type;
		size_t len;
		const char *cmac;
	} all[] = {
		{ MAC_AES128, 40, "dfa66747de9ae63030ca32611497c827" },
		{ MAC_AES128, 64, "51f0bebf7e3b9d92fc49741779363cfe" },
		{ MAC_AES256, 40, "aaf3d8f1de5640c232f5b169b9c911e6" },
		{ MAC_AES256, 64, "e1992190549f6ed5696a2c056c315410" },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct mac_key key = key_of(all[i].type);
		unsigned char bytes[sizeof text];

		memcpy(bytes, text, sizeof bytes);
		ck_assert_uint_eq(mac_append(&key, false, bytes, all[i].len,
		    sizeof bytes), all[i].len + 20);
		assert_hex(bytes + all[i].len + 4, 16, all[i].cmac);
	}
}
END_TEST

START_TEST(a_mac_is_over_the_packet_behind_the_secret)
{
	for (size_t i = 0; i < N_VECTORS; i++) {
		struct mac_key key = key_of(vectors[i].type);
		unsigned char bytes[PACKET_HEADER + MAC_MAX];

		memcpy(bytes, request, sizeof request);
		size_t len = mac_append(&key, true, bytes, sizeof request,
		    sizeof bytes);
		assert_hex(bytes + 52, len - 52, vectors[i].request);
	}
}
END_TEST

START_TEST(version_4_cuts_a_digest_to_160_bits)
{
	for (size_t i = 0; i < N_VECTORS; i++) {
		struct mac_key key = key_of(vectors[i].type);
		unsigned char whole[PACKET_HEADER + MAC_MAX];
		unsigned char cut[sizeof whole];
		size_t full = strlen(vectors[i].request) / 2;

		ck_assert_uint_eq(sign(whole, &key, 3), 52 + full);
		ck_assert_uint_eq(sign(cut, &key, 4),
		    52 + (full > 20 ? 20 : full));
		ck_assert_int_eq(mac_is_long(key.type), full > 20);
	}
}
END_TEST

START_TEST(what_is_signed_is_taken)
{
	for (size_t i = 0; i < N_VECTORS; i++)
		for (unsigned version = 1; version <= 4; version++) {
			struct mac_key key = key_of(vectors[i].type);
			unsigned char bytes[PACKET_HEADER + MAC_MAX];
			size_t len = sign(bytes, &key, version);

			ck_assert(is_taken(&key, bytes, len));
		}
}
END_TEST

START_TEST(no_bit_may_be_flipped)
{
	for (size_t i = 0; i < N_VECTORS; i++)
		for (unsigned version = 3; version <= 4; version++) {
			struct mac_key key = key_of(vectors[i].type);
			unsigned char bytes[PACKET_HEADER + MAC_MAX];
			size_t len = sign(bytes, &key, version);

			for (size_t bit = 0; bit < 8 * len; bit++) {
				bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
				ck_assert(!is_taken(&key, bytes, len));
				bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
			}
			ck_assert(is_taken(&key, bytes, len));
		}
}
END_TEST

START_TEST(only_two_lengths_are_taken)
{
	for (size_t i = 0; i < N_VECTORS; i++)
		for (unsigned version = 3; version <= 4; version++) {
			struct mac_key key = key_of(vectors[i].type);
			unsigned char bytes[256] = { 0 };
			size_t full = strlen(vectors[i].request) / 2;

			sign(bytes, &key, 3);
			bytes[0] = (unsigned char)(version << 3 | 3);
			mac_append(&key, true, bytes, 48, sizeof bytes);
			for (size_t n = 0; n <= MAC_MAX; n++) {
				bool ok = n == 4 + full ||
				    (n == 24 && full > 20);
				if (version == 4 && n > 24)
					ok = false;
				ck_assert_int_eq(is_taken(&key, bytes, 48 + n),
				    ok);
			}
		}
}
END_TEST

START_TEST(another_key_does_not_do)
{
	struct mac_key key = key_of(MAC_SHA1), other = key;
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	size_t len = sign(bytes, &key, 4);

	other.id++; /* the same secret under another ID */
	ck_assert(!is_taken(&other, bytes, len));
	other = key;
	other.secret = aes256; /* the same ID, another secret */
	ck_assert(!is_taken(&other, bytes, len));
	other = key;
	other.len--;
	ck_assert(!is_taken(&other, bytes, len));
}
END_TEST

START_TEST(a_mac_covers_extension_fields)
{
	struct mac_key key = key_of(MAC_SHA1);
	unsigned char bytes[PACKET_HEADER + 16 + MAC_MAX] = { 0 };

	memcpy(bytes, request, sizeof request);
	bytes[48] = 0x01;
	bytes[51] = 16; /* a field of 16 bytes */
	size_t len = mac_append(&key, false, bytes, 64, sizeof bytes);
	ck_assert(is_taken(&key, bytes, len));
	bytes[60] ^= 1;
	ck_assert(!is_taken(&key, bytes, len));
}
END_TEST

START_TEST(no_mac_and_a_crypto_nak_are_not_taken)
{
	struct mac_key key = key_of(MAC_AES128);
	unsigned char bytes[PACKET_HEADER + 4] = { 0 };

	memcpy(bytes, request, sizeof request);
	ck_assert(!is_taken(&key, bytes, 48));
	ck_assert(!is_taken(&key, bytes, 52));
	memcpy(bytes + 48, "\1\2\3\4", 4); /* the ID alone */
	ck_assert(!is_taken(&key, bytes, 52));
}
END_TEST

START_TEST(types_have_names)
{
	ck_assert_int_eq(mac_type_named("MD5"), 1);
	ck_assert_int_eq(mac_type_named("SHA3-512"), 9);
	ck_assert_int_eq(mac_type_named("AES128"), 13);
	ck_assert_int_eq(mac_type_named("aes256"), 14);
	ck_assert_int_eq(mac_type_named("AES"), MAC_NONE);
	ck_assert_int_eq(mac_type_named(""), MAC_NONE);
	ck_assert(!mac_is_built(mac_type_named("TIGER")));
	ck_assert(!mac_is_built(mac_type_named("WHIRLPOOL")));
	for (size_t i = 0; i < N_VECTORS; i++)
		ck_assert(mac_is_built(vectors[i].type));
	ck_assert_uint_eq(mac_key_size(MAC_AES128), 16);
	ck_assert_uint_eq(mac_key_size(MAC_AES256), 32);
	ck_assert_uint_eq(mac_key_size(MAC_SHA1), 0);
}
END_TEST

UNIT_MAIN("mac", hashes_are_those_of_the_standards,
    cmacs_are_those_of_sp_800_38b, a_mac_is_over_the_packet_behind_the_secret,
    version_4_cuts_a_digest_to_160_bits, what_is_signed_is_taken,
    no_bit_may_be_flipped, only_two_lengths_are_taken, another_key_does_not_do,
    a_mac_covers_extension_fields, no_mac_and_a_crypto_nak_are_not_taken,
    types_have_names)
