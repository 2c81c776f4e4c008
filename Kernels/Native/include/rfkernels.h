// The contract of every kernel: one argument struct and one function type an op. Variants differ in how, never in what.
//
// All tensors are NHWC with one picture (N = 1). Strides are in elements. Kernels work on a rectangle of output pixels;
// the caller splits rows among threads. A tensor has a border of pixels on all four sides, already filled with the value
// that padding means (0 in float32), so no kernel branches at an edge. Kernels read nothing outside the taps of the
// pixels they are asked for and write nothing outside those pixels' channels. They allocate nothing, keep nothing and
// cannot fail; sizes may be 0.
#ifndef RF_KERNELS_H
#define RF_KERNELS_H
#include <stddef.h>
#include <stdint.h>

// Instruction sets that a kernel may need; it is usable where the processor has all its bits. 0: any processor.
typedef enum : uint32_t {
  RF_ISA_REFERENCE = 0,
#define RF_ISA_SET(NAME, name, bit, implied, probe) RF_ISA_##NAME = 1u << bit,
#include "../isa.inc"
#undef RF_ISA_SET
} rf_isa;

#pragma clang assume_nonnull begin

// A line of isa.inc.
typedef struct {
  const char *name;
  rf_isa bit;
  uint32_t implied;              // rf_isa bits
} rf_isa_set;
const rf_isa_set *rf_isa_sets(size_t *count);

// Output channels come in panels of this many; packed constants and scratch start at multiples of this many bytes.
enum { RF_PANEL = 16, RF_ALIGNMENT = 64 };

// Selects a kernel and the packing of its constants: one layer's sizes at one size of the network's input.
typedef struct {
  int32_t width, height;         // output pixels
  int32_t cin, cout;             // channels, >= 1; equal where an op keeps them
  int32_t kernel_width, kernel_height, stride; // pixels, >= 1
  float slope;                   // 0: ReLU; 0 < slope < 1: leaky ReLU; 1: none
} rf_shape;

// Constants of `count` of a shape's output channels, from channel `first` on, as a model file has them: little-endian at any
// address. Two layers that are computed together are packed one after the other, as channels of one shape.
typedef struct {
  const void *weights;           // [count][kernel_height][kernel_width][cin], float32 or s8
  const void *bias;              // [count], float32 or s32
  const void *_Nullable multiplier; // 8 bits: [count], float32
  int32_t first, count;
  int32_t zero;                  // 8 bits: the output's byte for 0
} rf_constants;

// Dense convolution, kernel_height x kernel_width, any stride; a 1x1 convolution is a matrix product.
//   output[y][x][o] = act(bias[o] + sum over ky, k of input[y*stride + ky][x*stride*cin + k] * weight[o][ky][k])
// with k = kx*cin + c: in NHWC the taps of a row are contiguous.   act(v) = max(v, v * slope).
typedef struct {
  const float *input;            // first tap of the first output pixel
  ptrdiff_t input_row_stride;    // elements between two input rows
  const void *packed;            // what the kernel's pack has made, from a multiple of RF_ALIGNMENT on
  void *_Nullable scratch;       // the kernel's scratch_bytes from a multiple of RF_ALIGNMENT on, no other thread's
  float *output;                 // first channel of the first output pixel; may lie inside a wider tensor
  ptrdiff_t output_row_stride;   // elements
  ptrdiff_t output_pixel_stride; // elements, >= cout
  int32_t width, height;         // output pixels
  int32_t cin, cout;             // channels, >= 1
  int32_t kernel_width, kernel_height, stride; // pixels, >= 1
  float slope;                   // as in rf_shape
} rf_f32_conv_args;
typedef void rf_f32_conv_fn(const rf_f32_conv_args *args);

