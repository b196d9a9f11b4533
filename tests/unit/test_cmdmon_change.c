/* SPDX-License-Identifier: ISC
 *
 * The requests that change the daemon, and the reports that chrony keeps from
 * UDP, at the offsets of the protocol.  Packets in hexadecimal came from a real
 * chronyd. */
#include "unit.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/bytes.h"
#include "common/cmdfloat.h"
#include "common/cmdmon_codec.h"

static unsigned char wire[CMDMON_REQUEST_MAX];
static const unsigned char *const payload = wire + CMDMON_REQUEST_HEADER;

/* Writes r, which must take len bytes, and reads it again. */
static struct cmdmon_request
trip(const struct cmdmon_request *r, size_t len)
{
	struct cmdmon_request again;

	memset(wire, 0xa5, sizeof wire);
	ck_assert_uint_eq(cmdmon_put_request(wire, r), len);
	ck_assert_int_eq(cmdmon_get_request(&again, wire, len), 0);
	ck_assert_uint_eq(again.command, r->command);
	ck_assert_mem_eq(&again.u, &r->u, sizeof r->u);
	return again;
}

static struct cmdmon_request
request(unsigned command)
{
	struct cmdmon_request r;

	memset(&r, 0, sizeof r);
	r.command = (uint16_t)command;
	return r;
}

static struct addr
address(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, text), 0);
	return a;
}

static void
reply_of(struct cmdmon_reply *r, const char *hex, size_t len)
{
	unsigned char in[CMDMON_REPLY_MAX] = { 0 }, out[CMDMON_REPLY_MAX];

	for (size_t i = 0; hex[2 * i]; i++) {
		unsigned v;

		ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &v), 1);
		in[i] = (unsigned char)v;
	}
	ck_assert_int_eq(cmdmon_get_reply(r, in, len), 0);
	ck_assert_uint_eq(cmdmon_put_reply(out, r), len);
	ck_assert_mem_eq(in, out, len);
}

START_TEST(ranges_have_mask_and_address)
{
	struct cmdmon_request r = request(CMD_ONLINE);

	r.u.range.mask = address("255.255.255.0");
	r.u.range.addr = address("192.0.2.0");
	trip(&r, 60);
	ck_assert_uint_eq(get32(payload), 0xffffff00);
	ck_assert_uint_eq(get16(payload + 16), 1);
	ck_assert_uint_eq(get32(payload + 20), 0xc0000200);
	ck_assert_uint_eq(get16(payload + 36), 1);

	r.command = CMD_OFFLINE;
	trip(&r, 60);
	r.command = CMD_BURST;
	r.u.range.good = 4;
	r.u.range.total = -1;
	trip(&r, 68);
	ck_assert_uint_eq(get32(payload + 40), 4);
	ck_assert_uint_eq(get32(payload + 44), UINT32_MAX);
}
END_TEST

START_TEST(settings_have_an_address_and_one_number)
{
	static const unsigned numbers[] = { CMD_MINPOLL, CMD_MAXPOLL,
		CMD_MINSTRATUM, CMD_POLLTARGET };
	static const unsigned values[] = { CMD_MAXDELAY, CMD_MAXDELAYRATIO,
		CMD_MAXDELAYDEVRATIO };

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		struct cmdmon_request r = request(numbers[i]);

		r.u.setting.addr = address("2001:db8::7");
		r.u.setting.number = -6;
		trip(&r, 44);
		ck_assert_uint_eq(get16(payload + 16), 2);
		ck_assert_uint_eq(get32(payload + 20), (uint32_t)-6);
	}
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct cmdmon_request r = request(values[i]);

		r.u.setting.addr = address("ID#7");
		r.u.setting.value = 0.125;
		trip(&r, 44);
		ck_assert_uint_eq(get32(payload), 7);
		ck_assert_uint_eq(get16(payload + 16), 3);
		ck_assert_uint_eq(get32(payload + 20), cmdfloat_encode(0.125));
	}
}
END_TEST

