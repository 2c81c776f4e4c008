// The parts that both strides of the 8-bit depthwise convolution share: 64 bytes of a row as four vectors of 16 channels, each lane with
// the bytes of all rows of its channel, so that one vpdpbusd makes its vertical taps; parameters in the same order; the way
// back. Even and odd channels go to different vectors: then the way back needs no reordering.
#ifndef RF_AVX512VNNI_DWCONV3X3_BLOCK_H
#define RF_AVX512VNNI_DWCONV3X3_BLOCK_H
#include "requantise.h"

// Bytes of a vector; the channels of a block.
enum { RF_VECTOR = 64 };

// Four rows or, at stride 2, three of 64 bytes; see `interleave4`.
typedef struct {
  __m512i part[4];
} rf_interleaved;

// A block's parameters in the order of `rf_interleaved`; weights[1] is for the lower of two output rows.
typedef struct {
  rf_interleaved weights[2][3], start;
  __m512 multiplier[4], addend[4];
} rf_dw_block;

INLINED __m512i load64(const uint8_t *from) { return _mm512_loadu_si512(from); }

// The lower words of the 32-bit lanes of a and b, and the upper ones. By shifts and moves: a rotation, which is what a shuffle
// of whole words becomes, takes the multiplier's place on Zen 4, and a shuffle half of it.
INLINED __m512i lower_words(__m512i a, __m512i b) { return _mm512_mask_mov_epi16(a, 0xaaaaaaaa, _mm512_slli_epi32(b, 16)); }
INLINED __m512i upper_words(__m512i a, __m512i b) { return _mm512_mask_mov_epi16(b, 0x55555555, _mm512_srli_epi32(a, 16)); }

// Lane 4L + j of part n has the rows' bytes of channel 16L + 2j + n%2 + 8*(n/2).
INLINED rf_interleaved interleave4(__m512i a, __m512i b, __m512i c, __m512i d) {
  const __m512i low0 = _mm512_unpacklo_epi8(a, b), high0 = _mm512_unpackhi_epi8(a, b);
  const __m512i low1 = _mm512_unpacklo_epi8(c, d), high1 = _mm512_unpackhi_epi8(c, d);
  return (rf_interleaved){{lower_words(low0, low1), upper_words(low0, low1), lower_words(high0, high1), upper_words(high0, high1)}};
}

// The same of three rows with fewer shuffles; a lane's bytes are a, b, c, 0 or, in odd parts, c, 0, a, b.
INLINED rf_interleaved interleave3(__m512i a, __m512i b, __m512i c) {
  const __m512i low = _mm512_unpacklo_epi8(a, b), high = _mm512_unpackhi_epi8(a, b);
  const __mmask64 upper = hidden(0xcccccccccccccccc), lower = hidden(0x3333333333333333);
  const __m512i even0 = _mm512_set4_epi32(0x80068080, 0x80048080, 0x80028080, 0x80008080);
  const __m512i odd0 = _mm512_set4_epi32(0x80808007, 0x80808005, 0x80808003, 0x80808001);
  const __m512i even8 = _mm512_set4_epi32(0x800e8080, 0x800c8080, 0x800a8080, 0x80088080);
  const __m512i odd8 = _mm512_set4_epi32(0x8080800f, 0x8080800d, 0x8080800b, 0x80808009);
  return (rf_interleaved){
    {_mm512_mask_shuffle_epi8(low, upper, c, even0), _mm512_mask_shuffle_epi8(low, lower, c, odd0),
     _mm512_mask_shuffle_epi8(high, upper, c, even8), _mm512_mask_shuffle_epi8(high, lower, c, odd8)}};
}

INLINED __m512i requantised_sum(__m512i sum, __m512 multiplier, __m512 addend, float slope, int leaky, int wide) {
  const __m512i value = wide ? _mm512_castps_si512(_mm512_cvtepi32_ps(sum)) : sum;
  return requantised_by(value, multiplier, addend, leaky ? slope : 0, wide ? 0 : RF_MAGIC);
}