// Packed constants that more than one kernel of f32_conv reads; biases and weights are padded with zeros to whole panels.
//   panels     bias [ceil(cout/16)*16], weights [ceil(cout/16)][kernel_height][kernel_width*cin][16]
//   winograd   bias likewise, weights G g G^T [36][ceil(cout/16)][cin][16]: a 1x1 convolution per position
uint64_t rf_f32_panels_bytes(const rf_shape *shape);
void rf_f32_pack_panels(const rf_shape *shape, const rf_constants *constants, void *packed);
uint64_t rf_f32_winograd_bytes(const rf_shape *shape);
void rf_f32_pack_winograd(const rf_shape *shape, const rf_constants *constants, void *packed);

// Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray, arXiv 1509.09308) for 3x3 convolutions of stride 1: 36 products
// instead of 144 for 4 x 4 pixels, and larger rounding errors. A tile of 4 x 4 output pixels takes 6 x 6 input pixels; tiles are
// counted from the rectangle's first pixel, so rows are split at multiples of 4. Tiles that reach over the right and lower edge
// take 0 for what lies outside. Numbers on the way are at most 2^16 * cin times the largest product of input and weight: up to
// there all stays finite.
// Output pixels along a tile's side, values of a transformed tile, and how many tiles are transformed at a time: so many that a
// product's weights pay for their way from the second-level cache, so few that their values stay there.
enum { RF_WINOGRAD_PIXELS = 4, RF_WINOGRAD_POSITIONS = 36, RF_WINOGRAD_TILES = 12 };
int rf_winograd_suits(const rf_shape *shape);
uint64_t rf_f32_winograd_scratch(const rf_shape *shape);

// Depthwise 3x3 convolution, stride 1 or 2.
//   output[y][x][c] = act(bias[c] + sum over ky, kx of input[y*stride + ky][x*stride + kx][c] * weight[ky][kx][c])
typedef struct {
  const float *input;            // tap (0, 0) of the first output pixel, channel 0
  ptrdiff_t input_row_stride;    // elements; pixels are `channels` apart
  const float *weights;          // [3][3][channels]
  const float *bias;             // [channels]
  float *output;                 // pixels are `channels` apart
  ptrdiff_t output_row_stride;   // elements
  int32_t width, height;         // output pixels
  int32_t channels;              // >= 1
  int32_t stride;                // 1 or 2
  float slope;                   // as above
} rf_f32_dwconv3x3_args;
typedef void rf_f32_dwconv3x3_fn(const rf_f32_dwconv3x3_args *args);

// Nearest upsampling of a coarse map, added to a fine one in place (the pyramid's top-down path).
//   output[y][x][c] += coarse[row_index[y]][column_index[x]][c]
typedef struct {
  const float *coarse;           // pixel (0, 0); pixels are `channels` apart
  ptrdiff_t coarse_row_stride;   // elements
  const int32_t *row_index;      // [height] rows of the coarse map
  const int32_t *column_index;   // [width] columns of the coarse map
  float *output;                 // pixels are `channels` apart
  ptrdiff_t output_row_stride;   // elements
  int32_t width, height;         // output pixels
  int32_t channels;              // >= 1
} rf_f32_upsample_add_args;
typedef void rf_f32_upsample_add_fn(const rf_f32_upsample_add_args *args);

// 8 bits. A byte q of channel c stands for (q - zero) * scale[c]: `zero` is one byte a tensor (0 after a ReLU) and fills the
// tensor's border; scales are folded into weights and multipliers and no kernel sees them. Weights are s8 in -127...127.
//   sum = bias + sum of q * weight, s32. The model's reader has checked that |sum| < 2^22 whatever the bytes are.
// THE ROUNDING RULE, bit for bit the same in every variant. M = 1.5 * 2^23, a float whose last bit counts as 1:
//   slope 0 or 1:      v = fma(M + sum, multiplier, addend)                                  one rounding
//   0 < slope < 1:     p = sum * multiplier;  v = max(p, p * slope) + addend                 each operation rounded
//   q = the low 16 bits of v's pattern, as s16, clamped to 0...255
// M + sum is exact, and is a sum that started at M's bit pattern instead of 0, read as a float. The reader has checked
// that v lies within M +- 2^15. `addend` is M - M * multiplier + zero, rounded (slope between 0 and 1: M + zero); what its
// rounding takes the packer gives to the bias. ReLU is the clamp at 0. No operation may be contracted or reordered.
// Reading: as above, and up to RF_SLACK bytes before and after the rows of the input, whose value changes nothing.
enum { RF_SLACK = 64 };
#define RF_MAGIC 12582912.0f
#define RF_MAGIC_BITS 0x4b400000

