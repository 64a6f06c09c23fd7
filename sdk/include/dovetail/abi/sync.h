/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOVETAIL_ABI_SYNC_H
#define DOVETAIL_ABI_SYNC_H

#include "dovetail/abi/base.h"
#include "dovetail/abi/http.h"
#include "dovetail/abi/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Plugin capability: reading objects page by page. */
#define DVT_SYNC_ID "dovetail.sync/1"

enum {
  DVT_READ_FULL =
      1u, /* everything that exists is wanted: `since_us` is DVT_NO_TIME; the host will look for what is gone */
  DVT_READ_FRESH = 2u /* the past must not be trusted: dovetail.state/1 answers nothing, so every page is really read */
};

/* Which page is wanted. All slices are borrowed until read_page returns. */
typedef struct dvt_read_request {
  uint32_t struct_size;
  uint32_t flags;   /* DVT_READ_*; a plugin ignores those it does not know */
  dvt_slice object; /* the object's key in the manifest */
  dvt_slice cursor; /* empty for the first page, else what the page before gave to finish */
  int64_t since_us; /* changed at or after this instant, overlap included; DVT_NO_TIME = from the beginning */
  dvt_slice
      filters; /* a JSON object: pointer of a record's field -> array of the values that are wanted; "{}" when there are none. The
                        host leaves out what does not fit: a plugin that can ask for less saves requests */
  dvt_slice
      parents; /* a JSON array of the parent rows to read below: [{"external_id": "...", <the manifest's parent.fields>}, ...];
                        "[]" for an object without a parent. The same array for every page up to the exhausted one */
  const dvt_slice* fields; /* JSON pointers of the record's fields that the mapping asks for: a hint for the request */
  uint64_t field_count;
} dvt_read_request;

/* Some records of the page. Either `response` is set, or `bytes` (JSON that the plugin built). */
typedef struct dvt_records {
  uint32_t struct_size;
  uint32_t flags; /* 0 */
  const dvt_http_response* response;
  dvt_slice bytes;
  dvt_slice pointer; /* where the array of records, or the one record, stands */
  dvt_slice
      constants; /* a JSON object of at most 64 scalars that each record gets, mapped as "$page/<name>"; "" = none */
  dvt_slice
      page_key; /* names these records among the object's, the same on every pass (e.g. the request's path and query);
                          needed if unchanged() is ever to be told for them; "" = none. At most 1024 bytes */
} dvt_records;

/* How a page ended. */
typedef struct dvt_page_end {
  uint32_t struct_size;
  uint32_t exhausted; /* 1: nothing follows for these parents (or at all); 0: `next_cursor` leads on */
  dvt_slice
      next_cursor; /* the plugin's own JSON, at most 16 KiB; empty when exhausted, and not the cursor that this page had */
  int64_t
      high_water_us; /* the next delta of these parents may begin here; DVT_NO_TIME = unknown. The last one of a read counts */
} dvt_page_end;

/* Where a page goes. The host's; valid until read_page returns; from the calling thread only. Everything told here becomes
 * durable together, after read_page returned success, or not at all. A function that is used against its comment fails, and then
 * the page does too. */
typedef struct dvt_page_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* host; /* the host's own; leave alone */
  /* At most 256 times a page. */
  dvt_code (*records)(const dvt_call* call, const struct dvt_page_sink* sink, const dvt_records* records) DVT_NOEXCEPT;
  /* The records last told under this page_key still stand as they are (a 304). DVT_NOT_FOUND when the host knows none: read them
   * then; this one failure does not fail the page. */
  dvt_code (*unchanged)(const dvt_call* call, const struct dvt_page_sink* sink, dvt_slice page_key) DVT_NOEXCEPT;
  /* Keeps `value` (at most 16 KiB; empty removes) under `key` (1 to 1024 bytes) for dovetail.state/1. At most 1024 times a page. */
  dvt_code (*set_state)(const dvt_call* call, const struct dvt_page_sink* sink, dvt_slice key,
                        dvt_slice value) DVT_NOEXCEPT;
  /* Exactly once, last. */
  dvt_code (*finish)(const dvt_call* call, const struct dvt_page_sink* sink, const dvt_page_end* end) DVT_NOEXCEPT;
} dvt_page_sink;

/* Takes a JSON object of at most 16 KiB; a later one replaces it. */
typedef void (*dvt_report)(void* context, dvt_slice json) DVT_NOEXCEPT;

typedef struct dvt_sync {
  uint32_t struct_size;
  uint32_t reserved;
  /* Reads one page. May send several requests, but should end within seconds: the deadline of `call` counts. */
  dvt_code (*read_page)(dvt_instance* instance, const dvt_call* call, const dvt_read_request* request,
                        const dvt_page_sink* sink) DVT_NOEXCEPT;
  /* One minimal authenticated request (AUTH-5). Tells a JSON object of findings for people (user, scopes, expiry ...) through
   * `report`, also on failure where something is known. */
  dvt_code (*test_connection)(dvt_instance* instance, const dvt_call* call, dvt_report report,
                              void* context) DVT_NOEXCEPT;
} dvt_sync;

#ifdef __cplusplus
}
#endif

#endif
