// A button and drop zone that sends files to the kernel in pieces, a few of them under way at a time. A piece is text:
// not every front end passes the binary parts of messages.

import { attend, element, fill, follow, send } from "./elements.js";

const SLOW_AFTER = 3000;
const GONE_AFTER = 2500;
const MB = 1024 * 1024;

/** Return bytes as base64. */
function encoded(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

function render({ model, el }) {
  const stop = new AbortController();
  const files = [];
  let refused = [];
  let current = null;
  let inside = 0;
  const text = (name, values) => fill(model.get("texts")[name], values);

  const chooser = element("input", { type: "file", hidden: true, tabindex: "-1", "aria-hidden": "true", change: chosen });
  const button = element("button", { type: "button", class: "wannb-upload-button", click: () => chooser.click() });
  const hint = element("span", { class: "wannb-upload-hint" });
  const zone = element("div", { class: "wannb-upload-zone" }, button, hint, chooser);
  const list = element("ul", { class: "wannb-upload-list" });
  const said = element("div", { class: "wannb-upload-said", role: "status", "aria-live": "polite" });
  const problems = element("div", { class: "wannb-upload-problems", role: "alert" });
  const root = element(
    "div",
    {
      class: "wannb-upload", role: "group",
      dragenter: over, dragover: over, dragleave: left, drop: dropped, paste: pasted,
    },
    zone, list, problems, said,
  );
  el.classList.add("wannb-widget");
  el.append(root);
  follow(model, ["texts"], show, stop.signal);
  follow(model, ["problems"], showProblems, stop.signal);
  model.on("msg:custom", answered);
  show();
  showProblems();

  return () => {
    stop.abort();
    model.off("msg:custom", answered);
    for (const file of [...files]) if (file.begun) send(model, { kind: "cancel", id: file.id });
    files.forEach(rest);
    files.length = 0;
    current = null;
    root.remove();
  };

  function show() {
    root.setAttribute("aria-label", text("label"));
    button.textContent = text("button");
    hint.textContent = text("hint");
    chooser.accept = model.get("accept");
    chooser.multiple = true;
  }

  function showProblems() {
    const sentences = [...refused, ...model.get("problems")];
    problems.replaceChildren(...sentences.map((sentence) => element("p", {}, sentence)));
    problems.hidden = sentences.length === 0;
    if (sentences.length) {
      problems.append(element("button", { type: "button", class: "wannb-upload-dismiss", click: dismiss }, text("dismiss")));
    }
  }

  function dismiss() {
    refused = [];
    send(model, { kind: "dismiss" });
    showProblems();
    button.focus();
  }

  function refuse(name, values) {
    refused = [...refused, text(name, values)];
    showProblems();
  }

  // ---- where files come from

  function chosen() {
    const given = [...chooser.files];
    chooser.value = "";
    take(given);
  }

  function over(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.type === "dragenter") inside += 1;
    event.dataTransfer.dropEffect = "copy";
    lit(true);
  }

  function left(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    inside = Math.max(0, inside - 1);
    if (inside === 0) lit(false);
  }

  function lit(on) {
    root.classList.toggle("wannb-upload-over", on);
    hint.textContent = text(on ? "drop" : "hint");
  }

  function dropped(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    inside = 0;
    lit(false);
    take([...event.dataTransfer.files]);
  }

  function pasted(event) {
    const given = [...(event.clipboardData?.files ?? [])];
    if (!given.length) return;
    event.preventDefault();
    event.stopPropagation();
    take(given);
  }

  function take(given) {
    if (!given.length) return;
    for (const file of given) {
      const name = file.name;
      if (!fits(file)) refuse("wrongKind", { file: name });
      else if (file.size === 0) refuse("empty", { file: name });
      else if (file.size > model.get("limit")) {
        refuse("tooLarge", { file: name, size: Math.ceil(file.size / MB), most: Math.floor(model.get("limit") / MB) });
      } else add(file);
    }
    next();
  }

  // What the chooser offers, a drop must keep to as well; a kind that the browser does not know is left to Python.
  function fits(file) {
    const endings = model.get("accept");
    if (endings.startsWith(".")) return endings.split(",").some((ending) => file.name.toLowerCase().endsWith(ending));
    return !file.type || file.type.startsWith(endings.replace("*", ""));
  }

  // ---- one file after the other, a window of pieces each

  function add(blob) {
    const line = element("span", { class: "wannb-upload-line" });
    const bar = element("progress", { max: String(blob.size), value: "0", "aria-label": blob.name });
    const cancel = element("button", { type: "button", "aria-label": text("cancelOf", { file: blob.name }) }, text("cancel"));
    const row = element("li", {}, line, bar, cancel);
    const id = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16)).join("-");
    const file = { id, blob, name: blob.name, line, bar, cancel, row, sent: 0, taken: 0, begun: false, ready: false, slow: 0, lost: 0 };
    cancel.addEventListener("click", () => drop(file));
    files.push(file);
    list.append(row);
    line.textContent = text("waiting", { file: file.name });
  }

  function next() {
    if (current || !files.length) return;
    current = files[0];
    current.begun = true;
    send(model, { kind: "begin", id: current.id, name: current.name, size: current.blob.size });
    progress(current);
  }

  async function pump(file) {
    const size = model.get("chunk");
    const pieces = Math.ceil(file.blob.size / size);
    while (file === current && file.ready && file.sent < pieces && file.sent - file.taken < model.get("window")) {
      const index = file.sent;
      file.sent += 1;
      let piece;
      try {
        piece = await encoded(file.blob.slice(index * size, (index + 1) * size));
      } catch {
        if (file === current) {
          refuse("unreadable", { file: file.name });
          drop(file);
        }
        return;
      }
      if (file !== current) return;
      send(model, { kind: "chunk", id: file.id, index, text: piece });
    }
  }

  function answered(message) {
    const file = files.find((each) => each.id === message?.id);
    if (!file) return;
    if (message.kind === "ready") file.ready = true;
    if (message.kind === "taken") file.taken = message.pieces;
    if (message.kind === "ready" || message.kind === "taken") {
      progress(file);
      pump(file);
    } else {
      end(file, message.kind);
    }
  }

  function progress(file) {
    const done = Math.min(file.blob.size, file.taken * model.get("chunk"));
    const mb = (bytes) => (bytes / MB).toFixed(file.blob.size < 10 * MB ? 1 : 0);
    file.bar.value = done;
    const values = { file: file.name, done: mb(done), total: mb(file.blob.size) };
    file.line.textContent = text(done === file.blob.size ? "opening" : "progress", values);
    rest(file);
    const patience = model.get("patience");
    file.slow = setTimeout(() => { file.line.textContent = text("slow", values); }, SLOW_AFTER);
    file.lost = setTimeout(() => {
      refuse("lost", { file: file.name, seconds: patience });
      send(model, { kind: "cancel", id: file.id });
      end(file, "failed");
    }, patience * 1000);
  }

  function rest(file) {
    clearTimeout(file.slow);
    clearTimeout(file.lost);
  }

  function drop(file) {
    if (file.begun) send(model, { kind: "cancel", id: file.id });
    end(file, "canceled");
    button.focus();
  }

  function end(file, how) {
    rest(file);
    files.splice(files.indexOf(file), 1);
    if (current === file) current = null;
    file.cancel.remove();
    file.bar.remove();
    if (how === "failed") file.row.remove();
    else {
      file.line.textContent = text(how, { file: file.name });
      said.textContent = file.line.textContent;
      setTimeout(() => file.row.remove(), GONE_AFTER);
    }
    next();
  }
}

export default { initialize: attend, render };
