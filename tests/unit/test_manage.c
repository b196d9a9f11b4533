/* SPDX-License-Identifier: ISC
 *
 * What operators change in the sources of a running engine. */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "daemon/engine/manage.h"
#include "tests/emu/engine_world.h"

static const struct addr all = { .family = ADDR_NONE };

static struct addr
at(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, text), 0);
	return a;
}

static int
no_route(const struct sock_want *want)
{
	return want->kind == SOCK_KIND_UDP ? -ENETUNREACH : 0;
}

static struct config_source
server(const char *name)
{
	struct config_source s;

	memset(&s, 0, sizeof s);
	source_defaults(&s);
	s.iburst = true;
	strcpy(s.name, name);
	return s;
}

START_TEST(a_server_that_is_added_is_followed)
{
	struct world w;
	struct config_source s = server("192.0.2.9");

	world_init(&w, 0);
	world_start(&w);
	ck_assert_int_eq(manage_add(&w.engine, &s), 0);
	ck_assert_int_eq(manage_add(&w.engine, &s), -EEXIST);
	world_run(&w, 10);
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(what_no_line_could_say_is_not_added)
{
	struct world w;
	struct config_source s = server("a b");

	world_init(&w, 0);
	world_start(&w);
	ck_assert_int_eq(manage_add(&w.engine, &s), -EINVAL);
	s = server("224.0.0.1");
	ck_assert_int_eq(manage_add(&w.engine, &s), -EINVAL);
	s = server("192.0.2.9");
	s.minpoll = 25;
	ck_assert_int_eq(manage_add(&w.engine, &s), -EINVAL);
	s = server("192.0.2.9");
	s.maxdelay = NAN;
	ck_assert_int_eq(manage_add(&w.engine, &s), -EINVAL);
	memset(s.name, 'a', sizeof s.name);
	ck_assert_int_eq(manage_add(&w.engine, &s), -EINVAL);
	ck_assert(TAILQ_EMPTY(&w.engine.sources));
	world_fini(&w);
}
END_TEST

/* The clock is no worse for it: what it says of itself grows with time. */
START_TEST(who_is_deleted_is_held_over)
{
	struct world w;
	struct addr a = at("192.0.2.1");
	struct config_source other = server("192.0.2.2");

	world_init(&w, 1);
	world_start(&w);
	world_run(&w, 10);
	ck_assert(w.engine.reference.is_synced);
	ck_assert_int_eq(manage_delete(&w.engine, &a), 0);
	ck_assert(w.engine.reference.is_synced);
	ck_assert_int_eq(manage_delete(&w.engine, &a), -ENOENT);
	/* as a lease of DHCP does it; the new one does not answer yet */
	w.is_silent[0] = true;
	ck_assert_int_eq(manage_add(&w.engine, &other), 0);
	world_run(&w, 1000);
	ck_assert(w.engine.reference.is_synced);
	struct pair now = w.os.os.ops->pair(&w.os.os);
	ck_assert_double_gt(reference_dispersion(&w.engine.reference, now.raw,
	    1e-6), 1e-3);
	w.is_silent[0] = false;
	world_run(&w, 100);
	ck_assert(addr_equal(&w.engine.reference.addr,
	    &world_source(&w, 0)->remote.addr));
	manage_reset_sources(&w.engine);
	ck_assert(!w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

/* Who is only looked at says nothing against it. */
START_TEST(who_is_held_over_is_so_until_maxdistance)
{
	struct world w;
	struct addr a = at("192.0.2.1");

	world_init(&w, 1);
	world_line(&w, "server 192.0.2.5 noselect iburst");
	world_line(&w, "maxdistance 0.1");
	world_start(&w);
	world_run(&w, 600);
	ck_assert_int_eq(manage_delete(&w.engine, &a), 0);
	world_run(&w, 3600);
	ck_assert(w.engine.reference.is_synced);
	world_run(&w, 2 * 86400);
	ck_assert(!w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(a_name_without_address_is_deleted_by_its_id)
{
	struct world w;
	struct config_source s = server("ntp.example.net");

	world_init(&w, 0);
	world_start(&w);
	ck_assert_int_eq(manage_add(&w.engine, &s), 0);
	struct addr id = world_source(&w, 0)->remote.addr;
	ck_assert_int_eq(manage_delete(&w.engine, &id), 0);
	ck_assert(!fake_resolve(&w.os, "ntp.example.net", NULL, 0));
	world_fini(&w);
}
END_TEST

START_TEST(offline_means_no_polls)
{
	struct world w;
	struct addr mask = at("255.255.255.255"), one = at("192.0.2.1");

	world_init(&w, 2);
	world_start(&w);
	world_run(&w, 30);
	uint32_t before = world_source(&w, 0)->client.total_tx;
	uint32_t other = world_source(&w, 1)->client.total_tx;
	ck_assert_int_eq(manage_offline(&w.engine, &mask, &one), 0);
	world_run(&w, 100);
	ck_assert_uint_eq(world_source(&w, 0)->client.total_tx, before);
	ck_assert_uint_gt(world_source(&w, 1)->client.total_tx, other);
	ck_assert_int_eq(manage_online(&w.engine, &all, &all), 0);
	world_run(&w, 100);
	ck_assert_uint_gt(world_source(&w, 0)->client.total_tx, before);
	one = at("192.0.2.7");
	ck_assert_int_eq(manage_offline(&w.engine, &mask, &one), -ENOENT);
	world_fini(&w);
}
END_TEST

START_TEST(a_mask_means_a_net)
{
	struct world w;
	struct addr mask = at("255.255.255.254"), net = at("192.0.2.2");

	world_init(&w, 3);
	world_start(&w);
	ck_assert_int_eq(manage_offline(&w.engine, &mask, &net), 0);
	world_run(&w, 10);
	ck_assert_uint_gt(world_source(&w, 0)->client.total_tx, 0);
	ck_assert_uint_eq(world_source(&w, 1)->client.total_tx, 0);
	ck_assert_uint_eq(world_source(&w, 2)->client.total_tx, 0);
	world_fini(&w);
}
END_TEST

START_TEST(values_are_set_within_their_ranges)
{
	struct world w;
	struct addr a = at("192.0.2.1");

	world_init(&w, 1);
	world_start(&w);
	const struct source *s = world_source(&w, 0);
	ck_assert_int_eq(manage_set(&w.engine, &a, MANAGE_MINPOLL, 9), 0);
	ck_assert_int_eq(s->conf.minpoll, 9);
	ck_assert_int_eq(s->conf.maxpoll, 9);
	ck_assert_int_eq(s->client.poll, 9);
	ck_assert_int_eq(manage_set(&w.engine, &a, MANAGE_MAXPOLL, 3), 0);
	ck_assert_int_eq(s->conf.minpoll, 3);
	ck_assert_int_eq(s->client.poll, 3);
	ck_assert_int_eq(manage_set(&w.engine, &a, MANAGE_MAXPOLL, 25),
	    -EINVAL);
	ck_assert_int_eq(s->conf.maxpoll, 3);
	ck_assert_int_eq(manage_set(&w.engine, &a, MANAGE_MAXDELAY, 0.5), 0);
	ck_assert_double_eq(s->conf.maxdelay, 0.5);
	ck_assert_int_eq(manage_set(&w.engine, &a, MANAGE_MAXDELAY, NAN),
	    -EINVAL);
	ck_assert_int_eq(manage_set(&w.engine, &a, MANAGE_MAXDELAYRATIO, 3), 0);
	ck_assert_double_eq(s->conf.maxdelayratio, 3);
	ck_assert_int_eq(manage_set(&w.engine, &a, MANAGE_MAXDELAYDEVRATIO, 4),
	    0);
	ck_assert_double_eq(s->conf.maxdelaydevratio, 4);
	ck_assert_int_eq(manage_set(&w.engine, &a, MANAGE_MINSTRATUM, 5), 0);
	ck_assert_int_eq(s->conf.minstratum, 5);
	ck_assert_int_eq(manage_set(&w.engine, &a, MANAGE_MINSTRATUM, 17),
	    -EINVAL);
	ck_assert_int_eq(manage_set(&w.engine, &a, MANAGE_POLLTARGET, 20), 0);
	ck_assert_int_eq(s->conf.polltarget, 20);
	ck_assert_int_eq(manage_set(&w.engine, &a, MANAGE_OFFSET, -0.2), 0);
	ck_assert_double_eq(s->conf.offset, -0.2);
	a = at("192.0.2.2");
	ck_assert_int_eq(manage_set(&w.engine, &a, MANAGE_OFFSET, 0), -ENOENT);
	ck_assert_int_eq(manage_reselectdist(&w.engine, 0.25), 0);
	ck_assert_double_eq(w.engine.reselectdist, 0.25);
	ck_assert_int_eq(manage_reselectdist(&w.engine, -1), -EINVAL);
	world_fini(&w);
}
END_TEST

START_TEST(a_reset_forgets_what_was_measured)
{
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	world_run(&w, 60);
	ck_assert_uint_gt(world_source(&w, 0)->estimator.samples, 4);
	manage_reset_sources(&w.engine);
	ck_assert_uint_eq(world_source(&w, 0)->estimator.samples, 0);
	ck_assert(!w.engine.reference.is_synced);
	world_run(&w, 10);
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(without_a_route_it_goes_offline)
{
	struct world w;

	world_init(&w, 1);
	world_start(&w);
	world_run(&w, 60);
	manage_onoffline(&w.engine);
	ck_assert(!world_source(&w, 0)->conf.offline);
	w.os.open_error = no_route;
	manage_onoffline(&w.engine);
	ck_assert(world_source(&w, 0)->conf.offline);
	w.os.open_error = NULL;
	manage_onoffline(&w.engine);
	ck_assert(!world_source(&w, 0)->conf.offline);
	world_fini(&w);
}
END_TEST

START_TEST(a_peer_of_a_family_that_is_not_served_is_not_asked_and_that_is_said)
{
	char path[] = "/tmp/test_manage.XXXXXX", text[4096];
	struct world w;
	struct config_source s = server("192.0.2.9");
	int fd = mkstemp(path);

	unlink(path);
	log_init(fd, LOGSTYLE_PLAIN, LOGLEVEL_INFO, "");
	world_init(&w, 0);
	world_line(&w, "peer 192.0.2.8");
	w.options.family = ADDR_INET6;
	world_start(&w);
	world_run(&w, 100);
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	close(fd);
	ck_assert_ptr_nonnull(strstr(text, "source 192.0.2.8: not used: a peer "
	    "is asked from the server's port, which is not open for IPv4 "
	    "(tockd -6?)\n"));
	ck_assert_uint_eq(w.os.n_sent, 0);
	s.is_peer = true;
	ck_assert_int_eq(manage_add(&w.engine, &s), -ENOTCONN);
	strcpy(s.name, "2001:db8::9");
	ck_assert_int_eq(manage_add(&w.engine, &s), 0);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("manage", a_peer_of_a_family_that_is_not_served_is_not_asked_and_that_is_said,
    a_server_that_is_added_is_followed,
    what_no_line_could_say_is_not_added, who_is_deleted_is_held_over,
    who_is_held_over_is_so_until_maxdistance,
    a_name_without_address_is_deleted_by_its_id, offline_means_no_polls,
    a_mask_means_a_net, values_are_set_within_their_ranges,
    a_reset_forgets_what_was_measured, without_a_route_it_goes_offline)
