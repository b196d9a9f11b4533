/* SPDX-License-Identifier: ISC
 *
 * Sources with a key: what is sent, what is believed, and the key file. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "daemon/engine/auth.h"
#include "tests/emu/engine_world.h"

static const struct mac_key key7 = { .id = 7, .type = MAC_SHA1,
	.secret = (const unsigned char *)"twelve bytes", .len = 12 };
#define KEY7 "7 SHA1 HEX:7477656c7665206279746573\n"

static void
key_file(struct world *w, const char *text)
{
	world_save(w, "keys/tock.keys", text);
}

/* One source with key 7, and a file. */
static void
begin(struct world *w, const char *text)
{
	world_init(w, 1);
	strcpy(w->config.keyfile, "/etc/tock/tock.keys");
	w->config.sources[0].key = 7;
	w->config.sources[0].version = 0;
	if (text != NULL)
		key_file(w, text);
	world_start(w);
	fake_advance(&w->os, 0.001);
}

/* A right answer to the request that is out: its length. */
static size_t
answer(struct world *w, const struct mac_key *key,
    unsigned char bytes[PACKET_HEADER + MAC_MAX])
{
	struct ntp_packet p = world_answer(w, &world_source(w, 0)->client, 0);

	packet_write(&p, bytes);
	return mac_append(key, false, bytes, PACKET_HEADER,
	    PACKET_HEADER + MAC_MAX);
}

static void
hand_in(struct world *w, const unsigned char *bytes, size_t len)
{
	struct source *s = world_source(w, 0);
	struct dgram d = { .remote = s->remote };

	fake_receive(&w->os, &s->client.sock, &d, bytes, len);
}

/* Whether it was as if nothing had come. */
static bool
is_ignored(struct world *w, const unsigned char *bytes, size_t len)
{
	struct client *c = &world_source(w, 0)->client;
	uint32_t valid = c->total_valid;
	bool was_waiting = c->is_waiting;

	hand_in(w, bytes, len);
	return was_waiting && c->is_waiting && c->total_valid == valid &&
	    c->reach == 0 && !world_source(w, 0)->has_sample && !c->is_denied;
}

START_TEST(a_request_ends_with_the_mac)
{
	struct world w;
	struct ntp_packet p;

	begin(&w, "6 other\n" KEY7);
	const struct fake_sent *out = fake_sent(&w.os, 0);
	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(out->dgram.len, 72);
	ck_assert_int_eq(packet_parse(&p, out->data, 72), 0);
	ck_assert_uint_eq(p.version, 4);
	ck_assert(mac_check(&key7, &p, out->data, 72));
	world_fini(&w);
}
END_TEST

START_TEST(a_long_digest_goes_out_whole_in_version_3)
{
	const struct {
		int version;
		bool xleave;
		unsigned sent;
		size_t len;
	} all[] = { { 0, false, 3, 84 }, { 0, true, 4, 72 },
		{ 4, false, 4, 72 }, { 3, false, 3, 84 } };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct world w;

		world_init(&w, 1);
		strcpy(w.config.keyfile, "/etc/tock/tock.keys");
		w.config.sources[0].key = 7;
		w.config.sources[0].version = all[i].version;
		w.config.sources[0].xleave = all[i].xleave;
		key_file(&w, "7 SHA256 twelve.bytes\n");
		world_start(&w);
		fake_advance(&w.os, 0.001);
		const struct fake_sent *out = fake_sent(&w.os, 0);
		ck_assert_ptr_nonnull(out);
		ck_assert_uint_eq(out->dgram.len, all[i].len);
		ck_assert_uint_eq(out->data[0] >> 3 & 7, all[i].sent);
		world_fini(&w);
	}
}
END_TEST

START_TEST(an_answer_with_the_right_mac_counts)
{
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	struct world w;

	begin(&w, KEY7);
	hand_in(&w, bytes, answer(&w, &key7, bytes));
	struct source *s = world_source(&w, 0);
	ck_assert(s->has_sample);
	ck_assert_uint_eq(s->client.total_good, 1);
	world_fini(&w);
}
END_TEST

START_TEST(an_answer_with_any_bit_flipped_is_as_if_it_never_came)
{
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	struct world w;

	begin(&w, KEY7);
	size_t len = answer(&w, &key7, bytes);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		ck_assert(is_ignored(&w, bytes, len));
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	hand_in(&w, bytes, len); /* the true one still counts */
	ck_assert(world_source(&w, 0)->has_sample);
	world_fini(&w);
}
END_TEST

START_TEST(an_answer_by_another_key_is_ignored)
{
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	struct mac_key other = key7;
	struct world w;

	/* CVE-2016-1567: any key of the file was good for any source */
	begin(&w, KEY7 "8 SHA1 HEX:7477656c7665206279746573\n");
	other.id = 8;
	ck_assert(is_ignored(&w, bytes, answer(&w, &other, bytes)));
	other = key7;
	other.type = MAC_MD5;
	ck_assert(is_ignored(&w, bytes, answer(&w, &other, bytes)));
	world_fini(&w);
}
END_TEST

START_TEST(an_answer_without_a_whole_mac_is_ignored)
{
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	struct world w;

	begin(&w, KEY7);
	size_t len = answer(&w, &key7, bytes);
	for (size_t n = 48; n < len; n++) /* 52: a crypto-NAK */
		ck_assert(is_ignored(&w, bytes, n));
	world_fini(&w);
}
END_TEST

