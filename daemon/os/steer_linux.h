/* SPDX-License-Identifier: ISC
 *
 * Several UDP sockets that are bound to one port, each another process's: who
 * gets a datagram.  A client, that is an address, always meets the same one,
 * from whatever port it asks, so that what is known of clients need not be
 * shared. */
#ifndef DAEMON_OS_STEER_LINUX_H
#define DAEMON_OS_STEER_LINUX_H

#include <stdint.h>

/* Of the 1 + n sockets of a family that fd is one of, in the order in which
 * they were bound: requests of clients go to one of the n latter, by their
 * address and key, which is random; all else that the NTP modes stand for goes
 * to the first.  Returns 0, or -errno, and then the kernel spreads them by
 * address and port. */
int steer_clients(int fd, int is_v6, unsigned n, uint32_t key);

#endif
