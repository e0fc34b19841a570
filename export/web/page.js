/** The page: what is asked for, and what the worker answers. */

import {canRun, chooseDevice} from "./device.js";
import {Viewer} from "./viewer.js";

/**
 * @typedef {{name: string, task: string, file: string, bytes: number, sha256: string,
 *   overlap: number, license: string, training_data: string, example: string}} Model
 * @typedef {import("./network.js").Device} Device
 */

/** @template {HTMLElement} [T=HTMLElement] @param {string} id @returns {T} */
const find = id => /** @type {T} */ (document.getElementById(id));
const select = /** @type {HTMLSelectElement} */ (find("model"));
const accelerator = /** @type {HTMLSelectElement} */ (find("accelerator"));
const divider = /** @type {HTMLInputElement} */ (find("divider"));
const progress = /** @type {HTMLProgressElement} */ (find("progress"));
const canvas = /** @type {HTMLCanvasElement} */ (find("view"));
const viewer = new Viewer(canvas, divider);

/** @type {Model[]} */ let models = [];
/** @type {Worker | null} */ let worker = null;
/** @type {File | null} */ let photo = null;
/** @type {Device | null} */ let device = null;
let name = "photo", gpuFailed = "", restored = false, asked = 0;

start().catch(error => say(`The page could not start: ${error.message}`, true));

async function start() {
  const missing = canRun();
  if (missing) return say(missing, true);
  if (await keepOffline()) return;
  const response = await fetch("models.json").catch(() => null);
  if (!response?.ok) {
    return say("models.json is missing beside this page; export it again with hinet-web.", true);
  }
  ({models} = await response.json());
  for (const task of new Set(models.map(model => model.task))) {
    const group = document.createElement("optgroup");
    group.label = task;
    for (const model of models.filter(model => model.task === task)) {
      group.append(new Option(`${model.name} (${(model.bytes / 1e6).toFixed(0)} MB)`, model.file));
    }
    select.append(group);
  }
  select.disabled = false;
  listen();
  await ask(null);
}

/**
 * Registers the service worker; waits until it is there, so that it keeps what the page loads.
 * @returns {Promise<boolean>} whether the page reloads, to have the headers that threads need
 */
async function keepOffline() {
  const container = navigator.serviceWorker;
  if (!container) return false;
  const ready = container.register("service_worker.js").then(() => container.ready).then(() =>
    container.controller || new Promise(resolve => container.addEventListener("controllerchange", resolve)));
  const late = new Promise(resolve => setTimeout(resolve, 5000));
  await Promise.race([ready, late]).catch(() => null);
  if (crossOriginIsolated || !container.controller || sessionStorage.reloaded) return false;
  sessionStorage.reloaded = "once";
  location.reload();
  return true;
}

/** Loads the chosen model, and restores a photo with it if there is one. @param {File | null} file */
async function ask(file) {
  const model = models.find(model => model.file === select.value);
  if (!model) return say("This page has no model; export it again with hinet-web --model NAME.", true);
  find("about").textContent = `${model.name}: trained on ${model.training_data}. Licence of the weights: ` +
    `${model.license}. Runs in LiteRT.js (Apache 2.0).`;
  if (file) {
    photo = file;
    name = file.name.replace(/\.[^.]*$/, "") || "photo";
  }
  // Whatever comes next, it is not of this photo.
  forget();
  const mine = ++asked;
  if (worker && photo && !find("stop").hasAttribute("disabled")) stop();
  let chosen;
  try {
    chosen = await chooseDevice(gpuFailed ? "wasm" : accelerator.value);
  } catch (error) {
    return mine === asked && say(/** @type {Error} */ (error).message, true);
  }
  if (mine !== asked) return;
  // One runtime and one device for a worker's life.
  if (JSON.stringify(chosen) !== JSON.stringify(device)) stop();
  device = chosen;
  if (!worker) {
    const started = worker = new Worker("worker.js");
    // Not from one that has been stopped.
    const answer = (/** @type {any} */ data) => started === worker && heard(data);
    worker.onmessage = event => answer(event.data);
    worker.onerror = () => answer({kind: "failed", message: "The page's worker broke down, perhaps for want of " +
      "memory. Try a smaller photo."});
  }
  enable(["stop"], Boolean(photo));
  worker.postMessage({model, device, photo});
}

/** Offers nothing to save any more. */
function forget() {
  restored = false;
  enable(["save-png", "save-jpeg"], false);
  find("figures").textContent = "";
}

function stop() {
  worker?.terminate();
  worker = null;
  enable(["stop"], false);
  progress.value = 0;
}

/** @type {CanvasRenderingContext2D | null} */ let after = null;

