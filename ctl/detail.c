/* SPDX-License-Identifier: ISC
 *
 * The reports about single sources that chrony keeps from UDP; report.c has the
 * others, and why the two faces differ. */
#include <stdlib.h>

#include "ctl/cmds.h"
#include "ctl/fetch.h"
#include "ctl/names.h"
#include "ctl/print_detail.h"
#include "ctl/table_detail.h"
#include "ctl/where.h"

/* What is in no list of chronyc's: reference clocks and, without -a, what has
 * no address yet. */
static bool
is_shown(const struct cmdmon_source *s, const struct args *args)
{
	return s->mode != MODE_REFCLOCK &&
	    (s->addr.family != ADDR_ID || args->all);
}

static int
fetch_ntpdata(struct ctl *ctl, const struct addr *a, struct cmdmon_ntpdata *n)
{
	struct cmdmon_request q = { .command = CMD_NTPDATA, .u.addr = *a };
	struct cmdmon_reply r;
	int rc = ctl_ask(ctl, &q, &r);

	if (rc == 0)
		*n = r.u.ntpdata;
	return rc;
}

static bool
has_packets(const struct cmdmon_source *s)
{
	return s->mode != MODE_REFCLOCK &&
	    (s->addr.family == ADDR_INET4 || s->addr.family == ADDR_INET6);
}

/* ntpdata of every source: printed as it comes (list NULL) or gathered. */
static int
each_ntpdata(struct ctl *ctl, uint32_t n, struct cmdmon_ntpdata *list,
    size_t *used)
{
	for (uint32_t i = 0; i < n; i++) {
		struct cmdmon_ntpdata data;
		struct cmdmon_source s;

		if (fetch_source(ctl, i, &s) != 0)
			return CTL_FAILED;
		if (!has_packets(&s))
			continue;
		if (fetch_ntpdata(ctl, &s.addr, &data) != 0)
			return CTL_FAILED;
		if (list) {
			list[(*used)++] = data;
			continue;
		}
		if (ctl->format == FORMAT_TEXT)
			putchar('\n');
		print_ntpdata(&data, ctl->format == FORMAT_CSV);
	}
	return CTL_OK;
}

static int
all_ntpdata(struct ctl *ctl)
{
	struct cmdmon_ntpdata *list;
	size_t used = 0;
	uint32_t n;
	int rc;

	if (fetch_count(ctl, &n) != 0)
		return CTL_FAILED;
	if (ctl->is_chronyc)
		return each_ntpdata(ctl, n, NULL, NULL);
	list = calloc(n + 1, sizeof *list);
	rc = list ? each_ntpdata(ctl, n, list, &used) : CTL_FAILED;
	if (rc == CTL_OK)
		table_ntpdata(ctl, list, used);
	free(list);
	return rc;
}

int
cmd_ntpdata(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_ntpdata data;
	char text[CTL_LINE];
	struct addr a;

	if (args->n == 0)
		return all_ntpdata(ctl);
	if (where_source(ctl, where_rest(args, 0, text), &a) != 0 ||
	    fetch_ntpdata(ctl, &a, &data) != 0)
		return CTL_FAILED;
	if (ctl->is_chronyc)
		print_ntpdata(&data, ctl->format == FORMAT_CSV);
	else
		table_ntpdata(ctl, &data, 1);
	return CTL_OK;
}

static int
each_selectdata(struct ctl *ctl, const struct args *args, uint32_t n,
    struct cmdmon_selectdata *list, size_t *used)
{
	char name[NAME_SIZE];

	for (uint32_t i = 0; i < n; i++) {
		struct cmdmon_request q = { .command = CMD_SELECTDATA,
			.u.index = i };
		struct cmdmon_reply r;

		if (ctl_ask(ctl, &q, &r) != 0)
			return CTL_FAILED;
		if (r.u.selectdata.addr.family == ADDR_ID && !args->all)
			continue;
		if (list) {
			list[(*used)++] = r.u.selectdata;
			continue;
		}
		name_of_ref(ctl, r.u.selectdata.refid, &r.u.selectdata.addr,
		    name);
		name_cut(ctl, name, args->wide);
		print_selectdata(&r.u.selectdata, name, args->wide,
		    ctl->format == FORMAT_CSV);
	}
	return CTL_OK;
}

int
cmd_selectdata(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_selectdata *list;
	size_t used = 0;
	uint32_t n;
	int rc;

	if (fetch_count(ctl, &n) != 0)
		return CTL_FAILED;
	if (ctl->is_chronyc) {
		if (ctl->format != FORMAT_CSV && args->verbose)
			print_selectdata_legend();
		if (ctl->format != FORMAT_CSV)
			print_selectdata_heading(args->wide);
		return each_selectdata(ctl, args, n, NULL, NULL);
	}
	list = calloc(n + 1, sizeof *list);
	rc = list ? each_selectdata(ctl, args, n, list, &used) : CTL_FAILED;
	if (rc == CTL_OK)
		table_selectdata(ctl, args, list, used);
	free(list);
	return rc;
}

static int
each_authdata(struct ctl *ctl, const struct args *args, uint32_t n,
    struct table_auth *list, size_t *used)
{
	char name[NAME_SIZE];

	for (uint32_t i = 0; i < n; i++) {
		struct cmdmon_request q = { .command = CMD_AUTHDATA };
		struct cmdmon_reply r;
		struct cmdmon_source s;

		if (fetch_source(ctl, i, &s) != 0)
			return CTL_FAILED;
		if (!is_shown(&s, args))
			continue;
		q.u.addr = s.addr;
		if (ctl_ask(ctl, &q, &r) != 0)
			return CTL_FAILED;
		if (list) {
			list[(*used)++] = (struct table_auth){ s.addr,
				r.u.authdata };
			continue;
		}
		name_of_source(ctl, &s, name);
		name_cut(ctl, name, args->wide);
		print_authdata(&r.u.authdata, name, args->wide,
		    ctl->format == FORMAT_CSV);
	}
	return CTL_OK;
}

int
cmd_authdata(struct ctl *ctl, const struct args *args)
{
	struct table_auth *list;
	size_t used = 0;
	uint32_t n;
	int rc;

	if (fetch_count(ctl, &n) != 0)
		return CTL_FAILED;
	if (ctl->is_chronyc) {
		if (ctl->format != FORMAT_CSV && args->verbose)
			print_authdata_legend();
		if (ctl->format != FORMAT_CSV)
			print_authdata_heading(args->wide);
		return each_authdata(ctl, args, n, NULL, NULL);
	}
	list = calloc(n + 1, sizeof *list);
	rc = list ? each_authdata(ctl, args, n, list, &used) : CTL_FAILED;
	if (rc == CTL_OK)
		table_authdata(ctl, args, list, used);
	free(list);
	return rc;
}