START_TEST(some_carry_an_address_an_index_or_a_number)
{
	static const struct {
		unsigned command;
		size_t len;
	} addressed[] = { { CMD_DELETE, 40 }, { CMD_NTPDATA, 172 },
		{ CMD_SOURCE_NAME, 284 }, { CMD_AUTHDATA, 52 } };
	struct cmdmon_request r;

	for (size_t i = 0; i < sizeof addressed / sizeof *addressed; i++) {
		r = request(addressed[i].command);
		r.u.addr = address("192.0.2.7");
		trip(&r, addressed[i].len);
		ck_assert_uint_eq(get32(payload), 0xc0000207);
	}
	r = request(CMD_SELECTDATA);
	r.u.index = 3;
	trip(&r, 76);
	ck_assert_uint_eq(get32(payload), 3);
	r = request(CMD_RESELECTDIST);
	r.u.value = 0.5;
	trip(&r, 28);
	ck_assert_uint_eq(get32(payload), cmdfloat_encode(0.5));
	r.command = CMD_MAXUPDATESKEW;
	trip(&r, 28);
}
END_TEST

START_TEST(what_carries_nothing_is_28_bytes)
{
	static const unsigned bare[] = { CMD_DUMP, CMD_REKEY, CMD_CYCLELOGS,
		CMD_RESELECT, CMD_REFRESH, CMD_SHUTDOWN, CMD_ONOFFLINE,
		CMD_RESET_SOURCES, CMD_RELOAD_SOURCES };

	for (size_t i = 0; i < sizeof bare / sizeof *bare; i++) {
		struct cmdmon_request r = request(bare[i]);

		trip(&r, 28);
	}
}
END_TEST

START_TEST(select_options_have_two_numberings)
{
	struct cmdmon_request r = request(CMD_SELECTOPTS);

	r.u.of_source.addr = address("192.0.2.7");
	r.u.of_source.refid = 0x47505358;
	r.u.of_source.mask = OPTION_PREFER | OPTION_NOSELECT | OPTION_REQUIRE;
	r.u.of_source.options = OPTION_PREFER | OPTION_REQUIRE;
	trip(&r, 52);
	ck_assert_uint_eq(get32(payload + 20), 0x47505358);
	ck_assert_uint_eq(get32(payload + 24), 1 | 2 | 8);
	ck_assert_uint_eq(get32(payload + 28), 0x08 | 0x40);

	/* one day a chronyc may put the same numbers into the mask */
	put32(wire + 20 + 24, 0x08 | 0x10 | 0x20);
	ck_assert_int_eq(cmdmon_get_request(&r, wire, 52), 0);
	ck_assert_uint_eq(r.u.of_source.mask,
	    OPTION_PREFER | OPTION_NOSELECT | OPTION_TRUST);
}
END_TEST

START_TEST(an_offset_is_for_a_source)
{
	struct cmdmon_request r = request(CMD_OFFSET);

	r.u.of_source.refid = 0x47505358;
	r.u.of_source.offset = -0.5;
	trip(&r, 48);
	ck_assert_uint_eq(get16(payload + 16), 0);
	ck_assert_uint_eq(get32(payload + 20), 0x47505358);
	ck_assert_uint_eq(get32(payload + 24), 0x01000000);
}
END_TEST

START_TEST(local_comes_with_all_its_options)
{
	struct cmdmon_request r = request(CMD_LOCAL);

	r.u.local = (struct cmdmon_local){ .on = 1, .orphan = 1,
		.stratum = 7, .distance = 0.5, .activate = 1,
		.waitsynced = 2, .waitunsynced = 100 };
	trip(&r, 48);
	ck_assert_uint_eq(get32(payload), 1);
	ck_assert_uint_eq(get32(payload + 4), 7);
	ck_assert_uint_eq(get32(payload + 8), 0x02800000);
	ck_assert_uint_eq(get32(payload + 12), 1);
	ck_assert_uint_eq(get32(payload + 16), 0x04800000);
	ck_assert_uint_eq(get32(payload + 20), 0x06800000);
	ck_assert_uint_eq(get32(payload + 24), 0x10c80000);

	r = request(CMD_LOCAL_OLD);
	r.u.local = (struct cmdmon_local){ .on = 1, .stratum = 7,
		.distance = 0.5, .waitunsynced = -1 };
	trip(&r, 36);
	ck_assert_uint_eq(get32(payload + 8), 0x02800000);
}
END_TEST

