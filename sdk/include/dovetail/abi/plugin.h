/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOVETAIL_ABI_PLUGIN_H
#define DOVETAIL_ABI_PLUGIN_H

#include "dovetail/abi/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The host as a plugin sees it. Lives as long as the instance that it was given to. */
typedef struct dvt_host {
  uint32_t struct_size;
  uint16_t abi_major;
  uint16_t abi_minor;
  void* host; /* the host's own; leave alone */
  /* The table of a host capability, e.g. "dovetail.http/1" (DVT_HTTP_ID); NULL when this host has none. The table is constant
   * and lives as long as the process. Any thread. */
  const void* (*get_capability)(const struct dvt_host* host, dvt_slice id)DVT_NOEXCEPT;
} dvt_host;

/* One connection's plugin object. The plugin's own type; the host only hands it back. */
typedef struct dvt_instance dvt_instance;

/* What an instance is made from. Slices are borrowed until create returns. */
typedef struct dvt_create_args {
  uint32_t struct_size;
  uint32_t reserved;
  dvt_slice config;   /* the connection's config, a JSON object that fits the manifest's schema; never holds a secret */
  dvt_slice settings; /* the manifest's "settings", a JSON object: what the provider's author wants configurable */
  dvt_slice base_url; /* the chosen base URL without a trailing slash */
} dvt_create_args;

/*
 * Who the plugin is. Static and constant: the host reads it, also in a throwaway process, before any instance is made.
 */
typedef struct dvt_plugin_descriptor {
  uint32_t struct_size;
  uint16_t abi_major; /* DVT_ABI_MAJOR the plugin was built with */
  uint16_t abi_minor; /* DVT_ABI_MINOR the plugin needs at least */
  dvt_slice key;      /* the provider key, equal to the manifest's */
  dvt_slice version;  /* the plugin's own version, semver */
  /* Makes an instance for one connection. `host` outlives it. Several instances may exist, on several threads; one instance is
   * used by one thread at a time. No HTTP happens here; the other host services may be used. On failure *out stays NULL. */
  dvt_code (*create)(const dvt_host* host, const dvt_create_args* args, const dvt_call* call,
                     dvt_instance** out) DVT_NOEXCEPT;
  /* Ends an instance; NULL is allowed. Uses no host service. */
  void (*destroy)(dvt_instance* instance) DVT_NOEXCEPT;
  /* The plugin's table for a capability, e.g. "dovetail.sync/1" (DVT_SYNC_ID), or NULL. Constant, lives as long as the process. */
  const void* (*get_capability)(dvt_slice id)DVT_NOEXCEPT;
} dvt_plugin_descriptor;

/*
 * The one symbol that a plugin exports, always with this name. `host_abi_major` and `host_abi_minor` are the host's, so that a plugin
 * can offer a descriptor that fits an older host. Returns a static descriptor; NULL when the plugin refuses this host.
 */
typedef const dvt_plugin_descriptor* (*dvt_plugin_query_fn)(uint32_t host_abi_major,
                                                            uint32_t host_abi_minor)DVT_NOEXCEPT;
#define DVT_PLUGIN_QUERY_SYMBOL "dvt_plugin_query"

#if defined(__GNUC__)
#define DVT_EXPORT __attribute__((visibility("default")))
#else
#define DVT_EXPORT
#endif

#ifdef __cplusplus
}
#endif

#endif
