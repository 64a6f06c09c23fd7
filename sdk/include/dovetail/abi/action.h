/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOVETAIL_ABI_ACTION_H
#define DOVETAIL_ABI_ACTION_H

#include "dovetail/abi/base.h"
#include "dovetail/abi/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Plugin capability: doing something at the provider. Which actions there are, what they take and whether they are safe to repeat
 * stands in the manifest. */
#define DVT_ACTION_ID "dovetail.action/1"

enum {
  DVT_ACTION_REPEATED = 1u /* an earlier attempt with this idempotency key may have reached the provider */
};

/* What is to be done. All slices are borrowed until invoke returns. */
typedef struct dvt_action_request {
  uint32_t struct_size;
  uint32_t flags;   /* DVT_ACTION_*; a plugin ignores those it does not know */
  dvt_slice action; /* the action's key in the manifest */
  dvt_slice input;  /* a JSON object that fits the manifest's schema of the action; at most 256 KiB */
  dvt_slice
      idempotency_key; /* names what is wanted, the same on every attempt: 1 to 128 visible ASCII characters. Sent along where the
                          provider knows such keys */
} dvt_action_request;

/* Where the outcome goes. The host's; valid until invoke returns; from the calling thread only. A function that is used against its
 * comment fails, and then the call does too. */
typedef struct dvt_action_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* host; /* the host's own; leave alone */
  /* What came of the action, a JSON object of at most 64 KiB without secrets. Exactly once where invoke returns success. */
  dvt_code (*output)(const dvt_call* call, const struct dvt_action_sink* sink, dvt_slice json) DVT_NOEXCEPT;
} dvt_action_sink;

typedef struct dvt_action {
  uint32_t struct_size;
  uint32_t reserved;
  /* Does it and waits. An error whose code says that the provider refused (DVT_INVALID_ARGUMENT, DVT_PERMISSION_DENIED, ...) is
   * taken as proof that nothing was done; DVT_UNAVAILABLE, DVT_DEADLINE_EXCEEDED, DVT_UNKNOWN and the like say that nobody knows.
   * dovetail.state/1 answers nothing here. */
  dvt_code (*invoke)(dvt_instance* instance, const dvt_call* call, const dvt_action_request* request,
                     const dvt_action_sink* sink) DVT_NOEXCEPT;
} dvt_action;

#ifdef __cplusplus
}
#endif

#endif
