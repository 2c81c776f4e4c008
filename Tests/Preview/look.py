"""Opens the live page in headless Chromium as a phone and as a desktop would: checks that the video moves, that the faces
and figures are there and that nothing complains; leaves screenshots in build/preview to be looked at.

Usage: python Tests/Preview/look.py   (make preview-look installs Chromium first)
"""

import sys
import time

from browser import Browser, find_chromium
from program import ROOT, RunningCamera

# Width, height, device pixels per pixel, is a phone, colours.
SIZES = {"phone": (390, 844, 2, True, "dark"), "desktop": (1280, 800, 1, False, "light")}


def look(camera: RunningCamera, name: str, width: int, height: int, scale: float, is_mobile: bool, colours: str) -> list[str]:
    """Returns the faults of the page at this size."""
    folder = ROOT / "build" / "preview"
    folder.mkdir(parents=True, exist_ok=True)
    wrong = []
    with Browser(width, height, scale, is_mobile) as browser:
        browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": colours}])
        browser.ask("Page.navigate", url=camera.url)
        browser.wait("document.readyState !== 'loading' && document.getElementById('list').children.length > 0")
        browser.wait("document.getElementById('times').children.length > 0 && video.naturalWidth > 0")
        box = browser.evaluate("(() => { const b = video.getBoundingClientRect(); return [b.x, b.y, b.width, b.height] })()")
        clip = {"x": box[0], "y": box[1], "width": box[2], "height": box[3], "scale": 1}
        first = browser.screenshot(clip=clip)
        # Long enough for a busy machine.
        deadline = time.monotonic() + 20
        while browser.screenshot(clip=clip) == first and time.monotonic() < deadline:
            time.sleep(0.5)
        if time.monotonic() >= deadline:
            wrong.append("the video does not move")
        (folder / f"{name}.png").write_bytes(
            browser.screenshot(
                captureBeyondViewport=True,
                clip={"x": 0, "y": 0, "width": width, "height": browser.evaluate("document.documentElement.scrollHeight"), "scale": 1},
            )
        )
        if browser.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append("the page is wider than the screen")
        if browser.evaluate("document.getElementById('state').textContent") != "live":
            wrong.append("the page does not say that it is live")
        shown = int(browser.evaluate("document.getElementById('faces').textContent"))
        if shown < 1 or not browser.evaluate("document.querySelector('#list .id').textContent").startswith("#"):
            wrong.append("no faces with ids are listed")
        wrong += browser.complaints()
    return [f"{name}: {text}" for text in wrong]


def main() -> int:
    if not find_chromium():
        print("look: no chromium: apt-get install chromium", file=sys.stderr)
        return 1
    with RunningCamera(size="640x480") as camera:
        wrong = [text for name, size in SIZES.items() for text in look(camera, name, *size)]
    for text in wrong:
        print(text)
    print(f"{len(SIZES)} sizes looked at, {len(wrong)} complaints; screenshots in build/preview")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
