/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "daemon/wire/packet.h"

/* RFC 5905 figure 8, each field filled with bytes of its own. */
static const unsigned char sample[PACKET_HEADER] = {
	0x24, 0x02, 0x06, 0xe9, /* no leap, version 4, server; 2; 6; -23 */
	0x00, 0x01, 0x80, 0x00, /* root delay 1.5 s */
	0x00, 0x00, 0x40, 0x00, /* root dispersion 0.25 s */
	0xc0, 0x00, 0x02, 0x01, /* 192.0.2.1 */
	0xe1, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
	0xe2, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
	0xe3, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,
	0xe4, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,
};

/* A header of that version followed by `more` zero bytes, and the first
 * extension field's length. */
static int
parse_with(struct ntp_packet *p, unsigned version, size_t more, unsigned field)
{
	unsigned char bytes[1024] = { 0 };

	memcpy(bytes, sample, sizeof sample);
	bytes[0] = (unsigned char)(version << 3 | 4);
	bytes[PACKET_HEADER + 2] = (unsigned char)(field >> 8);
	bytes[PACKET_HEADER + 3] = (unsigned char)field;
	return packet_parse(p, bytes, PACKET_HEADER + more);
}

START_TEST(every_field_is_read)
{
	struct ntp_packet p;

	ck_assert_int_eq(packet_parse(&p, sample, sizeof sample), 0);
	ck_assert_uint_eq(p.leap, LEAP_NONE);
	ck_assert_uint_eq(p.version, 4);
	ck_assert_uint_eq(p.mode, PACKET_MODE_SERVER);
	ck_assert_uint_eq(p.stratum, 2);
	ck_assert_int_eq(p.poll, 6);
	ck_assert_int_eq(p.precision, -23);
	ck_assert_double_eq(p.root_delay, 1.5);
	ck_assert_double_eq(p.root_dispersion, 0.25);
	ck_assert_uint_eq(p.refid, 0xc0000201);
	ck_assert_uint_eq(p.ref, UINT64_C(0xe102030405060708));
	ck_assert_uint_eq(p.origin, UINT64_C(0xe212131415161718));
	ck_assert_uint_eq(p.receive, UINT64_C(0xe322232425262728));
	ck_assert_uint_eq(p.transmit, UINT64_C(0xe432333435363738));
	ck_assert_uint_eq(p.fields_len, 0);
	ck_assert_uint_eq(p.mac_len, 0);
}
END_TEST

START_TEST(what_is_parsed_is_written_again)
{
	unsigned char bytes[PACKET_HEADER], out[PACKET_HEADER];
	unsigned seed = 5;
	struct ntp_packet p;

	printf("seed %u\n", seed);
	for (int i = 0; i < 20000; i++) {
		for (size_t j = 0; j < sizeof bytes; j++)
			bytes[j] = (unsigned char)rand_r(&seed);
		if (packet_parse(&p, bytes, sizeof bytes) != 0)
			continue;
		packet_write(&p, out);
		ck_assert_mem_eq(out, bytes, sizeof out);
	}
}
END_TEST

START_TEST(each_length_below_a_header_is_short)
{
	struct ntp_packet p;

	for (size_t len = 0; len < PACKET_HEADER; len++)
		ck_assert_int_eq(packet_parse(&p, sample, len), PACKET_E_SHORT);
}
END_TEST

START_TEST(versions_1_to_4_are_known)
{
	struct ntp_packet p;

	for (unsigned v = 0; v < 8; v++)
		ck_assert_int_eq(parse_with(&p, v, 0, 0),
		    v >= 1 && v <= 4 ? 0 : PACKET_E_VERSION);
}
END_TEST

START_TEST(control_and_private_modes_are_refused)
{
	unsigned char bytes[PACKET_HEADER] = { 0 };
	struct ntp_packet p;

	for (unsigned mode = 0; mode < 8; mode++) {
		bytes[0] = (unsigned char)(4 << 3 | mode);
		ck_assert_int_eq(packet_parse(&p, bytes, sizeof bytes),
		    mode < 6 ? 0 : PACKET_E_MODE);
	}
}
END_TEST

