/* SPDX-License-Identifier: ISC
 *
 * What operators may make the engine do.  Access was checked before; the log
 * says who asked. */
#ifndef DAEMON_CONTROL_ACTION_H
#define DAEMON_CONTROL_ACTION_H

#include <stdint.h>

#include "common/cmdmon.h"

struct engine;

/* Steps the clock by all that is left to correct.  STT_FAILED when the clock
 * is not ours to change, the guard refuses, or nothing is known to correct. */
enum cmdmon_status action_makestep(struct engine *, uint32_t uid);

/* From now on step in the next limit updates (< 0: always) if the error is
 * above threshold s, which must be finite.  STT_INVALID for a negative
 * threshold. */
enum cmdmon_status action_modify_makestep(struct engine *, uint32_t uid,
    int32_t limit, double threshold);

/* Reads the key file again.  STT_FAILED, with the old keys, when it cannot be
 * read or is not good; the log says why. */
enum cmdmon_status action_rekey(struct engine *, uint32_t uid);

#endif
