// Embeds the page's files (C23 #embed), so that the program is one file and the server reads no folder.
#include "pages.h"
#include <string.h>

static const unsigned char index_html[] = {
#embed "page/index.html"
};
static const unsigned char style_css[] = {
#embed "page/style.css"
};
static const unsigned char script_js[] = {
#embed "page/script.js"
};
static const unsigned char icon_svg[] = {
#embed "page/icon.svg"
};

static const rf_page pages[] = {
  {"/", "text/html; charset=utf-8", index_html, sizeof index_html},
  {"/style.css", "text/css; charset=utf-8", style_css, sizeof style_css},
  {"/script.js", "text/javascript; charset=utf-8", script_js, sizeof script_js},
  {"/icon.svg", "image/svg+xml", icon_svg, sizeof icon_svg},
};

const rf_page *rf_page_at(const char *path) {
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
    if (strcmp(path, pages[i].path) == 0) return &pages[i];
  return NULL;
}
