// The network's first layer for AVX2: 3x3, stride 2, 3 to at most 8 channels. Few taps and channels leave a tile mostly waiting,
// so here a lane is a pixel: 8 neighbours, and a sum a channel. A pixel's taps in a row are 9 bytes: four pairs of 16-bit values
// for vpmaddwd, and the three rows' ninth bytes make two pairs together. Lanes hold pixels 0, 2, 4, 6, 1, 3, 5, 7.
// Include it after requantise.h.
#ifndef RF_AVX2_STEM_H
#define RF_AVX2_STEM_H

enum { STEM_CHANNELS = RF_U8_STEM_CHANNELS, STEM_PIXELS = 8, STEM_PAIRS = 14, STEM_STEP = 6 };

typedef struct {
  __m256i weight[STEM_PAIRS][STEM_CHANNELS];
  __m256i start[STEM_CHANNELS]; // of a sum: RF_MAGIC_BITS + bias
  __m256 multiplier[STEM_CHANNELS], addend[STEM_CHANNELS];
} stem;

// A product and not a shift: a negative value must not be shifted to the left (C23, 6.5.8).
INLINED __m256i weight_pair(int first, int second) { return _mm256_set1_epi32(second * 65536 + (first & 0xffff)); }

static void pack_stem(const rf_shape *shape, const rf_constants *c, void *packed) {
  stem *s = packed;
  for (int o = c->first; o < c->first + c->count; o++) {
    const int8_t *taps = rf_u8_weights_of(shape, c, o);
    const rf_u8_rule rule = rf_u8_rule_of(shape, c, o);
    for (int ky = 0; ky < 3; ky++)
      for (int pair = 0; pair < 4; pair++) s->weight[4 * ky + pair][o] = weight_pair(taps[9 * ky + 2 * pair], taps[9 * ky + 2 * pair + 1]);
    s->weight[12][o] = weight_pair(taps[8], taps[17]);
    s->weight[13][o] = weight_pair(taps[26], 0);
    s->start[o] = _mm256_set1_epi32(rule.start);
    s->multiplier[o] = _mm256_set1_ps(rule.multiplier);
    s->addend[o] = _mm256_set1_ps(rule.addend);
  }
}

static uint64_t stem_bytes(const rf_shape *s) {
  (void)s;
  return sizeof(stem);
}

// Two neighbours' taps of a row and what follows, once for either lane.
INLINED __m256i two_pixels(const uint8_t *row, int i) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(row + 2 * STEM_STEP * i)));
}

// The first four pairs of all pixels.
INLINED void row_pairs(const __m256i bytes[4], __m256i pair[4]) {
  const __m256i widen = _mm256_setr_epi8(0, -1, 1, -1, 2, -1, 3, -1, 4, -1, 5, -1, 6, -1, 7, -1, 6, -1, 7, -1, 8, -1, 9, -1, 10, -1, 11, -1,
                                         12, -1, 13, -1);
  __m256i words[4];
  UNROLLED for (int i = 0; i < 4; i++) words[i] = _mm256_shuffle_epi8(bytes[i], widen);
  const __m256i low01 = _mm256_unpacklo_epi32(words[0], words[1]), high01 = _mm256_unpackhi_epi32(words[0], words[1]);
  const __m256i low23 = _mm256_unpacklo_epi32(words[2], words[3]), high23 = _mm256_unpackhi_epi32(words[2], words[3]);
  pair[0] = _mm256_unpacklo_epi64(low01, low23);
  pair[1] = _mm256_unpackhi_epi64(low01, low23);
  pair[2] = _mm256_unpacklo_epi64(high01, high23);
  pair[3] = _mm256_unpackhi_epi64(high01, high23);
}

// The ninth bytes of a row in the lower words, the upper ones being 0.
INLINED __m256i ninths(const __m256i bytes[4]) {
  __m256i all = _mm256_setzero_si256();
  UNROLLED for (int i = 0; i < 4; i++) {
    const int even = 8, odd = 14, none = 0x80808080;
    const __m256i place = _mm256_setr_epi32(i == 0 ? even | 0x80808000 : none, i == 1 ? even | 0x80808000 : none,
                                            i == 2 ? even | 0x80808000 : none, i == 3 ? even | 0x80808000 : none,
                                            i == 0 ? odd | 0x80808000 : none, i == 1 ? odd | 0x80808000 : none,
                                            i == 2 ? odd | 0x80808000 : none, i == 3 ? odd | 0x80808000 : none);
    all = _mm256_or_si256(all, _mm256_shuffle_epi8(bytes[i], place));
  }
  return all;
}

