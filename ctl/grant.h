/* SPDX-License-Identifier: ISC
 *
 * Root's word that the next step is meant: a signal to the process that holds
 * the clock, which sees who sent it.  What passes through the engine cannot be
 * told from an engine that was taken over. */
#ifndef CTL_GRANT_H
#define CTL_GRANT_H

/* Signals the process whose number stands in the pid file path, if that file
 * is locked: without the lock it is a leftover, and the number may be
 * anybody's.  Returns 0, or -EPERM: not root; -ESRCH: nobody holds the file;
 * -errno. */
int grant_step(const char *path);

#endif
