// 8-bit 3x3 convolution by Winograd's filtering for AVX-512 VNNI: vpdpwssd multiplies pairs of 16-bit values and adds them to
// a sum, modulo 2^32.
#if defined(__x86_64__)
#include <immintrin.h>
#include "../u8_winograd3x3_output.h"
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)
#include "requantise.h"

// Inputs are transformed in half vectors: of layers of 16 channels whole ones would be half empty.
enum { TAPS = 2, WORDS = 16, SUMS = 16 };
typedef int16_t words __attribute__((vector_size(2 * WORDS)));
typedef uint32_t sums __attribute__((vector_size(4 * SUMS)));

INLINED words load_bytes(const uint8_t *bytes) { return (words)_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)bytes)); }
INLINED void store_words(int16_t *to, words value) { _mm256_store_si256((__m256i *)to, (__m256i)value); }

#include "../u8_winograd3x3_transforms.h"

enum { STEP = TAPS, COLUMN = RF_WINOGRAD_PIXELS * RF_PANEL };
typedef int16_t value;
typedef int32_t result;

// Hidden from the compiler, which would split vpdpwssd into a product and an addition.
INLINED sums plus_products(sums sum, const value *pair, sums weights) {
  __asm__("vpdpwssd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(weights), "m"(*(const int32_t (*)[1])pair));
  return sum;
}

INLINED void store_pixels(const rf_u8_packed *c, float slope, const sums sum[4], int32_t o, const rf_u8_destination *to, uint8_t *output,
                          int32_t columns) {
  const __m512i start = _mm512_loadu_si512(c->start + o);
  const __m512 multiplier = _mm512_loadu_ps(c->multiplier + o), addend = _mm512_loadu_ps(c->addend + o);
  __m512i pixel[4];
  UNROLLED for (int x = 0; x < 4; x++) {
    const __m512i exact = _mm512_srai_epi32((__m512i)(sum[x] * INVERSE_OF_9), 6);
    pixel[x] = requantised_by(_mm512_add_epi32(exact, start), multiplier, addend, slope, RF_MAGIC);
  }
  const __m512i bytes = bytes_of(pixel[0], pixel[1], pixel[2], pixel[3]);
  const __mmask16 owned = (__mmask16)(to->count >= SUMS ? 0xffff : 0xffff >> (SUMS - to->count));
  const ptrdiff_t stride = to->pixel_stride;
  _mm_mask_storeu_epi8(output, owned, _mm512_castsi512_si128(bytes));
  if (columns > 1) _mm_mask_storeu_epi8(output + stride, owned, _mm512_extracti32x4_epi32(bytes, 1));
  if (columns > 2) _mm_mask_storeu_epi8(output + 2 * stride, owned, _mm512_extracti32x4_epi32(bytes, 2));
  if (columns > 3) _mm_mask_storeu_epi8(output + 3 * stride, owned, _mm512_extracti32x4_epi32(bytes, 3));
}

// A panel from channel `o` on of one tile, from columns[6][4][channel].
INLINED void output_tile(const rf_args *a, tile_place at, const result *columns, int32_t o) {
  const rf_u8_packed packed = rf_u8_unpack(a);
  const rf_u8_destination to = rf_u8_destination_of(a, o);
  uint8_t *output = to.bytes + at.y * to.row_stride + at.x * to.pixel_stride;
  for (int32_t y = 0; y < smaller(at.rows, RF_WINOGRAD_PIXELS); y++, output += to.row_stride) {
    sums row[SIDE];
    UNROLLED for (int x = 0; x < SIDE; x++) row[x] = (sums)_mm512_load_si512(columns + x * COLUMN + y * RF_PANEL);
    transform_output_line(row, 1);
    store_pixels(&packed, a->shape.slope, row, o, &to, output, at.columns);
  }
}

#include "../winograd3x3_columns.h"

static void conv(const rf_args *a) {
  const ptrdiff_t position = (ptrdiff_t)(a->shape.cin + STEP - 1) / STEP * STEP * RF_PANEL;
  rf_winograd3x3_by_columns(a, &(column_layout){
                                 .input_position = (a->shape.cin + 31) / 32 * 32,
                                 .weight_panel = POSITIONS * position,
                                 .weight_position = position,
                                 .steps = (a->shape.cin + STEP - 1) / STEP,
                                 .weights = rf_u8_unpack(a).weights});
}

const rf_kernel rf_u8_conv__avx512vnni_winograd = {
  .name = "rf_u8_conv__avx512vnni_winograd",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW,
  .isa = RF_ISA_AVX512VNNI,
  .cycles_per_tap = 0.0103f,
  .row_multiple = RF_WINOGRAD_PIXELS,
  .outputs = 2,
  .suits = rf_winograd_suits,
  .packed_bytes = rf_u8_winograd_pair_bytes,
  .pack = rf_u8_pack_winograd_pairs,
  .scratch_bytes = rf_u8_winograd_scratch,
  .run = conv};
#pragma clang attribute pop
#endif
