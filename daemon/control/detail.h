/* SPDX-License-Identifier: ISC
 *
 * The engine's state as the control protocol tells it: single sources in
 * detail.  As in report.h, signs turn here, nothing is changed, and what
 * returns false has found no such source. */
#ifndef DAEMON_CONTROL_DETAIL_H
#define DAEMON_CONTROL_DETAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cmdmon_codec.h"

struct engine;

/* addr may be an ADDR_ID; interfaces are not compared. */
bool detail_ntpdata(const struct engine *, const struct addr *,
    struct cmdmon_ntpdata *out);
bool detail_authdata(const struct engine *, const struct addr *,
    struct cmdmon_authdata *out);

/* index counts as in report_source(). */
bool detail_selectdata(const struct engine *, uint32_t index,
    struct cmdmon_selectdata *out);

/* Selection options in the protocol's numbers and in the configuration's. */
unsigned detail_options(unsigned select);
unsigned detail_select(unsigned options);

#endif
