/* SPDX-License-Identifier: ISC
 *
 * JSON on stdout, one object a call: "schema":1, spans in seconds as numbers,
 * instants as RFC 3339 strings, null for what is unknown.  The manual page
 * lists the members.  A build without the library has json_is_built false and
 * prints nothing. */
#ifndef CTL_JSON_H
#define CTL_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/ctl.h"
#include "ctl/status.h"
#include "ctl/table_detail.h"

extern const bool json_is_built;

void json_tracking(const struct cmdmon_tracking *, const char *name);
void json_sources(struct ctl *, const struct cmdmon_source *list, size_t n);
void json_sourcestats(struct ctl *, const struct cmdmon_sourcestats *list,
    size_t n);
void json_ntpdata(struct ctl *, const struct cmdmon_ntpdata *list, size_t n);
void json_selectdata(struct ctl *, const struct cmdmon_selectdata *list,
    size_t n);
void json_authdata(struct ctl *, const struct table_auth *list, size_t n);
void json_activity(const struct cmdmon_activity *);
void json_status(const struct status *);
void json_guard(const struct cmdmon_guard *);

/* The list of clients, one by one between begin and end; many numbers by name. */
void json_clients_begin(void);
void json_client(struct ctl *, const struct cmdmon_client *,
    bool is_first);
void json_clients_end(void);
void json_counts(const char *const *names, const uint64_t *counts, size_t n);

#endif
