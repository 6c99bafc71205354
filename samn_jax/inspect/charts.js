"use strict";
// Charts over the frames of the video: courses of numbers, writes, and what was read.

const SVG = "http://www.w3.org/2000/svg";

function make(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [k, v] of Object.entries(value)) node.style.setProperty(k, v);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function draw(tag, options = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(options)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const first = DATA.first, last = DATA.last, span = Math.max(1, last - first);
const place = frame => 1000 * (frame - first) / span;

// Calls back with the frame under the pointer, while it is pressed.
function seekable(node, seek) {
  const at = event => {
    const box = node.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    seek(Math.round(first + Math.min(1, Math.max(0, share)) * span));
  };
  node.addEventListener("pointerdown", event => {
    node.setPointerCapture(event.pointerId);
    at(event);
  });
  node.addEventListener("pointermove", event => { if (event.buttons) at(event); });
}

function axes(height) {
  const cursor = draw("line", { class: "cursor", y1: 0, y2: height });
  const svg = draw("svg", { viewBox: `0 0 1000 ${height}`, preserveAspectRatio: "none" });
  return { svg, cursor };
}

// One number of all lanes; returns what moves its cursor.
function course(parent, lanes, measure, seek) {
  const values = lanes.flatMap(lane => lane[measure.key]).filter(x => x !== null);
  if (!values.length) return () => {};
  const top = measure.top || Math.max(measure.least || 1e-6, ...values) * 1.05;
  const { svg, cursor } = axes(74);
  for (const y of [0.5, 73.5]) svg.append(draw("line", { class: "axis", x1: 0, x2: 1000, y1: y, y2: y }));
  for (const lane of lanes) {
    let path = "", pen = "M";
    const order = lane.frame.map((frame, row) => [frame, lane[measure.key][row]]);
    for (const [frame, value] of order.sort((a, b) => a[0] - b[0])) {
      if (value === null) { pen = "M"; continue; }
      const y = 72 - 70 * Math.min(1, Math.max(0, value / top));
      path += `${pen}${place(frame).toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
    }
    svg.append(draw("path", { class: "course", d: path, stroke: lane.color }));
  }
  svg.append(cursor);
  const told = lanes.map(lane => make("span", { style: { color: lane.color } }));
  const title = make("div", { class: "title" }, make("b", { title: measure.help }, measure.name), ...told);
  const scale = make("span", { class: "scale", style: { top: "18px" } }, top.toPrecision(2));
  const chart = make("div", { class: "chart" }, title, svg, scale);
  seekable(svg, seek);
  parent.append(chart);
  return frame => {
    cursor.setAttribute("x1", place(frame));
    cursor.setAttribute("x2", place(frame));
    lanes.forEach((lane, number) => {
      const row = lane.at.get(frame), value = row === undefined ? null : lane[measure.key][row];
      told[number].textContent = value === null ? "–" : value.toFixed(measure.digits ?? 2);
    });
  };
}

// The writes of one lane: bars where a frame was kept, diamonds where a person marked.
function strip(parent, lane, seek) {
  const { svg, cursor } = axes(16);
  svg.append(draw("line", { class: "axis", x1: 0, x2: 1000, y1: 15.5, y2: 15.5 }));
  lane.frame.forEach((frame, row) => {
    const x = place(frame), kind = DATA.reasons[lane.reason[row]].kind;
    if (lane.given[row]) svg.append(draw("rect", { x: x - 4, y: 0, width: 8, height: 16, fill: "#ffd54a", rx: 2 }));
    else if (kind === "kept") svg.append(draw("rect", { x: x - 2, y: 2, width: 4, height: 13, fill: lane.color }));
    else if (kind === "lost") svg.append(draw("rect", { x: x - 2, y: 9, width: 4, height: 6, fill: "#d0432f" }));
  });
  svg.append(cursor);
  const chart = make("div", { class: "chart strip", title: "yellow: marked by a person; color: kept; red: lost, unsure or poor" }, svg);
  seekable(svg, seek);
  parent.append(chart);
  return frame => {
    cursor.setAttribute("x1", place(frame));
    cursor.setAttribute("x2", place(frame));
  };
}

// What was read when: a column per frame, a row per remembered frame.
function readings(canvas, lane, now) {
  const box = canvas.getBoundingClientRect(), ratio = devicePixelRatio || 1;
  const width = canvas.width = Math.max(1, box.width * ratio);
  const height = canvas.height = Math.max(1, box.height * ratio);
  const pen = canvas.getContext("2d"), low = lane.oldest, rows = Math.max(1, lane.newest - low);
  const wide = Math.max(1.5 * ratio, width / (span + 1)), tall = Math.max(2 * ratio, height / (rows + 1));
  const x = frame => (width - wide) * (frame - first) / span;
  const y = frame => (height - tall) * (1 - (frame - low) / rows);
  pen.clearRect(0, 0, width, height);
  pen.fillStyle = lane.color;
  lane.frame.forEach((frame, row) => {
    for (const held of lane.held[row]) {
      pen.globalAlpha = 0.12 + 0.88 * Math.min(1, 1.6 * held.target);
      pen.fillRect(x(frame), y(held.frame), wide, tall);
    }
  });
  pen.globalAlpha = 1;
  pen.fillStyle = getComputedStyle(document.body).color;
  pen.fillRect(x(now) + wide / 2, 0, ratio, height);
}

// The filter's scores, dark to bright; 1 is what a target gets that is where it should be.
function response(canvas, text, side) {
  canvas.width = canvas.height = Math.max(1, side);
  if (!side) return;
  const values = atob(text), pen = canvas.getContext("2d"), image = pen.createImageData(side, side);
  for (let i = 0; i < values.length; i++) {
    const v = values.charCodeAt(i) / 255;
    image.data.set([255 * Math.min(1, 2.2 * v), 255 * v * v, 90 + 120 * v * (1 - v) - 90 * v * v + 80 * v ** 4, 255], 4 * i);
  }
  pen.putImageData(image, 0, 0);
}
