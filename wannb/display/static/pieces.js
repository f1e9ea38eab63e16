// Bytes from Python, put together from the pieces that `pieces.py` sends; a few of them are under way at a time.

import { send } from "./elements.js";

const PIECE = 384 * 1024;
const UNDER_WAY = 4;

/** Return bytes of base64. */
function decoded(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place += 1) bytes[place] = letters.charCodeAt(place);
  return bytes;
}

/**
 * Ask Python for bytes and return a promise of { name, blob }.
 *
 * It is refused with an Error: its message is Python's sentence, or it has `silent` when Python did not answer for
 * `patience` seconds (busy with a cell, or gone). `progress(done, total)` is called with bytes, `slow()` when Python
 * takes three seconds; `signal` ends it early.
 */
export function fetchPieces(model, what, { progress = () => {}, slow = () => {}, patience = 60, signal, type = "" } = {}) {
  return new Promise((resolve, reject) => {
    const id = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16)).join("-");
    const parts = [];
    let name = "";
    let size = -1;
    let asked = 0;
    let come = 0;
    let done = 0;
    let timers = [];
    model.on("msg:custom", answered);
    signal?.addEventListener("abort", stopped);
    wait();
    send(model, { kind: "ask", id, what });

    function answered(message) {
      if (message?.id !== id) return;
      wait();
      if (message.kind === "found") {
        ({ name, size } = message);
        more();
      } else if (message.kind === "piece" && parts[message.index] === undefined) {
        parts[message.index] = decoded(message.text);
        come += 1;
        done += parts[message.index].length;
        progress(done, size);
        more();
      } else if (message.kind === "failed") {
        end();
        reject(new Error(message.why));
      }
    }

    function more() {
      const pieces = Math.ceil(size / PIECE);
      while (asked < pieces && asked - come < UNDER_WAY) {
        send(model, { kind: "next", id, index: asked });
        asked += 1;
      }
      if (come === pieces) {
        end();
        resolve({ name, blob: new Blob(parts, { type }) });
      }
    }

    function wait() {
      timers.forEach(clearTimeout);
      timers = [setTimeout(slow, 3000), setTimeout(() => give(Object.assign(new Error(""), { silent: true })), patience * 1000)];
    }

    function stopped() {
      give(new DOMException("", "AbortError"));
    }

    function give(error) {
      end();
      reject(error);
    }

    function end() {
      timers.forEach(clearTimeout);
      model.off("msg:custom", answered);
      signal?.removeEventListener("abort", stopped);
      send(model, { kind: "end", id });
    }
  });
}
