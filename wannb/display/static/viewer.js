// Every picture of the page large, in one dialog. A picture is known by its thumbnail, so it may stand in a form, an
// output or another widget; what is larger comes from Python when it is looked at, and goes when the dialog closes.

import { attend, element, fill, send, uniqueId } from "./elements.js";
import { fetchPieces } from "./pieces.js";
import { WHOLE, drawn, fullFactor, held, keyOf, moved, zoomed } from "./zoom.js";

const PATIENCE = 6000;
const SWIPE = 60;
const VIEWS = { one: 1, two: 2, three: 3, four: 4, slider: 2, fade: 2, flip: 2 };
const SIGNS = { one: "1", two: "2", three: "3", four: "4" };
const VIEW_KEYS = { 1: "one", 2: "two", 3: "three", 4: "four", s: "slider", d: "fade", f: "flip" };
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const GROUPS = ".wannb-judge, .wannb-form, .jp-OutputArea-output, .jp-OutputArea, .output_area";
const ITEMS = ".wannb-item, .wannb-run, .wannb-candidate, .wannb-takes > *";
const NOT_OURS = "button, a, label, [role=radio], [role=option], .wannb-viewer, [data-wannb-small]";
const HELP = [
  ["← →", "keyNext"], ["PageUp PageDown", "keyNext"], ["+ −", "keyZoom"], ["0 Z", "keyFit"], ["← → ↑ ↓", "keyPan"],
  ["1 2 3 4", "keySide"], ["S D F", "keyPair"], ["Space", "keyOther"], ["A", "keyPane"], ["?", "keyHelp"], ["Esc", "keyClose"],
];

/** The models of the kernels that have a viewer; each kernel knows its own pictures. */
const page = (globalThis.wannbViewer ??= { models: new Set(), open: null, begun: false });

function initialize({ model }) {
  attend({ model });
  page.models.add(model);
  if (!page.begun) begin();
  return () => page.models.delete(model);
}

function render({ el }) {
  el.style.display = "none";
}

function begin() {
  page.begun = true;
  mark(document.body);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) for (const node of addedNodes) if (node.nodeType === 1) mark(node);
  }).observe(document.body, { childList: true, subtree: true });
  document.addEventListener("click", (event) => {
    const image = event.target.closest?.("img");
    if (!image || !isOurs(image) || event.defaultPrevented) return;
    event.preventDefault();
    open(image);
  });
  // Any widget may ask: picture.dispatchEvent(new CustomEvent("wannb-open", { bubbles: true })).
  document.addEventListener("wannb-open", (event) => open(event.target.closest("img") ?? event.target.querySelector("img")));
}

function isOurs(image) {
  if (!image.src.startsWith("data:image/jpeg;base64,") || image.closest(NOT_OURS)) return false;
  return (image.getAttribute("style") ?? "").startsWith("display:block;max-width:") || !!image.closest(".wannb-judge-frame, .wannb-compare");
}

/** Put a button on every picture, for the keyboard and for fingers. */
function mark(node) {
  const images = node.tagName === "IMG" ? [node] : node.querySelectorAll("img");
  for (const image of images) {
    if (!isOurs(image) || image.parentElement.querySelector(":scope > .wannb-enlarge")) continue;
    const label = texts(image)("open");
    image.id ||= uniqueId("picture");
    const button = element(
      "button", { type: "button", class: "wannb-enlarge", title: label, "aria-label": label, "aria-describedby": image.id }, "⤢",
    );
    button.addEventListener("click", (event) => {
      event.preventDefault();
      event.stopPropagation();
      open(image, button);
    });
    image.parentElement.classList.add("wannb-opens");
    image.parentElement.append(button); // not between two pictures, whose style may be of neighbors
  }
}

/** Return what says a text in the language of a place, or in the one that is given. */
function texts(place, language) {
  const model = [...page.models].at(-1);
  const known = language ?? languageOf(place) ?? model?.get("language") ?? "en";
  return (name, values) => fill(model?.get("texts")[known]?.[name] ?? name, values);
}

