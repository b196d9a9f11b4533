/* SPDX-License-Identifier: ISC
 *
 * Sending what changes the daemon. */
#ifndef CTL_CHANGE_H
#define CTL_CHANGE_H

#include "ctl/ctl.h"

/* Sends q and reports: chronyc always shows the daemon's word; tockctl is
 * silent when all is well and says what was done, "SUBJECT: done" where there
 * is a subject.  Returns an exit code. */
int change_send(struct ctl *, struct cmdmon_request *q, const char *subject,
    const char *done);

#endif
