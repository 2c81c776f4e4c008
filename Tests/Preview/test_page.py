"""Checks the resources that the live page serves, and that it serves no others."""

import io
import json
import os
import signal
import socket
import subprocess
import time

import pytest
from PIL import Image

from client import Client, Pieces, request
from program import RunningCamera, program

PAGES = {"/": "text/html", "/style.css": "text/css", "/script.js": "text/javascript", "/icon.svg": "image/svg+xml"}


@pytest.mark.parametrize("path", PAGES)
def test_pages_come_with_headers_that_protect_them(camera, path):
    answer = request(camera.port, path)
    assert answer.status == 200 and answer.headers["content-type"].startswith(PAGES[path]) and len(answer.body) > 100
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers
    # Nothing from elsewhere, and nothing that the policy would refuse.
    for word in (b"https://", b"//cdn", b"<style", b" style=", b"onclick="):
        assert word not in answer.body
    head = request(camera.port, path, method="HEAD")
    assert head.status == 200 and head.headers["content-length"] == str(len(answer.body))


def test_the_video_is_whole_jpegs_of_frames_with_faces_drawn(camera):
    with Client(camera.port) as client:
        client.get("/video")
        head = client.head()
        assert head.status == 200 and head.headers["content-type"] == "multipart/x-mixed-replace; boundary=frame"
        pieces, pictures = Pieces(client), []
        pieces.take_until(b"--frame\r\n")
        while len(pictures) < 5:
            headers = pieces.take_until(b"\r\n\r\n").decode().split("\r\n")
            assert headers[0] == "Content-Type: image/jpeg"
            pictures.append(pieces.take(int(headers[1].split(": ")[1])))
            assert pieces.take(11) == b"\r\n--frame\r\n"
    images = [Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]
    assert all(image.size == (320, 240) for image in images) and len(set(pictures)) > 1
    # The colour of boxes (Imaging/FaceDrawing.swift), which is not in the photograph.
    greens = sum(abs(r) < 40 and abs(g - 158) < 30 and abs(b - 115) < 30 for r, g, b in images[0].get_flattened_data())
    assert greens > 50


def one_frame(port: int, path: str):
    """The head and the body of an answer whose length the server does not know in advance."""
    with Client(port) as client:
        client.get(path)
        return client.head(), b"".join(client.chunked())


def test_a_snapshot_is_the_next_picture_with_its_faces_drawn(camera):
    (head, first), (_, second) = one_frame(camera.port, "/snapshot.jpg"), one_frame(camera.port, "/snapshot.jpg")
    assert head.status == 200 and head.headers["content-type"] == "image/jpeg" and first != second
    images = [Image.open(io.BytesIO(body)).convert("RGB") for body in (first, second)]
    assert [image.size for image in images] == [(320, 240), (320, 240)]


def test_faces_are_the_next_line_of_standard_output(camera):
    head, body = one_frame(camera.port, "/faces.json")
    assert head.status == 200 and head.headers["content-type"] == "application/json"
    faces = json.loads(body)
    camera.wait_for_frames(1)
    assert faces in camera.lines


def test_metrics_are_prometheus_text(camera):
    camera.wait_for_frames(30)
    answer = request(camera.port, "/metrics")
    assert answer.status == 200 and answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    values, types = {}, {}
    for line in answer.body.decode().splitlines():
        if line.startswith("# TYPE "):
            types[line.split()[2]] = line.split()[3]
        elif not line.startswith("# HELP "):
            name, value = line.rsplit(" ", 1)
            values[name] = float(value)
    assert all(name.split("{")[0].removesuffix("_count") in types for name in values)
    assert types["rf_cam_frames_total"] == "counter" and types["rf_cam_latency_seconds"] == "summary"
    assert len(camera.lines) - 40 < values["rf_cam_frames_total"] <= len(camera.lines)
    assert 0 < values['rf_cam_latency_seconds{quantile="0.5"}'] <= values['rf_cam_latency_seconds{quantile="0.95"}'] < 10


