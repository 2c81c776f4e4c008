// The command line: wrong ones end with 2 and name what is valid; right ones say what they are asked.
import Foundation
import Testing

@Test(
  arguments: [
    (["--treshold", "0.5", "a.jpg"], "--treshold: no such option; did you mean --threshold? --help lists all options"),
    (["--ouput=x", "a.jpg"], "--ouput: no such option; did you mean --output?"),
    (["--detector", "0.5", "a.jpg"], "--detector: no such option; the options are --model, --size, --threshold"),
    (["-x", "a.jpg"], "-x: no such option"),
    (["--threshold"], "--threshold: a value is missing: 0..1"),
    (["--threshold", "1.5", "a.jpg"], "--threshold: '1.5' is not valid; expected 0..1"),
    (["--threshold", "nan", "a.jpg"], "--threshold: 'nan' is not valid; expected"),
    (["--threshold=", "a.jpg"], "--threshold: '' is not valid; expected"),
    (["--nms", "-1", "a.jpg"], "--nms: '-1' is not valid; expected 0..1"),
    (["--size", "0", "a.jpg"], "--size: '0' is not valid; expected original, WxH or N"),
    (["--size", "640x", "a.jpg"], "--size: '640x' is not valid; expected"),
    (["--size", "99999999999999999999", "a.jpg"], "--size: '99999999999999999999' is not valid; expected"),
    (["--max-faces", "0", "a.jpg"], "--max-faces: '0' is not valid; expected"),
    (["--threads", "65", "a.jpg"], "--threads: '65' is not valid; expected 1..64"),
    (["--isa", "mmx", "a.jpg"], "--isa: 'mmx' is not valid; expected a list of reference,sse41,avx2"),
    (["--frames", "x", "a.jpg"], "--frames: 'x' is not valid; expected"),
    (["--format", "xml", "a.jpg"], "--format: 'xml' is not valid; expected text, json, csv, events, wider, hash, none"),
    (["--raw", "yuv:640x480", "-"], "--raw: 'yuv:640x480' is not valid; expected"),
    (["--raw", "yuyv:640x480@0", "-"], "--raw: 'yuyv:640x480@0' is not valid; expected FORMAT:WxH[@FPS]"),
    (["--rate", "25:1", "-"], "--rate: '25:1' is not valid; expected FPS"),
    (["--live", "--rate", "25", "-"], "--live: the times are those of arrival: leave out the frames per second"),
    (["--live", "--raw", "gray:8x8@25", "-"], "--live: the times are those of arrival: leave out the frames per second"),
    (["pattern:64x64", "a.jpg"], "pattern:64x64: never ends, so the sources after it would never be read: run one rf-cam per camera"),
    (["camera", "camera"], "camera: never ends, so the sources after it would never be read: run one rf-cam per camera"),
    (["a.jpg", "pattern:8x8", "--files-from", "list"], "pattern:8x8: never ends"),
    (["--levels", "on", "a.jpg"], "--levels: 'on' is not valid; expected off or auto"),
    (["--zone", "0,0,1,1", "-"], "--zone: '0,0,1,1' is not valid; expected [NAME=]X,Y"),
    (["--zone", "0,0,1,0,1,1.5", "-"], "--zone: '0,0,1,0,1,1.5' is not valid"),
    (["--zone", "0,0,1,0,1", "-"], "--zone: '0,0,1,0,1' is not valid"),
    (["--zone", "0,0,1,0,1,nan", "-"], "--zone: '0,0,1,0,1,nan' is not valid"),
    (["--zone", "a b=0,0,1,0,1,1", "-"], "--zone: 'a b=0,0,1,0,1,1' is not valid"),
    (["--zone", "=0,0,1,0,1,1", "-"], "--zone: '=0,0,1,0,1,1' is not valid"),
    (["--min-face", "9", "--max-face", "8", "-"], "--min-face: is larger than --max-face: no face would be left"),
    (["--min-face", "65501", "-"], "--min-face: '65501' is not valid; expected PIXELS"),
    (["--camera", "640x480@0", "a.jpg"], "--camera: '640x480@0' is not valid; expected WxH@FPS:FOURCC"),
    (["--preview", "8o80", "a.jpg"], "--preview: '8o80' is not valid; expected PORT or ADDRESS:PORT, such as 8080, 0.0.0.0:8080"),
    (["--preview", "65536", "a.jpg"], "--preview: '65536' is not valid; expected"),
    (["--preview", "", "a.jpg"], "--preview: '' is not valid; expected"),
    (["--preview", ":8080", "a.jpg"], "--preview: ':8080' is not valid; expected"),
    (["--preview", "127.0.0.1:", "a.jpg"], "--preview: '127.0.0.1:' is not valid; expected"),
    (["--preview", "127.0.0:8080", "a.jpg"], "--preview: '127.0.0:8080' is not valid; expected"),
    (["--preview", "::1:8080", "a.jpg"], "--preview: '::1:8080' is not valid; expected"),
    (["--preview", "[127.0.0.1]:8080", "a.jpg"], "--preview: '[127.0.0.1]:8080' is not valid; expected"),
    (["--preview", "example.com:8080", "a.jpg"], "--preview: 'example.com:8080' is not valid; expected"),
    (["--stats=yes", "a.jpg"], "--stats: takes no value"),
    (["--format", "wider", "a.jpg"], "--format wider: name the folder for the prediction files with --output DIR"),
    ([], "no source: name a picture"),
    (["--", "--stats", "-x"], ""),
  ] as [([String], String)])
func wrongCommandLineNamesWhatIsValid(words: [String], message: String) throws {
  let workshop = try TestFolder()
  let outcome = try RunningProgram(words, in: workshop.folder).finish()
  if message.isEmpty {
    // After -- everything is a source, and these are not there.
    #expect(outcome.status == 1)
    return
  }
  #expect(outcome.status == 2)
  #expect(outcome.errorLines.count == 1)
  #expect(outcome.errors.hasPrefix("rf-cam: \(message)"), "\(outcome.errors)")
  #expect(outcome.output.isEmpty)
}

@Test func everyOptionOfTheContractIsTaken() throws {
  let workshop = try TestFolder()
  let picture = try workshop.write("a.jpg", workshop.jpeg())
  let outcome = try workshop.run(
    "--size", "64x48", "--threshold=0.9", "--nms", "0.3", "--max-faces", "5", "--threads", "2", "--isa", "reference",
    "--frames", "3", "--format", "json", "--output", workshop.path("out"), "--crops", workshop.path("crops"),
    "--camera", "640x480@30:MJPG", "--stats", "-q", "-v", picture)
  #expect(outcome.status == 0, "\(outcome.errors)")
}

@Test func helpAndVersionAndDevices() throws {
  let workshop = try TestFolder()
  let help = try workshop.runBare("-h")
  #expect(help.status == 0 && help.errors.isEmpty)
  for option in [
    "--model", "--size", "--threshold", "--nms", "--max-faces", "--threads", "--isa", "--frames", "--format",
    "--output", "--crops", "--camera", "--list-devices", "--preview", "--smooth", "--stats", "-q", "-v", "-h", "--version",
  ] {
    #expect(help.text.contains("\(option)"), "\(option) is missing")
  }
  let version = try workshop.run("--version")
  #expect(version.status == 0)
  #expect(version.text.contains("instruction sets: ") && version.text.contains("model: made 7 ("))
  #expect(version.text.contains("\nlicence: Apache-2.0; embedded model: research only\nJPEG: libjpeg"))
  let devices = try workshop.runBare("--list-devices")
  #expect(devices.status == 0 && devices.errors.contains("no capture devices"))
}
