// The contract of every kernel: one argument struct for all layers, one for each of the two pixel ops. Variants of an op give
// the same result (within a stated bound for float32) and differ in speed.
//
// All tensors are NHWC with one picture (N = 1). Strides are in elements. Kernels work on a rectangle of output pixels;
// the caller splits rows among threads. A tensor has a border of pixels on all four sides, already filled with the value
// that padding means (0 in float32), so no kernel branches at an edge. Kernels read only the taps of the pixels in their
// rectangle and write only the channels of those pixels. They allocate nothing, keep no state and cannot fail; sizes may be 0.
#ifndef RF_KERNELS_H
#define RF_KERNELS_H
#include <stddef.h>
#include <stdint.h>

// The arguments have void pointers and strides in elements: arithmetic on a void pointer would count bytes.
#pragma clang diagnostic error "-Wpointer-arith"

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

// The ops, in the order of their lines in Kernels/README.md.
typedef enum : uint32_t {
  RF_OP_CONV,
  RF_OP_DEPTHWISE_CONV3X3,
  RF_OP_UPSAMPLE_ADD, // layers: rf_args
  RF_OP_REVERSE3,
  RF_OP_YCBCR,                             // pixels: rf_reverse3_args, rf_ycbcr_args
  RF_OP_COUNT
} rf_op;

typedef enum : uint32_t { RF_F32, RF_U8 } rf_type;

// The range of a u8 layer's sums, and with it the rounding rule. A kernel has a set of these.
typedef enum : uint32_t {
  RF_ACCUMULATOR_NONE = 0,       // no sum of products in integers
  RF_ACCUMULATOR_NARROW = 1,     // |sum| < 2^22
  RF_ACCUMULATOR_WIDE = 2,       // |sum| < 2^31
} rf_accumulator;

// Selects a kernel and the packing of its constants: one layer's sizes at one size of the network's input.
typedef struct {
  int32_t width, height;         // output pixels
  int32_t cin, cout;             // channels, >= 1; equal where an op keeps them
  int32_t kernel_width, kernel_height, stride; // pixels, >= 1
  float slope;                   // 0: ReLU; 0 < slope < 1: leaky ReLU; 1: none
  rf_type input_type, output_type;
  rf_accumulator accumulator;
} rf_shape;

// Constants of `count` of a shape's output channels, from channel `first` on, as a model file has them: little-endian at any
// address. Two layers that are computed together are packed one after the other, as channels of one shape.
typedef struct {
  const void *weights;           // [count][kernel_height][kernel_width][cin], depthwise [3][3][count]; float32 or s8
  const void *bias;              // [count], float32 or s32
  const void *_Nullable multiplier; // u8 input: [count], float32
  int32_t first, count;
  int32_t zero;                  // u8 output: the byte for 0
} rf_constants;

// Pointers are to elements of the shape's types. Nullability is left open so that Swift can start arguments from zero.
typedef struct {
  const void *_Null_unspecified pixels; // channel 0 of the first tap of the rectangle's first output pixel
  ptrdiff_t row_stride;          // elements between two rows; pixels are `cin` apart
} rf_input;

typedef struct {
  void *_Null_unspecified pixels; // first channel of the rectangle's first pixel; may lie inside a wider tensor
  ptrdiff_t row_stride;          // elements between two rows
  ptrdiff_t pixel_stride;        // elements between two pixels, >= channels; channels, where the op is not a convolution
  int32_t channels;
} rf_output;

// Arguments of every layer kernel.
typedef struct {
  rf_shape shape;                // width, height: of the rectangle
  rf_input input[3];
  rf_output output[2];           // output[1]: channels 0 where there is none
  const void *_Null_unspecified packed; // what the kernel's pack has made, from a multiple of RF_ALIGNMENT on
  void *_Null_unspecified scratch; // the kernel's scratch_bytes from a multiple of RF_ALIGNMENT on, for this thread only
  const int32_t *_Null_unspecified row_index, *_Null_unspecified column_index; // upsampling
  int32_t zero;                  // u8 upsampling: the byte for 0
} rf_args;

