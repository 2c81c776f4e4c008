// Hands the newest of three buffers, 0, 1 and 2, from one thread to another: the writer never waits, the reader gets the newest
// buffer and skips older ones. At the start buffer 0 is the writer's and buffer 2 the reader's.
#ifndef RF_EXCHANGE_H
#define RF_EXCHANGE_H

typedef struct rf_exchange rf_exchange;

// Returns NULL if memory is exhausted.
rf_exchange *_Nullable rf_exchange_new(void);

// Frees the exchange after the writer's thread has ended.
void rf_exchange_free(rf_exchange *_Nullable exchange);

// For the writer: makes its buffer the newest one and returns the buffer to write next.
int rf_exchange_put(rf_exchange *_Nonnull exchange, int fresh);

// For the writer: waits until the newest buffer is taken, or the exchange is closed.
void rf_exchange_wait_taken(rf_exchange *_Nonnull exchange);

// For the reader: gives back its buffer and waits up to 0.1 s for one that was not taken. Returns it, or -1: then the reader keeps
// its buffer.
int rf_exchange_take(rf_exchange *_Nonnull exchange, int used);

// For the reader: the writer is to end.
void rf_exchange_close(rf_exchange *_Nonnull exchange);
int rf_exchange_is_closed(rf_exchange *_Nonnull exchange);

// Buffers that were replaced before they were taken.
long long rf_exchange_dropped(rf_exchange *_Nonnull exchange);
#endif
