// Ends libjpeg's errors, and warnings about lost pixels, by a longjmp back into our function, which returns a result.
#ifndef RF_JPEG_FAILURE_H
#define RF_JPEG_FAILURE_H
#include <stdio.h>
#include <setjmp.h>
#include <jpeglib.h>
#include "CJPEG.h"

typedef struct {
  struct jpeg_error_mgr manager; // first: libjpeg passes a pointer to it
  jmp_buf back;
  rf_jpeg_result result;
  int has_no_end; // the data ended before an end mark: harmless unless pixels are missing
  char message[JMSG_LENGTH_MAX];
} rf_jpeg_failure;

// Makes `failure` the error manager of a compressor or decompressor.
struct jpeg_error_mgr *rf_jpeg_catch(rf_jpeg_failure *failure);

// Clears an earlier failure.
void rf_jpeg_forget(rf_jpeg_failure *failure);

// Sets the result and libjpeg's message for data that end too soon.
void rf_jpeg_cut_off(j_common_ptr info);
#endif
