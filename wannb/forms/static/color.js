// One colour: a picker and its #RRGGBB, each with a name of its own.

import { attend, element, follow } from "./elements.js";

const HEX = /^#[0-9a-f]{6}$/i;

function render({ model, el }) {
  const stop = new AbortController();
  const picker = element("input", { type: "color", input: () => take(picker.value) });
  const text = element("input", { type: "text", maxlength: "7", spellcheck: "false", change: () => take(text.value) });
  el.classList.add("wannb-widget", "wannb-color-field");
  el.append(picker, text);
  follow(model, ["value", "texts"], show, stop.signal);
  show();

  return () => {
    stop.abort();
    el.replaceChildren();
  };

  function show() {
    picker.value = text.value = model.get("value").toUpperCase();
    picker.setAttribute("aria-label", model.get("texts").picker);
    text.setAttribute("aria-label", model.get("texts").text);
  }

  function take(written) {
    const value = written.trim().replace(/^#?/, "#").toUpperCase();
    if (HEX.test(value)) {
      model.set("value", value);
      model.save_changes();
    }
    show();
  }
}

export default { initialize: attend, render };
