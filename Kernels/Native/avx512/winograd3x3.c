// 3x3 convolution by F(4x4, 3x3) for AVX-512: 16 channels of a tile at once.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#include "activation.h"

enum { LANES = 16 };
typedef __m512 vector;

INLINED __mmask16 first_lanes(int32_t count) { return (__mmask16)(count >= LANES ? 0xffff : 0xffff >> (LANES - count)); }

INLINED vector load_first(const float *input, int32_t count) { return _mm512_maskz_loadu_ps(first_lanes(count), input); }

INLINED void store_first(float *output, vector value, int32_t count) { _mm512_mask_storeu_ps(output, first_lanes(count), value); }

#include "../conv_tiles.h"
#include "../winograd3x3_transforms.h"

enum { STEP = 1, COLUMN = RF_WINOGRAD_PIXELS * RF_PANEL };
typedef float value, result;
typedef vector sums;

INLINED sums plus_products(sums sum, const value *one, sums weights) { return _mm512_fmadd_ps(_mm512_set1_ps(*one), weights, sum); }

// A panel from channel `o` on of one tile, from columns[6][4][channel].
INLINED void output_panel(const rf_args *a, tile_place at, const result *columns, int32_t o, float slope) {
  const int32_t count = a->shape.cout - o;
  const vector bias = _mm512_loadu_ps((const float *)a->packed + o);
  float *output = rf_f32_output(a, at.y) + at.x * a->output[0].pixel_stride + o;
  for (int32_t y = 0; y < RF_WINOGRAD_PIXELS && y < at.rows; y++, output += a->output[0].row_stride) {
    vector row[SIDE];
    UNROLLED for (int x = 0; x < SIDE; x++) row[x] = _mm512_loadu_ps(columns + x * COLUMN + y * RF_PANEL);
    transform_output_line(row, 1);
    UNROLLED for (int x = 0; x < RF_WINOGRAD_PIXELS; x++) if (x < at.columns)
      store_first(output + x * a->output[0].pixel_stride, activated(row[x] + bias, slope), count);
  }
}

INLINED void output_tile(const rf_args *a, tile_place at, const result *columns, int32_t o) {
  if (a->shape.slope == 0) output_panel(a, at, columns, o, 0);
  else output_panel(a, at, columns, o, a->shape.slope);
}

#include "../winograd3x3_columns.h"

static void conv(const rf_args *a) {
  const ptrdiff_t panel = (ptrdiff_t)a->shape.cin * RF_PANEL;
  rf_winograd3x3_by_columns(a, &(column_layout){
                                 .input_position = a->shape.cin,
                                 .weight_panel = panel,
                                 .weight_position = (a->shape.cout + RF_PANEL - 1) / RF_PANEL * panel,
                                 .steps = a->shape.cin,
                                 .weights = rf_conv_packed(a).weights});
}

const rf_kernel rf_f32_conv__avx512_winograd = {
  .name = "rf_f32_conv__avx512_winograd",
  .op = RF_OP_CONV,
  .input_type = RF_F32,
  .output_type = RF_F32,
  .isa = RF_ISA_AVX512,
  .cycles_per_tap = 0.01f,
  .row_multiple = RF_WINOGRAD_PIXELS,
  .error = RF_ERROR_OF_WINOGRAD,
  .suits = rf_winograd_suits,
  .packed_bytes = rf_f32_winograd_bytes,
  .pack = rf_f32_pack_winograd,
  .scratch_bytes = rf_f32_winograd_scratch,
  .run = conv};
#pragma clang attribute pop
#endif
