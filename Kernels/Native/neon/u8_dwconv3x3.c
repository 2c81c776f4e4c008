// Depthwise 3x3 convolution in 8 bits for NEON: 16 channels, or several pixels of fewer, at once. Two taps share a sum of 16
// bits (2 * 127 * 128 < 2^15) before they are added to sums of 32.
#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF
#include "bytes.h"

enum { RF_VECTOR = 16, TAPS = 9 };

// A block's parameters, lane by lane.
typedef struct {
  int8x16_t weights[TAPS];
  int32x4_t start[QUARTERS]; // with 128 times the sum of the weights
  float32x4_t multiplier[QUARTERS], addend[QUARTERS];
} dw_block;

// A row of outputs. Steps in bytes.
typedef struct {
  const uint8_t *input[3];
  uint8_t *output;
  ptrdiff_t input_step, output_step; // from a vector's taps or results to the next one's
  ptrdiff_t channels;                // from a tap to the next one
  ptrdiff_t row_bytes;               // from the first result to the row's end
  float slope;
} dw_row;

// A column of taps, one of each row.
typedef struct {
  int8x16_t row[3];
} column;

INLINED column column_at(const dw_row *r, ptrdiff_t at) {
  column taps;
  UNROLLED for (int ky = 0; ky < 3; ky++) taps.row[ky] = signed_bytes(vld1q_u8(r->input[ky] + at));
  return taps;
}

INLINED void add_pair(int32x4_t sum[QUARTERS], int16x8_t low, int16x8_t high) {
  sum[0] = vaddw_s16(sum[0], vget_low_s16(low));
  sum[1] = vaddw_high_s16(sum[1], low);
  sum[2] = vaddw_s16(sum[2], vget_low_s16(high));
  sum[3] = vaddw_high_s16(sum[3], high);
}

// A block's weights, in registers for a row: for the compiler, every store of bytes may change memory.
typedef struct {
  int8x16_t tap[TAPS];
} dw_weights;

INLINED dw_weights weights_of(const dw_block *block) {
  dw_weights weights;
  UNROLLED for (int k = 0; k < TAPS; k++) weights.tap[k] = block->weights[k];
  return weights;
}

INLINED uint8x16_t outputs_of(const dw_block *block, const dw_weights *weights, column left, column middle, column right, float slope,
                              int leaky, int wide) {
  const int8x16_t taps[TAPS] = {left.row[0],  middle.row[0], right.row[0],  left.row[1], middle.row[1],
                                right.row[1], left.row[2],   middle.row[2], right.row[2]};
  int32x4_t sum[QUARTERS];
  // Loaded each time: an addend in a register would have to be copied, as the product is added to it.
  __asm__("" : "+r"(block));
  UNROLLED for (int q = 0; q < QUARTERS; q++) sum[q] = block->start[q];
  UNROLLED for (int k = 0; k < TAPS; k += 2) {
    int16x8_t low = vmull_s8(vget_low_s8(taps[k]), vget_low_s8(weights->tap[k]));
    int16x8_t high = vmull_high_s8(taps[k], weights->tap[k]);
    if (k + 1 < TAPS) {
      low = vmlal_s8(low, vget_low_s8(taps[k + 1]), vget_low_s8(weights->tap[k + 1]));
      high = vmlal_high_s8(high, taps[k + 1], weights->tap[k + 1]);
    }
    add_pair(sum, low, high);
  }
  if (wide) convert(sum, QUARTERS);
  float32x4_t value[QUARTERS];
  UNROLLED for (int q = 0; q < QUARTERS; q++)
    value[q] = requantised(sum[q], block->multiplier[q], block->addend[q], slope, wide ? 0 : RF_MAGIC, leaky);
  return vcombine_u8(bytes_of(value[0], value[1]), bytes_of(value[2], value[3]));
}

// Vector after vector from result byte `to` to the row's end, each with columns of its own.
INLINED void row_of(const dw_row *r, ptrdiff_t to, const dw_block *block, int leaky, int wide) {
  const dw_weights weights = weights_of(block);
  ptrdiff_t left = to / r->output_step * r->input_step, middle = left + r->channels, right = middle + r->channels;
  for (; to < r->row_bytes; to += r->output_step) {
    const column first = column_at(r, left), second = column_at(r, middle), third = column_at(r, right);
    const uint8x16_t bytes = outputs_of(block, &weights, first, second, third, r->slope, leaky, wide);
    const ptrdiff_t rest = r->row_bytes - to;
    if (__builtin_expect(rest >= RF_VECTOR, 1)) vst1q_u8(r->output + to, bytes);
    else store_bytes(r->output + to, bytes, (int32_t)rest);
    left += r->input_step, middle += r->input_step, right += r->input_step;
    // Three numbers, not nine pointers.
    __asm__("" : "+r"(left), "+r"(middle), "+r"(right));
  }
}

