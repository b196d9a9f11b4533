/* SPDX-License-Identifier: ISC
 *
 * Commands that no daemon hears of. */
#include <stdlib.h>
#include <string.h>

#include "ctl/cmds.h"

#define TIMEOUT_LEAST 100 /* ms */
#define RETRIES_MOST 30

int
cmd_dns(struct ctl *ctl, const struct args *args)
{
	const char *what = args->n > 0 ? args->word[0] : "";

	if (strcmp(what, "-46") == 0) {
		ctl->family = 0;
	} else if (strcmp(what, "-4") == 0) {
		ctl->family = 4;
	} else if (strcmp(what, "-6") == 0) {
		ctl->family = 6;
	} else if (strcmp(what, "-n") == 0) {
		ctl->has_reverse_names = false;
	} else if (strcmp(what, "+n") == 0) {
		ctl->has_reverse_names = true;
		ctl->has_config_names = false;
	} else {
		ctl_complain(ctl, "Unrecognized dns command");
		return CTL_FAILED;
	}
	return CTL_OK;
}

int
cmd_timeout(struct ctl *ctl, const struct args *args)
{
	int ms = args->n > 0 ? atoi(args->word[0]) : 0;

	if (ms < TIMEOUT_LEAST) {
		ctl_complain(ctl, "Timeout %d is too short", ms);
		return CTL_FAILED;
	}
	ctl->conn.timeout_ms = ms;
	return CTL_OK;
}

int
cmd_retries(struct ctl *ctl, const struct args *args)
{
	int n = args->n > 0 ? atoi(args->word[0]) : 0;

	if (n < 0 || n > RETRIES_MOST) {
		ctl_complain(ctl, "Invalid maximum number of retries");
		return CTL_FAILED;
	}
	ctl->conn.retries = n;
	return CTL_OK;
}

int
cmd_password(struct ctl *ctl, const struct args *args)
{
	(void)args;
	ctl_complain(ctl, "Authentication is no longer supported");
	return CTL_OK;
}

int
cmd_quit(struct ctl *ctl, const struct args *args)
{
	(void)args;
	ctl->quit = true;
	return CTL_OK;
}
