/* SPDX-License-Identifier: ISC */
#include "tests/bench/server/requests.h"

#include <errno.h>
#include <nettle/cmac.h>
#include <nettle/md5.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "common/bytes.h"

#define HEADER 48
#define DIGEST_MAX 20 /* longer ones are cut, RFC 7822 */
#define FIRST_BYTE (4 << 3 | 3)  /* version 4, client */
#define ANSWER_BYTE (4 << 3 | 4) /* version 4, server */
#define POLL 6
#define NUMBER_MASK ((UINT64_C(1) << 48) - 1)
#define SECOND (UINT64_C(1) << 32)
#define FUZZ (SECOND >> 13) /* what is made up below a clock's precision */

enum {
	AT_ORIGIN = 24, AT_RECEIVE = 32, AT_TRANSMIT = 40,
};

bool
key_parse(struct key *key, const char *text)
{
	char type[16], hex[2 * sizeof key->secret + 1];
	const struct nettle_hash *const hashes[] = { &nettle_md5, &nettle_sha1,
		&nettle_sha256 };

	if (sscanf(text, "%u %15s %128s", &key->id, type, hex) != 3 ||
	    key->id == 0)
		return false;
	key->hash = NULL;
	for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
		if (strcasecmp(type, hashes[i]->name) == 0)
			key->hash = hashes[i];
	for (key->len = 0; hex[2 * key->len] != '\0'; key->len++)
		if (sscanf(hex + 2 * key->len, "%2hhx",
			&key->secret[key->len]) != 1)
			return false;
	return key->hash != NULL || (strcasecmp(type, "AES128") == 0 &&
	    key->len == CMAC128_DIGEST_SIZE);
}

int
requests_init(struct requests *r, uint32_t n_clients, bool interleaved)
{
	r->n_clients = n_clients;
	if (getrandom(&r->secret, sizeof r->secret, 0) < 0)
		return -errno;
	r->receives = NULL;
	if (interleaved) {
		r->receives = calloc(n_clients, sizeof *r->receives);
		if (r->receives == NULL)
			return -ENOMEM;
	}
	return 0;
}

/* Appends the MAC of len bytes; returns the new length. */
static size_t
sign(const struct key *key, unsigned char *bytes, size_t len)
{
	unsigned char digest[SHA256_DIGEST_SIZE];
	size_t size = CMAC128_DIGEST_SIZE;

	if (key->hash == NULL) {
		struct cmac_aes128_ctx cmac;

		cmac_aes128_set_key(&cmac, key->secret);
		cmac_aes128_update(&cmac, len, bytes);
		cmac_aes128_digest(&cmac, size, digest);
	} else {
		union {
			struct md5_ctx md5;
			struct sha1_ctx sha1;
			struct sha256_ctx sha256;
		} state;

		size = key->hash->digest_size;
		key->hash->init(&state);
		key->hash->update(&state, key->len, key->secret);
		key->hash->update(&state, len, bytes);
		key->hash->digest(&state, size, digest);
	}
	if (size > DIGEST_MAX)
		size = DIGEST_MAX;
	put32(bytes + len, key->id);
	memcpy(bytes + len + 4, digest, size);
	return len + 4 + size;
}

/* The number, hidden, below 15 bits that prove it and one that is set. */
static uint64_t
name_of(const struct requests *r, uint64_t n)
{
	uint64_t hidden = (n ^ r->secret) & NUMBER_MASK;
	uint64_t proof = (hidden + r->secret) * UINT64_C(0x9e3779b97f4a7c15);

	return UINT64_C(1) << 63 | (proof >> 49 << 48) | hidden;
}

size_t
request_write(const struct requests *r, uint64_t n, struct asked *asked,
    unsigned char *bytes)
{
	asked->name = name_of(r, n);
	asked->origin = r->receives != NULL ? r->receives[asked->client] : 0;
	memset(bytes, 0, HEADER);
	bytes[0] = FIRST_BYTE;
	bytes[2] = POLL;
	put64(bytes + AT_TRANSMIT, asked->name);
	if (asked->origin != 0) {
		put64(bytes + AT_ORIGIN, asked->origin);
		put64(bytes + AT_RECEIVE, ~asked->name);
	}
	return r->key.id != 0 ? sign(&r->key, bytes, HEADER) : HEADER;
}

uint64_t
request_number(const struct requests *r, const unsigned char *answer,
    size_t len)
{
	if (len < HEADER)
		return REQUEST_NONE;

	uint64_t name = get64(answer + AT_ORIGIN);

	if (name >> 63 == 0)
		name = ~name;

	uint64_t n = (name ^ r->secret) & NUMBER_MASK;

	return name == name_of(r, n) ? n : REQUEST_NONE;
}

/* What is wrong with it; NULL = nothing. */
static const char *
fault_of(const struct requests *r, const struct asked *asked,
    const unsigned char *answer, size_t len, uint64_t now)
{
	unsigned char again[REQUEST_MAX + SHA256_DIGEST_SIZE];
	uint64_t receive = get64(answer + AT_RECEIVE);
	uint64_t transmit = get64(answer + AT_TRANSMIT);
	bool is_interleaved = get64(answer + AT_ORIGIN) != asked->name;

	if ((answer[0] & 0x3f) != ANSWER_BYTE)
		return "mode or version";
	if (r->key.id != 0) {
		memcpy(again, answer, HEADER);
		if (sign(&r->key, again, HEADER) != len ||
		    memcmp(again, answer, len) != 0)
			return "MAC";
	} else if (len != HEADER) {
		return "length";
	}
	if (is_interleaved && asked->origin == 0)
		return "origin";
	if (answer[1] == 0)
		return NULL;
	if (answer[0] >> 6 == 3 || answer[1] > 15)
		return "leap or stratum";
	if (answer[2] != POLL)
		return "poll";
	if (now + FUZZ - receive > SECOND)
		return "receive timestamp";
	/* An interleaved answer tells when the one before it left. */
	if (transmit + FUZZ - (is_interleaved ? asked->origin : receive) >
	    SECOND)
		return "transmit timestamp";
	return NULL;
}

enum verdict
answer_judge(struct requests *r, const struct asked *asked,
    const unsigned char *answer, size_t len, uint64_t now)
{
	const char *why = fault_of(r, asked, answer, len, now);

	if (why != NULL) {
		r->why = why;
		return ANSWER_WRONG;
	}
	if (answer[1] == 0)
		return ANSWER_KISS;
	if (r->receives != NULL)
		r->receives[asked->client] = get64(answer + AT_RECEIVE);
	return get64(answer + AT_ORIGIN) != asked->name ? ANSWER_INTERLEAVED
							: ANSWER_GOOD;
}
