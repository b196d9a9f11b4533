/* SPDX-License-Identifier: ISC
 *
 * What operators change by the control protocol, in a running engine: requests
 * as bytes, as the codec writes them. */
#include "unit.h"

#include <string.h>

#include "common/log.h"
#include "daemon/control/cmdmon.h"
#include "tests/emu/engine_world.h"

static struct world w;

static void
start(unsigned n_servers)
{
	log_init(2, LOGSTYLE_PLAIN, LOGLEVEL_FATAL, "");
	world_init(&w, n_servers);
	world_start(&w);
	world_run(&w, 10);
}

static struct cmdmon_request
request(unsigned command)
{
	struct cmdmon_request q;

	memset(&q, 0, sizeof q);
	q.command = (uint16_t)command;
	return q;
}

static struct addr
at(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, text), 0);
	return a;
}

static struct cmdmon_reply
ask(enum cmdmon_via via, const struct cmdmon_request *q)
{
	unsigned char wire[CMDMON_REQUEST_MAX], bytes[CMDMON_REPLY_MAX];
	struct cmdmon_reply r;
	size_t len = cmdmon_put_request(wire, q);

	len = cmdmon_answer(&w.engine, via, 0, wire, len, bytes);
	ck_assert_int_eq(cmdmon_get_reply(&r, bytes, len), 0);
	ck_assert_uint_eq(r.command, q->command);
	return r;
}

static unsigned
status(const struct cmdmon_request *q)
{
	return ask(VIA_CONTROL, q).status;
}

static struct cmdmon_activity
activity(void)
{
	struct cmdmon_request q = request(CMD_ACTIVITY);

	return ask(VIA_MONITOR, &q).u.activity;
}

START_TEST(sources_go_off_line_and_on_line_by_network)
{
	struct cmdmon_request q = request(CMD_OFFLINE);

	start(3);
	ck_assert_int_eq(activity().online, 3);
	q.u.range.mask = at("255.255.255.254");
	q.u.range.addr = at("192.0.2.2");
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	ck_assert_int_eq(activity().online, 1);
	ck_assert_int_eq(activity().offline, 2);
	q.u.range.addr = at("198.51.100.1");
	ck_assert_uint_eq(status(&q), STT_NOSUCHSOURCE);

	q = request(CMD_ONLINE); /* all, two of them with iburst */
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	ck_assert_int_eq(activity().offline, 0);
	ck_assert_int_eq(activity().burst_online, 2);
	world_run(&w, 20);
	ck_assert_int_eq(activity().online, 3);
	world_fini(&w);
}
END_TEST

START_TEST(a_burst_ends_where_it_began)
{
	struct cmdmon_request off = request(CMD_OFFLINE);
	struct cmdmon_request q = request(CMD_BURST);

	start(2);
	off.u.range.mask = at("255.255.255.255");
	off.u.range.addr = at("192.0.2.1");
	ck_assert_uint_eq(status(&off), STT_SUCCESS);
	q.u.range.good = 2;
	q.u.range.total = 4;
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	ck_assert_int_eq(activity().burst_online, 1);
	ck_assert_int_eq(activity().burst_offline, 1);
	world_run(&w, 20);
	ck_assert_int_eq(activity().online, 1);
	ck_assert_int_eq(activity().offline, 1);
	q.u.range.total = 0;
	ck_assert_uint_eq(status(&q), STT_INVALID);
	world_fini(&w);
}
END_TEST

START_TEST(nobody_says_that_a_peer_is_in_a_burst)
{
	struct cmdmon_request q = request(CMD_BURST);

	world_init(&w, 1);
	world_line(&w, "peer 192.0.2.2");
	world_start(&w);
	q.u.range.good = q.u.range.total = 4;
	q.u.range.mask = at("255.255.255.255");
	q.u.range.addr = at("192.0.2.2");
	ck_assert_uint_eq(status(&q), STT_FAILED);
	q.u.range.addr = at("192.0.2.1");
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	q.u.range.mask.family = q.u.range.addr.family = ADDR_NONE;
	ck_assert_uint_eq(status(&q), STT_SUCCESS); /* who can be asked so */
	world_fini(&w);
}
END_TEST

