// Depthwise 3x3 convolution in 8 bits for NEON: 16 channels, or several pixels of fewer, at once. Two taps share a sum of 16
// bits (2 * 127 * 128 < 2^15) before they are added to sums of 32.
#if defined(__aarch64__)
#pragma STDC FP_CONTRACT OFF
#include "bytes.h"

enum { RF_VECTOR = 16, TAPS = 9 };

// A block's parameters, lane by lane.
typedef struct {
  int8x16_t weights[TAPS];
  int32x4_t bias[QUARTERS]; // with RF_MAGIC_BITS, and 128 times the sum of the weights
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
typedef struct { int8x16_t row[3]; } column;

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

// A block's weights, in registers for a row: whoever stores bytes may have changed what lies in memory.
typedef struct { int8x16_t tap[TAPS]; } dw_weights;

INLINED dw_weights weights_of(const dw_block *block) {
  dw_weights weights;
  UNROLLED for (int k = 0; k < TAPS; k++) weights.tap[k] = block->weights[k];
  return weights;
}

INLINED uint8x16_t outputs_of(
    const dw_block *block, const dw_weights *weights, column left, column middle, column right, float slope, int leaky) {
  const int8x16_t taps[TAPS] = {left.row[0], middle.row[0], right.row[0], left.row[1], middle.row[1],
                                right.row[1], left.row[2], middle.row[2], right.row[2]};
  int32x4_t sum[QUARTERS];
  // Loaded anew: an addend in a register would have to be copied, as the product is added to it.
  __asm__("" : "+r"(block));
  UNROLLED for (int q = 0; q < QUARTERS; q++) sum[q] = block->bias[q];
  UNROLLED for (int k = 0; k < TAPS; k += 2) {
    int16x8_t low = vmull_s8(vget_low_s8(taps[k]), vget_low_s8(weights->tap[k]));
    int16x8_t high = vmull_high_s8(taps[k], weights->tap[k]);
    if (k + 1 < TAPS) {
      low = vmlal_s8(low, vget_low_s8(taps[k + 1]), vget_low_s8(weights->tap[k + 1]));
      high = vmlal_high_s8(high, taps[k + 1], weights->tap[k + 1]);
    }
    add_pair(sum, low, high);
  }
  float32x4_t value[QUARTERS];
  UNROLLED for (int q = 0; q < QUARTERS; q++)
    value[q] = requantised(sum[q], block->multiplier[q], block->addend[q], slope, leaky);
  return vcombine_u8(bytes_of(value[0], value[1]), bytes_of(value[2], value[3]));
}

// Vector after vector from result byte `to` to the row's end, each with columns of its own.
INLINED void row_of(const dw_row *r, ptrdiff_t to, const dw_block *block, int leaky) {
  const dw_weights weights = weights_of(block);
  ptrdiff_t left = to / r->output_step * r->input_step, middle = left + r->channels, right = middle + r->channels;
  for (; to < r->row_bytes; to += r->output_step) {
    const column first = column_at(r, left), second = column_at(r, middle), third = column_at(r, right);
    const uint8x16_t bytes = outputs_of(block, &weights, first, second, third, r->slope, leaky);
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
    vst1q_u8(r->output + to, outputs_of(block, &weights, a, b, c, r->slope, leaky));
    a = column_at(r, to + 3 * step);
    vst1q_u8(r->output + to + step, outputs_of(block, &weights, b, c, a, r->slope, leaky));
    b = column_at(r, to + 4 * step);
    vst1q_u8(r->output + to + 2 * step, outputs_of(block, &weights, c, a, b, r->slope, leaky));
  }
  row_of(r, to, block, leaky);
}

// The parameters of `count` channels from `first` on, repeated for each of `pixels`, and 0 in what is left of a vector.
static dw_block block_of(const rf_u8_dwconv3x3_args *a, int32_t first, int32_t count, int32_t pixels) {
  int8_t weights[TAPS][RF_VECTOR] = {};
  int32_t bias[RF_VECTOR] = {};
  float multiplier[RF_VECTOR] = {}, addend[RF_VECTOR] = {};
  for (int32_t i = 0, p = 0; p < pixels; p++) {
    for (int32_t c = first; c < first + count; c++, i++) {
      bias[i] = RF_MAGIC_BITS + a->bias[c];
      multiplier[i] = a->multiplier[c];
      addend[i] = a->addend[c];
      for (int32_t k = 0; k < TAPS; k++) {
        weights[k][i] = a->weights[(ptrdiff_t)k * a->channels + c];
        bias[i] += 128 * weights[k][i];
      }
    }
  }
  dw_block block;
  for (int k = 0; k < TAPS; k++) block.weights[k] = vld1q_s8(weights[k]);
  for (int q = 0; q < QUARTERS; q++) {
    block.bias[q] = vld1q_s32(bias + RF_LANES * q);
    block.multiplier[q] = vld1q_f32(multiplier + RF_LANES * q);
    block.addend[q] = vld1q_f32(addend + RF_LANES * q);
  }
  return block;
}

static void rows_of_block(const rf_u8_dwconv3x3_args *a, const dw_block *block, int32_t first, int32_t pixels, ptrdiff_t from,
                          ptrdiff_t to) {
  const ptrdiff_t step = (ptrdiff_t)pixels * a->channels;
  dw_row r = {.input_step = a->stride * step, .output_step = step, .channels = a->channels,
              .row_bytes = (ptrdiff_t)a->width * a->channels - first, .slope = a->slope};
  for (ptrdiff_t y = from; y < to; y++) {
    for (int ky = 0; ky < 3; ky++) r.input[ky] = a->input + (y * a->stride + ky) * a->input_row_stride + first;
    r.output = a->output + y * a->output_row_stride + first;
    if (a->stride == 1 && pixels == 1) {
      if (rf_is_leaky(a->slope)) row_of_pixels(&r, block, 1);
      else row_of_pixels(&r, block, 0);
    } else if (rf_is_leaky(a->slope)) {
      row_of(&r, 0, block, 1);
    } else {
      row_of(&r, 0, block, 0);
    }
  }
}

// In bands of rows, as by_panels has them. The last channels come first: what their vectors write beyond a pixel's end is then
// overwritten.
static void dwconv3x3(const rf_u8_dwconv3x3_args *a) {
  if (a->width <= 0 || a->height <= 0) return;
  const int32_t pixels = a->stride == 1 && a->channels < RF_VECTOR ? RF_VECTOR / a->channels : 1;
  const ptrdiff_t rows = a->channels > RF_VECTOR ? BAND_BYTES / (a->stride * a->input_row_stride + 1) + 1 : a->height;
  for (ptrdiff_t y = 0; y < a->height; y += rows) {
    for (int32_t first = (a->channels - 1) / RF_VECTOR * RF_VECTOR; first >= 0; first -= RF_VECTOR) {
      const int32_t rest = a->channels - first, count = rest < RF_VECTOR ? rest : RF_VECTOR;
      const dw_block block = block_of(a, first, count, pixels);
      rows_of_block(a, &block, first, pixels, y, y + rows < a->height ? y + rows : a->height);
    }
  }
}

const rf_kernel rf_u8_dwconv3x3__neon = {
  .name = "rf_u8_dwconv3x3__neon", .op = RF_OP_u8_dwconv3x3, .isa = RF_ISA_NEON, .cycles_per_output = 2.2f,
  .u8_dwconv3x3 = dwconv3x3};
#endif