// CONV: dense convolution, kernel_height x kernel_width, any stride; a 1x1 convolution is a matrix product.
//   output[y][x][o] = act(bias[o] + sum over ky, k of input[y*stride + ky][x*stride*cin + k] * weight[o][ky][k])
// with k = kx*cin + c: in NHWC the taps of a row are contiguous.   act(v) = max(v, v * slope).
// Two layers of one input can be computed together, where the kernel has two outputs: the first output[0].channels channels, a
// multiple of RF_PANEL, go to output[0], the others to output[1].
//
// DEPTHWISE_CONV3X3, stride 1 or 2, cin = cout.
//   output[y][x][c] = act(bias[c] + sum over ky, kx of input[y*stride + ky][x*stride + kx][c] * weight[ky][kx][c])
//
// UPSAMPLE_ADD: nearest upsampling of a coarse map, input[0] from its pixel (0, 0) on, added to output[0] in place.
//   output[y][x][c] += input[row_index[y]][column_index[x]][c]
// with row_index [height] and column_index [width]. In u8 both maps have the same scale and the byte `zero` for 0:
//   output[y][x][c] = clamp(output[y][x][c] + input[row_index[y]][column_index[x]][c] - zero, 0, 255)

// Packed constants that more than one float32 kernel reads; biases and weights are padded with zeros to whole panels.
//   panels     bias [ceil(cout/16)*16], weights [ceil(cout/16)][kernel_height][kernel_width*cin][16]
//   winograd   bias likewise, weights G g G^T [36][ceil(cout/16)][cin][16]: a 1x1 convolution per position
//   depthwise  bias [cout], weights [3][3][cout]
uint64_t rf_f32_panels_bytes(const rf_shape *shape);
void rf_f32_pack_panels(const rf_shape *shape, const rf_constants *constants, void *packed);
uint64_t rf_f32_winograd_bytes(const rf_shape *shape);
void rf_f32_pack_winograd(const rf_shape *shape, const rf_constants *constants, void *packed);
uint64_t rf_f32_depthwise_bytes(const rf_shape *shape);
void rf_f32_pack_depthwise(const rf_shape *shape, const rf_constants *constants, void *packed);

// Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray, arXiv 1509.09308) for 3x3 convolutions of stride 1: 36 products
// instead of 144 for 4 x 4 pixels, and larger rounding errors. A tile of 4 x 4 output pixels takes 6 x 6 input pixels; tiles are
// counted from the rectangle's first pixel, so rows are split at multiples of 4. Tiles that reach over the right and lower edge
// take 0 for inputs outside. Intermediate values are at most 2^16 * cin times the largest product of input and weight: up to
// that, all stay finite.
// Output pixels along a tile's side, values of a transformed tile, and how many tiles are transformed at a time: enough that
// loading a product's weights from the second-level cache pays, few enough that the tiles' values stay in that cache.
enum { RF_WINOGRAD_PIXELS = 4, RF_WINOGRAD_POSITIONS = 36, RF_WINOGRAD_TILES = 12 };
int rf_winograd_suits(const rf_shape *shape);
uint64_t rf_f32_winograd_scratch(const rf_shape *shape);

// u8. A byte q of channel c stands for (q - zero) * scale[c]: `zero` is one byte per tensor (0 after a ReLU) and fills the
// tensor's border; scales are folded into weights and multipliers; kernels do not use them. Weights are s8 in -127...127.
//   sum = bias + sum of q * weight, s32. The model's reader has checked the accumulator's range for all values of the bytes.
// THE ROUNDING RULE to u8, bit for bit the same in every variant. M = 1.5 * 2^23, a float whose last bit counts as 1. Narrow:
//   slope 0 or 1:      v = fma(M + sum, multiplier, addend)                                  one rounding
//   0 < slope < 1:     p = sum * multiplier;  v = max(p, p * slope) + addend                 each operation rounded
//   q = the low 16 bits of v's pattern, as s16, clamped to 0...255
// M + sum is exact, and is a sum that started at M's bit pattern instead of 0, read as a float. The reader has checked
// that v lies within M +- 2^15. `addend` is M - M * multiplier + zero, rounded (slope between 0 and 1: M + zero); the packer
// corrects the bias by the rounding of the addend. ReLU is the clamp at 0. No operation may be contracted or reordered.
// Wide: f = float(sum), rounded to nearest, halves to even; then as above with f in place of M + sum and of sum, and with M + zero
// as the addend for every slope:
//   slope 0 or 1:      v = fma(f, multiplier, addend)
//   0 < slope < 1:     p = f * multiplier;  v = max(p, p * slope) + addend
// Sums may wrap on the way: they are exact modulo 2^32.
// Convolutions from u8 to float32 have no activation, slope 1:
//   output[y][x][o] = float(sum) * multiplier[o]
// Reading: as above, and up to RF_SLACK bytes before and after the rows of the input, which do not change results.
enum { RF_SLACK = 64 };
#define RF_MAGIC 12582912.0f
#define RF_MAGIC_BITS 0x4b400000

