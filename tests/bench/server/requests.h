/* SPDX-License-Identifier: ISC
 *
 * Requests of many clients, and what is right as an answer.  The transmit
 * timestamp of a request is its name, a number that nobody can guess; in
 * interleaved mode (RFC 9769) its complement is the receive timestamp.  MACs
 * are made with nettle's functions alone, apart from the daemon's code that
 * they test. */
#ifndef TESTS_BENCH_SERVER_REQUESTS_H
#define TESTS_BENCH_SERVER_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nettle/nettle-meta.h>

#define REQUEST_MAX (48 + 24)
#define REQUEST_NONE UINT64_MAX

enum verdict {
	ANSWER_GOOD,
	ANSWER_INTERLEAVED, /* good, too */
	ANSWER_KISS,        /* a refusal, stratum 0 */
	ANSWER_WRONG,
};

struct key {
	uint32_t id; /* 0 = none */
	const struct nettle_hash *hash; /* NULL: AES-CMAC */
	unsigned char secret[64];
	size_t len;
};

struct requests {
	struct key key;
	uint64_t secret;    /* of the names, random */
	uint32_t n_clients;
	uint64_t *receives; /* of each client: the receive timestamp of its last
	                       answer, 0 = none; NULL: nobody is interleaved */
	const char *why;    /* what was wrong last */
};

/* What an answer is compared with. */
struct asked {
	uint32_t client;
	uint64_t name;
	uint64_t origin; /* 0 = it could not be answered interleaved */
};

/* "ID TYPE HEX", of type MD5, SHA1, SHA256, AES128.  False: it is none. */
bool key_parse(struct key *, const char *text);

/* Returns 0 or -ENOMEM. */
int requests_init(struct requests *, uint32_t n_clients, bool interleaved);

/* Writes request number n < 2^48 to bytes, which has room for REQUEST_MAX;
 * returns its length.  asked->client is given, the rest filled in. */
size_t request_write(const struct requests *, uint64_t n, struct asked *,
    unsigned char *bytes);

/* The number of the request that an answer is for; REQUEST_NONE: it is for none
 * of ours. */
uint64_t request_number(const struct requests *, const unsigned char *answer,
    size_t len);

/* Judges it; now: ntp64 of the clock that the server has, too. */
enum verdict answer_judge(struct requests *, const struct asked *,
    const unsigned char *answer, size_t len, uint64_t now);

#endif
