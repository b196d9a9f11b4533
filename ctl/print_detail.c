/* SPDX-License-Identifier: ISC */
#include "ctl/print_detail.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ctl/fields.h"
#include "ctl/print.h"
#include "daemon/wire/refid.h"

#define LOOKS_LIKE_TEXT 2 /* refids of strata below are names, not addresses */

const char *
print_ntp_mode(unsigned mode)
{
	static const char *const names[] = { [1] = "Symmetric active",
		[2] = "Symmetric passive", [4] = "Server" };

	return mode < sizeof names / sizeof *names && names[mode] ? names[mode]
								  : "Invalid";
}

const char *
print_stamp(char source)
{
	return source == 'D' ? "Daemon"
	    : source == 'K'  ? "Kernel"
	    : source == 'H'  ? "Hardware"
			     : "Invalid";
}

const char *
print_auth(unsigned mode)
{
	static const char *const names[] = { "-", "SK", "NTS" };

	return mode < sizeof names / sizeof *names ? names[mode] : "?";
}

/* Bits high to low as digits. */
static const char *
bits(char *buf, unsigned flags, int high, int n)
{
	for (int i = 0; i < n; i++)
		buf[i] = flags >> (high - i) & 1 ? '1' : '0';
	buf[n] = '\0';
	return buf;
}

static const char *
yes(unsigned flag)
{
	return flag ? "Yes" : "No";
}

struct ntp_text {
	char remote[ADDR_STRLEN], local[ADDR_STRLEN];
	char refid[FIELD_SIZE], date[FIELD_SIZE];
	char tests[3][8];
};

static void
fill(struct ntp_text *t, const struct cmdmon_ntpdata *n, bool csv)
{
	addr_print(&n->remote, t->remote, sizeof t->remote);
	addr_print(&n->local, t->local, sizeof t->local);
	t->refid[0] = '\0';
	if (n->stratum < LOOKS_LIKE_TEXT)
		field_refid(t->refid, n->refid);
	(csv ? field_seconds : field_date)(t->date, n->ref_time);
	bits(t->tests[0], n->flags, 9, 3);
	bits(t->tests[1], n->flags, 6, 3);
	bits(t->tests[2], n->flags, 3, 4);
}

static void
ntpdata_csv(const struct cmdmon_ntpdata *n, const struct ntp_text *t)
{
	printf("%s,%08X,%u,%s,%08X,%s,%u,%s,%u,%d,%.0f,%d,%.9f,%.6f,%.6f,"
	    "%08X,%s,%s,",
	    t->remote, refid_of(&n->remote), n->port, t->local,
	    refid_of(&n->local), field_leap(n->leap), n->version,
	    print_ntp_mode(n->mode),
	    n->stratum, n->poll, ldexp(1, n->poll), n->precision,
	    ldexp(1, n->precision), n->root_delay, n->root_dispersion,
	    n->refid, t->refid, t->date);
	printf("%.9f,%.9f,%.9f,%.9f,%.2f,%s,%s,%s,%s,%s,%s,%s,"
	    "%u,%u,%u,%u,%u,%u,%u,%u\n",
	    n->offset, n->delay, n->dispersion, n->response, n->asymmetry,
	    t->tests[0], t->tests[1], t->tests[2],
	    yes(n->flags & NTP_INTERLEAVED), yes(n->flags & NTP_AUTHENTICATED),
	    print_stamp(n->tx_stamp), print_stamp(n->rx_stamp), n->total_tx,
	    n->total_rx, n->total_valid, n->total_good, n->kernel_tx,
	    n->kernel_rx, n->hw_tx, n->hw_rx);
}

static void
ntpdata_counts(const struct cmdmon_ntpdata *n)
{
	printf("Total TX        : %u\n", n->total_tx);
	printf("Total RX        : %u\n", n->total_rx);
	printf("Total valid RX  : %u\n", n->total_valid);
	printf("Total good RX   : %u\n", n->total_good);
	printf("Total kernel TX : %u\n", n->kernel_tx);
	printf("Total kernel RX : %u\n", n->kernel_rx);
	printf("Total HW TX     : %u\n", n->hw_tx);
	printf("Total HW RX     : %u\n", n->hw_rx);
}