// Dense convolution, u8 to u8. Taps as in float32. Two layers of one input can be computed together, where the kernel has two
// outputs: channels from first_cout on go to the second.
typedef struct {
  const uint8_t *input;          // first tap of the first output pixel
  ptrdiff_t input_row_stride;    // bytes
  const void *packed;            // as in float32; likewise:
  void *_Nullable scratch;
  uint8_t *output;               // first channel of the first output pixel; may lie inside a wider tensor
  ptrdiff_t output_row_stride;   // bytes
  ptrdiff_t output_pixel_stride; // bytes, >= first_cout
  uint8_t *_Nullable second_output; // likewise, of channel first_cout; none where first_cout is cout
  ptrdiff_t second_row_stride, second_pixel_stride;
  int32_t width, height;         // output pixels
  int32_t cin, cout;             // channels, >= 1
  int32_t first_cout;            // cout, or less and a multiple of 16
  int32_t kernel_width, kernel_height, stride; // pixels, >= 1
  float slope;                   // as in rf_shape
} rf_u8_conv_args;
typedef void rf_u8_conv_fn(const rf_u8_conv_args *args);

// 1x1 convolution, u8 to float32, without activation: the heads.
//   output[y][x][o] = float(sum) * multiplier[o]
typedef struct {
  const uint8_t *input;
  ptrdiff_t input_row_stride;    // bytes; pixels are cin apart
  const void *packed;            // as above
  float *output;
  ptrdiff_t output_row_stride;   // elements
  ptrdiff_t output_pixel_stride; // elements, >= cout
  int32_t width, height;         // pixels
  int32_t cin, cout;             // channels, >= 1
} rf_u8_head_args;
typedef void rf_u8_head_fn(const rf_u8_head_args *args);

// Packed constants that more than one kernel reads. All begin with bias, multiplier and addend [ceil(cout/16)*16] each; a head
// has no addend. Then come the weights, padded with zeros:
//   panels     [ceil(cout/16)][kernel_height][ceil(kernel_width*cin/4)][16][4]: a row's taps in groups of four
//   winograd   [ceil(cout/16)][36][ceil(cin/taps)][16][taps], 16 bits; taps side by side are 1 or, for vpmaddwd, 2
uint64_t rf_u8_panels_bytes(const rf_shape *shape);
void rf_u8_pack_panels(const rf_shape *shape, const rf_constants *constants, void *packed);
uint64_t rf_u8_head_bytes(const rf_shape *shape);
void rf_u8_pack_head(const rf_shape *shape, const rf_constants *constants, void *packed);
uint64_t rf_u8_winograd_bytes(const rf_shape *shape);
void rf_u8_pack_winograd(const rf_shape *shape, const rf_constants *constants, void *packed);
uint64_t rf_u8_winograd_pair_bytes(const rf_shape *shape);
void rf_u8_pack_winograd_pairs(const rf_shape *shape, const rf_constants *constants, void *packed);

