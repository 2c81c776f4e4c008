// Dense 8-bit convolutions for AVX-512 VNNI: one tile routine for every kernel size, 6 pixels x 64 channels, 8 x 48, 12 x 32
// and 12 x 16. A vpdpbusd takes four taps of 16 channels; sums start at RF_MAGIC_BITS + bias and so are floats at the end.
#if defined(__x86_64__)
#include "../u8_conv_tiles.h"
#include <immintrin.h>
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)
#include "requantise.h"

enum { MOST_SUMS = 24 };

INLINED void add_products(
    const rf_u8_block *b, const uint8_t *input, __m512i sum[MOST_SUMS], int pixels, int panels) {
  __m512i weight[RF_U8_TILE_PANELS];
  UNROLLED for (int n = 0; n < panels; n++)
    UNROLLED for (int p = 0; p < pixels; p++)
      sum[p * panels + n] = _mm512_add_epi32(_mm512_loadu_si512(b->bias + n * RF_PANEL), _mm512_set1_epi32(RF_MAGIC_BITS));
  const int8_t *weights = b->weights;
  const ptrdiff_t stride = b->input_pixel_stride, panel_stride = b->panel_stride, bytes = 4 * (ptrdiff_t)b->groups_in_row;
  for (int32_t ky = b->kernel_height; ky > 0; ky--, input += b->input_row_stride)
    for (ptrdiff_t k = 0; k < bytes; k += 4, weights += 4 * RF_PANEL) {
      UNROLLED for (int n = 0; n < panels; n++) weight[n] = _mm512_loadu_si512(weights + n * panel_stride);
      UNROLLED for (int p = 0; p < pixels; p++) {
        const __m512i taps = _mm512_set1_epi32(rf_u8_group(input + p * stride + k));
        UNROLLED for (int n = 0; n < panels; n++)
          sum[p * panels + n] = _mm512_dpbusd_epi32(sum[p * panels + n], taps, weight[n]);
      }
    }
}

// `slope`: of the block, or a constant where the caller has looked at it already.
INLINED __m512i requantised(const rf_u8_block *b, __m512i sum, int panel, float slope) {
  const __m512 multiplier = _mm512_loadu_ps(b->multiplier + panel * RF_PANEL);
  return requantised_by(sum, multiplier, _mm512_loadu_ps(b->addend + panel * RF_PANEL), slope);
}

INLINED __mmask64 first_bytes(int count) { return ~0ull >> (64 - count); }

// Every tile's results, 64 at a time: a pixel of four panels, two of two, four of one. Three panels leave a quarter empty.
INLINED void store_bytes(
    const rf_u8_block *b, const __m512i sum[MOST_SUMS], uint8_t *output, int pixels, int panels, float slope) {
  const int together = panels <= 2 ? 4 / panels : 1;
  const __mmask64 owned = first_bytes((panels - 1) * RF_PANEL + b->last_channels);
  UNROLLED for (int first = 0; first < pixels; first += together) {
    __m512i part[4];
    UNROLLED for (int n = 0; n < 4; n++) {
      const int p = first + n / panels, exists = panels == 3 ? n < 3 : p < pixels;
      part[n] = exists ? requantised(b, sum[panels == 3 ? first * 3 + n : p * panels + n % panels],
                                     panels == 3 ? n : n % panels, slope) : _mm512_setzero_si512();
    }
    const __m512i bytes = bytes_of(part[0], part[1], part[2], part[3]);
    uint8_t *at = output + first * b->output_pixel_stride;
    if (together == 1) _mm512_mask_storeu_epi8(at, owned, bytes);
    if (together == 2) {
      _mm256_mask_storeu_epi8(at, (__mmask32)owned, _mm512_castsi512_si256(bytes));
      if (first + 1 < pixels)
        _mm256_mask_storeu_epi8(at + b->output_pixel_stride, (__mmask32)owned, _mm512_extracti64x4_epi64(bytes, 1));
    }
    if (together == 4) {
      _mm_mask_storeu_epi8(at, (__mmask16)owned, _mm512_castsi512_si128(bytes));
      if (first + 1 < pixels)
        _mm_mask_storeu_epi8(at + b->output_pixel_stride, (__mmask16)owned, _mm512_extracti32x4_epi32(bytes, 1));
      if (first + 2 < pixels)
        _mm_mask_storeu_epi8(at + 2 * b->output_pixel_stride, (__mmask16)owned, _mm512_extracti32x4_epi32(bytes, 2));
      if (first + 3 < pixels)
        _mm_mask_storeu_epi8(at + 3 * b->output_pixel_stride, (__mmask16)owned, _mm512_extracti32x4_epi32(bytes, 3));
    }
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
  UNROLLED for (int p = 0; p < pixels; p++)
    UNROLLED for (int n = 0; n < panels; n++) {
      const __m512 value = _mm512_sub_ps(_mm512_castsi512_ps(sum[p * panels + n]), _mm512_set1_ps(RF_MAGIC));
      _mm512_mask_storeu_ps(output + p * b->output_pixel_stride + n * RF_PANEL, n < panels - 1 ? 0xffff : last,
                            _mm512_mul_ps(value, _mm512_loadu_ps(b->multiplier + n * RF_PANEL)));
    }
}

#define TILE(pixels, panels) \
  static void tile_##pixels##x##panels(const rf_u8_block *b, const uint8_t *input, void *output) { \
    tile(b, input, output, pixels, panels); \
  }
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

