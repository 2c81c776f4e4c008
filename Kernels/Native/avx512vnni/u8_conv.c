// Dense 8-bit convolutions for AVX-512 VNNI: one tile routine for every kernel size, 6 pixels x 64 channels, 8 x 48, 12 x 32
// and 12 x 16. A vpdpbusd takes four taps of 16 channels; narrow sums start at RF_MAGIC_BITS + bias and so are floats at the end.
#if defined(__x86_64__)
#include "../packing.h"
#include "../u8_conv_tiles.h"
#include <immintrin.h>
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)
#include "requantise.h"
#include "stem.h"

enum { MOST_SUMS = 24 };

// The sums as floats, more by b->zero.
INLINED void add_products(const rf_u8_block *b, const uint8_t *input, __m512i sum[MOST_SUMS], int pixels, int panels) {
  __m512i weight[RF_U8_TILE_PANELS];
  UNROLLED for (int n = 0; n < panels; n++) UNROLLED for (int p = 0; p < pixels; p++)
    sum[p * panels + n] = _mm512_loadu_si512(b->start + n * RF_PANEL);
  const int8_t *weights = b->weights;
  const ptrdiff_t stride = b->input_pixel_stride, panel_stride = b->panel_stride, bytes = 4 * (ptrdiff_t)b->groups_in_row;
  for (int32_t ky = b->kernel_height; ky > 0; ky--, input += b->input_row_stride)
    for (ptrdiff_t k = 0; k < bytes; k += 4, weights += 4 * RF_PANEL) {
      UNROLLED for (int n = 0; n < panels; n++) weight[n] = _mm512_loadu_si512(weights + n * panel_stride);
      UNROLLED for (int p = 0; p < pixels; p++) {
        const __m512i taps = _mm512_set1_epi32(rf_u8_group(input + p * stride + k));
        UNROLLED for (int n = 0; n < panels; n++) sum[p * panels + n] = _mm512_dpbusd_epi32(sum[p * panels + n], taps, weight[n]);
      }
    }
  if (rf_is_wide(b)) UNROLLED for (int i = 0; i < pixels * panels; i++) sum[i] = _mm512_castps_si512(_mm512_cvtepi32_ps(sum[i]));
}

// `slope`: of the block, or a constant where the caller has looked at it already.
INLINED __m512i requantised(const rf_u8_block *b, __m512i sum, int panel, float slope) {
  const __m512 multiplier = _mm512_loadu_ps(b->multiplier + panel * RF_PANEL);
  return requantised_by(sum, multiplier, _mm512_loadu_ps(b->addend + panel * RF_PANEL), slope, b->zero);
}

// `pixels` of 16 or of 32 channels, 64 bytes in all or less, each to its place.
INLINED void store_apart(__m512i bytes, __mmask64 owned, uint8_t *output, ptrdiff_t stride, int pixels, int panels) {
  if (panels == 2) {
    _mm256_mask_storeu_epi8(output, (__mmask32)owned, _mm512_castsi512_si256(bytes));
    if (pixels > 1) _mm256_mask_storeu_epi8(output + stride, (__mmask32)owned, _mm512_extracti64x4_epi64(bytes, 1));
    return;
  }
  const __mmask16 mask = (__mmask16)owned;
  _mm_mask_storeu_epi8(output, mask, _mm512_castsi512_si128(bytes));
  if (pixels > 1) _mm_mask_storeu_epi8(output + stride, mask, _mm512_extracti32x4_epi32(bytes, 1));
  if (pixels > 2) _mm_mask_storeu_epi8(output + 2 * stride, mask, _mm512_extracti32x4_epi32(bytes, 2));
  if (pixels > 3) _mm_mask_storeu_epi8(output + 3 * stride, mask, _mm512_extracti32x4_epi32(bytes, 3));
}

