/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of ABI 1 as it was published, for compilers of C11 and of C++20. A line here never changes; new members add lines. */
#ifndef DOVETAIL_TESTS_ABI_LAYOUT_H
#define DOVETAIL_TESTS_ABI_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "dovetail/abi/action.h"
#include "dovetail/abi/base.h"
#include "dovetail/abi/discovery.h"
#include "dovetail/abi/http.h"
#include "dovetail/abi/json.h"
#include "dovetail/abi/plugin.h"
#include "dovetail/abi/services.h"
#include "dovetail/abi/sync.h"

#ifdef __cplusplus
#define DVT_ASSERT(condition) static_assert(condition, #condition)
#else
#define DVT_ASSERT(condition) _Static_assert(condition, #condition)
#endif

#define DVT_SIZE(type, size) DVT_ASSERT(sizeof(type) == (size))
#define DVT_OFFSET(type, member, offset) DVT_ASSERT(offsetof(type, member) == (offset))
#define DVT_VALUE(name, value) DVT_ASSERT((name) == (value))

/* What all of it stands on. */
DVT_ASSERT(sizeof(void*) == 8 && sizeof(double) == 8);
DVT_VALUE(DVT_ABI_MAJOR, 1);
DVT_VALUE(DVT_ABI_MINOR, 0);
DVT_ASSERT(DVT_NO_TIME == INT64_MIN);

DVT_SIZE(dvt_slice, 16);
DVT_OFFSET(dvt_slice, data, 0);
DVT_OFFSET(dvt_slice, size, 8);

DVT_SIZE(dvt_code, 4);
DVT_VALUE(DVT_OK, 0);
DVT_VALUE(DVT_CANCELLED, 1);
DVT_VALUE(DVT_UNKNOWN, 2);
DVT_VALUE(DVT_INVALID_ARGUMENT, 3);
DVT_VALUE(DVT_DEADLINE_EXCEEDED, 4);
DVT_VALUE(DVT_NOT_FOUND, 5);
DVT_VALUE(DVT_ALREADY_EXISTS, 6);
DVT_VALUE(DVT_PERMISSION_DENIED, 7);
DVT_VALUE(DVT_RESOURCE_EXHAUSTED, 8);
DVT_VALUE(DVT_FAILED_PRECONDITION, 9);
DVT_VALUE(DVT_ABORTED, 10);
DVT_VALUE(DVT_OUT_OF_RANGE, 11);
DVT_VALUE(DVT_UNIMPLEMENTED, 12);
DVT_VALUE(DVT_INTERNAL, 13);
DVT_VALUE(DVT_UNAVAILABLE, 14);
DVT_VALUE(DVT_DATA_LOSS, 15);
DVT_VALUE(DVT_UNAUTHENTICATED, 16);
DVT_VALUE(DVT_RETRY_NEVER, 0);
DVT_VALUE(DVT_RETRY_TRANSIENT, 1);
DVT_VALUE(DVT_RETRY_RATE_LIMITED, 2);

DVT_SIZE(dvt_error, 64);
DVT_OFFSET(dvt_error, struct_size, 0);
DVT_OFFSET(dvt_error, retry_class, 4);
DVT_OFFSET(dvt_error, retry_after_ms, 8);
DVT_OFFSET(dvt_error, http_status, 16);
DVT_OFFSET(dvt_error, reserved, 20);
DVT_OFFSET(dvt_error, host, 24);
DVT_OFFSET(dvt_error, set_message, 32);
DVT_OFFSET(dvt_error, set_provider_request_id, 40);
DVT_OFFSET(dvt_error, message, 48);
DVT_OFFSET(dvt_error, provider_request_id, 56);

DVT_SIZE(dvt_call, 40);
DVT_OFFSET(dvt_call, struct_size, 0);
DVT_OFFSET(dvt_call, reserved, 4);
DVT_OFFSET(dvt_call, host, 8);
DVT_OFFSET(dvt_call, error, 16);
DVT_OFFSET(dvt_call, deadline_us, 24);
DVT_OFFSET(dvt_call, is_cancelled, 32);

DVT_SIZE(dvt_http_header, 32);
DVT_OFFSET(dvt_http_header, name, 0);
DVT_OFFSET(dvt_http_header, value, 16);
DVT_VALUE(DVT_HTTP_REPEATABLE, 1);

DVT_SIZE(dvt_http_request, 72);
DVT_OFFSET(dvt_http_request, struct_size, 0);
DVT_OFFSET(dvt_http_request, flags, 4);
DVT_OFFSET(dvt_http_request, method, 8);
DVT_OFFSET(dvt_http_request, url, 24);
DVT_OFFSET(dvt_http_request, headers, 40);
DVT_OFFSET(dvt_http_request, header_count, 48);
DVT_OFFSET(dvt_http_request, body, 56);