def test_health_follows_the_frames():
    with RunningCamera() as camera:
        assert request(camera.port, "/healthz").status == 200
        os.kill(camera.film.pid, signal.SIGSTOP)
        deadline = time.monotonic() + 30
        while request(camera.port, "/healthz").status == 200:
            assert time.monotonic() < deadline
            time.sleep(0.5)
        for path in ("/snapshot.jpg", "/faces.json"):
            answer = request(camera.port, path)
            assert answer.status == 503 and b"check the camera" in answer.body and answer.headers["retry-after"] == "5"
        os.kill(camera.film.pid, signal.SIGCONT)
        camera.wait_for_frames(2)
        assert request(camera.port, "/healthz").status == 200


def test_events_are_the_lines_of_standard_output_and_the_figures(camera):
    seen = {}
    with Client(camera.port) as client:
        client.get("/events")
        head = client.head()
        assert head.status == 200 and head.headers["content-type"] == "text/event-stream"
        pieces = Pieces(client)
        while len(seen) < 2:
            lines = pieces.take_until(b"\n\n").decode().split("\n")
            if lines[0].startswith("event: "):
                assert lines[1].startswith("data: ") and len(lines) == 2
                seen[lines[0][7:]] = json.loads(lines[1][6:])
    faces, figures = seen["faces"], seen["figures"]
    camera.wait_for_frames(1)
    assert faces in camera.lines
    assert all(face["id"] > 0 for face in faces["faces"])
    assert 5 < figures["frames_per_second"] < 25
    assert set(figures["stats"]["milliseconds"]) == {"capture", "convert", "network", "decode", "total", "latency"}
    assert all(a <= b <= c for a, b, c in figures["stats"]["milliseconds"].values())
    assert {"model", "precision", "kernels", "threads", "viewers"} <= set(figures)


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/../../../../etc/passwd",
        "/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/./etc/passwd",
        "/style.css/../../../etc/passwd",
        "/index.html",
        "/page/index.html",
        "/..",
        "/proc/self/environ",
        "/video/",
        "/\\..\\..\\etc\\passwd",
        "/%00",
        "/%00/etc/passwd",
        "/video%00x",
        "/%76ideo",
        "/events%00",
        "/style.css%00.html",
        "http://127.0.0.1/etc/passwd",
        "file:///etc/passwd",
        "etc/passwd",
        "*",
        "/" + 9000 * "a",
    ],
)
def test_nothing_else_is_reachable(camera, path):
    answer = request(camera.port, path)
    assert answer.status in (400, 404, 414) and b"root:" not in answer.body and len(answer.body) < 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "NONSENSE"])
def test_only_get_and_head_are_answered(camera, method):
    answer = request(camera.port, "/", method=method)
    assert answer.status == 405 and answer.headers["allow"] == "GET, HEAD" and answer.headers["connection"] == "close"


@pytest.mark.parametrize("more", ["Content-Length: 1000000000\r\n", "Transfer-Encoding: chunked\r\n"])
def test_bodies_are_refused_unread(camera, more):
    answer = request(camera.port, "/", more=more)
    assert answer.status in (400, 413) and answer.headers["connection"] == "close"


