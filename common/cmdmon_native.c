/* SPDX-License-Identifier: ISC
 *
 * The bytes of our own reports; the put functions are their layout. */
#include "common/cmdmon_bytes.h"

#include "common/bytes.h"

void
cmdmon_put_status(unsigned char *p, const struct cmdmon_reply *r)
{
	const struct cmdmon_native_status *s = &r->u.status;

	put32(p, s->synced_for_s);
	put32(p + 4, s->updated_ago_s);
	put32(p + 8, s->next_poll_s);
	put32(p + 12, s->sources);
	put32(p + 16, s->usable);
	put32(p + 20, s->combined);
	put32(p + 24, s->falsetickers);
	put32(p + 28, s->unresolved);
	put32(p + 32, s->flags);
	cmdmon_put_float(p + 36, s->max_error);
	cmdmon_put_float(p + 40, s->skew_ppm);
}

void
cmdmon_get_status(struct cmdmon_reply *r, const unsigned char *p)
{
	r->u.status = (struct cmdmon_native_status){
		.synced_for_s = get32(p),
		.updated_ago_s = get32(p + 4),
		.next_poll_s = get32(p + 8),
		.sources = get32(p + 12),
		.usable = get32(p + 16),
		.combined = get32(p + 20),
		.falsetickers = get32(p + 24),
		.unresolved = get32(p + 28),
		.flags = get32(p + 32),
		.max_error = cmdmon_get_float(p + 36),
		.skew_ppm = cmdmon_get_float(p + 40),
	};
}

void
cmdmon_put_guard(unsigned char *p, const struct cmdmon_reply *r)
{
	const struct cmdmon_guard *g = &r->u.guard;

	put32(p, g->flags);
	put32(p + 4, g->window_s);
	put32(p + 8, g->window_left_s);
	put32(p + 12, (uint32_t)g->steps);
	put32(p + 16, g->steps_left);
	put32(p + 20, g->operator_steps);
	put32(p + 24, g->refused_range);
	put32(p + 28, g->refused_budget);
	put32(p + 32, g->refused_rate);
	put32(p + 36, g->refused_other);
	put64(p + 40, (uint64_t)g->notbefore_s);
	put64(p + 48, (uint64_t)g->notafter_s);
	cmdmon_put_float(p + 56, g->bucket);
	cmdmon_put_float(p + 60, g->budget);
	cmdmon_put_float(p + 64, g->refill_ppm);
	cmdmon_put_float(p + 68, g->max_base_ppm);
	cmdmon_put_float(p + 72, g->wanted);
}

void
cmdmon_get_guard(struct cmdmon_reply *r, const unsigned char *p)
{
	r->u.guard = (struct cmdmon_guard){
		.flags = get32(p),
		.window_s = get32(p + 4),
		.window_left_s = get32(p + 8),
		.steps = (int32_t)get32(p + 12),
		.steps_left = get32(p + 16),
		.operator_steps = get32(p + 20),
		.refused_range = get32(p + 24),
		.refused_budget = get32(p + 28),
		.refused_rate = get32(p + 32),
		.refused_other = get32(p + 36),
		.notbefore_s = (int64_t)get64(p + 40),
		.notafter_s = (int64_t)get64(p + 48),
		.bucket = cmdmon_get_float(p + 56),
		.budget = cmdmon_get_float(p + 60),
		.refill_ppm = cmdmon_get_float(p + 64),
		.max_base_ppm = cmdmon_get_float(p + 68),
		.wanted = cmdmon_get_float(p + 72),
	};
}