START_TEST(a_source_comes_with_all_its_options)
{
	struct cmdmon_request r = request(CMD_ADD_SOURCE);

	r.u.add = (struct cmdmon_add){ .type = ADD_POOL,
		.name = "pool.example", .port = 12301, .minpoll = -2,
		.maxpoll = 10, .presend = 100, .minstratum = 1,
		.polltarget = 8, .version = 3, .maxsources = 4,
		.minsamples = -1, .maxsamples = 64, .key = 30,
		.nts_port = 4460, .maxdelay = 0.5, .maxdelayratio = 2,
		.maxdelaydevratio = 100, .mindelay = 1, .asymmetry = -0.5,
		.offset = -1, .flags = ADD_ONLINE | ADD_IPV6, .filter = 5,
		.certset = 9, .maxdelayquant = 0.5, .maxunreach = 100000 };
	trip(&r, 372);
	ck_assert_uint_eq(get32(payload), 3);
	ck_assert_str_eq((const char *)payload + 4, "pool.example");
	ck_assert_uint_eq(get32(payload + 260), 12301);
	ck_assert_uint_eq(get32(payload + 264), (uint32_t)-2);
	ck_assert_uint_eq(get32(payload + 272), 100);
	ck_assert_uint_eq(get32(payload + 292), UINT32_MAX);
	ck_assert_uint_eq(get32(payload + 300), 30);
	ck_assert_uint_eq(get32(payload + 308), 0x02800000);
	ck_assert_uint_eq(get32(payload + 324), 0x01000000);
	ck_assert_uint_eq(get32(payload + 328), 0x03000000);
	ck_assert_uint_eq(get32(payload + 332), 0x4001);
	ck_assert_uint_eq(get32(payload + 336), 5);
	ck_assert_uint_eq(get32(payload + 344), 0x02800000);
	ck_assert_uint_eq(get32(payload + 348), 100000);
}
END_TEST

START_TEST(a_name_without_an_end_is_no_name)
{
	struct cmdmon_request r = request(CMD_ADD_SOURCE);

	memset(r.u.add.name, 'a', CMDMON_NAME_SIZE - 1);
	ck_assert_uint_eq(strlen(trip(&r, 372).u.add.name), 255);
	wire[20 + 4 + 255] = 'a';
	ck_assert_int_eq(cmdmon_get_request(&r, wire, 372), 0);
	ck_assert_str_eq(r.u.add.name, "");
}
END_TEST

START_TEST(selectdata_of_a_server)
{
	struct cmdmon_reply r;
	const struct cmdmon_selectdata *s = &r.u.selectdata;

	reply_of(&r, "06020000004500170000000000000000010203040000000000000000"
	    "7f0000017f000001000000000000000000000000000100002a01000000"
	    "00000c0000000604800000dd760cb5dca2e8b1", 76);
	ck_assert_uint_eq(s->refid, 0x7f000001);
	ck_assert_int_eq(s->state, '*');
	ck_assert_uint_eq(s->authenticated, 1);
	ck_assert_uint_eq(s->leap, 0);
	ck_assert_uint_eq(s->options, 0);
	ck_assert_uint_eq(s->effective, OPTION_TRUST | OPTION_REQUIRE);
	ck_assert_uint_eq(s->ago_s, 6);
	ck_assert_double_eq(s->score, 1);
	ck_assert_double_eq(s->low, cmdfloat_decode(0xdd760cb5));
	ck_assert_double_eq(s->high, cmdfloat_decode(0xdca2e8b1));
}
END_TEST

START_TEST(authdata_of_a_server_with_a_key)
{
	struct cmdmon_reply r;
	const struct cmdmon_authdata *a = &r.u.authdata;

	reply_of(&r, "06020000004300140000000000000000010203040000000000000000"
	    "0001000d0000001e00800000ffffffff0000000000000000", 52);
	ck_assert_uint_eq(a->mode, CMDMON_SYMMETRIC);
	ck_assert_uint_eq(a->type, 13);
	ck_assert_uint_eq(a->key, 30);
	ck_assert_uint_eq(a->key_bits, 128);
	ck_assert_uint_eq(a->attempts, 0);
	ck_assert_uint_eq(a->ago_s, CMDMON_NEVER);
	ck_assert_uint_eq(a->cookies + a->cookie_len + a->nak, 0);
}
END_TEST

