/* SPDX-License-Identifier: ISC
 *
 * The way to a daemon, and root's grant, over sockets and files in a folder of
 * the test's own. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/bytes.h"
#include "ctl/conn.h"
#include "ctl/grant.h"

/* Instead of the C library's: nobody is to call it. */
static unsigned chmods;

int
chmod(const char *file, mode_t mode)
{
	chmods++;
	return fchmodat(AT_FDCWD, file, mode, 0);
}

static char folder[] = "/tmp/tock-conn-XXXXXX";
static char path[64];

static void
make_folder(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/daemon", folder);
}

static void
remove_folder(void)
{
	unlink(path);
	/* Nothing of the connection's may be left. */
	ck_assert_int_eq(rmdir(folder), 0);
}

static int
bound(int type)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	memcpy(sun.sun_path, path, sizeof path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof sun), 0);
	return fd;
}

/* Answers the first request that it gets: first with what is not for it, then
 * properly, count sources; then stops. */
static pid_t
serve_once(int fd, uint32_t count)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;

	unsigned char in[CMDMON_REQUEST_MAX], out[CMDMON_REPLY_MAX];
	struct sockaddr_un from;
	socklen_t from_len = sizeof from;
	ssize_t n = recvfrom(fd, in, sizeof in, 0, (struct sockaddr *)&from,
	    &from_len);
	struct cmdmon_request q;
	struct cmdmon_reply r = { .code = RPY_N_SOURCES };

	if (n < 0 || cmdmon_get_request(&q, in, (size_t)n) != 0)
		_exit(1);
	r.command = q.command;
	r.sequence = ~q.sequence;
	r.u.n_sources = 999;
	size_t len = cmdmon_put_reply(out, &r);
	sendto(fd, out, len, 0, (struct sockaddr *)&from, from_len);
	put32(out + 16, q.sequence);
	put16(out + 4, CMD_ACTIVITY);
	sendto(fd, out, len, 0, (struct sockaddr *)&from, from_len);
	put16(out + 4, q.command);
	put32(out + 28, count);
	sendto(fd, out, len, 0, (struct sockaddr *)&from, from_len);
	_exit(0);
}

