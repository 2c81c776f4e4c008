// Depthwise 3x3 convolution in 8 bits for AVX-512 VNNI: 64 channels, or several pixels of 8, 16 or 32, at once. At stride 1 two
// output rows come from four input rows, whose interleaved columns serve three taps each.
#if defined(__x86_64__)
#include "../args.h"
#include "../packing.h"
#include <immintrin.h>
#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)
#include "dwconv3x3_block.h"

// Places of the taps and the results of a stripe of one or, at stride 1, two output rows.
typedef struct {
  const uint8_t *input[4];
  uint8_t *output[2];
  int32_t width;      // output pixels
  int32_t channels;   // bytes from pixel to pixel
  __mmask64 owned;    // bytes of a vector that may be written
  float slope;
} rf_stripe;

INLINED rf_interleaved column(const rf_stripe *s, ptrdiff_t at, int stride) {
  const __m512i a = load64(s->input[0] + at), b = load64(s->input[1] + at), c = load64(s->input[2] + at);
  return stride == 1 ? interleave4(a, b, c, load64(s->input[3] + at)) : interleave3(a, b, c);
}

// Up to 64 channels of every pixel, `pixels` (1 or 2) of a row at a time; the last two may be computed twice.
INLINED void by_pixels(const rf_stripe *s, const rf_dw_block *block, int rows, int pixels, int stride, int leaky, int wide) {
  const ptrdiff_t step = s->channels;
  const int carried = 3 - stride, columns = (pixels - 1) * stride + 3;
  rf_interleaved taps[5];
  for (ptrdiff_t x = 0, done = -1;; x += pixels) {
    if (x > s->width - pixels) x = s->width - pixels;
    const ptrdiff_t at = x * stride * step;
    if (x != done) {
      taps[0] = column(s, at, stride);
      if (carried == 2) taps[1] = column(s, at + step, stride);
    }
    UNROLLED for (int k = carried; k < columns; k++) taps[k] = column(s, at + k * step, stride);
    __asm__("" : "+r"(block));  // parameters stay in memory: hoisted, they would only be spilt
    __m512i outputs[2][2];
    outputs_of(block, (const rf_interleaved *const[2]){taps, taps + stride}, rows, pixels, s->slope, leaky, wide, outputs);
    UNROLLED for (int y = 0; y < rows; y++) UNROLLED for (int p = 0; p < pixels; p++)
      _mm512_mask_storeu_epi8(s->output[y] + (x + p) * step, s->owned, outputs[y][p]);
    if (x + pixels >= s->width) break;
    taps[0] = taps[pixels * stride];
    if (carried == 2) taps[1] = taps[pixels * stride + 1];
    done = x + pixels;
  }
}

// The columns one and two pixels to the right where vectors hold several pixels; only the first pixels of `next` count.
INLINED void shift(rf_interleaved taps[3], const rf_interleaved *now, const rf_interleaved *next, int channels) {
  taps[0] = *now;
  UNROLLED for (int n = 0; n < 4; n++) {
    const __m512i a = now->part[n], b = next->part[n];
    if (channels == 32) {
      taps[1].part[n] = _mm512_alignr_epi64(b, a, 4);
      taps[2].part[n] = b;
    } else if (channels == 16) {
      taps[1].part[n] = _mm512_alignr_epi64(b, a, 2);
      taps[2].part[n] = _mm512_alignr_epi64(b, a, 4);
    } else {  // 8: a lane has two pixels, in parts 0 and 1 the first
      taps[2].part[n] = _mm512_alignr_epi64(b, a, 2);
      if (n < 2) taps[1].part[n] = now->part[n + 2];
      else taps[1].part[n] = taps[2].part[n - 2];
    }
  }
}

