/* SPDX-License-Identifier: ISC
 *
 * The engine's state as the control protocol tells it.  The one place where
 * signs turn: inside, an offset > 0 means that the clock is behind and a
 * frequency > 0 speeds it up; the protocol counts how fast the clock is and how
 * fast the oscillator runs.  Only tracking's `correction` has the same sign on
 * both sides.  Sources are numbered in the order of the configuration.
 *
 * Each function reads the clocks once and changes nothing.  Those that return
 * bool say false, and leave *out alone, when there is no such source. */
#ifndef DAEMON_CONTROL_REPORT_H
#define DAEMON_CONTROL_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cmdmon_codec.h"

struct engine;
struct source;

/* A source by its number or address (ADDR_ID too), NULL when there is none;
 * interfaces do not travel, and are not compared. */
const struct source *report_nth(const struct engine *, uint32_t index);
const struct source *report_find(const struct engine *, const struct addr *);

/* Whole seconds that the protocol can carry: 0 for what is below or no number,
 * CMDMON_NEVER - 1 at most. */
uint32_t report_seconds(double s);

uint32_t report_n_sources(const struct engine *);
bool report_source(const struct engine *, uint32_t index,
    struct cmdmon_source *out);
bool report_sourcestats(const struct engine *, uint32_t index,
    struct cmdmon_sourcestats *out);

/* The name by which the source with this address is configured. */
bool report_source_name(const struct engine *, const struct addr *,
    char out[CMDMON_NAME_SIZE]);

void report_tracking(const struct engine *, struct cmdmon_tracking *out);
void report_activity(const struct engine *, struct cmdmon_activity *out);

/* A pool's places for addresses that its name does not have are not counted.
 * combined counts all whose samples make up the estimate, the selected one
 * among them; usable these and the ones that agree but are not needed. */
void report_status(const struct engine *, struct cmdmon_native_status *out);
void report_guard(const struct engine *, struct cmdmon_guard *out);

#endif