START_TEST(ntpdata_of_a_server)
{
	struct cmdmon_reply r;
	const struct cmdmon_ntpdata *n = &r.u.ntpdata;

	reply_of(&r, "060200000039001a0000000000000000010203040000000000000000"
	    "7f000001000000000000000000000000000100007f00000100000000000000000"
	    "0000000000100"
	    "00300d0004040802e500000000000000007f7f0101000000006b0449320d656b96"
	    "d69878aadec077ddd095fdc5f0db28a800000000c3ff4b4b0000006100000061"
	    "000000610000005f00000061000000610000000000000000ffffffffffffffff"
	    "ffffffffffffffff", 172);
	ck_assert_uint_eq(get32(n->remote.bytes), 0x7f000001);
	ck_assert_uint_eq(get32(n->local.bytes), 0x7f000001);
	ck_assert_uint_eq(n->port, 12301);
	ck_assert_uint_eq(n->leap, 0);
	ck_assert_uint_eq(n->version, 4);
	ck_assert_uint_eq(n->mode, 4);
	ck_assert_uint_eq(n->stratum, 8);
	ck_assert_int_eq(n->poll, 2);
	ck_assert_int_eq(n->precision, -27);
	ck_assert_uint_eq(n->refid, 0x7f7f0101);
	ck_assert_int_eq(n->ref_time.ns,
	    INT64_C(0x6b044932) * NSEC + 0x0d656b96);
	ck_assert_double_eq(n->offset, cmdfloat_decode(0xd69878aa));
	ck_assert_double_eq(n->response, cmdfloat_decode(0xf0db28a8));
	ck_assert_uint_eq(n->flags & NTP_TESTS, 0x3ff);
	ck_assert_uint_eq(n->flags & ~(unsigned)NTP_TESTS,
	    NTP_INTERLEAVED | NTP_AUTHENTICATED);
	ck_assert_int_eq(n->tx_stamp, 'K');
	ck_assert_uint_eq(n->total_tx, 97);
	ck_assert_uint_eq(n->total_good, 95);
	ck_assert_uint_eq(n->kernel_rx, 97);
	ck_assert_uint_eq(n->hw_rx, 0);
}
END_TEST

START_TEST(old_clients_get_the_old_ntpdata)
{
	const struct cmdmon_entry *e = cmdmon_entry(CMD_NTPDATA);
	struct cmdmon_request q = request(CMD_NTPDATA);
	struct cmdmon_reply r = { .code = RPY_NTPDATA_OLD,
		.u.ntpdata = { .port = 123, .total_good = 7, .hw_rx = 9 } };
	unsigned char buf[CMDMON_REPLY_MAX];

	ck_assert_uint_eq(cmdmon_reply_to(e, 172), RPY_NTPDATA);
	ck_assert_uint_eq(cmdmon_reply_to(e, 416), RPY_NTPDATA);
	ck_assert_uint_eq(cmdmon_reply_to(e, 171), RPY_NTPDATA_OLD);
	cmdmon_put_request(wire, &q);
	ck_assert_int_eq(cmdmon_get_request(&q, wire, 152), 0);
	ck_assert_int_eq(cmdmon_get_request(&q, wire, 151), STT_BADLENGTH);

	ck_assert_uint_eq(cmdmon_put_reply(buf, &r), 152);
	ck_assert_uint_eq(get16(buf + 28 + 40), 123);
	ck_assert_uint_eq(get32(buf + 28 + 108), 7);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(get32(buf + 28 + 112 + 4 * i), UINT32_MAX);
	ck_assert_int_eq(cmdmon_get_reply(&r, buf, 152), 0);
	ck_assert_uint_eq(r.u.ntpdata.total_good, 7);
	ck_assert_uint_eq(r.u.ntpdata.hw_rx, 0);
}
END_TEST

UNIT_MAIN("cmdmon_change", ranges_have_mask_and_address,
    settings_have_an_address_and_one_number,
    some_carry_an_address_an_index_or_a_number,
    what_carries_nothing_is_28_bytes, select_options_have_two_numberings,
    an_offset_is_for_a_source, local_comes_with_all_its_options,
    a_source_comes_with_all_its_options,
    a_name_without_an_end_is_no_name, selectdata_of_a_server,
    authdata_of_a_server_with_a_key, ntpdata_of_a_server,
    old_clients_get_the_old_ntpdata)
