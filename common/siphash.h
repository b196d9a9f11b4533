/* SPDX-License-Identifier: ISC
 *
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a hash whose collisions nobody
 * can compute who does not know the key.  For tables whose keys come from the
 * network. */
#ifndef COMMON_SIPHASH_H
#define COMMON_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t k[2]; /* random; the reference's 16 bytes, little-endian */
};

/* Cannot fail. */
uint64_t siphash(const struct siphash_key *key, const void *data, size_t len);

#endif
