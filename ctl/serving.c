/* SPDX-License-Identifier: ISC
 *
 * Commands about the daemon as a server: who may ask it, who does, how often. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/subnet.h"
#include "conf/config.h"
#include "ctl/change.h"
#include "ctl/cmds.h"
#include "ctl/fields.h"
#include "ctl/json.h"
#include "ctl/names.h"
#include "ctl/print.h"
#include "ctl/where.h"

/* A subnet, or a host's address or name.  Bits that the address does not have
 * are chronyc's daemon's to refuse. */
static int
read_subnet(const struct ctl *ctl, const char *text, struct cmdmon_subnet *out)
{
	struct subnet s;
	int r = subnet_parse(&s, text);

	if (r == -ERANGE && ctl->is_chronyc) {
		*out = (struct cmdmon_subnet){ .bits = -1 };
		return 0;
	}
	if (r == -EINVAL) {
		r = where_lookup(ctl, text, &s.addr);
		s.bits = subnet_bits(&s.addr);
	}
	if (r == 0)
		*out = (struct cmdmon_subnet){ s.addr, s.bits };
	return r;
}

int
cmd_access(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_request q = { .command = args->command->request };
	bool is_whole = args->n > 0 && strcmp(args->word[0], "all") == 0;
	int i = is_whole;

	if (args->n > i + 1 || (args->n > i &&
	    read_subnet(ctl, args->word[i], &q.u.subnet) != 0))
		return cmds_misused(ctl, args, "Could not read address");
	q.command = (uint16_t)(q.command + is_whole);
	return change_send(ctl, &q, args->n > i ? args->word[i] : "everybody",
	    args->command->done);
}

int
cmd_access_check(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_request q = { .command = args->command->request };
	struct cmdmon_reply r;

	if (args->n == 0 || where_lookup(ctl, args->word[0], &q.u.addr) != 0)
		return cmds_misused(ctl, args, "Could not read address");
	if (ctl_ask(ctl, &q, &r) != 0)
		return CTL_FAILED;
	if (ctl->is_chronyc)
		puts(print_status_text(r.status));
	else
		printf("%s: %s\n", args->word[0],
		    r.status == STT_ACCESSALLOWED ? "allowed" : "denied");
	return CTL_OK;
}

/* "-" for CMDMON_NO_INTERVAL. */
static const char *
interval(char buf[FIELD_SIZE], int n)
{
	if (n == CMDMON_NO_INTERVAL)
		return "-";
	snprintf(buf, FIELD_SIZE, "%d", n);
	return buf;
}

static void
print_client(struct ctl *ctl, const struct cmdmon_client *c,
    enum cmdmon_service other)
{
	char name[NAME_SIZE], a[FIELD_SIZE], b[FIELD_SIZE], d[FIELD_SIZE],
	    last[FIELD_SIZE], other_last[FIELD_SIZE];

	name_of_addr(ctl, &c->addr, name);
	if (ctl->format == FORMAT_CSV) {
		printf("%s,%u,%u,%d,%d,%u,%u,%u,%d,%u\n", name,
		    c->hits[SERVICE_NTP], c->drops[SERVICE_NTP],
		    c->interval[SERVICE_NTP], c->interval_limited,
		    c->ago_s[SERVICE_NTP], c->hits[other], c->drops[other],
		    c->interval[other], c->ago_s[other]);
		return;
	}
	name_cut(ctl, name, false);
	printf("%-25s  %6u %6u %3s %3s  %s  %6u %6u %3s  %s\n", name,
	    c->hits[SERVICE_NTP], c->drops[SERVICE_NTP],
	    interval(a, c->interval[SERVICE_NTP]),
	    interval(b, c->interval_limited),
	    field_interval(last, c->ago_s[SERVICE_NTP]), c->hits[other],
	    c->drops[other], interval(d, c->interval[other]),
	    field_interval(other_last, c->ago_s[other]));
}

struct wish {
	struct cmdmon_clients_wanted want;
	enum cmdmon_service other; /* the second group of columns */
};

static int
read_wish(const struct args *args, struct wish *w)
{
	*w = (struct wish){ .want.most = CMDMON_CLIENTS,
		.other = SERVICE_COMMAND };
	for (int i = 0; i < args->n; i++) {
		if (strcmp(args->word[i], "-k") == 0)
			w->other = SERVICE_NTSKE;
		else if (strcmp(args->word[i], "-r") == 0)
			w->want.reset = 1;
		else if (strcmp(args->word[i], "-p") == 0 && i + 1 < args->n)
			w->want.least_hits =
			    (uint32_t)strtoul(args->word[++i], NULL, 10);
		else
			return -EINVAL;
	}
	return 0;
}

static void
print_clients(struct ctl *ctl, const struct cmdmon_clients *list,
    const struct wish *w, bool *is_first)
{
	for (unsigned i = 0; i < list->n; i++) {
		if (ctl->format == FORMAT_JSON)
			json_client(ctl, &list->list[i], *is_first);
		else
			print_client(ctl, &list->list[i], w->other);
		*is_first = false;
	}
}

