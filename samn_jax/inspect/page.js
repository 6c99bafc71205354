"use strict";
// The page: a bar to move in time, courses over the video, and a lane for each trace.

const [HEIGHT, WIDTH] = DATA.small;
const state = { frame: first, timer: null };
const listeners = [];

for (const lane of DATA.lanes) {
  lane.at = new Map(lane.frame.map((frame, row) => [frame, row]));
  lane.held = lane.held.map(rows => rows.map(
    ([slot, cells, frame, given, target, mass]) => ({ slot, cells, frame, given, target: target / 1e4, mass: mass / 1e4 })));
  const known = lane.held.flat().map(held => held.frame);
  lane.oldest = Math.min(...lane.frame, ...known);
  lane.newest = Math.max(...lane.frame, ...known);
  lane.area_share = lane.area.map(x => x === null ? null : 100 * x / (DATA.size[0] * DATA.size[1]));
  lane.cells = lane.held.some(rows => rows.some(held => held.cells > 1));
}

function show(frame) {
  state.frame = Math.min(last, Math.max(first, frame));
  for (const listener of listeners) listener(state.frame);
}

function picture(lane, frame) {
  const number = lane.pictures[frame] ?? DATA.lanes.map(x => x.pictures[frame]).find(x => x !== undefined);
  return number === undefined ? "" : `data:image/jpeg;base64,${DATA.pictures[number]}`;
}

// An image with what is drawn over it; `set` shows another frame.
function framed(lane, parts) {
  const image = make("img", { alt: "" }), box = make("div", { class: "picture" }, image);
  const shapes = parts.map(part => draw(part.includes("region") ? "rect" : "path", { class: part }));
  box.append(draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}` }, ...shapes));
  image.width = WIDTH;
  image.height = HEIGHT;
  image.style.height = "auto";
  const set = frame => {
    const url = picture(lane, frame), row = lane.at.get(frame);
    image.style.visibility = url ? "" : "hidden";
    if (url && image.src !== url) image.src = url;
    image.classList.toggle("none", row === undefined);
    shapes.forEach((shape, number) => {
      const part = parts[number];
      if (part === "mask" || part === "truth") shape.setAttribute("d", row === undefined ? "" : lane[part][row]);
      else square(shape, row === undefined ? null : lane[part === "region" ? "crop" : "response_crop"][row]);
    });
  };
  return { box, set };
}

function square(shape, crop) {
  const [x, y, side] = crop || [0, 0, 0], scale = WIDTH / DATA.size[1];
  shape.setAttribute("x", (x - side / 2) * scale);
  shape.setAttribute("y", (y - side / 2) * scale);
  shape.setAttribute("width", side * scale);
  shape.setAttribute("height", side * scale);
}

const percent = share => share >= 0.0995 ? `${Math.round(100 * share)}%` : `${(100 * share).toFixed(1)}%`;

function meter(kind, share, title) {
  const bar = make("b", { style: { width: `${Math.min(100, 100 * share)}%` } });
  return make("div", { class: `meter ${kind}`, title }, make("i", {}, bar), make("span", {}, percent(share)));
}

function card(lane, held, frame, hottest) {
  const { box, set } = framed(lane, ["mask"]);
  set(held.frame);
  box.append(make("span", { class: "badge" }, held.cells > 1 ? `${held.cells} cells` : `${held.slot}`));
  if (held.given) box.append(make("span", { class: "badge given" }, "given"));
  const age = Math.abs(frame - held.frame);
  const told = make("span", { class: "told" },
    make("b", {}, `frame ${held.frame}`), make("span", { class: "faint" }, age ? ` · ${age} ago` : " · this one"),
    meter("own", held.target, "attention to it, mean over the target"),
    meter("all", held.mass, "attention to it, mean over the whole crop"));
  const hot = held.target > 0 && held.target === hottest;
  return make("button", { class: hot ? "card hot" : "card", type: "button", onclick: () => show(held.frame) }, box, told);
}

function sentence(lane, row) {
  const parts = [lane.given[row] ? "marked by a person: kept" : DATA.reasons[lane.reason[row]].words];
  if (lane.slot[row] >= 0) parts.push(lane.cells ? "it can be read" : `now in slot ${lane.slot[row]}`);
  if (lane.forgotten[row] >= 0) parts.push(`frame ${lane.forgotten[row]} can't be read any more`);
  return parts.join(" · ");
}

const kind = (lane, row) => lane.given[row] ? "kept" : DATA.reasons[lane.reason[row]].kind;

// Frames of one reason in a row are one line.
function writeLog(lane) {
  const list = make("ol", { class: "log important" }), lines = [];
  lane.frame.forEach((frame, row) => {
    const before = lines.at(-1), same = before && kind(lane, row) !== "kept" && before.kind !== "kept" && before.reason === lane.reason[row];
    if (same) { before.last = frame; before.count += 1; return; }
    lines.push({ first: frame, last: frame, row, reason: lane.reason[row], kind: kind(lane, row), count: 1 });
  });
  for (const line of lines) {
    const range = line.count > 1 ? `${line.first}–${line.last}` : `${line.first}`;
    const words = line.count > 1 ? `${DATA.reasons[line.reason].words} · ${line.count} frames` : sentence(lane, line.row);
    line.node = make("li", { class: line.kind, onclick: () => show(line.first) }, make("span", { class: "faint" }, range), make("span", {}, words));
    list.append(line.node);
  }
  const set = frame => {
    for (const line of lines) {
      const now = frame >= Math.min(line.first, line.last) && frame <= Math.max(line.first, line.last);
      if (now && !line.node.classList.contains("now")) list.scrollTop = line.node.offsetTop - list.offsetTop - 60;
      line.node.classList.toggle("now", now);
    }
  };
  return { list, set };
}

