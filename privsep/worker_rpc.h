/* SPDX-License-Identifier: ISC
 *
 * The engine's end of the edge to a worker. */
#ifndef PRIVSEP_WORKER_RPC_H
#define PRIVSEP_WORKER_RPC_H

#include "privsep/wire_worker.h"

/* Sends req, whose seq the caller has made different from the last one.  Returns
 * 0, or -EPIPE when the worker is gone or takes nothing. */
int worker_rpc_ask(int fd, const struct wrk_req *req);

/* Waits wait_ms for the answer to req (<= 0: it has to be there).  Returns 0 with
 * *rep filled, and then its log, counts and clients are in range; -ETIMEDOUT,
 * -EPIPE when the worker is gone, -EPROTO for an answer that no worker sends:
 * after any of these nothing that it says means anything. */
int worker_rpc_answer(int fd, const struct wrk_req *req, struct wrk_rep *rep,
    int wait_ms);

/* Waits wait_ms at most for the other end to be gone. */
void worker_rpc_await_end(int fd, int wait_ms);

#endif
