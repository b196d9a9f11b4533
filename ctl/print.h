/* SPDX-License-Identifier: ISC
 *
 * chronyc's reports on stdout, to the character: a table or comma-separated
 * fields without header.  For numbers see common/cmdmon_report.h. */
#ifndef CTL_PRINT_H
#define CTL_PRINT_H

#include <stdbool.h>

#include "common/cmdmon.h"
#include "common/cmdmon_report.h"

/* The heading of a table and a line of '=' under it. */
void print_heading(const char *heading);

/* The same where the first column, names, may be wider, and how wide names are
 * at most. */
void print_heading_wide(const char *names, const char *rest, bool is_wide);
int print_name_width(bool is_wide);

void print_tracking(const struct cmdmon_tracking *, const char *name, bool csv);

/* is_wide makes the names' column 14 wider. */
void print_sources_heading(bool is_wide);
void print_source(const struct cmdmon_source *, const char *name, bool is_wide,
    bool csv);
void print_sources_legend(void);

void print_sourcestats_heading(bool is_wide);
void print_sourcestats(const struct cmdmon_sourcestats *, const char *name,
    bool is_wide, bool csv);
void print_sourcestats_legend(void);

void print_activity(const struct cmdmon_activity *, bool csv);

/* attempt counts from 1. */
void print_waitsync(unsigned attempt, const struct cmdmon_tracking *, bool csv);

/* One character for a source's mode (^ = #) and state (* ? x ~ + -). */
char print_mode_char(unsigned mode);
char print_state_char(unsigned state);

/* "200 OK" and the like, without a newline. */
const char *print_status_text(unsigned status);

#endif
