// The live page: two connections, one for the video (an image whose parts replace each other), one for events. Both reconnect
// automatically. Text from the server is set as text, never as markup.
"use strict";

const byId = (id) => document.getElementById(id);
const video = byId("video"), frame = byId("frame"), message = byId("message");
const MAX_ROWS = 30;
const SILENT_MS = 3000;  // without data for this time, a stream is shown as waiting
const RETRY_MS = 3000;

let lastEvent = 0;
let latest = null;       // faces to show with the next refresh of the screen
let isConnected = false, wasLost = false;

// Cleans a name: control characters, and those that reorder or hide text, become question marks (as rf-cam's printable).
function shown(name) {
  return name.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g, "?");
}

function showMessage(text) {
  message.hidden = !text;
  message.textContent = text || "";
}

function setState(name, text) {
  const state = byId("state");
  if (state.textContent === text) return;
  state.className = "state " + name;
  state.textContent = text;
}

// Video

function startVideo() {
  if (document.hidden) return;
  // The number keeps browsers from reusing the old connection.
  video.src = "/video?" + Date.now();
}

function stopVideo() { video.removeAttribute("src"); }

video.addEventListener("load", () => showMessage(""));
video.addEventListener("error", () => {
  if (!video.hasAttribute("src")) return;
  stopVideo();
  showMessage(isConnected ? "No video now: the places for viewers may be taken. Trying again ..." : "Trying again ...");
  setTimeout(startVideo, RETRY_MS);
});
// A page in the background ends its streams, which spares the camera's processor.
document.addEventListener("visibilitychange", () => (document.hidden ? stopVideo() : startVideo()));
frame.addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (frame.requestFullscreen) frame.requestFullscreen().catch(() => {});
});

// Faces

function makeRow() {
  const row = document.createElement("li");
  row.innerHTML = '<span class="id"></span><span class="bar"><i></i></span><span class="size"></span>';
  return row;
}

function showFace(row, face) {
  const [x1, y1, x2, y2] = face.box;
  row.children[0].textContent = face.id === undefined ? "face" : "#" + face.id;
  row.children[1].firstChild.style.width = Math.round(100 * face.score) + "%";
  row.children[1].title = "score " + face.score.toFixed(3);
  row.children[2].textContent = Math.round(x2 - x1) + " \u00d7 " + Math.round(y2 - y1) + " px, " + face.score.toFixed(2);
}

function showFaces() {
  const report = latest;
  latest = null;
  if (!report) return;
  const list = byId("list");
  // Finds rows by id, so that they keep their place.
  const faces = report.faces.slice().sort((a, b) => (a.id || 0) - (b.id || 0)).slice(0, MAX_ROWS);
  while (list.children.length > faces.length) list.lastChild.remove();
  while (list.children.length < faces.length) list.append(makeRow());
  faces.forEach((face, index) => showFace(list.children[index], face));
  const rest = report.faces.length - faces.length;
  byId("nobody").hidden = report.faces.length > 0 && rest === 0;
  byId("nobody").textContent = rest > 0 ? "and " + rest + " more" : "Nobody in sight.";
  byId("faces").textContent = report.faces.length;
  byId("latency").textContent = report.latency_ms.toFixed(report.latency_ms < 10 ? 1 : 0);
  byId("source").textContent = (report.source === "-" ? "stdin" : shown(report.source)) + " \u00b7 " + report.width + " \u00d7 " + report.height;
  frame.style.aspectRatio = report.width + " / " + report.height;
}

// Figures

function showFigures(figures) {
  byId("rate").textContent = figures.frames_per_second.toFixed(figures.frames_per_second < 10 ? 1 : 0);
  byId("dropped").textContent = figures.stats.dropped;
  const rows = Object.entries(figures.stats.milliseconds).map(([name, times]) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = name;
    row.append(head, ...times.map((time) => {
      const cell = document.createElement("td");
      cell.textContent = time.toFixed(2);
      return cell;
    }));
    return row;
  });
  byId("times").replaceChildren(...rows);
  const {frames, skipped, reconnects} = figures.stats;
  byId("about").textContent = frames.toLocaleString("en") + " frames \u00b7 " +
    (skipped ? skipped + " skipped \u00b7 " : "") +
    (reconnects ? reconnects + (reconnects === 1 ? " reconnect" : " reconnects") + " \u00b7 " : "") + "model " + figures.model + ", " +
    figures.precision + " \u00b7 " + figures.kernels + " \u00b7 " + figures.threads +
    (figures.threads === 1 ? " thread" : " threads") + " \u00b7 " +
    figures.viewers + (figures.viewers === 1 ? " viewer" : " viewers");
}

// Events

const events = new EventSource("/events");
events.addEventListener("open", () => {
  // The program was restarted: the video's old connection would deliver neither frames nor an error.
  if (wasLost) startVideo();
  [isConnected, wasLost] = [true, false];
});
events.addEventListener("error", () => {
  [isConnected, wasLost] = [false, true];
  setState("lost", "no connection");
  // After a refusal the browser does not retry by itself.
  if (events.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), RETRY_MS);
});
events.addEventListener("faces", (event) => {
  lastEvent = performance.now();
  setState("live", "live");
  if (!latest) requestAnimationFrame(showFaces);
  latest = JSON.parse(event.data);
});
events.addEventListener("figures", (event) => showFigures(JSON.parse(event.data)));
setInterval(() => {
  if (isConnected && performance.now() - lastEvent > SILENT_MS) setState("waiting", "waiting for frames");
}, 1000);

showMessage("Waiting for the first frame ...");
startVideo();
