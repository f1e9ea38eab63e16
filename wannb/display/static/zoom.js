// Where a picture stands in its window. A view is {factor, x, y}: the size as a multiple of that which fits, and the
// point of the picture, in fractions of it, that is in the middle; so one view serves pictures of different sizes.

export const WHOLE = { factor: 1, x: 0.5, y: 0.5 };
const LEAST = 1;

/** Return how many CSS pixels a pixel of the picture takes when all of it is seen. */
export function fitting(pane, picture) {
  return Math.min(pane.width / picture.width, pane.height / picture.height);
}

/** Return the factor at which a pixel of the picture is a pixel of the screen. */
export function fullFactor(pane, picture, ratio = 1) {
  return 1 / ratio / fitting(pane, picture);
}

/** Return where the picture is drawn: its left and top edge in the pane, its width and height, in CSS pixels. */
export function drawn(view, pane, picture) {
  const scale = fitting(pane, picture) * view.factor;
  const width = picture.width * scale, height = picture.height * scale;
  return { left: pane.width / 2 - view.x * width, top: pane.height / 2 - view.y * height, width, height };
}

/** Return a view that is not smaller than the pane or past an edge, and at most 16 screen pixels for one of the picture. */
export function held(view, pane, picture) {
  const factor = Math.min(Math.max(view.factor, Math.min(LEAST, fullFactor(pane, picture))), Math.max(16 * fullFactor(pane, picture), LEAST));
  const { width, height } = drawn({ ...view, factor }, pane, picture);
  const side = (at, size, room) => (size <= room ? 0.5 : Math.min(Math.max(at, room / 2 / size), 1 - room / 2 / size));
  return { factor, x: side(view.x, width, pane.width), y: side(view.y, height, pane.height) };
}

/** Return a view that is `by` times as large, with the point of the picture at `point` of the pane where it was. */
export function zoomed(view, pane, picture, point, by) {
  const before = drawn(view, pane, picture);
  const factor = held({ ...view, factor: view.factor * by }, pane, picture).factor;
  const at = { x: (point.x - before.left) / before.width, y: (point.y - before.top) / before.height };
  const { width, height } = drawn({ ...view, factor }, pane, picture);
  const next = { factor, x: at.x - (point.x - pane.width / 2) / width, y: at.y - (point.y - pane.height / 2) / height };
  return held(next, pane, picture);
}

/** Return a view that is moved so that the picture follows the hand by these CSS pixels. */
export function moved(view, pane, picture, across, down) {
  const { width, height } = drawn(view, pane, picture);
  return held({ ...view, x: view.x - across / width, y: view.y - down / height }, pane, picture);
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** Return the name of a thumbnail: its checksum and its length, as `key_of` of display/shown.py does. */
export function keyOf(address) {
  const letters = atob(address.slice(address.indexOf(",") + 1));
  let sum = 0xffffffff;
  for (let place = 0; place < letters.length; place += 1) sum = TABLE[(sum ^ letters.charCodeAt(place)) & 255] ^ (sum >>> 8);
  return `${((sum ^ 0xffffffff) >>> 0).toString(16).padStart(8, "0")}-${letters.length}`;
}