// Read once, however often it is used: the compiler would make it an operand from memory of every use, and loads are what
// limits these kernels where a processor loads one such vector a cycle.
INLINED __m512i loaded_once(__m512i value) {
  __asm__("" : "+v"(value));
  return value;
}

// `rows` rows of `vectors` (1 or 2) output vectors each, from the interleaved columns of each vector's three taps.
INLINED void outputs_of(const rf_dw_block *block, const rf_interleaved *const columns[2], int rows, int vectors, float slope, int leaky,
                        int wide, __m512i outputs[2][2]) {
  __m512i words[2][2][2], even[2][2];
  UNROLLED for (int n = 0; n < 4; n++) {
    const __m512i start = loaded_once(block->start.part[n]);
    const __m512 multiplier = block->multiplier[n], addend = block->addend[n];
    UNROLLED for (int y = 0; y < rows; y++) {
      __m512i sum[2] = {start, start};
      UNROLLED for (int kx = 0; kx < 3; kx++) {
        const __m512i weight = loaded_once(block->weights[y][kx].part[n]);
        UNROLLED for (int v = 0; v < vectors; v++) sum[v] = _mm512_dpbusd_epi32(sum[v], columns[v][kx].part[n], weight);
      }
      UNROLLED for (int v = 0; v < vectors; v++) {
        const __m512i result = requantised_sum(sum[v], multiplier, addend, slope, leaky, wide);
        if (n % 2 == 0) even[y][v] = result;
        else words[y][v][n / 2] = lower_words(even[y][v], result);
      }
    }
  }
  UNROLLED for (int y = 0; y < rows; y++) UNROLLED for (int v = 0; v < vectors; v++)
    outputs[y][v] = _mm512_packus_epi16(words[y][v][0], words[y][v][1]);
}

static uint64_t packed_bytes(const rf_shape *s) { return sizeof(rf_dw_block) * (((uint64_t)s->cout + RF_VECTOR - 1) / RF_VECTOR); }

// The channel's parameters at byte `at` of a block. A lane of weights has the kernel's rows in the order of interleave4 or, at
// stride 2, interleave3.
static void pack_lane(rf_dw_block *block, int at, int stride, const rf_u8_rule *rule, const int8_t taps[9]) {
  const int n = at % 16 / 8 * 2 + at % 2, lane = at / 16 * 4 + at % 8 / 2, turn = stride == 2 && n % 2 ? 2 : 0;
  for (int kx = 0; kx < 3; kx++)
    for (int ky = 0; ky < 3; ky++) {
      ((int8_t *)&block->weights[0][kx].part[n])[4 * lane + (ky + turn) % 4] = taps[3 * ky + kx];
      ((int8_t *)&block->weights[1][kx].part[n])[4 * lane + ky + 1] = taps[3 * ky + kx];
    }
  ((int32_t *)&block->start.part[n])[lane] = rule->start;
  ((float *)&block->multiplier[n])[lane] = rule->multiplier;
  ((float *)&block->addend[n])[lane] = rule->addend;
}

// The parameters of blocks of channels, repeated where a vector may hold several pixels.
static void pack(const rf_shape *s, const rf_constants *c, void *packed) {
  const int32_t period = s->cout == 8 || s->cout == 16 || s->cout == 32 ? s->cout : RF_VECTOR;
  for (int32_t o = c->first; o < c->first + c->count; o++) {
    const rf_u8_rule rule = rf_u8_rule_of(s, c, o);
    int8_t taps[9];
    for (int k = 0; k < 9; k++) taps[k] = rf_u8_depthwise_weight(c, o, k);
    for (int at = o % RF_VECTOR; at < RF_VECTOR; at += period) pack_lane((rf_dw_block *)packed + o / RF_VECTOR, at, s->stride, &rule, taps);
  }
}
#endif
