/* SPDX-License-Identifier: ISC
 *
 * `local orphan`: whom an orphan follows, and when it leads.  The mates are
 * 192.0.2.1, .2, ..., hence in the order of their reference IDs. */
#include "unit.h"

#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/emu/engine_world.h"

static struct world w;

/* n sources that say stratum; they know us by `own`. */
static void
prepare(unsigned n, unsigned stratum, const char *own, const char *local)
{
	world_init(&w, n);
	for (unsigned i = 0; i < n; i++)
		w.stratum[i] = stratum;
	ck_assert_int_eq(addr_parse(&w.own, own), 0);
	world_line(&w, local);
}

static void
has_verdicts(const char *letters)
{
	char now[WORLD_SERVERS + 1] = "";
	const struct source *s;
	unsigned i = 0;

	TAILQ_FOREACH(s, &w.engine.sources, link)
		now[i++] = (char)s->verdict;
	ck_assert_str_eq(now, letters);
}

static bool
leads(void)
{
	return reference_is_local(&w.engine, w.os.os.ops->pair(&w.os.os));
}

static void
follows(unsigned i, unsigned stratum)
{
	ck_assert(w.engine.reference.is_synced && !leads());
	ck_assert(addr_equal(&w.engine.reference.addr,
	    &world_source(&w, i)->remote.addr));
	ck_assert_uint_eq(w.engine.reference.stratum, stratum);
}

START_TEST(an_orphan_follows_the_smallest_of_the_leaders)
{
	prepare(3, 10, "192.0.2.9", "local orphan");
	world_line(&w, "minsources 2");
	world_start(&w);
	world_run(&w, 400);
	has_verdicts("*OO");
	follows(0, 11);
	world_fini(&w);
}
END_TEST

START_TEST(without_the_option_they_are_servers_as_others)
{
	prepare(3, 10, "192.0.2.9", "local stratum 10 distance 9");
	world_start(&w);
	world_run(&w, 60);
	has_verdicts("*++");
	world_fini(&w);
}
END_TEST

START_TEST(a_source_with_real_time_silences_them)
{
	prepare(3, 10, "192.0.2.9", "local orphan");
	w.stratum[2] = 9;
	w.lie[2] = 0.1;
	world_start(&w);
	world_run(&w, 60);
	has_verdicts("OO*");
	follows(2, 10);
	w.stratum[2] = 11;
	world_run(&w, 60);
	has_verdicts("*OO");
	world_fini(&w);
}
END_TEST

/* Beyond it a lone server would be its own reference. */
START_TEST(the_distance_ends_real_time)
{
	prepare(2, 10, "192.0.2.9", "local orphan distance 0.5");
	w.stratum[1] = 1;
	w.distance[1] = 0.4;
	world_start(&w);
	world_run(&w, 60);
	has_verdicts("O*");
	w.distance[1] = 0.6;
	world_run(&w, 60);
	has_verdicts("*d");
	world_fini(&w);
}
END_TEST

START_TEST(who_is_smallest_leads_after_its_wait)
{
	prepare(2, 11, "192.0.2.0", "local orphan");
	world_start(&w);
	world_run(&w, 290);
	has_verdicts("OO");
	ck_assert(!leads());
	world_run(&w, 20);
	ck_assert(leads());
	w.stratum[0] = 10; /* others may lead, too: they will see us */
	world_run(&w, 60);
	has_verdicts("OO");
	ck_assert(leads());
	world_fini(&w);

	prepare(2, 11, "192.0.2.0", "local orphan waitunsynced 30");
	world_start(&w);
	world_run(&w, 40);
	ck_assert(leads());
	world_fini(&w);
}
END_TEST

START_TEST(a_leader_yields_to_a_smaller_leader_alone)
{
	prepare(3, 11, "192.0.2.3", "local orphan waitunsynced 0");
	w.is_silent[2] = true;
	world_start(&w);
	world_run(&w, 60);
	ck_assert(leads());
	has_verdicts("OOM");
	w.stratum[1] = 10;
	world_run(&w, 60);
	follows(1, 11);
	world_fini(&w);
}
END_TEST

START_TEST(who_comes_back_takes_the_time_that_is_there)
{
	prepare(2, 11, "192.0.2.0", "local orphan");
	w.stratum[1] = 10;
	world_start(&w);
	world_run(&w, 600);
	follows(1, 11);
	has_verdicts("O*");
	world_fini(&w);
}
END_TEST

START_TEST(below_the_leader_only_the_smaller_are_followed)
{
	prepare(2, 12, "192.0.2.2", "local orphan");
	w.is_silent[1] = true; /* it would be ourselves */
	world_start(&w);
	world_run(&w, 60);
	follows(0, 13);
	world_fini(&w);
}
END_TEST

