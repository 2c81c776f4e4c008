// Classifies libjpeg's errors and warnings. Source of the codes: jerror.h, libjpeg.txt ("Error handling").
#include "failure.h"
#include <jerror.h>
#include <string.h>

void rf_jpeg_cut_off(j_common_ptr info) {
  rf_jpeg_failure *failure = (rf_jpeg_failure *)info->err;
  failure->result = RF_JPEG_CUT_OFF;
  info->err->msg_code = JWRN_JPEG_EOF;
  info->err->format_message(info, failure->message);
}

static void give_up(j_common_ptr info) {
  rf_jpeg_failure *failure = (rf_jpeg_failure *)info->err;
  int code = info->err->msg_code;
  info->err->format_message(info, failure->message);
  failure->result = code == JERR_OUT_OF_MEMORY ? RF_JPEG_NO_MEMORY : code == JERR_INPUT_EMPTY ? RF_JPEG_CUT_OFF : RF_JPEG_UNREADABLE;
  // At the end of the data libjpeg inserts an end mark and issues a warning about it.
  if (failure->has_no_end && failure->result == RF_JPEG_UNREADABLE) rf_jpeg_cut_off(info);
  longjmp(failure->back, 1);
}

// Returns 1 for a restart mark with a wrong number. libjpeg accepts it without loss unless its number is one or two away
// (jdmarker.c, jpeg_resync_to_restart): then it skips or invents data.
static int is_misnumbered_restart(const struct jpeg_error_mgr *manager) {
  int found = manager->msg_parm.i[0], expected = manager->msg_parm.i[1];
  int ahead = (found - JPEG_RST0 - expected) & 7;
  return found >= JPEG_RST0 && found <= JPEG_RST0 + 7 && ahead >= 3 && ahead <= 5;
}

// Returns the result for a warning after which libjpeg continues with invented samples; other warnings (bytes between markers,
// odd versions of headers, unknown colour transforms) do not affect the pixels.
static rf_jpeg_result meaning(const struct jpeg_error_mgr *manager) {
  switch (manager->msg_code) {
  case JWRN_HIT_MARKER: return RF_JPEG_CUT_OFF;
  case JWRN_MUST_RESYNC: return is_misnumbered_restart(manager) ? RF_JPEG_OK : RF_JPEG_DAMAGED;
  case JWRN_HUFF_BAD_CODE:
  case JWRN_ARITH_BAD_CODE:
  case JWRN_BOGUS_PROGRESSION: return RF_JPEG_DAMAGED;
  default: return RF_JPEG_OK;
  }
}

static void note(j_common_ptr info, int level) {
  rf_jpeg_failure *failure = (rf_jpeg_failure *)info->err;
  if (level >= 0 || failure->result != RF_JPEG_OK) return;
  // Decoding shows if pixels are missing as well.
  if (info->err->msg_code == JWRN_JPEG_EOF) failure->has_no_end = 1;
  failure->result = meaning(info->err);
  if (failure->result == RF_JPEG_OK) return;
  info->err->format_message(info, failure->message);
  if (failure->has_no_end) rf_jpeg_cut_off(info);
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
  failure->has_no_end = 0;
  failure->message[0] = '\0';
}