// Every tile's results, 64 at a time: a pixel of four panels, two of two, four of one. Three panels leave a quarter empty.
INLINED void store_bytes(const rf_u8_block *b, const __m512i sum[MOST_SUMS], uint8_t *output, int pixels, int panels, float slope) {
  const int together = panels <= 2 ? 4 / panels : 1;
  const int channels = (panels - 1) * RF_PANEL + b->last_channels;
  const int contiguous = channels == panels * RF_PANEL && b->output_pixel_stride == channels;
  UNROLLED for (int first = 0; first < pixels; first += together) {
    const int count = pixels - first < together ? pixels - first : together;
    __m512i part[4];
    UNROLLED for (int n = 0; n < 4; n++) part[n] = n < count * panels ? requantised(b, sum[first * panels + n], n % panels, slope)
                                                                      : _mm512_setzero_si512();
    const __m512i bytes = bytes_of(part[0], part[1], part[2], part[3]);
    uint8_t *at = output + first * b->output_pixel_stride;
    if (together == 1) _mm512_mask_storeu_epi8(at, first_bytes(channels), bytes);
    else if (contiguous) _mm512_mask_storeu_epi8(at, first_bytes(count * panels * RF_PANEL), bytes);
    else store_apart(bytes, first_bytes(channels), at, b->output_pixel_stride, count, panels);
  }
}

INLINED void tile(const rf_u8_block *b, const uint8_t *input, uint8_t *output, int pixels, int panels) {
  __m512i sum[MOST_SUMS];
  add_products(b, input, sum, pixels, panels);
  if (rf_is_leaky(b->slope)) store_bytes(b, sum, output, pixels, panels, b->slope);
  else store_bytes(b, sum, output, pixels, panels, 0);
}

INLINED void head_tile(const rf_u8_block *b, const uint8_t *input, float *output, int pixels, int panels) {
  __m512i sum[MOST_SUMS];
  add_products(b, input, sum, pixels, panels);
  const __mmask16 last = (__mmask16)(0xffff >> (RF_PANEL - b->last_channels));
  UNROLLED for (int p = 0; p < pixels; p++) UNROLLED for (int n = 0; n < panels; n++) {
    const __m512 value = _mm512_sub_ps(_mm512_castsi512_ps(sum[p * panels + n]), _mm512_set1_ps(b->zero));
    _mm512_mask_storeu_ps(output + p * b->output_pixel_stride + n * RF_PANEL, n < panels - 1 ? 0xffff : last,
                          _mm512_mul_ps(value, _mm512_loadu_ps(b->multiplier + n * RF_PANEL)));
  }
}

// Up to half a panel of channels: a shorter vector has room for all, and two of them are computed in a cycle.
enum { NARROW = RF_PANEL / 2 };

INLINED void narrow_head_tile(const rf_u8_block *b, const uint8_t *input, float *output, int pixels) {
  const __m256i start = _mm256_loadu_si256((const __m256i *)b->start);
  __m256i sum[RF_U8_TILE_PIXELS];
  UNROLLED for (int p = 0; p < pixels; p++) sum[p] = start;
  const int8_t *weights = b->weights;
  for (int32_t k = 0; k < b->groups_in_row; k++, weights += 4 * RF_PANEL) {
    const __m256i weight = _mm256_loadu_si256((const __m256i *)weights);
    UNROLLED for (int p = 0; p < pixels; p++) {
      const __m256i taps = _mm256_set1_epi32(rf_u8_group(input + p * b->input_pixel_stride + 4 * k));
      sum[p] = _mm256_dpbusd_epi32(sum[p], taps, weight);
    }
  }
  if (rf_is_wide(b)) UNROLLED for (int p = 0; p < pixels; p++) sum[p] = _mm256_castps_si256(_mm256_cvtepi32_ps(sum[p]));
  const __mmask8 owned = (__mmask8)(0xff >> (NARROW - b->last_channels));
  const __m256 multiplier = _mm256_loadu_ps(b->multiplier);
  UNROLLED for (int p = 0; p < pixels; p++) {
    const __m256 value = _mm256_sub_ps(_mm256_castsi256_ps(sum[p]), _mm256_set1_ps(b->zero));
    _mm256_mask_storeu_ps(output + p * b->output_pixel_stride, owned, _mm256_mul_ps(value, multiplier));
  }
}

