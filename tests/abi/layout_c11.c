/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

/* The witness: a function that names every public type, so that a tool that compares two builds' debug information sees them all. */
typedef struct dvt_witness {
  dvt_slice slice;
  dvt_code code;
  dvt_error error;
  dvt_call call;
  dvt_http_header http_header;
  dvt_http_request http_request;
  dvt_http_response* http_response;
  dvt_http http;
  dvt_json_value json_value;
  dvt_json_document* json_document;
  dvt_json_visit json_visit;
  dvt_json json;
  dvt_log log;
  dvt_clock clock;
  dvt_state state;
  dvt_host host;
  dvt_instance* instance;
  dvt_create_args create_args;
  dvt_plugin_descriptor plugin_descriptor;
  dvt_plugin_query_fn plugin_query;
  dvt_read_request read_request;
  dvt_records records;
  dvt_page_end page_end;
  dvt_page_sink page_sink;
  dvt_report report;
  dvt_sync sync;
  dvt_discover_request discover_request;
  dvt_field field;
  dvt_field_sink field_sink;
  dvt_discovery discovery;
  dvt_action_request action_request;
  dvt_action_sink action_sink;
  dvt_action action;
} dvt_witness;

DVT_EXPORT const dvt_witness* dvt_abi_witness(const dvt_witness* witness);
const dvt_witness* dvt_abi_witness(const dvt_witness* witness) { return witness; }