// Packed constants that more than one u8 kernel reads. All begin with start, multiplier and, for an output in u8, addend
// [ceil(cout/16)*16] each. A sum starts at `start`: the bias, and RF_MAGIC_BITS where it is narrow. Then come the weights, padded with
// zeros:
//   panels     [ceil(cout/16)][kernel_height][ceil(kernel_width*cin/4)][16][4]: a row's taps in groups of four
//   winograd   [ceil(cout/16)][36][ceil(cin/taps)][16][taps], 16 bits; taps side by side are 1 or, for vpmaddwd, 2
//   depthwise  [3][3][ceil(cout/16)*16]
uint64_t rf_u8_panels_bytes(const rf_shape *shape);
void rf_u8_pack_panels(const rf_shape *shape, const rf_constants *constants, void *packed);
uint64_t rf_u8_winograd_bytes(const rf_shape *shape);
void rf_u8_pack_winograd(const rf_shape *shape, const rf_constants *constants, void *packed);
uint64_t rf_u8_winograd_pair_bytes(const rf_shape *shape);
void rf_u8_pack_winograd_pairs(const rf_shape *shape, const rf_constants *constants, void *packed);
uint64_t rf_u8_depthwise_bytes(const rf_shape *shape);
void rf_u8_pack_depthwise(const rf_shape *shape, const rf_constants *constants, void *packed);

// 3x3 convolutions of stride 1 by Winograd's minimal filtering in 16-bit integers give the bits of the direct sum, with 36
// products instead of 144 for 4 x 4 pixels. G's rows are scaled to whole numbers, (6 0 0) (4 4 4) (4 -4 4) (1 2 4) (1 -2 4)
// (0 0 12), those of B for 1 and -1 negated, and the last column of A doubled. A transformed weight is then at most 144 * 127 and
// a transformed input 68 * 255: both fit 16 bits. What follows is modulo 2^32: A^T m A is 576 * sum, times the inverse of 9 it is
// 64 * sum, which fits 32 bits (|sum| < 2^23, by the reader's check of bias + sum), so that a shift leaves the sum. Then the
// rounding rule. Tiles are counted as in float32. Inputs outside may have any value: no output that is kept depends on
// them. Scratch has room for the transformed inputs of RF_WINOGRAD_TILES tiles, channels padded to 32, and for all products.
uint64_t rf_u8_winograd_scratch(const rf_shape *shape);

// The last two ops make pixels of the network's input, one row per call; the caller finds the rows of a frame.

// REVERSE3: the three bytes of every pixel in reverse: R G B becomes B G R.
typedef struct {
  const uint8_t *input;          // [width][3]
  uint8_t *output;               // likewise; shares no byte with the input
  int32_t width;                 // pixels
} rf_reverse3_args;
typedef void rf_reverse3_fn(const rf_reverse3_args *args);

// Places of a row's samples. Two pixels share Cb and Cr; of an odd width's last pair the second pixel is not made.
typedef enum : uint32_t {
  RF_YUYV,                       // luma: Y0 Cb Y1 Cr, whole groups
  RF_UYVY,                       // luma: Cb Y0 Cr Y1, whole groups
  RF_NV12,                       // luma: Y; cb: Cb Cr
  RF_I420,                       // luma: Y; cb: Cb; cr: Cr
  RF_NV21,                       // luma: Y; cb: Cr Cb
} rf_ycbcr_layout;

// YCBCR: Y'CbCr to R'G'B'. In float32, every operation rounded, in this order, none contracted:
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
} rf_ycbcr_args;
typedef void rf_ycbcr_fn(const rf_ycbcr_args *args);

// Bounds the error of a kernel's results (Tests/Support/KernelChecks); int8 kernels have none.
typedef enum : uint32_t { RF_ERROR_OF_SUM, RF_ERROR_OF_WINOGRAD } rf_error;

// A kernel with its facts. Of the kernels of an op that the processor can run, that have the shape's types and accumulator and
// that suit it, the one of the lowest cost is chosen: cycles_per_tap * kernel_width * kernel_height * cin + cycles_per_output,
// the cycles of an output value with channels counted in whole panels. Nullability is left open so that Swift can start one
// from zero.
typedef struct {
  const char *_Null_unspecified name; // rf_<types>_<op>__<isa>[_<how>]
  rf_op op;
  rf_type input_type, output_type;
  uint32_t accumulators;         // the rf_accumulator rules that it follows; 0: RF_ACCUMULATOR_NONE only
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
    void (*_Null_unspecified run)(const rf_args *args); // a layer
    rf_reverse3_fn *_Null_unspecified reverse3;
    rf_ycbcr_fn *_Null_unspecified ycbcr;
    void (*_Null_unspecified function)(const void *args); // any op
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
