/* SPDX-License-Identifier: ISC
 *
 * What operators may make the engine do.  Access was checked before; each
 * change is logged with who asked, and what is not done with why.
 *
 * All return a status of the protocol: STT_NOSUCHSOURCE when no source is
 * meant, STT_INVALID for what is out of range or not built, STT_FAILED for what
 * was tried in vain, STT_NOTENABLED for a dump without dumpdir. */
#ifndef DAEMON_CONTROL_CHANGE_H
#define DAEMON_CONTROL_CHANGE_H

#include <stdint.h>

#include "common/cmdmon_codec.h"

struct engine;

/* Steps the clock by all that is left to correct.  STT_FAILED when the clock
 * is not ours to change, the guard refuses, or nothing is known to correct. */
enum cmdmon_status change_makestep(struct engine *, uint32_t uid);

/* From now on step in the next limit updates (< 0: always) if the error is
 * above threshold s, which must be finite.  STT_INVALID for a negative
 * threshold. */
enum cmdmon_status change_modify_makestep(struct engine *, uint32_t uid,
    int32_t limit, double threshold);

/* The changes of sources, by request->command. */
enum cmdmon_status change_range(struct engine *, uint32_t uid,
    const struct cmdmon_request *);
enum cmdmon_status change_setting(struct engine *, uint32_t uid,
    const struct cmdmon_request *);
enum cmdmon_status change_of_source(struct engine *, uint32_t uid,
    const struct cmdmon_request *);
enum cmdmon_status change_local(struct engine *, uint32_t uid,
    const struct cmdmon_request *);
enum cmdmon_status change_delete(struct engine *, uint32_t uid,
    const struct cmdmon_request *);

/* STT_INVALIDNAME: neither the name nor the address of a server;
 * STT_SOURCEKNOWN, STT_TOOMANYSOURCES; STT_BADFAMILY: of the other family than
 * the option ipv4 or ipv6. */
enum cmdmon_status change_add(struct engine *, uint32_t uid,
    const struct cmdmon_request *);

/* Changes without a subject, by request->command. */
enum cmdmon_status change_daemon(struct engine *, uint32_t uid,
    const struct cmdmon_request *);

/* Inside: logs "control: WHAT by WHO", with an error "... failed: REASON".
 * Returns the status of error, 0 or -errno as of daemon/engine/manage.h. */
enum cmdmon_status change_done(uint32_t uid, int error, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
