// swift-tools-version: 6.2
// Fuzzers of what reads untrusted bytes, by libFuzzer with AddressSanitizer. A package of its own, because every module
// under test is built again with coverage counters and the sanitizer; the sources are the project's, through links.
//   swift build --package-path Tests/Fuzz && Tests/Fuzz/.build/debug/ModelFuzzer -max_total_time=60
import PackageDescription

/// Counters and sanitizer in every module; the fuzzer's main only where a program is linked.
let instrumented: [SwiftSetting] = [.unsafeFlags(["-sanitize=fuzzer,address", "-O"])]
let linked: [LinkerSetting] = [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]
/// A program with a main of its own.
let linkedSanitizer: [LinkerSetting] = [.unsafeFlags(["-sanitize=address", "-use-ld=lld"])]
/// C that is not under test itself: the sanitizers check the addresses that it is given, and what C calls undefined.
let instrumentedC: [CSetting] = [.unsafeFlags(["-fsanitize=address,undefined", "-fno-sanitize-recover=all"])]
/// C under test: counters, too.
let countedC: [CSetting] = instrumentedC + [.unsafeFlags(["-fsanitize=fuzzer-no-link"])]

/// A program that hands one function to libFuzzer.
func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies + ["CFuzzDriver"], swiftSettings: instrumented, linkerSettings: linked)
}

let package = Package(
  name: "Fuzz",
  targets: [
    .target(name: "CFuzzDriver"),
    .target(name: "CKernels", cSettings: instrumentedC),
    .target(name: "Kernels", dependencies: ["CKernels"], swiftSettings: instrumented),
    .target(name: "Engine", dependencies: ["Kernels"], swiftSettings: instrumented),
    .target(name: "Pack", dependencies: ["Capture", "Engine", "Imaging", "Kernels"], swiftSettings: instrumented),
    .target(name: "TestRandom", swiftSettings: instrumented),
    .target(name: "RandomModel", dependencies: ["Engine", "Pack", "TestRandom"], swiftSettings: instrumented),
    fuzzer("ModelFuzzer", ["Engine"]),
    .executableTarget(
      name: "FuzzSeeds", dependencies: ["Pack", "RandomModel"], swiftSettings: instrumented, linkerSettings: linkedSanitizer),
    fuzzer("SafetensorsFuzzer", ["Pack"]),

    // Counters too: what is cut off a results file is decided in C.
    .target(name: "CHost", cSettings: [.unsafeFlags(["-fsanitize=address,fuzzer-no-link"])]),
    .target(name: "Host", dependencies: ["CHost"], swiftSettings: instrumented),
    fuzzer("ResultLinesFuzzer", ["CHost"]),
    .target(name: "CVideo", dependencies: ["CHost"], cSettings: instrumentedC),
    .target(name: "CJPEG", cSettings: instrumentedC, linkerSettings: [.linkedLibrary("jpeg")]),
    .target(name: "CPNG", cSettings: instrumentedC, linkerSettings: [.linkedLibrary("png16"), .linkedLibrary("z")]),
    .target(name: "CWebP", cSettings: instrumentedC),
    .target(name: "Imaging", dependencies: ["Kernels"], swiftSettings: instrumented),
    .target(name: "Capture", dependencies: ["CHost", "CJPEG", "CPNG", "CVideo", "CWebP", "Host", "Imaging"], swiftSettings: instrumented),
    fuzzer("PictureFuzzer", ["Capture", "Imaging"]),
    fuzzer("ExifFuzzer", ["Capture", "Imaging"]),
    fuzzer("StreamFuzzer", ["Capture", "Imaging"]),

    .target(name: "CPreview", dependencies: ["CHost"], exclude: ["page"], cSettings: countedC),
    .target(name: "RetinaFace", dependencies: ["Engine", "Imaging", "Kernels"], swiftSettings: instrumented),
    .target(name: "Report", dependencies: ["Engine", "Imaging", "RetinaFace"], swiftSettings: instrumented),
    .target(name: "Preview", dependencies: ["Capture", "CHost", "CPreview", "Host", "Imaging", "RetinaFace"], swiftSettings: instrumented),
    fuzzer("RequestFuzzer", ["CPreview", "Preview"]),

    .target(name: "CModel", exclude: ["LICENSE", "README.md", "default-float32.rfm", "default.rfm", "sample.jpg", "training.png"]),
    .target(name: "CommandLine", dependencies: ["CHost", "Host", "Kernels", "Report"], swiftSettings: instrumented),
    .target(
      name: "rf-cam", dependencies: ["Capture", "CHost", "CModel", "CommandLine", "Host", "Imaging", "Preview", "Report", "RetinaFace"],
      exclude: ["main.swift"],
      swiftSettings: instrumented),
    fuzzer("OptionsFuzzer", ["CommandLine", "Report", "rf-cam"]),
    fuzzer("NumberFuzzer", ["Imaging", "Report", "RetinaFace"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu2x
)
