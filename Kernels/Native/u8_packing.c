// Constants in the order in which the 8-bit convolutions read them (rfkernels.h). Runs once at start.
#include "packing.h"
#include "rounding.h"
#pragma STDC FP_CONTRACT OFF

rf_u8_rule rf_u8_rule_of(const rf_shape *s, const rf_constants *c, int32_t o) {
  const float multiplier = rf_float_at(c->multiplier, o - c->first);
  const int32_t bias = rf_integer_at(c->bias, o - c->first);
  if (s->accumulator == RF_ACCUMULATOR_WIDE) return (rf_u8_rule){bias, multiplier, RF_MAGIC + (float)c->zero};
  const double addend = rf_is_leaky(s->slope) ? RF_MAGIC : (double)RF_MAGIC - (double)RF_MAGIC * (double)multiplier;
  return (rf_u8_rule){RF_MAGIC_BITS + bias, multiplier, (float)(addend + (double)c->zero)};
}

// The rules that precede the weights: start, multiplier and, for an output in u8, addend.
static int rules_of(const rf_shape *s) { return s->output_type == RF_U8 ? 3 : 2; }

// Returns the start of the weights.
static void *pack_rules(const rf_shape *s, const rf_constants *c, void *packed) {
  const int64_t channels = rf_padded(s->cout);
  int32_t *start = packed;
  float *multiplier = (float *)(start + channels), *addend = multiplier + channels;
  for (int32_t o = c->first, end = c->first + c->count; o < end; o++) {
    const rf_u8_rule rule = rf_u8_rule_of(s, c, o);
    start[o] = rule.start;
    multiplier[o] = rule.multiplier;
    if (rules_of(s) == 3) addend[o] = rule.addend;
  }
  return start + rules_of(s) * channels;
}

static int64_t groups_in_row(const rf_shape *s) { return ((int64_t)s->kernel_width * s->cin + 3) / 4; }

static void pack_weights(const rf_shape *s, const rf_constants *c, int8_t *weights) {
  const int64_t taps = (int64_t)s->kernel_width * s->cin, groups = groups_in_row(s);
  for (int32_t o = c->first, end = c->first + c->count; o < end; o++) {
    const int8_t *from = rf_u8_weights_of(s, c, o);
    for (int32_t ky = 0; ky < s->kernel_height; ky++, from += taps) {
      int8_t *row = weights + ((o / RF_PANEL * s->kernel_height + ky) * groups * RF_PANEL + o % RF_PANEL) * 4;
      for (int64_t k = 0; k < taps; k++) row[k / 4 * RF_PANEL * 4 + k % 4] = from[k];
    }
  }
}

uint64_t rf_u8_panels_bytes(const rf_shape *s) {
  return (uint64_t)rf_padded(s->cout) * (uint64_t)(4 * rules_of(s) + s->kernel_height * groups_in_row(s) * 4);
}

void rf_u8_pack_panels(const rf_shape *s, const rf_constants *c, void *packed) { pack_weights(s, c, pack_rules(s, c, packed)); }

uint64_t rf_u8_depthwise_bytes(const rf_shape *s) { return (uint64_t)rf_padded(s->cout) * (12 + 9); }

void rf_u8_pack_depthwise(const rf_shape *s, const rf_constants *c, void *packed) {
  int8_t *weights = pack_rules(s, c, packed);
  for (int32_t o = c->first; o < c->first + c->count; o++)
    for (int k = 0; k < 9; k++) weights[k * rf_padded(s->cout) + o] = rf_u8_depthwise_weight(c, o, k);
}

static int64_t winograd_groups(const rf_shape *s, int taps) { return (s->cin + taps - 1) / taps; }

static uint64_t winograd_bytes(const rf_shape *s, int taps) {
  return (uint64_t)rf_padded(s->cout) * (uint64_t)(12 + 2 * RF_WINOGRAD_POSITIONS * winograd_groups(s, taps) * taps);
}

uint64_t rf_u8_winograd_scratch(const rf_shape *s) {
  const uint64_t cin = ((uint64_t)s->cin + 31) / 32 * 32;
  return RF_WINOGRAD_TILES * RF_WINOGRAD_POSITIONS * (2 * cin + 4 * (uint64_t)rf_padded(s->cout));
}

// One row of the integers' G times three taps: at most 12 times the largest of them.
static int transformed(int row, int a, int b, int c) {
  switch (row) {
  case 0: return 6 * a;
  case 1: return 4 * (a + b + c);
  case 2: return 4 * (a - b + c);
  case 3: return a + 2 * b + 4 * c;
  case 4: return a - 2 * b + 4 * c;
  default: return 12 * c;
  }
}

static void pack_winograd(const rf_shape *s, const rf_constants *c, void *packed, int taps) {
  int16_t *weights = pack_rules(s, c, packed);
  const int64_t cin = s->cin, groups = winograd_groups(s, taps), position = groups * RF_PANEL * taps;
  for (int32_t o = c->first, end = c->first + c->count; o < end; o++) {
    const int8_t *from = rf_u8_weights_of(s, c, o);
    for (int64_t i = 0; i < cin; i++) {
      int16_t *column = weights + o / RF_PANEL * RF_WINOGRAD_POSITIONS * position + (i / taps * RF_PANEL + o % RF_PANEL) * taps + i % taps;
      for (int y = 0; y < 6; y++) {
        int row[3];
        for (int x = 0; x < 3; x++) row[x] = transformed(y, from[x * cin + i], from[(3 + x) * cin + i], from[(6 + x) * cin + i]);
        for (int x = 0; x < 6; x++) column[(y * 6 + x) * position] = (int16_t)transformed(x, row[0], row[1], row[2]);
      }
    }
  }
}

uint64_t rf_u8_winograd_bytes(const rf_shape *s) { return winograd_bytes(s, 1); }
uint64_t rf_u8_winograd_pair_bytes(const rf_shape *s) { return winograd_bytes(s, 2); }
void rf_u8_pack_winograd(const rf_shape *s, const rf_constants *c, void *packed) { pack_winograd(s, c, packed, 1); }
void rf_u8_pack_winograd_pairs(const rf_shape *s, const rf_constants *c, void *packed) { pack_winograd(s, c, packed, 2); }
