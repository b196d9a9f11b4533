/* SPDX-License-Identifier: ISC
 *
 * Commands that change the daemon or the clock. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/paths.h"
#include "ctl/change.h"
#include "ctl/cmds.h"
#include "ctl/fetch.h"
#include "ctl/fields.h"
#include "ctl/grant.h"
#include "ctl/print.h"

int
change_send(struct ctl *ctl, struct cmdmon_request *q, const char *subject,
    const char *done)
{
	struct cmdmon_reply r;

	if (ctl_ask(ctl, q, &r) != 0)
		return CTL_FAILED;
	if (ctl->is_chronyc)
		puts(print_status_text(r.status));
	else
		printf("%s%s%s\n", subject, *subject ? ": " : "", done);
	return CTL_OK;
}

/* Nothing but the command. */
int
cmd_plain(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_request q = { .command = args->command->request };

	return change_send(ctl, &q, "", args->command->done);
}

/* `reload sources`, `reset sources`: there may be others one day. */
int
cmd_of_sources(struct ctl *ctl, const struct args *args)
{
	char text[64];

	if (args->n != 1 || strcmp(args->word[0], "sources") != 0) {
		snprintf(text, sizeof text, "Invalid syntax for %s command",
		    args->command->word);
		return cmds_misused(ctl, args, text);
	}
	return cmd_plain(ctl, args);
}

/* One number for the whole daemon. */
int
cmd_value(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_request q = { .command = args->command->request };
	const char *word = args->n > 0 ? args->word[0] : "";
	char *end;

	q.u.value = strtod(word, &end);
	if (end == word || (!ctl->is_chronyc && *end != '\0'))
		return cmds_misused(ctl, args, NULL);
	return change_send(ctl, &q, "", args->command->done);
}

static bool
is_confirmed(struct ctl *ctl)
{
	struct cmdmon_tracking t;
	char by[FIELD_SIZE], answer[16] = "";

	if (fetch_tracking(ctl, &t) != 0)
		return false;
	printf("Step the clock %s by %s now? [y/N] ",
	    t.correction > 0 ? "forward" : "back",
	    human_span(by, fabs(t.correction)));
	fflush(stdout);
	if (!fgets(answer, sizeof answer, stdin))
		putchar('\n');
	return answer[0] == 'y' || answer[0] == 'Y';
}

static int
step_now(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_request q = { .command = CMD_MAKESTEP };
	int rc;

	if (!args->yes && isatty(STDIN_FILENO) && !is_confirmed(ctl))
		return CTL_FAILED;
	if (ctl->conn.fd < 0)
		conn_open(&ctl->conn);
	if (conn_is_local(&ctl->conn)) {
		rc = grant_step(PATH_PID);
		if (rc != 0 && rc != -EPERM && rc != -ESRCH &&
		    !ctl->is_chronyc)
			ctl_complain(ctl, "makestep: no grant to the guard "
			    "(%s: %s)", PATH_PID, strerror(-rc));
	}
	return change_send(ctl, &q, "", "the clock was stepped");
}

/* chronyc does not look at what follows the second number. */
static bool
read_numbers(const struct ctl *ctl, const struct args *args, double *threshold,
    int32_t *limit)
{
	char *end;
	long n;

	*threshold = strtod(args->word[0], &end);
	if (end == args->word[0] || *end || !isfinite(*threshold))
		return false;
	n = strtol(args->word[1], &end, 10);
	if (end == args->word[1] || (*end && !ctl->is_chronyc) ||
	    n < INT32_MIN || n > INT32_MAX)
		return false;
	*limit = (int32_t)n;
	return true;
}

int
cmd_makestep(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_request q = { .command = CMD_MODIFY_MAKESTEP };

	if (args->n == 0)
		return step_now(ctl, args);
	if (args->n < 2 || !read_numbers(ctl, args, &q.u.makestep.threshold,
		&q.u.makestep.limit))
		return cmds_misused(ctl, args,
		    "Bad syntax for makestep command");
	return change_send(ctl, &q, "", "makestep was changed");
}
