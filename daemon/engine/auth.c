/* SPDX-License-Identifier: ISC */
#include "daemon/engine/auth.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/paths.h"
#include "daemon/engine/crew.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/source.h"
#include "daemon/wire/keys.h"

#define CRYPTO_NAK 4 /* the length of a MAC that is a key ID alone */
#define SAY_LINES 10 /* of a file's bad ones */

static const struct mac_key *
key_of(const struct source *s)
{
	return keys_find(&s->engine->keys, s->conf.key);
}

struct reading {
	const char *file;
	unsigned said;
};

static void
bad_line(void *owner, unsigned line, const char *why)
{
	struct reading *r = owner;

	if (r->said++ < SAY_LINES)
		log_warn("key file %s:%u: left out: %s", r->file, line, why);
}

static const char *
hint(int error)
{
	switch (error) {
	case -EACCES:
		return "not permitted; for a file of root's: chgrp "
		       GROUP_CONTROL " FILE; chmod 640 FILE";
	case -EPERM:
		return "not safe; it must belong to root or the daemon's "
		       "user and be closed to others: chmod o= FILE";
	case -EINVAL:
		return "not a plain file (links are not followed)";
	case -EFBIG:
		return "longer than 256 KiB";
	default:
		return strerror(-error);
	}
}

/* The file's keys into k. */
static int
read_keys(struct engine *e, struct keys *k)
{
	const char *file = e->config->keyfile, *slash = strrchr(file, '/');
	struct reading reading = { .file = file };
	const struct keys_judge judge = { bad_line, &reading };
	char slot[CONFIG_PATH_MAX + 8];
	char *text = malloc(KEYS_TEXT_MAX);
	ssize_t n = -ENOMEM;
	int bad = 0;

	snprintf(slot, sizeof slot, "keys/%s",
	    slash != NULL ? slash + 1 : file);
	if (text != NULL)
		n = e->os->ops->load(e->os, slot, text, KEYS_TEXT_MAX);
	if (n >= 0) {
		bad = keys_parse(k, text, (size_t)n, &judge);
		explicit_bzero(text, (size_t)n);
	}
	free(text);
	if (n < 0 || bad < 0) {
		int error = n < 0 ? (int)n : bad;
		log_error("key file %s: not read: %s", file, hint(error));
		return error;
	}
	if (bad > SAY_LINES)
		log_warn("key file %s: %d lines left out", file, bad);
	return bad;
}

/* What the new table means for a source, which had its key before or not. */
static void
apply(struct source *s, bool was_ready)
{
	bool is_ready = auth_is_ready(s);

	if (is_ready == was_ready)
		return;
	auth_announce(s);
	source_reset(s);
	engine_reselect(s->engine);
}

int
auth_rekey(struct engine *e)
{
	struct keys old = e->keys, new = { 0 };
	struct source *s;

	if (e->config->keyfile[0] == '\0')
		return 0;
	int r = read_keys(e, &new);
	if (r < 0)
		return r;
	if (r > 0 && old.n > 0) {
		log_error("key file %s: not taken, the keys are those from "
			  "before", e->config->keyfile);
		keys_fini(&new);
		return -EBADMSG;
	}
	log_info("key file %s: read, keys: %zu", e->config->keyfile, new.n);
	e->keys = new;
	TAILQ_FOREACH(s, &e->sources, link)
		if (s->conf.key != 0)
			apply(s, keys_find(&old, s->conf.key) != NULL);
	keys_fini(&old);
	r = crew_keys(e);
	if (r < 0)
		log_error("key file %s: the workers have no memory for it",
		    e->config->keyfile);
	return r;
}

void
auth_judge_key(const struct engine *e, const char *what, const char *name,
    uint32_t id)
{
	const struct mac_key *key = keys_find(&e->keys, id);
	const char *file = e->config->keyfile;

	if (key == NULL && file[0] == '\0')
		log_error("%s %s: not used: key %" PRIu32
			  " needs a keyfile line", what, name, id);
	else if (key == NULL)
		log_error("%s %s: not used: there is no key %" PRIu32
			  " in %s (tockctl rekey reads it again)",
		    what, name, id, file);
	else if (key->len * 8 < KEYS_WEAK)
		log_warn("%s %s: key %" PRIu32
			 " has %zu bits only, %d would be good",
		    what, name, id, key->len * 8, KEYS_WEAK);
}

void
auth_announce(const struct source *s)
{
	if (s->conf.key != 0)
		auth_judge_key(s->engine, "source", s->conf.name, s->conf.key);
}

bool
auth_is_ready(const struct source *s)
{
	return s->conf.key == 0 || key_of(s) != NULL;
}

uint8_t
auth_version(const struct source *s)
{
	const struct mac_key *key = key_of(s);

	if (s->conf.version != 0)
		return (uint8_t)s->conf.version;
	return key != NULL && mac_is_long(key->type) && !s->conf.xleave
	    ? 3 : PACKET_VERSION;
}

size_t
auth_sign(const struct source *s, unsigned char *bytes, size_t len, size_t size)
{
	const struct mac_key *key = key_of(s);

	if (s->conf.key == 0)
		return len;
	if (key == NULL)
		return 0;
	return mac_append(key, auth_version(s) < 4, bytes, len, size);
}

bool
auth_check(struct source *s, const struct ntp_packet *p,
    const unsigned char *bytes, size_t len)
{
	const struct mac_key *key = key_of(s);
	char label[ADDR_STRLEN];

	if (s->conf.key == 0)
		return p->mac_len == 0;
	if (key != NULL && mac_check(key, p, bytes, len)) {
		s->is_forged = false;
		return true;
	}
	if (!s->is_forged && engine_may_say(s->engine))
		log_warn("source %s: answer ignored: %s, key %" PRIu32,
		    source_label(s, label, sizeof label),
		    p->mac_len == CRYPTO_NAK ? "the server refuses our MAC"
		    : p->mac_len == 0	     ? "it has no MAC"
					     : "wrong MAC",
		    s->conf.key);
	s->is_forged = true;
	return false;
}

void
auth_describe(const struct source *s, struct auth_report *r)
{
	const struct mac_key *key = key_of(s);

	*r = (struct auth_report){ .key_id = s->conf.key };
	if (s->conf.key == 0)
		return;
	r->mode = AUTH_SYMMETRIC;
	if (key != NULL) {
		r->type = key->type;
		r->key_bits = (unsigned)(key->len * 8);
	}
}