START_TEST(a_short_trailer_of_version_4_is_a_mac)
{
	struct ntp_packet p;

	for (size_t more = 1; more <= 24; more++) {
		int ok = more == 4 || more == 20 || more == 24;

		ck_assert_int_eq(parse_with(&p, 4, more, 16),
		    ok ? 0 : PACKET_E_TRAILER);
		if (!ok)
			continue;
		ck_assert_uint_eq(p.fields_len, 0);
		ck_assert_uint_eq(p.mac_len, more);
	}
}
END_TEST

START_TEST(fields_come_before_the_mac)
{
	struct ntp_packet p;

	/* RFC 7822 section 3: alone a field has 28 bytes at least */
	ck_assert_int_eq(parse_with(&p, 4, 28, 28), 0);
	ck_assert_uint_eq(p.fields_len, 28);
	ck_assert_uint_eq(p.mac_len, 0);
	/* with a MAC 16 will do */
	ck_assert_int_eq(parse_with(&p, 4, 36, 16), 0);
	ck_assert_uint_eq(p.fields_len, 16);
	ck_assert_uint_eq(p.mac_len, 20);
	ck_assert_int_eq(parse_with(&p, 4, 128, 104), 0);
	ck_assert_uint_eq(p.fields_len, 104);
	ck_assert_uint_eq(p.mac_len, 24);
}
END_TEST

START_TEST(fields_that_do_not_fit_are_refused)
{
	const unsigned bad[] = { 0, 4, 12, 15, 17, 26, 32, 65532, 65535 };
	struct ntp_packet p;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_int_eq(parse_with(&p, 4, 28, bad[i]),
		    PACKET_E_TRAILER);
	/* 32 bytes: a field of 20, then 12 that are no MAC */
	ck_assert_int_eq(parse_with(&p, 4, 32, 20), PACKET_E_TRAILER);
}
END_TEST

START_TEST(before_version_4_there_are_no_fields)
{
	struct ntp_packet p;

	/* version 2 and 3: DES 8 + 4, MD5 16 + 4, up to SHA512 64 + 4 */
	for (size_t more = 0; more < 100; more++) {
		int ok = more % 4 == 0 && more <= 68;

		ck_assert_int_eq(parse_with(&p, 3, more, 28),
		    ok ? 0 : PACKET_E_TRAILER);
		if (!ok)
			continue;
		ck_assert_uint_eq(p.mac_len, more);
		ck_assert_uint_eq(p.fields_len, 0);
	}
}
END_TEST

START_TEST(kiss_codes_need_stratum_0)
{
	const struct {
		const char *code;
		enum packet_kiss kiss;
	} all[] = { { "DENY", KISS_DENY }, { "RSTR", KISS_RSTR },
		{ "RATE", KISS_RATE }, { "NTSN", KISS_OTHER },
		{ "INIT", KISS_NONE }, { "STEP", KISS_NONE },
		{ "\0\0\0", KISS_NONE } };
	unsigned char bytes[PACKET_HEADER];
	struct ntp_packet p;

	memcpy(bytes, sample, sizeof bytes);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		memcpy(bytes + 12, all[i].code, 4);
		bytes[1] = 0;
		ck_assert_int_eq(packet_parse(&p, bytes, sizeof bytes), 0);
		ck_assert_int_eq(packet_kiss(&p), all[i].kiss);
		bytes[1] = 1;
		ck_assert_int_eq(packet_parse(&p, bytes, sizeof bytes), 0);
		ck_assert_int_eq(packet_kiss(&p), KISS_NONE);
	}
}
END_TEST

UNIT_MAIN("packet", every_field_is_read, what_is_parsed_is_written_again,
    each_length_below_a_header_is_short, versions_1_to_4_are_known,
    control_and_private_modes_are_refused,
    a_short_trailer_of_version_4_is_a_mac, fields_come_before_the_mac,
    fields_that_do_not_fit_are_refused, before_version_4_there_are_no_fields,
    kiss_codes_need_stratum_0)
