/* SPDX-License-Identifier: ISC */
#include "daemon/control/action.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/log.h"
#include "daemon/engine/auth.h"
#include "daemon/engine/engine.h"

#define UID_TEXT 24

static const char *
print_uid(uint32_t uid, char buf[UID_TEXT])
{
	if (uid == UINT32_MAX)
		return "unknown uid";
	snprintf(buf, UID_TEXT, "uid %" PRIu32, uid);
	return buf;
}

static const char *
reason(int error)
{
	switch (error) {
	case -EPERM:
		return "this run may not change the clock";
	case -ENOSPC:
		return "refused by the guard";
	case -EAGAIN:
		return "no source has said what time it is";
	default:
		return "the clock failed";
	}
}

enum cmdmon_status
action_makestep(struct engine *e, uint32_t uid)
{
	char who[UID_TEXT];
	int error = discipline_makestep(e);

	if (error != 0) {
		log_warn("control: makestep for %s failed: %s",
		    print_uid(uid, who), reason(error));
		return STT_FAILED;
	}
	log_info("control: makestep done for %s", print_uid(uid, who));
	return STT_SUCCESS;
}

enum cmdmon_status
action_modify_makestep(struct engine *e, uint32_t uid, int32_t limit,
    double threshold)
{
	char who[UID_TEXT];

	if (threshold < 0)
		return STT_INVALID;
	if (limit < 0)
		limit = -1;
	discipline_modify_makestep(e, limit, threshold);
	log_info("control: makestep is now %g %" PRId32 ", set by %s",
	    threshold, limit, print_uid(uid, who));
	return STT_SUCCESS;
}

enum cmdmon_status
action_rekey(struct engine *e, uint32_t uid)
{
	char who[UID_TEXT];
	int error = auth_rekey(e);

	log_info("control: rekey %s for %s", error == 0 ? "done" : "failed",
	    print_uid(uid, who));
	return error == 0 ? STT_SUCCESS : STT_FAILED;
}
