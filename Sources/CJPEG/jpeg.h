// libjpeg(-turbo) as a clang module.
#ifndef RF_CJPEG_H
#define RF_CJPEG_H
#include <stdio.h>
#include <stddef.h>
#include <jpeglib.h>
#endif