// 3x3 convolutions of stride 1 by Winograd's minimal filtering in 16-bit integers give the bits of the direct sum, with 36
// products instead of 144 for 4 x 4 pixels. G's rows are scaled to whole numbers, (6 0 0) (4 4 4) (4 -4 4) (1 2 4) (1 -2 4)
// (0 0 12), those of B for 1 and -1 negated, and the last column of A doubled. A transformed weight is then at most 144 * 127 and
// a transformed input 68 * 255: both fit 16 bits. What follows is modulo 2^32: A^T m A is 576 * sum, times the inverse of 9 it is
// 64 * sum, which fits 32 bits (|sum| < 2^23, by the reader's check of bias + sum), so that a shift leaves the sum. Then the
// rounding rule. Tiles are counted as in float32. Inputs that lie outside may be taken for anything: no output that is kept has
// them. Scratch has room for the transformed inputs of RF_WINOGRAD_TILES tiles, channels padded to 32, and for all products.
uint64_t rf_u8_winograd_scratch(const rf_shape *shape);

// Depthwise 3x3 convolution, u8 to u8, stride 1 or 2.
typedef struct {
  const uint8_t *input;          // tap (0, 0) of the first output pixel, channel 0
  ptrdiff_t input_row_stride;    // bytes; pixels are `channels` apart
  const int8_t *weights;         // [3][3][channels]
  const int32_t *bias;           // [channels]
  const float *multiplier;       // [channels]
  const float *addend;           // [channels]
  uint8_t *output;               // pixels are `channels` apart
  ptrdiff_t output_row_stride;   // bytes
  int32_t width, height;         // output pixels
  int32_t channels;              // >= 1
  int32_t stride;                // 1 or 2
  float slope;                   // as above
} rf_u8_dwconv3x3_args;
typedef void rf_u8_dwconv3x3_fn(const rf_u8_dwconv3x3_args *args);

// Nearest upsampling of a coarse map, added to a fine one of the same scale and zero in place.
//   output[y][x][c] = clamp(output[y][x][c] + coarse[row_index[y]][column_index[x]][c] - zero, 0, 255)
typedef struct {
  const uint8_t *coarse;         // pixel (0, 0); pixels are `channels` apart
  ptrdiff_t coarse_row_stride;   // bytes
  const int32_t *row_index;      // [height] rows of the coarse map
  const int32_t *column_index;   // [width] columns of the coarse map
  uint8_t *output;               // pixels are `channels` apart
  ptrdiff_t output_row_stride;   // bytes
  int32_t width, height;         // output pixels
  int32_t channels;              // >= 1
  int32_t zero;                  // 0...255
} rf_u8_upsample_add_args;
typedef void rf_u8_upsample_add_fn(const rf_u8_upsample_add_args *args);

// The last two ops make pixels of the network's input, one row a call: where a frame's rows are, only the frame knows.

// The three bytes of every pixel in reverse: R G B becomes B G R.
typedef struct {
  const uint8_t *input;          // [width][3]
  uint8_t *output;               // likewise; shares no byte with the input
  int32_t width;                 // pixels
} rf_u8_reverse3_args;
typedef void rf_u8_reverse3_fn(const rf_u8_reverse3_args *args);

// Where a row's samples are. Two pixels share Cb and Cr; of an odd width's last pair the second pixel is not made.
typedef enum : uint32_t {
  RF_YUYV,                       // luma: Y0 Cb Y1 Cr, whole groups
  RF_UYVY,                       // luma: Cb Y0 Cr Y1, whole groups
  RF_NV12,                       // luma: Y; cb: Cb Cr
  RF_I420,                       // luma: Y; cb: Cb; cr: Cr
} rf_ycbcr_layout;