DVT_SIZE(dvt_http, 56);
DVT_OFFSET(dvt_http, struct_size, 0);
DVT_OFFSET(dvt_http, reserved, 4);
DVT_OFFSET(dvt_http, send, 8);
DVT_OFFSET(dvt_http, status, 16);
DVT_OFFSET(dvt_http, header, 24);
DVT_OFFSET(dvt_http, url, 32);
DVT_OFFSET(dvt_http, body, 40);
DVT_OFFSET(dvt_http, release, 48);

DVT_SIZE(dvt_json_value, 40);
DVT_OFFSET(dvt_json_value, kind, 0);
DVT_OFFSET(dvt_json_value, reserved, 4);
DVT_OFFSET(dvt_json_value, integer, 8);
DVT_OFFSET(dvt_json_value, real, 16);
DVT_OFFSET(dvt_json_value, text, 24);
DVT_VALUE(DVT_JSON_MISSING, 0);
DVT_VALUE(DVT_JSON_NULL, 1);
DVT_VALUE(DVT_JSON_BOOL, 2);
DVT_VALUE(DVT_JSON_INTEGER, 3);
DVT_VALUE(DVT_JSON_REAL, 4);
DVT_VALUE(DVT_JSON_STRING, 5);
DVT_VALUE(DVT_JSON_ARRAY, 6);
DVT_VALUE(DVT_JSON_OBJECT, 7);

DVT_SIZE(dvt_json, 48);
DVT_OFFSET(dvt_json, struct_size, 0);
DVT_OFFSET(dvt_json, reserved, 4);
DVT_OFFSET(dvt_json, parse, 8);
DVT_OFFSET(dvt_json, of_response, 16);
DVT_OFFSET(dvt_json, at, 24);
DVT_OFFSET(dvt_json, for_each, 32);
DVT_OFFSET(dvt_json, release, 40);

DVT_SIZE(dvt_log, 16);
DVT_OFFSET(dvt_log, struct_size, 0);
DVT_OFFSET(dvt_log, reserved, 4);
DVT_OFFSET(dvt_log, write, 8);
DVT_VALUE(DVT_LOG_DEBUG, 0);
DVT_VALUE(DVT_LOG_INFO, 1);
DVT_VALUE(DVT_LOG_WARNING, 2);
DVT_VALUE(DVT_LOG_ERROR, 3);

DVT_SIZE(dvt_clock, 16);
DVT_OFFSET(dvt_clock, struct_size, 0);
DVT_OFFSET(dvt_clock, reserved, 4);
DVT_OFFSET(dvt_clock, now_us, 8);

DVT_SIZE(dvt_state, 16);
DVT_OFFSET(dvt_state, struct_size, 0);
DVT_OFFSET(dvt_state, reserved, 4);
DVT_OFFSET(dvt_state, get, 8);

DVT_SIZE(dvt_host, 24);
DVT_OFFSET(dvt_host, struct_size, 0);
DVT_OFFSET(dvt_host, abi_major, 4);
DVT_OFFSET(dvt_host, abi_minor, 6);
DVT_OFFSET(dvt_host, host, 8);
DVT_OFFSET(dvt_host, get_capability, 16);

DVT_SIZE(dvt_create_args, 56);
DVT_OFFSET(dvt_create_args, struct_size, 0);
DVT_OFFSET(dvt_create_args, reserved, 4);
DVT_OFFSET(dvt_create_args, config, 8);
DVT_OFFSET(dvt_create_args, settings, 24);
DVT_OFFSET(dvt_create_args, base_url, 40);

DVT_SIZE(dvt_plugin_descriptor, 64);
DVT_OFFSET(dvt_plugin_descriptor, struct_size, 0);
DVT_OFFSET(dvt_plugin_descriptor, abi_major, 4);
DVT_OFFSET(dvt_plugin_descriptor, abi_minor, 6);
DVT_OFFSET(dvt_plugin_descriptor, key, 8);
DVT_OFFSET(dvt_plugin_descriptor, version, 24);
DVT_OFFSET(dvt_plugin_descriptor, create, 40);
DVT_OFFSET(dvt_plugin_descriptor, destroy, 48);
DVT_OFFSET(dvt_plugin_descriptor, get_capability, 56);

