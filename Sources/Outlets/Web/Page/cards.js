// SPDX-License-Identifier: GPL-3.0-or-later

// The sources now: a card each. Only cards that can be seen are written, and only what has changed.

import { classOf } from './palette.js';
import * as text from './text.js';

const recently = 10 * 60 * 1000;
const floor = -60;

export class Cards {
  /** By the source's name, in the order of the configuration. */
  all = new Map();
  #list;
  #select;
  #observer;

  /** - select: called with the name of the source whose name was pressed. */
  constructor(list, select) {
    this.#list = list;
    this.#select = select;
    this.#observer = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const card = entry.target.card;
        card.isVisible = entry.isIntersecting;
        card.isLate = true;
      }
    }, { rootMargin: '100px' });
  }

  /** Shows these sources, in this order. */
  use(sources, labels) {
    const before = this.all;
    this.all = new Map();
    for (const source of sources) {
      const card = before.get(source.name) ?? new Card(source.name, this.#select);
      before.delete(source.name);
      card.useLabels(labels);
      card.device(source);
      this.all.set(source.name, card);
    }
    for (const card of before.values()) {
      this.#observer.unobserve(card.root);
      card.root.remove();
    }
    // Moving an element that is in its place would take its focus away.
    [...this.all.values()].forEach((card, index) => {
      if (this.#list.children[index] !== card.root) {
        this.#list.insertBefore(card.root, this.#list.children[index] ?? null);
      }
      this.#observer.observe(card.root);
    });
    const count = this.all.size;
    this.#list.dataset.density = count === 1 ? 'one' : count <= 3 ? 'few' : count <= 12 ? 'several' : 'many';
  }

  draw(now, isLive) { for (const card of this.all.values()) card.draw(now, isLive); }
}

class Card {
  isVisible = true;
  isLate = true;
  estimate = null;
  source = null;
  #labels = '';
  #bars = [];
  #peak = floor;
  #shown = {};
  #losses = null;

