// Which of libjpeg's complaints end a picture. Source of the codes: jerror.h, libjpeg.txt ("Error handling").
#include "failure.h"
#include <jerror.h>
#include <string.h>

static void give_up(j_common_ptr info) {
  rf_jpeg_failure *failure = (rf_jpeg_failure *)info->err;
  info->err->format_message(info, failure->message);
  failure->result = info->err->msg_code == JERR_INPUT_EMPTY ? RF_JPEG_CUT_OFF : RF_JPEG_UNREADABLE;
  longjmp(failure->back, 1);
}

// A warning after which libjpeg goes on with made-up samples; the others (bytes between markers, odd versions of
// headers, unknown colour transforms) leave the pixels right.
static rf_jpeg_result meaning(int code) {
  switch (code) {
  case JWRN_JPEG_EOF:
  case JWRN_HIT_MARKER: return RF_JPEG_CUT_OFF;
  case JWRN_HUFF_BAD_CODE:
  case JWRN_ARITH_BAD_CODE:
  case JWRN_BOGUS_PROGRESSION:
  case JWRN_MUST_RESYNC: return RF_JPEG_DAMAGED;
  default: return RF_JPEG_OK;
  }
}

static void note(j_common_ptr info, int level) {
  rf_jpeg_failure *failure = (rf_jpeg_failure *)info->err;
  if (level >= 0 || failure->result != RF_JPEG_OK) return;
  failure->result = meaning(info->err->msg_code);
  if (failure->result == RF_JPEG_OK) return;
  info->err->format_message(info, failure->message);
  longjmp(failure->back, 1);
}

static void stay_silent(j_common_ptr info) { (void)info; }

struct jpeg_error_mgr *rf_jpeg_catch(rf_jpeg_failure *failure) {
  jpeg_std_error(&failure->manager);
  failure->manager.error_exit = give_up;
  failure->manager.emit_message = note;
  failure->manager.output_message = stay_silent;
  rf_jpeg_forget(failure);
  return &failure->manager;
}

void rf_jpeg_forget(rf_jpeg_failure *failure) {
  failure->result = RF_JPEG_OK;
  failure->message[0] = '\0';
}
