/* SPDX-License-Identifier: ISC
 *
 * Timestamps that the kernel takes when a packet passes (kernel document
 * networking/timestamping): of received ones as a control message, of sent ones
 * through the socket's error queue, together with the packet. */
#ifndef DAEMON_OS_TSTAMP_LINUX_H
#define DAEMON_OS_TSTAMP_LINUX_H

#include <stdbool.h>
#include <stddef.h>

struct net_batch;
struct net_info;
struct os_linux;
struct link;
struct cmsghdr;
struct pair;
struct stamp;

/* Asks for stamps of both directions, or of received packets alone where the
 * kernel has no more; on_demand: of sent ones only those that ask for it.
 * Returns whether there will be any. */
bool tstamp_enable(int fd, bool on_demand);

/* Fills the control message that asks for the stamp of a datagram about to be
 * sent.  Returns the room it takes. */
size_t tstamp_demand(struct cmsghdr *);

/* The kernel stamps packets only while some socket wants it, and begins a
 * little after it was asked: a socket made for one request would miss.  This
 * one is kept open for nothing else.  Descriptor, or -1. */
int tstamp_keep_on(void);

/* Sends a packet through that one to itself.  A request that goes right after
 * it finds the kernel's code in the caches and leaves soon after its stamp, as
 * soon as an answer from a busy server; else it takes more than a us longer on
 * its way than the answer, which nobody can tell from a wrong clock. */
void tstamp_rehearse(int fd);

/* Reads a control message into info if it is a timestamp. */
void tstamp_read(struct net_info *, const struct cmsghdr *);

/* Chooses between the kernel's stamp in info and now.  Of packets that waited long
 * the kernel's is right, too, as far as it was shown to be on our clock's scale,
 * in *good, and that has not been stepped since. */
struct stamp tstamp_choose(const struct net_info *info, const struct pair *now,
    struct pair *good);

/* Reads the error queue, which takes its room from the receive queue, and hands
 * stamps of sent datagrams to the engine.  Returns how many messages there
 * were. */
int tstamp_read_sent(struct os_linux *, struct link *);

/* The same for the one request that has just been sent, as far as its stamp is
 * there already: that spares a turn of the loop.  No batch may be disturbed. */
void tstamp_read_asked(struct os_linux *, struct link *);

/* The payload of the UDP datagram in a packet that begins with a link-layer
 * header of unknown length.  Returns its length with *payload set, or 0. */
size_t tstamp_payload(const unsigned char *packet, size_t len,
    const unsigned char **payload);

#endif