int
cmd_clients(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_reply r;
	bool is_first = true;
	struct wish w;

	if (read_wish(args, &w) != 0)
		return cmds_misused(ctl, args, "Invalid syntax");
	if (ctl->format == FORMAT_JSON)
		json_clients_begin();
	else if (ctl->format == FORMAT_CSV && !ctl->is_chronyc)
		puts("name,ntp,ntp_dropped,ntp_interval,ntp_interval_limited,"
		     "ntp_ago,commands,commands_dropped,commands_interval,"
		     "commands_ago");
	else if (ctl->format == FORMAT_TEXT)
		printf("Hostname                      NTP   Drop Int IntL Last "
		       "%7s   Drop Int  Last\n%.79s\n",
		    w.other == SERVICE_NTSKE ? "NTS-KE" : "Cmd",
		    "======================================================="
		    "=========================");
	do {
		struct cmdmon_request q = { .command = CMD_CLIENTS,
			.u.clients = w.want };

		if (ctl_ask(ctl, &q, &r) != 0)
			return CTL_FAILED;
		print_clients(ctl, &r.u.clients, &w, &is_first);
		/* Whatever the daemon says, this ends. */
		if (r.u.clients.next <= w.want.first)
			break;
		w.want.first = r.u.clients.next;
	} while (r.u.clients.next < r.u.clients.size &&
	    r.u.clients.n == CMDMON_CLIENTS);
	if (ctl->format == FORMAT_JSON)
		json_clients_end();
	return CTL_OK;
}

/* In chronyc's order. */
static const struct {
	enum cmdmon_serverstat stat;
	const char *text, *name; /* for people, for CSV and JSON */
} rows[] = {
	{ STAT_NTP_HITS, "NTP packets received", "ntp" },
	{ STAT_NTP_DROPS, "NTP packets dropped", "ntp_dropped" },
	{ STAT_COMMAND_HITS, "Command packets received", "commands" },
	{ STAT_COMMAND_DROPS, "Command packets dropped", "commands_dropped" },
	{ STAT_LOG_DROPS, "Client log records dropped", "log_dropped" },
	{ STAT_NTSKE_HITS, "NTS-KE connections accepted", "ntske" },
	{ STAT_NTSKE_DROPS, "NTS-KE connections dropped", "ntske_dropped" },
	{ STAT_AUTHENTICATED, "Authenticated NTP packets", "authenticated" },
	{ STAT_INTERLEAVED, "Interleaved NTP packets", "interleaved" },
	{ STAT_STAMPS, "NTP timestamps held", "stamps_held" },
	{ STAT_STAMPS_SPAN, "NTP timestamp span", "stamps_span" },
	{ STAT_DAEMON_RX, "NTP daemon RX timestamps", "daemon_rx" },
	{ STAT_DAEMON_TX, "NTP daemon TX timestamps", "daemon_tx" },
	{ STAT_KERNEL_RX, "NTP kernel RX timestamps", "kernel_rx" },
	{ STAT_KERNEL_TX, "NTP kernel TX timestamps", "kernel_tx" },
	{ STAT_HARDWARE_RX, "NTP hardware RX timestamps", "hardware_rx" },
	{ STAT_HARDWARE_TX, "NTP hardware TX timestamps", "hardware_tx" },
	/* Ours, hence the last: */
	{ STAT_QUEUE_DROPS, "NTP packets lost in queues", "queue_dropped" },
};
#define N_ROWS (sizeof rows / sizeof *rows)

int
cmd_serverstats(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_request q = { .command = CMD_SERVERSTATS };
	struct cmdmon_reply r;
	const char *names[N_ROWS];
	uint64_t counts[N_ROWS];
	size_t n = N_ROWS;

	(void)args;
	if (ctl_ask(ctl, &q, &r) != 0)
		return CTL_FAILED;
	if (ctl->is_chronyc ||
	    r.u.serverstats.count[STAT_QUEUE_DROPS] == CMDMON_NO_COUNT)
		n--;
	for (size_t i = 0; i < n; i++) {
		names[i] = rows[i].name;
		counts[i] = r.u.serverstats.count[rows[i].stat];
		if (ctl->format == FORMAT_TEXT)
			printf("%-27s: %" PRIu64 "\n", rows[i].text,
			    counts[i]);
	}
	if (ctl->format == FORMAT_JSON)
		json_counts(names, counts, n);
	for (size_t i = 0; ctl->format == FORMAT_CSV && !ctl->is_chronyc &&
	     i < n; i++)
		printf("%s%s", names[i], i + 1 < n ? "," : "\n");
	for (size_t i = 0; ctl->format == FORMAT_CSV && i < n; i++)
		printf("%" PRIu64 "%s", counts[i], i + 1 < n ? "," : "\n");
	return CTL_OK;
}

/* The words are those of the directive, and so is the parser. */
static int
read_local(struct ctl *ctl, const struct args *args, struct cmdmon_local *out)
{
	struct config *c = malloc(sizeof *c);
	struct config_error e = { .text = "out of memory" };
	char line[CTL_LINE + 32], rest[CTL_LINE];
	const struct config_local *l;

	if (!c)
		return -ENOMEM;
	config_init(c);
	l = &c->local;
	snprintf(line, sizeof line, "local %s", where_rest(args, 0, rest));
	int r = config_line(c, "local", 0, line, &e);
	if (r == 0)
		*out = (struct cmdmon_local){
			.on = 1,
			.orphan = l->is_orphan,
			.stratum = l->stratum,
			.distance = l->distance,
			.activate = l->activate,
			.waitsynced = l->waitsynced,
			.waitunsynced = l->waitunsynced >= 0 ?
			    l->waitunsynced :
			    l->is_orphan ? CONFIG_ORPHAN_WAIT : 0,
		};
	else if (ctl->is_chronyc)
		ctl_complain(ctl, "Invalid syntax for local command");
	else
		ctl_complain(ctl, "local: %s%s%s", e.text, *e.hint ? "; " : "",
		    e.hint);
	config_fini(c);
	free(c);
	return r;
}

int
cmd_local(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_request q = { .command = CMD_LOCAL };
	bool is_off = args->n == 1 && strcmp(args->word[0], "off") == 0;

	if (!is_off && read_local(ctl, args, &q.u.local) != 0)
		return CTL_FAILED;
	return change_send(ctl, &q, "", is_off
	    ? "sources alone say what time it is" : args->command->done);
}
