/* SPDX-License-Identifier: ISC */
#include "ctl/print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ctl/fields.h"

#define WIDER 14 /* characters that -w adds to a name */

const char *
print_status_text(unsigned status)
{
	static const char *const texts[] = {
		[STT_SUCCESS] = "200 OK",
		[STT_FAILED] = "500 Failure",
		[STT_UNAUTH] = "501 Not authorised",
		[STT_INVALID] = "502 Invalid command",
		[STT_NOSUCHSOURCE] = "503 No such source",
		[5] = "504 Duplicate or stale logon detected",
		[STT_NOTENABLED] = "505 Facility not enabled in daemon",
		[7] = "507 Bad subnet",
		[STT_ACCESSALLOWED] = "208 Access allowed",
		[STT_ACCESSDENIED] = "209 Access denied",
		[10] = "510 No command access from this host",
		[11] = "511 Source already present",
		[12] = "512 Too many sources present",
		[STT_NORTC] = "513 RTC driver not running",
		[14] = "514 Can't write RTC parameters",
		[15] = "519 Client logging is not active in the daemon",
		[16] = "516 Sample index out of range",
		[17] = "515 Invalid address family",
		[STT_BADVERSION] = "517 Protocol version mismatch",
		[STT_BADLENGTH] = "518 Packet length mismatch",
		[21] = "521 Invalid name",
	};

	if (status < sizeof texts / sizeof *texts && texts[status])
		return texts[status];
	return "520 Got unexpected error from daemon";
}

char
print_mode_char(unsigned mode)
{
	static const char chars[] = "^=#"; /* enum cmdmon_source_mode */

	if (mode >= sizeof chars - 1)
		return ' ';
	return chars[mode];
}

char
print_state_char(unsigned state)
{
	static const char chars[] = "*?x~+-"; /* enum cmdmon_source_state */

	if (state >= sizeof chars - 1)
		return ' ';
	return chars[state];
}

static void
rule(size_t n)
{
	while (n-- > 0)
		putchar('=');
	putchar('\n');
}

void
print_heading(const char *heading)
{
	puts(heading);
	rule(strlen(heading));
}

void
print_heading_wide(const char *names, const char *rest, bool is_wide)
{
	int extra = is_wide ? WIDER : 0;

	rule((size_t)printf("%s%*s%s\n", names, extra, "", rest) - 1);
}

int
print_name_width(bool is_wide)
{
	return 25 + (is_wide ? WIDER : 0);
}

void
print_tracking(const struct cmdmon_tracking *t, const char *name, bool csv)
{
	char date[FIELD_SIZE];

	if (csv) {
		printf("%08X,%s,%u,%s,%.9f,%.9f,%.9f,%.3f,%.3f,%.3f,%.9f,%.9f,"
		       "%.1f,%s\n",
		    t->refid, name, t->stratum,
		    field_seconds(date, t->ref_time), t->correction,
		    t->last_offset, t->rms_offset, t->freq_ppm, t->resid_ppm,
		    t->skew_ppm, t->root_delay, t->root_dispersion,
		    t->update_interval, field_leap(t->leap));
		return;
	}
	printf("Reference ID    : %08X (%s)\n", t->refid, name);
	printf("Stratum         : %u\n", t->stratum);
	printf("Ref time (UTC)  : %s\n", field_date(date, t->ref_time));
	printf("System time     : %.9f seconds %s of NTP time\n",
	    fabs(t->correction), t->correction > 0 ? "slow" : "fast");
	printf("Last offset     : %+.9f seconds\n", t->last_offset);
	printf("RMS offset      : %.9f seconds\n", t->rms_offset);
	printf("Frequency       : %.3f ppm %s\n", fabs(t->freq_ppm),
	    t->freq_ppm > 0 ? "fast" : "slow");
	printf("Residual freq   : %+.3f ppm\n", t->resid_ppm);
	printf("Skew            : %.3f ppm\n", t->skew_ppm);
	printf("Root delay      : %.9f seconds\n", t->root_delay);
	printf("Root dispersion : %.9f seconds\n", t->root_dispersion);
	printf("Update interval : %.1f seconds\n", t->update_interval);
	printf("Leap status     : %s\n", field_leap(t->leap));
}

