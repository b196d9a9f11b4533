/* SPDX-License-Identifier: ISC
 *
 * tockctl; chronyc, when that is the name it is called by. */
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/cmds.h"
#include "ctl/ctl.h"
#include "ctl/face.h"
#include "ctl/json.h"
#include "ctl/line.h"
#include "ctl/status.h"

static volatile sig_atomic_t is_interrupted;

static void
interrupt(int sig)
{
	(void)sig;
	is_interrupted = 1;
}

/* Waits are cut short, so that the way out removes our socket. */
static void
catch_signals(void)
{
	struct sigaction sa = { .sa_handler = interrupt };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Root has no need of its rights to talk.  Returns 0 or -1. */
static int
become(const char *name)
{
	const struct passwd *pw;

	if (!name || geteuid() != 0)
		return 0;
	pw = getpwnam(name);
	if (!pw)
		return -1;
	if (pw->pw_uid == 0)
		return 0;
	if (initgroups(name, pw->pw_gid) != 0 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0)
		return -1;
	return 0;
}

/* All arguments as one line of input. */
static int
run_words(struct ctl *ctl, char **words)
{
	char line[CTL_LINE] = "";
	size_t len = 0;

	for (; *words; words++) {
		size_t n = strlen(*words);

		if (len + n + 2 > sizeof line) {
			ctl_complain(ctl, "the command is too long");
			return CTL_FAILED;
		}
		memcpy(line + len, *words, n);
		len += n;
		line[len++] = ' ';
		line[len] = '\0';
	}
	return cmds_run_line(ctl, line);
}

static int
run_each(struct ctl *ctl, char **lines)
{
	int rc = CTL_OK;

	for (; *lines && rc == CTL_OK && !ctl->quit && !is_interrupted;
	     lines++)
		rc = cmds_run_line(ctl, *lines);
	return rc;
}

static int
run_prompt(struct ctl *ctl)
{
	struct line *l;
	char *text;
	int rc = CTL_OK;

	ctl->is_interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
	    isatty(STDERR_FILENO);
	l = line_open(ctl->program,
	    ctl->is_chronyc ? "chronyc> " : "tockctl> ", ctl->is_interactive);
	if (!l)
		return CTL_FAILED;
	if (ctl->is_interactive && ctl->is_chronyc)
		chronyc_banner();
	while (!ctl->quit && !is_interrupted) {
		text = line_read(l);
		if (!text) {
			if (ctl->is_interactive)
				putchar('\n');
			break;
		}
		rc = cmds_run_line(ctl, text);
	}
	line_close(l);
	return rc;
}

static int
run(struct ctl *ctl, const struct start *s, char **argv)
{
	if (ctl->format == FORMAT_JSON && !json_is_built) {
		ctl_complain(ctl, "this tockctl was built without JSON");
		return HEALTH_UNKNOWN;
	}
	if (become(s->user) != 0) {
		ctl_complain(ctl, "Could not become user %s", s->user);
		return EXIT_FAILURE;
	}
	ctl->hosts = s->hosts;
	if (s->hosts)
		conn_add_hosts(&ctl->conn, s->hosts, s->port, ctl->family);
	else
		conn_add_native(&ctl->conn);
	if (ctl->is_chronyc && conn_open(&ctl->conn) != 0) {
		ctl_complain(ctl, "Could not open connection to daemon");
		return EXIT_FAILURE;
	}
	if (s->prompt)
		return run_prompt(ctl);
	if (s->each)
		return run_each(ctl, argv + s->first);
	if (!argv[s->first])
		return cmd_status(ctl, &(struct args){ 0 });
	return run_words(ctl, argv + s->first);
}

int
main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "";
	struct ctl ctl = { .program = "tockctl" };
	struct start start = { .port = CMDMON_PORT };
	int rc;

	catch_signals();
	conn_init(&ctl.conn);
	if (strcmp(name, "chronyc") == 0) {
		ctl.is_chronyc = true;
		ctl.program = "chronyc";
		rc = chronyc_options(&ctl, &start, argc, argv);
	} else {
		rc = tockctl_options(&ctl, &start, argc, argv);
	}
	if (rc == FACE_GO_ON)
		rc = run(&ctl, &start, argv);
	conn_fini(&ctl.conn);
	if (fflush(stdout) != 0 && rc == EXIT_SUCCESS)
		rc = EXIT_FAILURE;
	return rc;
}
