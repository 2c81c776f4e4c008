// swift-tools-version: 6.2
// The firmware for QEMU's virt machine: a package of its own, because it is built for no operating system and with a model and
// a picture that build.sh prepares.
import PackageDescription

let script = Context.packageDirectory + "/link.ld"

let package = Package(
  name: "Firmware",
  dependencies: [.package(name: "RetinaFace", path: "../..")],
  targets: [
    .target(name: "CBoard"),
    .target(name: "CFlash"),
    .executableTarget(
      name: "firmware",
      dependencies: [
        "CBoard", "CFlash", .product(name: "RetinaFace", package: "RetinaFace"), .product(name: "Report", package: "RetinaFace"),
      ],
      linkerSettings: [.unsafeFlags(["-Xlinker", "-T", "-Xlinker", script])]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu2x
)
