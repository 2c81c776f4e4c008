// Decodes JPEG data in memory to RGB rows. The caller checks the header's size before it allocates memory for the pixels.
#include "failure.h"
#include <stdlib.h>

struct rf_jpeg_decoder {
  struct jpeg_decompress_struct info;
  rf_jpeg_failure failure;
  struct jpeg_progress_mgr progress;
  size_t rest_count;
};

// Called by libjpeg at intervals: the only place where an endless sequence of scans can be stopped.
static void watch_scans(j_common_ptr common) {
  struct jpeg_decompress_struct *info = (struct jpeg_decompress_struct *)common;
  if (info->input_scan_number <= RF_JPEG_MAX_SCANS) return;
  rf_jpeg_failure *failure = (rf_jpeg_failure *)common->err;
  failure->result = RF_JPEG_DAMAGED;
  snprintf(failure->message, sizeof failure->message, "More than %d scans", RF_JPEG_MAX_SCANS);
  longjmp(failure->back, 1);
}

static void create(rf_jpeg_decoder *decoder) {
  jpeg_create_decompress(&decoder->info);
  decoder->progress.progress_monitor = watch_scans;
  decoder->info.progress = &decoder->progress;
}

rf_jpeg_decoder *rf_jpeg_decoder_new(void) {
  rf_jpeg_decoder *decoder = calloc(1, sizeof *decoder);
  if (!decoder) return NULL;
  decoder->info.err = rf_jpeg_catch(&decoder->failure);
  if (setjmp(decoder->failure.back)) {
    free(decoder);
    return NULL;
  }
  create(decoder);
  return decoder;
}

void rf_jpeg_decoder_free(rf_jpeg_decoder *decoder) {
  if (!decoder) return;
  jpeg_destroy_decompress(&decoder->info);
  free(decoder);
}

const char *rf_jpeg_decoder_message(const rf_jpeg_decoder *decoder) { return decoder->failure.message; }

// Ends a call that failed: frees libjpeg's memory for the picture; the decoder stays usable.
static rf_jpeg_result failed(rf_jpeg_decoder *decoder) {
  jpeg_abort_decompress(&decoder->info);
  return decoder->failure.result;
}

// Returns the size without the zeros that fill a camera's buffer after a picture without end mark: libjpeg would read them as
// codes, which would hide missing pixels. The last code may end in one zero byte; a JPEG pads the others with ones.
static size_t without_padding(const uint8_t *bytes, size_t count) {
  size_t end = count;
  while (end > 2 && !bytes[end - 1]) end--;
  if (end == count || (bytes[end - 2] == 0xFF && bytes[end - 1] == JPEG_EOI)) return count;
  return end + 1;
}

rf_jpeg_result rf_jpeg_read_header(rf_jpeg_decoder *decoder, const uint8_t *bytes, size_t count, int32_t *width, int32_t *height) {
  rf_jpeg_forget(&decoder->failure);
  if (setjmp(decoder->failure.back)) return failed(decoder);
  // A new decompressor: libjpeg keeps tables, so a picture without tables would be decoded with those of an earlier one.
  jpeg_destroy_decompress(&decoder->info);
  create(decoder);
  jpeg_mem_src(&decoder->info, bytes, without_padding(bytes, count));
  jpeg_read_header(&decoder->info, TRUE);
  if (decoder->failure.has_no_end) {
    rf_jpeg_cut_off((j_common_ptr)&decoder->info);
    return failed(decoder);
  }
  *width = (int32_t)decoder->info.image_width;
  *height = (int32_t)decoder->info.image_height;
  return RF_JPEG_OK;
}

size_t rf_jpeg_min_bytes(const rf_jpeg_decoder *decoder) {
  const struct jpeg_decompress_struct *info = &decoder->info;
  size_t blocks = 0;
  for (int c = 0; c < info->num_components; c++) blocks += (size_t)info->comp_info[c].width_in_blocks * info->comp_info[c].height_in_blocks;
  size_t bits_a_block = info->progressive_mode || info->arith_code ? 1 : 2;
  return blocks * bits_a_block / 8;
}

void rf_jpeg_shrink(rf_jpeg_decoder *decoder, int32_t divisor) {
  decoder->info.scale_num = 1;
  decoder->info.scale_denom = (unsigned)divisor;
}

// Converts inverted C M Y K, as written by Adobe, to R G B at the start of the row: ink times black, each rounded.
static void rgb_from_cmyk(uint8_t *rgb, const uint8_t *cmyk, size_t width) {
  for (size_t x = 0; x < width; x++, rgb += 3, cmyk += 4) {
    for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)((cmyk[c] * cmyk[3] + 127) / 255);
  }
}

static void read_rows(struct jpeg_decompress_struct *info, uint8_t *pixels, size_t stride_bytes) {
  JSAMPARRAY scratch = NULL;
  if (info->out_color_space == JCS_CMYK) scratch = info->mem->alloc_sarray((j_common_ptr)info, JPOOL_IMAGE, 4 * info->output_width, 1);
  while (info->output_scanline < info->output_height) {
    uint8_t *row = pixels + info->output_scanline * stride_bytes;
    JSAMPROW target = scratch ? scratch[0] : row;
    jpeg_read_scanlines(info, &target, 1);
    if (scratch) rgb_from_cmyk(row, target, info->output_width);
  }
}

// Returns 1 if data without an end mark contain all scans. (Data missing within a scan cause a warning of libjpeg, except
// with arithmetic coding.)
static int is_complete(const struct jpeg_decompress_struct *info) {
  if (info->arith_code) return 0;
  for (int c = 0; c < info->num_components; c++) {
    if (!info->comp_info[c].quant_table) return 0; // set by the component's first scan
    for (int k = 0; info->progressive_mode && k < DCTSIZE2; k++)
      if (info->coef_bits[c][k]) return 0; // bits left to later scans; -1: no scan had any
  }
  return 1;
}

rf_jpeg_result rf_jpeg_decode(rf_jpeg_decoder *decoder, uint8_t *pixels, size_t stride_bytes) {
  struct jpeg_decompress_struct *info = &decoder->info;
  rf_jpeg_forget(&decoder->failure);
  if (setjmp(decoder->failure.back)) return failed(decoder);
  int is_cmyk = info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
  info->out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(info);
  read_rows(info, pixels, stride_bytes);
  int is_whole = is_complete(info);
  jpeg_finish_decompress(info);
  decoder->rest_count = decoder->failure.has_no_end ? 0 : info->src->bytes_in_buffer;
  if (!decoder->failure.has_no_end || is_whole) return RF_JPEG_OK;
  rf_jpeg_cut_off((j_common_ptr)info);
  return failed(decoder);
}

size_t rf_jpeg_rest_count(const rf_jpeg_decoder *decoder) { return decoder->rest_count; }
