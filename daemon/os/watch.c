/* SPDX-License-Identifier: ISC */
#include "daemon/os/watch.h"

#include <stdlib.h>
#include <unistd.h>

void
watch_drop(struct watch_set *set, struct watch *w)
{
	watch_remove(set, w);
	close(w->fd);
	w->fd = -1;
	w->next_dropped = set->dropped;
	set->dropped = w;
}

void
watch_bury(struct watch_set *set)
{
	while (set->dropped != NULL) {
		struct watch *w = set->dropped;

		set->dropped = w->next_dropped;
		free(w);
	}
}