static int
exit_code(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static unsigned
mode_of(const char *file)
{
	struct stat st;

	ck_assert_int_eq(lstat(file, &st), 0);
	return st.st_mode & 07777;
}

/* The directory may be that of a user whom nobody trusts. */
START_TEST(modes_are_never_set_by_a_path_that_may_be_a_link_by_then)
{
	struct conn c;

	make_folder();
	int fd = bound(SOCK_DGRAM);
	umask(077);
	conn_init(&c);
	conn_add_hosts(&c, path, 0, 0);
	ck_assert_int_eq(conn_open(&c), 0);
	ck_assert_uint_eq(mode_of(c.own_dir), 0711);
	ck_assert_uint_eq(mode_of(c.own_sub), 0711);
	ck_assert_uint_eq(mode_of(c.own_path), 0666);
	ck_assert_uint_eq(chmods, 0);
	ck_assert_uint_eq(umask(022), 077);
	conn_fini(&c);
	close(fd);
	remove_folder();
}
END_TEST

START_TEST(only_the_reply_to_the_request_counts)
{
	struct cmdmon_request q = { .command = CMD_N_SOURCES };
	struct cmdmon_reply r;
	struct conn c;
	int fd;

	make_folder();
	fd = bound(SOCK_DGRAM);
	conn_init(&c);
	conn_add_hosts(&c, path, 323, 0);
	ck_assert_int_eq(conn_open(&c), 0);
	ck_assert(!conn_is_native(&c));
	ck_assert(!conn_is_local(&c)); /* not the daemon's own path */
	pid_t pid = serve_once(fd, 7);
	ck_assert_int_eq(conn_ask(&c, &q, &r), 0);
	ck_assert_uint_eq(r.u.n_sources, 7);
	ck_assert_int_eq(exit_code(pid), 0);
	conn_fini(&c);
	close(fd);
	remove_folder();
}
END_TEST

START_TEST(silence_is_waited_for_and_the_next_is_asked)
{
	struct cmdmon_request q = { .command = CMD_N_SOURCES };
	struct cmdmon_reply r;
	struct conn c;
	char list[256];
	int fd, n = 0;

	make_folder();
	fd = bound(SOCK_DGRAM);
	conn_init(&c);
	c.timeout_ms = 20;
	c.retries = 2;
	snprintf(list, sizeof list, "%s/none,,%s", folder, path);
	conn_add_hosts(&c, list, 323, 0);
	ck_assert_uint_eq(c.n_places, 2);
	ck_assert_int_eq(conn_ask(&c, &q, &r), -ENOTCONN);
	/* three sends, numbered, each with a sequence of its own */
	unsigned char in[3][CMDMON_REQUEST_MAX];
	while (n < 3 && recv(fd, in[n], sizeof in[n], MSG_DONTWAIT) > 0) {
		ck_assert_uint_eq(get16(in[n] + 6), (unsigned)n);
		n++;
	}
	ck_assert_int_eq(n, 3);
	ck_assert_uint_ne(get32(in[0] + 8), get32(in[1] + 8));
	ck_assert_int_lt(recv(fd, in[0], sizeof in[0], MSG_DONTWAIT), 0);
	conn_fini(&c);
	close(fd);
	remove_folder();
}
END_TEST

START_TEST(an_empty_list_has_nobody_to_ask)
{
	struct cmdmon_request q = { .command = CMD_N_SOURCES };
	struct cmdmon_reply r;
	struct conn c;

	conn_init(&c);
	conn_add_hosts(&c, ",,", 323, 0);
	ck_assert_int_eq(conn_open(&c), -ENOENT);
	ck_assert_int_eq(conn_ask(&c, &q, &r), -ENOTCONN);
	ck_assert(!conn_is_native(&c));
	ck_assert(!conn_is_local(&c));
	conn_fini(&c);
}
END_TEST

static void
write_pid(const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

/* A process that holds the pid file and ends with 7 on SIGUSR1. */
static pid_t
hold(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		sigset_t set;
		int sig;
		int fd = open(path, O_RDONLY);

		sigemptyset(&set);
		sigaddset(&set, SIGUSR1);
		sigprocmask(SIG_BLOCK, &set, NULL);
		if (fd < 0 || flock(fd, LOCK_EX) != 0 ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		sigwait(&set, &sig);
		_exit(7);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

START_TEST(a_grant_goes_only_to_who_holds_the_pid_file)
{
	char text[32];
	pid_t pid;

	make_folder();
	if (geteuid() != 0) {
		ck_assert_int_eq(grant_step(path), -EPERM);
		remove_folder();
		return;
	}
	ck_assert_int_eq(grant_step(path), -ESRCH); /* no file */
	snprintf(text, sizeof text, "%d\n", (int)getpid());
	write_pid(text);
	ck_assert_int_eq(grant_step(path), -ESRCH); /* a leftover: no signal */

	pid = hold();
	snprintf(text, sizeof text, "%d\n", (int)pid);
	static const char *const bad[] = { "", "x\n", "-1\n", "0\n", "1\n",
		"99999999999\n", "12 34\n" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		write_pid(bad[i]);
		ck_assert_int_eq(grant_step(path), -EINVAL);
	}
	write_pid(text);
	ck_assert_int_eq(grant_step(path), 0);
	ck_assert_int_eq(exit_code(pid), 7);
	remove_folder();
}
END_TEST

UNIT_MAIN("conn",
    modes_are_never_set_by_a_path_that_may_be_a_link_by_then,
    only_the_reply_to_the_request_counts,
    silence_is_waited_for_and_the_next_is_asked,
    an_empty_list_has_nobody_to_ask,
    a_grant_goes_only_to_who_holds_the_pid_file)
