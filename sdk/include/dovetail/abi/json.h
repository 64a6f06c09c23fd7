/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOVETAIL_ABI_JSON_H
#define DOVETAIL_ABI_JSON_H

#include "dovetail/abi/base.h"
#include "dovetail/abi/http.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Host capability: looking at JSON, in a response's body or in bytes of the plugin's own, without a parser in the plugin. */
#define DVT_JSON_ID "dovetail.json/1"

enum {
  DVT_JSON_MISSING = 0, /* nothing stands at that pointer */
  DVT_JSON_NULL = 1,
  DVT_JSON_BOOL = 2,    /* integer is 0 or 1 */
  DVT_JSON_INTEGER = 3, /* integer; text as it is written */
  DVT_JSON_REAL = 4,    /* real; text as it is written; also integers that do not fit 64 bits with sign */
  DVT_JSON_STRING = 5,  /* text, unescaped */
  DVT_JSON_ARRAY = 6,   /* text: the array as it is written; integer: how many elements it has */
  DVT_JSON_OBJECT = 7   /* text: the object as it is written; integer: how many members it has */
};

/* One value. Frozen. */
typedef struct dvt_json_value {
  int32_t kind; /* DVT_JSON_* */
  uint32_t reserved;
  int64_t integer;
  double real;
  dvt_slice text;
} dvt_json_value;

/* Checked JSON. The plugin's until it releases it; at the latest the host releases it when the call returns. */
typedef struct dvt_json_document dvt_json_document;

/* Called for each element of an array, or member of an object (then `key` is its name, unescaped). values[i] stands at the i-th
 * pointer. Returns 0 to go on, else to stop. */
typedef int32_t (*dvt_json_visit)(void* context, uint64_t index, dvt_slice key, const dvt_json_value* values,
                                  uint64_t value_count) DVT_NOEXCEPT;

typedef struct dvt_json {
  uint32_t struct_size;
  uint32_t reserved;
  /* Reads `bytes` (copied). DVT_INVALID_ARGUMENT with place and reason when they are not JSON or too deep. */
  dvt_code (*parse)(const dvt_call* call, dvt_slice bytes, dvt_json_document** out) DVT_NOEXCEPT;
  /* The body of `response` as JSON; the document keeps the body alive. DVT_INVALID_ARGUMENT as above. */
  dvt_code (*of_response)(const dvt_call* call, const dvt_http_response* response,
                          dvt_json_document** out) DVT_NOEXCEPT;
  /* The value at a JSON pointer (RFC 6901; "" is the whole document). A missing value is success with DVT_JSON_MISSING. Texts
   * live until the document is released. Of equal names in one object the first counts. */
  dvt_code (*at)(const dvt_call* call, const dvt_json_document* document, dvt_slice pointer,
                 dvt_json_value* out) DVT_NOEXCEPT;
  /* Visits the array or object at `container` in one pass; `pointers` are relative to each element (at most 64; "" is the
   * element). The values live until `visit` returns. DVT_NOT_FOUND when nothing stands there, DVT_INVALID_ARGUMENT when it is a
   * scalar. `visit` may use host services, but may not release this document. */
  dvt_code (*for_each)(const dvt_call* call, const dvt_json_document* document, dvt_slice container,
                       const dvt_slice* pointers, uint64_t pointer_count, dvt_json_visit visit,
                       void* context) DVT_NOEXCEPT;
  /* NULL is allowed. */
  void (*release)(const dvt_call* call, dvt_json_document* document) DVT_NOEXCEPT;
} dvt_json;

#ifdef __cplusplus
}
#endif

#endif
