/* The layout of the structures in version 0: programs that were compiled with it rely on it. */
#include <retinaface.h>
#include <stddef.h>

#define EXPECT(condition) _Static_assert(condition, #condition)

EXPECT(sizeof(retinaface_point) == 8);
EXPECT(offsetof(retinaface_face, points) == 20 && offsetof(retinaface_face, id) == 64 && sizeof(retinaface_face) == 72);
EXPECT(offsetof(retinaface_image, width) == 4 && offsetof(retinaface_image, height) == 8);

#if UINTPTR_MAX > UINT32_MAX
EXPECT(offsetof(retinaface_image, planes) == 16 && offsetof(retinaface_image, strides) == 40);
EXPECT(offsetof(retinaface_image, is_full_range) == 52 && sizeof(retinaface_image) == 56);
EXPECT(offsetof(retinaface_options, threshold) == 12 && offsetof(retinaface_options, threads) == 24);
EXPECT(offsetof(retinaface_options, finds_large_faces) == 28 && offsetof(retinaface_options, isa) == 32);
EXPECT(offsetof(retinaface_options, model) == 40 && offsetof(retinaface_options, model_size) == 48);
EXPECT(offsetof(retinaface_options, arena) == 56 && offsetof(retinaface_options, arena_size) == 64);
EXPECT(offsetof(retinaface_options, message) == 72 && offsetof(retinaface_options, message_size) == 80);
EXPECT(sizeof(retinaface_options) == 88);
#endif

EXPECT(RETINAFACE_NULL_POINTER == -1 && RETINAFACE_BAD_OPTION == -2 && RETINAFACE_BAD_MODEL == -3 && RETINAFACE_BAD_ARENA == -4);
EXPECT(RETINAFACE_BAD_FORMAT == -5 && RETINAFACE_BAD_SIZE == -6 && RETINAFACE_BAD_STRIDE == -7 && RETINAFACE_BAD_FACE == -8);
EXPECT(RETINAFACE_NO_MEMORY == -9 && RETINAFACE_NO_THREADS == -10);
EXPECT(RETINAFACE_RGB == 0 && RETINAFACE_BGR == 1 && RETINAFACE_GRAY == 2 && RETINAFACE_YUYV == 3 && RETINAFACE_UYVY == 4);
EXPECT(RETINAFACE_NV12 == 5 && RETINAFACE_I420 == 6 && RETINAFACE_RGBX == 7 && RETINAFACE_BGRX == 8 && RETINAFACE_NV21 == 9);
EXPECT(RETINAFACE_NV16 == 10);

int main(void) { return 0; }
