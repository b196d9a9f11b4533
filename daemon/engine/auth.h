/* SPDX-License-Identifier: ISC
 *
 * Symmetric keys in the engine.  A source with `key N` is asked with that key's
 * MAC and believed with it alone; while the key file has no such key it is not
 * asked at all.  There is no way from a source with a key to a plain one. */
#ifndef DAEMON_ENGINE_AUTH_H
#define DAEMON_ENGINE_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/wire/mac.h"
#include "daemon/wire/packet.h"

struct client;
struct engine;
struct source;

/* Reads the key file, at the start and on `rekey`.  Sources whose key has come
 * are started, those whose key has gone stopped.  Returns 0, or -errno after
 * logging it with a hint, the keys being those from before: as os_ops.load, and
 * -EBADMSG when a line is bad and there are older keys to keep. */
int auth_rekey(struct engine *);

/* Says what is wrong with a new source's key: not there, or weak. */
void auth_announce(const struct source *);

/* The same of the key that a line of the configuration names: what, a word, and
 * name tell which. */
void auth_judge_key(const struct engine *, const char *what, const char *name,
    uint32_t id);

/* Whether the source may be asked: it has no key, or one that is known. */
bool auth_is_ready(const struct source *);

/* The version to ask with: the configured one; else 4, or 3 for a key whose
 * digest only fits in there. */
uint8_t auth_version(const struct source *);

/* Appends the source's MAC, if it has a key, to the len bytes of a request in a
 * buffer of size, which has room for MAC_MAX more.  Returns the new length, or
 * 0 when the key is not known: then nothing may be sent. */
size_t auth_sign(const struct source *, unsigned char *bytes, size_t len,
    size_t size);

/* Whether an answer, parsed from len bytes, is authenticated as the source
 * wants it: with a right MAC by its key, or without any. */
bool auth_check(struct source *, const struct ntp_packet *,
    const unsigned char *bytes, size_t len);

enum auth_mode { AUTH_NONE, AUTH_SYMMETRIC }; /* authdata's numbers */

struct auth_report {
	enum auth_mode mode;
	uint32_t key_id;    /* 0 = none */
	enum mac_type type; /* MAC_NONE while the key is not known */
	unsigned key_bits;  /* then 0 as well */
};

void auth_describe(const struct source *, struct auth_report *);

#endif
