/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOVETAIL_ABI_JSON_H
#define DOVETAIL_ABI_JSON_H

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
  DVT_JSON_INTEGER = 3, /* integer */
  DVT_JSON_REAL = 4,    /* real; also integers that do not fit 64 bits */
  DVT_JSON_STRING = 5,  /* text, unescaped */
  DVT_JSON_ARRAY = 6,   /* integer = number of elements */
  DVT_JSON_OBJECT = 7   /* integer = number of members */
};

typedef struct dvt_json_value {
  uint32_t struct_size;
  int32_t kind; /* DVT_JSON_* */
  int64_t integer;
  double real;
  dvt_slice text;
} dvt_json_value;

/* Parsed or parseable JSON. Owned by the plugin until released; at the latest the host releases it when the call returns. */
typedef struct dvt_json_document dvt_json_document;

/* Called for each element of an array; values[i] stands at the i-th pointer. Returns 0 to go on, else to stop. */
typedef int32_t (*dvt_json_visit)(void* context, uint64_t index, const dvt_json_value* values, uint64_t value_count);

typedef struct dvt_json {
  uint32_t struct_size;
  uint32_t reserved; /* 0 */
  /* Reads `bytes` (copied). DVT_INVALID_ARGUMENT with place and reason when they are not JSON or too deep. */
  dvt_code (*parse)(const dvt_call* call, dvt_slice bytes, dvt_json_document** out);
  /* The body of `response` as JSON; the document keeps the body alive. */
  dvt_code (*of_response)(const dvt_call* call, const dvt_http_response* response, dvt_json_document** out);
  /* The value at a JSON pointer (RFC 6901; "" is the whole document). A missing value is success with DVT_JSON_MISSING. Texts
   * live until the document is released. */
  dvt_code (*at)(const dvt_call* call, const dvt_json_document* document, dvt_slice pointer, dvt_json_value* out);
  /* Visits the array at `array_pointer` in one pass; `pointers` are relative to each element. The values live until `visit` returns. */
  dvt_code (*for_each)(const dvt_call* call, const dvt_json_document* document, dvt_slice array_pointer, const dvt_slice* pointers,
                       uint64_t pointer_count, dvt_json_visit visit, void* context);
  /* NULL is allowed. */
  void (*release)(dvt_json_document* document);
} dvt_json;

#ifdef __cplusplus
}
#endif

#endif
