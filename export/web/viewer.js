/**
 * Before and after on one canvas: a divider, zoom and pan. The canvas has the size of its place on
 * the page, whatever the size of the photo.
 */
export class Viewer {
  /** @param {HTMLCanvasElement} canvas @param {HTMLInputElement} slider  0 to 100 */
  constructor(canvas, slider) {
    this.canvas = canvas;
    this.slider = slider;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    /** @type {ImageBitmap | null} */ this.before = null;
    /** @type {HTMLCanvasElement | null} */ this.after = null;
    this.zoom = 1;
    // Of the photo, what lies in the middle of the view.
    this.center = {x: 0.5, y: 0.5};
    /** @type {Map<number, PointerEvent>} */ this.pointers = new Map();
    this.frame = 0;
    slider.addEventListener("input", () => this.redraw());
    canvas.addEventListener("pointerdown", event => this.press(event));
    canvas.addEventListener("pointermove", event => this.move(event));
    for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
      canvas.addEventListener(name, event => this.pointers.delete(event.pointerId));
    }
    canvas.addEventListener("dblclick", event => this.zoomTo(this.zoom > 1 ? 1 : 1 / this.fit, event));
    canvas.addEventListener("wheel", event => {
      event.preventDefault();
      this.zoomTo(this.zoom * 2 ** (-event.deltaY / 300), event);
    }, {passive: false});
    canvas.addEventListener("keydown", event => this.key(event));
    new ResizeObserver(() => this.resize()).observe(canvas);
  }

  /** @param {ImageBitmap} before @param {HTMLCanvasElement} after */
  show(before, after) {
    this.before?.close();
    this.before = before;
    this.after = after;
    this.zoom = 1;
    this.center = {x: 0.5, y: 0.5};
    this.redraw();
  }

  /** Canvas pixels per photo pixel at which the photo just fits. */
  get fit() {
    const {width, height} = this.before ?? this.canvas;
    return Math.min(this.canvas.width / width, this.canvas.height / height);
  }

  /** Where the photo lies on the canvas. */
  get place() {
    const {width, height} = this.before ?? this.canvas, scale = this.fit * this.zoom;
    return {
      left: this.canvas.width / 2 - this.center.x * width * scale,
      top: this.canvas.height / 2 - this.center.y * height * scale,
      width: width * scale,
      height: height * scale,
    };
  }

  /** Where the divider stands on the canvas: on the part of the photo that is seen. */
  get divider() {
    const {left, width} = this.place;
    const from = Math.max(left, 0), to = Math.min(left + width, this.canvas.width);
    return from + (to - from) * Number(this.slider.value) / 100;
  }

  /** @param {number} zoom @param {{clientX: number, clientY: number}} [at]  A point that stays. */
  zoomTo(zoom, at) {
    const point = this.point(at);
    const seen = this.photoPoint(point);
    // Up to eight screen pixels for one of the photo.
    this.zoom = Math.min(Math.max(zoom, 1), Math.max(1, 8 / this.fit));
    const {width, height} = this.place;
    this.center = {
      x: seen.x - (point.x - this.canvas.width / 2) / width,
      y: seen.y - (point.y - this.canvas.height / 2) / height,
    };
    this.keepInside();
  }

  /** @param {number} x @param {number} y  Canvas pixels. */
  pan(x, y) {
    const {width, height} = this.place;
    this.center = {x: this.center.x - x / width, y: this.center.y - y / height};
    this.keepInside();
  }

  keepInside() {
    const {width, height} = this.place;
    /** @param {number} value @param {number} seen */
    const clamp = (value, seen) => seen >= 1 ? 0.5 : Math.min(Math.max(value, seen / 2), 1 - seen / 2);
    this.center = {
      x: clamp(this.center.x, this.canvas.width / width),
      y: clamp(this.center.y, this.canvas.height / height),
    };
    this.redraw();
  }

  /** @param {{clientX: number, clientY: number}} [at] */
  point(at) {
    if (!at) return {x: this.canvas.width / 2, y: this.canvas.height / 2};
    const box = this.canvas.getBoundingClientRect(), ratio = this.canvas.width / box.width;
    return {x: (at.clientX - box.left) * ratio, y: (at.clientY - box.top) * ratio};
  }

  /** @param {{x: number, y: number}} point */
  photoPoint(point) {
    const {left, top, width, height} = this.place;
    return {x: (point.x - left) / width, y: (point.y - top) / height};
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (!this.before) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event);
    const reach = 24 * devicePixelRatio;
    this.divides = this.zoom === 1 || Math.abs(this.point(event).x - this.divider) < reach;
    if (this.divides && this.pointers.size === 1) this.divide(event);
  }

  /** @param {PointerEvent} event */
  move(event) {
    const last = this.pointers.get(event.pointerId);
    if (!last) return;
    const others = [...this.pointers.values()].filter(other => other.pointerId !== event.pointerId);
    const from = this.point(last), to = this.point(event);
    this.pointers.set(event.pointerId, event);
    if (others.length) {
      const fixed = this.point(others[0]);
      const distance = (/** @type {{x: number, y: number}} */ p) => Math.hypot(p.x - fixed.x, p.y - fixed.y);
      this.zoomTo(this.zoom * distance(to) / Math.max(distance(from), 1), others[0]);
    } else if (this.divides) {
      this.divide(event);
    } else {
      this.pan(to.x - from.x, to.y - from.y);
    }
  }

  /** @param {PointerEvent} event */
  divide(event) {
    const {left, width} = this.place;
    const from = Math.max(left, 0), to = Math.min(left + width, this.canvas.width);
    this.slider.value = String(100 * (this.point(event).x - from) / (to - from));
    this.redraw();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const step = 0.1 * this.canvas.width;
    const actions = {
      "+": () => this.zoomTo(this.zoom * 1.5), "=": () => this.zoomTo(this.zoom * 1.5),
      "-": () => this.zoomTo(this.zoom / 1.5), "0": () => this.zoomTo(1), "1": () => this.zoomTo(1 / this.fit),
      ArrowLeft: () => this.pan(step, 0), ArrowRight: () => this.pan(-step, 0),
      ArrowUp: () => this.pan(0, step), ArrowDown: () => this.pan(0, -step),
    };
    const action = /** @type {Record<string, () => void>} */ (actions)[event.key];
    if (!action || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    action();
  }

  resize() {
    const box = this.canvas.getBoundingClientRect();
    this.canvas.width = Math.round(box.width * devicePixelRatio);
    this.canvas.height = Math.round(box.height * devicePixelRatio);
    this.redraw();
  }

  redraw() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    const {context, canvas, before, after} = this;
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!before || !after) return;
    const {left, top, width, height} = this.place, divider = this.divider;
    context.imageSmoothingEnabled = this.fit * this.zoom < 2;
    context.imageSmoothingQuality = "high";
    context.drawImage(before, left, top, width, height);
    context.save();
    context.beginPath();
    context.rect(divider, 0, canvas.width, canvas.height);
    context.clip();
    context.drawImage(after, left, top, width, height);
    context.restore();
    context.fillStyle = "#fff";
    context.shadowColor = "#000";
    context.shadowBlur = 4 * devicePixelRatio;
    context.fillRect(divider - devicePixelRatio, Math.max(top, 0), 2 * devicePixelRatio, Math.min(height, canvas.height));
    context.beginPath();
    context.arc(divider, canvas.height / 2, 9 * devicePixelRatio, 0, 2 * Math.PI);
    context.fill();
    context.shadowBlur = 0;
  }
}