// Two vectors of both rows at a time, a row taken as bytes; the last ones may be computed twice.
// Precondition: a row of the output has 128 bytes or more.
INLINED void packed_stride1(const rf_stripe *s, const rf_dw_block *block, int channels, int leaky, int wide) {
  const ptrdiff_t last = (ptrdiff_t)s->width * channels - 2 * RF_VECTOR;
  rf_interleaved found[3], taps[2][3];
  found[0] = column(s, 0, 1);
  for (ptrdiff_t at = 0;; at += 2 * RF_VECTOR) {
    if (at > last) {
      at = last;
      found[0] = column(s, at, 1);
    }
    found[1] = column(s, at + RF_VECTOR, 1);
    found[2] = column(s, at + 2 * RF_VECTOR, 1);
    __asm__("" : "+r"(block));
    UNROLLED for (int v = 0; v < 2; v++) shift(taps[v], &found[v], &found[v + 1], channels);
    __m512i outputs[2][2];
    outputs_of(block, (const rf_interleaved *const[2]){taps[0], taps[1]}, 2, 2, s->slope, leaky, wide, outputs);
    UNROLLED for (int y = 0; y < 2; y++) UNROLLED for (int v = 0; v < 2; v++)
      _mm512_storeu_si512(s->output[y] + at + v * RF_VECTOR, outputs[y][v]);
    if (at == last) break;
    found[0] = found[2];
  }
}

// Every other pixel of 128 bytes.
INLINED __m512i even_pixels(const uint8_t *from, const uint8_t *second, int channels) {
  const __m512i a = load64(from), b = load64(second);
  return channels == 32 ? _mm512_shuffle_i64x2(a, b, 0x44) : _mm512_shuffle_i64x2(a, b, 0x88);
}

INLINED rf_interleaved even_column(const rf_stripe *s, ptrdiff_t at, ptrdiff_t second, int channels) {
  __m512i row[3];
  UNROLLED for (int ky = 0; ky < 3; ky++) row[ky] = even_pixels(s->input[ky] + at, s->input[ky] + at + second, channels);
  return interleave3(row[0], row[1], row[2]);
}

// The same for two vectors of one row, of 16 or 32 channels.
INLINED void packed_stride2(const rf_stripe *s, const rf_dw_block *block, int channels, int leaky, int wide) {
  const ptrdiff_t last = (ptrdiff_t)s->width * channels - 2 * RF_VECTOR;
  rf_interleaved even[3], taps[2][3];
  even[0] = even_column(s, 0, RF_VECTOR, channels);
  for (ptrdiff_t at = 0;; at += 2 * RF_VECTOR) {
    if (at > last) {
      at = last;
      even[0] = even_column(s, 2 * at, RF_VECTOR, channels);
    }
    even[1] = even_column(s, 2 * at + 2 * RF_VECTOR, RF_VECTOR, channels);
    // Only one of the even pixels further to the right is needed, and at the end no more may be read.
    even[2] = even_column(s, 2 * at + 4 * RF_VECTOR, at + 2 * RF_VECTOR > last ? 0 : RF_VECTOR, channels);
    UNROLLED for (int v = 0; v < 2; v++) {
      taps[v][0] = even[v];
      taps[v][1] = even_column(s, 2 * at + 2 * v * RF_VECTOR + channels, RF_VECTOR, channels);
      UNROLLED for (int n = 0; n < 4; n++) taps[v][2].part[n] = channels == 32
                                                                  ? _mm512_alignr_epi64(even[v + 1].part[n], even[v].part[n], 4)
                                                                  : _mm512_alignr_epi64(even[v + 1].part[n], even[v].part[n], 2);
    }
    __asm__("" : "+r"(block));
    __m512i outputs[2][2];
    outputs_of(block, (const rf_interleaved *const[2]){taps[0], taps[1]}, 1, 2, s->slope, leaky, wide, outputs);
    UNROLLED for (int v = 0; v < 2; v++) _mm512_storeu_si512(s->output[0] + at + v * RF_VECTOR, outputs[0][v]);
    if (at == last) break;
    even[0] = even[2];
  }
}

typedef void rf_stripe_fn(const rf_stripe *stripe, const rf_dw_block *block);

// A function of a stripe from an inlined one, with the activation as its last argument.
#define RF_STRIPE(name, function, ...) \
  static void name(const rf_stripe *s, const rf_dw_block *block) { \
    if (rf_is_leaky(s->slope)) function(s, block, __VA_ARGS__, 1, 0); \
    else function(s, block, __VA_ARGS__, 0, 0); \
  }
#define RF_WIDE_STRIPE(name, function, ...) \
  static void name(const rf_stripe *s, const rf_dw_block *block) { \
    if (rf_is_leaky(s->slope)) function(s, block, __VA_ARGS__, 1, 1); \
    else function(s, block, __VA_ARGS__, 0, 1); \
  }
