// Thumbnails of earlier images behind a button; a press on one picks it.

import { attend, element, follow, send, uniqueId } from "./elements.js";

function render({ model, el }) {
  const stop = new AbortController();
  const text = (name) => model.get("texts")[name] ?? "";
  const shelf = element("ul", { class: "wannb-shelf", id: uniqueId("shelf") });
  const none = element("div", { class: "wannb-quietly" });
  const more = element("button", { type: "button", class: "wannb-shelf-button", click: () => send(model, { kind: "more" }) });
  const toggle = element("button", {
    type: "button", class: "wannb-shelf-button", "aria-expanded": "false", "aria-controls": shelf.id,
    click: () => {
      model.set("is_open", !model.get("is_open"));
      model.save_changes();
    },
  });
  const root = element("div", {}, toggle, shelf, none, more);
  el.classList.add("wannb-widget");
  el.append(root);
  follow(model, ["is_open", "shelf", "more", "texts"], show, stop.signal);
  show();
  return () => {
    stop.abort();
    root.remove();
  };

  function show() {
    const open = model.get("is_open");
    toggle.textContent = `${open ? "▾" : "▸"} ${text("open")}`;
    toggle.setAttribute("aria-expanded", String(open));
    none.textContent = text("none");
    more.textContent = text("more");
    shelf.hidden = !open;
    none.hidden = !open || model.get("shelf").length > 0;
    more.hidden = !open || !model.get("more");
    const shown = model.get("shelf");
    // Those that are there already stay, and with them the focus.
    while (shelf.children.length > shown.length) shelf.lastChild.remove();
    shown.forEach(({ name, source }, number) => {
      if (!shelf.children[number]) {
        const picture = element("img", { loading: "lazy" });
        const pick = () => send(model, { kind: "pick", number });
        shelf.append(element("li", {}, element("button", { type: "button", click: pick }, picture)));
      }
      const button = shelf.children[number].firstChild;
      button.title = `${text("use")}: ${name}`;
      button.firstChild.alt = button.title;
      if (button.firstChild.getAttribute("src") !== source) button.firstChild.setAttribute("src", source);
    });
  }
}

export default { initialize: attend, render };