START_TEST(settings_reach_their_source)
{
	const struct config_source *conf;
	struct cmdmon_request q = request(CMD_MINPOLL);

	start(2);
	conf = &world_source(&w, 1)->conf;
	q.u.setting.addr = at("192.0.2.2");
	q.u.setting.number = 5;
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	ck_assert_int_eq(conf->minpoll, 5);
	ck_assert_int_eq(conf->maxpoll, 5); /* was 4 */
	q.command = CMD_MAXPOLL;
	q.u.setting.number = 7;
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	ck_assert_int_eq(conf->maxpoll, 7);
	q.u.setting.number = 25;
	ck_assert_uint_eq(status(&q), STT_INVALID);
	q.command = CMD_MINSTRATUM;
	q.u.setting.number = 3;
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	ck_assert_int_eq(conf->minstratum, 3);
	q.command = CMD_POLLTARGET;
	q.u.setting.number = 20;
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	ck_assert_int_eq(conf->polltarget, 20);

	q = request(CMD_MAXDELAY);
	q.u.setting.addr = at("192.0.2.2");
	q.u.setting.value = 0.25;
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	ck_assert_double_eq(conf->maxdelay, 0.25);
	q.command = CMD_MAXDELAYRATIO;
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	ck_assert_double_eq(conf->maxdelayratio, 0.25);
	q.command = CMD_MAXDELAYDEVRATIO;
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	ck_assert_double_eq(conf->maxdelaydevratio, 0.25);
	q.u.setting.value = -1;
	ck_assert_uint_eq(status(&q), STT_INVALID);
	q.u.setting.addr = at("192.0.2.77");
	ck_assert_uint_eq(status(&q), STT_NOSUCHSOURCE);
	world_fini(&w);
}
END_TEST

START_TEST(options_and_offset_reach_their_source)
{
	const struct config_source *conf;
	struct cmdmon_request q = request(CMD_SELECTOPTS);

	start(1);
	conf = &world_source(&w, 0)->conf;
	q.u.of_source.addr = at("192.0.2.1");
	q.u.of_source.mask = OPTION_PREFER | OPTION_TRUST;
	q.u.of_source.options = OPTION_TRUST;
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	ck_assert_uint_eq(conf->select, SELECT_TRUST);

	q = request(CMD_OFFSET);
	q.u.of_source.addr = at("192.0.2.1");
	q.u.of_source.offset = -0.5;
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	ck_assert_double_eq(conf->offset, -0.5);
	q.u.of_source = (struct cmdmon_of_source){ .refid = 0x47505300 };
	ck_assert_uint_eq(status(&q), STT_NOSUCHSOURCE);
	world_fini(&w);
}
END_TEST

static struct cmdmon_request
add(const char *name)
{
	struct cmdmon_request q = request(CMD_ADD_SOURCE);

	/* as chronyc sends it without options */
	q.u.add = (struct cmdmon_add){ .type = ADD_SERVER, .port = 123,
		.minpoll = 6, .maxpoll = 10, .presend = 100, .polltarget = 8,
		.maxsources = 4, .minsamples = -1, .maxsamples = -1,
		.nts_port = 4460, .maxdelay = 3, .maxdelaydevratio = 10,
		.asymmetry = 1, .flags = ADD_ONLINE };
	strcpy(q.u.add.name, name);
	return q;
}

START_TEST(a_source_that_is_added_has_its_options)
{
	struct cmdmon_request q = add("192.0.2.9"), d = request(CMD_DELETE);
	const struct config_source *conf;

	start(0);
	q.u.add.flags |= ADD_IBURST | ADD_PREFER | ADD_XLEAVE;
	q.u.add.minpoll = 3;
	q.u.add.minsamples = 12;
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	conf = &world_source(&w, 0)->conf;
	ck_assert_str_eq(conf->name, "192.0.2.9");
	ck_assert(conf->iburst && conf->xleave && !conf->offline);
	ck_assert_uint_eq(conf->select, SELECT_PREFER);
	ck_assert_int_eq(conf->minpoll, 3);
	ck_assert_int_eq(conf->maxpoll, 10);
	ck_assert_int_eq(conf->minsamples, 12);
	ck_assert_int_eq(conf->maxsamples, -1);
	ck_assert_int_eq(conf->maxunreach, 100000);
	ck_assert_double_eq(conf->maxdelaydevratio, 0);
	ck_assert_int_eq(conf->presend, SOURCE_NO_PRESEND);

	ck_assert_uint_eq(status(&q), STT_SOURCEKNOWN);
	d.u.addr = at("192.0.2.9");
	ck_assert_uint_eq(status(&d), STT_SUCCESS);
	ck_assert_uint_eq(status(&d), STT_NOSUCHSOURCE);
	world_fini(&w);
}
END_TEST

START_TEST(a_name_or_a_pool_waits_for_its_addresses)
{
	struct cmdmon_request q = add("pool.example");

	start(0);
	q.u.add.type = ADD_POOL;
	q.u.add.flags = 0;
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	ck_assert_int_eq(activity().unresolved, 4);
	ck_assert(world_source(&w, 0)->conf.offline);
	world_fini(&w);
}
END_TEST