#define TILE(pixels, panels) \
  static void tile_##pixels##x##panels(const rf_u8_block *b, const uint8_t *input, void *output) { tile(b, input, output, pixels, panels); }
UP_TO_12(TILE, 1)
UP_TO_12(TILE, 2)
UP_TO_8(TILE, 3)
UP_TO_6(TILE, 4)

#define HEAD(pixels, panels) \
  static void head_##pixels##x##panels(const rf_u8_block *b, const uint8_t *input, void *output) { \
    head_tile(b, input, output, pixels, panels); \
  }
UP_TO_8(HEAD, 1)
UP_TO_8(HEAD, 2)

#define NAME(pixels, panels) tile_##pixels##x##panels,
static const rf_u8_tiles tiles[RF_U8_TILE_PANELS] = {
  {12, {UP_TO_12(NAME, 1)}}, {12, {UP_TO_12(NAME, 2)}}, {8, {UP_TO_8(NAME, 3)}}, {6, {UP_TO_6(NAME, 4)}}};
#define HEAD_NAME(pixels, panels) head_##pixels##x##panels,
static const rf_u8_tiles head_tiles[2] = {{8, {UP_TO_8(HEAD_NAME, 1)}}, {8, {UP_TO_8(HEAD_NAME, 2)}}};

#define NARROW_HEAD(pixels) \
  static void narrow_head_##pixels(const rf_u8_block *b, const uint8_t *input, void *output) { narrow_head_tile(b, input, output, pixels); }
UP_TO_12(NARROW_HEAD)
#define NARROW_HEAD_NAME(pixels) narrow_head_##pixels,
static const rf_u8_tiles narrow_head_tiles = {12, {UP_TO_12(NARROW_HEAD_NAME)}};

static void conv(const rf_args *a) {
  const rf_u8_rectangle rectangle = rf_u8_rectangle_of(a);
  rf_u8_by_tiles(&rectangle, tiles, RF_U8_TILE_PANELS);
}

const rf_kernel rf_u8_conv__avx512vnni = {
  .name = "rf_u8_conv__avx512vnni",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_AVX512VNNI,
  .cycles_per_tap = 0.018f,
  .cycles_per_output = 0.13f,
  .packed_bytes = rf_u8_panels_bytes,
  .pack = rf_u8_pack_panels,
  .run = conv};

static void head(const rf_args *a) {
  const rf_u8_rectangle rectangle = rf_u8_rectangle_of(a);
  rf_u8_by_tiles(&rectangle, head_tiles, 2);
}

const rf_kernel rf_u8f32_conv__avx512vnni = {
  .name = "rf_u8f32_conv__avx512vnni",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_F32,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_AVX512VNNI,
  .cycles_per_tap = 0.02f,
  .packed_bytes = rf_u8_panels_bytes,
  .pack = rf_u8_pack_panels,
  .run = head};

static int is_narrow(const rf_shape *s) { return s->cout <= NARROW && s->kernel_height == 1; }

static void narrow_head(const rf_args *a) {
  const rf_u8_rectangle rectangle = rf_u8_rectangle_of(a);
  rf_u8_by_tiles(&rectangle, &narrow_head_tiles, 1);
}

const rf_kernel rf_u8f32_conv__avx512vnni_narrow = {
  .name = "rf_u8f32_conv__avx512vnni_narrow",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_F32,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_AVX512VNNI,
  .cycles_per_tap = 0.0125f,
  .suits = is_narrow,
  .packed_bytes = rf_u8_panels_bytes,
  .pack = rf_u8_pack_panels,
  .run = narrow_head};
#pragma clang attribute pop
#endif