function languageOf(place) {
  return /wannb-lang-(\w+)/.exec(place?.closest("[class*=wannb-lang-]")?.className ?? "")?.[1];
}

/** Ask a kernel; nothing when it does not answer in time, or before the signal says stop where there is no time. */
function asked(model, message, signal, patience = PATIENCE) {
  return new Promise((resolve) => {
    const id = uniqueId("ask");
    const end = (answer) => {
      clearTimeout(timer);
      model.off("msg:custom", listen);
      resolve(answer);
    };
    const listen = (answer) => { if (answer?.id === id) end(answer); };
    const timer = patience && setTimeout(end, patience);
    signal.addEventListener("abort", () => end());
    model.on("msg:custom", listen);
    send(model, { ...message, id });
  });
}

/** Return the pictures around one, each with its thumbnail and what is said of it on the page. */
function around(image) {
  const group = image.closest(GROUPS) ?? image.parentElement;
  const images = [...group.querySelectorAll("img")].filter((each) => each === image || (isOurs(each) && (each.offsetParent || each.closest(".wannb-compare"))));
  return images.map((each) => ({
    image: each,
    src: each.src,
    alt: each.alt,
    key: keyOf(each.src),
    caption: each.closest("figure")?.querySelector("figcaption")?.innerText ?? "",
    blind: !!each.closest(".wannb-judge"),
    width: each.naturalWidth,
    height: each.naturalHeight,
    state: "small",
  }));
}

function open(image, opener = image.parentElement?.querySelector(":scope > .wannb-enlarge")) {
  if (!image || page.open) return;
  page.open = new Opened(image, opener);
}

class Opened {
  constructor(image, opener) {
    this.image = image;
    this.opener = opener;
    this.stop = new AbortController();
    this.items = around(image);
    this.start = this.items.find((item) => item.image === image);
    this.shown = [this.start];
    this.active = 0;
    this.kind = "one";
    this.view = WHOLE;
    this.split = 0.5;
    this.other = false;
    this.pointers = new Map();
    this.hint = languageOf(image);
    this.say = texts(image, this.hint);
    this.build();
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.stage.focus();
    if (image.closest(".wannb-judge, .wannb-compare") && this.items.length > 1) this.turn("two");
    this.draw();
    this.meet();
  }

