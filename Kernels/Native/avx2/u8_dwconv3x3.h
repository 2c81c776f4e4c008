// Depthwise 3x3 convolution in 8 bits for AVX2: 32 channels, or several pixels of fewer, at once. Bytes are widened to words
// and pairs of rows multiplied by vpmaddwd, so every sum is exact; at stride 1 two output rows come from four input rows.
// Include it after <immintrin.h> and inside the file's target attribute, with FP_CONTRACT off.
#ifndef RF_AVX2_U8_DWCONV3X3_H
#define RF_AVX2_U8_DWCONV3X3_H
#include "../args.h"
#include "../packing.h"
#include "requantise.h"

// Bytes of a vector; the channels of a block.
enum { RF_VECTOR = 32 };

// Two rows of 32 bytes: lane 4L + j of part n has the words of channel 16L + 4n + j.
typedef struct {
  __m256i part[4];
} rf_pair;

// The nine taps of an output row are five pairs. Two output rows need six: a pair of the two middle input rows in each column
// serves both, each row has one of its outer input row's first columns, and the last column of both outer rows is the sixth.
enum { RF_PAIRS = 5, RF_TAPS = 6, RF_UPPER = 3, RF_LOWER = 4, RF_LAST = 5 };

// A block's parameters in the order of `rf_pair`; weights[1] is for the lower of two output rows.
typedef struct {
  rf_pair weights[2][RF_PAIRS], start;
  __m256 multiplier[4], addend[4];
} rf_dw_block;

// Places of the taps and the results of a stripe of one or two output rows.
typedef struct {
  const uint8_t *input[4];
  uint8_t *output[2];
  ptrdiff_t input_step;   // bytes from a vector's taps to the next one's
  ptrdiff_t output_step;  // bytes from a vector's results to the next one's
  ptrdiff_t channels;     // bytes from a tap to the next one
  ptrdiff_t row_bytes;    // from the first result to the row's end
  float slope;
  int is_wide;
} rf_stripe;

INLINED __m256i load32(const void *from) { return _mm256_loadu_si256(from); }

INLINED rf_pair paired(__m256i a, __m256i b) {
  const __m256i low = _mm256_unpacklo_epi8(a, b), high = _mm256_unpackhi_epi8(a, b), none = _mm256_setzero_si256();
  return (rf_pair){
    {_mm256_unpacklo_epi8(low, none), _mm256_unpackhi_epi8(low, none), _mm256_unpacklo_epi8(high, none), _mm256_unpackhi_epi8(high, none)}};
}

// One row's taps: 32 bytes, or every other pixel of 16 channels.
INLINED __m256i taps_of(const uint8_t *from, int alternate) {
  if (!alternate) return load32(from);
  return _mm256_set_m128i(_mm_loadu_si128((const void *)(from + 32)), _mm_loadu_si128((const void *)from));
}

// The taps of a vector in pairs of words.
INLINED void pairs_of(const rf_stripe *s, ptrdiff_t at, int rows, int alternate, rf_pair pairs[RF_TAPS]) {
  __m256i taps[4][3];
  UNROLLED for (int ky = 0; ky < rows + 2; ky++) UNROLLED for (int kx = 0; kx < 3; kx++)
    taps[ky][kx] = taps_of(s->input[ky] + at + kx * s->channels, alternate);
  UNROLLED for (int kx = 0; kx < 3; kx++) pairs[kx] = paired(taps[1][kx], taps[2][kx]);
  pairs[RF_UPPER] = paired(taps[0][0], taps[0][1]);
  if (rows == 2) pairs[RF_LOWER] = paired(taps[3][0], taps[3][1]);
  pairs[RF_LAST] = paired(taps[0][2], rows == 2 ? taps[3][2] : taps[0][2]);
}

