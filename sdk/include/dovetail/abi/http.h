/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOVETAIL_ABI_HTTP_H
#define DOVETAIL_ABI_HTTP_H

#include "dovetail/abi/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Host capability: HTTP. The host adds credentials, required headers, User-Agent and X-Request-ID, keeps the rate limits,
 * retries, checks the address against the manifest, bounds what comes back and keeps the body. */
#define DVT_HTTP_ID "dovetail.http/1"

/* One header. Frozen. */
typedef struct dvt_http_header {
  dvt_slice name;
  dvt_slice value;
} dvt_http_header;

enum { DVT_HTTP_REPEATABLE = 1u /* safe to send twice although the method does not say so */ };

typedef struct dvt_http_request {
  uint32_t struct_size;
  uint32_t flags;   /* DVT_HTTP_* */
  dvt_slice method; /* "GET", ... */
  dvt_slice
      url; /* absolute, or beginning with '/' and then put behind the connection's base URL; already percent-encoded */
  const dvt_http_header* headers; /* NULL when header_count is 0 */
  uint64_t header_count;
  dvt_slice body;
} dvt_http_request;

/* An answer. The plugin's until it releases it; at the latest the host releases it when the call that got it returns. A handle
 * that the host does not know (released, of another call, made up) is refused, never followed. */
typedef struct dvt_http_response dvt_http_response;

typedef struct dvt_http {
  uint32_t struct_size;
  uint32_t reserved;
  /* Sends and waits. Success means that an answer came, whatever its status. Limits that the manifest describes, exhausted
   * retries, refused addresses and broken bodies are errors, which the plugin returns as they are. On failure *out is NULL. */
  dvt_code (*send)(const dvt_call* call, const dvt_http_request* request, dvt_http_response** out) DVT_NOEXCEPT;
  /* 100 to 599; 0 for a handle that the host does not know. */
  int32_t (*status)(const dvt_call* call, const dvt_http_response* response) DVT_NOEXCEPT;
  /* The first header of that name (case does not matter) in *value; 1 if there is one, else 0. Lives until release. */
  int32_t (*header)(const dvt_call* call, const dvt_http_response* response, dvt_slice name,
                    dvt_slice* value) DVT_NOEXCEPT;
  /* The address that answered, after redirects. Lives until release. */
  dvt_slice (*url)(const dvt_call* call, const dvt_http_response* response) DVT_NOEXCEPT;
  /* The body's bytes, until release. Across processes this costs a mapping: prefer dovetail.json/1 to look at single values. */
  dvt_code (*body)(const dvt_call* call, const dvt_http_response* response, dvt_slice* out) DVT_NOEXCEPT;
  /* NULL is allowed. A response that was given to the sink may be released: the host keeps what it needs. */
  void (*release)(const dvt_call* call, dvt_http_response* response) DVT_NOEXCEPT;
} dvt_http;

#ifdef __cplusplus
}
#endif

#endif
