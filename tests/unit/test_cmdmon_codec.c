/* SPDX-License-Identifier: ISC
 *
 * Vectors are those of real chronyd and chronyc: its encoder's floats, and
 * packets taken from the wire. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/bytes.h"
#include "common/cmdfloat.h"
#include "common/cmdmon_codec.h"

#define SEQUENCE 0x01020304

static const struct {
	double x;
	uint32_t word;
} floats[] = {
	{ 0, 0x00000000 }, { 1, 0x04800000 }, { -1, 0x03000000 },
	{ 0.5, 0x02800000 }, { -0.5, 0x01000000 }, { 2, 0x06800000 },
	{ 100, 0x10c80000 }, { 0.001, 0xf083126f }, { -0.001, 0xf17ced91 },
	{ 1e-9, 0xc889705f }, { -1e-9, 0xc9768fa1 },
	{ 3.14159265358979323846, 0x06c90fda }, { 1e6, 0x2af42400 },
	{ -1e6, 0x2b0bdc00 }, { 1e-12, 0xb48cbccc }, { 0.1, 0xfccccccd },
	{ 83333.333, 0x24a2c2aa }, { 4294967296.0, 0x44800000 },
	{ 1e-24, 0x8000026a }, { 1e-26, 0x80000006 }, { 1e-30, 0 },
	{ 1e20, 0x7effffff }, { 1e30, 0x7effffff },
	{ (double)INFINITY, 0x7effffff }, { -1e30, 0x7f000000 },
	{ -(double)INFINITY, 0x7f000000 }, { 1e-200, 0 }, { -0.0, 0 },
};

START_TEST(floats_encode_as_chrony_does)
{
	for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
		ck_assert_msg(cmdfloat_encode(floats[i].x) == floats[i].word,
		    "%g: %08x, not %08x", floats[i].x,
		    cmdfloat_encode(floats[i].x), floats[i].word);
	ck_assert_uint_eq(cmdfloat_encode((double)NAN), 0);
}
END_TEST

START_TEST(floats_decode_in_every_form)
{
	ck_assert_double_eq(cmdfloat_decode(0x00000001), ldexp(1, -25));
	ck_assert_double_eq_tol(cmdfloat_decode(0x80000001), 1.6155871e-27,
	    1e-34);
	ck_assert_double_eq(cmdfloat_decode(0x7fffffff), -274877906944.0);
	ck_assert_double_eq(cmdfloat_decode(0x03000000), -1);
	ck_assert_double_eq(cmdfloat_decode(0x04800000), 1);
	ck_assert_double_eq(cmdfloat_decode(0x7f000000), -ldexp(1, 62));
}
END_TEST

static unsigned long
print_seed(void)
{
	const char *text = getenv("SEED");
	unsigned long seed = text ? strtoul(text, NULL, 0)
				  : (unsigned long)time(NULL);

	printf("SEED=%lu\n", seed);
	srand48((long)seed);
	return seed;
}

static uint32_t
random32(void)
{
	return (uint32_t)mrand48();
}

START_TEST(floats_keep_23_bits_and_their_order)
{
	print_seed();
	for (int i = 0; i < 200000; i++) {
		double x = ldexp(drand48() - 0.5, (int)(drand48() * 110) - 55);
		double y = cmdfloat_decode(cmdfloat_encode(x));

		/* Below 2^-64 the exponent ends and bits are lost: 2^-89 is
		 * the smallest number there is. */
		ck_assert_double_le(fabs(x - y),
		    fmax(ldexp(fabs(x), -22), ldexp(1, -89)));
		/* What was decoded is encoded again without loss. */
		ck_assert_double_eq(cmdfloat_decode(cmdfloat_encode(y)), y);
	}
	for (int i = 0; i < 200000; i++)
		ck_assert(isfinite(cmdfloat_decode(random32())));
}
END_TEST

/* Hex to bytes; the rest, up to size, is zero. */
static size_t
unhex(unsigned char *buf, size_t size, const char *hex)
{
	size_t n = strlen(hex) / 2;

	ck_assert_uint_le(n, size);
	memset(buf, 0, size);
	for (size_t i = 0; i < n; i++) {
		unsigned v;
		ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &v), 1);
		buf[i] = (unsigned char)v;
	}
	return n;
}