INLINED __m256i requantised_sum(__m256i sum, __m256 multiplier, __m256 addend, const rf_stripe *s, int leaky, int wide) {
  const __m256 value = scaled(wide ? _mm256_cvtepi32_ps(sum) : _mm256_castsi256_ps(sum), multiplier, addend, leaky ? s->slope : 0,
                              wide ? 0 : RF_MAGIC);
  return _mm256_sub_epi32(_mm256_castps_si256(value), _mm256_set1_epi32(RF_MAGIC_BITS));
}

// The results of one vector position in 1 or 2 rows.
INLINED void outputs_of(const rf_stripe *s, const rf_dw_block *block, const rf_pair taps[RF_TAPS], int rows, int leaky, int wide,
                        __m256i results[2]) {
  __m256i sum[2][4];
  UNROLLED for (int n = 0; n < 4; n++) {
    UNROLLED for (int y = 0; y < rows; y++) {
      sum[y][n] = block->start.part[n];
      UNROLLED for (int k = 0; k < RF_PAIRS; k++) {
        const int from = k < 3 ? k : k == 4 ? RF_LAST : y ? RF_LOWER : RF_UPPER;
        sum[y][n] = _mm256_add_epi32(sum[y][n], _mm256_madd_epi16(taps[from].part[n], block->weights[y][k].part[n]));
      }
      sum[y][n] = requantised_sum(sum[y][n], block->multiplier[n], block->addend[n], s, leaky, wide);
    }
  }
  UNROLLED for (int y = 0; y < rows; y++)
    results[y] = _mm256_packus_epi16(_mm256_packs_epi32(sum[y][0], sum[y][1]), _mm256_packs_epi32(sum[y][2], sum[y][3]));
}

// Writes 32 bytes, or as many as the row has left: what goes too far lies in pixels or channels that come later.
INLINED void store_bytes(uint8_t *output, __m256i value, ptrdiff_t left) {
  if (left >= RF_VECTOR) {
    _mm256_storeu_si256((void *)output, value);
    return;
  }
  uint8_t bytes[RF_VECTOR];
  _mm256_storeu_si256((void *)bytes, value);
  for (ptrdiff_t i = 0; i < left; i++) output[i] = bytes[i];
}

// Vector after vector to the row's end. Pairs are computed again for each: keeping them costs more than it saves.
INLINED void stripe(const rf_stripe *s, const rf_dw_block *block, int rows, int alternate, int leaky, int wide) {
  rf_pair taps[RF_TAPS];
  __m256i results[2];
  ptrdiff_t from = 0;
  for (ptrdiff_t to = 0; to < s->row_bytes; to += s->output_step, from += s->input_step) {
    pairs_of(s, from, rows, alternate, taps);
    __asm__("" : "+r"(block));  // parameters stay in memory: hoisted, they would only be spilt
    outputs_of(s, block, taps, rows, leaky, wide, results);
    UNROLLED for (int y = 0; y < rows; y++) store_bytes(s->output[y] + to, results[y], s->row_bytes - to);
  }
}

typedef void rf_stripe_fn(const rf_stripe *stripe, const rf_dw_block *block);

#define RF_STRIPE(name, rows, alternate) \
  static void name(const rf_stripe *s, const rf_dw_block *block) { \
    const int leaky = rf_is_leaky(s->slope), wide = s->is_wide; \
    if (leaky && wide) stripe(s, block, rows, alternate, 1, 1); \
    else if (leaky) stripe(s, block, rows, alternate, 1, 0); \
    else if (wide) stripe(s, block, rows, alternate, 0, 1); \
    else stripe(s, block, rows, alternate, 0, 0); \
  }
RF_STRIPE(two_rows, 2, 0)
RF_STRIPE(one_row, 1, 0)
RF_STRIPE(one_row_of_alternate_pixels, 1, 1)

// Pixels of a vector.
static int32_t pixels_of_vector(const rf_shape *s) {
  if (s->cout > RF_VECTOR / 2) return 1;
  return s->stride == 1 ? RF_VECTOR / s->cout : s->cout == 16 ? 2 : 1;
}

static int32_t blocks_of(const rf_shape *s) { return (s->cout + RF_VECTOR - 1) / RF_VECTOR; }

