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

INLINED void add_pair(int32x4_t sum[QUARTERS], int16x8_t low, int16x8_t high) {
  sum[0] = vaddw_s16(sum[0], vget_low_s16(low));
  sum[1] = vaddw_high_s16(sum[1], low);
  sum[2] = vaddw_s16(sum[2], vget_low_s16(high));
  sum[3] = vaddw_high_s16(sum[3], high);
}

INLINED uint8x16_t outputs_of(const dw_block *block, const int8x16_t taps[TAPS], float slope, int leaky) {
  int32x4_t sum[QUARTERS];
  UNROLLED for (int q = 0; q < QUARTERS; q++) sum[q] = block->bias[q];
  UNROLLED for (int k = 0; k < TAPS; k += 2) {
    int16x8_t low = vmull_s8(vget_low_s8(taps[k]), vget_low_s8(block->weights[k]));
    int16x8_t high = vmull_high_s8(taps[k], block->weights[k]);
    if (k + 1 < TAPS) {
      low = vmlal_s8(low, vget_low_s8(taps[k + 1]), vget_low_s8(block->weights[k + 1]));
      high = vmlal_high_s8(high, taps[k + 1], block->weights[k + 1]);
    }
    add_pair(sum, low, high);
  }
  float32x4_t value[QUARTERS];
  UNROLLED for (int q = 0; q < QUARTERS; q++)
    value[q] = requantised(sum[q], block->multiplier[q], block->addend[q], slope, leaky);
  return vcombine_u8(bytes_of(value[0], value[1]), bytes_of(value[2], value[3]));
}

// Vector after vector to the row's end.
INLINED void row_of(const dw_row *r, const dw_block *block, int leaky) {
  ptrdiff_t from = 0;
  for (ptrdiff_t to = 0; to < r->row_bytes; to += r->output_step, from += r->input_step) {
    int8x16_t taps[TAPS];
    UNROLLED for (int k = 0; k < TAPS; k++)
      taps[k] = signed_bytes(vld1q_u8(r->input[k / 3] + from + k % 3 * r->channels));
    const ptrdiff_t left = r->row_bytes - to;
    store_bytes(r->output + to, outputs_of(block, taps, r->slope, leaky), left < RF_VECTOR ? (int32_t)left : RF_VECTOR);
  }
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

static void rows_of_block(const rf_u8_dwconv3x3_args *a, const dw_block *block, int32_t first, int32_t pixels) {
  const ptrdiff_t step = (ptrdiff_t)pixels * a->channels;
  dw_row r = {.input_step = a->stride * step, .output_step = step, .channels = a->channels,
              .row_bytes = (ptrdiff_t)a->width * a->channels - first, .slope = a->slope};
  for (ptrdiff_t y = 0; y < a->height; y++) {
    for (int ky = 0; ky < 3; ky++) r.input[ky] = a->input + (y * a->stride + ky) * a->input_row_stride + first;
    r.output = a->output + y * a->output_row_stride + first;
    if (rf_is_leaky(a->slope)) row_of(&r, block, 1);
    else row_of(&r, block, 0);
  }
}

// The last channels come first: what their vectors write beyond a pixel's end is then overwritten.
void rf_u8_dwconv3x3__neon(const rf_u8_dwconv3x3_args *a) {
  if (a->width <= 0 || a->height <= 0) return;
  const int32_t pixels = a->stride == 1 && a->channels < RF_VECTOR ? RF_VECTOR / a->channels : 1;
  for (int32_t first = (a->channels - 1) / RF_VECTOR * RF_VECTOR; first >= 0; first -= RF_VECTOR) {
    const int32_t rest = a->channels - first, count = rest < RF_VECTOR ? rest : RF_VECTOR;
    const dw_block block = block_of(a, first, count, pixels);
    rows_of_block(a, &block, first, pixels);
  }
}
#endif
