// The raw pixel layouts of frames, and their sizes in bytes.
// Names and layouts are V4L2's (kernel documentation, "Image Formats"): RGB3, BGR3, GREY, YUYV, UYVY, NV12, YU12.

/// The layout of a frame's bytes. All formats have 8 bits per sample.
public enum PixelFormat: Sendable {
  /// R G B, 3 bytes per pixel.
  case rgb
  /// B G R, 3 bytes per pixel.
  case bgr
  /// R G B and an unused byte, such as alpha: 4 bytes per pixel.
  case rgbx
  /// B G R and an unused byte, as of screens.
  case bgrx
  /// One byte per pixel.
  case gray
  /// Y0 Cb Y1 Cr: 4 bytes for two pixels of a row. An odd width ends in a whole group whose second pixel is unused.
  case yuyv
  /// As `yuyv`, in the order Cb Y0 Cr Y1.
  case uyvy
  /// A plane of Y, then a plane of Cb Cr pairs at half width and height, rounded up.
  case nv12
  /// As `nv12`, in the order Cr Cb; as of Android's cameras.
  case nv21
  /// As `nv12`, with chroma at half width and full height; as of some boards' camera and HDMI inputs.
  case nv16
  /// A plane of Y, then one of Cb and one of Cr, each at half width and height, rounded up.
  case i420

  /// True if samples are Y'CbCr, false if they are R'G'B' or gray.
  public var isYCbCr: Bool {
    switch self {
    case .yuyv, .uyvy, .nv12, .nv21, .nv16, .i420: true
    case .rgb, .bgr, .rgbx, .bgrx, .gray: false
    }
  }

  /// Returns the bytes of a tightly packed row of the first plane; `width` in pixels.
  public func rowBytes(width: Int) -> Int {
    switch self {
    case .rgb, .bgr: 3 * width
    case .rgbx, .bgrx: 4 * width
    case .gray, .nv12, .nv21, .nv16, .i420: width
    case .yuyv, .uyvy: 4 * ((width + 1) / 2)
    }
  }

  /// Returns the bytes between rows of the chroma planes, given those of the first plane.
  func chromaStrideBytes(_ strideBytes: Int) -> Int {
    switch self {
    case .nv12, .nv21, .nv16: 2 * ((strideBytes + 1) / 2)
    case .i420: (strideBytes + 1) / 2
    case .rgb, .bgr, .rgbx, .bgrx, .gray, .yuyv, .uyvy: 0
    }
  }

  /// Returns the rows of the chroma planes of a frame of `height` rows.
  func chromaRows(height: Int) -> Int { self == .nv16 ? height : (height + 1) / 2 }

  /// Returns the row of the chroma planes that row `y` of the frame uses.
  func chromaRow(_ y: Int) -> Int { self == .nv16 ? y : y / 2 }

  /// Returns the bytes of a whole frame whose planes follow one another.
  ///
  /// - Parameters:
  ///   - width: pixels, 1 or more.
  ///   - height: likewise.
  ///   - strideBytes: bytes between rows of the first plane; `nil`: tightly packed.
  /// - Precondition: the result fits `Int`; it does for tightly packed frames of up to 100 megapixels.
  public func byteCount(width: Int, height: Int, strideBytes: Int? = nil) -> Int {
    Int(byteCount64(height: height, strideBytes: strideBytes ?? rowBytes(width: width)))
  }

  /// As `byteCount`, for any stride up to `Frame.maxStrideBytes`: its product with the height may exceed 32 bits.
  func byteCount64(height: Int, strideBytes: Int) -> Int64 {
    let chroma = Int64(chromaStrideBytes(strideBytes)) * Int64(chromaRows(height: height))
    return Int64(strideBytes) * Int64(height) + (self == .i420 ? 2 * chroma : chroma)
  }
}

/// The code values of Y'CbCr for black, white and full colour.
public enum ColorRange: Sendable {
  /// Y 16...235, Cb and Cr 16...240 (ITU-R BT.601, section 2.5.3), as of cameras in YUYV and NV12.
  /// V4L2 documents it as the default quantization of Y'CbCr.
  case limited
  /// 0...255 for all three (JFIF 1.02, "Conversion to and from RGB"), as of JPEG.
  case full
}
