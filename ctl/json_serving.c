/* SPDX-License-Identifier: ISC
 *
 * The reports about serving as JSON.  The list of clients may be long: it is
 * written as it comes. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/json.h"
#include "ctl/json_pack.h"
#include "ctl/names.h"

void
json_clients_begin(void)
{
	printf("{\"schema\": 1, \"clients\": [");
}

static json_t *
interval(int n)
{
	return n == CMDMON_NO_INTERVAL ? json_null() : json_integer(n);
}

static json_t *
service(const struct cmdmon_client *c, enum cmdmon_service k)
{
	return json_pack("{s:I s:I s:o s:o}", "requests",
	    (json_int_t)c->hits[k], "dropped", (json_int_t)c->drops[k],
	    "interval_log2", interval(c->interval[k]), "last_ago",
	    json_ago(c->ago_s[k]));
}

void
json_client(struct ctl *ctl, const struct cmdmon_client *c, bool is_first)
{
	char name[NAME_SIZE];

	printf("%s\n", is_first ? "" : ",");
	json_print(json_pack("{s:o s:o s:o}", "name",
	    json_text(name_of_addr(ctl, &c->addr, name)), "ntp",
	    service(c, SERVICE_NTP), "commands",
	    service(c, SERVICE_COMMAND)));
}

void
json_clients_end(void)
{
	puts("]}");
}

void
json_counts(const char *const *names, const uint64_t *counts, size_t n)
{
	json_t *o = json_pack("{s:i}", "schema", 1);

	for (size_t i = 0; i < n; i++)
		json_object_set_new(o, names[i],
		    json_integer((json_int_t)counts[i]));
	json_print(o);
}