/** @param {any} answer */
function heard(answer) {
  const answers = {
    loading: () => {
      progress.value = answer.part;
      say(`Loading the model: ${Math.round(answer.part * 100)} %`);
    },
    loaded: () => {
      progress.value = 0;
      say(`Ready, on the ${deviceName(answer.accelerator)}.${gpuNote()}`);
    },
    decoded: () => {
      forget();
      const {width, height} = answer.bitmap;
      const result = document.createElement("canvas");
      Object.assign(result, {width, height});
      after = result.getContext("2d");
      viewer.show(answer.bitmap, result);
      find("hint").hidden = true;
      for (const side of document.querySelectorAll(".side")) side.removeAttribute("hidden");
      canvas.setAttribute("aria-label", `${name}, ${width} by ${height} pixels: before left, after right of the divider`);
      enable(["divider", "zoom-in", "zoom-out", "fit"], true);
      say(`Restoring ${width} × ${height} pixels`);
    },
    tile: () => {
      progress.value = answer.done / answer.total;
      // A screen reader would read out each tile.
      find("figures").textContent = `tile ${answer.done} of ${answer.total}`;
    },
    band: () => {
      const width = after?.canvas.width ?? 0;
      after?.putImageData(new ImageData(answer.pixels, width, answer.rows), 0, answer.top);
      viewer.redraw();
    },
    restored: () => {
      const {width, height} = /** @type {HTMLCanvasElement} */ (after?.canvas);
      const speed = width * height / 1e6 / answer.seconds;
      say(`Restored.${gpuNote()}`);
      find("figures").textContent = `${width} × ${height} in ${answer.seconds.toFixed(2)} s, ` +
        `${speed.toPrecision(2)} MP/s on the ${deviceName(answer.accelerator)}`;
      restored = true;
      enable(["stop"], false);
      enable(["save-png", "save-jpeg"], true);
    },
    failed: () => {
      stop();
      if (answer.gpu && accelerator.value === "auto") {
        gpuFailed = answer.gpu;
        ask(null);
        return;
      }
      if (!answer.keepsPhoto) photo = null;
      device = null;
      say(answer.message, true);
    },
  };
  /** @type {Record<string, () => void>} */ (answers)[answer.kind]();
}

function gpuNote() {
  return gpuFailed ? ` The GPU is left out: ${gpuFailed}.` : "";
}

/** @param {string} kind */
function deviceName(kind) {
  if (kind === "webgpu") return "GPU (WebGPU)";
  return device?.threads ? `processor (WebAssembly, ${navigator.hardwareConcurrency} threads)` : "processor (WebAssembly)";
}

function listen() {
  const file = /** @type {HTMLInputElement} */ (find("file")), camera = /** @type {HTMLInputElement} */ (find("camera"));
  for (const input of [file, camera]) {
    input.addEventListener("change", () => {
      take(input.files);
      input.value = "";
    });
  }
  find("choose").addEventListener("click", () => file.click());
  find("take").addEventListener("click", () => camera.click());
  find("paste").addEventListener("click", paste);
  find("example").addEventListener("click", example);
  find("stop").addEventListener("click", () => {
    stop();
    photo = null;
    say("Stopped.");
  });
  find("zoom-in").addEventListener("click", () => viewer.zoomTo(viewer.zoom * 1.5));
  find("zoom-out").addEventListener("click", () => viewer.zoomTo(viewer.zoom / 1.5));
  find("fit").addEventListener("click", () => viewer.zoomTo(1));
  find("save-png").addEventListener("click", () => save("png"));
  find("save-jpeg").addEventListener("click", () => save("jpeg"));
  select.addEventListener("change", () => ask(null));
  accelerator.addEventListener("change", () => {
    gpuFailed = "";
    ask(null);
  });
  const stage = find("stage");
  addEventListener("dragover", event => {
    event.preventDefault();
    stage.classList.add("over");
  });
  addEventListener("dragleave", () => stage.classList.remove("over"));
  addEventListener("drop", event => {
    event.preventDefault();
    stage.classList.remove("over");
    take(event.dataTransfer?.files);
  });
  addEventListener("paste", event => take(event.clipboardData?.files));
}

/** @param {FileList | null | undefined} files */
function take(files) {
  const file = files?.[0];
  if (file) ask(file);
  else say("There was no photo in it; copy or drag an image, not text.", true);
}

async function paste() {
  try {
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find(type => type.startsWith("image/"));
      if (type) return ask(new File([await item.getType(type)], "pasted", {type}));
    }
    take(null);
  } catch {
    say("This browser keeps the clipboard from buttons; press Ctrl+V (⌘V) instead.", true);
  }
}

async function example() {
  const model = models.find(model => model.file === select.value);
  const response = model && await fetch(model.example).catch(() => null);
  if (!response?.ok) return say("The example is missing; export the page again with hinet-web.", true);
  ask(new File([await response.blob()], "example.png", {type: "image/png"}));
}

/** @param {"png" | "jpeg"} format */
async function save(format) {
  if (!restored || !after) return;
  // Another photo may come while this one is encoded.
  const target = `${name}-restored.${format === "jpeg" ? "jpg" : "png"}`;
  let {canvas: result} = after;
  if (format === "jpeg") {
    // JPEG has no transparency; on white rather than on black.
    const opaque = document.createElement("canvas");
    Object.assign(opaque, {width: result.width, height: result.height});
    const context = /** @type {CanvasRenderingContext2D} */ (opaque.getContext("2d"));
    context.fillStyle = "#fff";
    context.fillRect(0, 0, result.width, result.height);
    context.drawImage(result, 0, 0);
    result = opaque;
  }
  const blob = await new Promise(resolve => result.toBlob(resolve, `image/${format}`, 0.95));
  if (!blob) return say("The browser could not write the file; it may be out of memory.", true);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = target;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** @param {string} message @param {boolean} [isError] */
function say(message, isError = false) {
  find("status").textContent = message;
  find("status").classList.toggle("error", isError);
}

/** @param {string[]} ids @param {boolean} enabled */
function enable(ids, enabled) {
  for (const id of ids) /** @type {HTMLButtonElement} */ (find(id)).disabled = !enabled;
}
