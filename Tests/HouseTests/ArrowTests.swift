// The arrows between modules, kept by reading the imports: what the core must not import, it does not.
import Foundation
import Testing

/// The package's root, from where this file stood when it was compiled.
let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// Module -> folder and the modules of ours that it may import. The system's own are in `systemModules`.
let arrows: [String: (folder: String, mayImport: Set<String>)] = [
  "Kernels": ("Kernels/Portable", ["CKernels"]),
  "Engine": ("Sources/Engine", ["Kernels", "CKernels"]),
  "Imaging": ("Sources/Imaging", ["Kernels", "CKernels"]),
  "RetinaFace": ("Sources/RetinaFace", ["Engine", "Imaging", "Kernels"]),
  "Host": ("Sources/Host", ["CHost"]),
  "Capture": ("Sources/Capture", ["CHost", "CJPEG", "CPNG", "CVideo", "CWebP", "Host", "Imaging", "Kernels"]),
  "Preview": ("Sources/Preview", ["Capture", "CHost", "CPreview", "Host", "Imaging", "RetinaFace"]),
  "Report": ("Sources/Report", ["Engine", "Imaging", "RetinaFace"]),
  "CommandLine": ("Sources/CommandLine", ["CHost", "Host", "Kernels", "Report"]),
  "Library": (
    "Sources/Library", ["CHost", "CModel", "CRetinaFace", "Engine", "Imaging", "Kernels", "RetinaFace"]
  ),
  "rf-cam": (
    "Sources/rf-cam",
    [
      "Capture", "CHost", "CModel", "CommandLine", "Engine", "Host", "Imaging", "Kernels", "Preview", "Report",
      "RetinaFace",
    ]
  ),
  "firmware": ("Boards/qemu-virt/Sources/firmware", ["CBoard", "CFlash", "Engine", "Imaging", "Kernels", "Report", "RetinaFace"]),
]

/// Part of the language's own library and free of any operating system.
let languageModules: Set<String> = ["Synchronization"]

func swiftFiles(in folder: String) throws -> [URL] {
  let files = FileManager.default.enumerator(at: root.appending(path: folder), includingPropertiesForKeys: nil)
  return (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }
}

@Test(arguments: arrows.keys.sorted())
func moduleImportsOnlyWhatItMay(module: String) throws {
  let (folder, mayImport) = try #require(arrows[module])
  let files = try swiftFiles(in: folder)
  #expect(!files.isEmpty, "\(folder) holds no Swift file")
  for file in files {
    let text = try String(contentsOf: file, encoding: .utf8)
    for match in text.matches(of: /(?m)^\s*(?:@\w+\s+)?(?:public |internal |private )?import (?:\w+ )?(\w+)/) {
      let name = String(match.1)
      #expect(mayImport.union(languageModules).contains(name), "\(file.lastPathComponent) imports \(name)")
    }
    if let existential = text.firstMatch(of: /\bany [A-Z]\w*/) {
      Issue.record("\(file.lastPathComponent) has an existential, which Embedded Swift lacks: \(existential.0)")
    }
  }
}

/// Freestanding headers only: kernels run on bare metal.
@Test func kernelsIncludeNothingOfAnOperatingSystem() throws {
  let allowed: Set = ["stddef.h", "stdint.h", "immintrin.h", "arm_neon.h", "cpuid.h"]
  let files = FileManager.default.enumerator(at: root.appending(path: "Kernels/Native"), includingPropertiesForKeys: nil)
  for case let file as URL in files! where ["c", "h"].contains(file.pathExtension) {
    let text = try String(contentsOf: file, encoding: .utf8)
    for match in text.matches(of: /(?m)^#include <(.+)>/) {
      #expect(allowed.contains(String(match.1)), "\(file.lastPathComponent) includes \(match.1)")
    }
  }
}