OWN = socket.gethostname()


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("127.0.0.1", True),
        ("127.0.0.1:8080", True),
        ("localhost:99", True),
        ("LocalHost", True),
        ("[::1]:8080", True),
        ("192.168.1.7", True),
        (OWN, True),
        (f"{OWN}:80", True),
        (OWN.partition(".")[0].upper() + ".local", True),
        ("evil.local", False),
        ("board.local:8080", False),
        (f"{OWN}.evil.local", False),
        (f"evil-{OWN}.local", False),
        (".local", False),
        ("local", False),
        (f"{OWN}.local.evil.example", False),
        ("evil.localhost", False),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example:80", False),
        ("", False),
        (":80", False),
        ("[evil.example]", False),
        ("[127.0.0.1]", False),
        ("[::1", False),
        ("[::1]evil.example", False),
        ("127.0.0.1:80@evil.example", False),
        ("127.0.0.1:port", False),
        (300 * "a", False),
    ],
)
def test_names_of_strangers_are_refused(camera, host, is_own):
    for path in ("/", "/events") if not is_own else ("/",):
        assert request(camera.port, path, host=host).status == (200 if is_own else 421)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET /video HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\n\r\n", 200),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nhost: 127.0.0.1\r\n\r\n", 400),
    ],
)
def test_a_request_names_one_host(camera, text, status):
    with Client(camera.port) as client:
        client.send(text.encode())
        assert client.answer().status == status


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        *[
            (path, "Sec-Fetch-Site: cross-site\r\n", 403)
            for path in (*PAGES, "/video", "/events", "/snapshot.jpg", "/faces.json", "/metrics")
        ],
        ("/video", "Sec-Fetch-Site: same-site\r\n", 403),
        ("/video", "Sec-Fetch-Site: nonsense\r\n", 403),
        ("/video", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n", 403),
        ("/events", "Origin: http://evil.example\r\n", 403),
        ("/events", "Origin: null\r\n", 403),
        ("/events", "Origin: https://127.0.0.1\r\n", 403),
        ("/", "Origin: http://127.0.0.1\r\n", 200),
        # A link or a bookmark; the page's own requests.
        ("/", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n", 200),
        ("/", "Sec-Fetch-Site: none\r\n", 200),
        ("/script.js", "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: no-cors\r\n", 200),
    ],
)
def test_pages_of_other_sites_get_nothing(camera, path, more, status):
    assert request(camera.port, path, more=more).status == status


def test_a_connection_serves_many_requests(camera):
    with Client(camera.port) as client:
        for path in 3 * list(PAGES):
            client.get(path)
            assert client.answer().status == 200


def test_what_is_no_http_is_no_harm(camera):
    for nonsense in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\r\n" * 1000,
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n: empty\r\n\r\n",
        bytes(range(256)) * 50,
        b"GET / HTTP/1.1\r\n" + b"\0" * 100,
    ):
        with Client(camera.port) as client:
            client.send(nonsense)
            client.socket.settimeout(0.2)
            try:
                client.receive()
            except TimeoutError:
                pass  # it waits for the rest of a request
    camera.wait_for_frames(3)
    assert request(camera.port, "/").status == 200


def refusal(address: str) -> str:
    outcome = subprocess.run([program(), "--preview", address, "pattern:64x64"], capture_output=True, text=True, timeout=60)
    assert outcome.returncode == 1 and outcome.stdout == "" and len(outcome.stderr.splitlines()) == 1
    return outcome.stderr


def test_an_address_that_cannot_be_had_is_told_with_a_way_out(camera):
    taken = refusal(f"{camera.port}")
    assert f"http://127.0.0.1:{camera.port}/" in taken and "try another one" in taken
    assert "no such address" in refusal("203.0.113.7:8080")


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("0", "http://127.0.0.1:"),
        ("localhost:0", "http://127.0.0.1:"),
        ("127.0.0.1:0", "http://127.0.0.1:"),
        ("0.0.0.0:0", "http://0.0.0.0:"),
        ("[::1]:0", "http://[::1]:"),
    ],
)
def test_addresses_as_people_type_them(address, url):
    outcome = subprocess.run(
        [program(), "--preview", address, "--format", "none", "--frames", "1", "pattern:64x64"], capture_output=True, text=True, timeout=60
    )
    if "IPv6" in outcome.stderr:
        pytest.skip("this machine has no IPv6")
    assert outcome.returncode == 0 and outcome.stderr.startswith(f"preview at {url}"), outcome.stderr


def test_ctrl_c_ends_it_within_a_second_with_viewers_on_it():
    # The machine may be busy: once in three tries is proof enough that nothing is waited for.
    for _ in range(3):
        with RunningCamera() as camera:
            viewers = [Client(camera.port) for _ in range(6)]
            for number, viewer in enumerate(viewers):
                viewer.get("/video" if number % 2 else "/events")
                assert viewer.head().status == 200
            time.sleep(0.5)
            status, taken = camera.stop()
            assert status == 0, camera.errors
            assert all(viewer.is_ended_within(10) for viewer in viewers)
            for viewer in viewers:
                viewer.close()
        if taken < 1:
            return
    raise AssertionError(f"it took {taken:.2f} s to end")