INLINED void add_pair(const stem *s, int index, __m256i pair, __m256i sum[STEM_CHANNELS]) {
  UNROLLED for (int o = 0; o < STEM_CHANNELS; o++) sum[o] = _mm256_add_epi32(sum[o], _mm256_madd_epi16(pair, s->weight[index][o]));
}

// 8 channels of 8 pixels, one vector a channel of which the low 16 bits of each lane count, as bytes in order.
INLINED void interleave(const __m256i c[STEM_CHANNELS], __m256i bytes[2]) {
  const __m256i by_pixel = _mm256_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15, 0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6,
                                            7, 14, 15);
  __m256i two[4], four[2];
  UNROLLED for (int i = 0; i < 4; i++) two[i] = _mm256_blend_epi16(c[2 * i], _mm256_slli_epi32(c[2 * i + 1], 16), 0xaa);
  UNROLLED for (int i = 0; i < 2; i++) four[i] = _mm256_shuffle_epi8(_mm256_packus_epi16(two[2 * i], two[2 * i + 1]), by_pixel);
  bytes[0] = _mm256_permute4x64_epi64(_mm256_unpacklo_epi32(four[0], four[1]), 0xd8);
  bytes[1] = _mm256_permute4x64_epi64(_mm256_unpackhi_epi32(four[0], four[1]), 0xd8);
}

INLINED void store_stem(const rf_args *a, const __m256i bytes[2], uint8_t *output, ptrdiff_t pixels) {
  if (a->shape.cout == STEM_CHANNELS && a->output[0].pixel_stride == STEM_CHANNELS && pixels >= STEM_PIXELS) {
    _mm256_storeu_si256((__m256i *)output, bytes[0]);
    _mm256_storeu_si256((__m256i *)(output + 32), bytes[1]);
    return;
  }
  uint8_t all[STEM_PIXELS * STEM_CHANNELS];
  _mm256_storeu_si256((__m256i *)all, bytes[0]);
  _mm256_storeu_si256((__m256i *)(all + 32), bytes[1]);
  for (int p = 0; p < STEM_PIXELS && p < pixels; p++)
    for (int o = 0; o < a->shape.cout; o++) output[p * a->output[0].pixel_stride + o] = all[p * STEM_CHANNELS + o];
}

// 8 pixels, of which the first `pixels` exist; the others' taps lie in the slack.
INLINED void stem_pixels(const rf_args *a, const stem *s, const uint8_t *input, uint8_t *output, ptrdiff_t pixels, float slope) {
  __m256i sum[STEM_CHANNELS], ninth[3], bytes[2];
  UNROLLED for (int o = 0; o < STEM_CHANNELS; o++) sum[o] = s->start[o];
  UNROLLED for (int ky = 0; ky < 3; ky++, input += a->input[0].row_stride) {
    __m256i taps[4], pair[4];
    UNROLLED for (int i = 0; i < 4; i++) taps[i] = two_pixels(input, i);
    row_pairs(taps, pair);
    ninth[ky] = ninths(taps);
    UNROLLED for (int i = 0; i < 4; i++) add_pair(s, 4 * ky + i, pair[i], sum);
  }
  add_pair(s, 12, _mm256_or_si256(ninth[0], _mm256_slli_epi32(ninth[1], 16)), sum);
  add_pair(s, 13, ninth[2], sum);
  UNROLLED for (int o = 0; o < STEM_CHANNELS; o++)
    sum[o] = _mm256_castps_si256(scaled(_mm256_castsi256_ps(sum[o]), s->multiplier[o], s->addend[o], slope, RF_MAGIC));
  interleave(sum, bytes);
  store_stem(a, bytes, output, pixels);
}

static void stem_conv(const rf_args *a) {
  const stem *s = a->packed;
  for (ptrdiff_t y = 0; y < a->shape.height; y++) {
    const uint8_t *input = rf_u8_input(a, y);
    uint8_t *output = rf_u8_output(a, y);
    for (ptrdiff_t x = 0; x < a->shape.width; x += STEM_PIXELS) {
      uint8_t *to = output + x * a->output[0].pixel_stride;
      if (rf_is_leaky(a->shape.slope)) stem_pixels(a, s, input + x * STEM_STEP, to, a->shape.width - x, a->shape.slope);
      else stem_pixels(a, s, input + x * STEM_STEP, to, a->shape.width - x, 0);
    }
  }
}
#endif
