/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOVETAIL_ABI_BASE_H
#define DOVETAIL_ABI_BASE_H

#include <stddef.h>
#include <stdint.h>

/* The function types below promise not to throw. In C++ a function that does not promise it cannot be put into a table. */
#ifdef __cplusplus
#define DVT_NOEXCEPT noexcept
extern "C" {
#else
#define DVT_NOEXCEPT
#endif

/*
 * The contract between the host and a plugin: C11, nothing but the C standard library.
 *
 * Rules that hold for every function and struct below:
 *  - The major number must be equal on both sides. A plugin names the smallest minor number it can live with; a host of a smaller
 *    one refuses it. What a newer side adds behind the end of an older side's struct is absent for the older one.
 *  - A struct begins with struct_size, which whoever fills the struct sets to its sizeof. Structs only grow at their end. A member
 *    counts only if it lies inside struct_size (DVT_HAS), and a function pointer only if it is not NULL. Three structs are frozen
 *    instead, because they travel by value or in arrays: dvt_slice, dvt_http_header, dvt_json_value.
 *  - Members called `reserved`, and flags that are not listed, are 0. A host answers an unknown flag with DVT_INVALID_ARGUMENT.
 *  - Nothing that one side allocated is freed by the other. Slices that go in are borrowed until the call returns. Slices that
 *    come out live as long as the object they came from, or the call, as each comment says. Handles have a release function and are
 *    known only inside the call that they were made in.
 *  - No function throws, longjmps or ends the process or the thread. It returns a dvt_code; 0 means success.
 *  - Texts are UTF-8 and are not NUL-terminated.
 *  - Host services are called on the thread of the dvt_call that they are given, before that call returns.
 */
#define DVT_ABI_MAJOR 1
#define DVT_ABI_MINOR 0

/* Whether `member` of the struct behind `pointer` was filled by its maker. */
#define DVT_HAS(pointer, type, member)                                                                                 \
  ((pointer)->struct_size >= offsetof(type, member) + sizeof(((const type*)0)->member))

/* An instant is microseconds since 1970-01-01T00:00:00Z, without leap seconds; this one means "none". */
#define DVT_NO_TIME INT64_MIN

/* Borrowed bytes. data may be NULL when size is 0. Frozen. */
typedef struct dvt_slice {
  const char* data;
  uint64_t size;
} dvt_slice;

/* The closed list of canonical codes, those of gRPC and Abseil. A code that is not in the list is read as DVT_UNKNOWN. */
typedef int32_t dvt_code;
enum {
  DVT_OK = 0,
  DVT_CANCELLED = 1,
  DVT_UNKNOWN = 2,
  DVT_INVALID_ARGUMENT = 3,
  DVT_DEADLINE_EXCEEDED = 4,
  DVT_NOT_FOUND = 5,
  DVT_ALREADY_EXISTS = 6,
  DVT_PERMISSION_DENIED = 7,
  DVT_RESOURCE_EXHAUSTED = 8,
  DVT_FAILED_PRECONDITION = 9,
  DVT_ABORTED = 10,
  DVT_OUT_OF_RANGE = 11,
  DVT_UNIMPLEMENTED = 12,
  DVT_INTERNAL = 13,
  DVT_UNAVAILABLE = 14,
  DVT_DATA_LOSS = 15,
  DVT_UNAUTHENTICATED = 16
};

/* Whether the same call can succeed later. */
enum {
  DVT_RETRY_NEVER = 0,
  DVT_RETRY_TRANSIENT = 1,   /* may pass by itself */
  DVT_RETRY_RATE_LIMITED = 2 /* wait for retry_after_ms */
};

/*
 * What went wrong in one call. The host owns it and passes it in, empty; who fails fills it: a host service that the plugin
 * called, or the plugin. A plugin that returns a host service's code as it is need not touch it; one that goes on after a failed
 * service leaves it as well: it counts only when the call itself fails. Used only by the thread of the call, until the call returns.
 */
typedef struct dvt_error {
  uint32_t struct_size;
  int32_t retry_class;    /* DVT_RETRY_*; a plain member, set it directly */
  int64_t retry_after_ms; /* 0 = unknown */
  int32_t http_status;    /* 0 = none */
  uint32_t reserved;
  void* host; /* the host's own; leave alone */
  /* Copies the text: for people, what failed, on what, what to do. Cut to 2048 bytes; no secrets. A later call replaces it. */
  void (*set_message)(struct dvt_error* error, dvt_slice message) DVT_NOEXCEPT;
  /* Copies the provider's id of the failed request. Cut to 128 bytes. */
  void (*set_provider_request_id)(struct dvt_error* error, dvt_slice id) DVT_NOEXCEPT;
  /* What is set now; lives until it is set anew or the call returns. With it a plugin can try something that may fail and go on. */
  dvt_slice (*message)(const struct dvt_error* error) DVT_NOEXCEPT;
  dvt_slice (*provider_request_id)(const struct dvt_error* error) DVT_NOEXCEPT;
} dvt_error;

/*
 * The frame of one call from the host into the plugin. The plugin hands it on to every host service it uses, so that the
 * service knows the connection, the deadline and whom to tell of errors. Valid on the calling thread until the call returns;
 * a service that is given a dvt_call of another thread, or one that is over, refuses.
 */
typedef struct dvt_call {
  uint32_t struct_size;
  uint32_t reserved;
  void* host;       /* the host's own; leave alone */
  dvt_error* error; /* never NULL */
  /* The instant of dovetail.clock/1 at which is_cancelled will answer yes; DVT_NO_TIME = none. */
  int64_t deadline_us;
  /* Non-zero once the call should end soon: it was cancelled or is past its deadline. Cheap. Host services fail from then on with
   * DVT_CANCELLED or DVT_DEADLINE_EXCEEDED, which the plugin returns. */
  int32_t (*is_cancelled)(const struct dvt_call* call) DVT_NOEXCEPT;
} dvt_call;

#ifdef __cplusplus
}
#endif

#endif