  build() {
    const heard = { signal: this.stop.signal };
    this.title = element("div", { class: "wannb-viewer-title", role: "status" });
    this.views = element("div", { class: "wannb-viewer-views", role: "radiogroup" });
    this.radios = {};
    const group = uniqueId("view");
    for (const name of Object.keys(VIEWS)) {
      const radio = element("input", { type: "radio", name: group, value: name, change: () => this.turn(name) });
      const label = element("span");
      this.radios[name] = { radio, label };
      this.views.append(element("label", {}, radio, label));
    }
    this.smaller = this.button("smaller", "−", () => this.zoom(1 / 1.4));
    this.percent = element("output", { class: "wannb-viewer-percent" });
    this.larger = this.button("larger", "+", () => this.zoom(1.4));
    this.fit = this.button("fit", null, () => this.look(WHOLE));
    this.full = this.button("whole", null, () => this.toFull());
    this.zooms = element("div", { class: "wannb-viewer-zooms", role: "group" }, this.smaller, this.percent, this.larger, this.fit, this.full);
    this.keysButton = this.button("keys", "?", () => this.help());
    this.closeButton = this.button("close", "✕", () => this.dialog.close());
    const top = element("div", { class: "wannb-viewer-top" }, this.title, this.views, this.zooms, this.keysButton, this.closeButton);
    this.before = this.button("previous", "‹", () => this.go(-1), "wannb-viewer-side");
    this.after = this.button("next", "›", () => this.go(1), "wannb-viewer-side");
    this.stage = element("div", { class: "wannb-viewer-stage", tabindex: "0", role: "group" });
    this.range = element("input", { type: "range", min: "0", max: "100", step: "0.5", value: "50", input: () => this.slide(this.range.value / 100) });
    this.flipButton = this.button("flipOf", null, () => this.flip());
    this.pair = element("div", { class: "wannb-viewer-pair" }, this.range, this.flipButton);
    const middle = element("div", { class: "wannb-viewer-middle" }, this.before, this.stage, this.after);
    this.keys = element("dl", { class: "wannb-viewer-keys", hidden: true, tabindex: "0" });
    this.actions = element("div", { class: "wannb-viewer-actions", role: "group" });
    this.told = element("div", { class: "wannb-viewer-told", role: "status", "aria-live": "polite" });
    this.facts = element("dl", { class: "wannb-viewer-facts" });
    this.about = element("section", { class: "wannb-viewer-about", tabindex: "0" }, this.actions, this.told, this.facts);
    this.strip = element("div", { class: "wannb-viewer-strip", role: "group" });
    const main = element("div", { class: "wannb-viewer-main" }, middle, this.pair, this.strip);
    this.dialog = element(
      "dialog",
      { class: "wannb-viewer", "aria-modal": "true", keydown: (event) => this.pressed(event), close: () => this.end() },
      top, this.keys, element("div", { class: "wannb-viewer-body" }, main, this.about),
    );
    this.stage.addEventListener("wheel", (event) => this.wheel(event), { ...heard, passive: false });
    for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      this.stage.addEventListener(name, (event) => this.pointer(event), heard);
    }
    this.stage.addEventListener("dblclick", (event) => this.double(event), heard);
    this.sizes = new ResizeObserver(() => this.place());
    this.sizes.observe(this.stage);
  }

  button(name, sign, act, more = "") {
    const made = element("button", { type: "button", class: `wannb-viewer-button ${more}`, click: act }, sign ?? "");
    made.rename = () => {
      const text = this.say(name);
      if (sign) { made.title = text; made.setAttribute("aria-label", text); } else made.textContent = text;
    };
    return made;
  }

  // ---- what Python knows

  /** Ask every kernel which of the pictures it knows; the same picture at two sizes is shown once. */
  async meet() {
    const { signal } = this.stop;
    const keys = this.items.map((item) => item.key);
    let answered = 0;
    const settle = () => {
      for (const item of this.items) if (!item.model) item.state = answered ? "unknown" : "silent";
      this.draw();
    };
    // A busy kernel answers late, one that is gone never.
    const timer = setTimeout(settle, PATIENCE);
    signal.addEventListener("abort", () => clearTimeout(timer));
    await Promise.all([...page.models].map(async (model) => {
      const known = await asked(model, { kind: "which", keys }, signal, 0);
      if (signal.aborted || !known) return;
      answered += 1;
      for (const item of this.items) {
        if (item.model || !known.ids[item.key]) continue;
        item.model = model;
        item.state = "small";
        item.id = known.ids[item.key];
      }
      const seen = new Map([[this.start.id, this.start]]);
      this.items = this.items.filter((item) => {
        if (!item.id || this.shown.includes(item)) return true;
        const first = seen.get(item.id) ?? item;
        seen.set(item.id, first);
        return first === item;
      });
      this.draw();
    }));
    if (signal.aborted) return;
    clearTimeout(timer);
    settle();
  }

  /** Fetch what is to be said of a picture, and the picture, once. */
  async fetch(item) {
    if (!item.model || item.state !== "small") return;
    item.state = "loading";
    const { signal } = this.stop;
    const facts = await asked(item.model, { kind: "about", key: item.key, language: this.hint, blind: item.blind }, signal);
    if (signal.aborted) return;
    if (facts?.width) {
      Object.assign(item, { width: facts.width, height: facts.height, facts });
      if (!this.hint && item === this.shown[this.active]) this.say = texts(this.image, facts.language);
      this.draw();
    }
    try {
      const { blob } = await fetchPieces(item.model, { key: item.key }, { signal, type: "image/jpeg", patience: 20 });
      if (signal.aborted) return;
      const url = URL.createObjectURL(blob);
      const large = new Image();
      large.src = url;
      await large.decode();
      Object.assign(item, { state: "large", src: url, pixels: Math.max(large.naturalWidth, large.naturalHeight) });
    } catch (error) {
      Object.assign(item, { state: error.silent ? "silent" : "failed", why: error.message });
    }
    if (!signal.aborted) this.draw();
  }

  // ---- which pictures, and how

  turn(kind) {
    const count = VIEWS[kind];
    if (count > Math.max(1, this.items.length)) return;
    this.kind = kind;
    this.other = false;
    if (count === 1) this.shown = [this.shown[this.active] ?? this.start];
    else {
      const from = this.items.indexOf(this.shown.at(-1));
      const rest = [...this.items.slice(from + 1), ...this.items.slice(0, from)].filter((item) => !this.shown.includes(item));
      this.shown = [...this.shown, ...rest].slice(0, count);
    }
    this.active = Math.min(this.active, this.shown.length - 1);
    if (["slider", "fade", "flip"].includes(kind)) this.active = 1;
    this.draw();
  }

  go(by) {
    const count = this.items.length;
    for (let step = 1; step < count; step += 1) {
      const item = this.items[(this.items.indexOf(this.shown[this.active]) + by * step + count * step) % count];
      if (!this.shown.includes(item)) return this.choose(item);
    }
  }

  choose(item) {
    const there = this.shown.indexOf(item);
    if (there >= 0) this.active = there;
    else this.shown[this.active] = item;
    this.draw();
  }

  slide(part) {
    this.split = Math.min(1, Math.max(0, part));
    this.range.value = String(this.split * 100);
    this.place();
  }

  flip() {
    this.other = !this.other;
    this.draw();
  }

  // ---- drawing

  draw() {
    const { say, items, shown, kind } = this;
    const item = shown[this.active];
    for (const each of shown) this.fetch(each);
    this.title.textContent = say("viewer", { number: items.indexOf(item) + 1, count: items.length });
    this.dialog.setAttribute("aria-label", `${this.title.textContent}: ${item.alt}`);
    this.dialog.lang = this.hint ?? item.facts?.language ?? "";
    for (const [name, { radio, label }] of Object.entries(this.radios)) {
      radio.checked = name === kind;
      radio.disabled = VIEWS[name] > Math.max(1, items.length);
      label.textContent = SIGNS[name] ?? say(name);
      radio.setAttribute("aria-label", say(name));
      label.title = say(name);
    }
    for (const each of [this.smaller, this.larger, this.fit, this.full, this.keysButton, this.closeButton, this.before, this.after, this.flipButton]) each.rename();
    const named = { views: "view", zooms: "zoom", stage: "stage", strip: "pictures", about: "about", actions: "actions", keys: "keys" };
    for (const [part, name] of Object.entries(named)) this[part].setAttribute("aria-label", say(name));
    this.before.hidden = this.after.hidden = items.length <= shown.length;
    this.pair.hidden = !["slider", "fade", "flip"].includes(kind);
    this.range.hidden = kind === "flip";
    this.flipButton.hidden = kind !== "flip";
    this.range.setAttribute("aria-label", say(kind === "fade" ? "fadeOf" : "sliderOf"));
    this.drawStage();
    this.drawStrip();
    this.drawAbout(item);
    this.place();
  }

  drawStage() {
    const paired = ["slider", "fade", "flip"].includes(this.kind);
    const count = paired ? 1 : this.shown.length;
    this.stage.dataset.count = String(count);
    const slots = this.shown.map((item, number) => {
      const image = element("img", { class: "wannb-viewer-picture", alt: item.alt, src: item.src, draggable: "false" });
      const slot = element(
        "button",
        { type: "button", class: "wannb-viewer-slot", "aria-pressed": String(number === this.active), title: item.alt, click: () => { this.active = number; this.draw(); } },
        `${this.items.indexOf(item) + 1} · ${item.alt}`,
      );
      slot.hidden = this.shown.length === 1;
      return { image, slot };
    });
    const had = this.stage.contains(document.activeElement) && document.activeElement !== this.stage;
    // The names stand under the pictures, and cover nothing of them.
    const cell = (kind, each) => element(
      "div", { class: "wannb-viewer-cell" },
      element("div", { class: `wannb-viewer-pane ${kind}` }, ...each.map(({ image }) => image)),
      element("div", { class: "wannb-viewer-slots" }, ...each.map(({ slot }) => slot)),
    );
    this.stage.replaceChildren(...(paired ? [cell("wannb-viewer-two", slots)] : slots.map((each) => cell("", [each]))));
    this.panes = [...this.stage.querySelectorAll(".wannb-viewer-pane")];
    if (had) (slots[this.active].slot.hidden ? this.stage : slots[this.active].slot).focus();
  }

  drawStrip() {
    this.strip.hidden = this.items.length < 2;
    const made = this.items.map((item, number) => {
      const there = this.strip.children[number];
      const thumb = there?.item === item ? there : element(
        "button",
        { type: "button", class: "wannb-viewer-thumb", "aria-label": `${number + 1} · ${item.alt}`, title: item.alt, click: () => this.choose(item) },
        element("img", { src: item.image.src, alt: "", draggable: "false" }),
      );
      thumb.item = item;
      thumb.setAttribute("aria-pressed", String(this.shown.includes(item)));
      thumb.classList.toggle("wannb-viewer-now", item === this.shown[this.active]);
      return thumb;
    });
    if (made.some((thumb, number) => this.strip.children[number] !== thumb) || made.length !== this.strip.children.length) {
      this.strip.replaceChildren(...made);
    }
    made[this.items.indexOf(this.shown[this.active])]?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  drawAbout(item) {
    const { say } = this;
    const lines = item.facts?.lines ?? [];
    this.facts.replaceChildren(...(lines.length ? lines : [["", item.caption || (item.blind ? "" : item.alt)]]).flatMap(
      ([label, text]) => [element("dt", {}, label), element("dd", { dir: "auto" }, text)],
    ));
    const reduced = item.facts?.width && item.pixels && item.pixels < Math.max(item.facts.width, item.facts.height) - 1;
    const told = { loading: say("loading"), small: say("loading"), silent: say("small"), unknown: say("unknown"), failed: item.why }[item.state]
      ?? (reduced && item.facts.file ? say("reduced", { shown: item.pixels, width: item.facts.width, height: item.facts.height }) : "");
    this.tell(told);
    const holder = item.image.closest(ITEMS);
    const theirs = [...(holder?.querySelectorAll("button:not(.wannb-enlarge)") ?? [])]
      .filter((each) => each.offsetParent && !each.disabled && /\p{L}/u.test(each.textContent));
    const made = theirs.map((each) => this.action(each.textContent.trim(), () => { this.dialog.close(); each.focus(); each.click(); }, each.title));
    const has = (name) => theirs.some((each) => each.textContent.trim() === say(name));
    const root = item.facts?.file && item.image.closest("[data-wannb-takers]");
    for (const { kind, text } of root ? JSON.parse(root.dataset.wannbTakers) : []) {
      if (item.image.closest(`.wannb-${kind.toLowerCase()}`) || theirs.some((each) => each.textContent.trim() === text)) continue;
      made.push(this.action(text, () => {
        this.dialog.close();
        root.dispatchEvent(new CustomEvent("wannb-use", { detail: { key: item.key, taker: kind } }));
      }));
    }
    if (item.facts?.code && !has("copy")) made.push(this.action(say("copy"), () => this.copy(item)));
    if (item.facts?.file && !has("download")) made.push(this.action(say("download"), () => this.download(item)));
    const at = [...this.actions.children].indexOf(document.activeElement);
    this.actions.replaceChildren(...made);
    this.actions.children[at]?.focus();
  }

  action(text, act, title = "") {
    return element("button", { type: "button", class: "wannb-viewer-button", title: title || false, click: act }, text);
  }

  tell(text) {
    if (this.told.textContent !== text) this.told.textContent = text;
    this.told.hidden = !text;
  }

  async copy(item) {
    try {
      await navigator.clipboard.writeText(item.facts.code);
      this.tell(this.say("copied"));
    } catch {
      this.tell(this.say("refused"));
    }
  }

  async download(item) {
    const { signal } = this.stop;
    const progress = (done, total) => this.tell(this.say("downloading", { percent: Math.round((100 * done) / total) }));
    try {
      const { name, blob } = await fetchPieces(item.model, { key: item.key, file: true }, { signal, progress });
      const url = URL.createObjectURL(blob);
      const link = element("a", { href: url, download: name });
      this.dialog.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(url), 60000);
      this.tell(this.say("downloaded", { name }));
    } catch (error) {
      if (!signal.aborted) this.tell(error.silent ? this.say("small") : error.message);
    }
  }

  /** Put every picture where the view has it. */
  place() {
    const { panes } = this;
    for (const [number, item] of this.shown.entries()) {
      const pane = panes[number] ?? panes[0];
      const image = pane?.querySelectorAll(".wannb-viewer-picture")[panes.length > 1 ? 0 : number];
      if (!image || !pane.clientWidth) continue;
      const room = { width: pane.clientWidth, height: pane.clientHeight };
      const at = drawn(held(this.view, room, item), room, item);
      Object.assign(image.style, { width: `${at.width}px`, height: `${at.height}px`, transform: `translate(${at.left}px, ${at.top}px)` });
      image.style.opacity = "";
      image.style.clipPath = "";
      image.style.visibility = "";
      const x = this.split * room.width - at.left;
      if (this.kind === "slider") image.style.clipPath = number ? `inset(0 0 0 ${Math.max(0, x)}px)` : `inset(0 ${Math.max(0, at.width - x)}px 0 0)`;
      if (this.kind === "fade" && number) image.style.opacity = String(this.split);
      if (this.kind === "flip") image.style.visibility = this.other === !!number ? "" : "hidden";
    }
    const { room, item } = this.here();
    const full = fullFactor(room, item, devicePixelRatio);
    this.percent.textContent = `${Math.round((100 * held(this.view, room, item).factor) / full)} %`;
    panes[0]?.style.setProperty("--split", `${this.split * 100}%`);
    this.stage.dataset.kind = this.kind;
    this.stage.classList.toggle("wannb-viewer-zoomed", this.view.factor > 1.001);
  }

  /** Return the pane of the active picture, its size and the picture. */
  here() {
    const pane = this.panes[this.active] ?? this.panes[0];
    return { pane, room: { width: pane.clientWidth || 1, height: pane.clientHeight || 1 }, item: this.shown[this.active] };
  }

  look(view) {
    const { room, item } = this.here();
    this.view = held(view, room, item);
    this.place();
  }

  zoom(by, point) {
    const { room, item } = this.here();
    this.view = zoomed(held(this.view, room, item), room, item, point ?? { x: room.width / 2, y: room.height / 2 }, by);
    this.place();
  }

  toFull(point) {
    const { room, item } = this.here();
    this.zoom(fullFactor(room, item, devicePixelRatio) / held(this.view, room, item).factor, point);
  }

  toggle(point) {
    const { room, item } = this.here();
    const full = Math.abs(this.view.factor - fullFactor(room, item, devicePixelRatio)) < 0.001;
    if (full || this.view.factor > 1.001) this.look(WHOLE);
    else this.toFull(point);
  }

  // ---- hands

  /** Return where an event is in the pane under it, and make that pane's picture the one that is meant. */
  pointIn(event) {
    const pane = event.target.closest?.(".wannb-viewer-pane") ?? this.panes[0];
    const box = pane.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), this.pointIn(event));
  }

  double(event) {
    if (event.target.closest("button")) return;
    this.toggle(this.pointIn(event));
  }

  pointer(event) {
    if (event.target.closest?.("button")) return;
    const { pointers } = this;
    const before = pointers.get(event.pointerId);
    if (event.type === "pointerdown") {
      if (event.button !== 0) return;
      this.stage.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY, point: this.pointIn(event), from: event.clientX });
      if (this.kind === "slider" && this.view.factor <= 1.001) this.slideTo(event);
    } else if (!before) {
      return;
    } else if (event.type === "pointermove") {
      const across = event.clientX - before.x, down = event.clientY - before.y;
      if (pointers.size === 2) this.pinch(before, across, down, event.pointerId);
      else if (this.kind === "slider" && this.view.factor <= 1.001) this.slideTo(event);
      else {
        const { room, item } = this.here();
        this.view = moved(held(this.view, room, item), room, item, across, down);
        this.place();
      }
      Object.assign(before, { x: event.clientX, y: event.clientY, point: { x: before.point.x + across, y: before.point.y + down } });
    } else {
      pointers.delete(event.pointerId);
      const across = event.clientX - before.from;
      const swiped = event.pointerType === "touch" && !before.pinched && this.kind !== "slider" && this.view.factor <= 1.001;
      if (swiped && event.type === "pointerup" && Math.abs(across) > SWIPE) this.go(across < 0 ? 1 : -1);
    }
  }

  slideTo(event) {
    const box = this.panes[0].getBoundingClientRect();
    this.slide((event.clientX - box.left) / box.width);
  }

  pinch(finger, across, down, id) {
    const [other] = [...this.pointers].filter(([each]) => each !== id).map(([, each]) => each);
    finger.pinched = other.pinched = true;
    const apart = (x, y) => Math.hypot(x - other.x, y - other.y);
    const by = apart(finger.x + across, finger.y + down) / Math.max(1, apart(finger.x, finger.y));
    const middle = { x: (finger.point.x + other.point.x) / 2, y: (finger.point.y + other.point.y) / 2 };
    const { room, item } = this.here();
    this.view = moved(held(this.view, room, item), room, item, across / 2, down / 2);
    this.zoom(by, middle);
  }

  pressed(event) {
    const { key } = event;
    if (key === "Tab") return this.trap(event);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inRange = event.target.tagName === "INPUT";
    const step = STEPS[key];
    if (step && inRange) return;
    const zoomedIn = this.view.factor > 1.001;
    const name = VIEW_KEYS[key.toLowerCase()];
    if (key === "Escape") this.dialog.close();
    else if (key === "?") this.help();
    else if (key === "PageDown" || (step && !zoomedIn && step[0] > 0)) this.go(1);
    else if (key === "PageUp" || (step && !zoomedIn && step[0] < 0)) this.go(-1);
    else if (step && zoomedIn) {
      const { room, item } = this.here();
      this.look(moved(this.view, room, item, -60 * step[0], -60 * step[1]));
    } else if (key === "+" || key === "=") this.zoom(1.25);
    else if (key === "-" || key === "_") this.zoom(1 / 1.25);
    else if (key === "0") this.look(WHOLE);
    else if (key.toLowerCase() === "z") this.toggle();
    else if (key.toLowerCase() === "a" && this.shown.length > 1) {
      this.active = (this.active + 1) % this.shown.length;
      this.draw();
    } else if (key === " " && this.kind === "flip" && event.target === this.stage) this.flip();
    else if (name) this.turn(name);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Keep the focus inside: the browser's own bar comes after the last element of a dialog. */
  trap(event) {
    const all = [...this.dialog.querySelectorAll("button, input, [tabindex='0']")]
      .filter((each) => !each.disabled && each.getClientRects().length && (each.type !== "radio" || each.checked));
    const [first, last] = [all[0], all.at(-1)];
    const leaves = event.shiftKey ? first : last;
    if (document.activeElement !== leaves) return;
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  }

  help() {
    this.keys.hidden = !this.keys.hidden;
    this.keysButton.setAttribute("aria-expanded", String(!this.keys.hidden));
    this.keys.replaceChildren(...HELP.flatMap(([sign, name]) => [
      element("dt", {}, ...sign.split(" ").map((one) => element("kbd", {}, one))), element("dd", {}, this.say(name)),
    ]));
    this.place();
  }

  end() {
    this.stop.abort();
    this.sizes.disconnect();
    for (const item of this.items) if (item.state === "large") URL.revokeObjectURL(item.src);
    this.dialog.remove();
    page.open = null;
    // What opened it may have been drawn anew meanwhile.
    const again = this.opener?.isConnected ? this.opener : [...document.querySelectorAll("img")]
      .find((each) => each.src === this.image.src && isOurs(each))?.parentElement.querySelector(":scope > .wannb-enlarge");
    again?.focus();
  }
}

export default { initialize, render };