function facts(lane, row) {
  const number = (name, value, digits) => make("span", {}, `${name} `, make("b", {}, value === null ? "–" : value.toFixed(digits)));
  const told = [];
  if (lane.region[row] !== null) told.push(number("J", lane.region[row], 3));
  told.push(number("confidence", lane.confidence[row], 2), number("uncertainty", lane.uncertainty[row], 2));
  told.push(number("slots read", lane.read[row], 1), number("area %", lane.area_share[row], 2));
  if (!lane.found[row]) told.push(make("b", { style: { color: "#d0432f" } }, "not found"));
  if (lane.distractor[row]) told.push(make("b", { style: { color: "#c98a00" } }, "distractor seen"));
  return told;
}

function buildLane(lane) {
  const view = framed(lane, ["mask", "truth", "region", "filter-region"]);
  const note = make("span", { class: "note" }), told = make("div", { class: "facts" }), write = make("div", { class: "write" });
  const map = make("canvas", { class: "response", role: "img", "aria-label": "scores of the filter" });
  const over = make("canvas", { class: "memory", role: "img", "aria-label": "what was read when" });
  const cards = make("div", { class: "cards" }), log = writeLog(lane);
  view.box.append(note);
  seekable(over, show);
  const all = make("input", { type: "checkbox", class: "quiet-too", onchange: () => log.list.classList.toggle("important", !all.checked) });
  const filter = make("div", {}, make("h3", {}, "filter response"), map);
  const root = make("section", { class: "panel lane", style: { "--own": lane.color } },
    make("header", {}, make("h2", {}, lane.design), make("span", { class: "faint" }, lane.name)),
    make("details", {}, make("summary", {}, "settings"), make("code", {}, lane.settings)),
    make("div", { class: "halves" },
      make("div", {}, view.box, told, write),
      make("div", {},
        make("div", { class: "below" }, lane.side ? filter : "",
          make("div", { class: "wide" }, make("h3", { title: "a column per frame, a row per remembered frame, newest on top" }, "what was read when"), over)),
        make("h3", {}, "memory as this frame was read"), cards,
        make("h3", {}, "writes"), make("label", { class: "faint" }, all, " frames that were not due too"), log.list)));
  listeners.push(frame => {
    const row = lane.at.get(frame), known = row !== undefined;
    view.set(frame);
    note.textContent = known ? (lane.given[row] ? "given" : "") : "not tracked in this frame";
    note.hidden = !note.textContent;
    told.replaceChildren(...(known ? facts(lane, row) : []));
    write.textContent = known ? sentence(lane, row) : "";
    write.className = `write ${known ? kind(lane, row) : ""}`;
    write.hidden = !known;
    filter.style.visibility = known && !lane.given[row] ? "" : "hidden";
    if (known) response(map, lane.response[row], lane.side);
    readings(over, lane, frame);
    const held = known ? lane.held[row] : [], hottest = Math.max(0, ...held.map(x => x.target));
    cards.replaceChildren(...held.map(one => card(lane, one, frame, hottest)));
    log.set(frame);
  });
  return root;
}

function play() {
  if (state.timer) { clearInterval(state.timer); state.timer = null; return; }
  state.timer = setInterval(() => show(state.frame >= last ? first : state.frame + 1), 120);
}

function toggle(name, words) {
  const box = make("input", { type: "checkbox", onchange: () => document.body.classList.toggle(`hide-${name}`, !box.checked) });
  box.checked = true;
  return make("label", {}, box, ` ${words}`);
}

function buildBar() {
  const slider = make("input", { type: "range", id: "slider", min: first, max: last, step: 1, "aria-label": "frame", oninput: () => show(+slider.value) });
  const count = make("span", { class: "count", id: "count" }), start = make("button", { type: "button", id: "play", onclick: play }, "play");
  listeners.push(frame => { slider.value = frame; count.textContent = `frame ${frame} / ${last}`; });
  const truth = DATA.lanes.some(lane => lane.truth.some(Boolean)) ? [toggle("truth", "truth")] : [];
  return make("div", { class: "bar" }, make("h1", {}, DATA.title), start, slider, count, toggle("mask", "mask"), ...truth, toggle("region", "search regions"));
}

function buildCourses() {
  const panel = make("section", { class: "panel", id: "courses" });
  const legend = make("div", { class: "legend" }, ...DATA.lanes.map(lane => make("span", {},
    make("i", { class: "swatch", style: { background: lane.color } }), `${lane.design} · ${lane.name}`)));
  panel.append(legend);
  for (const measure of DATA.measures) listeners.push(course(panel, DATA.lanes, measure, show));
  panel.append(make("div", { class: "title faint" }, make("small", {}, "writes")));
  for (const lane of DATA.lanes) listeners.push(strip(panel, lane, show));
  panel.append(make("p", { class: "keys" }, "← → a frame · Shift with them ten · Home, End · space plays · click a course or a card to go there"));
  return panel;
}

document.addEventListener("keydown", event => {
  if (event.target.matches("input[type=checkbox], button, summary") && event.key === " ") return;
  const step = event.shiftKey ? 10 : 1;
  const to = { ArrowLeft: state.frame - step, ArrowRight: state.frame + step, Home: first, End: last }[event.key];
  if (to === undefined && event.key !== " ") return;
  event.preventDefault();
  if (to === undefined) play(); else show(to);
});
document.body.append(buildBar(), make("main", {}, buildCourses(), make("div", { class: "lanes" }, ...DATA.lanes.map(buildLane))));
addEventListener("resize", () => show(state.frame));
show(DATA.lanes.length ? DATA.start : first);
