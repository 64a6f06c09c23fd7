/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOVETAIL_ABI_SERVICES_H
#define DOVETAIL_ABI_SERVICES_H

#include "dovetail/abi/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Host capability: log lines, which carry tenant, connection, object and job by themselves and pass the host's redaction. */
#define DVT_LOG_ID "dovetail.log/1"

enum { DVT_LOG_DEBUG = 0, DVT_LOG_INFO = 1, DVT_LOG_WARNING = 2, DVT_LOG_ERROR = 3 };

typedef struct dvt_log {
  uint32_t struct_size;
  uint32_t reserved;
  /* Messages are cut to 2048 bytes; past 1000 in one call they are only counted. */
  void (*write)(const dvt_call* call, int32_t level, dvt_slice message) DVT_NOEXCEPT;
} dvt_log;

/* Host capability: the time. A plugin asks no other clock, so that it can run in a simulation. */
#define DVT_CLOCK_ID "dovetail.clock/1"

typedef struct dvt_clock {
  uint32_t struct_size;
  uint32_t reserved;
  /* Microseconds since 1970-01-01T00:00:00Z; DVT_NO_TIME for a call that the host does not know. */
  int64_t (*now_us)(const dvt_call* call) DVT_NOEXCEPT;
} dvt_clock;

/* Host capability: what the plugin kept for this connection and object with earlier pages (ETags, for example). Written through
 * dvt_page_sink.set_state only, so that it is durable exactly when its page is. */
#define DVT_STATE_ID "dovetail.state/1"

typedef struct dvt_state {
  uint32_t struct_size;
  uint32_t reserved;
  /* The value kept under `key` (at most 1024 bytes); empty when there is none, and in a read with DVT_READ_FRESH. What this very
   * call gave to set_state is not seen yet. Lives until the call returns. */
  dvt_code (*get)(const dvt_call* call, dvt_slice key, dvt_slice* value) DVT_NOEXCEPT;
} dvt_state;

#ifdef __cplusplus
}
#endif

#endif
