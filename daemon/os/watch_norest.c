/* SPDX-License-Identifier: ISC */
#include "daemon/os/watch_rest.h"

#include <errno.h>

int
rest_open(void)
{
	return -ENOSYS;
}

int
rest_add(int rest, struct watch *w, int fd, short events)
{
	(void)rest;
	(void)w;
	(void)fd;
	(void)events;
	return -ENOSYS;
}

void
rest_events(int rest, struct watch *w, short events)
{
	(void)rest;
	(void)w;
	(void)events;
}

void
rest_remove(int rest, struct watch *w)
{
	(void)rest;
	(void)w;
}

int
rest_turn(struct os_linux *o, int rest, int timeout)
{
	(void)o;
	(void)rest;
	(void)timeout;
	return -ENOSYS;
}

void
rest_ready(struct os_linux *o, struct watch *w, short revents)
{
	(void)o;
	(void)w;
	(void)revents;
}