  constructor(name, select) {
    this.root = document.getElementById('card').content.firstElementChild.cloneNode(true);
    this.root.card = this;
    const find = (selector) => this.root.querySelector(selector);
    this.parts = {
      pick: find('.pick'), device: find('.device .state'), label: find('.label'), word: find('.label bdi'),
      confidence: find('.confidence .value'), since: find('.since .word'), time: find('.since time'),
      for: find('.since .for'), title: find('.title'), titleText: find('.title bdi'), meter: find('.meter'),
      level: find('.level .value'), fill: find('.meter .fill'), peak: find('.meter .peak'), bars: find('.bars'),
      problem: find('.problem'), health: find('.health'), facts: find('.health dl'),
    };
    this.parts.pick.firstChild.textContent = name;
    this.parts.pick.title = 'Show only this source below';
    this.parts.pick.addEventListener('click', () => select(name));
    this.parts.health.addEventListener('toggle', () => this.#writeFacts());
  }

  /** What the search looks through. */
  get words() {
    return `${this.source.name} ${this.estimate?.label ?? ''} ${this.estimate?.title ?? ''} ${this.source.state}`
      .toLowerCase();
  }

  useLabels(labels) {
    const key = labels.join('\n');
    if (key === this.#labels) return;
    this.#labels = key;
    this.#bars = labels.map((label) => {
      const bar = document.getElementById('bar').content.firstElementChild.cloneNode(true);
      bar.classList.add(classOf(label));
      bar.title = label;
      const [name, track, value] = bar.children;
      name.textContent = label;
      return { label, root: bar, fill: track.firstElementChild, value };
    });
    this.parts.bars.replaceChildren(...this.#bars.map((bar) => bar.root));
    this.isLate = true;
  }

  hear(estimate) {
    this.estimate = estimate;
    // From the first title on, every card keeps a line for it, so that nothing moves when titles come and go.
    if (estimate.title && this.root.parentElement) this.root.parentElement.dataset.titles = '';
    this.isLate = true;
  }

  /** Takes the device's state and counters. */
  device(source) {
    const losses = source.overruns + source.droppedSeconds;
    if (this.#losses && losses > this.#losses.count) this.#losses = { count: losses, time: Date.now() };
    else this.#losses = { count: losses, time: this.#losses?.time ?? 0 };
    this.source = source;
    this.isLate = true;
    this.#writeFacts();
  }

  /** What is wrong with the device, for people; null when all is well. */
  get problem() {
    const { state, message, lastError } = this.source;
    if (state === 'lost') return message ?? lastError ?? 'The device is gone.';
    if (state === 'waiting' || state === 'ended') return message;
    if (Date.now() - this.#losses.time < recently) return 'Audio was lost in the last ten minutes.';
    return null;
  }

  get needsAttention() { return this.source.state === 'lost' || this.source.state === 'waiting'; }

  draw(now, isLive) {
    if (!this.isVisible) return;
    if (this.estimate) this.#tick(now, isLive);
    if (!this.isLate) return;
    this.isLate = false;
    this.#drawDevice();
    if (this.estimate) this.#drawEstimate(this.estimate);
  }

  #tick(now, isLive) {
    const { since, time } = this.estimate;
    const start = Date.parse(isLive ? since : time);
    text.write(this.parts.since, isLive ? 'since' : 'last heard');
    text.write(this.parts.time, text.recent(start, now));
    if (this.#is('datetime', isLive ? since : '')) this.parts.time.dateTime = since;
    text.write(this.parts.for, isLive ? text.ticking(now - start) : '');
  }

  #drawDevice() {
    const problem = this.problem;
    text.write(this.parts.device, this.source.state);
    if (this.#is('state', this.source.state)) this.root.dataset.state = this.source.state;
    text.write(this.parts.problem.firstElementChild, problem ?? '');
    if (problem) this.parts.problem.title = problem;
    if (this.#is('problem', problem === null)) this.parts.problem.hidden = problem === null;
    if (this.estimate) this.root.classList.toggle('dead', problem !== null && this.estimate.state === 'no-signal');
  }

  #drawEstimate(estimate) {
    const { label, title, level } = estimate;
    if (this.#is('label', label)) {
      text.write(this.parts.word, label);
      this.root.classList.remove(this.#shown.class);
      this.#shown.class = classOf(label);
      this.root.classList.add(this.#shown.class);
      this.parts.label.style.setProperty('--letters', Math.max(4, label.length));
    }
    const certain = ['genre', 'unsure', 'no-music'].includes(estimate.state);
    text.write(this.parts.confidence, certain ? text.percent(estimate.confidence) : '');
    if (this.#is('title', title)) {
      text.write(this.parts.titleText, title ?? '');
      this.parts.titleText.title = title ?? '';
      this.parts.title.classList.toggle('none', !title);
    }
    this.#drawLevel(level);
    // Without a signal all are equally probable, which says nothing.
    const known = estimate.state === 'no-signal' || estimate.state === 'starting' ? {} : estimate.probabilities;
    for (const bar of this.#bars) this.#drawBar(bar, known[bar.label] ?? 0, label);
  }

  #drawLevel(level) {
    const shown = level === null ? null : Math.round(level);
    const part = level === null ? 0 : Math.min(1, Math.max(0, 1 - level / floor));
    // The peak falls by 12 dB a second.
    this.#peak = level === null ? floor : Math.max(level, this.#peak - 3, floor);
    if (this.#is('level', part.toFixed(3))) this.parts.fill.style.setProperty('--part', part.toFixed(3));
    const peak = Math.min(1, Math.max(0, 1 - this.#peak / floor)).toFixed(3);
    if (this.#is('peak', peak)) this.parts.peak.style.setProperty('--part', peak);
    if (!this.#is('decibels', shown)) return;
    text.write(this.parts.level, shown === null ? '' : shown <= -100 ? '−∞ dB' : text.level(shown));
    this.parts.meter.setAttribute('aria-valuenow', Math.min(0, Math.max(floor, shown ?? floor)));
    this.parts.meter.setAttribute('aria-valuetext', shown === null ? 'no audio' : `${shown} decibels`);
  }

  #drawBar(bar, part, label) {
    const width = part.toFixed(3);
    if (bar.width !== width) {
      bar.width = width;
      bar.fill.style.setProperty('--part', width);
      text.write(bar.value, part > 0 ? text.percent(part) : '');
    }
    const isLabel = bar.label === label;
    if (bar.isLabel !== isLabel) {
      bar.isLabel = isLabel;
      bar.root.classList.toggle('is-label', isLabel);
    }
  }

  #writeFacts() {
    if (!this.parts.health.open) return;
    const { kind, device, format, state, overruns, droppedSeconds, reconnects, lastError, lastErrorTime, message } = this.source;
    const facts = [
      ['state', state], ['message', message], ['kind', kind], ['device', device], ['format', format],
      ['overruns', text.number(overruns)], ['dropped', `${text.number(droppedSeconds)} s`],
      ['reconnects', text.number(reconnects)],
      ['last error', lastError && `${lastError} (${text.dateAndTime(Date.parse(lastErrorTime))})`],
    ].map(([name, value]) => [name, value || 'none']);
    const { facts: list } = this.parts;
    if (!list.children.length) {
      for (const [name] of facts) list.append(text.element('dt', '', name), text.element('dd'));
    }
    facts.forEach(([, value], index) => text.write(list.children[2 * index + 1], value));
  }

  #is(name, value) {
    if (this.#shown[name] === value && name in this.#shown) return false;
    this.#shown[name] = value;
    return true;
  }
}