/* Decodes a packet of len bytes (zeros at its end left out of hex) and makes
 * sure that the encoder gives back the same bytes. */
static struct cmdmon_reply
reply_of(const char *hex, size_t len)
{
	unsigned char wire[CMDMON_REPLY_MAX], again[CMDMON_REPLY_MAX];
	struct cmdmon_reply r;

	unhex(wire, sizeof wire, hex);
	ck_assert_int_eq(cmdmon_get_reply(&r, wire, len), 0);
	ck_assert_uint_eq(r.sequence, SEQUENCE);
	ck_assert_uint_eq(r.version, 6);
	memset(again, 0xa5, sizeof again);
	ck_assert_uint_eq(cmdmon_put_reply(again, &r), len);
	ck_assert_mem_eq(again, wire, len);
	return r;
}

static const char *
text_of(const struct addr *a)
{
	static char buf[ADDR_STRLEN];

	return addr_print(a, buf, sizeof buf);
}

START_TEST(activity_is_read_and_written)
{
	struct cmdmon_reply r = reply_of("06020000002c000c000000000000000001020"
	    "30400000000000000000000000000000000000000000000000000000000", 48);

	ck_assert_uint_eq(r.command, CMD_ACTIVITY);
	ck_assert_uint_eq(r.status, STT_SUCCESS);
	ck_assert_int_eq(r.u.activity.online, 0);
	r = reply_of("06020000002c000c00000000000000000102030400000000000000000"
	    "000000500000000000000000000000000000001", 48);
	ck_assert_int_eq(r.u.activity.online, 5);
	ck_assert_int_eq(r.u.activity.offline, 0);
	ck_assert_int_eq(r.u.activity.unresolved, 1);
}
END_TEST

START_TEST(tracking_of_a_local_reference)
{
	struct cmdmon_reply r = reply_of("0602000000210005000000000000000001020"
	    "30400000000000000007f7f010100000000000000000000000000000000000000"
	    "00000800000000"
	    "00006b0449320d656b97", 104);

	ck_assert_uint_eq(r.u.tracking.refid, 0x7f7f0101);
	ck_assert_uint_eq(r.u.tracking.addr.family, ADDR_NONE);
	ck_assert_uint_eq(r.u.tracking.stratum, 8);
	ck_assert_uint_eq(r.u.tracking.leap, 0);
	ck_assert_int_eq(r.u.tracking.ref_time.ns,
	    INT64_C(0x6b044932) * NSEC + 0x0d656b97);
	ck_assert_double_eq(r.u.tracking.root_delay, 0);
}
END_TEST

START_TEST(tracking_of_a_server)
{
	struct cmdmon_reply r = reply_of("0602000000210005000000000000000001020"
	    "30400000000000000007f0000017f000001000000000000000000000000000100"
	    "0000090000000000006b04495711372dbbdaa20e5bcf0f621910a7fdf5f09d15d"
	    "fe97a4816f4ce8969de886eade2805eed0883a047", 104);
	const struct cmdmon_tracking *t = &r.u.tracking;

	ck_assert_str_eq(text_of(&t->addr), "127.0.0.1");
	ck_assert_uint_eq(t->stratum, 9);
	ck_assert_double_eq(t->correction, cmdfloat_decode(0xdaa20e5b));
	ck_assert_double_gt(t->correction, 0);
	ck_assert_double_lt(t->last_offset, 0);
	ck_assert_double_eq(t->rms_offset, cmdfloat_decode(0x10a7fdf5));
	ck_assert_double_eq(t->freq_ppm, cmdfloat_decode(0xf09d15df));
	ck_assert_double_eq(t->resid_ppm, cmdfloat_decode(0xe97a4816));
	ck_assert_double_eq(t->skew_ppm, cmdfloat_decode(0xf4ce8969));
	ck_assert_double_eq(t->root_delay, cmdfloat_decode(0xde886ead));
	ck_assert_double_eq(t->root_dispersion, cmdfloat_decode(0xe2805eed));
	ck_assert_double_eq(t->update_interval, cmdfloat_decode(0x0883a047));
}
END_TEST

