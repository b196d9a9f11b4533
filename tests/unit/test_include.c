/* SPDX-License-Identifier: ISC
 *
 * Each test works in a directory of its own, which is the current one. */
#include "conf_unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct conf_try t;
static char place[] = "/tmp/tock-conf-XXXXXX";

static void
set_up(void)
{
	strcpy(place, "/tmp/tock-conf-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(place));
	ck_assert_int_eq(chdir(place), 0);
	try_init(&t);
}

static void
empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    unlinkat(dirfd(dir), e->d_name, 0) != 0) {
			char sub[400];

			snprintf(sub, sizeof sub, "%s/%s", path, e->d_name);
			empty(sub);
			rmdir(sub);
		}
	if (dir != NULL)
		closedir(dir);
}

static void
tear_down(void)
{
	try_fini(&t);
	empty(place);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(place), 0);
}

static void
put(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void
load_good(const char *path)
{
	int r = config_load(&t.config, path, &t.error);

	ck_assert_msg(r == 0, "%s:%u:%u %s", t.error.file, t.error.line,
	    t.error.column, t.error.text);
}

static void
load_bad(const char *path, const char *file, unsigned line, unsigned column,
    const char *says)
{
	ck_assert_int_eq(config_load(&t.config, path, &t.error), CONFIG_E_BAD);
	ck_assert_str_eq(t.error.file, file);
	ck_assert_uint_eq(t.error.line, line);
	ck_assert_uint_eq(t.error.column, column);
	ck_assert_msg(strstr(t.error.text, says) != NULL, "%s", t.error.text);
	ck_assert_uint_gt(strlen(t.error.hint), 0);
}

START_TEST(a_file_is_read_line_by_line)
{
	put("a", "# first\n\n  server x\nrtcsync"); /* no newline at the end */
	load_good("a");
	ck_assert_uint_eq(t.config.n_sources, 1);
	ck_assert(t.config.rtcsync);
	put("b", "");
	load_good("b");
	put("c", "rtcsync\n\nport x\nrtcsync\n");
	load_bad("c", "c", 3, 6, "is not an integer");
}
END_TEST

START_TEST(included_lines_stand_where_the_include_stood)
{
	put("a", "port 1\ninclude b\nport 4\n");
	put("b", "port 2\nport 3\n");
	load_good("a");
	ck_assert_uint_eq(t.config.port, 4);
	ck_assert_uint_eq(t.config.n_lines, 4);
	ck_assert_str_eq(t.config.lines[0], "port 1");
	ck_assert_str_eq(t.config.lines[1], "port 2");
	ck_assert_str_eq(t.config.lines[2], "port 3");
	ck_assert_str_eq(t.config.lines[3], "port 4");
}
END_TEST

START_TEST(a_pattern_takes_its_matches_in_order)
{
	put("a", "include *.inc\n");
	put("2.inc", "port 2\n");
	put("1.inc", "port 1\n");
	put("3.ink", "port 3\n");
	load_good("a");
	ck_assert_uint_eq(t.config.n_lines, 2);
	ck_assert_uint_eq(t.config.port, 2);
	put("b", "include ./nothing*\n");
	load_good("b");
	put("c", "port 1\n include /nonexistent/*.conf\n");
	load_bad("c", "c", 2, 10, "could not search");
}
END_TEST

START_TEST(an_error_in_an_included_file_has_that_files_place)
{
	put("a", "include b\n");
	put("b", "\n\nport 99999\n");
	load_bad("a", "b", 3, 6, "out of range 0 .. 65535");
}
END_TEST

START_TEST(a_missing_file_is_an_error_where_it_is_named)
{
	put("a", "port 1\ninclude nothing\n");
	load_bad("nothing", "nothing", 0, 0, "No such file");
	load_bad("a", "a", 2, 9, "cannot read nothing: No such file");
}
END_TEST

START_TEST(only_regular_files_are_read_and_nothing_waits)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "sock" };
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(mkdir("dir", 0700), 0);
	ck_assert_int_eq(bind(s, (struct sockaddr *)&un, sizeof un), 0);
	close(s);
	ck_assert_int_eq(symlink("fifo", "link"), 0);
	ck_assert_int_eq(symlink("self", "self"), 0);
	alarm(10);
	load_bad("fifo", "fifo", 0, 0, "fifo is a fifo");
	load_bad("link", "link", 0, 0, "link is a fifo");
	load_bad("dir", "dir", 0, 0, "dir is a directory");
	load_bad("sock", "sock", 0, 0, "sock is a socket");
	load_bad("self", "self", 0, 0, "symbolic links");
	load_bad("/dev/zero", "/dev/zero", 0, 0, "is a device");
	put("a", "include fifo\n");
	load_bad("a", "a", 1, 9, "fifo is a fifo");
	alarm(0);
}
END_TEST