// The same where a vector is one pixel at stride 1: its second and third column are the next one's first and second. Three
// pixels at a time, so that no column need be moved; where a vector is not all of a pixel's channels, its last bytes may be
// another's.
INLINED void row_of_pixels(const dw_row *r, const dw_block *block, int leaky) {
  const ptrdiff_t step = r->channels;
  const dw_weights weights = weights_of(block);
  ptrdiff_t to = 0;
  column a = column_at(r, 0), b = column_at(r, step), c;
  for (; to + 2 * step + RF_VECTOR <= r->row_bytes; to += 3 * step) {
    c = column_at(r, to + 2 * step);
    vst1q_u8(r->output + to, outputs_of(block, &weights, a, b, c, r->slope, leaky, 0));
    a = column_at(r, to + 3 * step);
    vst1q_u8(r->output + to + step, outputs_of(block, &weights, b, c, a, r->slope, leaky, 0));
    b = column_at(r, to + 4 * step);
    vst1q_u8(r->output + to + 2 * step, outputs_of(block, &weights, c, a, b, r->slope, leaky, 0));
  }
  row_of(r, to, block, leaky, 0);
}

// Pixels of a vector.
static int32_t pixels_of_vector(const rf_shape *s) { return s->stride == 1 && s->cout < RF_VECTOR ? RF_VECTOR / s->cout : 1; }

static int32_t blocks_of(const rf_shape *s) { return (s->cout + RF_VECTOR - 1) / RF_VECTOR; }

static uint64_t packed_bytes(const rf_shape *s) { return sizeof(dw_block) * (uint64_t)blocks_of(s); }

// The channel's parameters at lane `at` of a block.
static void pack_lane(dw_block *block, int at, const rf_u8_rule *rule, const rf_constants *c, int32_t o) {
  int32_t sum = 0;
  for (int k = 0; k < TAPS; k++) {
    const int8_t weight = rf_u8_depthwise_weight(c, o, k);
    ((int8_t *)&block->weights[k])[at] = weight;
    sum += weight;
  }
  ((int32_t *)block->start)[at] = rf_start_of_signed(rule->start, sum);
  ((float *)block->multiplier)[at] = rule->multiplier;
  ((float *)block->addend)[at] = rule->addend;
}

// The parameters of blocks of channels, repeated for each pixel of a vector.
static void pack(const rf_shape *s, const rf_constants *c, void *packed) {
  for (int32_t o = c->first; o < c->first + c->count; o++) {
    const rf_u8_rule rule = rf_u8_rule_of(s, c, o);
    for (int32_t p = 0; p < pixels_of_vector(s); p++)
      pack_lane((dw_block *)packed + o / RF_VECTOR, o % RF_VECTOR + p * s->cout, &rule, c, o);
  }
}

static void rows_of_block(const rf_args *a, const dw_block *block, int32_t first, int32_t pixels, ptrdiff_t from, ptrdiff_t to) {
  const ptrdiff_t step = (ptrdiff_t)pixels * a->shape.cout;
  dw_row r = {
    .input_step = a->shape.stride * step,
    .output_step = step,
    .channels = a->shape.cout,
    .row_bytes = (ptrdiff_t)a->shape.width * a->shape.cout - first,
    .slope = a->shape.slope};
  for (ptrdiff_t y = from; y < to; y++) {
    for (int ky = 0; ky < 3; ky++) r.input[ky] = rf_u8_input(a, y) + ky * a->input[0].row_stride + first;
    r.output = rf_u8_output(a, y) + first;
    if (a->shape.accumulator == RF_ACCUMULATOR_WIDE) {
      if (rf_is_leaky(a->shape.slope)) row_of(&r, 0, block, 1, 1);
      else row_of(&r, 0, block, 0, 1);
    } else if (a->shape.stride == 1 && pixels == 1) {
      if (rf_is_leaky(a->shape.slope)) row_of_pixels(&r, block, 1);
      else row_of_pixels(&r, block, 0);
    } else if (rf_is_leaky(a->shape.slope)) {
      row_of(&r, 0, block, 1, 0);
    } else {
      row_of(&r, 0, block, 0, 0);
    }
  }
}

// In bands of rows, as by_panels has them. The last channels come first: what their vectors write beyond a pixel's end is then
// overwritten.
static void dwconv3x3(const rf_args *a) {
  if (a->shape.width <= 0 || a->shape.height <= 0) return;
  const int32_t pixels = pixels_of_vector(&a->shape);
  const dw_block *blocks = a->packed;
  const ptrdiff_t height = a->shape.height;
  const ptrdiff_t rows = a->shape.cout > RF_VECTOR ? BAND_BYTES / (a->shape.stride * a->input[0].row_stride + 1) + 1 : height;
  for (ptrdiff_t y = 0; y < height; y += rows)
    for (int32_t block = blocks_of(&a->shape) - 1; block >= 0; block--)
      rows_of_block(a, &blocks[block], block * RF_VECTOR, pixels, y, y + rows < height ? y + rows : height);
}

const rf_kernel rf_u8_dwconv3x3__neon = {
  .name = "rf_u8_dwconv3x3__neon",
  .op = RF_OP_DEPTHWISE_CONV3X3,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_NEON,
  .cycles_per_output = 2.2f,
  .packed_bytes = packed_bytes,
  .pack = pack,
  .run = dwconv3x3};
#endif
