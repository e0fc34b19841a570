/**
 * Looks at a file before the browser decodes it: decoders show grey where a file was cut off,
 * play animations, and allocate whatever a header claims.
 */

// Three copies of this many RGBA pixels are the most that the page holds: 0.77 GB.
export const MAX_PIXELS = 64e6;

/** A message for the person who chose the file. */
export class PhotoError extends Error {}

/**
 * Decodes a photo upright, in sRGB.
 * @param {File} file
 * @returns {Promise<ImageBitmap>}
 */
export async function decodePhoto(file) {
  if (!file.size) throw new PhotoError(`${file.name} is empty; copy it again.`);
  const head = new Uint8Array(await file.slice(0, 2 ** 18).arrayBuffer());
  const format = formatOf(head);
  if (!await isWhole(file, format)) {
    throw new PhotoError(`${file.name} is cut off: the end of the ${format} file is missing. Copy it again.`);
  }
  check(file.name, format, head);
  if (format === "GIF" && await gifFrames(file) > 1) throw animated(file.name);
  try {
    return await createImageBitmap(file, {imageOrientation: "from-image"});
  } catch {
    throw new PhotoError(refusal(file.name, format));
  }
}

/** @param {Uint8Array} head @returns {string | null} */
function formatOf(head) {
  const text = latin(head, 0, 16);
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "PNG";
  if (text.startsWith("\xff\xd8\xff")) return "JPEG";
  if (/^RIFF....WEBP/s.test(text)) return "WebP";
  if (/^GIF8[79]a/.test(text)) return "GIF";
  if (/^....ftyp(avif|avis)/s.test(text)) return "AVIF";
  if (/^....ftyp(hei|hev|mif|msf)/s.test(text)) return "HEIC";
  if (/^(II[*+]\0|MM\0[*+])/.test(text)) return "TIFF";
  return null;
}

/** Whether a file has its end mark. @param {File} file @param {string | null} format */
async function isWhole(file, format) {
  if (format === "PNG") {
    const tail = new Uint8Array(await file.slice(-(2 ** 16)).arrayBuffer());
    return latin(tail, 0, tail.length).includes("IEND");
  }
  if (format !== "JPEG") return true;
  // Behind the mark phones append a film; before the scan it belongs to a thumbnail.
  const bytes = new Uint8Array(await file.arrayBuffer());
  let position = jpegScan(new DataView(bytes.buffer));
  while ((position = bytes.indexOf(0xff, position)) >= 0) {
    if (bytes[++position] === 0xd9) return true;
  }
  return false;
}

/** @param {string} name @param {string | null} format @param {Uint8Array} head */
function check(name, format, head) {
  if (isAnimated(format, head)) throw animated(name);
  const [width, height] = claimedSize(format, head);
  if (width * height > MAX_PIXELS) {
    throw new PhotoError(`${name} has ${(width * height / 1e6).toFixed(0)} megapixels ` +
      `(${width} × ${height}); this page takes up to ${MAX_PIXELS / 1e6}. ` +
      "Make it smaller, or restore it with hinet-restore.");
  }
}

/** GIFs tell it by their frames alone. @param {string | null} format @param {Uint8Array} head */
function isAnimated(format, head) {
  const text = latin(head, 0, head.length);
  if (format === "PNG") return text.split("IDAT")[0].includes("acTL");
  if (format === "WebP") return text.slice(12, 16) === "VP8X" && (head[20] & 2) !== 0;
  return format === "AVIF" && text.slice(8, 12) === "avis";
}

/** @param {string} name */
function animated(name) {
  return new PhotoError(`${name} is an animation; this page restores single photos. Save one frame as PNG.`);
}

/** @param {string} name @param {string | null} format */
function refusal(name, format) {
  if (format === "HEIC") {
    return `${name} is a HEIC photo, which this browser does not read. Open the page in Safari, or save ` +
      "the photo as JPEG (iPhone: Settings, Camera, Formats, Most Compatible).";
  }
  if (format === "TIFF") return `${name} is a TIFF file, which browsers do not read. Save it as PNG.`;
  if (!format) return `${name} is not a photo: its content is no PNG, JPEG, WebP, GIF or AVIF. Choose another file.`;
  return `${name} is a damaged ${format} file. Copy it again, or open it in a photo program and save it anew.`;
}

/**
 * Width and height that a header claims; [0, 0] where it does not say.
 * @param {string | null} format @param {Uint8Array} head @returns {[number, number]}
 */
function claimedSize(format, head) {
  const view = new DataView(head.buffer);
  try {
    if (format === "PNG") return [view.getUint32(16), view.getUint32(20)];
    if (format === "GIF") return [view.getUint16(6, true), view.getUint16(8, true)];
    if (format === "JPEG") return jpegSize(view);
    if (format === "WebP") return webpSize(view, latin(head, 12, 16));
    const box = latin(head, 0, head.length).lastIndexOf("ispe");
    return box < 0 ? [0, 0] : [view.getUint32(box + 8), view.getUint32(box + 12)];
  } catch {
    return [0, 0]; // A header that ends too early; the decoder will say so.
  }
}

/** @param {DataView} view @returns {[number, number]} */
function jpegSize(view) {
  for (const {kind, position} of jpegSegments(view)) {
    if (kind >= 0xc0 && kind <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(kind)) {
      return [view.getUint16(position + 7), view.getUint16(position + 5)];
    }
  }
  return [0, 0];
}

/** Where the pixels of a JPEG begin; its end where they do not. @param {DataView} view */
function jpegScan(view) {
  try {
    for (const {kind, position} of jpegSegments(view)) if (kind === 0xda) return position;
  } catch {
    // A header that ends too early.
  }
  return view.byteLength;
}

/** @param {DataView} view @returns {Generator<{kind: number, position: number}>} */
function* jpegSegments(view) {
  let position = 2;
  while (position < view.byteLength) {
    const kind = view.getUint8(position + 1);
    if (kind === 0xff) { position++; continue; }
    yield {kind, position};
    position += 2 + view.getUint16(position + 2);
  }
}

/** @param {DataView} view @param {string} kind @returns {[number, number]} */
function webpSize(view, kind) {
  const three = (/** @type {number} */ i) => view.getUint16(i, true) + (view.getUint8(i + 2) << 16);
  if (kind === "VP8X") return [three(24) + 1, three(27) + 1];
  if (kind === "VP8L") {
    const bits = view.getUint32(21, true);
    return [(bits & 0x3fff) + 1, (bits >>> 14 & 0x3fff) + 1];
  }
  return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
}

/** Frames of a GIF, two at most. @param {File} file */
async function gifFrames(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const table = (/** @type {number} */ flags) => flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
  let position = 13 + table(bytes[10]), frames = 0;
  while (position < bytes.length && frames < 2) {
    const kind = bytes[position];
    if (kind === 0x2c) {
      frames++;
      position += 11 + table(bytes[position + 9]);
    } else if (kind === 0x21) {
      position += 2;
    } else {
      break;
    }
    while (bytes[position]) position += 1 + bytes[position];
    position++;
  }
  return frames;
}

/** Bytes as characters of the same numbers. @param {Uint8Array} bytes @param {number} from @param {number} to */
function latin(bytes, from, to) {
  let text = "";
  // What TextDecoder calls latin1 is windows-1252; a call takes so many arguments and no more.
  for (let i = from; i < Math.min(to, bytes.length); i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, Math.min(i + 8192, to)));
  }
  return text;
}
