/* SPDX-License-Identifier: ISC
 *
 * Files of sources, which come, go, and are wrong. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "daemon/engine/manage.h"
#include "tests/emu/engine_world.h"

/* A world without sources but two directories of files. */
static void
init(struct world *w)
{
	world_init(w, 0);
	strcpy(w->config.sourcedirs[0], "/etc/tock/sources.d");
	strcpy(w->config.sourcedirs[1], "/run/chrony-dhcp");
	w->config.n_sourcedirs = 2;
}

static void
write_file(struct world *w, const char *slot, const char *text)
{
	ck_assert_int_eq(w->os.os.ops->save(&w->os.os, slot, text,
	    strlen(text)), 0);
}

static void
remove_file(struct world *w, const char *slot)
{
	for (int i = 0; i < FAKE_FILES; i++)
		if (strcmp(w->os.files[i].slot, slot) == 0)
			w->os.files[i].size = 0;
}

static void
has_names(struct world *w, const char *names)
{
	char now[512] = "";
	const struct source *s;

	TAILQ_FOREACH(s, &w->engine.sources, link) {
		strcat(now, now[0] != '\0' ? " " : "");
		strcat(now, s->conf.name);
	}
	ck_assert_str_eq(now, names);
}

START_TEST(their_lines_are_sources)
{
	struct world w;

	init(&w);
	write_file(&w, "sources1/eth0.sources", "server 192.0.2.1 iburst\n");
	write_file(&w, "sources0/b.sources", "# ours\n\npool b.example.net "
	    "maxsources 2\n");
	write_file(&w, "sources0/a.conf", "server 192.0.2.7\n");
	world_start(&w);
	has_names(&w, "b.example.net b.example.net 192.0.2.1");
	world_run(&w, 10);
	ck_assert(w.engine.reference.is_synced);
	world_fini(&w);
}
END_TEST

START_TEST(peers_are_taken_where_the_servers_port_is_open)
{
	struct world w;

	for (int is_open = 0; is_open < 2; is_open++) {
		init(&w);
		if (is_open)
			world_line(&w, "allow");
		write_file(&w, "sources0/a.sources", "peer 192.0.2.1\n");
		world_start(&w);
		has_names(&w, is_open ? "192.0.2.1" : "");
		ck_assert(!is_open || TAILQ_FIRST(&w.engine.sources)->
		    symmetric != NULL);
		world_fini(&w);
	}
}
END_TEST

START_TEST(the_same_name_in_an_earlier_directory_hides_a_file)
{
	struct world w;

	init(&w);
	write_file(&w, "sources0/a.sources", "server 192.0.2.1\n");
	write_file(&w, "sources1/a.sources", "server 192.0.2.2\n");
	world_start(&w);
	has_names(&w, "192.0.2.1");
	world_fini(&w);
}
END_TEST

START_TEST(a_reload_deletes_what_went_and_keeps_what_stayed)
{
	struct world w;

	init(&w);
	write_file(&w, "sources1/a.sources", "server 192.0.2.1 iburst\n"
	    "server 192.0.2.2 iburst\n");
	write_file(&w, "sources1/b.sources", "server 192.0.2.3 iburst\n");
	world_start(&w);
	world_run(&w, 30);
	uint32_t before = world_source(&w, 1)->client.total_good;
	ck_assert_uint_gt(before, 2);

	write_file(&w, "sources1/a.sources", "server 192.0.2.2 iburst\n"
	    "server 192.0.2.4 iburst\n");
	remove_file(&w, "sources1/b.sources");
	ck_assert_int_eq(manage_reload_sources(&w.engine), 0);
	has_names(&w, "192.0.2.2 192.0.2.4");
	ck_assert_uint_eq(world_source(&w, 0)->client.total_good, before);

	remove_file(&w, "sources1/a.sources");
	ck_assert_int_eq(manage_reload_sources(&w.engine), 0);
	has_names(&w, "");
	ck_assert(w.engine.reference.is_synced); /* held over */
	world_fini(&w);
}
END_TEST

START_TEST(other_options_make_another_line)
{
	struct world w;

	init(&w);
	write_file(&w, "sources1/a.sources", "server 192.0.2.1\n");
	world_start(&w);
	write_file(&w, "sources1/a.sources", "server 192.0.2.1 minpoll 8\n");
	ck_assert_int_eq(manage_reload_sources(&w.engine), 0);
	has_names(&w, "192.0.2.1");
	ck_assert_int_eq(world_source(&w, 0)->conf.minpoll, 8);
	world_fini(&w);
}
END_TEST

