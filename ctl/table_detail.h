/* SPDX-License-Identifier: ISC
 *
 * tockctl's reports about single sources, as in tables.h. */
#ifndef CTL_TABLE_DETAIL_H
#define CTL_TABLE_DETAIL_H

#include <stddef.h>

#include "ctl/ctl.h"

struct table_auth {
	struct addr addr;
	struct cmdmon_authdata data;
};

void table_ntpdata(struct ctl *, const struct cmdmon_ntpdata *list, size_t n);
void table_selectdata(struct ctl *, const struct args *,
    const struct cmdmon_selectdata *list, size_t n);
void table_authdata(struct ctl *, const struct args *,
    const struct table_auth *list, size_t n);

/* "selected", "missing samples", ... for chronyc's letters. */
const char *table_verdict(char state);

/* "md5", "aes128", ... for chrony's numbers; "" for 0, "?" for others. */
const char *table_key_type(unsigned type);

#endif
