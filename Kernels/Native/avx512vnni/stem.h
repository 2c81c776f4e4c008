// The network's first layer for AVX-512 VNNI: 3x3, stride 2, 3 to at most 8 channels. So few channels leave a vector of
// channels half empty, so here a lane is a pixel: 16 neighbours, and a sum a channel. A pixel's taps in a row are 9 bytes from
// an even place on, so words are what is gathered; the three rows' ninth bytes make a group together, 7 groups instead of 9.
// Include it after requantise.h.
#ifndef RF_AVX512VNNI_STEM_H
#define RF_AVX512VNNI_STEM_H

enum { STEM_CHANNELS = RF_U8_STEM_CHANNELS, STEM_PIXELS = 16, STEM_GROUPS = 7, STEM_STEP = 6 };

typedef struct {
  int32_t weight[STEM_GROUPS][STEM_CHANNELS]; // four bytes each
  int32_t start[STEM_CHANNELS];               // of a sum: RF_MAGIC_BITS + bias
  float multiplier[STEM_CHANNELS], addend[STEM_CHANNELS];
} stem;

static void pack_stem(const rf_shape *shape, const rf_constants *c, void *packed) {
  stem *s = packed;
  for (int o = c->first; o < c->first + c->count; o++) {
    const uint8_t *taps = (const uint8_t *)rf_u8_weights_of(shape, c, o);
    const rf_u8_rule rule = rf_u8_rule_of(shape, c, o);
    for (int ky = 0; ky < 3; ky++)
      for (int g = 0; g < 2; g++) s->weight[2 * ky + g][o] = rf_u8_group(taps + 9 * ky + 4 * g);
    s->weight[STEM_GROUPS - 1][o] = taps[8] | taps[17] << 8 | taps[26] << 16;
    s->start[o] = rule.start;
    s->multiplier[o] = rule.multiplier;
    s->addend[o] = rule.addend;
  }
}

static uint64_t stem_bytes(const rf_shape *s) {
  (void)s;
  return sizeof(stem);
}

// Which words of a row belong to the 16 pixels: of groups 0 and 1; of the ninth byte.
typedef struct {
  __m512i first[2], ninth;
} stem_words;

INLINED stem_words words_of_stem(void) {
  const __m512i pixel = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i word = _mm512_mullo_epi32(pixel, _mm512_set1_epi32(0x00030003));
  return (stem_words){
    {_mm512_add_epi32(word, _mm512_set1_epi32(0x00010000)), _mm512_add_epi32(word, _mm512_set1_epi32(0x00030002))},
    _mm512_add_epi32(word, _mm512_set1_epi32(0x00040004))};
}

// Taps of the 16 pixels whose first row begins at `input`, of which the first `pixels` exist: groups as in `weight`.
INLINED void gather_taps(const stem_words *words, const uint8_t *input, ptrdiff_t row_stride, int pixels, __m512i taps[STEM_GROUPS]) {
  const int bytes = (pixels - 1) * STEM_STEP + 9;
  __m512i low[3], high[3], ninth[3];
  UNROLLED for (int ky = 0; ky < 3; ky++, input += row_stride) {
    low[ky] = _mm512_maskz_loadu_epi8(bytes < 64 ? first_bytes(bytes) : ~0ull, input);
    high[ky] = bytes <= 64 ? _mm512_setzero_si512() : _mm512_maskz_loadu_epi8(first_bytes(bytes - 64), input + 64);
    UNROLLED for (int g = 0; g < 2; g++) taps[2 * ky + g] = _mm512_permutex2var_epi16(low[ky], words->first[g], high[ky]);
    ninth[ky] = _mm512_permutex2var_epi16(low[ky], words->ninth, high[ky]);
  }
  const __m512i lowest = _mm512_set1_epi32(0xff);
  const __m512i two = _mm512_ternarylogic_epi32(lowest, ninth[0], _mm512_slli_epi32(ninth[1], 8), 0xca);
  taps[STEM_GROUPS - 1] = _mm512_mask_mov_epi16(two, 0xaaaaaaaa, ninth[2]);
}

// 8 channels of 16 pixels, one vector of 32-bit results a channel, as bytes in order.
INLINED void interleave(const __m512i result[STEM_CHANNELS], __m512i bytes[2]) {
  const __m512i up = _mm512_set4_epi32(0x0d0c8080, 0x09088080, 0x05048080, 0x01008080);
  const __m512i by_pixel = _mm512_set4_epi32(0x0f0e0706, 0x0d0c0504, 0x0b0a0302, 0x09080100);
  __m512i pair[4], four[2];
  UNROLLED for (int i = 0; i < 4; i++) pair[i] = _mm512_mask_shuffle_epi8(result[2 * i], hidden(0xcccccccccccccccc), result[2 * i + 1], up);
  UNROLLED for (int i = 0; i < 2; i++) four[i] = _mm512_shuffle_epi8(_mm512_packus_epi16(pair[2 * i], pair[2 * i + 1]), by_pixel);
  const __m512i even = _mm512_unpacklo_epi32(four[0], four[1]), odd = _mm512_unpackhi_epi32(four[0], four[1]);
  bytes[0] = _mm512_permutex2var_epi64(even, _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), odd);
  bytes[1] = _mm512_permutex2var_epi64(even, _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15), odd);
}

