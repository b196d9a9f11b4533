/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/wire/keys.h"

struct heard {
	unsigned n, line; /* complaints, and where the last was */
	char why[200];
};

static void
hear(void *owner, unsigned line, const char *why)
{
	struct heard *h = owner;

	h->n++;
	h->line = line;
	snprintf(h->why, sizeof h->why, "%s", why);
}

static int
parse_bytes(struct keys *k, struct heard *h, const char *text, size_t size)
{
	const struct keys_judge judge = { hear, h };

	memset(h, 0, sizeof *h);
	return keys_parse(k, text, size, &judge);
}

static int
parse(struct keys *k, struct heard *h, const char *text)
{
	return parse_bytes(k, h, text, strlen(text));
}

static void
assert_key(const struct keys *k, uint32_t id, enum mac_type type,
    const char *secret, size_t len)
{
	const struct mac_key *key = keys_find(k, id);

	ck_assert_ptr_nonnull(key);
	ck_assert_uint_eq(key->id, id);
	ck_assert_int_eq(key->type, type);
	ck_assert_uint_eq(key->len, len);
	ck_assert_mem_eq(key->secret, secret, len);
}

START_TEST(a_file_becomes_a_table)
{
	struct heard h;
	struct keys k;

	ck_assert_int_eq(parse(&k, &h,
	    "# ours\n"
	    "\n"
	    "10 tulip\r\n"
	    "  4294967295\tSHA1  ASCII:rose#red \n"
	    "1 SHA256 HEX:00fFA1\n"
	    "3 aes128 HEX:2b7e151628aed2a6abf7158809cf4f3c\n"
	    "4 AES256 0123456789abcdef0123456789abcdef"), 0);
	ck_assert_uint_eq(k.n, 5);
	assert_key(&k, 10, MAC_MD5, "tulip", 5);
	assert_key(&k, 4294967295, MAC_SHA1, "rose#red", 8);
	assert_key(&k, 1, MAC_SHA256, "\x00\xff\xa1", 3);
	assert_key(&k, 3, MAC_AES128, "\x2b\x7e\x15\x16\x28\xae\xd2\xa6\xab"
	    "\xf7\x15\x88\x09\xcf\x4f\x3c", 16);
	assert_key(&k, 4, MAC_AES256, "0123456789abcdef0123456789abcdef", 32);
	ck_assert_ptr_null(keys_find(&k, 2));
	ck_assert_ptr_null(keys_find(&k, 0));
	keys_fini(&k);
}
END_TEST

START_TEST(an_empty_file_is_an_empty_table)
{
	const char *all[] = { "", "\n", "\n\n", "#", "! 1 a\n; 2 b\n% 3 c\n",
		"   # 1 a\n" };
	struct heard h;
	struct keys k;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		ck_assert_int_eq(parse(&k, &h, all[i]), 0);
		ck_assert_uint_eq(k.n, 0);
		ck_assert_ptr_null(keys_find(&k, 1));
		keys_fini(&k);
	}
}
END_TEST

START_TEST(a_sign_within_a_key_belongs_to_it)
{
	struct heard h;
	struct keys k;

	/* CVE-2021-22212: a key ended at its # */
	ck_assert_int_eq(parse(&k, &h, "1 MD5 #!;%\n2 a#b\n"), 0);
	assert_key(&k, 1, MAC_MD5, "#!;%", 4);
	assert_key(&k, 2, MAC_MD5, "a#b", 3);
	keys_fini(&k);
}
END_TEST

