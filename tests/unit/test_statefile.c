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

/* What load() says of a secret with this mode and owner. */
static ssize_t
load_secret(mode_t mode, uid_t uid)
{
	char text[8];

	int fd = openat(dir, "a", O_CREAT | O_WRONLY, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	ck_assert_int_eq(fchown(fd, uid, (gid_t)-1), 0);
	close(fd);
	return statefile_load(&files, "secret/a", text, 8);
}

START_TEST(a_secret_must_be_closed_to_others)
{
	enter();
	statefile_add_secret(&files, "secret", dir, -1, geteuid());
	for (mode_t mode = 0; mode < 01000; mode++)
		if (mode & 0400)
			ck_assert_int_eq(load_secret(mode, (uid_t)-1),
			    mode & 07 ? -EPERM : 0);
	leave();
}
END_TEST

START_TEST(a_secret_belongs_to_root_or_the_daemon)
{
	if (geteuid() != 0)
		return; /* nobody gives a file away */
	enter();
	statefile_add_secret(&files, "secret", dir, -1, 4711);
	ck_assert_int_eq(load_secret(0600, 0), 0);
	ck_assert_int_eq(load_secret(0600, 4711), 0);
	ck_assert_int_eq(load_secret(0600, 4712), -EPERM);
	leave();
}
END_TEST

START_TEST(what_only_root_could_open_is_read_once)
{
	char text[8];

	enter();
	int first = openat(dir, "a", O_CREAT | O_RDWR, 0600);
	ck_assert_int_eq(write(first, "key", 3), 3);
	ck_assert_int_eq(lseek(first, 0, SEEK_SET), 0);
	/* no directory is held: as good as one that lets nobody in */
	statefile_add_secret(&files, "secret", -1, first, geteuid());
	ck_assert_int_eq(statefile_load(&files, "secret/a", text, 8), 3);
	ck_assert_int_eq(statefile_load(&files, "secret/a", text, 8), -ENOENT);
	ck_assert_int_lt(fcntl(first, F_GETFD), 0); /* and closed */
	/* nor is it kept when it was not needed */
	first = openat(dir, "a", O_RDONLY);
	files.n = 0;
	statefile_add_secret(&files, "secret", dir, first, geteuid());
	ck_assert_int_eq(statefile_load(&files, "secret/a", text, 8), 3);
	ck_assert_int_lt(fcntl(first, F_GETFD), 0);
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

static void
note(void *owner, const char *name)
{
	strcat(owner, name);
}

START_TEST(a_directory_can_be_listed_again_and_again)
{
	char names[32] = "";

	enter();
	ck_assert_int_eq(statefile_save(&files, "dump/a", "x", 1), 0);
	ck_assert_int_eq(symlinkat("a", dir, ".hidden"), 0);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(statefile_list(&files, "keys", names, note),
		    0);
	ck_assert_str_eq(names, "aa");
	unlinkat(dir, ".hidden", 0);
	ck_assert_int_eq(statefile_list(&files, "gone", names, note), -ENOENT);
	ck_assert_int_eq(statefile_list(&files, "x", names, note), -EINVAL);
	leave();
}
END_TEST

UNIT_MAIN("statefile", a_directory_can_be_listed_again_and_again,
    what_was_saved_is_loaded_and_can_be_removed,
    only_slots_are_files, a_directory_for_reading_is_not_written_to,
    what_is_no_plain_file_is_not_read, a_secret_must_be_closed_to_others,
    a_secret_belongs_to_root_or_the_daemon,
    what_only_root_could_open_is_read_once,
    what_a_killed_writer_left_is_in_nobodys_way)
