/* SPDX-License-Identifier: ISC */
#include "ctl/ctl.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "ctl/print.h"

void
ctl_complain(const struct ctl *ctl, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	if (!ctl->is_chronyc)
		fprintf(stderr, "%s: ", ctl->program);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

#define REPLY_ODD (-EPROTO)

int
ctl_try(struct ctl *ctl, struct cmdmon_request *q, struct cmdmon_reply *r)
{
	const struct cmdmon_entry *entry;
	int rc = conn_ask(&ctl->conn, q, r);

	if (rc != 0)
		return rc;
	if (r->status != STT_SUCCESS && r->status != STT_ACCESSALLOWED &&
	    r->status != STT_ACCESSDENIED)
		return r->status;
	entry = cmdmon_entry(q->command);
	/* An older daemon has the older reply for whoever asks. */
	return r->code == entry->reply ||
		(entry->old_len != 0 && r->code == entry->old_reply)
	    ? 0 : REPLY_ODD;
}

/* A chronyc script reads these from stdout. */
static void
chronyc_failure(int rc)
{
	if (rc > 0)
		puts(print_status_text((unsigned)rc));
	else if (rc == REPLY_ODD)
		puts("508 Bad reply from daemon");
	else
		puts("506 Cannot talk to daemon");
}

static const char *
hint(const struct ctl *ctl, unsigned command, int status)
{
	switch (status) {
	case STT_UNAUTH:
		return conn_is_native(&ctl->conn)
		    ? "only root and the group tock may: try with sudo"
		    : "not over this socket: leave -h out, and try with sudo";
	case STT_INVALID:
		return cmdmon_entry(command)->access == ACCESS_CHANGE
		    ? "out of range, or this daemon has no such thing"
		    : "this daemon is older, or it is not tockd";
	case STT_FAILED:
		return command == CMD_MAKESTEP
		    ? "the clock refused: see tockctl guard"
		    : "the daemon's log says why";
	case STT_NOTENABLED:
		return "the configuration has no directive for it";
	case STT_NOSUCHSOURCE:
		return "tockctl sources -a shows them all";
	default:
		return NULL;
	}
}

static void
tockctl_failure(const struct ctl *ctl, unsigned command, int rc)
{
	/* Whoever asks how many there are wants to see them. */
	const char *name = command == CMD_N_SOURCES
	    ? "sources" : cmdmon_entry(command)->name;

	if (rc > 0) {
		const char *text = hint(ctl, command, rc);

		/* without the number that scripts look for */
		ctl_complain(ctl, "%s: %s%s%s", name,
		    print_status_text((unsigned)rc) + 4, text ? "; " : "",
		    text ? text : "");
	} else if (rc == -EINTR) {
		ctl_complain(ctl, "%s: interrupted", name);
	} else if (rc == REPLY_ODD) {
		ctl_complain(ctl, "%s: the daemon's reply makes no sense",
		    name);
	} else if (ctl->hosts) {
		ctl_complain(ctl, "no answer from %s", ctl->hosts);
	} else {
		ctl_complain(ctl, "no answer from tockd: is it running? "
		    "systemctl status tockd");
	}
}

int
ctl_ask(struct ctl *ctl, struct cmdmon_request *q, struct cmdmon_reply *r)
{
	int rc = ctl_try(ctl, q, r);

	if (rc == 0)
		return 0;
	if (ctl->is_chronyc)
		chronyc_failure(rc);
	else
		tockctl_failure(ctl, q->command, rc);
	return rc > 0 ? REPLY_ODD : rc;
}