START_TEST(what_cannot_be_added_is_told_apart)
{
	static const struct {
		const char *name;
		unsigned status;
	} names[] = { { "", STT_INVALIDNAME }, { "a b", STT_INVALIDNAME },
		{ "300.1.1.1", STT_INVALIDNAME },
		{ "224.0.0.1", STT_INVALIDNAME },
		{ "2001:db8::1", STT_BADFAMILY } };
	struct cmdmon_request q;

	start(0);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		q = add(names[i].name);
		q.u.add.flags |= ADD_IPV4;
		ck_assert_uint_eq(status(&q), names[i].status);
	}
	q = add("192.0.2.9");
	q.u.add.type = ADD_PEER; /* there is no server's port */
	ck_assert_uint_eq(status(&q), STT_FAILED);
	q = add("192.0.2.9");
	q.u.add.flags |= ADD_NTS;
	ck_assert_uint_eq(status(&q), STT_INVALID);
	q = add("192.0.2.9");
	q.u.add.port = 65536;
	ck_assert_uint_eq(status(&q), STT_INVALID);
	q = add("192.0.2.9");
	q.u.add.polltarget = UINT32_MAX;
	ck_assert_uint_eq(status(&q), STT_INVALID);
	q = add("192.0.2.9");
	q.u.add.minpoll = -8;
	ck_assert_uint_eq(status(&q), STT_INVALID);
	ck_assert(TAILQ_EMPTY(&w.engine.sources));
	world_fini(&w);
}
END_TEST

START_TEST(the_rest_is_done_or_refused)
{
	static const unsigned done[] = { CMD_RESELECT, CMD_REFRESH,
		CMD_ONOFFLINE, CMD_RELOAD_SOURCES, CMD_CYCLELOGS };
	struct cmdmon_request q;

	start(1);
	for (size_t i = 0; i < sizeof done / sizeof *done; i++) {
		q = request(done[i]);
		ck_assert_uint_eq(status(&q), STT_SUCCESS);
	}
	q = request(CMD_RESELECTDIST);
	q.u.value = 0.5;
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	ck_assert_double_eq(w.engine.reselectdist, 0.5);
	q.u.value = -0.5;
	ck_assert_uint_eq(status(&q), STT_INVALID);
	q = request(CMD_DUMP); /* without dumpdir */
	ck_assert_uint_eq(status(&q), STT_NOTENABLED);
	q = request(CMD_MAXUPDATESKEW);
	q.u.value = 5;
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	ck_assert_double_eq(w.engine.maxupdateskew_ppm, 5);
	q.u.value = -5;
	ck_assert_uint_eq(status(&q), STT_INVALID);
	ck_assert(world_source(&w, 0)->has_sample);
	q = request(CMD_RESET_SOURCES);
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	ck_assert(!world_source(&w, 0)->has_sample);
	world_fini(&w);
}
END_TEST

START_TEST(shutdown_ends_in_good_order)
{
	struct cmdmon_request q = request(CMD_SHUTDOWN);

	start(1);
	ck_assert_uint_eq(ask(VIA_MONITOR, &q).status, STT_UNAUTH);
	ck_assert(!w.os.is_stopped);
	ck_assert_uint_eq(status(&q), STT_SUCCESS);
	ck_assert(w.os.is_stopped);
	ck_assert_int_eq(w.os.exit_code, 0);
	world_fini(&w);
}
END_TEST

START_TEST(who_may_only_look_changes_nothing)
{
	start(2);
	for (unsigned c = 1; c < 75; c++) {
		const struct cmdmon_entry *e = cmdmon_entry(c);
		struct cmdmon_request q = request(c);

		if (!e || e->access != ACCESS_CHANGE)
			continue;
		ck_assert_uint_eq(ask(VIA_MONITOR, &q).status, STT_UNAUTH);
		ck_assert_uint_eq(ask(VIA_UDP, &q).status, STT_UNAUTH);
	}
	ck_assert_int_eq(activity().online, 2);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("control_change", sources_go_off_line_and_on_line_by_network,
    a_burst_ends_where_it_began, nobody_says_that_a_peer_is_in_a_burst, settings_reach_their_source,
    options_and_offset_reach_their_source,
    a_source_that_is_added_has_its_options,
    a_name_or_a_pool_waits_for_its_addresses,
    what_cannot_be_added_is_told_apart, the_rest_is_done_or_refused,
    shutdown_ends_in_good_order, who_may_only_look_changes_nothing)
