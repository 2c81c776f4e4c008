// Constants in the order in which the float32 convolutions read them (rfkernels.h). Runs once at start.
#include "packing.h"
#pragma STDC FP_CONTRACT OFF

static float *pack_bias(const rf_shape *s, const rf_constants *c, void *packed) {
  float *bias = packed;
  for (int32_t o = 0; o < c->count; o++) bias[c->first + o] = rf_float_at(c->bias, o);
  return bias + rf_padded(s->cout);
}

uint64_t rf_f32_panels_bytes(const rf_shape *s) { return 4 * (uint64_t)rf_padded(s->cout) * (uint64_t)(1 + rf_taps(s)); }

void rf_f32_pack_panels(const rf_shape *s, const rf_constants *c, void *packed) {
  float *weights = pack_bias(s, c, packed);
  const int64_t taps = rf_taps(s);
  for (int32_t o = c->first, end = c->first + c->count; o < end; o++)
    for (int64_t k = 0; k < taps; k++)
      weights[(o / RF_PANEL * taps + k) * RF_PANEL + o % RF_PANEL] = rf_float_at(c->weights, (o - c->first) * taps + k);
}

uint64_t rf_f32_depthwise_bytes(const rf_shape *s) { return 4 * 10 * (uint64_t)s->cout; }

void rf_f32_pack_depthwise(const rf_shape *s, const rf_constants *c, void *packed) {
  float *bias = packed, *weights = bias + s->cout;
  for (int32_t o = 0; o < c->count; o++) {
    bias[c->first + o] = rf_float_at(c->bias, o);
    for (int64_t k = 0; k < 9; k++) weights[k * s->cout + c->first + o] = rf_float_at(c->weights, k * c->count + o);
  }
}

// Below this many channels on either side the transforms cost more than they save.
enum { LEAST_CHANNELS = 16 };

int rf_winograd_suits(const rf_shape *s) {
  return s->kernel_width == 3 && s->kernel_height == 3 && s->stride == 1 && s->cin >= LEAST_CHANNELS && s->cout >= LEAST_CHANNELS;
}

uint64_t rf_f32_winograd_bytes(const rf_shape *s) {
  return 4 * (uint64_t)rf_padded(s->cout) * (1 + RF_WINOGRAD_POSITIONS * (uint64_t)s->cin);
}

// The transformed inputs and products of RF_WINOGRAD_TILES tiles, and a bias of zeros.
uint64_t rf_f32_winograd_scratch(const rf_shape *s) {
  const uint64_t cout = (uint64_t)rf_padded(s->cout);
  return 4 * (RF_WINOGRAD_TILES * RF_WINOGRAD_POSITIONS * ((uint64_t)s->cin + cout) + (uint64_t)s->cout + RF_PANEL);
}

// One row of G times three taps.
static double transformed(int row, double a, double b, double c) {
  switch (row) {
  case 0: return a / 4;
  case 1: return (a + b + c) / -6;
  case 2: return (a - b + c) / -6;
  case 3: return (a + 2 * b + 4 * c) / 24;
  case 4: return (a - 2 * b + 4 * c) / 24;
  default: return c;
  }
}

// G g G^T of every pair of channels in double precision, rounded once.
void rf_f32_pack_winograd(const rf_shape *s, const rf_constants *c, void *packed) {
  float *weights = pack_bias(s, c, packed);
  const int64_t cin = s->cin, position_stride = rf_padded(s->cout) * cin;
  for (int32_t o = c->first, end = c->first + c->count; o < end; o++)
    for (int64_t i = 0; i < cin; i++) {
      float *column = weights + (o / RF_PANEL * cin + i) * RF_PANEL + o % RF_PANEL;
      double taps[9];
      for (int k = 0; k < 9; k++) taps[k] = rf_float_at(c->weights, ((o - c->first) * 9 + k) * cin + i);
      for (int y = 0; y < 6; y++) {
        double row[3];
        for (int x = 0; x < 3; x++) row[x] = transformed(y, taps[x], taps[3 + x], taps[6 + x]);
        for (int x = 0; x < 6; x++) column[(y * 6 + x) * position_stride] = (float)transformed(x, row[0], row[1], row[2]);
      }
    }
}
