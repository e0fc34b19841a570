/**
 * Restores an image in overlapping tiles: the same tiles, blending and rounding as
 * `hinet_tf.inference`, so that the page gives the pixels that Python gives. No DOM in here.
 *
 * @typedef {[number, number]} Size  height, width
 * @typedef {{top: number, rows: number, pixels: Uint8ClampedArray<ArrayBuffer>}} Band  RGBA rows
 */

// Of tile starts: the network halves a tile four times.
const MULTIPLE = 16;

/** Python's `round`: halves go to the even neighbour. @param {number} value */
function roundHalfEven(value) {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * Pixels that tiles can share: a third at most, and none where they start at each multiple.
 * @param {number} tile @param {number} overlap
 */
export function usableOverlap(tile, overlap) {
  return tile >= 2 * MULTIPLE ? Math.min(overlap, Math.floor(tile / 3)) : 0;
}

/**
 * Starts of the fewest tiles that cover an axis with at least `overlap` in common.
 * @param {number} size @param {number} tile @param {number} overlap
 * @returns {number[]}
 */
export function tileStarts(size, tile, overlap) {
  if (size <= tile) return [0];
  const units = Math.ceil(size / MULTIPLE), tileUnits = Math.floor(tile / MULTIPLE);
  const shared = Math.ceil(overlap / MULTIPLE);
  const count = Math.ceil((units - shared) / (tileUnits - shared));
  return Array.from({length: count},
    (_, i) => roundHalfEven(i * (units - tileUnits) / (count - 1)) * MULTIPLE);
}

/**
 * Weight of each pixel of each tile along one axis; at each image pixel they sum to 1.
 * @param {number[]} starts @param {number} tile @param {number} overlap
 * @returns {Float32Array[]}
 */
export function blendWeights(starts, tile, overlap) {
  const weights = starts.map(() => new Float32Array(tile).fill(1));
  for (let index = 0; index + 1 < starts.length; index++) {
    const left = starts[index], right = starts[index + 1];
    const middle = (left + tile + right) / 2, shared = left + tile - right;
    for (let i = 0; i < tile; i++) {
      const position = (i + 0.5 - (middle - right)) / Math.max(overlap / 2, 1e-6) + 0.5;
      const clipped = Math.min(Math.max(position, 0), 1);
      const fadeIn = Math.fround(0.5 - 0.5 * Math.cos(Math.PI * clipped));
      weights[index + 1][i] *= fadeIn;
      if (i < shared) weights[index][tile - shared + i] *= Math.fround(1 - fadeIn);
    }
  }
  return weights;
}

/**
 * The size of the network that cuts an image, by `Restorer.tile_size`: the largest that the image
 * fills, else the smallest.
 * @param {Size[]} sizes @param {number} height @param {number} width
 * @returns {Size}
 */
export function tileSize(sizes, height, width) {
  const sorted = [...sizes].sort((a, b) => a[0] * a[1] - b[0] * b[1]);
  const fitting = sorted.filter(size => size[0] <= height && size[1] <= width);
  return fitting.at(-1) ?? sorted[0];
}

/** Position of the pixel that a mirror at both borders shows. @param {number} i @param {number} n */
function mirror(i, n) {
  const position = i % (2 * n);
  return position < n ? position : 2 * n - 1 - position;
}

/**
 * Restores an image from top to bottom, one row of tiles in memory at a time.
 * @param {object} image
 * @param {number} image.height
 * @param {number} image.width
 * @param {(top: number, rows: number) => Uint8ClampedArray} image.read  RGBA rows
 * @param {Size[]} sizes  Sizes that the network takes.
 * @param {number} overlap  Pixels that neighbouring tiles share, as `usableOverlap` allows.
 * @param {(tile: Float32Array, size: Size) => Promise<Float32Array>} network
 * @param {(done: number, total: number) => void} onTile
 * @returns {AsyncGenerator<Band>}
 */
export async function* restoredBands({height, width, read}, sizes, overlap, network, onTile) {
  const size = tileSize(sizes, height, width);
  const [side, across] = size;
  const tileHeight = Math.min(side, height), tileWidth = Math.min(across, width);
  const [down, right] = [tileHeight, tileWidth].map(side => usableOverlap(side, overlap));
  const tops = tileStarts(height, tileHeight, down);
  const lefts = tileStarts(width, tileWidth, right);
  const rowWeights = blendWeights(tops, tileHeight, down);
  const columnWeights = blendWeights(lefts, tileWidth, right);
  const columns = Int32Array.from({length: lefts.at(-1) + across}, (_, x) => 4 * mirror(x, width));
  const tile = new Float32Array(side * across * 3);
  let carry = new Float32Array(0), done = 0;

  for (const [index, top] of tops.entries()) {
    const rows = Math.min(top + tileHeight, height) - top;
    const strip = read(top, rows);
    const blended = new Float32Array(rows * width * 3);
    for (const [column, left] of lefts.entries()) {
      cut(tile, size, strip, rows, width, columns, left);
      const restored = await network(tile, size);
      const weights = columnWeights[column];
      const end = Math.min(tileWidth, width - left);
      for (let y = 0; y < rows; y++) {
        let from = y * across * 3, to = (y * width + left) * 3;
        for (let x = 0; x < end; x++) {
          const weight = weights[x];
          // Rounded to float32 after each step, as NumPy does.
          for (let c = 0; c < 3; c++) blended[to++] += Math.fround(restored[from++] * weight);
        }
      }
      onTile(++done, tops.length * lefts.length);
    }
    for (let y = 0; y < rows; y++) {
      const weight = rowWeights[index][y];
      for (let i = y * width * 3; i < (y + 1) * width * 3; i++) blended[i] *= weight;
    }
    for (let i = 0; i < carry.length; i++) blended[i] += carry[i];
    const finished = index + 1 < tops.length ? tops[index + 1] - top : rows;
    carry = blended.slice(finished * width * 3);
    yield {top, rows: finished, pixels: toPixels(blended, strip, finished * width)};
  }
}

/**
 * Cuts one tile out of a strip, as float RGB in [0, 1]; outside the image lies its mirror image.
 * @param {Float32Array} tile @param {Size} size @param {Uint8ClampedArray} strip
 * @param {number} rows @param {number} width @param {Int32Array} columns @param {number} left
 */
function cut(tile, [height, across], strip, rows, width, columns, left) {
  let to = 0;
  for (let y = 0; y < height; y++) {
    const row = mirror(y, rows) * width * 4;
    for (let x = 0; x < across; x++) {
      const from = row + columns[left + x];
      tile[to++] = strip[from] / 255;
      tile[to++] = strip[from + 1] / 255;
      tile[to++] = strip[from + 2] / 255;
    }
  }
}

/**
 * Restored floats as RGBA with the alpha of the original. A clamped array rounds half to even.
 * @param {Float32Array} restored @param {Uint8ClampedArray} original @param {number} count
 */
function toPixels(restored, original, count) {
  const pixels = new Uint8ClampedArray(count * 4);
  for (let i = 0, from = 0; i < count * 4; i += 4) {
    for (let c = 0; c < 3; c++) pixels[i + c] = Math.fround(restored[from++] * 255);
    pixels[i + 3] = original[i + 3];
  }
  return pixels;
}
