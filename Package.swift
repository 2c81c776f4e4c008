// swift-tools-version: 6.2
// Targets and arrows only; what a target is for stands at the top of its files. Arrows are kept by Tests/HouseTests.
import PackageDescription

/// Makes restrictions of Embedded Swift and imports that only it demands errors in every build of these modules.
let core: [SwiftSetting] = [.treatWarning("EmbeddedRestrictions", as: .error), .enableUpcomingFeature("MemberImportVisibility")]

/// The C library checks the sizes of buffers (feature_test_macros(7)); the checks need an optimised build.
let fortified: [CSetting] = [.define("_FORTIFY_SOURCE", to: "3", .when(configuration: .release))]

let package = Package(
  name: "RetinaFace",
  products: [
    .library(name: "RetinaFace", targets: ["RetinaFace", "Engine", "Imaging", "Kernels"]),
    .library(name: "Report", targets: ["Report"]),
    // Toolchains/lib.sh makes libretinaface of it.
    .library(name: "rf-library", type: .static, targets: ["Library"]),
    .executable(name: "rf-cam", targets: ["rf-cam"]),
    .executable(name: "rf-pack", targets: ["rf-pack"]),
    .executable(name: "rf-bench", targets: ["rf-bench"]),
  ],
  targets: [
    // The core: Embedded-clean, no operating system.
    .target(name: "CKernels", path: "Kernels/Native"),
    .target(name: "Kernels", dependencies: ["CKernels"], path: "Kernels/Portable", swiftSettings: core),
    .target(name: "Engine", dependencies: ["Kernels"], swiftSettings: core),
    .target(name: "Imaging", dependencies: ["Kernels"], swiftSettings: core),
    .target(name: "RetinaFace", dependencies: ["Engine", "Imaging", "Kernels"], swiftSettings: core),

    .target(name: "Report", dependencies: ["Engine", "Imaging", "RetinaFace"], swiftSettings: core),

    // Linux: files, streams, cameras, JPEG; and the model inside the program.
    .target(name: "CHost", cSettings: fortified),
    .target(name: "Host", dependencies: ["CHost"], swiftSettings: core),
    .target(name: "CVideo", dependencies: ["CHost"], cSettings: fortified),
    .target(name: "CJPEG", cSettings: fortified, linkerSettings: [.linkedLibrary("jpeg")]),
    .target(name: "CPNG", cSettings: fortified, linkerSettings: [.linkedLibrary("png16"), .linkedLibrary("z")]),
    // libwebp is loaded when it is wanted.
    .target(name: "CWebP", cSettings: fortified),
    // The page's files are embedded; libmicrohttpd is loaded when it is wanted (CPreview/library.h), not linked.
    .target(name: "CPreview", dependencies: ["CHost"], exclude: ["page"], cSettings: fortified),
    .target(
      name: "CModel", path: "Models", exclude: ["LICENSE", "README.md", "default-float32.rfm", "default.rfm", "sample.jpg", "training.png"]),
    .target(
      name: "Capture", dependencies: ["CHost", "CJPEG", "CPNG", "CVideo", "CWebP", "Host", "Imaging", "Kernels"], swiftSettings: core),

    .target(name: "Preview", dependencies: ["Capture", "CHost", "CPreview", "Host", "Imaging", "RetinaFace"], swiftSettings: core),

    // The C interface: header, constant texts and the allocator in C; the rest in Swift.
    .target(name: "CRetinaFace", dependencies: ["CKernels"], cSettings: fortified),
    .target(
      name: "Library", dependencies: ["CHost", "CModel", "CRetinaFace", "Engine", "Imaging", "Kernels", "RetinaFace"],
      swiftSettings: core),

    // The programs.
    .target(name: "CommandLine", dependencies: ["CHost", "Host", "Kernels", "Report"], swiftSettings: core),
    .executableTarget(
      name: "rf-cam", dependencies: ["Capture", "CHost", "CModel", "CommandLine", "Host", "Imaging", "Preview", "Report", "RetinaFace"],
      swiftSettings: core),
    .target(name: "Pack", dependencies: ["Capture", "Engine", "Imaging", "Kernels"]),
    .executableTarget(name: "rf-pack", dependencies: ["CHost", "CommandLine", "Engine", "Host", "Pack", "Report"]),
    .target(name: "CPeak", dependencies: ["CKernels"], path: "Benchmarks/CPeak"),
    .executableTarget(
      name: "rf-bench", dependencies: ["CHost", "CModel", "CommandLine", "CPeak", "Host", "KernelChecks", "Report", "RetinaFace"]),

    // Tests; KernelChecks is shared with rf-bench, so what is timed is what is checked. CAllocationCount replaces malloc.
    .target(name: "CAllocationCount", path: "Tests/Support/AllocationCount"),
    .target(name: "CFakeCamera", dependencies: ["CVideo"], path: "Tests/Support/FakeCamera"),
    .target(name: "TestRandom", path: "Tests/Support/TestRandom"),
    .target(name: "RandomModel", dependencies: ["Engine", "Pack", "TestRandom"], path: "Tests/Support/RandomModel"),
    .target(name: "CRegisters", path: "Tests/Support/Registers"),
    .target(name: "CKernelTwins", dependencies: ["CKernels"], path: "Tests/Support/KernelTwins"),
    .target(
      name: "KernelChecks", dependencies: ["CHost", "CKernelTwins", "CRegisters", "Kernels", "TestRandom"],
      path: "Tests/Support/KernelChecks"),
    // The checks and the layers' hashes as a program: for ARM, where Embedded Swift has no Swift Testing.
    .executableTarget(
      name: "rf-check",
      dependencies: ["Capture", "CHost", "CommandLine", "Host", "Imaging", "KernelChecks", "Kernels", "Report", "RetinaFace"],
      path: "Tests/ARM/Check", swiftSettings: core),
    .testTarget(name: "KernelTests", dependencies: ["Engine", "KernelChecks", "Pack", "RandomModel", "TestRandom", "rf-bench"]),
    .testTarget(name: "EngineTests", dependencies: ["CAllocationCount", "CHost", "Engine", "RandomModel", "TestRandom", "rf-bench"]),
    .testTarget(name: "ImagingTests", dependencies: ["CAllocationCount", "CHost", "Imaging", "Kernels", "TestRandom"]),
    .testTarget(name: "RetinaFaceTests", dependencies: ["CAllocationCount", "CHost", "Engine", "RandomModel", "RetinaFace", "TestRandom"]),
    .testTarget(
      name: "LibraryTests", dependencies: ["CHost", "CModel", "CRetinaFace", "Engine", "Imaging", "Library", "RetinaFace", "TestRandom"]),
    .testTarget(name: "CaptureTests", dependencies: ["CAllocationCount", "Capture", "CFakeCamera", "CHost", "CVideo", "Imaging"]),
    .testTarget(name: "PackTests", dependencies: ["Engine", "Pack", "RandomModel", "TestRandom", "rf-pack"]),
    .testTarget(
      name: "ProgramTests", dependencies: ["Capture", "Host", "Imaging", "RandomModel", "Report", "TestRandom", "rf-cam", "rf-pack"]),
    .testTarget(name: "HouseTests"),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu2x
)
