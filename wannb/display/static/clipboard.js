// Text on its way to the clipboard.

import { element } from "./elements.js";

/** Put a text on the clipboard and return whether that worked; `place` is an element of the page. */
export async function toClipboard(text, place) {
  // Over plain http from another machine there is no clipboard object; in a frame it may refuse.
  if (window.isSecureContext && navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return bySelection(text, place);
    }
  }
  return bySelection(text, place);
}

function bySelection(text, place) {
  const focused = document.activeElement;
  const area = element("textarea", { readonly: true, "aria-hidden": "true", style: "position:fixed;top:0;opacity:0" });
  area.value = text;
  place.append(area);
  area.select();
  let done = false;
  try {
    done = document.execCommand("copy");
  } catch {
    done = false;
  }
  area.remove();
  focused?.focus?.({ preventScroll: true });
  return done;
}