RF_STRIPE(two_rows, by_pixels, 2, 2, 1)
RF_STRIPE(two_rows_narrow, by_pixels, 2, 1, 1)
RF_STRIPE(one_row, by_pixels, 1, 1, 1)
RF_STRIPE(strided, by_pixels, 1, 2, 2)
RF_STRIPE(strided_narrow, by_pixels, 1, 1, 2)
RF_WIDE_STRIPE(wide_row, by_pixels, 1, 1, 1)
RF_WIDE_STRIPE(wide_strided, by_pixels, 1, 1, 2)
RF_STRIPE(packed8, packed_stride1, 8)
RF_STRIPE(packed16, packed_stride1, 16)
RF_STRIPE(packed32, packed_stride1, 32)
RF_STRIPE(strided_packed16, packed_stride2, 16)
RF_STRIPE(strided_packed32, packed_stride2, 32)

// Output rows of a stripe.
static int32_t rows_of(const rf_args *a) {
  return a->shape.stride == 1 && a->shape.height > 1 && a->shape.accumulator != RF_ACCUMULATOR_WIDE ? 2 : 1;
}

// The function for several pixels per vector, where they fit and the row is long enough; null otherwise.
static rf_stripe_fn *_Nullable packed_stripe(const rf_args *a) {
  const ptrdiff_t bytes = (ptrdiff_t)a->shape.width * a->shape.cout;
  if (a->shape.accumulator == RF_ACCUMULATOR_WIDE) return 0;
  if (bytes < 2 * RF_VECTOR || (a->shape.stride == 1 && a->shape.height < 2)) return 0;
  switch (a->shape.cout) {
  case 8: return a->shape.stride == 1 ? packed8 : 0;
  case 16: return a->shape.stride == 1 ? packed16 : strided_packed16;
  case 32: return a->shape.stride == 1 ? packed32 : strided_packed32;
  default: return 0;
  }
}

// Wide sums take one pixel at a time: they are rare.
static rf_stripe_fn *stripe_by_pixels(const rf_args *a, int32_t rows) {
  if (a->shape.accumulator == RF_ACCUMULATOR_WIDE) return a->shape.stride == 2 ? wide_strided : wide_row;
  if (a->shape.stride == 2) return a->shape.width > 1 ? strided : strided_narrow;
  if (rows < 2) return one_row;
  return a->shape.width > 1 ? two_rows : two_rows_narrow;
}

// One block of channels, stripe by stripe; of an odd number of rows the last two are a stripe, too.
static void rows_of_block(const rf_args *a, rf_stripe_fn *run, const rf_dw_block *block, int32_t first, int32_t count) {
  const int32_t rows = rows_of(a);
  rf_stripe s = {.width = a->shape.width, .channels = a->shape.cout, .owned = ~0ull >> (64 - count), .slope = a->shape.slope};
  for (int32_t y = 0; y < a->shape.height; y += rows) {
    const ptrdiff_t top = y > a->shape.height - rows ? a->shape.height - rows : y;
    for (int k = 0; k < 4; k++) s.input[k] = rf_u8_input(a, top) + (k < rows + 2 ? k : 2) * a->input[0].row_stride + first;
    for (int k = 0; k < 2; k++) s.output[k] = rf_u8_output(a, top + (k < rows ? k : 0)) + first;
    run(&s, block);
  }
}

static void dwconv3x3(const rf_args *a) {
  if (a->shape.width <= 0 || a->shape.height <= 0) return;
  rf_stripe_fn *const packed = packed_stripe(a), *const run = packed ? packed : stripe_by_pixels(a, rows_of(a));
  const rf_dw_block *block = a->packed;
  for (int32_t first = 0; first < a->shape.cout; first += RF_VECTOR, block++) {
    const int32_t rest = a->shape.cout - first;
    rows_of_block(a, run, block, first, rest < RF_VECTOR ? rest : RF_VECTOR);
  }
}

const rf_kernel rf_u8_dwconv3x3__avx512vnni = {
  .name = "rf_u8_dwconv3x3__avx512vnni",
  .op = RF_OP_DEPTHWISE_CONV3X3,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW | RF_ACCUMULATOR_WIDE,
  .isa = RF_ISA_AVX512VNNI,
  .cycles_per_output = 0.22f,
  .packed_bytes = packed_bytes,
  .pack = pack,
  .run = dwconv3x3};
#pragma clang attribute pop
#endif