// Y'CbCr to R'G'B'. In float32, every operation rounded, in this order, none contracted:
//   gray = (Y - black) * luma_scale
//   R = gray + (Cr - 128) * red_from_cr
//   G = gray + (Cb - 128) * green_from_cb + (Cr - 128) * green_from_cr
//   B = gray + (Cb - 128) * blue_from_cb
// Each is held within 0...255 and rounded to nearest, halves to even. The factors' magnitudes are at most 64.
typedef struct {
  const uint8_t *luma;           // of a pixel that is the first of its pair
  const uint8_t *_Nullable cb;   // of that pair, where the layout has them; likewise:
  const uint8_t *_Nullable cr;
  uint8_t *output;               // [width][3]
  int32_t width;                 // pixels
  rf_ycbcr_layout layout;
  int32_t reversed;              // 0: R G B; 1: B G R
  float black, luma_scale, red_from_cr, green_from_cb, green_from_cr, blue_from_cb;
} rf_u8_ycbcr_args;
typedef void rf_u8_ycbcr_fn(const rf_u8_ycbcr_args *args);

// The ops, in the order of their columns in Kernels/README.md.
typedef enum : uint32_t {
  RF_OP_f32_conv, RF_OP_f32_dwconv3x3, RF_OP_f32_upsample_add,
  RF_OP_u8_conv, RF_OP_u8_head, RF_OP_u8_dwconv3x3, RF_OP_u8_upsample_add,
  RF_OP_u8_reverse3, RF_OP_u8_ycbcr, RF_OP_COUNT
} rf_op;

// Bounds the error of a kernel's results (Tests/Support/KernelChecks); int8 kernels have none.
typedef enum : uint32_t { RF_ERROR_OF_SUM, RF_ERROR_OF_WINOGRAD } rf_error;

// A kernel with everything that is true of it. Of the kernels of an op that the processor can run and that suit a shape, the
// one of the lowest cost is chosen: cycles_per_tap * kernel_width * kernel_height * cin + cycles_per_output, which is what an
// output value takes, channels counted in whole panels. Nullability is left open so that Swift can start one from zero.
typedef struct {
  const char *_Null_unspecified name; // rf_<types>_<op>__<isa>[_<how>]
  rf_op op;
  uint32_t isa;                  // rf_isa bits, all needed
  float cycles_per_tap, cycles_per_output; // measured at shapes that it suits
  int32_t row_multiple;          // results do not depend on where rows are split at multiples of this many; 0: anywhere
  int32_t outputs;               // 2: it can compute two layers of one input; 0: one
  rf_error error;
  int (*_Nullable suits)(const rf_shape *shape);               // none: every shape; whatever the size, where it packs
  uint64_t (*_Nullable packed_bytes)(const rf_shape *shape);   // none: it reads no constants of its own
  void (*_Nullable pack)(const rf_shape *shape, const rf_constants *constants, void *packed); // into zeros, once at start
  uint64_t (*_Nullable scratch_bytes)(const rf_shape *shape);  // none: it needs no scratch
  union {
    void (*_Null_unspecified function)(const void *args); // whatever the op
    rf_f32_conv_fn *_Null_unspecified f32_conv;
    rf_f32_dwconv3x3_fn *_Null_unspecified f32_dwconv3x3;
    rf_f32_upsample_add_fn *_Null_unspecified f32_upsample_add;
    rf_u8_conv_fn *_Null_unspecified u8_conv;
    rf_u8_head_fn *_Null_unspecified u8_head;
    rf_u8_dwconv3x3_fn *_Null_unspecified u8_dwconv3x3;
    rf_u8_upsample_add_fn *_Null_unspecified u8_upsample_add;
    rf_u8_reverse3_fn *_Null_unspecified u8_reverse3;
    rf_u8_ycbcr_fn *_Null_unspecified u8_ycbcr;
  };
} rf_kernel;

// All C kernels; *count is set. The Swift references come from module Kernels.
const rf_kernel *_Nonnull const *_Nonnull rf_kernels(size_t *count);

// Instruction sets of the processor (and enabled by the operating system) as rf_isa bits.
uint32_t rf_cpu_isa(void);

#pragma clang assume_nonnull end

#define RF_KERNEL(name) extern const rf_kernel rf_##name;
#include "kernels.inc"
#undef RF_KERNEL
#endif
