/* Memory of a creation that may fail. Swift ends the program if memory is exhausted; in the library its allocator is this one
 * (Toolchains/lib.sh), which gives up the whole creation instead. */
#ifndef RF_GUARDED_MEMORY_H
#define RF_GUARDED_MEMORY_H
#include <stddef.h>
#include <stdint.h>

/* Runs create(context), which returns a status. If memory is exhausted meanwhile, leaves it where it is and returns
 * RETINAFACE_NO_MEMORY. Frees all memory that it took on this thread and still has if the status is negative or `keeps` is 0.
 *
 * `create` is left without a return of its functions: it must own nothing but memory, such as threads or files. */
int32_t rf_create_guarded(int32_t (*_Nonnull create)(void *_Nullable context), void *_Nullable context, int keeps);
#endif
