// 1x1 layers of 8 or 16 input channels for AVX2, as the first blocks have on the largest maps. Their weights are packed in 16 bits and
// taps never leave the registers: a tile would spend most of its time on what is around the products.
// Include it after requantise.h.
#ifndef RF_AVX2_FEW_TAPS_H
#define RF_AVX2_FEW_TAPS_H

enum { FEW_GROUPS = 4, FEW_EIGHTS = 4 };

static int has_few_taps(const rf_shape *s) {
  return s->kernel_width == 1 && s->kernel_height == 1 && s->stride == 1 && (s->cin == 8 || s->cin == 16) && s->cout % 8 == 0 &&
         s->cout <= 8 * FEW_EIGHTS;
}

// By eights of channels, in the order in which vphaddd leaves sums: 0 1 4 5 2 3 6 7.
typedef struct {
  int16_t weight[FEW_EIGHTS][FEW_GROUPS][2][16]; // of channels 0-3 and 4-7, four taps each
  int32_t start[FEW_EIGHTS][8];                  // of a sum: RF_MAGIC_BITS + bias
  float multiplier[FEW_EIGHTS][8], addend[FEW_EIGHTS][8];
} few_taps;

static void pack_few_taps(const rf_shape *s, const rf_constants *c, void *packed) {
  static const int place[8] = {0, 1, 4, 5, 2, 3, 6, 7}; // of a channel
  few_taps *f = packed;
  for (int o = c->first; o < c->first + c->count; o++) {
    const int8_t *taps = rf_u8_weights_of(s, c, o);
    const rf_u8_rule rule = rf_u8_rule_of(s, c, o);
    const int n = o / 8, at = place[o % 8];
    for (int k = 0; k < s->cin; k++) f->weight[n][k / 4][o % 8 / 4][o % 4 * 4 + k % 4] = taps[k];
    f->start[n][at] = rule.start;
    f->multiplier[n][at] = rule.multiplier;
    f->addend[n][at] = rule.addend;
  }
}

static uint64_t few_taps_bytes(const rf_shape *s) {
  (void)s;
  return sizeof(few_taps);
}

INLINED __m256i load_words(const void *words) { return _mm256_load_si256(words); }

// Four taps of 16 bits, in every 64 bits.
INLINED __m256i four_taps(__m256i words, int group) {
  switch (group) {
  case 0: return _mm256_permute4x64_epi64(words, 0x00);
  case 1: return _mm256_permute4x64_epi64(words, 0x55);
  case 2: return _mm256_permute4x64_epi64(words, 0xaa);
  default: return _mm256_permute4x64_epi64(words, 0xff);
  }
}

INLINED void widen(const uint8_t *pixel, int groups, __m256i taps[FEW_GROUPS]) {
  const __m128i *from = (const __m128i *)pixel;
  const __m256i words = _mm256_cvtepu8_epi16(groups == 2 ? _mm_loadl_epi64(from) : _mm_loadu_si128(from));
  UNROLLED for (int g = 0; g < groups; g++) taps[g] = four_taps(words, g);
}

INLINED __m256i eight_results(const few_taps *f, int n, const __m256i taps[FEW_GROUPS], int groups, float slope) {
  __m256i low = _mm256_madd_epi16(taps[0], load_words(f->weight[n][0][0]));
  __m256i high = _mm256_madd_epi16(taps[0], load_words(f->weight[n][0][1]));
  UNROLLED for (int g = 1; g < groups; g++) {
    low = _mm256_add_epi32(low, _mm256_madd_epi16(taps[g], load_words(f->weight[n][g][0])));
    high = _mm256_add_epi32(high, _mm256_madd_epi16(taps[g], load_words(f->weight[n][g][1])));
  }
  const __m256i sum = _mm256_add_epi32(_mm256_hadd_epi32(low, high), load_words(f->start[n]));
  const __m256 value = scaled(_mm256_castsi256_ps(sum), _mm256_load_ps(f->multiplier[n]), _mm256_load_ps(f->addend[n]), slope, RF_MAGIC);
  return _mm256_sub_epi32(_mm256_castps_si256(value), _mm256_set1_epi32(RF_MAGIC_BITS));
}

// All channels of four neighbours, of which the first `pixels` exist; the others' taps lie in the slack.
INLINED void four_pixels(const few_taps *f, const uint8_t *input, uint8_t *output, ptrdiff_t stride, int32_t pixels, int groups, int eights,
                         float slope) {
  __m256i taps[4][FEW_GROUPS];
  UNROLLED for (int p = 0; p < 4; p++) widen(input + p * 4 * groups, groups, taps[p]);
  for (int n = 0; n < eights; n++) {
    __m256i result[4];
    UNROLLED for (int p = 0; p < 4; p++) result[p] = eight_results(f, n, taps[p], groups, slope);
    const __m256i bytes = _mm256_packus_epi16(_mm256_packs_epi32(result[0], result[1]), _mm256_packs_epi32(result[2], result[3]));
    const __m128i low = _mm256_castsi256_si128(bytes), high = _mm256_extracti128_si256(bytes, 1);
    store_eights(_mm_unpacklo_epi16(low, high), _mm_unpackhi_epi16(low, high), output + 8 * n, stride, pixels, 8);
  }
}

INLINED void few_taps_rows(const rf_args *a, const few_taps *f, int groups, float slope) {
  for (ptrdiff_t y = 0; y < a->shape.height; y++) {
    const uint8_t *input = rf_u8_input(a, y);
    uint8_t *output = rf_u8_output(a, y);
    for (int32_t x = 0; x < a->shape.width; x += 4, input += 16 * groups, output += 4 * a->output[0].pixel_stride)
      four_pixels(f, input, output, a->output[0].pixel_stride, a->shape.width - x, groups, a->shape.cout / 8, slope);
  }
}

static void few_taps_conv(const rf_args *a) {
  const few_taps *f = a->packed;
  const float slope = a->shape.slope;
  if (a->shape.cin == 8) rf_is_leaky(slope) ? few_taps_rows(a, f, 2, slope) : few_taps_rows(a, f, 2, 0);
  else rf_is_leaky(slope) ? few_taps_rows(a, f, 4, slope) : few_taps_rows(a, f, 4, 0);
}
#endif
