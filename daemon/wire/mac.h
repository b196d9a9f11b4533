/* SPDX-License-Identifier: ISC
 *
 * Message authentication codes by a shared key (RFC 5905 section 7.3, RFC
 * 8573).  A MAC ends the packet: the key's ID, 4 bytes, and a digest over all
 * bytes before it, which is H(key | bytes) or the AES-CMAC of the bytes.
 *
 * In version 4 a digest is cut to 160 bits, since RFC 7822 takes more than 24
 * bytes for an extension field; version 3 carries it whole.  Both lengths are
 * taken from others, and no third one. */
#ifndef DAEMON_WIRE_MAC_H
#define DAEMON_WIRE_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/wire/packet.h"

#define MAC_MAX 68 /* key ID and 512 bits */

enum mac_type { /* the control protocol's numbers (authdata) */
	MAC_NONE = 0,
	MAC_MD5 = 1,
	MAC_SHA1,
	MAC_SHA256,
	MAC_SHA384,
	MAC_SHA512,
	MAC_SHA3_224,
	MAC_SHA3_256,
	MAC_SHA3_384,
	MAC_SHA3_512,
	MAC_TIGER,     /* a name only: nettle has neither of these two */
	MAC_WHIRLPOOL,
	MAC_AES128 = 13,
	MAC_AES256 = 14,
};

struct mac_key {
	uint32_t id;         /* 1..2^32-1 */
	enum mac_type type;  /* one that mac_is_built() */
	const unsigned char *secret;
	size_t len;          /* bytes of it */
	unsigned line;       /* in the key file, from 1 */
};

/* The type of this name in a key file, whatever its case: SHA1, AES128 ...;
 * MAC_NONE when there is none. */
enum mac_type mac_type_named(const char *name);

/* False for those that can only be named. */
bool mac_is_built(enum mac_type);

/* Bytes that a key of this type must have; 0 = any number. */
size_t mac_key_size(enum mac_type);

/* Whether version 4 would cut this type's digest. */
bool mac_is_long(enum mac_type);

/* Appends key's MAC to a packet of len bytes in a buffer of size; whole is for
 * version 3.  Returns the new length.  size must be at least len + MAC_MAX. */
size_t mac_append(const struct mac_key *key, bool whole, unsigned char *bytes,
    size_t len, size_t size);

/* Whether the packet p, parsed from len bytes, ends with a right MAC by this
 * key and no other.  The time does not depend on where a digest is wrong. */
bool mac_check(const struct mac_key *key, const struct ntp_packet *p,
    const unsigned char *bytes, size_t len);

#endif
