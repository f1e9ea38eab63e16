// What the buttons of `download.py` do: files come to the browser, paths go to the clipboard, folders open. The buttons
// are plain HTML anywhere on the page; one widget listens for all of a form, and each press is answered where it was made.

import { toClipboard } from "./clipboard.js";
import { attend, element, fill, send } from "./elements.js";
import { fetchPieces } from "./pieces.js";

const SAID_FOR = 2000;
const KEPT_FOR = 60000;

function render({ model, el }) {
  const stop = new AbortController();
  const { signal } = stop;
  const view = Math.random().toString(36).slice(2);
  const where = { host: location.hostname, agent: navigator.userAgent };
  const text = (name, values) => fill(model.get("texts")[name], values);
  const said = element("span", { class: "wannb-get-said", role: "status", "aria-live": "polite" });
  const problems = element("div");
  const waiting = new Map();
  el.classList.add("wannb-widget");
  el.append(said, problems);
  document.addEventListener("click", pressed, { signal });
  model.on("msg:custom", answered);
  send(model, { kind: "where", id: view, ...where });

  return () => {
    stop.abort();
    model.off("msg:custom", answered);
    el.replaceChildren();
  };

  function pressed(event) {
    const button = event.target.closest?.(`[data-wannb-of="${model.get("owner")}"]`);
    // The same form may be shown twice on a page: one of its widgets answers.
    if (!button || event.defaultPrevented) return;
    event.preventDefault();
    if (button.getAttribute("aria-busy") === "true") return;
    document.querySelectorAll(".wannb-get-problem").forEach((old) => old.remove());
    const { wannbGet, wannbCopy, wannbFolder } = button.dataset;
    if (wannbGet) download(button, wannbGet);
    else if (wannbCopy) copy(button, wannbCopy);
    else if (wannbFolder) folder(button, wannbFolder);
  }

  // ---- a file comes here

  async function download(button, what) {
    const label = button.textContent;
    const file = button.dataset.wannbName;
    const show = (words) => { button.textContent = words; };
    button.setAttribute("aria-busy", "true");
    button.style.minWidth = `${button.offsetWidth}px`;
    try {
      const { name, blob } = await fetchPieces(model, what, {
        patience: model.get("patience"),
        progress: (done, total) => { if (done < total) show(text("percent", { percent: Math.floor((100 * done) / total) })); },
        slow: () => { said.textContent = text("slow", { file }); },
        signal,
      });
      keep(name, blob);
      said.textContent = text("downloaded", { file: name });
    } catch (error) {
      if (error.name !== "AbortError") {
        complain(button, error.silent ? text("lost", { file, seconds: model.get("patience") }) : `${file}: ${error.message}`);
      }
    } finally {
      button.removeAttribute("aria-busy");
      button.style.minWidth = "";
      show(label);
    }
  }

  function keep(name, blob) {
    const link = element("a", { href: URL.createObjectURL(blob), download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), KEPT_FOR);
  }

  // ---- a path goes to the clipboard

  async function copy(button, path) {
    if (await toClipboard(path, el)) {
      const label = button.textContent;
      button.textContent = said.textContent = text("copied");
      button.setAttribute("aria-busy", "true");
      setTimeout(() => {
        button.textContent = label;
        button.removeAttribute("aria-busy");
        said.textContent = "";
      }, SAID_FOR);
      return;
    }
    const field = element("input", { type: "text", readonly: true, "aria-label": button.textContent });
    field.value = path;
    complain(button, text("uncopied"), field);
    field.focus();
    field.select();
  }

  // ---- a folder opens, where Python and the browser share a machine

  function folder(button, what) {
    const id = `${view}-${Math.random().toString(36).slice(2)}`;
    waiting.set(id, button);
    send(model, { kind: "folder", id, what, ...where });
  }

  function answered(message) {
    if (message?.kind === "here" && message.id === view) (el.closest(".wannb-form") ?? el.parentElement)?.classList.add("wannb-here");
    const button = waiting.get(message?.id);
    waiting.delete(message?.id);
    if (button && message.kind === "refused") complain(button, message.why);
    else if (button) said.textContent = message.said;
  }

  // ---- errors stand beside the button that caused them

  function complain(button, sentence, ...more) {
    const problem = element("div", { class: "wannb-problems wannb-get-problem", role: "alert" }, sentence, ...more);
    if (button.isConnected) button.parentElement.append(problem);
    else problems.replaceChildren(problem);
  }
}

export default { initialize: attend, render };
