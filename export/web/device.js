/** What this browser can run the network on. */

/** @typedef {import("./network.js").Device} Device */

// Smallest modules that use a 128-bit vector, and a fused multiply-add of relaxed SIMD.
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
const RELAXED_SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0,
  65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11];

/** @returns {string} why the page cannot run here, or "" */
export function canRun() {
  if (!globalThis.WebAssembly || !WebAssembly.validate(new Uint8Array(SIMD))) {
    return "This browser has no WebAssembly SIMD, which the network needs. Update it, or use a current " +
      "Chrome, Edge, Firefox or Safari.";
  }
  if (!globalThis.OffscreenCanvas) {
    return "This browser has no OffscreenCanvas, which the page needs. Update it (Safari 16.4 or newer).";
  }
  return "";
}

/**
 * Chooses what to run on.
 * @param {string} wanted  "auto", "webgpu" or "wasm"
 * @returns {Promise<Device>}
 */
export async function chooseDevice(wanted) {
  const threads = crossOriginIsolated && WebAssembly.validate(new Uint8Array(RELAXED_SIMD));
  /** @type {any} */
  const adapter = wanted === "wasm" ? null :
    await /** @type {any} */ (navigator).gpu?.requestAdapter({powerPreference: "high-performance"}).catch(() => null);
  if (wanted === "webgpu" && !adapter) {
    throw new Error("This browser offers no GPU (WebGPU). Choose the processor, or update browser and driver.");
  }
  // A GPU that is computed by the processor takes 30 times as long as WebAssembly.
  const isReal = adapter && !(adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter);
  const accelerator = wanted === "webgpu" || isReal ? "webgpu" : "wasm";
  return {accelerator, threads, halfFloats: Boolean(adapter?.features.has("shader-f16"))};
}
