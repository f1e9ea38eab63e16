// Arrows and pen lines over a picture, drawn with mouse, touch, pen or keys, kept as shares of its width and height.

import { attend, element, fill, follow, uniqueId } from "./elements.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
// As `strokes.py` draws them: shares of the longer side.
const WIDTH = 0.008;
const HEAD = 0.035;
const NEAR = 0.004; // points of the pen that are closer than this are left out
const MOST_POINTS = 400;
const STEP = 0.02;
const SVG = "http://www.w3.org/2000/svg";

function render({ model, el }) {
  const stop = new AbortController();
  const text = (name, values) => fill(model.get("texts")[name], values);
  let drawn = null;
  let tool = "arrow";
  let color = model.get("colors")[0][0];

  const keysId = uniqueId("sketch");
  const image = element("img", { draggable: "false" });
  const layer = document.createElementNS(SVG, "svg");
  layer.setAttribute("aria-hidden", "true");
  const stage = element(
    "div",
    {
      class: "wannb-sketch-stage", tabindex: "0", role: "application", "aria-describedby": keysId,
      pointerdown: press, pointermove: move, pointerup: release, pointercancel: drop, keydown: key,
    },
    image, layer,
  );
  const tools = ["arrow", "pen"].map((name) => element("button", { type: "button", click: () => choose(name, color) }));
  const colors = model.get("colors").map(([value]) => {
    const made = element("button", { type: "button", class: "wannb-sketch-color", click: () => choose(tool, value) });
    made.style.setProperty("--color", value);
    return made;
  });
  const undo = element("button", { type: "button", click: () => take(-1) });
  const clear = element("button", { type: "button", click: () => save([], "cleared") });
  const said = element("div", { class: "wannb-sketch-said", role: "status", "aria-live": "polite" });
  const keys = element("p", { id: keysId, class: "wannb-sketch-keys" });
  const bar = element("div", { class: "wannb-sketch-bar", role: "toolbar" }, ...tools, ...colors, undo, clear);
  const root = element("div", { class: "wannb-sketch" }, bar, stage, keys, said);
  el.classList.add("wannb-widget");
  el.append(root);

  follow(model, ["preview", "strokes", "disabled", "texts", "width", "height"], show, stop.signal);
  show();
  return () => {
    stop.abort();
    root.remove();
  };

  function show() {
    const address = model.get("preview");
    if (image.src !== address) image.src = address;
    image.alt = text("picture");
    layer.setAttribute("viewBox", `0 0 ${model.get("width")} ${model.get("height")}`);
    stage.style.aspectRatio = `${model.get("width")} / ${model.get("height")}`;
    stage.setAttribute("aria-label", text("stage"));
    bar.setAttribute("aria-label", text("tools"));
    keys.textContent = text("keys");
    const off = model.get("disabled");
    tools.forEach((each, at) => label(each, text(["arrow", "pen"][at]), tool === ["arrow", "pen"][at]));
    colors.forEach((each, at) => {
      const [value, name] = model.get("colors")[at];
      each.setAttribute("aria-label", name);
      each.title = name;
      each.setAttribute("aria-pressed", String(value === color));
    });
    undo.textContent = text("undo");
    clear.textContent = text("clear");
    const none = model.get("strokes").length === 0;
    for (const each of [...tools, ...colors]) each.disabled = off;
    undo.disabled = clear.disabled = off || none;
    stage.classList.toggle("wannb-sketch-off", off);
    draw();
  }

  function label(each, name, pressed) {
    each.textContent = name;
    each.setAttribute("aria-pressed", String(pressed));
  }

  function choose(name, value) {
    [tool, color] = [name, value];
    show();
  }

  // ---- what is drawn

  function draw() {
    layer.replaceChildren(...[...model.get("strokes"), ...(drawn ? [drawn] : [])].flatMap(shapes));
  }

  function shapes(stroke) {
    const [width, height] = [model.get("width"), model.get("height")];
    const long = Math.max(width, height);
    const wide = Math.max(1, WIDTH * long);
    let line = stroke.points.map(([x, y]) => [x * width, y * height]);
    let head = [];
    if (stroke.kind === "arrow" && line.length > 1) {
      const [[x1, y1], [x2, y2]] = line;
      const length = Math.hypot(x2 - x1, y2 - y1) || 1;
      const [ax, ay] = [(x2 - x1) / length, (y2 - y1) / length];
      const tip = Math.min(HEAD * long, length);
      const foot = [x2 - ax * tip, y2 - ay * tip];
      const half = tip * 0.45;
      head = [[x2, y2], [foot[0] - ay * half, foot[1] + ax * half], [foot[0] + ay * half, foot[1] - ax * half]];
      line = [[x1, y1], foot];
    }
    return [["#ffffff", 1.6], [stroke.color, 1]].flatMap(([shade, more]) => [
      path(line, "none", shade, wide * more),
      ...(head.length ? [path([...head, head[0]], shade, shade, wide * (more - 1))] : []),
    ]);
  }

  function path(points, inside, shade, width) {
    const made = document.createElementNS(SVG, "path");
    made.setAttribute("d", `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join(" L")}`);
    for (const [name, value] of Object.entries({ fill: inside, stroke: shade, "stroke-width": width })) made.setAttribute(name, value);
    made.setAttribute("stroke-linecap", "round");
    made.setAttribute("stroke-linejoin", "round");
    return made;
  }

  // ---- by hand

  function at(event) {
    const box = image.getBoundingClientRect();
    const share = (value, start, length) => Number(Math.min(1, Math.max(0, (value - start) / length)).toFixed(4));
    return [share(event.clientX, box.left, box.width), share(event.clientY, box.top, box.height)];
  }

  function press(event) {
    if (model.get("disabled") || event.button > 0 || drawn) return;
    event.preventDefault();
    stage.focus({ preventScroll: true });
    stage.setPointerCapture(event.pointerId);
    drawn = { kind: tool, color, points: [at(event)] };
  }

  function move(event) {
    if (!drawn || !stage.hasPointerCapture(event.pointerId)) return;
    const point = at(event);
    if (drawn.kind === "arrow") drawn.points = [drawn.points[0], point];
    else {
      const [x, y] = drawn.points.at(-1);
      if (Math.hypot(point[0] - x, point[1] - y) < NEAR || drawn.points.length >= MOST_POINTS) return;
      drawn.points.push(point);
    }
    draw();
  }

  function release(event) {
    if (!drawn) return;
    move(event);
    const made = drawn;
    drawn = null;
    const [first, last] = [made.points[0], made.points.at(-1)];
    const long = made.points.length > 2 || Math.hypot(last[0] - first[0], last[1] - first[1]) > NEAR * 3;
    if (made.points.length > 1 && long) save([...model.get("strokes"), made], `${made.kind}Drawn`);
    else draw();
  }

  function drop() {
    drawn = null;
    draw();
  }

  // ---- by keys

  function key(event) {
    const strokes = model.get("strokes");
    const step = ARROWS[event.key];
    if (model.get("disabled")) return;
    if (event.key === "a" || event.key === "A") add();
    else if (event.key === "Delete" || event.key === "Backspace" || ((event.ctrlKey || event.metaKey) && event.key === "z")) take(-1);
    else if (step && strokes.length) shift(step, event.shiftKey);
    else if (event.key === "Escape" && drawn) drop();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function add() {
    save([...model.get("strokes"), { kind: "arrow", color, points: [[0.35, 0.5], [0.65, 0.5]] }], "arrowDrawn");
  }

  /** Move the last stroke, or with `end` the last of its points. */
  function shift([dx, dy], end) {
    const strokes = model.get("strokes");
    const last = strokes.at(-1);
    const inside = (value) => Number(Math.min(1, Math.max(0, value)).toFixed(4));
    const moved = last.points.map(([x, y], index) =>
      end && index < last.points.length - 1 ? [x, y] : [inside(x + dx * STEP), inside(y + dy * STEP)]);
    save([...strokes.slice(0, -1), { ...last, points: moved }], "moved");
  }

  function take(index) {
    if (model.get("strokes").length) save(model.get("strokes").slice(0, index), "removed");
  }

  function save(strokes, name) {
    model.set("strokes", strokes);
    model.save_changes();
    said.textContent = text(name, { n: strokes.length });
    show();
  }
}

export default { initialize: attend, render };
