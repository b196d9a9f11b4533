/* SPDX-License-Identifier: ISC */
#include "ctl/table_detail.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ctl/fields.h"
#include "ctl/json.h"
#include "ctl/names.h"
#include "ctl/print_detail.h"
#include "ctl/tables.h"

#define NAME_COLUMN 26
#define NAME_WIDE 44

const char *
table_verdict(char state)
{
	static const struct {
		char state;
		const char *text;
	} verdicts[] = {
		{ '*', "selected" }, { '+', "combined" },
		{ '-', "selectable" }, { 'N', "noselect" },
		{ 's', "unsynchronised" }, { 'M', "no samples" },
		{ 'd', "too distant" }, { 'D', "distant" },
		{ '~', "jittery" }, { 'w', "waits for others" },
		{ 'W', "too few agree" }, { 'S', "unreachable" },
		{ 'O', "orphan" }, { 'T', "not trusted" },
		{ 'x', "falseticker" }, { 'U', "waits for update" },
		{ 'P', "not preferred" }, { 'r', "stratum" },
	};

	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
		if (verdicts[i].state == state)
			return verdicts[i].text;
	return "unknown";
}

const char *
table_key_type(unsigned type)
{
	static const char *const types[] = { "", "md5", "sha1", "sha256",
		"sha384", "sha512", "sha3-224", "sha3-256", "sha3-384",
		"sha3-512", "tiger", "whirlpool", [13] = "aes128",
		[14] = "aes256", [15] = "aes-siv-cmac-256",
		[30] = "aes-128-gcm-siv" };

	return type < sizeof types / sizeof *types && types[type] ? types[type]
								  : "?";
}

/* "passed", or which of the tests did not: see tockctl(8). */
static const char *
tests_text(char *buf, unsigned flags)
{
	static const char *const names[] = { "loop", "devratio", "ratio",
		"delay", "7", "6", "5", "3", "2", "1" }; /* bits 0 to 9 */
	size_t len = 0;

	if ((flags & NTP_TESTS) == NTP_TESTS)
		return "passed";
	for (int i = 9; i >= 0; i--)
		if (!(flags >> i & 1))
			len += (size_t)sprintf(buf + len, " %s", names[i]);
	return buf;
}

static void
ntpdata_text(const struct cmdmon_ntpdata *n, const char *name)
{
	char a[FIELD_SIZE], b[FIELD_SIZE], c[FIELD_SIZE], d[FIELD_SIZE];
	char remote[ADDR_STRLEN], local[ADDR_STRLEN], refid[FIELD_SIZE];
	bool is_silent = n->mode == 0;

	printf("%s\n", name);
	printf("  address     %s port %u", addr_print(&n->remote, remote,
	    sizeof remote), n->port);
	if (n->local.family != ADDR_NONE)
		printf(", from %s", addr_print(&n->local, local,
		    sizeof local));
	printf("\n  packets     %u sent, %u received, %u valid, %u good\n",
	    n->total_tx, n->total_rx, n->total_valid, n->total_good);
	if (is_silent) {
		printf("  server      has not answered\n");
		return;
	}
	printf("  server      stratum %u, leap %s, version %u, %s, refid %08X",
	    n->stratum, field_leap(n->leap), n->version,
	    print_ntp_mode(n->mode), n->refid);
	if (n->stratum < 2)
		printf(" (%s)", field_refid(refid, n->refid));
	printf("\n              set %s UTC, precision %s, polls 2^%d s\n",
	    field_date(a, n->ref_time), human_span(b, ldexp(1, n->precision)),
	    n->poll);
	printf("  root        delay %s, dispersion %s\n",
	    human_span(a, n->root_delay), human_span(b, n->root_dispersion));
	printf("  last        clock %s %s, delay %s +/- %s, served in %s\n",
	    human_span(a, fabs(n->offset)), n->offset > 0 ? "behind" : "ahead",
	    human_span(b, n->delay), human_span(c, n->dispersion),
	    human_span(d, n->response));
	printf("  path        asymmetry of the jitter %+.2f\n", n->asymmetry);
	printf("  tests       %s%s\n", (n->flags & NTP_TESTS) == NTP_TESTS
	    ? "" : "failed:", tests_text(a, n->flags));
	printf("  mode        %s, %s\n",
	    n->flags & NTP_INTERLEAVED ? "interleaved" : "basic",
	    n->flags & NTP_AUTHENTICATED ? "authenticated"
					 : "not authenticated");
	printf("  time stamps %s when sent, %s when received\n",
	    print_stamp(n->tx_stamp), print_stamp(n->rx_stamp));
	printf("              kernel %u sent, %u received; hardware %u, %u\n",
	    n->kernel_tx, n->kernel_rx, n->hw_tx, n->hw_rx);
}

