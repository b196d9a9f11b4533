/* SPDX-License-Identifier: ISC
 *
 * Sample histories (dumpdir): what is known of a source outlives the daemon and
 * is there at once after a restart with -r.  A file ADDRESS.dat is text in a
 * format of its own,
 *
 *	tock-dump 1 BOOT-ID
 *	epoch NS
 *	samples N		and N lines: RAW-NS OFFSET DELAY DISPERSION
 *	end
 *
 * from which an estimator of any kind learns what it knew.  It holds for this
 * boot alone: RAW begins anew with the next, and a frequency is what the drift
 * file is for.  It is removed when it was read.  Whether it
 * still holds (the machine may have slept) the source's first sample tells: if
 * that is impossible, everything is forgotten. */
#ifndef DAEMON_ENGINE_DUMP_H
#define DAEMON_ENGINE_DUMP_H

#include <stdbool.h>
#include <stddef.h>

struct engine;
struct source;

#define DUMP_MAX 16384 /* bytes of a file */

/* Writes what is known of every source.  Returns 0; -ENOENT where there is no
 * dumpdir, or the first error of a file, logged; the others are written. */
int dump_save(struct engine *);

/* With -r: what the file says of a source that was just given its address.  A
 * bad file changes nothing, and is removed as well. */
void dump_load(struct source *);

/* The text of one; 0 when there is nothing to say. */
size_t dump_write(const struct source *, char *text, size_t size);

/* Takes it over; false, and nothing changed, for anything that is no record of
 * this boot and time scale. */
bool dump_read(struct source *, const char *text, size_t len);

#endif