/* Neither by the configuration nor by an operator. */
START_TEST(a_reload_leaves_other_sources_alone)
{
	struct world w;
	struct config_source s;

	memset(&s, 0, sizeof s);
	source_defaults(&s);
	strcpy(s.name, "192.0.2.9");
	init(&w);
	write_file(&w, "sources1/a.sources", "server 192.0.2.1\n");
	world_start(&w);
	ck_assert_int_eq(manage_add(&w.engine, &s), 0);
	remove_file(&w, "sources1/a.sources");
	ck_assert_int_eq(manage_reload_sources(&w.engine), 0);
	has_names(&w, "192.0.2.9");
	world_fini(&w);
}
END_TEST

START_TEST(what_is_deleted_by_hand_comes_back_with_a_reload)
{
	struct world w;
	struct addr a;

	init(&w);
	write_file(&w, "sources1/a.sources", "server 192.0.2.1\n");
	world_start(&w);
	ck_assert_int_eq(addr_parse(&a, "192.0.2.1"), 0);
	ck_assert_int_eq(manage_delete(&w.engine, &a), 0);
	ck_assert_int_eq(manage_reload_sources(&w.engine), 0);
	has_names(&w, "192.0.2.1");
	world_fini(&w);
}
END_TEST

START_TEST(lines_that_could_harm_are_left_out)
{
	struct world w;

	init(&w);
	write_file(&w, "sources1/a.sources",
	    "server 192.0.2.1 trust\n"
	    "server 192.0.2.1 Require\n"
	    "server 192.0.2.1 copy\n"
	    "server 192.0.2.1 offset 1\n"
	    "server 192.0.2.1 mindelay 0.1\n"
	    "server 192.0.2.1 asymmetry 0.1\n"
	    "server 192.0.2.1 minpoll -7\n"
	    "server 192.0.2.1 maxpoll -1 minpoll -1\n"
	    "makestep 1 -1\n"
	    "include /etc/passwd\n"
	    "server 255.255.255.255\n"
	    "server \xff\xfe\n"
	    "server\n"
	    "server 192.0.2.2\n");
	world_start(&w);
	has_names(&w, "192.0.2.2");
	ck_assert(!w.config.has_makestep);
	world_fini(&w);
}
END_TEST

START_TEST(a_line_that_is_still_written_is_not_taken)
{
	struct world w;

	init(&w);
	write_file(&w, "sources1/a.sources",
	    "server 192.0.2.2\nserver 192.0.2.1");
	world_start(&w);
	has_names(&w, "192.0.2.2");
	world_fini(&w);
}
END_TEST

START_TEST(there_is_an_end_to_their_number)
{
	struct world w;
	char text[FAKE_FILE] = "";
	const struct source *s;
	unsigned n = 0;

	init(&w);
	for (unsigned i = 1; i <= 150; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text),
		    "server 10.0.0.%u\n", i);
	write_file(&w, "sources1/a.sources", text);
	world_start(&w);
	TAILQ_FOREACH(s, &w.engine.sources, link)
		n++;
	ck_assert_uint_eq(n, SOURCEDIR_SOURCES);
	world_fini(&w);
}
END_TEST

START_TEST(a_pool_counts_as_many_as_it_wants)
{
	struct world w;
	char text[FAKE_FILE] = "";
	const struct source *s;
	unsigned n = 0;

	init(&w);
	for (unsigned i = 1; i <= 20; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text),
		    "pool p%u.example maxsources 16\n", i);
	write_file(&w, "sources1/a.sources", text);
	world_start(&w);
	TAILQ_FOREACH(s, &w.engine.sources, link)
		n++;
	ck_assert_uint_eq(n, SOURCEDIR_SOURCES / 16 * 16);
	world_fini(&w);
}
END_TEST

UNIT_MAIN("sourcedir", their_lines_are_sources,
    peers_are_taken_where_the_servers_port_is_open,
    the_same_name_in_an_earlier_directory_hides_a_file,
    a_reload_deletes_what_went_and_keeps_what_stayed,
    other_options_make_another_line, a_reload_leaves_other_sources_alone,
    what_is_deleted_by_hand_comes_back_with_a_reload,
    lines_that_could_harm_are_left_out,
    a_line_that_is_still_written_is_not_taken,
    there_is_an_end_to_their_number, a_pool_counts_as_many_as_it_wants)
