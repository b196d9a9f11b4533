/* SPDX-License-Identifier: ISC
 *
 * What operators ask and change about serving time. */
#ifndef DAEMON_CONTROL_SERVING_H
#define DAEMON_CONTROL_SERVING_H

#include <stdint.h>

#include "common/cmdmon_codec.h"

struct engine;

/* allow, deny, cmdallow, cmddeny, each with all or without, by
 * request->command.  STT_BADSUBNET; STT_FAILED to allow somebody where there is
 * no socket to serve at. */
enum cmdmon_status serving_change(struct engine *, uint32_t uid,
    const struct cmdmon_request *);

/* accheck, cmdaccheck: STT_ACCESSALLOWED or STT_ACCESSDENIED, as the table has
 * it; STT_BADSUBNET for what is no address. */
enum cmdmon_status serving_check(const struct engine *,
    const struct cmdmon_request *);

/* Of the engine and its workers together. */
void serving_stats(struct engine *, struct cmdmon_serverstats *);

/* The engine's log, and behind it those of the workers.  STT_INACTIVE without a
 * log of clients. */
enum cmdmon_status serving_clients(struct engine *,
    const struct cmdmon_clients_wanted *, struct cmdmon_clients *);

#endif