START_TEST(source_data_of_a_refclock_and_of_servers)
{
	struct cmdmon_reply r = reply_of("06020000000f0003000000000000000001020"
	    "30400000000000000004750535800000000000000000000000000010000000400"
	    "000001000200000000ffffffff", 76);
	const struct cmdmon_source *s = &r.u.source;

	ck_assert_uint_eq(get32(s->addr.bytes), 0x47505358); /* GPSX */
	ck_assert_int_eq(s->poll, 4);
	ck_assert_uint_eq(s->stratum, 0);
	ck_assert_int_eq(s->state, SRC_UNUSABLE);
	ck_assert_int_eq(s->mode, MODE_REFCLOCK);
	ck_assert_uint_eq(s->ago_s, CMDMON_NEVER);

	r = reply_of("06020000000f000300000000000000000102030400000000000000007f"
	    "000001000000000000000000000000000100000002000800000000000000ff000"
	    "00006d7678756d7757cefdcc2cfd4", 76);
	ck_assert_int_eq(s->poll, 2);
	ck_assert_int_eq(s->state, SRC_SELECTED);
	ck_assert_uint_eq(s->reach, 255);
	ck_assert_uint_eq(s->ago_s, 6);
	ck_assert_double_eq(s->measured, cmdfloat_decode(0xd7678756));
	ck_assert_double_eq(s->adjusted, cmdfloat_decode(0xd7757cef));
	ck_assert_double_eq(s->margin, cmdfloat_decode(0xdcc2cfd4));

	r = reply_of("06020000000f000300000000000000000102030400000000000000007f"
	    "000002000000000000000000000000000100000001000800010000000000ff000"
	    "00000dee3e6d6dee3e6d6e0a0a830", 76);
	ck_assert_str_eq(text_of(&s->addr), "127.0.0.2");
	ck_assert_uint_eq(s->stratum, 8);
}
END_TEST

START_TEST(sourcestats_with_and_without_samples)
{
	struct cmdmon_reply r = reply_of("0602000000220006000000000000000001020"
	    "30400000000000000004750535800000000000000000000000000000000000000"
	    "00000000000000000000000000088000000000000018fa0000", 84);
	const struct cmdmon_sourcestats *s = &r.u.sourcestats;

	ck_assert_uint_eq(s->refid, 0x47505358);
	ck_assert_uint_eq(s->addr.family, ADDR_NONE);
	ck_assert_double_eq(s->std_dev, 4.0);
	ck_assert_double_eq(s->skew_ppm, 2000.0);

	r = reply_of("060200000022000600000000000000000102030400000000000000007f"
	    "0000017f00000100000000000000000000000000010000000000120000000b000"
	    "00045d68a99e1e97a4816f4c52177c34b5aeadc9e7d68", 84);
	ck_assert_uint_eq(s->samples, 18);
	ck_assert_uint_eq(s->runs, 11);
	ck_assert_uint_eq(s->span_s, 69);
	ck_assert_double_eq(s->offset, cmdfloat_decode(0xc34b5aea));
	ck_assert_double_eq(s->offset_error, cmdfloat_decode(0xdc9e7d68));
}
END_TEST

START_TEST(small_replies_are_known)
{
	struct cmdmon_reply r = reply_of("06020000000e000200000000000000000102"
	    "0304000000000000000000000000", 32);

	ck_assert_uint_eq(r.u.n_sources, 0);
	r = reply_of("06020000000f00010004000000000000010203040000000000000000",
	    28);
	ck_assert_uint_eq(r.command, CMD_SOURCE_DATA);
	ck_assert_uint_eq(r.code, RPY_NULL);
	ck_assert_uint_eq(r.status, STT_NOSUCHSOURCE);
	r = reply_of("060200000041001300000000000000000102030400000000000000003"
	    "132372e302e302e31", 284);
	ck_assert_str_eq(r.u.name, "127.0.0.1");
}
END_TEST