static void
ntpdata_text(const struct cmdmon_ntpdata *n, const struct ntp_text *t)
{
	printf("Remote address  : %s (%08X)\n", t->remote,
	    refid_of(&n->remote));
	printf("Remote port     : %u\n", n->port);
	printf("Local address   : %s (%08X)\n", t->local, refid_of(&n->local));
	printf("Leap status     : %s\n", field_leap(n->leap));
	printf("Version         : %u\n", n->version);
	printf("Mode            : %s\n", print_ntp_mode(n->mode));
	printf("Stratum         : %u\n", n->stratum);
	printf("Poll interval   : %d (%.0f seconds)\n", n->poll,
	    ldexp(1, n->poll));
	printf("Precision       : %d (%.9f seconds)\n", n->precision,
	    ldexp(1, n->precision));
	printf("Root delay      : %.6f seconds\n", n->root_delay);
	printf("Root dispersion : %.6f seconds\n", n->root_dispersion);
	printf("Reference ID    : %08X (%s)\n", n->refid, t->refid);
	printf("Reference time  : %s\n", t->date);
	printf("Offset          : %+.9f seconds\n", n->offset);
	printf("Peer delay      : %.9f seconds\n", n->delay);
	printf("Peer dispersion : %.9f seconds\n", n->dispersion);
	printf("Response time   : %.9f seconds\n", n->response);
	printf("Jitter asymmetry: %+.2f\n", n->asymmetry);
	printf("NTP tests       : %s %s %s\n", t->tests[0], t->tests[1],
	    t->tests[2]);
	printf("Interleaved     : %s\n", yes(n->flags & NTP_INTERLEAVED));
	printf("Authenticated   : %s\n", yes(n->flags & NTP_AUTHENTICATED));
	printf("TX timestamping : %s\n", print_stamp(n->tx_stamp));
	printf("RX timestamping : %s\n", print_stamp(n->rx_stamp));
	ntpdata_counts(n);
}

void
print_ntpdata(const struct cmdmon_ntpdata *n, bool csv)
{
	struct ntp_text t;

	fill(&t, n, csv);
	if (csv)
		ntpdata_csv(n, &t);
	else
		ntpdata_text(n, &t);
}

void
print_selectdata_legend(void)
{
	puts("");
	puts("  S: * selected    + combined with it    and of the others, why not:");
	puts("     N noselect    s unsynchronised      M no samples yet");
	puts("     d, D distant  ~ too variable        S unreachable");
	puts("     O orphan      T not trusted         x falseticker");
	puts("     w, W waits for other sources        U waits for an update");
	puts("     P others are preferred              r stratum out of range");
	puts("  COpts, EOpts: options as configured, as in force: N noselect,");
	puts("  P prefer, T trust, R require   Interval: the clock's offset");
}

void
print_selectdata_heading(bool is_wide)
{
	print_heading_wide("S Name/IP Address        ",
	    "Auth COpts EOpts Last Score     Interval  Leap", is_wide);
}

/* "NPTR-" with a separator, or none. */
static const char *
options(char *buf, unsigned set, const char *separator)
{
	static const char letters[] = "NPTR"; /* enum cmdmon_option */
	char *p = buf;

	for (unsigned i = 0; i < 5; i++)
		p += sprintf(p, "%s%c", i > 0 ? separator : "",
		    i < 4 && set >> i & 1 ? letters[i] : '-');
	return buf;
}

static char
leap_char(unsigned leap)
{
	return "N+-?"[leap < 4 ? leap : 3];
}

void
print_selectdata(const struct cmdmon_selectdata *s, const char *name,
    bool is_wide, bool csv)
{
	char set[16], force[16], ago[FIELD_SIZE], low[FIELD_SIZE],
	    high[FIELD_SIZE];
	char auth = s->authenticated ? 'Y' : 'N';

	if (csv)
		printf("%c,%s,%c,%s,%s,%u,%.1f,%.9f,%.9f,%s\n", s->state,
		    name, auth, options(set, s->options, ","),
		    options(force, s->effective, ","), s->ago_s, s->score,
		    s->low, s->high, field_leap(s->leap));
	else
		printf("%c %-*s %c %s %s %s %5.1f %s %s  %c\n", s->state,
		    print_name_width(is_wide), name, auth,
		    options(set, s->options, ""),
		    options(force, s->effective, ""),
		    field_interval(ago, s->ago_s), s->score,
		    field_signed_span(low, s->low),
		    field_signed_span(high, s->high), leap_char(s->leap));
}

void
print_authdata_legend(void)
{
	puts("");
	puts("  Mode: - none, SK a shared key, NTS   KeyID, Type, KLen: of the key;");
	puts("  type as chrony numbers it, length in bits   Last: age of the keys");
	puts("  Atmp: tries of key establishment   NAK: refused requests");
	puts("  Cook, CLen: cookies that are left, their length in bytes");
}

void
print_authdata_heading(bool is_wide)
{
	print_heading_wide("Name/IP address             ",
	    "Mode KeyID Type KLen Last Atmp  NAK Cook CLen", is_wide);
}

void
print_authdata(const struct cmdmon_authdata *a, const char *name, bool is_wide,
    bool csv)
{
	char ago[FIELD_SIZE];

	if (csv)
		printf("%s,%s,%u,%u,%u,%u,%u,%u,%u,%u\n", name,
		    print_auth(a->mode), a->key, a->type, a->key_bits,
		    a->ago_s, a->attempts, a->nak, a->cookies, a->cookie_len);
	else
		printf("%-*s %4s %5u %4u %4u %s %4u %4u %4u %4u\n",
		    print_name_width(is_wide) + 2, name, print_auth(a->mode),
		    a->key, a->type, a->key_bits,
		    field_interval(ago, a->ago_s), a->attempts, a->nak,
		    a->cookies, a->cookie_len);
}
