/* SPDX-License-Identifier: ISC
 *
 * Whether a source has a claim to be heard at all, before the claims are held
 * against each other: options and authentication, what the server says of
 * itself, and how good its samples are. */
#ifndef DAEMON_ENGINE_STANDING_H
#define DAEMON_ENGINE_STANDING_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/os/os.h"

struct engine;
struct source;

/* Gives every source the options that hold for it: those of its line, and what
 * authselectmode adds, given who else there is. */
void standing_options(struct engine *);

/* Sets has_claim of every source, and of those without a claim the verdict
 * that says why. */
void standing_review(struct engine *, struct raw now);

/* Answers, as far as is known. */
bool standing_is_reachable(const struct source *);

/* Polls went unanswered for longer than maxunreach allows. */
bool standing_is_lost(const struct source *);

/* Just after the start, or after sleep: the sources that have not answered yet.
 * They may turn out to be the majority, and the first answer must not step the
 * clock alone.  Later none. */
struct standing_awaited {
	size_t trusted, all;
} standing_awaited(const struct engine *);

#endif