START_TEST(an_unreadable_file_is_an_error)
{
	put("a", "port 1\n");
	ck_assert_int_eq(chmod("a", 0), 0);
	bool is_root = geteuid() == 0; /* who reads everything */
	if (is_root)
		ck_assert_int_eq(seteuid(65534), 0);
	load_bad("a", "a", 0, 0, "Permission denied");
	if (is_root)
		ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(loops_are_found_however_long)
{
	put("a", "include ./a\n");
	load_bad("a", "a", 1, 9, "./a includes itself");
	put("x", "include y\n");
	put("y", "\ninclude z\n");
	put("z", "include x\n");
	load_bad("x", "z", 1, 9, "x includes itself");
}
END_TEST

START_TEST(the_same_file_twice_is_no_loop)
{
	put("a", "include b\ninclude b\n");
	put("b", "server x\n");
	load_good("a");
	ck_assert_uint_eq(t.config.n_sources, 2);
}
END_TEST

START_TEST(ten_files_are_nested_at_most)
{
	char name[16], text[32];

	for (int i = 1; i < 10; i++) {
		snprintf(name, sizeof name, "f%d", i);
		snprintf(text, sizeof text, "include f%d\n", i + 1);
		put(name, text);
	}
	put("f10", "port 5\n");
	load_good("f1");
	ck_assert_uint_eq(t.config.port, 5);
	put("f10", "include f11\n");
	put("f11", "port 6\n");
	load_bad("f1", "f10", 1, 9, "nested too deep");
}
END_TEST

START_TEST(confdir_sorts_by_name_and_earlier_directories_hide)
{
	mkdir("d1", 0700);
	mkdir("d2", 0700);
	put("d1/20.conf", "port 20\n");
	put("d2/20.conf", "port 99\n");
	put("d2/10.conf", "port 10\n");
	put("d1/30.conf", "port 30\n");
	put("d1/40.sources", "port 40\n");
	put("d1/.50.conf", "port 50\n");
	put("d1/.conf", "port 60\n");
	put("a", "confdir d1 d2\n");
	load_good("a");
	ck_assert_uint_eq(t.config.n_lines, 3);
	ck_assert_str_eq(t.config.lines[0], "port 10");
	ck_assert_str_eq(t.config.lines[1], "port 20");
	ck_assert_str_eq(t.config.lines[2], "port 30");
}
END_TEST

START_TEST(confdir_warns_of_a_missing_directory)
{
	put("a", "confdir nowhere\n");
	load_good("a");
	ck_assert_uint_eq(t.config.n_warnings, 1);
	ck_assert_str_eq(t.config.warnings[0],
	    "a:1:9: there is no directory nowhere");
	put("b", "confdir a\n");
	load_bad("b", "b", 1, 9, "cannot read a: Not a directory");
	put("c", "confdir\n");
	load_bad("c", "c", 1, 1, "missing");
	put("d", "confdir 1 2 3 4 5 6 7 8 9 10 11\n");
	load_bad("d", "d", 1, 30, "too many arguments");
}
END_TEST

START_TEST(a_bad_file_of_confdir_is_an_error_with_its_path)
{
	mkdir("d", 0700);
	put("d/a.conf", "prot 1\n");
	put("a", "confdir d\n");
	load_bad("a", "d/a.conf", 1, 1, "Invalid directive prot");
	unlink("d/a.conf");
	ck_assert_int_eq(mkfifo("d/b.conf", 0600), 0);
	load_bad("a", "a", 1, 9, "d/b.conf is a fifo");
	put("b", "confdir . d\n"); /* the place is that of the directory */
	load_bad("b", "b", 1, 11, "d/b.conf is a fifo");
}
END_TEST

START_TEST(a_huge_file_is_refused_at_once)
{
	put("a", "# ");
	ck_assert_int_eq(truncate("a", 100 << 20), 0);
	load_bad("a", "a", 0, 0, "larger than 4 MiB");
}
END_TEST

START_TEST(all_files_together_are_limited)
{
	char line[100];

	/* A file of 1 MiB of comments, named five times. */
	memset(line, '#', sizeof line);
	line[99] = '\n';
	FILE *f = fopen("b", "w");
	for (int i = 0; i < 10500; i++)
		fwrite(line, 1, sizeof line, f);
	fclose(f);
	put("a", "include b\ninclude b\ninclude b\ninclude b\n");
	load_bad("a", "a", 4, 9, "larger than 4 MiB");
}
END_TEST

START_TEST(doubling_includes_end_at_the_number_of_files)
{
	char name[16], text[64];

	for (int i = 1; i < 10; i++) {
		snprintf(name, sizeof name, "f%d", i);
		snprintf(text, sizeof text,
		    "include f%d\ninclude f%d\ninclude f%d\n", i + 1, i + 1,
		    i + 1);
		put(name, text);
	}
	put("f10", "");
	ck_assert_int_eq(config_load(&t.config, "f1", &t.error), CONFIG_E_BAD);
	ck_assert_str_eq(t.error.text, "more than 1000 files");
}
END_TEST

START_TEST(directives_are_limited_in_number)
{
	FILE *f = fopen("a", "w");

	for (int i = 0; i <= CONFIG_LINES_MAX; i++)
		fputs("server 192.0.2.1\n", f);
	fclose(f);
	load_bad("a", "a", CONFIG_LINES_MAX + 1, 1, "more than 20000");
	ck_assert_uint_eq(t.config.n_sources, 1);
	ck_assert_uint_eq(t.config.n_warnings, CONFIG_WARNINGS_MAX);
}
END_TEST

START_TEST(binary_files_are_refused_at_their_first_byte_that_is_no_text)
{
	FILE *f = fopen("a", "w");

	fwrite("port 1\n#\0\n", 1, 10, f);
	fclose(f);
	load_bad("a", "a", 2, 2, "NUL byte");
	load_bad("/proc/self/exe", "/proc/self/exe", 1, 8, "NUL byte");
	put("b", "port 1\r\nport 2\rx\r\n");
	load_bad("b", "b", 2, 7, "control character");
}
END_TEST

START_TEST(files_without_a_size_are_read_too)
{
	load_bad("/proc/self/status", "/proc/self/status", 1, 1,
	    "Invalid directive Name:");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { a_file_is_read_line_by_line,
		included_lines_stand_where_the_include_stood,
		a_pattern_takes_its_matches_in_order,
		an_error_in_an_included_file_has_that_files_place,
		a_missing_file_is_an_error_where_it_is_named,
		only_regular_files_are_read_and_nothing_waits,
		an_unreadable_file_is_an_error, loops_are_found_however_long,
		the_same_file_twice_is_no_loop, ten_files_are_nested_at_most,
		confdir_sorts_by_name_and_earlier_directories_hide,
		confdir_warns_of_a_missing_directory,
		a_bad_file_of_confdir_is_an_error_with_its_path,
		a_huge_file_is_refused_at_once, all_files_together_are_limited,
		doubling_includes_end_at_the_number_of_files,
		directives_are_limited_in_number,
		binary_files_are_refused_at_their_first_byte_that_is_no_text,
		files_without_a_size_are_read_too };
	Suite *suite = suite_create("include");
	TCase *tcase = tcase_create("include");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