DVT_SIZE(dvt_read_request, 96);
DVT_OFFSET(dvt_read_request, struct_size, 0);
DVT_OFFSET(dvt_read_request, flags, 4);
DVT_OFFSET(dvt_read_request, object, 8);
DVT_OFFSET(dvt_read_request, cursor, 24);
DVT_OFFSET(dvt_read_request, since_us, 40);
DVT_OFFSET(dvt_read_request, filters, 48);
DVT_OFFSET(dvt_read_request, parents, 64);
DVT_OFFSET(dvt_read_request, fields, 80);
DVT_OFFSET(dvt_read_request, field_count, 88);
DVT_VALUE(DVT_READ_FULL, 1);
DVT_VALUE(DVT_READ_FRESH, 2);

DVT_SIZE(dvt_records, 80);
DVT_OFFSET(dvt_records, struct_size, 0);
DVT_OFFSET(dvt_records, flags, 4);
DVT_OFFSET(dvt_records, response, 8);
DVT_OFFSET(dvt_records, bytes, 16);
DVT_OFFSET(dvt_records, pointer, 32);
DVT_OFFSET(dvt_records, constants, 48);
DVT_OFFSET(dvt_records, page_key, 64);

DVT_SIZE(dvt_page_end, 32);
DVT_OFFSET(dvt_page_end, struct_size, 0);
DVT_OFFSET(dvt_page_end, exhausted, 4);
DVT_OFFSET(dvt_page_end, next_cursor, 8);
DVT_OFFSET(dvt_page_end, high_water_us, 24);

DVT_SIZE(dvt_page_sink, 48);
DVT_OFFSET(dvt_page_sink, struct_size, 0);
DVT_OFFSET(dvt_page_sink, reserved, 4);
DVT_OFFSET(dvt_page_sink, host, 8);
DVT_OFFSET(dvt_page_sink, records, 16);
DVT_OFFSET(dvt_page_sink, unchanged, 24);
DVT_OFFSET(dvt_page_sink, set_state, 32);
DVT_OFFSET(dvt_page_sink, finish, 40);

DVT_SIZE(dvt_sync, 24);
DVT_OFFSET(dvt_sync, struct_size, 0);
DVT_OFFSET(dvt_sync, reserved, 4);
DVT_OFFSET(dvt_sync, read_page, 8);
DVT_OFFSET(dvt_sync, test_connection, 16);

DVT_SIZE(dvt_discover_request, 24);
DVT_OFFSET(dvt_discover_request, struct_size, 0);
DVT_OFFSET(dvt_discover_request, flags, 4);
DVT_OFFSET(dvt_discover_request, object, 8);

DVT_SIZE(dvt_field, 120);
DVT_OFFSET(dvt_field, struct_size, 0);
DVT_OFFSET(dvt_field, flags, 4);
DVT_OFFSET(dvt_field, key, 8);
DVT_OFFSET(dvt_field, scope, 24);
DVT_OFFSET(dvt_field, source, 40);
DVT_OFFSET(dvt_field, label, 56);
DVT_OFFSET(dvt_field, type, 72);
DVT_OFFSET(dvt_field, provider_type, 88);
DVT_OFFSET(dvt_field, options, 104);
DVT_VALUE(DVT_FIELD_NULLABLE, 1);
DVT_VALUE(DVT_FIELD_IDENTIFIER, 2);
DVT_VALUE(DVT_FIELD_READ_ONLY, 4);

DVT_SIZE(dvt_field_sink, 24);
DVT_OFFSET(dvt_field_sink, struct_size, 0);
DVT_OFFSET(dvt_field_sink, reserved, 4);
DVT_OFFSET(dvt_field_sink, host, 8);
DVT_OFFSET(dvt_field_sink, field, 16);

DVT_SIZE(dvt_discovery, 16);
DVT_OFFSET(dvt_discovery, struct_size, 0);
DVT_OFFSET(dvt_discovery, reserved, 4);
DVT_OFFSET(dvt_discovery, discover, 8);

DVT_SIZE(dvt_action_request, 56);
DVT_OFFSET(dvt_action_request, struct_size, 0);
DVT_OFFSET(dvt_action_request, flags, 4);
DVT_OFFSET(dvt_action_request, action, 8);
DVT_OFFSET(dvt_action_request, input, 24);
DVT_OFFSET(dvt_action_request, idempotency_key, 40);
DVT_VALUE(DVT_ACTION_REPEATED, 1);

DVT_SIZE(dvt_action_sink, 24);
DVT_OFFSET(dvt_action_sink, struct_size, 0);
DVT_OFFSET(dvt_action_sink, reserved, 4);
DVT_OFFSET(dvt_action_sink, host, 8);
DVT_OFFSET(dvt_action_sink, output, 16);

DVT_SIZE(dvt_action, 16);
DVT_OFFSET(dvt_action, struct_size, 0);
DVT_OFFSET(dvt_action, reserved, 4);
DVT_OFFSET(dvt_action, invoke, 8);

#endif