static uint64_t packed_bytes(const rf_shape *s) { return sizeof(rf_dw_block) * (uint64_t)blocks_of(s); }

// The channel's parameters at byte `at` of a block. Taps of the pairs of either output row; 9: none.
static void pack_lane(rf_dw_block *block, int at, const rf_u8_rule *rule, const int8_t taps[10]) {
  static const int8_t pairs[2][RF_PAIRS][2] = {{{3, 6}, {4, 7}, {5, 8}, {0, 1}, {2, 9}}, {{0, 3}, {1, 4}, {2, 5}, {6, 7}, {9, 8}}};
  const int n = at % 16 / 4, lane = at / 16 * 4 + at % 4;
  for (int y = 0; y < 2; y++)
    for (int k = 0; k < RF_PAIRS; k++)
      for (int i = 0; i < 2; i++) ((int16_t *)&block->weights[y][k].part[n])[2 * lane + i] = taps[pairs[y][k][i]];
  ((int32_t *)&block->start.part[n])[lane] = rule->start;
  ((float *)&block->multiplier[n])[lane] = rule->multiplier;
  ((float *)&block->addend[n])[lane] = rule->addend;
}

// The parameters of blocks of channels, repeated for each pixel of a vector.
static void pack(const rf_shape *s, const rf_constants *c, void *packed) {
  rf_dw_block *blocks = packed;
  for (int32_t o = c->first; o < c->first + c->count; o++) {
    const rf_u8_rule rule = rf_u8_rule_of(s, c, o);
    int8_t taps[10] = {0};
    for (int k = 0; k < 9; k++) taps[k] = rf_u8_depthwise_weight(c, o, k);
    for (int32_t p = 0; p < pixels_of_vector(s); p++) pack_lane(&blocks[o / RF_VECTOR], o % RF_VECTOR + p * s->cout, &rule, taps);
  }
}

static rf_stripe_fn *stripe_for(const rf_args *a, int32_t pixels) {
  if (a->shape.stride == 2) return pixels == 2 ? one_row_of_alternate_pixels : one_row;
  return a->shape.height < 2 ? one_row : two_rows;
}

// One block of channels, stripe by stripe; of an odd number of rows the last two are a stripe, too.
static void rows_of_block(const rf_args *a, const rf_dw_block *block, int32_t first, int32_t pixels) {
  const ptrdiff_t step = (ptrdiff_t)pixels * a->shape.cout;
  const int32_t rows = a->shape.stride == 1 && a->shape.height > 1 ? 2 : 1;
  rf_stripe_fn *const run = stripe_for(a, pixels);
  rf_stripe s = {
    .input_step = a->shape.stride * step,
    .output_step = step,
    .channels = a->shape.cout,
    .row_bytes = (ptrdiff_t)a->shape.width * a->shape.cout - first,
    .slope = a->shape.slope,
    .is_wide = a->shape.accumulator == RF_ACCUMULATOR_WIDE};
  for (int32_t y = 0; y < a->shape.height; y += rows) {
    const ptrdiff_t top = y > a->shape.height - rows ? a->shape.height - rows : y;
    for (int k = 0; k < 4; k++) s.input[k] = rf_u8_input(a, top) + (k < rows + 2 ? k : 2) * a->input[0].row_stride + first;
    for (int k = 0; k < 2; k++) s.output[k] = rf_u8_output(a, top + (k < rows ? k : 0)) + first;
    run(&s, block);
  }
}

// The last channels come first: what their vectors write beyond a pixel's end is then overwritten.
static void dwconv3x3(const rf_args *a) {
  if (a->shape.width <= 0 || a->shape.height <= 0) return;
  const int32_t pixels = pixels_of_vector(&a->shape);
  const rf_dw_block *blocks = a->packed;
  for (int32_t block = blocks_of(&a->shape) - 1; block >= 0; block--) rows_of_block(a, &blocks[block], block * RF_VECTOR, pixels);
}
#endif
