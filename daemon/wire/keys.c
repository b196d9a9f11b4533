/* SPDX-License-Identifier: ISC */
#include "daemon/wire/keys.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_MAX_LEN 2047
#define WORDS 3

struct word {
	const char *at;
	size_t len;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool
is_comment(char c)
{
	return c == '!' || c == ';' || c == '#' || c == '%';
}

/* The line's words; of more than WORDS + 1 the rest is not looked at. */
static size_t
split(struct word words[WORDS + 1], const char *line, size_t len)
{
	size_t n = 0, i = 0;

	while (n <= WORDS) {
		while (i < len && is_blank(line[i]))
			i++;
		if (i == len)
			break;
		words[n].at = line + i;
		while (i < len && !is_blank(line[i]))
			i++;
		words[n].len = (size_t)(line + i - words[n].at);
		n++;
	}
	return n;
}

static bool
begins(const struct word *w, const char *with)
{
	size_t len = strlen(with);

	return w->len >= len && memcmp(w->at, with, len) == 0;
}

static bool
read_id(const struct word *w, uint32_t *id)
{
	uint64_t value = 0;

	for (size_t i = 0; i < w->len; i++) {
		if (w->at[i] < '0' || w->at[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(w->at[i] - '0');
		if (value > UINT32_MAX)
			return false;
	}
	*id = (uint32_t)value;
	return value > 0;
}

static enum mac_type
read_type(const struct word *w)
{
	char name[16];

	if (w->len >= sizeof name || memchr(w->at, '\0', w->len) != NULL)
		return MAC_NONE;
	memcpy(name, w->at, w->len);
	name[w->len] = '\0';
	return mac_type_named(name);
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Writes the secret to out, where there is room for the word's length.  NULL,
 * or why not. */
static const char *
read_secret(const struct word *w, unsigned char *out, size_t *len)
{
	if (!begins(w, "HEX:")) {
		size_t skip = begins(w, "ASCII:") ? strlen("ASCII:") : 0;

		*len = w->len - skip;
		memcpy(out, w->at + skip, *len);
		return *len > 0 ? NULL : "the key is empty";
	}

	const char *hex = w->at + strlen("HEX:");
	size_t digits = w->len - strlen("HEX:");
	*len = digits / 2;
	for (size_t i = 0; i < *len; i++) {
		int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return "HEX: is followed by what is no hexadecimal "
			       "digit";
		out[i] = (unsigned char)(high << 4 | low);
	}
	if (digits % 2 != 0)
		return "HEX: is followed by an odd number of digits";
	return *len > 0 ? NULL : "the key is empty";
}

/* NULL, or why the line gives no key; key->id 0: there is nothing on it. */
static const char *
read_line(struct mac_key *key, unsigned char *room, const char *line,
    size_t len)
{
	struct word words[WORDS + 1];
	size_t n = split(words, line, len);

	*key = (struct mac_key){ .type = MAC_MD5, .secret = room };
	if (n == 0 || is_comment(words[0].at[0]))
		return NULL;
	if (len > LINE_MAX_LEN)
		return "longer than 2047 bytes";
	if (memchr(line, '\0', len) != NULL)
		return "a NUL byte";
	if (n < 2 || n > WORDS)
		return "not ID KEY or ID TYPE KEY";
	if (!read_id(&words[0], &key->id)) {
		key->id = 0;
		return "the ID is not a number from 1 to 4294967295";
	}
	if (n == WORDS)
		key->type = read_type(&words[1]);
	if (key->type == MAC_NONE)
		return "unknown type: MD5, SHA1, SHA256, SHA384, SHA512, "
		       "SHA3-224, SHA3-256, SHA3-384, SHA3-512, AES128 or "
		       "AES256";
	if (!mac_is_built(key->type))
		return "TIGER and WHIRLPOOL are not supported: take SHA256 or "
		       "AES128";
	const char *why = read_secret(&words[n - 1], room, &key->len);
	if (why == NULL && mac_key_size(key->type) != 0 &&
	    mac_key_size(key->type) != key->len)
		why = key->type == MAC_AES128
		    ? "a key for AES128 has exactly 16 bytes, 32 digits "
		      "behind HEX:"
		    : "a key for AES256 has exactly 32 bytes, 64 digits "
		      "behind HEX:";
	return why;
}

/* By ID; of several with the same one, as they stand in the file. */
static int
by_id(const void *a, const void *b)
{
	const struct mac_key *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static size_t
lines_in(const char *text, size_t size)
{
	size_t n = 1;

	for (size_t i = 0; i < size; i++)
		n += text[i] == '\n';
	return n;
}

/* Of each ID the first line holds.  Returns how many are taken away. */
static int
drop_doubles(struct keys *k, const struct keys_judge *judge)
{
	size_t kept = 0;

	if (k->n == 0)
		return 0;
	qsort(k->all, k->n, sizeof *k->all, by_id);
	for (size_t i = 0; i < k->n; i++) {
		if (kept > 0 && k->all[kept - 1].id == k->all[i].id)
			judge->bad(judge->owner, k->all[i].line,
			    "the ID stands above already");
		else
			k->all[kept++] = k->all[i];
	}
	int dropped = (int)(k->n - kept);
	k->n = kept;
	return dropped;
}

int
keys_reserve(struct keys *k, size_t n, size_t size)
{
	*k = (struct keys){ .secrets_size = size + 1, .room = n };
	k->all = calloc(n + 1, sizeof *k->all);
	k->secrets = malloc(k->secrets_size);
	if (k->all != NULL && k->secrets != NULL)
		return 0;
	keys_fini(k);
	return -ENOMEM;
}

bool
keys_add(struct keys *k, const struct mac_key *key)
{
	unsigned char *secret = k->secrets + k->secrets_used;

	if (k->n == k->room || key->len == 0 ||
	    key->len > k->secrets_size - 1 - k->secrets_used ||
	    key->id <= (k->n > 0 ? k->all[k->n - 1].id : 0) ||
	    !mac_is_built(key->type) || (mac_key_size(key->type) != 0 &&
		mac_key_size(key->type) != key->len))
		return false;
	memcpy(secret, key->secret, key->len);
	k->secrets_used += key->len;
	k->all[k->n] = *key;
	k->all[k->n++].secret = secret;
	return true;
}

int
keys_parse(struct keys *k, const char *text, size_t size,
    const struct keys_judge *judge)
{
	const char *end = text + size;
	size_t used = 0;
	unsigned line = 0;
	int bad = 0;

	assert(size <= KEYS_TEXT_MAX);
	if (keys_reserve(k, lines_in(text, size), size) < 0)
		return -ENOMEM;
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((stop != NULL ? stop : end) - text);
		struct mac_key key;
		const char *why = read_line(&key, k->secrets + used, text, len);

		key.line = ++line;
		if (why != NULL) {
			judge->bad(judge->owner, line, why);
			bad++;
		} else if (key.id != 0) {
			k->all[k->n++] = key;
			used += key.len;
		}
		text = stop != NULL ? stop + 1 : end;
	}
	return bad + drop_doubles(k, judge);
}

void
keys_fini(struct keys *k)
{
	if (k->secrets != NULL)
		explicit_bzero(k->secrets, k->secrets_size);
	free(k->secrets);
	free(k->all);
	*k = (struct keys){ 0 };
}

const struct mac_key *
keys_find(const struct keys *k, uint32_t id)
{
	size_t low = 0, high = k->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (k->all[middle].id == id)
			return &k->all[middle];
		if (k->all[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
