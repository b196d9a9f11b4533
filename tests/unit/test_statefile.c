/* SPDX-License-Identifier: ISC
 *
 * Files in held directories. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/os/statefile.h"

static char base[] = "/tmp/tock-state-XXXXXX";
static struct statefiles files;
static int dir;

static void
enter(void)
{
	strcpy(base, "/tmp/tock-state-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base));
	dir = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	files.n = 0;
	statefile_add(&files, "dump", dir, true);
	statefile_add(&files, "keys", dir, false);
	statefile_add(&files, "gone", -1, true);
}

static void
leave(void)
{
	unlinkat(dir, "a", 0);
	close(dir);
	ck_assert_int_eq(rmdir(base), 0); /* nothing else was left behind */
}

START_TEST(what_was_saved_is_loaded_and_can_be_removed)
{
	char text[8] = "";
	struct stat st;

	enter();
	ck_assert_int_eq(statefile_load(&files, "dump/a", text, 8), -ENOENT);
	ck_assert_int_eq(statefile_save(&files, "dump/a", "one", 3), 0);
	ck_assert_int_eq(statefile_save(&files, "dump/a", "second", 6), 0);
	ck_assert_int_eq(statefile_load(&files, "keys/a", text, 8), 6);
	ck_assert_str_eq(text, "second");
	ck_assert_int_eq(statefile_load(&files, "dump/a", text, 5), -EFBIG);
	ck_assert_int_eq(fstatat(dir, "a", &st, 0), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(statefile_save(&files, "dump/a", NULL, 0), 0);
	ck_assert_int_eq(statefile_save(&files, "dump/a", NULL, 0), 0);
	ck_assert_int_eq(statefile_load(&files, "dump/a", text, 8), -ENOENT);
	leave();
}
END_TEST

START_TEST(only_slots_are_files)
{
	const char *const bad[] = { "", "a", "dump", "dump/", "dump/.a",
		"dump/..", "dump/../a", "dump/a/b", "/a", "dum/a", "dumpx/a",
		"dump/.tock.tmp" };
	char text[8];

	enter();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_int_eq(statefile_save(&files, bad[i], "x", 1),
		    -EINVAL);
		ck_assert_int_eq(statefile_load(&files, bad[i], text, 8),
		    -EINVAL);
	}
	leave();
}
END_TEST

START_TEST(a_directory_for_reading_is_not_written_to)
{
	char text[8];

	enter();
	ck_assert_int_eq(statefile_save(&files, "keys/a", "x", 1), -EACCES);
	ck_assert_int_eq(statefile_save(&files, "gone/a", "x", 1), -EACCES);
	ck_assert_int_eq(statefile_load(&files, "gone/a", text, 8), -ENOENT);
	leave();
}
END_TEST

START_TEST(what_is_no_plain_file_is_not_read)
{
	char text[8];

	enter();
	ck_assert_int_eq(symlinkat("/etc/passwd", dir, "a"), 0);
	ck_assert_int_eq(statefile_load(&files, "dump/a", text, 8), -EINVAL);
	ck_assert_int_eq(statefile_save(&files, "dump/a", "x", 1), 0);
	ck_assert_int_eq(statefile_load(&files, "dump/a", text, 8), 1);
	ck_assert_int_eq(unlinkat(dir, "a", 0), 0);
	ck_assert_int_eq(mkfifoat(dir, "a", 0600), 0);
	ck_assert_int_eq(statefile_load(&files, "dump/a", text, 8), -EINVAL);
	leave();
}
END_TEST

START_TEST(what_a_killed_writer_left_is_in_nobodys_way)
{
	enter();
	close(openat(dir, ".tock.tmp", O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(statefile_save(&files, "dump/a", "x", 1), 0);
	leave();
}
END_TEST

UNIT_MAIN("statefile", what_was_saved_is_loaded_and_can_be_removed,
    only_slots_are_files, a_directory_for_reading_is_not_written_to,
    what_is_no_plain_file_is_not_read,
    what_a_killed_writer_left_is_in_nobodys_way)