void
print_sources_legend(void)
{
	puts("");
	puts("  M: what the source is   ^ server   = peer   # reference clock");
	puts("  S: what it is good for  * selected    + combined    - selectable");
	puts("                          x disagrees with the majority (falseticker)");
	puts("                          ~ too variable     ? unusable");
	puts("  Poll: log2 of the interval in seconds   Reach: last 8 polls, octal");
	puts("  LastRx: age of the last sample; Last sample: its offset with what was");
	puts("  corrected since, [as measured], +/- the largest error it may have.");
	puts("  An offset above zero: the local clock is fast of the source.");
}

void
print_sources_heading(bool is_wide)
{
	print_heading_wide("MS Name/IP address         ",
	    "Stratum Poll Reach LastRx Last sample               ", is_wide);
}

void
print_source(const struct cmdmon_source *s, const char *name, bool is_wide,
    bool csv)
{
	char ago[FIELD_SIZE], adjusted[FIELD_SIZE], measured[FIELD_SIZE],
	    margin[FIELD_SIZE];
	char mode = print_mode_char(s->mode), state = print_state_char(s->state);

	if (csv)
		printf("%c,%c,%s,%u,%d,%o,%u,%.9f,%.9f,%.9f\n", mode, state,
		    name, s->stratum, s->poll, s->reach, s->ago_s, s->adjusted,
		    s->measured, s->margin);
	else
		printf("%c%c %-*s  %2u  %2d   %3o  %s  %s[%s] +/- %s\n", mode,
		    state, print_name_width(is_wide) + 2, name, s->stratum,
		    s->poll, s->reach, field_interval(ago, s->ago_s),
		    field_signed_span(adjusted, s->adjusted),
		    field_signed_span(measured, s->measured),
		    field_span(margin, s->margin));
}

void
print_sourcestats_legend(void)
{
	puts("");
	puts("  NP: samples in use   NR: runs of residuals with the same sign");
	puts("  Span: time between first and last sample");
	puts("  Frequency, Freq Skew: of the local clock against the source and the");
	puts("  bound of its error, ppm   Offset: estimated; above zero the local");
	puts("  clock is fast   Std Dev: of the samples around the estimate");
}

void
print_sourcestats_heading(bool is_wide)
{
	print_heading_wide("Name/IP Address            ",
	    "NP  NR  Span  Frequency  Freq Skew  Offset  Std Dev", is_wide);
}

void
print_sourcestats(const struct cmdmon_sourcestats *s, const char *name,
    bool is_wide, bool csv)
{
	char span[FIELD_SIZE], freq[FIELD_SIZE], skew[FIELD_SIZE],
	    offset[FIELD_SIZE], dev[FIELD_SIZE];

	if (csv)
		printf("%s,%u,%u,%u,%.3f,%.3f,%.9f,%.9f\n", name, s->samples,
		    s->runs, s->span_s, s->resid_ppm, s->skew_ppm, s->offset,
		    s->std_dev);
	else
		printf("%-*s %3u %3u  %s %s %s  %s  %s\n",
		    print_name_width(is_wide), name, s->samples, s->runs,
		    field_interval(span, s->span_s),
		    field_signed_ppm(freq, s->resid_ppm),
		    field_ppm(skew, s->skew_ppm),
		    field_signed_span(offset, s->offset),
		    field_span(dev, s->std_dev));
}

void
print_activity(const struct cmdmon_activity *a, bool csv)
{
	const unsigned n[] = { a->online, a->offline, a->burst_online,
		a->burst_offline, a->unresolved };

	if (csv) {
		printf("%u,%u,%u,%u,%u\n", n[0], n[1], n[2], n[3], n[4]);
		return;
	}
	printf("%s\n", print_status_text(STT_SUCCESS));
	printf("%u sources online\n", n[0]);
	printf("%u sources offline\n", n[1]);
	printf("%u sources doing burst (return to online)\n", n[2]);
	printf("%u sources doing burst (return to offline)\n", n[3]);
	printf("%u sources with unknown address\n", n[4]);
}

void
print_waitsync(unsigned attempt, const struct cmdmon_tracking *t, bool csv)
{
	if (csv)
		printf("%u,%08X,%.9f,%.3f\n", attempt, t->refid,
		    fabs(t->correction), t->skew_ppm);
	else
		printf("try: %u, refid: %08X, correction: %.9f, skew: %.3f\n",
		    attempt, t->refid, fabs(t->correction), t->skew_ppm);
}
