/* SPDX-License-Identifier: ISC
 *
 * Between the files that make JSON; nobody else has jansson. */
#ifndef CTL_JSON_PACK_H
#define CTL_JSON_PACK_H

#include <jansson.h>
#include <stdint.h>

#include "common/tspec.h"

/* Prints o and gives it up.  Memory that ran out on the way leaves NULL here or
 * there; a truncated object would be a lie. */
void json_print(json_t *o);

/* Seconds since some event; null when it never was. */
json_t *json_ago(uint32_t s);

/* Text from the daemon that is no UTF-8 is null rather than wrong. */
json_t *json_text(const char *s);

/* RFC 3339; null for 0. */
json_t *json_instant(struct tspec t);

const char *json_leap(unsigned n);

#endif
