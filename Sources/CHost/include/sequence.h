// Numbered pieces of work: threads claim them in order and finish them in any order; one thread takes the results in order. There
// is a fixed number of slots, so that threads that are ahead wait.
#ifndef RF_SEQUENCE_H
#define RF_SEQUENCE_H
#include <stdint.h>

typedef struct rf_sequence rf_sequence;

// Returns NULL if memory is exhausted.
rf_sequence *_Nullable rf_sequence_new(int slots);

// Frees the sequence after all threads have ended.
void rf_sequence_free(rf_sequence *_Nullable sequence);

// For the threads that work: waits for a free slot and returns the number of the next piece, which uses slot number % slots. No
// other thread claims until rf_sequence_claimed, so the caller may read the next piece from a list in between. Returns -1 after
// the end or rf_sequence_close.
int64_t rf_sequence_claim(rf_sequence *_Nonnull sequence);

// Lets the others claim. has_work 0: there was no further piece, so the sequence ends before this number.
void rf_sequence_claimed(rf_sequence *_Nonnull sequence, int has_work);

// Makes a finished piece available to rf_sequence_take.
void rf_sequence_finish(rf_sequence *_Nonnull sequence, int64_t number);

enum { RF_SEQUENCE_WAITING = -1, RF_SEQUENCE_ENDED = -2 };

// For the thread that takes: waits up to 0.1 s for the oldest piece that was not taken and returns its number, or
// RF_SEQUENCE_WAITING; RF_SEQUENCE_ENDED after the last one.
int64_t rf_sequence_take(rf_sequence *_Nonnull sequence);

// Frees the slot of the piece that was taken last.
void rf_sequence_release(rf_sequence *_Nonnull sequence);

// Lets no thread claim further pieces.
void rf_sequence_close(rf_sequence *_Nonnull sequence);

// Returns 1 after rf_sequence_close: a claim that waits for a list must end.
int rf_sequence_is_closed(rf_sequence *_Nonnull sequence);
#endif