START_TEST(errors_of_a_server_are_read)
{
	/* unauthorised, bad length, bad version, invalid: from the wire */
	ck_assert_uint_eq(reply_of("0602000000360001000200000000000001020304000"
	    "0000000000000", 28).status, STT_UNAUTH);
	ck_assert_uint_eq(reply_of("06020000002c0001001300000000000001020304000"
	    "0000000000000", 28).status, STT_BADLENGTH);
	ck_assert_uint_eq(reply_of("06020000002c0001001200000000000001020304000"
	    "0000000000000", 28).status, STT_BADVERSION);
	ck_assert_uint_eq(reply_of("0602000000630001000300000000000001020304000"
	    "0000000000000", 28).status, STT_INVALID);
}
END_TEST

START_TEST(what_is_no_reply_is_told_apart)
{
	unsigned char wire[CMDMON_REPLY_MAX];
	struct cmdmon_reply r = { .command = CMD_TRACKING, .code = RPY_TRACKING };
	size_t len = cmdmon_put_reply(wire, &r);

	ck_assert_int_eq(cmdmon_get_reply(&r, wire, len - 1), -EMSGSIZE);
	ck_assert_int_eq(cmdmon_get_reply(&r, wire, 27), -EBADMSG);
	ck_assert_int_eq(cmdmon_get_reply(&r, wire, 0), -EBADMSG);
	wire[1] = 1;
	ck_assert_int_eq(cmdmon_get_reply(&r, wire, len), -EBADMSG);
	wire[1] = 2;
	wire[3] = 1;
	ck_assert_int_eq(cmdmon_get_reply(&r, wire, len), -EBADMSG);
	wire[3] = 0;
	wire[0] = 5;
	ck_assert_int_eq(cmdmon_get_reply(&r, wire, len), -EBADMSG);
	put16(wire + 8, STT_BADVERSION);
	ck_assert_int_eq(cmdmon_get_reply(&r, wire, len), 0);
	ck_assert_uint_eq(r.version, 5);
	wire[0] = 6;
	put16(wire + 6, 999);
	ck_assert_int_eq(cmdmon_get_reply(&r, wire, 28), 0);
	ck_assert_uint_eq(r.code, 999);
}
END_TEST

/* The probe of a real server: what it answers to activity, changed. */
static int
activity_with(size_t len, size_t off, unsigned value)
{
	unsigned char wire[CMDMON_REQUEST_MAX + 1] = { 0 };
	struct cmdmon_request r = { .command = CMD_ACTIVITY,
		.sequence = SEQUENCE };

	ck_assert_uint_eq(cmdmon_put_request(wire, &r), 48);
	wire[off] = (unsigned char)value;
	return cmdmon_get_request(&r, wire, len);
}

START_TEST(requests_are_checked_in_the_order_of_the_protocol)
{
	ck_assert_int_eq(activity_with(48, 0, 6), 0);
	ck_assert_int_eq(activity_with(28, 0, 6), STT_BADLENGTH);
	ck_assert_int_eq(activity_with(27, 0, 6), -EBADMSG);
	ck_assert_int_eq(activity_with(20, 0, 6), -EBADMSG);
	ck_assert_int_eq(activity_with(48, 0, 5), STT_BADVERSION);
	ck_assert_int_eq(activity_with(20, 0, 5), -EBADMSG);
	ck_assert_int_eq(activity_with(48, 0, 4), -EBADMSG);
	ck_assert_int_eq(activity_with(48, 0, 7), STT_BADVERSION);
	ck_assert_int_eq(activity_with(48, 1, 2), -EBADMSG);
	ck_assert_int_eq(activity_with(48, 2, 1), -EBADMSG);
	ck_assert_int_eq(activity_with(48, 3, 1), -EBADMSG);
	ck_assert_int_eq(activity_with(861, 0, 6), -EBADMSG);
	ck_assert_int_eq(activity_with(860, 0, 6), 0);
	ck_assert_int_eq(activity_with(28, 5, 99), STT_INVALID);
	ck_assert_int_eq(activity_with(48, 5, 12), STT_INVALID);
	ck_assert_int_eq(activity_with(48, 5, 10), STT_INVALID);
}
END_TEST

