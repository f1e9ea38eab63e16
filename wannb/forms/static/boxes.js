// Boxes drawn on a picture with mouse, touch, pen or keyboard, and number fields that say the same.

import {
  MAX_BOXES, bounds, drawn, grown, hits, middle, moved, order, resized, same, settled, shownWidth, toPicture, typed,
} from "./geometry.js";
import { attend, element, fill, follow, uniqueId } from "./elements.js";

const SIDES = ["left", "top", "right", "bottom"];
const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const CURSORS = { n: "ns", s: "ns", e: "ew", w: "ew", nw: "nwse", se: "nwse", ne: "nesw", sw: "nesw" };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
// Every picture that the service takes is at least this large each way (its documented limit).
const SMALLEST_SIDE = 240;
// How far from an edge it can be taken, and how far a pointer goes before it is a drag, in CSS pixels.
const REACH = { touch: 22, other: 10 };
const STILL = { touch: 8, other: 3 };

function render({ model, el }) {
  const stop = new AbortController();
  const text = (name, values) => fill(model.get("texts")[name], { number: model.get("number"), ...values });
  let boxes = [];
  let selected = -1;
  let drag = null;

  const keysId = uniqueId("keys");
  const image = element("img", { draggable: "false" });
  const note = element("div", { class: "wannb-boxes-note" });
  const shapes = Array.from({ length: MAX_BOXES }, (_, index) => makeShape(index));
  const picture = element("div", { class: "wannb-boxes-picture" }, image, note, ...shapes);
  const stage = element(
    "div",
    {
      class: "wannb-boxes-stage", tabindex: "0", role: "application", "aria-describedby": keysId,
      pointerdown: press, pointermove: move, pointerup: release, pointercancel: dropped, lostpointercapture: dropped,
      keydown: key,
    },
    picture,
  );
  const rows = Array.from({ length: MAX_BOXES }, (_, index) => makeRow(index));
  const add = element("button", { type: "button", class: "wannb-boxes-add", click: addOne });
  const said = element("div", { class: "wannb-boxes-said", role: "status", "aria-live": "polite" });
  const hint = element("p", { class: "wannb-boxes-hint" });
  const keysTitle = element("summary");
  const keys = element("p", { id: keysId });
  const help = element("details", { class: "wannb-boxes-keys" }, keysTitle, keys);
  const bar = element("div", { class: "wannb-boxes-bar" }, add, said);
  const panel = element("div", { class: "wannb-boxes-panel" }, hint, ...rows.map((row) => row.root), bar, help);
  const root = element("div", { class: "wannb-boxes" }, stage, panel);
  el.classList.add("wannb-widget");
  el.append(root);

  follow(model, ["preview"], showPreview, stop.signal);
  follow(model, ["width", "height", "boxes"], takeBoxes, stop.signal);
  follow(model, ["number", "name", "note", "texts", "disabled"], showTexts, stop.signal);
  showPreview();
  takeBoxes();
  showTexts();

  return () => {
    stop.abort();
    root.remove();
  };

  // ---- what the model says

  function size() {
    return { width: model.get("width") || Infinity, height: model.get("height") || Infinity };
  }

  function showPreview() {
    const address = model.get("preview");
    image.hidden = !address;
    if (address) image.src = address;
    else image.removeAttribute("src");
  }

  function takeBoxes() {
    const given = model.get("boxes");
    drag = null;
    boxes = given.map((box) => [...box]);
    if (selected >= boxes.length) selected = -1;
    for (const input of rows.flatMap((row) => row.inputs)) input.unfinished &&= document.activeElement === input;
    show();
  }

  function showTexts() {
    stage.setAttribute("aria-label", text("surface"));
    stage.setAttribute("aria-roledescription", text("editor"));
    image.alt = text("picture", { name: model.get("name") });
    note.textContent = model.get("note");
    keysTitle.textContent = text("keysTitle");
    keys.textContent = text("keys");
    add.textContent = text("add");
    rows.forEach((row, index) => row.name(index));
    show();
  }

  // ---- what is shown

  function show() {
    const { width, height } = size();
    const known = width !== Infinity && height !== Infinity;
    const disabled = model.get("disabled");
    const full = boxes.length >= MAX_BOXES;
    stage.hidden = !known;
    help.hidden = !known;
    if (known) {
      stage.style.setProperty("--wannb-width", `${shownWidth(width, height)}px`);
      picture.style.aspectRatio = `${width} / ${height}`;
    }
    note.hidden = !model.get("note");
    if (!known && note.parentNode !== panel) panel.prepend(note);
    else if (known && note.parentNode !== picture) image.after(note);
    hint.textContent = text(known ? "hint" : "hintNumbers");
    root.classList.toggle("wannb-boxes-off", disabled);
    stage.setAttribute("aria-disabled", String(disabled));
    // A finger on a full picture can only scroll, so it may.
    stage.style.touchAction = disabled || full ? "manipulation" : "none";
    const layers = order(boxes, selected);
    shapes.forEach((shape, index) => showShape(shape, index, layers, width, height));
    rows.forEach((row, index) => row.show(boxes[index], width, height, disabled));
    add.setAttribute("aria-disabled", String(disabled || full));
    add.disabled = disabled;
  }

  function showShape(shape, index, layers, width, height) {
    const box = boxes[index];
    shape.hidden = !box;
    if (!box) return;
    const [x1, y1, x2, y2] = box;
    shape.style.left = `${(x1 / width) * 100}%`;
    shape.style.top = `${(y1 / height) * 100}%`;
    shape.style.width = `${((x2 - x1) / width) * 100}%`;
    shape.style.height = `${((y2 - y1) / height) * 100}%`;
    shape.style.zIndex = String(10 - layers.indexOf(index));
    shape.classList.toggle("wannb-boxes-selected", index === selected);
    shape.setAttribute("aria-label", text("placed", { box: index + 1, left: x1, top: y1, ...measure(box) }));
    shape.setAttribute("aria-roledescription", text("roleBox"));
    rows[index].root.classList.toggle("wannb-boxes-selected", index === selected);
  }

  function measure(box) {
    return { width: box[2] - box[0], height: box[3] - box[1] };
  }

  function select(index, { focus = true } = {}) {
    selected = index;
    show();
    if (focus) (shapes[index] ?? stage).focus({ preventScroll: true });
  }

  function say(sentence, { quiet = false } = {}) {
    said.classList.toggle("wannb-boxes-quiet", quiet);
    said.textContent = sentence;
  }

  function tellBox(index) {
    const box = boxes[index];
    say(text("placed", { box: index + 1, left: box[0], top: box[1], ...measure(box) }), { quiet: true });
  }

  // ---- what a person changes

  function commit(changed) {
    boxes = changed;
    const known = model.get("boxes");
    if (known.length !== boxes.length || !boxes.every((box, index) => same(box, known[index]))) {
      model.set("boxes", boxes.map((box) => [...box]));
      model.save_changes();
    }
    show();
  }

  function replace(index, box) {
    commit(boxes.map((each, at) => (at === index ? box : each)));
  }

  function addOne() {
    if (model.get("disabled")) return;
    if (boxes.length >= MAX_BOXES) {
      say(text("full"));
      return;
    }
    const [width, height] = Object.values(size()).map((side) => (side === Infinity ? SMALLEST_SIDE : side));
    commit([...boxes, middle(width, height, boxes)]);
    const index = boxes.length - 1;
    select(index, { focus: !stage.hidden });
    if (stage.hidden) rows[index].inputs[0].focus();
    tellBox(index);
  }

  function remove(index) {
    if (model.get("disabled")) return;
    selected = -1;
    commit(boxes.filter((_, at) => at !== index));
    say(text("removed", { box: index + 1 }), { quiet: true });
    (stage.hidden ? add : stage).focus({ preventScroll: true });
  }

  // ---- pointers

  function place(event) {
    const rect = picture.getBoundingClientRect();
    const { width, height } = size();
    return {
      x: toPicture(event.clientX, rect.left, rect.width, width),
      y: toPicture(event.clientY, rect.top, rect.height, height),
    };
  }

  function under(event) {
    const rect = picture.getBoundingClientRect();
    const { width, height } = size();
    const reach = REACH[event.pointerType] ?? REACH.other;
    const [x, y] = [event.clientX - rect.left, event.clientY - rect.top];
    return hits(boxes, selected, x, y, rect.width / width, rect.height / height, reach);
  }

  function still(event) {
    const far = Math.hypot(event.clientX - drag.clientX, event.clientY - drag.clientY);
    return far < (STILL[event.pointerType] ?? STILL.other);
  }

  function press(event) {
    if (model.get("disabled") || drag || event.button !== 0 || !event.isPrimary) return;
    const full = boxes.length >= MAX_BOXES;
    const stack = event.shiftKey && !full ? [] : under(event);
    const top = stack[0];
    drag = {
      ...{ pointer: event.pointerId, clientX: event.clientX, clientY: event.clientY, from: place(event), going: false },
      ...{ before: boxes, selectedBefore: selected, stack },
      ...{ kind: top ? top.grip : full ? "full" : "draw", index: top ? top.index : boxes.length },
    };
    stage.setPointerCapture(event.pointerId);
    say("");
    select(top ? top.index : -1);
  }

  function move(event) {
    if (!drag) {
      if (event.pointerType !== "touch") showCursor(event);
      return;
    }
    if (event.pointerId !== drag.pointer || (!drag.going && still(event))) return;
    drag.going = true;
    follows(event);
  }

  function follows(event) {
    const { width, height } = size();
    const { kind, index, from, before } = drag;
    const to = place(event);
    if (kind === "full") {
      say(text("full"));
      return;
    }
    if (kind === "draw") {
      boxes = [...before, drawn(from, to, width, height)];
      selected = index;
    } else {
      const change = kind === "move" ? moved(before[index], to.x - from.x, to.y - from.y, width, height)
        : resized(before[index], kind, to, width, height);
      boxes = before.map((box, at) => (at === index ? change : box));
    }
    show();
  }

  function release(event) {
    if (!drag || event.pointerId !== drag.pointer) return;
    if (drag.going) follows(event);
    const { kind, index, going, selectedBefore, stack, before } = drag;
    if (kind === "draw" && going && still(event)) {
      cancel();
      return;
    }
    drag = null;
    if (!going || kind === "full") {
      click(kind, index, selectedBefore, stack);
      return;
    }
    commit(boxes);
    select(index);
    if (!same(boxes[index], before[index] ?? [])) tellBox(index);
  }

  // A click takes the box, the one beneath it if it was taken already, or none.
  function click(kind, index, selectedBefore, stack) {
    if (kind === "draw" || kind === "full") select(-1);
    else if (index === selectedBefore) select(stack[1] ? stack[1].index : -1);
  }

  function dropped(event) {
    if (!drag || event.pointerId !== drag.pointer) return;
    if (drag.kind === "full") say(text("full"));
    cancel();
  }

  function cancel() {
    const { before, selectedBefore, pointer } = drag;
    drag = null;
    boxes = before;
    if (stage.hasPointerCapture(pointer)) stage.releasePointerCapture(pointer);
    select(selectedBefore);
  }

  function showCursor(event) {
    const grip = under(event)[0]?.grip;
    const empty = boxes.length >= MAX_BOXES ? "default" : "crosshair";
    const over = grip === "move" ? "move" : `${CURSORS[grip]}-resize`;
    stage.style.cursor = model.get("disabled") ? "default" : grip ? over : empty;
  }

  // ---- keys

  function key(event) {
    if (event.key === "Escape") {
      if (!drag && selected < 0) return;
      if (drag) cancel();
      else select(-1);
    } else if (model.get("disabled") || drag || !pressed(event)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  function pressed(event) {
    const index = shapes.indexOf(event.target);
    const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
    if (plain && (event.key === "Enter" || event.key.toLowerCase() === "n")) {
      if (!event.repeat) addOne();
      return true;
    }
    if (index < 0 || !boxes[index]) return false;
    if (plain && (event.key === "Delete" || event.key === "Backspace")) {
      remove(index);
      return true;
    }
    const arrow = ARROWS[event.key];
    if (!arrow || event.metaKey) return false;
    const { width, height } = size();
    const [dx, dy] = arrow.map((way) => way * (event.shiftKey ? 10 : 1));
    const change = event.ctrlKey || event.altKey ? grown : moved;
    replace(index, change(boxes[index], dx, dy, width, height));
    tellBox(index);
    return true;
  }

  // ---- the pieces

  function makeShape(index) {
    const handles = HANDLES.map((at) => element("i", { class: `wannb-boxes-handle wannb-boxes-${at}` }));
    const chip = element("b", { class: "wannb-boxes-chip", "aria-hidden": "true" }, String(index + 1));
    const focus = () => drag || selected === index || select(index, { focus: false });
    return element("div", { class: "wannb-boxes-shape", tabindex: "0", role: "group", hidden: true, focus }, chip, ...handles);
  }

  function makeRow(index) {
    const inputs = SIDES.map((_, side) => element("input", {
      type: "number", inputmode: "numeric", step: "1", autocomplete: "off",
      input: () => typing(index, side), change: () => leave(index, side), blur: () => leave(index, side),
    }));
    const names = SIDES.map(() => element("span"));
    const fields = SIDES.map((_, side) => element("label", {}, names[side], inputs[side]));
    const chip = element("b", { class: "wannb-boxes-chip", "aria-hidden": "true" }, String(index + 1));
    const area = element("output", { class: "wannb-boxes-size" });
    const bin = element("button", { type: "button", class: "wannb-boxes-remove", click: () => remove(index) });
    const focusin = () => drag || selected === index || select(index, { focus: false });
    const root = element("div", { class: "wannb-boxes-row", role: "group", hidden: true, focusin }, chip, ...fields, area, bin);
    return {
      root,
      inputs,
      name() {
        root.setAttribute("aria-label", text("box", { box: index + 1 }));
        SIDES.forEach((side, at) => {
          names[at].textContent = text(side);
          inputs[at].setAttribute("aria-label", text(`${side}Of`, { box: index + 1 }));
        });
        area.setAttribute("aria-label", text("sizeOf", { box: index + 1 }));
        bin.textContent = text("remove");
        bin.setAttribute("aria-label", text("removeOf", { box: index + 1 }));
      },
      show(box, width, height, disabled) {
        root.hidden = !box;
        for (const control of [...inputs, bin]) control.disabled = disabled;
        if (!box) return;
        inputs.forEach((input, side) => {
          const [low, high] = bounds(box, side, width, height);
          input.min = String(low);
          input.max = high === Infinity ? "" : String(high);
          if (!input.unfinished && (input.value === "" || Number(input.value) !== box[side])) input.value = String(box[side]);
        });
        area.textContent = text("size", measure(box));
      },
    };
  }

  function typing(index, side) {
    const input = rows[index].inputs[side];
    const { width, height } = size();
    const box = boxes[index] && typed(boxes[index], side, input.value, width, height);
    input.unfinished = !box;
    if (box) replace(index, box);
  }

  function leave(index, side) {
    const input = rows[index].inputs[side];
    if (!input.unfinished) return;
    input.unfinished = false;
    const { width, height } = size();
    if (!boxes[index]) return;
    replace(index, settled(boxes[index], side, input.value, width, height));
    input.value = String(boxes[index][side]);
  }
}

export default { initialize: attend, render };
