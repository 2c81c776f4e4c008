// Draws the faces of a picture with OpenCV: opencv INPUT OUTPUT
//
//     g++ opencv.cpp -o opencv $(pkg-config --cflags --libs retinaface opencv4)
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <retinaface.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

/// Detects faces in OpenCV's pictures.
class Detector {
public:
  Detector() {
    char message[200] = "";
    retinaface_options options;
    retinaface_options_default(&options, sizeof options);
    options.message = message;
    options.message_size = sizeof message;
    retinaface_detector *created;
    if (retinaface_detector_create(&options, &created) < 0) throw std::runtime_error(message);
    detector.reset(created);
  }

  /// Returns the faces of a picture of type CV_8UC3 (B G R), CV_8UC4 (B G R and an unused byte) or CV_8UC1 (gray). It need not be continuous.
  std::vector<retinaface_face> operator()(const cv::Mat &picture) {
    retinaface_image image = {};
    switch (picture.type()) {
    case CV_8UC1: image.format = RETINAFACE_GRAY; break;
    case CV_8UC3: image.format = RETINAFACE_BGR; break;
    case CV_8UC4: image.format = RETINAFACE_BGRX; break;
    default: throw std::invalid_argument("the picture must have 1, 3 or 4 channels of 8 bits");
    }
    image.width = picture.cols;
    image.height = picture.rows;
    image.planes[0] = picture.data;
    image.strides[0] = static_cast<int32_t>(picture.step);
    const retinaface_face *faces;
    const int32_t count = retinaface_detect(detector.get(), &image, &faces);
    if (count < 0) throw std::runtime_error(retinaface_status_text(count));
    return std::vector<retinaface_face>(faces, faces + count);
  }

private:
  struct Destroy {
    void operator()(retinaface_detector *detector) const { retinaface_detector_destroy(detector); }
  };
  std::unique_ptr<retinaface_detector, Destroy> detector;
};

int main(int argc, char **argv) try {
  if (argc != 3) throw std::invalid_argument("usage: opencv INPUT OUTPUT");
  cv::Mat picture = cv::imread(argv[1]);
  if (picture.empty()) throw std::runtime_error("the picture cannot be read");
  Detector detector;
  for (const retinaface_face &face : detector(picture)) {
    std::printf("%.3f %.1f %.1f %.1f %.1f\n", face.score, face.x1, face.y1, face.x2, face.y2);
    cv::rectangle(picture, cv::Point2f(face.x1, face.y1), cv::Point2f(face.x2, face.y2), cv::Scalar(0, 255, 0), 2);
    for (const retinaface_point &point : face.points) cv::circle(picture, cv::Point2f(point.x, point.y), 2, cv::Scalar(0, 0, 255), -1);
  }
  return cv::imwrite(argv[2], picture) ? 0 : 1;
} catch (const std::exception &error) {
  std::fprintf(stderr, "opencv: %s\n", error.what());
  return 1;
}