// Up to half a panel of output channels, as the stem has: a vector is two neighbouring pixels of 8 channels. Their taps come
// from one load of 16 bytes, so the second pixel's must lie within them.
enum { NARROW = RF_PANEL / 2, NARROW_STEP = 16 - 4, NARROW_VECTORS = 8 };

INLINED __m512 both_halves(const float *from) { return _mm512_broadcast_f32x8(_mm256_loadu_ps(from)); }

// The first four bytes of each 16, in every lane of the lower half; those at the step in the upper half.
INLINED __m512i pair_of_groups(ptrdiff_t step) {
  const __m512i halves = _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_set1_epi8((char)step), 1);
  return _mm512_add_epi8(_mm512_set1_epi32(0x03020100), halves);
}

INLINED void store_pairs(const rf_u8_block *b, const __m512i bytes, uint8_t *output, int pixels) {
  if (b->output_pixel_stride == NARROW && b->last_channels == NARROW) {
    _mm512_mask_storeu_epi8(output, first_bytes(pixels * NARROW), bytes);
    return;
  }
  uint8_t channels[4 * RF_PANEL];
  _mm512_storeu_si512(channels, bytes);
  for (int p = 0; p < pixels; p++)
    for (int c = 0; c < b->last_channels; c++) output[p * b->output_pixel_stride + c] = channels[p * NARROW + c];
}

// `vectors` pairs of pixels, the last of which may be one pixel; the other's taps are slack.
INLINED void narrow_tile(const rf_u8_block *b, const uint8_t *input, uint8_t *output, int pixels, int vectors) {
  __m512i sum[NARROW_VECTORS];
  const __m512i bias = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)b->bias));
  UNROLLED for (int v = 0; v < vectors; v++) sum[v] = _mm512_add_epi32(bias, _mm512_set1_epi32(RF_MAGIC_BITS));
  const int8_t *weights = b->weights;
  const ptrdiff_t step = b->input_pixel_stride, bytes = 4 * (ptrdiff_t)b->groups_in_row;
  const __m512i groups = pair_of_groups(step);
  for (int32_t ky = b->kernel_height; ky > 0; ky--, input += b->input_row_stride)
    for (ptrdiff_t k = 0; k < bytes; k += 4, weights += 4 * RF_PANEL) {
      const __m512i weight = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)weights));
      UNROLLED for (int v = 0; v < vectors; v++) {
        const __m512i taps = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(input + 2 * v * step + k)));
        sum[v] = _mm512_dpbusd_epi32(sum[v], _mm512_shuffle_epi8(taps, groups), weight);
      }
    }
  const __m512 multiplier = both_halves(b->multiplier), addend = both_halves(b->addend);
  UNROLLED for (int v = 0; v < vectors; v++) sum[v] = requantised_by(sum[v], multiplier, addend, b->slope);
  UNROLLED for (int v = vectors; v < NARROW_VECTORS; v++) sum[v] = _mm512_setzero_si512();
  UNROLLED for (int v = 0; v < vectors; v += 4) {
    const int rest = pixels - 2 * v;
    store_pairs(b, bytes_of(sum[v], sum[v + 1], sum[v + 2], sum[v + 3]), output + 2 * v * b->output_pixel_stride,
                rest < 8 ? rest : 8);
  }
}

#define NARROW_TILE(vectors) \
  static void narrow_##vectors(const rf_u8_block *b, const uint8_t *input, uint8_t *output, int pixels) { \
    narrow_tile(b, input, output, pixels, vectors); \
  }
UP_TO_8(NARROW_TILE)
#define NARROW_NAME(vectors) narrow_##vectors,
typedef void narrow_fn(const rf_u8_block *b, const uint8_t *input, uint8_t *output, int pixels);
static narrow_fn *const narrow_tiles[NARROW_VECTORS] = {UP_TO_8(NARROW_NAME)};

INLINED void narrow_rectangle(const rf_u8_rectangle *r) {
  rf_u8_block block = r->block;
  block.last_channels = r->cout;
  for (ptrdiff_t y = 0; y < r->height; y++)
    for (ptrdiff_t x = 0; x < r->width; x += 2 * NARROW_VECTORS) {
      const int rest = (int)(r->width - x), pixels = rest < 2 * NARROW_VECTORS ? rest : 2 * NARROW_VECTORS;
      narrow_tiles[(pixels + 1) / 2 - 1](&block, r->input + y * r->input_step + x * block.input_pixel_stride,
                                         r->output + y * r->output_step + x * block.output_pixel_stride, pixels);
    }
}

void rf_u8_conv__avx512vnni(const rf_u8_conv_args *a) {
  const rf_u8_rectangle rectangle = rf_u8_conv_rectangle(a);
  if (a->cout <= NARROW && a->stride * a->cin <= NARROW_STEP) {
    narrow_rectangle(&rectangle);
    return;
  }
  rf_u8_by_tiles(&rectangle, tiles, RF_U8_TILE_PANELS);
}

void rf_u8_head__avx512vnni(const rf_u8_head_args *a) {
  const rf_u8_rectangle rectangle = rf_u8_head_rectangle(a);
  rf_u8_by_tiles(&rectangle, head_tiles, 2);
}
#pragma clang attribute pop
#endif
