// How libjpeg's errors end: a longjmp back into our function, which returns. Warnings that mean lost pixels are kept.
#ifndef RF_JPEG_FAILURE_H
#define RF_JPEG_FAILURE_H
#include <stdio.h>
#include <setjmp.h>
#include <jpeglib.h>
#include "CJPEG.h"

typedef struct {
  struct jpeg_error_mgr manager; // first: libjpeg hands us a pointer to it
  jmp_buf back;
  rf_jpeg_result result;
  char message[JMSG_LENGTH_MAX];
} rf_jpeg_failure;

// Makes `failure` the error manager of a compressor or decompressor.
struct jpeg_error_mgr *rf_jpeg_catch(rf_jpeg_failure *failure);

// Forgets what went wrong before.
void rf_jpeg_forget(rf_jpeg_failure *failure);
#endif