START_TEST(a_silent_leader_is_outlived_until_the_distance_is_reached)
{
	prepare(1, 10, "192.0.2.9", "local orphan distance 0.05");
	world_line(&w, "maxclockerror 100");
	world_start(&w);
	world_run(&w, 60);
	follows(0, 11);
	w.is_silent[0] = true;
	world_run(&w, 400); /* 40 ms */
	ck_assert_uint_eq(world_source(&w, 0)->client.reach, 0);
	follows(0, 11);
	world_run(&w, 200);
	ck_assert(leads());
	world_fini(&w);
}
END_TEST

START_TEST(a_leader_that_lost_its_time_is_replaced_at_once)
{
	prepare(1, 10, "192.0.2.9", "local orphan");
	world_start(&w);
	world_run(&w, 60);
	follows(0, 11);
	w.leap[0] = LEAP_UNSYNC;
	world_run(&w, 20);
	ck_assert(leads());
	world_fini(&w);
}
END_TEST

/* 192.0.2.1 follows 192.0.2.2, which follows us. */
START_TEST(nobody_is_followed_who_follows_us)
{
	prepare(2, 3, "192.0.2.9", "local orphan");
	w.refid[0] = 0xc0000202;
	w.refid[1] = 0xc0000209;
	world_start(&w);
	world_run(&w, 60);
	has_verdicts("Os");
	w.refid[1] = 0xc0000299;
	world_run(&w, 60);
	has_verdicts("*+");
	world_fini(&w);
}
END_TEST

START_TEST(who_does_not_know_its_address_yields_to_nobody)
{
	world_init(&w, 2);
	world_line(&w, "local orphan waitunsynced 0");
	w.stratum[0] = w.stratum[1] = 10;
	world_start(&w);
	ck_assert(leads());
	world_run(&w, 60);
	has_verdicts("OO");
	ck_assert(leads());
	world_fini(&w);
}
END_TEST

START_TEST(the_last_real_time_does_not_come_back_from_the_past)
{
	prepare(2, 10, "192.0.2.9", "local orphan distance 0.01");
	world_line(&w, "maxclockerror 100");
	w.stratum[1] = 1;
	world_start(&w);
	world_run(&w, 60);
	has_verdicts("O*");
	w.is_silent[1] = true;
	world_run(&w, 400);
	has_verdicts("*d");
	w.leap[0] = LEAP_UNSYNC;
	world_run(&w, 60);
	has_verdicts("sS");
	ck_assert(leads());
	w.is_silent[1] = false;
	world_run(&w, 60);
	follows(1, 2);
	world_fini(&w);
}
END_TEST

/* The log from now on: its descriptor. */
static int
open_log(void)
{
	char path[] = "/tmp/test_orphan.XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	log_init(fd, LOGSTYLE_PLAIN, LOGLEVEL_INFO, "");
	return fd;
}

/* What it says; it ends. */
static void
read_log(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	close(fd);
}

START_TEST(without_any_source_the_log_says_at_once_what_is_served)
{
	char text[4096];
	int fd = open_log();

	prepare(0, 0, "192.0.2.9", "local stratum 7");
	world_start(&w);
	world_run(&w, 5);
	world_fini(&w);
	read_log(fd, text, sizeof text);
	ck_assert_ptr_nonnull(strstr(text,
	    "local: this clock's own time is served, stratum 7\n"));
}
END_TEST

START_TEST(the_log_says_who_leads)
{
	char text[4096];
	int fd = open_log();

	prepare(1, 11, "192.0.2.9", "local stratum 11 orphan");
	w.is_silent[0] = true;
	world_start(&w);
	world_run(&w, 400);
	w.is_silent[0] = false;
	world_run(&w, 400);
	world_fini(&w);
	read_log(fd, text, sizeof text);
	const char *first = strstr(text,
	    "local: this clock's own time is served, stratum 11\n");

	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_nonnull(strstr(first, "is not served any more\n"));
	ck_assert_ptr_null(strstr(strchr(first, '\n'), "is served"));
}
END_TEST

UNIT_MAIN("orphan", an_orphan_follows_the_smallest_of_the_leaders,
    without_the_option_they_are_servers_as_others,
    a_source_with_real_time_silences_them, the_distance_ends_real_time,
    who_is_smallest_leads_after_its_wait,
    a_leader_yields_to_a_smaller_leader_alone,
    who_comes_back_takes_the_time_that_is_there,
    below_the_leader_only_the_smaller_are_followed,
    a_silent_leader_is_outlived_until_the_distance_is_reached,
    a_leader_that_lost_its_time_is_replaced_at_once,
    nobody_is_followed_who_follows_us,
    who_does_not_know_its_address_yields_to_nobody,
    the_last_real_time_does_not_come_back_from_the_past,
    without_any_source_the_log_says_at_once_what_is_served,
    the_log_says_who_leads)
