/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOVETAIL_ABI_DISCOVERY_H
#define DOVETAIL_ABI_DISCOVERY_H

#include "dovetail/abi/base.h"
#include "dovetail/abi/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Plugin capability: telling which fields an object has that only the account knows (a board's columns, custom fields). */
#define DVT_DISCOVERY_ID "dovetail.discovery/1"

enum {
  DVT_FIELD_NULLABLE = 1u,   /* a record may lack a value */
  DVT_FIELD_IDENTIFIER = 2u, /* part of what names the record at the provider */
  DVT_FIELD_READ_ONLY = 4u   /* the provider works it out; an action cannot set it */
};

/* What is asked. Slices are borrowed until discover returns. */
typedef struct dvt_discover_request {
  uint32_t struct_size;
  uint32_t flags;   /* 0 */
  dvt_slice object; /* the object's key in the manifest, one whose manifest says "discovery": true */
} dvt_discover_request;

/* One field. Slices are borrowed until field() returns. */
typedef struct dvt_field {
  uint32_t struct_size;
  uint32_t flags; /* DVT_FIELD_* */
  dvt_slice key;  /* the provider's own lasting name of the field, e.g. a column's id; 1 to 256 bytes */
  dvt_slice
      scope; /* which part of the account has the field, e.g. a board's id; "" = all of it. `scope` and `key` together name a field
                once. At most 256 bytes */
  dvt_slice
      source; /* where a mapping takes the value from: a JSON pointer in a record ("/x"), or a mapping source as a JSON object.
                 At most 4 KiB */
  dvt_slice label;         /* for people, as the account calls it; "" = the key speaks for itself. At most 1 KiB */
  dvt_slice type;          /* one of text, integer, real, boolean, timestamp, date, json */
  dvt_slice provider_type; /* the provider's own word for the type; "" = none. At most 256 bytes */
  dvt_slice options;       /* what values there are, where that is a closed list: a JSON array of at most 1000 objects
                  {"value": scalar, "label": text}, of which the label may be missing; "" = unknown. At most 64 KiB */
} dvt_field;

/* Where the fields go. The host's; valid until discover returns; from the calling thread only. What was told counts when discover
 * returns success, all of it or nothing. A function that is used against its comment fails, and then the call does too. */
typedef struct dvt_field_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* host; /* the host's own; leave alone */
  /* At most 10,000 times a call, 4 MiB together. */
  dvt_code (*field)(const dvt_call* call, const struct dvt_field_sink* sink, const dvt_field* field) DVT_NOEXCEPT;
} dvt_field_sink;

typedef struct dvt_discovery {
  uint32_t struct_size;
  uint32_t reserved;
  /* Tells every field that records of the object have for this connection, those of the manifest too if the provider lists them. May
   * send requests; dovetail.state/1 answers nothing here. Equal accounts give equal fields, in an order of the plugin's choice. */
  dvt_code (*discover)(dvt_instance* instance, const dvt_call* call, const dvt_discover_request* request,
                       const dvt_field_sink* sink) DVT_NOEXCEPT;
} dvt_discovery;

#ifdef __cplusplus
}
#endif

#endif