START_TEST(no_request_is_shorter_than_its_reply)
{
	for (unsigned i = 0; i <= UINT16_MAX; i++) {
		const struct cmdmon_entry *e = cmdmon_entry(i);

		if (!e)
			continue;
		ck_assert_uint_ge(e->min_len, cmdmon_reply_len(e->reply));
		ck_assert_uint_ge(e->old_len, cmdmon_reply_len(e->old_reply));
		ck_assert_uint_ge(e->min_len, CMDMON_REPLY_HEADER);
		ck_assert_uint_le(e->min_len, CMDMON_REQUEST_MAX);
		ck_assert_int_eq(e->native, i >= 0x8000);
	}
	ck_assert_ptr_null(cmdmon_entry(0));
	ck_assert_ptr_null(cmdmon_entry(75));
}
END_TEST

START_TEST(only_reads_are_open)
{
	static const unsigned open[] = { 14, 15, 33, 34, 35, 41, 44, 51, 65 };
	static const unsigned openable[] = { 54, 57, 67, 68, 69 };
	static const unsigned read[] = { 25, 26, 0x8001, 0x8002 };
	unsigned found[4] = { 0 };

	for (unsigned i = 0; i <= UINT16_MAX; i++)
		if (cmdmon_entry(i))
			found[cmdmon_entry(i)->access]++;
	for (size_t i = 0; i < sizeof open / sizeof *open; i++)
		ck_assert_int_eq(cmdmon_entry(open[i])->access, ACCESS_OPEN);
	for (size_t i = 0; i < sizeof openable / sizeof *openable; i++)
		ck_assert_int_eq(cmdmon_entry(openable[i])->access,
		    ACCESS_OPENABLE);
	for (size_t i = 0; i < sizeof read / sizeof *read; i++)
		ck_assert_int_eq(cmdmon_entry(read[i])->access, ACCESS_READ);
	ck_assert_uint_eq(found[ACCESS_OPEN], 9);
	ck_assert_uint_eq(found[ACCESS_OPENABLE], 5);
	ck_assert_uint_eq(found[ACCESS_READ], 4);
	ck_assert_uint_eq(found[ACCESS_CHANGE], 45);
}
END_TEST

START_TEST(requests_survive_the_round_trip)
{
	unsigned char wire[CMDMON_REQUEST_MAX];
	struct cmdmon_request r = { .command = CMD_SOURCE_NAME, .attempt = 2,
		.sequence = 0xfedcba98 };
	size_t len;

	ck_assert_int_eq(addr_parse(&r.u.addr, "2001:db8::7"), 0);
	len = cmdmon_put_request(wire, &r);
	ck_assert_uint_eq(len, 284);
	ck_assert_int_eq(cmdmon_get_request(&r, wire, len), 0);
	ck_assert_uint_eq(r.attempt, 2);
	ck_assert_uint_eq(r.sequence, 0xfedcba98);
	ck_assert_str_eq(text_of(&r.u.addr), "2001:db8::7");
	ck_assert_uint_eq(r.entry->reply, RPY_SOURCE_NAME);

	r = (struct cmdmon_request){ .command = CMD_MODIFY_MAKESTEP,
		.u.makestep = { .limit = -1, .threshold = 0.125 } };
	len = cmdmon_put_request(wire, &r);
	ck_assert_uint_eq(len, 28);
	ck_assert_int_eq(cmdmon_get_request(&r, wire, len), 0);
	ck_assert_int_eq(r.u.makestep.limit, -1);
	ck_assert_double_eq(r.u.makestep.threshold, 0.125);

	r = (struct cmdmon_request){ .command = CMD_SOURCESTATS, .u.index = 7 };
	ck_assert_uint_eq(cmdmon_put_request(wire, &r), 84);
	ck_assert_int_eq(cmdmon_get_request(&r, wire, 84), 0);
	ck_assert_uint_eq(r.u.index, 7);
}
END_TEST

