/* SPDX-License-Identifier: ISC
 *
 * The key file: text to a table of keys.  One key a line, `ID [TYPE] KEY`,
 * separated by blanks; without TYPE it is MD5.  KEY is the secret's characters
 * as they stand, the same behind `ASCII:`, or hexadecimal digits behind `HEX:`.
 * A line whose first character is one of ! ; # % is a comment; further on these
 * are characters like any other.
 *
 * A line that is not good is left out and said; the others hold. */
#ifndef DAEMON_WIRE_KEYS_H
#define DAEMON_WIRE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/wire/mac.h"

#define KEYS_TEXT_MAX 262144 /* bytes of a file */
#define KEYS_WEAK 80         /* bits; a shorter key gets a warning when used */

struct keys {
	struct mac_key *all;    /* by ID */
	size_t n;
	unsigned char *secrets; /* of all of them, wiped by keys_fini() */
	size_t secrets_size;
	size_t room, secrets_used; /* of keys_reserve() and keys_add() */
};

/* Somebody to tell about a line that was left out: its number from 1 and why,
 * a text without anything of the key. */
struct keys_judge {
	void (*bad)(void *owner, unsigned line, const char *why);
	void *owner;
};

/* Makes the table of size bytes of text, which must not be more than
 * KEYS_TEXT_MAX and are kept no longer than the call.  Returns how many lines
 * were left out, or -ENOMEM with an empty table. */
int keys_parse(struct keys *, const char *text, size_t size,
    const struct keys_judge *);

/* Makes an empty table that has room for n keys with size bytes of secrets
 * together.  Returns 0 or -ENOMEM. */
int keys_reserve(struct keys *, size_t n, size_t size);

/* Adds a copy of a key.  False: its ID is not above all there are, there is no
 * room, or it is no key as keys_parse() makes them. */
bool keys_add(struct keys *, const struct mac_key *);

/* An empty table is all zeros.  Wipes the secrets. */
void keys_fini(struct keys *);

/* NULL when there is no key of this ID. */
const struct mac_key *keys_find(const struct keys *, uint32_t id);

#endif