START_TEST(a_bad_line_is_left_out_and_said)
{
	const struct {
		const char *line, *why;
	} all[] = {
		{ "1", "not ID KEY" },
		{ "1 MD5 a b", "not ID KEY" },
		{ "1 SHA1 key # mine", "not ID KEY" },
		{ "0 a", "the ID is not a number" },
		{ "-1 a", "the ID is not a number" },
		{ "+1 a", "the ID is not a number" },
		{ "1x a", "the ID is not a number" },
		{ "4294967296 a", "the ID is not a number" },
		{ "99999999999999999999999 a", "the ID is not a number" },
		{ "1 SHA2 a", "unknown type" },
		{ "1 M a", "unknown type" },
		{ "1 SHA1SHA1SHA1SHA1SHA1 a", "unknown type" },
		{ "1 TIGER a", "TIGER and WHIRLPOOL are not supported" },
		{ "1 WHIRLPOOL a", "TIGER and WHIRLPOOL are not supported" },
		{ "1 MD5 HEX:", "the key is empty" },
		{ "1 ASCII:", "the key is empty" },
		{ "1 HEX:0", "HEX: is followed by an odd number" },
		{ "1 HEX:012", "HEX: is followed by an odd number" },
		{ "1 HEX:0g", "HEX: is followed by what is no" },
		{ "1 HEX:0x01", "HEX: is followed by what is no" },
		{ "1 AES128 123456789012345", "a key for AES128 has" },
		{ "1 AES128 12345678901234567", "a key for AES128 has" },
		{ "1 AES128 HEX:2b7e15", "a key for AES128 has" },
		{ "1 AES256 1234567890123456", "a key for AES256 has" },
	};
	struct heard h;
	struct keys k;
	char text[256];

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		snprintf(text, sizeof text, "2 good\n%s\n3 too\n", all[i].line);
		ck_assert_int_eq(parse(&k, &h, text), 1);
		ck_assert_uint_eq(h.n, 1);
		ck_assert_uint_eq(h.line, 2);
		ck_assert_msg(strncmp(h.why, all[i].why,
		    strlen(all[i].why)) == 0, "%s: %s", all[i].line, h.why);
		ck_assert_uint_eq(k.n, 2);
		assert_key(&k, 2, MAC_MD5, "good", 4);
		assert_key(&k, 3, MAC_MD5, "too", 3);
		keys_fini(&k);
	}
}
END_TEST

START_TEST(a_complaint_does_not_show_the_key)
{
	const char *all[] = { "1 SHA1 mysecret extra", "mysecret mysecret",
		"1 mysecret mysecret", "1 HEX:mysecret", "1 AES128 mysecret" };
	struct heard h;
	struct keys k;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		ck_assert_int_eq(parse(&k, &h, all[i]), 1);
		ck_assert_ptr_null(strstr(h.why, "mysecret"));
		keys_fini(&k);
	}
}
END_TEST

START_TEST(the_first_of_two_equal_ids_holds)
{
	struct heard h;
	struct keys k;

	ck_assert_int_eq(parse(&k, &h, "7 one\n5 x\n7 two\n"), 1);
	ck_assert_uint_eq(h.line, 3);
	ck_assert_str_eq(h.why, "the ID stands above already");
	assert_key(&k, 7, MAC_MD5, "one", 3);
	assert_key(&k, 5, MAC_MD5, "x", 1);
	keys_fini(&k);
}
END_TEST

START_TEST(a_line_has_at_most_2047_bytes)
{
	char text[2100];
	struct heard h;
	struct keys k;

	memset(text, 'a', sizeof text);
	memcpy(text, "1 ", 2);
	ck_assert_int_eq(parse_bytes(&k, &h, text, 2047), 0);
	assert_key(&k, 1, MAC_MD5, text + 2, 2045);
	keys_fini(&k);
	ck_assert_int_eq(parse_bytes(&k, &h, text, 2048), 1);
	ck_assert_str_eq(h.why, "longer than 2047 bytes");
	ck_assert_uint_eq(k.n, 0);
	keys_fini(&k);
}
END_TEST

START_TEST(nul_bytes_are_refused)
{
	struct heard h;
	struct keys k;

	ck_assert_int_eq(parse_bytes(&k, &h, "1 a\0b\n2 c\n", 10), 1);
	ck_assert_str_eq(h.why, "a NUL byte");
	ck_assert_uint_eq(h.line, 1);
	assert_key(&k, 2, MAC_MD5, "c", 1);
	keys_fini(&k);
	ck_assert_int_eq(parse_bytes(&k, &h, "\0", 1), 1);
	ck_assert_uint_eq(k.n, 0);
	keys_fini(&k);
}
END_TEST

START_TEST(a_full_file_is_taken)
{
	size_t size = 0;
	unsigned lines = 0;
	char *text = malloc(KEYS_TEXT_MAX + 16);
	struct heard h;
	struct keys k;

	while (size < KEYS_TEXT_MAX - 16) /* from the highest ID down */
		size += (size_t)sprintf(text + size, "%u a\n",
		    50000 - lines++);
	ck_assert_int_eq(parse_bytes(&k, &h, text, size), 0);
	ck_assert_uint_eq(k.n, lines);
	for (unsigned i = 0; i < lines; i++)
		assert_key(&k, 50000 - i, MAC_MD5, "a", 1);
	keys_fini(&k);
	free(text);
}
END_TEST

UNIT_MAIN("keys", a_file_becomes_a_table, an_empty_file_is_an_empty_table,
    a_sign_within_a_key_belongs_to_it, a_bad_line_is_left_out_and_said,
    a_complaint_does_not_show_the_key, the_first_of_two_equal_ids_holds,
    a_line_has_at_most_2047_bytes, nul_bytes_are_refused, a_full_file_is_taken)
