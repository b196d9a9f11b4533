/* SPDX-License-Identifier: ISC
 *
 * One struct wrk_reference in memory that one process writes and others only
 * read, under a sequence lock: the number before the words is odd while they
 * are being written and different afterwards.  The writer waits for nobody; a
 * reader takes what it has read only if the number was even and stayed so.
 *
 * The memory is sealed: its size is fixed, and nobody who gets the descriptor
 * can map it for writing.  A reader that is taken over can tell others nothing
 * through it. */
#ifndef PRIVSEP_REFPAGE_H
#define PRIVSEP_REFPAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "privsep/wire_worker.h"

#define REFPAGE_WORDS (sizeof(struct wrk_reference) / sizeof(uint64_t))

struct refpage {
	_Atomic uint64_t number;
	_Atomic uint64_t words[REFPAGE_WORDS];
};

/* Makes the page, all zeros, mapped for us at *page.  Returns the descriptor,
 * close-on-exec, that others can map it from, or -errno (-EINVAL: Linux below
 * 5.1). */
int refpage_make(struct refpage **page);

/* Maps the page of a descriptor, which is not needed any more then.  Returns 0
 * or -errno; -EINVAL for what is no sealed page. */
int refpage_map(const struct refpage **page, int fd);

void refpage_write(struct refpage *, const struct wrk_reference *);

/* False: the writer was interrupted in the middle, or was too quick; t is as it
 * was then. */
bool refpage_read(const struct refpage *, struct wrk_reference *t);

#endif