START_TEST(a_kiss_needs_the_mac_as_well)
{
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	struct world w;

	begin(&w, KEY7);
	struct ntp_packet p = world_answer(&w, &world_source(&w, 0)->client, 0);
	p.stratum = 0;
	p.refid = KISS_CODE_DENY;
	packet_write(&p, bytes);
	ck_assert(is_ignored(&w, bytes, PACKET_HEADER));
	hand_in(&w, bytes, mac_append(&key7, false, bytes, PACKET_HEADER,
	    sizeof bytes));
	ck_assert(world_source(&w, 0)->client.is_denied);
	world_fini(&w);
}
END_TEST

START_TEST(a_source_without_a_key_wants_no_mac)
{
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	fake_advance(&w.os, 0.001);
	size_t len = answer(&w, &key7, bytes);
	ck_assert(is_ignored(&w, bytes, len));
	hand_in(&w, bytes, PACKET_HEADER);
	ck_assert(world_source(&w, 0)->has_sample);
	world_fini(&w);
}
END_TEST

START_TEST(without_its_key_a_source_is_not_asked)
{
	const char *all[] = { NULL, "", "8 other\n", "7 TIGER abc\n" };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct world w;

		begin(&w, all[i]);
		fake_advance(&w.os, 5000);
		ck_assert_uint_eq(w.os.n_sent, 0);
		world_fini(&w);
	}
}
END_TEST

START_TEST(rekey_brings_a_key_and_takes_it_away)
{
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	struct world w;

	begin(&w, "8 other\n");
	fake_advance(&w.os, 100);
	ck_assert_uint_eq(w.os.n_sent, 0);
	key_file(&w, KEY7);
	ck_assert_int_eq(auth_rekey(&w.engine), 0);
	fake_advance(&w.os, 0.001);
	ck_assert_uint_eq(w.os.n_sent, 1);
	hand_in(&w, bytes, answer(&w, &key7, bytes));
	ck_assert(world_source(&w, 0)->has_sample);

	key_file(&w, "8 other\n");
	ck_assert_int_eq(auth_rekey(&w.engine), 0);
	fake_advance(&w.os, 5000);
	ck_assert_uint_eq(w.os.n_sent, 1);
	ck_assert(!world_source(&w, 0)->has_sample); /* and has no vote */
	world_fini(&w);
}
END_TEST

START_TEST(a_changed_secret_holds_at_once)
{
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	struct mac_key new = { .id = 7, .type = MAC_MD5,
		.secret = (const unsigned char *)"tulip", .len = 5 };
	struct world w;

	begin(&w, KEY7);
	key_file(&w, "7 tulip\n");
	ck_assert_int_eq(auth_rekey(&w.engine), 0);
	ck_assert(is_ignored(&w, bytes, answer(&w, &key7, bytes)));
	hand_in(&w, bytes, answer(&w, &new, bytes));
	ck_assert(world_source(&w, 0)->has_sample);
	world_fini(&w);
}
END_TEST

START_TEST(a_bad_file_leaves_the_keys_alone)
{
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	struct world w;

	begin(&w, KEY7);
	key_file(&w, "7 SHA1 torn\n8 SHA1 HEX:7\n");
	ck_assert_int_eq(auth_rekey(&w.engine), -EBADMSG);
	w.os.files[0].size = 0; /* it is gone */
	ck_assert_int_eq(auth_rekey(&w.engine), -ENOENT);
	hand_in(&w, bytes, answer(&w, &key7, bytes));
	ck_assert(world_source(&w, 0)->has_sample);
	world_fini(&w);
}
END_TEST

START_TEST(a_report_says_which_key)
{
	struct auth_report r;
	struct world w;

	begin(&w, KEY7);
	auth_describe(world_source(&w, 0), &r);
	ck_assert_int_eq(r.mode, AUTH_SYMMETRIC);
	ck_assert_uint_eq(r.key_id, 7);
	ck_assert_int_eq(r.type, MAC_SHA1);
	ck_assert_uint_eq(r.key_bits, 96);
	world_fini(&w);

	begin(&w, "");
	auth_describe(world_source(&w, 0), &r);
	ck_assert_int_eq(r.mode, AUTH_SYMMETRIC);
	ck_assert_uint_eq(r.key_id, 7);
	ck_assert_int_eq(r.type, MAC_NONE);
	ck_assert_uint_eq(r.key_bits, 0);
	world_fini(&w);

	world_init(&w, 1);
	world_start(&w);
	auth_describe(world_source(&w, 0), &r);
	ck_assert_int_eq(r.mode, AUTH_NONE);
	ck_assert_uint_eq(r.key_id, 0);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("auth", a_request_ends_with_the_mac,
    a_long_digest_goes_out_whole_in_version_3,
    an_answer_with_the_right_mac_counts,
    an_answer_with_any_bit_flipped_is_as_if_it_never_came,
    an_answer_by_another_key_is_ignored,
    an_answer_without_a_whole_mac_is_ignored, a_kiss_needs_the_mac_as_well,
    a_source_without_a_key_wants_no_mac, without_its_key_a_source_is_not_asked,
    rekey_brings_a_key_and_takes_it_away, a_changed_secret_holds_at_once,
    a_bad_file_leaves_the_keys_alone, a_report_says_which_key)
