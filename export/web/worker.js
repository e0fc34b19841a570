/**
 * Decodes and restores photos beside the page's own thread. A classic worker, because LiteRT.js
 * loads its WebAssembly with importScripts.
 */

let litert, network, loaded = "";
const parts = Promise.all([import("./network.js"), import("./photo_file.js"), import("./tiling.js")]);

// One request after the other.
let queue = Promise.resolve();
self.onmessage = ({data}) => { queue = queue.then(() => answer(data)); };

async function answer({model, device, photo}) {
  try {
    await load(model, device);
    if (photo) await restore(photo, model);
  } catch (error) {
    const [{DownloadError, ModelError}, {PhotoError}] = await parts;
    const elsewhere = error instanceof PhotoError || error instanceof DownloadError;
    const known = error instanceof ModelError || error instanceof PhotoError;
    postMessage({
      kind: "failed",
      message: known ? error.message :
        `The photo could not be restored (${error.message ?? error}). Try a smaller one, or reload the page.`,
      // Drivers fail in ways of their own; the processor gives the same picture.
      gpu: device.accelerator === "webgpu" && !elsewhere && (error.message ?? String(error)),
      keepsPhoto: error instanceof ModelError,
    });
  }
}

async function load(model, device) {
  const key = model.file;
  if (loaded === key) return;
  const [{loadRuntime, loadNetwork}] = await parts;
  network?.delete();
  network = undefined;
  loaded = "";
  postMessage({kind: "loading", part: 0});
  litert ??= await loadRuntime(device);
  network = await loadNetwork(litert, model, device, part => postMessage({kind: "loading", part}));
  loaded = key;
  postMessage({kind: "loaded", accelerator: network.accelerator});
}

async function restore(photo, model) {
  const [, {decodePhoto}, {restoredBands}] = await parts;
  const bitmap = await decodePhoto(photo);
  const {width, height} = bitmap;
  postMessage({kind: "decoded", bitmap});
  const image = {width, height, read: rowsOf(bitmap)};
  const begin = performance.now();
  const run = guarded(network);
  const onTile = (done, total) => postMessage({kind: "tile", done, total});
  for await (const band of restoredBands(image, network.sizes, model.overlap, run, onTile)) {
    postMessage({kind: "band", ...band}, [band.pixels.buffer]);
  }
  bitmap.close();
  const seconds = (performance.now() - begin) / 1000;
  postMessage({kind: "restored", seconds, accelerator: network.accelerator});
}

/** Reads rows of a bitmap as RGBA. */
function rowsOf(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, 1);
  const context = canvas.getContext("2d", {willReadFrequently: true});
  return (top, rows) => {
    canvas.height = rows;
    context.drawImage(bitmap, 0, top, bitmap.width, rows, 0, 0, bitmap.width, rows);
    return context.getImageData(0, 0, bitmap.width, rows).data;
  };
}

/** The network, with a look at the first tile: some GPU drivers give zeros and no error. */
function guarded(network) {
  let checked = network.accelerator === "wasm";
  return async (tile, size) => {
    const restored = await network.restore(tile, size);
    if (!checked) {
      const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length;
      if (!(Math.abs(mean(restored) - mean(tile)) < 0.1)) throw new Error("the GPU computes wrong values");
      checked = true;
    }
    return restored;
  };
}
