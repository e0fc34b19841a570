/**
 * A `.tflite` file in LiteRT.js, ready to restore tiles. Runs in a worker.
 *
 * @typedef {import("./tiling.js").Size} Size
 * @typedef {{file: string, sha256: string}} ModelFile
 * @typedef {{accelerator: "wasm" | "webgpu", threads: boolean, halfFloats: boolean}} Device
 */

/** A message for the person at the page. */
export class ModelError extends Error {}

/** The model did not arrive whole: no device is at fault. */
export class DownloadError extends ModelError {}

export class Network {
  /**
   * @param {any} litert @param {any} model @param {Map<string, Runner>} runners
   */
  constructor(litert, model, runners) {
    this.litert = litert;
    this.model = model;
    this.runners = runners;
  }

  /** Where it runs in the end; LiteRT falls back to WebAssembly by itself. @returns {"wasm" | "webgpu"} */
  get accelerator() {
    return this.model.options.accelerator;
  }

  /** @returns {Size[]} */
  get sizes() {
    return [...this.runners.values()].map(runner => runner.size);
  }

  /**
   * @param {Float32Array} tile  RGB in [0, 1] @param {Size} size
   * @returns {Promise<Float32Array>}
   */
  async restore(tile, size) {
    const {signature, image, restored} = /** @type {Runner} */ (this.runners.get(String(size)));
    const input = new this.litert.Tensor(tile, [1, ...size, 3]);
    const outputs = await this.model.run(signature, {[image]: input});
    const values = await outputs[restored].data();
    for (const tensor of [input, ...Object.values(outputs)]) if (!tensor.deleted) tensor.delete();
    return values;
  }

  delete() {
    this.model.delete();
  }
}

/**
 * Loads LiteRT.js, once in a worker's life.
 * @param {Device} device
 */
export async function loadRuntime(device) {
  const folder = new URL("litert/", import.meta.url);
  const build = device.threads ? "threaded" : "compat";
  const script = new URL(`litert_wasm_${build}_internal.js`, folder).href;
  // In a worker LiteRT looks for its files beside the worker, and tells all it does as errors.
  /** @type {any} */ (self).Module = {
    mainScriptUrlOrBlob: script,
    locateFile: (/** @type {string} */ name) => new URL(name, folder).href,
    print: () => {},
    printErr: (/** @type {string} */ line) => console.debug(line),
  };
  try {
    const litert = await import(new URL("core.js", folder).href);
    await litert.loadLiteRt(script);
    return litert;
  } catch (error) {
    throw new ModelError(`LiteRT.js could not be started (${error}). Reload the page; if it stays so, ` +
      "export the page again with hinet-web.");
  }
}

/**
 * Loads and compiles a model.
 * @param {any} litert @param {ModelFile} model @param {Device} device
 * @param {(part: number) => void} onProgress
 * @returns {Promise<Network>}
 */
export async function loadNetwork(litert, model, device, onProgress) {
  const content = await download(model, onProgress);
  let compiled;
  try {
    compiled = await litert.loadAndCompile(content, {
      accelerator: device.accelerator,
      gpuOptions: {precision: device.halfFloats ? "fp16" : "fp32"},
    });
  } catch (error) {
    throw new ModelError(`LiteRT cannot run the model file ${model.file} (${error}). ` +
      "Export the page again with hinet-web.");
  }
  const runners = findRunners(compiled);
  if (!runners.size) {
    compiled.delete();
    throw new ModelError(`The model file ${model.file} holds another network: none of its signatures turns ` +
      "an RGB image into one. Export the page again with hinet-web.");
  }
  return new Network(litert, compiled, runners);
}

/** @typedef {{signature: string, image: string, restored: string, size: Size}} Runner */

/** @param {any} compiled @returns {Map<string, Runner>} */
function findRunners(compiled) {
  /** @type {Map<string, Runner>} */
  const runners = new Map();
  for (const [signature, runner] of Object.entries(compiled.signatures)) {
    const inputs = runner.getInputDetails(), outputs = runner.getOutputDetails();
    const output = outputs.find((/** @type {any} */ o) => o.name === "restored") ?? outputs[0];
    const shape = Array.from(inputs[0].shape);
    const isImage = inputs.length === 1 && inputs[0].dtype === "float32" && shape.length === 4 &&
      shape[0] === 1 && shape[3] === 3 && String(Array.from(output.shape)) === String(shape);
    if (isImage) {
      const size = /** @type {Size} */ ([shape[1], shape[2]]);
      runners.set(String(size), {signature, image: inputs[0].name, restored: output.name, size});
    }
  }
  return runners;
}

/** @param {ModelFile} model */
function unreachable(model) {
  return new DownloadError(`The model file ${model.file} cannot be reached; connect to the network and try again.`);
}

/** @param {ModelFile} model @param {(part: number) => void} onProgress @returns {Promise<Uint8Array>} */
async function download(model, onProgress) {
  let response;
  try {
    response = await fetch(new URL(model.file, import.meta.url));
  } catch {
    throw unreachable(model);
  }
  if (!response.ok || !response.body) {
    throw new DownloadError(`The model file ${model.file} is missing (${response.status}). ` +
      "Choose another model, or export the page again with hinet-web.");
  }
  const total = Number(response.headers.get("Content-Length")), chunks = [];
  let received = 0;
  for (const reader = response.body.getReader();;) {
    const {done, value} = await reader.read().catch(() => { throw unreachable(model); });
    if (done) break;
    chunks.push(value);
    received += value.length;
    if (total) onProgress(received / total);
  }
  const content = new Uint8Array(await new Blob(chunks).arrayBuffer());
  // Browsers have it on https and on this computer's own addresses.
  if (crypto.subtle) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
    const hex = Array.from(digest, byte => byte.toString(16).padStart(2, "0")).join("");
    if (hex !== model.sha256) {
      throw new DownloadError(`The model file ${model.file} is damaged: its checksum is another than the page's. ` +
        "Reload the page; if it stays so, export it again with hinet-web.");
    }
  }
  return content;
}
