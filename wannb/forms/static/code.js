// Code as text, and a button that puts it on the clipboard.

import { toClipboard } from "./clipboard.js";
import { attend, element, follow } from "./elements.js";

const SAID_FOR = 2000;

function render({ model, el }) {
  const stop = new AbortController();
  let timer = 0;
  const text = (name) => model.get("texts")[name] ?? "";
  const code = element("pre", { class: "wannb-code-text", tabindex: "0", role: "region" });
  const button = element("button", { type: "button", class: "wannb-code-copy", click: copy });
  const said = element("span", { class: "wannb-code-said", role: "status", "aria-live": "polite" });
  const bar = element("div", { class: "wannb-code-bar" }, button);
  const root = element("div", { class: "wannb-code" }, code, bar, said);
  el.classList.add("wannb-widget");
  el.append(root);
  follow(model, ["code", "texts"], show, stop.signal);
  show();

  return () => {
    stop.abort();
    clearTimeout(timer);
    root.remove();
  };

  function show() {
    code.textContent = model.get("code");
    code.setAttribute("aria-label", text("label"));
    button.textContent = text("copy");
  }

  async function copy() {
    const done = await toClipboard(model.get("code"), root);
    said.textContent = text(done ? "copied" : "failed");
    said.classList.toggle("wannb-code-refused", !done);
    if (!done) getSelection().selectAllChildren(code);
    clearTimeout(timer);
    if (done) timer = setTimeout(() => { said.textContent = ""; }, SAID_FOR);
  }
}

export default { initialize: attend, render };