void
table_ntpdata(struct ctl *ctl, const struct cmdmon_ntpdata *list, size_t n)
{
	char name[NAME_SIZE];

	if (ctl->format == FORMAT_JSON) {
		json_ntpdata(ctl, list, n);
		return;
	}
	if (ctl->format == FORMAT_CSV)
		puts("address,refid_of_address,port,local,refid_of_local,leap,"
		     "version,mode,stratum,poll,poll_s,precision,precision_s,"
		     "root_delay,root_dispersion,refid,refid_text,ref_time,"
		     "offset,delay,dispersion,response,asymmetry,tests1,"
		     "tests2,tests3,interleaved,authenticated,tx_stamp,"
		     "rx_stamp,tx,rx,valid,good,kernel_tx,kernel_rx,hw_tx,"
		     "hw_rx");
	for (size_t i = 0; i < n; i++) {
		if (ctl->format == FORMAT_CSV) {
			print_ntpdata(&list[i], true);
			continue;
		}
		name_of_addr(ctl, &list[i].remote, name);
		ntpdata_text(&list[i], name);
	}
}

/* "NPTR": what is set; "-" for nothing. */
static const char *
options_text(char *buf, unsigned set)
{
	static const char letters[] = "NPTR"; /* enum cmdmon_option */
	size_t n = 0;

	for (unsigned i = 0; i < 4; i++)
		if (set >> i & 1)
			buf[n++] = letters[i];
	if (n == 0)
		buf[n++] = '-';
	buf[n] = '\0';
	return buf;
}

static void
selectdata_row(const struct args *args, const struct cmdmon_selectdata *s,
    const char *name, const struct table_unit *unit)
{
	char set[8], force[8];

	printf("%c ", s->state ? s->state : '?');
	name_print(name, 2, args->wide ? NAME_WIDE : NAME_COLUMN - 8);
	printf(" %-16s %-4s %4s",
	    table_verdict(s->state), options_text(set, s->options),
	    options_text(force, s->effective));
	printf(" %7.1f", s->score);
	if (s->low == 0 && s->high == 0)
		printf(" %10s %10s\n", "-", "-");
	else
		printf(" %+10.*f %+10.*f\n", unit->decimals,
		    s->low / unit->size, unit->decimals, s->high / unit->size);
}

void
table_selectdata(struct ctl *ctl, const struct args *args,
    const struct cmdmon_selectdata *list, size_t n)
{
	struct table_unit unit = table_unit(&list->high, n, sizeof *list);
	char name[NAME_SIZE], low[FIELD_SIZE], high[FIELD_SIZE];

	if (ctl->format == FORMAT_JSON) {
		json_selectdata(ctl, list, n);
		return;
	}
	if (ctl->format == FORMAT_CSV) {
		puts("state,name,authenticated,c1,c2,c3,c4,c5,e1,e2,e3,e4,e5,"
		     "last,score,low,high,leap");
	} else {
		if (args->verbose)
			puts("  opts: as configured, as in force: N noselect,"
			     " P prefer, T trust, R require\n  from, to: the"
			     " local clock's offset by this source; > 0: it is"
			     " ahead\n  too few agree: not as many as minsources"
			     " wants, or none with the option require\n"
			     "  waits for others: who has not answered yet may"
			     " outvote it\n");
		snprintf(low, sizeof low, "from/%s", unit.name);
		snprintf(high, sizeof high, "to/%s", unit.name);
		printf("  %-*s %-16s opts      %7s %10s %10s\n",
		    args->wide ? NAME_WIDE : NAME_COLUMN - 8, "source",
		    "verdict", "score", low, high);
	}
	for (size_t i = 0; i < n; i++) {
		name_of_ref(ctl, list[i].refid, &list[i].addr, name);
		if (ctl->format == FORMAT_CSV)
			print_selectdata(&list[i], name, false, true);
		else
			selectdata_row(args, &list[i], name, &unit);
	}
}

static void
authdata_row(const struct args *args, const struct cmdmon_authdata *a,
    const char *name)
{
	char ago[FIELD_SIZE];

	name_print(name, 0, args->wide ? NAME_WIDE : NAME_COLUMN);
	putchar(' ');
	switch (a->mode) {
	case CMDMON_NONE:
		printf("none\n");
		break;
	case CMDMON_SYMMETRIC:
		if (a->key_bits == 0) {
			printf("key %u, which there is not: not asked\n",
			    a->key);
			break;
		}
		printf("key %u, %s, %u bits\n", a->key,
		    table_key_type(a->type), a->key_bits);
		break;
	default:
		printf("%s, %s, %u bits, keys of %s ago, %u cookies of %u "
		       "bytes, %u tries, %u refused\n",
		    print_auth(a->mode), table_key_type(a->type), a->key_bits,
		    human_duration(ago, a->ago_s), a->cookies, a->cookie_len,
		    a->attempts, a->nak);
	}
}

void
table_authdata(struct ctl *ctl, const struct args *args,
    const struct table_auth *list, size_t n)
{
	char name[NAME_SIZE];

	if (ctl->format == FORMAT_JSON) {
		json_authdata(ctl, list, n);
		return;
	}
	if (ctl->format == FORMAT_CSV)
		puts("name,mode,key,type,key_bits,last,attempts,nak,cookies,"
		     "cookie_len");
	else
		printf("%-*s authenticated by\n",
		    args->wide ? NAME_WIDE : NAME_COLUMN, "source");
	for (size_t i = 0; i < n; i++) {
		name_of_addr(ctl, &list[i].addr, name);
		if (ctl->format == FORMAT_CSV)
			print_authdata(&list[i].data, name, false, true);
		else
			authdata_row(args, &list[i].data, name);
	}
}
