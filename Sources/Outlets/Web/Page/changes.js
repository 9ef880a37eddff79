// SPDX-License-Identifier: GPL-3.0-or-later

// The log of changes and the time shares.

import { classOf } from './palette.js';
import * as text from './text.js';
import { day } from './timeline.js';

const page = 50;

/** The newest changes first; only as many elements as were asked for. */
export class Log {
  #changes = [];
  #waiting = [];
  #list = document.getElementById('log');
  #older = document.getElementById('older');
  #empty = document.getElementById('no-changes');
  #source = '';
  #hasManySources = false;
  #limit = page;

  constructor() {
    this.#older.addEventListener('click', () => {
      const first = this.#list.children.length;
      this.#limit += 2 * page;
      this.#write();
      this.#list.children[first]?.scrollIntoView({ block: 'nearest' });
    });
  }

  start(changes) {
    this.#empty.textContent = 'No change in the last 24 hours.';
    document.getElementById('no-shares').textContent = 'Nothing heard in the last 24 hours.';
    this.#changes = changes;
    this.#waiting = [];
  }

  /** Shows one source's changes, or all with an empty name. */
  use(source, hasManySources) {
    if (source !== this.#source) this.#limit = page;
    this.#source = source;
    this.#hasManySources = hasManySources;
    this.#write();
  }

  add(change) {
    this.#changes.push(change);
    if (!this.#source || change.source === this.#source) this.#waiting.push(change);
  }

  /** Writes what has arrived since the last time. */
  draw(now) {
    if (!this.#waiting.length) return;
    const fresh = this.#waiting.slice(-this.#limit).reverse().map((change) => this.#make(change, now));
    this.#waiting = [];
    for (const row of fresh) row.classList.add('fresh');
    this.#list.prepend(...fresh);
    while (this.#list.children.length > this.#limit) this.#list.lastElementChild.remove();
    this.#count();
  }

  /** Forgets what is older than a day. */
  forget(now) {
    const first = this.#changes.findIndex((change) => Date.parse(change.time) > now - day);
    if (first > 0) this.#changes.splice(0, first);
  }

  get #matching() {
    return this.#source ? this.#changes.filter((change) => change.source === this.#source) : this.#changes;
  }

  #write() {
    const now = Date.now();
    this.#waiting = [];
    const rows = this.#matching.slice(-this.#limit).reverse().map((change) => this.#make(change, now));
    this.#list.replaceChildren(...rows);
    this.#count();
  }

  #count() {
    const shown = this.#list.children.length;
    this.#older.hidden = shown >= this.#matching.length;
    this.#list.hidden = shown === 0;
    this.#empty.hidden = shown > 0;
  }

  #make(change, now) {
    const row = document.getElementById('change').content.firstElementChild.cloneNode(true);
    const [time, to, source, detail, title] = row.children;
    const at = Date.parse(change.time);
    time.dateTime = change.time;
    time.textContent = new Date(at).toDateString() === new Date(now).toDateString()
      ? text.clockSeconds(at) : text.recent(at, now);
    time.title = text.dateAndTime(at);
    to.textContent = change.to;
    to.classList.add(classOf(change.to));
    if (this.#hasManySources && !this.#source) source.append(text.element('bdi', '', change.source));
    else source.remove();
    detail.textContent = `after ${text.duration(change.lasted * 1000)} of ${change.from}`;
    if (change.title) title.append(text.element('bdi', '', change.title));
    else title.remove();
    return row;
  }
}

/** How much of the last day each label was heard. */
export class Shares {
  #list = document.getElementById('shares');
  #empty = document.getElementById('no-shares');
  #rows = new Map();

  /** - timelines: of the sources to add up. */
  draw(timelines, now) {
    const times = new Map();
    for (const timeline of timelines) timeline.sum(now, times);
    const sorted = [...times].sort((one, other) => other[1] - one[1]);
    const total = sorted.reduce((sum, [, time]) => sum + time, 0);
    const largest = sorted[0]?.[1] ?? 1;
    for (const [label, row] of this.#rows) {
      if (times.has(label)) continue;
      row.root.remove();
      this.#rows.delete(label);
    }
    sorted.forEach(([label, time], index) => {
      const row = this.#rows.get(label) ?? this.#make(label);
      text.write(row.value, text.share(time / total));
      text.write(row.time, text.duration(Math.round(time / 60000) * 60000 || time));
      const part = (time / largest).toFixed(3);
      if (row.part !== part) row.fill.style.setProperty('--part', row.part = part);
      if (this.#list.children[index] !== row.root) {
        this.#list.insertBefore(row.root, this.#list.children[index] ?? null);
      }
    });
    this.#list.hidden = sorted.length === 0;
    this.#empty.hidden = sorted.length > 0;
  }

  #make(label) {
    const root = document.getElementById('bar').content.firstElementChild.cloneNode(true);
    root.classList.add(classOf(label));
    const [name, track, value] = root.children;
    name.textContent = label;
    const time = text.element('span', 'time');
    root.append(time);
    const row = { root, value, time, fill: track.firstElementChild };
    this.#rows.set(label, row);
    return row;
  }
}
