// SPDX-License-Identifier: GPL-3.0-or-later

// The last 24 hours: a lane for each source, with what is under the pointer or chosen by the arrow keys.

import { areaOf, classOf, onSchemeChange } from './palette.js';
import * as text from './text.js';
import { day } from './timeline.js';

const hour = 3600 * 1000;

export class Strip {
  #timelines;
  #clock;
  #lanes = new Map();
  #parts = {};
  #chosen = null;
  #width = 0;

  /** - timelines: a Map by the source's name. - clock: returns the time. */
  constructor(timelines, clock) {
    this.#timelines = timelines;
    this.#clock = clock;
    for (const id of ['strip', 'lanes', 'axis', 'cursor', 'readout', 'tip']) this.#parts[id] = document.getElementById(id);
    const { lanes } = this.#parts;
    lanes.addEventListener('pointermove', (event) => this.#point(event));
    lanes.addEventListener('pointerdown', (event) => this.#point(event));
    lanes.addEventListener('pointerleave', () => this.#hide());
    lanes.addEventListener('keydown', (event) => this.#press(event));
    lanes.addEventListener('focusin', (event) => this.#focus(event.target.lane));
    lanes.addEventListener('focusout', () => this.#hide());
    addEventListener('scroll', () => { if (this.#chosen?.byPointer) this.#hide(); }, { passive: true, capture: true });
    new ResizeObserver(() => { this.drawAll(); this.#drawAxis(); }).observe(lanes);
    onSchemeChange(() => this.drawAll());
  }

  /** Shows the lanes of these sources. */
  use(names) {
    for (const [name, lane] of this.#lanes) {
      if (names.includes(name)) continue;
      lane.root.remove();
      this.#lanes.delete(name);
    }
    let next = this.#parts.lanes.firstElementChild;
    for (const name of names) {
      const lane = this.#lanes.get(name) ?? this.#make(name);
      if (lane.root === next) next = next.nextElementSibling;
      else this.#parts.lanes.insertBefore(lane.root, next);
      lane.plot.tabIndex = name === names[0] ? 0 : -1;
    }
    const count = names.length;
    this.#parts.strip.dataset.density = count === 1 ? 'one' : count <= 12 ? 'few' : 'many';
    this.drawAll();
    this.#drawAxis();
  }

  drawAll() {
    this.#width = 0;
    for (const name of this.#lanes.keys()) this.draw(name);
  }

  /** Draws a source's lane. */
  draw(name) {
    const lane = this.#lanes.get(name);
    if (!lane) return;
    const { canvas } = lane;
    this.#width ||= lane.plot.clientWidth;
    const scale = devicePixelRatio;
    const width = Math.round(this.#width * scale);
    const height = Math.round(lane.plot.clientHeight * scale);
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const context = canvas.getContext('2d');
    context.clearRect(0, 0, width, height);
    const now = this.#clock();
    for (const [from, to, label] of runs(this.#timelines.get(name), now, width)) {
      context.fillStyle = areaOf(label);
      context.fillRect(from, 0, to - from, height);
    }
    this.#describe(lane);
  }

  /** Moves everything on with the time. */
  tick() {
    this.drawAll();
    this.#drawAxis();
  }

  /** Keeps what is chosen in its place, where the page around it moves. */
  follow() { if (this.#chosen && !this.#chosen.byPointer) this.#show(); }

  #make(name) {
    const root = text.element('div', 'lane');
    const title = text.element('div', 'lane-name');
    title.append(text.element('bdi', '', name));
    title.title = name;
    const plot = text.element('div', 'lane-plot');
    plot.setAttribute('role', 'slider');
    plot.setAttribute('aria-label', `Last 24 hours of ${name}`);
    plot.setAttribute('aria-describedby', 'keys');
    const canvas = document.createElement('canvas');
    canvas.setAttribute('aria-hidden', 'true');
    plot.append(canvas);
    root.append(title, plot);
    const lane = { name, root, plot, canvas };
    plot.lane = canvas.lane = lane;
    this.#lanes.set(name, lane);
    return lane;
  }

  // MARK: What is chosen

  #point(event) {
    const lane = event.target.closest('.lane-plot')?.lane;
    if (!lane) return this.#hide();
    const box = lane.plot.getBoundingClientRect();
    const part = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const time = this.#clock() - day * (1 - part);
    this.#chosen = { lane, time, byPointer: true };
    this.#show();
  }

  #focus(lane) {
    if (!lane || (this.#chosen?.byPointer && this.#chosen.lane === lane)) return;
    const timeline = this.#timelines.get(lane.name);
    this.#choose(lane, timeline.length - 1);
  }

  #press(event) {
    const lane = event.target.lane;
    if (!lane || event.altKey || event.ctrlKey || event.metaKey) return;
    const timeline = this.#timelines.get(lane.name);
    const first = timeline.first(this.#clock());
    const last = timeline.length - 1;
    const here = this.#chosen?.lane === lane ? timeline.find(this.#chosen.time) : -1;
    const before = this.#chosen && here < 0 ? timeline.spans.findLastIndex((span) => span.end <= this.#chosen.time) : -1;
    const rows = [...this.#parts.lanes.children];
    const row = rows.indexOf(lane.root);
    switch (event.key) {
      case 'ArrowLeft': this.#choose(lane, here >= 0 ? Math.max(first, here - 1) : Math.max(first, before)); break;
      case 'ArrowRight': this.#choose(lane, here >= 0 ? Math.min(last, here + 1) : Math.min(last, before + 1)); break;
      case 'Home': this.#choose(lane, first); break;
      case 'End': this.#choose(lane, last); break;
      case 'PageUp': this.#choose(lane, Math.max(first, here - 10)); break;
      case 'PageDown': this.#choose(lane, Math.min(last, here + 10)); break;
      case 'ArrowUp': this.#go(lane, rows[row - 1]); break;
      case 'ArrowDown': this.#go(lane, rows[row + 1]); break;
      case 'Escape': this.#hide(); return;
      default: return;
    }
    event.preventDefault();
  }

  /** Goes to another lane, at the same time of the day. */
  #go(lane, row) {
    const next = row?.querySelector('.lane-plot').lane;
    if (!next) return;
    const time = this.#chosen?.time;
    lane.plot.tabIndex = -1;
    next.plot.tabIndex = 0;
    next.plot.focus();
    const index = time === undefined ? -1 : this.#timelines.get(next.name).find(time);
    if (index >= 0) this.#choose(next, index);
  }

  #choose(lane, index) {
    const span = index >= 0 ? this.#timelines.get(lane.name).at(index) : null;
    if (!span) {
      this.#parts.readout.textContent = 'Nothing was heard in the last 24 hours.';
      return this.#hide();
    }
    const start = Math.max(span.start, this.#clock() - day);
    this.#chosen = { lane, time: (start + span.end) / 2, byPointer: false };
    this.#show();
    this.#parts.readout.textContent = this.#words(span).filter(Boolean).join(', ');
    this.#describe(lane, span);
  }

  #hide() {
    this.#chosen = null;
    this.#parts.tip.hidden = true;
    this.#parts.cursor.hidden = true;
  }

  #show() {
    const { lane, time } = this.#chosen;
    const { tip, cursor, strip } = this.#parts;
    const timeline = this.#timelines.get(lane.name);
    const box = lane.plot.getBoundingClientRect();
    if (!timeline || !box.width) return this.#hide();
    const part = 1 - (this.#clock() - time) / day;
    if (part < 0) return this.#hide();
    const x = box.left + box.width * part;
    const outer = strip.getBoundingClientRect();
    cursor.hidden = false;
    cursor.style.transform = `translateX(${Math.round(x - outer.left)}px)`;

    const span = timeline.at(timeline.find(time));
    const words = span ? this.#words(span) : ['not heard', text.recent(time, this.#clock())];
    const label = text.element('p', 'tip-label', words[0]);
    if (span) label.classList.add(classOf(span.label));
    const rest = [[...words.slice(1, 4)].filter(Boolean).join(' · '), words[4]].filter(Boolean);
    if (this.#lanes.size > 1) rest.unshift(lane.name);
    tip.replaceChildren(label, ...rest.map((line) => text.element('p', '', line)));
    tip.hidden = false;
    const size = tip.getBoundingClientRect();
    const left = Math.min(Math.max(8, x - size.width / 2), document.documentElement.clientWidth - size.width - 8);
    const above = box.top - size.height - 10;
    tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(above < 4 ? box.bottom + 10 : above)}px)`;
  }

  #words(span) {
    const now = this.#clock();
    const end = span.isNow ? 'now' : text.recent(span.end, now);
    return [
      span.label, `${text.recent(span.start, now)} to ${end}`, text.duration(span.end - span.start),
      span.confidence ? text.percent(span.confidence) : '', span.title ?? '',
    ];
  }

  /** The slider's value is the time; the label is read out by the live region. */
  #describe(lane, span) {
    const now = this.#clock();
    const time = span ? Math.max(span.start, now - day) : now;
    if (!span && lane.plot.hasAttribute('aria-valuenow')) return;
    const attributes = {
      'aria-valuemin': -86400, 'aria-valuemax': 0, 'aria-valuenow': Math.round((time - now) / 1000),
      'aria-valuetext': text.recent(time, now),
    };
    for (const [name, value] of Object.entries(attributes)) lane.plot.setAttribute(name, value);
  }

  // MARK: The axis

  #drawAxis() {
    const { axis, lanes } = this.#parts;
    const plot = lanes.querySelector('.lane-plot');
    if (!plot) return axis.replaceChildren();
    const width = plot.clientWidth;
    // Not under a scroll bar beside the lanes.
    axis.style.width = `${width}px`;
    const step = (width > 900 ? 2 : width > 450 ? 3 : 6) * hour;
    const now = this.#clock();
    const first = new Date(now - day);
    first.setMinutes(0, 0, 0);
    const marks = [];
    for (let time = first.getTime(); time < now; time += hour) {
      const part = 1 - (now - time) / day;
      // Whole hours of the reader's zone.
      if (part * width < 30 || (1 - part) * width < 30 || new Date(time).getHours() % (step / hour)) continue;
      const mark = text.element('span', '', text.clock(time));
      mark.style.left = `${(part * 100).toFixed(3)}%`;
      marks.push(mark);
    }
    axis.replaceChildren(...marks);
  }
}

/**
 * The runs of pixels of one label, as [from, to, label]. A pixel has the label that was heard for the longest part of it,
 * if anything was heard for at least half of it.
 */
function runs(timeline, now, width) {
  const found = [];
  if (!timeline) return found;
  const scale = width / day;
  const begin = now - day;
  let index = timeline.first(now);
  const count = timeline.length;
  let pixel = 0;
  while (pixel < width && index < count) {
    const span = timeline.at(index);
    const from = (span.start - begin) * scale;
    const to = (span.end - begin) * scale;
    if (to >= pixel + 1 && from <= pixel) {
      // The whole pixel, and probably many.
      const end = Math.floor(to);
      push(found, pixel, end, span.label);
      pixel = end;
      continue;
    }
    if (to <= pixel) { index++; continue; }
    if (from >= pixel + 1) { pixel = Math.floor(from); continue; }
    // Several labels, or a gap, within one pixel.
    const parts = new Map();
    for (let next = index; next < count; next++) {
      const other = timeline.at(next);
      const left = Math.max(pixel, (other.start - begin) * scale);
      const right = Math.min(pixel + 1, (other.end - begin) * scale);
      if (left >= pixel + 1) break;
      parts.set(other.label, (parts.get(other.label) ?? 0) + right - left);
      if (right >= pixel + 1) break;
    }
    let best = null;
    let heard = 0;
    for (const [label, part] of parts) {
      heard += part;
      if (best === null || part > parts.get(best)) best = label;
    }
    if (heard >= 0.5 || count === 1) push(found, pixel, pixel + 1, best);
    pixel++;
  }
  return found;
}

function push(found, from, to, label) {
  const last = found.at(-1);
  if (last && last[1] === from && last[2] === label) last[1] = to;
  else found.push([from, to, label]);
}
