/* SPDX-License-Identifier: ISC
 *
 * In place of json.c where jansson is missing; main() refuses --json. */
#include "ctl/json.h"

const bool json_is_built = false;

void
json_tracking(const struct cmdmon_tracking *t, const char *name)
{
	(void)t, (void)name;
}

void
json_sources(struct ctl *ctl, const struct cmdmon_source *list, size_t n)
{
	(void)ctl, (void)list, (void)n;
}

void
json_sourcestats(struct ctl *ctl, const struct cmdmon_sourcestats *list,
    size_t n)
{
	(void)ctl, (void)list, (void)n;
}

void
json_ntpdata(struct ctl *ctl, const struct cmdmon_ntpdata *list, size_t n)
{
	(void)ctl, (void)list, (void)n;
}

void
json_selectdata(struct ctl *ctl, const struct cmdmon_selectdata *list,
    size_t n)
{
	(void)ctl, (void)list, (void)n;
}

void
json_authdata(struct ctl *ctl, const struct table_auth *list, size_t n)
{
	(void)ctl, (void)list, (void)n;
}

void
json_activity(const struct cmdmon_activity *a)
{
	(void)a;
}

void
json_status(const struct status *s)
{
	(void)s;
}

void
json_guard(const struct cmdmon_guard *g)
{
	(void)g;
}

void
json_clients_begin(void)
{
}

void
json_client(struct ctl *ctl, const struct cmdmon_client *c, bool is_first)
{
	(void)ctl, (void)c, (void)is_first;
}

void
json_clients_end(void)
{
}

void
json_counts(const char *const *names, const uint64_t *counts, size_t n)
{
	(void)names, (void)counts, (void)n;
}
