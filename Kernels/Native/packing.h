// Holds the parts that all packing functions share. They run once at start, so simplicity counts more than speed.
#ifndef RF_PACKING_H
#define RF_PACKING_H
#include "rfkernels.h"

// Channels of whole panels.
static inline int64_t rf_padded(int64_t channels) { return (channels + RF_PANEL - 1) / RF_PANEL * RF_PANEL; }

// Weights of an output channel.
static inline int64_t rf_taps(const rf_shape *s) { return (int64_t)s->kernel_height * s->kernel_width * s->cin; }

static inline float rf_float_at(const void *values, int64_t index) {
  float value;
  __builtin_memcpy(&value, (const char *)values + 4 * index, sizeof value);
  return value;
}

static inline int32_t rf_integer_at(const void *values, int64_t index) {
  int32_t value;
  __builtin_memcpy(&value, (const char *)values + 4 * index, sizeof value);
  return value;
}

// The rounding rule's constants of channel `o` of the shape. A sum starts at `start`.
typedef struct {
  int32_t start;
  float multiplier, addend;
} rf_u8_rule;
rf_u8_rule rf_u8_rule_of(const rf_shape *shape, const rf_constants *constants, int32_t o);

// The weights of channel `o` of a convolution's shape.
static inline const int8_t *rf_u8_weights_of(const rf_shape *s, const rf_constants *c, int32_t o) {
  return (const int8_t *)c->weights + (o - c->first) * rf_taps(s);
}

// `start` for inputs q - 128: with 128 times `sum`, the sum of the channel's weights, modulo 2^32.
static inline int32_t rf_start_of_signed(int32_t start, int32_t sum) { return (int32_t)((uint32_t)start + 128 * (uint32_t)sum); }

// Weight `tap` of 9 of channel `o` of a depthwise shape.
static inline int8_t rf_u8_depthwise_weight(const rf_constants *c, int32_t o, int tap) {
  return ((const int8_t *)c->weights)[tap * (ptrdiff_t)c->count + o - c->first];
}
#endif
