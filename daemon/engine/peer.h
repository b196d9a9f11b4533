/* SPDX-License-Identifier: ISC
 *
 * Sources that are peers: their client (client.h) asks as others do, but through
 * the server's sockets, with packets that tell the time; their packets come in
 * there, asked for or not (symmetric.h).
 *
 * What is not sure to be the peer's is dropped.  While nothing is, because one of
 * both has just started, a request is answered besides, as any client's would be
 * and without a thought of it remaining: so a peer gets its measurements, and we
 * get ours from such a peer, however many forged packets are in between. */
#ifndef DAEMON_ENGINE_PEER_H
#define DAEMON_ENGINE_PEER_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/engine/exchange.h"
#include "daemon/engine/symmetric.h"
#include "daemon/os/os.h"

struct client;
struct engine;
struct source;

/* Why there is no server's socket through which peers of that family, or of any
 * if it is none, are asked: "closed ...".  NULL: there is one. */
const char *peer_no_port(const struct engine *, unsigned family);

/* Says so of a peer if there is none. */
void peer_announce(const struct source *);

/* The peer that a datagram at the server's socket comes from, or NULL. */
struct client *peer_find(struct engine *, const struct dgram *);

/* It is the peer's, or says so.  Returns whether it is to be answered. */
bool peer_receive(struct client *, const struct dgram *);

/* A datagram that was sent to a peer left at stamp; data is its payload. */
void peer_sent(struct engine *, const unsigned char *data, size_t len,
    const struct stamp *);

/* Called by client.c: sends the peer a packet.  Returns 0 or -errno. */
int peer_ask(struct client *);

/* Called by client.c: whether silence after one more packet would mean anything:
 * the peer may send less often than we do. */
bool peer_is_awaited(const struct client *);

/* Called by client.c: whether a packet ends an exchange, and that it is the
 * peer's and does: the client's exchange is that one. */
enum exchange_match peer_match(const struct client *, const struct ntp_packet *,
    unsigned *which);
void peer_hear(struct client *, const struct ntp_packet *,
    enum exchange_match, unsigned which, const struct stamp *came);

/* Called by reply.c: what is known of our oscillator, by the source, which is
 * own and may be NULL, or by all; in *space. */
struct estimate *peer_belief(const struct source *, const struct estimate *own,
    struct estimate *space);

#endif