START_TEST(any_reply_read_is_written_as_the_same_struct)
{
	static const uint16_t codes[] = { RPY_N_SOURCES, RPY_SOURCE_DATA,
		RPY_TRACKING, RPY_SOURCESTATS, RPY_ACTIVITY, RPY_SOURCE_NAME,
		RPY_NTPDATA_OLD, RPY_AUTHDATA, RPY_SELECTDATA, RPY_NTPDATA,
		RPY_STATUS, RPY_GUARD };
	unsigned char wire[CMDMON_REPLY_MAX], first[CMDMON_REPLY_MAX],
	    second[CMDMON_REPLY_MAX];
	struct cmdmon_reply r;

	print_seed();
	for (int n = 0; n < 40000; n++) {
		uint16_t code = codes[(size_t)n % (sizeof codes / sizeof *codes)];
		size_t len = cmdmon_reply_len(code);

		for (size_t i = 0; i < sizeof wire; i++)
			wire[i] = (unsigned char)random32();
		memcpy(wire, (unsigned char[]){ 6, 2, 0, 0 }, 4);
		put16(wire + 6, code);
		ck_assert_int_eq(cmdmon_get_reply(&r, wire, len), 0);
		ck_assert_uint_eq(cmdmon_put_reply(first, &r), len);
		ck_assert_int_eq(cmdmon_get_reply(&r, first, len), 0);
		ck_assert_uint_eq(cmdmon_put_reply(second, &r), len);
		ck_assert_mem_eq(first, second, len);
	}
}
END_TEST

START_TEST(odd_times_and_families_are_tamed)
{
	unsigned char wire[CMDMON_REPLY_MAX];
	struct cmdmon_reply r = { .code = RPY_TRACKING,
		.u.tracking.ref_time = { -1 } };

	cmdmon_put_reply(wire, &r);
	ck_assert_int_eq(cmdmon_get_reply(&r, wire, 104), 0);
	ck_assert_int_eq(r.u.tracking.ref_time.ns, -1);

	put32(wire + 56, 0x7fffffff); /* 32-bit sender, too many ns */
	put32(wire + 60, 100);
	put32(wire + 64, UINT32_MAX);
	memset(wire + 32, 0xff, 20);  /* unknown family, stale bytes */
	ck_assert_int_eq(cmdmon_get_reply(&r, wire, 104), 0);
	ck_assert_int_eq(r.u.tracking.ref_time.ns, 101 * NSEC - 1);
	ck_assert(addr_equal(&r.u.tracking.addr, &(struct addr){ 0 }));

	put32(wire + 56, 0x7ffffff0);
	ck_assert_int_eq(cmdmon_get_reply(&r, wire, 104), 0);
	ck_assert_int_eq(r.u.tracking.ref_time.ns, INT64_MAX);
}
END_TEST

START_TEST(what_a_reply_says_cannot_steer_a_terminal)
{
	unsigned char wire[CMDMON_REPLY_MAX];
	struct cmdmon_reply r = { .code = RPY_SOURCE_NAME,
		.u.name = "a\033[2J\xc2\x9b.b c\x7f\n" };

	cmdmon_put_reply(wire, &r);
	ck_assert_int_eq(cmdmon_get_reply(&r, wire, 284), 0);
	ck_assert_str_eq(r.u.name, "a?[2J??.b?c??");

	r = (struct cmdmon_reply){ .code = RPY_SELECTDATA,
		.u.selectdata.state = '\033' };
	cmdmon_put_reply(wire, &r);
	ck_assert_int_eq(cmdmon_get_reply(&r, wire, 76), 0);
	ck_assert_int_eq(r.u.selectdata.state, '?');
}
END_TEST

UNIT_MAIN("cmdmon_codec", floats_encode_as_chrony_does,
    floats_decode_in_every_form, floats_keep_23_bits_and_their_order,
    activity_is_read_and_written, tracking_of_a_local_reference,
    tracking_of_a_server, source_data_of_a_refclock_and_of_servers,
    sourcestats_with_and_without_samples, small_replies_are_known,
    errors_of_a_server_are_read, what_is_no_reply_is_told_apart,
    requests_are_checked_in_the_order_of_the_protocol,
    no_request_is_shorter_than_its_reply, only_reads_are_open,
    requests_survive_the_round_trip,
    any_reply_read_is_written_as_the_same_struct,
    odd_times_and_families_are_tamed,
    what_a_reply_says_cannot_steer_a_terminal)
