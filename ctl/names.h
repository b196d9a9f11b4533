/* SPDX-License-Identifier: ISC
 *
 * What a source is called: by its reference ID, by the name in the
 * configuration, which the daemon knows, by DNS, or by its address. */
#ifndef CTL_NAMES_H
#define CTL_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "ctl/ctl.h"

#define NAME_SIZE 256

/* The name of addr as ctl's options want it; may ask DNS or the daemon. */
const char *name_of_addr(struct ctl *ctl, const struct addr *addr, char *buf);

/* The same, but the printable part of refid when addr is ADDR_NONE. */
const char *name_of_ref(struct ctl *ctl, uint32_t refid,
    const struct addr *addr, char *buf);

/* The same for a row of the list of sources. */
const char *name_of_source(struct ctl *ctl, const struct cmdmon_source *s,
    char *buf);

/* Cuts a name that chronyc's tables have no room for; only what DNS gave (or
 * was asked for) is cut. */
const char *name_cut(const struct ctl *ctl, char *name, bool is_wide);

/* Prints a name and fills its column, which begins at `from`; one that is wider
 * gets a line of its own, and what follows stands in its columns all the same. */
void name_print(const char *name, int from, int width);

#endif