INLINED void store_stem(const rf_args *a, const __m512i bytes[2], uint8_t *output, int pixels) {
  if (a->shape.cout == STEM_CHANNELS && a->output[0].pixel_stride == STEM_CHANNELS && pixels == STEM_PIXELS) {
    _mm512_storeu_si512(output, bytes[0]);
    _mm512_storeu_si512(output + 64, bytes[1]);
    return;
  }
  uint8_t all[STEM_PIXELS * STEM_CHANNELS];
  _mm512_storeu_si512(all, bytes[0]);
  _mm512_storeu_si512(all + 64, bytes[1]);
  for (int p = 0; p < pixels; p++)
    for (int o = 0; o < a->shape.cout; o++) output[p * a->output[0].pixel_stride + o] = all[p * STEM_CHANNELS + o];
}

INLINED void stem_pixels(const rf_args *a, const stem *s, const __m512i taps[STEM_GROUPS], uint8_t *output, int pixels, float slope) {
  __m512i sum[STEM_CHANNELS], bytes[2];
  // Parameters are operands that are broadcast from memory: hoisted, they would be spilt as whole vectors.
  __asm__("" : "+r"(s));
  UNROLLED for (int o = 0; o < STEM_CHANNELS; o++) sum[o] = _mm512_set1_epi32(s->start[o]);
  UNROLLED for (int g = 0; g < STEM_GROUPS; g++) UNROLLED for (int o = 0; o < STEM_CHANNELS; o++)
    sum[o] = _mm512_dpbusd_epi32(sum[o], taps[g], _mm512_set1_epi32(s->weight[g][o]));
  UNROLLED for (int o = 0; o < STEM_CHANNELS; o++)
    sum[o] = requantised_by(sum[o], _mm512_set1_ps(s->multiplier[o]), _mm512_set1_ps(s->addend[o]), slope, RF_MAGIC);
  interleave(sum, bytes);
  store_stem(a, bytes, output, pixels);
}

// Computes the pixels of whole vectors. Taps are gathered a step ahead: the products need not wait for them then, and a
// processor does not look far enough ahead to do that by itself.
INLINED ptrdiff_t whole_vectors(const rf_args *a, const stem *s, const stem_words *words, const uint8_t *input, uint8_t *output,
                                float slope) {
  const ptrdiff_t end = a->shape.width / STEM_PIXELS * STEM_PIXELS;
  if (end == 0) return 0;
  __m512i taps[STEM_GROUPS], next[STEM_GROUPS];
  gather_taps(words, input, a->input[0].row_stride, STEM_PIXELS, taps);
  for (ptrdiff_t x = 0; x < end; x += STEM_PIXELS) {
    const ptrdiff_t ahead = x + STEM_PIXELS < end ? x + STEM_PIXELS : x;
    gather_taps(words, input + ahead * STEM_STEP, a->input[0].row_stride, STEM_PIXELS, next);
    stem_pixels(a, s, taps, output + x * a->output[0].pixel_stride, STEM_PIXELS, slope);
    UNROLLED for (int g = 0; g < STEM_GROUPS; g++) taps[g] = next[g];
  }
  return end;
}

static void stem_conv(const rf_args *a) {
  const stem *s = a->packed;
  const stem_words words = words_of_stem();
  const float slope = rf_is_leaky(a->shape.slope) ? a->shape.slope : 0;
  for (ptrdiff_t y = 0; y < a->shape.height; y++) {
    const uint8_t *input = rf_u8_input(a, y);
    uint8_t *output = rf_u8_output(a, y);
    const ptrdiff_t x = slope == 0 ? whole_vectors(a, s, &words, input, output, 0) : whole_vectors(a, s, &words, input, output, slope);
    if (x == a->shape.width) continue;
    __m512i taps[STEM_GROUPS];
    gather_taps(&words, input + x * STEM_STEP, a->input[0].row_stride, (int)(a->shape.width - x), taps);
    stem_pixels(a, s, taps, output + x * a->output[0].pixel_stride, (int)(a->shape.width - x), slope);
  }
}

const rf_kernel rf_u8_conv__avx512vnni_stem = {
  .name = "rf_u8_conv__avx512vnni_stem",
  .op = RF_OP_CONV,
  .input_type = RF_U8,
  .output_type = RF_U8,
  .accumulators = RF_ACCUMULATOR_NARROW,
  .isa = RF_ISA_AVX512VNNI,
  .cycles_per_tap = 0.0125f,
  .suits = rf_u8_is_stem,
  .packed_bytes = stem_bytes,
  .pack = pack_stem,
  .run = stem_conv};
#endif
