// Loads libmicrohttpd when a preview is requested: with its own dependencies it costs 3 MB and 5 ms per start, and most runs
// have no preview.
#ifndef RF_PREVIEW_LIBRARY_H
#define RF_PREVIEW_LIBRARY_H
#include <microhttpd.h>

#define RF_MHD_FUNCTIONS(f) \
  f(MHD_add_response_header) f(MHD_create_response_from_buffer) f(MHD_create_response_from_callback) f(MHD_destroy_response) \
    f(MHD_get_connection_info) f(MHD_get_connection_values) f(MHD_get_daemon_info) f(MHD_get_timeout) f(MHD_lookup_connection_value) \
      f(MHD_queue_response) f(MHD_resume_connection) f(MHD_run) f(MHD_start_daemon) f(MHD_stop_daemon) f(MHD_suspend_connection)

// The library's functions under their own names.
typedef struct {
#define f(name) typeof(name) *name;
  RF_MHD_FUNCTIONS(f)
#undef f
} rf_mhd;

// Returns NULL if the library is not installed. Loads it once and keeps it.
const rf_mhd *rf_mhd_load(void);
#endif
